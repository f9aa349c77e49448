"""The exact truth of observed scores: bivariate-normal sums, no Monte Carlo.

A keyed answer is ``1 + #{thresholds < y*}``, so with P = P(y > t)

- E(x_i) = 1 + sum_t P(y_i > t)
- cov(x_i, x_j) = sum_s sum_t [P(y_i > s, y_j > t) - P(y_i > s) P(y_j > t)]

where y_i, y_j are bivariate normal with correlation l_i l_j r(scales) + k_i k_j. The rest
(scale means, alpha, regression, LMG, HTMT) is algebra on that 41 x 41 matrix. Valid for
clean, complete answers and without the moderation option (a product is not normal).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from analysis.simulate.parameters import (
    ACQUIESCENCE,
    ITEMS,
    SCALES,
    STRUCTURED,
    THRESHOLDS,
    Floats,
    Structure,
)

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)


def upper(x: Floats) -> Floats:
    """Return P(Z > x) of the standard normal."""
    values = [0.5 * math.erfc(value / math.sqrt(2)) for value in np.ravel(x)]
    return np.array(values, dtype=np.float64).reshape(np.shape(x))


def upper_excess(h: Floats, k: Floats, r: Floats) -> Floats:
    """Return P(X > h, Y > k) - P(X > h) P(Y > k) of the standard bivariate normal.

    Plackett (1954): d/dr P(X > h, Y > k; r) is the bivariate density at (h, k). With
    r = sin(theta) the integrand is smooth, exp(-(h² + k² - 2hk sin theta)/(2 cos² theta)),
    and 24 Gauss-Legendre nodes give full precision for |r| < .9 (Drezner & Wesolowsky 1990).
    Arrays are broadcast.
    """
    h, k, r = (np.asarray(part, np.float64) for part in np.broadcast_arrays(h, k, r))
    if np.abs(r).max(initial=0) >= 0.925:
        raise ValueError("the quadrature is exact only for |r| < .925")
    half = np.arcsin(r) / 2
    theta = half[..., None] * (_NODES + 1)
    sine, cosine = np.sin(theta), np.cos(theta)
    h, k = h[..., None], k[..., None]
    density = np.exp(-(h * h + k * k - 2 * h * k * sine) / (2 * cosine * cosine))
    excess: Floats = (density @ _WEIGHTS) * half / (2 * math.pi)
    return excess


@dataclass(frozen=True)
class Regression:
    """Least squares on the population covariances of scale scores."""

    outcome: str
    slopes: Mapping[str, float]
    """Unstandardised b."""
    betas: Mapping[str, float]
    r2: float


@dataclass(frozen=True)
class Truth:
    """Population moments of keyed answers; index order `ITEMS` and `SCALES`."""

    item_means: Floats
    """(41,) expected keyed answers, 1..5."""
    item_covariance: Floats
    """(41, 41) covariances of keyed answers."""

    def _selector(self) -> Floats:
        """Weights that turn keyed items into scale means: (8, 41)."""
        weights = np.zeros((len(SCALES), len(ITEMS)))
        for column, item in enumerate(ITEMS):
            weights[SCALES.index(item.scale), column] = 1
        weights /= weights.sum(axis=1, keepdims=True)
        return weights

    @property
    def scale_means(self) -> dict[str, float]:
        """Expected scale means, 1..5."""
        return dict(zip(SCALES, (self._selector() @ self.item_means).tolist(), strict=True))

    @property
    def scale_covariance(self) -> Floats:
        """(8, 8) covariances of scale means."""
        weights = self._selector()
        covariance: Floats = weights @ self.item_covariance @ weights.T
        return covariance

    @property
    def scale_correlation(self) -> Floats:
        """(8, 8) correlations of scale means."""
        sd = np.sqrt(np.diag(self.scale_covariance))
        correlation: Floats = self.scale_covariance / np.outer(sd, sd)
        return correlation

    @property
    def pomp_means(self) -> dict[str, float]:
        """Expected scores in percent of the maximum possible, (mean - 1)/4 * 100."""
        return {scale: (mean - 1) / 4 * 100 for scale, mean in self.scale_means.items()}

    @property
    def pomp_sds(self) -> dict[str, float]:
        """Standard deviations of scores in percent of the maximum possible."""
        sds = np.sqrt(np.diag(self.scale_covariance)) * 25
        return dict(zip(SCALES, sds.tolist(), strict=True))

    def alpha(self, scale: str) -> float:
        """Cronbach's alpha, k/(k-1) (1 - sum of variances / variance of the sum) (1951)."""
        columns = [i for i, item in enumerate(ITEMS) if item.scale == scale]
        block = self.item_covariance[np.ix_(columns, columns)]
        k = len(columns)
        return float(k / (k - 1) * (1 - np.trace(block) / block.sum()))

    def regression(self, outcome: str, predictors: Sequence[str]) -> Regression:
        """Regress one scale mean on others: b = S_xx⁻¹ s_xy, R² = b's_xy / s_yy."""
        x = [SCALES.index(name) for name in predictors]
        y = SCALES.index(outcome)
        s = self.scale_covariance
        b = np.linalg.solve(s[np.ix_(x, x)], s[x, y])
        beta = b * np.sqrt(np.diag(s)[x] / s[y, y])
        return Regression(
            outcome,
            dict(zip(predictors, b.tolist(), strict=True)),
            dict(zip(predictors, beta.tolist(), strict=True)),
            float(b @ s[x, y] / s[y, y]),
        )

    def lmg(self, outcome: str, predictors: Sequence[str]) -> dict[str, float]:
        """Shares of R² averaged over all orders of entry (Lindeman, Merenda & Gold 1980)."""
        p = len(predictors)
        result = {}
        for name in predictors:
            others = [other for other in predictors if other != name]
            share = 0.0
            for size in range(p):
                weight = math.factorial(size) * math.factorial(p - 1 - size) / math.factorial(p)
                for subset in combinations(others, size):
                    before = self.regression(outcome, subset).r2 if subset else 0.0
                    share += weight * (self.regression(outcome, (*subset, name)).r2 - before)
            result[name] = share
        return result

    def htmt(self, first: str, second: str) -> float:
        """Heterotrait-monotrait ratio of two scales (Henseler, Ringle & Sarstedt 2015).

        Mean correlation between the scales' items over the geometric mean of the mean
        correlations within them, on keyed items.
        """
        sd = np.sqrt(np.diag(self.item_covariance))
        r = self.item_covariance / np.outer(sd, sd)
        a = [i for i, item in enumerate(ITEMS) if item.scale == first]
        b = [i for i, item in enumerate(ITEMS) if item.scale == second]

        def within(block: list[int]) -> float:
            rows = r[np.ix_(block, block)]
            return float(rows[np.triu_indices(len(block), 1)].mean())

        return float(r[np.ix_(a, b)].mean() / math.sqrt(within(a) * within(b)))


def truth(
    k: float = ACQUIESCENCE,
    structure: Structure = STRUCTURED,
    *,
    shift: Mapping[str, float] | None = None,
) -> Truth:
    """Compute the exact moments of keyed, clean, complete answers.

    Parameters: ``k`` acquiescence weight; ``shift`` change of a scale's latent (scenario
    delta at wave 2), multiplied by the loadings as in the generator.
    """
    moved = shift or {}
    loading = np.array([item.loading for item in ITEMS])
    agreement = np.array([item.acquiescence(k) for item in ITEMS])
    mean = np.array([item.mean + item.loading * moved.get(item.scale, 0.0) for item in ITEMS])
    scale = [SCALES.index(item.scale) for item in ITEMS]
    latent = structure.latent_correlation()[np.ix_(scale, scale)]
    correlation = np.outer(loading, loading) * latent + np.outer(agreement, agreement)

    cuts = np.array(THRESHOLDS)[None, :] - mean[:, None]
    above = upper(cuts)
    np.fill_diagonal(correlation, 0.0)  # the diagonal is a variance, computed below
    covariance = upper_excess(
        cuts[:, None, :, None], cuts[None, :, None, :], correlation[:, :, None, None]
    ).sum(axis=(2, 3))
    # E(x-1)² of a sum of nested indicators: sum_t (2t - 1) P(y > t)
    square = above @ np.array([1.0, 3.0, 5.0, 7.0])
    np.fill_diagonal(covariance, square - above.sum(axis=1) ** 2)
    return Truth(1 + above.sum(axis=1), covariance)
