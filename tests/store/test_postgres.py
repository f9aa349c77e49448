"""What only a server database can do wrong: lost connections, locks, many processes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest

from app import saving, writer
from app import statements as sql
from app.db import Database
from app.errors import AppError
from app.store import Ack, Store
from app.transactions import PostgresTransaction

pytestmark = pytest.mark.postgres


@pytest.fixture
def server(tmp_path, postgres_url):
    from app.settings import Settings

    database = Database(Settings(data_dir=tmp_path, database_url=postgres_url))
    yield database
    database.close()


@pytest.fixture
def world(server, make_world):
    return make_world(server)


@pytest.fixture
def store(server):
    store = Store(server)
    yield store
    store.close()


def test_a_lost_connection_is_replaced_and_the_save_is_done(store, world, at_once, server):
    (state,) = at_once(store.start(world.start()))
    with server.write.begin() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    (ack,) = at_once(store.save(world.save(state.submission_id)))
    assert (ack.rev, ack.repeated) == (1, False)


def test_two_processes_may_serve_one_database(world, server, at_once):
    """Two stores, as two processes have; one submission through both, at the same time."""
    stores = [Store(server), Store(server)]
    (state,) = at_once(stores[0].start(world.start()))
    save = world.save(state.submission_id, final=True)
    acks = at_once(*(stores[turn % 2].save(save) for turn in range(20)))
    assert {type(ack) for ack in acks} == {Ack}
    assert len({ack.receipt for ack in acks}) == 1
    assert world.count("response") == 1
    for store in stores:
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
        if prepared.save.rev == 15:
            raise AppError("a refusal after something was written")
        return ack

    monkeypatch.setattr(saving.Saving, "save", broken)
    revs = [1, 13, 2, 14, 15, 3]
    saves = [
        world.save(state.submission_id, rev=rev, final=rev > 10)
        for state, rev in zip(states, revs, strict=True)
    ]
    saves.append(replace(saves[0], submission_id=UUID(int=1)))
    for _ in range(3):  # whichever of them share a batch
        outcomes = at_once(*map(store.save, saves))
        assert [type(outcome).__name__ for outcome in outcomes] == [
            "Ack",
            "ZeroDivisionError",
            "Ack",
            "NotNullViolation",
            "AppError",
            "Ack",
            "UnknownSubmission",
        ]
    assert sorted(rev for (rev,) in world.rows("SELECT rev FROM draft")) == [0, 0, 0, 1, 2, 3]
    assert (world.count("response"), world.count("data_version")) == (0, 0)


def test_waiting_saves_share_a_commit(store, world, at_once):
    """While one commit runs the next saves gather: far fewer commits than saves."""
    states = at_once(*(store.start(world.start()) for _ in range(50)))
    before = {row for (row,) in world.rows("SELECT DISTINCT xmin::text FROM draft")}
    at_once(*(store.save(world.save(state.submission_id)) for state in states))
    after = {row for (row,) in world.rows("SELECT DISTINCT xmin::text FROM draft")}
    assert before.isdisjoint(after)
    assert 1 <= len(after) <= 10


def test_no_transaction_stays_open(store, world, at_once, server):
    """An idle transaction would hold its locks and stop the cleaning of old rows."""
    states = at_once(*(store.start(world.start()) for _ in range(10)))
    at_once(*(store.save(world.save(state.submission_id)) for state in states))
    reading = store.batches(world.wave_id, purpose="report")
    list(reading)
    open_ones = world.rows(
        "SELECT state FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%%'"
    )
    assert open_ones == []


def test_a_reader_that_stops_early_lets_go(store, world, at_once, server):
    for _ in range(3):
        (state,) = at_once(store.start(world.start()))
        at_once(store.save(world.save(state.submission_id, final=True)))
    reading = store.batches(world.wave_id, purpose="report", size=1)
    next(reading)
    reading.close()
    assert server.write.pool.checkedout() == 0


def test_saves_of_many_people_do_not_wait_for_a_slow_reader(store, world, server):
    async def play() -> list[object]:
        states = [await store.start(world.start()) for _ in range(10)]
        with server.read.begin() as connection:
            connection.exec_driver_sql("SELECT * FROM draft")
            return await asyncio.wait_for(
                asyncio.gather(
                    *(store.save(world.save(state.submission_id, final=True)) for state in states)
                ),
                timeout=30,
            )

    assert len(asyncio.run(play())) == 10


def test_a_store_that_fills_up_finds_rows_by_their_own_index(store, world, at_once):
    """Planned while the tables are empty, a statement may read a whole wave for one row."""
    for number in range(40):
        (state,) = at_once(store.start(world.start()))
        if number % 2:
            at_once(store.save(world.save(state.submission_id, final=True)))
    # The writer's own connection, with the plans it keeps.
    connection = store._open()._connection
    place = (world.community_id, UUID(int=1), world.wave_id)
    wanted = {
        sql.DRAFT_LOCKED: ("pk_draft", (b"", *place)),
        sql.RESPONSE_LOCKED: ("pk_response", place),
        sql.DROP_DRAFT: ("pk_draft", place[:2]),
        sql.TAKEN_RECEIPT: ("uq_response_community_id_receipt_hmac", (world.community_id, b"")),
    }
    for statement, (index, parameters) in wanted.items():
        explained = connection.execute(f"EXPLAIN {statement.replace('?', '%s')}", parameters)
        plan = "\n".join(line for (line,) in explained)
        assert f"using {index}" in plan
        assert "Filter: (id" not in plan
        assert "Seq Scan" not in plan


def test_what_somebody_begins_is_found_by_their_reference(store, world, at_once):
    """One statement for background, draft and response: three look-ups, each by its own key."""
    for _ in range(40):
        at_once(store.start(world.start()))
    place = (world.community_id, world.wave_id, UUID(int=1))
    explained = store._open()._connection.execute(
        f"EXPLAIN {sql.SHOWN_BY_PERSON.replace('?', '%s')}",
        (world.community_id, UUID(int=1), *place, *place),
    )
    plan = "\n".join(line for (line,) in explained)
    for index in (
        "pk_background",
        "uq_draft_community_id_wave_id_respondent_ref",
        "uq_response_community_id_wave_id_respondent_ref",
    ):
        assert f"using {index}" in plan
    assert "Seq Scan" not in plan
    assert "Filter: (respondent_ref" not in plan


def test_a_verb_writes_in_one_journey(store, world, at_once, monkeypatch):
    """Draft and consent; then response, dropped draft and background."""
    journeys = []
    run = PostgresTransaction.run

    def counted(self, statement, parameters):
        journeys.append(statement)
        run(self, statement, parameters)

    monkeypatch.setattr(PostgresTransaction, "run", counted)
    (state,) = at_once(store.start(world.start()))
    assert len(journeys) == 1
    journeys.clear()
    save = world.save(state.submission_id, final=True, background={"values": {"BG1": 2}})
    (ack,) = at_once(store.save(save))
    assert ack.status == "submitted"
    assert journeys[1:] == [sql.BUMP_DATA_VERSION]
    counts = {one: world.count(one) for one in ("draft", "response", "background", "consent")}
    assert counts == {"draft": 0, "response": 1, "background": 1, "consent": 1}


def test_statistics_that_cannot_be_made_fail_no_save(store, world, at_once, monkeypatch, caplog):
    monkeypatch.setattr(writer, "_ANALYSED_AT", (1,))
    monkeypatch.setattr(writer, "WRITTEN_TABLES", ("nowhere",))
    (state,) = at_once(store.start(world.start()))
    (ack,) = at_once(store.save(world.save(state.submission_id, final=True)))
    assert ack.status == "submitted"
    assert "autovacuum will do it" in caplog.text
