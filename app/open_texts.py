"""Open answers, judged one by one before anybody but the researcher reads them.

Shown only from a wave's floor for comments on, in an order that tells nothing, with no
attribute beside them: not the language, not the day, not which two texts one person wrote.
Only answers of people who agreed to reports are here. A decision is kept under a keyed hash
(`text_id`): the words themselves are stored a second time only where they were redacted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, select

from app import audit
from app.errors import AppError
from app.keyed import keyed_hash
from app.store import Store
from app.tables import TextDecision
from app.wave_reader import WaveView
from instrument.model import Instrument, Question

Decision = Literal["approve", "redact", "hide"]
DECISIONS: tuple[Decision, ...] = get_args(Decision)
LONGEST = 2000


class TextGone(AppError):
    """The text is not there any more: it was changed or withdrawn."""

    status = 404
    slug = "text-gone"
    title_id = "Teks ini sudah tidak ada"
    title_en = "This text is not there any more"
    hint_id = "Teks itu diubah atau ditarik oleh penulisnya. Muat ulang daftarnya."
    hint_en = "Its writer changed or withdrew it. Load the list again."


class NothingLeft(AppError):
    """A redacted text without a word; hiding is another decision."""

    status = 422
    slug = "nothing-left"
    title_id = "Teks yang disunting masih kosong, atau terlalu panjang"
    title_en = "The redacted text is empty or too long"
    hint_id = "Tulis yang boleh dibaca (paling banyak 2000 huruf), atau pilih sembunyikan."
    hint_en = "Write what may be read (2000 characters at most), or choose to hide it."


@dataclass(frozen=True, slots=True)
class OpenText:
    """One open answer and what was decided about it."""

    id: UUID
    question: str
    words: str
    decision: Decision | None = None
    redacted: str = ""

    @property
    def shown(self) -> str | None:
        """What others may read; None while undecided, or hidden."""
        if self.decision == "approve":
            return self.words
        return self.redacted if self.decision == "redact" else None


@dataclass(frozen=True, slots=True)
class Texts:
    """The open answers of a wave."""

    respondents: int
    """People who agreed to reports, with and without a text."""
    floor: int
    """From so many on, texts are shown at all."""
    texts: tuple[OpenText, ...]
    """Empty below the floor. In the order of their ids, which are random."""

    @property
    def enough(self) -> bool:
        """Whether so many answered that a text does not point at its writer."""
        return self.respondents >= self.floor

    @property
    def undecided(self) -> int:
        """How many wait for a decision."""
        return sum(one.decision is None for one in self.texts)


def open_questions(instrument: Instrument) -> tuple[Question, ...]:
    """The questions that are answered in words."""
    return tuple(one for one in instrument.questions if one.kind == "text")


def text_id(key: bytes, submission_id: UUID, question: str, words: str) -> UUID:
    """Id of a text: HMAC-SHA-256 of who, where and what, cut to 128 bits."""
    told = b"\0".join((b"open text", submission_id.bytes, question.encode(), words.encode()))
    return UUID(bytes=keyed_hash(key, told)[:16])


def texts_of(
    session: Session, store: Store, wave: WaveView, instrument: Instrument, key: bytes
) -> Texts:
    """Read a wave's open answers with their decisions; reads every answer sheet once."""
    codes = [one.code for one in open_questions(instrument)]
    respondents = 0
    found: dict[UUID, tuple[str, str]] = {}
    for rows in store.batches(wave.wave_id, purpose="report"):
        respondents += len(rows)
        for row in rows:
            found.update(
                (text_id(key, row.submission_id, code, words), (code, words))
                for code, words in _words(row.extra, codes)
            )
    floor = wave.floors.get("comments", 10)
    if respondents < floor:
        return Texts(respondents, floor, ())
    decided = {one.id: one for one in session.exec(_of(wave))}
    return Texts(
        respondents,
        floor,
        tuple(
            OpenText(
                id_,
                question,
                words,
                decided[id_].decision if id_ in decided else None,
                (decided[id_].redacted or "") if id_ in decided else "",
            )
            for id_, (question, words) in sorted(found.items())
        ),
    )


def decide(
    *,
    session: Session,
    wave: WaveView,
    texts: Texts,
    text: UUID,
    decision: Decision,
    redacted: str,
    by: str,
    at: datetime,
) -> None:
    """Store what was decided about a text; decisions on texts that are gone go with it.

    Raises TextGone, NothingLeft (``redact`` without words).
    """
    chosen = next((one for one in texts.texts if one.id == text), None)
    if chosen is None:
        raise TextGone(str(text))
    if decision == "redact" and not 0 < len(redacted) <= LONGEST:
        raise NothingLeft
    _purge(session, wave, (one.id for one in texts.texts))
    row = session.get(TextDecision, (wave.community_id, text)) or TextDecision(
        community_id=wave.community_id, id=text, wave_id=wave.wave_id, question=chosen.question,
        decision=decision, decided_by=by, decided_at=at,
    )  # fmt: skip
    row.decision, row.decided_by, row.decided_at = decision, by, at
    row.redacted = redacted if decision == "redact" else None
    session.add(row)
    session.flush()
    _log(session, wave, f"text.{decision}", text, by, at)


def undo(*, session: Session, wave: WaveView, text: UUID, by: str, at: datetime) -> None:
    """Take a decision back: the text is undecided again. Raises TextGone."""
    row = session.get(TextDecision, (wave.community_id, text))
    if row is None or row.wave_id != wave.wave_id:
        raise TextGone(str(text))
    session.delete(row)
    session.flush()
    _log(session, wave, "text.undo", text, by, at)


def forget(
    *,
    session: Session,
    community_id: int,
    submission_id: UUID,
    extra: Mapping[str, Any],
    key: bytes,
) -> int:
    """Delete the decisions on one submission's texts (a withdrawal); return how many."""
    values = extra.get("values", {})
    ids = [
        text_id(key, submission_id, code, words)
        for code, words in values.items()
        if isinstance(words, str)
    ]
    rows = session.exec(
        select(TextDecision).where(
            col(TextDecision.community_id) == community_id, col(TextDecision.id).in_(ids)
        )
    ).all()
    for row in rows:
        session.delete(row)
    session.flush()
    return len(rows)


def _words(extra: Mapping[str, Any], codes: Iterable[str]) -> list[tuple[str, str]]:
    values = extra.get("values", {})
    return [
        (code, values[code])
        for code in codes
        if isinstance(values.get(code), str) and values[code].strip()
    ]


def _of(wave: WaveView) -> Any:
    return select(TextDecision).where(
        col(TextDecision.community_id) == wave.community_id,
        col(TextDecision.wave_id) == wave.wave_id,
    )


def _purge(session: Session, wave: WaveView, there: Iterable[UUID]) -> None:
    stored = {row.id for row in session.exec(_of(wave))}
    gone = stored.difference(there)
    if gone:
        session.execute(
            delete(TextDecision).where(
                col(TextDecision.community_id) == wave.community_id,
                col(TextDecision.id).in_(gone),
            )
        )


def _log(session: Session, wave: WaveView, action: str, text: UUID, by: str, at: datetime) -> None:
    audit.record(
        session,
        by=by,
        action=action,
        subject=f"text:{text.hex[:16]}",
        at=at,
        community_id=wave.community_id,
        detail={"wave": wave.number},
    )
