"""From one rung of invariance to the next: differences, tests and the rule that judges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from analysis.confirm.measures import chi2_tail
from analysis.confirm.result import Confirmation

if TYPE_CHECKING:
    import pandas as pd

RUNGS = ("configural", "metric", "scalar", "strict")
LARGE, EQUAL = 300, 1.5
"""Chen's wider limits hold for n above `LARGE` and groups of like size: the largest at
most `EQUAL` times the smallest."""
WIDE = {"cfi": -0.010, "rmsea": 0.015, "metric": 0.030, "other": 0.010}
NARROW = {"cfi": -0.005, "rmsea": 0.010, "metric": 0.025, "other": 0.005}
SOURCE = "Chen (2007), Structural Equation Modeling 14, 464-504"


def equality_names(model: Mapping[str, Sequence[str]], *, markers: bool) -> dict[str, list[str]]:
    """Parameters that each rung makes equal, by rung.

    ``markers``: whether first loadings are among them (not where they are fixed at 1).
    """
    items = dict.fromkeys(item for mine in model.values() for item in mine)
    first = 0 if markers else 1
    return {
        "metric": [f"{factor}=~{item}" for factor, mine in model.items() for item in mine[first:]],
        "scalar": [f"{item}~1" for item in items],
        "strict": [f"{item}~~{item}" for item in items],
    }


def number(found: Confirmation, name: str) -> float:
    """One fit measure as a number; NaN where there is none."""
    value = found.fit.get(name)
    return float("nan") if value is None else float(value)


def judge(
    delta_cfi: pd.Series, delta_rmsea: pd.Series, delta_srmr: pd.Series, sizes: Sequence[int]
) -> pd.DataFrame:
    """Chen's (2007) rule for every step, with the limits it used."""
    import pandas as pd

    wide = sum(sizes) > LARGE and max(sizes) <= EQUAL * min(sizes)
    limits = WIDE if wide else NARROW
    rows = {}
    for rung in delta_cfi.index:
        srmr = limits["metric"] if rung == "metric" else limits["other"]
        accepted = bool(
            delta_cfi[rung] >= limits["cfi"]
            and delta_rmsea[rung] <= limits["rmsea"]
            and delta_srmr[rung] <= srmr
        )
        rows[rung] = (limits["cfi"], limits["rmsea"], srmr, accepted)
    columns = ["delta_cfi_limit", "delta_rmsea_limit", "delta_srmr_limit", "accepted"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def differences(found: Mapping[str, Confirmation], estimator: str) -> pd.DataFrame:
    """Likelihood-ratio tests between neighbours: rung x (df, chisq, df_diff, chisq_diff, p)."""
    import pandas as pd

    rows = []
    for rung, below in zip(RUNGS, (None, *RUNGS[:-1]), strict=True):
        x, df = number(found[rung], "chisq"), number(found[rung], "df")
        if below is None:
            rows.append((df, x, np.nan, np.nan, np.nan))
            continue
        gap, df_gap = x - number(found[below], "chisq"), df - number(found[below], "df")
        if estimator == "MLR" and df_gap > 0:
            gap /= _scaling_difference(found[rung], found[below], df_gap)
        p = chi2_tail(gap, df_gap) if df_gap > 0 and np.isfinite(gap) else np.nan
        rows.append((df, x, df_gap, gap, p))
    columns = ["df", "chisq", "df_diff", "chisq_diff", "p"]
    return pd.DataFrame(rows, index=pd.Index(RUNGS), columns=columns)


def _scaling_difference(upper: Confirmation, lower: Confirmation, df_gap: float) -> float:
    """Return cd of Satorra & Bentler (2001); NaN where it is not positive."""
    total = number(upper, "df") * number(upper, "chisq.scaling.factor")
    if number(lower, "df") > 0:  # a saturated model has no scaling factor and needs none
        total -= number(lower, "df") * number(lower, "chisq.scaling.factor")
    return total / df_gap if total > 0 else float("nan")
