"""Ordered answers beside R's numbers: polychorics, WLSMV and its kin, invariance, omega."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis import factors, invariance_ordinal, polychoric, reliability, reliability_ordinal
from analysis.confirm import Confirmation, fit, ordinal, ordinal_measures
from analysis.confirm.structure import read_structure
from tests.reference.rows import Row

HERE = Path(__file__).parent
R = json.loads((HERE / "bfi_ordinal.json").read_text(encoding="utf-8"))
CALLS = R["r_calls"]
RHO, TAU, CHI2, INDEX, STD, SE, PRINTED = 1e-6, 1e-9, 1e-5, 2e-6, 2e-5, 1e-4, 5e-4
"""Polychorics, thresholds, chi-squares (relative), fit indices, standardised estimates, standard
errors (relative), numbers known to three decimals only."""
MODEL = {factor: [key.lstrip("-") for key in keys] for factor, keys in R["scale_keys"].items()}
ITEMS = [item for items in MODEL.values() for item in items]
FITS = {
    "wlsmv_listwise": ("WLSMV", "listwise"),
    "wlsmv_pairwise_fit": ("WLSMV", "pairwise"),
    "dwls_listwise_fit": ("DWLS", "listwise"),
    "ulsmv_listwise_fit": ("ULSMV", "listwise"),
}


@cache
def raw() -> pd.DataFrame:
    """The 25 items as answered."""
    return pd.read_csv(HERE / "bfi.csv")[R["polychoric"]["items"]]


@cache
def keyed() -> pd.DataFrame:
    """The items reversed where they are, and gender."""
    frame = pd.read_csv(HERE / "bfi.csv")
    for item in R["items_reversed"]:
        frame[item] = 7 - frame[item]
    return frame


@cache
def fitted(key: str) -> Confirmation:
    estimator, missing = FITS[key]
    return fit(MODEL, keyed(), estimator=estimator, missing=missing)


@cache
def ladder() -> invariance_ordinal.OrdinalLadder:
    model = {name: MODEL[name] for name in ("agree", "neuroticism")}
    return invariance_ordinal.ladder(model, keyed(), "gender")


@cache
def omega(scale: str) -> reliability_ordinal.CategoricalOmega:
    return reliability_ordinal.omega(keyed()[MODEL[scale]], n_boot=0)


def _exploration() -> Iterator[Row]:
    """psych takes the thresholds of each pair's own rows: communalities differ by up to .0015."""
    found = factors.explore(raw(), 5, correlation="polychoric", missing="pairwise")
    call = CALLS["efa_polychoric"]
    yield Row("polychoric EFA n", found.n, R["efa_polychoric"]["n"], 0, call, "bfi")
    for item, r in R["efa_polychoric"]["communality"].items():
        yield Row(f"polychoric EFA h2 {item}", found.communalities[item], r, 2e-3, call, "bfi")


def _largest(ours: Any, r: Any) -> float:
    return float(np.abs(np.asarray(ours, dtype=float) - np.asarray(r, dtype=float)).max())


def _polychorics() -> Iterator[Row]:
    for missing in ("pairwise", "listwise"):
        r = R["polychoric"][f"lavCor_{missing}"]
        call = CALLS[f"polychoric.lavCor_{missing}"]
        found = polychoric.matrix(raw(), missing=missing)
        values = np.array(r["rho"]["values"])
        yield Row(
            f"polychoric A1-A2, {missing}",
            found.rho.loc["A1", "A2"],
            values[0, 1],
            RHO,
            call,
            "bfi",
        )
        yield Row(
            f"polychorics, {missing}, largest difference of 300",
            _largest(found.rho, values),
            0.0,
            RHO,
            call,
            "bfi",
        )
        if "thresholds" in r:
            gaps = [
                abs(found.thresholds.loc[tuple(name.split("|"))] - value)
                for name, value in r["thresholds"].items()
            ]
            yield Row("thresholds, largest difference of 125", max(gaps), 0.0, TAU, call, "bfi")
    psych = R["polychoric"]["psych_global_true"]["rho"]["values"]
    found = polychoric.matrix(raw(), missing="pairwise")
    yield Row(
        "polychorics against psych, largest difference of 300",
        _largest(found.rho, psych),
        0.0,
        3e-5,
        CALLS["polychoric.psych_global_true"],
        "bfi",
    )


def _fits() -> Iterator[Row]:
    for key, (estimator, missing) in FITS.items():
        ours, call = fitted(key).fit, CALLS[f"cfa.{key}"]
        for name, r in R["cfa"][key]["fit"].items():
            value = ours.get(name)
            if r is None or value is None:
                continue
            tolerance = CHI2 * abs(r) if "chisq" in name else INDEX
            yield Row(f"{estimator} {missing} {name}", value, r, tolerance, call, "bfi")


def _traces() -> Iterator[Row]:
    """What the scaled and robust numbers are made of, as far as R shows it."""
    r = R["traces"]
    fit, solution = (
        fitted("wlsmv_listwise").fit,
        ordinal.solve(
            read_structure(MODEL), ordinal.sample_of(polychoric.encode(keyed()[ITEMS]), "listwise")
        ),
    )
    assert solution.bread is not None
    t1, t2 = ordinal_measures.traces(solution, solution.bread)
    parts = ordinal_measures.robust_parts(solution, solution.bread)
    assert parts is not None
    found = {"t1": t1, "t2": t2, "X3": parts.pair.chisq, "c3": parts.factor}
    found |= {"X3b": parts.pair.base, "c3b": parts.base_factor}
    for name, ours in found.items():
        digits = 10.0 ** -len(str(r[name]).split(".")[1])
        if name.startswith("X"):  # at lavaan's estimates, which stop early
            digits = CHI2 * r[name]
        yield Row(f"WLSMV {name}", ours, r[name], digits, r["r_call"], "bfi")
    shift = fit["chisq.shift"]
    assert shift is not None
    # printed by summary(fit) to four decimals
    yield Row("WLSMV chisq.shift", shift, 86.3018, 1e-3, CALLS["cfa.wlsmv_listwise"], "bfi")


def _estimates() -> Iterator[Row]:
    found, r = fitted("wlsmv_listwise"), R["cfa"]["wlsmv_listwise"]
    call = CALLS["cfa.wlsmv_listwise"]
    table = found.parameters.set_index(["lhs", "op", "rhs"])
    for block, column, error in (
        ("standardized", "std", "std_se"),
        ("unstandardized", "est", "se"),
    ):
        listed = r[block]
        for lhs, op, rhs, value, se in zip(
            *(listed[name] for name in ("lhs", "op", "rhs", "est", "se")), strict=True
        ):
            at = (lhs, op, rhs) if (lhs, op, rhs) in table.index else (rhs, op, lhs)
            label = f"WLSMV {block} {lhs}{op}{rhs}"
            yield Row(label, float(table.loc[at, column]), value, STD, call, "bfi")
            if se:  # fixed parameters have none
                yield Row(f"{label} SE", float(table.loc[at, error]), se, SE * se, call, "bfi")
    mine = found.modification().set_index(["lhs", "op", "rhs"])
    tops = r["mi_top10"]
    for lhs, op, rhs, mi, epc, sepc in zip(
        *(tops[name] for name in ("lhs", "op", "rhs", "mi", "epc", "sepc_all")), strict=True
    ):
        name, row = f"{lhs}{op}{rhs}", mine.loc[(lhs, op, rhs)]
        yield Row(f"WLSMV modification index {name}", row["mi"], mi, 2e-5 * mi, call, "bfi")
        yield Row(f"WLSMV expected change {name}", row["epc"], epc, STD, call, "bfi")
        # of a residual correlation both residual variances are divided out
        yield Row(f"WLSMV expected change, std, {name}", row["sepc_all"], sepc, 5e-5, call, "bfi")
    latent = np.array(r["latent_correlations"]["values"])
    gap = _largest(found.factor_correlations, latent)
    yield Row("WLSMV factor correlations, largest difference", gap, 0.0, STD, call, "bfi")


def _ladder() -> Iterator[Row]:
    r, found = R["invariance_gender"], ladder()
    for k, (name, rung) in enumerate(found.rungs.items()):
        for measure in ("chisq", "chisq.scaled"):
            value = rung.fit[measure]
            assert value is not None
            tolerance = max(CHI2 * r[measure][k], PRINTED)
            yield Row(f"{name} {measure}", value, r[measure][k], tolerance, r["r_call"], "bfi")
        yield Row(f"{name} df", float(found.lrt.loc[name, "df"]), r["df"][k], 0, r["r_call"], "bfi")
        if k:
            gap = float(found.lrt.loc[name, "chisq_diff"])
            text = f"{name} against the step before, scaled difference"
            yield Row(text, gap, r["difference"][k - 1], PRINTED, r["r_call"], "bfi")


def _omegas() -> Iterator[Row]:
    call = CALLS["reliability.*.omega_cfa_wlsmv"]
    for scale, block in R["reliability"].items():
        r, found = block["omega_cfa_wlsmv"], omega(scale)
        tools = r["semTools_reliability"]
        for name, ours, theirs in (
            ("categorical omega", found.estimate, tools["omega"]),
            ("categorical omega, observed variance", found.observed, tools["omega3"]),
            ("ordinal alpha", found.ordinal_alpha, tools["alpha.ord"]),
            ("ordinal omega", found.standardized, r["omega_total_std"]),
            ("AVE of latent responses", found.ave, r["ave"]),
        ):
            yield Row(f"{scale} {name}", ours, theirs, 1e-6, call, "bfi")
        gap = _largest(found.loadings, list(r["loadings"].values()))
        yield Row(f"{scale} WLSMV loadings, largest difference", gap, 0.0, STD, call, "bfi")
    call = CALLS["reliability.*.omega_cfa_fiml"]
    for scale, block in R["reliability"].items():
        r, full = block["omega_cfa_fiml"], reliability.omega(keyed()[MODEL[scale]], missing="fiml")
        for name, ours, theirs in (
            ("omega, FIML", full.estimate, r["omega_total_unstd"]),
            ("omega of z-scores, FIML", full.standardized, r["omega_total_std"]),
            ("AVE, FIML", full.ave, r["ave"]),
            ("n, FIML", float(full.n), float(r["n"])),
        ):
            yield Row(f"{scale} {name}", ours, theirs, 1e-6, call, "bfi")


FAMILIES: dict[str, Callable[[], Iterator[Row]]] = {
    "Polychoric correlations": _polychorics,
    "Exploratory factors of polychorics": _exploration,
    "Ordered answers: WLSMV, DWLS, ULSMV": _fits,
    "WLSMV: traces behind the scaled and robust tests": _traces,
    "WLSMV: estimates, errors, modification indices": _estimates,
    "Invariance of ordered answers": _ladder,
    "Omega of ordered and of missing answers": _omegas,
}
