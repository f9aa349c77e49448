"""Scores of several groups compared: analysis of variance and its sturdier relatives."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import special

from analysis.confirm.measures import chi2_tail
from analysis.correlations import ranks
from analysis.errors import DegenerateItem, NotEnoughData, WrongArgument
from analysis.least_squares import f_tail
from analysis.moments import Floats, values
from analysis.multiplicity import adjust
from analysis.results import Flag, Result
from analysis.two_samples import unpaired_t

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True, eq=False)
class GroupComparison(Result):
    """One grouping, every score."""

    groups: tuple[str, ...]
    means: pd.DataFrame
    """Score x group."""
    sds: pd.DataFrame
    sizes: pd.DataFrame
    tests: pd.DataFrame
    """By score: f df1 df2 p (ANOVA) eta2 omega2, welch_f welch_df2 welch_p, kruskal_h
    kruskal_p, levene_f levene_p (about medians)."""
    pairs: pd.DataFrame
    """Rows "score: a - b": `two_samples.unpaired_t` (Welch), p_holm within the score."""


def _welch(parts: list[Floats]) -> tuple[float, float, float, float]:
    """Welch's ANOVA: F, df1, df2, p (Welch 1951; R: ``oneway.test``)."""
    k = len(parts)
    n = np.array([len(x) for x in parts], dtype=float)
    mean = np.array([x.mean() for x in parts])
    variance = np.array([x.var(ddof=1) for x in parts])
    if (variance <= 0).any():
        return float("nan"), k - 1.0, float("nan"), float("nan")
    w = n / variance
    grand = (w * mean).sum() / w.sum()
    lam = float((((1 - w / w.sum()) ** 2) / (n - 1)).sum())
    f = float((w * (mean - grand) ** 2).sum()) / (k - 1) / (1 + 2 * (k - 2) * lam / (k**2 - 1))
    df2 = (k**2 - 1) / (3 * lam)
    return f, k - 1.0, df2, f_tail(f, k - 1, df2)


def _anova(parts: list[Floats]) -> tuple[float, float, float, float, float]:
    """F, df1, df2, eta2, omega2."""
    pooled = np.concatenate(parts)
    grand, n, k = pooled.mean(), len(pooled), len(parts)
    between = float(sum(len(x) * (x.mean() - grand) ** 2 for x in parts))
    within = float(sum(((x - x.mean()) ** 2).sum() for x in parts))
    df1, df2 = k - 1, n - k
    mse = within / df2
    f = between / df1 / mse if mse > 0 else float("nan")
    total = between + within
    return f, df1, df2, between / total, (between - df1 * mse) / (total + mse)


def _kruskal(parts: list[Floats]) -> tuple[float, float]:
    """Kruskal-Wallis H with ties corrected, and its chi-square p (R: ``kruskal.test``)."""
    pooled = np.concatenate(parts)
    n, rank = len(pooled), ranks(pooled)
    ends = np.cumsum([len(x) for x in parts])[:-1]
    h = 12 / (n * (n + 1)) * sum(r.sum() ** 2 / len(r) for r in np.split(rank, ends)) - 3 * (n + 1)
    ties = np.unique(rank, return_counts=True)[1].astype(float)
    correction = 1 - float((ties**3 - ties).sum()) / (n**3 - n)
    statistic = float(h / correction) if correction > 0 else float("nan")
    return statistic, chi2_tail(statistic, len(parts) - 1) if correction > 0 else float("nan")


def compare(
    frame: pd.DataFrame, group: npt.ArrayLike, *, least: int = 2, level: float = 0.95
) -> GroupComparison:
    """Compare every column of ``frame`` over the groups of ``group`` (one label a row).

    Groups in order of first appearance; rows without a label, and empty answers, left out.
    ANOVA with eta2 = SSB/SST and omega2 = (SSB - df1 MSE)/(SST + MSE); Welch's ANOVA, the one
    to read; Kruskal-Wallis; Levene about medians (Brown & Forsythe 1974; R:
    ``car::leveneTest``); all pairs by Welch's t with Holm within each score. Groups smaller
    than ``least`` are refused by name.
    Raises `NotEnoughData`, `WrongArgument` (labels of another length, one group),
    `DegenerateItem` (a column with one value).
    """
    import pandas as pd

    labels = pd.Series(np.asarray(group, dtype=object))
    if len(labels) != len(frame):
        raise WrongArgument(f"{len(labels)} labels for {len(frame)} rows; give one a row.")
    known = labels.notna().to_numpy()
    names = list(dict.fromkeys(labels[known].tolist()))
    if len(names) < 2:
        raise WrongArgument(f"{len(names)} group: a comparison needs two or more.")
    data, column_names = values(frame), [str(name) for name in frame.columns]
    tests: dict[str, dict[str, float]] = {}
    pairs: dict[str, dict[str, float]] = {}
    summary: dict[str, dict[str, list[float]]] = {"mean": {}, "sd": {}, "n": {}}
    uneven = []
    members = [known & (labels == name).to_numpy() for name in names]
    for name, column in zip(column_names, data.T, strict=True):
        parts = [column[rows & ~np.isnan(column)] for rows in members]
        for label, part in zip(names, parts, strict=True):
            if len(part) < max(least, 2):
                raise NotEnoughData(
                    f"{name}: group {label} has {len(part)} answers; leave it out or merge it."
                )
        pooled = np.concatenate(parts)
        if pooled.min() == pooled.max():
            raise DegenerateItem([name], values=[f"{pooled[0]:g}"])
        summary["mean"][name] = [float(x.mean()) for x in parts]
        summary["sd"][name] = [float(x.std(ddof=1)) for x in parts]
        summary["n"][name] = [len(x) for x in parts]
        f, df1, df2, eta2, omega2 = _anova(parts)
        welch_f, _, welch_df2, welch_p = _welch(parts)
        h, h_p = _kruskal(parts)
        spread = [np.abs(x - np.median(x)) for x in parts]
        levene = _anova(spread)[0] if np.ptp(np.concatenate(spread)) > 0 else float("nan")
        levene_p = float(special.fdtrc(df1, df2, levene)) if np.isfinite(levene) else float("nan")
        if levene_p < 1 - level:
            uneven.append(name)
        tests[name] = {
            "f": f,
            "df1": df1,
            "df2": df2,
            "p": float(special.fdtrc(df1, df2, f)) if np.isfinite(f) else float("nan"),
            "eta2": eta2,
            "omega2": omega2,
            "welch_f": welch_f,
            "welch_df2": welch_df2,
            "welch_p": welch_p,
            "kruskal_h": h,
            "kruskal_p": h_p,
            "levene_f": levene,
            "levene_p": levene_p,
        }
        found = {
            f"{name}: {names[i]} - {names[j]}": unpaired_t(parts[i], parts[j], level)
            for i, j in combinations(range(len(names)), 2)
        }
        holm = adjust(np.array([row["p"] for row in found.values()]), "holm")
        for row, p in zip(found.values(), holm, strict=True):
            row["p_holm"] = float(p)
        pairs |= found
    columns = pd.Index([str(name) for name in names])

    def wide(what: str) -> pd.DataFrame:
        return pd.DataFrame.from_dict(summary[what], orient="index").set_axis(columns, axis=1)

    return GroupComparison(
        n=int(known.sum()),
        method="ANOVA, Welch's ANOVA, Kruskal-Wallis, Levene about medians; pairs by Welch's t, "
        "Holm within a score",
        missing="answers of each score",
        flags=(Flag("unequal_spread", tuple(uneven)),) if uneven else (),
        groups=tuple(str(name) for name in names),
        means=wide("mean"),
        sds=wide("sd"),
        sizes=wide("n"),
        tests=pd.DataFrame.from_dict(tests, orient="index"),
        pairs=pd.DataFrame.from_dict(pairs, orient="index"),
    )
