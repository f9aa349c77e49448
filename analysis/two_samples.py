"""Two means compared: paired and unpaired tests with effect sizes, on bare numbers.

Every statistic names its convention; `analysis.change` and `analysis.groups` make tables.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from analysis.correlations import ranks
from analysis.least_squares import t_reach
from analysis.moments import Floats

EPSILON = float(np.finfo(np.float64).eps)


def hedges(df: float) -> float:
    """Factor that unbiases d: G(df/2) / (sqrt(df/2) G((df - 1)/2)) (Hedges 1981, exact)."""
    if df <= 1:
        return float("nan")
    log = special.gammaln(df / 2) - special.gammaln((df - 1) / 2) - np.log(df / 2) / 2
    return float(np.exp(log))


def _p(t: float, df: float) -> float:
    return float(2 * special.stdtr(df, -abs(t)))


def paired_t(before: Floats, after: Floats, level: float = 0.95) -> dict[str, float]:
    """Paired t of after - before, and d in its four denominators.

    dz = mean / SD of the differences; d_av_mean_sd = mean / ((SD1 + SD2)/2), d_av_root_mean_var
    = mean / sqrt((var1 + var2)/2), d_rm = dz sqrt(2 (1 - r)) (Lakens 2013); gz = dz times
    `hedges`. R: ``t.test(after, before, paired = TRUE)``. NaN where nothing varies, also where
    the differences vary by rounding only (R's rule: "data are essentially constant").
    """
    n = len(before)
    change = after - before
    mean, sd = float(change.mean()), float(change.std(ddof=1))
    if sd / np.sqrt(n) < 10 * EPSILON * max(abs(float(before.mean())), abs(float(after.mean()))):
        sd = 0.0
    sd1, sd2 = float(before.std(ddof=1)), float(after.std(ddof=1))
    se, df = sd / np.sqrt(n), n - 1
    nan = float("nan")
    r = float(np.corrcoef(before, after)[0, 1]) if sd1 > 0 and sd2 > 0 else nan
    t = mean / se if se > 0 else nan
    reach = t_reach(df, level) * se
    dz = mean / sd if sd > 0 else nan
    average = (sd1 + sd2) / 2
    pooled = float(np.sqrt((sd1**2 + sd2**2) / 2))
    return {
        "n": n,
        "mean_before": float(before.mean()),
        "mean_after": float(after.mean()),
        "sd_before": sd1,
        "sd_after": sd2,
        "r": r,
        "difference": mean,
        "sd_difference": sd,
        "se": float(se),
        "t": float(t),
        "df": df,
        "p": _p(float(t), df),
        "ci_low": float(mean - reach),
        "ci_high": float(mean + reach),
        "dz": dz,
        "gz": dz * hedges(df),
        "d_av_mean_sd": mean / average if average > 0 else nan,
        "d_av_root_mean_var": mean / pooled if pooled > 0 else nan,
        "d_rm": dz * float(np.sqrt(2 * (1 - r))),
    }


def _to_nine_digits(x: Floats) -> Floats:
    """Round to a billionth of the largest absolute value."""
    largest = float(np.abs(x).max(initial=0.0))
    if largest == 0:
        return x
    unit = 10.0 ** (np.ceil(np.log10(largest)) - 9)
    return np.asarray(np.round(x / unit) * unit, dtype=np.float64)


def wilcoxon(change: Floats) -> dict[str, float]:
    """Signed-rank test: zeros dropped, ties averaged, normal with continuity correction.

    V = ranks of the positive differences; z = (V - m(m+1)/4 -/+ .5) / sqrt(m(m+1)(2m+1)/24 -
    sum(t^3 - t)/48), m differences beyond 0. R: ``wilcox.test(paired = TRUE, exact = FALSE)``.
    rank_biserial = (V+ - V-) / (V+ + V-) (Kerby 2014). NaN where all differences are 0.
    Differences are compared to nine digits of the largest: 3.2 - 3.0 and 4.2 - 4.0 tie, though
    not in binary (R: ``digits.rank = 9``).
    """
    nan = float("nan")
    change = _to_nine_digits(change)
    off = change[change != 0]
    m = len(off)
    if not m:
        return {"v": 0.0, "wilcoxon_n": 0, "wilcoxon_p": nan, "rank_biserial": nan}
    rank = ranks(np.abs(off))
    v, total = float(rank[off > 0].sum()), m * (m + 1) / 2
    ties = np.unique(rank, return_counts=True)[1].astype(float)
    variance = m * (m + 1) * (2 * m + 1) / 24 - float((ties**3 - ties).sum()) / 48
    gap = v - total / 2
    z = (gap - np.sign(gap) / 2) / np.sqrt(variance) if variance > 0 else nan
    return {
        "v": v,
        "wilcoxon_n": m,
        "wilcoxon_p": min(float(2 * special.ndtr(-abs(z))), 1.0) if variance > 0 else nan,
        "rank_biserial": (2 * v - total) / total,
    }


def unpaired_t(first: Floats, second: Floats, level: float = 0.95) -> dict[str, float]:
    """Welch's and Student's t of first - second, Cohen's d (pooled SD) and Hedges' g.

    Welch: se^2 = s1^2/n1 + s2^2/n2 with Satterthwaite df (R: ``t.test``); student_*: equal
    spread (``var.equal = TRUE``). g = d times `hedges`; its interval d -/+ z sqrt(1/n1 + 1/n2 +
    d^2/(2 df)), corrected alike (Hedges & Olkin 1985). NaN where nothing varies.
    """
    n1, n2 = len(first), len(second)
    v1, v2 = float(first.var(ddof=1)), float(second.var(ddof=1))
    difference, nan = float(first.mean() - second.mean()), float("nan")
    parts = v1 / n1, v2 / n2
    se2 = parts[0] + parts[1]
    df = se2**2 / (parts[0] ** 2 / (n1 - 1) + parts[1] ** 2 / (n2 - 1)) if se2 > 0 else nan
    pooled_df = n1 + n2 - 2
    pooled = ((n1 - 1) * v1 + (n2 - 1) * v2) / pooled_df
    equal_se = float(np.sqrt(pooled * (1 / n1 + 1 / n2)))
    t = difference / float(np.sqrt(se2)) if se2 > 0 else nan
    student = difference / equal_se if equal_se > 0 else nan
    d = difference / float(np.sqrt(pooled)) if pooled > 0 else nan
    correction = hedges(pooled_df)
    d_se = float(np.sqrt(1 / n1 + 1 / n2 + d**2 / (2 * pooled_df)))
    z = float(special.ndtri(1 - (1 - level) / 2))
    reach = t_reach(df, level) * float(np.sqrt(se2)) if se2 > 0 else nan
    equal_reach = t_reach(pooled_df, level) * equal_se
    return {
        "n1": n1,
        "n2": n2,
        "mean1": float(first.mean()),
        "mean2": float(second.mean()),
        "sd1": float(np.sqrt(v1)),
        "sd2": float(np.sqrt(v2)),
        "difference": difference,
        "t": t,
        "df": df,
        "p": _p(t, df) if se2 > 0 else nan,
        "ci_low": difference - reach,
        "ci_high": difference + reach,
        "student_t": student,
        "student_df": pooled_df,
        "student_p": _p(student, pooled_df) if equal_se > 0 else nan,
        "student_low": difference - equal_reach,
        "student_high": difference + equal_reach,
        "d": d,
        "g": d * correction,
        "g_low": (d - z * d_se) * correction,
        "g_high": (d + z * d_se) * correction,
    }


def mann_whitney(first: Floats, second: Floats) -> dict[str, float]:
    """Rank-sum test: ties averaged, normal with continuity correction.

    W = ranks of the first - n1 (n1 + 1)/2; variance n1 n2/12 ((n + 1) - sum(t^3 - t)/(n (n -
    1))). R: ``wilcox.test(exact = FALSE)``. superiority = W / (n1 n2): the chance that one of
    the first stands above one of the second.
    """
    n1, n2 = len(first), len(second)
    n = n1 + n2
    rank = ranks(np.concatenate([first, second]))
    w = float(rank[:n1].sum()) - n1 * (n1 + 1) / 2
    ties = np.unique(rank, return_counts=True)[1].astype(float)
    variance = n1 * n2 / 12 * (n + 1 - float((ties**3 - ties).sum()) / (n * (n - 1)))
    gap = w - n1 * n2 / 2
    nan = float("nan")
    z = (gap - np.sign(gap) / 2) / np.sqrt(variance) if variance > 0 else nan
    return {
        "w": w,
        "mann_whitney_p": min(float(2 * special.ndtr(-abs(z))), 1.0) if variance > 0 else nan,
        "superiority": w / (n1 * n2),
    }
