"""The SQLite writer: one commit for all who wait, and nobody pays for another's fault."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import Session

from app import saving
from app.db import Database
from app.store import Store, StoreInUse, StoreUnavailable, UnknownSubmission
from app.tables import Event
from app.writer import GroupCommitWriter, ServingLock

ROOT = Path(__file__).parents[2]


@pytest.fixture
def lite(settings) -> Iterator[Database]:
    """SQLite only."""
    database = Database(settings)
    yield database
    database.close()


@pytest.fixture
def world(lite, make_world):
    return make_world(lite)


@pytest.fixture
def store(lite) -> Iterator[Store]:
    store = Store(lite)
    yield store
    store.close()


def test_one_bad_save_never_sinks_the_batch(store, world, at_once, monkeypatch):
    """Errors of every kind stay with the one who caused them, and leave no trace."""
    states = at_once(*(store.start(world.start()) for _ in range(6)))
    save = saving.Saving.save

    def broken(self, prepared):
        ack = save(self, prepared)  # written already when it fails
        if prepared.save.rev == 13:
            raise ZeroDivisionError("planted")
        if prepared.save.rev == 14:
            self._transaction.run("INSERT INTO wave (id) VALUES (NULL)", ())
        return ack

    monkeypatch.setattr(saving.Saving, "save", broken)
    revs = [1, 13, 2, 14, 3]
    saves = [
        world.save(state.submission_id, rev=rev, final=rev > 10)
        for state, rev in zip(states, revs, strict=False)
    ]
    saves.append(replace(saves[0], submission_id=UUID(int=1)))
    outcomes = at_once(*map(store.save, saves))
    assert [type(outcome).__name__ for outcome in outcomes] == [
        "Ack",
        "ZeroDivisionError",
        "Ack",
        "IntegrityError",
        "Ack",
        "UnknownSubmission",
    ]
    assert sorted(rev for (rev,) in world.rows("SELECT rev FROM draft")) == [0, 0, 0, 1, 2, 3]
    assert (world.count("response"), world.count("data_version")) == (0, 0)


def test_waiting_saves_share_a_commit(store, world, at_once):
    """While one commit runs the next saves gather: far fewer commits than saves."""
    states = at_once(*(store.start(world.start()) for _ in range(50)))
    writer = store._open()
    statements: list[str] = []
    writer._connection.set_trace_callback(statements.append)
    at_once(*(store.save(world.save(state.submission_id)) for state in states))
    writer._connection.set_trace_callback(None)
    commits = sum(statement == "COMMIT" for statement in statements)
    assert sum(statement.startswith("SAVEPOINT") for statement in statements) == 50
    assert 1 <= commits <= 10


def test_fifty_members_write_beside_ten_staff_without_one_error(store, world, lite):
    errors: list[BaseException] = []

    def staff(number: int) -> None:
        try:
            for turn in range(20):
                with Session(lite.write) as session, session.begin():
                    session.add(
                        Event(
                            community_id=world.community_id,
                            held_on=world.now.date(),
                            kind="bazaar",
                            attended_n=number * 100 + turn,
                        )
                    )
        except Exception as error:  # noqa: BLE001 - reported by the assertion below
            errors.append(error)

    async def member() -> None:
        state = await store.start(world.start())
        for rev in range(1, 20):
            await store.save(world.save(state.submission_id, rev=rev))
        await store.save(world.save(state.submission_id, rev=20, final=True))

    async def members() -> None:
        await asyncio.gather(*(member() for _ in range(50)))

    threads = [threading.Thread(target=staff, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    asyncio.run(members())
    for thread in threads:
        thread.join()
    assert errors == []
    assert (world.count("response"), world.count("event")) == (50, 200)


def test_a_failing_commit_is_an_error_and_stores_nothing(store, world, at_once, lite):
    """What SQLite raises when the disk is full, planted at COMMIT."""
    (state,) = at_once(store.start(world.start()))
    writer = store._open()
    writer._connection.execute(
        "CREATE TEMP TABLE planted (id INTEGER PRIMARY KEY, other INTEGER"
        " REFERENCES planted (id) DEFERRABLE INITIALLY DEFERRED)"
    )
    writer._connection.execute(
        "CREATE TEMP TRIGGER fails AFTER UPDATE ON main.draft BEGIN"
        " INSERT INTO planted VALUES (NULL, 99); END"
    )
    (error,) = at_once(store.save(world.save(state.submission_id)))
    assert isinstance(error, StoreUnavailable)
    assert world.rows("SELECT rev FROM draft") == [(0,)]
    writer._connection.execute("DROP TRIGGER fails")
    (ack,) = at_once(store.save(world.save(state.submission_id)))
    assert (ack.rev, ack.repeated) == (1, False)


def test_a_member_who_went_away_disturbs_nobody(store, world):
    async def play() -> int:
        state = await store.start(world.start())
        gone = asyncio.ensure_future(store.save(world.save(state.submission_id)))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        return (await store.save(world.save(state.submission_id, rev=2))).rev

    assert asyncio.run(play()) == 2


def test_closing_commits_what_waits_and_refuses_the_rest(store, world, at_once):
    starts = [world.start() for _ in range(30)]
    store.run(starts)
    writer = store._open()

    async def play() -> list[object]:
        saves = [
            asyncio.ensure_future(store.save(world.save(start.submission_id))) for start in starts
        ]
        await asyncio.sleep(0)
        await asyncio.to_thread(writer.close)
        return await asyncio.gather(*saves, return_exceptions=True)

    acks = asyncio.run(play())
    assert all(ack.rev == 1 for ack in acks)
    with pytest.raises(StoreUnavailable):
        asyncio.run(writer.submit(lambda _: None))


def test_a_second_writer_on_the_same_file_is_refused(store, world, settings):
    store.open()
    with pytest.raises(StoreInUse):
        GroupCommitWriter(settings.sqlite_path)
    code = (
        "import sys; from pathlib import Path; from app.writer import ServingLock; "
        "ServingLock(Path(sys.argv[1]))"
    )
    command = [sys.executable, "-c", code, str(settings.sqlite_path)]
    other = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert other.returncode == 1
    assert "served by another process" in other.stderr
    store.close()
    ServingLock(settings.sqlite_path).release()


def test_reading_needs_no_writer(store, world, settings):
    """`guyub dataset export` reads while `guyub serve` serves."""
    lock = ServingLock(settings.sqlite_path)
    assert list(store.batches(world.wave_id, purpose="research")) == []
    with pytest.raises(StoreInUse):
        store.open()
    lock.release()


def test_the_writer_syncs_fully_and_never_sees_names(store, settings):
    connection = store._open()._connection
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA secure_delete").fetchone() == (1,)
    assert [row[1] for row in connection.execute("PRAGMA database_list")] == ["main"]


_CHILD = """
import asyncio, sys
from datetime import datetime
from pathlib import Path
from uuid import UUID
from app.db import Database
from app.settings import Settings
from app.store import Save, Store

folder, community, wave, at = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
store = Store(Database(Settings(data_dir=folder, _env_file=None)))

async def member(submission: str) -> None:
    for rev in range(1, 100_000):
        answers = bytes([rev % 5 + 1] * 7)
        await store.save(Save(community, wave, UUID(submission), rev, answers, {}, None,
                              "id", "v", False, datetime.fromisoformat(at)))
        sys.stdout.write(f"{submission} {rev}\\n")
        sys.stdout.flush()

async def main() -> None:
    await asyncio.gather(*map(member, sys.argv[5:]))

asyncio.run(main())
"""


@pytest.mark.parametrize("round_", range(3))
def test_kill_9_during_saves_loses_no_acknowledged_save(store, world, settings, round_):
    starts = [world.start() for _ in range(8)]
    store.run(starts)
    store.close()
    names = [str(start.submission_id) for start in starts]
    child = subprocess.Popen(
        [
            sys.executable,
            "-c",
            _CHILD,
            str(settings.data_dir),
            str(world.community_id),
            str(world.wave_id),
            world.now.isoformat(),
            *names,
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    acknowledged: dict[str, int] = dict.fromkeys(names, 0)
    started = None
    assert child.stdout is not None
    for line in child.stdout:
        name, _, rev = line.strip().partition(" ")
        if rev and line.endswith("\n"):
            acknowledged[name] = int(rev)
        started = started or time.monotonic()
        if time.monotonic() - started > 0.15 + 0.1 * round_:
            child.send_signal(signal.SIGKILL)
            break
    rest, _ = child.communicate()
    for line in rest.splitlines(keepends=True):
        name, _, rev = line.strip().partition(" ")
        if rev and line.endswith("\n"):
            acknowledged[name] = int(rev)
    assert min(acknowledged.values()) > 0  # the kill came in the middle of the work
    with sqlite3.connect(settings.sqlite_path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        stored = {
            str(UUID(id_)): (rev, answers)
            for id_, rev, answers in connection.execute("SELECT id, rev, answers FROM draft")
        }
    connection.close()
    for name, rev in acknowledged.items():
        assert rev <= stored[name][0] <= rev + 1  # at most the one that waited for its answer
        assert stored[name][1] == bytes([stored[name][0] % 5 + 1] * 7)


def test_an_unknown_wave_is_an_unknown_submission(store, world, at_once):
    (error,) = at_once(store.start(world.start(wave_id=999)))
    assert isinstance(error, UnknownSubmission)
