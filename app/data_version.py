"""The count of changes to a wave's answers; it keys caches and says when a file is stale."""

from __future__ import annotations

from sqlalchemy import text
from sqlmodel import Session

from app.statements import BUMP_DATA_VERSION

_BUMP = text(
    BUMP_DATA_VERSION.replace("?", ":community_id", 1).replace("?", ":wave_id", 1),
)


def bump(session: Session, *, community_id: int, wave_id: int) -> None:
    """Say that the wave's answers changed, in the transaction that changes them."""
    session.execute(_BUMP, {"community_id": community_id, "wave_id": wave_id})
