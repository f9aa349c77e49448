"""What only a server database can do wrong: lost connections, locks, many processes."""

from __future__ import annotations

import asyncio

import pytest

from app.db import Database
from app.store import Ack, Store

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
