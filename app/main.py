"""The web service: one application, made from settings.

Middlewares are plain ASGI (a `BaseHTTPMiddleware` costs a task a request). From outside in:
security headers, static files, compression, body limit, cross-origin check, then the routes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI
from secure import (
    ContentSecurityPolicy,
    CrossOriginOpenerPolicy,
    CrossOriginResourcePolicy,
    PermissionsPolicy,
    ReferrerPolicy,
    Secure,
    StrictTransportSecurity,
    XContentTypeOptions,
    XFrameOptions,
)
from starlette_compress import CompressMiddleware

import analysis
from app.settings import Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from app.db import Database
    from app.demo.routes import Demo

BODY_LIMIT = 64 * 1024
"""Bytes of a request body; a full questionnaire with long open answers is under 8 KB."""
LARGER_BODIES = {r"/staff/k/[^/]+/(anggota/impor|kode)(/\w+)?": 2 * 1024 * 1024}
"""Where a roster comes in, or goes round as a sealed field of its preview; 20,000 people."""
WATCH_MINUTES = 60
"""How often answers are counted against what was deleted (`app.rights.watch`), and closed
waves' rows laid anew (`app.waves.laying`)."""
SWEEP_SECONDS = 60
REPORT_CSS = Path(analysis.__file__).with_name("report") / "report.css"
"""The analysis's own style sheet; its folder is read, none of its modules is imported."""
log = logging.getLogger("guyub")


def create_app(settings: Settings, *, demo: Demo | None = None) -> FastAPI:
    """Make the application; nothing is opened before the server starts it.

    ``demo`` (with ``settings.demo``) brings the front page and routes of the demo.
    """
    from app import health, home, problems  # noqa: PLC0415 - one place names the routes
    from app.assets import Assets, AssetsMiddleware  # noqa: PLC0415
    from app.auth.tokens import Throttle  # noqa: PLC0415
    from app.back_office import BackOffice  # noqa: PLC0415
    from app.body_limit import BodyLimitMiddleware  # noqa: PLC0415
    from app.datasets.workshop import Workshop  # noqa: PLC0415
    from app.origin import CrossOriginMiddleware  # noqa: PLC0415
    from app.pages import Pages  # noqa: PLC0415
    from app.rights import routes as rights  # noqa: PLC0415
    from app.scorecards import public as results  # noqa: PLC0415
    from app.surveys import routes as surveys  # noqa: PLC0415

    app = FastAPI(
        title="Guyub",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # addresses stay here
        lifespan=_lifespan,
    )
    app.state.settings = settings
    app.state.assets = Assets(beside=(REPORT_CSS,))
    app.state.pages = Pages(assets=app.state.assets, base_url=settings.base_url)
    # Plain routes, taken over as they are: FastAPI matches an included router twice a request.
    app.router.routes.extend(surveys.router.routes)
    app.include_router(rights.router)
    app.include_router(results.router)
    app.include_router(health.router)
    app.include_router(home.router)
    app.state.workshop = Workshop(settings)
    app.state.throttle = Throttle()
    app.state.back_office = BackOffice(app)
    app.router.routes.append(app.state.back_office)
    app.state.demo = demo if settings.demo else None
    if app.state.demo is not None:
        from app.demo import routes  # noqa: PLC0415 - mounted with DEMO only

        app.include_router(routes.router)
    problems.install(app)

    # The last one added is the outermost.
    app.add_middleware(CrossOriginMiddleware, base_url=settings.base_url)
    app.add_middleware(BodyLimitMiddleware, limit=BODY_LIMIT, larger=LARGER_BODIES)
    # At zstd's level 1 pages are 3 % larger than at the default and cost half to compress.
    app.add_middleware(CompressMiddleware, minimum_size=600, zstd_level=1)
    app.add_middleware(AssetsMiddleware, assets=app.state.assets)
    app.add_middleware(HeadersMiddleware, headers=security_headers(settings).headers)
    return app


class HeadersMiddleware:
    """Adds the same headers to every answer; none of ours sets one of them itself.

    They are encoded once. `secure`'s own middleware encodes and compares all of them for
    every answer, which cost as much as reading a save's form.
    """

    def __init__(self, app: ASGIApp, *, headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in headers.items()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and its answer with the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *self._headers]
            await send(message)

        await self._app(scope, receive, send_with_headers)


def security_headers(settings: Settings) -> Secure:
    """The headers of every answer: nothing inline, nothing from elsewhere, no frame.

    `same-origin` as referrer policy: with `no-referrer` Chromium sends ``Origin: null`` on
    a form's own POST, and the cross-origin check would refuse it.
    """
    policy = (
        ContentSecurityPolicy()
        .default_src("'none'")
        .style_src("'self'")
        .script_src("'self'")
        .img_src("'self'")
        .connect_src("'self'")
        .form_action("'self'")
        .base_uri("'none'")
        .frame_ancestors("'none'")
    )
    https = settings.base_url.startswith("https://")
    return Secure(
        csp=policy,
        referrer=ReferrerPolicy().same_origin(),
        xcto=XContentTypeOptions().nosniff(),
        xfo=XFrameOptions().deny(),
        coop=CrossOriginOpenerPolicy().same_origin(),
        corp=CrossOriginResourcePolicy().same_origin(),
        permissions=PermissionsPolicy().camera().microphone().geolocation(),
        hsts=StrictTransportSecurity().max_age(31536000) if https else None,
    )


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    from anyio import to_thread  # noqa: PLC0415 - opened with the server, not at import

    from app.auth import CodeDoor  # noqa: PLC0415 - as above
    from app.db import THREADS, Database  # noqa: PLC0415 - as above
    from app.jobs.supervisor import Supervisor  # noqa: PLC0415
    from app.rights.erasing import finish  # noqa: PLC0415 - as above
    from app.store import Store  # noqa: PLC0415

    settings: Settings = app.state.settings
    # The default of 40 threads gives nothing on a few cores, and each keeps a connection
    # and a memory arena: 20 MB more after a rush of 200 people.
    to_thread.current_default_thread_limiter().total_tokens = THREADS
    database = Database(settings)
    store = Store(database)
    store.open()  # a second server on the same SQLite file is refused now, not at a save
    app.state.database, app.state.store = database, store
    app.state.door = CodeDoor(database)  # one for all pages: wrong codes are counted together
    await asyncio.to_thread(finish, database, at=datetime.now(UTC))  # what a crash left undone
    supervisor = app.state.supervisor = Supervisor(database)
    stopping = asyncio.Event()
    sweeper = asyncio.create_task(_sweep_every_minute(database, stopping))
    try:
        yield
    finally:
        await supervisor.stop()
        app.state.workshop.close()
        stopping.set()
        await sweeper
        app.state.door.close()
        store.close()
        database.close()


async def _sweep_every_minute(database: Database, stopping: asyncio.Event) -> None:
    """Close waves whose time is over; a failure is logged and tried again.

    Told to stop, and not cancelled: a sweep is in a thread and would go on with a connection
    of its own after the store is closed.
    """
    from app.waves.service import sweep_now  # noqa: PLC0415

    for minute in count(1):
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), SWEEP_SECONDS)
            return
        try:
            await asyncio.to_thread(sweep_now, database, now=datetime.now(UTC))
            if minute % WATCH_MINUTES == 0:
                from app.rights import watch  # noqa: PLC0415 - not before the first hour is over
                from app.waves.laying import lay_anew  # noqa: PLC0415

                await asyncio.to_thread(watch.look, database, at=datetime.now(UTC))
                await asyncio.to_thread(lay_anew, database)
        except Exception:
            log.exception("The sweep of waves failed; it is tried again in a minute")
