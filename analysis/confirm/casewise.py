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
from analysis.moments import Floats

CHUNK = 4096


@dataclass(frozen=True, slots=True)
class Traces:
    """tr_h1 of the saturated model and tr_h0 of the independence model, groups summed."""

    saturated: float
    baseline: float


def meat(likelihood: NormalLikelihood, x: Floats, rows: Sequence[Floats]) -> Floats:
    """B0 (q, q): mean outer product of the cases' scores at ``x``.

    ``rows``: complete rows (n_g, p) of each group, in the likelihood's item order.
    """
    table = likelihood.table
    out = np.zeros((table.size, table.size))
    places = zip(likelihood.at(x), likelihood.samples, rows, strict=True)
    for at, sample, data in places:
        centre = at.matrices.mu() if table.means else sample.mean
        constant = at.slopes.gradient(at.inverse) / 2
        block = np.zeros((len(at.part.cells),) * 2)
        for begin in range(0, len(data), CHUNK):
            a = at.inverse @ (data[begin : begin + CHUNK] - centre).T
            scores = at.slopes.scores(a)
            scores -= constant[:, None]
            block += scores @ scores.T
        at.part.add_square(out, block / likelihood.n)
    return out


def traces(samples: Sequence[Sample], rows: Sequence[Floats], *, means: bool) -> Traces:
    """Kurtosis terms of the Yuan-Bentler factor, from complete rows."""
    saturated = baseline = 0.0
    for sample, data in zip(samples, rows, strict=True):
        p = len(sample.mean)
        whiten = np.linalg.inv(np.linalg.cholesky(sample.covariance)).T
        fourth, fourth_by_item = 0.0, np.zeros(p)
        for begin in range(0, len(data), CHUNK):
            centred = data[begin : begin + CHUNK] - sample.mean
            distance = ((centred @ whiten) ** 2).sum(axis=1)
            fourth += float(distance @ distance)
            squares = centred**2
            fourth_by_item += np.einsum("np,np->p", squares, squares)
        kurtosis = fourth_by_item / sample.n / np.diag(sample.covariance) ** 2
        more = p if means else 0
        saturated += (fourth / sample.n - p) / 2 + more
        baseline += float((kurtosis - 1).sum()) / 2 + more
    return Traces(saturated, baseline)
