"""What experts say of the items before anybody answers them: Aiken's V and the CVI.

``ratings``: one row an expert, one column an item, NaN = not rated.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import special

from analysis.errors import AnalysisError, NotEnoughData, WrongArgument
from analysis.moments import Floats, names_of, values
from analysis.results import Flag, Result

if TYPE_CHECKING:
    import pandas as pd

KEEP_FROM, REVISE_FROM = 0.60, 0.70
"""Lower limit from which an item is kept, and V from which it is revised, not rewritten."""


@dataclass(frozen=True, kw_only=True, eq=False)
class AikenV(Result):
    """Aiken's V of every item."""

    lo: int
    hi: int
    table: pd.DataFrame
    """By item: n, v, p, critical_05, critical_01, ci_low, ci_high, verdict."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ContentValidityIndex(Result):
    """Share of experts who call each item relevant, and its averages over the scale."""

    table: pd.DataFrame
    """By item: n, relevant, i_cvi, chance, kappa, needed, enough."""
    s_cvi_ave: float
    """Mean of the items' I-CVI; .90 and more is good."""
    s_cvi_ua: float
    """Share of items all experts call relevant; .80 and more is good."""


def _ways(experts: int, categories: int) -> list[int]:
    """Ways for the ratings (0 .. c - 1 each) of the experts to sum to 0, 1, ...: exact."""
    ways = [1]
    for _ in range(experts):
        longer = [0] * (len(ways) + categories - 1)
        for total, count in enumerate(ways):
            for rating in range(categories):
                longer[total + rating] += count
        ways = longer
    return ways


def right_tail(total: int, experts: int, categories: int) -> float:
    """P(sum of ratings >= total) if every expert picked any of the categories by chance.

    ``total``: sum of (rating - lo). Exact integers (Aiken 1985, Educ. Psychol. Meas. 45).
    """
    ways = _ways(experts, categories)
    return float(sum(ways[max(total, 0) :]) / categories**experts)


def critical_v(experts: int, categories: int, level: float = 0.05) -> float:
    """Smallest V whose exact right tail is at most ``level``; NaN where none is.

    V = total / (n (c - 1)). c = 5, .05: n = 4 .88, 5 .80, 6 .79, 7 .75, 8 .75, 9 .72, 10
    .70. Raises `NotEnoughData` (no expert, or one category).
    """
    if experts < 1 or categories < 2:
        raise NotEnoughData(f"{experts} experts and {categories} categories: at least 1 and 2.")
    ways, everything = _ways(experts, categories), categories**experts
    tail, found = 0, float("nan")
    for total in range(len(ways) - 1, -1, -1):
        tail += ways[total]
        if tail > level * everything:
            break
        found = total / (experts * (categories - 1))
    return found


def score_interval(v: float, experts: int, steps: int, level: float = 0.95) -> tuple[float, float]:
    """Penfield & Giacobbi's (2004) score interval of V; ``steps`` = c - 1.

    (2 n k V + z^2 -/+ z sqrt(4 n k V (1 - V) + z^2)) / (2 (n k + z^2)), k = c - 1
    (Meas. Phys. Educ. Exerc. Sci. 8). V = 24/28, n = 7, c = 5: .685-.943.
    """
    z = float(special.ndtri(1 - (1 - level) / 2))
    nk = experts * steps
    root = z * float(np.sqrt(4 * nk * v * (1 - v) + z**2))
    middle, below = 2 * nk * v + z**2, 2 * (nk + z**2)
    return (middle - root) / below, (middle + root) / below


def _rated(ratings: pd.DataFrame, lo: float, hi: float) -> tuple[tuple[str, ...], Floats]:
    names, data = names_of(ratings), values(ratings)
    seen = data[~np.isnan(data)]
    if ((seen < lo) | (seen > hi) | (seen % 1 != 0)).any():
        bad = sorted({f"{x:g}" for x in seen if x < lo or x > hi or x % 1 != 0})
        raise WrongArgument(
            f"Ratings go from {lo:g} to {hi:g} in whole steps; these do not: {', '.join(bad)}."
        )
    silent = [name for name, column in zip(names, data.T, strict=True) if np.isnan(column).all()]
    if silent or not names:
        raise NotEnoughData(f"No expert rated {', '.join(silent) or 'anything'}; leave it out.")
    return names, data


def aiken_v(ratings: pd.DataFrame, lo: int, hi: int, *, level: float = 0.95) -> AikenV:
    """Aiken's V of each item rated from ``lo`` to ``hi`` by the experts.

    V = sum (r - lo) / (n (c - 1)); p and critical values exact (`critical_v`); interval
    `score_interval`. Verdict: ``keep`` (V at least the .05 critical value and lower limit at
    least .60), else ``revise`` from V = .70, else ``rewrite``.
    Raises `WrongArgument` (a rating outside the range or between steps), `NotEnoughData`.
    """
    import pandas as pd

    if hi <= lo:
        raise WrongArgument(f"Ratings from {lo} to {hi} cannot be.")
    names, data = _rated(ratings, lo, hi)
    steps = hi - lo
    rows = []
    for column in data.T:
        seen = column[~np.isnan(column)]
        n, total = len(seen), round(float((seen - lo).sum()))
        v = total / (n * steps)
        low, high = score_interval(v, n, steps, level)
        critical = critical_v(n, steps + 1)
        good = v >= critical and low >= KEEP_FROM
        rows.append(
            {
                "n": n,
                "v": v,
                "p": right_tail(total, n, steps + 1),
                "critical_05": critical,
                "critical_01": critical_v(n, steps + 1, 0.01),
                "ci_low": low,
                "ci_high": high,
                "verdict": "keep" if good else "revise" if v >= REVISE_FROM else "rewrite",
            }
        )
    table = pd.DataFrame(rows, index=pd.Index(names))
    rewrite = tuple(str(i) for i in table.index[table["verdict"] == "rewrite"])
    return AikenV(
        n=len(data),
        method="Aiken's V, exact right tail, score interval of Penfield & Giacobbi",
        missing="an item's own raters",
        flags=(Flag("rewrite", rewrite),) if rewrite else (),
        lo=lo,
        hi=hi,
        table=table,
    )


def lowest_icvi(experts: int) -> float:
    """I-CVI that Lynn (1986) asks for: 1.00 up to five experts, .83 up to eight, then .78."""
    return 1.0 if experts <= 5 else 0.83 if experts <= 8 else 0.78


def kappa(relevant: int, experts: int) -> tuple[float, float]:
    """I-CVI freed from chance agreement: k* and the chance pc (Polit, Beck & Owen 2007).

    pc = C(n, a) .5^n, k* = (I-CVI - pc) / (1 - pc). 6 of 7: .85; above .74 excellent.
    """
    chance = comb(experts, relevant) * 0.5**experts
    share = relevant / experts
    return ((share - chance) / (1 - chance) if chance < 1 else float("nan")), chance


def cvi(ratings: pd.DataFrame, *, relevant_from: int = 3) -> ContentValidityIndex:
    """Content validity index of items rated 1 to 4 for relevance; relevant = 3 or 4.

    I-CVI = share of experts; S-CVI/Ave their mean; S-CVI/UA the share of items with 1.00.
    ``needed``: `lowest_icvi`, compared after rounding to two decimals, as it is printed.
    Raises `WrongArgument` for ratings beyond 1 to 4: a five-point scale has a middle that
    is neither, so it must not be mapped; ask again on four points.
    """
    import pandas as pd

    try:
        names, data = _rated(ratings, 1, 4)
    except NotEnoughData:
        raise
    except AnalysisError as error:
        raise WrongArgument(
            f"{error} The CVI needs a four-point relevance scale; answers on five points "
            "cannot be mapped to it."
        ) from error
    rows = []
    for column in data.T:
        seen = column[~np.isnan(column)]
        n, relevant = len(seen), int((seen >= relevant_from).sum())
        agreement, chance = kappa(relevant, n)
        rows.append(
            {
                "n": n,
                "relevant": relevant,
                "i_cvi": relevant / n,
                "chance": chance,
                "kappa": agreement,
                "needed": lowest_icvi(n),
                "enough": round(relevant / n, 2) >= lowest_icvi(n),
            }
        )
    table = pd.DataFrame(rows, index=pd.Index(names))
    low = tuple(str(i) for i in table.index[~table["enough"]])
    return ContentValidityIndex(
        n=len(data),
        method="content validity index: share of experts who rate 3 or 4 of 4; modified kappa",
        missing="an item's own raters",
        flags=(Flag("low_cvi", low),) if low else (),
        table=table,
        s_cvi_ave=float(table["i_cvi"].mean()),
        s_cvi_ua=float((table["relevant"] == table["n"]).mean()),
    )


def sort_agreement(assigned: pd.DataFrame, intended: pd.Series) -> pd.Series:
    """Blind sort: share of experts who put each item where it was meant to be.

    ``assigned``: experts x items, the name of a construct (missing = not sorted);
    ``intended``: construct by item. At least .70 of an item's experts should agree.
    Raises `WrongArgument` for an item without an intended construct.
    """
    import pandas as pd

    missing = [str(item) for item in assigned.columns if item not in intended.index]
    if missing:
        raise WrongArgument(f"No intended construct for {', '.join(missing)}.")
    known: npt.NDArray[np.bool_] = assigned.notna().to_numpy()
    meant = intended.loc[list(assigned.columns)].to_numpy()
    same = (assigned.to_numpy() == meant[None, :]) & known
    count = known.sum(axis=0)
    share = np.divide(same.sum(axis=0), count, out=np.full(len(meant), np.nan), where=count > 0)
    return pd.Series(share, index=assigned.columns)
