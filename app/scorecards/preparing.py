"""What a card is made from, as one question: asked twice it is the same run of the queue.

The key holds everything the card depends on: the state of the answers, the log of meetings,
what was decided about open texts, the cards that are published, the promises on the one
before. So a prepared card is found again while nothing has changed, and is out of date, with
its files deleted, as soon as an answer does.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, func, select

from app import published_cards
from app.jobs import runs
from app.published_cards import Published, UnknownCard
from app.scorecards import commitments
from app.scorecards.errors import LaterCardOut, NotClosed, TooFewChanges
from app.tables import (
    AnalysisRun,
    AnalysisRunWave,
    AuditEvent,
    Community,
    Event,
    Response,
    TextDecision,
    Wave,
)
from app.wave_reader import WaveView, find_wave

CLOSED = ("closed", "published")
RENDERING = 1
"""Of pages, PDF and picture; a higher one prepares every card anew."""
FIRST_PERIOD = timedelta(days=182)
"""How far before its close the first wave's meetings count: what half a year has."""
CHANGES = 5
"""From so many changed answers on a published card is issued again."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What one wave's card is made from, apart from the answers themselves."""

    wave: WaveView
    closed_on: date
    before: tuple[Published, ...]
    """Cards of earlier waves, oldest first: the last is what change is read against."""
    events: tuple[Event, ...]
    ever_attended: int | None
    promises: tuple[commitments.Shown, ...]
    submitted: int
    decisions: str
    """Digest of what was decided about open texts."""
    versions: tuple[tuple[int, int], ...]
    """(wave's id, state of its answers): this wave's first, then those before."""

    @property
    def digest(self) -> str:
        """SHA-256 of all of it that is no answer."""
        told: dict[str, Any] = {
            "rendering": RENDERING,
            "closed_on": str(self.closed_on),
            "before": [one.digest for one in self.before],
            "events": [[str(e.held_on), e.kind, e.attended_n] for e in self.events],
            "ever_attended": self.ever_attended,
            "promises": [str(one) for one in self.promises],
            "submitted": self.submitted,
            "decisions": self.decisions,
            "eligible": self.wave.eligible_n,
            "community": self.wave.community_name,
            "floors": sorted(self.wave.floors.items()),
            "aimed": self.wave.aimed,
            "simulated": self.wave.is_simulated,
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def basis_of(session: Session, community_id: int, number: int) -> Basis:
    """Read what a card is made from. Raises NotClosed, LaterCardOut."""
    place = session.get_one(Community, community_id)
    row = session.exec(
        select(Wave).where(col(Wave.community_id) == community_id, col(Wave.number) == number)
    ).one_or_none()
    if row is None or row.id is None or row.state not in CLOSED:
        raise NotClosed(str(number))
    wave = find_wave(session, f"{place.slug}-{number}")
    cards = published_cards.all_of(session, community_id)
    if any(one.number > number for one in cards):
        raise LaterCardOut(str(number))
    before = tuple(reversed([one for one in cards if one.number < number]))
    closed_on = _closed_on(session, row, ZoneInfo(place.timezone))
    return Basis(
        wave=wave,
        closed_on=closed_on,
        before=before,
        events=_meetings(session, row, ZoneInfo(place.timezone), closed_on),
        ever_attended=row.ever_attended_n,
        promises=commitments.shown(session, before[-1].wave_id) if before else (),
        submitted=_submitted(session, row),
        decisions=_decisions(session, row),
        versions=tuple(
            (wave_id, runs.data_version(session, community_id, wave_id))
            for wave_id in (row.id, *(one.wave_id for one in before))
        ),
    )


def question_of(basis: Basis) -> runs.Question:
    """The question whose answer is the card."""
    wave = basis.wave
    return runs.Question(
        instrument=wave.digest,
        form=wave.form,
        plan="",
        plan_digest=basis.digest,
        sources=tuple(
            runs.Source(wave.community_id, wave_id, "before" if place else "main", version)
            for place, (wave_id, version) in enumerate(basis.versions)
        ),
        code=runs.code_version(),
        kind="card",
    )


def prepare(
    *, session: Session, community_id: int, number: int, by: str, at: datetime
) -> AnalysisRun:
    """Have the card of a closed wave made, or give back the one that is there.

    Raises NotClosed, LaterCardOut, TooFewChanges (its card is published).
    """
    basis = basis_of(session, community_id, number)
    if basis.wave.state == "published":
        check_reissue(session, basis)
    return runs.ask(session=session, question=question_of(basis), by=by, at=at)


def check_reissue(session: Session, basis: Basis) -> Published:
    """The published card that a new issue would replace. Raises TooFewChanges.

    Of every wave behind the card either nothing has changed or at least `CHANGES` answers,
    and of its own at least `CHANGES`: what two issues differ by is never a few people.
    """
    current = published_cards.find(session, basis.wave.community_id, basis.wave.number)
    changes = changes_since(session, current)
    if changes[0] < CHANGES or any(0 < one < CHANGES for one in changes[1:]):
        raise TooFewChanges(str(basis.wave.number))
    return current


def changes_since(session: Session, current: Published) -> tuple[int, ...]:
    """How many answers of each wave behind a published card have changed, its own first."""
    return tuple(
        runs.data_version(session, current.community_id, wave_id) - seen
        for wave_id, seen in published_cards.sources(session, current.id)
    )


def prepared(session: Session, community_id: int, number: int) -> AnalysisRun | None:
    """The run that makes a wave's card as it would be now, else the newest; None before any."""
    with contextlib.suppress(LaterCardOut, NotClosed):
        now = session.get(AnalysisRun, question_of(basis_of(session, community_id, number)).key)
        if now is not None:
            return now
    return session.exec(
        select(AnalysisRun)
        .join(AnalysisRunWave, col(AnalysisRunWave.key) == col(AnalysisRun.key))
        .join(Wave, col(Wave.id) == col(AnalysisRunWave.wave_id))
        .where(
            col(AnalysisRun.kind) == "card",
            col(AnalysisRunWave.part) == "main",
            col(Wave.community_id) == community_id,
            col(Wave.number) == number,
        )
        .order_by(col(AnalysisRun.asked_at).desc(), col(AnalysisRun.key))
        .limit(1)
    ).first()


def up_to_date(session: Session, run: AnalysisRun, community_id: int, number: int) -> bool:
    """Whether a prepared card is there and still is what would be made now."""
    if not runs.readable(session, run):
        return False
    return run.key == question_of(basis_of(session, community_id, number)).key


def more_than_all(session: Session, run: AnalysisRun) -> tuple[int, int] | None:
    """Answers and members of a run's wave where there are more answers than members."""
    wave = session.exec(
        select(Wave)
        .join(AnalysisRunWave, col(AnalysisRunWave.wave_id) == col(Wave.id))
        .where(col(AnalysisRunWave.key) == run.key, col(AnalysisRunWave.part) == "main")
    ).one()
    submitted, eligible = _submitted(session, wave), wave.eligible_n or 0
    return (submitted, eligible) if submitted > eligible else None


def closed_waves(session: Session, community_id: int) -> Sequence[Wave]:
    """The waves a card can be made of, the newest first."""
    return session.exec(
        select(Wave)
        .where(col(Wave.community_id) == community_id, col(Wave.state).in_(CLOSED))
        .order_by(col(Wave.number).desc())
    ).all()


def current_or_none(session: Session, community_id: int, number: int) -> Published | None:
    """The wave's published card, if it has one."""
    try:
        return published_cards.find(session, community_id, number)
    except UnknownCard:
        return None


def _closed_on(session: Session, wave: Wave, zone: ZoneInfo) -> date:
    """The day a wave really closed: an operator may close early, the sweep a minute late."""
    told = session.exec(
        select(AuditEvent.at)
        .where(col(AuditEvent.action) == "wave.close", col(AuditEvent.subject) == f"wave:{wave.id}")
        .order_by(col(AuditEvent.id).desc())
        .limit(1)
    ).first()
    moments = [one for one in (told, wave.closes_at) if one is not None]
    return min(moments).astimezone(zone).date()


def _meetings(session: Session, wave: Wave, zone: ZoneInfo, closed_on: date) -> tuple[Event, ...]:
    """The log since the wave before closed, or of half a year where it is the first."""
    last = session.exec(
        select(Wave)
        .where(
            col(Wave.community_id) == wave.community_id,
            col(Wave.number) < wave.number,
            col(Wave.state).in_(CLOSED),
        )
        .order_by(col(Wave.number).desc())
        .limit(1)
    ).first()
    since = _closed_on(session, last, zone) if last else closed_on - FIRST_PERIOD
    return tuple(
        session.exec(
            select(Event)
            .where(
                col(Event.community_id) == wave.community_id,
                col(Event.held_on) > since,
                col(Event.held_on) <= closed_on,
            )
            .order_by(col(Event.held_on), col(Event.id))
        )
    )


def _submitted(session: Session, wave: Wave) -> int:
    return session.exec(
        select(func.count(col(Response.id))).where(
            col(Response.community_id) == wave.community_id,
            col(Response.wave_id) == wave.id,
            col(Response.is_test).is_(False),
        )
    ).one()


def _decisions(session: Session, wave: Wave) -> str:
    rows = session.exec(
        select(TextDecision)
        .where(
            col(TextDecision.community_id) == wave.community_id,
            col(TextDecision.wave_id) == wave.id,
        )
        .order_by(col(TextDecision.id))
    )
    told = [[row.id.hex, row.decision, row.redacted] for row in rows]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()
