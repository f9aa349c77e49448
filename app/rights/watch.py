"""Notice when answers are fewer than anybody has deleted: the alarm for a fall of the row count.

When a wave closes, the audit log (append-only) keeps how many answers it had. From then on
they become fewer by a withdrawal, an erasure or a retention only, and each leaves a row with
its count. What these do not explain has gone another way: a hand in the database, a restore
of an older copy, a fault of ours.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from app import audit
from app.db import Database
from app.tables import AuditEvent, Community, Deletion, Erasure, Response, Wave

log = logging.getLogger(__name__)
ACTION = "store.rows_missing"


@dataclass(frozen=True, slots=True)
class Fall:
    """Answers of a community's closed waves that nothing written down explains."""

    community_id: int
    slug: str
    at_close: int
    now: int
    explained: int
    """Deleted since, by the erasures' and certificates' own counts."""

    @property
    def missing(self) -> int:
        """How many are gone without a reason."""
        return self.at_close - self.now - self.explained


def falls(session: Session) -> list[Fall]:
    """Communities whose closed waves have lost answers without a reason; changes nothing.

    An erasure counts whole, also what it took from a wave that was open: a fall may be told
    too small, never where there is none. Waves that closed before their count was kept are
    not watched.
    """
    found = (_fall(session, community) for community in session.exec(select(Community)))
    return [one for one in found if one is not None and one.missing > 0]


def look(database: Database, *, at: datetime) -> list[Fall]:
    """`falls`; each new figure is logged as an error and written into the audit log once."""
    with Session(database.read) as session, session.begin():
        found = falls(session)
        new = [one for one in found if not _told(session, one)]
    for one in found:
        log.error("%s has lost %s answers and nobody deleted them", one.slug, one.missing)
    if new:
        with Session(database.write) as session, session.begin():
            for one in new:
                audit.record(
                    session,
                    by="watch",
                    action="store.rows_missing",
                    subject=f"community:{one.community_id}",
                    at=at,
                    community_id=one.community_id,
                    detail={"at_close": one.at_close, "now": one.now, "missing": one.missing},
                )
    return found


def _fall(session: Session, community: Community) -> Fall | None:
    closed = select(Wave.id, Wave.number).where(
        col(Wave.community_id) == community.id, col(Wave.state).in_(("closed", "published"))
    )
    numbers: dict[int | None, int] = dict(session.exec(closed).all())
    counted: dict[int, tuple[datetime, int]] = {}
    for event in _closings(session, community):
        wave_id = int(event.subject.removeprefix("wave:"))
        responses = event.detail.get("responses")
        if wave_id in numbers and isinstance(responses, int):
            counted[wave_id] = (event.at, responses)  # the last close counts
    if not counted or community.id is None:
        return None
    since = min(at for at, _ in counted.values())
    now = session.exec(
        select(func.count()).where(
            col(Response.community_id) == community.id,
            col(Response.wave_id).in_(counted),
            col(Response.is_test).is_(False),
        )
    ).one()
    erased = session.exec(
        select(Erasure.counts).where(
            col(Erasure.community_id) == community.id, col(Erasure.at) >= since
        )
    )
    whole = {f"wave:{numbers[wave_id]}" for wave_id in counted}
    destroyed = session.exec(
        select(Deletion.counts).where(
            col(Deletion.community_id) == community.id, col(Deletion.what).in_(whole)
        )
    )
    at_close = sum(responses for _, responses in counted.values())
    explained = _responses(erased) + _responses(destroyed)
    return Fall(community.id, community.slug, at_close, now, explained)


def _closings(session: Session, community: Community) -> Iterable[AuditEvent]:
    return session.exec(
        select(AuditEvent)
        .where(col(AuditEvent.community_id) == community.id, col(AuditEvent.action) == "wave.close")
        .order_by(col(AuditEvent.id))
    ).all()


def _responses(counts: Iterable[Mapping[str, int]]) -> int:
    return sum(one.get("response", 0) for one in counts)


def _told(session: Session, fall: Fall) -> bool:
    last = session.exec(
        select(AuditEvent)
        .where(col(AuditEvent.community_id) == fall.community_id, col(AuditEvent.action) == ACTION)
        .order_by(col(AuditEvent.id).desc())
    ).first()
    return last is not None and last.detail.get("missing") == fall.missing
