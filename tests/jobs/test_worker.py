"""Worker processes: they answer, they are killed, they are told to stop; on both engines."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import Session

from app.db import Database
from app.jobs import runs
from app.jobs.supervisor import Supervisor, folder_of
from app.tables import AnalysisRun
from app.worker import serve
from tests.jobs.conftest import Answered, ask, question_about

# A worker that begins and then hangs: with it a kill always comes in mid-run.
HANGS = """
import sys, time
from app import worker
from app.db import Database
from app.settings import Settings
worker.BEAT = 0.2
def hang(database, job, name, heart):
    heart.at("explain")
    while True:
        time.sleep(0.05)
worker._analyse = hang
raise SystemExit(worker.main(sys.argv[1:]))
"""
# One that does its work at once.
QUICK = """
import sys
from app import worker
def done(database, job, name, heart):
    folder = database.settings.data_dir / "being-made"
    folder.mkdir()
    (folder / "results.json").write_text("{}")
    worker._publish(database, job.key, name, folder, digest="d" * 64, facts={"used": 12})
worker._analyse = done
raise SystemExit(worker.main(sys.argv[1:]))
"""


def run_of(database: Database, key: str) -> AnalysisRun:
    with Session(database.read, expire_on_commit=False) as session, session.begin():
        run = session.get(AnalysisRun, key)
        assert run is not None
        return run


async def until(database: Database, key: str, wanted: Callable[[AnalysisRun], bool]) -> AnalysisRun:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        run = await asyncio.to_thread(run_of, database, key)
        if wanted(run):
            return run
        await asyncio.sleep(0.05)
    raise AssertionError(f"still {run.state} after 60 s")


def with_supervisor(
    database: Database, script: str, body: Callable[[Supervisor], Awaitable[None]]
) -> None:
    async def play() -> None:
        supervisor = Supervisor(database, command=(sys.executable, "-c", script), every=0.5)
        try:
            await body(supervisor)
        finally:
            await supervisor.stop()
        assert supervisor.pids == ()

    asyncio.run(play())


def test_an_analysis_reads_research_rows_only_and_is_kept(engine: Database, answered: Answered):
    """12 of 15 gave the research consent: 12 rows, the digest is the file's, both languages."""
    source = answered(people=12, refusing=3)
    key = ask(engine, question_about(source))
    assert serve(engine, "w") == 1
    run = run_of(engine, key)
    assert (run.state, run.error, run.progress, run.attempts) == ("done", None, 100, 1)
    assert run.facts["rows"] == 12
    assert run.facts["datasets"] == ["sidoarjo-1-v1"]
    folder = folder_of(engine.settings, key)
    content = (folder / "results.json").read_bytes()
    assert hashlib.sha256(content).hexdigest() == run.digest
    found = json.loads(content)
    assert found["plan"]["code"] == "partnership"
    assert (found["data"]["rows"], found["plan"]["population"]) == (12, 60)
    there = {file.name for file in folder.iterdir()}
    assert {"fragment.id.html", "fragment.en.html", "tables.xlsx", "scales.csv"} <= there
    assert ask(engine, question_about(source)) == key
    assert serve(engine, "w") == 0, "the answer was there already"


def test_communities_are_pooled(engine: Database, answered: Answered):
    """Two communities in one analysis: rows add up, N adds up, both are named."""
    one, two = answered("north", people=8, seed=1), answered("south", people=7, seed=2)
    key = ask(engine, question_about(one, two, plan=""))
    serve(engine, "w")
    run = run_of(engine, key)
    assert (run.state, run.detail) == ("done", "")
    found = json.loads((folder_of(engine.settings, key) / "results.json").read_bytes())
    assert (found["data"]["rows"], found["plan"]["population"]) == (15, 120)
    assert found["data"]["communities"] == ["north", "south"]
    assert found["plan"]["registered"] is False


def test_answers_that_changed_meanwhile_are_not_analysed(engine: Database, answered: Answered):
    source = answered(people=5)
    with Session(engine.write) as session, session.begin():
        moved = runs.Source(source.community_id, source.wave_id, "main", source.data_version - 1)
    key = ask(engine, question_about(moved))
    serve(engine, "w")
    run = run_of(engine, key)
    assert (run.state, run.error, run.detail) == ("failed", "changed", "sidoarjo-1")


def test_data_that_bear_nothing_are_told_in_words(engine: Database, answered: Answered):
    """Nobody agreed to research: no row, no report, and the run says so."""
    key = ask(engine, question_about(answered(people=0, refusing=4)))
    serve(engine, "w")
    run = run_of(engine, key)
    assert (run.state, run.error) == ("failed", "data")
    assert run.detail.startswith("No answer may be used for research yet (sidoarjo-1). Wait")
    assert not folder_of(engine.settings, key).exists()


def test_a_killed_worker_is_replaced_then_the_run_is_given_up(
    engine: Database, answered: Answered
) -> None:
    """SIGKILL in mid-run: taken up again within seconds; killed again: failed, "lost"."""
    key = ask(engine, question_about(answered(people=5)))

    async def kill_twice(supervisor: Supervisor) -> None:
        for attempt in (1, 2):
            began = await until(
                engine, key,
                lambda run, n=attempt: run.attempts == n and run.step == "explain",  # type: ignore[misc]
            )  # fmt: skip
            assert began.state == "running"
            (pid,) = supervisor.pids
            assert os.getpriority(os.PRIO_PROCESS, pid) == 19, "members' pages come first"
            killed = time.monotonic()
            os.kill(pid, signal.SIGKILL)
            after = await until(
                engine, key,
                lambda run, n=attempt: run.state == "failed" or run.attempts > n,  # type: ignore[misc]
            )  # fmt: skip
            assert time.monotonic() - killed < 60
        assert (after.state, after.error, after.attempts) == ("failed", "lost", 2)

    with_supervisor(engine, HANGS, kill_twice)


def test_cancelling_stops_the_work(engine: Database, answered: Answered) -> None:
    key = ask(engine, question_about(answered(people=5)))

    async def cancel(supervisor: Supervisor) -> None:
        await until(engine, key, lambda run: run.step == "explain")
        with Session(engine.write) as session, session.begin():
            runs.cancel(session=session, key=key, by="rani", at=datetime.now(UTC))
        end = time.monotonic() + 30
        while supervisor.pids and time.monotonic() < end:
            await asyncio.sleep(0.1)
        assert supervisor.pids == (), "the worker found nothing else to do and ended"
        assert run_of(engine, key).state == "cancelled"

    with_supervisor(engine, HANGS, cancel)


def test_when_the_service_stops_the_run_waits_for_the_next(
    engine: Database, answered: Answered
) -> None:
    """SIGTERM puts it back without counting the try; the next start finishes it."""
    key = ask(engine, question_about(answered(people=5)))

    async def begin(supervisor: Supervisor) -> None:
        await until(engine, key, lambda run: run.step == "explain")

    with_supervisor(engine, HANGS, begin)
    run = run_of(engine, key)
    assert (run.state, run.attempts) == ("queued", 0)

    async def end(supervisor: Supervisor) -> None:
        done = await until(engine, key, lambda run: run.state == "done")
        assert done.facts == {"used": 12}

    with_supervisor(engine, QUICK, end)
    assert (folder_of(engine.settings, key) / "results.json").read_text() == "{}"


def test_a_worker_that_cannot_start_is_not_started_in_a_loop(
    engine: Database, answered: Answered, tmp_path: Path
) -> None:
    key = ask(engine, question_about(answered(people=5)))
    script = f"open({str(tmp_path / 'starts')!r}, 'a').write('x'); raise SystemExit(3)"

    async def wait(supervisor: Supervisor) -> None:
        await asyncio.sleep(1.5)

    with_supervisor(engine, script, wait)
    starts = len((tmp_path / "starts").read_text())
    assert 1 <= starts <= 4, "one a sweep of half a second"
    assert run_of(engine, key).state == "queued"


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL", logger="guyub")
