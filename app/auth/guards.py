"""The doors of staff pages: what an endpoint declares is what its router enforces.

`staff_router` refuses, at import, an endpoint that declares no permission, and puts the
check before everything else of the route. A path with ``{community}`` is judged in that
community, any other in all of the account's roles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from sqlmodel import Session

from app.auth import sessions
from app.auth.accounts import Account, NotAllowed, NotSignedIn, SecondFactorMissing, allowed
from app.auth.permissions import EVERYWHERE, Permission
from app.db import Database
from app.pages import language_of
from app.wave_reader import CommunityView, UnknownCommunity

SIGN_IN = "/staff/masuk"
SECOND_FACTOR = "/staff/akun/kode"


class UndeclaredPermission(TypeError):
    """A programming fault: an endpoint of a guarded router without `asks`."""


def clock(request: Request) -> datetime:
    """The moment of a request; a test may put another clock on ``app.state.clock``."""
    told: Callable[[], datetime] | None = getattr(request.app.state, "clock", None)
    return datetime.now(UTC) if told is None else told()


Now = Annotated[datetime, Depends(clock)]


def signed_in(request: Request, at: Now) -> Account:
    """Return whose session this request carries; raises NotSignedIn."""
    database: Database = request.app.state.database
    cookie = request.cookies.get(sessions.COOKIE)
    account = None
    if cookie:
        with Session(database.read) as session, session.begin():
            account = sessions.find_account(session, database.settings, cookie, at)
    if account is None:
        raise NotSignedIn(location=_way_in(request))
    sessions.touch(database, account, at)
    asked = request.query_params.get("lang")
    if asked is not None:
        account = replace(account, language=language_of(asked))
    request.state.language = account.language  # errors are told in it, too
    return account


SignedIn = Annotated[Account, Depends(signed_in)]
"""Who acts: the `Account` of this request."""


def in_community(request: Request, account: SignedIn) -> CommunityView:
    """Return the community of the path; one without a role of yours is not there (404)."""
    slug = request.path_params["community"]
    found = next((one for one in account.communities if one.slug == slug), None)
    if found is None:
        raise UnknownCommunity(slug)
    return found


InCommunity = Annotated[CommunityView, Depends(in_community)]
"""Where: the `CommunityView` of ``{community}`` in the path."""


def require(account: Account, permission: Permission, community_id: int | None = None) -> None:
    """Raise NotAllowed or SecondFactorMissing unless ``account`` may do this, here."""
    if not allowed(account, permission, community_id):
        raise NotAllowed(permission)
    if permission is not Permission.ACCOUNT_OWN and account.needs_second_factor:
        raise SecondFactorMissing(permission)


def staff_router(prefix: str = "") -> APIRouter:
    """Return a router for ``/staff`` + ``prefix`` whose endpoints are all guarded.

    ``staff_router("/k/{community}/anggota")`` for pages of one community.
    """
    return APIRouter(prefix=f"/staff{prefix}", route_class=StaffRoute, include_in_schema=False)


class StaffRoute(APIRoute):
    """A route that lets in whom its endpoint's permission lets in."""

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        dependencies: Sequence[Any] | None = None,
        **options: Any,
    ) -> None:
        permission = getattr(endpoint, "permission", None)
        if not isinstance(permission, Permission):
            msg = f"{endpoint.__module__}.{endpoint.__name__} declares no permission: add @asks"
            raise UndeclaredPermission(msg)
        first = _guards(permission, scoped="{community}" in path)
        options["response_model"] = None
        options["response_class"] = HTMLResponse
        super().__init__(path, endpoint, dependencies=[*first, *(dependencies or ())], **options)


def _guards(permission: Permission, *, scoped: bool) -> list[Any]:
    if permission is Permission.PUBLIC:
        return []

    def anywhere(request: Request, account: SignedIn) -> None:
        _judge(request, account, permission, None)

    def here(request: Request, account: SignedIn, community: InCommunity) -> None:
        _judge(request, account, permission, community.id)

    return [Depends(here if scoped and permission not in EVERYWHERE else anywhere)]


def _judge(
    request: Request, account: Account, permission: Permission, community_id: int | None
) -> None:
    try:
        require(account, permission, community_id)
    except SecondFactorMissing as error:
        if request.method in ("GET", "HEAD"):
            error.location = SECOND_FACTOR
        raise


def _way_in(request: Request) -> str:
    """Where a reader signs in and comes back; somebody who posts keeps the page they are on."""
    if request.method not in ("GET", "HEAD"):
        return ""
    query = f"?lanjut={quote(request.url.path, safe='/')}"
    return f"{SIGN_IN}{query}{'&lang=en' if request.query_params.get('lang') == 'en' else ''}"
