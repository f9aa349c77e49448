"""How sure the importance of predictors is: shares of R2 and their ranks, resampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.errors import WrongArgument
from analysis.hierarchy import resampled_correlations
from analysis.importance import lmg
from analysis.least_squares import fit, used_rows
from analysis.reliability import SEED, resampled_covariances
from analysis.results import Flag, Result

if TYPE_CHECKING:
    import pandas as pd

CAP = 8
"""Most predictors whose 2^p subsets are fitted in every resample."""
CUT = 0.25
"""Share of R2 that divides the priority map."""
STABLE = 0.80
"""Share of resamples that must put a predictor on the same side of the cut."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Importance(Result):
    """Shares of R2, with intervals of shares and of ranks."""

    outcome: str
    predictors: tuple[str, ...]
    r2: float
    r2_low: float
    r2_high: float
    table: pd.DataFrame
    """By predictor: lmg (sums to R2), lmg_low, lmg_high, share (sums to 1), share_low,
    share_high, rank (1 = most), rank_low, rank_high, first (resamples in which it leads),
    same_side (resamples on the same side of ``cut`` as the estimate)."""
    same_order: float
    """Share of resamples with the order of the estimate."""
    top_two: float
    """Share of resamples with the same two predictors on top."""
    cut: float
    stable: bool
    """Whether every predictor keeps its side of the cut in 80 % of resamples."""
    dropped: int
    level: float
    n_boot: int
    boot_failed: int
    seed: int


def shares(
    frame: pd.DataFrame,
    outcome: str,
    predictors: Sequence[str],
    *,
    level: float = 0.95,
    cut: float = CUT,
    n_boot: int = 5000,
    seed: int = SEED,
) -> Importance:
    """LMG shares of R2 (`importance.lmg`) with percentile intervals of shares and ranks.

    Persons are resampled ``n_boot`` times; ranks are those of the shares within each
    resample (Groemping 2006, J. Stat. Softw. 17; R: ``relaimpo::boot.relimp(rank = TRUE)``).
    In one community the order is mostly noise: read ranks' intervals first.
    Raises `WrongArgument` (more than eight predictors, unknown column), `NotEnoughData`,
    `DegenerateItem`, `ImproperSolution`.
    """
    import pandas as pd

    names = tuple(predictors)
    if not 2 <= len(names) <= CAP:
        raise WrongArgument(f"Importance is shared by two to {CAP} predictors, not {len(names)}.")
    data, dropped = used_rows(frame, [outcome, *names])
    found = fit(outcome, names, data[:, 1:], data[:, 0])  # refuses what cannot be fitted
    estimate = lmg(np.asarray(np.corrcoef(data, rowvar=False), dtype=np.float64)[None])[0]
    order = np.argsort(-estimate, kind="stable")
    rank = np.empty(len(names))
    rank[order] = np.arange(1, len(names) + 1)
    table = pd.DataFrame(
        {"lmg": estimate, "share": estimate / estimate.sum(), "rank": rank},
        index=pd.Index(names),
    )
    tails = [(1 - level) / 2, 1 - (1 - level) / 2]
    failed, usable = 0, 0
    same_order = top_two = float("nan")
    r2_low, r2_high = float("nan"), float("nan")
    if n_boot:
        r, good = resampled_correlations(resampled_covariances(data, n_boot, seed)[0])
        failed, usable = n_boot - int(good.sum()), int(good.sum())
    if n_boot and failed <= n_boot / 10:
        drawn = lmg(r[good])
        r2 = drawn.sum(axis=1)
        part = drawn / r2[:, None]
        orders = np.argsort(-drawn, axis=1, kind="stable")
        ranks = np.argsort(orders, axis=1, kind="stable") + 1.0
        for name, columns in (("lmg", drawn), ("share", part), ("rank", ranks)):
            low, high = np.quantile(columns, tails, axis=0)
            table[f"{name}_low"], table[f"{name}_high"] = low, high
        table["first"] = (ranks == 1).mean(axis=0)
        side = table["share"].to_numpy() >= cut
        table["same_side"] = ((part >= cut) == side).mean(axis=0)
        same_order = float((orders == order).all(axis=1).mean())
        leaders = np.sort(orders[:, :2], axis=1)
        top_two = float((leaders == np.sort(order[:2])).all(axis=1).mean())
        r2_low, r2_high = (float(x) for x in np.quantile(r2, tails))
    else:
        for column in ("lmg", "share", "rank"):
            table[f"{column}_low"] = table[f"{column}_high"] = np.nan
        table["first"] = table["same_side"] = np.nan
    return Importance(
        n=found.n,
        method="LMG: rise of R2 averaged over all orders; percentile bootstrap over persons of "
        "shares and ranks",
        missing="listwise",
        flags=(Flag("no_interval", value=failed / n_boot),) if n_boot and not usable else (),
        outcome=outcome,
        predictors=names,
        r2=found.r2,
        r2_low=r2_low,
        r2_high=r2_high,
        table=table,
        same_order=same_order,
        top_two=top_two,
        cut=cut,
        stable=bool((table["same_side"] >= STABLE).all()),
        dropped=dropped,
        level=level,
        n_boot=n_boot,
        boot_failed=failed,
        seed=seed,
    )
