"""Hierarchical regression: what a block of predictors adds to those before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.errors import WrongArgument
from analysis.least_squares import f_tail, fit, table, used_rows, wald_f
from analysis.moments import SINGULAR, Floats
from analysis.reliability import SEED, resampled_covariances
from analysis.results import Flag, Result

if TYPE_CHECKING:
    import pandas as pd

Steps = Sequence[Sequence[str]] | Mapping[str, Sequence[str]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Hierarchy(Result):
    """A regression built up block by block, on the same rows throughout."""

    outcome: str
    steps: dict[str, tuple[str, ...]]
    """Step name -> predictors added at that step."""
    table: pd.DataFrame
    """By step: predictors, r2, adj_r2, delta_r2, delta_low, delta_high, f2, f_change, df1,
    df2, p, hc3_f, hc3_p."""
    coefficients: dict[str, pd.DataFrame]
    """Step name -> coefficients of the model up to that step (`least_squares.table`)."""
    dropped: int
    level: float
    n_boot: int
    boot_failed: int
    seed: int


def hierarchical(
    frame: pd.DataFrame,
    outcome: str,
    steps: Steps,
    *,
    level: float = 0.95,
    n_boot: int = 5000,
    seed: int = SEED,
) -> Hierarchy:
    """Regress ``outcome`` on the first block, the first two, ..., rows complete on all.

    ``steps``: blocks of column names, or name -> block. delta_r2 = R2 after - R2 before;
    f_change, p: classic F of the block, ((RSS0 - RSS1)/df1)/(RSS1/df2) (R: ``anova(m0,
    m1)``); **hc3_f, hc3_p**: Wald F of the block with the HC3 covariance of the model up to
    that step (`least_squares.wald_f`), the one to read; f2 = delta_r2/(1 - R2) (Cohen 1988).
    delta_low, delta_high: percentiles of delta_r2 over ``n_boot`` resamples of persons; a
    rise of R2 is never below 0, so they sit too high where the block adds nothing: whether
    it adds anything is the Wald F's question.
    Raises `WrongArgument` (unknown or repeated column, empty block), `NotEnoughData`,
    `DegenerateItem`, `ImproperSolution` (predictors that determine each other).
    """
    import pandas as pd

    named = _named(steps)
    predictors = [name for block in named.values() for name in block]
    if not predictors or not all(named.values()):
        raise WrongArgument("Give at least one predictor in every step.")
    data, dropped = used_rows(frame, [outcome, *predictors])
    y, x = data[:, 0], data[:, 1:]
    rows: dict[str, dict[str, float]] = {}
    coefficients = {}
    ends = np.cumsum([len(block) for block in named.values()])
    draws, failed = _bootstrap(data, ends, n_boot, seed)
    tails = [(1 - level) / 2, 1 - (1 - level) / 2]
    limits = np.quantile(draws, tails, axis=0) if len(draws) else np.full((2, len(ends)), np.nan)
    before, rss = 0, float(((y - y.mean()) ** 2).sum())
    r2 = 0.0
    for step, (name, end) in enumerate(zip(named, ends.tolist(), strict=True)):
        found = fit(outcome, predictors[:end], x[:, :end], y)
        size = end - before
        change = (rss - found.rss) / size / (found.rss / found.df)
        hc3_f, _, _, hc3_p = wald_f(found, range(1 + before, 1 + end))
        rows[name] = {
            "predictors": end,
            "r2": found.r2,
            "adj_r2": found.adj_r2,
            "delta_r2": found.r2 - r2,
            "delta_low": float(limits[0, step]),
            "delta_high": float(limits[1, step]),
            "f2": (found.r2 - r2) / (1 - found.r2),
            "f_change": change,
            "df1": size,
            "df2": found.df,
            "p": f_tail(change, size, found.df),
            "hc3_f": hc3_f,
            "hc3_p": hc3_p,
        }
        coefficients[name] = table(found, level)
        before, rss, r2 = end, found.rss, found.r2
    return Hierarchy(
        n=len(y),
        method="hierarchical OLS; HC3 Wald F of each block, classic F beside it; percentile "
        "bootstrap of the rise in R2 over persons",
        missing="listwise over all steps",
        flags=(Flag("no_interval", value=failed / n_boot),) if n_boot and not len(draws) else (),
        outcome=outcome,
        steps=named,
        table=pd.DataFrame.from_dict(rows, orient="index"),
        coefficients=coefficients,
        dropped=dropped,
        level=level,
        n_boot=n_boot,
        boot_failed=failed,
        seed=seed,
    )


def _named(steps: Steps) -> dict[str, tuple[str, ...]]:
    if isinstance(steps, Mapping):
        return {str(name): tuple(block) for name, block in steps.items()}
    if any(isinstance(block, str) for block in steps):
        raise WrongArgument("A step is a list of columns: [['a', 'b'], ['c']], not ['a', 'b'].")
    return {f"step {i + 1}": tuple(block) for i, block in enumerate(steps)}


def _bootstrap(
    data: Floats, ends: np.ndarray[tuple[int], np.dtype[np.intp]], n_boot: int, seed: int
) -> tuple[Floats, int]:
    """Rise of R2 at each step (B, steps), and how many resamples failed."""
    if not n_boot:
        return np.empty((0, len(ends))), 0
    s, _ = resampled_covariances(data, n_boot, seed)
    r, usable = resampled_correlations(s)
    failed = n_boot - int(usable.sum())
    if failed > n_boot / 10:
        return np.empty((0, len(ends))), failed
    r = r[usable]
    r2 = np.zeros((len(r), len(ends) + 1))
    for step, end in enumerate(ends.tolist()):
        outer = r[:, 1 : 1 + end, :1]
        inner = np.linalg.solve(r[:, 1 : 1 + end, 1 : 1 + end], outer)
        r2[:, step + 1] = (outer * inner).sum(axis=(1, 2))
    return np.diff(r2, axis=1), failed


def resampled_correlations(s: Floats) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Correlations (B, p, p) of resampled covariances, and which resamples are usable.

    Unusable: a column without variance, or predictors (all but the first) that determine
    each other; their correlations are the identity.
    """
    p = s.shape[1]
    sd = np.sqrt(np.maximum(np.einsum("bii->bi", s), 0.0))
    # a resample that repeats one value leaves rounding, not variance
    usable = (sd > 1e-7 * np.maximum(np.nanmedian(sd, axis=0), 1e-300)).all(axis=1)
    scale = np.where(usable[:, None], sd, 1.0)
    r = s / (scale[:, :, None] * scale[:, None, :])
    r[~usable] = np.eye(p)
    if p > 1:
        usable &= np.linalg.eigvalsh(r[:, 1:, 1:])[:, 0] > SINGULAR
    return r, usable
