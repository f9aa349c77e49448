"""How many factors: Horn's parallel analysis and Velicer's minimum average partial.

Both are evidence beside theory, and each can be wrong in its own direction (Zwick & Velicer
1986): the plan prints them together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.errors import NotEnoughData, WrongArgument
from analysis.moments import Answers, Floats, Missing, moments, require_positive_definite
from analysis.results import Parallel, Result

if TYPE_CHECKING:
    import pandas as pd

SEED = 20240131
"""Seed of simulated samples nobody seeded; it is stored in the result."""


@dataclass(frozen=True, kw_only=True, eq=False)
class MinimumAveragePartial(Result):
    """Velicer's MAP, the version of 1976 and that of 2000."""

    n_factors: int
    """Step with the smallest average squared partial correlation (1976)."""
    n_factors_4th: int
    """Step with the smallest average fourth power (2000)."""
    averages: pd.DataFrame
    """By number of components taken out (0 to p - 1): squared, fourth."""


def _correlations(frame: Answers, missing: Missing) -> tuple[tuple[str, ...], Floats, int]:
    found = moments(frame, missing=missing)
    if found.n <= len(found.names):
        raise NotEnoughData(
            f"{found.n} usable rows for {len(found.names)} items ({', '.join(found.names)}): "
            "their correlation matrix has no inverse. Give more rows than items."
        )
    require_positive_definite(found.names, found.correlation)
    return found.names, found.correlation, found.n


def random_correlations(n: int, p: int, repetitions: int, seed: int) -> Floats:
    """Correlation matrices (repetitions, p, p) of n rows of p unrelated normal items.

    Drawn without drawing the rows: the cross-products of n centred normal rows are Wishart
    with n - 1 degrees of freedom, L L' with chi(n - i) on the diagonal of L and standard
    normals below (Bartlett 1933; Odell & Feiveson 1966). Exactly Horn's samples, at a cost
    that does not depend on n.
    """
    rng = np.random.default_rng(seed)
    lower = np.tril(rng.standard_normal((repetitions, p, p)), -1)
    i = np.arange(p)
    lower[:, i, i] = np.sqrt(rng.chisquare(n - 1 - i, size=(repetitions, p)))
    wishart = lower @ lower.transpose(0, 2, 1)
    sd = np.sqrt(wishart[:, i, i])
    correlations: Floats = wishart / (sd[:, :, None] * sd[:, None, :])
    return correlations


def both_eigenvalues(r: Floats) -> Floats:
    """Eigenvalues, largest first, of R and of R reduced by its SMC: (..., 2, p)."""
    reduced = r.copy()
    i = np.arange(r.shape[-1])
    reduced[..., i, i] = 1 - 1 / np.linalg.inv(r)[..., i, i]
    return np.stack([np.linalg.eigvalsh(matrix)[..., ::-1] for matrix in (r, reduced)], axis=-2)


def parallel(
    frame: Answers,
    *,
    quantile: float = 0.95,
    seed: int = SEED,
    repetitions: int = 500,
    missing: Missing = "listwise",
) -> Parallel:
    """Horn's parallel analysis: how many eigenvalues exceed those of unrelated answers.

    Normal samples of the same n and p, ``repetitions`` times (`random_correlations`); the
    reference is the ``quantile`` of each eigenvalue (Horn 1965; Glorfeld 1995).
    ``n_components`` counts eigenvalues of R, ``n_factors`` those of R with squared multiple
    correlations on the diagonal (Humphreys & Montanelli 1975; over-extracts; psych's
    ``fa.parallel`` puts communalities of one minres factor there). Counting stops at the
    first eigenvalue that fails.
    Raises `NotEnoughData` (rows <= items), `DegenerateItem`, `ImproperSolution` (singular),
    `WrongArgument` (a quantile outside 0 to 1, no repetition).
    """
    import pandas as pd

    if not 0 < quantile < 1 or repetitions < 1:
        raise WrongArgument("quantile lies between 0 and 1, and repetitions is 1 or more.")
    names, r, n = _correlations(frame, missing)
    p = len(names)
    drawn = both_eigenvalues(random_correlations(n, p, repetitions, seed))
    observed, reference = both_eigenvalues(r), np.quantile(drawn, quantile, axis=0)
    counts = [int(above.cumprod().sum()) for above in observed > reference]
    rows, columns = pd.Index(range(1, p + 1)), pd.Index(["components", "factors"])
    return Parallel(
        n=n,
        method=f"parallel analysis, {repetitions} normal samples, quantile {quantile:g}",
        missing=missing,
        n_components=counts[0],
        n_factors=counts[1],
        observed=pd.DataFrame(observed.T, index=rows, columns=columns),
        reference=pd.DataFrame(reference.T, index=rows, columns=columns),
        quantile=quantile,
        repetitions=repetitions,
        seed=seed,
    )


def minimum_average_partial(
    frame: Answers, *, missing: Missing = "listwise"
) -> MinimumAveragePartial:
    """Velicer's (1976) MAP: components taken out until what is left correlates least.

    Step m: C = R - A_m A_m', A_m the first m principal components; partial correlations
    C / sqrt(c_ii c_jj); the mean of their squares off the diagonal (1976), and of their
    fourth powers (Velicer, Eaton & Fava 2000). Step 0, no component, is included: the
    answer can be "none". R: by formula; ``psych::vss(...)$map`` is the same from step 1.
    Raises what `parallel` raises.
    """
    import pandas as pd

    names, r, n = _correlations(frame, missing)
    p = len(names)
    if p < 3:
        raise NotEnoughData(f"MAP needs three items or more; {', '.join(names)} are {p}.")
    roots, vectors = np.linalg.eigh(r)
    loadings = (vectors * np.sqrt(np.maximum(roots, 0)))[:, ::-1]
    off = ~np.eye(p, dtype=bool)
    averages = np.full((p, 2), np.nan)
    for m in range(p):
        left = loadings[:, m:] @ loadings[:, m:].T  # not R minus what went: keeps the digits
        variance = np.diag(left)
        if (variance <= 1e-12).any():
            break
        partial = (left / np.sqrt(np.outer(variance, variance)))[off] ** 2
        averages[m] = partial.mean(), (partial**2).mean()
    best = np.nanargmin(averages, axis=0)
    return MinimumAveragePartial(
        n=n,
        method="Velicer's minimum average partial, step 0 included",
        missing=missing,
        n_factors=int(best[0]),
        n_factors_4th=int(best[1]),
        averages=pd.DataFrame(
            averages, index=pd.Index(range(p)), columns=pd.Index(["squared", "fourth"])
        ),
    )
