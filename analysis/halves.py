"""Reliability by halves and by asking again: split-half, odd-even, test-retest."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from analysis import intraclass
from analysis.errors import NotEnoughData, WrongArgument
from analysis.moments import (
    Floats,
    Missing,
    complete,
    moments,
    names_of,
    require_variation,
    to_correlation,
    values,
)
from analysis.results import Flag, Result

if TYPE_CHECKING:
    import pandas as pd

SEED = 20240131
"""Seed of drawn splits nobody seeded; it is stored in the result."""
ALL_SPLITS_UP_TO = 12_000
"""Splits that are all computed (16 items have 6,435); above, as many are drawn."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SplitHalf(Result):
    """What reliability would be for every way to cut the items into halves."""

    highest: float
    """Guttman's lambda 4 of the best split: the greatest lower bound by halves."""
    lowest: float
    """Of the worst split (Revelle's beta)."""
    mean: float
    """Over all splits; with an even number of items it equals alpha of the same matrix."""
    standardized: bool
    splits: pd.DataFrame
    """By split, named by the items of its first half: reliability."""
    drawn: bool
    """Whether splits were drawn at random instead of all computed."""
    seed: int


@dataclass(frozen=True, kw_only=True, eq=False)
class OddEven(Result):
    """Odd against even items, in column order."""

    r: float
    spearman_brown: float
    horst: float
    """Spearman-Brown for halves of unequal length."""
    guttman: float
    """Lambda 4 of this split: needs no equal variances of the halves."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Retest(Result):
    """The same persons asked twice."""

    table: pd.DataFrame
    """By column: n, r, r_low, r_high, icc_agreement (ICC2) and icc_consistency (ICC3) with
    limits, sem (SD of one person's error), difference."""


def prophecy(r: float, length: float = 2.0) -> float:
    """Spearman-Brown: reliability of a test ``length`` times as long, L r / (1 + (L - 1) r)."""
    return length * r / (1 + (length - 1) * r)


def horst(r: float, share: float) -> float:
    """Reliability of a test from two parts of unequal length (Horst 1951, Psychometrika 16).

    ``share`` = items of one part / all items, q = share (1 - share):
    r (sqrt(r^2 + 4 q (1 - r^2)) - r) / (2 q (1 - r^2)); with equal parts Spearman-Brown.
    """
    q = share * (1 - share)
    if abs(r) >= 1:
        return r
    return float(r * (np.sqrt(r**2 + 4 * q * (1 - r**2)) - r) / (2 * q * (1 - r**2)))


def split_half(
    frame: pd.DataFrame,
    *,
    missing: Missing = "pairwise",
    standardized: bool = True,
    seed: int = SEED,
) -> SplitHalf:
    """Guttman's 4 cov(A, B) / var(A + B) for every cut of the keyed items into halves.

    With an odd number the first half is the smaller one. ``standardized``: from the
    correlations (as R's ``psych::splitHalf`` does), else from the covariances, which belong
    to the raw sum. ``psych`` 2.2.9 looks at the first half of the splits only where the
    number of items is odd; here all count. Above 12,000 splits that many are drawn.
    Raises what `moments` raises, `NotEnoughData` (fewer than two items).
    """
    import pandas as pd

    found = moments(frame, missing=missing, least=3)
    k = len(found.names)
    if k < 2:
        raise NotEnoughData(f"Halves need two items or more; {', '.join(found.names)} is one.")
    matrix = to_correlation(found.covariance) if standardized else found.covariance
    size = k // 2
    count = comb(k, size) // (1 if k % 2 else 2)
    drawn = count > ALL_SPLITS_UP_TO
    if drawn:
        order = np.random.default_rng(seed).random((ALL_SPLITS_UP_TO, k)).argsort(axis=1)
        chosen = np.sort(order[:, :size], axis=1)
    else:
        # with an even number every split comes twice: the first item stays in the first half
        every = combinations(range(k), size) if k % 2 else combinations(range(1, k), size - 1)
        chosen = np.array([one if k % 2 else (0, *one) for one in every], dtype=np.intp)
    half = np.zeros((len(chosen), k))
    np.put_along_axis(half, chosen, 1.0, axis=1)
    between = ((half @ matrix) * (1 - half)).sum(axis=1)
    reliability = 4 * between / matrix.sum()
    names = [" ".join(found.names[i] for i in one) for one in chosen.tolist()]
    return SplitHalf(
        n=found.n,
        method="split-half reliability (lambda 4) over "
        + (f"{len(chosen)} splits drawn" if drawn else f"all {len(chosen)} splits"),
        missing=missing,
        highest=float(reliability.max()),
        lowest=float(reliability.min()),
        mean=float(reliability.mean()),
        standardized=standardized,
        splits=pd.DataFrame({"reliability": reliability}, index=pd.Index(names)),
        drawn=drawn,
        seed=seed,
    )


def odd_even(frame: pd.DataFrame) -> OddEven:
    """Sum of the odd against the sum of the even keyed items, complete rows.

    spearman_brown = 2 r / (1 + r); `horst` for the unequal halves of an odd number;
    guttman = 4 cov / var of the sum. R: ``cor(rowMeans(odd), rowMeans(even))``.
    Raises `NotEnoughData` (two items, three rows), `DegenerateItem`.
    """
    names, data = names_of(frame), complete(values(frame))
    n, k = data.shape
    if n < 3 or k < 2:
        raise NotEnoughData(f"{n} complete rows of {', '.join(names)}: odd-even needs 3 and 2.")
    require_variation(names, data)
    halves = np.stack([data[:, 0::2].sum(axis=1), data[:, 1::2].sum(axis=1)])
    require_variation(("odd items", "even items"), halves.T)
    s = np.cov(halves)
    r = float(s[0, 1] / np.sqrt(s[0, 0] * s[1, 1]))
    return OddEven(
        n=n,
        method="odd against even items; Spearman-Brown, Horst, Guttman",
        missing="listwise",
        r=r,
        spearman_brown=prophecy(r),
        horst=horst(r, (k // 2) / k),
        guttman=float(4 * s[0, 1] / s.sum()),
    )


def paired_rows(before: pd.DataFrame, after: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of the persons in both frames (the index), and their common columns, in order.

    Raises `WrongArgument` for a person twice in a frame or columns that differ,
    `NotEnoughData` where nobody is in both.
    """
    for name, frame in (("before", before), ("after", after)):
        if not frame.index.is_unique:
            twice = str(frame.index[frame.index.duplicated()][0])
            raise WrongArgument(f"Person {twice} is in the frame {name} twice; keep one row.")
    if set(map(str, before.columns)) != set(map(str, after.columns)):
        odd = sorted(set(map(str, before.columns)) ^ set(map(str, after.columns)))
        raise WrongArgument(
            f"Only one of the two waves has {', '.join(odd)}; change is read on the same "
            "items and scales. Give the columns both waves have."
        )
    both = before.index.intersection(after.index, sort=False)
    if not len(both):
        raise NotEnoughData("Nobody is in both waves; index both frames by the person's id.")
    return before.loc[both], after.loc[both, before.columns]


def retest(before: pd.DataFrame, after: pd.DataFrame, *, level: float = 0.95) -> Retest:
    """Stability of every column between two waves of the same persons (index = person).

    r with Fisher's interval; ICC2 (absolute agreement) and ICC3 (consistency) by
    `intraclass.forms`; sem = SD of the differences / sqrt(2) (Weir 2005); difference = after
    - before. What changed in truth counts as unreliability here.
    Raises what `paired_rows` raises, `NotEnoughData` (fewer than four pairs of a column),
    `DegenerateItem`.
    """
    import pandas as pd

    first, second = paired_rows(before, after)
    rows, used = {}, []
    for name in first.columns:
        data = np.column_stack([values(first[[name]])[:, 0], values(second[[name]])[:, 0]])
        data = complete(data)
        n = len(data)
        if n < 4:
            raise NotEnoughData(f"{n} persons answered {name} twice; four are needed.")
        require_variation((f"{name} before", f"{name} after"), data)
        rows[str(name)] = _stability(data, level)
        used.append(n)
    return Retest(
        n=max(used),
        method="test-retest: Pearson r, ICC2 and ICC3 by ANOVA",
        missing="pairs complete on the column",
        flags=(Flag("few_pairs", value=float(min(used))),) if min(used) < 10 else (),
        table=pd.DataFrame.from_dict(rows, orient="index"),
    )


def _stability(data: Floats, level: float) -> dict[str, float]:
    n = len(data)
    r = float(np.atleast_2d(np.corrcoef(data, rowvar=False))[0, 1])
    inside = float(np.clip(r, -1 + 1e-15, 1 - 1e-15))
    reach = float(special.ndtri(1 - (1 - level) / 2)) / np.sqrt(n - 3)
    found = intraclass.forms(data, level)
    change = data[:, 1] - data[:, 0]
    agreement, consistency = found["ICC2"], found["ICC3"]
    return {
        "n": n,
        "r": r,
        "r_low": float(np.tanh(np.arctanh(inside) - reach)),
        "r_high": float(np.tanh(np.arctanh(inside) + reach)),
        "icc_agreement": agreement.icc,
        "agreement_low": agreement.ci_low,
        "agreement_high": agreement.ci_high,
        "icc_consistency": consistency.icc,
        "consistency_low": consistency.ci_low,
        "consistency_high": consistency.ci_high,
        "sem": float(change.std(ddof=1) / np.sqrt(2)),
        "difference": float(change.mean()),
    }
