"""What members' pages may count on, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from app.store import (
    Ack,
    ConsentMissing,
    NewerState,
    State,
    Store,
    UnfitSave,
    UnknownSubmission,
    WaveNotAccepting,
)

OTHER = bytes([5, 4, 3, 2, 1, 5, 2])


def begin(store, world, at_once, **wanted) -> State:
    (state,) = at_once(store.start(world.start(**wanted)))
    assert isinstance(state, State), state
    return state


def test_a_start_records_consent_and_makes_a_blank_draft(store, world, at_once):
    state = begin(store, world, at_once)
    assert (state.rev, state.status, state.answers) == (0, "new", bytes(7))
    assert (world.count("draft"), world.count("consent"), world.count("response")) == (1, 1, 0)


def test_starting_again_with_the_same_code_gives_the_draft_back(store, world, at_once):
    ref = uuid4()
    first = begin(store, world, at_once, ref=ref)
    at_once(store.save(world.save(first.submission_id, rev=1, answers=OTHER)))
    again = begin(store, world, at_once, ref=ref, consent=None)
    assert (again.submission_id, again.rev, again.answers) == (first.submission_id, 1, OTHER)
    assert again.status == "draft"
    assert (world.count("draft"), world.count("consent")) == (1, 1)


def test_twenty_parallel_starts_of_one_code_make_one_draft(store, world, at_once):
    ref = uuid4()
    states = at_once(*(store.start(world.start(ref=ref)) for _ in range(20)))
    assert len({state.submission_id for state in states}) == 1
    assert world.count("draft") == 1


def test_open_access_draws_a_respondent_for_every_submission(store, world, at_once):
    starts = [replace(world.start(), respondent_ref=None) for _ in range(3)]
    at_once(*(store.start(start) for start in starts), store.start(starts[0]))
    assert world.count("draft") == 3
    assert len({row[0] for row in world.rows("SELECT respondent_ref FROM draft")}) == 3


@pytest.mark.parametrize("consent", ["none", "no purpose"])
def test_nothing_is_stored_without_consent_to_a_purpose(store, world, at_once, consent):
    given = None if consent == "none" else world.consent(research=False, report=False)
    (error,) = at_once(store.start(world.start(consent=given)))
    assert isinstance(error, ConsentMissing)
    assert [world.count(table) for table in ("draft", "consent", "response")] == [0, 0, 0]


def test_a_save_without_a_standing_consent_is_refused(store, world, at_once):
    state = begin(store, world, at_once)
    with world.writing() as session, session.begin():
        session.connection().exec_driver_sql("DELETE FROM consent")
    (error,) = at_once(store.save(world.save(state.submission_id)))
    assert isinstance(error, ConsentMissing)
    assert world.rows("SELECT rev FROM draft") == [(0,)]


def test_consent_given_again_counts_from_then_on(store, world, at_once):
    ref = uuid4()
    state = begin(store, world, at_once, ref=ref)
    at_once(store.save(world.save(state.submission_id, final=True)))
    assert len(next(store.batches(world.wave_id, purpose="research"))) == 1
    before = world.rows("SELECT seq FROM data_version")
    begin(
        store,
        world,
        at_once,
        ref=ref,
        consent=world.consent(research=False),
        at=world.now + timedelta(minutes=5),
    )
    assert list(store.batches(world.wave_id, purpose="research")) == []
    assert len(next(store.batches(world.wave_id, purpose="report"))) == 1
    assert world.count("consent") == 2
    assert world.rows("SELECT seq FROM data_version") != before


@pytest.mark.parametrize(
    "shift", [timedelta(days=-2), timedelta(days=7)], ids=["before it opens", "at closing time"]
)
def test_outside_its_dates_an_open_wave_takes_nothing(store, world, at_once, shift):
    state = begin(store, world, at_once)
    at = world.now + shift
    errors = at_once(
        store.start(world.start(at=at)), store.save(world.save(state.submission_id, at=at))
    )
    assert [type(error) for error in errors] == [WaveNotAccepting] * 2
    assert world.rows("SELECT rev FROM draft") == [(0,)]


def test_a_closed_wave_takes_nothing(store, world, at_once):
    state = begin(store, world, at_once)
    world.close()
    errors = at_once(store.start(world.start()), store.save(world.save(state.submission_id)))
    assert [type(error) for error in errors] == [WaveNotAccepting] * 2
    assert [world.count(table) for table in ("draft", "response")] == [0, 0]


def test_a_planned_wave_takes_nothing(store, world, at_once):
    planned = world.add_wave()
    (error,) = at_once(store.start(world.start(wave_id=planned.id)))
    assert isinstance(error, WaveNotAccepting)


@pytest.mark.parametrize("field", ["wave_id", "community_id", "submission_id"])
def test_an_id_of_elsewhere_finds_nothing(store, world, at_once, field):
    state = begin(store, world, at_once)
    other = world.add_community("malang")
    wave = world.add_wave(community_id=other)
    world.open(wave.id)
    foreign = {"wave_id": wave.id, "community_id": other, "submission_id": uuid4()}[field]
    save = replace(world.save(state.submission_id), **{field: foreign})
    (error,) = at_once(store.save(save))
    assert isinstance(error, UnknownSubmission)
    save = replace(save, community_id=other, wave_id=wave.id)  # a whole, but foreign address
    (error,) = at_once(store.save(save))
    assert isinstance(error, UnknownSubmission)
    assert world.rows("SELECT rev FROM draft") == [(0,)]


@pytest.mark.parametrize("wrong", [{"rev": 0}, {"rev": 2**31}, {"answers": bytes(8)}])
def test_a_state_that_no_page_makes_is_refused(store, world, at_once, wrong):
    state = begin(store, world, at_once)
    with pytest.raises(UnfitSave):
        raise at_once(store.save(world.save(state.submission_id, **wrong)))[0]
    assert world.rows("SELECT rev FROM draft") == [(0,)]


def test_a_newer_save_is_stored_and_an_equal_one_is_only_acknowledged(store, world, at_once):
    state = begin(store, world, at_once)
    save = world.save(state.submission_id, rev=3)
    assert at_once(store.save(save)) == [Ack("draft", 3, None, repeated=False)]
    assert at_once(store.save(save)) == [Ack("draft", 3, None, repeated=True)]
    older = replace(save, rev=2)  # an old copy of the same answers, late on the network
    assert at_once(store.save(older)) == [Ack("draft", 3, None, repeated=True)]


def test_paradata_alone_make_no_second_answer(store, world, at_once):
    state = begin(store, world, at_once)
    save = world.save(state.submission_id, extra={"values": {}, "paradata": {"seconds": [10]}})
    later = replace(save, extra={"values": {}, "paradata": {"seconds": [12]}})
    at_once(store.save(save))
    assert at_once(store.save(later)) == [Ack("draft", 1, None, repeated=True)]
    newer = replace(later, rev=2)
    assert at_once(store.save(newer)) == [Ack("draft", 2, None, repeated=False)]


@pytest.mark.parametrize("rev", [1, 2], ids=["older", "same revision"])
@pytest.mark.parametrize(
    "change",
    [{"answers": OTHER}, {"extra": {"values": {"BEH1": 3}}}, {"background": {"values": {}}}],
    ids=["answers", "extra", "background"],
)
def test_two_phones_conflict_and_nothing_is_overwritten(store, world, at_once, rev, change):
    state = begin(store, world, at_once)
    at_once(store.save(world.save(state.submission_id, rev=2)))
    (error,) = at_once(store.save(world.save(state.submission_id, rev=rev, **change)))
    assert isinstance(error, NewerState)
    assert error.rev == 2
    assert begin(store, world, at_once, ref=_ref(world), consent=None).answers != OTHER
    kept = world.save(state.submission_id, rev=error.rev + 1, **change)  # "keep what I see"
    assert at_once(store.save(kept)) == [Ack("draft", 3, None, repeated=False)]


def test_twenty_identical_final_submits_make_one_row_and_equal_receipts(store, world, at_once):
    state = begin(store, world, at_once)
    save = world.save(state.submission_id, rev=9, final=True)
    acks = at_once(*(store.save(save) for _ in range(20)))
    assert {replace(ack, repeated=False) for ack in acks} == {
        Ack("submitted", 9, acks[0].receipt, repeated=False)
    }
    assert sum(not ack.repeated for ack in acks) == 1
    assert (world.count("response"), world.count("draft")) == (1, 0)
    assert world.rows("SELECT seq FROM data_version") == [(1,)]


def test_a_submit_writes_the_whole_response(store, world, at_once):
    ref = uuid4()
    state = begin(store, world, at_once, ref=ref)
    (ack,) = at_once(store.save(world.save(state.submission_id, rev=4, final=True)))
    ((row,),) = store.batches(world.wave_id, purpose="report")
    assert row.respondent_ref == ref
    assert row.submission_id == state.submission_id
    assert row.answers == bytes([1, 2, 3, 4, 5, 250, 2])
    assert row.extra == {"values": {"BEH1": 2}, "missing": {}}
    assert row.background == {"values": {"BG1": 1}, "missing": {}}
    assert row.choices == {"adult": True, "research": True, "report": True, "sales": False}
    assert (row.status, row.language, row.layout) == ("complete", "id", "vertical-1")
    assert row.version_digest == world.instrument.digest
    (seen,) = at_once(store.resume(world.community_id, world.wave_id, state.submission_id))
    assert (seen.status, seen.receipt, seen.rev) == ("submitted", ack.receipt, 4)


@pytest.mark.parametrize(
    ("hour", "day"), [(16, date(2026, 3, 1)), (17, date(2026, 3, 2))], ids=["23.00", "00.00"]
)
def test_the_day_of_a_submit_is_the_communitys_day(store, world, at_once, hour, day):
    state = begin(store, world, at_once)
    at = world.now.replace(hour=hour)  # 17.00 UTC is midnight in Sidoarjo
    at_once(store.save(world.save(state.submission_id, final=True, at=at)))
    ((row,),) = store.batches(world.wave_id, purpose="report")
    assert row.submitted_on == day


def test_a_final_save_of_what_is_stored_already_submits_it(store, world, at_once):
    state = begin(store, world, at_once)
    at_once(store.save(world.save(state.submission_id, rev=2)))
    (ack,) = at_once(store.save(world.save(state.submission_id, rev=2, final=True)))
    assert (ack.status, ack.rev, ack.repeated) == ("submitted", 2, False)


def test_a_correction_before_the_close_updates_the_row(store, world, at_once):
    ref = uuid4()
    state = begin(store, world, at_once, ref=ref)
    (first,) = at_once(store.save(world.save(state.submission_id, rev=2, final=True)))
    again = begin(store, world, at_once, ref=ref, consent=None)
    assert (again.status, again.receipt) == ("submitted", first.receipt)
    (second,) = at_once(store.save(world.save(state.submission_id, rev=3, answers=OTHER)))
    assert second == Ack("submitted", 3, first.receipt, repeated=False)
    ((row,),) = store.batches(world.wave_id, purpose="report")
    assert (row.answers, row.status) == (OTHER, "complete")
    assert world.rows("SELECT seq FROM data_version") == [(2,)]
    (late,) = at_once(store.save(world.save(state.submission_id, rev=2)))
    assert isinstance(late, NewerState)


def test_a_replay_after_the_close_still_gets_its_receipt(store, world, at_once):
    state = begin(store, world, at_once)
    save = world.save(state.submission_id, rev=2, final=True)
    (first,) = at_once(store.save(save))
    world.close()
    assert at_once(store.save(save)) == [replace(first, repeated=True)]
    (error,) = at_once(store.save(world.save(state.submission_id, rev=3, answers=OTHER)))
    assert isinstance(error, WaveNotAccepting)


def test_background_is_kept_from_wave_to_wave(store, world, at_once):
    ref = uuid4()
    state = begin(store, world, at_once, ref=ref)
    assert state.background is None
    at_once(store.save(world.save(state.submission_id, final=True)))
    world.close()
    second = world.add_wave()
    world.open(second.id)
    state = begin(store, world, at_once, ref=ref, wave_id=second.id)
    assert state.background == {"values": {"BG1": 1}, "missing": {}}
    save = world.save(state.submission_id, wave_id=second.id, background=None, final=True)
    at_once(store.save(save))
    ((row,),) = store.batches(second.id, purpose="research")
    assert row.background == {"values": {"BG1": 1}, "missing": {}}
    assert world.count("background") == 1


def test_a_receipt_that_somebody_has_is_not_given_twice(store, world, at_once, monkeypatch):
    def few_receipts(key: bytes, submission_id: UUID):
        yield "4MTR8JHM"
        yield f"X{submission_id.int % 10**6:07d}"

    monkeypatch.setattr("app.saving.receipts", few_receipts)
    states = at_once(store.start(world.start()), store.start(world.start()))
    saves = [world.save(state.submission_id, final=True) for state in states]
    acks = at_once(*(store.save(save) for save in saves))
    assert len({ack.receipt for ack in acks}) == 2
    assert "4MTR8JHM" in {ack.receipt for ack in acks}
    assert at_once(*(store.save(save) for save in saves)) == [
        replace(ack, repeated=True) for ack in acks
    ]


def test_batches_are_ordered_by_the_random_reference_and_filtered_by_purpose(store, world, at_once):
    for place in range(25):
        consent = world.consent(research=place % 5 != 0)
        state = begin(store, world, at_once, consent=consent)
        at_once(store.save(world.save(state.submission_id, final=True)))
    begin(store, world, at_once)  # a draft is no response
    batches = list(store.batches(world.wave_id, purpose="research", size=7))
    rows = [row for batch in batches for row in batch]
    assert len(rows) == 20
    assert len(batches) == 4
    assert [row.respondent_ref for row in rows] == sorted(row.respondent_ref for row in rows)
    everyone = [r for b in store.batches(world.wave_id, purpose="report") for r in b]
    assert len(everyone) == 25


def test_batches_show_one_moment_whatever_is_written_meanwhile(store, world, at_once):
    for _ in range(4):
        state = begin(store, world, at_once)
        at_once(store.save(world.save(state.submission_id, final=True)))
    reading = store.batches(world.wave_id, purpose="report", size=1)
    seen = [*next(reading)]
    state = begin(store, world, at_once)
    at_once(store.save(world.save(state.submission_id, final=True)))
    seen += [row for batch in reading for row in batch]
    assert len(seen) == 4
    assert world.count("response") == 5


def test_reading_changes_no_row(store: Store, world, at_once):
    state = begin(store, world, at_once)
    at_once(store.save(world.save(state.submission_id)))
    before = _everything(world)
    at_once(
        *(
            store.resume(world.community_id, world.wave_id, id_)
            for id_ in (state.submission_id, uuid4())
        )
    )
    list(store.batches(world.wave_id, purpose="research"))
    assert _everything(world) == before


def test_many_requests_run_in_order_for_the_command_line(store, world):
    starts = [world.start() for _ in range(100)]
    saves = [world.save(start.submission_id, final=True) for start in starts]
    pairs = [request for pair in zip(starts, saves, strict=True) for request in pair]
    answers = store.run(pairs)
    assert [type(answer) for answer in answers] == [State, Ack] * 100
    assert world.count("response") == 100


def _ref(world) -> UUID:
    ((ref,),) = world.rows("SELECT respondent_ref FROM draft")
    return ref if isinstance(ref, UUID) else UUID(str(ref))


def _everything(world) -> dict[str, list[tuple[object, ...]]]:
    tables = ("community", "wave", "draft", "response", "consent", "background", "data_version")
    return {
        table: world.rows(f"SELECT * FROM {table} ORDER BY 1, 2")
        for table in (*tables, "audit_event", "identity.participant", "identity.code")
    }
