"""How many persons are needed: power of regressions, precision of levels.

Power by the noncentral F with ncp = f2 n (Cohen 1988 in the form of G*Power; f2 = share of
variance added / share left over). Precision planners work for a *finite* community, where
asking half of sixty members already tells a lot.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special

from analysis.errors import NotEnoughData, WrongArgument
from analysis.levels import proportion_interval

MOST = 10_000_000
"""A sample larger than this is not sought."""
EXACT_UP_TO = 300
"""Members up to which intervals of proportions are counted out exactly."""


def _tested(predictors: int, tested: int | None) -> int:
    chosen = predictors if tested is None else tested
    if predictors < 1 or not 1 <= chosen <= predictors:
        raise WrongArgument(
            f"{chosen} of {predictors} predictors cannot be tested; test 1 to all of them."
        )
    return chosen


def _inside(name: str, value: float, low: float = 0.0, high: float = 1.0) -> None:
    if not low < value < high:
        raise WrongArgument(f"{name} is {value:g}; it must lie between {low:g} and {high:g}.")


def achieved(
    n: int, f2: float, *, predictors: int = 4, tested: int | None = None, alpha: float = 0.05
) -> float:
    """Power of the F test of ``tested`` of ``predictors`` coefficients at ``n`` rows.

    P(F'(u, n - p - 1, f2 n) > F_crit), u = ``tested`` (None = all: the test of R2).
    R: ``pwr::pwr.f2.test`` takes ncp = f2 (u + v + 1), which equals f2 n for the test of R2.
    Raises `NotEnoughData` (n <= predictors + 1), `WrongArgument` (impossible numbers).
    """
    u, v = _tested(predictors, tested), n - predictors - 1
    _inside("alpha", alpha)
    if f2 < 0:
        raise WrongArgument(f"f2 is {f2:g}; an effect size is 0 or more.")
    if v < 1:
        raise NotEnoughData(f"{n} rows for {predictors} predictors; at least {predictors + 2}.")
    critical = float(special.fdtri(u, v, 1 - alpha))
    return float(1 - special.ncfdtr(u, v, f2 * n, critical)) if f2 > 0 else alpha


def sample_size(
    f2: float,
    *,
    predictors: int = 4,
    tested: int | None = None,
    alpha: float = 0.05,
    power: float = 0.80,
) -> int:
    """Fewest rows at which `achieved` reaches ``power``.

    f2 = .15, alpha .05, power .80: 85 for R2 with four predictors, 55 for one coefficient,
    103 with seven predictors, 118 with ten; f2 = .02: 602.
    Raises `WrongArgument` (impossible numbers, or more than ten million rows).
    """
    _inside("power", power)
    if f2 <= 0:
        raise WrongArgument(f"f2 is {f2:g}; no sample finds an effect of 0. Name an effect.")

    def enough(n: int) -> bool:
        return achieved(n, f2, predictors=predictors, tested=tested, alpha=alpha) >= power

    return _first(enough, predictors + 2, f"f2 = {f2:g}")


def smallest_effect(
    n: int,
    *,
    predictors: int = 4,
    tested: int | None = None,
    alpha: float = 0.05,
    power: float = 0.80,
) -> float:
    """Smallest f2 that ``n`` rows find with ``power``: n = 45, four predictors: .30.

    Raises what `achieved` raises.
    """
    _inside("power", power)

    def short(f2: float) -> bool:
        return achieved(n, f2, predictors=predictors, tested=tested, alpha=alpha) < power

    low, high = 0.0, 1.0
    while short(high):
        low, high = high, 2 * high
        if high > 1e6:
            raise NotEnoughData(f"{n} rows find no effect with power {power:g}; plan more rows.")
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if short(middle) else (low, middle)
    return high


def _first(enough: Callable[[int], bool], least: int, what: str, most: int = MOST) -> int:
    """Smallest n from ``least`` on that is ``enough`` (a property that stays true)."""
    low, high = least, least
    while not enough(high):
        if high >= most:
            raise WrongArgument(f"{what} needs more than {most} persons; ask for less.")
        low, high = high + 1, min(2 * high, most)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return low


def level_half_width(
    n: int, population: int | None, *, sd: float = 20.0, level: float = 0.95
) -> float:
    """Half-width of the interval of a mean: t(n-1) s/sqrt(n) sqrt(1 - n/N).

    ``sd`` in the unit of the score (about 20 of 100 points for a five-item scale).
    As `levels.mean_interval`. Raises `NotEnoughData` (n < 2), `WrongArgument` (n > N).
    """
    if n < 2:
        raise NotEnoughData(f"{n} persons: an interval needs two or more.")
    if population is not None and n > population:
        raise WrongArgument(f"{n} answers from {population} members cannot be.")
    share = n / population if population else 0.0
    t = float(special.stdtrit(n - 1, 1 - (1 - level) / 2))
    return float(t * sd / np.sqrt(n) * np.sqrt(1 - share))


def level_size(
    half_width: float, population: int | None, *, sd: float = 20.0, level: float = 0.95
) -> int:
    """Fewest answers for a level within ``half_width`` points, of N members or of many.

    sd 20, N = 60: 45 answers give 3.0. Raises `WrongArgument` (half-width not above 0).
    """
    if half_width <= 0 or sd <= 0:
        raise WrongArgument("Half-width and SD must be above 0.")

    def enough(n: int) -> bool:
        return level_half_width(n, population, sd=sd, level=level) <= half_width

    return _first(enough, 2, f"a half-width of {half_width:g}", population or MOST)


def proportion_size(half_width: float, population: int, *, share: float = 0.5) -> int:
    """Fewest answers for an exact interval of persons no wider than twice ``half_width``.

    ``half_width`` as a share of the members (0.10 = ten points); the interval is
    `levels.proportion_interval` at the count nearest to ``share`` of the answers. Integers
    make its width saw-toothed, so the answer is the n from which on every n is good enough.
    Above 300 members the normal approximation z sqrt(p(1-p)/n) sqrt(1 - n/N) serves.
    Raises `WrongArgument` (impossible shares).
    """
    _inside("half_width", half_width)
    if not 0 <= share <= 1 or population < 1:
        raise WrongArgument(f"Share {share:g} of {population} members cannot be.")
    if population > EXACT_UP_TO:
        spread = max(share * (1 - share), 1 / population)
        n0 = spread * float(special.ndtri(0.975)) ** 2 / half_width**2
        return int(np.ceil(n0 / (1 + n0 / population)))
    needed = population
    for n in range(population, 0, -1):
        low, high = proportion_interval(round(share * n), n, population)
        if (high - low) / population > 2 * half_width:
            break
        needed = n
    return needed


def alpha_needed(n: int, items: int, *, bound: float = 0.70, level: float = 0.95) -> float:
    """Alpha that n persons must show for Feldt's lower limit to reach ``bound``.

    1 - (1 - bound)/F, F the upper quantile on n - 1 and (n - 1)(k - 1) df (Feldt 1965): .82
    at n = 30, .81 at 45, .78 at 100, .76 at 200 with five items.
    Raises `NotEnoughData` (n < 3 or one item).
    """
    if n < 3 or items < 2:
        raise NotEnoughData(f"{n} persons and {items} items: alpha needs three and two.")
    _inside("level", level)
    f = float(special.fdtri(n - 1, (n - 1) * (items - 1), 1 - (1 - level) / 2))
    return 1 - (1 - bound) / f


def alpha_size(alpha: float, items: int, *, bound: float = 0.70, level: float = 0.95) -> int:
    """Fewest persons for whom an alpha of this size has Feldt's lower limit at ``bound``.

    Raises `WrongArgument` (alpha not above the bound).
    """
    if not bound < alpha < 1:
        raise WrongArgument(f"An alpha of {alpha:g} never has its lower limit at {bound:g}.")

    def enough(n: int) -> bool:
        return alpha_needed(n, items, bound=bound, level=level) <= alpha

    return _first(enough, 3, f"alpha {alpha:g} over {bound:g}")
