"""One running server with communities in every situation, one Chromium, watched pages."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from sqlmodel import Session, select

from app.auth import sessions
from app.db import Database
from app.settings import Settings
from app.tables import Community, RoleGrant, Staff
from instrument import registry
from tests.surveys.conftest import Place, Town

expect.set_options(timeout=30_000)  # five seconds are few beside other work
INSTRUMENT = registry.find("partnership")
ITEMS = INSTRUMENT.form("full").items
STEPS = 12
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SERVER_LOG = "server.log"
SERVE = """
import sys, uvicorn
from app.main import create_app
from app.settings import Settings
settings = Settings(data_dir=sys.argv[1], base_url="http://127.0.0.1:" + sys.argv[2])
uvicorn.run(create_app(settings), host="127.0.0.1", port=int(sys.argv[2]), access_log=False)
"""
STORAGE_THROWS = """
for (const name of ['getItem', 'setItem', 'removeItem', 'key', 'clear'])
  Storage.prototype[name] = () => { throw new DOMException('blocked', 'SecurityError') };
Object.defineProperty(window, 'localStorage', {
  get() { throw new DOMException('blocked', 'SecurityError') }});
"""
WATCH = """
document.addEventListener('securitypolicyviolation',
  event => console.error('CSP violation: ' + event.violatedDirective + ' ' + event.blockedURI));
"""
_EXPECTED = (
    "the server responded with a status of 4",  # pages that say no on purpose
    "Autofocus processing was blocked",  # our script had moved the focus there already
    "net::ERR_INTERNET_DISCONNECTED",
    "net::ERR_FAILED",
)


def chromium() -> str | None:
    """Path of the installed Chromium."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what needs Chromium; where there is none, leave it out and say so (CI: fail)."""
    here = Path(__file__).parent
    mine = [item for item in items if here in item.path.parents]
    for item in mine:
        item.add_marker(pytest.mark.browser)
    if mine and chromium() is None and os.environ.get("CI") != "true":
        items[:] = [item for item in items if item not in mine]
        config.hook.pytest_deselected(items=mine)
        print("\nNo Chromium here: browser tests are left out (apt-get install chromium).")


@dataclass
class House:
    """The running server and what it serves."""

    address: str
    folder: Path
    town: Town
    log: Path
    places: dict[str, Place]
    _codes: Iterator[str] = field(default_factory=lambda: iter(()))

    def code(self) -> str:
        """A code of the main community that nobody has used."""
        return next(self._codes)

    def url(self, path: str = "", language: str = "id", slug: str = "sidoarjo") -> str:
        """Address of a member page."""
        return f"{self.address}/s/{slug}{path}" + ("?lang=en" if language == "en" else "")

    def stored(self, table: str, submission_id: str) -> dict[str, Any] | None:
        """A row of ``draft`` or ``response``, read past the server."""
        with sqlite3.connect(f"file:{self.folder}/guyub.sqlite3?mode=ro", uri=True) as store:
            store.row_factory = sqlite3.Row
            wanted = submission_id.replace("-", "")
            for row in store.execute(f"SELECT * FROM {table}"):
                if str(row["id"]).replace("-", "") == wanted:
                    return dict(row)
        return None

    def answers(self, table: str, submission_id: str) -> dict[str, int] | None:
        """Stored bytes by item."""
        row = self.stored(table, submission_id)
        if row is None:
            return None
        return dict(zip(INSTRUMENT.item_codes, row["answers"], strict=True))


@pytest.fixture(scope="session")
def house(
    tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Callable[[Path], None]
) -> Iterator[House]:
    """Found the communities, start the server, stop it at the end."""
    folder = tmp_path_factory.mktemp("house")
    migrated_sqlite(folder)
    settings = Settings(data_dir=folder)
    database = Database(settings)
    town = Town(database)
    places = {
        "sidoarjo": town.found("sidoarjo", codes=150, is_simulated=True),
        "nyata": town.found("nyata", codes=6),
        "terbuka": town.found("terbuka", codes=0, access="open"),
        "tutup": town.found("tutup", closed=True),
        "nanti": town.found("nanti", early=True),
        "kosong": town.found("kosong", wave=False),
    }
    with served(folder) as address:
        log = folder / SERVER_LOG
        yield House(address, folder, town, log, places, iter(places["sidoarjo"].codes))
    database.close()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Run the server on a store; its address, and its words in ``SERVER_LOG`` beside it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / SERVER_LOG
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(folder), str(port)],
            stdout=out,
            stderr=subprocess.STDOUT,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        )
        address = f"http://127.0.0.1:{port}"
        try:
            _wait_for(address, process, log)
            yield address
        finally:
            process.terminate()
            process.wait(timeout=30)


def signed_in(session: Session, settings: Settings, name: str, role: str) -> str:
    """The cookie of a new account that has a role in every community there is."""
    now = datetime.now(UTC)
    staff = Staff(email=f"{name.lower()}@guyub.test", name=name, created_at=now)
    session.add(staff)
    session.flush()
    assert staff.id is not None
    for place in session.exec(select(Community)).all():
        session.add(
            RoleGrant(
                staff_id=staff.id, community_id=place.id, role=role, granted_at=now,
                granted_by="test",
            )
        )  # fmt: skip
    return sessions.start_session(session, settings, staff_id=staff.id, at=now, second_factor=True)


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(120):
        try:
            if httpx.get(f"{address}/healthz").status_code == 200:
                return
        except httpx.TransportError:
            assert process.poll() is None, log.read_text()
        time.sleep(0.25)
    raise AssertionError(log.read_text())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A file's Chromium. Not the session's: Playwright keeps an event loop in this thread
    while it runs, and `asyncio.run` of the tests after it would be refused.
    """
    path = chromium()
    assert path, "no Chromium: apt-get install chromium"
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=path, args=ARGS)
        yield started
        started.close()


class Phones:
    """Makes contexts (a phone each), watches their consoles, closes them."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._open: list[BrowserContext] = []
        self.complaints: list[str] = []

    def context(self, width: int = 360, *, storage: bool = True, **options: Any) -> BrowserContext:
        """A phone of that width; ``storage=False``: its localStorage throws."""
        context = self._browser.new_context(
            viewport={"width": width, "height": 740}, timezone_id="Asia/Jakarta", **options
        )
        context.set_default_timeout(30_000)  # a gate is asserted; this only ends a hang
        if options.get("java_script_enabled", True):
            context.add_init_script(WATCH)
        if not storage:
            context.add_init_script(STORAGE_THROWS)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.complaints.append(f"page error: {error.error}"))
        self._open.append(context)
        return context

    def page(self, width: int = 360, **options: Any) -> Page:
        """The only page of a new phone."""
        return self.context(width, **options).new_page()

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning") and not any(
            known in message.text for known in _EXPECTED
        ):
            self.complaints.append(f"{message.type}: {message.text}")

    def close(self) -> None:
        """Close all; B7: no policy violation and no script error in the whole run."""
        for context in self._open:
            context.close()
        assert self.complaints == []


@pytest.fixture
def phones(browser: Browser) -> Iterator[Phones]:
    """A test's phones."""
    made = Phones(browser)
    yield made
    made.close()


def start(
    page: Page,
    house: House,
    code: str | None = None,
    *,
    language: str = "id",
    slug: str = "sidoarjo",
    boxes: tuple[str, ...] = ("adult", "research", "report", "sales"),
) -> str:
    """Consent and begin; returns the submission id."""
    page.goto(house.url(language=language, slug=slug))
    for box in boxes:
        page.check(f"[name=izin][value={box}]")
    if slug != "terbuka":
        page.fill("#kode", code or house.code())
    page.click(".do .go")
    page.wait_for_selector("#f")
    return str(page.get_attribute("#f [name=id]", "value"))


def choose(page: Page, code: str, value: int | str) -> None:
    """Tap the row of an answer."""
    page.click(f"label.row:has([name='{code}'][value='{value}'])")


def answer_step(page: Page, number: int, value: int = 4) -> None:
    """Answer everything of a step: items alike, the second option, 2, a few words."""
    step = page.locator(f"#b{number}")
    names = step.evaluate(
        "s => [...new Set([...s.querySelectorAll('[type=radio]')].map(i => i.name))]"
    )
    for name in names:
        choose(page, name, value if name in ITEMS else 2)
    for box in step.locator("input.num").all():
        box.fill("2")
    for box in step.locator("textarea").all():
        box.fill("Saling bantu saat bazar")


def advance(page: Page, number: int) -> None:
    """Press the step's button, and wait for the next step where there is JavaScript."""
    page.click(f"#b{number} .go")
    page.wait_for_selector(f"#b{number + 1} .go")


def saved(page: Page) -> None:
    """Wait until the save line says so."""
    page.wait_for_selector("#st[data-k=saved]")


def local(page: Page) -> dict[str, Any]:
    """What this phone remembers."""
    found = page.evaluate("() => JSON.stringify({...localStorage})")
    return {key: json.loads(value) for key, value in json.loads(found).items()}


def median(numbers: list[float]) -> float:
    """The middle one of an odd number of figures."""
    return sorted(numbers)[len(numbers) // 2]


def pairs(*lists: Any) -> list[Any]:
    """All combinations."""
    return list(itertools.product(*lists))
