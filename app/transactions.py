"""One transaction of a verb (`app.saving`), on either engine, past any ORM."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

if TYPE_CHECKING:
    import psycopg

Row = Sequence[Any]
Statement = tuple[str, Sequence[object]]


class Transaction(Protocol):
    """The little that differs between the engines, seen from a verb inside a transaction."""

    memo: dict[Any, Any]
    """What was read and cannot change before this transaction ends."""
    changed: set[tuple[int, int]]
    """Community and wave of the answers that a verb has changed: counted once, at the end."""
    locks: bool
    """Whether rows must be locked (PostgreSQL); SQLite has one writer at a time."""

    def one(self, sql: str, parameters: Sequence[object]) -> Row | None:
        """Run a query with ``?`` placeholders and return its first row."""
        ...

    def run(self, sql: str, parameters: Sequence[object]) -> None:
        """Run a statement."""
        ...

    def run_all(self, *statements: Statement) -> None:
        """Run statements that touch different tables, in any order: one journey for all."""
        ...

    def uuid(self, value: UUID) -> object:
        """``value`` as a parameter."""
        ...

    def moment(self, value: datetime) -> object:
        """``value`` as a parameter, in UTC."""
        ...

    def day(self, value: date) -> object:
        """``value`` as a parameter."""
        ...


class SqliteTransaction:
    """A transaction of the writer's own SQLite connection."""

    locks = False

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.memo: dict[Any, Any] = {}
        self.changed: set[tuple[int, int]] = set()
        self._execute: Callable[[str, Any], sqlite3.Cursor] = connection.execute

    def one(self, sql: str, parameters: Sequence[object]) -> Row | None:
        """Run a query and return its first row."""
        row: Row | None = self._execute(sql, parameters).fetchone()
        return row

    def run(self, sql: str, parameters: Sequence[object]) -> None:
        """Run a statement."""
        self._execute(sql, parameters)

    def run_all(self, *statements: Statement) -> None:
        """Run statements one by one; here no journey is saved."""
        for sql, parameters in statements:
            self._execute(sql, parameters)

    @staticmethod
    def uuid(value: UUID) -> object:
        """SQLAlchemy keeps UUIDs as 32 hex digits on SQLite."""
        return value.hex

    @staticmethod
    def moment(value: datetime) -> object:
        """SQLAlchemy keeps moments as text with six decimals on SQLite."""
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")

    @staticmethod
    def day(value: date) -> object:
        """ISO 8601."""
        return value.isoformat()


@cache
def _pyformat(sql: str) -> str:
    """``?`` placeholders as psycopg wants them; our texts hold neither ? nor % otherwise."""
    return sql.replace("?", "%s")


@cache
def _as_one(statements: tuple[str, ...]) -> str:
    """Data-modifying statements in WITH (PostgreSQL 7.8.4): all run, whether read or not."""
    *before, last = statements
    named = (f"part{number} AS ({one})" for number, one in enumerate(before))
    return f"WITH {', '.join(named)} {last}"


class PostgresTransaction:
    """A transaction of one psycopg connection; UUIDs and dates pass as they are."""

    locks = True

    def __init__(self, cursor: psycopg.Cursor[Any] | psycopg.Connection[Any]) -> None:
        self.memo: dict[Any, Any] = {}
        self.changed: set[tuple[int, int]] = set()
        self.written = 0
        """How many statements have changed something."""
        self._cursor: Any = cursor  # psycopg's stubs want literal SQL

    def one(self, sql: str, parameters: Sequence[object]) -> Row | None:
        """Run a query and return its first row."""
        row: Row | None = self._cursor.execute(_pyformat(sql), parameters, prepare=True).fetchone()
        return row

    def run(self, sql: str, parameters: Sequence[object]) -> None:
        """Run a statement."""
        self.written += 1
        self._cursor.execute(_pyformat(sql), parameters, prepare=True)

    def run_all(self, *statements: Statement) -> None:
        """Run statements as one, whose parts see the same state and not each other."""
        texts, parameters = zip(*statements, strict=True)
        self.run(_as_one(texts), [value for one in parameters for value in one])

    @staticmethod
    def uuid(value: UUID) -> object:
        """As it is."""
        return value

    @staticmethod
    def moment(value: datetime) -> object:
        """As it is."""
        return value

    @staticmethod
    def day(value: date) -> object:
        """As it is."""
        return value
