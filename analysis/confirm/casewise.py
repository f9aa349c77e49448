"""Robust standard errors and the Yuan-Bentler factor from complete data.

SE: E B0 E / N, E the inverse *observed* information, B0 the mean outer product of casewise
parameter scores at the model (Huber-White). A case's scores cost n x q: with a = Si (y - mu)
they are gathers of B'a (`Slopes.scores`) minus tr(Si D_k) / 2. Without mean structure mu is
the sample mean. Cases run in chunks; no fourth-moment matrix is ever formed.

Scaling: c = (tr_h1 - tr_h0) / df, tr_h0 = tr(B0 E), tr_h1 = tr(B1 A1^-1) at the unstructured
moments, which is Mardia's kurtosis: (b2p - p) / 2 + p (means), b2p = mean of D^4, D the
Mahalanobis distance with S of divisor n. Yuan & Bentler (2000), Sociological Methodology 30,
in the variant of Mplus that lavaan uses. Baseline: scores (z_i^2 / s_ii - 1) / (2 s_ii) with
information 1 / (2 s_ii^2) give tr_h0 = sum (kurtosis_i - 1) / 2 + p.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.confirm.normal import NormalLikelihood, Sample
from analysis.confirm.table import Slopes
from analysis.merging import Cases
from analysis.moments import Floats

CHUNK = 4096


@dataclass(frozen=True, slots=True)
class Traces:
    """tr_h1 of the saturated model and tr_h0 of the independence model, groups summed."""

    saturated: float
    baseline: float


@dataclass(frozen=True, slots=True, eq=False)
class ScoreProducts:
    """Complete rows (n, p) to the sum of the outer products of their scores, cells x cells."""

    slopes: Slopes
    inverse: Floats
    centre: Floats
    constant: Floats

    def __call__(self, rows: Floats) -> Floats:
        """Sum over the rows, `CHUNK` at a time."""
        total = np.zeros((len(self.constant),) * 2)
        for begin in range(0, len(rows), CHUNK):
            a = self.inverse @ (rows[begin : begin + CHUNK] - self.centre).T
            scores = self.slopes.scores(a)
            scores -= self.constant[:, None]
            total += scores @ scores.T
        return total


@dataclass(frozen=True, slots=True, eq=False)
class FourthMoments:
    """Complete rows (n, p) to the sums of D^4 (first) and of every item's fourth power."""

    mean: Floats
    whiten: Floats

    def __call__(self, rows: Floats) -> Floats:
        """Sum over the rows, `CHUNK` at a time."""
        total = np.zeros(1 + len(self.mean))
        for begin in range(0, len(rows), CHUNK):
            centred = rows[begin : begin + CHUNK] - self.mean
            distance = ((centred @ self.whiten) ** 2).sum(axis=1)
            total[0] += distance @ distance
            squares = centred**2
            total[1:] += np.einsum("np,np->p", squares, squares)
        return total


def meat(likelihood: NormalLikelihood, x: Floats, rows: Sequence[Cases[Floats]]) -> Floats:
    """B0 (q, q): mean outer product of the cases' scores at ``x``.

    ``rows``: complete rows (n_g, p) of each group, in the likelihood's item order.
    """
    table = likelihood.table
    out = np.zeros((table.size, table.size))
    for at, sample, cases in zip(likelihood.at(x), likelihood.samples, rows, strict=True):
        centre = at.matrices.mu() if table.means else sample.mean
        constant = at.slopes.gradient(at.inverse) / 2
        block = cases.total(ScoreProducts(at.slopes, at.inverse, centre, constant))
        at.part.add_square(out, block / likelihood.n)
    return out


def traces(samples: Sequence[Sample], rows: Sequence[Cases[Floats]], *, means: bool) -> Traces:
    """Kurtosis terms of the Yuan-Bentler factor, from complete rows."""
    saturated = baseline = 0.0
    for sample, cases in zip(samples, rows, strict=True):
        p = len(sample.mean)
        whiten = np.linalg.inv(np.linalg.cholesky(sample.covariance)).T
        fourth = cases.total(FourthMoments(sample.mean, whiten)) / sample.n
        kurtosis = fourth[1:] / np.diag(sample.covariance) ** 2
        more = p if means else 0
        saturated += float(fourth[0] - p) / 2 + more
        baseline += float((kurtosis - 1).sum()) / 2 + more
    return Traces(saturated, baseline)
