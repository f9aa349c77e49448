"""Confirmatory models beside lavaan's numbers: ML, MLR, FIML, invariance, validity.

Chi-squares and standard errors are compared relative to R's value (the row's tolerance is
already multiplied out). lavaan stops its optimiser early: about 2e-5 in estimates and
modification indices, 5e-5 in robust errors; ours has the lower discrepancy.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis import invariance, validity
from analysis.confirm import Confirmation, fit
from tests.reference.rows import Row

HERE = Path(__file__).parent
CHI2, INDEX, STD, SE, RAW, MI, LRT = 1e-5, 2e-6, 2e-5, 1e-4, 4e-5, 1e-4, 5e-5
"""Chi-squares (relative), indices, standardised estimates, errors (relative), raw estimates,
modification indices (relative), scaled differences (relative)."""
FITS = {
    "ml_listwise": {"estimator": "ML"},
    "mlr_listwise": {"estimator": "MLR"},
    "fiml_ml": {"estimator": "ML", "missing": "fiml"},
    "fiml_mlr": {"estimator": "MLR", "missing": "fiml"},
}
RELATIVE = ("chisq", "logl", "aic", "bic", "scaling.factor")
GROUPS = {"bfi": ("gender",), "holzinger1939": ("school", "sex")}
DATA = ("bfi", "holzinger1939")


@cache
def numbers(name: str) -> dict[str, Any]:
    """R's numbers."""
    return json.loads((HERE / f"{name}_confirm.json").read_text(encoding="utf-8"))


@cache
def answers(name: str) -> pd.DataFrame:
    """All columns, items keyed."""
    frame = pd.read_csv(HERE / f"{name}.csv")
    low, high = numbers(name)["response_range"] or (0, 0)
    for item in numbers(name)["items_reversed"]:
        frame[item] = low + high - frame[item]
    return frame


@cache
def model(name: str) -> dict[str, list[str]]:
    """Factors and items."""
    lines = (line.split("=~") for line in numbers(name)["model"].splitlines())
    return {factor.strip(): [i.strip() for i in right.split("+")] for factor, right in lines}


@cache
def fitted(name: str, key: str) -> Confirmation:
    return fit(model(name), answers(name), **FITS[key])


@cache
def ladder(name: str, group: str, estimator: str) -> invariance.Ladder:
    return invariance.ladder(model(name), answers(name), group, estimator=estimator)


def _tolerance(measure: str, value: float) -> float:
    if any(word in measure for word in RELATIVE):
        return CHI2 * abs(value)
    return INDEX


def _measures(name: str, key: str) -> Iterator[Row]:
    ours, call = fitted(name, key).fit, numbers(name)["r_calls"][key]
    for measure, r in numbers(name)["cfa"][key]["fit"].items():
        value = ours.get(measure)
        if r is None or value is None:
            continue
        yield Row(f"CFA {key} {measure}", value, r, _tolerance(measure, r), call, name)


def _estimates(name: str, key: str) -> Iterator[Row]:
    found = fitted(name, key)
    block, call = numbers(name)["cfa"][key], numbers(name)["r_calls"][key]
    table = found.parameters
    for kind, column, error, tolerance in (
        ("unstandardized", "est", "se", RAW),
        ("standardized", "std", "std_se", STD),
    ):
        r = block[kind]
        values = r.get("est", r.get("est_std"))
        for lhs, op, rhs, value, se in zip(
            r["lhs"], r["op"], r["rhs"], values, r["se"], strict=True
        ):
            at = f"{lhs}{op}{rhs}"
            label = f"CFA {key} {kind} {at}"
            yield Row(label, table.loc[at, column], value, tolerance, call, name)
            if se:  # fixed parameters have none
                yield Row(f"{label} SE", table.loc[at, error], se, SE * se, call, name)
    r = block["latent_correlations"]
    ours_phi = found.factor_correlations.loc[r["rows"], r["cols"]].to_numpy()
    for i, one in enumerate(r["rows"]):
        for j, other in enumerate(r["cols"][:i]):
            label = f"CFA {key} r of {one} and {other}"
            yield Row(label, ours_phi[i, j], r["values"][i][j], STD, call, name)
    r = block["mi_top10"]
    indices = found.modification().set_index(["lhs", "op", "rhs"])
    for k, place in enumerate(zip(r["lhs"], r["op"], r["rhs"], strict=True)):
        for column in ("mi", "epc", "sepc_all"):
            label = f"CFA {key} {column} {''.join(place)}"
            value = r[column][k]
            yield Row(label, indices.loc[place, column], value, MI * abs(value), call, name)


def _means(name: str) -> Iterator[Row]:
    """SRMR with and without the means of one fit."""
    key = "ml_listwise_meanstructure_fit"
    block, call = numbers(name)["cfa"][key], numbers(name)["r_calls"][key]
    ours = fitted(name, "ml_listwise").fit["srmr_bentler_nomean"]
    r = block["fit"]["srmr_bentler_nomean"]
    yield Row("SRMR without means", float(ours or 0), r, INDEX, call, name)


def _validity(name: str) -> Iterator[Row]:
    r, call = numbers(name)["validity"], numbers(name)["r_calls"]["validity"]
    ours = validity.convergent(fitted(name, "ml_listwise")).table
    larcker = validity.fornell_larcker(fitted(name, "ml_listwise")).table
    for column, key in (
        ("ave", "ave_mean_sq_std_loading"),
        ("cr", "composite_reliability"),
        ("ave_semtools", "semTools_AVE"),
        ("cr_raw", "semTools_compRelSEM_model_var"),
    ):
        for factor, value in r[key].items():
            yield Row(f"{key} {factor}", ours.loc[factor, column], value, INDEX, call, name)
    for factor, value in r["msv"].items():
        yield Row(f"MSV {factor}", larcker.loc[factor, "msv"], value, INDEX, call, name)
        ok = int(r["fornell_larcker_ok"][factor])
        yield Row(f"Fornell-Larcker {factor}", int(larcker.loc[factor, "ok"]), ok, 0, call, name)
    ratios = validity.htmt(answers(name), model(name), n_boot=0)
    call = numbers(name)["r_calls"]["htmt"]
    for table, key in ((ratios.htmt, "htmt_arithmetic"), (ratios.htmt2, "htmt2_default")):
        r_table = numbers(name)["htmt"][f"semTools_{key}"]
        values = np.array(r_table["values"])
        ours_table = table.loc[r_table["rows"], r_table["cols"]].to_numpy()
        for i in range(len(values)):
            for j in range(i):
                pair = f"{r_table['rows'][i]}-{r_table['cols'][j]}"
                yield Row(f"{key} {pair}", ours_table[i, j], values[i, j], 1e-9, call, name)


def _ladder(name: str, group: str, estimator: str) -> Iterator[Row]:
    key = "invariance" if estimator == "ML" else "invariance_mlr"
    r, call = numbers(name)[key][group], numbers(name)["r_calls"][key]
    ours = ladder(name, group, estimator)
    label = f"invariance {estimator} {group}"
    for place, expected in enumerate(r["n_by_group"]):
        value = list(ours.n_by_group.values())[place]
        yield Row(f"{label} n of group {place + 1}", value, expected, 0, call, name)
    for rung in invariance.RUNGS:
        for measure, value in r["models"][rung].items():
            if measure == "converged" or value is None:
                continue
            yield Row(
                f"{label} {rung} {measure}",
                float(ours.rungs[rung].fit[measure] or 0.0),
                value,
                _tolerance(measure, value),
                call,
                name,
            )
    for rung, value in r["delta_cfi"].items():
        yield Row(f"{label} {rung} delta CFI", ours.delta_cfi[rung], value, INDEX, call, name)
    for rung, value in r["delta_rmsea"].items():
        yield Row(f"{label} {rung} delta RMSEA", ours.delta_rmsea[rung], value, INDEX, call, name)
    for place, rung in enumerate(invariance.RUNGS[1:], start=1):
        value = r["lrt"]["chisq_diff"][place]
        gap = ours.lrt.loc[rung, "chisq_diff"]
        tolerance = (LRT if estimator == "MLR" else CHI2) * value
        yield Row(f"{label} {rung} difference", gap, value, tolerance, call, name)
        df = ours.lrt.loc[rung, "df_diff"]
        yield Row(f"{label} {rung} df difference", df, r["lrt"]["df_diff"][place], 0, call, name)
    r = r["scalar_latent_means"]
    means = ours.latent_means
    for k, factor in enumerate(r["factor"]):
        if r["se"][k]:
            where = f"{label} latent mean {factor}"
            yield Row(where, means["est"].iloc[k], r["est"][k], RAW, call, name)
            tolerance = SE * r["se"][k]
            yield Row(f"{where} error", means["se"].iloc[k], r["se"][k], tolerance, call, name)


def _missing_ladder() -> Iterator[Row]:
    r, call = numbers("bfi")["invariance_fiml_mlr"], numbers("bfi")["r_calls"]
    ours = invariance.ladder(
        model("bfi"), answers("bfi"), r["group"], estimator="MLR", missing="fiml"
    )
    for rung, value in zip(invariance.RUNGS, r["chisq.scaled"], strict=True):
        yield Row(
            f"invariance FIML MLR gender {rung} chisq.scaled",
            float(ours.rungs[rung].fit["chisq.scaled"] or 0.0),
            value,
            2e-3,
            call["invariance_fiml_mlr"],
            "bfi",
        )


def _fits(keys: Iterable[str]) -> Iterator[Row]:
    for name in DATA:
        for key in keys:
            if key in numbers(name)["cfa"]:
                yield from _measures(name, key)
                yield from _estimates(name, key)


def _ladders(estimator: str) -> Iterator[Row]:
    for name in DATA:
        for group in GROUPS[name]:
            yield from _ladder(name, group, estimator)


def _both(block: Callable[[str], Iterator[Row]]) -> Iterator[Row]:
    for name in DATA:
        yield from block(name)


FAMILIES: dict[str, Callable[[], Iterator[Row]]] = {
    "CFA by ML": lambda: _fits(["ml_listwise"]),
    "CFA by MLR": lambda: _fits(["mlr_listwise"]),
    "CFA by FIML, and FIML with MLR": lambda: _fits(["fiml_ml", "fiml_mlr"]),
    "SRMR conventions": lambda: _both(_means),
    "Validity: AVE, CR, Fornell-Larcker, HTMT": lambda: _both(_validity),
    "Invariance by ML": lambda: _ladders("ML"),
    "Invariance by MLR": lambda: _ladders("MLR"),
    "Invariance by FIML with MLR": _missing_ladder,
}
