"""`answer_long`: answers as one row per person and item, for people with sqlite3 or psql.

Answers are stored as one byte an item, which no plain SELECT can read. For every version
that was opened there is a view that unpacks them, named after the version:
``answer_long_partnership_1_0_0``. Tests are left out.

SQLite has no function from a byte to its number: `unicode()` is wrong above 127, that is
for every missing code, so the view reads the byte's two hexadecimal digits.
"""

from __future__ import annotations

import re

from sqlalchemy import Connection, inspect

from instrument.model import Instrument

PREFIX = "answer_long_"

_SQLITE_BYTE = (
    "(instr('0123456789ABCDEF', substr(hex(substr(r.answers, i.place, 1)), 1, 1)) - 1) * 16"
    " + instr('0123456789ABCDEF', substr(hex(substr(r.answers, i.place, 1)), 2, 1)) - 1"
)
_POSTGRES_BYTE = "get_byte(r.answers, i.place - 1)"


def view_name(instrument: Instrument) -> str:
    """Name of the version's view."""
    return PREFIX + re.sub(r"\W+", "_", f"{instrument.key}_{instrument.version}").lower()


def create_answer_views(connection: Connection, instrument: Instrument) -> None:
    """Create or renew the view of ``instrument``'s version.

    Columns: community_id, wave_id, response_id, place (1 = first item), item, byte, answer
    (1..n or NULL), missing (NULL or why there is none).
    """
    sqlite = connection.dialect.name == "sqlite"
    items = ", ".join(
        f"({place}, {_quoted(code)})" for place, code in enumerate(instrument.item_codes, start=1)
    )
    name = view_name(instrument)
    connection.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")
    connection.exec_driver_sql(
        f"CREATE VIEW {name} AS "  # noqa: S608 - DDL takes no parameters; all is ours, or quoted
        f"WITH i(place, item) AS (VALUES {items}), "
        "long AS (SELECT r.community_id, r.wave_id, r.id AS response_id, i.place, i.item, "
        f"{_SQLITE_BYTE if sqlite else _POSTGRES_BYTE} AS byte "
        f"FROM response r CROSS JOIN i WHERE r.version_digest = {_quoted(instrument.digest)} "
        "AND NOT r.is_test) "
        "SELECT community_id, wave_id, response_id, place, item, byte, "
        f"CASE WHEN byte BETWEEN 1 AND {instrument.response_scale.high} THEN byte END AS answer, "
        "CASE byte WHEN 0 THEN 'not_seen' WHEN 250 THEN 'skipped' "
        "WHEN 251 THEN 'skipped_after_prompt' WHEN 252 THEN 'refused' "
        "WHEN 253 THEN 'not_applicable' END AS missing FROM long"
    )


def drop_answer_views(connection: Connection) -> None:
    """Drop all of them; a migration of the table under them would fail."""
    for name in inspect(connection).get_view_names():
        if name.startswith(PREFIX):
            connection.exec_driver_sql(f"DROP VIEW {name}")


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
