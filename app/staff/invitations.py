"""One-time links: how somebody takes an account, or takes it again. Valid for seven days.

The link's token is shown once, to whoever made it; the store keeps its SHA-256. Opening the
link changes nothing (chat apps open links): it is used up when a password is set.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, col, select

from app import audit
from app.auth import WITH_SECOND_FACTOR, Role, sessions
from app.db import Database
from app.errors import AppError
from app.staff import passwords
from app.tables import Invitation, RoleGrant, Staff
from instrument.model import Language

VALID = timedelta(days=7)


class LinkOver(AppError):
    """Used, replaced, too old, of a closed account, or never issued: one sentence for all."""

    status = 410
    slug = "link-over"
    title_id = "Tautan ini tidak berlaku lagi"
    title_en = "This link is no longer valid"
    hint_id = "Tautan berlaku sekali, selama tujuh hari. Minta yang baru ke admin."
    hint_en = "A link works once, for seven days. Ask an admin for a new one."


class PasswordRefused(AppError):
    """The password is too short, too long or too common."""

    status = 422
    slug = "password-refused"

    def __init__(self, message: str, length: int) -> None:
        self.message, self.length = message, length
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Invited:
    """Whose link it is."""

    staff_id: int
    name: str
    email: str
    language: Language
    needs_second_factor: bool
    """Whether a second factor is there, or a role asks for one."""
    enrolled: bool

    @property
    def shortest(self) -> int:
        """Characters a password needs."""
        if self.needs_second_factor:
            return passwords.SHORTEST_WITH_SECOND_FACTOR
        return passwords.SHORTEST


def issue_link(session: Session, *, staff_id: int, by: str, at: datetime) -> str:
    """Make an account's one valid link; return its token, which is stored nowhere."""
    revoke_links(session, staff_id=staff_id, at=at)
    token = secrets.token_urlsafe(32)
    session.add(
        Invitation(
            staff_id=staff_id, token_hash=_hash(token), issued_at=at, issued_by=by,
            expires_at=at + VALID,
        )
    )  # fmt: skip
    session.flush()
    return token


def revoke_links(session: Session, *, staff_id: int, at: datetime) -> None:
    """End the links of an account that were not used."""
    session.connection().execute(
        update(Invitation)
        .where(
            col(Invitation.staff_id) == staff_id,
            col(Invitation.used_at).is_(None),
            col(Invitation.revoked_at).is_(None),
        )
        .values(revoked_at=at)
    )


def invited(session: Session, token: str, at: datetime) -> Invited:
    """Return whose link this is; raises LinkOver."""
    _, staff = _valid(session, token, at)
    return describe(session, staff)


def describe(session: Session, staff: Staff) -> Invited:
    """What setting a password depends on."""
    roles = session.exec(select(RoleGrant.role).where(col(RoleGrant.staff_id) == staff.id)).all()
    enrolled = staff.totp_secret is not None
    return Invited(
        staff_id=staff.id or 0,
        name=staff.name,
        email=staff.email,
        language="en" if staff.language == "en" else "id",
        needs_second_factor=enrolled or any(Role(one) in WITH_SECOND_FACTOR for one in roles),
        enrolled=enrolled,
    )


async def accept(database: Database, *, token: str, password: str, at: datetime) -> str | None:
    """Set the password and use the link up; return the cookie of a new session.

    None where the account has a second factor: a link alone opens nothing, sign in with
    both. Raises LinkOver, PasswordRefused.
    """
    return await passwords.in_line(_accept, database, token, password, at)


def _accept(database: Database, token: str, password: str, at: datetime) -> str | None:
    with Session(database.read) as session, session.begin():
        whose = invited(session, token, at)
    password_hash = new_hash(password, whose)
    with Session(database.write) as session, session.begin():
        link, staff = _valid(session, token, at, lock=True)
        link.used_at = at
        staff.password_hash = password_hash
        staff.failures, staff.locked_until = 0, None
        session.add_all([link, staff])
        sessions.end_sessions(session, staff_id=whose.staff_id, at=at)
        audit.record(
            session, by=f"staff:{whose.staff_id}", action="staff.accept",
            subject=f"staff:{whose.staff_id}", at=at,
        )  # fmt: skip
        if staff.totp_secret is not None:
            return None
        return sessions.start_session(
            session, database.settings, staff_id=whose.staff_id, at=at, second_factor=False
        )


def new_hash(password: str, whose: Invited) -> str:
    """Hash a new password; raises PasswordRefused."""
    message, length = passwords.fault(
        password, second_factor=whose.needs_second_factor, about=(whose.name, whose.email)
    )
    if message:
        raise PasswordRefused(message, length)
    return passwords.hashed(password)


def _valid(
    session: Session, token: str, at: datetime, *, lock: bool = False
) -> tuple[Invitation, Staff]:
    wanted = (
        select(Invitation, Staff)
        .join(Staff, col(Staff.id) == col(Invitation.staff_id))
        .where(
            col(Invitation.token_hash) == _hash(token),
            col(Invitation.used_at).is_(None),
            col(Invitation.revoked_at).is_(None),
            col(Invitation.expires_at) > at,
            col(Staff.disabled_at).is_(None),
        )
    )
    # Locked where it is used up: of two who press at once, the second finds it used.
    found = session.exec(wanted.with_for_update() if lock else wanted).one_or_none()
    if found is None:
        raise LinkOver
    return found[0], found[1]


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
