"""Behaviours, obstacle, texts and rates on the card, and what never changes it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis import levels, simulate
from analysis.scorecard.inputs import Meeting, StratumCount, WaveAnswers
from analysis.scorecard.making import make
from analysis.scorecard.model import Card, Withheld
from instrument.answers import Missing
from instrument.model import Text
from tests.analysis.simulated_cards import (
    TEXTS,
    answers,
    cards,
    first,
    made,
    meetings,
)


def test_attendance_is_the_logs_and_has_two_numbers(everybody: simulate.waves.Community) -> None:
    # acceptance 22: 20 % a meeting, 51 % ever; of all N, whoever answered
    log = [
        Meeting(held_on=event.held_on, kind="informal", attended=20)
        for event in everybody.waves[0].events()[:4]
    ]
    log.append(replace(log[0], kind="bazaar", attended=90))
    wave = first(everybody, 45, eligible=100, submitted=45)
    card = make(wave, events=log, ever_attended=51)
    mean, ever = card.behaviours[:2]
    assert (mean.code, mean.value.value, mean.n, mean.events) == ("attendance", 20, 100, 4)
    assert (ever.code, ever.value.value, ever.n) == ("ever_attended", 51, 100)
    assert mean.name != ever.name
    assert (mean.state, ever.state) == ("attention", None)
    assert mean.people is ever.people is None
    assert make(wave, events=log).behaviours[1].value == Withheld(why="not_noted")
    assert make(wave).behaviours[0].value == Withheld(why="no_events")


@pytest.mark.parametrize(
    ("came", "word"), [(24, "attention"), (25, "fair"), (49, "fair"), (50, "strong")]
)
def test_state_of_attendance(everybody: simulate.waves.Community, came: int, word: str) -> None:
    event = everybody.waves[0].events()[0]
    log = [Meeting(held_on=event.held_on, kind="informal", attended=came)]
    card = make(first(everybody, 45, eligible=100), events=log)
    assert card.behaviours[0].state == word


def test_what_respondents_report(everybody: simulate.waves.Community) -> None:
    card = made(everybody, 45)
    data = first(everybody, 45).data
    shared = sum(int(cell) >= 2 for cell in data.meta["BEH4"])
    running = sum(int(cell) >= 1 for cell in data.meta["BEH1"])
    tiles = {tile.code: tile for tile in card.behaviours}
    assert tiles["shared"].value.value == round(100 * shared / 45)
    assert tiles["partnership"].value.value == round(100 * running / 45)
    assert (tiles["shared"].people.low, tiles["shared"].people.high) == (
        levels.proportion_interval(shared, 45, 60)
    )


def _with_obstacles(wave: WaveAnswers, told: list[int]) -> WaveAnswers:
    meta = {**wave.data.meta, "BEH6": [str(one) for one in told]}
    return replace(wave, data=replace(wave.data, meta=meta))


def test_obstacle_needs_its_floor_on_both_sides(everybody: simulate.waves.Community) -> None:
    wave = first(everybody, 45)
    top = make(_with_obstacles(wave, [1] * 20 + [2] * 15 + [9] * 10)).obstacle
    assert (top.label.en, top.percent.value, top.named, top.n) == ("Schedule", 44, 20, 45)
    # "nothing" is no obstacle, however often it is named
    assert make(_with_obstacles(wave, [1] * 5 + [9] * 40)).obstacle.named == 5
    for told in ([1] * 4 + [9] * 41, [1] * 41 + [2] * 4, [1] * 45):
        assert make(_with_obstacles(wave, told)).obstacle == Withheld(why="few_in_group")
    assert make(_with_obstacles(wave, [-1] * 36 + [1] * 9)).obstacle == Withheld(why="below_ten")


def test_texts_from_ten_answers_on_in_an_order_of_their_own(
    everybody: simulate.waves.Community,
) -> None:
    wave = first(everybody, 30)
    card = make(wave, comments=TEXTS)
    assert sorted(card.comments[0].texts) == sorted(TEXTS[0].texts)
    turned = replace(TEXTS[0], texts=TEXTS[0].texts[::-1])
    assert make(wave, comments=[turned]).comments == card.comments
    assert card.comments[0].texts != TEXTS[0].texts
    assert make(wave).comments == Withheld(why="no_comments")
    assert made(everybody, 9).comments == Withheld(why="too_few_for_comments")
    raised = first(everybody, 20, floors={"any": 5, "group": 10, "comments": 25})
    assert make(raised, comments=TEXTS).comments == Withheld(why="too_few_for_comments")


@pytest.mark.parametrize(
    ("strata", "shown"),
    [
        ([(24, 31), (21, 29)], True),
        ([(26, 31), (19, 29)], True),
        ([(27, 31), (18, 29)], False),  # four silent
        ([(41, 45), (4, 15)], False),  # acceptance 18
        ([(15, 15), (30, 45)], False),  # all of them: so each of them
        ([(24, 31), (20, 29)], False),  # does not add up to 45
        ([(45, 60)], False),
    ],
)
def test_rates_of_strata(
    everybody: simulate.waves.Community, strata: list[tuple[int, int]], shown: bool
) -> None:
    given = tuple(
        StratumCount(name=Text(id=f"b{i}", en=f"g{i}"), answered=a, of=of)
        for i, (a, of) in enumerate(strata)
    )
    assert bool(make(first(everybody, 45, strata=given)).who.strata) is shown


def test_a_few_set_aside_are_not_told(everybody: simulate.waves.Community) -> None:
    # 45 handed in; one to four without consent or careless would be a group of few
    assert made(everybody, 42, submitted=45).who.used == 45
    assert made(everybody, 40, submitted=45).who.used == 40
    assert made(everybody, 45, submitted=45).who.used == 45


def test_careless_rows_are_set_aside(usual: simulate.waves.Community) -> None:
    wave = answers(usual, 1)
    kept = wave.data.attentive()
    assert kept.rows < wave.data.rows
    assert make(wave).scales == make(replace(wave, data=kept)).scales


def test_the_order_of_rows_and_new_ids_change_nothing(usual: simulate.waves.Community) -> None:
    rng = np.random.default_rng(3)
    one, two = answers(usual, 1), answers(usual, 2)
    log = meetings(usual, 2)
    card = make(two, earlier=[one], published=[make(one)], events=log, comments=TEXTS)
    for _ in range(3):
        ids = {pid: rng.bytes(8).hex() for pid in {*one.data.meta["PID"], *two.data.meta["PID"]}}

        def turned(wave: WaveAnswers, ids: dict[str, str] = ids) -> WaveAnswers:
            data = wave.data.select(rng.permutation(wave.data.rows))
            meta = {**data.meta, "PID": [ids[pid] for pid in data.meta["PID"]]}
            return replace(wave, data=replace(data, meta=meta))

        again = make(
            turned(two), earlier=[turned(one)], published=[make(turned(one))],
            events=log[::-1], comments=TEXTS,
        )  # fmt: skip
        assert again.model_dump_json() == card.model_dump_json()


def test_conditional_commitment_never_enters_commitment(
    everybody: simulate.waves.Community,
) -> None:
    # acceptance 23
    wave = first(everybody, 45)
    raw = wave.data.raw.copy()
    places = [wave.data.item_codes.index(code) for code in ("COC1", "COC2")]
    raw[:, places] = Missing.SKIPPED
    without = replace(wave, data=replace(wave.data, raw=raw))
    assert make(without).scales == make(wave).scales
    assert "COC" not in made(everybody, 45).model_dump_json()


def test_nothing_of_a_person_is_on_a_card(usual: simulate.waves.Community) -> None:
    card = cards(usual, 2)[1].model_dump_json()
    assert not any(pid in card for pid in answers(usual, 2).data.meta["PID"])


def test_ends_are_coded_on_the_card(everybody: simulate.waves.Community) -> None:
    """All agree, or nobody: the card cannot tell whether two do otherwise."""
    wave = first(everybody, 45)
    items = [i for i, item in enumerate(wave.data.instrument.items) if item.scale == "REL"]
    reverse = [i for i in items if wave.data.instrument.items[i].reverse]

    def agreeing(x: int, high: int = 5, low: int = 1) -> Card:
        raw = wave.data.raw.copy()
        raw[np.ix_(np.arange(45) < x, items)] = high
        raw[np.ix_(np.arange(45) >= x, items)] = low
        raw[:, reverse] = 6 - raw[:, reverse]
        return make(replace(wave, data=replace(wave.data, raw=raw)))

    assert agreeing(45).scale("REL").agree == agreeing(43).scale("REL").agree
    assert agreeing(0).scale("REL").agree == agreeing(2).scale("REL").agree
    told = agreeing(45).scale("REL").agree
    assert (told.percent.value, told.percent.end, told.about) == (95, "at_least", None)
    assert agreeing(3).scale("REL").agree.percent.end is None
