"""PostgreSQL: pg_dump of a snapshot, restored into databases of its own and compared.

A table's rows lie in the order in which they came, and a dump keeps that order. So the
first dump is restored into a temporary database, laid out there by key (CLUSTER), and dumped
again: answers and names in files of their own. Those are restored once more and compared
with the snapshot. The account needs CREATEDB.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from app.backups import census
from app.backups.census import Census
from app.backups.errors import BackupDiffers, NotEmpty, ToolMissing
from app.settings import Settings
from app.tables import IDENTITY

if TYPE_CHECKING:
    import psycopg

ANSWERS, NAMES = "answers.dump", "identity.dump"
_OF_PEOPLE = ("draft", "response", "consent", "background", "erasure")
_PARTS = {ANSWERS: f"--exclude-schema={IDENTITY}", NAMES: f"--schema={IDENTITY}"}


def copy(settings: Settings, folder: Path) -> Census:
    """Dump into ``folder``, restore elsewhere and compare. Raises BackupDiffers, ToolMissing."""
    address = _address(settings)
    with tempfile.TemporaryDirectory(prefix=".copy-", dir=folder) as between:
        raw = Path(between) / "raw.dump"
        with _connected(address) as connection:
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            row = connection.execute("SELECT pg_export_snapshot()").fetchone()
            found = _census(connection)
            _run("pg_dump", address, "--format=custom", f"--snapshot={row[0] if row else ''}",
                 f"--file={raw}")  # fmt: skip
            connection.execute("ROLLBACK")
        parts = [ANSWERS, NAMES] if any(n.startswith(f"{IDENTITY}.") for n in found) else [ANSWERS]
        with _scratch(address) as scratch:
            _restore_into(scratch, raw)
            with _connected(scratch) as connection:
                for table in _OF_PEOPLE:
                    if table in found:
                        connection.execute(f"CLUSTER {table} USING pk_{table}")
            for part in parts:
                _run("pg_dump", scratch, "--format=custom", _PARTS[part],
                     f"--file={folder / part}")  # fmt: skip
                (folder / part).chmod(0o600)
    with _scratch(address) as scratch:
        for part in parts:
            _restore_into(scratch, folder / part)
        with _connected(scratch) as connection:
            different = census.differences(found, _census(connection))
    if different:
        raise BackupDiffers(", ".join(different))
    return found


def restore(settings: Settings, files: Iterable[Path], wanted: Census) -> None:
    """Restore dumps into an empty database. Raises NotEmpty, ToolMissing, BackupDiffers."""
    address = _address(settings)
    with _connected(address) as connection:
        if _tables(connection, "public") or _tables(connection, IDENTITY):
            raise NotEmpty(settings.shown_database)
    for path in files:
        _restore_into(address, path)
    with _connected(address) as connection:
        different = census.differences(wanted, _census(connection))
    if different:
        raise BackupDiffers(", ".join(different))


def _census(connection: psycopg.Connection[Any]) -> Census:
    def rows(sql: str) -> Iterator[Sequence[Any]]:
        # Server-side, so that a table need not fit into memory.
        name = f"census_{uuid4().hex}"
        with connection.transaction(), connection.cursor(name) as cursor:
            cursor.itersize = 5000
            yield from cursor.execute(sql)

    found: Census = {}
    for schema, place in ((None, "public"), (IDENTITY, IDENTITY)):
        there = _tables(connection, place)
        found |= census.take(rows, schema=schema, place=place, there=there)
    return found


def _tables(connection: psycopg.Connection[Any], schema: str) -> list[str]:
    query = "SELECT tablename FROM pg_tables WHERE schemaname = %s"
    return [str(row[0]) for row in connection.execute(query, (schema,))]


@contextmanager
def _connected(address: str) -> Iterator[psycopg.Connection[Any]]:
    import psycopg  # noqa: PLC0415 - an extra

    with psycopg.connect(address, autocommit=True) as connection:
        yield connection


@contextmanager
def _scratch(address: str) -> Iterator[str]:
    """A database of its own on the same server, gone afterwards."""
    import psycopg  # noqa: PLC0415 - an extra
    from psycopg.conninfo import make_conninfo  # noqa: PLC0415

    name = f"guyub_check_{uuid4().hex[:12]}"
    with _connected(address) as connection:
        try:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        except psycopg.errors.InsufficientPrivilege as error:
            msg = "a backup is restored into a database of its own; the account lacks CREATEDB"
            raise ToolMissing(msg) from error
        try:
            yield make_conninfo(address, dbname=name)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _restore_into(address: str, path: Path) -> None:
    _run("pg_restore", address, "--no-owner", "--no-privileges", "--exit-on-error",
         f"--dbname={_name(address)}", str(path))  # fmt: skip


def _run(program: str, address: str, *arguments: str) -> None:
    """Run a program of PostgreSQL; the password goes by the environment. Raises ToolMissing."""
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415 - an extra

    found = shutil.which(program)
    if found is None:
        raise ToolMissing(f"{program} is not installed")
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD",
             "dbname": "PGDATABASE", "sslmode": "PGSSLMODE"}  # fmt: skip
    given = conninfo_to_dict(address)
    environment = os.environ | {
        variable: str(given[key]) for key, variable in names.items() if given.get(key)
    }
    done = subprocess.run(  # noqa: S603 - our own arguments
        [found, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ToolMissing(f"{program}: {done.stderr.strip()[-300:]}")


def _name(address: str) -> str:
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415 - an extra

    return str(conninfo_to_dict(address).get("dbname", "postgres"))


def _address(settings: Settings) -> str:
    return settings.database_url.replace("postgresql+psycopg://", "postgresql://", 1)
