"""Robust fit indices with missing answers, which exist also for plain ML.

The deviance of FIML is not a discrepancy of moments, so CFI and RMSEA from it depend on how
much is missing. Instead (Zhang & Savalei 2020, 2023, as in lavaan): X3 = N F_ML of the EM
moments at the FIML estimates, X3b the same of the independence model, and their expected
values c3 df with, over the groups' moment spaces weighted by f_g = n_g / N,

    W = observed information at the EM moments (A1), Wc = complete-data information there,
    M = I - D E D'W,  E = (D'W D)^-1,  D the model's Jacobian at the FIML estimates
    ML:  c3 df = tr(Wc M W^-1)       MLR: c3 df = tr(M' Wc M W^-1 B1 W^-1)

written out below so that no matrix is larger than one group's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from analysis.confirm.normal import inverse_and_log_det
from analysis.confirm.table import vech_index, vech_position, vech_weights
from analysis.errors import ImproperSolution
from analysis.moments import Floats


def complete_information(sigma: Floats) -> Floats:
    """Information of (mu, vech Sigma) from complete data: blocks Si and K(Si, Si) / 2."""
    p = len(sigma)
    found = inverse_and_log_det(sigma)
    if found is None:
        raise ImproperSolution("The covariance matrix is not positive definite.")
    inverse = found[0]
    a, b = vech_index(p)
    m = vech_weights(p)
    block = inverse[np.ix_(a, a)] * inverse[np.ix_(b, b)]
    block += inverse[np.ix_(a, b)] * inverse[np.ix_(b, a)]
    out = np.zeros((p + len(a),) * 2)
    out[:p, :p] = inverse
    out[p:, p:] = block * np.outer(m, m) / 4
    return out


@dataclass(frozen=True, slots=True, eq=False)
class GroupSpace:
    """One group's moment space at its EM moments."""

    weight: float
    """f_g."""
    observed: Floats
    """A1."""
    complete: Floats
    """Wc."""
    meat: Floats | None
    """B1; None under plain ML."""

    def whole(self) -> float:
        """tr(Wc W^-1), under MLR tr(Wc W^-1 B1 W^-1)."""
        turned = self.solve(self.complete)
        if self.meat is None:
            return float(np.trace(turned))
        return float((turned.T * self.solve(self.meat)).sum())

    def solve(self, right: Floats) -> Floats:
        """W^-1 right."""
        factor = linalg.cho_factor(self.observed, check_finite=False)
        return np.asarray(linalg.cho_solve(factor, right, check_finite=False))


def expected_gap(spaces: Sequence[GroupSpace], deltas: Sequence[Floats]) -> float:
    """Return c3 df for Jacobians ``deltas`` (p + p*, q) of the groups, q shared."""
    size = deltas[0].shape[1]
    information, complete = np.zeros((size, size)), np.zeros((size, size))
    meat, mixed = np.zeros((size, size)), np.zeros((size, size))
    total = 0.0
    for space, delta in zip(spaces, deltas, strict=True):
        f = space.weight
        total += space.whole()
        along = space.complete @ delta
        information += f * (delta.T @ space.observed @ delta)
        complete += f * (delta.T @ along)
        if space.meat is not None:
            meat += f * (delta.T @ space.meat @ delta)
            mixed += f * ((space.meat @ delta).T @ space.solve(along))
    e = np.linalg.inv(information)
    if spaces[0].meat is None:
        return total - float((e * complete.T).sum())
    turned = e @ complete @ e
    return total - 2 * float((e * mixed.T).sum()) + float((turned * meat.T).sum())


def baseline_gap(spaces: Sequence[GroupSpace]) -> float:
    """Return c3b df of independence: means and variances of every group for themselves."""
    total = 0.0
    for space in spaces:
        size = len(space.observed)
        p = round((np.sqrt(9 + 8 * size) - 3) / 2)
        diagonal = p + np.diag(vech_position(p))
        delta = np.zeros((size, 2 * p))
        delta[np.concatenate([np.arange(p), diagonal]), np.arange(2 * p)] = 1.0
        total += expected_gap(
            [GroupSpace(1.0, space.observed, space.complete, space.meat)], [delta]
        )
    return total
