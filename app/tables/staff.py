"""Who works here and as what: accounts, roles, sessions, invitations, tokens.

Secrets stand here as hashes only (the TOTP secret, which has to be read again, encrypted).
None of these tables knows a member: a chair who also answers is two things that nothing joins.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlmodel import Field

from app.tables.base import Table, UtcDateTime, one_of

_ONE_SIDE = "role IN ('operator', 'researcher')"
_VALID = "used_at IS NULL AND revoked_at IS NULL"


class Staff(Table, table=True):
    """An account; without a password until its invitation is used. Never deleted, only closed."""

    __tablename__ = "staff"
    __table_args__ = (
        UniqueConstraint("email"),
        CheckConstraint("length(email) > 2 AND email = lower(email)", name="email"),
        CheckConstraint("length(name) > 0", name="name"),
        CheckConstraint("failures >= 0", name="failures"),
        one_of("language", ("id", "en"), "language"),
    )

    id: int | None = Field(default=None, primary_key=True)
    email: str = Field(sa_type=String(254))
    name: str = Field(sa_type=String(128))
    language: str = Field(default="id", sa_type=String(8))
    password_hash: str | None = Field(default=None, sa_type=String(255))
    """argon2id, with its parameters and salt."""
    totp_secret: bytes | None = Field(default=None, sa_type=LargeBinary)
    """AES-GCM; None where no second factor is enrolled."""
    totp_step: int | None = None
    """The last 30-second step whose code was taken; that one and older ones are refused."""
    failures: int = 0
    """Wrong sign-ins since the last right one or the last lock."""
    locked_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    disabled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RoleGrant(Table, table=True):
    """A role somebody holds: admin of the installation, or another role in one community.

    The database itself refuses operator beside researcher (``uq_role_grant_one_side``).
    """

    __tablename__ = "role_grant"
    __table_args__ = (
        UniqueConstraint("staff_id", "community_id", "role"),
        ForeignKeyConstraint(["staff_id"], ["staff.id"]),
        ForeignKeyConstraint(["community_id"], ["community.id"]),
        one_of("role", ("admin", "operator", "researcher", "chair"), "role"),
        CheckConstraint("(role = 'admin') = (community_id IS NULL)", name="admin_is_everywhere"),
        Index(  # NULL differs from NULL in the constraint above
            "uq_role_grant_admin",
            "staff_id",
            unique=True,
            sqlite_where=text("community_id IS NULL"),
        ),
        Index(
            "uq_role_grant_one_side",
            "staff_id",
            "community_id",
            unique=True,
            sqlite_where=text(_ONE_SIDE),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    staff_id: int
    community_id: int | None = None
    role: str = Field(sa_type=String(16))
    granted_at: datetime = Field(sa_type=UtcDateTime)
    granted_by: str = Field(sa_type=String(128))


class StaffSession(Table, table=True):
    """A browser that has signed in; ended by its time, by idleness, or on purpose."""

    __tablename__ = "staff_session"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        ForeignKeyConstraint(["staff_id"], ["staff.id"]),
        CheckConstraint("length(token_hash) = 32", name="token_hash"),
        CheckConstraint("expires_at > started_at", name="window"),
        Index(None, "staff_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    staff_id: int
    token_hash: bytes = Field(sa_type=LargeBinary, nullable=False)
    """SHA-256 of the 256 random bits in the cookie."""
    second_factor: bool
    """Whether a code, a recovery code or the demo's link stood behind the sign-in."""
    started_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    """The last use, to the minute."""
    expires_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Invitation(Table, table=True):
    """A one-time link with which somebody takes an account, or takes it again."""

    __tablename__ = "invitation"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        ForeignKeyConstraint(["staff_id"], ["staff.id"]),
        CheckConstraint("length(token_hash) = 32", name="token_hash"),
        CheckConstraint("expires_at > issued_at", name="window"),
        Index(
            "uq_invitation_one_valid",
            "staff_id",
            unique=True,
            sqlite_where=text(_VALID),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    staff_id: int
    token_hash: bytes = Field(sa_type=LargeBinary, nullable=False)
    issued_at: datetime = Field(sa_type=UtcDateTime)
    issued_by: str = Field(sa_type=String(128))
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RecoveryCode(Table, table=True):
    """One of the codes that stand in for a lost phone, each good once."""

    __tablename__ = "recovery_code"
    __table_args__ = (
        ForeignKeyConstraint(["staff_id"], ["staff.id"]),
        CheckConstraint("length(code_hash) = 32", name="code_hash"),
    )

    staff_id: int = Field(primary_key=True)
    code_hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    """SHA-256 of 120 random bits."""
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ApiToken(Table, table=True):
    """A program's key to one community's data sets, never more than its owner may do."""

    __tablename__ = "api_token"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        ForeignKeyConstraint(["staff_id"], ["staff.id"]),
        ForeignKeyConstraint(["community_id"], ["community.id"]),
        CheckConstraint("length(token_hash) = 32", name="token_hash"),
        CheckConstraint("length(name) > 0", name="name"),
        CheckConstraint("expires_at > made_at", name="window"),
        Index(None, "staff_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    staff_id: int
    community_id: int
    name: str = Field(sa_type=String(64))
    token_hash: bytes = Field(sa_type=LargeBinary, nullable=False)
    """SHA-256 of the whole token."""
    scopes: list[str] = Field(default_factory=list, sa_type=JSON, nullable=False)
    made_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """To the hour: enough to see that a token is forgotten."""
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
