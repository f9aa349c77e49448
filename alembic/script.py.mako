"""${message}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}

A named CHECK is dropped with op.f("ck_..."), else the naming convention is applied twice.
Changes to the schema identity stand under `if has_identity(op.get_bind())`.
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

from app.migrate import has_identity
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
