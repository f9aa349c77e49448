"""Unrestricted means and covariances of data with missing answers, by maximum likelihood.

EM in one line: with g = dl/dmu and G = dl/dSigma per case, mu <- mu + Sigma g and Sigma <-
Sigma + 2 Sigma G Sigma - (Sigma g)(Sigma g)' (Dempster, Laird & Rubin 1977). A few EM steps,
then Newton on (mu, vech Sigma) with the observed information.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from analysis.confirm.normal import Sample
from analysis.confirm.patterns import MomentSpace, Patterns, deviance, moment_space
from analysis.confirm.table import vech_index, vech_weights
from analysis.errors import NotConverged
from analysis.moments import Floats, require_positive_definite, to_correlation

EM_STEPS = 8
NEWTON_STEPS = 30
MOST_EM = 5000


@dataclass(frozen=True, slots=True, eq=False)
class Saturated:
    """ML moments of one group and what the tests need at them."""

    sample: Sample
    at: MomentSpace
    """With the observed information A1."""
    log_likelihood: float


def saturated(data: Patterns, names: tuple[str, ...]) -> Saturated:
    """Fit means and covariances to the answered cells.

    Raises `NotConverged` naming the items where neither Newton nor EM settles (too many
    answers are missing together), `ImproperSolution` naming items that repeat each other.
    """
    mu = data.centre.copy()
    sigma = np.diag(data.squares / np.maximum(data.answered, 1))
    for _ in range(EM_STEPS):
        mu, sigma = _em(data, mu, sigma)
        # EM keeps Sigma as definite as the answers are. Where they repeat each other its next
        # step would divide by rounding, and end anywhere.
        require_positive_definite(names, to_correlation(sigma))
    found = _newton(data, mu, sigma)
    if found is None:
        found = _long_em(data, mu, sigma)
    if found is None:
        raise NotConverged(
            f"The means and covariances of {', '.join(names)} did not settle with "
            f"{data.n} rows in {len(data.counts)} patterns of missing answers: some items were "
            "hardly ever answered together. Leave items out, or use missing='listwise'."
        )
    mu, sigma, at = found
    cells = int(data.answered.sum())
    logl = -(data.n * at.deviance + cells * np.log(2 * np.pi)) / 2
    return Saturated(Sample(data.n, mu, sigma), at, float(logl))


def _em(data: Patterns, mu: Floats, sigma: Floats) -> tuple[Floats, Floats]:
    at = moment_space(data, mu, sigma, information=None)
    step = sigma @ at.mean_slope
    moved = sigma + 2 * sigma @ at.slope @ sigma - np.outer(step, step)
    return mu + step, (moved + moved.T) / 2


def _newton(data: Patterns, mu: Floats, sigma: Floats) -> tuple[Floats, Floats, MomentSpace] | None:
    p = len(mu)
    lower, m = vech_index(p), vech_weights(p)
    for _ in range(NEWTON_STEPS):
        at = moment_space(data, mu, sigma)
        assert at.information is not None
        gradient = np.concatenate([at.mean_slope, m * at.slope[lower]])
        try:
            factor = linalg.cho_factor(at.information, check_finite=False)
        except linalg.LinAlgError:
            mu, sigma = _em(data, mu, sigma)
            continue
        step = np.asarray(linalg.cho_solve(factor, gradient, check_finite=False))
        decrement = float(gradient @ step)
        if decrement < 1e-15:
            return mu, sigma, at
        turn = np.zeros((p, p))
        turn[lower] = step[p:]
        turn = turn + np.tril(turn, -1).T
        length = 1.0
        while length > 1e-4:
            there = deviance(data, mu + length * step[:p], sigma + length * turn)
            if there <= at.deviance + 1e-12 * max(1.0, abs(at.deviance)):
                break
            length /= 2
        else:
            if decrement < 1e-10:
                return mu, sigma, at
            mu, sigma = _em(data, mu, sigma)
            continue
        mu, sigma = mu + length * step[:p], sigma + length * turn
    return None


def _long_em(
    data: Patterns, mu: Floats, sigma: Floats
) -> tuple[Floats, Floats, MomentSpace] | None:
    before = float("inf")
    for count in range(MOST_EM):
        mu, sigma = _em(data, mu, sigma)
        if count % 10 == 9:
            now = deviance(data, mu, sigma)
            if abs(before - now) < 1e-11:
                return mu, sigma, moment_space(data, mu, sigma)
            before = now
    return None
