"""The append-only logs: one of everything, one of the roster in the roster's own schema."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Index,
    String,
)
from sqlmodel import Field

from app.tables.base import IDENTITY, Table, UtcDateTime


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
