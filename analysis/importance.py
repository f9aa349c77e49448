"""Relative importance: how R2 divides over correlated predictors."""

from __future__ import annotations

from math import factorial

import numpy as np

from analysis.moments import Floats


def lmg(correlations: Floats) -> Floats:
    """Shares of R2 (B, p) for a stack of correlation matrices (B, p + 1, p + 1).

    The outcome is the first variable. share_j = sum over subsets S without j of |S|! (p -
    |S| - 1)! / p! (R2(S + j) - R2(S)): the rise of R2 averaged over all orders of entry
    (Lindeman, Merenda & Gold 1980; the Shapley value of R2; R: ``relaimpo::calc.relimp``,
    type "lmg"). Shares sum to R2. All 2^p subsets are fitted, each for the whole stack.
    """
    stack, p = len(correlations), correlations.shape[1] - 1
    r2 = np.zeros((1 << p, stack))
    for subset in range(1, 1 << p):
        rows = np.array([i + 1 for i in range(p) if subset >> i & 1])
        inner = correlations[:, rows[:, None], rows[None, :]]
        outer = correlations[:, rows, :1]
        r2[subset] = (outer * np.linalg.solve(inner, outer)).sum(axis=(1, 2))
    shares = np.zeros((stack, p))
    for subset in range(1 << p):
        size = subset.bit_count()
        weight = factorial(size) * factorial(p - size - 1) / factorial(p) if size < p else 0.0
        for j in range(p):
            if not subset >> j & 1:
                shares[:, j] += weight * (r2[subset | 1 << j] - r2[subset])
    return shares
