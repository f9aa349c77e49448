"""A plan grows until it may open; two people may work on it and neither loses a word."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from app.store import Store
from app.submission import WaveNotAccepting
from app.tables import Wave
from app.waves import events, planning, rates
from app.waves import service as waves
from app.waves.consent import brackets
from app.waves.errors import (
    EventChanged,
    NotReadyToOpen,
    OtherWaveOpen,
    PlanChanged,
    UnfitEvent,
    UnfitWave,
    UnknownEvent,
    WrongState,
)


def verb(world, function, **wanted):
    with world.writing() as session, session.begin():
        return function(session=session, **{"by": "test", "at": world.now, **wanted})


def stored(world, wave_id):
    with world.writing() as session, session.begin():
        wave = session.get_one(Wave, wave_id)
        session.expunge(wave)
        return wave


@pytest.fixture
def draft(world):
    """A plan with every [bracket] open, in a community without another wave."""
    return world.add_wave(community_id=world.add_community("gresik"), consent=None)


def filled(world, wave, **wanted):
    words = {
        language: {name: f"{name}!" for name in names}
        for language, names in brackets(world.instrument).items()
    }
    return replace(planning.plan_of(wave), words=words, **wanted)


def change(world, wave, plan, seen=None):
    return verb(
        world, planning.change_plan, wave_id=wave.id, plan=plan,
        seen=seen or planning.fingerprint(stored(world, wave.id)),
    )  # fmt: skip


def test_opening_waits_for_every_word_in_both_languages(world, draft):
    """C10: who asks, why, risks, ethics and contact; one word less and it stays closed."""
    everything = filled(world, draft)
    assert len(everything.words["id"]) == len(everything.words["en"]) == 10
    for language in ("id", "en"):
        for name in everything.words[language]:
            fewer = {key: dict(words) for key, words in everything.words.items()}
            fewer[language][name] = ""
            change(world, draft, replace(everything, words=fewer))
            with pytest.raises(NotReadyToOpen) as caught:
                verb(world, waves.open_wave, wave_id=draft.id)
            assert caught.value.brackets == (f"[{name}] ({language})",)
    change(world, draft, everything)
    assert verb(world, waves.open_wave, wave_id=draft.id).state == "open"
    text = stored(world, draft.id).consent
    assert "tujuan!" in text[1]["id"]
    assert "purpose!" in text[1]["en"]


def test_everything_missing_is_told_at_once(world, draft):
    change(world, draft, replace(planning.plan_of(draft), eligible_n=None, closes_at=None))
    fields, open_ = planning.missing(stored(world, draft.id))
    assert fields == ["closes_at", "eligible_n"]
    assert len(open_) == 20


def test_of_two_operators_the_second_sees_both_versions(world, draft):
    seen = planning.fingerprint(draft)
    mine = replace(planning.plan_of(draft), eligible_n=61)
    theirs = replace(planning.plan_of(draft), eligible_n=58)
    change(world, draft, theirs, seen)
    with pytest.raises(PlanChanged):
        change(world, draft, mine, seen)
    assert stored(world, draft.id).eligible_n == 58
    change(world, draft, mine)  # "keep mine" posts what is stored now as seen
    assert stored(world, draft.id).eligible_n == 61


def test_a_change_is_logged_by_the_names_of_its_fields(world, draft):
    change(world, draft, replace(planning.plan_of(draft), eligible_n=61, aimed=("A",)))
    change(world, draft, planning.plan_of(stored(world, draft.id)))  # nothing new: no row
    rows = world.rows("SELECT detail FROM audit_event WHERE action = 'wave.change'")
    assert len(rows) == 1
    assert "eligible_n, aimed" in str(rows[0])


@pytest.mark.parametrize(
    "wanted",
    [
        {"aimed": ("A", "B")},
        {"modules": ("X",)},
        {"floors": {"figure": 4}},
        {"closes_at": datetime(2026, 1, 1, tzinfo=UTC)},
    ],
)
def test_a_plan_that_cannot_be_is_refused(world, draft, wanted):
    with pytest.raises(UnfitWave):
        change(world, draft, replace(planning.plan_of(draft), **wanted))


def test_an_open_wave_keeps_its_plan(world):
    wave = stored(world, world.wave_id)
    with pytest.raises(WrongState):
        change(world, wave, planning.plan_of(wave))
    with pytest.raises(WrongState):
        verb(world, planning.discard_wave, wave_id=wave.id)


def answer(world, store, wave_id, *, community_id=None, final=True):
    community_id = community_id or world.community_id
    start = world.start(wave_id=wave_id, community_id=community_id, respondent_ref=uuid4())

    async def go():
        state = await store.start(start)
        save = world.save(
            state.submission_id, wave_id=wave_id, community_id=community_id, final=final
        )
        return await store.save(save)

    return asyncio.run(go())


def rate(world, wave_id, community_id):
    with world.writing() as session, session.begin():
        return rates.rates(session, community_id, [wave_id])[wave_id]


def test_what_a_trial_answers_counts_nowhere_and_goes(world, draft):
    store = Store(world.database)
    try:
        with pytest.raises(WaveNotAccepting):
            answer(world, store, draft.id, community_id=draft.community_id)
        verb(world, planning.start_test, wave_id=draft.id)
        answer(world, store, draft.id, community_id=draft.community_id)
        answer(world, store, draft.id, community_id=draft.community_id, final=False)
        assert world.count("response") == 1
        assert rate(world, draft.id, draft.community_id).answered == 0
        change(world, draft, filled(world, draft))
        verb(world, waves.open_wave, wave_id=draft.id)
        tables = ("response", "draft", "consent")
        assert [world.count(table) for table in tables] == [0, 0, 0]
        answer(world, store, draft.id, community_id=draft.community_id)
        assert rate(world, draft.id, draft.community_id).complete == 1
    finally:
        store.close()


def test_stopping_a_trial_or_dropping_the_plan_deletes_what_was_answered(world, draft):
    store = Store(world.database)
    try:
        for end in (planning.stop_test, planning.discard_wave):
            verb(world, planning.start_test, wave_id=draft.id)
            answer(world, store, draft.id, community_id=draft.community_id)
            verb(world, end, wave_id=draft.id)
            assert world.count("response") == world.count("consent") == 0
    finally:
        store.close()
    assert world.rows(f"SELECT id FROM wave WHERE id = {draft.id}") == []


def test_no_trial_while_the_link_leads_elsewhere(world):
    wave = world.add_wave()
    with pytest.raises(OtherWaveOpen):
        verb(world, planning.start_test, wave_id=wave.id)


def test_the_rate_counts_sent_and_begun_apart_and_partial_after_the_close(world):
    store = Store(world.database)
    try:
        for final in (True, True, False):
            answer(world, store, world.wave_id, final=final)
        asyncio.run(store.start(world.start()))  # opened the form and answered nothing
    finally:
        store.close()
    assert rate(world, world.wave_id, 1) == rates.Rate(complete=2, partial=0, begun=1)
    world.close()
    closed = rate(world, world.wave_id, 1)
    assert closed == rates.Rate(complete=2, partial=1, begun=0)
    assert (closed.answered, closed.percent(60), closed.percent(None)) == (3, 5, None)


def test_n_is_whoever_is_a_member_that_day(world):
    for _ in range(3):
        participant, _ = world.person()
    from app.members import service as members

    verb(
        world, members.mark_left, community_id=1, participant_id=participant,
        left_on=world.now.date(),
    )  # fmt: skip
    with world.writing() as session, session.begin():
        assert planning.members_of(session, 1, world.now.date()) == 2
        assert planning.members_of(session, 1, world.now.date() - timedelta(days=1)) == 3


MEETING = {"held_on": date(2026, 2, 7), "kind": "bazaar", "attended_n": 40}


def test_a_meeting_is_noted_corrected_removed_and_brought_back(world):
    event = verb(world, events.add_event, community_id=1, **MEETING)
    seen = events.fingerprint(event)
    verb(
        world, events.change_event, community_id=1, event_id=event.id, seen=seen,
        **{**MEETING, "attended_n": 41},
    )  # fmt: skip
    with pytest.raises(EventChanged):
        verb(world, events.change_event, community_id=1, event_id=event.id, seen=seen, **MEETING)
    gone = verb(world, events.remove_event, community_id=1, event_id=event.id)
    assert world.count("event") == 0
    verb(
        world, events.add_event, community_id=1, held_on=gone.held_on, kind=gone.kind,
        attended_n=gone.attended_n,
    )  # fmt: skip
    assert world.rows("SELECT kind, attended_n FROM event") == [("bazaar", 41)]
    actions = world.rows("SELECT action FROM audit_event WHERE action LIKE 'event%%' ORDER BY id")
    assert [action.removeprefix("event.") for (action,) in actions] == [
        "add", "change", "remove", "add",
    ]  # fmt: skip


def test_a_meeting_of_another_community_is_not_there(world):
    event = verb(world, events.add_event, community_id=1, **MEETING)
    other = world.add_community("malang")
    with pytest.raises(UnknownEvent):
        verb(world, events.remove_event, community_id=other, event_id=event.id)


@pytest.mark.parametrize("wrong", [{"kind": "party"}, {"attended_n": -1}, {"attended_n": 100_001}])
def test_a_meeting_that_cannot_be(world, wrong):
    with pytest.raises(UnfitEvent):
        verb(world, events.add_event, community_id=1, **{**MEETING, **wrong})
