"""Fit measures of a covariance structure, in lavaan's names and conventions.

N = n (not n - 1); CFI, TLI against independence; RMSEA with a 90 % interval; SRMR without
the mean structure. Formulas: Bollen (1989), Steiger (1990), Hu & Bentler (1999), as in
lavaan 0.6 (``fitMeasures``). Tails are taken by survival functions.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special

from analysis.moments import Floats


def chi2_tail(x: float, df: float) -> float:
    """P(chi-square with ``df`` >= x)."""
    return float(special.chdtrc(df, max(x, 0.0)))


def noncentrality(x: float, df: float, probability: float) -> float:
    """Return the ncp at which P(chi-square(df, ncp) <= x) = ``probability``; 0 if none."""

    def gap(ncp: float) -> float:
        return float(special.chndtr(x, df, ncp)) - probability

    if x <= 0 or gap(0.0) <= 0:
        return 0.0
    return bisect(gap, 0.0, x + 10 * np.sqrt(x) + 50)


def noncentral_tail(x: float, df: float, ncp: float) -> float:
    """P(chi-square(df, ncp) > x), also where 1 - cdf would print 0.

    The upper tail is the Poisson(ncp / 2) mixture of central upper tails, summed over the
    terms that carry it.
    """
    if x <= 0:
        return 1.0
    if ncp <= 0:
        return chi2_tail(x, df)
    lower = float(special.chndtr(x, df, ncp))
    if lower < 0.9:
        return 1 - lower
    if (x - df - ncp) / np.sqrt(2 * (df + 2 * ncp)) > 60:
        return 0.0
    centre = ncp / 2
    high = max(centre, x / 2)
    terms = np.arange(max(0.0, centre - 12 * np.sqrt(centre) - 50), high + 12 * np.sqrt(high) + 50)
    terms = np.floor(terms)
    weights = np.exp(terms * np.log(centre) - centre - special.gammaln(terms + 1))
    return float(weights @ special.gammaincc(df / 2 + terms, x / 2))


def bisect(gap: Callable[[float], float], low: float, high: float) -> float:
    """Root of a falling function between ``low`` (positive) and ``high``."""
    while gap(high) > 0:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        if gap(middle) > 0:
            low = middle
        else:
            high = middle
        if high - low <= 1e-12 * max(high, 1.0):
            break
    return (low + high) / 2


def fit_measures(
    chisq: float, df: int, n: int, *, sample: Floats, implied: Floats, free: int
) -> dict[str, float | None]:
    """Fit of one group without mean structure, in lavaan's ``fitMeasures`` names.

    ``sample`` and ``implied`` are (p, p) with divisor n; ``free`` = free parameters.
    df = 0 has CFI 1, TLI 1, RMSEA 0 and no p.
    """
    p = len(sample)
    sd2 = np.diag(sample)
    base_df = p * (p - 1) // 2
    baseline = n * float(np.log(sd2).sum() - np.linalg.slogdet(sample)[1])
    gain, base_gain = max(chisq - df, 0.0), max(baseline - base_df, chisq - df, 0.0)
    residual = (sample - implied) / np.sqrt(np.outer(sd2, sd2))
    lower = residual[np.tril_indices(p)]
    saturated = -n / 2 * (p * np.log(2 * np.pi) + np.linalg.slogdet(sample)[1] + p)
    logl = float(saturated) - chisq / 2
    measures: dict[str, float | None] = {
        "npar": free,
        "chisq": chisq,
        "df": df,
        "pvalue": chi2_tail(chisq, df) if df else None,
        "baseline.chisq": baseline,
        "baseline.df": base_df,
        "cfi": 1 - gain / base_gain if base_gain > 0 else 1.0,
        "tli": 1 - (chisq - df) * base_df / ((baseline - base_df) * df) if df else 1.0,
        "rmsea": float(np.sqrt(max(chisq / (n * df) - 1 / n, 0.0))) if df else 0.0,
        "srmr": float(np.sqrt((lower**2).mean())),
        "logl": logl,
        "aic": -2 * logl + 2 * free,
        "bic": -2 * logl + free * float(np.log(n)),
    }
    for name, probability in (("rmsea.ci.lower", 0.95), ("rmsea.ci.upper", 0.05)):
        ncp = noncentrality(chisq, df, probability) if df else 0.0
        measures[name] = float(np.sqrt(ncp / (n * df))) if df else 0.0
    return measures
