"""One common factor by maximum likelihood, for one sample or a thousand at once.

Model: Sigma = lambda lambda' + diag(theta), the factor's variance fixed at 1 (lavaan's
``std.lv = TRUE``); theta is free to be negative (a Heywood case is reported, never
clipped). Minimised: F = log|Sigma| + tr(S Sigma^-1) - log|S| - p, S with divisor n;
chi-square = n F (lavaan's normal likelihood), df = p (p - 3) / 2.

Fisher scoring, then Newton steps with the observed information near the solution; every
step works on a stack of samples, so a bootstrap of a scale costs tenths of a second.
With P, Q symmetric and D the derivatives of Sigma, the information tr(P D_a Q D_b) has
closed forms for one factor (p = P lambda, q = Q lambda):
(lambda_i, lambda_j): p_i q_j + q_i p_j + P_ij lambda'q + Q_ij lambda'p;
(lambda_i, theta_j): P_ij q_j + p_j Q_ij;  (theta_i, theta_j): P_ij Q_ij.
Expected: P = Sigma^-1, Q = P / 2. Observed: Q = H - P / 2, H = P S P, minus the curvature
2 G_ij of (lambda_i, lambda_j), G = (H - P) / 2. Joreskog (1969), Psychometrika 34.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analysis.confirm.measures import fit_measures
from analysis.errors import NotConverged, NotEnoughData
from analysis.moments import Floats, moments, require_positive_definite, to_correlation
from analysis.results import Flag, Result

if TYPE_CHECKING:
    import pandas as pd

STEPS = 100
DECREMENT = 1e-14
"""Newton decrement g' I^-1 g per case, below which the fit has settled."""
NEAR = 1e-3
"""Decrement below which the observed information takes over."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Fits of a stack of covariance matrices."""

    loadings: Floats  # (B, p)
    uniquenesses: Floats  # (B, p)
    f: Floats  # (B,)
    converged: npt.NDArray[np.bool_]  # (B,)


def _implied(load: Floats, unique: Floats) -> Floats:
    sigma: Floats = load[:, :, None] * load[:, None, :]
    diagonal = np.arange(load.shape[1])
    sigma[:, diagonal, diagonal] += unique
    return sigma


def _log_det(load: Floats, unique: Floats) -> Floats:
    """log|Sigma|, infinite where Sigma is not positive definite.

    |Sigma| = prod(theta) (1 + sum lambda^2 / theta). Adding a rank-one matrix lifts at
    most one negative root, so Sigma is positive definite if and only if no theta is
    negative, or one is and the determinant is positive.
    """
    safe = np.where(unique == 0, 1e-300, unique)
    determinant = np.prod(safe, axis=1) * (1 + (load**2 / safe).sum(axis=1))
    fine = (determinant > 0) & ((safe < 0).sum(axis=1) <= 1)
    return np.where(fine, np.log(np.where(fine, determinant, 1.0)), np.inf)


def _discrepancy(sample: Floats, log_s: Floats, load: Floats, unique: Floats) -> Floats:
    log_sigma = _log_det(load, unique)
    f = np.full(len(sample), np.inf)
    fine = np.isfinite(log_sigma)
    if fine.any():
        inverse = np.linalg.inv(_implied(load[fine], unique[fine]))
        trace = np.einsum("bij,bij->b", inverse, sample[fine])
        f[fine] = log_sigma[fine] + trace - log_s[fine] - sample.shape[1]
    return f


def _information(p_matrix: Floats, q_matrix: Floats, load: Floats) -> Floats:
    size = load.shape[1]
    p_load = np.einsum("bij,bj->bi", p_matrix, load)
    q_load = np.einsum("bij,bj->bi", q_matrix, load)
    outer = p_load[:, :, None] * q_load[:, None, :]
    info = np.empty((len(load), 2 * size, 2 * size))
    info[:, :size, :size] = (
        outer
        + outer.transpose(0, 2, 1)
        + p_matrix * np.einsum("bi,bi->b", load, q_load)[:, None, None]
        + q_matrix * np.einsum("bi,bi->b", load, p_load)[:, None, None]
    )
    cross = p_matrix * q_load[:, None, :] + q_matrix * p_load[:, None, :]
    info[:, :size, size:] = cross
    info[:, size:, :size] = cross.transpose(0, 2, 1)
    info[:, size:, size:] = p_matrix * q_matrix
    return info


def _solve(info: Floats, gradient: Floats) -> Floats:
    """Solve a stack of systems; a singular one gives NaN, not an exception for all."""
    try:
        return np.asarray(np.linalg.solve(info, gradient[:, :, None])[:, :, 0])
    except np.linalg.LinAlgError:
        out = np.full_like(gradient, np.nan)
        for b in range(len(info)):
            if np.linalg.matrix_rank(info[b]) == info.shape[1]:
                out[b] = np.linalg.solve(info[b], gradient[b])
        return out


def _step(sample: Floats, load: Floats, unique: Floats) -> tuple[Floats, Floats]:
    """Newton or scoring direction (B, 2p) and its decrement (B,)."""
    inverse: Floats = np.linalg.inv(_implied(load, unique)).astype(np.float64, copy=False)
    h = inverse @ sample @ inverse
    g = (h - inverse) / 2
    gradient = np.concatenate(
        [2 * np.einsum("bij,bj->bi", g, load), np.einsum("bii->bi", g)], axis=1
    )
    direction = _solve(_information(inverse, inverse / 2, load), gradient)
    decrement = np.einsum("bi,bi->b", gradient, direction)
    near = np.flatnonzero(decrement < NEAR)
    if len(near):
        info = _information(inverse[near], h[near] - inverse[near] / 2, load[near])
        size = load.shape[1]
        info[:, :size, :size] -= 2 * g[near]
        newton = _solve(info, gradient[near])
        gain = np.einsum("bi,bi->b", gradient[near], newton)
        better = np.isfinite(gain) & (gain >= 0) & (np.linalg.eigvalsh(info)[:, 0] > 0)
        direction[near[better]] = newton[better]
        decrement[near[better]] = gain[better]
    return direction, decrement


def start_values(correlation: Floats) -> tuple[Floats, Floats]:
    """Start at the first component, loadings in .3-.9 of the SD (keeping their signs)."""
    _, vectors = np.linalg.eigh(correlation)
    first = vectors[..., -1]
    first = first * np.where(first.sum(axis=-1, keepdims=True) < 0, -1.0, 1.0)
    scaled = first * np.sqrt(first.shape[-1]) * 0.6
    load = np.sign(scaled) * np.clip(np.abs(scaled), 0.3, 0.9)
    return load, np.clip(1 - load**2, 0.2, 0.8)


def fit_batch(
    correlations: Floats,
    start: tuple[Floats, Floats] | None = None,
    *,
    tolerance: float = DECREMENT,
) -> Batch:
    """Fit one factor to each of a stack of correlation matrices (B, p, p).

    ML is scale free, so fitting correlations loses nothing; multiply loadings by the SDs.
    Rows that do not settle within `STEPS` steps come back with ``converged`` False.
    """
    sample = np.asarray(correlations, dtype=np.float64)
    count, size, _ = sample.shape
    begin = start_values(sample) if start is None else start
    load = np.array(np.broadcast_to(begin[0], (count, size)), dtype=np.float64)
    unique = np.array(np.broadcast_to(begin[1], (count, size)), dtype=np.float64)
    sign, log_s = np.linalg.slogdet(sample)
    usable = (sign > 0) & np.isfinite(log_s)
    f = np.full(count, np.inf)
    f[usable] = _discrepancy(sample[usable], log_s[usable], load[usable], unique[usable])
    converged = np.zeros(count, dtype=bool)
    active = np.flatnonzero(usable & np.isfinite(f))
    for _ in range(STEPS):
        if not len(active):
            break
        direction, decrement = _step(sample[active], load[active], unique[active])
        alive = np.isfinite(decrement) & (decrement >= 0)
        settled = alive & (decrement < tolerance)
        converged[active[settled]] = True
        active, direction = active[alive & ~settled], direction[alive & ~settled]
        moving = _move(sample, log_s, load, unique, f, active, direction)
        active = active[moving]
    return Batch(load, unique, f, converged)


def _move(
    sample: Floats,
    log_s: Floats,
    load: Floats,
    unique: Floats,
    f: Floats,
    active: npt.NDArray[np.intp],
    direction: Floats,
) -> npt.NDArray[np.bool_]:
    """Step with halving; return which rows of ``active`` could move."""
    size = load.shape[1]
    moved = np.zeros(len(active), dtype=bool)
    length = 1.0
    for _ in range(30):
        todo = np.flatnonzero(~moved)
        if not len(todo):
            break
        rows = active[todo]
        new_load = load[rows] + length * direction[todo, :size]
        new_unique = unique[rows] + length * direction[todo, size:]
        new_f = _discrepancy(sample[rows], log_s[rows], new_load, new_unique)
        # at the bottom F moves by less than its rounding error
        good = new_f <= f[rows] + 1e-12 * np.maximum(1.0, np.abs(f[rows]))
        took = rows[good]
        load[took], unique[took], f[took] = new_load[good], new_unique[good], new_f[good]
        moved[todo[good]] = True
        length /= 2
    return moved


@dataclass(frozen=True, kw_only=True, eq=False)
class OneFactor(Result):
    """One common factor, factor variance 1, in the metric of the items."""

    loadings: pd.Series
    uniquenesses: pd.Series
    standardized_loadings: pd.Series
    fit: dict[str, float | None]


def one_factor(frame: pd.DataFrame) -> OneFactor:
    """One-factor model of all columns of ``frame``, ML on complete rows.

    R: ``lavaan::cfa("g =~ ...", std.lv = TRUE)``. Signs: the loadings sum to a positive
    number. Flags: ``heywood`` with the items whose residual variance is negative.
    Raises `NotEnoughData` (fewer than three items, or no more rows than items),
    `DegenerateItem`, `ImproperSolution` (singular input), `NotConverged`.
    """
    import pandas as pd

    found = moments(frame, missing="listwise")
    size = len(found.names)
    if size < 3:
        raise NotEnoughData(
            f"One factor needs three items or more; {', '.join(found.names)} are {size}. "
            "For two items use the Spearman-Brown coefficient (standardised alpha)."
        )
    if found.n <= size:
        raise NotEnoughData(
            f"{found.n} complete rows for {size} items ({', '.join(found.names)}); "
            "one factor needs more rows than items."
        )
    covariance = found.covariance * (found.n - 1) / found.n
    correlation = to_correlation(covariance)
    require_positive_definite(found.names, correlation)
    batch = fit_batch(correlation[None])
    if not batch.converged[0]:
        raise NotConverged(
            f"One factor for {', '.join(found.names)} did not settle (n = {found.n}): the "
            "items may share no common factor. Look at their correlations first."
        )
    load, unique = batch.loadings[0], batch.uniquenesses[0]
    load = load if load.sum() >= 0 else -load
    sd = np.sqrt(np.diag(covariance))
    raw_load, raw_unique = load * sd, unique * sd**2
    implied = _implied(raw_load[None], raw_unique[None])[0]
    df = size * (size - 3) // 2
    chisq = found.n * max(float(batch.f[0]), 0.0)
    index = pd.Index(found.names)
    negative = tuple(name for name, theta in zip(found.names, unique, strict=True) if theta < 0)
    return OneFactor(
        n=found.n,
        method="one factor, maximum likelihood, chi-square = n F (lavaan cfa, std.lv = TRUE)",
        missing="listwise",
        flags=(Flag("heywood", negative),) if negative else (),
        loadings=pd.Series(raw_load, index=index),
        uniquenesses=pd.Series(raw_unique, index=index),
        standardized_loadings=pd.Series(load, index=index),
        fit=fit_measures(chisq, df, found.n, sample=covariance, implied=implied, free=2 * size),
    )
