"""Reliability: Cronbach's alpha with Feldt's interval, McDonald's omega, ICC.

Items are keyed already: neither coefficient sees a reverse key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import special

from analysis.confirm.ml import fit_batch, one_factor
from analysis.errors import ImproperSolution, NotEnoughData, WrongArgument
from analysis.moments import (
    SINGULAR,
    Answers,
    Floats,
    Missing,
    complete,
    has_rows,
    moments,
    names_of,
    smc,
    to_correlation,
    values,
)
from analysis.results import Alpha, Flag, IntraclassCorrelations, Omega

if TYPE_CHECKING:
    import pandas as pd

SEED = 20240131
"""Seed of a bootstrap nobody seeded; it is stored in the result."""
NORMAL_BELOW = 100
"""Up to this n omega's interval is the normal-theory bootstrap, above it percentile."""


def coefficient(matrix: Floats) -> float:
    """Alpha of a covariance (or correlation) matrix: k/(k-1) (1 - trace / sum)."""
    k = len(matrix)
    if k < 2:
        return float("nan")
    return float(k / (k - 1) * (1 - np.trace(matrix) / matrix.sum()))


def feldt_interval(alpha: float, n: int, k: int, level: float = 0.95) -> tuple[float, float]:
    """Feldt's interval: 1 - (1 - alpha) F, F with n - 1 and (n - 1)(k - 1) df.

    Feldt (1965), Psychometrika 30; R: ``psych::alpha.ci``.
    """
    df1, df2, tail = n - 1, (n - 1) * (k - 1), (1 - level) / 2
    low = 1 - (1 - alpha) * float(special.fdtri(df1, df2, 1 - tail))
    high = 1 - (1 - alpha) * float(special.fdtri(df1, df2, tail))
    return low, high


def alpha(frame: Answers, *, missing: Missing = "pairwise", level: float = 0.95) -> Alpha:
    """Cronbach's alpha of the sum of the frame's columns (one column an item, keyed).

    raw = k/(k-1) (1 - tr C / 1'C1), Cronbach (1951), Psychometrika 16; standardized: the
    same of the correlations ``cov2cor(C)``. ``lambda6`` is Guttman's lambda 6 of the
    *correlation* matrix, 1 - sum(1 - smc) / 1'R1, as psych prints it under G6(smc).
    ``item_total``: corrected, cov(i, rest) / (sd_i sd_rest) from the covariances in force
    (R: ``psych::alpha``, column r.drop). ``item_total_uncorrected``: r of each item with
    the persons' means of the answers given (column raw.r); from counts (`analysis.counts.Burt`
    or `Moments` in place of the frame) of each item with the sum, by covariances.
    Interval: Feldt with n = rows used.
    R: ``psych::alpha(items, check.keys = FALSE)``; listwise: on complete rows.
    Raises `NotEnoughData` (one item, fewer than three rows), `DegenerateItem`. Flags:
    ``negative_item_total`` with the items that run against their scale.
    """
    import pandas as pd

    found = moments(frame, missing=missing, least=3)
    k = len(found.names)
    if k < 2:
        raise NotEnoughData(f"Alpha needs two items or more; {', '.join(found.names)} is one.")
    c = found.covariance
    r = to_correlation(c)
    row, total, variance = c.sum(axis=1), c.sum(), np.diag(c)
    # pairwise covariances may give a negative variance, and an item a billion times as wide as
    # the others leaves none that can be told from 0
    with np.errstate(invalid="ignore", divide="ignore"):
        item_rest = (row - variance) / np.sqrt(variance * (total - 2 * row + variance))
    rest = [np.delete(np.arange(k), i) for i in range(k)]
    if has_rows(frame):
        item_total = _with_person_mean(values(frame), missing)
    else:  # of counts there is no person's mean; with complete rows the two are one
        item_total = row / np.sqrt(variance * total)
    upper = r[np.triu_indices(k, 1)]
    raw = coefficient(c)
    low, high = feldt_interval(raw, found.n, k, level)
    index = pd.Index(found.names)
    against = tuple(name for name, x in zip(found.names, item_rest, strict=True) if x < 0)
    return Alpha(
        n=found.n,
        method="Cronbach's alpha of the raw sum, Feldt interval; lambda6 of the correlations",
        missing=missing,
        flags=(Flag("negative_item_total", against),) if against else (),
        raw=raw,
        standardized=coefficient(r),
        ci_low=low,
        ci_high=high,
        level=level,
        mean_r=float(upper.mean()),
        median_r=float(np.median(upper)),
        lambda6=_lambda6(r),
        k=k,
        item_total=pd.Series(item_rest, index=index),
        item_total_uncorrected=pd.Series(item_total, index=index),
        if_deleted=pd.Series([coefficient(c[np.ix_(i, i)]) for i in rest], index=index),
        if_deleted_standardized=pd.Series(
            [coefficient(r[np.ix_(i, i)]) for i in rest], index=index
        ),
    )


def _with_person_mean(data: Floats, missing: Missing) -> Floats:
    used = complete(data) if missing == "listwise" else data[~np.isnan(data).all(axis=1)]
    mean = np.nanmean(used, axis=1)
    out = np.empty(used.shape[1])
    for i, column in enumerate(used.T):
        seen = ~np.isnan(column)
        out[i] = np.corrcoef(column[seen], mean[seen])[0, 1]
    return out


def _lambda6(r: Floats) -> float:
    roots = np.linalg.eigvalsh(r)
    if roots[0] <= SINGULAR * roots[-1]:
        return float("nan")  # one item is a sum of others: it has no unique part
    return float(1 - (1 - smc(r)).sum() / r.sum())


def omega_of(loadings: Floats, uniquenesses: Floats) -> Floats:
    """(sum lambda)^2 / ((sum lambda)^2 + sum theta) along the last axis."""
    common = loadings.sum(axis=-1) ** 2
    total: Floats = common / (common + uniquenesses.sum(axis=-1))
    return total


def omega(
    frame: pd.DataFrame,
    *,
    missing: Literal["listwise", "fiml"] = "listwise",
    ordinal: bool = False,
    level: float = 0.95,
    n_boot: int = 2000,
    seed: int = SEED,
) -> Omega:
    """McDonald's omega of the raw sum of the frame's columns under one factor.

    One-factor ML (`analysis.confirm.one_factor`) on complete rows; the estimate takes the
    *unstandardised* loadings, so it belongs to the raw sum score, and divides by the
    modelled variance (R: lavaan ``cfa(std.lv = TRUE)``; semTools ``reliability``, row
    omega). ``standardized`` belongs to the sum of z-scores.

    Interval: persons are resampled ``n_boot`` times and the factor refitted each time,
    starting from the solution. Up to n = 100 the normal-theory bootstrap, estimate -/+ z
    SE*, SE* the SD of the resampled omegas (Padilla & Divers 2013, Educ. Psychol. Meas.
    73: the best of three, rough below n = 50); above it the percentiles. Resamples that
    do not settle are left out and counted in ``boot_failed``; above a tenth there is no
    interval (NaN, flag ``no_interval``). ``n_boot = 0``: no interval.

    ``missing="fiml"``: every row with an answer (`analysis.reliability_fiml.omega`).
    ``ordinal``: Green & Yang's categorical omega of the same sum, from polychorics
    (`analysis.reliability_ordinal.omega`).
    Raises what `one_factor` raises.
    """
    if missing == "fiml" and not ordinal:
        from analysis import reliability_fiml

        return reliability_fiml.omega(frame, level=level)
    if missing != "listwise":
        raise WrongArgument(
            f"omega has missing='listwise' or, for items taken as continuous, 'fiml'; not "
            f"{missing!r}{' with ordinal=True' if ordinal else ''}."
        )
    if ordinal:
        from analysis import reliability_ordinal

        return reliability_ordinal.omega(frame, level=level, n_boot=n_boot, seed=seed)
    fitted = one_factor(frame)
    load, unique = fitted.loadings.to_numpy(), fitted.uniquenesses.to_numpy()
    estimate = float(omega_of(load, unique))
    std = fitted.standardized_loadings.to_numpy()
    draws, failed = _resample(complete(values(frame)), std, n_boot, seed)
    flags = list(fitted.flags)
    low = high = float("nan")
    interval = "none"
    if n_boot and failed <= n_boot / 10:
        tail = (1 - level) / 2
        if fitted.n <= NORMAL_BELOW:
            interval = "normal-theory bootstrap"
            reach = float(special.ndtri(1 - tail) * draws.std(ddof=1))
            low, high = estimate - reach, min(estimate + reach, 1.0)
        else:
            interval = "percentile bootstrap"
            low, high = (float(x) for x in np.quantile(draws, [tail, 1 - tail]))
    elif n_boot:
        flags.append(Flag("no_interval", names_of(frame), failed / n_boot))
    return Omega(
        n=fitted.n,
        method="McDonald's omega, one-factor ML, raw sum score; bootstrap over persons",
        missing="listwise",
        flags=tuple(flags),
        estimate=estimate,
        standardized=float(omega_of(std, 1 - std**2)),
        ci_low=low,
        ci_high=high,
        level=level,
        interval=interval,
        n_boot=n_boot,
        boot_failed=failed,
        seed=seed,
        loadings=fitted.loadings,
        uniquenesses=fitted.uniquenesses,
        standardized_loadings=fitted.standardized_loadings,
        ave=float((std**2).mean()),
        fit=fitted.fit,
    )


def _resample(data: Floats, std: Floats, n_boot: int, seed: int) -> tuple[Floats, int]:
    """Omegas of ``n_boot`` resamples of the rows of ``data``, and how many failed."""
    if not n_boot:
        return np.empty(0), 0
    covariances, _ = resampled_covariances(data, n_boot, seed)
    variances = np.einsum("bii->bi", covariances)
    usable = (variances > 1e-12).all(axis=1)
    sd = np.sqrt(np.where(usable[:, None], variances, 1.0))
    correlations = covariances / (sd[:, :, None] * sd[:, None, :])
    correlations[~usable] = np.eye(data.shape[1])
    start = (std, np.clip(1 - std**2, 0.05, None))
    batch = fit_batch(correlations, start, tolerance=1e-10)
    good = usable & batch.converged
    draws = omega_of(batch.loadings * sd, batch.uniquenesses * sd**2)[good]
    return draws, int(n_boot - good.sum())


def resampled_covariances(data: Floats, n_boot: int, seed: int) -> tuple[Floats, Floats]:
    """Covariances (B, p, p; divisor n) and means (B, p) of resamples of ``data`` (n, p).

    Rows are drawn as counts, so a resample costs one row of a matrix product. Stream:
    ``default_rng(seed)``; the draws do not depend on the chunk.
    """
    n, p = data.shape
    rng = np.random.default_rng(seed)
    centred = data - data.mean(axis=0)
    i, j = np.tril_indices(p)
    features = np.concatenate([centred, centred[:, i] * centred[:, j]], axis=1)
    out, centres = np.empty((n_boot, p, p)), np.empty((n_boot, p))
    chunk = max(1, 4_000_000 // n)
    for begin in range(0, n_boot, chunk):
        size = min(chunk, n_boot - begin)
        drawn = rng.integers(0, n, size=(size, n))
        drawn += (np.arange(size) * n)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n)
        means = counts @ features / n
        second = means[:, p:] - means[:, i] * means[:, j]
        out[begin : begin + size, i, j] = second
        out[begin : begin + size, j, i] = second
        centres[begin : begin + size] = means[:, :p] + data.mean(axis=0)
    return out, centres


def spearman_brown(frame: pd.DataFrame) -> float:
    """Reliability of the sum of two standardised items: 2 r / (1 + r), complete rows.

    Eisinga, te Grotenhuis & Pelzer (2013): for two items, neither alpha nor omega.
    Raises `NotEnoughData` (not two items, fewer than three rows), `DegenerateItem`,
    `ImproperSolution` (r = -1).
    """
    if len(names_of(frame)) != 2:
        raise NotEnoughData(f"Two items are needed, not {len(names_of(frame))}.")
    r = to_correlation(moments(frame, missing="listwise", least=3).covariance)
    if r[0, 1] <= -1 + 1e-12:
        names = names_of(frame)
        raise ImproperSolution(f"{' and '.join(names)} mirror each other; key one of them.", names)
    return float(2 * r[0, 1] / (1 + r[0, 1]))


def icc(frame: pd.DataFrame) -> IntraclassCorrelations:
    """Six intraclass correlations of complete rows (one row a target, one column a rater).

    Shrout & Fleiss (1979), Psychol. Bull. 86, by the ANOVA formulas (R: ``psych::ICC(x,
    lmer = FALSE)``), computed by pingouin. ``table``: rows ICC1 ICC2 ICC3 ICC1k ICC2k
    ICC3k, columns icc f df1 df2 p ci_low ci_high.
    """
    from analysis import pingouin_adapter

    return pingouin_adapter.intraclass(frame)
