"""Mediation: the part of x on y that runs through m, with a vectorised bootstrap.

One wave cannot show that x comes before m: say "consistent with", never "causes".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from analysis.hierarchy import resampled_correlations
from analysis.least_squares import fit, table, used_rows
from analysis.moments import Floats
from analysis.reliability import SEED, resampled_covariances
from analysis.results import Flag, Result, at

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True, eq=False)
class Mediation(Result):
    """An indirect effect a * b with its paths."""

    x: str
    m: str
    y: str
    covariates: tuple[str, ...]
    paths: pd.DataFrame
    """Rows a (x on m), b (m on y, x held), c_prime (x on y, m held), c (x on y): b se t p
    ci_low ci_high, the same with HC3, beta."""
    indirect: float
    standardized: float
    """a b sd_x / sd_y: in SDs of y for one SD of x."""
    boot_se: float
    percentile: tuple[float, float]
    bca: tuple[float, float]
    boot_p: float
    """Two-sided share of resamples beyond 0, at least 1 / n_boot: print as "< 1/n_boot"."""
    joint_p: float
    """Joint significance: the larger of the HC3 p of a and b; both must be clear."""
    jointly_significant: bool
    sobel_se: float
    sobel_z: float
    sobel_p: float
    aroian_se: float
    aroian_z: float
    aroian_p: float
    r2_m: float
    r2_y: float
    level: float
    n_boot: int
    boot_failed: int
    seed: int
    dropped: int


def indirect(
    frame: pd.DataFrame,
    x: str,
    m: str,
    y: str,
    *,
    covariates: Sequence[str] = (),
    level: float = 0.95,
    n_boot: int = 5000,
    seed: int = SEED,
) -> Mediation:
    """Indirect effect of ``x`` on ``y`` through ``m``, ``covariates`` in every equation.

    a: m on x; b and c': y on m and x; c: y on x; a b = c - c'. Persons are resampled
    ``n_boot`` times, all resamples at once from their covariances. ``percentile`` limits,
    and ``bca`` (bias-corrected and accelerated, Efron 1987; the acceleration from the exact
    leave-one-out estimates). ``joint_p``: joint significance with HC3 (MacKinnon et al.
    2002). Sobel (1982): z = a b / sqrt(a^2 s_b^2 + b^2 s_a^2); Aroian (1947) adds s_a^2
    s_b^2 under the root; both take a b as normal, which it is not, and are printed because
    examiners ask.
    R: ``lm``; ``mediation::mediate(boot = TRUE)``.
    Raises `AnalysisError` (a column named twice or unknown), `NotEnoughData`,
    `DegenerateItem`, `ImproperSolution`.
    """
    import pandas as pd

    others = tuple(covariates)
    data, dropped = used_rows(frame, [y, x, m, *others])
    outcome, columns = data[:, 0], data[:, 1:]
    to_m = fit(m, (x, *others), np.delete(columns, 1, axis=1), columns[:, 1])
    to_y = fit(y, (x, m, *others), columns, outcome)
    total = fit(y, (x, *others), np.delete(columns, 1, axis=1), outcome)
    rows = {
        "a": table(to_m, level).loc[x],
        "b": table(to_y, level).loc[m],
        "c_prime": table(to_y, level).loc[x],
        "c": table(total, level).loc[x],
    }
    paths = pd.DataFrame(rows).T.astype(float)
    a, b = float(to_m.b[1]), float(to_y.b[2])
    product = a * b
    se_a, se_b = at(paths, "a", "se"), at(paths, "b", "se")
    sobel = float(np.sqrt(a**2 * se_b**2 + b**2 * se_a**2))
    aroian = float(np.sqrt(a**2 * se_b**2 + b**2 * se_a**2 + se_a**2 * se_b**2))
    joint = max(at(paths, "a", "hc3_p"), at(paths, "b", "hc3_p"))
    draws, failed = _bootstrap(data, n_boot, seed)
    flags = [Flag("no_interval", value=failed / n_boot)] if n_boot and not len(draws) else []
    percentile = bca = (float("nan"), float("nan"))
    boot_se = boot_p = float("nan")
    if len(draws):
        tails = [(1 - level) / 2, 1 - (1 - level) / 2]
        low, high = np.quantile(draws, tails)
        percentile = (float(low), float(high))
        left = to_m.left_out[:, 1] * to_y.left_out[:, 2]
        bca = bca_interval(draws, product, left, level)
        boot_se = float(draws.std(ddof=1))
        beyond = min(float((draws <= 0).mean()), float((draws >= 0).mean()))
        boot_p = min(max(2 * beyond, 1 / n_boot), 1.0)
    sd = data[:, :2].std(axis=0)
    return Mediation(
        n=len(data),
        method="a b by OLS; percentile and BCa bootstrap over persons; joint significance with "
        "HC3; Sobel and Aroian beside them",
        missing="listwise",
        flags=tuple(flags),
        x=x,
        m=m,
        y=y,
        covariates=others,
        paths=paths,
        indirect=product,
        standardized=product * float(sd[1] / sd[0]),
        boot_se=boot_se,
        percentile=percentile,
        bca=bca,
        boot_p=boot_p,
        joint_p=joint,
        jointly_significant=joint < 1 - level,
        sobel_se=sobel,
        sobel_z=product / sobel,
        sobel_p=_normal_p(product / sobel),
        aroian_se=aroian,
        aroian_z=product / aroian,
        aroian_p=_normal_p(product / aroian),
        r2_m=to_m.r2,
        r2_y=to_y.r2,
        level=level,
        n_boot=n_boot,
        boot_failed=failed,
        seed=seed,
        dropped=dropped,
    )


def _normal_p(z: float) -> float:
    return float(2 * special.ndtr(-abs(z)))


def _bootstrap(data: Floats, n_boot: int, seed: int) -> tuple[Floats, int]:
    """a b of every usable resample; columns of ``data``: y, x, m, covariates."""
    if not n_boot:
        return np.empty(0), 0
    s, _ = resampled_covariances(data, n_boot, seed)
    _, usable = resampled_correlations(s)
    failed = n_boot - int(usable.sum())
    if failed > n_boot / 10:
        return np.empty(0), failed
    s = s[usable]
    given = [1, *range(3, data.shape[1])]  # x and covariates
    a = np.linalg.solve(s[:, given][:, :, given], s[:, given][:, :, 2:3])[:, 0, 0]
    b = np.linalg.solve(s[:, 1:, 1:], s[:, 1:, :1])[:, 1, 0]
    return a * b, failed


def bca_interval(
    draws: Floats, estimate: float, left_out: Floats, level: float
) -> tuple[float, float]:
    """Bias-corrected and accelerated limits (Efron 1987, JASA 82).

    z0 = the normal quantile of the share of draws below the estimate (ties count half);
    acceleration = sum d^3 / (6 (sum d^2)^1.5), d = mean - leave-one-out estimate.
    """
    share = float((draws < estimate).mean() + (draws == estimate).mean() / 2)
    if not 0 < share < 1:
        return float("nan"), float("nan")
    z0 = float(special.ndtri(share))
    d = left_out.mean() - left_out
    below = float((d**2).sum()) ** 1.5
    skew = float((d**3).sum()) / (6 * below) if below else 0.0
    limits = []
    for tail in ((1 - level) / 2, 1 - (1 - level) / 2):
        z = z0 + float(special.ndtri(tail))
        limits.append(float(special.ndtr(z0 + z / (1 - skew * z))))
    low, high = np.quantile(draws, limits)
    return float(low), float(high)
