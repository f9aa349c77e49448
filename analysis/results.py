"""Frozen results: what an analysis found, with n, method, missing rule and flags.

Tables are pandas frames, vectors over items or predictors are Series, both indexed by
name; `Result.to_dict` turns all of it into plain JSON values, unrounded (NaN and
infinities become null). Words and rounded cells are derived from these in
`analysis.wording` and `analysis.report` and never recomputed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.errors import ImproperSolution

if TYPE_CHECKING:
    import pandas as pd

IMPROPER = frozenset({"heywood", "not_positive_definite"})


@dataclass(frozen=True, slots=True)
class Flag:
    """Something a reader must know about a result, and the names it concerns."""

    code: str
    names: tuple[str, ...] = ()
    value: float | None = None


def plain(value: Any) -> Any:  # noqa: PLR0911 - one line a kind of value
    """Turn a result's value into JSON-ready plain values, without rounding."""
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Flag):
        return {"code": value.code, "names": list(value.names), "value": plain(value.value)}
    if isinstance(value, Result):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "columns"):  # a frame: row name -> column name -> number
        return {
            str(row): dict(zip(map(str, value.columns), map(plain, cells), strict=True))
            for row, cells in zip(value.index, value.to_numpy().tolist(), strict=True)
        }
    if hasattr(value, "index"):  # a series: name -> number
        return {
            str(name): plain(cell)
            for name, cell in zip(value.index, value.to_numpy().tolist(), strict=True)
        }
    raise TypeError(f"{type(value).__name__} has no JSON form; turn it into plain values first.")


def at(frame: pd.DataFrame, row: object, column: str) -> float:
    """One number of a table."""
    return float(np.asarray(frame.at[row, column], dtype=np.float64))


@dataclass(frozen=True, kw_only=True, eq=False)
class Result:
    """What every result says of itself."""

    n: int
    """Rows used."""
    method: str
    """What was computed and by which convention, in one English sentence."""
    missing: str
    """The missing rule: ``listwise``, ``pairwise`` or a sentence."""
    flags: tuple[Flag, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain JSON values."""
        return {field.name: plain(getattr(self, field.name)) for field in fields(self)}

    @property
    def proper(self) -> bool:
        """Whether the numbers are admissible (no Heywood case, positive definite)."""
        return not any(flag.code in IMPROPER for flag in self.flags)

    def require_proper(self) -> None:
        """Raise `ImproperSolution` naming the items unless the solution is admissible."""
        bad = [flag for flag in self.flags if flag.code in IMPROPER]
        if bad:
            items = [name for flag in bad for name in flag.names]
            raise ImproperSolution(
                f"The solution is not admissible ({', '.join(flag.code for flag in bad)}: "
                f"{', '.join(items)}). Use fewer factors, more rows, or leave the item out.",
                items,
            )


@dataclass(frozen=True, kw_only=True, eq=False)
class Alpha(Result):
    """Internal consistency of a sum of items."""

    raw: float
    standardized: float
    ci_low: float
    ci_high: float
    level: float
    mean_r: float
    median_r: float
    lambda6: float
    k: int
    item_total: pd.Series
    """Corrected: r of each item with the sum of the others."""
    item_total_uncorrected: pd.Series
    """r of each item with the sum that contains it (the usual thesis "r hitung")."""
    if_deleted: pd.Series
    if_deleted_standardized: pd.Series


@dataclass(frozen=True, kw_only=True, eq=False)
class Omega(Result):
    """Reliability of the raw sum score under one factor."""

    estimate: float
    standardized: float
    """Of the sum of z-scores; not the score anybody computes."""
    ci_low: float
    ci_high: float
    level: float
    interval: str
    n_boot: int
    boot_failed: int
    seed: int
    loadings: pd.Series
    uniquenesses: pd.Series
    standardized_loadings: pd.Series
    ave: float
    """Mean squared standardised loading."""
    fit: dict[str, float | None]


@dataclass(frozen=True, kw_only=True, eq=False)
class IntraclassCorrelations(Result):
    """The six Shrout-Fleiss forms."""

    table: pd.DataFrame


@dataclass(frozen=True, kw_only=True, eq=False)
class Adequacy(Result):
    """Whether correlations are worth factoring."""

    kmo: float
    msa: pd.Series
    bartlett_chi2: float
    bartlett_df: int
    bartlett_p: float
    determinant: float
    eigenvalues: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Exploration(Result):
    """An exploratory factor solution."""

    extraction: str
    rotation: str
    n_factors: int
    starts: int
    """Rotation starts, the unrotated loadings included."""
    starts_at_best: int
    """Starts that ended in the lowest minimum of the criterion, the one reported."""
    extraction_starts: int
    """1, or all that were tried after a Heywood case or where the first did not settle."""
    seed: int
    loadings: pd.DataFrame
    phi: pd.DataFrame
    structure: pd.DataFrame
    communalities: pd.Series
    uniquenesses: pd.Series
    variance: pd.DataFrame
    chi2: float
    df: int
    p: float
    rmsea: float
    rmsea_ci: tuple[float, float]
    tli: float
    rmsr: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Regression(Result):
    """Least squares with robust standard errors."""

    outcome: str
    predictors: tuple[str, ...]
    coefficients: pd.DataFrame
    r2: float
    adj_r2: float
    r2_ci: tuple[float, float]
    f: float
    f_df: tuple[int, int]
    f_p: float
    f2: float
    sigma: float
    assumptions: pd.DataFrame
    influence: dict[str, Any]
    n_boot: int
    boot_failed: int
    seed: int
    dropped: int


@dataclass(frozen=True, kw_only=True, eq=False)
class ItemAnalysis(Result):
    """Every item of a scale beside its scale."""

    critical_r: float
    table: pd.DataFrame


@dataclass(frozen=True, kw_only=True, eq=False)
class Correlations(Result):
    """Correlations between scales."""

    kind: str
    r: pd.DataFrame
    ci_low: pd.DataFrame
    ci_high: pd.DataFrame
    p: pd.DataFrame
    p_holm: pd.DataFrame


@dataclass(frozen=True, kw_only=True, eq=False)
class Parallel(Result):
    """How many components and factors exceed chance."""

    n_components: int
    n_factors: int
    observed: pd.DataFrame
    """Eigenvalue number x (components, factors)."""
    reference: pd.DataFrame
    quantile: float
    repetitions: int
    seed: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Level(Result):
    """Where a community stands on one scale."""

    mean: Interval
    pomp: float
    pomp_low: float
    pomp_high: float
    favourable: int
    """Persons whose score is at least 62.5 of 100 (3.5 of 5)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Median(Result):
    """The middle score of a small group; no spread, which would expose persons."""

    median: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Pair(Result):
    """Reliability of an index of two items."""

    spearman_brown: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Interval(Result):
    """An estimate of a level with its interval."""

    estimate: float
    ci_low: float
    ci_high: float
    level: float
    population: int | None
    sd: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Careless(Result):
    """Indices of careless answering, one row a person."""

    table: pd.DataFrame


@dataclass(frozen=True, kw_only=True, eq=False)
class Description(Result):
    """What was answered to one item."""

    missing_by_kind: dict[str, int]
    mean: float
    sd: float
    skew: float
    kurtosis: float
    counts: dict[str, int]
    floor: float
    ceiling: float
