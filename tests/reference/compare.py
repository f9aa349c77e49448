"""Ours beside R's, statistic by statistic: ``python -m tests.reference.compare``.

The rows are made once and used twice: printed as a table here, held to their tolerance in
``tests/analysis/test_against_r.py``. Both data sets go through the same code, so that
nothing can be tuned to one of them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis import factors, regression, reliability, screening
from analysis.confirm import one_factor
from analysis.results import Exploration

HERE = Path(__file__).parent
CLOSED, OPTIMUM, LOADING, OBLIQUE, CHI2 = 1e-9, 1e-5, 1e-4, 1e-3, 1e-3
FACTORS = {"bfi": 5, "holzinger1939": 3}


@dataclass(frozen=True)
class Row:
    """One number of ours and of R, and how far they may be apart."""

    data: str
    statistic: str
    ours: float
    r: float
    tolerance: float

    @property
    def difference(self) -> float:
        return abs(self.ours - self.r)

    @property
    def agrees(self) -> bool:
        return self.difference <= self.tolerance

    def __str__(self) -> str:
        return f"{self.data} {self.statistic}"


@cache
def numbers(name: str) -> dict[str, Any]:
    """R's numbers for a data set."""
    return json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))


@cache
def answers(name: str) -> pd.DataFrame:
    """The items of a data set, raw."""
    return pd.read_csv(HERE / f"{name}.csv")[numbers(name)["items"]]


def keyed(name: str, keys: list[str]) -> pd.DataFrame:
    """Items of a scale, reversed where the key has a minus."""
    low, high = numbers(name)["response_range"]
    raw = answers(name)
    columns = {
        key.lstrip("-"): low + high - raw[key[1:]] if key.startswith("-") else raw[key]
        for key in keys
    }
    return pd.DataFrame(columns)


def scores(name: str) -> pd.DataFrame:
    """Means of the keyed items, rows complete on all items: R's regression sample."""
    complete = answers(name).notna().all(axis=1)
    scales = numbers(name)["scale_keys"]
    return pd.DataFrame({s: keyed(name, keys)[complete].mean(axis=1) for s, keys in scales.items()})


def reliability_rows(name: str) -> Iterator[Row]:
    for scale, block in numbers(name)["reliability"].items():
        frame = keyed(name, block["keys"])
        for missing in ("pairwise", "listwise"):
            r = block.get(f"alpha_{missing}")
            if r is None:
                continue
            ours = reliability.alpha(frame, missing=missing)
            label = f"alpha {scale} {missing}"
            yield Row(name, f"{label} n", ours.n, r["n"], 0)
            yield Row(name, f"{label} raw", ours.raw, r["psych_total"]["raw_alpha"], CLOSED)
            yield Row(
                name, f"{label} std", ours.standardized, r["psych_total"]["std.alpha"], CLOSED
            )
            yield Row(name, f"{label} mean r", ours.mean_r, r["psych_total"]["average_r"], CLOSED)
            yield Row(name, f"{label} median r", ours.median_r, r["formula"]["median_r"], CLOSED)
            yield Row(name, f"{label} G6", ours.lambda6, r["psych_total"]["G6(smc)"], CLOSED)
            yield Row(name, f"{label} Feldt low", ours.ci_low, r["psych_feldt"]["lower"], CLOSED)
            yield Row(name, f"{label} Feldt high", ours.ci_high, r["psych_feldt"]["upper"], CLOSED)
            for item, x in r["items"].items():
                pairs = (
                    ("r.drop", ours.item_total, "psych_r_drop"),
                    ("raw.r", ours.item_total_uncorrected, "psych_raw_r"),
                    ("if deleted", ours.if_deleted, "alpha_if_deleted_raw"),
                    ("std if deleted", ours.if_deleted_standardized, "alpha_if_deleted_std"),
                )
                for what, series, key in pairs:
                    yield Row(name, f"{label} {item} {what}", series[item], x[key], CLOSED)
        r = block["omega_cfa_ml_listwise"]
        omega = reliability.omega(frame, n_boot=0)
        label = f"omega {scale}"
        yield Row(name, f"{label} n", omega.n, r["n"], 0)
        yield Row(name, f"{label} raw", omega.estimate, r["omega_total_unstd"], OPTIMUM)
        yield Row(name, f"{label} std", omega.standardized, r["omega_total_std"], OPTIMUM)
        yield Row(name, f"{label} AVE", omega.ave, r["ave"], OPTIMUM)
        for item in frame.columns:
            yield Row(
                name,
                f"{label} loading {item}",
                omega.standardized_loadings[item],
                r["loadings_std"][item],
                LOADING,
            )
        yield Row(name, f"{label} chisq", omega.fit["chisq"], r["fit"]["chisq"], CHI2)
        for measure in ("cfi", "tli", "rmsea", "rmsea.ci.lower", "rmsea.ci.upper"):
            yield Row(name, f"{label} {measure}", omega.fit[measure], r["fit"][measure], OPTIMUM)


def one_factor_rows(name: str) -> Iterator[Row]:
    reversed_items = set(numbers(name)["items_reversed"])
    keys = [f"-{item}" if item in reversed_items else item for item in numbers(name)["items"]]
    ours = one_factor(keyed(name, keys)).fit
    r = numbers(name)["one_factor_ml_fit"]["fit"]
    for measure in ("chisq", "baseline.chisq", "logl", "aic", "bic"):
        yield Row(name, f"one factor {measure}", ours[measure], r[measure], CHI2)
    for measure in ("df", "cfi", "tli", "rmsea", "rmsea.ci.lower", "rmsea.ci.upper", "srmr"):
        yield Row(name, f"one factor {measure}", ours[measure], r[measure], OPTIMUM)


def factorability_rows(name: str) -> Iterator[Row]:
    for missing in ("pairwise", "listwise"):
        r = numbers(name).get(f"factorability_{missing}")
        if r is None:
            continue
        ours = factors.adequacy(answers(name), missing=missing)
        yield Row(name, f"{missing} n", ours.n, r["n"], 0)
        yield Row(name, f"{missing} KMO", ours.kmo, r["kmo"], CLOSED)
        yield Row(name, f"{missing} Bartlett chi2", ours.bartlett_chi2, r["bartlett"]["chi2"], 1e-6)
        yield Row(name, f"{missing} Bartlett df", ours.bartlett_df, r["bartlett"]["df"], 0)
        yield Row(name, f"{missing} determinant", ours.determinant, r["determinant"], CLOSED)
        for item, msa in r["msa"].items():
            yield Row(name, f"{missing} MSA {item}", ours.msa[item], msa, CLOSED)
        for i, root in enumerate(r["eigenvalues"]):
            yield Row(name, f"{missing} eigenvalue {i + 1}", ours.eigenvalues[i], root, CLOSED)


def aligned(ours: Exploration, loadings: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Our loadings and phi with factors matched to R's columns and signs turned."""
    target = np.array(loadings["values"])
    mine = ours.loadings.loc[loadings["rows"]].to_numpy()
    order = max(
        permutations(range(mine.shape[1])),
        key=lambda p: np.abs((mine[:, list(p)] * target).sum(axis=0)).sum(),
    )
    columns = list(order)
    sign = np.sign((mine[:, columns] * target).sum(axis=0))
    phi = ours.phi.to_numpy()[np.ix_(columns, columns)] * np.outer(sign, sign)
    return mine[:, columns] * sign, phi


def efa_rows(name: str) -> Iterator[Row]:
    for missing in ("pairwise", "listwise"):
        for solution, r in (numbers(name).get(f"efa_{missing}") or {}).items():
            extraction, rotation = solution.split("_")
            ours = factors.explore(
                answers(name),
                FACTORS[name],
                extraction=extraction,
                rotation=None if rotation == "none" else rotation,
                missing=missing,
            )
            label = f"efa {missing} {solution}"
            loose = OBLIQUE if rotation in {"oblimin", "promax"} else LOADING
            loadings, phi = aligned(ours, r["loadings"])
            gap = np.abs(loadings - np.array(r["loadings"]["values"]))
            i, j = np.unravel_index(gap.argmax(), gap.shape)
            yield Row(
                name,
                f"{label} worst loading",
                loadings[i, j],
                r["loadings"]["values"][i][j],
                loose,
            )
            if r.get("phi"):
                gap = np.abs(phi - np.array(r["phi"]["values"]))
                i, j = np.unravel_index(gap.argmax(), gap.shape)
                yield Row(name, f"{label} worst phi", phi[i, j], r["phi"]["values"][i][j], loose)
            for item, h2 in r["communality"].items():
                yield Row(name, f"{label} h2 {item}", ours.communalities[item], h2, LOADING)
            yield Row(name, f"{label} df", ours.df, r["dof"], 0)
            # psych stops minres early: its chi-square is a little too high
            yield Row(name, f"{label} chi2", ours.chi2, r["chi2_likelihood"], 2e-3)
            yield Row(name, f"{label} rmsea", ours.rmsea, r["rmsea"]["RMSEA"], OPTIMUM)
            yield Row(name, f"{label} rmsea low", ours.rmsea_ci[0], r["rmsea"]["lower"], OPTIMUM)
            yield Row(name, f"{label} rmsea high", ours.rmsea_ci[1], r["rmsea"]["upper"], OPTIMUM)
            yield Row(name, f"{label} tli", ours.tli, r["tli"], OPTIMUM)
            yield Row(name, f"{label} rmsr", ours.rmsr, r["rmsr"], OPTIMUM)
            for i, ss in enumerate(r["vaccounted"]["values"][0]):
                yield Row(name, f"{label} SS {i + 1}", ours.variance["ss"].iloc[i], ss, loose)


COEFFICIENTS = (("b", "est"), ("se", "se"), ("t", "t"), ("p", "p"))
LIMITS = (("ci_low", "ci_lower"), ("ci_high", "ci_upper"))
PARTS = (
    ("beta", "std_beta"),
    ("vif", "vif"),
    ("lmg", "lmg_all_subsets"),
    ("semi_partial_r2", "semi_partial_r2"),
)
WHOLE = (
    ("r2", "r2"),
    ("adj_r2", "adj_r2"),
    ("f", "F"),
    ("f2", "cohens_f2"),
    ("sigma", "sigma"),
    ("f_p", "F_p"),
)


def regression_rows(name: str) -> Iterator[Row]:
    r = numbers(name)["regression"]
    outcome, right = r["formula"].split(" ~ ")
    ours = regression.regress(scores(name), outcome, right.split(" + "), n_boot=0)
    table = ours.coefficients
    yield Row(name, "regression n", ours.n, r["n"], 0)
    for term, cells in r["coefficients"].items():
        for column, key in COEFFICIENTS + LIMITS:
            yield Row(
                name, f"regression {term} {column}", table.loc[term, column], cells[key], CLOSED
            )
    for term, cells in r["coefficients_HC3"].items():
        for column, key in COEFFICIENTS[1:] + LIMITS:
            yield Row(
                name,
                f"regression {term} HC3 {column}",
                table.loc[term, f"hc3_{column}"],
                cells[key],
                CLOSED,
            )
    for column, key in PARTS:
        for term, cell in r[key].items():
            yield Row(name, f"regression {term} {column}", table.loc[term, column], cell, CLOSED)
    for attribute, key in WHOLE:
        yield Row(name, f"regression {attribute}", getattr(ours, attribute), r[key], CLOSED)
    koenker = ours.assumptions.loc["breusch_pagan"]
    yield Row(
        name, "Breusch-Pagan", koenker["statistic"], r["breusch_pagan_koenker"]["stat"], CLOSED
    )
    yield Row(name, "Breusch-Pagan p", koenker["p"], r["breusch_pagan_koenker"]["p"], CLOSED)
    yield Row(name, "Cook max", ours.influence["cook_max"], r["cooks_max"], CLOSED)
    yield Row(name, "Cook > 4/n", ours.influence["cook_over_4_n"], r["cooks_over_4_n"], 0)
    yield Row(name, "leverage max", ours.influence["leverage_max"], r["hat_max"], CLOSED)
    yield Row(
        name, "rstudent max", ours.influence["studentized_max"], r["rstudent_max_abs"], CLOSED
    )


def descriptive_rows(name: str) -> Iterator[Row]:
    ours = screening.descriptives(answers(name))
    for item, r in numbers(name)["descriptives"]["items"].items():
        pairs = (
            ("n", r["n"]),
            ("missing", r["n_missing"]),
            ("mean", r["mean"]),
            ("sd", r["sd"]),
            ("median", r["median"]),
            ("skew", r["skew"]["type2_G1_sas_spss"]),
            ("kurtosis", r["kurtosis_excess"]["type2_G2_sas_spss"]),
        )
        for column, value in pairs:
            yield Row(name, f"{item} {column}", ours.loc[item, column], value, CLOSED)


def careless_rows(name: str) -> Iterator[Row]:
    ours = screening.careless(answers(name)).table
    blocks = (
        ("longstring", "longstring_na_breaks_run"),
        ("irv", "irv_sd_n_minus_1"),
        ("mahalanobis_sq", "mahalanobis_sq_complete_cases"),
    )
    for column, key in blocks:
        r = numbers(name)["careless"][key]
        found = ours[column].dropna()
        yield Row(name, f"{column} n", len(found), r["summary"]["n"], 0)
        yield Row(name, f"{column} mean", found.mean(), r["summary"]["mean"], CLOSED)
        yield Row(name, f"{column} sd", found.std(), r["summary"]["sd"], CLOSED)
        yield Row(name, f"{column} max", found.max(), r["summary"]["max"], 1e-8)
        for person, value in enumerate(r["first100"]):
            if value is not None:
                yield Row(
                    name, f"{column} person {person + 1}", ours[column].iloc[person], value, 1e-8
                )


def icc_rows() -> Iterator[Row]:
    ours = reliability.icc(pd.read_csv(HERE / "tiny_shrout_fleiss.csv")).table
    for form, r in numbers("tiny")["shrout_fleiss"]["psych_ICC_aov"].items():
        pairs = (("icc", "icc"), ("f", "F"), ("p", "p"), ("ci_low", "lower"), ("ci_high", "upper"))
        for column, key in pairs:
            yield Row("tiny", f"{form} {column}", ours.loc[form, column], r[key], CLOSED)


BLOCKS = (
    descriptive_rows,
    reliability_rows,
    one_factor_rows,
    factorability_rows,
    efa_rows,
    regression_rows,
    careless_rows,
)


@cache
def rows() -> tuple[Row, ...]:
    """Every comparison of every data set."""
    found = [row for name in FACTORS for block in BLOCKS for row in block(name)]
    return (*found, *icc_rows())


def main(arguments: list[str]) -> int:
    """Print the rows whose name holds every word given; 1 if one of them is off."""
    chosen = [row for row in rows() if all(word in str(row) for word in arguments)]
    width = max((len(str(row)) for row in chosen), default=10)
    print(f"{'statistic':{width}} {'ours':>18} {'R':>18} {'difference':>11} {'tolerance':>10}")
    for row in chosen:
        mark = "" if row.agrees else "  <- off"
        print(
            f"{row!s:{width}} {row.ours:18.10g} {row.r:18.10g} "
            f"{row.difference:11.1e} {row.tolerance:10.0e}{mark}"
        )
    off = sum(not row.agrees for row in chosen)
    print(f"{len(chosen)} numbers, {off} off.")
    return 1 if off else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
