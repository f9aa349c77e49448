"""What is computed from closed waves: analyses, and decisions on open texts."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    Uuid,
)
from sqlmodel import Field

from app.tables.base import WITHOUT_ROWID, Table, UtcDateTime, one_of

RUN_STATES = ("queued", "running", "done", "failed", "cancelled")


class AnalysisRun(Table, table=True):
    """An analysis, under the hash of everything its result depends on.

    The same question is the same row: an answer that is there is given again. A run that
    is worked on is leased: where the worker dies, the lease ends and the run is taken up
    again. Its files are in ``DATA_DIR/analyses/<key>``.
    """

    __tablename__ = "analysis_run"
    __table_args__ = (
        one_of("state", RUN_STATES, "state"),
        CheckConstraint("length(key) = 64", name="key"),
        CheckConstraint("length(plan_digest) = 64", name="plan_digest"),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("progress BETWEEN 0 AND 100", name="progress"),
        CheckConstraint(
            "(state = 'running') = (lease_until IS NOT NULL AND worker IS NOT NULL)",
            name="running_is_leased",
        ),
        CheckConstraint("(state = 'done') = (digest IS NOT NULL)", name="done_has_digest"),
        CheckConstraint("(state = 'failed') = (error IS NOT NULL)", name="failed_says_why"),
        Index(None, "state", "asked_at"),
    )

    key: str = Field(primary_key=True, sa_type=String(64))
    kind: str = Field(
        default="analysis", sa_type=String(16), sa_column_kwargs={"server_default": "analysis"}
    )
    """``analysis``, or ``card``: a scorecard that is prepared and not yet published."""
    state: str = Field(default="queued", sa_type=String(16))
    plan: str = Field(sa_type=String(128))
    """Name of an installed plan; empty = the standard rules, nothing registered."""
    plan_digest: str = Field(sa_type=String(64))
    """Of the plan; of all else that a card is made from, where it is one."""
    code: str = Field(sa_type=String(64))
    """Version of the program and of its numbers."""
    asked_by: str = Field(sa_type=String(128))
    asked_at: datetime = Field(sa_type=UtcDateTime)
    attempts: int = 0
    worker: str | None = Field(default=None, sa_type=String(32))
    """Random name of the process that holds the lease."""
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    progress: int = 0
    step: str = Field(default="", sa_type=String(32))
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    digest: str | None = Field(default=None, sa_type=String(64))
    """SHA-256 of ``results.json``."""
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=JSON, nullable=False)
    """What a list shows: rows used, tier, data sets; no answers."""
    error: str | None = Field(default=None, sa_type=String(64))
    """Code of what went wrong."""
    detail: str = Field(default="", sa_type=String(1000))
    files_deleted_on: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the files went because answers were withdrawn; the digest stays as a tombstone."""


class AnalysisRunWave(Table, table=True):
    """A wave an analysis reads, and which state of its answers."""

    __tablename__ = "analysis_run_wave"
    __table_args__ = (
        ForeignKeyConstraint(["key"], ["analysis_run.key"], ondelete="CASCADE"),
        ForeignKeyConstraint(["community_id", "wave_id"], ["wave.community_id", "wave.id"]),
        one_of("part", ("main", "before"), "part"),
        Index(None, "community_id", "wave_id"),
    )

    key: str = Field(primary_key=True, sa_type=String(64))
    community_id: int = Field(primary_key=True)
    wave_id: int = Field(primary_key=True)
    part: str = Field(sa_type=String(8))
    """``main``: analysed (several: pooled); ``before``: the earlier wave of the same people."""
    data_version: int


class TextDecision(Table, table=True):
    """What was decided about one open answer, before others may read it.

    The id is a keyed hash of the submission, the question and the words: nobody without the
    key can lead a row back to a person, and a changed text is undecided again. The words
    stand here only where they were redacted.
    """

    __tablename__ = "text_decision"
    __table_args__ = (
        ForeignKeyConstraint(["community_id", "wave_id"], ["wave.community_id", "wave.id"]),
        UniqueConstraint("community_id", "wave_id", "id"),
        one_of("decision", ("approve", "redact", "hide"), "decision"),
        CheckConstraint("(decision = 'redact') = (redacted IS NOT NULL)", name="redacted"),
        WITHOUT_ROWID,
    )

    community_id: int = Field(primary_key=True)
    id: UUID = Field(primary_key=True, sa_type=Uuid)
    wave_id: int
    question: str = Field(sa_type=String(32))
    decision: str = Field(sa_type=String(16))
    redacted: str | None = Field(default=None, sa_type=String(2000))
    decided_by: str = Field(sa_type=String(128))
    decided_at: datetime = Field(sa_type=UtcDateTime)
