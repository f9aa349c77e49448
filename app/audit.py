"""The audit log: who did what to which thing, when. Names and ids, never answers.

A row is written in the transaction of the act itself. What concerns the roster is logged
in the roster's own schema, so that a verb writes one database file only and the log of
names goes when the names go.
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from app.tables import AuditEvent, IdentityAuditEvent

Detail = dict[str, str | int | bool | None]


def record(
    session: Session,
    *,
    by: str,
    action: str,
    subject: str,
    at: datetime,
    community_id: int | None = None,
    detail: Detail | None = None,
) -> None:
    """Log an act on communities, waves or data sets; ``by`` names an account or program."""
    session.add(
        AuditEvent(
            at=at,
            actor=by,
            action=action,
            community_id=community_id,
            subject=subject,
            detail=detail or {},
        )
    )


def record_identity(
    session: Session,
    *,
    by: str,
    action: str,
    subject: str,
    at: datetime,
    community_id: int,
    detail: Detail | None = None,
) -> None:
    """Log an act on the roster, in the roster's schema."""
    session.add(
        IdentityAuditEvent(
            at=at,
            actor=by,
            action=action,
            community_id=community_id,
            subject=subject,
            detail=detail or {},
        )
    )
