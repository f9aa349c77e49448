"""No request body beyond what a questionnaire can have; the refusal is a page like any other.

Starlette's own middleware answers with two words of plain text, in no language of ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request

from app import problems

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyLimitMiddleware:
    """Refuses a body of more than ``limit`` bytes with 413, whether announced or streamed."""

    def __init__(self, app: ASGIApp, *, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting what arrives."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit() and int(value) > self._limit:
                response = problems.render(Request(scope), problems.BodyTooLarge())
                response.headers["connection"] = "close"  # the body is still on its way
                await response(scope, receive, send)
                return
        arrived = 0

        async def counted() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > self._limit:
                raise problems.BodyTooLarge
            return message

        await self._app(scope, counted, send)
