"""The driver: many browsers in one cheap process, over raw HTTP/1.1 keep-alive connections.

It reads one `Job` from a JSON file, plays it and writes what it saw to another. Every
respondent is a distinct person with a connection of their own, as every phone is. `httptools`
parses the answers; no HTTP client library comes near the server's own cost, and the driver
shares the machine with the server, so its own CPU seconds are part of what it reports.

Each respondent plays one shape of visit:

- ``sections``: landing, the static files, `mulai` (answers the form), one save a step answered
  204, submit (answers the receipt): what a browser with JavaScript does;
- ``once``: landing, the static files, `mulai`, one submit with everything in it;
- ``pages``: without JavaScript: every step posted as a form and answered with the whole document
  again, then the submit.
"""

from __future__ import annotations

import asyncio
import json
import re
import resource
import sys
import time
from array import array
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import quote_plus, urlencode

import httptools

HIDDEN = re.compile(rb'<input type="hidden" name="(id|rev|latar)" value="([^"]*)"')
CHROMIUM = (
    b"Connection: keep-alive\r\n"
    b'sec-ch-ua: "Chromium";v="138", "Not=A?Brand";v="8"\r\n'
    b"sec-ch-ua-mobile: ?1\r\n"
    b'sec-ch-ua-platform: "Android"\r\n'
    b"User-Agent: Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    b"Chrome/138.0.0.0 Mobile Safari/537.36\r\n"
    b"Accept-Encoding: gzip, deflate, br, zstd\r\n"
    b"Accept-Language: id-ID,id;q=0.9\r\n"
)
"""What Chromium on a phone sends with every request; over https it offers br and zstd."""
NAVIGATE = (
    b"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,"
    b"*/*;q=0.8\r\nUpgrade-Insecure-Requests: 1\r\nSec-Fetch-Site: same-origin\r\n"
    b"Sec-Fetch-Mode: navigate\r\nSec-Fetch-User: ?1\r\nSec-Fetch-Dest: document\r\n"
)
FETCH = (
    b"Accept: application/json\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\n"
    b"Sec-Fetch-Dest: empty\r\n"
)
SUBRESOURCE = (
    b"Accept: */*\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: no-cors\r\n"
    b"Sec-Fetch-Dest: style\r\n"
)


class UnexpectedAnswer(Exception):
    """The server answered other than the shape says; the visit is counted as failed."""


@dataclass(frozen=True)
class Script:
    """What respondents send; made by `tests.bench.script`."""

    slug: str
    consent: list[list[str]]
    """Name and value of the consent boxes."""
    code_field: str | None
    """Field of the participant code; None where the wave is open to all."""
    steps: list[list[list[str]]]
    """For each step of the form the name and value of each answer; one save a step."""
    static: list[str]
    """Paths of the static files a first visit fetches."""


@dataclass(frozen=True)
class Job:
    """One run of the driver."""

    host: str
    port: int
    shape: str
    clients: int
    respondents: int
    script: Script
    codes: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, text: str) -> Job:
        """Read what `write` wrote."""
        given = json.loads(text)
        given["script"] = Script(**given["script"])
        return cls(**given)

    def write(self) -> str:
        """The job as JSON."""
        return json.dumps(asdict(self))


@dataclass
class Outcome:
    """What the driver saw; times in ms, CPU in seconds."""

    completed: int = 0
    failed: int = 0
    faults: list[str] = field(default_factory=list)
    """The first few failures in words."""
    wall: float = 0.0
    cpu: float = 0.0
    received: int = 0
    sent: int = 0
    requests: int = 0
    steps: dict[str, list[float]] = field(default_factory=dict)
    """Step -> [count, p50, p95, max]; ``all`` is every request."""
    ids: list[str] = field(default_factory=list)


class Browser(asyncio.Protocol):
    """One connection; one request at a time."""

    def __init__(self, host: bytes) -> None:
        self.host = host
        self.cookies: dict[bytes, bytes] = {}
        self.received = 0
        self.sent = 0
        self.waiting: asyncio.Future[None] | None = None
        self.parser = httptools.HttpResponseParser(self)
        self.status = 0
        self.encoding = b""
        self.location = b""
        self.body: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        self.parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_exception(ConnectionResetError("the server closed the connection"))

    def on_header(self, name: bytes, value: bytes) -> None:
        lowered = name.lower()
        if lowered == b"content-encoding":
            self.encoding = value
        elif lowered == b"location":
            self.location = value
        elif lowered == b"set-cookie":
            key, _, rest = value.partition(b"=")
            self.cookies[key] = rest.partition(b";")[0]

    def on_body(self, data: bytes) -> None:
        self.body.append(data)

    def on_message_complete(self) -> None:
        self.status = self.parser.get_status_code()
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_result(None)
        self.parser = httptools.HttpResponseParser(self)

    async def ask(
        self,
        method: bytes,
        path: bytes,
        *,
        headers: bytes = NAVIGATE,
        body: bytes | None = None,
    ) -> int:
        """Send one request and return the status of its answer."""
        self.encoding = self.location = b""
        self.body = []
        parts = [method, b" ", path, b" HTTP/1.1\r\nHost: ", self.host, b"\r\n", CHROMIUM, headers]
        if self.cookies:
            pairs = b"; ".join(name + b"=" + value for name, value in self.cookies.items())
            parts += [b"Cookie: ", pairs, b"\r\n"]
        if body is None:
            parts.append(b"\r\n")
        else:
            parts += [
                b"Origin: http://",
                self.host,
                b"\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ",
                str(len(body)).encode(),
                b"\r\n\r\n",
                body,
            ]
        message = b"".join(parts)
        self.sent += len(message)
        self.waiting = asyncio.get_running_loop().create_future()
        self.transport.write(message)  # type: ignore[attr-defined]
        await self.waiting
        return self.status

    def content(self) -> bytes:
        """The decoded body of the last answer."""
        body = b"".join(self.body)
        if not self.encoding:
            return body
        if self.encoding == b"zstd":
            import zstandard

            return zstandard.ZstdDecompressor().decompressobj().decompress(body)
        if self.encoding == b"br":
            import brotli

            return brotli.decompress(body)
        import zlib

        return zlib.decompress(body, wbits=47)


class Bodies:
    """The form posts of one script, encoded once; a respondent adds what the form page says."""

    def __init__(self, script: Script) -> None:
        self.start = _encode(script.consent)
        if script.code_field is not None:
            self.start += b"&" + script.code_field.encode() + b"="
        last = len(script.steps)
        everything = [pair for step in script.steps for pair in step]
        self.saves: list[bytes] = []
        """With JavaScript: the state after each step, and one more save before the submit."""
        self.pages: list[bytes] = []
        """Without: the same answers, and the button pressed."""
        given: list[list[str]] = []
        for number, step in enumerate(script.steps, start=1):
            given += step
            answered = {name for name, _ in given}
            state = [pair for pair in everything if pair[0] in answered or not pair[1]]
            shown = min(number + 1, last)
            self.saves.append(_encode(_by_script(shown, number, last) + state))
            self.pages.append(_encode([*_PLAIN, ["ke", str(shown)], *state]))
        self.submit = _encode([*_by_script(last, last, last), *everything, ["final", "1"]])
        self.once = _encode([*_PLAIN, *everything, ["final", "1"]])


_PLAIN = [["lang", "id"], ["lihat", ""], ["detik", ""], ["ditanya", ""], ["layar", ""]]


def _by_script(shown: int, timed: int, steps: int) -> list[list[str]]:
    """The hidden fields as the page's script fills them: steps shown, seconds on each."""
    seconds = ",".join(f"{20 + n}.5" if n < timed else "0" for n in range(steps))
    seen = ",".join(str(n) for n in range(1, shown + 1))
    return [
        ["lang", "id"],
        ["lihat", seen],
        ["detik", seconds],
        ["ditanya", ""],
        ["layar", "js"],
    ]


def _encode(pairs: list[list[str]]) -> bytes:
    return urlencode([(name, value) for name, value in pairs]).encode()


class FormPage:
    """What a form page says about itself."""

    def __init__(self, html: bytes) -> None:
        hidden = dict(HIDDEN.findall(html))
        if b"id" not in hidden:
            raise UnexpectedAnswer("the form carries no submission id")
        self.id: bytes = hidden.pop(b"id")
        self.rev = int(hidden.pop(b"rev", b"1"))
        self._rest = b"".join(
            b"%b=%b&" % (name, quote_plus(value).encode()) for name, value in hidden.items()
        )

    def body(self, rev: int, rest: bytes) -> bytes:
        """A post of this form."""
        return b"id=%b&rev=%d&%b%b" % (self.id, rev, self._rest, rest)


class Driver:
    """Plays a job."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.bodies = Bodies(job.script)
        self.base = f"/s/{job.script.slug}".encode()
        self.host = f"{job.host}:{job.port}".encode()
        self.static = [path.encode() for path in job.script.static]
        self.times: dict[str, array[float]] = {}
        self.outcome = Outcome()
        self.people: Iterator[int] = iter(range(job.respondents))

    async def step(
        self,
        browser: Browser,
        name: str,
        *request: bytes,
        headers: bytes = NAVIGATE,
        body: bytes | None = None,
        expected: int = 200,
    ) -> None:
        """One timed request; raises `UnexpectedAnswer` on any other status."""
        begun = time.perf_counter()
        status = await browser.ask(*request, headers=headers, body=body)
        self.times.setdefault(name, array("d")).append(time.perf_counter() - begun)
        if status != expected:
            words = re.sub(rb"<[^>]*>|\s+", b" ", browser.content())[:300].decode(errors="replace")
            raise UnexpectedAnswer(f"{name}: {status} instead of {expected}: {words}")

    async def visit(self, browser: Browser, person: int) -> None:
        """One respondent, from the landing page to the receipt."""
        await self.step(browser, "landing", b"GET", self.base)
        for path in self.static:
            await self.step(browser, "static", b"GET", path, headers=SUBRESOURCE)
        start = self.bodies.start
        if self.job.script.code_field is not None:
            start += self.job.codes[person].encode()
        await self.step(browser, "start", b"POST", self.base + b"/mulai", body=start)
        page = FormPage(browser.content())
        revs = count(page.rev)
        if self.job.shape == "sections":
            for save in self.bodies.saves:
                await self.step(
                    browser,
                    "save",
                    b"POST",
                    self.base + b"/simpan",
                    headers=FETCH,
                    body=page.body(next(revs), save),
                    expected=204,
                )
            last = self.bodies.submit
        elif self.job.shape == "pages":
            for save in self.bodies.pages:
                await self.page(browser, page.body(next(revs), save))
            last = self.bodies.once
        else:
            last = self.bodies.once
        body = page.body(next(revs), last)
        await self.step(browser, "submit", b"POST", self.base + b"/kirim", body=body)
        self.outcome.ids.append(page.id.decode())

    async def page(self, browser: Browser, body: bytes) -> None:
        """One section without JavaScript: the post, and the page it leads to."""
        begun = time.perf_counter()
        status = await browser.ask(b"POST", self.base + b"/simpan", body=body)
        if status == 303:
            self.outcome.requests += 1
            status = await browser.ask(b"GET", browser.location)
        self.times.setdefault("page", array("d")).append(time.perf_counter() - begun)
        if status != 200:
            raise UnexpectedAnswer(f"page: {status} instead of 200")

    async def client(self) -> None:
        """One of the simultaneous clients: a respondent after the other."""
        loop = asyncio.get_running_loop()
        for person in self.people:
            browser = Browser(self.host)
            try:
                await loop.create_connection(lambda b=browser: b, self.job.host, self.job.port)
                await self.visit(browser, person)
            except (OSError, UnexpectedAnswer) as fault:
                self.outcome.failed += 1
                if len(self.outcome.faults) < 5:
                    self.outcome.faults.append(str(fault))
            else:
                self.outcome.completed += 1
            self.outcome.received += browser.received
            self.outcome.sent += browser.sent
            if hasattr(browser, "transport"):
                browser.transport.close()

    async def play(self) -> Outcome:
        """Play the job to its end."""
        begun, cpu = time.perf_counter(), _cpu()
        await asyncio.gather(*(self.client() for _ in range(self.job.clients)))
        self.outcome.wall = time.perf_counter() - begun
        self.outcome.cpu = _cpu() - cpu
        every: array[float] = array("d")
        for name, times in self.times.items():
            self.outcome.steps[name] = _quantiles(times)
            every.extend(times)
        self.outcome.steps["all"] = _quantiles(every)
        self.outcome.requests += len(every)
        return self.outcome


def _quantiles(times: array[float]) -> list[float]:
    if not times:
        return [0, 0.0, 0.0, 0.0]
    ordered = sorted(times)
    last = len(ordered) - 1
    chosen = (ordered[round(last * share)] * 1000 for share in (0.5, 0.95, 1.0))
    return [len(ordered), *(round(value, 3) for value in chosen)]


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Play the job in the first file, write the outcome to the second."""
    import gc

    import uvloop

    asked, seen = (Path(name) for name in sys.argv[1:])
    job = Job.read(asked.read_text())
    gc.freeze()
    outcome = uvloop.run(Driver(job).play())
    seen.write_text(json.dumps(asdict(outcome)))


if __name__ == "__main__":
    main()
