"""How many have answered, of how many: numbers only, never who and never when."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from app.tables import Draft, Response


@dataclass(frozen=True, slots=True)
class Rate:
    """A wave's answers, counted; test answers are no answers."""

    complete: int = 0
    partial: int = 0
    """Closed waves: begun, not sent, and counted as far as they go."""
    begun: int = 0
    """Open waves: begun and not sent yet."""

    @property
    def answered(self) -> int:
        """Complete and partial ones: what the response rate counts."""
        return self.complete + self.partial

    def percent(self, eligible: int | None) -> int | None:
        """Whole percent of N; None where N is not known."""
        return None if not eligible else round(100 * self.answered / eligible)


def rates(session: Session, community_id: int, wave_ids: Collection[int]) -> dict[int, Rate]:
    """The rate of each wave."""
    counted = {wave_id: {"complete": 0, "partial": 0, "begun": 0} for wave_id in wave_ids}
    responses = session.exec(
        select(Response.wave_id, Response.status, func.count())
        .where(
            col(Response.community_id) == community_id,
            col(Response.wave_id).in_(wave_ids),
            col(Response.is_test).is_(False),
        )
        .group_by(col(Response.wave_id), col(Response.status))
    )
    for wave_id, status, count in responses:
        counted[wave_id][status] = count
    drafts = session.exec(
        select(Draft.wave_id, func.count())
        .where(
            col(Draft.community_id) == community_id,
            col(Draft.wave_id).in_(wave_ids),
            col(Draft.rev) > 0,
        )
        .group_by(col(Draft.wave_id))
    )
    for wave_id, count in drafts:
        counted[wave_id]["begun"] = count
    return {wave_id: Rate(**numbers) for wave_id, numbers in counted.items()}
