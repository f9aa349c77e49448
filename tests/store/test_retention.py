"""C8, C9: what is due goes, with notices, a dry run and a backup first; the breach report."""

from __future__ import annotations

import time
from datetime import date, timedelta

import pytest
from sqlmodel import Session

from app.rights import breach, retention
from app.rights.certificates import certificate
from app.rights.requests import file_request


def sent(world, store, at_once, count: int) -> None:
    for _ in range(count):
        _, ref = world.person()
        (state,) = at_once(store.start(world.start(ref=ref)))
        at_once(store.save(world.save(state.submission_id, final=True)))


def found(world, at):
    with Session(world.database.read) as session, session.begin():
        return retention.due(session, at=at, has_identity=world.database.has_identity())


def notify(world, at):
    with Session(world.database.write) as session, session.begin():
        there = retention.due(session, at=at, has_identity=world.database.has_identity())
        return retention.notify(session=session, found=there, by="test", at=at)


def carry_out(world, at, shown=None, backup=lambda: "guyub-x"):
    return retention.carry_out(
        world.database,
        shown=shown or retention.digest(found(world, at)),
        backup=backup,
        by="test",
        at=at,
    )


def dated(world, *, wave: date | None, study: date | None) -> None:
    with world.writing() as session, session.begin():
        if wave is not None:
            retention.keep_wave_until(
                session=session, wave_id=world.wave_id, until=wave, by="test", at=world.now
            )
        if study is not None:
            retention.end_study(
                session=session, community_id=world.community_id, on=study, by="test", at=world.now
            )


def test_nothing_goes_without_two_notices_a_dry_run_and_a_backup(world, store, at_once):
    sent(world, store, at_once, 3)
    world.close()
    day = date(2026, 4, 1)
    dated(world, wave=day, study=None)
    now = world.now + timedelta(days=10)
    (one,) = found(world, now)
    assert (one.what, one.due_on, one.ready) == ("wave:1", day, False)
    assert one.counts == {"response": 3, "consent": 3}
    assert [number for _, number in notify(world, now)] == [1]
    assert notify(world, now + timedelta(days=6)) == []  # too soon after the first
    assert [number for _, number in notify(world, now + timedelta(days=7))] == [2]
    with pytest.raises(retention.NothingReady):  # told twice, but not due yet
        carry_out(world, now + timedelta(days=15))
    due = world.now + timedelta(days=40)
    with pytest.raises(retention.NotAsShown):
        carry_out(world, due, shown="0" * 12)

    def no_backup() -> str:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        carry_out(world, due, backup=no_backup)
    assert world.count("response") == 3

    before = world.rows("SELECT seq FROM data_version")
    (made,) = carry_out(world, due)
    for table in ("response", "draft", "consent", "background"):
        assert world.count(table) == 0, table
    assert world.rows("SELECT seq FROM data_version") != before
    assert world.count("wave") == 1  # what was asked and promised stays
    assert world.count("identity.participant") == 3  # names have a day of their own
    assert found(world, due) == []
    text = certificate(made, "Sidoarjo")
    assert "response 3" in text
    assert "guyub-x" in text
    told = world.rows("SELECT action FROM audit_event ORDER BY id")
    assert [action for (action,) in told if action.startswith("retention")] == [
        "retention.date", "retention.notice", "retention.notice", "retention.delete",
    ]  # fmt: skip


def test_a_second_notice_counts_only_when_it_is_seven_days_old(world, store, at_once):
    sent(world, store, at_once, 1)
    world.close()
    dated(world, wave=world.now.date(), study=None)
    now = world.now + timedelta(days=1)
    notify(world, now)
    notify(world, now + timedelta(days=7))
    with pytest.raises(retention.NothingReady):
        carry_out(world, now + timedelta(days=13))
    assert len(carry_out(world, now + timedelta(days=14))) == 1


def test_what_changed_after_the_dry_run_stops_it(world, store, at_once):
    sent(world, store, at_once, 2)
    world.close()
    dated(world, wave=world.now.date(), study=None)
    for days in (1, 8):
        notify(world, world.now + timedelta(days=days))
    at = world.now + timedelta(days=20)
    shown = retention.digest(found(world, at))
    with world.database.write.begin() as connection:
        id_ = connection.exec_driver_sql("SELECT id FROM response LIMIT 1").scalar_one()
        connection.exec_driver_sql(f"DELETE FROM response WHERE id = '{id_}'")
    with pytest.raises(retention.NotAsShown):
        carry_out(world, at, shown=shown)


def test_names_codes_and_requests_go_at_the_studys_end(world, store, at_once):
    sent(world, store, at_once, 2)
    participant, _ = world.person()
    world.issue(participant)
    with world.writing() as session, session.begin():
        file_request(
            session=session,
            settings=world.database.settings,
            community_id=world.community_id,
            kind="access",
            channel="phone",
            words="Apa saja?",
            contact="0812",
            at=world.now,
            by="staff:1",
        )
    dated(world, wave=None, study=world.now.date())
    for days in (1, 8):
        notify(world, world.now + timedelta(days=days))
    at = world.now + timedelta(days=20)
    (made,) = carry_out(world, at)
    assert made.what == "identity"
    for table in ("participant", "code", "data_request"):
        assert world.count(f"identity.{table}") == 0, table
    assert world.count("response") == 2  # the answers live on without names
    assert found(world, at) == []


def test_waves_without_a_day_are_named(world, store, at_once):
    sent(world, store, at_once, 1)
    world.close()
    with Session(world.database.read) as session, session.begin():
        assert retention.undated(session) == ["sidoarjo-1"]
    dated(world, wave=date(2030, 1, 1), study=None)
    with Session(world.database.read) as session, session.begin():
        assert retention.undated(session) == []
    assert found(world, world.now) == []


def test_the_breach_report_counts_people_kinds_and_days(world, store, at_once):
    """C9: also whoever was erased within the span; two languages, well under a minute."""
    from app.rights import erasing

    sent(world, store, at_once, 4)
    _, ref = world.person()
    (state,) = at_once(store.start(world.start(ref=ref)))
    at_once(store.save(world.save(state.submission_id, final=True)))
    erasing.withdraw(
        world.database,
        community_id=world.community_id,
        respondent_ref=ref,
        wave_id=None,
        at=world.now,
    )
    began = time.perf_counter()
    with Session(world.database.read) as session, session.begin():
        made = breach.assess(
            session,
            since=world.now - timedelta(days=2),
            until=world.now + timedelta(days=1),
            community="sidoarjo",
            part="answers",
            has_identity=True,
        )
    report = breach.report(made, found_at=world.now)
    notices = {lang: breach.notice(made, lang, found_at=world.now) for lang in ("id", "en")}
    assert time.perf_counter() - began < 60
    assert (made.people, made.erased) == (5, 1)
    assert made.rows == {"response": 4, "background": 4, "consent": 4}
    assert made.first_day == made.last_day == "2026-03-01"
    assert made.acts["rights.erase"] == 1
    assert "4  response" in report
    assert "2026-03-04T03:00:00+00:00" in report  # 72 hours later
    assert "dari 5 orang" in notices["id"]
    assert "of 5 people" in notices["en"]
    assert "pasal 4" in notices["id"]


def test_a_breach_of_names_counts_the_roster(world):
    for _ in range(3):
        world.person()
    with Session(world.database.read) as session, session.begin():
        made = breach.assess(
            session,
            since=world.now,
            until=world.now,
            community=None,
            part="identity",
            has_identity=True,
        )
    assert made.people == 3
    assert made.rows == {"participant": 3}
