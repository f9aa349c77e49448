"""Least squares of a score on scores, with standard errors that survive unequal spread.

Closed formulas in numpy; nothing is selected, dropped or transformed. Tests of the
assumptions are reported and decide nothing (Long & Ervin 2000: HC3 always).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from analysis.confirm.measures import bisect
from analysis.correlations import holm
from analysis.errors import NotEnoughData, WrongArgument
from analysis.hierarchy import hierarchical
from analysis.importance import lmg
from analysis.least_squares import f_tail, fit, t_tail, used_rows
from analysis.moderation import moderate
from analysis.moments import SINGULAR, Floats
from analysis.regression_checks import assumptions, influence
from analysis.reliability import SEED, resampled_covariances
from analysis.results import Flag, Regression

__all__ = ["f_tail", "hierarchical", "moderate", "r2_interval", "regress", "t_tail"]

if TYPE_CHECKING:
    import pandas as pd

LMG_CAP = 12
"""Most predictors for which all 2^p subsets are fitted."""


def r2_interval(f: float, df1: int, df2: int, level: float = 0.95) -> tuple[float, float]:
    """Interval of R2 by inverting the noncentral F: R2 = ncp / (ncp + n), n = df1 + df2 + 1.

    Predictors taken as fixed (Steiger & Fouladi 1997; R: ``MBESS::ci.R2(Random.Predictors =
    FALSE)``). Unlike percentiles of resampled R2, which sit too high, it reaches 0 where F
    is not significant. It is an interval of the population's R2: the sample's R2 overstates that
    and may lie above it where F is small; adjusted R2 (0 where negative) lies inside.
    """
    n = df1 + df2 + 1
    limits = []
    for probability in (1 - (1 - level) / 2, (1 - level) / 2):

        def gap(ncp: float, probability: float = probability) -> float:
            return float(special.ncfdtr(df1, df2, ncp, f)) - probability

        ncp = bisect(gap, 0.0, 2 * f * df1 + 50) if gap(1e-9) > 0 else 0.0
        limits.append(ncp / (ncp + n))
    return limits[0], limits[1]


def regress(
    frame: pd.DataFrame,
    outcome: str,
    predictors: Sequence[str],
    *,
    level: float = 0.95,
    n_boot: int = 5000,
    seed: int = SEED,
) -> Regression:
    """Regress ``outcome`` on ``predictors`` (columns of ``frame``), complete rows.

    ``coefficients``, one row the intercept ``(Intercept)`` and each predictor: b se t p
    ci_low ci_high (classic), hc3_se hc3_t hc3_p hc3_ci_low hc3_ci_high (HC3: (X'X)^-1 X'
    diag(e^2/(1-h)^2) X (X'X)^-1, MacKinnon & White 1985; t with n - p - 1 df), hc3_p_holm
    (Holm over the predictors), beta (b sd_x / sd_y), vif (1/(1 - R2_j)), lmg (Lindeman,
    Merenda & Gold 1980: the rise of R2 averaged over all orders; sums to R2; NaN above 12
    predictors), partial_r2, semi_partial_r2, boot_low boot_high and lmg_low lmg_high
    (percentiles over ``n_boot`` resamples of persons). ``assumptions`` and ``influence``:
    `analysis.regression_checks`.
    f2 = R2/(1 - R2) (Cohen 1988); r2_ci: `r2_interval`.
    R: ``lm``; ``sandwich::vcovHC(type = "HC3")`` with ``lmtest::coeftest``; ``car::vif``;
    LMG by all subsets (relaimpo's definition).
    Raises `NotEnoughData` (rows <= predictors + 1), `DegenerateItem` (constant column),
    `ImproperSolution` (a predictor is a sum of others), `WrongArgument` (unknown column).
    """
    import pandas as pd

    names = tuple(predictors)
    if not names:
        raise WrongArgument(f"A regression of {outcome} needs a predictor; name one.")
    data, dropped = used_rows(frame, [outcome, *names])
    n, p = len(data), len(names)
    df = n - p - 1
    if df < 1:
        raise NotEnoughData(
            f"{n} complete rows for {p} predictors ({', '.join(names)}); the regression needs "
            f"at least {p + 2}."
        )
    y = data[:, 0]
    found = fit(outcome, names, data[:, 1:], y)
    x, b, e, h = found.x, found.b, found.residuals, found.leverage
    fitted, rss, tss = y - e, found.rss, found.tss
    correlation = np.asarray(np.corrcoef(data, rowvar=False), dtype=np.float64)
    sigma2 = rss / df
    se, hc3_se = np.sqrt(np.diag(found.classic)), np.sqrt(np.diag(found.hc3))
    reach = float(special.stdtrit(df, 1 - (1 - level) / 2))
    t, hc3_t = b / se, b / hc3_se
    r2 = 1 - rss / tss
    f = (r2 / p) / ((1 - r2) / df)
    nan = np.array([np.nan])
    vif = np.diag(np.linalg.inv(correlation[1:, 1:]))
    semi = t[1:] ** 2 * (1 - r2) / df
    shares = lmg(correlation[None])[0] if p <= LMG_CAP else np.full(p, np.nan)
    boot = _bootstrap(data, n_boot, seed, level, with_lmg=p <= LMG_CAP)
    table = {
        "b": b,
        "se": se,
        "t": t,
        "p": t_tail(t, df),
        "ci_low": b - reach * se,
        "ci_high": b + reach * se,
        "hc3_se": hc3_se,
        "hc3_t": hc3_t,
        "hc3_p": t_tail(hc3_t, df),
        "hc3_p_holm": np.concatenate([nan, holm(t_tail(hc3_t[1:], df))]),
        "hc3_ci_low": b - reach * hc3_se,
        "hc3_ci_high": b + reach * hc3_se,
        "beta": np.concatenate([nan, b[1:] * data[:, 1:].std(axis=0) / y.std()]),
        "vif": np.concatenate([nan, vif]),
        "lmg": np.concatenate([nan, shares]),
        "partial_r2": np.concatenate([nan, t[1:] ** 2 / (t[1:] ** 2 + df)]),
        "semi_partial_r2": np.concatenate([nan, semi]),
        "boot_low": boot["b"][0],
        "boot_high": boot["b"][1],
        "lmg_low": np.concatenate([nan, boot["lmg"][0]]),
        "lmg_high": np.concatenate([nan, boot["lmg"][1]]),
    }
    rows = pd.Index(["(Intercept)", *names])
    flags = []
    high_vif = tuple(name for name, v in zip(names, vif, strict=True) if v >= 5)
    if high_vif:
        flags.append(Flag("high_vif", high_vif, float(vif.max())))
    if p > LMG_CAP:
        flags.append(Flag("lmg_skipped", names, float(LMG_CAP)))
    return Regression(
        n=n,
        method="OLS; HC3 standard errors with t on n - p - 1 df; LMG over all orders; "
        "percentile bootstrap over persons",
        missing="listwise",
        flags=tuple(flags),
        outcome=outcome,
        predictors=names,
        coefficients=pd.DataFrame(table, index=rows),
        r2=r2,
        adj_r2=1 - (1 - r2) * (n - 1) / df,
        r2_ci=r2_interval(f, p, df, level),
        f=f,
        f_df=(p, df),
        f_p=f_tail(f, p, df),
        f2=r2 / (1 - r2),
        sigma=float(np.sqrt(sigma2)),
        assumptions=assumptions(x, e, fitted),
        influence=influence(x, y, e, h, names),
        n_boot=n_boot,
        boot_failed=int(boot["failed"]),
        seed=seed,
        dropped=dropped,
    )


def _bootstrap(
    data: Floats, n_boot: int, seed: int, level: float, *, with_lmg: bool
) -> dict[str, Any]:
    """Percentile limits of b (2, p + 1) and LMG (2, p), and failed resamples."""
    if not n_boot:
        p = data.shape[1] - 1
        return {"b": np.full((2, p + 1), np.nan), "lmg": np.full((2, p), np.nan), "failed": 0}
    return percentiles(*resampled_covariances(data, n_boot, seed), level, with_lmg=with_lmg)


def percentiles(s: Floats, means: Floats, level: float, *, with_lmg: bool) -> dict[str, Any]:
    """Percentile limits from resampled covariances (B, p + 1, p + 1) and means, outcome first.

    ``b`` (2, p + 1), ``lmg`` (2, p), ``failed``: resamples without variance or rank. Above a
    tenth of them there are no limits (NaN).
    """
    n_boot, p = len(s), s.shape[1] - 1
    none = {"b": np.full((2, p + 1), np.nan), "lmg": np.full((2, p), np.nan)}
    sd = np.sqrt(np.maximum(np.einsum("bii->bi", s), 0.0))
    usable = (sd > 1e-9).all(axis=1)
    scale = np.where(sd > 1e-9, sd, 1.0)
    r = s / (scale[:, :, None] * scale[:, None, :])
    usable[usable] = np.linalg.eigvalsh(r[usable, 1:, 1:])[:, 0] > SINGULAR
    r, scale, means = r[usable], scale[usable], means[usable]
    tails = [(1 - level) / 2, 1 - (1 - level) / 2]
    failed = n_boot - len(r)
    if failed > n_boot / 10:
        return none | {"failed": failed}
    beta = np.linalg.solve(r[:, 1:, 1:], r[:, 1:, :1])[:, :, 0]
    slopes = beta * scale[:, :1] / scale[:, 1:]
    origin = means[:, 0] - np.einsum("bi,bi->b", slopes, means[:, 1:])
    b = np.column_stack([origin, slopes])
    shares = lmg(r) if with_lmg and p <= 8 else np.full((len(r), p), np.nan)
    return {
        "b": np.quantile(b, tails, axis=0),
        "lmg": np.quantile(shares, tails, axis=0),
        "failed": failed,
    }
