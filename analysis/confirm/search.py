"""The optimiser: Fisher scoring with step halving, Newton near the solution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import linalg

from analysis.moments import Floats

STEPS = 100
NEAR = 1e-3
"""Newton decrement g' I^-1 g per case below which the observed information takes over."""
SETTLED = 1e-14
PATIENCE = 15
"""Steps of scoring alone; most models need fewer than ten."""


class Objective(Protocol):
    """A log-likelihood per case (up to a constant), or any sum to be made small."""

    def deviance(self, x: Floats) -> float:
        """Return -2 l per case, or infinity where the model's matrices are indefinite."""

    def derivatives(self, x: Floats, *, observed: bool) -> tuple[Floats, Floats]:
        """Return dl/dx (q,) and the information (q, q): observed or expected."""


@dataclass(frozen=True, slots=True, eq=False)
class Optimum:
    """Where the search ended."""

    x: Floats
    deviance: float
    steps: int
    converged: bool


def _direction(gradient: Floats, information: Floats) -> Floats | None:
    """Solve I d = g; None if the information is not positive definite."""
    try:
        factor = linalg.cho_factor(information, check_finite=False)
    except linalg.LinAlgError:
        return None
    step = linalg.cho_solve(factor, gradient, check_finite=False)
    return np.asarray(step) if np.isfinite(step).all() else None


def _damped(gradient: Floats, information: Floats) -> Floats:
    """Return an uphill direction from any information: roots by size, small ones lifted."""
    roots, vectors = np.linalg.eigh(information)
    lifted = np.maximum(np.abs(roots), 1e-6 * max(float(np.abs(roots).max()), 1e-300))
    step: Floats = vectors @ ((vectors.T @ gradient) / lifted)
    return step


def _along(objective: Objective, x: Floats, f: float, step: Floats) -> tuple[Floats, float] | None:
    """Halve the step until the deviance does not rise; None if it always does."""
    length = 1.0
    for _ in range(30):
        candidate = x + length * step
        lower = objective.deviance(candidate)
        # at the bottom the deviance moves by less than its rounding error
        if lower <= f + 1e-12 * max(1.0, abs(f)):
            return candidate, lower
        length /= 2
    return None


def maximise(
    objective: Objective, start: Floats, *, steps: int = STEPS, near: bool = False
) -> Optimum:
    """Fit by scoring; a step that does not lower the deviance is halved.

    Scoring slows down far from the data, so after `PATIENCE` steps every step is the better
    of scoring's and of Newton's with the observed information, its roots taken by size.
    ``near``: the start is close already, begin with Newton.
    Stops at a Newton decrement of `SETTLED` per case; ``converged`` is False after
    ``steps`` steps or when no step lowers the deviance any more.
    """
    x, f = np.array(start, dtype=np.float64), objective.deviance(start)
    if not np.isfinite(f):
        return Optimum(x, f, 0, converged=False)
    for count in range(1, steps + 1):
        gradient, information = objective.derivatives(x, observed=near)
        step = _direction(gradient, information)
        if step is None and near:
            gradient, information = objective.derivatives(x, observed=False)
            step = _direction(gradient, information)
        if step is None:
            step = _damped(gradient, information)
        decrement = float(gradient @ step)
        if not np.isfinite(decrement) or decrement < 0:
            return Optimum(x, f, count, converged=False)
        if decrement < SETTLED:
            return Optimum(x, f, count, converged=True)
        near = decrement < NEAR
        moved = _along(objective, x, f, step)
        if count > PATIENCE and not near:
            observed = objective.derivatives(x, observed=True)[1]
            other = _along(objective, x, f, _damped(gradient, observed))
            if other is not None and (moved is None or other[1] < moved[1]):
                moved = other
        if moved is None:
            return Optimum(x, f, count, converged=decrement < 1e-10)
        x, f = moved
    return Optimum(x, f, steps, converged=False)
