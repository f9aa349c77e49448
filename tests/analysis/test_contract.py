"""The public functions: names, arguments, result fields and their shapes.

A list kept by hand, so that a renamed field fails here before it fails somebody's script.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis import (
    change,
    content_validity,
    counts,
    factors,
    invariance,
    levels,
    mediation,
    polychoric,
    power,
    regression,
    reliability,
    screening,
    validity,
)
from analysis.confirm import fit
from analysis.results import Result
from tests.analysis.every_function import EVERY, ITEMS, MODEL, people

FRAME = people(240, 7)
WAVE = people(240, 8)
FACTOR = list(MODEL)

ARGUMENTS = {
    "counts.burt": ["partitions", "categories"],
    "reliability.alpha": ["frame", "missing"],
    "reliability.omega": ["frame", "missing", "ordinal"],
    "reliability.icc": ["frame"],
    "polychoric.matrix": ["frame"],
    "factors.adequacy": ["frame_or_corr", "n", "missing"],
    "factors.parallel": ["frame", "quantile", "seed", "missing"],
    "factors.minimum_average_partial": ["frame"],
    "factors.explore": ["n_factors", "extraction", "rotation", "correlation", "missing"],
    "confirm.fit": ["model", "frame", "estimator", "missing"],
    "invariance.ladder": ["model", "frame", "group", "estimator"],
    "invariance.across_waves": ["model", "frames_by_wave", "person"],
    "validity.convergent": ["found"],
    "validity.htmt": ["frame", "model", "n_boot", "seed"],
    "validity.fornell_larcker": ["found"],
    "validity.harman": ["frame"],
    "validity.marker": ["frame", "marker_variable"],
    "validity.method_factor": ["model", "frame", "items"],
    "regression.regress": ["frame", "outcome", "predictors"],
    "regression.hierarchical": ["frame", "outcome", "steps"],
    "regression.moderate": ["frame", "outcome", "x", "w"],
    "mediation.indirect": ["frame", "x", "m", "y", "n_boot", "seed"],
    "change.paired": ["frame_before", "frame_after", "correction"],
    "change.unpaired": ["frame_before", "frame_after", "correction"],
    "change.mixed": ["frames"],
    "change.attrition": ["frame_before", "frame_after"],
    "screening.careless": ["raw_frame", "order", "seconds"],
    "levels.mean_interval": ["values", "population"],
    "levels.proportion_interval": ["k", "n", "population"],
    "levels.nonresponse_bounds": ["k", "n", "population"],
    "power.sample_size": ["f2", "predictors", "tested", "alpha", "power"],
    "power.smallest_effect": ["n", "predictors", "tested", "alpha", "power"],
    "content_validity.aiken_v": ["ratings", "lo", "hi"],
    "content_validity.cvi": ["ratings"],
    "missingness.missing_map": ["frame"],
    "missingness.little_mcar": ["frame"],
    "items.analyse": ["frame", "missing"],
    "items.critical_r": ["n"],
    "key_alarm.check": ["frame", "scales"],
    "halves.split_half": ["frame"],
    "halves.retest": ["before", "after"],
    "reliability_ordinal.alpha": ["frame"],
    "importance_bootstrap.shares": ["frame", "outcome", "predictors", "n_boot", "seed"],
    "ordered_logit.proportional_odds": ["frame", "outcome", "predictors"],
    "clusters.pooled": ["frame", "outcome", "predictors", "community"],
    "multiplicity.adjust": ["p", "correction"],
    "residual_tests.durbin_watson": ["frame", "outcome", "predictors", "order"],
    "residual_tests.refit": ["frame", "outcome", "predictors"],
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments_and_docstring(name: str) -> None:
    module, function = name.split(".")
    found = getattr(importlib.import_module(f"analysis.{module}"), function)
    given = inspect.signature(found).parameters
    assert set(ARGUMENTS[name]) <= set(given)
    assert inspect.getdoc(found)


@pytest.mark.parametrize("name", EVERY)
def test_results_are_frozen_and_json(name: str) -> None:
    frame = FRAME.copy()
    if name == "validity.method_factor":  # which needs a method that is there
        shared = np.random.default_rng(1).standard_normal(len(frame))
        for item in "adeh":
            frame[item] += shared
    found = EVERY[name](frame)
    if not isinstance(found, Result):
        return
    assert found.n > 0
    assert found.method
    assert found.missing
    assert isinstance(found.flags, tuple)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.n = 0  # type: ignore[misc]
    made = found.to_dict()
    assert json.loads(json.dumps(made, allow_nan=False))["n"] == found.n
    public = {f.name for f in dataclasses.fields(found) if not f.name.startswith("_")}
    assert set(made) == public


def by_item(*series: pd.Series, items: list[str] = ITEMS) -> None:
    for one in series:
        assert isinstance(one, pd.Series)
        assert list(one.index) == items
        assert np.isfinite(one.to_numpy(dtype=float)).all()


def table(frame: pd.DataFrame, rows: list[str], columns: list[str]) -> None:
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.index) == rows
    assert set(columns) <= set(map(str, frame.columns))


def test_counts() -> None:
    halves = [FRAME.head(100), FRAME.tail(140)]
    codes: dict[str, Any] = {item: range(1, 6) for item in ITEMS}
    whole = counts.burt(halves, codes)
    assert whole == counts.burt([halves[0]], codes) + counts.burt([halves[1]], codes)
    assert whole.n == 240
    by_item(whole.means)
    for matrix in (whole.covariance(missing="pairwise"), whole.correlation()):
        table(matrix, ITEMS, ITEMS)
    assert whole.table("a", "b").to_numpy().sum() == 240


def test_reliability() -> None:
    found = reliability.alpha(FRAME)
    by_item(found.item_total, found.if_deleted)
    assert found.ci_low < found.raw < found.ci_high
    assert 0 < found.lambda6 < 1
    assert 0 < found.mean_r < 1
    assert 0 < found.standardized < 1
    omega = reliability.omega(FRAME[ITEMS[:4]], n_boot=50)
    assert omega.ci_low < omega.estimate < omega.ci_high
    assert reliability.omega(FRAME[ITEMS[:4]], ordinal=True, n_boot=0).estimate > 0.5
    assert reliability.omega(FRAME[ITEMS[:4]], missing="fiml").estimate > 0.5
    forms = ["ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k"]
    assert set(forms) == set(reliability.icc(FRAME).table.index)


def test_structure() -> None:
    found = polychoric.matrix(FRAME)
    table(found.rho, ITEMS, ITEMS)
    table(found.thresholds, ITEMS, ["t1", "t2", "t3", "t4"])
    adequacy = factors.adequacy(FRAME)
    by_item(adequacy.msa)
    for field in ("kmo", "bartlett_chi2", "bartlett_df", "bartlett_p", "determinant"):
        assert np.isfinite(getattr(adequacy, field)), field
    chance = factors.parallel(FRAME, seed=1, repetitions=20)
    assert chance.n_factors >= 1
    assert chance.n_components == 2
    assert list(chance.observed.columns) == list(chance.reference.columns)
    assert factors.minimum_average_partial(FRAME).averages.index[0] == 0
    assert factors.minimum_average_partial(FRAME).n_factors in {1, 2}


@pytest.mark.parametrize("extraction", ["minres", "ml", "pa"])
@pytest.mark.parametrize("rotation", [None, "varimax", "promax", "oblimin", "quartimax", "geomin"])
def test_explorations(extraction: Any, rotation: Any) -> None:
    found = factors.explore(FRAME, 2, extraction=extraction, rotation=rotation)
    columns = ["F1", "F2"]
    table(found.loadings, ITEMS, columns)
    table(found.phi, columns, columns)
    table(found.structure, ITEMS, columns)
    by_item(found.communalities, found.uniquenesses)
    assert (found.communalities + found.uniquenesses).to_numpy() == pytest.approx(np.ones(8))
    table(found.variance, columns, ["ss"])
    assert found.df == 13
    assert found.rmsea_ci[0] <= found.rmsea <= found.rmsea_ci[1]
    assert found.chi2 > 0
    assert found.rmsr > 0
    assert found.tli > 0.8


def test_polychoric_exploration() -> None:
    ordered = factors.explore(FRAME, 2, correlation="polychoric")
    assert "Polychoric" in ordered.method
    plain = factors.explore(FRAME, 2)
    # answers cut into categories correlate less than what is behind them
    assert ordered.communalities.sum() > plain.communalities.sum()


MEASURES = [
    *("chisq", "df", "pvalue", "cfi", "tli", "rmsea", "rmsea.ci.lower", "rmsea.ci.upper"),
    *("rmsea.pvalue", "srmr", "baseline.chisq", "baseline.df", "npar", "nfi", "nnfi", "ifi"),
]
LIKELY = ["logl", "unrestricted.logl", "aic", "bic", "bic2", "ecvi", "cn_05", "crmr", "mfi"]
SCALED = [f"{name}.scaled" for name in ("chisq", "cfi", "tli", "rmsea", "nnfi", "pvalue")]
ROBUST = ["cfi.robust", "tli.robust", "rmsea.robust", "rmsea.ci.lower.robust"]


@pytest.mark.parametrize(
    ("given", "more"),
    [
        ({"estimator": "ML"}, LIKELY),
        ({"estimator": "MLR"}, [*LIKELY, *SCALED, *ROBUST]),
        ({"estimator": "ML", "missing": "fiml"}, LIKELY),
        ({"estimator": "MLR", "missing": "fiml"}, [*LIKELY, *SCALED, *ROBUST]),
        ({"estimator": "WLSMV"}, [*SCALED, *ROBUST]),
        ({"estimator": "DWLS"}, []),
        ({"estimator": "ULSMV"}, SCALED),
    ],
    ids=str,
)
def test_confirmatory_models(given: dict[str, Any], more: list[str]) -> None:
    found = fit(MODEL, FRAME, **given)
    assert isinstance(found.fit, dict)
    assert [name for name in (*MEASURES, *more) if found.fit.get(name) is None] == []
    assert set(found.loadings.columns) >= {"factor", "item", "est", "se", "z", "p", "std"}
    assert list(found.loadings["item"]) == ITEMS
    table(found.factor_correlations, FACTOR, FACTOR)
    indices = found.modification()
    assert {"lhs", "op", "rhs", "mi", "epc"} <= set(indices.columns)
    assert found.residuals().shape == (8, 8)
    assert found.standardized().shape == (8, 2)


@pytest.mark.parametrize("estimator", ["ML", "MLR"])
def test_invariance(estimator: Any) -> None:
    group = pd.Series(["x", "y"] * 120)
    found = invariance.ladder(MODEL, FRAME, group, estimator=estimator)
    for rung in (found.configural, found.metric, found.scalar, found.strict):
        assert rung.fit["chisq"] is not None
    steps = ["metric", "scalar", "strict"]
    assert list(found.delta_cfi.index) == list(found.delta_rmsea.index) == steps
    table(found.lrt, ["configural", *steps], ["chisq_diff", "df_diff", "p"])


def test_validity() -> None:
    model = fit(MODEL, FRAME)
    table(validity.convergent(model).table, FACTOR, ["ave", "cr"])
    table(validity.fornell_larcker(model).matrix, FACTOR, FACTOR)
    ratios = validity.htmt(FRAME, MODEL, n_boot=50)
    table(ratios.htmt, FACTOR, FACTOR)
    table(ratios.htmt2, FACTOR, FACTOR)
    assert {"ci_low", "ci_high"} <= set(ratios.pairs.columns)
    assert 0 < validity.harman(FRAME).component_share < 1


def test_regression() -> None:
    found = regression.regress(FRAME, "a", ["b", "e"], n_boot=50)
    wanted = ["b", "se", "t", "p", "ci_low", "ci_high", "hc3_se", "hc3_p", "beta", "vif", "lmg"]
    table(found.coefficients, ["(Intercept)", "b", "e"], [*wanted, "partial_r2", "boot_low"])
    for field in ("r2", "adj_r2", "f", "f_p", "f2"):
        assert np.isfinite(getattr(found, field)), field
    tests = {"breusch_pagan", "glejser", "reset", "lilliefors"}
    assert tests <= set(found.assumptions.index)
    assert found.influence
    steps = regression.hierarchical(FRAME, "a", [["b"], ["e"]], n_boot=50)
    assert {"delta_r2", "f_change", "hc3_p", "delta_low"} <= set(steps.table.columns)
    product = regression.moderate(FRAME, "a", "b", "e")
    assert {"minus1sd", "mean", "plus1sd"} <= set(product.simple_slopes.index)
    assert isinstance(product.johnson_neyman, pd.DataFrame)
    between = mediation.indirect(FRAME, "b", "c", "a", n_boot=50, seed=3)
    assert between.percentile[0] < between.indirect < between.percentile[1]
    assert between.seed == 3


def test_change_screening_levels_power_experts() -> None:
    for found in (change.paired(FRAME, WAVE), change.unpaired(FRAME, WAVE)):
        table(found.table, ITEMS, ["difference", "ci_low", "ci_high", "t", "p", "p_adjusted"])
    assert {"dz", "wilcoxon_p"} <= set(change.paired(FRAME, WAVE).table.columns)
    careless = screening.careless(FRAME, order=ITEMS)
    for series in (careless.longstring, careless.irv, careless.mahalanobis_sq):
        assert len(series) == 240
    interval = levels.mean_interval(FRAME["a"], 300)
    assert interval.ci_low < interval.estimate < interval.ci_high
    assert levels.proportion_interval(27, 45, 60) == (31, 40)
    assert levels.nonresponse_bounds(27, 45, 60) == (0.45, 0.70)
    assert power.sample_size(0.15) == 85
    assert power.smallest_effect(85) == pytest.approx(0.15, abs=0.003)
    ratings = pd.DataFrame({"i1": [5, 4, 5, 4, 5, 5, 3], "i2": [1, 2, 3, 2, 1, 4, 2]})
    v = content_validity.aiken_v(ratings, 1, 5)
    table(v.table, ["i1", "i2"], ["v", "p", "critical_05", "ci_low", "ci_high", "verdict"])
    index = content_validity.cvi(ratings.clip(upper=4))
    table(index.table, ["i1", "i2"], ["i_cvi", "kappa"])
    shares = screening.descriptives(FRAME)
    assert {"skew", "skew_g1", "skew_b1", "kurtosis", "kurtosis_g2", "kurtosis_b2"} <= set(shares)
