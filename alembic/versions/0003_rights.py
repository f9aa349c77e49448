"""Requests about one's data, proofs of erasure, retention dates, notices and certificates.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.migrate import has_identity
from app.tables import IDENTITY

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Two new nullable columns: SQLite adds them in place, so no table is rebuilt.
    op.add_column("community", sa.Column("study_ends_on", sa.Date(), nullable=True))
    op.add_column("wave", sa.Column("keep_until", sa.Date(), nullable=True))
    op.create_table(
        "erasure",
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("wave_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("basis", sa.String(length=16), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("identity", sa.String(length=8), nullable=False),
        sa.CheckConstraint("basis IN ('withdrawal', 'request')", name=op.f("ck_erasure_basis")),
        sa.CheckConstraint(
            "identity = 'kept' OR wave_id IS NULL", name=op.f("ck_erasure_identity_needs_all")
        ),
        sa.CheckConstraint(
            "identity IN ('kept', 'pending', 'erased')", name=op.f("ck_erasure_identity")
        ),
        sa.CheckConstraint("length(subject) = 32", name=op.f("ck_erasure_subject")),
        sa.ForeignKeyConstraint(
            ["community_id", "wave_id"],
            ["wave.community_id", "wave.id"],
            name=op.f("fk_erasure_community_id_wave_id_wave"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_erasure_community_id_community")
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_erasure")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "retention_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=32), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_by", sa.String(length=128), nullable=False),
        sa.CheckConstraint("number IN (1, 2)", name=op.f("ck_retention_notice_number")),
        sa.ForeignKeyConstraint(
            ["community_id"],
            ["community.id"],
            name=op.f("fk_retention_notice_community_id_community"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_notice")),
        sa.UniqueConstraint(
            "community_id",
            "what",
            "due_on",
            "number",
            name=op.f("uq_retention_notice_community_id_what_due_on_number"),
        ),
    )
    op.create_table(
        "deletion",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=32), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("backup", sa.String(length=128), nullable=False),
        sa.CheckConstraint("length(backup) > 0", name=op.f("ck_deletion_backup")),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_deletion_community_id_community")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deletion")),
    )
    if has_identity(op.get_bind()):
        create_requests()


def create_requests() -> None:
    op.create_table(
        "data_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=8), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(length=128), nullable=True),
        sa.CheckConstraint(
            "(outcome = 'open') = (closed_at IS NULL)", name=op.f("ck_data_request_closed")
        ),
        sa.CheckConstraint(
            "channel IN ('page', 'whatsapp', 'phone', 'in_person', 'letter', 'email')",
            name=op.f("ck_data_request_channel"),
        ),
        sa.CheckConstraint("due_at > received_at", name=op.f("ck_data_request_due")),
        sa.CheckConstraint(
            "kind IN ('access', 'rectify', 'erase', 'restrict', 'object')",
            name=op.f("ck_data_request_kind"),
        ),
        sa.CheckConstraint(
            "outcome IN ('open', 'done', 'refused')", name=op.f("ck_data_request_outcome")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_request")),
        sa.UniqueConstraint("reference", name=op.f("uq_data_request_reference")),
        schema=IDENTITY,
    )
    op.create_index(
        op.f("ix_data_request_community_id_due_at"),
        "data_request",
        ["community_id", "due_at"],
        unique=False,
        schema=IDENTITY,
    )


def downgrade() -> None:
    if has_identity(op.get_bind()):
        op.drop_table("data_request", schema=IDENTITY)
    for table in ("deletion", "retention_notice", "erasure"):
        op.drop_table(table)
    for table, column in (("wave", "keep_until"), ("community", "study_ends_on")):
        with op.batch_alter_table(table) as batch:
            batch.drop_column(column)
