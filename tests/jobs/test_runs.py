"""The runs of analyses: asked once, leased, recovered; the same on both engines."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from app.db import Database
from app.jobs import runs
from app.jobs.runs import Question, Source
from app.jobs.supervisor import folder_of, tidy
from app.tables import AnalysisRun, AuditEvent, Community, DataVersion, Wave

NOW = datetime(2026, 3, 1, 3, tzinfo=UTC)
LATER = NOW + runs.LEASE + timedelta(seconds=1)


@pytest.fixture
def question(engine: Database) -> Question:
    """A question about the one closed wave of one community."""
    with Session(engine.write) as session, session.begin():
        community = Community(slug="sidoarjo", name="Sidoarjo")
        session.add(community)
        session.flush()
        wave = Wave(
            community_id=community.id, number=1, instrument_key="small", version="1.0.0",
            digest="5" * 64, item_count=7, form="full", access="code", eligible_n=60,
            opens_at=NOW - timedelta(days=9), closes_at=NOW - timedelta(days=1), state="closed",
        )  # fmt: skip
        session.add(wave)
        session.flush()
        session.add(DataVersion(community_id=community.id, wave_id=wave.id, seq=3))
        assert community.id is not None
        assert wave.id is not None
        source = Source(community.id, wave.id, "main", 3)
    return Question("5" * 64, "full", "partnership-1.0.0", "a" * 64, (source,), "guyub 0")


@pytest.fixture
def writing(engine: Database) -> Callable[[], Session]:
    return lambda: Session(engine.write, expire_on_commit=False)


def ask(writing: Callable[[], Session], question: Question, at: datetime = NOW) -> AnalysisRun:
    with writing() as session, session.begin():
        return runs.ask(session=session, question=question, by="rani", at=at)


def state(writing: Callable[[], Session], key: str) -> tuple[str, int]:
    with writing() as session, session.begin():
        run = session.get(AnalysisRun, key)
        assert run is not None
        return run.state, run.attempts


def test_the_same_question_is_the_same_run(writing, question, engine) -> None:
    """Asked twice: one row, one audit row; another data version, plan or code: another."""
    first = ask(writing, question)
    again = ask(writing, replace(question, plan="renamed"), NOW + timedelta(hours=1))
    assert (again.key, again.asked_at) == (first.key, NOW)
    with Session(engine.read) as session, session.begin():
        assert len(session.exec(select(AuditEvent)).all()) == 1
    (source,) = question.sources
    others = {
        replace(question, sources=(replace(source, data_version=4),)).key,
        replace(question, sources=(replace(source, part="before"),)).key,
        replace(question, plan_digest="b" * 64).key,
        replace(question, instrument="6" * 64).key,
        replace(question, code="guyub 1").key,
        replace(question, form="pulse").key,
        first.key,
    }
    assert len(others) == 7


def test_order_of_pooled_waves_plays_no_part(question) -> None:
    one, two = Source(1, 1, "main", 3), Source(2, 2, "main", 5)
    assert replace(question, sources=(one, two)).key == replace(question, sources=(two, one)).key


def test_two_workers_never_claim_one_run(writing, question) -> None:
    """While the first claim is uncommitted, the second finds nothing (or waits, then nothing)."""
    ask(writing, question)
    claimed: list[str | None] = []

    def claim(name: str) -> None:
        with writing() as session, session.begin():
            run = runs.claim(session=session, worker=name, at=NOW)
            claimed.append(run.key if run else None)

    with writing() as session, session.begin():
        mine = runs.claim(session=session, worker="one", at=NOW)
        other = threading.Thread(target=claim, args=("two",))
        other.start()
        other.join(0.5)  # SQLite waits for the lock, PostgreSQL skips the locked row
    other.join()
    assert mine is not None
    assert claimed == [None]
    with writing() as session, session.begin():
        run = session.get(AnalysisRun, mine.key)
        assert run is not None
        assert (run.state, run.worker, run.attempts) == ("running", "one", 1)


def test_a_lost_run_is_taken_up_again_then_given_up(writing, question, engine) -> None:
    """Lease over: queued; over again: failed, and it says so. A living worker keeps its run."""
    key = ask(writing, question).key
    for attempt, after in ((1, "queued"), (2, "failed")):
        at = NOW + attempt * timedelta(hours=1)
        with writing() as session, session.begin():
            assert runs.claim(session=session, worker=f"w{attempt}", at=at) is not None
        just_before = at + runs.LEASE - timedelta(seconds=1)
        assert tidy(engine, just_before) is False
        assert state(writing, key) == ("running", attempt)
        with writing() as session, session.begin():
            assert runs.beat(
                session=session, key=key, worker=f"w{attempt}", at=just_before, progress=30,
                step="structure",
            )  # fmt: skip
        assert tidy(engine, at + runs.LEASE + timedelta(seconds=1)) is False
        assert state(writing, key) == ("running", attempt)
        waits = tidy(engine, just_before + runs.LEASE + timedelta(seconds=1))
        assert (waits, state(writing, key)) == (after == "queued", (after, attempt))
    with writing() as session, session.begin():
        run = session.get(AnalysisRun, key)
        assert run is not None
        assert (run.error, run.worker, run.lease_until) == ("lost", None, None)
    assert timedelta(minutes=2) > runs.LEASE  # with the sweep: restarted within five minutes
    assert ask(writing, question).attempts == 0  # and somebody may ask again


def test_who_lost_the_run_cannot_finish_it(writing, question) -> None:
    key = ask(writing, question).key
    with writing() as session, session.begin():
        runs.claim(session=session, worker="slow", at=NOW)
    with writing() as session, session.begin():
        assert runs.recover(session=session, at=LATER) == (1, 0)
        runs.claim(session=session, worker="quick", at=LATER)
    done = {"key": key, "at": LATER, "digest": "d" * 64, "facts": {"used": 45}}
    with writing() as session, session.begin():
        assert not runs.finish(session=session, worker="slow", **done)
        assert not runs.beat(
            session=session, key=key, worker="slow", at=LATER, progress=90, step="write"
        )
        assert not runs.release(session=session, key=key, worker="slow")
        assert runs.finish(session=session, worker="quick", **done)
    assert state(writing, key) == ("done", 2)


def test_cancelled_is_noticed_at_the_next_beat(writing, question) -> None:
    key = ask(writing, question).key
    with writing() as session, session.begin():
        runs.claim(session=session, worker="w", at=NOW)
    with writing() as session, session.begin():
        runs.cancel(session=session, key=key, by="rani", at=NOW)
    with writing() as session, session.begin():
        assert not runs.beat(session=session, key=key, worker="w", at=NOW, progress=1, step="data")
        assert runs.recover(session=session, at=LATER) == (0, 0)
    assert state(writing, key)[0] == "cancelled"
    assert ask(writing, question).state == "queued"
    with writing() as session, session.begin(), pytest.raises(runs.UnknownRun):
        runs.cancel(session=session, key="0" * 64, by="rani", at=NOW)


def test_a_worker_told_to_stop_loses_no_try(writing, question) -> None:
    key = ask(writing, question).key
    with writing() as session, session.begin():
        runs.claim(session=session, worker="w", at=NOW)
        assert runs.release(session=session, key=key, worker="w")
    assert state(writing, key) == ("queued", 0)


def test_a_dead_worker_is_bereaved_at_once(writing, question) -> None:
    key = ask(writing, question).key
    with writing() as session, session.begin():
        runs.claim(session=session, worker="dead", at=NOW)
    with writing() as session, session.begin():
        assert runs.recover(session=session, at=NOW, dead=("another",)) == (0, 0)
        assert runs.recover(session=session, at=NOW, dead=("dead",)) == (1, 0)
    assert state(writing, key) == ("queued", 1)


def test_files_go_when_answers_changed_the_digest_stays(writing, question, engine) -> None:
    """A withdrawal bumps data_version: the next look deletes the files and keeps the row."""
    key = ask(writing, question).key
    with writing() as session, session.begin():
        runs.claim(session=session, worker="w", at=NOW)
        runs.finish(session=session, key=key, worker="w", at=NOW, digest="d" * 64, facts={})
    folder = folder_of(engine.settings, key)
    folder.mkdir(parents=True)
    (folder / "results.json").write_text("{}")
    tidy(engine, NOW)
    assert folder.exists()
    with writing() as session, session.begin():
        version = session.exec(select(DataVersion)).one()
        version.seq += 1
        session.add(version)
    tidy(engine, LATER)
    assert not folder.exists()
    with writing() as session, session.begin():
        run = session.exec(select(AnalysisRun).where(col(AnalysisRun.key) == key)).one()
        assert (run.digest, run.files_deleted_on) == ("d" * 64, LATER)
    assert ask(writing, question).state == "queued"  # asked again: it is made anew


def test_a_run_is_seen_only_with_all_its_communities(writing, question) -> None:
    with writing() as session, session.begin():
        other = Community(slug="other", name="Other")
        session.add(other)
        session.flush()
        wave = session.exec(select(Wave)).one()
        twin = Wave(**{**wave.model_dump(exclude={"id"}), "community_id": other.id})
        session.add(twin)
        session.flush()
        assert other.id is not None
        assert twin.id is not None
        second = Source(other.id, twin.id, "main", 0)
    alone = ask(writing, question).key
    pooled = ask(writing, replace(question, sources=(*question.sources, second))).key
    mine, theirs = question.sources[0].community_id, second.community_id
    with writing() as session, session.begin():
        assert {run.key for run in runs.seen_by(session, [mine])} == {alone}
        assert {run.key for run in runs.seen_by(session, [mine, theirs])} == {alone, pooled}
        assert runs.seen_by(session, []) == []
        assert runs.find(session, alone, [mine]).key == alone
        for key in (pooled, "0" * 64):
            with pytest.raises(runs.UnknownRun):
                runs.find(session, key, [mine])


@pytest.fixture(autouse=True)
def _no_thread_left() -> Iterator[None]:
    before = threading.active_count()
    yield
    assert threading.active_count() <= before
