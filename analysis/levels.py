"""Levels of this community at this wave, with the finite population correction.

N = eligible members on the register at wave opening. The correction belongs to levels
only: never to reliability, correlation, regression, change or comparisons.
"""

from __future__ import annotations

from math import comb

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


def _tail(marked: int, k: int, n: int, population: int) -> tuple[int, int]:
    """Ways to draw at least k, and at most k, of ``marked`` in n of N."""

    def ways(i: int) -> int:
        return comb(marked, i) * comb(population - marked, n - i)

    at_most = sum(ways(i) for i in range(k + 1))
    return comb(population, n) - at_most + ways(k), at_most


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
    total = comb(population, n)
    first, last = k, population - (n - k)

    def low_fits(marked: int) -> bool:
        return 40 * _tail(marked, k, n, population)[0] > total

    def high_fits(marked: int) -> bool:
        return 40 * _tail(marked, k, n, population)[1] > total

    a, b = first, last  # P(X >= k | M) rises with M: smallest M that fits
    while a < b:
        middle = (a + b) // 2
        a, b = (a, middle) if low_fits(middle) else (middle + 1, b)
    low = a
    a, b = first, last  # P(X <= k | M) falls with M: largest M that fits
    while a < b:
        middle = (a + b + 1) // 2
        a, b = (middle, b) if high_fits(middle) else (a, middle - 1)
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
