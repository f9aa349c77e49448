"""Factorability and exploratory factor analysis of a correlation matrix."""

from __future__ import annotations

from typing import Literal

import numpy as np

from analysis import efa_adapter
from analysis import rotation as rotations
from analysis.confirm.measures import chi2_tail, noncentrality
from analysis.efa_adapter import HEYWOOD, Extraction, Rotation
from analysis.errors import NotEnoughData, WrongArgument
from analysis.moments import (
    Answers,
    Floats,
    Missing,
    has_rows,
    moments,
    names_of,
    require_positive_definite,
    values,
)
from analysis.number_of_factors import minimum_average_partial, parallel
from analysis.reliability import SEED
from analysis.results import Adequacy, Exploration, Flag

__all__ = ["adequacy", "eigenvalues", "explore", "minimum_average_partial", "parallel"]


def _matrix(
    frame_or_corr: Answers, n: int | None, missing: Missing
) -> tuple[tuple[str, ...], Floats, int]:
    """Names, correlations and rows used of a frame of items, or of a matrix with its n."""
    names = names_of(frame_or_corr)
    if n is None:
        found = moments(frame_or_corr, missing=missing)
        if found.n <= len(names):
            raise NotEnoughData(
                f"{found.n} usable rows for {len(names)} items ({', '.join(names)}): their "
                "correlation matrix has no inverse. Give more rows than items."
            )
        return names, found.correlation, found.n
    if not has_rows(frame_or_corr):
        raise WrongArgument("Counts carry their own n; give n only with a correlation matrix.")
    matrix = values(frame_or_corr)
    square = matrix.shape == (len(names), len(names))
    if not (
        square
        and np.allclose(matrix, matrix.T, atol=1e-8)
        and np.allclose(np.diag(matrix), 1, atol=1e-8)
    ):
        raise WrongArgument(
            "With n given, the frame must be a correlation matrix (square, symmetric, ones "
            "on the diagonal); without n it is taken as answers."
        )
    return names, matrix, n


def adequacy(
    frame_or_corr: Answers, n: int | None = None, *, missing: Missing = "listwise"
) -> Adequacy:
    """KMO, MSA, Bartlett's test, determinant and eigenvalues of the correlations.

    ``frame_or_corr``: answers (one row a person), counts of them (`analysis.counts.Burt`), or a
    correlation matrix with its ``n``.
    KMO = sum r^2 / (sum r^2 + sum q^2) off the diagonal, q the anti-image (partial)
    correlations of all pairs; MSA the same per item (Kaiser 1974, Psychometrika 39).
    Bartlett (1951): chi2 = -(n - 1 - (2p + 5)/6) log|R|, df = p(p - 1)/2, n = rows used.
    R: ``psych::KMO``, ``psych::cortest.bartlett``.
    Raises `NotEnoughData` (rows <= items), `DegenerateItem`, `ImproperSolution` (singular).
    """
    import pandas as pd

    names, r, rows = _matrix(frame_or_corr, n, missing)
    p = len(names)
    if p < 2:
        raise NotEnoughData(f"Correlations need two items or more; {', '.join(names)} is one.")
    require_positive_definite(names, r)
    inverse = np.linalg.inv(r)
    scale = np.sqrt(np.diag(inverse))
    partial = -inverse / np.outer(scale, scale)
    off = ~np.eye(p, dtype=bool)
    r2, q2 = np.where(off, r**2, 0), np.where(off, partial**2, 0)
    log_det = float(np.linalg.slogdet(r)[1])
    df = p * (p - 1) // 2
    chi2 = -(rows - 1 - (2 * p + 5) / 6) * log_det
    return Adequacy(
        n=rows,
        method="KMO and MSA from anti-image correlations; Bartlett's test of sphericity",
        missing=missing if n is None else "as in the matrix given",
        kmo=float(r2.sum() / (r2.sum() + q2.sum())),
        msa=pd.Series(r2.sum(axis=1) / (r2 + q2).sum(axis=1), index=pd.Index(names)),
        bartlett_chi2=chi2,
        bartlett_df=df,
        bartlett_p=chi2_tail(chi2, df),
        determinant=float(np.exp(log_det)),
        eigenvalues=eigenvalues(r),
    )


def eigenvalues(correlation: Floats) -> tuple[float, ...]:
    """Eigenvalues of a correlation matrix, largest first; they sum to p."""
    return tuple(float(x) for x in np.linalg.eigvalsh(correlation)[::-1])


def explore(
    frame_or_corr: Answers,
    n_factors: int,
    *,
    n: int | None = None,
    extraction: Extraction = "minres",
    rotation: Rotation | None = "oblimin",
    correlation: Literal["pearson", "polychoric"] = "pearson",
    missing: Missing = "listwise",
    starts: int = rotations.STARTS,
    seed: int = SEED,
) -> Exploration:
    """Exploratory factor analysis with ``n_factors`` factors.

    Columns come sorted by variance explained (after rotation), each with a positive sum
    of loadings (the highest loading positive where the sum is 0): ``F1``, ``F2``, ...
    h2 = diag(L Phi L'), SS = diag(Phi L'L), structure = L Phi. Chi-square = (n - 1 -
    (2p + 5)/6 - 2m/3) f, f = log|Sigma| - log|R| + tr(R Sigma^-1) - p, df = ((p - m)^2 -
    p - m)/2; RMSEA = sqrt(chi2/(df n) - 1/(n - 1)) with a 90 % interval sqrt(ncp/(df (n -
    1))) (psych's mix of n and n - 1, kept so that the digits agree); TLI against
    independence, whose chi-square takes the model's factor; rmsr = root mean square of the
    off-diagonal residuals.
    ``correlation`` polychoric: of ordered answers (`analysis.polychoric.matrix`); chi-square and
    RMSEA are then descriptive only.
    ``starts``: random rotation starts (``seed``) beside the unrotated loadings that psych
    starts from alone; the lowest criterion is kept (`analysis.rotation`). Extraction tries
    other starting uniquenesses only after a Heywood case or where it does not settle.
    R: ``psych::fa(items, nfactors, rotate, fm, use = "complete")``, with ``cor = "poly"``.
    Flags: ``heywood`` with the items of communality >= .995; ``local_minima`` (starts ended
    in different minima; the value is the share that found the best), ``other_extraction``
    (a later starting value of the extraction was better), ``rotation_unsettled``.
    Raises `NotEnoughData`, `DegenerateItem`, `ImproperSolution`, `NotConverged`,
    `WrongArgument`.
    """
    import pandas as pd

    if correlation not in {"pearson", "polychoric"}:
        raise WrongArgument(f"correlation is {correlation!r}; choose 'pearson' or 'polychoric'.")
    if correlation == "polychoric":
        if n is not None:
            raise WrongArgument(
                "A correlation matrix is given: correlation='polychoric' needs answers."
            )
        names, r, rows = _polychoric(frame_or_corr, missing)
    else:
        names, r, rows = _matrix(frame_or_corr, n, missing)
    if starts < 0:
        raise WrongArgument(f"{starts} starts cannot be; 0 is psych's single start.")
    p, m = len(names), n_factors
    df = ((p - m) ** 2 - p - m) // 2
    if m < 1 or df < 0:
        raise NotEnoughData(
            f"{m} factors cannot be told apart with {p} items (df = {df}); ask for fewer."
        )
    require_positive_definite(names, r)
    drawn = efa_adapter.extract(r, m, extraction)
    raw = drawn.loadings
    method = rotation if m > 1 else None
    turned = rotations.rotate(raw, method, starts=starts, seed=seed) if method else None
    load, phi = (turned.loadings, turned.phi) if turned else (raw, np.eye(m))
    load, phi = _in_order(load, phi)
    communality = np.einsum("ij,jk,ik->i", load, phi, load)
    model = load @ phi @ load.T
    fit = _fit(r, model, rows, m, df)
    heywood = tuple(x for x, h2 in zip(names, communality, strict=True) if h2 >= HEYWOOD)
    items, factors = pd.Index(names), pd.Index([f"F{i + 1}" for i in range(m)])
    ss = np.diag(phi @ load.T @ load)
    variance = pd.DataFrame(
        {"ss": ss, "share": ss / p, "cumulative": np.cumsum(ss) / p}, index=factors
    )
    return Exploration(
        n=rows,
        method=f"{extraction} factor analysis of {correlation.capitalize()} correlations, "
        f"rotation {method or 'none'}"
        + (f", best of {turned.starts} starts" if turned and turned.starts > 1 else ""),
        missing=missing if n is None else "as in the matrix given",
        flags=_flags(heywood, drawn, turned),
        extraction=extraction,
        rotation=method or "none",
        n_factors=m,
        starts=turned.starts if turned else 1,
        starts_at_best=turned.at_best if turned else 1,
        extraction_starts=drawn.starts,
        seed=seed,
        loadings=pd.DataFrame(load, index=items, columns=factors),
        phi=pd.DataFrame(phi, index=factors, columns=factors),
        structure=pd.DataFrame(load @ phi, index=items, columns=factors),
        communalities=pd.Series(communality, index=items),
        uniquenesses=pd.Series(1 - communality, index=items),
        variance=variance,
        chi2=fit["chi2"],
        df=df,
        p=chi2_tail(fit["chi2"], df) if df else float("nan"),
        rmsea=fit["rmsea"],
        rmsea_ci=(fit["low"], fit["high"]),
        tli=fit["tli"],
        rmsr=fit["rmsr"],
    )


def _flags(
    heywood: tuple[str, ...], drawn: efa_adapter.Extracted, turned: rotations.Rotated | None
) -> tuple[Flag, ...]:
    flags = [Flag("heywood", heywood)] if heywood else []
    if drawn.other:
        flags.append(Flag("other_extraction", value=float(drawn.starts)))
    if turned and turned.elsewhere:
        flags.append(Flag("local_minima", value=turned.at_best / turned.starts))
    if turned and not turned.settled:
        flags.append(Flag("rotation_unsettled"))
    return tuple(flags)


def _polychoric(frame: Answers, missing: Missing) -> tuple[tuple[str, ...], Floats, int]:
    """Names, polychoric correlations and rows used of answers or of their counts."""
    from analysis import polychoric
    from analysis.counts import Burt

    counts = frame if isinstance(frame, Burt) else None
    if counts is None and has_rows(frame):
        counts = polychoric.count(polychoric.encode(frame, missing=missing))
    if counts is None:
        raise WrongArgument("Polychoric correlations need answers or their Burt counts.")
    found = polychoric.estimate(counts, missing)
    return found.layout.names, found.matrix(), found.n


def _in_order(load: Floats, phi: Floats) -> tuple[Floats, Floats]:
    """Sort factors by variance and turn them positive, loadings and phi together."""
    totals = load.sum(axis=0)
    peak = load[np.abs(load).argmax(axis=0), np.arange(load.shape[1])]
    sign = np.where(np.abs(totals) > 1e-9, np.sign(totals), np.sign(peak))
    load, phi = load * sign, phi * np.outer(sign, sign)
    order = np.argsort(-np.diag(phi @ load.T @ load), kind="stable")
    return load[:, order], phi[np.ix_(order, order)]


def _fit(r: Floats, model: Floats, n: int, m: int, df: int) -> dict[str, float]:
    """Likelihood chi-square of an EFA and what follows from it (psych's conventions)."""
    p = len(r)
    residual = r - model
    off = residual[~np.eye(p, dtype=bool)]
    sigma = model.copy()
    np.fill_diagonal(sigma, 1.0)
    nan = float("nan")
    fit = {"rmsr": float(np.sqrt((off**2).mean())), "chi2": nan, "tli": nan}
    fit |= {"rmsea": nan, "low": nan, "high": nan}
    sign, log_sigma = np.linalg.slogdet(sigma)
    if sign <= 0 or np.linalg.eigvalsh(sigma)[0] <= 0:
        return fit
    log_r = float(np.linalg.slogdet(r)[1])
    objective = float(log_sigma - log_r + np.trace(np.linalg.solve(sigma, r)) - p)
    factor = n - 1 - (2 * p + 5) / 6 - 2 * m / 3
    chi2 = factor * objective
    fit["chi2"] = chi2
    if df == 0:
        return fit
    null = -factor * log_r / (p * (p - 1) / 2)
    fit["tli"] = (null - chi2 / df) / (null - 1)
    fit["rmsea"] = float(np.sqrt(max(chi2 / (df * n) - 1 / (n - 1), 0)))
    for name, probability in (("low", 0.95), ("high", 0.05)):
        fit[name] = float(np.sqrt(noncentrality(chi2, df, probability) / (df * (n - 1))))
    return fit
