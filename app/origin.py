"""Where a writing request comes from: other sites must not post in a visitor's name.

The rules are those of Go 1.25's ``http.CrossOriginProtection`` (see
https://words.filippo.io/csrf/): browsers say ``Sec-Fetch-Site``; older ones say at least
``Origin``. A request that says neither comes from no browser that could be misused by
another site, or from one so old that the form's own secret has to do: member forms carry
their submission id, programs a bearer token. Staff pages rest on a cookie, so there a
silent request is refused.

This is also why member pages may be compressed although they hold a secret beside what was
posted: an attack on the compressed size (BREACH) needs another site to post in the
visitor's name, and that stops here.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.errors import AppError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN = frozenset({"same-origin", "none"})
_DEFAULT_PORTS = {"http": 80, "https": 443}


class CrossOrigin(AppError):
    """A writing request that another site may have caused."""

    status = 403
    slug = "cross-origin"
    title_id = "Kiriman ini datang dari situs lain"
    title_en = "This was sent from another site"
    hint_id = "Buka survei dari tautannya sendiri, lalu kirim dari sana."
    hint_en = "Open the survey from its own link, and send from there."


class Kind(StrEnum):
    """What a route trusts besides the browser's word."""

    MEMBER = "member"  # the submission id in the form, or the address that is a secret itself
    API = "api"  # a bearer token
    STAFF = "staff"  # a cookie: everything that is not one of the others


def kind_of(path: str) -> Kind:
    """Tell the kind of a route by its path; what is unknown is judged most strictly."""
    if path.startswith(("/s/", "/u/")):
        return Kind.MEMBER
    if path.startswith("/api/"):
        return Kind.API
    return Kind.STAFF


def allowed(
    *, method: str, kind: Kind, site: str | None, origin: str | None, own: Sequence[str]
) -> bool:
    """Judge a request by its headers.

    ``site`` is ``Sec-Fetch-Site``, ``origin`` is ``Origin`` (None = not sent), ``own`` the
    origins under which this service is reached (``https://survey.example``).
    """
    if method in _READING:
        return True
    if site is not None:
        return site in _OWN
    if origin is not None:
        return origin_of(origin) in own
    return kind is not Kind.STAFF


@lru_cache(maxsize=128)  # the same few hosts with every save
def origin_of(url: str) -> str:
    """Normal form of an origin: scheme, host, port only where it is unusual."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # a port that is no number: no origin of ours
        return "null"
    if not parts.scheme or not parts.hostname:
        return "null"
    shown = "" if port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f":{port}"
    return f"{parts.scheme}://{parts.hostname}{shown}"


class CrossOriginMiddleware:
    """Refuses with 403 what `allowed` refuses, before anything of the request is read."""

    def __init__(self, app: ASGIApp, *, base_url: str) -> None:
        self._app = app
        self._own = origin_of(base_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 403."""
        if scope["type"] != "http" or scope["method"] in _READING:
            await self._app(scope, receive, send)
            return
        site = origin = host = None
        for name, value in scope["headers"]:
            if name == b"sec-fetch-site":
                site = value.decode("latin-1")
            elif name == b"origin":
                origin = value.decode("latin-1")
            elif name == b"host":
                host = value.decode("latin-1")
        # The address the browser used counts as ours too: on a developer's machine the
        # service is reached as localhost and as 127.0.0.1.
        own = (self._own, origin_of(f"{scope['scheme']}://{host}")) if host else (self._own,)
        if allowed(
            method=scope["method"],
            kind=kind_of(scope["path"]),
            site=site,
            origin=origin,
            own=own,
        ):
            await self._app(scope, receive, send)
            return
        from starlette.requests import Request  # noqa: PLC0415 - only on refusal

        from app import problems  # noqa: PLC0415 - renders errors; imports templates

        response = problems.render(Request(scope), CrossOrigin())
        await response(scope, receive, send)
