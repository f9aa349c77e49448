"""Marker variable, method factor and HTMT2 against formulas by hand and known populations."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis import validity
from analysis.confirm import fit
from tests.analysis.every_function import ITEMS, MODEL


def exactly(r: np.ndarray, names: list[str], n: int = 120, seed: int = 0) -> pd.DataFrame:
    """Data whose sample correlations are ``r`` to rounding."""
    x = np.random.default_rng(seed).standard_normal((n, len(r)))
    x -= x.mean(axis=0)
    white = x @ np.linalg.inv(np.linalg.cholesky(np.cov(x, rowvar=False))).T
    return pd.DataFrame(white @ np.linalg.cholesky(r).T, columns=names)


def test_the_marker_by_lindell_and_whitneys_formula() -> None:
    r = np.array([[1, 0.2, 0.1, 0.3], [0.2, 1, 0.5, 0.25], [0.1, 0.5, 1, 0.4], [0.3, 0.25, 0.4, 1]])
    found = validity.marker(exactly(r, ["m", "a", "b", "c"]), "m")
    assert found.r_method == pytest.approx(0.1)
    table = found.table.set_index(["a", "b"])
    for pair, plain in ((("a", "b"), 0.5), (("a", "c"), 0.25), (("b", "c"), 0.4)):
        adjusted = (plain - 0.1) / 0.9
        assert table.loc[pair, "adjusted"] == pytest.approx(adjusted)
        t = adjusted / np.sqrt((1 - adjusted**2) / 117)
        assert table.loc[pair, "t"] == pytest.approx(t)
        assert table.loc[pair, "p"] == pytest.approx(2 * stats.t.sf(t, 117))
    # the partial correlation from the inverse of the three correlations
    for pair, at in ((("a", "b"), [0, 1, 2]), (("a", "c"), [0, 1, 3]), (("b", "c"), [0, 2, 3])):
        inverse = np.linalg.inv(r[np.ix_(at, at)])
        partial = -inverse[1, 2] / np.sqrt(inverse[1, 1] * inverse[2, 2])
        assert table.loc[pair, "partial"] == pytest.approx(partial)
    # r(a, c) = .25 is significant with n = 120; (.25 - .1) / .9 = .167 is not
    assert table["changed"].tolist() == [False, True, False]


def test_a_negative_marker_adjusts_nothing() -> None:
    r = np.array([[1, -0.1, -0.2], [-0.1, 1, 0.4], [-0.2, 0.4, 1]])
    found = validity.marker(exactly(r, ["m", "a", "b"]), "m")
    assert found.r_method == 0.0
    assert found.table["adjusted"].tolist() == pytest.approx([0.4])


METHOD = ["c", "d", "g", "h"]


def answered(method: float, n: int = 2000) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    load = np.tile([0.8, 0.7, 0.6, 0.6], 2)
    asked = np.isin(ITEMS, METHOD) * method
    factors = rng.standard_normal((n, 2)) @ np.linalg.cholesky(np.array([[1, 0.4], [0.4, 1]])).T
    common = np.repeat(factors, 4, axis=1) * load + rng.standard_normal((n, 1)) * asked
    noise = rng.standard_normal((n, 8)) * np.sqrt(1 - load**2 - asked**2)
    return pd.DataFrame(common + noise, columns=ITEMS)


def test_a_method_factor_that_is_there_is_found_with_its_share() -> None:
    found = validity.method_factor(MODEL, answered(0.5), METHOD, estimator="ML")
    assert found.method_share == pytest.approx(0.25, abs=0.04)
    assert found.p < 1e-10
    assert found.df_diff == 4
    assert found.comparison.loc["cfi", "with_method"] > 0.99
    assert found.comparison.loc["cfi", "without"] < 0.97
    with_it = found.loadings["with_method"].to_numpy()
    assert with_it == pytest.approx(np.tile([0.8, 0.7, 0.6, 0.6], 2), abs=0.06)


def test_the_difference_is_that_of_the_two_models() -> None:
    frame = answered(0.3, 500)
    found = validity.method_factor(MODEL, frame, METHOD)
    without = fit(MODEL, frame, estimator="MLR").fit
    with_it = fit(MODEL, frame, estimator="MLR", methods={"method": METHOD}).fit
    # Satorra & Bentler (2001): (X0 - X1) / ((df0 c0 - df1 c1) / (df0 - df1))
    up = without["df"] * without["chisq.scaling.factor"]
    down = with_it["df"] * with_it["chisq.scaling.factor"]
    gap = (without["chisq"] - with_it["chisq"]) / ((up - down) / 4)
    assert found.chisq_diff == pytest.approx(gap, rel=1e-9)
    assert found.p == pytest.approx(stats.chi2.sf(gap, 4), rel=1e-9)


def test_htmt2_is_made_of_geometric_means() -> None:
    r = np.array(
        [
            [1, 0.6, 0.5, 0.3, 0.2],
            [0.6, 1, 0.4, 0.1, 0.25],
            [0.5, 0.4, 1, 0.2, 0.3],
            [0.3, 0.1, 0.2, 1, 0.7],
            [0.2, 0.25, 0.3, 0.7, 1],
        ]
    )
    names = list("abcde")
    found = validity.htmt(exactly(r, names), {"x": names[:3], "y": names[3:]}, n_boot=0)
    between = [0.3, 0.2, 0.1, 0.25, 0.2, 0.3]
    within = stats.gmean([0.6, 0.5, 0.4])
    row = found.pairs.iloc[0]
    assert row["htmt2"] == pytest.approx(stats.gmean(between) / np.sqrt(within * 0.7))
    assert row["htmt"] == pytest.approx(np.mean(between) / np.sqrt(0.5 * 0.7))
