"""Data unlike bfi, drawn from populations whose numbers are known.

Two factors (loadings .8, .7, .6, .5 each, r = .4) cut into 2 to 9 categories, with codes from
0, missing cells and strong floors; 2 to 49 groups. Truth: the population's correlations, the
covariances of cut normals by scipy's bivariate normal, degrees of freedom by counting.
"""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis import intraclass, invariance, polychoric, reliability
from analysis.confirm import fit

ITEMS = list("abcdefgh")
MODEL = {"one": ITEMS[:4], "two": ITEMS[4:]}
LOAD = np.tile([0.8, 0.7, 0.6, 0.5], 2)
BLOCK = np.kron(np.array([[1, 0.4], [0.4, 1]]), np.ones((4, 4)))
TRUTH = np.outer(LOAD, LOAD) * BLOCK + np.diag(1 - LOAD**2)
N = 10_000

EVEN = {k: stats.norm.ppf(np.arange(1, k) / k) for k in (2, 3, 4, 5, 7, 9)}
FLOOR = stats.norm.ppf([0.7, 0.85, 0.93, 0.98])
KINDS: dict[str, tuple[list[np.ndarray], int, float]] = {
    "five": ([EVEN[5]] * 8, 1, 0.0),
    "seven": ([EVEN[7]] * 8, 1, 0.0),
    "nine from 0": ([EVEN[9]] * 8, 0, 0.0),
    "unequal": ([EVEN[k] for k in (2, 3, 4, 5, 7, 9, 5, 3)], 0, 0.0),
    "floor": ([FLOOR] * 8, 1, 0.0),
    "missing": ([EVEN[5]] * 8, 1, 0.1),
}


def cut(kind: str, n: int = N) -> pd.DataFrame:
    cuts, low, missing = KINDS[kind]
    rng = np.random.default_rng(20240131)
    y = rng.standard_normal((n, 8)) @ np.linalg.cholesky(TRUTH).T
    codes = np.column_stack([np.searchsorted(t, y[:, j]) for j, t in enumerate(cuts)]) + 0.0
    codes += low
    codes[rng.random(codes.shape) < missing] = np.nan
    return pd.DataFrame(codes, columns=ITEMS)


def covariances_of_cut_normals(cuts: list[np.ndarray]) -> np.ndarray:
    """cov = sum over threshold pairs of P(both above) - P(above) P(above), by scipy."""
    found = np.empty((8, 8))
    for i, j in combinations(range(8), 2):
        a, b = np.meshgrid(cuts[i], cuts[j], indexing="ij")
        grid = np.stack([a, b], axis=-1)
        normal = stats.multivariate_normal(cov=[[1, TRUTH[i, j]], [TRUTH[i, j], 1]])
        found[i, j] = found[j, i] = (
            normal.cdf(grid) - np.outer(stats.norm.cdf(cuts[i]), stats.norm.cdf(cuts[j]))
        ).sum()
    for i, t in enumerate(cuts):
        p = np.diff(np.concatenate([[0], stats.norm.cdf(t), [1]]))
        codes = np.arange(len(p))
        found[i, i] = p @ codes**2 - (p @ codes) ** 2
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_polychorics_recover_the_latent_correlations(kind: str) -> None:
    found = polychoric.matrix(cut(kind), missing="pairwise")
    i, j = np.triu_indices(8, 1)
    error = found.rho.to_numpy()[i, j] - TRUTH[i, j]
    z = error / found.se.to_numpy()[i, j]
    assert np.abs(z).max() < 4  # 28 pairs: beyond 4 once in five hundred data sets
    assert 0.4 < float((z**2).mean()) < 2.2  # errors as large as their SE says
    assert np.abs(error).max() < 0.06
    known = [len(t) for t in KINDS[kind][0]]
    assert found.thresholds.notna().sum(axis=1).tolist() == known
    first = found.thresholds.to_numpy()[:, 0]
    assert first == pytest.approx([t[0] for t in KINDS[kind][0]], abs=0.06)


@pytest.mark.parametrize("kind", KINDS)
def test_wlsmv_recovers_the_loadings(kind: str) -> None:
    rule = "pairwise" if kind == "missing" else "listwise"
    found = fit(MODEL, cut(kind), estimator="WLSMV", missing=rule)
    assert found.loadings["std"].to_numpy() == pytest.approx(LOAD, abs=0.03)
    assert found.factor_correlations.to_numpy()[0, 1] == pytest.approx(0.4, abs=0.04)
    assert found.fit["cfi.scaled"] > 0.995  # the model is true
    assert found.fit["rmsea.scaled"] < 0.02


@pytest.mark.parametrize("kind", KINDS)
def test_alpha_is_that_of_the_population(kind: str) -> None:
    c = covariances_of_cut_normals(KINDS[kind][0])
    truth = 8 / 7 * (1 - np.trace(c) / c.sum())
    # SE of alpha about (1 - alpha) sqrt(2 k / ((k - 1) n)) (van Zyl et al. 2000): .004
    assert reliability.alpha(cut(kind)).raw == pytest.approx(truth, abs=0.015)


def test_recoding_changes_no_polychoric_and_no_alpha() -> None:
    frame = cut("unequal", 1500)
    base = polychoric.matrix(frame).rho.to_numpy()
    # gaps, a shift and any order-keeping codes say the same
    coded = frame.apply(lambda column: column**2 + 3)
    assert polychoric.matrix(coded).rho.to_numpy() == pytest.approx(base, abs=1e-9)
    turned = polychoric.matrix(frame.assign(b=10 - frame["b"])).rho.to_numpy()
    sign = np.where(np.array(ITEMS) == "b", -1, 1)
    assert turned == pytest.approx(base * np.outer(sign, sign), abs=1e-6)
    alpha = reliability.alpha(frame).raw
    assert reliability.alpha(3 * frame + 7).raw == pytest.approx(alpha, abs=1e-12)
    assert reliability.alpha(9 - frame).raw == pytest.approx(alpha, abs=1e-12)


@pytest.mark.parametrize("groups", [2, 3, 10, 49])
def test_invariance_of_any_number_of_groups(groups: int) -> None:
    rng = np.random.default_rng(groups)
    items, each = ITEMS[:3] + ITEMS[4:7], 120
    model = {"one": items[:3], "two": items[3:]}
    keep = [0, 1, 2, 4, 5, 6]
    n = groups * each
    label = np.repeat([f"g{g:02}" for g in range(groups)], each)
    moved = np.repeat(np.arange(groups) == groups - 1, each)
    y = rng.standard_normal((n, 6)) @ np.linalg.cholesky(TRUTH[np.ix_(keep, keep)]).T
    y[:, :3] += 0.5 * moved[:, None] * LOAD[:3]  # the last group's first factor is .5 higher
    frame = pd.DataFrame(y, columns=items)
    found = invariance.ladder(model, frame, pd.Series(label, index=frame.index))
    # configural: 27 moments a group less 19 parameters; then loadings and intercepts beyond the
    # markers, then residual variances
    steps = [8 * groups, 4 * (groups - 1), 4 * (groups - 1), 6 * (groups - 1)]
    assert found.lrt["df"].tolist() == np.cumsum(steps).tolist()
    # strict invariance is true: one of these twelve is below 1e-4 once in 800 runs
    assert (found.lrt["p"].iloc[1:] > 1e-4).all()
    alone = [fit(model, frame[label == g]).fit["chisq"] for g in dict.fromkeys(label)]
    assert found.configural.fit["chisq"] == pytest.approx(sum(alone), rel=1e-6)
    means = found.latent_means.query("factor == 'one'").set_index("group")
    last, middle = means.iloc[-1], means["z"].iloc[1:-1].abs()
    assert abs(last["est"] / LOAD[0] - 0.5) < 3.5 * last["se"] / LOAD[0]
    assert last["se"] / LOAD[0] < 0.25
    assert not len(middle) or middle.max() < 4


@pytest.mark.parametrize("raters", [2, 3, 10, 49])
def test_intraclass_correlations_of_any_number_of_raters(raters: int) -> None:
    rng = np.random.default_rng(raters)
    # variances: targets 1, raters .5, error 1
    data = (
        rng.standard_normal((400, 1))
        + np.sqrt(0.5) * rng.standard_normal((1, raters))
        + rng.standard_normal((400, raters))
    )
    found = intraclass.forms(data)
    c = np.cov(data, rowvar=False)
    off = c[~np.eye(raters, dtype=bool)].mean()
    assert found["ICC3"].icc == pytest.approx(off / np.diag(c).mean(), abs=1e-12)
    alpha = reliability.alpha(pd.DataFrame(data, columns=[f"r{k}" for k in range(raters)]))
    assert found["ICC3k"].icc == pytest.approx(alpha.raw, abs=1e-12)  # Hoyt (1941)
    # rater means of 400 targets are all but exact: agreement takes their variance in
    spread = data.mean(axis=0).var(ddof=1)
    near = off / (np.diag(c).mean() + spread)
    assert found["ICC2"].icc == pytest.approx(near, abs=0.004)
    assert found["ICC3"].ci_low < 0.5 < found["ICC3"].ci_high
