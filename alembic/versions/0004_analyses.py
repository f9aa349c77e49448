"""Analyses that are run, and decisions on open texts.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "analysis_run",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("plan", sa.String(length=128), nullable=False),
        sa.Column("plan_digest", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("asked_by", sa.String(length=128), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(length=32), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=32), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("error", sa.String(length=64), nullable=True),
        sa.Column("detail", sa.String(length=1000), nullable=False),
        sa.Column("files_deleted_on", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'failed', 'cancelled')",
            name=op.f("ck_analysis_run_state"),
        ),
        sa.CheckConstraint("length(key) = 64", name=op.f("ck_analysis_run_key")),
        sa.CheckConstraint("length(plan_digest) = 64", name=op.f("ck_analysis_run_plan_digest")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_analysis_run_attempts")),
        sa.CheckConstraint("progress BETWEEN 0 AND 100", name=op.f("ck_analysis_run_progress")),
        sa.CheckConstraint(
            "(state = 'running') = (lease_until IS NOT NULL AND worker IS NOT NULL)",
            name=op.f("ck_analysis_run_running_is_leased"),
        ),
        sa.CheckConstraint(
            "(state = 'done') = (digest IS NOT NULL)",
            name=op.f("ck_analysis_run_done_has_digest"),
        ),
        sa.CheckConstraint(
            "(state = 'failed') = (error IS NOT NULL)",
            name=op.f("ck_analysis_run_failed_says_why"),
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_analysis_run")),
    )
    op.create_index(
        op.f("ix_analysis_run_state_asked_at"), "analysis_run", ["state", "asked_at"], unique=False
    )
    op.create_table(
        "analysis_run_wave",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("wave_id", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(length=8), nullable=False),
        sa.Column("data_version", sa.Integer(), nullable=False),
        sa.CheckConstraint("part IN ('main', 'before')", name=op.f("ck_analysis_run_wave_part")),
        sa.ForeignKeyConstraint(
            ["key"],
            ["analysis_run.key"],
            name=op.f("fk_analysis_run_wave_key_analysis_run"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "wave_id"],
            ["wave.community_id", "wave.id"],
            name=op.f("fk_analysis_run_wave_community_id_wave_id_wave"),
        ),
        sa.PrimaryKeyConstraint(
            "key", "community_id", "wave_id", name=op.f("pk_analysis_run_wave")
        ),
    )
    op.create_index(
        op.f("ix_analysis_run_wave_community_id_wave_id"),
        "analysis_run_wave",
        ["community_id", "wave_id"],
        unique=False,
    )
    op.create_table(
        "text_decision",
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wave_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(length=32), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("redacted", sa.String(length=2000), nullable=True),
        sa.Column("decided_by", sa.String(length=128), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "decision IN ('approve', 'redact', 'hide')", name=op.f("ck_text_decision_decision")
        ),
        sa.CheckConstraint(
            "(decision = 'redact') = (redacted IS NOT NULL)",
            name=op.f("ck_text_decision_redacted"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "wave_id"],
            ["wave.community_id", "wave.id"],
            name=op.f("fk_text_decision_community_id_wave_id_wave"),
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_text_decision")),
        sa.UniqueConstraint(
            "community_id", "wave_id", "id", name=op.f("uq_text_decision_community_id_wave_id_id")
        ),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("text_decision")
    op.drop_index(
        op.f("ix_analysis_run_wave_community_id_wave_id"), table_name="analysis_run_wave"
    )
    op.drop_table("analysis_run_wave")
    op.drop_index(op.f("ix_analysis_run_state_asked_at"), table_name="analysis_run")
    op.drop_table("analysis_run")
