"""Ordered logit: the regression again, where the outcome only has an order.

The sensitivity analysis for an outcome that sits at its ceiling. Newton's method on the
exact derivatives settles in a few steps and a few milliseconds (statsmodels' OrderedModel,
with which the tests compare it, takes a hundred times that with numerical ones).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import special

from analysis.confirm.measures import chi2_tail
from analysis.errors import DegenerateItem, NotConverged, NotEnoughData
from analysis.least_squares import fit, used_rows
from analysis.moments import Floats
from analysis.results import Flag, Result

if TYPE_CHECKING:
    import pandas as pd

STEPS = 50
SETTLED = 1e-12
"""Newton decrement, a row, at which the fit has settled."""


@dataclass(frozen=True, kw_only=True, eq=False)
class OrderedLogit(Result):
    """Proportional-odds model of an ordered outcome."""

    outcome: str
    predictors: tuple[str, ...]
    categories: tuple[float, ...]
    coefficients: pd.DataFrame
    """By predictor: b (log odds), se, z, p, ci_low, ci_high, robust_se, robust_p,
    odds_ratio, and agrees: whether sign and clarity at ``level`` are those of OLS with HC3."""
    thresholds: pd.Series
    log_likelihood: float
    null_log_likelihood: float
    lr_chi2: float
    lr_df: int
    lr_p: float
    mcfadden_r2: float
    ceiling: float
    """Share of rows in the highest category."""
    level: float
    dropped: int


def _pieces(
    eta: Floats, cuts: Floats, y: npt.NDArray[np.intp]
) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
    """Log probability of each row's category and its derivatives in the two cuts around it."""
    edges = np.concatenate([[-np.inf], cuts, [np.inf]])
    upper, lower = edges[y + 1] - eta, edges[y] - eta
    fu, fl = special.expit(upper), special.expit(lower)
    # 1 - F on the right, so that no probability is a difference of two ones
    p = np.where(lower > 0, special.expit(-lower) - special.expit(-upper), fu - fl)
    p = np.maximum(p, 1e-300)
    du, dl = fu * special.expit(-upper), fl * special.expit(-lower)
    ddu, ddl = du * (1 - 2 * fu), dl * (1 - 2 * fl)
    gu, gl = du / p, -dl / p
    return np.log(p), gu, gl, ddu / p - gu**2, -ddl / p - gl**2, du * dl / p**2


def _derivatives(
    theta: Floats, x: Floats, y: npt.NDArray[np.intp], k: int
) -> tuple[float, Floats, Floats]:
    """Log-likelihood, score of every row (n, q), negative Hessian (q, q)."""
    cuts, b = theta[: k - 1], theta[k - 1 :]
    logp, gu, gl, huu, hll, hul = _pieces(x @ b, cuts, y)
    n = len(y)
    rows = np.arange(n)
    up, low = np.zeros((n, k + 1)), np.zeros((n, k + 1))
    up[rows, y + 1], low[rows, y] = 1.0, 1.0
    up, low = up[:, 1:k], low[:, 1:k]
    wide_u, wide_l = np.concatenate([up, -x], axis=1), np.concatenate([low, -x], axis=1)
    # an edge at infinity has derivative 0: its row of du or dl is 0 already
    score = gu[:, None] * wide_u + gl[:, None] * wide_l
    cross = (wide_u * hul[:, None]).T @ wide_l
    hessian = (wide_u * huu[:, None]).T @ wide_u + (wide_l * hll[:, None]).T @ wide_l
    return float(logp.sum()), score, -(hessian + cross + cross.T)


def proportional_odds(
    frame: pd.DataFrame, outcome: str, predictors: Sequence[str], *, level: float = 0.95
) -> OrderedLogit:
    """Fit logit P(Y <= j) = cut_j - x'b on complete rows; the distinct outcomes are ordered.

    Maximum likelihood (McCullagh 1980, JRSS B 42) by Newton with halved steps; the
    likelihood is concave (Pratt 1981). SE from the observed information; robust_se from
    H^-1 S'S H^-1. Outcomes closer than 1e-9 are one category. lr: against the cuts alone.
    A positive b means higher outcomes. R: ``MASS::polr``.
    Raises `NotEnoughData` (fewer rows than parameters), `DegenerateItem` (one category),
    `NotConverged` (predictors separate the categories), `ImproperSolution`.
    """
    import pandas as pd

    names = tuple(predictors)
    data, dropped = used_rows(frame, [outcome, *names])
    linear = fit(outcome, names, data[:, 1:], data[:, 0])  # refuses collinear predictors
    values_, y = np.unique(np.round(data[:, 0], 9), return_inverse=True)
    k, p, n = len(values_), len(names), len(y)
    if k < 2:
        raise DegenerateItem([outcome])
    if n <= k - 1 + p:
        raise NotEnoughData(
            f"{n} rows for {k - 1} cuts and {p} slopes; use fewer categories or more rows."
        )
    share = np.bincount(y, minlength=k) / n
    below = np.cumsum(share)[:-1]
    scale = data[:, 1:].std(axis=0)
    x = (data[:, 1:] - data[:, 1:].mean(axis=0)) / scale
    theta = np.concatenate([special.logit(below), np.zeros(p)])
    null = float(n * (share * np.log(share)).sum())
    value, score, information = _derivatives(theta, x, y, k)
    for _ in range(STEPS):
        gradient = score.sum(axis=0)
        step = np.linalg.solve(information, gradient)
        if gradient @ step < SETTLED * n:
            break
        size = 1.0
        while size > 1e-8:
            trial = theta + size * step
            if (np.diff(trial[: k - 1]) > 0).all():
                found = _derivatives(trial, x, y, k)
                if found[0] >= value:
                    break
            size /= 2
        else:
            raise NotConverged(f"The ordered logit of {outcome} found no better step; use OLS.")
        theta, (value, score, information) = trial, found
    else:
        raise NotConverged(f"The ordered logit of {outcome} did not settle in {STEPS} steps.")
    b = theta[k - 1 :] / scale
    if (np.abs(theta[k - 1 :]) > 15).any():
        raise NotConverged(
            f"{', '.join(names)} separate the categories of {outcome}, so the odds have no end; "
            "merge categories or leave that predictor out."
        )
    inverse = np.linalg.inv(information)
    sandwich = inverse @ (score.T @ score) @ inverse
    se = np.sqrt(np.diag(inverse))[k - 1 :] / scale
    robust = np.sqrt(np.diag(sandwich))[k - 1 :] / scale
    reach = float(special.ndtri(1 - (1 - level) / 2))
    p_value = 2 * special.ndtr(-np.abs(b / se))
    hc3 = np.sqrt(np.diag(linear.hc3))[1:]
    ols_p = 2 * special.stdtr(linear.df, -np.abs(linear.b[1:] / hc3))
    edge = 1 - level
    agrees = ((p_value < edge) == (ols_p < edge)) & ((b * linear.b[1:] > 0) | (p_value >= edge))
    chi2 = max(2 * (value - null), 0.0)
    index = pd.Index(names)
    differs = tuple(name for name, same in zip(names, agrees.tolist(), strict=True) if not same)
    cuts = theta[: k - 1] + float(data[:, 1:].mean(axis=0) @ b)
    return OrderedLogit(
        n=n,
        method="ordered logit (proportional odds), maximum likelihood; robust errors beside",
        missing="listwise",
        flags=(Flag("differs_from_ols", differs),) if differs else (),
        outcome=outcome,
        predictors=names,
        categories=tuple(float(v) for v in values_),
        coefficients=pd.DataFrame(
            {
                "b": b,
                "se": se,
                "z": b / se,
                "p": p_value,
                "ci_low": b - reach * se,
                "ci_high": b + reach * se,
                "robust_se": robust,
                "robust_p": 2 * special.ndtr(-np.abs(b / robust)),
                "odds_ratio": np.exp(b),
                "agrees": agrees,
            },
            index=index,
        ),
        thresholds=pd.Series(cuts, index=pd.Index([f"<= {v:g}" for v in values_[:-1]])),
        log_likelihood=value,
        null_log_likelihood=null,
        lr_chi2=chi2,
        lr_df=p,
        lr_p=chi2_tail(chi2, p),
        mcfadden_r2=1 - value / null,
        ceiling=float(share[-1]),
        level=level,
        dropped=dropped,
    )
