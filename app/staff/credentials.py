"""Verbs on one's own credentials: password, second factor, recovery codes, sessions."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from app import audit
from app.auth import sessions
from app.db import Database
from app.errors import AppError
from app.settings import Settings
from app.staff import passwords, second_factor
from app.staff.invitations import describe, new_hash
from app.staff.sign_in import count_failure, rests
from app.tables import Staff


class NotThePassword(AppError):
    """What was typed as the present password is not it, or the account rests."""

    status = 422
    slug = "not-the-password"


class EnrolmentOver(AppError):
    """The page that was sent belongs to another session, or an app was set up since."""

    status = 409
    slug = "enrolment-over"
    title_id = "Halaman pemasangan ini sudah lewat"
    title_en = "This set-up page is over"
    hint_id = "Buka lagi halaman kode kedua, lalu pindai kode QR yang baru."
    hint_en = "Open the second-factor page again and scan the new QR code."


def is_the_password(database: Database, staff_id: int, typed: str, at: datetime) -> bool:
    """Whether somebody who is signed in knows the password; failures count as at the door."""
    with Session(database.read) as session, session.begin():
        stored = session.get_one(Staff, staff_id).password_hash
    right, _ = passwords.matches(typed, stored)  # outside a transaction: it takes 0.2 s
    with Session(database.write) as session, session.begin():
        staff = session.get_one(Staff, staff_id, with_for_update=True)
        if rests(staff, at):
            return False
        if not right:
            count_failure(session, staff, at)
        return right


async def change_password(
    database: Database, *, staff_id: int, old: str, new: str, at: datetime
) -> None:
    """Set a new password and end every session. Raises NotThePassword, PasswordRefused."""
    await passwords.in_line(_change_password, database, staff_id, old, new, at)


def _change_password(database: Database, staff_id: int, old: str, new: str, at: datetime) -> None:
    if not is_the_password(database, staff_id, old, at):
        raise NotThePassword
    with Session(database.read) as session, session.begin():
        whose = describe(session, session.get_one(Staff, staff_id))
    password_hash = new_hash(new, whose)
    with Session(database.write) as session, session.begin():
        staff = session.get_one(Staff, staff_id)
        staff.password_hash = password_hash
        staff.failures = 0
        session.add(staff)
        sessions.end_sessions(session, staff_id=staff_id, at=at)
        _log(session, "staff.password", staff_id, at)


def enrol(
    *,
    session: Session,
    settings: Settings,
    staff_id: int,
    session_id: int,
    secret: str,
    step: int,
    at: datetime,
) -> tuple[str, ...]:
    """Keep a second factor, end the other sessions, return the new recovery codes.

    ``step`` is the one whose code was shown: it will not be taken again.
    """
    staff = session.get_one(Staff, staff_id)
    staff.totp_secret = second_factor.seal(settings, staff_id, secret)
    staff.totp_step = step
    session.add(staff)
    sessions.prove_second_factor(session, session_id=session_id)
    sessions.end_sessions(session, staff_id=staff_id, at=at, but=session_id)
    _log(session, "staff.second_factor", staff_id, at)
    return second_factor.new_recovery_codes(session, staff_id)


def renew_recovery_codes(database: Database, staff_id: int, at: datetime) -> tuple[str, ...]:
    """Replace the recovery codes."""
    with Session(database.write) as session, session.begin():
        _log(session, "staff.recovery_codes", staff_id, at)
        return second_factor.new_recovery_codes(session, staff_id)


def end_session(*, session: Session, staff_id: int, session_id: int, at: datetime) -> None:
    """End one of an account's own sessions."""
    if sessions.end_sessions(session, staff_id=staff_id, at=at, only=session_id):
        _log(session, "staff.session_end", staff_id, at)


def _log(session: Session, action: str, staff_id: int, at: datetime) -> None:
    who = f"staff:{staff_id}"
    audit.record(session, by=who, action=action, subject=who, at=at)
