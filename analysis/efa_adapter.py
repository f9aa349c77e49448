"""The one room that knows factor_analyzer: extraction and rotation, nothing else of it.

What it gets wrong in 0.5.1, and how this room stays clear of it:

- ``fit()`` calls scikit-learn's ``check_array(force_all_finite=...)``, an argument gone
  since scikit-learn 1.8, fills missing answers with medians unasked, and re-sorts the
  loadings without re-sorting ``phi_``. We never call it: extraction is its
  ``_fit_factor_analysis`` on a correlation matrix, rotation its ``Rotator``, whose phi
  belongs to its loadings; signs and order are ours, applied to both at once.
- Communalities, uniquenesses and variances ignore phi for oblique rotations: computed in
  `analysis.factors` from the loadings and phi.
- ``equamax`` silently equals quartimax, ``oblimax`` rotates nothing, ``principal`` with
  lapack ignores the number of factors: not offered.
- The library overwrites the diagonal of the matrix it is given: it gets a copy.
- Its gradient rotations stop after 500 steps without a word; we ask for ten times more.
"""

from __future__ import annotations

import warnings
from typing import Literal

import numpy as np

from analysis.errors import NotConverged
from analysis.moments import Floats, smc

Extraction = Literal["minres", "ml", "pa"]
Rotation = Literal["varimax", "promax", "oblimin", "quartimax", "geomin"]

LOWEST = 0.005
"""Lower bound of a uniqueness in minres and ML, as psych and factanal have it."""
OBLIQUE = frozenset({"promax", "oblimin", "geomin"})
_NAMES = {"geomin": "geomin_obl"}


def extract(correlation: Floats, n_factors: int, method: Extraction) -> Floats:
    """Unrotated loadings (p, m) of a correlation matrix.

    ``minres``: least squares of the off-diagonal residuals (Harman & Jones 1966);
    ``ml``: maximum likelihood (Joreskog 1967); both with uniquenesses in [.005, 1].
    ``pa``: iterated principal axes, our own. Raises `NotConverged`.
    """
    if method == "pa":
        return _principal_axes(correlation, n_factors)
    from factor_analyzer import FactorAnalyzer

    analyzer = FactorAnalyzer(
        n_factors=n_factors, method=method, rotation=None, is_corr_matrix=True, bounds=(LOWEST, 1)
    )
    with warnings.catch_warnings():
        # the library reports a failed optimiser by a warning; with us it is an error
        warnings.filterwarnings("error", message="Failed to converge")
        try:
            loadings = analyzer._fit_factor_analysis(correlation.copy())
        except UserWarning as warning:
            raise NotConverged(
                f"{method} with {n_factors} factors did not settle: {warning}. "
                "Try fewer factors or the other extraction."
            ) from None
    return np.asarray(loadings, dtype=np.float64)


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


def rotate(loadings: Floats, method: Rotation) -> tuple[Floats, Floats]:
    """Rotated loadings (p, m) and their factor correlations (m, m).

    varimax, promax (power 4) with Kaiser's row normalisation and R's stopping rule
    (``stats::varimax``, eps = 1e-5), as ``psych::fa``; oblimin (gamma 0), quartimax and
    geomin (oblique, delta .01) without normalisation, as GPArotation.
    """
    from factor_analyzer import Rotator

    tolerance = 1e-5 if method in {"varimax", "promax"} else 1e-6
    rotator = Rotator(method=_NAMES.get(method, method), max_iter=5000, tol=tolerance)
    rotated = np.asarray(rotator.fit_transform(loadings.copy()), dtype=np.float64)
    if method in OBLIQUE:
        return rotated, np.asarray(rotator.phi_, dtype=np.float64)
    return rotated, np.eye(loadings.shape[1])
