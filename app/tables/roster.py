"""Names and codes, in the schema that can be removed."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlmodel import Field

from app.tables.base import IDENTITY, Table, UtcDateTime, one_of


class Participant(Table, table=True):
    """A person of the roster; the only row that knows both a name and a respondent_ref."""

    __tablename__ = "participant"
    __table_args__ = (
        UniqueConstraint("community_id", "respondent_ref"),
        CheckConstraint("length(display_name) > 0", name="display_name"),
        CheckConstraint("left_on IS NULL OR left_on >= joined_on", name="left_after_joined"),
        {"schema": IDENTITY},
    )

    id: int | None = Field(default=None, primary_key=True)
    community_id: int
    display_name: str = Field(sa_type=String(128))
    phone: bytes | None = Field(default=None, sa_type=LargeBinary)
    """AES-GCM, never in clear."""
    joined_on: date = Field(sa_type=Date)
    left_on: date | None = Field(default=None, sa_type=Date)
    respondent_ref: UUID = Field(sa_type=Uuid)


class Code(Table, table=True):
    """What opens the survey for one person; only its HMAC is kept."""

    __tablename__ = "code"
    __table_args__ = (
        ForeignKeyConstraint(["participant_id"], [f"{IDENTITY}.participant.id"]),
        UniqueConstraint("code_hmac"),
        CheckConstraint("length(code_hmac) = 32", name="code_hmac"),
        one_of("kind", ("code", "link"), "kind"),
        Index(
            "uq_code_one_valid",
            "participant_id",
            "kind",
            unique=True,
            sqlite_where=text("revoked_at IS NULL"),
        ),
        {"schema": IDENTITY},
    )

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int
    kind: str = Field(default="code", sa_type=String(8))
    code_hmac: bytes = Field(sa_type=LargeBinary, nullable=False)
    issued_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RosterImport(Table, table=True):
    """A roster file that was taken in; its preview's id keeps it from being taken in twice."""

    __tablename__ = "roster_import"
    __table_args__ = (CheckConstraint("added >= 0", name="added"), {"schema": IDENTITY})

    id: UUID = Field(primary_key=True, sa_type=Uuid)
    community_id: int
    applied_at: datetime = Field(sa_type=UtcDateTime)
    added: int
