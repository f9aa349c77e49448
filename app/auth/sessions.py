"""Sessions of staff: a row in the store, named by a signed random cookie.

The cookie holds 256 random bits and a signature; the row holds their SHA-256, so that
neither a copy of the store nor of a backup opens anything. A cookie that we did not sign is
dropped without asking the store. A session ends after eight hours, for admins and
researchers after half an hour without use, and at once when it is ended.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import cast

from itsdangerous import BadSignature, Signer
from sqlalchemy import update
from sqlmodel import Session, col, select
from starlette.responses import Response

from app.auth.accounts import Account
from app.auth.permissions import WITH_SECOND_FACTOR, Role
from app.db import Database
from app.settings import Settings
from app.tables import Community, RoleGrant, Staff, StaffSession
from app.wave_reader import CommunityView
from instrument.model import Language

COOKIE = "guyub_staff"
COOKIE_PATH = "/staff"
"""Member pages never get the cookie: who answers there is nobody's account."""
LONGEST = timedelta(hours=8)
IDLE = timedelta(minutes=30)
"""For roles with a second factor."""
TOUCH = timedelta(minutes=1)


def start_session(
    session: Session, settings: Settings, *, staff_id: int, at: datetime, second_factor: bool
) -> str:
    """Begin a session and return the cookie's value. Rows that are long over are deleted."""
    token = secrets.token_urlsafe(32)
    for old in session.exec(
        select(StaffSession).where(
            col(StaffSession.staff_id) == staff_id, col(StaffSession.expires_at) <= at
        )
    ):
        session.delete(old)
    session.add(
        StaffSession(
            staff_id=staff_id,
            token_hash=_hash(token),
            second_factor=second_factor,
            started_at=at,
            seen_at=at,
            expires_at=at + LONGEST,
        )
    )
    session.flush()
    return _signer(settings).sign(token).decode()


def end_sessions(
    session: Session,
    *,
    staff_id: int,
    at: datetime,
    but: int | None = None,
    only: int | None = None,
) -> int:
    """End every session of an account, every one ``but`` one, or ``only`` one; how many."""
    wanted = [col(StaffSession.staff_id) == staff_id, col(StaffSession.ended_at).is_(None)]
    if but is not None:
        wanted.append(col(StaffSession.id) != but)
    if only is not None:
        wanted.append(col(StaffSession.id) == only)
    ended = session.connection().execute(update(StaffSession).where(*wanted).values(ended_at=at))
    return int(ended.rowcount)


def own_sessions(session: Session, *, staff_id: int, at: datetime) -> list[StaffSession]:
    """The sessions of an account that are not over, the last used first."""
    return list(
        session.exec(
            select(StaffSession)
            .where(
                col(StaffSession.staff_id) == staff_id,
                col(StaffSession.ended_at).is_(None),
                col(StaffSession.expires_at) > at,
            )
            .order_by(col(StaffSession.seen_at).desc(), col(StaffSession.id))
        )
    )


def prove_second_factor(session: Session, *, session_id: int) -> None:
    """Note that this session's account has just shown its second factor."""
    row = session.get_one(StaffSession, session_id)
    row.second_factor = True
    session.add(row)


def set_cookie(response: Response, settings: Settings, value: str) -> None:
    """Give the browser its session; gone with the browser, or with the session."""
    response.set_cookie(
        COOKIE,
        value,
        path=COOKIE_PATH,
        secure=settings.base_url.startswith("https:"),
        httponly=True,
        samesite="lax",
    )


def drop_cookie(response: Response) -> None:
    """Take the cookie back."""
    response.delete_cookie(COOKIE, path=COOKIE_PATH, httponly=True, samesite="lax")


def find_account(session: Session, settings: Settings, cookie: str, at: datetime) -> Account | None:
    """Return whose session a cookie names; None where it is forged, over, ended or closed."""
    try:
        token = _signer(settings).unsign(cookie).decode()
    except (BadSignature, ValueError):
        return None
    row = session.exec(
        select(StaffSession, Staff)
        .join(Staff, col(Staff.id) == col(StaffSession.staff_id))
        .where(
            col(StaffSession.token_hash) == _hash(token),
            col(StaffSession.ended_at).is_(None),
            col(StaffSession.expires_at) > at,
            col(Staff.disabled_at).is_(None),
        )
    ).one_or_none()
    if row is None:
        return None
    found, staff = row
    account = account_of(
        session, staff, session_id=found.id or 0, second_factor=found.second_factor
    )
    idle = at - found.seen_at
    if idle >= IDLE and account.everything & WITH_SECOND_FACTOR:
        return None
    return account


def touch(database: Database, account: Account, at: datetime) -> None:
    """Note that a session is in use, at most once a minute, in a transaction of its own."""
    with Session(database.read) as session, session.begin():
        found = session.get(StaffSession, account.session_id)
        if found is None or at - found.seen_at < TOUCH:
            return
    with Session(database.write) as session, session.begin():
        session.connection().execute(
            update(StaffSession)
            .where(col(StaffSession.id) == account.session_id, col(StaffSession.seen_at) < at)
            .values(seen_at=at)
        )


def account_of(session: Session, staff: Staff, *, session_id: int, second_factor: bool) -> Account:
    """Return the account with its roles as they are now."""
    grants = session.exec(select(RoleGrant).where(col(RoleGrant.staff_id) == staff.id)).all()
    is_admin = any(grant.community_id is None for grant in grants)
    roles: dict[int, set[Role]] = {}
    for grant in grants:
        if grant.community_id is not None:
            roles.setdefault(grant.community_id, set()).add(Role(grant.role))
    return Account(
        id=staff.id or 0,
        email=staff.email,
        name=staff.name,
        language=cast("Language", staff.language),  # a CHECK constraint keeps it in range
        is_admin=is_admin,
        roles={community_id: frozenset(held) for community_id, held in roles.items()},
        communities=_communities(session, None if is_admin else roles),
        enrolled=staff.totp_secret is not None,
        second_factor=second_factor,
        session_id=session_id,
    )


def _communities(session: Session, ids: Iterable[int] | None) -> tuple[CommunityView, ...]:
    wanted = select(Community).order_by(col(Community.name), col(Community.id))
    if ids is not None:
        wanted = wanted.where(col(Community.id).in_(list(ids)))
    return tuple(
        CommunityView(found.id or 0, found.slug, found.name, found.locale, found.timezone)
        for found in session.exec(wanted)
    )


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _signer(settings: Settings) -> Signer:
    return Signer(
        settings.key("secret_key"),
        salt="guyub.staff",
        key_derivation="hmac",
        digest_method=hashlib.sha256,
    )
