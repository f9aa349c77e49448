"""What members said and agreed to, keyed by random ids and without row order."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    LargeBinary,
    String,
    UniqueConstraint,
    Uuid,
)
from sqlmodel import Field

from app.tables.base import WITHOUT_ROWID, Table, UtcDateTime, one_of


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
        WITHOUT_ROWID,
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
        one_of("status", ("complete", "partial"), "status"),
        CheckConstraint(
            "(status = 'complete') = (receipt_hmac IS NOT NULL)", name="complete_has_receipt"
        ),
        WITHOUT_ROWID,
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
    __table_args__ = (ForeignKeyConstraint(["community_id"], ["community.id"]), WITHOUT_ROWID)

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
        WITHOUT_ROWID,
    )

    community_id: int = Field(primary_key=True)
    submission_id: UUID = Field(primary_key=True, sa_type=Uuid)
    at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    text_hash: str = Field(sa_type=String(64))
    version: str = Field(sa_type=String(32))
    language: str = Field(sa_type=String(8))
    choices: dict[str, bool] = Field(default_factory=dict, sa_type=JSON, nullable=False)


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
