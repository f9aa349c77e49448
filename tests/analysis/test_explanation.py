"""Explaining an outcome: influence, CR2, ordered logit, Johnson-Neyman, importance, mixed model.

Each against statsmodels, a published closed form, or a naive loop that shares no code.
"""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import linalg, stats

from analysis import (
    change,
    clusters,
    importance_bootstrap,
    moderation,
    ordered_logit,
    regression,
    residual_tests,
)


def pulled(n: int = 80, seed: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 2))
    frame = pd.DataFrame({"x": x[:, 0], "z": x[:, 1]})
    frame["y"] = 0.3 * x[:, 0] - 0.2 * x[:, 1] + rng.standard_normal(n)
    frame.loc[0] = (3.5, -3.0, -6.0)
    return frame


def test_influence_and_the_refit_agree_with_statsmodels() -> None:
    frame = pulled()
    design = sm.add_constant(frame[["x", "z"]])
    model = sm.OLS(frame["y"], design).fit()
    theirs = model.get_influence()
    cook, dfbetas = theirs.cooks_distance[0], theirs.dfbetas
    mine = regression.regress(frame, "y", ["x", "z"], n_boot=0).influence
    assert mine["cook_max"] == pytest.approx(cook.max())
    assert mine["cook_over_4_n"] == int((cook > 4 / 80).sum())
    limit = 2 / np.sqrt(80)
    assert list(mine["dfbetas_over"].values()) == (np.abs(dfbetas[:, 1:]) > limit).sum(0).tolist()
    assert mine["leverage_max"] == pytest.approx(theirs.hat_matrix_diag.max())
    assert mine["studentized_max"] == pytest.approx(np.abs(theirs.resid_studentized_external).max())
    over = (cook > 4 / 80) | (np.abs(dfbetas[:, 1:]) > limit).any(axis=1)
    again = residual_tests.refit(frame, "y", ["x", "z"])
    without = sm.OLS(frame["y"][~over], design[~over]).fit()
    robust = without.get_robustcov_results("HC3", use_t=True)
    assert again.left_out == int(over.sum())
    assert again.table["b_without"].to_numpy() == pytest.approx(without.params.to_numpy())
    assert again.table["hc3_p_without"].to_numpy() == pytest.approx(robust.pvalues)
    assert again.r2_without == pytest.approx(without.rsquared)


def members(sizes: list[int]) -> list[np.ndarray]:
    return np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1])


@pytest.mark.parametrize("many", [2, 3, 10, 49])
def test_cr2_of_a_mean_is_that_of_the_cluster_means(many: int) -> None:
    rng = np.random.default_rng(many)
    y = np.repeat(rng.standard_normal(many), 5) + rng.standard_normal(5 * many)
    x = np.ones((5 * many, 1))
    found, df = clusters.cr2(x, y - y.mean(), np.linalg.inv(x.T @ x), members([5] * many))
    # equal clusters: the textbook variance of a mean of cluster means, G - 1 df
    assert found[0, 0] == pytest.approx(y.reshape(many, 5).mean(axis=1).var(ddof=1) / many)
    assert df[0] == pytest.approx(many - 1)


def test_cr2_of_two_arms_is_welch_on_cluster_means() -> None:
    rng = np.random.default_rng(1)
    first, second, size = 8, 14, 6
    y = np.repeat(rng.standard_normal(22), size) + rng.standard_normal(22 * size)
    arm = np.repeat(np.arange(22) < first, size).astype(float)
    x = np.column_stack([np.ones(len(y)), arm])
    bread = np.linalg.inv(x.T @ x)
    found, df = clusters.cr2(x, y - x @ bread @ x.T @ y, bread, members([size] * 22))
    means = y.reshape(22, size).mean(axis=1)
    welch = means[:first].var(ddof=1) / first + means[first:].var(ddof=1) / second
    assert found[1, 1] == pytest.approx(welch)
    # Satterthwaite under equal variances (Pustejovsky & Tipton 2018)
    top = (1 / first + 1 / second) ** 2
    assert df[1] == pytest.approx(
        top / (1 / (first**2 * (first - 1)) + 1 / (second**2 * (second - 1)))
    )


def test_cr2_of_unequal_clusters_by_the_printed_formula() -> None:
    rng = np.random.default_rng(2)
    sizes = [3, 4, 7, 12, 5, 9]
    n = sum(sizes)
    x = np.column_stack([np.ones(n), rng.standard_normal((n, 2))])
    y = x @ [1.0, 0.5, -0.3] + np.repeat(rng.standard_normal(6), sizes) + rng.standard_normal(n)
    bread = np.linalg.inv(x.T @ x)
    rest = np.eye(n) - x @ bread @ x.T
    e = rest @ y
    found, df = clusters.cr2(x, e, bread, members(sizes))
    scores, levers = [], []
    for rows in members(sizes):
        own = np.ix_(rows, rows)
        adjust = linalg.inv(linalg.sqrtm(rest[own]).real)
        scores.append(x[rows].T @ adjust @ e[rows])
        levers.append(rest[rows].T @ adjust @ x[rows] @ bread)
    meat = sum(np.outer(score, score) for score in scores)
    assert found == pytest.approx(bread @ meat @ bread)
    for c in range(3):
        g = np.column_stack([lever[:, c] for lever in levers])
        roots = np.linalg.eigvalsh(g.T @ g)
        assert df[c] == pytest.approx(roots.sum() ** 2 / (roots**2).sum())


def test_the_slope_within_communities_is_that_of_dummies() -> None:
    rng = np.random.default_rng(3)
    label = np.repeat([f"c{k}" for k in range(12)], 9)
    frame = pd.DataFrame({"x": rng.standard_normal(108) + np.repeat(rng.standard_normal(12), 9)})
    frame["y"] = 0.4 * frame["x"] + np.repeat(rng.standard_normal(12), 9)
    frame["y"] += rng.standard_normal(108)
    found = clusters.pooled(frame, "y", ["x"], label)
    design = np.column_stack([frame["x"], pd.get_dummies(label).to_numpy(float)])
    model = sm.OLS(frame["y"].to_numpy(), design).fit()
    assert found.coefficients.loc["x", "b"] == pytest.approx(model.params[0])
    assert 8 < found.coefficients.loc["x", "df"] < 11


def test_ordered_logit_agrees_with_statsmodels() -> None:
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    rng = np.random.default_rng(6)
    x = rng.standard_normal((400, 2))
    latent = x @ [0.8, -0.5] + rng.logistic(size=400)
    y = np.searchsorted([-1.5, 0.0, 1.0], latent).astype(float) + 1
    frame = pd.DataFrame({"y": y, "a": x[:, 0], "b": x[:, 1]})
    found = ordered_logit.proportional_odds(frame, "y", ["a", "b"])
    codes = pd.Series(pd.Categorical(y, ordered=True))
    theirs = OrderedModel(codes, frame[["a", "b"]], distr="logit").fit(
        method="bfgs", disp=0, gtol=1e-8, maxiter=500
    )
    assert found.log_likelihood == pytest.approx(theirs.llf, abs=1e-6)
    assert found.coefficients["b"].to_numpy() == pytest.approx(theirs.params[:2], abs=1e-5)
    assert found.coefficients["se"].to_numpy() == pytest.approx(theirs.bse[:2], rel=1e-3)
    cuts = theirs.model.transform_threshold_params(theirs.params)[1:-1]
    assert found.thresholds.to_numpy() == pytest.approx(cuts, abs=1e-5)
    assert np.abs(found.coefficients["b"] - [0.8, -0.5]).max() < 0.3
    assert found.lr_chi2 == pytest.approx(2 * (theirs.llf - theirs.llnull), abs=1e-5)


def test_at_the_edges_of_johnson_and_neyman_t_is_critical() -> None:
    rng = np.random.default_rng(8)
    x, w = rng.standard_normal(200), rng.standard_normal(200)
    frame = pd.DataFrame({"x": x, "w": w, "y": 0.2 * x + 0.4 * x * w + rng.standard_normal(200)})
    found = moderation.moderate(frame, "y", "x", "w")
    critical = stats.t.ppf(0.975, 196)
    for kind, cov in (("classic", "nonrobust"), ("hc3", "HC3")):
        row = found.johnson_neyman.loc[kind]
        assert row["where"] == "outside"
        inside = 0
        for edge in (row["low"], row["high"]):
            # centred at the edge, the coefficient of x is the slope there
            design = np.column_stack([np.ones(200), x, w - edge, x * (w - edge)])
            model = sm.OLS(frame["y"].to_numpy(), design).fit(cov_type=cov, use_t=True)
            assert abs(model.tvalues[1]) == pytest.approx(critical, rel=1e-6)
            inside += row["low"] < edge < row["high"]
        assert row["share"] == pytest.approx(((w < row["low"]) | (w > row["high"])).mean())
        assert inside == 0
    # the quadratic (b1 + b3 z)^2 = t^2 (v11 + 2 z v13 + z^2 v33), by numpy's roots
    z = w - w.mean()
    design = np.column_stack([np.ones(200), x - x.mean(), z, (x - x.mean()) * z])
    model = sm.OLS(frame["y"].to_numpy(), design).fit()
    b, v, t2 = model.params, model.cov_params(), critical**2
    quadratic = [b[3] ** 2 - t2 * v[3, 3], 2 * (b[1] * b[3] - t2 * v[1, 3])]
    roots = np.sort(np.roots([*quadratic, b[1] ** 2 - t2 * v[1, 1]])) + w.mean()
    row = found.johnson_neyman.loc["classic"]
    assert [row["low"], row["high"]] == pytest.approx(roots)


def two_predictors(gap: float) -> pd.DataFrame:
    rng = np.random.default_rng(9)
    x = rng.standard_normal((150, 2))
    x[:, 1] = 0.5 * x[:, 0] + np.sqrt(0.75) * x[:, 1]
    y = x @ [0.4 + gap, 0.4] + rng.standard_normal(150)
    return pd.DataFrame({"y": y, "a": x[:, 0], "b": x[:, 1]})


def naive_shares(data: np.ndarray) -> tuple[float, float]:
    """LMG of two predictors in closed form: (R2 + r1^2 - r2^2) / 2 and its mirror."""
    r = np.corrcoef(data, rowvar=False)
    one, two, both = r[0, 1], r[0, 2], r[1, 2]
    whole = (one**2 + two**2 - 2 * one * two * both) / (1 - both**2)
    return (whole + one**2 - two**2) / 2, (whole - one**2 + two**2) / 2


@pytest.mark.parametrize("gap", [0.0, 0.15])
def test_ranks_and_shares_as_a_naive_bootstrap_has_them(gap: float) -> None:
    frame = two_predictors(gap)
    found = importance_bootstrap.shares(frame, "y", ["a", "b"], n_boot=4000).table
    data = frame.to_numpy()
    assert found["lmg"].tolist() == pytest.approx(naive_shares(data))
    rng = np.random.default_rng(123)
    drawn = np.array([naive_shares(data[rng.integers(0, 150, 150)]) for _ in range(1500)])
    first = (drawn[:, 0] > drawn[:, 1]).mean()
    # two bootstraps' shares differ by sqrt(.25 / 1500 + .25 / 4000) = .015
    assert found.loc["a", "first"] == pytest.approx(first, abs=0.05)
    assert found.loc["a", "first"] + found.loc["b", "first"] == pytest.approx(1)
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    assert found["lmg_low"].to_numpy() == pytest.approx(low, abs=0.02)
    assert found["lmg_high"].to_numpy() == pytest.approx(high, abs=0.02)


def test_ranks_of_a_clear_order_are_sure_and_of_equals_are_open() -> None:
    rng = np.random.default_rng(10)
    x = rng.standard_normal((400, 3))
    y = x @ [1.0, 0.3, 0.3] + rng.standard_normal(400)
    frame = pd.DataFrame({"y": y, "a": x[:, 0], "b": x[:, 1], "c": x[:, 2]})
    table = importance_bootstrap.shares(frame, "y", list("abc"), n_boot=1000).table
    assert table.loc["a", ["rank_low", "rank", "rank_high", "first"]].tolist() == [1, 1, 1, 1]
    assert (table.loc[["b", "c"], "rank_low"] == 2).all()
    assert (table.loc[["b", "c"], "rank_high"] == 3).all()


def test_the_mixed_model_agrees_with_statsmodels() -> None:
    rng = np.random.default_rng(11)
    person = rng.standard_normal(90)
    scores = person[:, None] + [0.0, 0.3, 0.1] + 0.8 * rng.standard_normal((90, 3))
    scores[rng.random(scores.shape) < 0.2] = np.nan
    waves = [pd.DataFrame({"s": scores[:, k]}) for k in range(3)]
    found = change.mixed(waves).table
    who, wave = np.nonzero(~np.isnan(scores))
    design = np.column_stack([np.ones(len(who)), wave == 1, wave == 2]).astype(float)
    model = sm.MixedLM(scores[who, wave], design, groups=who).fit(reml=True, method="powell")
    assert found["difference"].to_numpy() == pytest.approx(model.fe_params[1:], abs=1e-4)
    assert found["se"].to_numpy() == pytest.approx(model.bse_fe[1:], rel=1e-3)
    between = float(model.cov_re[0, 0]) if model.cov_re.ndim == 2 else float(model.cov_re)
    assert found["icc"].iloc[0] == pytest.approx(between / (between + model.scale), abs=1e-3)
    # two complete waves: the paired difference and its standard error, in closed form
    whole = [pd.DataFrame({"s": person + 0.8 * rng.standard_normal(90)}) for _ in range(2)]
    gap = (whole[1] - whole[0])["s"]
    row = change.mixed(whole).table.iloc[0]
    assert row["difference"] == pytest.approx(gap.mean())
    assert row["se"] == pytest.approx(gap.std(ddof=1) / np.sqrt(90), rel=1e-6)
