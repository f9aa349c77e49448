"""`confirm.fit`: what must not matter, what must be refused, and known truths."""

import json

import numpy as np
import pandas as pd
import pytest

from analysis.confirm import Confirmation, fit, one_factor
from analysis.errors import (
    AnalysisError,
    DegenerateItem,
    DuplicateName,
    ImproperSolution,
    MissingColumn,
    NotANumber,
    NotConverged,
    NotEnoughData,
    NotIdentified,
    UnknownName,
)
from tests.reference.table_confirm import answers, fitted, model

MODEL = {"f": ["a", "b", "c", "d"], "g": ["e", "h", "i", "j"]}
ITEMS = [item for mine in MODEL.values() for item in mine]
MEASURES = ("chisq", "cfi", "rmsea", "srmr", "cfi.robust", "rmsea.robust", "chisq.scaled")
KINDS = [
    {"estimator": "ML"},
    {"estimator": "MLR"},
    {"estimator": "ML", "missing": "fiml"},
    {"estimator": "MLR", "missing": "fiml"},
]


def people(
    n: int, seed: int, *, r: float = 0.4, points: int | None = 5, missing: float = 0.0
) -> pd.DataFrame:
    """Two factors with loadings .8, .7, .6, .5, cut into ``points`` categories."""
    rng = np.random.default_rng(seed)
    load = np.tile([0.8, 0.7, 0.6, 0.5], 2)
    latent = rng.standard_normal((n, 2)) @ np.linalg.cholesky(np.array([[1, r], [r, 1]])).T
    y = np.repeat(latent, 4, axis=1) * load + rng.standard_normal((n, 8)) * np.sqrt(1 - load**2)
    if points:
        y = np.clip(np.round(y + (points + 1) / 2), 1, points)
    y[rng.random(y.shape) < missing] = np.nan
    return pd.DataFrame(y, columns=ITEMS)


def same_fit(one: Confirmation, other: Confirmation, tolerance: float = 1e-6) -> None:
    for measure in MEASURES:
        if one.fit.get(measure) is not None:
            assert other.fit[measure] == pytest.approx(one.fit[measure], rel=tolerance), measure


def std(found: Confirmation) -> pd.Series:
    return found.loadings.set_index("item")["std"].sort_index()


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_order_of_rows_and_columns_does_not_matter(kind: dict[str, str]) -> None:
    frame = people(300, 1, missing=0.1 if "missing" in kind else 0.0)
    one = fit(MODEL, frame, **kind)
    other = fit(
        {"g": ["j", "i", "h", "e"], "f": ["c", "a", "d", "b"]},
        frame.sample(frac=1, random_state=1)[list(reversed(ITEMS))],
        **kind,
    )
    same_fit(one, other)
    assert std(other).to_numpy() == pytest.approx(std(one).to_numpy(), abs=1e-6)
    phi = (one.factor_correlations.loc["f", "g"], other.factor_correlations.loc["f", "g"])
    assert phi[0] == pytest.approx(phi[1], abs=1e-6)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_recoding_turns_signs_and_nothing_else(kind: dict[str, str]) -> None:
    frame = people(300, 2, missing=0.1 if "missing" in kind else 0.0)
    one = fit(MODEL, frame, **kind)
    turned = frame.copy()
    turned["b"] = 6 - turned["b"]
    turned["e"] = 10 * turned["e"] - 3  # another metric as well
    other = fit(MODEL, turned, **kind)
    same_fit(one, other)
    sign = np.where(std(one).index == "b", -1, 1)
    assert std(other).to_numpy() == pytest.approx(sign * std(one).to_numpy(), abs=1e-6)
    errors = one.loadings["std_se"].to_numpy(), other.loadings["std_se"].to_numpy()
    assert errors[1] == pytest.approx(errors[0], rel=1e-5)
    whole = fit(MODEL, 6 - frame, **kind)
    same_fit(one, whole)
    assert std(whole).to_numpy() == pytest.approx(std(one).to_numpy(), abs=1e-6)


@pytest.mark.parametrize("estimator", ["ML", "MLR"])
def test_fiml_of_complete_answers_is_ml(estimator: str) -> None:
    frame = people(250, 3)
    one, other = fit(MODEL, frame, estimator=estimator), None
    other = fit(MODEL, frame, estimator=estimator, missing="fiml")
    for measure in ("chisq", "cfi", "tli", "rmsea", "logl", "srmr_bentler_nomean"):
        assert other.fit[measure] == pytest.approx(one.fit[measure], rel=1e-7)
    assert std(other).to_numpy() == pytest.approx(std(one).to_numpy(), abs=1e-7)
    # without missing answers the correction for them is none
    robust = one.fit["cfi"] if estimator == "ML" else one.fit["cfi.robust"]
    assert other.fit["cfi.robust"] == pytest.approx(robust, abs=2e-3)
    if estimator == "MLR":
        assert other.fit["chisq.scaled"] == pytest.approx(one.fit["chisq.scaled"], rel=1e-6)
        errors = one.loadings["std_se"].to_numpy(), other.loadings["std_se"].to_numpy()
        assert errors[1] == pytest.approx(errors[0], rel=1e-5)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_identification_changes_the_scale_only(kind: dict[str, str]) -> None:
    frame = people(200, 4, missing=0.05 if "missing" in kind else 0.0)
    one = fit(MODEL, frame, **kind)
    other = fit(MODEL, frame, identification="variance", **kind)
    same_fit(one, other, 1e-8)
    assert std(other).to_numpy() == pytest.approx(std(one).to_numpy(), abs=1e-7)
    assert other.loadings["std_se"].to_numpy() == pytest.approx(
        one.loadings["std_se"].to_numpy(), rel=1e-6
    )
    assert one.loadings["se"].isna().sum() == 2  # markers
    assert other.loadings["se"].notna().all()


def test_small_samples_end_at_one_minimum_whatever_the_start() -> None:
    """Sixteen small samples, Heywood cases among them: marker and unit variance agree."""
    small = {factor: items[1:] for factor, items in MODEL.items()}  # the weaker items
    heywood = settled = 0
    for seed in range(16):
        frame = people(50, 100 + seed, points=None)
        try:
            one = fit(small, frame)
        except NotConverged:
            continue
        other = fit(small, frame, identification="variance")
        assert other.fit["chisq"] == pytest.approx(one.fit["chisq"], rel=1e-4)
        settled += 1
        heywood += not one.proper
    assert settled >= 13
    assert heywood >= 2


def test_known_loadings_are_recovered_and_errors_cover_them() -> None:
    found = fit(MODEL, people(4000, 5, points=None), estimator="MLR")
    truth = np.tile([0.8, 0.7, 0.6, 0.5], 2)
    gap = (found.loadings["std"].to_numpy() - truth) / found.loadings["std_se"].to_numpy()
    assert np.abs(gap).max() < 3.5
    assert found.fit["pvalue"] > 0.001
    # normal data: nothing to scale
    assert found.fit["chisq.scaling.factor"] == pytest.approx(1, abs=0.05)


def test_fiml_mends_what_listwise_spoils() -> None:
    """g's items are missing where f's first item is low: at random given what is seen."""
    frame = people(6000, 6, r=0.6, points=None)
    low = frame["a"] < -0.2
    frame.loc[low, ["e", "h"]] = np.nan
    whole, kept = fit(MODEL, frame, missing="fiml"), fit(MODEL, frame)
    mean = whole.intercepts.set_index("item")["est"]
    assert abs(mean["e"]) < 0.06  # the truth is 0
    assert frame["e"].mean() > 0.2
    phi = (whole.factor_correlations.loc["f", "g"], kept.factor_correlations.loc["f", "g"])
    assert phi[0] == pytest.approx(0.6, abs=0.05)
    assert (whole.n_used, whole.n_dropped) == (6000, 0)
    assert kept.n_used == int((~low).sum())
    assert kept.n_used + kept.n_dropped == 6000


def test_empty_rows_are_dropped_and_counted() -> None:
    frame = people(120, 7, missing=0.1)
    more = pd.concat([frame, pd.DataFrame(np.nan, index=range(5), columns=ITEMS)])
    one = fit(MODEL, frame, missing="fiml")
    other = fit(MODEL, more, missing="fiml")
    assert other.n_dropped == one.n_dropped + 5
    same_fit(one, other)


def test_one_factor_agrees_with_the_fast_one() -> None:
    frame = answers("bfi")[model("bfi")["neuroticism"]]
    fast, whole = one_factor(frame), fit({"n": list(frame.columns)}, frame)
    for measure in ("chisq", "cfi", "tli", "rmsea", "rmsea.ci.upper", "srmr", "aic", "bic"):
        assert whole.fit[measure] == pytest.approx(fast.fit[measure], rel=1e-7)
    ours = whole.loadings.set_index("item")["std"]
    assert ours.to_numpy() == pytest.approx(fast.standardized_loadings.to_numpy(), abs=1e-6)


def test_a_just_identified_model_has_no_test() -> None:
    frame = people(150, 8)
    found = fit({"f": ["a", "b", "c"]}, frame, estimator="MLR")
    assert found.fit["df"] == 0
    assert found.fit["pvalue"] is None
    assert "chisq.scaled" not in found.fit
    assert (found.fit["cfi"], found.fit["tli"], found.fit["rmsea"]) == (1, 1, 0)
    assert found.loadings["std_se"].notna().all()


def test_equal_parameters_are_one() -> None:
    frame = people(300, 9)
    free = fit(MODEL, frame, identification="variance")
    tied = fit(MODEL, frame, identification="variance", equal=[["f=~c", "f=~d"]])
    assert tied.fit["df"] == free.fit["df"] + 1
    assert tied.fit["chisq"] > free.fit["chisq"]
    loading = tied.loadings.set_index("item")["est"]
    assert loading["c"] == loading["d"]
    with pytest.raises(UnknownName, match="f=~a"):
        fit(MODEL, frame, equal=[["f=~a", "f=~b"]])  # the marker is not estimated


def test_orthogonal_factors_and_correlated_residuals() -> None:
    frame = people(300, 10)
    free, apart = fit(MODEL, frame), fit(MODEL, frame, orthogonal=True)
    assert apart.fit["df"] == free.fit["df"] + 1
    assert apart.factor_correlations.loc["f", "g"] == 0
    joined = fit(MODEL, frame, residuals=[("a", "b")])
    assert joined.fit["df"] == free.fit["df"] - 1
    row = joined.residual_covariances.iloc[0]
    assert (row["item"], row["other_item"]) == ("a", "b")
    # residuals correlated with residuals, not with items
    assert row["std"] == pytest.approx(
        row["est"]
        / np.sqrt(np.prod(joined.residual_variances.set_index("item")["est"][["a", "b"]]))
    )


def test_modification_index_foretells_the_drop() -> None:
    found = fitted("bfi", "ml_listwise")
    best = found.modification(least=100).iloc[0]
    assert (best["lhs"], best["op"], best["rhs"]) == ("N1", "~~", "N2")
    freed = fit(model("bfi"), answers("bfi"), residuals=[("N1", "N2")])
    drop = found.fit["chisq"] - freed.fit["chisq"]
    assert best["mi"] == pytest.approx(drop, rel=0.2)
    estimate = freed.residual_covariances["est"].iloc[0]
    assert best["epc"] == pytest.approx(estimate, rel=0.3)
    apart = fit(MODEL, people(300, 11, r=0.6), orthogonal=True).modification()
    assert tuple(apart.iloc[0][["lhs", "op", "rhs"]]) == ("f", "~~", "g")


def test_residuals_are_the_terms_of_srmr() -> None:
    found = fitted("holzinger1939", "ml_listwise")
    gap = found.residuals().to_numpy()
    lower = gap[np.tril_indices(len(gap))]
    assert np.sqrt((lower**2).mean()) == pytest.approx(found.fit["srmr"], rel=1e-12)
    raw = found.residuals("raw")
    sd = answers("holzinger1939")[list(raw.columns)].std(ddof=0)
    assert (raw / np.outer(sd, sd)).to_numpy() == pytest.approx(gap, abs=1e-12)
    assert np.abs(found.residuals("normalized").to_numpy()).max() > 2
    with pytest.raises(AnalysisError, match="choose"):
        found.residuals("odd")


def test_the_model_with_a_general_factor() -> None:
    """A bifactor model of known loadings, exactly reproduced covariances."""
    general, own = 0.6, 0.5
    sigma = np.full((9, 9), general**2)
    for block in range(3):
        at = slice(3 * block, 3 * block + 3)
        sigma[at, at] += own**2
    np.fill_diagonal(sigma, 1.0)
    rng = np.random.default_rng(12)
    y = rng.multivariate_normal(np.zeros(9), sigma, size=3000)
    names = [f"x{i}" for i in range(9)]
    frame = pd.DataFrame(y, columns=names)
    groups = {f"s{b}": names[3 * b : 3 * b + 3] for b in range(3)}
    found = fit({"g": names, **groups}, frame, orthogonal=True, identification="variance")
    assert found.fit["df"] == 45 - 27
    on = found.loadings["factor"] == "g"
    assert np.abs(found.loadings[on]["std"].to_numpy()) == pytest.approx(general, abs=0.08)
    assert np.abs(found.loadings[~on]["std"].to_numpy()) == pytest.approx(own, abs=0.12)
    assert found.factor_correlations.to_numpy() == pytest.approx(np.eye(4))


def heywood_frame() -> pd.DataFrame:
    """Covariances whose one-factor solution has lambda_a^2 = .8 * .8 / .5 > 1."""
    sigma = np.array([[1, 0.8, 0.8], [0.8, 1, 0.5], [0.8, 0.5, 1]])
    rng = np.random.default_rng(13)
    raw = rng.standard_normal((200, 3))
    raw -= raw.mean(axis=0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(np.cov(raw.T, bias=True))).T
    return pd.DataFrame(white @ np.linalg.cholesky(sigma).T, columns=["a", "b", "c"])


def test_a_heywood_case_keeps_its_numbers_and_is_flagged() -> None:
    found = fit({"f": ["a", "b", "c"]}, heywood_frame())
    assert found.loadings["std"].to_numpy()[0] == pytest.approx(np.sqrt(0.8 * 0.8 / 0.5))
    assert found.residual_variances["est"].iloc[0] == pytest.approx(1 - 1.28)
    assert [(flag.code, flag.names) for flag in found.flags] == [("heywood", ("a",))]
    assert not found.proper
    with pytest.raises(ImproperSolution, match="heywood: a"):
        found.require_proper()


def test_factors_that_are_one_are_flagged() -> None:
    rng = np.random.default_rng(14)
    f = rng.standard_normal((80, 1))
    frame = pd.DataFrame(f * 0.5 + rng.standard_normal((80, 8)), columns=ITEMS)
    frame[["a", "e"]] += 0.9 * rng.standard_normal((80, 1))
    found = fit(MODEL, frame)
    assert abs(found.factor_correlations.loc["f", "g"]) > 1
    assert [flag.names for flag in found.flags if flag.code == "not_positive_definite"] == [
        ("f", "g")
    ]
    with pytest.raises(ImproperSolution):
        found.require_proper()


def test_a_factor_without_a_minimum_is_not_reported() -> None:
    with pytest.raises(NotConverged, match="visual, textual, speed, method"):
        fit(
            model("holzinger1939"),
            answers("holzinger1939"),
            methods={"method": ["x1", "x4", "x7"]},
        )


@pytest.mark.parametrize("missing", ["listwise", "fiml"])
def test_what_cannot_be_computed_is_refused_by_name(missing: str) -> None:
    frame = people(100, 15)
    with pytest.raises(MissingColumn, match="a"):
        fit(MODEL, frame.drop(columns="a"), missing=missing)
    with pytest.raises(DuplicateName, match="a"):
        fit(MODEL, pd.concat([frame, frame["a"]], axis=1), missing=missing)
    with pytest.raises(NotANumber, match=r"line 3, column c: 'many'"):
        fit(MODEL, frame.astype(object).assign(c=["1", "2", "many"] + ["3"] * 97), missing=missing)
    with pytest.raises(NotANumber, match="inf"):
        fit(MODEL, frame.assign(b=np.where(frame.index == 4, np.inf, frame["b"])), missing=missing)
    with pytest.raises(DegenerateItem, match="d"):
        fit(MODEL, frame.assign(d=3.0), missing=missing)
    with pytest.raises(ImproperSolution, match="repeat each other") as caught:
        fit(MODEL, frame.assign(h=frame["e"]), missing=missing)
    assert set(caught.value.items) == {"e", "h"}
    with pytest.raises(NotEnoughData, match="8"):
        fit(MODEL, frame.head(8), missing=missing)
    with pytest.raises(NotEnoughData):
        fit(MODEL, frame.assign(a=np.nan), missing=missing)
    with pytest.raises(NotIdentified):
        fit({"f": ["a", "b"]}, frame, missing=missing)


def test_items_never_answered_together_are_refused() -> None:
    frame = people(200, 16)
    frame.loc[:99, "a"] = np.nan
    frame.loc[100:, "e"] = np.nan
    with pytest.raises(NotEnoughData, match="a and e"):
        fit(MODEL, frame, missing="fiml")


def test_models_that_say_nothing_sensible_are_refused() -> None:
    frame = people(50, 17)
    with pytest.raises(AnalysisError, match="no factor"):
        fit({}, frame)
    with pytest.raises(AnalysisError, match="no items"):
        fit({"f": []}, frame)
    with pytest.raises(AnalysisError, match="twice"):
        fit({"f": ["a", "a", "b"]}, frame)
    with pytest.raises(AnalysisError, match="a factor and an item"):
        fit({"a": ["a", "b", "c"]}, frame)
    with pytest.raises(AnalysisError, match="method factor"):
        fit(MODEL, frame, methods={"f": ["a"]})
    with pytest.raises(UnknownName, match="k"):
        fit(MODEL, frame, residuals=[("a", "k")])
    with pytest.raises(UnknownName, match="q"):
        fit(MODEL, frame, orthogonal=["q"])
    with pytest.raises(AnalysisError, match="estimator"):
        fit(MODEL, frame, estimator="GLS")
    with pytest.raises(AnalysisError, match="missing"):
        fit(MODEL, frame, missing="pairwise")


def test_kinds_of_numbers_do_not_matter() -> None:
    frame = people(200, 18)
    one = fit(MODEL, frame)
    same_fit(one, fit(MODEL, frame.astype("Int64")))
    same_fit(one, fit(MODEL, frame.astype("int8")))
    same_fit(one, fit(MODEL, (frame - 1).astype(object)))  # 0-based
    holes = people(200, 19, missing=0.1)
    same_fit(fit(MODEL, holes, missing="fiml"), fit(MODEL, holes.astype("Int64"), missing="fiml"))


@pytest.mark.parametrize("points", [2, 3, 7, 9])
def test_any_number_of_categories(points: int) -> None:
    found = fit(MODEL, people(400, 20, points=points), estimator="MLR")
    assert found.fit["df"] == 19
    assert 0.8 < found.fit["cfi.robust"] <= 1


def test_strong_floors_are_fitted_and_scaled() -> None:
    frame = (people(500, 21, points=5) - 3).clip(lower=1)
    found = fit(MODEL, frame, estimator="MLR")
    assert found.fit["chisq.scaling.factor"] > 1.1


def test_results_are_plain_json() -> None:
    for key in ("mlr_listwise", "fiml_ml"):
        shown = json.loads(json.dumps(fitted("bfi", key).to_dict()))
        assert shown["n"] == shown["n_used"]
        assert shown["fit"]["df"] == 265
        assert shown["loadings"]["agree=~A1"]["item"] == "A1"
        assert shown["missing"] == ("listwise" if key == "mlr_listwise" else "fiml")
        assert not [name for name in shown if name.startswith("_")]


def test_the_loading_table() -> None:
    table = fitted("bfi", "ml_listwise").standardized()
    assert table.shape == (25, 5)
    assert (table != 0).sum().sum() == 25
