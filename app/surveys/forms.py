"""What comes in: a form's bytes become named values, and nothing is believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast
from urllib.parse import unquote_plus
from uuid import UUID

from app.pages import language_of
from app.surveys.faults import BrokenForm, NotAForm
from instrument.model import Language

FORM_TYPE = "application/x-www-form-urlencoded"
MAX_FIELDS = 400
"""A full form sends about 80 fields."""
MAX_SECONDS = 86_400.0
_HIDDEN = ("id", "rev", "lang", "lihat", "detik", "ditanya", "layar", "latar")
_BUTTONS = ("ke", "bahasa", "isi", "final")
CONTROL = frozenset(_HIDDEN + _BUTTONS)
"""Names that steer the page and are no answers (``tolak`` is one: a refusal)."""
Fields = Sequence[tuple[str, str]]


def read(body: bytes, content_type: str) -> list[tuple[str, str]]:
    """Decode a form's body. Raises `NotAForm` or `BrokenForm`."""
    if content_type.partition(";")[0].strip().lower() != FORM_TYPE:
        raise NotAForm(content_type)
    try:
        return _pairs(body.decode("ascii"))
    except ValueError as error:  # not ASCII, not UTF-8 inside, or too many fields
        raise BrokenForm("body") from error


def _pairs(text: str) -> list[tuple[str, str]]:
    """What `urllib.parse.parse_qsl` gives, blank values kept; ValueError likewise.

    Nearly every field is a code and a digit and needs no decoding, which `parse_qsl` tries
    on each: it was a fifth of a save.
    """
    if text.count("&") >= MAX_FIELDS:
        raise ValueError("too many fields")
    raw_breaks = "\r" in text or "\x00" in text
    pairs = []
    for field in text.split("&"):
        if not field:
            continue
        name, _, value = field.partition("=")
        if "%" in field or "+" in field:
            name = unquote_plus(name, errors="strict")
            value = _plain(unquote_plus(value, errors="strict"))
        elif raw_breaks:
            value = _plain(value)
        pairs.append((name, value))
    return pairs


@dataclass(frozen=True, slots=True)
class StartForm:
    """The landing page's form: consent and code, or a way round them."""

    language: Language
    code: str
    choices: frozenset[str]
    submission_id: UUID | None
    """Of a draft this phone remembers."""
    resume: Literal["", "1", "ubah", "baru"]
    """``1``: go on; ``ubah``: change what was sent; ``baru``: take the newer state."""
    decline: Literal["", "ikut", "umur"]
    kind: Literal["code", "link"] = "code"
    """Whether ``code`` was typed, or is the token of a personal link."""

    @classmethod
    def of(cls, fields: Fields) -> StartForm:
        """Read the form; what is not one of its values counts as not given."""
        single = dict(fields)
        resume, decline = single.get("lanjut", ""), single.get("tidak", "")
        return cls(
            language=language_of(single.get("lang")),
            code=single.get("kode", "")[:40],
            choices=frozenset(value for name, value in fields if name == "izin"),
            submission_id=_uuid(single.get("id", "")),
            resume=cast(
                "Literal['', '1', 'ubah', 'baru']",
                resume if resume in ("1", "ubah", "baru") else "",
            ),
            decline=cast(
                "Literal['', 'ikut', 'umur']", decline if decline in ("ikut", "umur") else ""
            ),
        )


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """The document's form: the full state of one person's answers."""

    submission_id: UUID
    rev: int
    language: Language
    switch_to: Language | None
    """The other language, if its button was pressed."""
    seen: frozenset[int]
    """Steps the page says were shown."""
    seconds: tuple[float, ...]
    """Visible seconds by step; empty without JavaScript."""
    prompted: bool
    """Whether the one soft prompt has been shown."""
    go_to: int | None
    fill_in: str
    """Code to be filled in, chosen on the prompt."""
    final: bool
    stepped: bool
    """Whether JavaScript showed one step at a time."""
    granted: frozenset[str] | None
    """Consent choices behind the background questions shown; None: none were shown."""
    answers: Fields

    @classmethod
    def of(cls, fields: Fields) -> AnswerForm:
        """Read the form. Raises `BrokenForm` where its hidden fields are missing."""
        control: dict[str, str] = {}
        answers: list[tuple[str, str]] = []
        for pair in fields:
            if pair[0] in CONTROL:
                control[pair[0]] = pair[1]
            else:
                answers.append(pair)
        submission_id, rev = _uuid(control.get("id", "")), _whole(control.get("rev", ""))
        if submission_id is None or rev is None or rev < 1:
            raise BrokenForm("id or rev")
        background = control.get("latar", "").split()
        switch = control.get("bahasa")
        return cls(
            submission_id=submission_id,
            rev=rev,
            language=language_of(control.get("lang")),
            switch_to=None if switch is None else language_of(switch),
            seen=frozenset(n for n in map(_whole, control.get("lihat", "").split(",")) if n),
            seconds=_seconds(control.get("detik", "")),
            prompted=control.get("ditanya") == "1",
            go_to=_whole(control.get("ke", "")),
            fill_in=control.get("isi", ""),
            final=control.get("final") == "1",
            stepped=control.get("layar") == "js",
            granted=frozenset(background[1:]) if background else None,
            answers=answers,
        )


def _plain(value: str) -> str:
    """A line break in a textarea travels as two characters; NUL fits in no database."""
    return value.replace("\r\n", "\n").replace("\x00", "")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _whole(text: str) -> int | None:
    """A whole number of at most nine digits; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def _seconds(text: str) -> tuple[float, ...]:
    """Seconds as the page counted them; one that is no sensible number spoils them all."""
    if not text:
        return ()
    try:
        numbers = tuple(round(float(part), 1) for part in text.split(",")[:100])
    except ValueError:
        return ()
    return numbers if all(0 <= number <= MAX_SECONDS for number in numbers) else ()
