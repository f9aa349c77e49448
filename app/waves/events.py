"""The log of meetings: when, what kind, how many came. Never who."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import Literal, get_args

from sqlmodel import Session, col, select

from app import audit
from app.tables import Event, Wave
from app.wave_reader import UnknownWave
from app.waves.errors import EventChanged, UnfitEvent, UnknownEvent, WrongState

EventKind = Literal["informal", "training", "bazaar"]
KINDS: tuple[EventKind, ...] = get_args(EventKind)
MOST_ATTENDED = 100_000


def all_of(session: Session, community_id: int) -> list[Event]:
    """Every meeting of a community, the latest first."""
    return list(
        session.exec(
            select(Event)
            .where(col(Event.community_id) == community_id)
            .order_by(col(Event.held_on).desc(), col(Event.id).desc())
        )
    )


def find(session: Session, *, community_id: int, event_id: int, held: bool = False) -> Event:
    """One meeting, ``held`` until the transaction ends. Raises UnknownEvent."""
    wanted = select(Event).where(col(Event.id) == event_id, col(Event.community_id) == community_id)
    event = session.exec(wanted.with_for_update() if held else wanted).one_or_none()
    if event is None:
        raise UnknownEvent(str(event_id))
    return event


def fingerprint(event: Event) -> str:
    """Changes with anything the page of a meeting shows."""
    shown = f"{event.held_on} {event.kind} {event.attended_n}"
    return hashlib.sha256(shown.encode()).hexdigest()[:32]


def add_event(
    *,
    session: Session,
    community_id: int,
    held_on: date,
    kind: EventKind,
    attended_n: int,
    by: str,
    at: datetime,
) -> Event:
    """Note a meeting. Raises UnfitEvent."""
    _check(kind, attended_n)
    event = Event(community_id=community_id, held_on=held_on, kind=kind, attended_n=attended_n)
    session.add(event)
    session.flush()
    _log(session, event, "event.add", by, at)
    return event


def change_event(
    *,
    session: Session,
    community_id: int,
    event_id: int,
    held_on: date,
    kind: EventKind,
    attended_n: int,
    seen: str,
    by: str,
    at: datetime,
) -> Event:
    """Correct a meeting. Raises UnknownEvent, UnfitEvent, EventChanged (somebody was quicker)."""
    event = find(session, community_id=community_id, event_id=event_id, held=True)
    if fingerprint(event) != seen:
        raise EventChanged(str(event_id))
    _check(kind, attended_n)
    event.held_on, event.kind, event.attended_n = held_on, kind, attended_n
    session.add(event)
    session.flush()
    _log(session, event, "event.change", by, at)
    return event


def remove_event(
    *, session: Session, community_id: int, event_id: int, by: str, at: datetime
) -> Event:
    """Take a meeting out of the log; what is returned can be added again. Raises UnknownEvent."""
    event = find(session, community_id=community_id, event_id=event_id, held=True)
    session.delete(event)
    session.flush()
    _log(session, event, "event.remove", by, at)
    return event


def not_published(session: Session, community_id: int) -> list[Wave]:
    """The waves whose card is not out yet, drafts left out, the newest first."""
    return list(
        session.exec(
            select(Wave)
            .where(col(Wave.community_id) == community_id, col(Wave.state).in_(("open", "closed")))
            .order_by(col(Wave.number).desc())
        )
    )


def note_ever_attended(
    *, session: Session, community_id: int, number: int, people: int | None, by: str, at: datetime
) -> Wave:
    """Note how many different members came to an informal meeting before a wave closed.

    ``people`` None takes it back. Possible until the wave's card is published. Raises
    UnknownWave, WrongState, UnfitEvent (more than the register has).
    """
    wave = session.exec(
        select(Wave)
        .where(col(Wave.community_id) == community_id, col(Wave.number) == number)
        .with_for_update()
    ).one_or_none()
    if wave is None:
        raise UnknownWave(str(number))
    if wave.state not in ("open", "closed"):
        raise WrongState(f"{wave.state}, only before its card is published")
    if people is not None and not 0 <= people <= (wave.eligible_n or MOST_ATTENDED):
        raise UnfitEvent(f"different members: 0 to {wave.eligible_n}")
    wave.ever_attended_n = people
    session.add(wave)
    session.flush()
    audit.record(
        session,
        by=by,
        action="event.attended",
        subject=f"wave:{wave.id}",
        at=at,
        community_id=community_id,
        detail={"people": people},
    )
    return wave


def _check(kind: str, attended_n: int) -> None:
    if kind not in KINDS:
        raise UnfitEvent(f"kinds are {', '.join(KINDS)}")
    if not 0 <= attended_n <= MOST_ATTENDED:
        raise UnfitEvent(f"attended: 0 to {MOST_ATTENDED}")


def _log(session: Session, event: Event, action: str, by: str, at: datetime) -> None:
    audit.record(
        session,
        by=by,
        action=action,
        subject=f"event:{event.id}",
        at=at,
        community_id=event.community_id,
        detail={"held_on": str(event.held_on), "kind": event.kind},
    )
