"""Verbs on accounts and roles; each writes its audit row in the same transaction.

Nobody changes their own roles, closes their own account, or leaves the installation without
an admin. An account is never deleted: the audit log names it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from app import audit
from app.auth import Role, may_hold, sessions
from app.errors import AppError
from app.staff import second_factor
from app.staff.invitations import issue_link, revoke_links
from app.tables import ApiToken, Community, RoleGrant, Staff
from app.wave_reader import UnknownCommunity
from instrument.model import Language

COMMAND_LINE = "command line"
"""Who acts where somebody has a shell on the server."""


class UnknownAccount(AppError):
    """There is no such account."""

    status = 404
    slug = "unknown-account"
    title_id = "Akun ini tidak ada"
    title_en = "There is no such account"
    hint_id = "Kembali ke daftar akun."
    hint_en = "Go back to the list of accounts."


class EmailTaken(AppError):
    """Another account has this address."""

    status = 409
    slug = "email-taken"
    title_id = "Surel ini sudah punya akun"
    title_en = "This email has an account already"
    hint_id = "Buka akun itu di daftar; beri peran atau tautan baru di sana."
    hint_en = "Open that account in the list; give it a role or a new link there."


class NoAddress(AppError):
    """What was typed is no email address, or the name is empty."""

    status = 422
    slug = "no-address"
    title_id = "Nama atau surel belum benar"
    title_en = "The name or the email is not right yet"
    hint_id = "Isi nama, dan surel seperti nama@contoh.id."
    hint_en = "Fill in a name, and an email like name@example.org."


class RolesTogether(AppError):
    """Operator and researcher in one community: roster and rows would meet in one head."""

    status = 409
    slug = "roles-together"
    title_id = "Satu akun tidak boleh menjadi pengurus dan peneliti di komunitas yang sama"
    title_en = "One account is never operator and researcher in the same community"
    hint_id = (
        "Pengurus tahu nama, peneliti melihat jawaban; keduanya tidak boleh bertemu. "
        "Ambil dulu peran yang lama, atau beri peran ini ke orang lain."
    )
    hint_en = (
        "The operator knows names, the researcher sees answers; the two must not meet. "
        "Take the other role away first, or give this one to somebody else."
    )


class LastAdmin(AppError):
    """Without an admin nobody could keep accounts any more."""

    status = 409
    slug = "last-admin"
    title_id = "Ini admin terakhir"
    title_en = "This is the last admin"
    hint_id = "Jadikan orang lain admin dulu."
    hint_en = "Make somebody else an admin first."


class NotYourself(AppError):
    """Nobody changes their own roles or closes their own account."""

    status = 409
    slug = "not-yourself"
    title_id = "Peran dan akun sendiri tidak bisa diubah di sini"
    title_en = "Your own roles and account cannot be changed here"
    hint_id = "Minta admin lain, atau pakai `guyub staff` di server."
    hint_en = "Ask another admin, or use `guyub staff` on the server."


class AccountClosed(AppError):
    """A closed account gets no role and no link."""

    status = 409
    slug = "account-closed"
    title_id = "Akun ini sudah ditutup"
    title_en = "This account is closed"
    hint_id = "Buka lagi akunnya dulu."
    hint_en = "Open the account again first."


def set_language(*, session: Session, staff_id: int, language: Language) -> None:
    """Keep the language of an account's pages; not worth an audit row."""
    staff = session.get_one(Staff, staff_id)
    staff.language = language
    session.add(staff)


def email_of(typed: str) -> str:
    """An address as it is stored: small letters, no blanks."""
    return "".join(typed.split()).lower()


def find(session: Session, staff_id: int) -> Staff:
    """Return an account; raises UnknownAccount."""
    found = session.get(Staff, staff_id)
    if found is None:
        raise UnknownAccount(str(staff_id))
    return found


def find_by_email(session: Session, email: str) -> Staff:
    """Return the account of an address; raises UnknownAccount."""
    found = session.exec(select(Staff).where(col(Staff.email) == email_of(email))).one_or_none()
    if found is None:
        raise UnknownAccount(email)
    return found


def invite(
    *,
    session: Session,
    email: str,
    name: str,
    language: Language,
    by: str,
    at: datetime,
) -> tuple[Staff, str]:
    """Make an account and the one-time link (its token) with which somebody takes it.

    Raises NoAddress, EmailTaken.
    """
    email, name = email_of(email), " ".join(name.split())
    local, at_sign, domain = email.partition("@")
    if not (local and at_sign and "." in domain and name) or len(email) > 254 or len(name) > 128:
        raise NoAddress(email)
    if session.exec(select(Staff).where(col(Staff.email) == email)).first() is not None:
        raise EmailTaken(email)
    staff = Staff(email=email, name=name, language=language, created_at=at)
    session.add(staff)
    session.flush()
    assert staff.id is not None
    _log(session, "staff.invite", staff.id, by=by, at=at)
    return staff, issue_link(session, staff_id=staff.id, by=by, at=at)


def new_link(*, session: Session, staff_id: int, by: str, at: datetime) -> str:
    """Issue a new one-time link: the password was forgotten, or the old link ran out.

    The second factor stays: the link alone opens nothing. Raises AccountClosed.
    """
    staff = _open(session, staff_id)
    _log(session, "staff.link", staff_id, by=by, at=at)
    return issue_link(session, staff_id=staff.id or 0, by=by, at=at)


def take_off_second_factor(*, session: Session, staff_id: int, by: str, at: datetime) -> str:
    """The phone and the recovery codes are lost: start anew with a one-time link.

    Password, second factor and sessions end at once. Raises AccountClosed, NotYourself.
    """
    staff = _open(session, staff_id)
    _not_yourself(staff_id, by)
    second_factor.take_off(session, staff)
    staff.password_hash = None
    session.add(staff)
    sessions.end_sessions(session, staff_id=staff_id, at=at)
    _log(session, "staff.second_factor_off", staff_id, by=by, at=at)
    return issue_link(session, staff_id=staff_id, by=by, at=at)


def unlock(*, session: Session, staff_id: int, by: str, at: datetime) -> None:
    """End the rest after five failures."""
    staff = find(session, staff_id)
    staff.failures, staff.locked_until = 0, None
    session.add(staff)
    _log(session, "staff.unlock", staff_id, by=by, at=at)


def grant(
    *, session: Session, staff_id: int, role: Role, community_id: int | None, by: str, at: datetime
) -> None:
    """Give a role in a community, or the admin's in none. A role that is held stays.

    Raises AccountClosed, NotYourself, RolesTogether, UnknownCommunity.
    """
    _open(session, staff_id)
    _not_yourself(staff_id, by)
    if role is Role.MEMBER or (role is Role.ADMIN) != (community_id is None):
        raise UnknownCommunity(str(role))
    if community_id is not None and session.get(Community, community_id) is None:
        raise UnknownCommunity(str(community_id))
    held = _held(session, staff_id, community_id)
    if role in held:
        return
    if not may_hold(held | {role}):
        raise RolesTogether
    session.add(
        RoleGrant(
            staff_id=staff_id, community_id=community_id, role=role, granted_at=at, granted_by=by
        )
    )
    _log(session, "role.grant", staff_id, by=by, at=at, role=role, community_id=community_id)


def take(
    *, session: Session, staff_id: int, role: Role, community_id: int | None, by: str, at: datetime
) -> None:
    """Take a role away; one that is not held is no fault. Raises NotYourself, LastAdmin."""
    find(session, staff_id)
    _not_yourself(staff_id, by)
    if role is Role.ADMIN:
        _another_admin(session, staff_id)
    for row in session.exec(_grants(staff_id, community_id)):
        if row.role == role:
            session.delete(row)
            _log(session, "role.take", staff_id, by=by, at=at, role=role, community_id=community_id)


def close_account(*, session: Session, staff_id: int, by: str, at: datetime) -> None:
    """Close an account: sessions, links and tokens end at once; roles stay for `reopen`.

    Raises NotYourself, LastAdmin.
    """
    staff = find(session, staff_id)
    _not_yourself(staff_id, by)
    _another_admin(session, staff_id)
    if staff.disabled_at is not None:
        return
    staff.disabled_at = at
    session.add(staff)
    sessions.end_sessions(session, staff_id=staff_id, at=at)
    revoke_links(session, staff_id=staff_id, at=at)
    session.connection().execute(
        update(ApiToken)
        .where(col(ApiToken.staff_id) == staff_id, col(ApiToken.revoked_at).is_(None))
        .values(revoked_at=at)
    )
    _log(session, "staff.close", staff_id, by=by, at=at)


def reopen(*, session: Session, staff_id: int, by: str, at: datetime) -> None:
    """Open a closed account again, with its password and roles; links and tokens stay dead."""
    staff = find(session, staff_id)
    if staff.disabled_at is None:
        return
    staff.disabled_at = None
    session.add(staff)
    _log(session, "staff.reopen", staff_id, by=by, at=at)


def there_is_an_admin(session: Session, *, besides: int | None = None) -> bool:
    """Whether somebody (else) keeps accounts: an admin whose account is open."""
    count = session.exec(
        select(func.count())
        .select_from(RoleGrant)
        .join(Staff, col(Staff.id) == col(RoleGrant.staff_id))
        .where(
            col(RoleGrant.role) == Role.ADMIN,
            col(Staff.disabled_at).is_(None),
            col(Staff.id) != (besides or 0),
        )
    ).one()
    return count > 0


def _another_admin(session: Session, staff_id: int) -> None:
    if Role.ADMIN in _held(session, staff_id, None) and not there_is_an_admin(
        session, besides=staff_id
    ):
        raise LastAdmin


def _open(session: Session, staff_id: int) -> Staff:
    staff = find(session, staff_id)
    if staff.disabled_at is not None:
        raise AccountClosed
    return staff


def _not_yourself(staff_id: int, by: str) -> None:
    if by == f"staff:{staff_id}":
        raise NotYourself


def _grants(staff_id: int, community_id: int | None):  # type: ignore[no-untyped-def]
    where = col(RoleGrant.community_id)
    return select(RoleGrant).where(
        col(RoleGrant.staff_id) == staff_id,
        where.is_(None) if community_id is None else where == community_id,
    )


def _held(session: Session, staff_id: int, community_id: int | None) -> frozenset[Role]:
    return frozenset(Role(row.role) for row in session.exec(_grants(staff_id, community_id)))


def _log(
    session: Session,
    action: str,
    staff_id: int,
    *,
    by: str,
    at: datetime,
    role: Role | None = None,
    community_id: int | None = None,
) -> None:
    audit.record(
        session,
        by=by,
        action=action,
        subject=f"staff:{staff_id}",
        at=at,
        community_id=community_id,
        detail={} if role is None else {"role": str(role)},
    )
