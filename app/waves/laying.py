"""PostgreSQL keeps rows in the order in which they came; lay those of closed waves anew.

A table's heap (`ctid`) and the numbers of the writing transactions (`xmin`) tell whoever may
read them as a superuser, or has the server's files, who answered after whom. So once a wave
is closed its rows are written again by one transaction, and the tables are put in the order
of their random keys. SQLite's tables have no row order to begin with (WITHOUT ROWID).
"""

from __future__ import annotations

import logging

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, select

from app.db import Database
from app.tables import Wave

log = logging.getLogger(__name__)
PATIENCE = "5s"
"""How long the lock of a table is waited for; members wait behind it as long."""
_SAME = {"response": "rev", "consent": "version", "background": "asked_on"}
"""Tables, and a column to write its own value into."""
_MINE = {
    "response": "community_id = :community AND wave_id = :wave",
    "consent": "community_id = :community AND submission_id IN"
    " (SELECT id FROM response WHERE community_id = :community AND wave_id = :wave)",
    "background": "community_id = :community AND respondent_ref IN"
    " (SELECT respondent_ref FROM response WHERE community_id = :community AND wave_id = :wave)",
}
_TOLD = f"SELECT count(DISTINCT xmin::text) > 1 FROM response WHERE {_MINE['response']}"  # noqa: S608


def lay_anew(database: Database) -> list[int]:
    """Take the order of answering out of closed waves' rows; return the waves it was in.

    PostgreSQL only. Looks first, so a wave is laid once; where a lock cannot be had (an
    export reads), the next call tries again.
    """
    if database.is_sqlite:
        return []
    with Session(database.read) as session, session.begin():
        closed = session.exec(
            select(Wave.id, Wave.community_id).where(col(Wave.state).in_(("closed", "published")))
        ).all()
        connection = session.connection()
        telling = [
            {"wave": wave, "community": community}
            for wave, community in closed
            if connection.execute(text(_TOLD), {"wave": wave, "community": community}).scalar_one()
        ]
    if not telling:
        return []
    try:
        # Ordered first: `_TOLD` looks at the numbers, so what fails here is tried again. Then
        # written again in that order and committed, and ordered once more, which leaves the
        # old rows behind: an open transaction's own old rows would be moved along.
        _put_in_order(database)
        with database.write.begin() as connection:
            _patiently(connection)
            for one in telling:
                for table, mine in _MINE.items():
                    same = _SAME[table]  # never the community: Citus distributes by it
                    written = f"UPDATE {table} SET {same} = {same} WHERE {mine}"  # noqa: S608
                    connection.execute(text(written), one)
        _put_in_order(database)
    except OperationalError as error:
        log.warning("Rows were not laid anew (%s); tried again later", type(error.orig).__name__)
        return []
    return [one["wave"] for one in telling if one["wave"] is not None]


def _put_in_order(database: Database) -> None:
    for table in _SAME:
        with database.write.begin() as connection:
            _patiently(connection)
            connection.execute(text(f"CLUSTER {table} USING pk_{table}"))


def _patiently(connection: Connection) -> None:
    connection.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
