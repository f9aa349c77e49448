"""Scorecards: what was published and never changes, who may look at it, what was promised.

Nothing here is of a person: a card holds figures that passed the gate of disclosure.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field

from app.tables.base import Table, UtcDateTime, one_of

COMMITMENT_STATES = ("planned", "running", "done", "dropped")
_CURRENT = "retired_at IS NULL"


class Scorecard(Table, table=True):
    """One issue of a wave's card, as it was published; it is never changed.

    A later issue retires it: payload and files go, the digest stays as a tombstone.
    """

    __tablename__ = "scorecard"
    __table_args__ = (
        UniqueConstraint("community_id", "wave_id", "issue"),
        ForeignKeyConstraint(["community_id", "wave_id"], ["wave.community_id", "wave.id"]),
        CheckConstraint("issue >= 1", name="issue"),
        CheckConstraint("length(digest) = 64", name="digest"),
        CheckConstraint("(payload IS NULL) = (retired_at IS NOT NULL)", name="retired_is_empty"),
        Index(
            "uq_scorecard_one_current",
            "community_id",
            "wave_id",
            unique=True,
            sqlite_where=text(_CURRENT),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    community_id: int
    wave_id: int
    issue: int = 1
    payload: str | None = Field(default=None, sa_type=Text)
    """`analysis.scorecard.model.Card` as JSON, to the byte; None once retired."""
    digest: str = Field(sa_type=String(64))
    """SHA-256 of the payload's UTF-8 bytes, in hex."""
    sources: list[dict[str, int]] = Field(default_factory=list, sa_type=JSON, nullable=False)
    """Which state of whose answers: ``[{"wave_id": ..., "data_version": ...}]``, the wave first."""
    code: str = Field(sa_type=String(64))
    """Version of the program and of its numbers."""
    published_at: datetime = Field(sa_type=UtcDateTime)
    published_by: str = Field(sa_type=String(128))
    retired_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ScorecardFile(Table, table=True):
    """A published card as PDF or picture, in one language."""

    __tablename__ = "scorecard_file"
    __table_args__ = (
        ForeignKeyConstraint(["scorecard_id"], ["scorecard.id"], ondelete="CASCADE"),
        CheckConstraint("length(digest) = 64", name="digest"),
    )

    scorecard_id: int = Field(primary_key=True)
    name: str = Field(primary_key=True, sa_type=String(32))
    """``kartu-id.pdf``, ``gambar-en.png``."""
    content: bytes = Field(sa_type=LargeBinary, nullable=False)
    digest: str = Field(sa_type=String(64))


class ScorecardLink(Table, table=True):
    """A link to read one wave's published card without an account, for two weeks."""

    __tablename__ = "scorecard_link"
    __table_args__ = (
        UniqueConstraint("token_hmac"),
        ForeignKeyConstraint(["community_id", "wave_id"], ["wave.community_id", "wave.id"]),
        CheckConstraint("length(token_hmac) = 32", name="token_hmac"),
        CheckConstraint("expires_at > made_at", name="window"),
        Index(None, "community_id", "wave_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    community_id: int
    wave_id: int
    token_hmac: bytes = Field(sa_type=LargeBinary, nullable=False)
    """HMAC-SHA-256 of 192 random bits; the token itself is stored nowhere."""
    made_at: datetime = Field(sa_type=UtcDateTime)
    made_by: str = Field(sa_type=String(128))
    expires_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_used_on: date | None = Field(default=None, sa_type=Date)
    """The day, in the community's zone: enough to see that a link is used."""


class Commitment(Table, table=True):
    """What the chair promised after a card: an action, who sees to it, by when."""

    __tablename__ = "commitment"
    __table_args__ = (
        ForeignKeyConstraint(["community_id", "wave_id"], ["wave.community_id", "wave.id"]),
        one_of("state", COMMITMENT_STATES, "state"),
        CheckConstraint("length(text) > 0", name="text"),
        CheckConstraint("length(owner) > 0", name="owner"),
        Index(None, "community_id", "wave_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    community_id: int
    wave_id: int
    """The wave whose published card it answers; it stands on the card after that one."""
    scale: str = Field(sa_type=String(32))
    text: str = Field(sa_type=String(200))
    owner: str = Field(sa_type=String(80))
    due: date = Field(sa_type=Date)
    state: str = Field(default="planned", sa_type=String(16))
    made_at: datetime = Field(sa_type=UtcDateTime)
    made_by: str = Field(sa_type=String(128))
