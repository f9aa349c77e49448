"""The first tables: communities, waves, answers, consent, data sets, the roster.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.migrate import has_identity

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.execute("CREATE SCHEMA IF NOT EXISTS identity")
    create_answers()
    make_append_only("audit_event")
    if has_identity(connection):
        create_identity()
        make_append_only("audit_event", "identity.")


def make_append_only(table: str, schema: str = "") -> None:
    """The log can be added to; a changed or deleted row is refused by the database."""
    if op.get_bind().dialect.name == "sqlite":
        for act in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {schema}{table}_no_{act} BEFORE {act.upper()} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {schema}{table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {schema}{table} "
        f"FOR EACH ROW EXECUTE FUNCTION {schema}{table}_append_only()"
    )


def create_answers() -> None:
    op.create_table(
        "audit_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=True),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    op.create_index(
        op.f("ix_audit_event_community_id_at"), "audit_event", ["community_id", "at"], unique=False
    )
    op.create_table(
        "community",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=63), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("locale", sa.String(length=8), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_community_name")),
        sa.CheckConstraint(
            "length(slug) BETWEEN 1 AND 63 AND slug = lower(slug)", name=op.f("ck_community_slug")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_community")),
        sa.UniqueConstraint("slug", name=op.f("uq_community_slug")),
    )
    op.create_table(
        "background",
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("respondent_ref", sa.Uuid(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_background_community_id_community")
        ),
        sa.PrimaryKeyConstraint("community_id", "respondent_ref", name=op.f("pk_background")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "consent",
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text_hash", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.CheckConstraint("length(text_hash) = 64", name=op.f("ck_consent_text_hash")),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_consent_community_id_community")
        ),
        sa.PrimaryKeyConstraint("community_id", "submission_id", "at", name=op.f("pk_consent")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("attended_n", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('informal', 'training', 'bazaar')", name=op.f("ck_event_kind")
        ),
        sa.CheckConstraint("attended_n >= 0", name=op.f("ck_event_attended_n")),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_event_community_id_community")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index(
        op.f("ix_event_community_id_held_on"), "event", ["community_id", "held_on"], unique=False
    )
    op.create_table(
        "project",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_project_name")),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_project_community_id_community")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
        sa.UniqueConstraint("community_id", "name", name=op.f("uq_project_community_id_name")),
    )
    op.create_table(
        "wave",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("instrument_key", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("item_count", sa.Integer(), nullable=False),
        sa.Column("form", sa.String(length=8), nullable=False),
        sa.Column("access", sa.String(length=8), nullable=False),
        sa.Column("eligible_n", sa.Integer(), nullable=True),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("modules", sa.JSON(), nullable=False),
        sa.Column("floors", sa.JSON(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("consent", sa.JSON(), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("is_simulated", sa.Boolean(), nullable=False),
        sa.CheckConstraint("NOT is_test OR state = 'draft'", name=op.f("ck_wave_test_is_draft")),
        sa.CheckConstraint("access IN ('code', 'open')", name=op.f("ck_wave_access")),
        sa.CheckConstraint("form IN ('full', 'pulse')", name=op.f("ck_wave_form")),
        sa.CheckConstraint(
            "state = 'draft' OR (opens_at IS NOT NULL AND closes_at IS NOT NULL AND eligible_n IS NOT NULL)",
            name=op.f("ck_wave_open_is_settled"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'open', 'closed', 'published')", name=op.f("ck_wave_state")
        ),
        sa.CheckConstraint("closes_at > opens_at", name=op.f("ck_wave_window")),
        sa.CheckConstraint(
            "eligible_n IS NULL OR eligible_n >= 1", name=op.f("ck_wave_eligible_n")
        ),
        sa.CheckConstraint("item_count >= 1", name=op.f("ck_wave_item_count")),
        sa.CheckConstraint("length(digest) = 64", name=op.f("ck_wave_digest")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_wave_number")),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_wave_community_id_community")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wave")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_wave_community_id_id")),
        sa.UniqueConstraint("community_id", "number", name=op.f("uq_wave_community_id_number")),
    )
    op.create_index(
        op.f("uq_wave_one_open"),
        "wave",
        ["community_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "data_version",
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("wave_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_data_version_seq")),
        sa.ForeignKeyConstraint(
            ["community_id", "wave_id"],
            ["wave.community_id", "wave.id"],
            name=op.f("fk_data_version_community_id_wave_id_wave"),
        ),
        sa.PrimaryKeyConstraint("community_id", "wave_id", name=op.f("pk_data_version")),
    )
    op.create_table(
        "dataset",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("wave_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("data_version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("manifest", sa.JSON(), nullable=False),
        sa.Column("made_on", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=128), nullable=False),
        sa.Column("files_deleted_on", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("length(digest) = 64", name=op.f("ck_dataset_digest")),
        sa.CheckConstraint("rows >= 0", name=op.f("ck_dataset_rows")),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_dataset_seq")),
        sa.ForeignKeyConstraint(
            ["community_id", "wave_id"],
            ["wave.community_id", "wave.id"],
            name=op.f("fk_dataset_community_id_wave_id_wave"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset")),
        sa.UniqueConstraint(
            "community_id", "wave_id", "seq", name=op.f("uq_dataset_community_id_wave_id_seq")
        ),
    )
    op.create_table(
        "draft",
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wave_id", sa.Integer(), nullable=False),
        sa.Column("respondent_ref", sa.Uuid(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("answers", sa.LargeBinary(), nullable=False),
        sa.Column("extra", sa.JSON(), nullable=False),
        sa.Column("background", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("layout", sa.String(length=32), nullable=False),
        sa.CheckConstraint("length(answers) > 0", name=op.f("ck_draft_answers")),
        sa.CheckConstraint("length(digest) = 32", name=op.f("ck_draft_digest")),
        sa.CheckConstraint("rev >= 0", name=op.f("ck_draft_rev")),
        sa.ForeignKeyConstraint(
            ["community_id", "wave_id"],
            ["wave.community_id", "wave.id"],
            name=op.f("fk_draft_community_id_wave_id_wave"),
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_draft")),
        sa.UniqueConstraint(
            "community_id",
            "wave_id",
            "respondent_ref",
            name=op.f("uq_draft_community_id_wave_id_respondent_ref"),
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "response",
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wave_id", sa.Integer(), nullable=False),
        sa.Column("respondent_ref", sa.Uuid(), nullable=False),
        sa.Column("version_digest", sa.String(length=64), nullable=False),
        sa.Column("answers", sa.LargeBinary(), nullable=False),
        sa.Column("extra", sa.JSON(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("layout", sa.String(length=32), nullable=False),
        sa.Column("submitted_on", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("receipt_hmac", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(status = 'complete') = (receipt_hmac IS NOT NULL)",
            name=op.f("ck_response_complete_has_receipt"),
        ),
        sa.CheckConstraint("status IN ('complete', 'partial')", name=op.f("ck_response_status")),
        sa.CheckConstraint("length(answers) > 0", name=op.f("ck_response_answers")),
        sa.CheckConstraint("length(digest) = 32", name=op.f("ck_response_digest")),
        sa.CheckConstraint("length(receipt_hmac) = 32", name=op.f("ck_response_receipt_hmac")),
        sa.CheckConstraint("length(version_digest) = 64", name=op.f("ck_response_version_digest")),
        sa.CheckConstraint("rev >= 0", name=op.f("ck_response_rev")),
        sa.ForeignKeyConstraint(
            ["community_id", "wave_id"],
            ["wave.community_id", "wave.id"],
            name=op.f("fk_response_community_id_wave_id_wave"),
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_response")),
        sa.UniqueConstraint(
            "community_id", "receipt_hmac", name=op.f("uq_response_community_id_receipt_hmac")
        ),
        sa.UniqueConstraint(
            "community_id",
            "wave_id",
            "respondent_ref",
            name=op.f("uq_response_community_id_wave_id_respondent_ref"),
        ),
        sqlite_with_rowid=False,
    )


def create_identity() -> None:
    op.create_table(
        "audit_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=True),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
        schema="identity",
    )
    op.create_index(
        op.f("ix_audit_event_community_id_at"),
        "audit_event",
        ["community_id", "at"],
        unique=False,
        schema="identity",
    )
    op.create_table(
        "participant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("display_name", sa.String(length=128), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("joined_on", sa.Date(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("respondent_ref", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "left_on IS NULL OR left_on >= joined_on", name=op.f("ck_participant_left_after_joined")
        ),
        sa.CheckConstraint("length(display_name) > 0", name=op.f("ck_participant_display_name")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participant")),
        sa.UniqueConstraint(
            "community_id",
            "respondent_ref",
            name=op.f("uq_participant_community_id_respondent_ref"),
        ),
        schema="identity",
    )
    op.create_table(
        "code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("code_hmac", sa.LargeBinary(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('code', 'link')", name=op.f("ck_code_kind")),
        sa.CheckConstraint("length(code_hmac) = 32", name=op.f("ck_code_code_hmac")),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["identity.participant.id"],
            name=op.f("fk_code_participant_id_participant"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code")),
        sa.UniqueConstraint("code_hmac", name=op.f("uq_code_code_hmac")),
        schema="identity",
    )
    op.create_index(
        op.f("uq_code_one_valid"),
        "code",
        ["participant_id", "kind"],
        unique=True,
        sqlite_where=sa.text("revoked_at IS NULL"),
        postgresql_where=sa.text("revoked_at IS NULL"),
        schema="identity",
    )


def downgrade() -> None:
    connection = op.get_bind()
    if has_identity(connection):
        op.drop_table("code", schema="identity")
        op.drop_table("participant", schema="identity")
        op.drop_table("audit_event", schema="identity")
        if connection.dialect.name == "postgresql":
            op.execute("DROP FUNCTION identity.audit_event_append_only")
            op.execute("DROP SCHEMA identity")
    op.drop_table("response")
    op.drop_table("draft")
    op.drop_table("dataset")
    op.drop_table("data_version")
    op.drop_table("wave")
    op.drop_table("project")
    op.drop_table("event")
    op.drop_table("consent")
    op.drop_table("background")
    op.drop_table("community")
    op.drop_table("audit_event")
    if connection.dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_event_append_only")
