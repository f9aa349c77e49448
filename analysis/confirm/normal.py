"""Normal-theory likelihood of a factor model from complete data, groups together.

Si = Sigma^-1, T = S + dd', d = ybar - mu, S with divisor n. F_g = log|Sigma| + tr(Si T) -
log|S| - p; the groups weigh f_g = n_g / N; l per case = -F / 2. With H = Si T Si, u = Si d:
dl/dSigma = (H - Si) / 2, dl/dmu = u. Expected information: tr(Si D Si D) / 2 and
dmu' Si dmu. Observed: tr(Si D (H - Si/2) D), dmu' Si dmu and the mean-covariance block
dmu' Si D u, minus the curvature of the model. Joreskog (1969), Psychometrika 34; Bollen
(1989), chapter 4 and appendix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from analysis.confirm.table import Matrices, Part, Slopes, Table
from analysis.moments import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Moments of one group."""

    n: int
    mean: Floats  # (p,)
    covariance: Floats  # (p, p), divisor n

    @property
    def log_det(self) -> float:
        """log|S|."""
        return float(np.linalg.slogdet(self.covariance)[1])


def sample_of(data: Floats) -> Sample:
    """Moments of complete rows (n, p)."""
    mean = data.mean(axis=0)
    centred = data - mean
    return Sample(len(data), mean, centred.T @ centred / len(data))


def inverse_and_log_det(sigma: Floats) -> tuple[Floats, float] | None:
    """Inverse and log-determinant of a positive definite matrix; None for another."""
    try:
        factor = linalg.cho_factor(sigma, lower=True, check_finite=False)
    except linalg.LinAlgError:
        return None
    diagonal = np.diag(factor[0])
    if not (np.isfinite(diagonal).all() and (diagonal > 0).all()):
        return None
    inverse = linalg.cho_solve(factor, np.eye(len(sigma)), check_finite=False)
    return (inverse + inverse.T) / 2, 2 * float(np.log(diagonal).sum())


@dataclass(frozen=True, slots=True, eq=False)
class At:
    """One group at a parameter vector."""

    part: Part
    matrices: Matrices
    slopes: Slopes
    inverse: Floats
    h: Floats
    u: Floats
    weight: float

    @property
    def g(self) -> Floats:
        """dl/dSigma per case of the group."""
        return (self.h - self.inverse) / 2


class NormalLikelihood:
    """`analysis.confirm.search.Objective` for complete data."""

    def __init__(self, table: Table, samples: Sequence[Sample]) -> None:
        self.table, self.samples = table, tuple(samples)
        self.n = sum(sample.n for sample in samples)
        self.weights = [sample.n / self.n for sample in samples]
        self._log_det = [sample.log_det for sample in samples]

    def _against(self, sample: Sample, matrices: Matrices) -> tuple[Floats, Floats]:
        """Return T and d."""
        if not self.table.means:
            return sample.covariance, np.zeros(len(sample.mean))
        d = sample.mean - matrices.mu()
        return sample.covariance + np.outer(d, d), d

    def by_group(self, x: Floats) -> list[float]:
        """F of every group; infinity where Sigma is not positive definite."""
        out = []
        for part, sample, log_det in zip(
            self.table.parts, self.samples, self._log_det, strict=True
        ):
            matrices = part.matrices(x)
            found = inverse_and_log_det(matrices.sigma())
            if found is None:
                out.append(float("inf"))
                continue
            t, _ = self._against(sample, matrices)
            out.append(found[1] + float((found[0] * t).sum()) - log_det - len(t))
        return out

    def deviance(self, x: Floats) -> float:
        """Return F = sum f_g F_g."""
        return float(np.dot(self.weights, self.by_group(x)))

    def at(self, x: Floats) -> list[At]:
        """Everything needed at ``x``, by group."""
        out = []
        for part, sample, weight in zip(self.table.parts, self.samples, self.weights, strict=True):
            matrices = part.matrices(x)
            found = inverse_and_log_det(matrices.sigma())
            if found is None:
                raise np.linalg.LinAlgError("Sigma is not positive definite")
            t, d = self._against(sample, matrices)
            inverse = found[0]
            out.append(
                At(
                    part,
                    matrices,
                    part.slopes(matrices),
                    inverse,
                    inverse @ t @ inverse,
                    inverse @ d,
                    weight,
                )
            )
        return out

    def derivatives(self, x: Floats, *, observed: bool) -> tuple[Floats, Floats]:
        """Score (q,) and information (q, q) per case."""
        size = self.table.size
        gradient, information = np.zeros(size), np.zeros((size, size))
        for at in self.at(x):
            mean = at.u if self.table.means else None
            slope = at.slopes.gradient(at.g, mean)
            second = at.h - at.inverse / 2 if observed else at.inverse / 2
            block = at.slopes.quadratic(at.inverse, second)
            if self.table.means:
                block = block + at.slopes.mean_quadratic(at.inverse)
                if observed:
                    block = block + at.slopes.mean_cross(at.inverse, at.u)
            if observed:
                block = block - at.part.curvature(at.matrices, at.g, mean)
            at.part.add_vector(gradient, at.weight * slope)
            at.part.add_square(information, at.weight * block)
        return gradient, information

    def score(self, x: Floats) -> Floats:
        """Score alone."""
        return self.derivatives(x, observed=False)[0]
