"""The tables, all in one place: slices meet here and never in each other's code.

Rows of people live in the schema ``identity`` (an attached file on SQLite, a schema of
its own on PostgreSQL); no foreign key crosses, and nothing but the random
``respondent_ref`` stands on both sides. ``community_id`` leads the keys: it is the
distribution column where one server is too small.

Tables that hold what members did are WITHOUT ROWID on SQLite and keyed by random ids:
the order of rows would tell the order of answering.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    String,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlmodel import Field, SQLModel

IDENTITY = "identity"

# Every constraint has a name, so that a migration can find it again on both engines.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, UTC in the store; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware datetime into UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = f"{value!r} has no time zone; the store keeps UTC: pass an aware datetime"
            raise ValueError(msg)
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the stored moment back as an aware UTC datetime."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Table(SQLModel):
    """Base of all tables; carries the metadata with the naming convention."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMING_CONVENTION)


_WITHOUT_ROWID = {"sqlite_with_rowid": False}


def _one_of(column: str, values: tuple[str, ...], name: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=name)


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
            postgresql_where=text("state = 'open'"),
        ),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("item_count >= 1", name="item_count"),
        CheckConstraint("length(digest) = 64", name="digest"),
        CheckConstraint("eligible_n IS NULL OR eligible_n >= 1", name="eligible_n"),
        _one_of("form", ("full", "pulse"), "form"),
        _one_of("access", ("code", "open"), "access"),
        _one_of("state", ("draft", "open", "closed", "published"), "state"),
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
    is_test: bool = Field(default=False)
    """Accepts answers before it opens; they are deleted when it opens."""
    is_simulated: bool = Field(default=False)
    """Holds generated answers, and says so everywhere."""


class Event(Table, table=True):
    """A meeting of the community, as the secretary's log has it."""

    __tablename__ = "event"
    __table_args__ = (
        ForeignKeyConstraint(["community_id"], ["community.id"]),
        _one_of("kind", ("informal", "training", "bazaar"), "kind"),
        CheckConstraint("attended_n >= 0", name="attended_n"),
        Index(None, "community_id", "held_on"),
    )

    id: int | None = Field(default=None, primary_key=True)
    community_id: int
    held_on: date = Field(sa_type=Date)
    kind: str = Field(sa_type=String(16))
    attended_n: int


class Draft(Table, table=True):
    """What somebody has answered so far; deleted by the submit that turns it into a response.

    ``extra`` holds behaviours, open texts and paradata, as `Response.extra` does.
    """

    __tablename__ = "draft"
    __table_args__ = (
        UniqueConstraint("community_id", "wave_id", "respondent_ref"),
        ForeignKeyConstraint(["community_id", "wave_id"], ["wave.community_id", "wave.id"]),
        CheckConstraint("rev >= 0", name="rev"),
        CheckConstraint("length(answers) > 0", name="answers"),
        CheckConstraint("length(digest) = 32", name="digest"),
        _WITHOUT_ROWID,
    )

    community_id: int = Field(primary_key=True)
    id: UUID = Field(primary_key=True, sa_type=Uuid)
    wave_id: int
    respondent_ref: UUID = Field(sa_type=Uuid)
    rev: int
    answers: bytes = Field(sa_type=LargeBinary, nullable=False)
    extra: dict[str, Any] = Field(default_factory=dict, sa_type=JSON, nullable=False)
    background: dict[str, Any] | None = Field(
        default=None, sa_column=Column(JSON(none_as_null=True), nullable=True)
    )
    digest: bytes = Field(sa_type=LargeBinary, nullable=False)
    language: str = Field(sa_type=String(8))
    layout: str = Field(sa_type=String(32))


class Response(Table, table=True):
    """One person's answers in one wave: one byte an item, in definition order.

    ``partial``: a draft that was there when the wave closed. It has no receipt.
    """

    __tablename__ = "response"
    __table_args__ = (
        UniqueConstraint("community_id", "wave_id", "respondent_ref"),
        UniqueConstraint("community_id", "receipt_hmac"),
        ForeignKeyConstraint(["community_id", "wave_id"], ["wave.community_id", "wave.id"]),
        CheckConstraint("rev >= 0", name="rev"),
        CheckConstraint("length(answers) > 0", name="answers"),
        CheckConstraint("length(version_digest) = 64", name="version_digest"),
        CheckConstraint("length(digest) = 32", name="digest"),
        CheckConstraint("length(receipt_hmac) = 32", name="receipt_hmac"),
        _one_of("status", ("complete", "partial"), "status"),
        CheckConstraint(
            "(status = 'complete') = (receipt_hmac IS NOT NULL)", name="complete_has_receipt"
        ),
        _WITHOUT_ROWID,
    )

    community_id: int = Field(primary_key=True)
    id: UUID = Field(primary_key=True, sa_type=Uuid)
    wave_id: int
    respondent_ref: UUID = Field(sa_type=Uuid)
    version_digest: str = Field(sa_type=String(64))
    answers: bytes = Field(sa_type=LargeBinary, nullable=False)
    extra: dict[str, Any] = Field(default_factory=dict, sa_type=JSON, nullable=False)
    language: str = Field(sa_type=String(8))
    layout: str = Field(sa_type=String(32))
    submitted_on: date = Field(sa_type=Date)
    """The day in the community's zone; never a clock time."""
    status: str = Field(sa_type=String(16))
    is_test: bool = Field(default=False)
    rev: int
    digest: bytes = Field(sa_type=LargeBinary, nullable=False)
    """HMAC-SHA-256 of the content; keyed, since short forms could be guessed."""
    receipt_hmac: bytes | None = Field(default=None, sa_type=LargeBinary)


class Background(Table, table=True):
    """Who the person is in bands; asked once, kept apart from the answers."""

    __tablename__ = "background"
    __table_args__ = (ForeignKeyConstraint(["community_id"], ["community.id"]), _WITHOUT_ROWID)

    community_id: int = Field(primary_key=True)
    respondent_ref: UUID = Field(primary_key=True, sa_type=Uuid)
    answers: dict[str, Any] = Field(default_factory=dict, sa_type=JSON, nullable=False)
    asked_on: date = Field(sa_type=Date)


class Consent(Table, table=True):
    """What somebody agreed to, to which text, when; the newest row of a submission counts."""

    __tablename__ = "consent"
    __table_args__ = (
        ForeignKeyConstraint(["community_id"], ["community.id"]),
        CheckConstraint("length(text_hash) = 64", name="text_hash"),
        _WITHOUT_ROWID,
    )

    community_id: int = Field(primary_key=True)
    submission_id: UUID = Field(primary_key=True, sa_type=Uuid)
    at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    text_hash: str = Field(sa_type=String(64))
    version: str = Field(sa_type=String(32))
    language: str = Field(sa_type=String(8))
    choices: dict[str, bool] = Field(default_factory=dict, sa_type=JSON, nullable=False)


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


class DataVersion(Table, table=True):
    """Counts changes to a wave's answers, in the transaction that makes them; keys caches."""

    __tablename__ = "data_version"
    __table_args__ = (
        ForeignKeyConstraint(["community_id", "wave_id"], ["wave.community_id", "wave.id"]),
        CheckConstraint("seq >= 1", name="seq"),
    )

    community_id: int = Field(primary_key=True)
    wave_id: int = Field(primary_key=True)
    seq: int


class _AuditColumns(Table):
    """Who did what, when: names and ids, no answers, no foreign keys; append-only."""

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    actor: str = Field(sa_type=String(128))
    action: str = Field(sa_type=String(64))
    community_id: int | None = None
    subject: str = Field(sa_type=String(128))
    """What it was done to: ``wave:3``, ``participant:17``."""
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=JSON, nullable=False)


class AuditEvent(_AuditColumns, table=True):
    """The log of everything done to communities, waves and data sets."""

    __tablename__ = "audit_event"
    __table_args__ = (Index(None, "community_id", "at"),)


class IdentityAuditEvent(_AuditColumns, table=True):
    """The log of everything done to the roster; goes with it when identity is removed."""

    __tablename__ = "audit_event"
    __table_args__ = (Index(None, "community_id", "at"), {"schema": IDENTITY})


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
        _one_of("kind", ("code", "link"), "kind"),
        Index(
            "uq_code_one_valid",
            "participant_id",
            "kind",
            unique=True,
            sqlite_where=text("revoked_at IS NULL"),
            postgresql_where=text("revoked_at IS NULL"),
        ),
        {"schema": IDENTITY},
    )

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int
    kind: str = Field(default="code", sa_type=String(8))
    code_hmac: bytes = Field(sa_type=LargeBinary, nullable=False)
    issued_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
