import numpy as np
import pandas as pd
import pytest

from analysis import regression
from analysis.errors import AnalysisError, DegenerateItem, ImproperSolution, NotEnoughData
from analysis.importance import lmg
from analysis.regression_checks import glejser, lilliefors, reset, shapiro
from tests.reference.table_basic import numbers, scores

PREDICTORS = ["agree", "conscientious", "extraversion", "openness"]


def design(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x = np.column_stack([np.ones(len(frame)), frame[PREDICTORS].to_numpy()])
    y = frame["neuroticism"].to_numpy()
    fitted = x @ np.linalg.lstsq(x, y, rcond=None)[0]
    return x, y - fitted, fitted


def test_shapiro_of_the_residuals() -> None:
    # R: shapiro.test(residuals(lm(...))), bfi
    _, e, _ = design(scores("bfi"))
    w, p = shapiro(e)
    r = numbers("bfi")["regression"]["shapiro_residuals"]
    assert w == pytest.approx(r["W"], abs=1e-6)
    assert p == pytest.approx(r["p"], rel=1e-3)


def test_checks_agree_with_statsmodels() -> None:
    import statsmodels.api as sm
    from statsmodels.stats import diagnostic

    x, e, fitted = design(scores("bfi"))
    model = sm.OLS(fitted + e, x).fit()
    theirs = diagnostic.linear_reset(model, power=3, test_type="fitted", use_f=True)
    assert reset(x, e, fitted)[0] == pytest.approx(float(theirs.fvalue), rel=1e-6)
    assert glejser(x, e)[0] == pytest.approx(sm.OLS(np.abs(e), x).fit().fvalue, rel=1e-9)
    for n in (12, 60, 400, 2436):
        distance, p = lilliefors(e[:n])
        d, table_p = diagnostic.lilliefors(e[:n], dist="norm", pvalmethod="table")
        assert distance == pytest.approx(d, abs=1e-12)
        # theirs interpolates a simulated table, ours is R's formula: same decision
        assert (p < 0.05) == (table_p < 0.05)


def test_lmg_agrees_with_pingouin() -> None:
    import pingouin

    frame = scores("bfi")
    theirs = pingouin.linear_regression(frame[PREDICTORS], frame["neuroticism"], relimp=True)
    found = regression.regress(frame, "neuroticism", PREDICTORS, n_boot=0)
    assert found.coefficients["lmg"].iloc[1:].to_numpy() == pytest.approx(
        theirs["relimp"].iloc[1:].to_numpy(dtype=float), abs=1e-9
    )


def test_lmg_of_uncorrelated_predictors_is_their_squared_r() -> None:
    r = np.eye(4)
    r[0, 1:] = r[1:, 0] = (0.5, 0.3, 0.1)
    assert lmg(r[None])[0] == pytest.approx([0.25, 0.09, 0.01], abs=1e-12)


def test_lmg_sums_to_r2_and_semi_partials_do_not_exceed_it() -> None:
    found = regression.regress(scores("bfi"), "neuroticism", PREDICTORS, n_boot=0)
    assert found.coefficients["lmg"].sum() == pytest.approx(found.r2, abs=1e-12)
    slopes = found.coefficients.iloc[1:]
    assert (slopes["semi_partial_r2"] <= slopes["partial_r2"]).all()


def test_semi_partial_is_the_rise_of_r2() -> None:
    frame = scores("bfi")
    whole = regression.regress(frame, "neuroticism", PREDICTORS, n_boot=0)
    for name in PREDICTORS:
        rest = [p for p in PREDICTORS if p != name]
        less = regression.regress(frame, "neuroticism", rest, n_boot=0)
        rise = whole.r2 - less.r2
        assert whole.coefficients.loc[name, "semi_partial_r2"] == pytest.approx(rise, abs=1e-12)
        assert whole.coefficients.loc[name, "partial_r2"] == pytest.approx(
            rise / (1 - less.r2), abs=1e-12
        )


def test_bootstrap_equals_fitting_each_resample() -> None:
    frame = scores("bfi").head(45)
    found = regression.regress(frame, "neuroticism", PREDICTORS, n_boot=300, seed=9)
    rng = np.random.default_rng(9)
    draws = rng.integers(0, 45, size=(300, 45))
    slow = [
        regression.regress(frame.iloc[rows], "neuroticism", PREDICTORS, n_boot=0).coefficients["b"]
        for rows in draws
    ]
    low, high = np.quantile(np.array(slow), [0.025, 0.975], axis=0)
    assert found.coefficients["boot_low"].to_numpy() == pytest.approx(low, abs=1e-8)
    assert found.coefficients["boot_high"].to_numpy() == pytest.approx(high, abs=1e-8)
    assert found.seed == 9
    assert found.n_boot == 300


def test_estimates_lie_inside_their_intervals() -> None:
    table = regression.regress(scores("bfi").head(45), "neuroticism", PREDICTORS).coefficients
    for low, high in (("ci_low", "ci_high"), ("hc3_ci_low", "hc3_ci_high")):
        assert (table[low] < table["b"]).all()
        assert (table["b"] < table[high]).all()
    slopes = table.iloc[1:]
    assert (slopes["boot_low"] < slopes["boot_high"]).all()


@pytest.mark.parametrize("n", [30, 45])
def test_hc3_with_t_covers(n: int) -> None:
    # simulation with known truth, unequal spread: 400 samples, 95 % +/- 3.7 standard errors
    rng = np.random.default_rng(n)
    hits = 0
    for _ in range(400):
        x = rng.standard_normal((n, 2))
        y = 0.5 * x[:, 0] + (0.5 + 0.5 * np.abs(x[:, 0])) * rng.standard_normal(n)
        frame = pd.DataFrame({"y": y, "a": x[:, 0], "b": x[:, 1]})
        row = regression.regress(frame, "y", ["a", "b"], n_boot=0).coefficients.loc["a"]
        hits += row["hc3_ci_low"] <= 0.5 <= row["hc3_ci_high"]
    assert 0.91 <= hits / 400 <= 0.99


def test_metamorphic() -> None:
    frame = scores("bfi")
    base = regression.regress(frame, "neuroticism", PREDICTORS, n_boot=0)
    mixed = regression.regress(
        frame.sample(frac=1, random_state=2), "neuroticism", PREDICTORS[::-1], n_boot=0
    )
    for column in ("b", "hc3_se", "beta", "vif", "lmg"):
        assert mixed.coefficients.loc[PREDICTORS, column].to_numpy() == pytest.approx(
            base.coefficients.loc[PREDICTORS, column].to_numpy(), abs=1e-9
        )
    turned = regression.regress(7 - frame, "neuroticism", PREDICTORS, n_boot=0)
    assert turned.coefficients.loc[PREDICTORS, "b"].to_numpy() == pytest.approx(
        base.coefficients.loc[PREDICTORS, "b"].to_numpy(), abs=1e-9
    )
    other = regression.regress(frame * 25 + 1e6, "neuroticism", PREDICTORS, n_boot=0)
    assert other.coefficients.loc[PREDICTORS, "hc3_p"].to_numpy() == pytest.approx(
        base.coefficients.loc[PREDICTORS, "hc3_p"].to_numpy(), abs=1e-6
    )


def test_durbin_watson_is_absent() -> None:
    found = regression.regress(scores("bfi"), "neuroticism", PREDICTORS, n_boot=0)
    assert list(found.assumptions.index) == ["lilliefors", "breusch_pagan", "glejser", "reset"]
    small = regression.regress(scores("bfi").head(49), "neuroticism", PREDICTORS, n_boot=0)
    assert small.assumptions.index[0] == "shapiro_wilk"


def test_one_wild_person_is_noticed() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal(40)
    frame = pd.DataFrame({"x": x, "y": 0.1 * x + rng.standard_normal(40)})
    frame.loc[0] = (8.0, 30.0)
    found = regression.regress(frame, "y", ["x"], n_boot=0)
    assert found.influence["cook_over_4_n"] >= 1
    assert found.influence["flips"] == ["x"]


def test_rows_with_a_missing_score_are_dropped_and_counted() -> None:
    frame = scores("bfi").head(60).copy()
    frame.iloc[:7, 0] = np.nan
    found = regression.regress(frame, "neuroticism", PREDICTORS, n_boot=0)
    assert (found.n, found.dropped, found.missing) == (53, 7, "listwise")


def test_errors() -> None:
    frame = scores("bfi").head(60)
    with pytest.raises(ImproperSolution, match="agree, sum"):
        regression.regress(frame.assign(sum=frame["agree"] * 2), "neuroticism", ["agree", "sum"])
    with pytest.raises(DegenerateItem, match="agree"):
        regression.regress(frame.assign(agree=3.0), "neuroticism", PREDICTORS)
    with pytest.raises(NotEnoughData):
        regression.regress(frame.head(5), "neuroticism", PREDICTORS)
    with pytest.raises(AnalysisError, match="columns are "):
        regression.regress(frame, "neuroticism", ["happiness"])
    with pytest.raises(ImproperSolution, match="without error"):
        regression.regress(frame.assign(y=frame["agree"] + 1), "y", ["agree"])
