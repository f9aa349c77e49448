"""Waves open under promises and close without losing what was saved."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import Session

from app.store import Ack, NewerState
from app.tables import Wave
from app.wave_reader import UnknownCommunity, UnknownWave, current_wave, find_wave
from app.waves import service as waves
from app.waves.consent import fill, open_brackets
from app.waves.errors import (
    DefinitionChanged,
    NotReadyToOpen,
    OtherWaveOpen,
    SlugTaken,
    UnfitWave,
    WrongState,
)
from instrument import registry


def answer(store, world, at_once, **wanted):
    (state,) = at_once(store.start(world.start()))
    (ack,) = at_once(store.save(world.save(state.submission_id, **wanted)))
    assert isinstance(ack, Ack), ack
    return state


def test_an_address_belongs_to_one_community(world):
    with pytest.raises(SlugTaken):
        world.add_community("sidoarjo")


@pytest.mark.parametrize("slug", ["", "Sidoarjo", "sido arjo", "s/x", "é"])
def test_a_slug_is_an_address(world, slug):
    with pytest.raises(UnfitWave):
        world.add_community(slug)


def test_waves_are_numbered_within_their_community(world):
    other = world.add_community("malang")
    assert world.add_wave().number == 2
    assert world.add_wave(community_id=other).number == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"form": "pulse"},
        {"modules": ["M9"]},
        {"aimed": ["A", "B"]},
        {"aimed": ["A", "A", "A"]},
        {"floors": {"subgroup": 4}},
        {"floors": {"rows": 10}},
    ],
)
def test_a_plan_names_only_what_is_there_and_allowed(world, wrong):
    with pytest.raises(UnfitWave):
        world.add_wave(**wrong)


@pytest.mark.parametrize("missing", ["opens_at", "closes_at", "eligible_n", "consent"])
def test_a_wave_with_something_missing_does_not_open(world, missing):
    world.close()
    wave = world.add_wave(**{missing: [] if missing == "consent" else None})
    with pytest.raises(NotReadyToOpen) as raised:
        world.open(wave.id)
    assert raised.value.missing == (missing,)


def test_an_unfilled_bracket_keeps_a_wave_shut_and_is_named(world):
    world.close()
    wave = world.add_wave(consent=fill(world.instrument, {}))
    with pytest.raises(NotReadyToOpen) as raised:
        world.open(wave.id)
    assert raised.value.brackets == ("[komunitas] (id)", "[community] (en)")


def test_a_simulated_wave_may_keep_its_brackets(world):
    world.close()
    world.open(world.add_wave(consent=None, is_simulated=True).id)


def test_brackets_are_filled_by_language(small):
    filled = fill(small, {"id": {"komunitas": "UMKM Sidoarjo"}, "en": {"other": "x"}})
    assert filled == [{"id": "Untuk UMKM Sidoarjo.", "en": "For [community]."}]
    assert open_brackets(filled) == ["[community] (en)"]


@pytest.mark.parametrize("published", [{}, {("small", "1.0.0"): "6" * 64}])
def test_only_the_published_text_can_be_asked(world, monkeypatch, published):
    world.close()
    wave = world.add_wave()
    monkeypatch.setattr(registry, "published", lambda: published)
    with pytest.raises(DefinitionChanged):
        world.open(wave.id)


def test_a_community_has_at_most_one_open_wave(world):
    wave = world.add_wave()
    with pytest.raises(OtherWaveOpen):
        world.open(wave.id)
    assert world.rows("SELECT state FROM wave ORDER BY id") == [("open",), ("draft",)]


def test_the_database_itself_refuses_a_second_open_wave(world):
    from sqlalchemy.exc import IntegrityError

    wave = world.add_wave()
    with pytest.raises(IntegrityError), world.writing() as session, session.begin():
        session.connection().exec_driver_sql(f"UPDATE wave SET state = 'open' WHERE id = {wave.id}")


def test_answers_of_a_test_are_marked_and_go_when_the_wave_opens(store, world, at_once):
    world.close()
    wave = world.add_wave(is_test=True)
    for final in (True, False):
        (state,) = at_once(store.start(world.start(wave_id=wave.id)))
        (ack,) = at_once(store.save(world.save(state.submission_id, wave_id=wave.id, final=final)))
        assert isinstance(ack, Ack)
    assert [world.count(t) for t in ("response", "draft", "consent", "background")] == [1, 1, 2, 0]
    assert list(store.batches(wave.id, purpose="research")) == []
    world.open(wave.id)
    assert [world.count(t) for t in ("response", "draft", "consent")] == [0, 0, 0]


def test_closing_keeps_drafts_with_an_answer_as_partial_responses(store, world, at_once):
    kept = answer(store, world, at_once, answers=bytes([0, 0, 0, 0, 0, 4, 0]))
    answer(store, world, at_once, answers=bytes([250, 250, 252, 253, 0, 251, 2]))  # a check only
    at_once(store.start(world.start()))  # nothing at all
    answer(store, world, at_once, final=True)
    world.close()
    rows = [row for batch in store.batches(world.wave_id, purpose="report") for row in batch]
    assert sorted(row.status for row in rows) == ["complete", "partial"]
    partial = next(row for row in rows if row.status == "partial")
    assert (partial.submission_id, partial.answers[5]) == (kept.submission_id, 4)
    assert partial.background == {"values": {"BG1": 1}, "missing": {}}
    assert (world.count("draft"), world.count("consent")) == (0, 2)
    assert world.rows("SELECT seq FROM data_version") == [(2,)]


def test_an_extended_wave_lets_a_partial_response_be_finished(store, world, at_once):
    state = answer(store, world, at_once, rev=3)
    world.close()
    with world.writing() as session, session.begin():
        waves.extend_wave(
            session=session,
            wave_id=world.wave_id,
            closes_at=world.now + timedelta(days=20),
            by="test",
            at=world.now,
        )
    (seen,) = at_once(store.resume(world.community_id, world.wave_id, state.submission_id))
    assert (seen.status, seen.rev) == ("draft", 3)
    other = bytes([5] * 7)
    outcomes = [
        at_once(store.save(world.save(state.submission_id, **wanted)))[0]
        for wanted in (
            {"rev": 3, "answers": other},
            {"rev": 3},
            {"rev": 4, "answers": other},
            {"rev": 5, "answers": other, "final": True},
            {"rev": 5, "answers": other, "final": True},
        )
    ]
    assert isinstance(outcomes[0], NewerState)
    assert [(ack.status, ack.rev, ack.repeated) for ack in outcomes[1:]] == [
        ("draft", 3, True),
        ("draft", 4, False),
        ("submitted", 5, False),
        ("submitted", 5, True),
    ]
    assert outcomes[-1].receipt == outcomes[-2].receipt
    assert world.rows("SELECT status, rev FROM response") == [("complete", 5)]


@pytest.mark.parametrize("verb", ["open_wave", "close_wave"])
def test_a_verb_in_the_wrong_state_is_refused(world, verb):
    world.close()
    wave_id = world.add_wave().id if verb != "open_wave" else world.wave_id
    with pytest.raises(WrongState), world.writing() as session, session.begin():
        getattr(waves, verb)(session=session, wave_id=wave_id, by="test", at=world.now)


def test_a_published_wave_cannot_be_extended(world):
    world.close()
    with world.writing() as session, session.begin():
        session.get_one(Wave, world.wave_id).state = "published"
    with pytest.raises(WrongState), world.writing() as session, session.begin():
        waves.extend_wave(
            session=session,
            wave_id=world.wave_id,
            closes_at=world.now + timedelta(days=20),
            by="test",
            at=world.now,
        )


def test_the_sweep_closes_what_is_over_and_nothing_else(store, world, at_once):
    answer(store, world, at_once)
    over = world.now + timedelta(days=7)
    assert waves.sweep_now(world.database, now=over - timedelta(microseconds=1)) == []
    assert waves.sweep_now(world.database, now=over) == [world.wave_id]
    assert waves.sweep_now(world.database, now=over) == []
    assert world.rows("SELECT state FROM wave") == [("closed",)]
    assert world.rows("SELECT status FROM response") == [("partial",)]


def test_two_processes_may_sweep_at_once(world):
    from concurrent.futures import ThreadPoolExecutor

    over = world.now + timedelta(days=7)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: waves.sweep_now(world.database, now=over), range(8)))
    assert sorted(found) == [[]] * 7 + [[world.wave_id]]
    assert world.rows("SELECT count(*) FROM audit_event WHERE action = 'wave.close'") == [(1,)]


def test_a_wave_whose_time_is_over_does_not_open(world):
    world.close()
    wave = world.add_wave(closes_at=world.now)
    with pytest.raises(UnfitWave):
        world.open(wave.id)


def test_every_verb_leaves_its_row_in_the_log_and_no_answer(store, world, at_once):
    answer(store, world, at_once, final=True)
    world.close()
    rows = world.rows("SELECT action, actor, subject FROM audit_event ORDER BY id")
    assert rows == [
        ("community.create", "test", f"community:{world.community_id}"),
        ("wave.create", "test", f"wave:{world.wave_id}"),
        ("wave.open", "test", f"wave:{world.wave_id}"),
        ("wave.close", "test", f"wave:{world.wave_id}"),
    ]


def test_a_refused_verb_leaves_no_row_in_the_log(world):
    wave = world.add_wave()
    before = world.count("audit_event")
    with pytest.raises(OtherWaveOpen):
        world.open(wave.id)
    assert world.count("audit_event") == before


def test_saves_and_a_closing_at_once_lose_no_acknowledged_answer(store, world, at_once):
    """The closing turns every acknowledged draft into a row; what comes later is told so."""
    import asyncio

    states = at_once(*(store.start(world.start()) for _ in range(30)))

    async def play() -> list[object]:
        saves = [store.save(world.save(state.submission_id)) for state in states]
        closing = asyncio.to_thread(world.close)
        return await asyncio.gather(*saves[:15], closing, *saves[15:], return_exceptions=True)

    outcomes = asyncio.run(play())
    acknowledged = sum(isinstance(outcome, Ack) for outcome in outcomes)
    assert outcomes[15] is None
    assert world.count("draft") == 0
    assert world.count("response") == acknowledged


class TestReading:
    def test_a_slug_leads_to_the_open_wave(self, world):
        with Session(world.database.read) as session:
            view = current_wave(session, "sidoarjo")
        assert view is not None
        assert (view.wave_id, view.state, view.name) == (world.wave_id, "open", "sidoarjo-1")
        assert view.accepts(world.now)
        assert not view.accepts(world.now + timedelta(days=7))
        assert view.consent == ({"id": "Untuk Sidoarjo.", "en": "For Sidoarjo."},)
        assert view.floors == {"figure": 5, "subgroup": 10, "comments": 10}

    def test_after_the_close_it_leads_to_what_was_asked_until_the_next_opens(self, world):
        world.close()
        world.add_wave()
        with Session(world.database.read) as session:
            view = current_wave(session, "sidoarjo")
        assert view is not None
        assert (view.number, view.state, view.latest_published) == (1, "closed", None)

    def test_a_community_without_a_wave_has_none(self, world):
        world.add_community("malang")
        with Session(world.database.read) as session:
            assert current_wave(session, "malang") is None

    def test_an_unknown_address_is_a_404(self, world):
        with Session(world.database.read) as session, pytest.raises(UnknownCommunity):
            current_wave(session, f"x{uuid4().hex[:8]}")

    @pytest.mark.parametrize("name", ["sidoarjo-9", "sidoarjo", "-1", "sidoarjo-x"])
    def test_a_wave_is_found_by_its_name_or_not_at_all(self, world, name):
        with Session(world.database.read) as session:
            assert find_wave(session, "sidoarjo-1").wave_id == world.wave_id
            with pytest.raises(UnknownWave):
                find_wave(session, name)
