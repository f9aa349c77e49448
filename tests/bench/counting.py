"""Counting stored rows from outside the server, by a connection of one's own."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path


def count_sqlite(path: Path, table: str) -> int:
    """Rows of a table in a SQLite file that another process writes."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def count_postgres(url: str, table: str) -> int:
    """Rows of a table of a PostgreSQL database."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(row[0]) if row else 0
