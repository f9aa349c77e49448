"""Everything that is stored of one person in a community, read for that person alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from app.codes import code_hmac
from app.submission import PARADATA
from app.tables import Background, Consent, Draft, Response, Wave
from app.wave_reader import CommunityView
from instrument import answers as reading
from instrument import registry
from instrument.answers import Answers
from instrument.model import Instrument

Kind = Literal["draft", "complete", "partial"]


@dataclass(frozen=True, slots=True)
class Given:
    """One consent: to which text, on which day, with which choices."""

    on: date
    version: str
    language: str
    text_hash: str
    choices: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class Submission:
    """What a person answered in one wave."""

    id: UUID
    wave_id: int
    number: int
    instrument: Instrument
    asked: frozenset[str]
    """Codes the wave's form asks."""
    kind: Kind
    submitted_on: date | None
    """None while it is a draft."""
    changeable: bool
    """Whether the wave still takes answers."""
    closes_at: datetime | None
    answers: Answers
    paradata: Mapping[str, Any]
    language: str
    layout: str
    consents: tuple[Given, ...]
    """Newest first."""

    @property
    def granted(self) -> frozenset[str]:
        """The choices that count now."""
        newest = self.consents[0].choices if self.consents else {}
        return frozenset(code for code, given in newest.items() if given)


@dataclass(frozen=True, slots=True)
class Kept:
    """The background, asked once for all waves, with the questionnaire that asked it last."""

    answers: Answers
    asked_on: date
    instrument: Instrument


@dataclass(frozen=True, slots=True)
class Own:
    """All that is stored of a person."""

    submissions: tuple[Submission, ...]
    """Newest wave first."""
    background: Kept | None

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to show."""
        return not self.submissions and self.background is None


def by_receipt(session: Session, *, community_id: int, receipt: str, key: bytes) -> UUID | None:
    """Whose receipt that is (canonical code); ``key`` is CODE_KEY."""
    wanted = code_hmac(key, community_id, receipt, kind="receipt")
    return session.exec(
        select(Response.respondent_ref).where(
            col(Response.community_id) == community_id, col(Response.receipt_hmac) == wanted
        )
    ).one_or_none()


def by_draft(session: Session, *, community_id: int, submission_id: UUID) -> UUID | None:
    """Whose draft that is; how somebody in open access comes back before sending."""
    return session.exec(
        select(Draft.respondent_ref).where(
            col(Draft.community_id) == community_id, col(Draft.id) == submission_id
        )
    ).one_or_none()


def read(session: Session, *, community: CommunityView, respondent_ref: UUID, at: datetime) -> Own:
    """Everything stored of a person."""
    waves = {
        wave.id: wave
        for wave in session.exec(select(Wave).where(col(Wave.community_id) == community.id))
    }
    rows: list[Draft | Response] = [
        *session.exec(
            select(Draft).where(
                col(Draft.community_id) == community.id,
                col(Draft.respondent_ref) == respondent_ref,
            )
        ),
        *session.exec(
            select(Response).where(
                col(Response.community_id) == community.id,
                col(Response.respondent_ref) == respondent_ref,
            )
        ),
    ]
    submissions = [_submission(session, row, waves[row.wave_id], community, at) for row in rows]
    submissions.sort(key=lambda one: one.number, reverse=True)
    kept = session.get(Background, (community.id, respondent_ref))
    background = None
    if kept is not None and waves:
        last = submissions[0].instrument if submissions else _newest(waves)
        answers = reading.from_stored(b"", kept.answers)
        background = Kept(answers, kept.asked_on, last)
    return Own(tuple(submissions), background)


def _submission(
    session: Session,
    row: Draft | Response,
    wave: Wave,
    community: CommunityView,
    at: datetime,
) -> Submission:
    instrument = registry.find(wave.instrument_key, wave.version)
    zone = ZoneInfo(community.timezone)
    own_background = row.background if isinstance(row, Draft) else None
    return Submission(
        id=row.id,
        wave_id=row.wave_id,
        number=wave.number,
        instrument=instrument,
        asked=reading.asked_codes(instrument, wave.form, modules=wave.modules),
        kind=_kind(row),
        submitted_on=None if isinstance(row, Draft) else row.submitted_on,
        changeable=_accepts(wave, at),
        closes_at=wave.closes_at,
        answers=reading.from_stored(row.answers, row.extra, own_background),
        paradata=row.extra.get(PARADATA, {}),
        language=row.language,
        layout=row.layout,
        consents=tuple(
            Given(
                one.at.astimezone(zone).date(),
                one.version,
                one.language,
                one.text_hash,
                dict(one.choices),
            )
            for one in session.exec(
                select(Consent)
                .where(
                    col(Consent.community_id) == row.community_id,
                    col(Consent.submission_id) == row.id,
                )
                .order_by(col(Consent.at).desc())
            )
        ),
    )


def _kind(row: Draft | Response) -> Kind:
    if isinstance(row, Draft):
        return "draft"
    return "complete" if row.status == "complete" else "partial"


def _accepts(wave: Wave, at: datetime) -> bool:
    if wave.state == "draft":
        return wave.is_test
    return (
        wave.state == "open"
        and wave.opens_at is not None
        and wave.closes_at is not None
        and wave.opens_at <= at < wave.closes_at
    )


def _newest(waves: Mapping[int | None, Wave]) -> Instrument:
    wave = max(waves.values(), key=lambda one: one.number)
    return registry.find(wave.instrument_key, wave.version)
