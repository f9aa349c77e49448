"""The one room that knows factor_analyzer: extraction and rotation, nothing else of it.

What it gets wrong in 0.5.1, and how this room stays clear of it:

- ``fit()`` calls scikit-learn's ``check_array(force_all_finite=...)``, an argument gone
  since scikit-learn 1.8, fills missing answers with medians unasked, and re-sorts the
  loadings without re-sorting ``phi_``. We never call it: extraction minimises its objectives
  of a correlation matrix, rotation (varimax, promax) is its ``Rotator``, whose phi belongs to
  its loadings; signs and order are ours, applied to both at once.
- Communalities, uniquenesses and variances ignore phi for oblique rotations: computed in
  `analysis.factors` from the loadings and phi.
- ``equamax`` silently equals quartimax, ``oblimax`` rotates nothing, ``principal`` with
  lapack ignores the number of factors: not offered.
- The library overwrites the diagonal of the matrix it is given: it gets a copy.
- It starts extraction and rotation in one place, and its gradient rotations stop after 500
  steps without a word: starts are ours here, gradient rotations in `analysis.rotation`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.errors import NotConverged
from analysis.moments import Floats, smc

Extraction = Literal["minres", "ml", "pa"]
Rotation = Literal["varimax", "promax", "oblimin", "quartimax", "geomin"]
Kaiser = Literal["varimax", "promax"]
"""Rotations with Kaiser's row normalisation, which the library does."""

LOWEST = 0.005
"""Lower bound of a uniqueness in minres and ML, as psych and factanal have it."""
OBLIQUE = frozenset({"promax", "oblimin", "geomin"})
HEYWOOD = 0.995
"""A communality from here on is a Heywood case: the uniqueness sits on its bound."""
OTHER_STARTS = 5
SAME = 1e-6
"""Discrepancies nearer than this are one minimum."""


@dataclass(frozen=True, slots=True, eq=False)
class Extracted:
    """Unrotated loadings (p, m), and how they were reached."""

    loadings: Floats
    starts: int
    """Starting uniquenesses tried; 1 unless the first ended badly."""
    other: bool
    """Whether another start than the first is the one kept."""


def extract(correlation: Floats, n_factors: int, method: Extraction) -> Extracted:
    """Unrotated loadings (p, m) of a correlation matrix.

    ``minres``: least squares of the off-diagonal residuals (Harman & Jones 1966);
    ``ml``: maximum likelihood (Joreskog 1967); both with uniquenesses in [.005, 1], from
    1 - SMC as psych and factanal. Where that ends in a Heywood case or does not settle,
    `OTHER_STARTS` more are tried and the lowest discrepancy is kept, the first where they
    agree. ``pa``: iterated principal axes, our own. Raises `NotConverged`.
    """
    if method == "pa":
        return Extracted(_principal_axes(correlation, n_factors), 1, other=False)
    from factor_analyzer import FactorAnalyzer
    from scipy.optimize import minimize

    analyzer = FactorAnalyzer(
        n_factors=n_factors, method=method, rotation=None, is_corr_matrix=True, bounds=(LOWEST, 1)
    )
    ml = method == "ml"
    objective = analyzer._fit_ml_objective if ml else analyzer._fit_uls_objective
    normalize = analyzer._normalize_ml if ml else analyzer._normalize_uls
    p = len(correlation)
    kept: tuple[float, Floats] | None = None
    reason, kept_at = "", 0
    for number, start in enumerate(_starts(correlation)):
        found = minimize(
            objective,
            start,
            method="L-BFGS-B",
            bounds=[(LOWEST, 1.0)] * p,
            options={"maxiter": 1000},
            args=(correlation.copy(), n_factors),
        )
        if not found.success:
            reason = reason or str(found.message)
        elif kept is None or found.fun < kept[0] - SAME:
            load = normalize(found.x, correlation.copy(), n_factors)
            kept, kept_at = (float(found.fun), np.asarray(load, dtype=np.float64)), number
        if number == 0 and kept is not None and (kept[1] ** 2).sum(axis=1).max() < HEYWOOD:
            return Extracted(kept[1], 1, other=False)
    if kept is None:
        raise NotConverged(
            f"{method} with {n_factors} factors did not settle from {1 + OTHER_STARTS} starts: "
            f"{reason}. Try fewer factors or the other extraction."
        )
    return Extracted(kept[1], 1 + OTHER_STARTS, other=kept_at > 0)


def _starts(correlation: Floats) -> Iterator[Floats]:
    """Starting uniquenesses: 1 - SMC, then even ones, then random ones (fixed seed)."""
    yield np.clip(1 - smc(correlation), LOWEST, 1.0)
    yield np.full(len(correlation), 0.5)
    rng = np.random.default_rng(0)
    for _ in range(OTHER_STARTS - 1):
        yield rng.uniform(0.1, 0.9, len(correlation))


def _principal_axes(correlation: Floats, n_factors: int) -> Floats:
    """Iterate communalities from the SMC until their sum moves by less than .001.

    psych's own stopping rule (``min.err``), so that the digits are psych's.
    """
    communality = smc(correlation)
    for _ in range(500):
        reduced = correlation.copy()
        np.fill_diagonal(reduced, communality)
        roots, vectors = np.linalg.eigh(reduced)
        top = vectors[:, ::-1][:, :n_factors] * np.sqrt(np.maximum(roots[::-1][:n_factors], 0))
        new = (top**2).sum(axis=1)
        change = abs(float(new.sum() - communality.sum()))
        communality = new
        if change <= 1e-3:
            return np.asarray(top)
    raise NotConverged(
        f"Principal axes with {n_factors} factors did not settle; try fewer factors."
    )


def rotate(loadings: Floats, method: Kaiser) -> tuple[Floats, Floats]:
    """Rotated loadings (p, m) and their factor correlations (m, m), from the start given.

    Kaiser's row normalisation and R's stopping rule (``stats::varimax``, eps = 1e-5);
    promax with power 4.
    """
    from factor_analyzer import Rotator

    rotator = Rotator(method=method, max_iter=5000, tol=1e-5)
    rotated = np.asarray(rotator.fit_transform(loadings.copy()), dtype=np.float64)
    if method in OBLIQUE:
        return rotated, np.asarray(rotator.phi_, dtype=np.float64)
    return rotated, np.eye(loadings.shape[1])
