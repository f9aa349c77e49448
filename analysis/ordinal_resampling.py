"""One factor of polychorics for thousands of resamples of persons at once.

A resample is a row of counts, so its tables are one matrix product with the one-hot form of
the answers of every pair. The pairs of all resamples then go through the same polychoric
search and influence tables as one long list, and the factor through batched Gauss-Newton.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.counts_layout import Layout
from analysis.influence import influence
from analysis.moments import Floats
from analysis.polychoric import Polychorics, adjusted, search, thresholds_of

NUMBERS = 4_000_000
"""Numbers in the largest array of a chunk of resamples."""
STEPS = 60
WITHIN = 1e-7
"""Last step of a resample's correlation; its sampling error is a hundred thousand times that."""
STEEPEST = 0.95
"""A resample's search starts at the sample's correlation, but never nearer to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Resamples:
    """One-factor solutions of a chunk of resamples."""

    loadings: Floats  # (B, p)
    tau: Floats  # (B, p, k - 1)
    steps: Floats  # (B, p, k - 1)
    settled: npt.NDArray[np.bool_]  # (B,)


def resampled(
    place: npt.NDArray[np.uint8], found: Polychorics, start: Floats, n_boot: int, seed: int
) -> Iterator[Resamples]:
    """Fit one factor (DWLS, factor variance 1) to resamples of the rows of ``place`` (p, n).

    ``found``: polychorics of the rows themselves; ``start``: their loadings. Answers are
    complete. Stream: ``default_rng(seed)``; the draws do not depend on the chunk.
    """
    k = found.margins.shape[1]
    n = place.shape[1]
    patterns, weight = _patterns(place)
    cells = _one_hot(patterns, found, k)
    rng = np.random.default_rng(seed)
    share = weight / n
    chunk = max(1, min(n_boot, NUMBERS // max(patterns.shape[1], cells.shape[1] * 2)))
    for begin in range(0, n_boot, chunk):
        size = min(chunk, n_boot - begin)
        counts = rng.multinomial(n, share, size=size).astype(np.float64)
        tables = (counts @ cells).reshape(size, -1, k, k)
        yield _fit(tables, found, start)


def _patterns(place: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.uint8], Floats]:
    """Distinct rows (p, u) and how often each occurs."""
    rows = np.ascontiguousarray(place.T)
    keys = rows.view(np.dtype((np.void, rows.shape[1]))).ravel()
    _, first, count = np.unique(keys, return_index=True, return_counts=True)
    return place[:, first], count.astype(np.float64)


def _one_hot(patterns: npt.NDArray[np.uint8], found: Polychorics, k: int) -> Floats:
    """(u, P k k): 1 where a pattern falls into a cell of a pair's table."""
    wide = patterns.astype(np.intp)
    cell = wide[found.i] * k + wide[found.j]
    cell += (np.arange(len(cell)) * k * k)[:, None]
    out = np.zeros((wide.shape[1], len(cell) * k * k))
    out[np.arange(wide.shape[1])[None], cell] = 1.0
    return out


def _fit(tables: Floats, found: Polychorics, start: Floats) -> Resamples:
    stack, pairs, k, _ = tables.shape
    p = len(found.tau)
    margins = np.empty((stack, p, k))
    margins[:, found.j] = tables.sum(axis=2)
    margins[:, found.i] = tables.sum(axis=3)
    codes = np.full((p, k), np.nan)
    for row, own in zip(codes, found.layout.codes, strict=True):
        row[: len(own)] = own
    value = np.broadcast_to(codes, (stack, p, k)).copy()
    tables = _compact(tables, margins, value, found)
    sizes = (margins > 0).sum(axis=2)
    alive = (sizes > 1).all(axis=1)
    sizes = np.maximum(sizes, 1)
    flat_sizes = sizes.ravel()
    tau = thresholds_of(margins.reshape(-1, k), flat_sizes)
    base = np.repeat(np.arange(stack) * p, pairs)
    i, j = base + np.tile(found.i, stack), base + np.tile(found.j, stack)
    flat = tables.reshape(-1, k, k)
    kept, alone = adjusted(flat, flat_sizes[i], flat_sizes[j])
    with np.errstate(all="ignore"):
        start_rho = np.clip(np.tile(found.rho, stack), -STEEPEST, STEEPEST)
        rho, settled = search(kept, tau[i], tau[j], start=start_rho, within=WITHIN)
        codes_of = [tuple(range(size)) for size in range(k + 1)]
        layout = Layout(("",) * len(tau), tuple(codes_of[s] for s in flat_sizes.tolist()))
        n = int(margins[0, 0].sum())
        stacked = Polychorics(layout, n, tau, i, j, rho, flat, margins.reshape(-1, k))
        weights = 1 / influence(stacked).gamma_rho
    fine = alive & (settled & ~alone & np.isfinite(weights)).reshape(stack, pairs).all(axis=1)
    loadings, ended = one_factor(
        rho.reshape(stack, pairs), weights.reshape(stack, pairs), start, found, fine
    )
    steps = np.nan_to_num(np.diff(value, axis=2))
    return Resamples(loadings, tau.reshape(stack, p, k - 1), steps, ended)


def _compact(tables: Floats, margins: Floats, value: Floats, found: Polychorics) -> Floats:
    """Move the categories that a resample lacks behind those it has (in place but tables)."""
    used = margins > 0
    own = np.array(found.layout.sizes)
    lacking = (used.sum(axis=2) < own).any(axis=1)
    if not lacking.any():
        return tables
    at = np.flatnonzero(lacking)
    order = np.argsort(~used[at], axis=2, kind="stable")
    value[at] = np.where(
        np.take_along_axis(used[at], order, axis=2),
        np.take_along_axis(value[at], order, axis=2),
        np.nan,
    )
    margins[at] = np.take_along_axis(margins[at], order, axis=2)
    out = tables.copy()
    rows = np.take_along_axis(tables[at], order[:, found.i][:, :, :, None], axis=2)
    out[at] = np.take_along_axis(rows, order[:, found.j][:, :, None, :], axis=3)
    return out


def one_factor(
    rho: Floats,
    weights: Floats,
    start: Floats,
    found: Polychorics,
    usable: npt.NDArray[np.bool_],
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Minimise sum w (r_ij - lambda_i lambda_j)^2 for a stack: loadings (B, p), and who settled.

    Gauss-Newton with Levenberg damping per resample, from one start.
    """
    stack, p = len(rho), len(start)
    r, w = np.zeros((stack, p, p)), np.zeros((stack, p, p))
    r[:, found.i, found.j] = r[:, found.j, found.i] = rho
    w[:, found.i, found.j] = w[:, found.j, found.i] = weights
    load = np.tile(start, (stack, 1))
    damping = np.full(stack, 1e-3)
    settled = np.zeros(stack, dtype=bool)
    active = np.flatnonzero(usable)
    diagonal = np.arange(p)

    def loss(rows: npt.NDArray[np.intp], x: Floats) -> Floats:
        gap = r[rows] - x[:, :, None] * x[:, None, :]
        return np.asarray((w[rows] * gap**2).sum(axis=(1, 2)) / 2)

    f = np.full(stack, np.inf)
    f[active] = loss(active, load[active])
    for _ in range(STEPS):
        if not len(active):
            break
        x, wa = load[active], w[active]
        gap = wa * (r[active] - x[:, :, None] * x[:, None, :])
        gradient = np.einsum("bij,bj->bi", gap, x)
        information = wa * x[:, :, None] * x[:, None, :]
        own = np.einsum("bij,bj->bi", wa, x**2)
        information[:, diagonal, diagonal] = own * (1 + damping[active, None])
        step = np.linalg.solve(information, gradient[:, :, None])[:, :, 0]
        done = (gradient * step).sum(axis=1) < 1e-12 * (1 + f[active])
        new = loss(active, x + step)
        better = new <= f[active] * (1 + 1e-12)
        took = active[better]
        load[took], f[took] = (x + step)[better], new[better]
        damping[active] = np.where(better, damping[active] / 10, damping[active] * 10)
        settled[active[done]] = True
        active = active[~done & (damping[active] < 1e8)]
    return load, settled
