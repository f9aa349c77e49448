"""Reliability of ordered answers: categorical omega, ordinal omega, ordinal alpha.

Four numbers are called omega. This room has three of them and says which is which:

- **categorical omega** (Green & Yang 2009, Psychometrika 74): of the raw sum score that people
  compute, from a one-factor model of the polychoric correlations. semTools prints it as omega
  for ordered items. The one to report.
- its variant with the observed polychorics in the denominator (semTools omega3);
- **ordinal omega** and **ordinal alpha** (Zumbo, Gadermann & Zeisser 2007): of a sum of latent
  responses that nobody observes; always higher.

The fourth, of the raw sum under a linear factor model, is `analysis.reliability.omega`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import special

from analysis import bivariate
from analysis.confirm.ordinal import OrdinalSample, sample_of, solve
from analysis.confirm.ordinal_fit import warnings_of
from analysis.confirm.ordinal_measures import fit_measures
from analysis.confirm.structure import read_structure
from analysis.errors import NotEnoughData
from analysis.moments import Floats, Missing, names_of
from analysis.ordinal_resampling import resampled
from analysis.polychoric import Polychorics, count, encode, estimate
from analysis.results import Flag, Omega, Result

if TYPE_CHECKING:
    import pandas as pd

SEED = 20240131
"""Seed of a bootstrap nobody seeded; it is stored in the result."""


INSIDE = 1 - 1e-9
"""Largest correlation handed to the integral."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CategoricalOmega(Omega):
    """Categorical omega, and what else goes by the name.

    ``estimate``: Green & Yang, with the variance the model implies. ``standardized``: ordinal
    omega. ``loadings`` are of the latent responses (variance 1), as ``standardized_loadings``.
    """

    observed: float
    """Green & Yang with the observed polychorics in the denominator (semTools omega3)."""
    ordinal_alpha: float
    thresholds: pd.DataFrame


@dataclass(frozen=True, kw_only=True, eq=False)
class OrdinalAlpha(Result):
    """Standardised alpha of the polychoric correlations."""

    estimate: float
    k: int
    mean_r: float
    if_deleted: pd.Series


def steps_of(found: Polychorics) -> Floats:
    """Distance of neighbouring codes (p, k - 1); 0 beyond an item's last category."""
    out = np.zeros_like(found.tau)
    for row, codes in zip(out, found.layout.codes, strict=True):
        row[: len(codes) - 1] = np.diff(codes)
    return out


def categorical_omega(
    loadings: Floats, tau: Floats, steps: Floats, correlations: Floats | None = None
) -> Floats:
    """Green & Yang's omega of a stack: loadings (B, p), thresholds and steps (B, p, k - 1).

    The covariance of two observed items with latent correlation r is the sum over pairs of
    thresholds of [Phi2(tau_ia, tau_jb, r) - Phi(tau_ia) Phi(tau_jb)], weighted with the code
    steps. Numerator: r = lambda_i lambda_j for all i, j, i = j included. Denominator: the
    implied correlations off the diagonal (or ``correlations`` (B, p, p)), and on it the items'
    variances, sum [Phi(min(tau_a, tau_b)) - Phi(tau_a) Phi(tau_b)].
    NaN in a Heywood case (a loading of 1 or more): no bivariate normal has that correlation.
    """
    stack, p = loadings.shape
    i, j = np.triu_indices(p)
    twice = np.where(i == j, 1.0, 2.0)

    def total(r: Floats) -> Floats:
        cells = bivariate.excess(
            tau[:, i].reshape(-1, tau.shape[2]), tau[:, j].reshape(-1, tau.shape[2]), r.ravel()
        )
        weighted = np.einsum(
            "qab,qa,qb->q",
            cells,
            steps[:, i].reshape(-1, tau.shape[2]),
            steps[:, j].reshape(-1, tau.shape[2]),
        )
        return np.asarray(weighted.reshape(stack, -1))

    shared = loadings[:, i] * loadings[:, j]
    common = total(np.clip(shared, -INSIDE, INSIDE))
    off = (
        common
        if correlations is None
        else total(np.where(i == j, 0.0, np.clip(correlations[:, i, j], -INSIDE, INSIDE)))
    )
    low = np.minimum(tau[:, :, :, None], tau[:, :, None, :])
    phi = special.ndtr(tau)
    own = special.ndtr(low) - phi[:, :, :, None] * phi[:, :, None, :]
    variance = np.einsum("zpab,zpa,zpb->z", own, steps, steps)
    apart = off @ np.where(i == j, 0.0, 2.0)
    omega = np.asarray((common @ twice) / (apart + variance), dtype=np.float64)
    return np.where((np.abs(shared) < 1).all(axis=1), omega, np.nan)


def omega(
    frame: pd.DataFrame, *, level: float = 0.95, n_boot: int = 2000, seed: int = SEED
) -> CategoricalOmega:
    """Categorical omega of the raw sum of ordered items (columns keyed), complete rows.

    One factor by WLSMV, then `categorical_omega`. R: ``semTools::reliability(cfa(..., ordered =
    TRUE))`` rows omega and omega3, ``compRelSEM``. Codes with gaps weigh by their distance.

    Interval: percentiles over ``n_boot`` resamples of persons (Kelley & Pornprasertmanit 2016,
    Psychol. Methods 21), each with polychorics and factor of its own; a category that a
    resample lacks is left out of it. Resamples that do not settle are counted in
    ``boot_failed``; above a tenth there is no interval (flag ``no_interval``).
    Raises `NotEnoughData` (fewer than three items, no more rows than items) and what
    `analysis.polychoric.matrix` raises; `NotConverged`.
    """
    import pandas as pd

    names = names_of(frame)
    if len(names) < 3:
        raise NotEnoughData(
            f"One factor needs three items or more; {', '.join(names)} are {len(names)}. For two "
            "items use the Spearman-Brown coefficient."
        )
    places = encode(frame)
    n = places.place.shape[1]
    if n <= len(names):
        raise NotEnoughData(
            f"{n} complete rows for {len(names)} items ({', '.join(names)}); one factor needs "
            "more rows than items."
        )
    sample = sample_of(places, "listwise")
    structure = read_structure({"the factor": names})
    solution = solve(structure, sample, "WLSMV", "variance")
    load = solution.matrices().lam[:, 0]
    load = load if load.sum() >= 0 else -load
    found, steps = sample.found, steps_of(sample.found)
    stacked = (load[None], found.tau[None], steps[None])
    estimate_ = float(categorical_omega(*stacked)[0])
    unique = 1 - load**2
    flags = list(_flags(names, unique, sample))
    draws, failed = _draws(places.place, found, load, n_boot, seed)
    low = high = float("nan")
    interval = "none"
    if n_boot and failed <= n_boot / 10:
        interval = "percentile bootstrap"
        low, high = (float(x) for x in np.quantile(draws, [(1 - level) / 2, (1 + level) / 2]))
    elif n_boot:
        flags.append(Flag("no_interval", names, failed / n_boot))
    index = pd.Index(names)
    series = pd.Series(load, index=index)
    return CategoricalOmega(
        n=n,
        method="Green & Yang categorical omega of the raw sum, one-factor WLSMV; bootstrap over "
        "persons",
        missing="listwise",
        flags=tuple(flags),
        estimate=estimate_,
        standardized=float(load.sum() ** 2 / (load.sum() ** 2 + unique.sum())),
        ci_low=low,
        ci_high=high,
        level=level,
        interval=interval,
        n_boot=n_boot,
        boot_failed=failed,
        seed=seed,
        loadings=series,
        uniquenesses=pd.Series(unique, index=index),
        standardized_loadings=series,
        ave=float((load**2).mean()),
        fit=fit_measures(solution),
        observed=float(categorical_omega(*stacked, found.matrix()[None])[0]),
        ordinal_alpha=_standard_alpha(found.matrix()),
        thresholds=_threshold_frame(found),
    )


def alpha(frame: pd.DataFrame, *, missing: Missing = "listwise") -> OrdinalAlpha:
    """Ordinal alpha: k/(k - 1) (1 - k / sum of the polychoric correlations).

    Reliability of a sum of latent responses, not of the score people compute: report
    categorical omega beside it (Chalmers 2018, Educ. Psychol. Meas. 78). R:
    ``semTools::reliability`` row alpha.ord. Raises what `analysis.polychoric.matrix` raises.
    """
    import pandas as pd

    found = estimate(count(encode(frame, missing=missing)), missing)
    r = found.matrix()
    k = len(r)
    rest = [np.delete(np.arange(k), i) for i in range(k)]
    less = [_standard_alpha(r[np.ix_(keep, keep)]) for keep in rest]
    return OrdinalAlpha(
        n=found.n,
        method="standardised alpha of the polychoric correlations (of latent responses)",
        missing=missing,
        estimate=_standard_alpha(r),
        k=k,
        mean_r=float(found.rho.mean()),
        if_deleted=pd.Series(less, index=pd.Index(found.layout.names)),
    )


def _standard_alpha(r: Floats) -> float:
    k = len(r)
    return float(k / (k - 1) * (1 - k / r.sum())) if k > 1 else float("nan")


def _flags(names: tuple[str, ...], unique: Floats, sample: OrdinalSample) -> tuple[Flag, ...]:
    heywood = tuple(name for name, theta in zip(names, unique, strict=True) if theta < 0)
    own = (Flag("heywood", heywood),) if heywood else ()
    return (*own, *warnings_of(sample))


def _threshold_frame(found: Polychorics) -> pd.DataFrame:
    import pandas as pd

    columns = pd.Index([f"t{t + 1}" for t in range(found.tau.shape[1])])
    cells = np.full_like(found.tau, np.nan)
    for row, own in zip(cells, found.thresholds(), strict=True):
        row[: len(own)] = own
    return pd.DataFrame(cells, index=pd.Index(found.layout.names), columns=columns)


def _draws(
    place: npt.NDArray[np.uint8], found: Polychorics, load: Floats, n_boot: int, seed: int
) -> tuple[Floats, int]:
    """Omegas of resamples, and how many failed."""
    if not n_boot:
        return np.empty(0), 0
    out = []
    for part in resampled(place, found, load, n_boot, seed):
        fine = part.settled
        if fine.any():
            drawn = categorical_omega(part.loadings[fine], part.tau[fine], part.steps[fine])
            out.append(drawn[np.isfinite(drawn)])
    draws = np.concatenate(out) if out else np.empty(0)
    return draws, n_boot - len(draws)
