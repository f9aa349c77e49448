"""Every estimate lies inside its interval, and n enters only where the formula says.

An interval that leaves out its own estimate shipped elsewhere. Samples are small and skewed on
purpose: that is where it happens.
"""

from fractions import Fraction
from math import ceil, floor

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import (
    change,
    content_validity,
    correlations,
    factors,
    groups,
    halves,
    htmt,
    importance_bootstrap,
    invariance,
    key_alarm,
    levels,
    mediation,
    missingness,
    ordered_logit,
    regression,
    reliability,
)
from analysis.confirm.fitting import fit
from tests.analysis.metamorphic import MODEL, answers, scores

ASPECTS = ["DEP", "FLX", "REL", "INF"]
SAMPLES = [(n, seed) for n in (30, 60, 200) for seed in range(4)]
samples = pytest.mark.parametrize(("n", "seed"), SAMPLES)


def inside(table, low, middle, high, *, slack=1e-12):
    """Rows whose middle is not between its limits, NaN limits left out."""
    rows = table[[low, middle, high]].astype(float).dropna()
    assert len(rows)
    return rows[(rows[low] > rows[middle] + slack) | (rows[high] < rows[middle] - slack)]


@samples
def test_reliability(n, seed):
    frame = answers(n, seed)[list(MODEL["need"])]
    alpha = reliability.alpha(frame)
    assert alpha.ci_low < alpha.raw < alpha.ci_high
    found = [reliability.omega(frame, n_boot=300), reliability.omega(frame, missing="fiml")]
    if n >= 200:
        found.append(reliability.omega(frame, ordinal=True, n_boot=100))
    for omega in found:
        if np.isfinite(omega.ci_low):
            assert omega.ci_low < omega.estimate < omega.ci_high, omega.method
    table = reliability.icc(frame).table
    assert inside(table, "ci_low", "icc", "ci_high").empty


@samples
def test_structure(n, seed):
    frame = answers(n, seed)
    found = fit(MODEL, frame, estimator="MLR")
    assert inside(found.parameters, "ci_low", "est", "ci_high").empty
    assert inside(found.loadings, "std_ci_low", "std", "std_ci_high").empty
    measures = found.fit
    for kind in ("", ".scaled", ".robust"):
        low, high = (measures[f"rmsea.ci.{side}{kind}"] for side in ("lower", "upper"))
        assert low <= measures[f"rmsea{kind}"] <= high, kind
    efa = factors.explore(frame, 2)
    assert efa.rmsea_ci[0] <= efa.rmsea <= efa.rmsea_ci[1]
    ratios = htmt.htmt(frame, MODEL, n_boot=500).pairs
    assert inside(ratios, "ci_low", "htmt", "ci_high").empty
    table = key_alarm.check(frame, {name: list(items) for name, items in MODEL.items()}).table
    assert inside(table, "ci_low", "turned", "ci_high").empty


@samples
def test_relations(n, seed):
    frame = scores(n, seed)
    found = regression.regress(frame, "INT", ASPECTS, n_boot=500)
    for low, high in (("ci_low", "ci_high"), ("hc3_ci_low", "hc3_ci_high")):
        assert inside(found.coefficients, low, "b", high).empty
    assert inside(found.coefficients, "boot_low", "b", "boot_high").empty
    # the interval is that of the population's R2, which R2 overstates and adj. R2 estimates
    assert found.r2_ci[0] <= found.r2
    assert found.r2_ci[0] <= max(found.adj_r2, 0) + 1e-9
    assert max(found.adj_r2, 0) <= found.r2_ci[1] + 1e-9
    path = mediation.indirect(frame, "BEN", "COM", "INT", n_boot=500)
    for low, high in (path.percentile, path.bca):
        assert low < path.indirect < high
    logit = ordered_logit.proportional_odds(frame[["FLX", "DEP"]].round(), "FLX", ["DEP"])
    assert inside(logit.coefficients, "ci_low", "b", "ci_high").empty
    for kind in ("pearson", "spearman"):
        r = correlations.correlate(frame, kind=kind)
        assert (r.ci_low <= r.r + 1e-12).all(axis=None)
        assert (r.r <= r.ci_high + 1e-12).all(axis=None)


@samples
def test_change(n, seed):
    first, second = scores(n, seed), scores(n, seed + 50)
    second = 0.6 * first + 0.4 * second
    for found in (
        change.paired(first, second, bounds=(1, 5)),
        change.unpaired(first, second, bounds=(1, 5)),
        change.mixed([first, second], bounds=(1, 5)),
    ):
        assert inside(found.table, "ci_low", "difference", "ci_high").empty
        assert inside(found.table, "pomp_low", "pomp", "pomp_high").empty
    unlike = groups.compare(first, np.arange(n) % 2)
    assert inside(unlike.pairs, "ci_low", "difference", "ci_high").empty
    assert inside(unlike.pairs, "g_low", "g", "g_high").empty
    again = halves.retest(first, second).table
    assert inside(again, "r_low", "r", "r_high").empty
    assert inside(again, "agreement_low", "icc_agreement", "agreement_high").empty
    assert inside(again, "consistency_low", "icc_consistency", "consistency_high").empty


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 40), st.data())
def test_levels(population, data):
    """The share of the register lies in its exact interval, the mean in its own."""
    n = data.draw(st.integers(1, population))
    k = data.draw(st.integers(0, n))
    low, high = levels.proportion_interval(k, n, population)
    share = Fraction(k * population, n)
    assert low <= floor(share) or low == ceil(share)
    assert ceil(share) <= high or high == floor(share)
    assert k <= low <= high <= population - (n - k)
    worst, best = levels.nonresponse_bounds(k, n, population)
    assert worst <= low / population <= high / population <= best


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=2, max_size=12))
def test_mean_level_and_aiken(ratings):
    found = levels.mean_interval(ratings, 40)
    assert found.ci_low <= found.estimate <= found.ci_high
    table = content_validity.aiken_v(pd.DataFrame({"item": ratings}), 1, 5).table
    assert inside(table, "ci_low", "v", "ci_high").empty


# --- every row twice: n enters only where the formula says -------------------------------


def twice(frame):
    return pd.concat([frame, frame], ignore_index=True)


def test_every_row_twice_reliability_and_factorability():
    """Coefficients of ratios of covariances stay; Bartlett is (n - 1 - c) |log R|."""
    frame = answers(150, 5)
    n = len(frame)
    one, two = (reliability.alpha(f[list(MODEL["need"])]) for f in (frame, twice(frame)))
    assert two.raw == pytest.approx(one.raw, abs=1e-12)
    assert two.ci_high - two.ci_low < one.ci_high - one.ci_low
    one, two = (reliability.omega(f[list(MODEL["need"])], n_boot=0) for f in (frame, twice(frame)))
    assert two.estimate == pytest.approx(one.estimate, abs=1e-7)
    assert two.fit["chisq"] == pytest.approx(2 * one.fit["chisq"], rel=1e-7)
    one, two = factors.adequacy(frame), factors.adequacy(twice(frame))
    assert two.kmo == pytest.approx(one.kmo, abs=1e-12)
    c = 1 + (2 * 8 + 5) / 6
    assert two.bartlett_chi2 == pytest.approx(one.bartlett_chi2 * (2 * n - c) / (n - c), rel=1e-9)
    one, two = factors.explore(frame, 2), factors.explore(twice(frame), 2)
    np.testing.assert_allclose(two.loadings, one.loadings, atol=1e-4)
    c += 2 * 2 / 3
    assert two.chi2 == pytest.approx(one.chi2 * (2 * n - c) / (n - c), rel=1e-4)


@pytest.mark.parametrize(
    ("estimator", "missing", "ratio"),
    [
        ("ML", "listwise", 2.0), ("MLR", "listwise", 2.0), ("ML", "fiml", 2.0),
        ("WLSMV", "listwise", 299 / 149), ("DWLS", "listwise", 299 / 149),
    ],
)  # fmt: skip
def test_every_row_twice_confirmatory(estimator, missing, ratio):
    """chi-square = n F, of ordered answers (n - 1) F; standardised values stay; SE / sqrt of it."""
    frame = answers(150, 5)
    one = fit(MODEL, frame, estimator=estimator, missing=missing)
    two = fit(MODEL, twice(frame), estimator=estimator, missing=missing)
    np.testing.assert_allclose(two.loadings["std"], one.loadings["std"], atol=2e-6)
    assert two.fit["chisq"] == pytest.approx(ratio * one.fit["chisq"], rel=2e-5)
    assert two.fit["srmr"] == pytest.approx(one.fit["srmr"], rel=1e-4)
    np.testing.assert_allclose(
        two.loadings["std_se"].astype(float) * np.sqrt(ratio),
        one.loadings["std_se"].astype(float), rtol=1e-4,
    )  # fmt: skip


def test_every_row_twice_missing_and_invariance():
    """Little's statistic has no n - 1 in it: it doubles. So does every rung."""
    frame = answers(150, 5)
    holed = frame.mask(np.random.default_rng(1).random(frame.shape) < 0.05)
    one, two = missingness.little_mcar(holed), missingness.little_mcar(twice(holed))
    assert (two.df, two.n_patterns) == (one.df, one.n_patterns)
    assert two.chi2 == pytest.approx(2 * one.chi2, rel=1e-6)
    frame = answers(300, 5)
    label = pd.Series(np.arange(300) % 2)
    one = invariance.ladder(MODEL, frame, label)
    two = invariance.ladder(MODEL, twice(frame), pd.concat([label, label], ignore_index=True))
    np.testing.assert_allclose(two.lrt["chisq"], 2 * one.lrt["chisq"], rtol=1e-6)


def test_shares_of_r2_and_their_intervals():
    """A share cannot fall below 0, so its percentiles may sit above a share near 0: never
    below it, and never beyond a share that is clear."""
    outside = 0
    for seed in range(10):
        found = importance_bootstrap.shares(scores(100, seed), "INT", ASPECTS, n_boot=500)
        table = found.table
        assert (table["lmg"] <= table["lmg_high"]).all()
        low = inside(table, "lmg_low", "lmg", "lmg_high")
        outside += len(low)
        assert (low["lmg"] < 0.02).all()
    assert outside <= 2
