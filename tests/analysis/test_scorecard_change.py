"""State words and change words of the card: rules, stickiness, and what must not be told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from analysis import change, levels, simulate
from analysis.scorecard.inputs import WaveAnswers
from analysis.scorecard.making import make
from analysis.scorecard.model import Card, Change, Score, Withheld
from analysis.scorecard.scores import state
from tests.analysis.simulated_cards import (
    AIMED,
    ORDER,
    answers,
    cards,
)


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
