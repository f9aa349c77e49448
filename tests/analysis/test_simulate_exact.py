"""Exact truth of the generator against every figure the specification prints (section 6).

Acceptance 11: bivariate-normal sums give the printed digits; one run of a million cases
lies within five Monte Carlo standard errors of them.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, norm

from analysis import simulate
from analysis.simulate import exact, parameters

ASPECTS = ("DEP", "FLX", "REL", "INF")
BASIS = ("MOT", "BEN", "COM")


@pytest.fixture(scope="module")
def truth():
    return exact.truth(0.20)


@pytest.fixture(scope="module")
def unacquiescent():
    return exact.truth(0.0)


def printed(*values, digits):
    """What rounds to these digits."""
    return pytest.approx(values, abs=0.5 * 10**-digits * 1.0001)


def tabled(*values, digits):
    """The specification's table of scales was drawn by Monte Carlo: within one last digit.

    Two of its sixteen entries are off by one there: INT has SD 19.85 (19.8 is printed) and
    COM has alpha .8005 (.800 is printed). The exact values stand in the manual.
    """
    return pytest.approx(values, abs=10**-digits)


@settings(max_examples=60, deadline=None)
@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(-0.9, 0.9))
def test_bivariate_normal_equals_scipy(h, k, r):
    """scipy.stats.multivariate_normal.cdf (Genz) on the mirrored corner."""
    expected = multivariate_normal.cdf([-h, -k], cov=[[1, r], [r, 1]]) - norm.sf(h) * norm.sf(k)
    found = exact.upper_excess(np.array(h), np.array(k), np.array(r))
    assert found == pytest.approx(expected, abs=1e-8)


def test_bivariate_normal_at_the_origin():
    """Sheppard (1899): P(X>0, Y>0) = 1/4 + asin(r)/(2 pi)."""
    r = np.linspace(-0.9, 0.9, 19)
    found = exact.upper_excess(np.zeros(19), np.zeros(19), r)
    assert found == pytest.approx(np.arcsin(r) / (2 * np.pi), abs=1e-15)


def test_quadrature_refuses_what_it_cannot_do():
    with pytest.raises(ValueError, match="exact only"):
        exact.upper_excess(np.array(0.0), np.array(0.0), np.array(0.99))


def test_means_and_spread(truth):
    assert [round(truth.pomp_means[s]) for s in simulate.SCALES] == [78, 71, 72, 69, 53, 75, 50, 70]
    assert list(truth.pomp_sds.values()) == tabled(
        15.7, 17.9, 17.5, 17.3, 18.7, 16.5, 19.2, 19.8, digits=1
    )


def test_alpha(truth):
    assert [truth.alpha(scale) for scale in simulate.SCALES] == tabled(
        0.774, 0.806, 0.800, 0.756, 0.783, 0.780, 0.795, 0.842, digits=3
    )


def test_alpha_without_acquiescence(unacquiescent):
    assert [unacquiescent.alpha(scale) for scale in simulate.SCALES] == printed(
        0.7699, 0.8019, 0.7963, 0.7513, 0.7740, 0.7755, 0.7864, 0.8213, digits=4
    )


def test_regression_on_the_aspects(truth):
    found = truth.regression("INT", ASPECTS)
    assert list(found.betas.values()) == printed(0.2448, 0.1239, 0.2375, 0.1670, digits=4)
    assert list(found.slopes.values()) == printed(0.2806, 0.1314, 0.2853, 0.1730, digits=4)
    assert [found.r2] == printed(0.2934, digits=4)


def test_regression_without_acquiescence(unacquiescent):
    found = unacquiescent.regression("INT", ASPECTS)
    assert list(found.betas.values()) == printed(0.2361, 0.1136, 0.2330, 0.1576, digits=4)
    assert list(found.slopes.values()) == printed(0.2664, 0.1192, 0.2755, 0.1615, digits=4)
    assert [found.r2] == printed(0.2610, digits=4)


def test_importance_shares(truth):
    shares = truth.lmg("INT", ASPECTS)
    assert list(shares.values()) == printed(0.0909, 0.0463, 0.0942, 0.0621, digits=4)
    assert sum(shares.values()) == pytest.approx(truth.regression("INT", ASPECTS).r2, abs=1e-12)


def test_hierarchical_steps(truth):
    assert [truth.regression("INT", BASIS).r2] == printed(0.1944, digits=4)
    assert [truth.regression("INT", (*BASIS, *ASPECTS)).r2] == printed(0.3250, digits=4)


def test_commitment_equation(truth):
    found = truth.regression("COM", ("MOT", "BEN", "REL"))
    assert list(found.betas.values()) == printed(0.1477, 0.3735, 0.1942, digits=4)


def test_htmt_of_the_pairs_to_watch(truth):
    pairs = [("BEN", "COM"), ("FLX", "INF"), ("BEN", "REL"), ("REL", "INT"), ("DEP", "INT")]
    assert [truth.htmt(*pair) for pair in pairs] == printed(
        0.624, 0.526, 0.515, 0.509, 0.490, digits=3
    )


def test_acquiescence_alone_lifts_correlations(truth, unacquiescent):
    """Every between-scale r rises by .02 to .03."""
    lift = (truth.scale_correlation - unacquiescent.scale_correlation)[np.triu_indices(8, 1)]
    assert lift.min() > 0.015
    assert lift.max() < 0.035


def test_action_moves_eight_points(truth):
    """Scenario action: +.50 on the latents of FLX and INF is about +8 POMP."""
    moved = exact.truth(0.20, shift={"FLX": 0.5, "INF": 0.5})
    for scale in simulate.SCALES:
        change = moved.pomp_means[scale] - truth.pomp_means[scale]
        assert change == pytest.approx(8 if scale in {"FLX", "INF"} else 0, abs=0.5)


def test_unstructured_world_has_only_agreement_between_scales():
    apart = exact.truth(0.0, parameters.UNSTRUCTURED).scale_covariance
    assert np.abs(apart - np.diag(np.diag(apart))).max() < 1e-15


@pytest.fixture(scope="module")
def million():
    raw = simulate.clean(1_000_000, 11)
    reverse = np.array([item.reverse for item in simulate.ITEMS])
    return np.where(reverse, 6 - raw, raw)


def test_a_million_cases_scale_statistics(truth, million):
    """Alpha, means and the share of persons >= 3.5 (84 71 73 67 37 79 31 73 %).

    Moments of items and slopes of a million cases: `tests.simulations.generator`.
    """
    n = len(million)
    scores = np.column_stack(
        [
            million[:, [i for i, item in enumerate(simulate.ITEMS) if item.scale == scale]].mean(
                axis=1
            )
            for scale in simulate.SCALES
        ]
    )
    favourable = (scores >= 3.5 - 1e-12).mean(axis=0) * 100
    assert favourable == pytest.approx([84, 71, 73, 67, 37, 79, 31, 73], abs=0.5 + 5 * 0.05)
    for column, scale in enumerate(simulate.SCALES):
        keyed = million[:, [i for i, item in enumerate(simulate.ITEMS) if item.scale == scale]]
        k = keyed.shape[1]
        total = keyed.sum(axis=1, dtype=np.int64)
        alpha = k / (k - 1) * (1 - keyed.var(axis=0).sum() / total.var())
        # SE of alpha, normal theory: sqrt(2k/((k-1)n)) (1-alpha) (Bonett 2002)
        error = np.sqrt(2 * k / ((k - 1) * n)) * (1 - alpha)
        assert alpha == pytest.approx(truth.alpha(scale), abs=5 * error), scale
        assert scores[:, column].mean() == pytest.approx(
            truth.scale_means[scale], abs=5 * scores[:, column].std() / np.sqrt(n)
        )
