"""The chair's card from answers: what it says at which n, and by which rule.

Expected numbers come from closed formulas computed here from the answers (not through the
product's functions), from scipy, or from the specification; the answers from the generator.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from scipy import stats

from analysis import levels, simulate
from analysis.scorecard.making import TooManyAnswers
from analysis.scorecard.model import Score, Withheld
from analysis.scorecard.scores import rounded
from tests.analysis.simulated_cards import (
    ORDER,
    first,
    made,
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
