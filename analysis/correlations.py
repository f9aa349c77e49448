"""Correlations between scores, each with its interval and a p for the whole family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import special

from analysis.errors import NotEnoughData, WrongArgument
from analysis.moments import Floats, complete, names_of, require_variation, values
from analysis.results import Correlations

if TYPE_CHECKING:
    import pandas as pd


def ranks(column: Floats) -> Floats:
    """Ranks with ties averaged."""
    _, place, count = np.unique(column, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    middle: Floats = last - (count - 1) / 2
    return np.asarray(middle[place], dtype=np.float64)


def holm(p: Floats) -> Floats:
    """Holm's step-down p (R: ``p.adjust(p, "holm")``); Holm (1979), Scand. J. Stat. 6."""
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p))))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def correlate(
    frame: pd.DataFrame,
    *,
    kind: Literal["pearson", "spearman"] = "pearson",
    level: float = 0.95,
) -> Correlations:
    """Correlations of all pairs of columns, complete rows.

    Interval by Fisher's z = artanh r with SE 1/sqrt(n - 3), for Spearman sqrt((1 + r^2/2)/(n
    - 3)) (Bonett & Wright 2000, Psychometrika 65). p: t = r sqrt((n - 2)/(1 - r^2)) on n - 2
    df, Holm over all pairs. R: ``cor.test``; ``p.adjust``.
    Raises `NotEnoughData` (fewer than 4 rows or 2 columns), `DegenerateItem`.
    """
    import pandas as pd

    if kind not in {"pearson", "spearman"}:
        raise WrongArgument(f"kind {kind!r} is not offered; use 'pearson' or 'spearman'.")
    names, data = names_of(frame), complete(values(frame))
    n, p = data.shape
    if n < 4 or p < 2:
        raise NotEnoughData(
            f"{n} complete rows of {', '.join(names)}: correlations with intervals need four "
            "rows and two scores."
        )
    require_variation(names, data)
    used = data if kind == "pearson" else np.column_stack([ranks(column) for column in data.T])
    r = np.asarray(np.corrcoef(used, rowvar=False), dtype=np.float64)
    np.fill_diagonal(r, 1.0)
    inside = np.clip(r, -1 + 1e-15, 1 - 1e-15)
    spread = 1 + inside**2 / 2 if kind == "spearman" else np.ones_like(inside)
    reach = special.ndtri(1 - (1 - level) / 2) * np.sqrt(spread / (n - 3))
    low, high = np.tanh(np.arctanh(inside) - reach), np.tanh(np.arctanh(inside) + reach)
    t = inside * np.sqrt((n - 2) / (1 - inside**2))
    tail = np.asarray(2 * special.stdtr(n - 2, -np.abs(t)), dtype=np.float64)
    i, j = np.triu_indices(p, 1)
    adjusted = np.zeros((p, p))
    adjusted[i, j] = holm(tail[i, j])
    adjusted += adjusted.T
    for matrix in (low, high):
        np.fill_diagonal(matrix, 1.0)

    def table(matrix: Floats) -> pd.DataFrame:
        return pd.DataFrame(matrix, index=pd.Index(names), columns=pd.Index(names))

    return Correlations(
        n=n,
        method=f"{kind.title()} correlations, Fisher intervals, Holm over {len(i)} pairs",
        missing="listwise",
        kind=kind,
        r=table(r),
        ci_low=table(low),
        ci_high=table(high),
        p=table(tail),
        p_holm=table(adjusted),
    )
