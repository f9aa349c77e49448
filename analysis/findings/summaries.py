"""Results that findings make themselves: counts of persons, lines of power, answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.results import Result

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True, eq=False)
class CarelessSummary(Result):
    """How many persons carry which careless flag; nobody can be told from it."""

    excluded: int
    exclude_at: int
    by_flag: dict[str, int]
    """Flag of the definition -> persons with a point."""
    by_points: dict[str, int]
    """Points -> persons."""
    far: int | None
    """Persons with a Mahalanobis distance beyond the plan's p; None below the plan's n."""
    median_run: float
    """Median of the longest run of equal answers."""
    median_sd: float
    """Median of the within-person SD."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelComparison(Result):
    """Every confirmatory model of the plan beside the others."""

    table: pd.DataFrame
    """Rows "model estimator": factors, items, parameters, cases_per_parameter, chisq, df, p,
    cfi, tli, rmsea, rmsea_low, rmsea_high, srmr, aic, bic. MLR: scaled chi-square, robust
    indices; WLSMV: scaled ones (its robust ones are not defined by all)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PowerLines(Result):
    """What this many persons can find."""

    table: pd.DataFrame
    """Rows r2 (the test of R2), coefficient (one of them), corrected (one of them at level /
    predictors): alpha, smallest_f2 at the power wanted, and power_small, power_medium,
    power_large at the plan's f2."""
    predictors: int
    power: float
    needed_medium: int
    """Persons for the wanted power of one corrected coefficient at the plan's medium f2."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FimlRegression(Result):
    """The regression from maximum-likelihood moments of all rows with an answer."""

    outcome: str
    predictors: tuple[str, ...]
    coefficients: pd.DataFrame
    """By predictor: b, boot_low, boot_high."""
    r2: float
    incomplete: float
    """Share of the rows used that lack a score of the model."""
    n_boot: int
    boot_failed: int
    seed: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Answer(Result):
    """What a hypothesis met."""

    code: str
    family: str
    kind: str
    estimate: float
    ci_low: float
    ci_high: float
    p: float
    p_adjusted: float
    """Over the family's tests that could be computed."""
    correction: str
    level: float
    verdict: str
    """``consistent``: expected sign, corrected p below the family's level; ``opposite``: the
    other sign, so; ``unclear``: neither; ``not_enough``: unclear at an n at which that says
    nothing."""
