"""The two ways into the store for a member's save; both run the same verbs (`app.saving`).

One thread with one connection takes whatever saves are waiting, runs them in one
transaction, commits once, and only then answers all of them: a batch shares one disk sync.
One bad save never sinks it. On SQLite each save stands between SAVEPOINT and RELEASE in one
BEGIN IMMEDIATE with ``synchronous=FULL``. On PostgreSQL a savepoint costs two journeys to
the server, so a batch in which anything goes wrong is taken back and its saves are run
again, each in a transaction of its own; the rows are locked by the verbs.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import sqlite3
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from app.db import connect_sqlite
from app.errors import AppError
from app.statements import BUMP_DATA_VERSION, WRITTEN_TABLES
from app.submission import StoreUnavailable
from app.transactions import PostgresTransaction, SqliteTransaction, Transaction

if TYPE_CHECKING:
    import psycopg

log = logging.getLogger(__name__)

T = TypeVar("T")
Work = Callable[[Transaction], T]

_MAX_BATCH = 256
_ATTEMPTS = 4
_OPTIONS = "-c timezone=UTC -c enable_seqscan=off"
"""Every statement of a verb finds its rows by a key; while a table is small PostgreSQL would
read all of it instead, and go on doing so with the same plan when it has grown."""
_ANALYSED_AT = (32, 256, 2048)
"""Commits after which PostgreSQL is told to look at what the tables hold. Of a table that was
empty when a statement was planned it knows nothing, takes any index that begins with the
community, and reads a whole wave for one row until autovacuum comes by, a minute later."""


class Writer(Protocol):
    """Runs verbs in transactions and answers after the commit."""

    async def submit(self, work: Work[T]) -> T:
        """Run ``work`` in a transaction; return or raise what it did, after the commit."""
        ...

    def submit_all(self, works: Sequence[Work[T]]) -> list[T]:
        """Run all, wait for all; raise the first error. For the command line."""
        ...

    def close(self) -> None:
        """Finish what waits, then let go of the database."""
        ...


class StoreInUse(AppError):
    """Another process serves this SQLite file."""

    status = 503
    slug = "store-in-use"
    title_id = "Basis data ini sudah dilayani proses lain"
    title_en = "Another process already serves this database"
    hint_id = "Hentikan `guyub serve` yang lain, atau pakai GUYUB_DATA_DIR lain."
    hint_en = "Stop the other `guyub serve`, or use another GUYUB_DATA_DIR."


class ServingLock:
    """At most one serving process a SQLite file: two group-commit writers would only wait
    for each other, and a restart that overlaps is seen instead of felt.

    A POSIX record lock, since a child made by fork does not inherit it; it does not
    hold against the same process, so that case is kept in a set.
    """

    _held: set[Path] = set()  # noqa: RUF012 - shared by all instances on purpose

    def __init__(self, database: Path) -> None:
        import fcntl  # noqa: PLC0415 - not on Windows, where PostgreSQL serves

        self._path = database.with_name(database.name + ".serving").absolute()
        if self._path in self._held:
            raise StoreInUse(f"{database} is open in this process already")
        self._file = self._path.open("a")
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise StoreInUse(f"{database} is served by another process") from error
        self._held.add(self._path)

    def release(self) -> None:
        """Let another process serve the file."""
        self._held.discard(self._path)
        self._file.close()


class _Job:
    """One save that waits: its work, and where its answer goes."""

    __slots__ = ("error", "future", "loop", "result", "work")

    def __init__(
        self,
        work: Work[Any],
        future: asyncio.Future[Any] | Future[Any],
        loop: asyncio.AbstractEventLoop | None,
    ) -> None:
        self.work = work
        self.future = future
        self.loop = loop
        self.result: Any = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        """Answer the waiter; a waiter that went away (closed tab) is no fault."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


def _settle_all(jobs: list[_Job]) -> None:
    for job in jobs:
        job.settle()


class _GroupCommit(ABC):
    """A thread that commits for all who wait; what a commit is, the engine's class says."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name="guyub-writer", daemon=True)
        self._thread.start()

    async def submit(self, work: Work[T]) -> T:
        """Queue ``work``; return when the commit that holds it is on disk."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._put(_Job(work, future, loop))
        return await future

    def submit_all(self, works: Sequence[Work[T]]) -> list[T]:
        """Queue all at once, so that they share commits, and wait for them."""
        futures: list[Future[T]] = [Future() for _ in works]
        for work, future in zip(works, futures, strict=True):
            self._put(_Job(work, future, None))
        return [future.result() for future in futures]

    def close(self) -> None:
        """Commit what waits, stop the thread, let go of the database."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
            self._thread.join()
            self._let_go()

    @abstractmethod
    def _commit(self, batch: list[_Job]) -> None:
        """Run the jobs and commit; give every job its result or its error."""

    def _after_answers(self) -> None:  # noqa: B027 - most engines need nothing
        """Do what nobody should wait for."""

    @abstractmethod
    def _let_go(self) -> None:
        """Close what the engine's class has opened."""

    def _put(self, job: _Job) -> None:
        if self._closed:
            raise StoreUnavailable("the store is closed")
        self._queue.put(job)

    def _serve(self) -> None:
        waiting, more = self._queue, True
        while more:
            batch: list[_Job] = []
            while not batch or (len(batch) < _MAX_BATCH and not waiting.empty()):
                job = waiting.get()
                if job is None:
                    more = False
                    break
                batch.append(job)
            if batch:
                self._commit(batch)
                self._answer(batch)
                self._after_answers()

    @staticmethod
    def _answer(batch: list[_Job]) -> None:
        """Wake every event loop once, whatever the number of its waiters."""
        by_loop: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
        for job in batch:
            if job.loop is None:
                job.settle()
            else:
                by_loop.setdefault(job.loop, []).append(job)
        for loop, jobs in by_loop.items():
            try:
                loop.call_soon_threadsafe(_settle_all, jobs)
            except RuntimeError:  # the loop is closed: its waiters are gone, the saves are not
                log.warning("%d saves were stored whose waiters had gone", len(jobs))


def _count_changes(transaction: Transaction) -> None:
    """In one order, so that two processes never wait for each other."""
    for place in sorted(transaction.changed):
        transaction.run(BUMP_DATA_VERSION, place)


class GroupCommitWriter(_GroupCommit):
    """SQLite: all writes of members by one thread, one commit for all that wait."""

    def __init__(self, path: Path) -> None:
        self._lock = ServingLock(path)
        try:
            self._connection = connect_sqlite(path)
        except sqlite3.Error:
            self._lock.release()
            raise
        super().__init__()

    def _let_go(self) -> None:
        self._connection.close()
        self._lock.release()

    def _commit(self, batch: list[_Job]) -> None:
        execute = self._connection.execute
        try:
            execute("BEGIN IMMEDIATE")
            transaction = SqliteTransaction(self._connection)
            for job in batch:
                before = transaction.changed.copy()
                execute("SAVEPOINT one")
                try:
                    job.result = job.work(transaction)
                except Exception as error:  # noqa: BLE001 - handed to the one who waits
                    job.error = error
                    transaction.changed = before
                    execute("ROLLBACK TO one")
                execute("RELEASE one")
            _count_changes(transaction)
            execute("COMMIT")
        except Exception as error:  # this thread must live, and all who wait are told
            log.exception("a batch of %d saves was not stored", len(batch))
            if self._connection.in_transaction:
                execute("ROLLBACK")
            for job in batch:
                job.error = StoreUnavailable(str(error))


class PostgresWriter(_GroupCommit):
    """PostgreSQL: the same, with any number of processes on one database."""

    def __init__(self, address: str) -> None:
        self._address = address.replace("postgresql+psycopg://", "postgresql://", 1)
        self._connection: psycopg.Connection[Any] | None = None
        self._commits = 0
        self._to_analyse: tuple[int, ...] = _ANALYSED_AT
        super().__init__()

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _commit(self, batch: list[_Job]) -> None:
        if len(batch) > 1 and self._together(batch):
            return
        for job in batch:
            job.result = job.error = None
            try:
                job.result = self._alone(job.work)
            except Exception as error:  # noqa: BLE001 - handed to the one who waits
                job.error = error

    def _together(self, batch: list[_Job]) -> bool:
        """Run the batch in one transaction; False where it has to be done one by one.

        A refusal (`AppError`) is an answer like another, as long as its save has written
        nothing yet.
        """
        import psycopg  # noqa: PLC0415 - an extra; SQLite needs none of it

        try:
            with self._transaction() as transaction:
                for job in batch:
                    written = transaction.written
                    try:
                        job.result = job.work(transaction)
                    except AppError as error:
                        if transaction.written != written:
                            raise
                        job.error = error
        except (psycopg.Error, AppError) as error:
            log.info("%d saves are run one by one: %s", len(batch), error)
            return False
        except Exception:
            log.exception("%d saves are run one by one", len(batch))
            return False
        return True

    def _alone(self, work: Work[T]) -> T:
        """Run ``work`` in a transaction; again where another one was in its way.

        Every verb is idempotent, so that trying again is safe even after a lost
        connection whose commit may have happened.
        """
        import psycopg  # noqa: PLC0415 - as above
        from psycopg import errors  # noqa: PLC0415

        attempt = 1
        while True:
            try:
                with self._transaction() as transaction:
                    return work(transaction)
            except (
                errors.UniqueViolation,  # somebody inserted the row first: look again
                errors.SerializationFailure,
                errors.DeadlockDetected,
                psycopg.OperationalError,
            ) as error:
                if attempt == _ATTEMPTS:
                    log.exception("a save was not stored")
                    raise StoreUnavailable(str(error)) from error
                attempt += 1

    def _open(self) -> psycopg.Connection[Any]:
        import psycopg  # noqa: PLC0415 - as above

        connection = self._connection
        if connection is None or connection.closed:
            connection = psycopg.connect(self._address, autocommit=True, options=_OPTIONS)
            self._connection = connection
        return connection

    @contextmanager
    def _transaction(self) -> Iterator[PostgresTransaction]:
        connection = self._open()
        with connection.transaction(), connection.cursor() as cursor:
            transaction = PostgresTransaction(cursor)
            yield transaction
            _count_changes(transaction)
        if transaction.written:
            self._commits += 1

    def _after_answers(self) -> None:
        if not self._to_analyse or self._commits < self._to_analyse[0]:
            return
        import psycopg  # noqa: PLC0415 - as above

        self._to_analyse = self._to_analyse[1:]
        try:
            self._open().execute(f"ANALYZE {', '.join(WRITTEN_TABLES)}")
        except psycopg.Error:
            log.warning("The tables were not analysed; autovacuum will do it", exc_info=True)


class PostgresReader(PostgresWriter):
    """The same for one-row look-ups: each is whole by itself, so none needs a BEGIN."""

    @contextmanager
    def _transaction(self) -> Iterator[PostgresTransaction]:
        with self._open().cursor() as cursor:
            yield PostgresTransaction(cursor)
