"""What people may ask for, and the proof that it was done: requests, erasures, retention.

A request says how to reach somebody, so it stands in the schema of names and goes with it.
The proofs stand beside the answers: they hold no name, no respondent_ref and no answer.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    Uuid,
)
from sqlmodel import Field

from app.tables.base import IDENTITY, WITHOUT_ROWID, Table, UtcDateTime, one_of

REQUEST_KINDS = ("access", "rectify", "erase", "restrict", "object")
CHANNELS = ("page", "whatsapp", "phone", "in_person", "letter", "email")


class DataRequest(Table, table=True):
    """Something a person asks about their data, due 72 hours after it came in.

    ``words`` is AES-GCM over what they wrote and how to reach them.
    """

    __tablename__ = "data_request"
    __table_args__ = (
        UniqueConstraint("reference"),
        Index(None, "community_id", "due_at"),
        one_of("kind", REQUEST_KINDS, "kind"),
        one_of("channel", CHANNELS, "channel"),
        one_of("outcome", ("open", "done", "refused"), "outcome"),
        CheckConstraint("due_at > received_at", name="due"),
        CheckConstraint("(outcome = 'open') = (closed_at IS NULL)", name="closed"),
        {"schema": IDENTITY},
    )

    id: int | None = Field(default=None, primary_key=True)
    community_id: int
    reference: str = Field(sa_type=String(8))
    """What the person is told, so that they can ask how it stands."""
    kind: str = Field(sa_type=String(16))
    channel: str = Field(sa_type=String(16))
    words: bytes = Field(sa_type=LargeBinary, nullable=False)
    received_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    outcome: str = Field(default="open", sa_type=String(8))
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_by: str | None = Field(default=None, sa_type=String(128))


class Erasure(Table, table=True):
    """Proof that somebody's data were erased, without the data; re-applied after a restore.

    ``subject`` is an HMAC of the respondent_ref: whoever has the key and the ref can tell
    that this row is about it, nobody can find the ref from the row.
    """

    __tablename__ = "erasure"
    __table_args__ = (
        ForeignKeyConstraint(["community_id"], ["community.id"]),
        ForeignKeyConstraint(["community_id", "wave_id"], ["wave.community_id", "wave.id"]),
        CheckConstraint("length(subject) = 32", name="subject"),
        one_of("basis", ("withdrawal", "request"), "basis"),
        one_of("identity", ("kept", "pending", "erased"), "identity"),
        CheckConstraint("identity = 'kept' OR wave_id IS NULL", name="identity_needs_all"),
        WITHOUT_ROWID,
    )

    community_id: int = Field(primary_key=True)
    id: UUID = Field(primary_key=True, sa_type=Uuid)
    subject: bytes = Field(sa_type=LargeBinary, nullable=False)
    wave_id: int | None = None
    """The one wave that was erased; None: everything of the person in the community."""
    at: datetime = Field(sa_type=UtcDateTime)
    basis: str = Field(sa_type=String(16))
    counts: dict[str, int] = Field(default_factory=dict, sa_type=JSON, nullable=False)
    """Rows erased by table."""
    identity: str = Field(default="kept", sa_type=String(8))
    """``pending``: the answers are gone, the roster's row is next."""


class RetentionNotice(Table, table=True):
    """Somebody was told that something is about to be deleted; two come before a deletion."""

    __tablename__ = "retention_notice"
    __table_args__ = (
        ForeignKeyConstraint(["community_id"], ["community.id"]),
        UniqueConstraint("community_id", "what", "due_on", "number"),
        CheckConstraint("number IN (1, 2)", name="number"),
    )

    id: int | None = Field(default=None, primary_key=True)
    community_id: int
    what: str = Field(sa_type=String(32))
    """``wave:3``, ``drafts:3``, ``identity``."""
    due_on: date = Field(sa_type=Date)
    number: int
    given_at: datetime = Field(sa_type=UtcDateTime)
    given_by: str = Field(sa_type=String(128))


class Deletion(Table, table=True):
    """Certificate of what was deleted when its time was over."""

    __tablename__ = "deletion"
    __table_args__ = (
        ForeignKeyConstraint(["community_id"], ["community.id"]),
        CheckConstraint("length(backup) > 0", name="backup"),
    )

    id: UUID = Field(primary_key=True, sa_type=Uuid)
    community_id: int
    what: str = Field(sa_type=String(32))
    due_on: date = Field(sa_type=Date)
    at: datetime = Field(sa_type=UtcDateTime)
    by: str = Field(sa_type=String(128))
    counts: dict[str, int] = Field(default_factory=dict, sa_type=JSON, nullable=False)
    backup: str = Field(sa_type=String(128))
    """Name of the last backup that holds it; it has to go, too."""
