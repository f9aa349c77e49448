"""The chair's card from answers: what it says at which n, and by which rule.

Expected numbers come from closed formulas computed here from the answers (not through the
product's functions), from scipy, or from the specification; the answers from the generator.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from analysis import change, levels, simulate
from analysis.dataset import Dataset
from analysis.scorecard import making
from analysis.scorecard.inputs import ApprovedTexts, Meeting, StratumCount, WaveAnswers
from analysis.scorecard.making import TooManyAnswers, make
from analysis.scorecard.model import Card, Change, Score, Withheld
from analysis.scorecard.scores import rounded, state
from instrument.answers import Missing
from instrument.model import Text
from tests.analysis.simulated_cards import AIMED, answers, cards, meetings

ORDER = ("DEP", "FLX", "REL", "INF", "INT", "MOT", "BEN", "COM")
TEXTS = [
    ApprovedTexts(question=Text(id="Apa?", en="What?"), texts=tuple(f"text {i}" for i in range(8)))
]


@pytest.fixture(scope="module")
def everybody() -> simulate.waves.Community:
    """Sixty members who all answer, with care."""
    return simulate.world("S", 4, waves=2, nonresponse=False, damaged=False, attrition=False)


@pytest.fixture(scope="module")
def usual() -> simulate.waves.Community:
    """A community with all that happens to answers, six waves."""
    return simulate.world("S", 11, waves=6, scenario="action")


def first(community: simulate.waves.Community, n: int, **changes: Any) -> WaveAnswers:
    data = simulate.dataset(community, 1)
    return answers(community, 1, data=data.select(np.arange(n)), **changes)


def made(community: simulate.waves.Community, n: int, **changes: Any) -> Card:
    return make(
        first(community, n, **changes),
        events=meetings(community, 1),
        ever_attended=31,
        comments=TEXTS,
    )


def numbers(value: Any) -> Iterator[float]:
    """Every number of a JSON value, keys aside."""
    if isinstance(value, bool):
        return
    if isinstance(value, int | float):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from numbers(one)
    elif isinstance(value, list):
        for one in value:
            yield from numbers(one)


# ---------------------------------------------------------------- what is shown at which n


@pytest.mark.parametrize("n", [0, 3, 4])
def test_below_five_it_tells_who_answered_and_no_other_number(
    everybody: simulate.waves.Community, n: int
) -> None:
    # acceptance 17: n = 4 count only; the JSON holds nothing that was computed from answers
    card = made(everybody, n)
    assert card.tier == "count_only"
    assert (card.who.submitted, card.who.eligible) == (n, 60)
    told = set(numbers(json.loads(card.model_dump_json())))
    reference, events = 20, 4
    assert told <= {n, 60, round(100 * n / 60), 0, 1, 5, 10, 4, reference, events}
    assert all(one.score == Withheld(why="fewer_than_five") for one in card.scales)
    assert {one.state for one in card.scales} == {"not_enough"}
    assert all(isinstance(one.value, Withheld) for one in card.behaviours)
    for part in (card.obstacle, card.relations, card.priority, card.comments):
        assert isinstance(part, Withheld)
    assert card.strengths == card.work_on == ()
    assert card.topic is None


@pytest.mark.parametrize("n", [5, 9])
def test_five_to_nine_give_bare_medians(everybody: simulate.waves.Community, n: int) -> None:
    # acceptance 17: n = 9 has no interval, no share, no colour
    card = made(everybody, n)
    assert card.tier == "medians"
    pomp = first(everybody, n).data.score().pomp
    for one in card.scales:
        column = simulate.dataset(everybody).score().scale_codes.index(one.code)
        assert one.score == Score(kind="median", point=rounded(float(np.median(pomp[:, column]))))
        assert (one.state, one.agree, one.change) == (
            "not_enough", Withheld(why="below_ten"), Withheld(why="below_ten"),
        )  # fmt: skip
    assert all(one.value == Withheld(why="below_ten") for one in card.behaviours)
    assert isinstance(card.comments, Withheld)
    assert card.strengths == card.work_on == ()


@pytest.mark.parametrize("n", [10, 29, 45])
def test_from_ten_it_is_whole_and_relates_nothing(
    everybody: simulate.waves.Community, n: int
) -> None:
    # acceptance 17: no factor analysis, HTMT, importance or driver at 45
    card = made(everybody, n)
    assert card.tier == "whole"
    assert tuple(one.code for one in card.scales) == ORDER
    assert card.relations == Withheld(why="too_few_to_relate")
    assert card.priority == Withheld(why="too_few_for_map")
    assert not isinstance(card.comments, Withheld) or n / 60 < 0.3
    told = card.model_dump_json()
    for word in ("factor", "HTMT", "driver", "berpengaruh", "alpha", "p_value", "COC"):
        assert word not in told
    assert all(isinstance(one.score, Score) for one in card.scales)


def test_levels_by_their_formulas(everybody: simulate.waves.Community) -> None:
    # acceptance 5 on the card: m -/+ t s / sqrt(n) sqrt(1 - n/N), from the raw answers
    card = made(everybody, 45)
    data = first(everybody, 45).data
    keyed = data.keyed()
    for one in card.scales:
        columns = [data.item_codes.index(item.code) for item in data.instrument.items_of(one.code)]
        points = 25 * (np.nanmean(keyed[:, columns], axis=1) - 1)
        reach = stats.t.ppf(0.975, 44) * points.std(ddof=1) / np.sqrt(45) * np.sqrt(1 - 45 / 60)
        assert one.n == 45
        assert one.score.point == pytest.approx(points.mean(), abs=0.051)
        assert one.score.low == pytest.approx(points.mean() - reach, abs=0.051)
        assert one.score.high == pytest.approx(points.mean() + reach, abs=0.051)
        x = int((points >= 62.5 - 1e-9).sum())
        if one.agree.percent.end is None:
            assert one.agree.percent.value == pytest.approx(100 * x / 45, abs=0.5)
            assert (one.agree.low, one.agree.high) == levels.proportion_interval(x, 45, 60)
            # acceptance 6: the bounds of the silent
            assert one.agree.worst.value == pytest.approx(100 * x / 60, abs=0.5)
            assert one.agree.best.value == pytest.approx(100 * (x + 15) / 60, abs=0.5)
            assert one.agree.about == pytest.approx(60 * x / 45, abs=0.5)


def test_everybody_answered(everybody: simulate.waves.Community) -> None:
    # acceptance 5: n = N gives no interval
    card = made(everybody, 60)
    assert card.who.everybody
    for one in card.scales:
        assert one.score.everybody
        assert one.score.low is None
        assert one.agree.low == one.agree.high or one.agree.percent.end


def test_more_answers_than_members_says_what_to_do(everybody: simulate.waves.Community) -> None:
    # acceptance 5: n > N is an error
    with pytest.raises(TooManyAnswers, match="60 answers from a register of 59 members"):
        made(everybody, 60, eligible=59)
    with pytest.raises(TooManyAnswers, match="compare the register"):
        made(everybody, 45, submitted=61)


def test_low_rate_is_grey(everybody: simulate.waves.Community) -> None:
    card = made(everybody, 17)
    assert card.who.low_rate  # 28 %
    assert {one.state for one in card.scales} == {"not_enough"}
    assert card.behaviours[0].state == "not_enough"
    assert card.strengths == card.work_on == ()
    assert not made(everybody, 18).who.low_rate  # 30 % is not below it


# ---------------------------------------------------------------- states and change


@pytest.mark.parametrize(
    ("point", "low", "high", "word"),
    [
        (72, 64, 80, "strong"),  # acceptance 20
        (50, 44, 56, "attention"),
        (60, 55, 65, "fair"),
        (60, 49, 71, "not_enough"),  # half-width 11
        (60, 50, 70, "fair"),  # 10 is not above 10
        (70, 62.5, 77.5, "strong"),
        (70, 62.4, 77.6, "fair"),
        (54.9, 48, 61.8, "attention"),
        (55, 48, 62, "fair"),
        (54, 45.5, 62.5, "fair"),
    ],
)
def test_state(point: float, low: float, high: float, word: str) -> None:
    assert state(Score(point=point, low=low, high=high)) == word


def test_the_word_stays_without_a_change(usual: simulate.waves.Community) -> None:
    # acceptance 20: from any earlier word, only a change in its direction moves it
    one = answers(usual, 1)
    card = make(one)
    two = answers(usual, 2)
    plain = make(two, earlier=[one])
    for claimed in ("strong", "attention"):
        before = card.model_copy(
            update={"scales": tuple(s.model_copy(update={"state": claimed}) for s in card.scales)}
        )
        now = make(two, earlier=[one], published=[before])
        for scale in now.scales:
            moved = scale.change.word if isinstance(scale.change, Change) else None
            if moved == "unclear":
                assert scale.state == claimed
            elif moved == "up" and claimed == "attention":
                assert scale.state == plain.scale(scale.code).state
            elif moved == "up":
                assert scale.state == "strong"


def test_a_word_that_cannot_be_asked_about_follows_the_wave(
    usual: simulate.waves.Community,
) -> None:
    """Fewer than ten in both waves: nothing may keep an old word for ever."""
    one, two = answers(usual, 1), answers(usual, 2)
    strangers = replace(
        one, data=replace(one.data, meta={**one.data.meta, "PID": [f"x{i}" for i in range(60)]})
    )
    before = make(one)
    before = before.model_copy(
        update={"scales": tuple(s.model_copy(update={"state": "strong"}) for s in before.scales)}
    )
    now = make(two, earlier=[strangers], published=[before])
    assert {s.change.why for s in now.scales} == {"few_in_both"}
    assert [s.state for s in now.scales] == [s.state for s in make(two).scales]


@pytest.mark.parametrize("aimed", [AIMED, ()])
def test_change_is_the_paired_rule_with_holm(
    usual: simulate.waves.Community, aimed: tuple[str, ...]
) -> None:
    # acceptance 14's rule on the card: no finite correction; the words are change.arrows'
    one, two = answers(usual, 1, aimed=aimed), answers(usual, 2, aimed=aimed)
    card = make(two, earlier=[one])
    frames = []
    for wave in (one, two):
        kept = wave.data.attentive()
        frame = kept.score_frame()[list(aimed or ORDER)]
        frame.index = kept.meta["PID"]
        frames.append(frame)
    found = change.paired(*frames, bounds=(1, 5))
    words = change.arrows(found, beside=change.mixed(frames, bounds=(1, 5)))
    for scale in card.scales:
        if aimed and scale.code not in aimed:
            assert scale.change == Withheld(why="not_aimed")
            continue
        before, after = (frame[scale.code].dropna() for frame in frames)
        both = before.index.intersection(after.index)
        moved = 25 * (after[both] - before[both])
        reach = stats.t.ppf(0.975, len(both) - 1) * moved.std() / np.sqrt(len(both))
        assert scale.change.n == len(both)
        assert scale.change.points == pytest.approx(moved.mean(), abs=0.051)
        assert scale.change.low == pytest.approx(moved.mean() - reach, abs=0.051)
        assert scale.change.high == pytest.approx(moved.mean() + reach, abs=0.051)
        assert scale.change.word == {"none": "unclear"}.get(words[scale.code], words[scale.code])
        assert scale.change.since == 1


def test_a_mixed_model_that_disagrees_takes_the_arrow(
    usual: simulate.waves.Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 3.3.15
    world = simulate.world("S", 20261146, waves=2, scenario="action")
    assert {cards(world, 2)[1].scale(code).change.word for code in AIMED} == {"up"}
    honest = change.mixed

    def unsure(*given: Any, **named: Any) -> change.MixedChange:
        found = honest(*given, **named)
        return replace(found, table=found.table.assign(ci_low=-1.0, ci_high=1.0))

    monkeypatch.setattr(change, "mixed", unsure)
    assert {cards(world, 2)[1].scale(code).change.word for code in AIMED} == {"unclear"}


def test_other_wording_is_not_trended(usual: simulate.waves.Community) -> None:
    # acceptance 24
    one, two = answers(usual, 1), answers(usual, 2)
    other = one.data.instrument.model_copy(update={"version": "1.0.1"})
    older = replace(one, data=replace(one.data, instrument=other))
    card = make(two, earlier=[older], published=[make(one).model_copy(update={"wording": "x"})])
    assert {scale.change for scale in card.scales} == {Withheld(why="other_wording")}
    assert {scale.past for scale in card.scales} == {()}


def test_first_wave(usual: simulate.waves.Community) -> None:
    assert {one.change for one in make(answers(usual, 1)).scales} == {Withheld(why="first_wave")}


def test_six_waves(usual: simulate.waves.Community) -> None:
    made = cards(usual, 6)
    last = made[-1]
    for scale in last.scales:
        assert [one.wave for one in scale.past] == [1, 2, 3, 4, 5]
        assert [one.point for one in scale.past] == [
            card.scale(scale.code).score.point for card in made[:-1]
        ]
    for card in made:  # B2: a figure carries its n and its range, or is withheld
        for scale in card.scales:
            assert scale.n >= 10
            if isinstance(scale.change, Change) and scale.change.word != "unclear":
                assert not scale.change.low <= 0 <= scale.change.high
                assert abs(scale.change.points) >= 5
    assert Card.model_validate_json(last.model_dump_json()) == last


def _same_and(community: simulate.waves.Community, extra: int) -> tuple[WaveAnswers, WaveAnswers]:
    """Thirty persons twice, and so many newcomers in the second wave."""
    one = answers(community, 1, aimed=())
    two = answers(community, 2, aimed=())
    return (
        replace(one, data=one.data.select(np.arange(30)), submitted=30),
        replace(two, data=two.data.select(np.arange(30 + extra)), submitted=30 + extra),
    )


@pytest.mark.parametrize(("extra", "withheld"), [(0, False), (1, True), (4, True), (5, False)])
def test_a_change_that_would_tell_on_a_newcomer_is_withheld(
    everybody: simulate.waves.Community, extra: int, withheld: bool
) -> None:
    # two means and the paired change are the newcomers' sum
    one, two = _same_and(everybody, extra)
    card = make(two, earlier=[one], published=[make(one)])
    assert all((s.change == Withheld(why="differencing")) is withheld for s in card.scales)


def test_a_change_that_would_tell_on_somebody_withdrawn_is_withheld(
    everybody: simulate.waves.Community,
) -> None:
    # the first card was made of thirty; one of them has left, and everybody else came again
    one, two = _same_and(everybody, 0)
    card = make(one)
    left = replace(one, data=one.data.select(np.arange(29)))
    again = replace(two, data=two.data.select(np.arange(29)), submitted=29)
    told = make(again, earlier=[left], published=[card])
    assert {scale.change for scale in told.scales} == {Withheld(why="differencing")}


# ---------------------------------------------------------------- behaviours, texts, who


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


# ---------------------------------------------------------------- what never changes a card


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


# ---------------------------------------------------------------- relations, other questionnaires


def test_relations_from_a_hundred_and_shares_from_two_hundred() -> None:
    world = simulate.world("P", 8)
    data = simulate.dataset(world).attentive()
    clean = data.select(~np.isnan(data.score().means[:, :8]).any(axis=1))

    def card(n: int) -> Card:
        return make(answers(world, 1, data=clean.select(np.arange(n)), eligible=n + 20))

    assert card(99).relations == Withheld(why="too_few_to_relate")
    at150 = card(150)
    assert not isinstance(at150.relations, Withheld)
    assert at150.priority == Withheld(why="too_few_for_map")
    at400 = card(400)
    frame = clean.select(np.arange(400)).score_frame()
    from analysis.regression import regress

    found = regress(frame, "INT", ["DEP", "FLX", "REL", "INF"], n_boot=0).coefficients
    expected = {
        code
        for code in ("DEP", "FLX", "REL", "INF")
        if found.loc[code, "hc3_p_holm"] < 0.05 and found.loc[code, "b"] > 0
    }
    assert {one.scale for one in at400.relations} == expected
    assert expected
    for one in at400.relations:
        assert one.low <= one.beta <= one.high
        assert one.beta == pytest.approx(found.loc[one.scale, "beta"], abs=0.006)
        assert one.n == 400


def test_shares_only_where_the_quadrants_hold() -> None:
    """Two aspects that carry everything, two that carry nothing: stable; real ones: not."""
    rng = np.random.default_rng(12)
    from analysis.scorecard import relating
    from analysis.scorecard.scores import Scored

    names = {code: Text(id=code, en=code) for code in ("DEP", "FLX", "REL", "INF")}

    def scored(code: str, points: np.ndarray) -> Scored:
        persons = tuple(f"p{i}" for i in range(len(points)))
        return Scored(code, persons, points / 25 + 1, points, 0)

    def found(n: int, slopes: list[float], means: list[float]) -> relating.Related:
        x = rng.normal(means, 15, (n, 4))
        y = (x - means) @ slopes + rng.normal(0, 12, n) + 60
        scales = {code: scored(code, x[:, i]) for i, code in enumerate(names)}
        return relating.find(scales | {"INT": scored("INT", y)}, names, list(names), "INT")

    stable = found(250, [0.6, 0.0, 0.6, 0.0], [70, 50, 75, 48]).priority
    assert [one.scale for one in stable] == ["DEP", "FLX", "REL", "INF"]  # fixed order
    assert sum(one.share for one in stable) == pytest.approx(100, abs=2)
    for one in stable:
        assert one.share_low <= one.share <= one.share_high
    assert found(199, [0.6, 0, 0.6, 0], [70, 50, 75, 48]).priority.why == "too_few_for_map"
    # every share at the cut: no quadrant holds
    assert found(250, [0.3] * 4, [70, 50, 75, 48]).priority.why == "unstable"
    # a score at the other cut
    assert found(250, [0.6, 0, 0.6, 0], [62.5, 50, 75, 48]).priority.why == "unstable"
    # nothing explained: shares are zero-sum all the same
    assert found(250, [0.08, 0, 0.08, 0], [70, 50, 75, 48]).priority.why == "unstable"


def test_a_questionnaire_without_spec_gets_a_plain_card() -> None:
    from instrument import registry

    instrument = registry.find("bfi")
    rng = np.random.default_rng(2)
    scale = instrument.response_scale
    raw = rng.integers(scale.low, scale.high + 1, (40, len(instrument.items))).astype(np.uint8)
    form = instrument.forms[0]
    meta = {"PID": [f"{i:02}" for i in range(40)]}
    data = Dataset(instrument, form.code, raw, np.full((40, len(form.sections)), np.nan), meta)
    community = simulate.world("T", 1)
    card = make(answers(community, 1, data=data, eligible=50, aimed=()))
    scales = [one for one in instrument.scales if one.kind == "scale"]
    assert [one.code for one in card.scales] == [one.code for one in scales]
    assert card.scales[0].name == scales[0].public_name
    assert card.scales[0].meaning == scales[0].definition
    assert card.aspects == len(scales)
    assert card.obstacle == Withheld(why="not_asked")
    assert [tile.code for tile in card.behaviours] == ["attendance", "ever_attended"]


def test_a_pulse_is_compared_with_its_own_items(everybody: simulate.waves.Community) -> None:
    """Single items stand for no scale; a full wave is read by the pulse's pairs."""
    full = answers(everybody, 1, aimed=())
    second = simulate.dataset(everybody, 2)
    form = second.instrument.form("pulse")
    pulse = Dataset(
        second.instrument, "pulse", second.raw, np.full((60, len(form.sections)), np.nan),
        second.meta,
    )  # fmt: skip
    now = answers(everybody, 2, data=pulse, aimed=())
    card = make(now, earlier=[full], published=[make(full)])
    assert card.form == "pulse"
    for code in ("MOT", "BEN", "COM"):
        assert card.scale(code).score == Withheld(why="not_asked")
    pair = [second.item_codes.index(code) for code in ("FLX1", "FLX2")]
    by_person = [
        dict(zip(data.meta["PID"], data.keyed()[:, pair].mean(axis=1), strict=True))
        for data in (full.data, pulse)
    ]
    moved = [25 * (by_person[1][one] - by_person[0][one]) for one in by_person[1]]
    assert card.scale("FLX").change.points == pytest.approx(np.mean(moved), abs=0.051)
    assert card.scale("FLX").past == ()
    # a full wave after a pulse asked more than the pulse did
    back = make(replace(full, wave=3), earlier=[replace(now, wave=2)])
    assert {one.change for one in back.scales} == {Withheld(why="other_wording")}


def test_cpu_of_a_card(usual: simulate.waves.Community) -> None:
    """At n = 45, beyond imports: at most a second (found: about .1)."""
    import time

    one, two = answers(usual, 1), answers(usual, 2)
    published = [make(one)]
    make(two, earlier=[one], published=published)
    began = time.process_time()
    make(two, earlier=[one], published=published, events=meetings(usual, 2))
    assert time.process_time() - began <= 1.0


def test_tier_follows_the_floor() -> None:
    from analysis.disclosure import Floors

    assert making.tier_of(5, Floors()) == "medians"
    assert making.tier_of(6, Floors(any=7)) == "count_only"
    assert making.tier_of(10, Floors(any=7)) == "whole"


def test_words_under_random_response_are_those_of_the_specification() -> None:
    """5.2, N = 60, n = 45, careful answers: REL strong 98 %, INF attention 96 %, FLX 76 %.

    2000 draws; bounds are 3.3 binomial standard errors around the specification's figures.
    Never one extreme for the other.
    """
    from tests.simulations.answers import COLUMNS, samples, scores

    draws, place = 2000, {code: at for at, code in enumerate(COLUMNS)}
    told: dict[str, list[str]] = {"REL": [], "INF": [], "FLX": []}
    for register in map(scores, samples(draws, 60, 52_000)):
        for code, words in told.items():
            found = levels.mean_interval(25 * (register[:45, place[code]] - 1), 60)
            words.append(state(Score(point=found.estimate, low=found.ci_low, high=found.ci_high)))
    for code, word, share in (
        ("REL", "strong", 0.98),
        ("INF", "attention", 0.96),
        ("FLX", "attention", 0.76),
    ):
        extremes = {"strong", "attention"} - {word}
        assert not extremes & set(told[code])
        error = 3.3 * np.sqrt(share * (1 - share) / draws) + 0.005  # printed to whole percent
        assert told[code].count(word) / draws == pytest.approx(share, abs=error)
