"""Answers of one person to one version: one byte an item, the rest as JSON values.

Byte of an item: 0 not seen, 1..n the option's value, 250 skipped, 251 skipped after
the prompt, 252 refused, 253 not applicable. In files the same states are -1..-5.
Behaviour, background and open answers are plain values (0 is an answer there); their
missing states are kept by name in `Answers.missing`, where absence means not seen.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType
from typing import Any, Literal

from instrument.errors import InvalidAnswers
from instrument.model import Instrument, Question


class Missing(IntEnum):
    """Why there is no answer; the value is the stored byte."""

    NOT_SEEN = 0
    SKIPPED = 250
    SKIPPED_AFTER_PROMPT = 251
    REFUSED = 252
    NOT_APPLICABLE = 253

    @property
    def code(self) -> int:
        """The code in files: -1 not seen ... -5 not applicable."""
        return _FILE_CODES[self]


_FILE_CODES: Mapping[Missing, int] = MappingProxyType(
    {
        Missing.NOT_SEEN: -1,
        Missing.SKIPPED: -2,
        Missing.SKIPPED_AFTER_PROMPT: -3,
        Missing.REFUSED: -4,
        Missing.NOT_APPLICABLE: -5,
    }
)


@dataclass(frozen=True)
class Answers:
    """The full state of one person's answers."""

    items: bytes
    """One byte for every item of the version, in definition order."""
    values: Mapping[str, int | str] = field(default_factory=dict)
    """Answers to questions: numbers and option values as int, open texts as str."""
    missing: Mapping[str, Missing] = field(default_factory=dict)
    """Questions seen and left without an answer, and why; absent = not seen."""

    def why(self, code: str) -> Missing | None:
        """Return why the question ``code`` has no answer; None = it has one."""
        return None if code in self.values else self.missing.get(code, Missing.NOT_SEEN)


FaultKind = Literal["unknown_item", "out_of_range", "not_a_number", "too_long", "ambiguous"]


@dataclass(frozen=True)
class AnswerFault:
    """A submitted value that is no answer; what was typed is kept so it can be shown."""

    code: str
    kind: FaultKind
    value: str = ""


@dataclass(frozen=True)
class Parsed:
    """What a submitted form says, and what in it could not be taken as an answer."""

    answers: Answers
    faults: tuple[AnswerFault, ...] = ()


NOT_APPLICABLE = "na"
"""Field value of "tidak berlaku"."""
REFUSED = "refused"
"""Field value of "tidak ingin menjawab"."""
REFUSAL_FIELD = "tolak"
"""``tolak=CODE``: refused in the prompt; an answer given beside it wins."""


def unanswered(instrument: Instrument) -> Answers:
    """Return the state before anything was seen."""
    return Answers(bytes(len(instrument.items)))


def asked_codes(
    instrument: Instrument,
    form: str,
    *,
    modules: Collection[str] = (),
    granted: Collection[str] | None = None,
) -> frozenset[str]:
    """Return the codes a wave asks: the form's items and questions, and the modules' items.

    A question that needs a consent choice is left out unless the choice was ``granted``
    (None: every choice was).
    KeyError if there is no such form.
    """
    items = (code for section in instrument.shown_sections(form, modules) for code in section.items)
    questions = (
        code
        for code in instrument.form(form).questions
        if granted is None
        or (needs := instrument.question(code).needs_consent) is None
        or needs in granted
    )
    return frozenset((*items, *questions))


def parse(
    instrument: Instrument,
    form: str,
    fields: Sequence[tuple[str, str]],
    *,
    seen: Collection[str],
    prompted: bool = False,
    final: bool = False,
    asked: Collection[str] | None = None,
    ignore: Collection[str] = frozenset(),
) -> Parsed:
    """Understand a submitted form; faults are values, never exceptions.

    ``fields`` are the pairs of `urllib.parse.parse_qsl`: an item's option value, "na"
    or "refused"; a question's number, option value, text or "refused"; ``tolak=CODE``.
    An empty value is no answer. ``seen`` names the items and questions shown so far:
    without an answer they are skipped (after the prompt, when the form is ``prompted``
    and ``final``), all others not seen. ``asked`` names what may be answered (see
    `asked_codes`); None = what the form shows. Fields named in ``ignore`` belong to the
    caller. A value with a fault counts as no answer.
    """
    table = instrument.derive("answers.table", lambda: _table(instrument))
    if asked is None:
        asked = instrument.derive(("answers.form", form), lambda: asked_codes(instrument, form))
    given, refused, faults = _sorted_out(fields, asked, ignore)
    skipped = Missing.SKIPPED_AFTER_PROMPT if prompted and final else Missing.SKIPPED
    items = bytearray(len(instrument.items))
    values: dict[str, int | str] = {}
    missing: dict[str, Missing] = {}
    for code, place, choices in table.order:
        answer: int | str | None = None
        if (value := given.get(code)) is not None and (answer := choices.get(value)) is None:
            answer, kind = table.read(code, value)
            if kind is not None:
                faults.append(AnswerFault(code, kind, value))
        if answer is None:
            if code not in asked:
                continue
            if code in refused:
                answer = Missing.REFUSED
            elif code in seen:
                answer = skipped
            else:
                continue
        if place is not None:
            items[place] = int(answer)  # an item has choices and no words
        elif isinstance(answer, Missing):
            missing[code] = answer
        else:
            values[code] = answer
    return Parsed(Answers(bytes(items), values, missing), tuple(faults))


def to_fields(instrument: Instrument, answers: Answers) -> dict[str, str]:
    """Return the form fields that say these answers: the inverse of `parse`.

    What was skipped or not seen has no field; `seen_codes` tells the two apart.
    """
    fields: dict[str, str] = {}
    for code, byte in zip(instrument.item_codes, answers.items, strict=True):
        if byte == Missing.REFUSED:
            fields[code] = REFUSED
        elif byte == Missing.NOT_APPLICABLE:
            fields[code] = NOT_APPLICABLE
        elif byte not in _MISSING_BYTES:
            fields[code] = str(byte)
    for code, value in answers.values.items():
        fields[code] = str(value)
    for code, why in answers.missing.items():
        if why is Missing.REFUSED:
            fields[code] = REFUSED
    return fields


def seen_codes(instrument: Instrument, answers: Answers) -> frozenset[str]:
    """Return the codes of all items and questions that have been seen."""
    items = (
        code
        for code, byte in zip(instrument.item_codes, answers.items, strict=True)
        if byte != Missing.NOT_SEEN
    )
    questions = (code for code, why in answers.missing.items() if why is not Missing.NOT_SEEN)
    return frozenset((*items, *answers.values, *questions))


def extra_to_json(answers: Answers, codes: Collection[str] | None = None) -> dict[str, Any]:
    """Return answers to questions as plain JSON: ``{"values": …, "missing": …}``.

    With ``codes`` only those questions (background is stored apart from behaviour).
    """
    return {
        "values": {
            code: value for code, value in answers.values.items() if codes is None or code in codes
        },
        "missing": {
            code: why.name.lower()
            for code, why in answers.missing.items()
            if codes is None or code in codes
        },
    }


def extra_from_json(data: Mapping[str, Any]) -> tuple[dict[str, int | str], dict[str, Missing]]:
    """Return values and missing states of questions from the shape of `extra_to_json`.

    Other keys (paradata) are left alone. Raises `InvalidAnswers` for an unknown state.
    """
    missing: dict[str, Missing] = {}
    for code, name in data.get("missing", {}).items():
        if name not in _MISSING_NAMES:
            raise InvalidAnswers(
                f"{code} is stored as {name!r}, which is no missing state; "
                f"use one of {', '.join(_MISSING_NAMES)}"
            )
        missing[code] = _MISSING_NAMES[name]
    return dict(data.get("values", {})), missing


def from_stored(items: bytes, *parts: Mapping[str, Any] | None) -> Answers:
    """Return answers as stored: the bytes, and JSON parts such as extra and background."""
    values: dict[str, int | str] = {}
    missing: dict[str, Missing] = {}
    for part in parts:
        if part:
            more_values, more_missing = extra_from_json(part)
            values |= more_values
            missing |= more_missing
    return Answers(items, values, missing)


_MISSING_BYTES = frozenset(int(why) for why in Missing)
_MISSING_NAMES = {why.name.lower(): why for why in Missing}
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,9}")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
"""Characters no database stores as text and nobody types; line breaks and tabs stay."""


_Sorted = tuple[dict[str, str], set[str], list[AnswerFault]]


def _sorted_out(
    fields: Sequence[tuple[str, str]], asked: Collection[str], ignore: Collection[str]
) -> _Sorted:
    """Return the one value of each code, the refusals of the prompt, and what is wrong."""
    given: dict[str, str] = {}
    refused: set[str] = set()
    ambiguous: dict[str, str] = {}
    faults: list[AnswerFault] = []
    for name, sent in fields:
        if name == REFUSAL_FIELD:
            if sent in asked:
                refused.add(sent)
            elif sent:
                faults.append(AnswerFault(sent, "unknown_item"))
        elif name in asked:
            value = sent.strip()
            if value and given.setdefault(name, value) != value:
                ambiguous[name] = value
        elif name not in ignore:
            faults.append(AnswerFault(name, "unknown_item", sent))
    for name, value in ambiguous.items():
        faults.append(AnswerFault(name, "ambiguous", f"{given.pop(name)}, {value}"))
    return given, refused, faults


_Answer = tuple[int | str | None, FaultKind | None]


@dataclass(frozen=True)
class _Table:
    """What each code may be answered with, looked up once for a questionnaire."""

    order: tuple[tuple[str, int | None, Mapping[str, int]], ...]
    """Every code in definition order, items first; the place of its byte, None = question;
    and what each field value is stored as, where there is a choice: a refusal always is one."""
    questions: Mapping[str, Question]

    def read(self, code: str, value: str) -> _Answer:
        """Return the answer that is no choice, or None and what is wrong with ``value``."""
        question = self.questions.get(code)
        if question is None or question.kind == "choice":
            number = _WHOLE_NUMBER.fullmatch(value) or value == NOT_APPLICABLE
            return None, "out_of_range" if number else "not_a_number"
        return _number(question, value) if question.kind == "number" else _text(question, value)


def _number(question: Question, value: str) -> _Answer:
    if not _WHOLE_NUMBER.fullmatch(value):
        return None, "out_of_range" if value.isdecimal() else "not_a_number"
    number = int(value)
    too_low = question.low is not None and number < question.low
    too_high = question.high is not None and number > question.high
    return (None, "out_of_range") if too_low or too_high else (number, None)


def _text(question: Question, value: str) -> _Answer:
    text = _CONTROL.sub("", value.replace("\r\n", "\n")).strip()
    if question.max_length is not None and len(text) > question.max_length:
        return None, "too_long"
    return text or None, None


def _table(instrument: Instrument) -> _Table:
    values = {str(option.value): option.value for option in instrument.response_scale.options}
    refused = {REFUSED: Missing.REFUSED}
    applies_not = {NOT_APPLICABLE: Missing.NOT_APPLICABLE}
    items = (
        (item.code, place, {**values, **refused, **(applies_not if item.not_applicable else {})})
        for place, item in enumerate(instrument.items)
    )
    questions = (
        (
            question.code,
            None,
            {**{str(option.value): option.value for option in question.options}, **refused},
        )
        for question in instrument.questions
    )
    return _Table(
        order=(*items, *questions),
        questions={question.code: question for question in instrument.questions},
    )
