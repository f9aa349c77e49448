"""Random intercept a person, waves as fixed effects: REML by one parameter.

With waves as the only fixed effects the likelihood depends on the data through sums by
number of answers, and on one ratio, theta = variance between persons / variance within. The
optimum is found to machine precision in milliseconds, also on the boundary theta = 0, where
general optimisers warn or stop. Compared with statsmodels' MixedLM in the tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from analysis.errors import DegenerateItem, NotEnoughData
from analysis.moments import Floats

LARGEST = 1e8
"""Largest ratio of variances sought: beyond it nothing varies within persons."""


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """Fixed effects: wave 1's mean, then differences to it."""

    b: Floats
    se: Floats
    z: Floats
    p: Floats
    ci_low: Floats
    ci_high: Floats
    between: float
    """Variance between persons."""
    within: float
    icc: float
    boundary: bool
    """No variance between persons was found (theta = 0)."""
    persons: int
    answers: int
    log_likelihood: float
    """Restricted, up to the constant -(N - W)/2 log 2 pi - (N - W)/2."""


def estimate(scores: Floats, name: str, level: float = 0.95) -> Estimate:
    """Fit ``scores`` (persons, waves; NaN = not answered) of the scale ``name``.

    y_ij = wave_j + u_i + e_ij. For a person with k answers V^-1 = (I - theta/(1 + k theta)
    11')/s2; s2 and the fixed effects are profiled out, theta by golden section on log theta
    (Laird & Ware 1982; Bates et al. 2015). SE = sqrt(diag (X'V^-1 X)^-1), z.
    Raises `NotEnoughData` (a wave without answers, nobody with two), `DegenerateItem`.
    """
    seen = ~np.isnan(scores)
    scores, seen = scores[seen.any(axis=1)], seen[seen.any(axis=1)]
    persons, waves = scores.shape
    count = seen.sum(axis=1)
    if persons < 2 or (seen.sum(axis=0) < 2).any() or not (count > 1).any():
        raise NotEnoughData(
            f"{name}: a mixed model needs two answers a wave and persons who answered twice."
        )
    answers = int(count.sum())
    centre = float(scores[seen].mean())
    y = np.where(seen, scores - centre, 0.0)
    if float((y**2).sum()) <= 1e-20:
        raise DegenerateItem([name])
    x = seen.astype(np.float64)
    xx, xy, yy = np.diag(x.sum(axis=0)), y.sum(axis=0), float((y**2).sum())
    sums = y.sum(axis=1)
    kinds = np.unique(count)
    by_kind = [
        (
            int(k),
            int((count == k).sum()),
            x[count == k].T @ x[count == k],
            x[count == k].T @ sums[count == k],
            float((sums[count == k] ** 2).sum()),
        )
        for k in kinds
    ]
    df = answers - waves

    def parts(theta: float) -> tuple[float, Floats, Floats, float]:
        a, c, d, log = xx.copy(), xy.copy(), yy, 0.0
        for k, many, outer, inner, square in by_kind:
            w = theta / (1 + k * theta)
            a -= w * outer
            c = c - w * inner
            d -= w * square
            log += many * float(np.log1p(k * theta))
        b = np.linalg.solve(a, c)
        s2 = max(d - float(c @ b), 0.0) / df
        return s2, b, a, log

    def value(theta: float) -> float:
        s2, _, a, log = parts(theta)
        if s2 <= 0:
            return float("inf")
        return float(-0.5 * (df * np.log(s2) + log + np.linalg.slogdet(a)[1]))

    theta = _highest(value)
    boundary = value(0.0) >= value(theta)
    if boundary:
        theta = 0.0
    s2, means, a, _ = parts(theta)
    if s2 <= 0:
        raise DegenerateItem([name])
    contrast = np.eye(waves)
    contrast[1:, 0] = -1.0
    b = contrast @ means
    b[0] += centre
    covariance = s2 * contrast @ np.linalg.inv(a) @ contrast.T
    se = np.sqrt(np.diag(covariance))
    z = b / se
    reach = float(special.ndtri(1 - (1 - level) / 2)) * se
    return Estimate(
        b=b,
        se=se,
        z=z,
        p=np.asarray(2 * special.ndtr(-np.abs(z))),
        ci_low=b - reach,
        ci_high=b + reach,
        between=theta * s2,
        within=s2,
        icc=theta / (1 + theta),
        boundary=boundary,
        persons=persons,
        answers=answers,
        log_likelihood=value(theta),
    )


def _highest(value: Callable[[float], float]) -> float:
    """Theta at the highest ``value``: a grid on log theta, then golden section."""
    grid = np.linspace(np.log(1e-6), np.log(LARGEST), 65)
    heights = np.array([value(float(np.exp(g))) for g in grid])
    top = int(np.nanargmax(np.where(np.isfinite(heights), heights, -np.inf)))
    low, high = grid[max(top - 1, 0)], grid[min(top + 1, len(grid) - 1)]
    golden = (np.sqrt(5) - 1) / 2
    a, b = high - golden * (high - low), low + golden * (high - low)
    va, vb = value(float(np.exp(a))), value(float(np.exp(b)))
    for _ in range(60):
        if va > vb:
            high, b, vb = b, a, va
            a = high - golden * (high - low)
            va = value(float(np.exp(a)))
        else:
            low, a, va = a, b, vb
            b = low + golden * (high - low)
            vb = value(float(np.exp(b)))
        if high - low < 1e-9:
            break
    return float(np.exp((low + high) / 2))
