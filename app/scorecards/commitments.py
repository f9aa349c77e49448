"""What the chair promises after a card: at most three open at a time, each with owner and day.

A commitment belongs to the published card it answers. Members see it at once on the page of
results, and the next card shows it beside the scale it aimed at.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal, cast, get_args

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from app import audit
from app.published_cards import Published
from app.scorecards.errors import ThreeAreOpen, UnknownCommitment
from app.tables import Commitment

if TYPE_CHECKING:
    from analysis.scorecard.model import Promise

State = Literal["planned", "running", "done", "dropped"]
STATES: tuple[State, ...] = get_args(State)
OPEN: tuple[State, ...] = ("planned", "running")
MOST_OPEN = 3
LONGEST_TEXT, LONGEST_OWNER = 200, 80


@dataclass(frozen=True, slots=True)
class Shown:
    """A commitment as pages and cards show it."""

    id: int
    scale: str
    text: str
    owner: str
    due: date
    state: State

    @property
    def promise(self) -> Promise:
        """As a card holds it."""
        from analysis.scorecard.model import Promise  # noqa: PLC0415 - with the first card

        return Promise(
            scale=self.scale, text=self.text, owner=self.owner, due=self.due, state=self.state
        )

    @property
    def fingerprint(self) -> str:
        """Changes with anything that is shown."""
        return hashlib.sha256(str(self).encode()).hexdigest()[:16]


def shown(session: Session, wave_id: int) -> tuple[Shown, ...]:
    """The commitments that answer a wave's card, in the order they were made."""
    return tuple(_shown(one) for one in session.exec(_of(wave_id)))


def find(session: Session, wave_id: int, commitment_id: int) -> Shown:
    """One of them. Raises UnknownCommitment."""
    return _shown(_find(session, wave_id, commitment_id))


def add(
    *,
    session: Session,
    card: Published,
    scale: str,
    text: str,
    owner: str,
    due: date,
    by: str,
    at: datetime,
) -> Shown:
    """Promise something after a published card. Raises ThreeAreOpen."""
    _room_for_one(session, card.wave_id)
    row = Commitment(
        community_id=card.community_id, wave_id=card.wave_id, scale=scale, text=text, owner=owner,
        due=due, made_at=at, made_by=by,
    )  # fmt: skip
    session.add(row)
    session.flush()
    _log(session, row, "commitment.add", by, at)
    return _shown(row)


def change(
    *,
    session: Session,
    card: Published,
    commitment_id: int,
    scale: str,
    text: str,
    owner: str,
    due: date,
    state: State,
    by: str,
    at: datetime,
) -> Shown:
    """Correct a commitment, or say how far it is. Raises UnknownCommitment, ThreeAreOpen."""
    row = _find(session, card.wave_id, commitment_id)
    if state in OPEN and row.state not in OPEN:
        _room_for_one(session, card.wave_id)
    row.scale, row.text, row.owner, row.due, row.state = scale, text, owner, due, state
    session.add(row)
    session.flush()
    _log(session, row, "commitment.change", by, at)
    return _shown(row)


def _room_for_one(session: Session, wave_id: int) -> None:
    rows = session.exec(_of(wave_id).with_for_update()).all()
    if sum(row.state in OPEN for row in rows) >= MOST_OPEN:
        raise ThreeAreOpen(str(wave_id))


def _find(session: Session, wave_id: int, commitment_id: int) -> Commitment:
    row = session.get(Commitment, commitment_id)
    if row is None or row.wave_id != wave_id:
        raise UnknownCommitment(str(commitment_id))
    return row


def _of(wave_id: int) -> SelectOfScalar[Commitment]:
    return select(Commitment).where(col(Commitment.wave_id) == wave_id).order_by(col(Commitment.id))


def _shown(row: Commitment) -> Shown:
    assert row.id is not None
    return Shown(row.id, row.scale, row.text, row.owner, row.due, cast("State", row.state))


def _log(session: Session, row: Commitment, action: str, by: str, at: datetime) -> None:
    # the words stay out of the log: somebody may have typed a member's name after all
    audit.record(
        session,
        by=by,
        action=action,
        subject=f"commitment:{row.id}",
        at=at,
        community_id=row.community_id,
        detail={"scale": row.scale, "state": row.state},
    )
