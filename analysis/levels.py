"""Levels of this community at this wave, with the finite population correction.

N = eligible members on the register at wave opening. The correction belongs to levels
only: never to reliability, correlation, regression, change or comparisons.
"""

from __future__ import annotations

from math import comb
from operator import index

import numpy as np
import numpy.typing as npt
from scipy import special

from analysis.errors import NotEnoughData, WrongArgument
from analysis.results import Flag, Interval


def _require_fits(n: int, population: int | None) -> None:
    if population is not None and n > population:
        raise WrongArgument(
            f"{n} answers from a register of {population} members: the register is out of "
            "date, or rows were answered twice. Mend N or the rows."
        )


def mean_interval(
    values: npt.ArrayLike, population: int | None = None, *, level: float = 0.95
) -> Interval:
    """Mean of one score with its interval m -/+ t(n-1) s/sqrt(n) sqrt(1 - n/N).

    ``values``: one score a person, NaN = missing (left out). ``population``: N, or None for
    no correction. n = N: everybody answered, no sampling error; the limits are NaN and the
    flag ``everybody`` says why (Cochran 1977, eq. 2.20).
    Raises `NotEnoughData` (n < 2), `WrongArgument` (n > N).
    """
    data = np.asarray(values, dtype=float).ravel()
    data = data[~np.isnan(data)]
    n = len(data)
    _require_fits(n, population)
    if n < 2:
        raise NotEnoughData(f"{n} scores: a mean with an interval needs two or more.")
    mean, sd = float(data.mean()), float(data.std(ddof=1))
    share = n / population if population else 0.0
    t = float(special.stdtrit(n - 1, 1 - (1 - level) / 2))
    reach = t * sd / np.sqrt(n) * np.sqrt(1 - share)
    everybody = n == population
    return Interval(
        n=n,
        method="mean, Student's t"
        + (", finite population correction" if population else ", no correction (N unknown)"),
        missing="left out",
        flags=(Flag("everybody"),) if everybody else (),
        estimate=mean,
        ci_low=float("nan") if everybody else mean - float(reach),
        ci_high=float("nan") if everybody else mean + float(reach),
        level=level,
        population=population,
        sd=sd,
    )


_EXACT_UP_TO = 500
"""Population up to which tails are always counted in integers."""
_NEAR = 1e-6
"""Beyond it they are summed in floating point, unless this close to .025."""


def _tail(marked: int, k: int, n: int, population: int) -> tuple[int, int]:
    """Ways to draw at least k, and at most k, of ``marked`` in n of N.

    Each term is the one before times a ratio, an exact division: one `comb` a tail.
    """
    i = max(0, n - (population - marked))
    ways = comb(marked, i) * comb(population - marked, n - i)
    at_most = 0
    while i < k:
        at_most += ways
        ways = ways * (marked - i) * (n - i) // ((i + 1) * (population - marked - n + i + 1))
        i += 1
    at_most += ways
    return comb(population, n) - at_most + ways, at_most


def _rough_tail(marked: int, k: int, n: int, population: int) -> tuple[float, float]:
    """P(X >= k) and P(X <= k), by logarithms of factorials."""
    i = np.arange(max(0, n - (population - marked)), min(n, marked) + 1, dtype=np.float64)

    def log_comb(a: float, b: npt.NDArray[np.float64] | float) -> npt.NDArray[np.float64]:
        return np.asarray(
            special.gammaln(a + 1) - special.gammaln(b + 1) - special.gammaln(a - b + 1)
        )

    log = log_comb(marked, i) + log_comb(population - marked, n - i) - log_comb(population, n)
    p = np.exp(log)
    return float(p[i >= k].sum()), float(p[i <= k].sum())


def _fits(marked: int, k: int, n: int, population: int, side: int) -> bool:
    """Whether the tail (0: at least k, 1: at most k) exceeds .025."""
    if population > _EXACT_UP_TO:
        p = _rough_tail(marked, k, n, population)[side]
        if abs(p - 0.025) > _NEAR:
            return p > 0.025
    return 40 * _tail(marked, k, n, population)[side] > comb(population, n)


def proportion_interval(k: int, n: int, population: int) -> tuple[int, int]:
    """Smallest and largest number of members (of N) for whom k of n is not surprising.

    All M with P(X >= k | M) > .025 and P(X <= k | M) > .025, X hypergeometric; exact
    integers (R: ``samplingbook::Sprop`` is one wider at each end: it keeps the first
    rejected value). 27 of 45 in N = 60: 31-40 members.
    Raises `WrongArgument` for counts that cannot be.
    """
    _require_fits(n, population)
    if not 0 <= k <= n or n < 1:
        raise WrongArgument(f"{k} of {n} is no count of persons.")
    k, n, population = index(k), index(n), index(population)  # numpy's integers overflow
    first, last = k, population - (n - k)

    a, b = first, last  # P(X >= k | M) rises with M: smallest M that fits
    while a < b:
        middle = (a + b) // 2
        a, b = (a, middle) if _fits(middle, k, n, population, 0) else (middle + 1, b)
    low = a
    a, b = first, last  # P(X <= k | M) falls with M: largest M that fits
    while a < b:
        middle = (a + b + 1) // 2
        a, b = (middle, b) if _fits(middle, k, n, population, 1) else (a, middle - 1)
    return low, a


def nonresponse_bounds(k: int, n: int, population: int) -> tuple[float, float]:
    """Worst and best share if everybody silent says no, or yes: [k/N, (k + N - n)/N].

    Manski (1995). 27 of 45 in N = 60: .45 to .70.
    """
    _require_fits(n, population)
    if not 0 <= k <= n:
        raise WrongArgument(f"{k} of {n} is no count of persons.")
    return k / population, (k + population - n) / population


def measurement_error(sd: float, omega: float, n: int) -> float:
    """Standard error of a mean that measurement leaves where everybody answered.

    sd sqrt(1 - omega) / sqrt(n): one person's error is sd sqrt(1 - omega). For researchers
    only, beside a census, whose sampling error is nil. Raises `WrongArgument`.
    """
    if n < 1 or not 0 <= omega <= 1 or sd < 0:
        raise WrongArgument(f"sd {sd:g}, omega {omega:g}, n {n}: no such scale.")
    return float(sd * np.sqrt((1 - omega) / n))
