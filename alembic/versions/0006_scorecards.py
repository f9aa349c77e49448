"""Published scorecards with their files, links to them, commitments, a count of attendance.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_WAVE = ["wave.community_id", "wave.id"]


def upgrade() -> None:
    op.add_column("wave", sa.Column("ever_attended_n", sa.Integer(), nullable=True))
    op.add_column(
        "analysis_run",
        sa.Column("kind", sa.String(length=16), server_default="analysis", nullable=False),
    )
    op.create_table(
        "scorecard",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("wave_id", sa.Integer(), nullable=False),
        sa.Column("issue", sa.Integer(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.String(length=128), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("issue >= 1", name=op.f("ck_scorecard_issue")),
        sa.CheckConstraint("length(digest) = 64", name=op.f("ck_scorecard_digest")),
        sa.CheckConstraint(
            "(payload IS NULL) = (retired_at IS NOT NULL)",
            name=op.f("ck_scorecard_retired_is_empty"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "wave_id"],
            _WAVE,
            name=op.f("fk_scorecard_community_id_wave_id_wave"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scorecard")),
        sa.UniqueConstraint(
            "community_id", "wave_id", "issue", name=op.f("uq_scorecard_community_id_wave_id_issue")
        ),
    )
    op.create_index(
        "uq_scorecard_one_current",
        "scorecard",
        ["community_id", "wave_id"],
        unique=True,
        sqlite_where=sa.text("retired_at IS NULL"),
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    op.create_table(
        "scorecard_file",
        sa.Column("scorecard_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.CheckConstraint("length(digest) = 64", name=op.f("ck_scorecard_file_digest")),
        sa.ForeignKeyConstraint(
            ["scorecard_id"],
            ["scorecard.id"],
            name=op.f("fk_scorecard_file_scorecard_id_scorecard"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("scorecard_id", "name", name=op.f("pk_scorecard_file")),
    )
    op.create_table(
        "scorecard_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("wave_id", sa.Integer(), nullable=False),
        sa.Column("token_hmac", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=128), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_on", sa.Date(), nullable=True),
        sa.CheckConstraint("length(token_hmac) = 32", name=op.f("ck_scorecard_link_token_hmac")),
        sa.CheckConstraint("expires_at > made_at", name=op.f("ck_scorecard_link_window")),
        sa.ForeignKeyConstraint(
            ["community_id", "wave_id"],
            _WAVE,
            name=op.f("fk_scorecard_link_community_id_wave_id_wave"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scorecard_link")),
        sa.UniqueConstraint("token_hmac", name=op.f("uq_scorecard_link_token_hmac")),
    )
    op.create_index(
        op.f("ix_scorecard_link_community_id_wave_id"),
        "scorecard_link",
        ["community_id", "wave_id"],
        unique=False,
    )
    op.create_table(
        "commitment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("wave_id", sa.Integer(), nullable=False),
        sa.Column("scale", sa.String(length=32), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=128), nullable=False),
        sa.CheckConstraint(
            "state IN ('planned', 'running', 'done', 'dropped')", name=op.f("ck_commitment_state")
        ),
        sa.CheckConstraint("length(text) > 0", name=op.f("ck_commitment_text")),
        sa.CheckConstraint("length(owner) > 0", name=op.f("ck_commitment_owner")),
        sa.ForeignKeyConstraint(
            ["community_id", "wave_id"],
            _WAVE,
            name=op.f("fk_commitment_community_id_wave_id_wave"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment")),
    )
    op.create_index(
        op.f("ix_commitment_community_id_wave_id"),
        "commitment",
        ["community_id", "wave_id"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_commitment_community_id_wave_id"), table_name="commitment")
    op.drop_table("commitment")
    op.drop_index(op.f("ix_scorecard_link_community_id_wave_id"), table_name="scorecard_link")
    op.drop_table("scorecard_link")
    op.drop_table("scorecard_file")
    op.drop_index("uq_scorecard_one_current", table_name="scorecard")
    op.drop_table("scorecard")
    # the older program reads every run as an analysis: cards in the queue must not be there
    op.execute(
        "DELETE FROM analysis_run_wave WHERE key IN"
        " (SELECT key FROM analysis_run WHERE kind = 'card')"
    )
    op.execute("DELETE FROM analysis_run WHERE kind = 'card'")
    op.drop_column("analysis_run", "kind")
    op.drop_column("wave", "ever_attended_n")
