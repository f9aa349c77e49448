"""What a member's page hands to the store, what it gets back, and what can go wrong."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any, ClassVar, Literal, NamedTuple
from uuid import UUID

from app.errors import AppError
from app.keyed import keyed_hash

MAX_REV = 2**31 - 1
PARADATA = "paradata"
"""Key of ``extra`` that the digest leaves out: seconds differ between two sends of the
same answers, and a retry must not look like a second person's change."""


@cache
def _all_steps(sections: int) -> list[int]:
    return list(range(1, sections + 1))


def seconds_seen(paradata: Mapping[str, Any], sections: int) -> list[float]:
    """Visible seconds by section; NaN where a section was not seen: it took no time, not 0 s."""
    shown, times = paradata.get("seen", ()), paradata.get("seconds", ())[:sections]
    if len(times) == sections and shown[:sections] == _all_steps(sections):  # kept in order
        return list(times)
    seen = set(shown)
    told = [time if place in seen else math.nan for place, time in enumerate(times, 1)]
    return told + [math.nan] * (sections - len(told))


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """What somebody agreed to on the consent page."""

    text_hash: str
    """SHA-256 (hex) of the text shown."""
    version: str
    language: str
    choices: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class Start:
    """Somebody begins or comes back. ``consent`` None: come back only."""

    community_id: int
    wave_id: int
    submission_id: UUID
    """Used if nothing is there yet; a person who comes back keeps the id they had."""
    respondent_ref: UUID | None
    """None in open access: the store draws one."""
    consent: ConsentGiven | None
    language: str
    at: datetime


@dataclass(frozen=True, slots=True)
class State:
    """What the store holds of one submission."""

    submission_id: UUID
    rev: int
    answers: bytes
    extra: dict[str, Any]
    language: str
    status: Literal["new", "draft", "submitted"]
    choices: dict[str, bool]
    receipt: str | None
    background: dict[str, Any] | None
    """As answered in this submission, else as the person answered it in an earlier wave."""


@dataclass(frozen=True, slots=True)
class Save:
    """The full state of one person's answers; ``rev`` grows with every change."""

    community_id: int
    wave_id: int
    submission_id: UUID
    rev: int
    answers: bytes
    extra: Mapping[str, Any]
    background: Mapping[str, Any] | None
    """None: not asked; what is known from before stays."""
    language: str
    layout: str
    final: bool
    at: datetime
    needs: frozenset[str] = frozenset()
    """Consent choices without which these answers must not be stored."""


@dataclass(frozen=True, slots=True)
class Ack:
    """The save is on disk."""

    status: Literal["draft", "submitted"]
    rev: int
    receipt: str | None
    repeated: bool
    """Nothing changed: the same answers were there already."""


class StoredResponse(NamedTuple):
    """One row for an export or an analysis. Who it is, nobody can tell from it.

    A tuple, and ids as the database has them until somebody asks: a hundred thousand of these
    are made for one file.
    """

    id: UUID | str
    ref: UUID | str
    version_digest: str
    answers: bytes
    extra: Mapping[str, Any]
    background: Mapping[str, Any] | None
    """All that is known; leave out what needs a choice that ``choices`` does not grant."""
    choices: Mapping[str, bool]
    language: str
    layout: str
    submitted_on: date
    status: Literal["complete", "partial"]

    @property
    def submission_id(self) -> UUID:
        """The submission's random id."""
        return self.id if isinstance(self.id, UUID) else UUID(self.id)

    @property
    def respondent_ref(self) -> UUID:
        """The person's random reference."""
        return self.ref if isinstance(self.ref, UUID) else UUID(self.ref)


class StoredColumns(NamedTuple):
    """Rows as `StoredResponse` has them, column by column: a file has columns, too."""

    ids: Sequence[UUID | str]
    refs: Sequence[UUID | str]
    version_digests: Sequence[str]
    answers: Sequence[bytes]
    extras: Sequence[Mapping[str, Any]]
    backgrounds: Sequence[Mapping[str, Any] | None]
    choices: Sequence[Mapping[str, bool]]
    languages: Sequence[str]
    layouts: Sequence[str]
    submitted_on: Sequence[date]
    statuses: Sequence[Literal["complete", "partial"]]

    def rows(self) -> list[StoredResponse]:
        """Return the same, one a person."""
        return list(map(StoredResponse._make, zip(*self, strict=True)))

    def ref_bytes(self) -> list[bytes]:
        """Return the 16 bytes of every person's random reference."""
        fromhex = bytes.fromhex
        return [ref.bytes if isinstance(ref, UUID) else fromhex(ref) for ref in self.refs]


class SubmissionError(AppError):
    """Base of the store's refusals; never raised directly. Nothing was stored."""


class WaveNotAccepting(SubmissionError):
    """The wave is not open, or its time is over or still to come."""

    status = 409
    slug = "wave-not-accepting"
    title_id = "Survei ini sedang tidak menerima jawaban"
    title_en = "This survey is not taking answers now"
    hint_id = "Jawaban yang sudah tersimpan tetap aman. Buka lagi tautan survei untuk jadwalnya."
    hint_en = "Answers already saved are safe. Open the survey link again to see its dates."

    def __init__(self, state: str) -> None:
        self.state = state
        super().__init__(f"wave is {state} or outside its dates")


class ConsentMissing(SubmissionError):
    """No consent stands, or it grants no purpose; nothing may be stored."""

    status = 409
    slug = "consent-missing"
    title_id = "Persetujuan belum diberikan"
    title_en = "Consent has not been given"
    hint_id = "Buka lagi tautan survei dan isi halaman persetujuan dulu."
    hint_en = "Open the survey link again and fill in the consent page first."


class ChoiceNotGranted(ConsentMissing):
    """An answer needs a consent choice that was not made; no page of ours asks for it."""


class UnknownSubmission(SubmissionError):
    """There is no draft and no response of that id in this wave."""

    status = 404
    slug = "unknown-submission"
    title_id = "Isian ini tidak ditemukan"
    title_en = "This form was not found"
    hint_id = "Buka lagi tautan survei dan masukkan kode Anda; jawaban tersimpan akan muncul."
    hint_en = "Open the survey link again and enter your code; saved answers will come back."


class NewerState(SubmissionError):
    """Another page saved other answers in the meantime; ``rev`` is the stored one."""

    status = 409
    slug = "newer-state"
    title_id = "Ada jawaban yang lebih baru"
    title_en = "There are newer answers"
    hint_id = "Pilih: pakai jawaban di halaman ini, atau buka lagi yang lebih baru."
    hint_en = "Choose: keep the answers on this page, or open the newer ones."

    def __init__(self, rev: int) -> None:
        self.rev = rev
        super().__init__(f"revision {rev} is stored")


class UnfitSave(SubmissionError):
    """The page sent a state that no page of ours makes (wrong length, revision)."""

    status = 400
    slug = "unfit-save"
    hint_id = "Muat ulang halaman survei, lalu simpan lagi."
    hint_en = "Load the survey page again, then save again."


class StoreUnavailable(SubmissionError):
    """The database refused or failed; the save is not on disk, trying again is safe."""

    status = 503
    slug = "store-unavailable"
    title_id = "Jawaban belum bisa disimpan"
    title_en = "The answers could not be saved yet"
    hint_id = "Jawaban masih ada di halaman ini. Tunggu sebentar, lalu tekan simpan lagi."
    hint_en = "Your answers are still on this page. Wait a moment, then press save again."


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys the store needs."""

    digest: bytes = field(repr=False)
    code: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PreparedSave:
    """A save with its JSON and digest made, so that the write transaction stays short."""

    save: Save
    extra: str
    background: str | None
    digest: bytes

    _encode: ClassVar = json.JSONEncoder(
        ensure_ascii=True, sort_keys=True, separators=(",", ":")
    ).encode

    @classmethod
    def of(cls, save: Save, key: bytes) -> PreparedSave:
        """Prepare ``save``; raises UnfitSave for a revision that no page makes."""
        if not 1 <= save.rev <= MAX_REV:
            raise UnfitSave(f"revision {save.rev} is outside 1..{MAX_REV}")
        background = None if save.background is None else cls._encode(dict(save.background))
        extra = cls._encode(dict(save.extra))
        if PARADATA in save.extra:
            judged = cls._encode({k: v for k, v in save.extra.items() if k != PARADATA})
        else:
            judged = extra
        return cls(save, extra, background, content_digest(key, save.answers, judged, background))


def content_digest(key: bytes, answers: bytes, extra: str, background: str | None) -> bytes:
    """HMAC-SHA-256 of what a person answered: answer bytes and both canonical JSONs.

    Language and layout are not content: switching the language is no second answer.
    Keyed, since the vectors of a short form could be tried one by one.
    """
    parts = (answers.hex(), extra, background or "")
    return keyed_hash(key, "\n".join(parts).encode())
