"""The operator's desk: words of a wave's consent text, roster files that were taken in.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.migrate import has_identity

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("wave", sa.Column("consent_words", sa.JSON(), nullable=True))
    if has_identity(op.get_bind()):
        op.create_table(
            "roster_import",
            sa.Column("id", sa.Uuid(), nullable=False),
            sa.Column("community_id", sa.Integer(), nullable=False),
            sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
            sa.Column("added", sa.Integer(), nullable=False),
            sa.CheckConstraint("added >= 0", name=op.f("ck_roster_import_added")),
            sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_import")),
            schema="identity",
        )


def downgrade() -> None:
    if has_identity(op.get_bind()):
        op.drop_table("roster_import", schema="identity")
    op.drop_column("wave", "consent_words")
