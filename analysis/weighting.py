"""Weights against uneven response: rarely, trimmed, and never instead of the unweighted level.

Unweighted is the default. Weights are made only where the parts of the register answered at
clearly different rates and every part has enough respondents; they cure nothing that is not
tied to the parts. The card shows unweighted levels.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy import special

from analysis.errors import NotEnoughData, WrongArgument
from analysis.moments import Floats
from analysis.results import Flag, Interval

LEAST_GAP = 0.15
"""Difference of response rates beyond which weights are made."""
LEAST_CELL = 5
TRIM = (0.5, 2.0)


def called_for(answered: Mapping[Hashable, int], register: Mapping[Hashable, int]) -> bool:
    """Whether 2.7 asks for weights: rates differ by more than 15 points, each cell has five.

    ``answered``, ``register``: n and N by stratum, the same strata. Compared in integers, so
    that 15 points exactly are not more than 15. Raises `WrongArgument` for strata that do not
    fit.
    """
    _check(answered, register)
    if len(register) < 2 or min(answered.values()) < LEAST_CELL:
        return False
    names = list(register)
    return any(
        100 * (answered[a] * register[b] - answered[b] * register[a])
        > 100 * LEAST_GAP * register[a] * register[b] + 1e-6
        for a in names
        for b in names
    )


def post_stratify(strata: Sequence[Hashable], register: Mapping[Hashable, int]) -> Floats:
    """Weight (n,) of each respondent: (N_h / N) / (n_h / n), trimmed to 0.5 to 2.

    ``strata``: each respondent's part of the register; ``register``: N_h by part. Trimmed
    weights are not stretched again: a weighted mean divides by their sum. Holt & Smith (1979),
    J. R. Stat. Soc. A 142; trimming: Potter (1990). Raises `WrongArgument`.
    """
    counted = dict.fromkeys(register, 0)
    for one in strata:
        if one not in counted:
            raise WrongArgument(f"Stratum {one} of a respondent is not in the register's counts.")
        counted[one] += 1
    _check(counted, register)
    n, population = len(strata), sum(register.values())
    by_name = {
        name: float(np.clip(register[name] * n / (population * count), *TRIM))
        for name, count in counted.items()
        if count
    }
    return np.array([by_name[one] for one in strata])


def effective_n(weights: npt.ArrayLike) -> float:
    """Kish's effective sample size (sum w)^2 / sum w^2 (Kish 1965, Survey Sampling, 11.7)."""
    w = np.asarray(weights, dtype=np.float64)
    return float(w.sum() ** 2 / (w**2).sum())


def weighted_interval(
    values: npt.ArrayLike, weights: npt.ArrayLike, population: int, *, level: float = 0.95
) -> Interval:
    """Weighted mean with its interval, Kish's n in the place of n.

    m -/+ t(n' - 1) s / sqrt(n') sqrt(1 - n'/N), m = sum wx / sum w, s^2 = sum w (x - m)^2 /
    sum w x n' / (n' - 1), n' = `effective_n`; equal weights give `levels.mean_interval`.
    ``values``: one score a person, NaN left out with its weight. ``n`` of the result is the
    number of persons, the flag ``effective_n`` holds n'. Show it beside the unweighted level.
    Raises `NotEnoughData` (n < 2), `WrongArgument` (n > N, a weight of 0 or less).
    """
    x = np.asarray(values, dtype=np.float64).ravel()
    w = np.asarray(weights, dtype=np.float64).ravel()
    if x.shape != w.shape or not (w > 0).all():
        raise WrongArgument("Each score needs one weight above 0.")
    x, w = x[~np.isnan(x)], w[~np.isnan(x)]
    if len(x) < 2:
        raise NotEnoughData(f"{len(x)} scores: a mean with an interval needs two or more.")
    if len(x) > population:
        raise WrongArgument(
            f"{len(x)} answers from a register of {population} members: mend N or the rows."
        )
    n = effective_n(w)
    mean = float((w * x).sum() / w.sum())
    sd = float(np.sqrt((w * (x - mean) ** 2).sum() / w.sum() * n / (n - 1)))
    reach = float(special.stdtrit(n - 1, 1 - (1 - level) / 2)) * sd / np.sqrt(n)
    reach *= float(np.sqrt(1 - n / population))
    return Interval(
        n=len(x),
        method="weighted mean, Student's t with Kish's n, finite population correction",
        missing="left out",
        flags=(Flag("effective_n", value=n),),
        estimate=mean,
        ci_low=mean - reach,
        ci_high=mean + reach,
        level=level,
        population=population,
        sd=sd,
    )


def _check(answered: Mapping[Hashable, int], register: Mapping[Hashable, int]) -> None:
    if set(answered) != set(register):
        odd = sorted(str(name) for name in set(answered) ^ set(register))
        raise WrongArgument(f"Strata of respondents and register differ: {', '.join(odd)}.")
    over = [str(name) for name in register if answered[name] > register[name]]
    if over or not register:
        raise WrongArgument(f"More answers than members in {', '.join(over) or 'no stratum'}.")
