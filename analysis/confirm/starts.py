"""Start values of a factor model from the covariances of its items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.moments import Floats, to_correlation


@dataclass(frozen=True, slots=True, eq=False)
class Starts:
    """Starts with unit factor variances, in the items' own metric."""

    loadings: Floats  # (p, m)
    unique: Floats  # (p,)
    phi: Floats  # (m, m), factor correlations


def start_values(
    loads: Sequence[Sequence[int]],
    uncorrelated: frozenset[tuple[int, int]],
    covariance: Floats,
) -> Starts:
    """First component of each factor's items; factor correlations by least squares.

    Loadings lie in .3-.9 of the item's SD, residual variances in 20-80 % of its variance,
    factor correlations in -.8 to .8.
    """
    sd = np.sqrt(np.diag(covariance))
    r = to_correlation(covariance)
    load = np.zeros((len(sd), len(loads)))
    for j, mine in enumerate(loads):
        rows = np.asarray(mine)
        before = load[rows, :j]
        again = (before != 0).any(axis=1)
        # an item of an earlier factor lends the next one what that leaves unexplained
        left = r[np.ix_(rows, rows)] - before @ before.T * np.outer(again, again)
        _, vectors = np.linalg.eigh(left)
        first = vectors[:, -1]
        first = first if first[np.abs(first).argmax()] > 0 else -first
        scaled = first * np.sqrt(len(rows)) * 0.6
        low, high = np.where(again, 0.15, 0.3), np.where(again, 0.5, 0.9)
        load[rows, j] = np.where(scaled < 0, -1, 1) * np.clip(np.abs(scaled), low, high)
    unique = np.clip(1 - (load**2).sum(axis=1), 0.2, 0.8)
    weights = np.linalg.pinv(load)
    psi = weights @ (r - np.diag(unique)) @ weights.T
    scale = np.sqrt(np.clip(np.diag(psi), 1e-3, None))
    phi = np.clip(psi / np.outer(scale, scale), -0.8, 0.8)
    np.fill_diagonal(phi, 1.0)
    for j, k in uncorrelated:
        phi[j, k] = phi[k, j] = 0.0
    if np.linalg.eigvalsh(phi)[0] < 0.05:
        phi = 0.5 * phi + 0.5 * np.eye(len(phi))
    return Starts(load * sd[:, None], unique * sd**2, phi)
