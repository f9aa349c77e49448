"""Explanation, change, screening and factor counts beside R's numbers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis import (
    change,
    factors,
    groups,
    halves,
    hierarchy,
    least_squares,
    mediation,
    missingness,
    moderation,
    residual_tests,
    screening,
)
from tests.reference.rows import Row

HERE = Path(__file__).parent
CLOSED = 1e-9
DATA = ("bfi", "holzinger1939")


@cache
def numbers(name: str) -> dict[str, Any]:
    """R's numbers of a data set."""
    return json.loads((HERE / "explain.json").read_text(encoding="utf-8"))[name]


@cache
def file(name: str) -> pd.DataFrame:
    return pd.read_csv(HERE / f"{name}.csv")


def answers(name: str) -> pd.DataFrame:
    """The items, raw."""
    return file(name)[numbers(name)["items"]]


def keyed(name: str, keys: list[str]) -> pd.DataFrame:
    low, high = numbers(name)["response_range"]
    raw = answers(name)
    return pd.DataFrame(
        {
            key.lstrip("-"): low + high - raw[key[1:]] if key.startswith("-") else raw[key]
            for key in keys
        }
    )


@cache
def scores(name: str, *, complete: bool) -> pd.DataFrame:
    """Means of keyed items over the items answered, summed in extended precision as R does.

    The last bit decides which scores tie, and with it ranks.
    """
    columns = {}
    for scale, keys in numbers(name)["scale_keys"].items():
        data = keyed(name, keys).to_numpy(dtype=np.longdouble)
        seen = ~np.isnan(data)
        total = np.where(seen, data, 0).sum(axis=1)
        columns[scale] = (total / seen.sum(axis=1)).astype(np.float64)
    frame = pd.DataFrame(columns)
    return frame[answers(name).notna().all(axis=1)] if complete else frame


def hierarchy_rows(name: str) -> Iterator[Row]:
    r = numbers(name)["regression"]
    outcome = r["formula"].split(" ~ ")[0]
    steps = r["hierarchical"]
    added = [x for x in steps["step2"] if x not in steps["step1"]]
    found = hierarchy.hierarchical(
        scores(name, complete=True), outcome, [steps["step1"], added], n_boot=0
    )
    last = found.table.iloc[-1]
    call = f"anova(lm({outcome} ~ step 1), lm({outcome} ~ step 2))"
    yield Row("hierarchical delta R2", last["delta_r2"], steps["delta_r2"], CLOSED, call, name)
    yield Row("hierarchical F change", last["f_change"], steps["F_change"], CLOSED, call, name)
    yield Row("hierarchical p", last["p"], steps["p"], CLOSED, call, name)


def mediation_rows(name: str) -> Iterator[Row]:
    r = numbers(name)["mediation"]
    found = mediation.indirect(scores(name, complete=True), r["x"], r["m"], r["y"], n_boot=5000)
    p = found.paths
    lm = f"lm({r['m']} ~ {r['x']}); lm({r['y']} ~ {r['x']} + {r['m']})"
    pairs = (
        ("n", found.n, r["n"]),
        ("a", p.at["a", "b"], r["a"]),
        ("a SE", p.at["a", "se"], r["se_a"]),
        ("b", p.at["b", "b"], r["b"]),
        ("b SE", p.at["b", "se"], r["se_b"]),
        ("c", p.at["c", "b"], r["c_total"]),
        ("c'", p.at["c_prime", "b"], r["c_prime"]),
        ("a b", found.indirect, r["indirect_ab"]),
        ("Sobel SE", found.sobel_se, r["sobel_se"]),
        ("Sobel z", found.sobel_z, r["sobel_z"]),
        ("Aroian SE", found.aroian_se, r["aroian_se"]),
        ("standardised a b", found.standardized, r["std_indirect"]),
    )
    for what, ours, theirs in pairs:
        yield Row(f"mediation {what}", ours, theirs, CLOSED, lm, name)
    boot = r["bootstrap"]
    # two bootstraps of 2000 and 5000: limits differ by about .05 SE each, SEs by 2 %
    call = "2000 resamples of rows, own loop over lm"
    for i, what in enumerate(("low", "high")):
        yield Row(
            f"mediation percentile {what}",
            found.percentile[i],
            boot["percentile_ci"][i],
            0.2 * boot["se"],
            call,
            name,
        )
    yield Row("mediation bootstrap SE", found.boot_se, boot["se"], 0.06 * boot["se"], call, name)


def moderation_rows(name: str) -> Iterator[Row]:
    r = numbers(name)["moderation"]
    found = moderation.moderate(scores(name, complete=True), r["y"], r["x"], r["w"])
    call = f"lm({r['y']} ~ X * W), X and W minus their means"
    terms = {"(Intercept)": "(Intercept)", "X": r["x"], "W": r["w"], "X:W": f"{r['x']}:{r['w']}"}
    columns = (("b", "est"), ("se", "se"), ("t", "t"), ("p", "p"), ("ci_low", "ci_lower"))
    for term, ours in terms.items():
        for mine, theirs in columns:
            yield Row(
                f"moderation {term} {mine}",
                found.coefficients.at[ours, mine],
                r["coefficients"][term][theirs],
                CLOSED,
                call,
                name,
            )
    for what, ours, theirs in (
        ("R2", found.r2, r["r2"]),
        ("delta R2", found.delta_r2, r["delta_r2"]),
        ("F change", found.f_change, r["F_change"]),
        ("p change", found.p_change, r["p_change"]),
    ):
        yield Row(f"moderation {what}", ours, theirs, CLOSED, call, name)
    for place, line in r["simple_slopes"].items():
        for mine, theirs in columns:
            yield Row(
                f"simple slope {place} {mine}",
                found.simple_slopes.at[place, mine],
                line[theirs],
                CLOSED,
                f"{call}, W moved by one SD",
                name,
            )


def group_rows(name: str) -> Iterator[Row]:
    frame = scores(name, complete=False)
    for group, block in numbers(name)["group_comparison"].items():
        labels = file(name)[group]
        first, second = next(iter(block.values()))["n"]
        one, two = (frame[labels.astype(str) == label] for label in (first, second))
        ours = change.unpaired(two, one).table
        tests = groups.compare(frame, labels).tests
        for scale, r in block.items():
            a, b = ours.loc[scale], tests.loc[scale]
            lines = (
                ("Welch t", a["t"], r["welch"]["t"], "t.test"),
                ("Welch df", a["df"], r["welch"]["df"], "t.test"),
                ("Welch p", a["p"], r["welch"]["p"], "t.test"),
                ("Welch low", a["ci_low"], r["welch"]["ci"][0], "t.test"),
                ("Student t", a["student_t"], r["student"]["t"], "t.test(var.equal = TRUE)"),
                ("Student p", a["student_p"], r["student"]["p"], "t.test(var.equal = TRUE)"),
                ("d", a["d"], r["cohens_d_pooled"], "by formula"),
                ("g", a["g"], r["hedges_g_exact"], "by formula, gamma"),
                ("W", a["w"], r["mann_whitney"]["W"], "wilcox.test(exact = FALSE)"),
                ("W p", a["mann_whitney_p"], r["mann_whitney"]["p_cc"], "wilcox.test"),
                ("ANOVA F", b["f"], r["anova"]["F"], "aov"),
                ("ANOVA p", b["p"], r["anova"]["p"], "aov"),
                ("eta2", b["eta2"], r["anova"]["eta2"], "aov"),
                ("omega2", b["omega2"], r["anova"]["omega2"], "aov"),
                ("Welch ANOVA F", b["welch_f"], r["welch_anova"]["F"], "oneway.test"),
                ("Welch ANOVA df2", b["welch_df2"], r["welch_anova"]["df2"], "oneway.test"),
                ("Kruskal H", b["kruskal_h"], r["kruskal"]["H"], "kruskal.test"),
                ("Kruskal p", b["kruskal_p"], r["kruskal"]["p"], "kruskal.test"),
                ("Levene F", b["levene_f"], r["levene_median"]["F"], "car::leveneTest"),
                ("Levene p", b["levene_p"], r["levene_median"]["p"], "car::leveneTest"),
            )
            for what, mine, theirs, call in lines:
                # kruskal.test ranks by the last bit but counts ties at 15 digits
                share = 1e-4 if what.startswith("Kruskal") else CLOSED
                loose = max(share * abs(theirs), CLOSED)
                yield Row(f"{scale} by {group} {what}", mine, theirs, loose, call, name)


def careless_rows(name: str) -> Iterator[Row]:
    found = screening.careless(answers(name))
    blocks = (
        ("longstring, NA breaks", found.longstring, "longstring_na_breaks_run", "by formula"),
        (
            "longstring, NA skipped",
            found.longstring_skipping,
            "longstring_na_skipped",
            "by formula",
        ),
        ("IRV", found.irv, "irv_sd_n_minus_1", "apply(x, 1, sd, na.rm = TRUE)"),
        (
            "Mahalanobis squared",
            found.mahalanobis_sq,
            "mahalanobis_sq_complete_cases",
            "mahalanobis(x, colMeans(x), cov(x)), complete rows",
        ),
    )
    for label, ours, key, call in blocks:
        r = numbers(name)["careless"][key]
        seen = ours.dropna()
        for what, mine in (
            ("n", len(seen)),
            ("mean", seen.mean()),
            ("sd", seen.std()),
            ("min", seen.min()),
            ("q95", seen.quantile(0.95)),
            ("max", seen.max()),
        ):
            yield Row(f"{label} {what}", mine, r["summary"][what], 1e-8, call, name)
        theirs = np.array([np.nan if x is None else x for x in r["first100"]], dtype=float)
        gap = np.nan_to_num(np.abs(ours.to_numpy(dtype=float)[:100] - theirs))
        what = f"{label}, largest difference of the first 100 persons"
        yield Row(what, float(gap.max()), 0.0, 1e-8, call, name)


def factor_count_rows(name: str) -> Iterator[Row]:
    for missing in ("pairwise", "listwise"):
        r = numbers(name).get(f"map_{missing}")
        if r is None:
            continue
        found = factors.minimum_average_partial(answers(name), missing=missing)
        call = "by formula; psych::vss(x, ...)$map from step 1"
        yield Row(f"MAP {missing}", found.n_factors, r["n_1976"], 0, call, name)
        yield Row(f"MAP 4th {missing}", found.n_factors_4th, r["n_2000"], 0, call, name)
        for column, key in (("squared", "avg_partial_sq_1976"), ("fourth", "avg_partial_4th_2000")):
            for step, theirs in enumerate(r[key]):
                # the last steps divide by what is nearly nothing: R loses digits there too
                loose = CLOSED if step < len(r[key]) // 2 else 5e-8
                mine = found.averages[column].iloc[step]
                yield Row(f"MAP {missing} {column} {step}", mine, theirs, loose, call, name)
    r = numbers(name)["parallel"]
    found = factors.parallel(answers(name), missing="pairwise")
    call = "500 normal samples, quantile .95, eigen(cor(x)) and eigen of the SMC-reduced"
    horn = r["horn"]
    yield Row("parallel components", found.n_components, horn["n_pca_p95"], 0, call, name)
    yield Row("parallel factors", found.n_factors, horn["n_smc_p95"], 0, call, name)
    yield Row(
        "parallel components, psych", found.n_components, r["psych"]["ncomp"], 0,
        "psych::fa.parallel(n.iter = 100, quant = .95)", name,
    )  # fmt: skip
    for i in range(5):
        for column, key in (("components", "pca_p95"), ("factors", "smc_p95")):
            # a quantile of 500 draws has a standard error of about .002 to .005 here
            yield Row(
                f"parallel reference {column} {i + 1}",
                found.reference[column].iloc[i],
                horn[key][i],
                0.02,
                call,
                name,
            )


def halves_rows(name: str) -> Iterator[Row]:
    for scale, r in numbers(name)["halves"].items():
        frame = keyed(name, r["keys"])
        ours = halves.odd_even(frame)
        call = "cor(rowMeans(odd), rowMeans(even)), complete rows"
        yield Row(f"{scale} odd-even r", ours.r, r["odd_even"]["r"], CLOSED, call, name)
        theirs = r["odd_even"]["spearman_brown"]
        yield Row(f"{scale} Spearman-Brown", ours.spearman_brown, theirs, CLOSED, call, name)
        # psych 2.2.9 visits only the first half of the splits of an odd number of items
        values = halves.split_half(frame).splits["reliability"].to_numpy()
        visited = values[: -(-len(values) // 2)]
        call = "psych::splitHalf (odd k: the first half of combn's splits)"
        split = r["splithalf"]
        yield Row(f"{scale} lambda 4", visited.max(), split["max_lambda4"], CLOSED, call, name)
        yield Row(f"{scale} beta", visited.min(), split["min_beta"], CLOSED, call, name)


def residual_rows(name: str) -> Iterator[Row]:
    r = numbers(name)["regression"]
    outcome, right = r["formula"].split(" ~ ")
    predictors, frame = right.split(" + "), scores(name, complete=True)
    data, _ = least_squares.used_rows(frame, [outcome, *predictors])
    tests = residual_tests.spread_tests(
        least_squares.fit(outcome, predictors, data[:, 1:], data[:, 0])
    )
    for row, key, call in (
        ("breusch_pagan", "breusch_pagan_koenker", "lmtest::bptest"),
        ("breusch_pagan_original", "breusch_pagan_original", "bptest(studentize = FALSE)"),
        ("score_fitted", "car_ncvTest_fitted", "car::ncvTest"),
        ("white", "white_test", "n R2 of e^2 on fitted and fitted^2"),
    ):
        yield Row(f"{row}", tests.at[row, "statistic"], r[key]["stat"], CLOSED, call, name)
        yield Row(f"{row} p", tests.at[row, "p"], r[key]["p"], CLOSED, call, name)
    ours = residual_tests.durbin_watson(frame, outcome, predictors, order=np.arange(len(frame)))
    dw, call = r["durbin_watson"], "lmtest::dwtest"
    yield Row("Durbin-Watson", ours.statistic, dw["stat"], CLOSED, call, name)
    yield Row("Durbin-Watson p", ours.p_positive, dw["p_one_sided_greater"], CLOSED, call, name)


def sleep_rows() -> Iterator[Row]:
    r = numbers("tiny")["sleep"]["tests"]["drug1_drug2"]
    table = file("tiny_sleep")
    before, after = (table[[c]].set_axis(["x"], axis=1) for c in ("drug1", "drug2"))
    ours = change.paired(before, after).table.loc["x"]
    call = "t.test(drug2, drug1, paired = TRUE)"
    for mine, theirs in (
        ("difference", r["mean_diff"]),
        ("sd_difference", r["sd_diff"]),
        ("t", r["t"]),
        ("df", r["df"]),
        ("p", r["p"]),
        ("ci_low", r["ci"][0]),
        ("ci_high", r["ci"][1]),
        ("r", r["r"]),
        ("dz", r["dz"]),
        ("d_av_mean_sd", r["d_av_mean_of_sds"]),
        ("d_av_root_mean_var", r["d_av_root_mean_var"]),
        ("d_rm", r["d_rm"]),
    ):
        yield Row(f"sleep {mine}", ours[mine], theirs, CLOSED, call, "sleep")
    call = "wilcox.test(paired = TRUE, exact = FALSE)"
    w = r["wilcoxon"]
    yield Row("sleep V", ours["v"], w["V"], 0, call, "sleep")
    yield Row("sleep n beyond 0", ours["wilcoxon_n"], w["n_nonzero"], 0, call, "sleep")
    yield Row("sleep Wilcoxon p", ours["wilcoxon_p"], w["p_normal_cc"], CLOSED, call, "sleep")
    rank = w["rank_biserial_matched"]
    yield Row("sleep rank-biserial", ours["rank_biserial"], rank, CLOSED, call, "sleep")


def missing_rows() -> Iterator[Row]:
    r = numbers("airquality")
    found = missingness.little_mcar(file("airquality"))
    call = "naniar::mcar_test(airquality)"
    # norm's EM stops at a relative change of 1e-4; ours at 1e-10
    yield Row("Little's chi2", found.chi2, r["statistic"], 1e-3, call, "airquality")
    yield Row("Little's df", found.df, r["df"], 0, call, "airquality")
    yield Row("Little's p", found.p, r["p"], 1e-6, call, "airquality")
    yield Row("patterns", found.n_patterns, r["patterns"], 0, call, "airquality")
    for name in DATA:
        theirs, ours = numbers(name)["missing"], missingness.missing_map(answers(name))
        call = "sum(is.na(x)); sum(complete.cases(x))"
        yield Row("missing cells", ours.missing_cells, theirs["total_na"], 0, call, name)
        yield Row("complete rows", ours.complete_rows, theirs["n_complete"], 0, call, name)


def _both(block: Callable[[str], Iterator[Row]]) -> Iterator[Row]:
    for name in DATA:
        yield from block(name)


FAMILIES: dict[str, Callable[[], Iterator[Row]]] = {
    "Hierarchical regression": lambda: _both(hierarchy_rows),
    "Mediation": lambda: _both(mediation_rows),
    "Moderation": lambda: _both(moderation_rows),
    "Groups": lambda: _both(group_rows),
    "Careless answers": lambda: _both(careless_rows),
    "Number of factors": lambda: _both(factor_count_rows),
    "Halves": lambda: _both(halves_rows),
    "Residual tests": lambda: _both(residual_rows),
    "Change": sleep_rows,
    "Missing answers": missing_rows,
}
