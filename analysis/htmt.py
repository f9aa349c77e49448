"""Heterotrait-monotrait ratios of correlations, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.confirm.structure import read_structure
from analysis.errors import NotEnoughData
from analysis.moments import Floats, chosen, require_variation, to_correlation
from analysis.reliability import SEED, resampled_covariances
from analysis.results import Flag, Result

if TYPE_CHECKING:
    import pandas as pd

STRICT, RELATED = 0.85, 0.90
"""Limits of HTMT: Henseler, Ringle & Sarstedt (2015)."""


def complete_items(frame: pd.DataFrame, items: Sequence[str]) -> Floats:
    """Complete rows of the items, each with some variance.

    Raises `NotEnoughData` (fewer than four rows), `DegenerateItem`.
    """
    data = chosen(frame, items)
    data = data[~np.isnan(data).any(axis=1)]
    if len(data) < 4:
        raise NotEnoughData(f"{len(data)} complete rows for {', '.join(items)}; give more.")
    require_variation(tuple(items), data)
    return data


@dataclass(frozen=True, kw_only=True, eq=False)
class Htmt(Result):
    """Heterotrait-monotrait ratios."""

    htmt: pd.DataFrame
    """Factor x factor, classic ratio of arithmetic means of |r|; 1 on the diagonal."""
    htmt2: pd.DataFrame
    """Factor x factor, of geometric means."""
    pairs: pd.DataFrame
    """a, b, htmt, ci_low, ci_high, htmt2, htmt2_ci_low, htmt2_ci_high, below_85, below_90,
    below_1 (upper end of htmt's interval)."""
    level: float
    n_boot: int
    boot_failed: int
    """Resamples in which some ratio does not exist (an item without variance, or factors
    whose items do not hang together)."""
    seed: int


def ratios(correlations: Floats, blocks: Sequence[Sequence[int]]) -> tuple[Floats, Floats]:
    """HTMT and HTMT2 of correlation matrices (..., p, p): two arrays (..., m, m).

    HTMT_ab: mean |r| between the items of a and b over sqrt(mean |r| within a times mean
    |r| within b) (Henseler, Ringle & Sarstedt 2015); HTMT2: geometric means throughout
    (Roemer, Schuberth & Henseler 2021). |r|, so that neither keying nor sign enters. NaN
    where a factor has one item or a mean is 0.
    """
    size = np.abs(correlations)
    with np.errstate(divide="ignore"):
        log = np.log(size)
    m = len(blocks)
    shape = (*correlations.shape[:-2], m)
    within, log_within = np.full(shape, np.nan), np.full(shape, np.nan)
    for a, mine in enumerate(blocks):
        if len(mine) < 2:
            continue
        i, j = np.tril_indices(len(mine), -1)
        rows, columns = np.asarray(mine)[i], np.asarray(mine)[j]
        within[..., a] = size[..., rows, columns].mean(axis=-1)
        log_within[..., a] = log[..., rows, columns].mean(axis=-1)
    arithmetic = np.ones((*shape, m))
    geometric = np.ones((*shape, m))
    with np.errstate(divide="ignore", invalid="ignore"):
        for a in range(m):
            for b in range(a):
                rows, columns = np.asarray(blocks[a])[:, None], np.asarray(blocks[b])[None, :]
                between = size[..., rows, columns].mean(axis=(-2, -1))
                log_between = log[..., rows, columns].mean(axis=(-2, -1))
                one = between / np.sqrt(within[..., a] * within[..., b])
                two = np.exp(log_between - (log_within[..., a] + log_within[..., b]) / 2)
                arithmetic[..., a, b] = arithmetic[..., b, a] = one
                geometric[..., a, b] = geometric[..., b, a] = two
    return arithmetic, geometric


def htmt(
    frame: pd.DataFrame,
    model: Mapping[str, Sequence[str]],
    *,
    n_boot: int = 2000,
    level: float = 0.95,
    seed: int = SEED,
) -> Htmt:
    """HTMT and HTMT2 of the factors of ``model`` from complete rows of ``frame`` (keyed).

    See `ratios`. R: ``semTools::htmt(htmt2 = FALSE)`` and its default, HTMT2. Limits: .85,
    .90 for related concepts, and the upper end of the interval below 1. Interval: percentiles
    over ``n_boot`` resamples of persons, all from resampled correlation matrices; 0: none.
    Above a tenth of failed resamples there is no interval (flag ``no_interval``).
    Flags: ``negative_within`` names factors whose items correlate negatively somewhere
    (reverse items not keyed, or items that do not belong).
    Raises `NotEnoughData` (one factor, a factor of one item, three rows), `DegenerateItem`.
    """
    import pandas as pd

    structure = read_structure(model)
    if len(structure.factors) < 2:
        raise NotEnoughData("HTMT compares factors; the model has one.")
    single = [
        f for f, mine in zip(structure.factors, structure.loads, strict=True) if len(mine) < 2
    ]
    if single:
        raise NotEnoughData(f"HTMT needs two items a factor; {', '.join(single)} has one.")
    data = complete_items(frame, structure.items)
    r = to_correlation(np.cov(data, rowvar=False))
    classic, geometric = ratios(r, structure.loads)
    draws, failed = _resampled_ratios(data, structure.loads, n_boot, seed)
    flags = []
    negative = [
        f
        for f, mine in zip(structure.factors, structure.loads, strict=True)
        if r[np.ix_(mine, mine)].min() < 0
    ]
    if negative:
        flags.append(Flag("negative_within", tuple(negative)))
    limits = None
    if n_boot and failed <= n_boot / 10:
        tail = (1 - level) / 2
        limits = np.quantile(draws, [tail, 1 - tail], axis=1)  # (2, two kinds, m, m)
    elif n_boot:
        flags.append(Flag("no_interval", structure.factors, failed / n_boot))
    rows = []
    for a in range(len(structure.factors)):
        for b in range(a):
            ends = np.full((2, 2), np.nan) if limits is None else limits[:, :, a, b]
            value = float(classic[a, b])
            rows.append(
                (
                    structure.factors[b],
                    structure.factors[a],
                    value,
                    *ends[:, 0].tolist(),
                    float(geometric[a, b]),
                    *ends[:, 1].tolist(),
                    value < STRICT,
                    value < RELATED,
                    bool(ends[1, 0] < 1),
                )
            )
    index = pd.Index(structure.factors)
    return Htmt(
        n=len(data),
        method="HTMT (arithmetic) and HTMT2 (geometric means of |r|), percentile bootstrap",
        missing="listwise",
        flags=tuple(flags),
        htmt=pd.DataFrame(classic, index=index, columns=index),
        htmt2=pd.DataFrame(geometric, index=index, columns=index),
        pairs=pd.DataFrame(rows, columns=_PAIR_COLUMNS),
        level=level,
        n_boot=n_boot,
        boot_failed=failed,
        seed=seed,
    )


_PAIR_COLUMNS = ["a", "b", "htmt", "ci_low", "ci_high", "htmt2", "htmt2_ci_low", "htmt2_ci_high"]
_PAIR_COLUMNS += ["below_85", "below_90", "below_1"]


def _resampled_ratios(
    data: Floats, blocks: Sequence[Sequence[int]], n_boot: int, seed: int
) -> tuple[Floats, int]:
    """Both ratios of the resamples in which they exist: (2, B, m, m) moved to (B, 2, m, m)."""
    m = len(blocks)
    if not n_boot:
        return np.empty((2, 0, m, m)), 0
    covariances, _ = resampled_covariances(data, n_boot, seed)
    # rounding may leave a variance of nothing a little below 0
    sd = np.sqrt(np.maximum(np.einsum("bii->bi", covariances), 0.0))
    usable = (sd > 1e-8).all(axis=1)
    sd = np.where(usable[:, None], sd, 1.0)
    both = np.stack(ratios(covariances / (sd[:, :, None] * sd[:, None, :]), blocks))
    good = usable & np.isfinite(both).all(axis=(0, 2, 3))
    return both[:, good], int(n_boot - good.sum())
