"""Bring a store to the newest migration, from a checkout or from an installed wheel.

The revisions live in ``alembic/`` at the root of the project; a wheel carries them as
``app/_alembic`` (a top-level ``alembic`` would land inside the library of that name).
alembic is imported inside the functions: the web process needs none of it.
"""

from __future__ import annotations

import logging
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.pool import NullPool

from app.db import connect_sqlite
from app.errors import AppError
from app.settings import Settings
from app.tables import IDENTITY, Table, complete_for_postgres
from app.views import create_answer_views, drop_answer_views
from instrument import registry
from instrument.errors import InstrumentError

if TYPE_CHECKING:
    from alembic.config import Config

log = logging.getLogger(__name__)

_PACKAGED = Path(__file__).with_name("_alembic")
_CHECKOUT = Path(__file__).parents[1] / "alembic"
_REVISION = re.compile(r'^revision(?:: str)? = ["\'](\w+)["\']', re.MULTILINE)
_DOWN_REVISION = re.compile(r'^down_revision(?:: [^=]+)? = ["\'](\w+)["\']', re.MULTILINE)


class BrokenReferences(AppError):
    """After a migration some rows point at nothing; nothing was committed."""

    def __init__(self, rows: list[tuple[object, ...]]) -> None:
        self.rows = rows
        tables = ", ".join(sorted({str(row[0]) for row in rows}))
        super().__init__(
            f"{len(rows)} rows of {tables} would point at nothing after this migration. "
            "Nothing was changed: restore the last backup into a copy and compare."
        )


def upgrade(settings: Settings, revision: str = "head") -> None:
    """Bring the store to ``revision``; make it where there is none.

    Raises BrokenReferences where rows would point at nothing; then nothing has changed.
    """
    _run("upgrade", settings, revision)


def downgrade(settings: Settings, revision: str) -> None:
    """Take the store back to ``revision`` (``base`` = no table left)."""
    _run("downgrade", settings, revision)


def current(settings: Settings) -> str | None:
    """The revision the store is at; None where there is no store yet."""
    if settings.is_sqlite and not settings.sqlite_path.exists():
        return None
    engine = migration_engine(settings)
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            revision: str | None = connection.scalar(
                text("SELECT version_num FROM alembic_version")
            )
            return revision
    finally:
        engine.dispose()


@cache
def head() -> str:
    """The newest revision that this program knows: the one that no other builds upon.

    Read from the files: ``/readyz`` asks, and the web process shall not import alembic.
    """
    texts = [path.read_text("utf-8") for path in (script_location() / "versions").glob("*.py")]
    revisions = {name for text in texts for name in _REVISION.findall(text)}
    heads = revisions - {name for text in texts for name in _DOWN_REVISION.findall(text)}
    if len(heads) != 1:
        msg = f"{script_location()} has {len(heads)} newest migrations: reinstall the program"
        raise FileNotFoundError(msg)
    newest: str = heads.pop()
    return newest


def is_current(settings: Settings) -> bool:
    """Whether the store is at the newest migration; what ``/readyz`` asks."""
    return current(settings) == head()


def script_location() -> Path:
    """Folder of ``env.py``: inside the wheel, else in the checkout."""
    return _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, built in code; ``env.py`` takes the connection from it."""
    from alembic.config import Config  # noqa: PLC0415 - see the module's docstring

    made = Config()
    made.set_main_option("script_location", str(script_location()).replace("%", "%%"))
    made.attributes["connection"] = connection
    return made


def migration_engine(settings: Settings) -> Engine:
    """An engine for schema changes: SQLite with ``foreign_keys`` off, identity attached.

    A batch rebuild of a referenced table fails with foreign keys on. Where neither file
    is there, both are made; where only identity is missing, it was removed and stays so.
    """
    if not settings.is_sqlite:
        complete_for_postgres(Table.metadata)
        return create_engine(settings.database_url, poolclass=NullPool)
    path, identity = settings.sqlite_path, settings.identity_path
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        identity.touch(mode=0o600)
        path.touch(mode=0o600)
    engine = create_engine(
        f"sqlite:///{path}",
        creator=lambda: connect_sqlite(path, identity=identity),
        poolclass=NullPool,
    )

    @event.listens_for(engine, "connect")
    def _no_foreign_keys(connection: object, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys = OFF")  # type: ignore[attr-defined]

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def has_identity(connection: Connection) -> bool:
    """Whether the schema of names is there; a migration leaves it alone where it is not."""
    return IDENTITY in inspect(connection).get_schema_names()


def _run(direction: str, settings: Settings, revision: str) -> None:
    from alembic import command  # noqa: PLC0415 - see the module's docstring

    engine = migration_engine(settings)
    try:
        with engine.begin() as connection:
            drop_answer_views(connection)  # they would stand in a migration's way
            getattr(command, direction)(config(connection), revision)
            _renew_answer_views(connection)
            if settings.is_sqlite:
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                if broken:
                    raise BrokenReferences([tuple(row) for row in broken])
    finally:
        engine.dispose()


def _renew_answer_views(connection: Connection) -> None:
    if not inspect(connection).has_table("wave"):
        return
    versions = connection.execute(
        text("SELECT DISTINCT instrument_key, version FROM wave WHERE state <> 'draft'")
    ).all()
    for key, version in versions:
        try:
            create_answer_views(connection, registry.find(key, version))
        except InstrumentError as error:  # the answers are there all the same
            log.warning("no view answer_long for %s %s: %s", key, version, error)
