"""No request body beyond what a questionnaire can have; the refusal is a page like any other.

Starlette's own middleware answers with two words of plain text, in no language of ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from starlette.requests import Request

from app import problems

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyLimitMiddleware:
    """Refuses a body of more than ``limit`` bytes with 413, whether announced or streamed.

    ``larger``: other limits for paths, by regular expression. Their routes judge who asks
    before they read the body.
    """

    def __init__(
        self, app: ASGIApp, *, limit: int, larger: Mapping[str, int] | None = None
    ) -> None:
        self._app = app
        self._limit = limit
        self._larger = [(re.compile(path), more) for path, more in (larger or {}).items()]

    def _of(self, path: str) -> tuple[int, type[problems.BodyTooLarge]]:
        for pattern, more in self._larger:
            if pattern.fullmatch(path):
                return more, problems.FileTooLarge
        return self._limit, problems.BodyTooLarge

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting what arrives."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        limit, too_large = self._of(scope["path"])
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit() and int(value) > limit:
                response = problems.render(Request(scope), too_large())
                response.headers["connection"] = "close"  # the body is still on its way
                await response(scope, receive, send)
                return
        arrived = 0

        async def counted() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > limit:
                raise too_large
            return message

        await self._app(scope, counted, send)
