"""Full-information likelihood of a factor model from rows with missing answers.

l per case = -deviance / 2 with the deviance of `analysis.confirm.patterns`; groups weigh
n_g / N. Score and information are those of (mu, vech Sigma) through the model's Jacobian:
observed = Delta' A Delta - curvature. Always with mean structure. Arbuckle (1996); Yuan &
Bentler (2000) for the casewise products.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from analysis.confirm.casewise import CHUNK
from analysis.confirm.patterns import Batch, Patterns, batches, deviance, moment_space
from analysis.confirm.table import Slopes, Table, vech_index, vech_weights
from analysis.moments import Floats


class MissingLikelihood:
    """`analysis.confirm.search.Objective` for rows with missing answers."""

    def __init__(self, table: Table, patterns: Sequence[Patterns]) -> None:
        self.table, self.patterns = table, tuple(patterns)
        self.n = sum(data.n for data in patterns)
        self.weights = [data.n / self.n for data in patterns]

    def deviance(self, x: Floats) -> float:
        """Return -2 l per case, without the constant."""
        total = 0.0
        for part, data, weight in zip(self.table.parts, self.patterns, self.weights, strict=True):
            matrices = part.matrices(x)
            total += weight * deviance(data, matrices.mu(), matrices.sigma())
            if not np.isfinite(total):
                return float("inf")
        return total

    def derivatives(self, x: Floats, *, observed: bool) -> tuple[Floats, Floats]:
        """Score (q,) and information (q, q) per case."""
        size = self.table.size
        gradient, information = np.zeros(size), np.zeros((size, size))
        kind = "observed" if observed else "expected"
        for part, data, weight in zip(self.table.parts, self.patterns, self.weights, strict=True):
            matrices = part.matrices(x)
            at = moment_space(data, matrices.mu(), matrices.sigma(), information=kind)
            slopes = part.slopes(matrices)
            delta = slopes.moments(means=True)
            block = delta.T @ at.information @ delta
            if observed:
                block = block - part.curvature(matrices, at.slope, at.mean_slope)
            slope = slopes.gradient(at.slope, at.mean_slope)
            part.add_vector(gradient, weight * slope)
            part.add_square(information, weight * block)
        return gradient, information

    def meat(self, x: Floats) -> Floats:
        """B0 (q, q): mean outer product of the cases' scores at ``x``."""
        out = np.zeros((self.table.size,) * 2)
        for part, data in zip(self.table.parts, self.patterns, strict=True):
            matrices = part.matrices(x)
            slopes = part.slopes(matrices)
            block = np.zeros((len(part.cells),) * 2)
            mu, sigma = matrices.mu(), matrices.sigma()
            for batch in batches(data, mu, sigma):
                constant = _constants(slopes, batch.precision)
                for a, pattern in weighted_rows(data, mu, batch):
                    scores = slopes.scores(a)
                    scores -= constant[:, pattern]
                    block += scores @ scores.T
            part.add_square(out, block / self.n)
        return out


def _constants(slopes: Slopes, precision: Floats) -> Floats:
    """Return tr(P_k D) / 2 of every cell and pattern: (cells, patterns)."""
    inner = slopes.basis.T @ precision @ slopes.basis
    constant: Floats = slopes.scale[:, None] * inner[:, slopes.left, slopes.right].T
    return constant


def weighted_rows(data: Patterns, mu: Floats, batch: Batch) -> Iterator[tuple[Floats, np.ndarray]]:
    """Yield a = P_k (y - mu) as columns (p, r), and each column's pattern in the batch.

    Zero where the answer is missing. Runs of at most `CHUNK` rows.
    """
    shift = mu - data.centre
    starts = data.starts[batch.first : batch.last]
    counts = data.counts[batch.first : batch.last]
    pattern = np.repeat(np.arange(len(counts)), counts)
    begin = int(starts[0])
    for low in range(0, len(pattern), CHUNK):
        here = pattern[low : low + CHUNK]
        # P_k is zero at missing items, so the shift of those rows does no harm
        y = data.rows[begin + low : begin + low + len(here)] - shift
        a = np.empty((len(mu), len(here)))
        edges = np.flatnonzero(np.diff(here)) + 1
        if len(edges) > len(here) // 4:
            a[:] = np.einsum("npq,nq->pn", batch.precision[here], y)
        else:
            for left, right in zip([0, *edges], [*edges, len(here)], strict=True):
                a[:, left:right] = batch.precision[here[left]] @ y[left:right].T
        yield a, here


def saturated_meat(data: Patterns, mu: Floats, sigma: Floats) -> Floats:
    """B1 (p + p*, p + p*): mean outer product of casewise scores in (mu, vech Sigma).

    Rows q_i = (a_i, m/2 vech(a_i a_i')); the constant c_k = (0, m/2 vech P_k) enters
    through the pattern sums (u_k, m/2 vech H_k), never row by row.
    """
    p = len(mu)
    lower, half = vech_index(p), vech_weights(p) / 2
    size = p + len(half)
    out = np.zeros((size, size))
    for batch in batches(data, mu, sigma):
        for a, _ in weighted_rows(data, mu, batch):
            q = np.empty((size, a.shape[1]))
            q[:p] = a
            np.multiply(a[lower[0]], a[lower[1]], out=q[p:])
            q[p:] *= half[:, None]
            out += q @ q.T
        constant = np.zeros((len(batch.counts), size))
        constant[:, p:] = half * batch.precision[:, lower[0], lower[1]]
        h = batch.curved()
        h += batch.counts[:, None, None] * batch.precision
        sums = np.hstack([batch.u, half * h[:, lower[0], lower[1]]])
        sums -= 0.5 * batch.counts[:, None] * constant
        cross = sums.T @ constant
        out -= cross + cross.T
    return out / data.n


def item_kurtosis(data: Patterns) -> Floats:
    """Fourth moment over squared variance of each item's own answers: (p,)."""
    squares, fourth = np.zeros(data.rows.shape[1]), np.zeros(data.rows.shape[1])
    for begin in range(0, data.n, CHUNK):
        # centred at the observed mean and zero where missing, so sums need no mask
        square = data.rows[begin : begin + CHUNK] ** 2
        squares += square.sum(axis=0)
        fourth += np.einsum("np,np->p", square, square)
    kurtosis: Floats = fourth * data.answered / squares**2
    return kurtosis
