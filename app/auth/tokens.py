"""Tokens of programs: ``rsk_`` and 256 random bits, kept as a hash, shown once.

A token belongs to one account and one community, may do what its scopes say, and never more
than its owner may do at that moment: where the role goes, or the account is closed, the token
opens nothing. `api_router` guards the routes that take one; they take nothing else, cookies
least of all.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from sqlalchemy import update
from sqlmodel import Session, col, select

from app.auth.accounts import Account, NotAllowed, allowed
from app.auth.code_door import network_of
from app.auth.guards import Now, UndeclaredPermission
from app.auth.permissions import Permission, Scope
from app.auth.sessions import account_of
from app.db import Database
from app.errors import AppError
from app.tables import ApiToken, Staff
from app.wave_reader import CommunityView

PREFIX = "rsk_"
TOUCH = timedelta(hours=1)
LONGEST = timedelta(days=366)
MOST_PER_ACCOUNT = 20


class NoToken(AppError):
    """No valid token came with the request."""

    status = 401
    slug = "no-valid-token"
    title_id = "Token tidak ada, salah, dicabut, atau habis masa berlakunya"
    title_en = "The token is missing, wrong, revoked or over its time"
    hint_id = "Kirim 'Authorization: Bearer rsk_…' dengan token dari halaman Token Anda."
    hint_en = "Send 'Authorization: Bearer rsk_…' with a token from your page of tokens."
    headers = MappingProxyType({"www-authenticate": 'Bearer realm="guyub"'})


class ScopeMissing(AppError):
    """The token was not made for this."""

    status = 403
    slug = "scope-missing"
    title_id = "Token ini tidak dibuat untuk hal itu"
    title_en = "This token was not made for that"
    hint_id = "Buat token dengan cakupan yang diperlukan: waves, codebook, data, atau results."
    hint_en = "Make a token with the scope it needs: waves, codebook, data or results."
    headers = MappingProxyType(
        {"www-authenticate": 'Bearer realm="guyub", error="insufficient_scope"'}
    )


class TooManyRequests(AppError):
    """More requests than a program needs."""

    status = 429
    slug = "too-many-requests"
    title_id = "Terlalu banyak permintaan"
    title_en = "Too many requests"
    hint_id = "Tunggu satu menit, lalu lanjutkan lebih pelan."
    hint_en = "Wait a minute, then go on more slowly."
    headers = MappingProxyType({"retry-after": "60"})


class UnfitToken(AppError):
    """A token cannot be made like this."""

    status = 422
    slug = "unfit-token"
    title_id = "Token tidak bisa dibuat seperti itu"
    title_en = "A token cannot be made like that"
    hint_id = "Beri nama, pilih paling sedikit satu cakupan, dan masa berlaku paling lama setahun."
    hint_en = "Give it a name, at least one scope, and a time of a year at most."


@dataclass(frozen=True, slots=True)
class Program:
    """What asks: a token, its owner, and the one community it reads."""

    token_id: int
    account: Account
    community: CommunityView
    scopes: frozenset[Scope]


class Throttle:
    """Counts requests: by token, and wrong tokens by network; in this process's memory."""

    per_token: RateLimitItem = RateLimitItemPerMinute(120)
    wrong: RateLimitItem = RateLimitItemPerMinute(30)

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)  # of this process only, never stored
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def count(self, token_id: int) -> None:
        """Note a request of a token; raises TooManyRequests."""
        if not self._limiter.hit(self.per_token, str(token_id)):
            raise TooManyRequests

    def check_network(self, client: str | None) -> None:
        """Raise TooManyRequests where a network has sent too many wrong tokens."""
        if not self._limiter.test(self.wrong, self._network(client)):
            raise TooManyRequests

    def count_wrong(self, client: str | None) -> None:
        """Note a wrong token."""
        self._limiter.hit(self.wrong, self._network(client))

    def _network(self, client: str | None) -> str:
        told = self._secret + network_of(client).encode()
        return hashlib.sha256(told).hexdigest()


def issue_token(
    session: Session,
    *,
    account: Account,
    community_id: int,
    name: str,
    scopes: Sequence[Scope],
    lasts: timedelta,
    at: datetime,
) -> tuple[int, str]:
    """Make a token; return its id and the token, which is stored nowhere. Raises UnfitToken."""
    if not 0 < len(name) <= 64 or not scopes or not timedelta(0) < lasts <= LONGEST:
        raise UnfitToken
    if len(own_tokens(session, account=account, at=at)) >= MOST_PER_ACCOUNT:
        raise UnfitToken(f"{MOST_PER_ACCOUNT} tokens are the most; revoke one")
    token = PREFIX + secrets.token_urlsafe(32)
    row = ApiToken(
        staff_id=account.id,
        community_id=community_id,
        name=name,
        token_hash=_hash(token),
        scopes=sorted(scopes),
        made_at=at,
        expires_at=at + lasts,
    )
    session.add(row)
    session.flush()
    return row.id or 0, token


def own_tokens(session: Session, *, account: Account, at: datetime) -> list[ApiToken]:
    """The tokens of an account that still open something, in all communities, newest first."""
    return list(
        session.exec(
            select(ApiToken)
            .where(
                col(ApiToken.staff_id) == account.id,
                col(ApiToken.revoked_at).is_(None),
                col(ApiToken.expires_at) > at,
            )
            .order_by(col(ApiToken.made_at).desc(), col(ApiToken.id).desc())
        )
    )


def revoke_token(session: Session, *, account: Account, token_id: int, at: datetime) -> bool:
    """End one of the account's own tokens; False where there is none of that id."""
    done = session.connection().execute(
        update(ApiToken)
        .where(
            col(ApiToken.id) == token_id,
            col(ApiToken.staff_id) == account.id,
            col(ApiToken.revoked_at).is_(None),
        )
        .values(revoked_at=at)
    )
    return bool(done.rowcount)


def find_program(session: Session, token: str, at: datetime) -> Program | None:
    """Return what a token may read; None where it is unknown, revoked, over, or ownerless."""
    found = session.exec(
        select(ApiToken, Staff)
        .join(Staff, col(Staff.id) == col(ApiToken.staff_id))
        .where(
            col(ApiToken.token_hash) == _hash(token),
            col(ApiToken.revoked_at).is_(None),
            col(ApiToken.expires_at) > at,
            col(Staff.disabled_at).is_(None),
        )
    ).one_or_none()
    if found is None:
        return None
    row, staff = found
    # the token was made in a session with a second factor, and is one more secret
    account = account_of(session, staff, session_id=0, second_factor=True)
    place = next((one for one in account.communities if one.id == row.community_id), None)
    if place is None or not allowed(account, Permission.TOKEN_OWN, place.id):
        return None
    return Program(row.id or 0, account, place, frozenset(Scope(one) for one in row.scopes))


def program(request: Request, at: Now) -> Program:
    """Return whose token this request carries; raises NoToken, TooManyRequests."""
    database: Database = request.app.state.database
    throttle: Throttle = request.app.state.throttle
    client = request.client.host if request.client else None
    throttle.check_network(client)
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    found = None
    if kind.lower() == "bearer" and token.startswith(PREFIX):
        with Session(database.read) as session, session.begin():
            found = find_program(session, token.strip(), at)
    if found is None:
        if token:
            throttle.count_wrong(client)
        raise NoToken
    throttle.count(found.token_id)
    _touch(database, found.token_id, at)
    return found


AsProgram = Annotated[Program, Depends(program)]
"""What asks: the `Program` of this request."""


def api_router(prefix: str = "") -> APIRouter:
    """Return a router for ``/api/v1`` + ``prefix`` whose endpoints are all guarded."""
    return APIRouter(prefix=f"/api/v1{prefix}", route_class=ApiRoute)


class ApiRoute(APIRoute):
    """A route that lets in tokens with its endpoint's scope, and their owners' permission."""

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        dependencies: Sequence[Any] | None = None,
        **options: Any,
    ) -> None:
        permission = getattr(endpoint, "permission", None)
        scope = getattr(endpoint, "scope", None)
        guards = []
        if permission is not Permission.PUBLIC:
            if not isinstance(permission, Permission) or not isinstance(scope, Scope):
                msg = f"{endpoint.__module__}.{endpoint.__name__} declares no permission and scope"
                raise UndeclaredPermission(msg)
            guards.append(Depends(_guard(permission, scope)))
        super().__init__(path, endpoint, dependencies=[*guards, *(dependencies or ())], **options)


def _guard(permission: Permission, scope: Scope) -> Callable[..., None]:
    def judge(asking: AsProgram) -> None:
        if scope not in asking.scopes:
            raise ScopeMissing(scope)
        if not allowed(asking.account, permission, asking.community.id):
            raise NotAllowed(permission)

    return judge


def _touch(database: Database, token_id: int, at: datetime) -> None:
    """Note that a token is in use, at most once an hour."""
    with Session(database.read) as session, session.begin():
        row = session.get(ApiToken, token_id)
        if row is None or (row.last_used_at is not None and at - row.last_used_at < TOUCH):
            return
    with Session(database.write) as session, session.begin():
        session.connection().execute(
            update(ApiToken)
            .where(col(ApiToken.id) == token_id)
            .values(last_used_at=at.replace(minute=0, second=0, microsecond=0))
        )


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
