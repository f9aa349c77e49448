"""The floor: a bare FastAPI app that answers a visit's requests with nothing but the insert.

It serves the bytes it was given (our own pages, fetched once), reads a form by `parse_qsl`,
turns the items into one byte each and stores them durably before it answers: SQLite with WAL,
``synchronous=FULL`` and one writer thread that commits for all waiting requests at once, or
PostgreSQL through a pool of psycopg connections. No consent, no codes, no checks, no headers,
no compression, no templates. `mulai` stores nothing, so the floor makes one commit fewer a
visit than our server: the ratio is the stricter for it.

``python -m tests.bench.floor --port 9000 --pages DIR --database sqlite:///FILE``
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import queue
import sqlite3
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl
from uuid import uuid4

import uvicorn
from fastapi import FastAPI, Request, Response

ID = b"00000000-0000-4000-8000-000000000000"
"""The submission id in the given form page; every visit gets its own instead."""
UPSERT = (
    "INSERT INTO response (id, rev, final, answers, extra) VALUES ({marks}) "
    "ON CONFLICT (id) DO UPDATE SET rev = excluded.rev, final = excluded.final, "
    "answers = excluded.answers, extra = excluded.extra WHERE excluded.rev > response.rev"
)

Row = tuple[str, int, int, bytes, str]


class Inserter(Protocol):
    """Stores one row and returns only after its commit."""

    async def open(self) -> None:
        """Make the table and be ready."""

    async def insert(self, row: Row) -> None:
        """Store the row durably."""

    async def close(self) -> None:
        """Store what waits, then let go."""


class SqliteInserter:
    """One writer thread; all rows that wait share one commit."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._rows: queue.SimpleQueue[tuple[Row, asyncio.Future[None]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="floor-writer", daemon=True)

    async def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def insert(self, row: Row) -> None:
        done = self._loop.create_future()
        self._rows.put((row, done))
        await done

    async def close(self) -> None:
        self._rows.put(None)
        await asyncio.to_thread(self._thread.join)

    def _write(self) -> None:
        connection = sqlite3.connect(self._path, isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS response (id TEXT PRIMARY KEY, rev INTEGER NOT NULL, "
            "final INTEGER NOT NULL, answers BLOB NOT NULL, extra TEXT NOT NULL) WITHOUT ROWID"
        )
        upsert = UPSERT.format(marks="?, ?, ?, ?, ?")
        going = True
        while going:
            batch = [self._rows.get()]
            with contextlib.suppress(queue.Empty):
                while True:
                    batch.append(self._rows.get_nowait())
            going = None not in batch
            waiting = [entry for entry in batch if entry is not None]
            connection.execute("BEGIN IMMEDIATE")
            for row, _ in waiting:
                connection.execute(upsert, row)
            connection.execute("COMMIT")
            self._loop.call_soon_threadsafe(_answer, [done for _, done in waiting])
        connection.close()


def _answer(waiting: Sequence[asyncio.Future[None]]) -> None:
    for done in waiting:
        if not done.done():  # the client may have gone
            done.set_result(None)


class PostgresInserter:
    """A pool of asynchronous psycopg connections, one transaction a row."""

    def __init__(self, url: str, size: int = 8) -> None:
        self._url = url
        self._size = size

    async def open(self) -> None:
        import psycopg

        self._free: asyncio.Queue[psycopg.AsyncConnection] = asyncio.Queue()
        for number in range(self._size):
            connection = await psycopg.AsyncConnection.connect(self._url, autocommit=True)
            if number == 0:
                await connection.execute(
                    "CREATE TABLE IF NOT EXISTS floor_response (id TEXT PRIMARY KEY, "
                    "rev INTEGER NOT NULL, final INTEGER NOT NULL, answers BYTEA NOT NULL, "
                    "extra TEXT NOT NULL)"
                )
            self._free.put_nowait(connection)
        self._upsert = UPSERT.format(marks="%s, %s, %s, %s, %s").replace(
            "response", "floor_response"
        )

    async def insert(self, row: Row) -> None:
        connection = await self._free.get()
        try:
            await connection.execute(self._upsert, row, prepare=True)
        finally:
            self._free.put_nowait(connection)

    async def close(self) -> None:
        for _ in range(self._size):
            await (await self._free.get()).close()


@dataclass(frozen=True)
class Page:
    """One answer, byte for byte."""

    body: bytes
    media_type: str


@dataclass(frozen=True)
class Pages:
    """What the floor answers: our own pages, or stand-ins of the same size."""

    landing: Page
    form: Page
    """Holds `ID` where the submission id stands."""
    receipt: Page
    static: dict[str, Page]
    """By path, as the landing page names them."""
    items: tuple[str, ...]

    def write(self, folder: Path) -> None:
        """Write them where a floor process finds them."""
        folder.mkdir(parents=True, exist_ok=True)
        index: dict[str, object] = {"items": self.items, "static": {}}
        named = {"landing": self.landing, "form": self.form, "receipt": self.receipt}
        for name, page in named.items():
            (folder / name).write_bytes(page.body)
            index[name] = page.media_type
        static: dict[str, list[str]] = {}
        for number, (path, page) in enumerate(self.static.items()):
            (folder / f"static-{number}").write_bytes(page.body)
            static[path] = [f"static-{number}", page.media_type]
        index["static"] = static
        (folder / "index.json").write_text(json.dumps(index))

    @classmethod
    def read(cls, folder: Path) -> Pages:
        """Read what `write` wrote."""
        index = json.loads((folder / "index.json").read_text())
        return cls(
            landing=Page((folder / "landing").read_bytes(), index["landing"]),
            form=Page((folder / "form").read_bytes(), index["form"]),
            receipt=Page((folder / "receipt").read_bytes(), index["receipt"]),
            static={
                path: Page((folder / name).read_bytes(), kind)
                for path, (name, kind) in index["static"].items()
            },
            items=tuple(index["items"]),
        )


def make_app(pages: Pages, inserter: Inserter) -> FastAPI:
    """The bare app."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await inserter.open()
        yield
        await inserter.close()

    app = FastAPI(lifespan=lifespan, openapi_url=None)
    known = frozenset(pages.items)

    async def store(request: Request, *, final: bool) -> None:
        given = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        answers = bytes(int(given.get(code, 0)) for code in pages.items)
        extra = {name: value for name, value in given.items() if name not in known and name != "id"}
        row = (given["id"], int(given["rev"]), int(final), answers, json.dumps(extra))
        await inserter.insert(row)

    def answer(page: Page) -> Response:
        return Response(page.body, media_type=page.media_type)

    @app.get("/s/{slug}")
    async def landing(slug: str) -> Response:
        return answer(pages.landing)

    @app.post("/s/{slug}/mulai")
    async def start(slug: str, request: Request) -> Response:
        dict(parse_qsl((await request.body()).decode()))
        body = pages.form.body.replace(ID, str(uuid4()).encode())
        return Response(body, media_type=pages.form.media_type)

    @app.post("/s/{slug}/simpan")
    async def save(slug: str, request: Request) -> Response:
        await store(request, final=False)
        return Response(status_code=204)

    @app.post("/s/{slug}/kirim")
    async def submit(slug: str, request: Request) -> Response:
        await store(request, final=True)
        return answer(pages.receipt)

    @app.get("/{path:path}")
    async def static(path: str) -> Response:
        return answer(pages.static["/" + path])

    return app


def main() -> None:
    """Serve the floor until it is told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--pages", type=Path, required=True)
    parser.add_argument("--database", required=True)
    given = parser.parse_args()
    inserter: Inserter
    if given.database.startswith("sqlite:///"):
        inserter = SqliteInserter(given.database.removeprefix("sqlite:///"))
    else:
        inserter = PostgresInserter(given.database)
    uvicorn.run(
        make_app(Pages.read(given.pages), inserter),
        host="127.0.0.1",
        port=given.port,
        http="httptools",
        loop="uvloop",
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
