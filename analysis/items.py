"""Every item beside its scale: the corrected item-total r, and the thesis' r-tabel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from analysis.errors import NotEnoughData
from analysis.moments import Missing, values
from analysis.reliability import alpha
from analysis.results import Flag, ItemAnalysis

if TYPE_CHECKING:
    import pandas as pd

KEEP, WATCH = 0.30, 0.20
"""Corrected item-total r from which an item is kept, and below which it is flagged."""


def critical_r(n: int, level: float = 0.05) -> float:
    """r-tabel: the |r| that is significant two-sided at ``level`` with df = n - 2.

    r = t / sqrt(df + t^2), t the 1 - level/2 quantile of Student's t. A test of "r is not
    0" and nothing more: it gets lax as n grows. Raises `NotEnoughData` below n = 3.
    """
    if n < 3:
        raise NotEnoughData(f"r-tabel needs three rows or more; there are {n}.")
    df = n - 2
    t = float(special.stdtrit(df, 1 - level / 2))
    return t / float(np.sqrt(df + t**2))


def analyse(frame: pd.DataFrame, *, missing: Missing = "pairwise") -> ItemAnalysis:
    """Item analysis of one scale (columns = its keyed items).

    ``table`` by item: n, mean, sd, item_total (corrected; R: ``psych::alpha`` r.drop),
    item_total_uncorrected (the usual "r hitung"), critical_r (at the item's n),
    above_critical (uncorrected r > r-tabel), if_deleted, verdict: ``keep`` from .30,
    ``watch`` from .20, ``flag`` below (Nunnally & Bernstein 1994). One wave flags, it does
    not condemn: nothing is removed here.
    Raises what `alpha` raises.
    """
    import pandas as pd

    found = alpha(frame, missing=missing)
    data = values(frame)
    n = (~np.isnan(data)).sum(axis=0)
    corrected = found.item_total.to_numpy()
    uncorrected = found.item_total_uncorrected.to_numpy()
    critical = np.array([critical_r(int(x)) for x in n])
    verdict = ["keep" if r >= KEEP else "watch" if r >= WATCH else "flag" for r in corrected]
    table = pd.DataFrame(
        {
            "n": n,
            "mean": np.nanmean(data, axis=0),
            "sd": np.nanstd(data, axis=0, ddof=1),
            "item_total": corrected,
            "item_total_uncorrected": uncorrected,
            "critical_r": critical,
            "above_critical": uncorrected > critical,
            "if_deleted": found.if_deleted.to_numpy(),
            "verdict": verdict,
        },
        index=found.item_total.index,
    )
    low = tuple(str(i) for i, v in zip(table.index, verdict, strict=True) if v == "flag")
    return ItemAnalysis(
        n=found.n,
        method="corrected item-total r (item against the rest), uncorrected r beside r-tabel",
        missing=missing,
        flags=(Flag("low_item_total", low),) if low else (),
        critical_r=critical_r(found.n),
        table=table,
    )
