"""The bytes and requests of one browser's whole visit, counted on the wire.

The visit is what a browser with JavaScript does; sub-resources are those a browser would
fetch for the HTML it got (style sheets, scripts, icons, images, manifest, service worker,
``/favicon.ico`` where no icon is named), each once, and not again while its ``Cache-Control``
says it is fresh. Bytes are request and response bytes of HTTP/1.1, headers included.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import count

from tests.bench.driver import FETCH, NAVIGATE, SUBRESOURCE, Bodies, Browser, FormPage, Script
from tests.bench.floor import ID

FETCHED_RELS = frozenset({"stylesheet", "icon", "manifest", "preload", "modulepreload"})


@dataclass(frozen=True)
class Fetch:
    """One request of a visit."""

    kind: str
    """``page``, ``static`` or ``save``."""
    what: str
    status: int
    sent: int
    received: int
    encoding: str


@dataclass
class Visit:
    """All requests of one visit, in order."""

    fetches: list[Fetch] = field(default_factory=list)

    def requests(self, *kinds: str) -> int:
        """Number of requests of these kinds; of all but saves where none is named."""
        return sum(1 for one in self.fetches if one.kind in (kinds or ("page", "static")))

    @property
    def received(self) -> int:
        """Bytes from the server."""
        return sum(one.received for one in self.fetches)

    @property
    def sent(self) -> int:
        """Bytes to the server."""
        return sum(one.sent for one in self.fetches)


@dataclass(frozen=True)
class Kept:
    """Bodies of a visit, for a floor that serves the same bytes."""

    landing: bytes
    form: bytes
    receipt: bytes
    static: dict[str, tuple[bytes, str]]


class _Resources(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.paths: list[str] = []
        self.icon = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        rels = set(given.get("rel", "").lower().split())
        if tag == "link" and rels & FETCHED_RELS and given.get("href"):
            self.icon = self.icon or "icon" in rels
            self.paths.append(given["href"])
        elif tag in ("script", "img") and given.get("src"):
            self.paths.append(given["src"])


def resources(html: bytes) -> list[str]:
    """Paths a browser fetches for a page, in order and each once."""
    reader = _Resources()
    reader.feed(html.decode())
    paths = [path for path in reader.paths if path.startswith("/")]
    if not reader.icon:
        paths.append("/favicon.ico")
    return list(dict.fromkeys(paths))


class _Reader(Browser):
    """A browser that also notes freshness and type."""

    cache_control = b""
    content_type = b""

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        if name.lower() == b"cache-control":
            self.cache_control = value.lower()
        elif name.lower() == b"content-type":
            self.content_type = value


class Visitor:
    """One person's browser: its cache outlives a visit."""

    def __init__(self, host: str, port: int, script: Script) -> None:
        self.host, self.port = host, port
        self.script = script
        self.fresh: set[str] = set()
        self.static: dict[str, tuple[bytes, str]] = {}

    async def visit(self, code: str | None) -> tuple[Visit, Kept]:
        """Walk from the landing page to the receipt."""
        self.log = Visit()
        self.browser = _Reader(f"{self.host}:{self.port}".encode())
        await asyncio.get_running_loop().create_connection(
            lambda: self.browser, self.host, self.port
        )
        base = f"/s/{self.script.slug}"
        bodies = Bodies(self.script)
        landing = await self._page("GET", base)
        start = bodies.start + (code or "").encode()
        form = await self._page("POST", f"{base}/mulai", start)
        page = FormPage(form)
        revs = count(page.rev)
        for save in bodies.saves:
            await self._fetch("save", "POST", f"{base}/simpan", FETCH, page.body(next(revs), save))
        submit = page.body(next(revs), bodies.submit)
        receipt = await self._page("POST", f"{base}/kirim", submit)
        self.browser.transport.close()  # type: ignore[attr-defined]
        form = form.replace(page.id, ID)
        return self.log, Kept(landing, form, receipt, dict(self.static))

    async def _page(self, method: str, path: str, body: bytes | None = None) -> bytes:
        html = await self._fetch("page", method, path, NAVIGATE, body)
        for resource in resources(html):
            await self._resource(resource)
        return html

    async def _resource(self, path: str) -> None:
        if path in self.fresh:
            return
        text = await self._fetch("static", "GET", path, SUBRESOURCE)
        control = self.browser.cache_control
        age = re.search(rb"max-age=(\d+)", control)
        if age is not None and int(age[1]) > 0 and b"no-" not in control:
            self.fresh.add(path)
        kind = self.browser.content_type.decode()
        self.static[path] = (text, kind)
        worker = re.search(rb"""serviceWorker\.register\(\s*['"]([^'"]+)""", text)
        if worker is not None:
            await self._resource(worker[1].decode())

    async def _fetch(
        self, kind: str, method: str, path: str, headers: bytes, body: bytes | None = None
    ) -> bytes:
        browser = self.browser
        browser.cache_control = browser.content_type = b""
        sent, received = browser.sent, browser.received
        status = await browser.ask(method.encode(), path.encode(), headers=headers, body=body)
        self.log.fetches.append(
            Fetch(
                kind,
                f"{method} {path}",
                status,
                browser.sent - sent,
                browser.received - received,
                browser.encoding.decode(),
            )
        )
        content = browser.content()
        if status == 303:
            return await self._fetch(kind, "GET", browser.location.decode(), headers)
        return content
