"""Items, reliability, factorability, EFA and regression beside R's numbers.

Both data sets go through the same code, so that nothing can be tuned to one of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis import factors, regression, reliability, screening
from analysis.confirm import one_factor
from analysis.results import Exploration
from tests.reference.rows import Row

HERE = Path(__file__).parent
CLOSED, OPTIMUM, LOADING, OBLIQUE, CHI2 = 1e-9, 1e-5, 1e-4, 1e-3, 1e-3
FACTORS = {"bfi": 5, "holzinger1939": 3}


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
            call = "psych::alpha(items, check.keys = FALSE), alpha.ci; cov(use = 'pairwise')"
            if missing == "listwise":
                call = "psych::alpha(na.omit(items), check.keys = FALSE), alpha.ci"
            label = f"alpha {scale} {missing}"
            yield Row(f"{label} n", ours.n, r["n"], 0, call, name)
            yield Row(f"{label} raw", ours.raw, r["psych_total"]["raw_alpha"], CLOSED, call, name)
            yield Row(
                f"{label} std", ours.standardized, r["psych_total"]["std.alpha"], CLOSED, call, name
            )
            yield Row(
                f"{label} mean r", ours.mean_r, r["psych_total"]["average_r"], CLOSED, call, name
            )
            yield Row(
                f"{label} median r", ours.median_r, r["formula"]["median_r"], CLOSED, call, name
            )
            yield Row(f"{label} G6", ours.lambda6, r["psych_total"]["G6(smc)"], CLOSED, call, name)
            yield Row(
                f"{label} Feldt low", ours.ci_low, r["psych_feldt"]["lower"], CLOSED, call, name
            )
            yield Row(
                f"{label} Feldt high", ours.ci_high, r["psych_feldt"]["upper"], CLOSED, call, name
            )
            for item, x in r["items"].items():
                pairs = (
                    ("r.drop", ours.item_total, "psych_r_drop"),
                    ("raw.r", ours.item_total_uncorrected, "psych_raw_r"),
                    ("if deleted", ours.if_deleted, "alpha_if_deleted_raw"),
                    ("std if deleted", ours.if_deleted_standardized, "alpha_if_deleted_std"),
                )
                for what, series, key in pairs:
                    yield Row(f"{label} {item} {what}", series[item], x[key], CLOSED, call, name)
        r = block["omega_cfa_ml_listwise"]
        omega = reliability.omega(frame, n_boot=0)
        call = "lavaan::cfa('g =~ items', std.lv = TRUE); (sum L)^2 / ((sum L)^2 + sum theta)"
        label = f"omega {scale}"
        yield Row(f"{label} n", omega.n, r["n"], 0, call, name)
        yield Row(f"{label} raw", omega.estimate, r["omega_total_unstd"], OPTIMUM, call, name)
        yield Row(f"{label} std", omega.standardized, r["omega_total_std"], OPTIMUM, call, name)
        yield Row(f"{label} AVE", omega.ave, r["ave"], OPTIMUM, call, name)
        for item in frame.columns:
            yield Row(
                f"{label} loading {item}",
                omega.standardized_loadings[item],
                r["loadings_std"][item],
                LOADING,
                call,
                name,
            )
        yield Row(f"{label} chisq", omega.fit["chisq"], r["fit"]["chisq"], CHI2, call, name)
        for measure in ("cfi", "tli", "rmsea", "rmsea.ci.lower", "rmsea.ci.upper"):
            yield Row(
                f"{label} {measure}", omega.fit[measure], r["fit"][measure], OPTIMUM, call, name
            )


def one_factor_rows(name: str) -> Iterator[Row]:
    reversed_items = set(numbers(name)["items_reversed"])
    keys = [f"-{item}" if item in reversed_items else item for item in numbers(name)["items"]]
    ours = one_factor(keyed(name, keys)).fit
    call = "lavaan::fitMeasures(lavaan::cfa('g =~ all items', std.lv = TRUE))"
    r = numbers(name)["one_factor_ml_fit"]["fit"]
    for measure in ("chisq", "baseline.chisq", "logl", "aic", "bic"):
        yield Row(f"one factor {measure}", ours[measure], r[measure], CHI2, call, name)
    for measure in ("df", "cfi", "tli", "rmsea", "rmsea.ci.lower", "rmsea.ci.upper", "srmr"):
        yield Row(f"one factor {measure}", ours[measure], r[measure], OPTIMUM, call, name)


def factorability_rows(name: str) -> Iterator[Row]:
    for missing in ("pairwise", "listwise"):
        r = numbers(name).get(f"factorability_{missing}")
        if r is None:
            continue
        ours = factors.adequacy(answers(name), missing=missing)
        use = "pairwise" if missing == "pairwise" else "complete"
        call = f"psych::KMO, cortest.bartlett, det, eigen of cor(items, use = '{use}')"
        yield Row(f"{missing} n", ours.n, r["n"], 0, call, name)
        yield Row(f"{missing} KMO", ours.kmo, r["kmo"], CLOSED, call, name)
        yield Row(
            f"{missing} Bartlett chi2", ours.bartlett_chi2, r["bartlett"]["chi2"], 1e-6, call, name
        )
        yield Row(f"{missing} Bartlett df", ours.bartlett_df, r["bartlett"]["df"], 0, call, name)
        yield Row(f"{missing} determinant", ours.determinant, r["determinant"], CLOSED, call, name)
        for item, msa in r["msa"].items():
            yield Row(f"{missing} MSA {item}", ours.msa[item], msa, CLOSED, call, name)
        for i, root in enumerate(r["eigenvalues"]):
            yield Row(
                f"{missing} eigenvalue {i + 1}", ours.eigenvalues[i], root, CLOSED, call, name
            )


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
            use = "pairwise" if missing == "pairwise" else "complete"
            call = (
                f"psych::fa(items, {FACTORS[name]}, fm = '{extraction}', "
                f"rotate = '{rotation}', use = '{use}')"
            )
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
            text = f"{label} loadings, largest difference of {gap.size}"
            yield Row(text, float(gap.max()), 0.0, loose, call, name)
            if r.get("phi"):
                gap = np.abs(phi - np.array(r["phi"]["values"]))
                text = f"{label} factor correlations, largest difference"
                yield Row(text, float(gap.max()), 0.0, loose, call, name)
            for item, h2 in r["communality"].items():
                yield Row(f"{label} h2 {item}", ours.communalities[item], h2, LOADING, call, name)
            yield Row(f"{label} df", ours.df, r["dof"], 0, call, name)
            # psych stops minres early: its chi-square is a little too high
            yield Row(f"{label} chi2", ours.chi2, r["chi2_likelihood"], 2e-3, call, name)
            yield Row(f"{label} rmsea", ours.rmsea, r["rmsea"]["RMSEA"], OPTIMUM, call, name)
            yield Row(
                f"{label} rmsea low", ours.rmsea_ci[0], r["rmsea"]["lower"], OPTIMUM, call, name
            )
            yield Row(
                f"{label} rmsea high", ours.rmsea_ci[1], r["rmsea"]["upper"], OPTIMUM, call, name
            )
            yield Row(f"{label} tli", ours.tli, r["tli"], OPTIMUM, call, name)
            yield Row(f"{label} rmsr", ours.rmsr, r["rmsr"], OPTIMUM, call, name)
            for i, ss in enumerate(r["vaccounted"]["values"][0]):
                yield Row(f"{label} SS {i + 1}", ours.variance["ss"].iloc[i], ss, loose, call, name)


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
    call = f"lm({r['formula']}); sandwich::vcovHC(type = 'HC3'), lmtest::coeftest, car::vif"
    yield Row("regression n", ours.n, r["n"], 0, call, name)
    for term, cells in r["coefficients"].items():
        for column, key in COEFFICIENTS + LIMITS:
            yield Row(
                f"regression {term} {column}",
                table.loc[term, column],
                cells[key],
                CLOSED,
                call,
                name,
            )
    for term, cells in r["coefficients_HC3"].items():
        for column, key in COEFFICIENTS[1:] + LIMITS:
            yield Row(
                f"regression {term} HC3 {column}",
                table.loc[term, f"hc3_{column}"],
                cells[key],
                CLOSED,
                call,
                name,
            )
    for column, key in PARTS:
        for term, cell in r[key].items():
            yield Row(
                f"regression {term} {column}", table.loc[term, column], cell, CLOSED, call, name
            )
    for attribute, key in WHOLE:
        yield Row(f"regression {attribute}", getattr(ours, attribute), r[key], CLOSED, call, name)
    call = "lmtest::bptest; cooks.distance, hatvalues, rstudent of the lm"
    koenker = ours.assumptions.loc["breusch_pagan"]
    yield Row(
        "Breusch-Pagan",
        koenker["statistic"],
        r["breusch_pagan_koenker"]["stat"],
        CLOSED,
        call,
        name,
    )
    yield Row("Breusch-Pagan p", koenker["p"], r["breusch_pagan_koenker"]["p"], CLOSED, call, name)
    yield Row("Cook max", ours.influence["cook_max"], r["cooks_max"], CLOSED, call, name)
    yield Row("Cook > 4/n", ours.influence["cook_over_4_n"], r["cooks_over_4_n"], 0, call, name)
    yield Row("leverage max", ours.influence["leverage_max"], r["hat_max"], CLOSED, call, name)
    yield Row(
        "rstudent max", ours.influence["studentized_max"], r["rstudent_max_abs"], CLOSED, call, name
    )


def descriptive_rows(name: str) -> Iterator[Row]:
    ours = screening.descriptives(answers(name))
    call = "mean, sd, median; psych::skew, psych::kurtosi with type = 1, 2, 3"
    for item, r in numbers(name)["descriptives"]["items"].items():
        pairs = (
            ("n", r["n"]),
            ("missing", r["n_missing"]),
            ("mean", r["mean"]),
            ("sd", r["sd"]),
            ("median", r["median"]),
            ("skew", r["skew"]["type2_G1_sas_spss"]),
            ("kurtosis", r["kurtosis_excess"]["type2_G2_sas_spss"]),
            ("skew_g1", r["skew"]["type1_g1"]),
            ("kurtosis_g2", r["kurtosis_excess"]["type1_g2"]),
            ("skew_b1", r["skew"]["type3_b1_psych_default"]),
            ("kurtosis_b2", r["kurtosis_excess"]["type3_b2_psych_default"]),
        )
        for column, value in pairs:
            yield Row(f"{item} {column}", ours.loc[item, column], value, CLOSED, call, name)


def icc_rows() -> Iterator[Row]:
    ours = reliability.icc(pd.read_csv(HERE / "tiny_shrout_fleiss.csv")).table
    for form, r in numbers("tiny")["shrout_fleiss"]["psych_ICC_aov"].items():
        call = "psych::ICC(x, lmer = FALSE)"
        pairs = (("icc", "icc"), ("f", "F"), ("p", "p"), ("ci_low", "lower"), ("ci_high", "upper"))
        for column, key in pairs:
            yield Row(
                f"{form} {column}", ours.loc[form, column], r[key], CLOSED, call, "Shrout-Fleiss"
            )


def _both(block: Callable[[str], Iterator[Row]]) -> Iterator[Row]:
    for name in FACTORS:
        yield from block(name)


FAMILIES: dict[str, Callable[[], Iterator[Row]]] = {
    "Items": lambda: _both(descriptive_rows),
    "Alpha and omega": lambda: _both(reliability_rows),
    "One factor by ML": lambda: _both(one_factor_rows),
    "KMO, Bartlett, eigenvalues": lambda: _both(factorability_rows),
    "Exploratory factors": lambda: _both(efa_rows),
    "Regression": lambda: _both(regression_rows),
    "Intraclass correlations": icc_rows,
}
