"""Full-information likelihood of a factor model from rows with missing answers.

l per case = -deviance / 2 with the deviance of `analysis.confirm.patterns`; groups weigh
n_g / N. Score and information are those of (mu, vech Sigma) through the model's Jacobian:
observed = Delta' A Delta - curvature. Always with mean structure. Arbuckle (1996); Yuan &
Bentler (2000) for the casewise products.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.confirm.casewise import CHUNK
from analysis.confirm.normal import Sample
from analysis.confirm.patterns import (
    Batch,
    Patterns,
    SortedRows,
    batches,
    deviance,
    moment_space,
)
from analysis.confirm.table import Slopes, Table, vech_index, vech_weights
from analysis.merging import Cases
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

    def meat(self, x: Floats, rows: Sequence[Cases[SortedRows]]) -> Floats:
        """B0 (q, q): mean outer product of the cases' scores at ``x``."""
        out = np.zeros((self.table.size,) * 2)
        for part, cases in zip(self.table.parts, rows, strict=True):
            matrices = part.matrices(x)
            kernel = ScoreProducts(part.slopes(matrices), matrices.mu(), matrices.sigma())
            part.add_square(out, cases.total(kernel) / self.n)
        return out


@dataclass(frozen=True, slots=True, eq=False)
class ScoreProducts:
    """Sorted rows to the sum of the outer products of their scores, cells x cells."""

    slopes: Slopes
    mu: Floats
    sigma: Floats

    def __call__(self, data: SortedRows) -> Floats:
        """Sum over the rows, a batch of patterns at a time."""
        total = np.zeros((len(self.slopes.scale),) * 2)
        for batch in batches(data.patterns, self.mu, self.sigma):
            constant = _constants(self.slopes, batch.precision)
            for a, pattern in weighted_rows(data, self.mu, batch):
                scores = self.slopes.scores(a)
                scores -= constant[:, pattern]
                total += scores @ scores.T
        return total


def _constants(slopes: Slopes, precision: Floats) -> Floats:
    """Return tr(P_k D) / 2 of every cell and pattern: (cells, patterns)."""
    inner = slopes.basis.T @ precision @ slopes.basis
    constant: Floats = slopes.scale[:, None] * inner[:, slopes.left, slopes.right].T
    return constant


def weighted_rows(
    data: SortedRows, mu: Floats, batch: Batch
) -> Iterator[tuple[Floats, np.ndarray]]:
    """Yield a = P_k (y - mu) as columns (p, r), and each column's pattern in the batch.

    Zero where the answer is missing. Runs of at most `CHUNK` rows.
    """
    shift = mu - data.patterns.centre
    starts = data.patterns.starts[batch.first : batch.last]
    counts = data.patterns.counts[batch.first : batch.last]
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


@dataclass(frozen=True, slots=True, eq=False)
class SaturatedProducts:
    """Sorted rows to the sum of outer products of their scores in (mu, vech Sigma).

    Rows q_i = (a_i, m/2 vech(a_i a_i')); the constant c_k = (0, m/2 vech P_k) enters
    through the pattern sums (u_k, m/2 vech H_k), never row by row.
    """

    mu: Floats
    sigma: Floats

    def __call__(self, data: SortedRows) -> Floats:
        """Sum over the rows: (p + p*, p + p*)."""
        p = len(self.mu)
        lower, half = vech_index(p), vech_weights(p) / 2
        size = p + len(half)
        out = np.zeros((size, size))
        for batch in batches(data.patterns, self.mu, self.sigma):
            for a, _ in weighted_rows(data, self.mu, batch):
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
        return out


def saturated_meat(rows: Cases[SortedRows], sample: Sample) -> Floats:
    """B1 (p + p*, p + p*): mean outer product of casewise scores in (mu, vech Sigma)."""
    return rows.total(SaturatedProducts(sample.mean, sample.covariance)) / sample.n


def fourth_powers(data: SortedRows) -> Floats:
    """Sum of fourth powers of each item's answers about the centre: (p,)."""
    fourth = np.zeros(data.rows.shape[1])
    for begin in range(0, len(data.rows), CHUNK):
        # zero where missing, so sums need no mask
        square = data.rows[begin : begin + CHUNK] ** 2
        fourth += np.einsum("np,np->p", square, square)
    return fourth


def item_kurtosis(patterns: Patterns, rows: Cases[SortedRows]) -> Floats:
    """Fourth moment over squared variance of each item's own answers: (p,).

    Patterns and rows about the observed means.
    """
    kurtosis: Floats = rows.total(fourth_powers) * patterns.answered / patterns.squares**2
    return kurtosis
