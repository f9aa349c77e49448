"""Pages of the demo: data sets to download, the first analysis to read.

Mounted with DEMO only, and serves only waves marked simulated (permission ``demo.read``):
until staff can sign in, this is how the researcher's end of the way is shown.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from app.auth import Now, Permission, Role, asks, sessions
from app.demo.products import DataSet, analysis_folder, newest
from app.demo.sign_ins import SignIns, begin_session
from app.errors import AppError
from app.pages import Pages, language_of, page_of
from app.problems import NotFound
from app.settings import Settings
from app.staff.start import ROLE_DUTIES, ROLE_NAMES

router = APIRouter(prefix="/demo")

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*", re.IGNORECASE)
_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".sav": "application/x-spss-sav",
    ".sps": "text/plain; charset=utf-8",
    ".r": "text/plain; charset=utf-8",
}


class LinkUsed(AppError):
    """A link of the demo works once."""

    status = 410
    slug = "link-used"
    title_id = "Tautan demo ini sudah dipakai"
    title_en = "This link of the demo was used"
    hint_id = "Di halaman depan demo ada yang baru."
    hint_en = "The demo's front page has a new one."


@dataclass
class Demo:
    """What the demo shows; made by `app.demo.start`, kept on ``app.state.demo``."""

    slug: str
    community: str
    waves: tuple[str, ...]
    """Names of the simulated waves, oldest first."""
    codes: tuple[str, ...]
    """Codes of members who have not answered yet, for trying the survey; only in memory."""
    sign_ins: SignIns = field(default_factory=lambda: SignIns({}))
    """One-time links to an account in each role; only in memory."""
    running: asyncio.Task[None] | None = None
    failure: str = ""
    background: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def links(self) -> list[tuple[str, str]]:
        """Name of the role (a message) and its link's path."""
        return [
            (ROLE_NAMES[role], f"/demo/masuk/{token}")
            for role, token in self.sign_ins.tokens.items()
        ]

    @property
    def chair(self) -> str:
        """Path of the one-time link to the chair's account; empty where there is none."""
        token = self.sign_ins.tokens.get(Role.CHAIR)
        return f"/demo/masuk/{token}" if token else ""

    @property
    def busy(self) -> bool:
        """Whether data sets and analyses are being made."""
        return self.running is not None and not self.running.done()


@dataclass(frozen=True, slots=True)
class WaveProducts:
    """One wave on the page."""

    name: str
    number: int
    dataset: DataSet | None
    analysed: bool


def _demo(request: Request) -> Demo:
    demo: Demo = request.app.state.demo
    return demo


@router.get("/data", response_class=HTMLResponse)
@asks(Permission.DEMO_READ)
def data(request: Request) -> HTMLResponse:
    """List the data sets and analyses of the simulated waves."""
    demo, settings = _demo(request), request.app.state.settings
    language = language_of(request.query_params.get("lang"))
    waves = [
        WaveProducts(
            name,
            number,
            newest(settings, name),
            (analysis_folder(settings, name) / "report.html").exists(),
        )
        for number, name in enumerate(demo.waves, 1)
    ]
    body = request.app.state.pages.render(
        "demo/data.html",
        language,
        page=page_of(request, language),
        demo=demo,
        waves=waves,
        busy=demo.busy,
        failure=demo.failure,
    )
    headers = {"cache-control": "no-store"} | ({"refresh": "2"} if demo.busy else {})
    return HTMLResponse(body, headers=headers)


@router.post("/segarkan")
@asks(Permission.DEMO_READ)
async def refresh(request: Request) -> RedirectResponse:
    """Make data sets and analyses anew, in a process of their own."""
    demo, settings = _demo(request), request.app.state.settings
    if not demo.busy:
        demo.running = asyncio.create_task(_make(demo, settings))
    query = "?lang=en" if request.query_params.get("lang") == "en" else ""
    return RedirectResponse(f"/demo/data{query}", 303)


async def _make(demo: Demo, settings: Settings) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app.demo.products",
        *demo.waves,
        env=product_environment(settings),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await process.communicate()
    demo.failure = "" if process.returncode == 0 else errors.decode(errors="replace")[-2000:]


@router.get("/masuk/{token}", response_class=HTMLResponse)
@asks(Permission.DEMO_READ)
def sign_in_page(request: Request, token: str) -> HTMLResponse:
    """Say whose account this is; signing in is a POST, since chat apps open links."""
    role = _demo(request).sign_ins.role_of(token)
    if role is None:
        raise LinkUsed
    language = language_of(request.query_params.get("lang"))
    pages: Pages = request.app.state.pages
    body = pages.render(
        "demo/sign-in.html",
        language,
        page=page_of(request, language),
        token=token,
        role=pages.text(language, ROLE_NAMES[role]),
        duty=pages.text(language, ROLE_DUTIES[role]),
    )
    return HTMLResponse(body, headers={"cache-control": "no-store"})


@router.post("/masuk/{token}")
@asks(Permission.DEMO_READ)
def sign_in(request: Request, token: str, now: Now) -> RedirectResponse:
    """Use the link up and begin a session."""
    sign_ins = _demo(request).sign_ins
    role = sign_ins.use(token)
    if role is None:
        raise LinkUsed
    cookie = begin_session(request.app.state.database, sign_ins.accounts[role], now)
    response = RedirectResponse("/staff", 303, headers={"cache-control": "no-store"})
    sessions.set_cookie(response, request.app.state.settings, cookie)
    return response


def product_environment(settings: Settings) -> dict[str, str]:
    """Settings for the process that makes data sets and analyses; one BLAS thread."""
    return os.environ | {
        "GUYUB_DATA_DIR": str(settings.data_dir.absolute()),
        "GUYUB_DATABASE_URL": settings.database_url,
        "OPENBLAS_NUM_THREADS": "1",
    }


@router.get("/data/{file}")
@asks(Permission.DEMO_READ)
def data_file(request: Request, file: str) -> Response:
    """Download one file of the newest data sets."""
    demo, settings = _demo(request), request.app.state.settings
    for wave in demo.waves:
        made = newest(settings, wave)
        if made is not None and file in made.files:
            return _file(made.folder / file, download=True)
    raise NotFound


@router.get("/analisis/{wave}/{file}")
@asks(Permission.DEMO_READ)
def analysis_file(request: Request, wave: str, file: str) -> Response:
    """Show one file of a wave's analysis."""
    demo, settings = _demo(request), request.app.state.settings
    if wave not in demo.waves or not _NAME.fullmatch(file):
        raise NotFound
    return _file(analysis_folder(settings, wave) / file, download=file.endswith(".csv"))


def _file(path: Path, *, download: bool) -> Response:
    kind = _TYPES.get(path.suffix.lower())
    if kind is None or not path.is_file():
        raise NotFound
    return FileResponse(
        path,
        media_type=kind,
        filename=path.name if download else None,
        headers={"cache-control": "no-cache"},
    )
