"""What a store holds, as one number and one hash a table: equal means equal content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from app.tables import IDENTITY, Table

Census = dict[str, dict[str, Any]]
Rows = Callable[[str], Iterable[Sequence[Any]]]
"""Runs a query; must not load all rows at once."""


def take(rows: Rows, *, schema: str | None, place: str, there: Collection[str]) -> Census:
    """Count and hash the tables of one schema (`IDENTITY`, or None for the answers').

    ``place`` is how a query names that schema, ``there`` the names of the tables in it: an
    older store lacks some, and where identity was removed all of its are.
    """
    found: Census = {}
    for table in Table.metadata.sorted_tables:
        if table.schema != schema or table.name not in there:
            continue
        order = ", ".join(f'"{column.name}"' for column in table.primary_key.columns)
        digest, count = hashlib.sha256(), 0
        query = f'SELECT * FROM {place}."{table.name}" ORDER BY {order}'  # noqa: S608 - our names
        for row in rows(query):
            digest.update(repr(tuple(row)).encode())
            count += 1
        shown = f"{IDENTITY}.{table.name}" if schema == IDENTITY else table.name
        found[shown] = {"rows": count, "sha256": digest.hexdigest()}
    return found


def differences(before: Census, after: Census) -> list[str]:
    """Names of tables whose content differs."""
    return sorted(name for name in before | after if before.get(name) != after.get(name))
