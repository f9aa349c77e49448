"""Aiken's V and the CVI against the published tables (acceptance 7)."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from analysis import content_validity as cv
from analysis.errors import AnalysisError, NotEnoughData

FIVE_05 = {4: 0.88, 5: 0.80, 6: 0.79, 7: 0.75, 8: 0.75, 9: 0.72, 10: 0.70}
FIVE_01 = {5: 0.90, 6: 0.88, 7: 0.86, 8: 0.81, 9: 0.81, 10: 0.78}
FOUR_05 = {5: 0.87, 6: 0.78, 7: 0.76, 8: 0.75, 10: 0.73}


@pytest.mark.parametrize(
    ("experts", "categories", "level", "value"),
    [
        *[(n, 5, 0.05, v) for n, v in FIVE_05.items()],
        *[(n, 5, 0.01, v) for n, v in FIVE_01.items()],
        *[(n, 4, 0.05, v) for n, v in FOUR_05.items()],
    ],
)
def test_critical_values(experts: int, categories: int, level: float, value: float) -> None:
    assert round(cv.critical_v(experts, categories, level), 2) == value


def test_the_tail_by_counting_every_possible_panel() -> None:
    sums = [sum(panel) for panel in product(range(4), repeat=5)]
    for total in range(16):
        assert cv.right_tail(total, 5, 4) == pytest.approx(np.mean(np.array(sums) >= total))


def test_interval_of_penfield_and_giacobbi() -> None:
    low, high = cv.score_interval(24 / 28, 7, 4)
    assert (round(low, 3), round(high, 3)) == (0.685, 0.943)
    assert cv.score_interval(1.0, 7, 4)[1] == pytest.approx(1.0)
    assert cv.score_interval(0.0, 7, 4)[0] == pytest.approx(0.0)


def test_verdicts() -> None:
    ratings = pd.DataFrame(
        {
            "good": [5, 5, 5, 4, 5, 5, 4],
            "revise": [4, 4, 4, 3, 4, 4, 4],  # V = .714, below .75
            "rewrite": [1, 2, 3, 2, 3, 2, 1],
            "one silent": [5, 5, 5, 5, 5, 5, np.nan],
        }
    )
    found = cv.aiken_v(ratings, 1, 5)
    assert found.table["verdict"].tolist() == ["keep", "revise", "rewrite", "keep"]
    assert found.table["n"].tolist() == [7, 7, 7, 6]
    assert found.table.at["good", "v"] == pytest.approx(26 / 28)
    assert [flag.names for flag in found.flags] == [("rewrite",)]


def test_turning_the_scale_turns_v() -> None:
    rng = np.random.default_rng(2)
    ratings = pd.DataFrame(rng.integers(1, 6, (7, 4)), columns=list("abcd"))
    v = cv.aiken_v(ratings, 1, 5).table["v"]
    assert np.allclose(v + cv.aiken_v(6 - ratings, 1, 5).table["v"], 1)
    assert np.allclose(v, cv.aiken_v(ratings - 1, 0, 4).table["v"])
    assert np.allclose(v, cv.aiken_v(ratings.sample(frac=1, random_state=1), 1, 5).table["v"])


def test_cvi_and_kappa() -> None:
    # Polit, Beck & Owen (2007): 6 of 7 agree: I-CVI .86, k* .85
    agreement, chance = cv.kappa(6, 7)
    assert round(agreement, 2) == 0.85
    assert agreement == pytest.approx(0.849, abs=5e-4)
    assert chance == pytest.approx(7 / 128)
    ratings = pd.DataFrame({"a": [4, 3, 4, 4, 3, 2, 4], "b": [4] * 7, "c": [2, 3, 1, 4, 2, 3, 1]})
    found = cv.cvi(ratings)
    assert found.table["relevant"].tolist() == [6, 7, 3]
    assert found.table["enough"].tolist() == [True, True, False]
    assert found.s_cvi_ave == pytest.approx((6 / 7 + 1 + 3 / 7) / 3)
    assert found.s_cvi_ua == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("experts", "needed"), [(3, 1.0), (5, 1.0), (6, 0.83), (8, 0.83), (9, 0.78)]
)
def test_lynns_limits(experts: int, needed: float) -> None:
    assert cv.lowest_icvi(experts) == needed


def test_five_of_six_is_enough_as_printed() -> None:
    # 5/6 = .8333 prints as .83, which is Lynn's limit
    assert cv.cvi(pd.DataFrame({"a": [4, 4, 3, 3, 4, 1]})).table.at["a", "enough"]


def test_blind_sort() -> None:
    assigned = pd.DataFrame({"a": ["X", "X", "Y"], "b": ["Y", None, "Y"]})
    found = cv.sort_agreement(assigned, pd.Series({"a": "X", "b": "Y"}))
    assert found.tolist() == [pytest.approx(2 / 3), 1.0]
    with pytest.raises(AnalysisError, match="b"):
        cv.sort_agreement(assigned, pd.Series({"a": "X"}))


def test_wrong_ratings_are_refused() -> None:
    with pytest.raises(AnalysisError, match="7"):
        cv.aiken_v(pd.DataFrame({"a": [1, 7]}), 1, 5)
    with pytest.raises(AnalysisError, match=r"3\.5"):
        cv.aiken_v(pd.DataFrame({"a": [1, 3.5]}), 1, 5)
    with pytest.raises(AnalysisError, match="four-point"):
        cv.cvi(pd.DataFrame({"a": [1, 5]}))
    with pytest.raises(NotEnoughData, match="b"):
        cv.aiken_v(pd.DataFrame({"a": [1, 2], "b": [np.nan, np.nan]}), 1, 5)
