"""Engines and the two sessions a route may take.

`ReadSession` begins plainly and cannot write; `WriteSession` begins with BEGIN IMMEDIATE
on SQLite (a deferred BEGIN fails at once under load, whatever busy_timeout says). Both
commit before the answer is sent: ``scope="function"``, else FastAPI runs the code after
``yield`` when the answer has left, and a failed commit would still say 200.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request
from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlmodel import Session

from app.settings import Settings
from app.tables import IDENTITY

BUSY_TIMEOUT_MS = 10_000
THREADS = 4
"""Threads that answer requests outside the event loop; each may hold one connection."""
POOL_CACHE_KIB = 256
"""Page cache of each pooled SQLite connection and attached file. The default of 2 MB would
come to 40 MB once the files are large; the operating system keeps their pages anyway."""
_READ_ONLY = "guyub_read_only"


def connect_sqlite(
    path: Path, *, identity: Path | None = None, cache_kib: int = 2000
) -> sqlite3.Connection:
    """Open a SQLite file the way the house does; transactions are begun by the caller.

    WAL with ``synchronous=FULL`` (NORMAL loses acknowledged commits at power loss),
    foreign keys on, deleted content overwritten. ``identity`` is attached where the file
    is there; a plain ATTACH would make an empty one where it was removed.
    """
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode=rw",
        uri=True,
        isolation_level=None,  # no implicit BEGIN: ours says IMMEDIATE where it writes
        check_same_thread=False,  # FastAPI may finish a session on another thread
        timeout=BUSY_TIMEOUT_MS / 1000,
        cached_statements=256,
    )
    for pragma in (
        "secure_delete = ON",  # before ATTACH: a file attached later inherits it
        "foreign_keys = ON",
        "synchronous = FULL",
        "journal_mode = WAL",
        f"cache_size = -{cache_kib}",
    ):
        connection.execute(f"PRAGMA {pragma}")
    if identity is not None and identity.exists():
        connection.execute(
            f"ATTACH DATABASE ? AS {IDENTITY}", (f"file:{quote(str(identity.absolute()))}?mode=rw",)
        )
        for pragma in ("synchronous = FULL", "journal_mode = WAL", f"cache_size = -{cache_kib}"):
            connection.execute(f"PRAGMA {IDENTITY}.{pragma}")
    return connection


class Database:
    """The engines of one installation; one per process, closed at its end."""

    def __init__(self, settings: Settings, *, cache_kib: int = POOL_CACHE_KIB) -> None:
        """``cache_kib``: page cache of a SQLite connection, more for who reads everything."""
        self.settings = settings
        self.is_sqlite = settings.is_sqlite
        engine = (
            _sqlite_engine(settings, cache_kib) if self.is_sqlite else _postgres_engine(settings)
        )
        self.write: Engine = engine.execution_options(**{_READ_ONLY: False})
        """Begins a transaction that may write."""
        read = {_READ_ONLY: True} if self.is_sqlite else {"postgresql_readonly": True}
        self.read: Engine = engine.execution_options(**read)
        """Begins a transaction that cannot write; shares the connections."""
        self._identity_file = str(settings.identity_path)
        self._identity: tuple[tuple[int, int], sqlite3.Connection] | None = None

    def identity_at_once(self) -> sqlite3.Connection | None:
        """A connection to the identity file alone, for a one-row look-up on the event loop.

        SQLite only, and one user at a time. It reads outside a transaction and never waits:
        what another connection holds is "locked" at once. None where the file was removed;
        a file put in its place is opened anew.
        """
        try:
            there = os.stat(self._identity_file)  # noqa: PTH116 - a Path costs more than the query
        except FileNotFoundError:
            return None
        file = (there.st_dev, there.st_ino)
        if self._identity is None or self._identity[0] != file:
            self._close_identity()
            connection = connect_sqlite(self.settings.identity_path)
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA busy_timeout = 0")
            self._identity = (file, connection)
        return self._identity[1]

    def _close_identity(self) -> None:
        if self._identity is not None:
            self._identity[1].close()
            self._identity = None

    def has_identity(self) -> bool:
        """Whether names and codes are still here, or were removed at the study's end."""
        if self.is_sqlite:
            return self.settings.identity_path.exists()
        with self.read.connect() as connection:
            return inspect(connection).has_schema(IDENTITY)

    def close(self) -> None:
        """Close every connection."""
        self._close_identity()
        self.write.dispose()


def _sqlite_engine(settings: Settings, cache_kib: int) -> Engine:
    path, identity = settings.sqlite_path, settings.identity_path
    engine = create_engine(
        f"sqlite:///{path}",
        creator=lambda: connect_sqlite(path, identity=identity, cache_kib=cache_kib),
        pool_size=THREADS + 4,  # and the store's readers: opening one costs ten times a query
        max_overflow=THREADS,
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get(_READ_ONLY, False)
        connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if reads else 'OFF'}")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _postgres_engine(settings: Settings) -> Engine:
    return create_engine(
        settings.database_url,
        pool_size=THREADS,
        max_overflow=THREADS,
        pool_pre_ping=True,
        connect_args={"options": "-c timezone=UTC"},
    )


def database_of(request: Request) -> Database:
    """The running application's `Database`; ``create_app`` puts it on ``app.state``."""
    database: Database = request.app.state.database
    return database


def read_session(database: Annotated[Database, Depends(database_of)]) -> Iterator[Session]:
    """One transaction that cannot write."""
    with Session(database.read) as session, session.begin():
        yield session


def write_session(database: Annotated[Database, Depends(database_of)]) -> Iterator[Session]:
    """One transaction that may write; committed before the answer is sent."""
    with Session(database.write) as session, session.begin():
        yield session


ReadSession = Annotated[Session, Depends(read_session, scope="function")]
WriteSession = Annotated[Session, Depends(write_session, scope="function")]
