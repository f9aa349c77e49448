"""The store of answers: what members' pages and analyses ask of the database.

`Store.start` and `Store.save` are acknowledged after the commit and never before;
`Store.batches` streams what an export or an analysis may see. The types and the errors
are those of `app.submission`.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Hashable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from functools import lru_cache, partial
from typing import Any, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

from app.db import Database
from app.saving import Saving, choices_of
from app.submission import (
    Ack,
    ConsentGiven,
    ConsentMissing,
    Keys,
    NewerState,
    PreparedSave,
    Save,
    Start,
    State,
    StoredColumns,
    StoredResponse,
    StoreUnavailable,
    SubmissionError,
    UnfitSave,
    UnknownSubmission,
    WaveNotAccepting,
)
from app.transactions import PostgresTransaction, SqliteTransaction, Transaction
from app.writer import GroupCommitWriter, PostgresWriter, StoreInUse, Work, Writer

__all__ = [
    "Ack",
    "ConsentGiven",
    "ConsentMissing",
    "NewerState",
    "Purpose",
    "Save",
    "Start",
    "State",
    "Store",
    "StoreInUse",
    "StoreUnavailable",
    "StoredPerson",
    "StoredResponse",
    "SubmissionError",
    "UnfitSave",
    "UnknownSubmission",
    "WaveNotAccepting",
]

Purpose = Literal["research", "report"]

_READERS = 4

_ROWS = """
SELECT r.id, r.respondent_ref, r.version_digest, r.answers, CAST(r.extra AS TEXT),
       CAST(b.answers AS TEXT),
       (SELECT CAST(c.choices AS TEXT) FROM consent c
        WHERE c.community_id = r.community_id AND c.submission_id = r.id
        ORDER BY c.at DESC LIMIT 1),
       r.language, r.layout, r.submitted_on, r.status
FROM response r
LEFT JOIN background b
  ON b.community_id = r.community_id AND b.respondent_ref = r.respondent_ref
WHERE r.community_id = (SELECT community_id FROM wave WHERE id = :wave_id)
  AND r.wave_id = :wave_id AND NOT r.is_test
ORDER BY r.respondent_ref"""

_ALIKE = """
SELECT answers, choices, COUNT(*) FROM (
  SELECT CAST(b.answers AS TEXT) AS answers,
         (SELECT CAST(c.choices AS TEXT) FROM consent c
          WHERE c.community_id = r.community_id AND c.submission_id = r.id
          ORDER BY c.at DESC LIMIT 1) AS choices
  FROM response r
  LEFT JOIN background b
    ON b.community_id = r.community_id AND b.respondent_ref = r.respondent_ref
  WHERE r.community_id = (SELECT community_id FROM wave WHERE id = :wave_id)
    AND r.wave_id = :wave_id AND NOT r.is_test
) AS told
GROUP BY answers, choices"""

_PEOPLE = """
SELECT r.respondent_ref, CAST(b.answers AS TEXT),
       (SELECT CAST(c.choices AS TEXT) FROM consent c
        WHERE c.community_id = r.community_id AND c.submission_id = r.id
        ORDER BY c.at DESC LIMIT 1)
FROM response r
LEFT JOIN background b
  ON b.community_id = r.community_id AND b.respondent_ref = r.respondent_ref
WHERE r.community_id = (SELECT community_id FROM wave WHERE id = :wave_id)
  AND r.wave_id = :wave_id AND NOT r.is_test"""


class Alike(NamedTuple):
    """People of one wave who told the same background and made the same choices."""

    background: Mapping[str, Any] | None
    choices: Mapping[str, bool]
    people: int


class StoredPerson(NamedTuple):
    """What is known of somebody who answered a wave, apart from the answers.

    Neighbours who told the same share their mappings: not to be changed.
    """

    key: Hashable
    """Equal for one person in every wave; not to be stored."""
    background: Mapping[str, Any] | None
    choices: Mapping[str, bool]


def _parsed(stored: Sequence[str | None]) -> list[Any]:
    """Parse many JSON texts at once, None as null: a call a text would cost twice as much."""
    import orjson  # noqa: PLC0415 - who reads a whole wave; the web process saves its memory

    parsed: list[Any] = orjson.loads(f"[{','.join([one or 'null' for one in stored])}]")
    return parsed


class Store:
    """The store of one installation. The writer starts with the first write, or by `open`."""

    def __init__(self, database: Database) -> None:
        settings = database.settings
        self._database = database
        self._keys = Keys(digest=settings.key("secret_key"), code=settings.key("code_key"))
        self._writer: Writer | None = None
        self._opening = threading.Lock()
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="guyub-reader")

    def open(self) -> None:
        """Start the writer; on SQLite this process is then the one that serves the file.

        Raises StoreInUse where another process does.
        """
        self._open()

    async def start(self, start: Start) -> State:
        """Record consent and make the draft, or return what this person has already.

        Raises WaveNotAccepting, ConsentMissing, UnknownSubmission, StoreUnavailable.
        """
        return await self._open().submit(self._work(start))

    async def save(self, save: Save) -> Ack:
        """Store the full state of one person; returns after the commit.

        The same save sent again gets the same answer. Raises NewerState,
        WaveNotAccepting, ConsentMissing, UnknownSubmission, UnfitSave, StoreUnavailable;
        then nothing was stored.
        """
        return await self._open().submit(self._work(save))

    async def resume(self, community_id: int, wave_id: int, submission_id: UUID) -> State | None:
        """Return what is stored of a submission, or None. Changes nothing."""
        return await asyncio.get_running_loop().run_in_executor(
            self._readers, self._resume, community_id, wave_id, submission_id
        )

    def run(self, requests: Sequence[Start | Save]) -> list[State | Ack]:
        """Do many starts and saves in order, sharing commits; for the command line.

        Raises the first error after all have been tried.
        """
        return self._open().submit_all([self._work(request) for request in requests])

    def batches(
        self, wave_id: int, *, purpose: Purpose, size: int = 4096
    ) -> Iterator[list[StoredResponse]]:
        """`columns`, row by row."""
        for columns in self.columns(wave_id, purpose=purpose, size=size):
            yield columns.rows()

    def columns(
        self, wave_id: int, *, purpose: Purpose, size: int = 4096
    ) -> Iterator[StoredColumns]:
        """Stream a wave's responses that may be used for ``purpose``.

        Ordered by the random respondent_ref, so that no order of answering is told; one
        snapshot of the data, whatever is written meanwhile; never rows of a test.
        """
        with (
            self._snapshot() as connection,
            connection.execution_options(yield_per=size).execute(
                text(_ROWS), {"wave_id": wave_id}
            ) as result,
        ):
            for rows in result.partitions(size):
                granted = {
                    stored: choices_of(stored).get(purpose) is True
                    for stored in {row[6] for row in rows}
                }
                usable = [row for row in rows if granted[row[6]]]
                if usable:
                    yield _stored_columns(usable)

    def people(self, wave_id: int, *, size: int = 4096) -> Iterator[StoredPerson]:
        """Stream who answered a wave: background and choices, whatever was agreed to.

        In no order; never rows of a test. One snapshot, as `batches`.
        """
        with (
            self._snapshot() as connection,
            connection.execution_options(yield_per=size).execute(
                text(_PEOPLE), {"wave_id": wave_id}
            ) as result,
        ):
            for rows in result.partitions(size):
                texts = list({row[1] for row in rows})
                backgrounds = dict(zip(texts, _parsed(texts), strict=True))
                for ref, background, choices in rows:
                    yield StoredPerson(ref, backgrounds[background], choices_of(choices))

    def alike(self, wave_id: int, *, size: int = 4096) -> Iterator[Alike]:
        """`people`, counted by what they told: far fewer than people, and nobody."""
        with (
            self._snapshot() as connection,
            connection.execution_options(yield_per=size).execute(
                text(_ALIKE), {"wave_id": wave_id}
            ) as result,
        ):
            for rows in result.partitions(size):
                backgrounds = _parsed([row[0] for row in rows])
                for (_, choices, count), background in zip(rows, backgrounds, strict=True):
                    yield Alike(background, choices_of(choices), count)

    def close(self) -> None:
        """Finish the saves that wait, then let go of the database."""
        with self._opening:
            if self._writer is not None:
                self._writer.close()
                self._writer = None
        self._readers.shutdown(wait=True)

    def _open(self) -> Writer:
        if self._writer is None:
            with self._opening:
                if self._writer is None:
                    settings = self._database.settings
                    self._writer = (
                        GroupCommitWriter(settings.sqlite_path)
                        if settings.is_sqlite
                        else PostgresWriter(settings.database_url)
                    )
        return self._writer

    def _work(self, request: Start | Save) -> Work[Any]:
        if isinstance(request, Start):
            return partial(_start, self._keys, request)
        return partial(_save, self._keys, PreparedSave.of(request, self._keys.digest))

    def _resume(self, community_id: int, wave_id: int, submission_id: UUID) -> State | None:
        with self._database.read.begin() as connection:
            raw: Any = connection.connection.driver_connection
            transaction: Transaction = (
                SqliteTransaction(raw) if self._database.is_sqlite else PostgresTransaction(raw)
            )
            return Saving(transaction, self._keys).look(community_id, wave_id, submission_id)

    @contextmanager
    def _snapshot(self) -> Iterator[Connection]:
        engine = self._database.read
        if not self._database.is_sqlite:
            engine = engine.execution_options(isolation_level="REPEATABLE READ")
        with engine.connect() as connection, connection.begin():
            yield connection


def _start(keys: Keys, start: Start, transaction: Transaction) -> State:
    return Saving(transaction, keys).start(start)


def _save(keys: Keys, prepared: PreparedSave, transaction: Transaction) -> Ack:
    return Saving(transaction, keys).save(prepared)


def _stored_columns(rows: Sequence[Any]) -> StoredColumns:
    ids, refs, versions, answers, extras, backgrounds, choices, languages, layouts, days, states = (
        zip(*rows, strict=True)
    )
    return StoredColumns(
        ids, refs, versions, list(map(bytes, answers)), _parsed(extras), _parsed(backgrounds),
        list(map(choices_of, choices)), _few(languages), _few(layouts), list(map(_day, days)),
        _few(states),
    )  # fmt: skip


def _few(words: Sequence[str]) -> list[Any]:
    """The same words, each kept once: the database makes a new one for every row."""
    return list(map(sys.intern, words))


@lru_cache(maxsize=256)
def _day(stored: str | date) -> date:
    return stored if isinstance(stored, date) else date.fromisoformat(stored)
