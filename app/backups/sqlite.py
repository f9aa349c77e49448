"""SQLite: copy a snapshot of each file while members write, laid out anew by key.

The count, the hash and the copy come from one read transaction, which blocks nobody in WAL.
The copy is then written by VACUUM INTO: pages in the order of the random keys. A page-wise
copy would keep the order in which rows came to stand in their pages, and with it the order
in which people answered.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from app.backups import census
from app.backups.census import Census
from app.backups.errors import BackupDiffers
from app.db import connect_sqlite
from app.settings import Settings
from app.tables import IDENTITY

_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"


def copy(settings: Settings, folder: Path) -> Census:
    """Copy both files into ``folder``, restore them elsewhere and compare.

    The answers come first: somebody erased in between is gone from the later copy of the
    roster, never the other way round. Returns what the copies hold. Raises BackupDiffers.
    """
    found: Census = {}
    for schema, path in _files(settings):
        found |= _copy(path, folder / path.name, schema)
    with tempfile.TemporaryDirectory(prefix="guyub-check-") as elsewhere:
        place = Path(elsewhere)
        for _, path in _files(settings):
            shutil.copy(folder / path.name, place / path.name)
        check(place, settings, found)
    return found


def check(place: Path, settings: Settings, wanted: Census) -> None:
    """Open restored files as the house does and compare them. Raises BackupDiffers."""
    found: Census = {}
    for schema, path in _files(settings):
        copied = place / path.name
        if not copied.exists():
            continue
        with closing(connect_sqlite(copied)) as connection:
            told = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
            broken = connection.execute("PRAGMA foreign_key_check").fetchall()
            if told != ["ok"] or broken:
                raise BackupDiffers(f"{path.name}: {'; '.join(told)[:200]}")
            found |= _census(connection, schema)
    different = census.differences(wanted, found)
    if different:
        raise BackupDiffers(", ".join(different))


def _files(settings: Settings) -> Iterator[tuple[str | None, Path]]:
    yield None, settings.sqlite_path
    if settings.identity_path.exists():
        yield IDENTITY, settings.identity_path


def _copy(source: Path, target: Path, schema: str | None) -> Census:
    with (
        tempfile.TemporaryDirectory(prefix=".copy-", dir=target.parent) as between,
        _snapshot(source) as snapshot,
    ):
        found = _census(snapshot, schema)
        with closing(sqlite3.connect(Path(between) / "pages")) as pages:
            snapshot.backup(pages)
            pages.execute("PRAGMA journal_mode = DELETE")
            pages.execute("VACUUM INTO ?", (str(target),))
    target.chmod(0o600)
    return found


@contextmanager
def _snapshot(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection whose reads all see the same moment."""
    with closing(connect_sqlite(path)) as connection:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield connection
        connection.execute("ROLLBACK")


def _census(connection: sqlite3.Connection, schema: str | None) -> Census:
    there = [str(row[0]) for row in connection.execute(_TABLES)]
    return census.take(connection.execute, place="main", there=there, schema=schema)
