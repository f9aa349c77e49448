"""The alarm for a fall of the row count: silent for every deletion that is written down."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete
from sqlmodel import Session, select

from app.rights import erasing, retention, watch
from app.tables import AuditEvent, Response


@pytest.fixture
def closed(world, store, at_once):
    """Five people answered, and the wave is closed; their references."""
    refs = []
    for _ in range(5):
        _, ref = world.person()
        (state,) = at_once(store.start(world.start(ref=ref)))
        at_once(store.save(world.save(state.submission_id, final=True)))
        refs.append(ref)
    world.close()
    return refs


def lose(world, ref) -> None:
    """A hand in the database."""
    with world.writing() as session, session.begin():
        session.execute(delete(Response).where(Response.respondent_ref == ref))


def look(world):
    return [one.missing for one in watch.look(world.database, at=world.now)]


def told(world) -> list[int]:
    with Session(world.database.read) as session, session.begin():
        rows = session.exec(select(AuditEvent).where(AuditEvent.action == watch.ACTION))
        return [row.detail["missing"] for row in rows]


def test_what_nobody_deleted_is_missed_and_told_once(world, closed, caplog):
    assert look(world) == []
    lose(world, closed[0])
    assert look(world) == [1]
    assert "has lost 1 answers" in caplog.text
    assert look(world) == [1]
    lose(world, closed[1])
    assert look(world) == [2]
    assert told(world) == [1, 2]


def test_a_withdrawal_explains_itself(world, closed):
    erasing.withdraw(
        world.database, community_id=world.community_id, respondent_ref=closed[0],
        wave_id=None, at=world.now + timedelta(days=1),
    )  # fmt: skip
    assert look(world) == []
    lose(world, closed[1])
    assert look(world) == [1]
    assert told(world) == [1]


def test_a_retention_explains_itself(world, closed):
    day = (world.now + timedelta(days=30)).date()
    with world.writing() as session, session.begin():
        retention.keep_wave_until(
            session=session, wave_id=world.wave_id, until=day, by="test", at=world.now
        )
    for days in (8, 15):
        at = world.now + timedelta(days=days)
        with world.writing() as session, session.begin():
            found = retention.due(session, at=at, has_identity=True)
            retention.notify(session=session, found=found, by="test", at=at)
    at = world.now + timedelta(days=31)
    with Session(world.database.read) as session, session.begin():
        shown = retention.digest(retention.due(session, at=at, has_identity=True))
    retention.carry_out(world.database, shown=shown, backup=lambda: "guyub-x", by="test", at=at)
    assert world.count("response") == 0
    assert look(world) == []


def test_a_wave_that_opens_again_is_watched_from_its_last_close(world, closed):
    with world.writing() as session, session.begin():
        from app.waves.service import extend_wave

        extend_wave(
            session=session, wave_id=world.wave_id, closes_at=world.now + timedelta(days=9),
            by="test", at=world.now,
        )  # fmt: skip
    lose(world, closed[0])  # an open wave is not watched
    assert look(world) == []
    world.close()
    assert look(world) == []
    lose(world, closed[1])
    assert look(world) == [1]
