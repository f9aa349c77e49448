"""What each answer does to thresholds and polychoric correlations, and their covariance.

Casewise influence (Muthen 1984, Psychometrika 49) takes as many values as a pair has cells,
so it is a table, looked up by the answers. Gamma = n sum over rows of IF IF' is the
covariance of sqrt(n) (estimate - truth): its diagonal (the weights of DWLS) needs the tables
only, the whole of it one pass over the rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from analysis import bivariate
from analysis.counts_layout import ABSENT
from analysis.errors import ImproperSolution
from analysis.merging import Cases
from analysis.moments import Floats
from analysis.polychoric import FAR, FLOOR, Polychorics

CHUNK = 1024
SINGLE_FROM = 20_000
"""Rows from which chunks are multiplied in single precision and added up in double."""


@dataclass(frozen=True, eq=False)
class Influence:
    """Influence tables; place k of an answer means that there is none."""

    found: Polychorics
    tau: Floats
    """(p, k + 1, k - 1): of an answer on the item's thresholds."""
    rho: Floats
    """(P, k + 1, k + 1): of two answers on the pair's correlation."""
    gamma_tau: Floats
    """(p, k - 1): diagonal of Gamma, thresholds."""
    gamma_rho: Floats
    """(P,): diagonal of Gamma, correlations."""


def require_informative(tables: Influence) -> None:
    """Refuse pairs whose tables say nothing of their correlation, so that no weight exists.

    Raises `ImproperSolution` naming the items.
    """
    silent = np.flatnonzero(~(np.isfinite(tables.gamma_rho) & (tables.gamma_rho > 0)))
    if len(silent):
        names, i, j = tables.found.layout.names, tables.found.i, tables.found.j
        pairs = [f"{names[i[q]]} and {names[j[q]]}" for q in silent]
        raise ImproperSolution(
            f"The answers of {'; '.join(pairs)} leave the error of their polychoric correlation "
            "open: too many empty cells. Merge categories, give more rows, or use MLR.",
            sorted({names[q] for q in (*i[silent], *j[silent])}),
        )


def influence(found: Polychorics) -> Influence:
    """Compute the influence tables of polychoric estimates.

    Threshold scores s(a) = (phi(tau_a) - phi(tau_a-1)) / pi_a by position, A11 = sum n_a s s',
    IF_tau = A11^-1 s. Correlation scores s(a, b) = dP/P, A22 = sum n_ab s^2, A21 = sum n_ab
    s dlog P / dtau, IF_rho = (s - A21_i IF_tau_i - A21_j IF_tau_j) / A22. With one answer
    missing its part falls away; with both, everything.
    """
    k = found.margins.shape[1]
    tau_if = _of_thresholds(found)
    a, b = found.tau[found.i], found.tau[found.j]
    prob = bivariate.cells(a, b, found.rho)
    slope = bivariate.cell_slopes(a, b, found.rho)
    fine = prob > FLOOR
    inverse = np.where(fine, 1 / np.where(fine, prob, 1.0), 0.0)
    score = slope * inverse
    weighted = found.tables * score
    a22 = (weighted * score).sum(axis=(1, 2))
    by_row = _shift_slopes(a, b, found.rho)
    by_column = _shift_slopes(b, a, found.rho).transpose(0, 2, 1)
    left = np.zeros((len(a), k - 1))
    right = np.zeros((len(a), k - 1))
    cell = weighted * inverse
    # a threshold's rise moves probability from the category above it to the one below
    left += (cell[:, :-1] * by_row).sum(axis=2) - (cell[:, 1:] * by_row).sum(axis=2)
    right += (cell[:, :, :-1] * by_column).sum(axis=1) - (cell[:, :, 1:] * by_column).sum(axis=1)
    rho_if = np.zeros((len(a), k + 1, k + 1))
    rho_if[:, :k, :k] = score
    rho_if -= np.einsum("pt,pat->pa", left, tau_if[found.i])[:, :, None]
    rho_if -= np.einsum("pt,pbt->pb", right, tau_if[found.j])[:, None, :]
    # a pair whose every cell is floored says nothing of its correlation: NaN
    rho_if /= np.where(a22 > 0, a22, np.nan)[:, None, None]
    cells = np.zeros_like(rho_if)
    cells[:, :k, :k] = found.tables
    cells[:, :k, k] = found.margins[found.i] - found.tables.sum(axis=2)
    cells[:, k, :k] = found.margins[found.j] - found.tables.sum(axis=1)
    return Influence(
        found,
        tau_if,
        rho_if,
        found.n * np.einsum("pa,pat->pt", found.margins, tau_if[:, :k] ** 2),
        found.n * (cells * rho_if**2).sum(axis=(1, 2)),
    )


def _of_thresholds(found: Polychorics) -> Floats:
    p, k = found.margins.shape
    t = np.arange(k - 1)
    padded = found.tau == FAR
    edge = np.where(padded, 0.0, bivariate.density(found.tau))
    share = found.margins / found.margins.sum(axis=1, keepdims=True)
    safe = np.where(share > 0, share, 1.0)  # only padded categories have none
    score = np.zeros((p, k, k - 1))
    score[:, t, t] = edge / safe[:, :-1]
    score[:, t + 1, t] = -edge / safe[:, 1:]
    information = score.transpose(0, 2, 1) @ (score * found.margins[:, :, None])
    information[:, t, t] += padded
    out = np.zeros((p, k + 1, k - 1))
    out[:, :k] = score @ np.linalg.inv(information)
    return out


def _shift_slopes(a: Floats, b: Floats, r: Floats) -> Floats:
    """phi(a_t) P(b_c-1 < Y <= b_c | X = a_t): (P, k - 1, k); 0 at padded thresholds."""
    rest = np.sqrt(1 - r * r)[:, None, None]
    upto = special.ndtr((b[:, None, :] - r[:, None, None] * a[:, :, None]) / rest)
    grid = np.zeros((len(r), a.shape[1], b.shape[1] + 2))
    grid[:, :, 1:-1] = upto
    grid[:, :, -1] = 1.0
    weight = np.where(a == FAR, 0.0, bivariate.density(a))[:, :, None]
    return np.asarray(weight * np.diff(grid, axis=2), dtype=np.float64)


def gamma(
    tables: Influence, cases: Cases[npt.NDArray[np.uint8]], *, thresholds: bool = False
) -> Floats:
    """Gamma whole, in one pass over the rows.

    ``cases``: places (p, rows) of the answers as in `polychoric.Places`. Order: thresholds
    item by item (if asked for), then correlations in vech order.
    """
    return np.asarray(tables.found.n * cases.total(Products(tables, thresholds)), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Products:
    """Places (p, rows) to the sum of the outer products of their influence."""

    tables: Influence
    thresholds: bool = False

    def __call__(self, block: npt.NDArray[np.uint8]) -> Floats:
        """Sum over the rows, `CHUNK` at a time."""
        return _products(self.tables, block, thresholds=self.thresholds)


def _products(tables: Influence, block: npt.NDArray[np.uint8], *, thresholds: bool) -> Floats:
    found = tables.found
    p, k = found.margins.shape
    single = found.n >= SINGLE_FROM
    kind = np.float32 if single else np.float64
    rho = np.ascontiguousarray(tables.rho.reshape(-1), dtype=kind)
    offset = np.arange(len(found.rho)) * (k + 1) ** 2
    item, step = threshold_index(found)
    tau = np.ascontiguousarray(tables.tau[item, :, step], dtype=kind) if thresholds else None
    first = len(item) if thresholds else 0
    size = first + len(found.rho)
    begin = np.concatenate([[0], np.cumsum(np.arange(p - 1, 0, -1))])
    total = np.zeros((size, size))
    held = np.empty((size, CHUNK), dtype=kind)
    for start in range(0, block.shape[1], CHUNK):
        place = block[:, start : start + CHUNK].astype(np.intp)
        place[place == ABSENT] = k
        rows = held[:, : place.shape[1]]
        if tau is not None:
            for q in range(first):
                np.take(tau[q], place[item[q]], out=rows[q], mode="clip")
        high = place * (k + 1)
        for i in range(p - 1):
            where = slice(begin[i], begin[i + 1])
            index = place[i + 1 :] + high[i]
            index += offset[where, None]
            np.take(rho, index, out=rows[first + begin[i] : first + begin[i + 1]], mode="clip")
        total += rows @ rows.T
    return total


def threshold_index(
    found: Polychorics,
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Item and position of every threshold, item by item."""
    sizes = np.array(found.layout.sizes)
    item = np.repeat(np.arange(len(sizes)), sizes - 1)
    step = np.concatenate([np.arange(size - 1) for size in sizes])
    return item, step
