"""The desk, the API and what they keep: imported at the first request for one of them.

A member's page needs none of it, and reading a hundred staff routes costs a third of what
starting the service costs (decision 0031). `BackOffice` stands in the application's list of
routes and hands on whatever begins with ``/staff`` or ``/api``.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from anyio import to_thread
from fastapi import APIRouter, FastAPI
from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

PREFIXES = ("/staff", "/api")


class BackOffice(BaseRoute):
    """The routes of staff and programs, made when somebody comes for them."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._router: APIRouter | None = None
        self._making = threading.Lock()

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Take requests whose path begins with one of `PREFIXES`."""
        path = f"{scope.get('path', '')}/"
        mine = scope["type"] == "http" and any(path.startswith(f"{one}/") for one in PREFIXES)
        return (Match.FULL if mine else Match.NONE), {}

    def url_path_for(self, name: str, /, **path_params: object) -> URLPath:
        """Name no address: staff pages write their own."""
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on; the first one waits for the import, in a thread."""
        router = self._router if self._router is not None else await to_thread.run_sync(self.router)
        await router(scope, receive, send)

    def router(self) -> APIRouter:
        """Return the router behind it, made once."""
        with self._making:
            if self._router is None:
                self._router = _make(self._app)
            return self._router


def _make(app: FastAPI) -> APIRouter:
    from app.api import routes as api  # noqa: PLC0415 - this import is what waits
    from app.api import token_routes  # noqa: PLC0415
    from app.datasets import routes as datasets  # noqa: PLC0415
    from app.members import code_routes as codes  # noqa: PLC0415
    from app.members import routes as members  # noqa: PLC0415
    from app.reports import routes as reports  # noqa: PLC0415
    from app.reports import text_routes  # noqa: PLC0415
    from app.rights import inbox_routes as inbox  # noqa: PLC0415
    from app.rights import proof_routes as proofs  # noqa: PLC0415
    from app.scorecards import routes as scorecards  # noqa: PLC0415
    from app.staff import routes as staff  # noqa: PLC0415
    from app.staff.sign_in import SignInCounter  # noqa: PLC0415
    from app.surveys import preview  # noqa: PLC0415
    from app.waves import communities  # noqa: PLC0415
    from app.waves import routes as waves  # noqa: PLC0415

    app.state.sign_ins = SignInCounter()
    router = APIRouter(dependency_overrides_provider=app)
    for room in (
        staff, communities, members, codes, waves, preview, inbox, proofs,
        datasets, reports, text_routes, scorecards, token_routes, api,
    ):  # fmt: skip
        router.include_router(room.router)
    return router
