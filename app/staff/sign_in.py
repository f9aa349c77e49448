"""Signing in and out. One sentence for every refusal, and the same work for unknown names.

Failures are counted in the store: five in a row rest the account for 15 minutes, whatever
is typed meanwhile. A network's failures are counted in memory, leniently (carriers put many
people behind one address).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from limits import RateLimitItemPerDay, RateLimitItemPerMinute
from sqlmodel import Session, col, select

from app import audit
from app.auth import WrongCodeCounter, sessions
from app.db import Database
from app.errors import AppError
from app.settings import Settings
from app.staff import passwords, second_factor
from app.staff.accounts import email_of
from app.tables import Staff

FAILURES = 5
REST = timedelta(minutes=15)


class SignInRefused(AppError):
    """Unknown, closed, resting, a wrong password or a wrong code: nobody is told which."""

    status = 422
    slug = "sign-in-refused"
    title_id = "Surel, kata sandi, atau kode tidak cocok"
    title_en = "Email, password or code do not fit"
    hint_id = "Periksa ketiganya, lalu coba lagi. Setelah 5 kali salah, akun beristirahat 15 menit."
    hint_en = "Check all three and try again. After 5 failures the account rests for 15 minutes."


class TooManySignIns(AppError):
    """Too many failures came from this network."""

    status = 429
    slug = "too-many-sign-ins"
    title_id = "Terlalu banyak percobaan masuk"
    title_en = "Too many attempts to sign in"
    hint_id = "Tunggu sepuluh menit, lalu coba lagi."
    hint_en = "Wait ten minutes, then try again."


class SignInCounter(WrongCodeCounter):
    """Counts failures by network: 30 in 10 minutes, 3000 a day in all."""

    network_limit = RateLimitItemPerMinute(30, 10)
    network_limit_in_alarm = RateLimitItemPerMinute(10, 10)
    overall_limit = RateLimitItemPerDay(3000)
    refusal = TooManySignIns
    what = "sign-ins"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody typed."""

    email: str
    password: str
    code: str = ""
    """From the app."""
    recovery: str = ""
    """Instead of it."""


async def sign_in(
    database: Database,
    counter: SignInCounter,
    attempt: Attempt,
    *,
    client: str | None,
    at: datetime,
) -> str:
    """Begin a session and return the cookie's value. Raises SignInRefused, TooManySignIns."""
    counter.check(client)
    cookie = await passwords.in_line(_try, database, attempt, at)
    if cookie is None:
        counter.count(client)
        raise SignInRefused
    return cookie


def sign_out(*, session: Session, staff_id: int, by: str, at: datetime) -> int:
    """End every session of an account; return how many there were."""
    count = sessions.end_sessions(session, staff_id=staff_id, at=at)
    audit.record(
        session, by=by, action="staff.sign_out", subject=f"staff:{staff_id}", at=at,
        detail={"sessions": count},
    )  # fmt: skip
    return count


def _try(database: Database, attempt: Attempt, at: datetime) -> str | None:
    # The hash is compared outside a transaction: 0.2 s with the write lock in hand would
    # keep every member waiting.
    email = email_of(attempt.email)
    with Session(database.read) as session, session.begin():
        found = session.exec(_by_email(email)).one_or_none()
        staff_id, stored = (found.id, found.password_hash) if found else (None, None)
    right, renewed = passwords.matches(attempt.password, stored)
    if staff_id is None:
        return None
    with Session(database.write) as session, session.begin():
        staff = session.exec(_by_email(email).with_for_update()).one_or_none()
        if staff is None or rests(staff, at):
            return None
        unchanged = right and staff.password_hash == stored
        factor = _factor(session, database.settings, staff, attempt, at) if unchanged else ""
        if not factor:
            count_failure(session, staff, at)
            return None
        staff.failures, staff.locked_until = 0, None
        if renewed is not None:
            staff.password_hash = renewed
        session.add(staff)
        audit.record(
            session, by=f"staff:{staff_id}", action="staff.sign_in", subject=f"staff:{staff_id}",
            at=at, detail={"factor": factor},
        )  # fmt: skip
        return sessions.start_session(
            session, database.settings, staff_id=staff_id, at=at, second_factor=factor != "password"
        )


def _by_email(email: str):  # type: ignore[no-untyped-def]  # SQLModel's own name is long
    return select(Staff).where(col(Staff.email) == email, col(Staff.disabled_at).is_(None))


def _factor(
    session: Session, settings: Settings, staff: Staff, attempt: Attempt, at: datetime
) -> str:
    """What stood behind the sign-in: password, totp or recovery; empty where it is not enough."""
    if staff.totp_secret is None:
        return "password"
    staff_id = staff.id or 0
    if attempt.recovery:
        used = second_factor.use_recovery_code(session, staff_id, attempt.recovery, at)
        return "recovery" if used else ""
    secret = second_factor.unseal(settings, staff_id, staff.totp_secret)
    step = second_factor.step_of(secret, attempt.code, at, after=staff.totp_step)
    if step is None:
        return ""
    staff.totp_step = step
    return "totp"


def rests(staff: Staff, at: datetime) -> bool:
    """Whether the account rests after five failures."""
    return staff.locked_until is not None and at < staff.locked_until


def count_failure(session: Session, staff: Staff, at: datetime) -> None:
    """Count one; the fifth rests the account for 15 minutes."""
    staff.failures += 1
    if staff.failures >= FAILURES:
        staff.failures, staff.locked_until = 0, at + REST
        audit.record(
            session, by="system", action="staff.rest", subject=f"staff:{staff.id}", at=at,
            detail={"minutes": int(REST.total_seconds() // 60)},
        )  # fmt: skip
    session.add(staff)
