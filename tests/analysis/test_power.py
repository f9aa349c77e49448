"""Acceptance 10 and the table of the plan; precision of levels."""

import math

import numpy as np
import pytest
from scipy import stats

from analysis import levels, power
from analysis.errors import AnalysisError, NotEnoughData
from analysis.reliability import feldt_interval


@pytest.mark.parametrize(
    ("f2", "predictors", "tested", "alpha", "n"),
    [
        (0.15, 4, None, 0.05, 85),
        (0.15, 4, 1, 0.05, 55),
        (0.15, 4, 1, 0.0125, 78),
        (0.15, 7, None, 0.05, 103),
        (0.15, 10, None, 0.05, 118),
        (0.35, 4, None, 0.05, 40),
        (0.35, 4, 1, 0.05, 25),
        (0.02, 4, None, 0.05, 602),
        (0.02, 4, 1, 0.05, 395),
    ],
)
def test_sample_sizes(f2: float, predictors: int, tested: int | None, alpha: float, n: int) -> None:
    # published by G*Power and the plan
    ours = power.sample_size(f2, predictors=predictors, tested=tested, alpha=alpha)
    assert ours == n


@pytest.mark.parametrize(
    ("n", "omnibus", "one"),
    [(30, 0.48, 0.28), (45, 0.30, 0.18), (60, 0.22, 0.14), (100, 0.13, 0.08), (200, 0.06, 0.04)],
)
def test_smallest_effects(n: int, omnibus: float, one: float) -> None:
    assert round(power.smallest_effect(n) + 1e-9, 2) == omnibus
    assert round(power.smallest_effect(n, tested=1), 2) == one


def test_power_by_scipys_noncentral_f() -> None:
    for n, f2, p, u in ((45, 0.15, 4, 4), (120, 0.07, 7, 2), (30, 0.5, 1, 1)):
        v = n - p - 1
        other = stats.ncf.sf(stats.f.ppf(0.95, u, v), u, v, f2 * n)
        assert power.achieved(n, f2, predictors=p, tested=u) == pytest.approx(other, abs=1e-9)


def test_power_rises_with_n_and_effect_and_is_alpha_at_none() -> None:
    assert power.achieved(50, 0.0) == 0.05
    assert power.achieved(50, 1e-9) == pytest.approx(0.05, abs=1e-6)
    by_n = [power.achieved(n, 0.1) for n in (20, 40, 80, 160, 320)]
    by_f2 = [power.achieved(60, f2) for f2 in (0.02, 0.1, 0.2, 0.4, 0.8)]
    assert by_n == sorted(by_n)
    assert by_f2 == sorted(by_f2)
    # and sample_size is the first n that is enough
    n = power.sample_size(0.1)
    assert power.achieved(n, 0.1) >= 0.8 > power.achieved(n - 1, 0.1)
    assert power.achieved(60, power.smallest_effect(60)) == pytest.approx(0.8, abs=1e-9)


def test_levels_of_a_finite_community() -> None:
    # acceptance 5: 45 of 60 with sd 20 give 3.00, without correction 6.01
    assert power.level_half_width(45, 60) == pytest.approx(3.00, abs=0.01)
    assert power.level_half_width(45, None) == pytest.approx(6.01, abs=0.01)
    n = power.level_size(3.5, 60)
    assert power.level_half_width(n, 60) <= 3.5 < power.level_half_width(n - 1, 60)
    data = 50 + 20 * stats.zscore(np.random.default_rng(0).standard_normal(n), ddof=1)
    found = levels.mean_interval(data, 60)
    assert found.ci_high - found.estimate == pytest.approx(power.level_half_width(n, 60))


def test_proportions_of_a_finite_community() -> None:
    n = power.proportion_size(0.10, 60)
    for larger in range(n, 61):
        low, high = levels.proportion_interval(round(larger / 2), larger, 60)
        assert (high - low) / 60 <= 0.2
    low, high = levels.proportion_interval(round((n - 1) / 2), n - 1, 60)
    assert (high - low) / 60 > 0.2
    # the approximation above 300 members meets the exact count at 300
    exact, rough = power.proportion_size(0.05, 300), power.proportion_size(0.05, 301)
    assert abs(exact - rough) <= 0.05 * exact


@pytest.mark.parametrize(("n", "alpha"), [(30, 0.82), (45, 0.81), (100, 0.78), (200, 0.76)])
def test_alpha_needed_for_a_lower_limit_of_70(n: int, alpha: float) -> None:
    needed = power.alpha_needed(n, 5)
    assert round(needed, 2) == alpha
    assert feldt_interval(needed, n, 5)[0] == pytest.approx(0.70, abs=1e-12)
    assert power.alpha_size(needed, 5) <= n


@pytest.mark.parametrize(
    "call",
    [
        lambda: power.sample_size(0.0),
        lambda: power.sample_size(0.15, predictors=4, tested=5),
        lambda: power.sample_size(0.15, power=1.0),
        lambda: power.sample_size(1e-12),
        lambda: power.achieved(50, -0.1),
        lambda: power.level_size(0, 60),
        lambda: power.level_half_width(61, 60),
        lambda: power.proportion_size(0.1, 0),
        lambda: power.alpha_size(0.65, 5),
    ],
)
def test_impossible_plans_are_refused(call) -> None:
    with pytest.raises(AnalysisError):
        call()


def test_too_few_rows_are_named() -> None:
    with pytest.raises(NotEnoughData, match="at least 6"):
        power.achieved(5, 0.15)
    with pytest.raises(NotEnoughData):
        power.alpha_needed(2, 5)
    assert math.isfinite(power.smallest_effect(6))
