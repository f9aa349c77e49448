"""What is made of closed waves: projects and the data sets that never change."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKeyConstraint,
    String,
    UniqueConstraint,
)
from sqlmodel import Field

from app.tables.base import Table, UtcDateTime


class Project(Table, table=True):
    """A research project; each has person ids of its own in its exports."""

    __tablename__ = "project"
    __table_args__ = (
        ForeignKeyConstraint(["community_id"], ["community.id"]),
        UniqueConstraint("community_id", "name"),
        CheckConstraint("length(name) > 0", name="name"),
    )

    id: int | None = Field(default=None, primary_key=True)
    community_id: int
    name: str = Field(sa_type=String(64))


class Dataset(Table, table=True):
    """A file set that was written once and never changes; a withdrawal makes the next."""

    __tablename__ = "dataset"
    __table_args__ = (
        ForeignKeyConstraint(["community_id", "wave_id"], ["wave.community_id", "wave.id"]),
        UniqueConstraint("community_id", "wave_id", "seq"),
        CheckConstraint("seq >= 1", name="seq"),
        CheckConstraint("rows >= 0", name="rows"),
        CheckConstraint("length(digest) = 64", name="digest"),
    )

    id: int | None = Field(default=None, primary_key=True)
    community_id: int
    wave_id: int
    seq: int
    data_version: int
    digest: str = Field(sa_type=String(64))
    rows: int
    manifest: dict[str, Any] = Field(default_factory=dict, sa_type=JSON, nullable=False)
    made_on: datetime = Field(sa_type=UtcDateTime)
    made_by: str = Field(sa_type=String(128))
    files_deleted_on: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the files went; the digest stays as a tombstone."""
