"""Who is asked, when, under which promises: communities, waves, events."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlmodel import Field

from app.tables.base import Table, UtcDateTime, one_of


class Community(Table, table=True):
    """A community that is asked; its slug is the address members get."""

    __tablename__ = "community"
    __table_args__ = (
        UniqueConstraint("slug"),
        CheckConstraint("length(slug) BETWEEN 1 AND 63 AND slug = lower(slug)", name="slug"),
        CheckConstraint("length(name) > 0", name="name"),
    )

    id: int | None = Field(default=None, primary_key=True)
    slug: str = Field(sa_type=String(63))
    name: str
    locale: str = Field(default="id", sa_type=String(8))
    timezone: str = Field(default="Asia/Jakarta", sa_type=String(64))
    study_ends_on: date | None = Field(default=None, sa_type=Date)
    """From this day on names and codes are due for deletion."""


class Wave(Table, table=True):
    """One round of asking: which version, whom, when, under which promises.

    ``open`` locks everything but ``state`` and ``closes_at``. ``item_count`` is the
    length of an answer vector of the version.
    """

    __tablename__ = "wave"
    __table_args__ = (
        UniqueConstraint("community_id", "number"),
        UniqueConstraint("community_id", "id"),  # so that answers can name both in one key
        ForeignKeyConstraint(["community_id"], ["community.id"]),
        Index(
            "uq_wave_one_open",
            "community_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
        ),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("item_count >= 1", name="item_count"),
        CheckConstraint("length(digest) = 64", name="digest"),
        CheckConstraint("eligible_n IS NULL OR eligible_n >= 1", name="eligible_n"),
        one_of("form", ("full", "pulse"), "form"),
        one_of("access", ("code", "open"), "access"),
        one_of("state", ("draft", "open", "closed", "published"), "state"),
        CheckConstraint("closes_at > opens_at", name="window"),
        CheckConstraint(
            "state = 'draft' OR (opens_at IS NOT NULL AND closes_at IS NOT NULL"
            " AND eligible_n IS NOT NULL)",
            name="open_is_settled",
        ),
        CheckConstraint("NOT is_test OR state = 'draft'", name="test_is_draft"),
    )

    id: int | None = Field(default=None, primary_key=True)
    community_id: int
    number: int
    instrument_key: str = Field(sa_type=String(64))
    version: str = Field(sa_type=String(32))
    digest: str = Field(sa_type=String(64))
    """SHA-256 of the version's content, in hex."""
    item_count: int
    form: str = Field(sa_type=String(8))
    access: str = Field(sa_type=String(8))
    eligible_n: int | None = None
    """N: how many people could answer."""
    ever_attended_n: int | None = None
    """How many different members came to a meeting at least once before the close, as the
    operator counted on the attendance lists."""
    opens_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closes_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    state: str = Field(default="draft", sa_type=String(16))
    modules: list[str] = Field(default_factory=list, sa_type=JSON, nullable=False)
    floors: dict[str, int] = Field(default_factory=dict, sa_type=JSON, nullable=False)
    """Smallest groups of which a figure is shown."""
    plan: dict[str, Any] = Field(default_factory=dict, sa_type=JSON, nullable=False)
    """The analysis plan's open choices: ``{"aimed": [scale, scale]}``."""
    consent: list[dict[str, str]] = Field(default_factory=list, sa_type=JSON, nullable=False)
    """The consent paragraphs with their brackets filled: ``[{"id": ..., "en": ...}]``."""
    consent_words: dict[str, dict[str, str]] | None = Field(
        default=None, sa_column=Column(JSON(none_as_null=True), nullable=True)
    )
    """What was typed for each [bracket], by language; None where the text came as a whole."""
    is_test: bool = Field(default=False)
    """Accepts answers before it opens; they are deleted when it opens."""
    keep_until: date | None = Field(default=None, sa_type=Date)
    """The day the consent text promises; after it the answers are due for deletion."""
    is_simulated: bool = Field(default=False)
    """Holds generated answers, and says so everywhere."""


class Event(Table, table=True):
    """A meeting of the community, as the secretary's log has it."""

    __tablename__ = "event"
    __table_args__ = (
        ForeignKeyConstraint(["community_id"], ["community.id"]),
        one_of("kind", ("informal", "training", "bazaar"), "kind"),
        CheckConstraint("attended_n >= 0", name="attended_n"),
        Index(None, "community_id", "held_on"),
    )

    id: int | None = Field(default=None, primary_key=True)
    community_id: int
    held_on: date = Field(sa_type=Date)
    kind: str = Field(sa_type=String(16))
    attended_n: int
