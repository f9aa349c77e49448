"""Corrections for asking many questions at once, NaN-aware.

A p that could not be computed stays NaN and is not counted in the family (as R's
``p.adjust``). Which results form a family is written in the plan, never chosen here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from analysis.errors import WrongArgument
from analysis.moments import Floats

if TYPE_CHECKING:
    import pandas as pd

Correction = Literal["holm", "bh", "none"]


def _within(p: npt.ArrayLike, step: Callable[[Floats], Floats]) -> Floats:
    """Apply ``step`` to the known p of a family (last axis flat), keep NaN where it was."""
    given = np.asarray(p, dtype=np.float64)
    known = ~np.isnan(given)
    if ((given[known] < 0) | (given[known] > 1)).any():
        raise WrongArgument("A p lies outside 0 to 1; adjust p-values, not statistics.")
    adjusted = np.full_like(given, np.nan)
    adjusted[known] = step(given[known])
    return adjusted


def _holm(p: Floats) -> Floats:
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p))))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def _bh(p: Floats) -> Floats:
    order = np.argsort(-p, kind="stable")
    m = len(p)
    stepped = np.minimum.accumulate(p[order] * m / (m - np.arange(m)))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def holm(p: npt.ArrayLike) -> Floats:
    """Holm's step-down p: the chance of any false finding stays below the level.

    p_(i) -> max over j <= i of (m - j + 1) p_(j), at most 1 (Holm 1979, Scand. J. Stat. 6).
    R: ``p.adjust(p, "holm")``. Raises `WrongArgument` for a p outside 0 to 1.
    """
    return _within(p, _holm)


def bh(p: npt.ArrayLike) -> Floats:
    """Benjamini-Hochberg p: the expected share of false findings stays below the level.

    p_(i) -> min over j >= i of m p_(j) / j, at most 1 (Benjamini & Hochberg 1995, JRSS B 57).
    For exploratory families (the plan takes q = .10). R: ``p.adjust(p, "BH")``.
    Raises `WrongArgument` for a p outside 0 to 1.
    """
    return _within(p, _bh)


def adjust(p: npt.ArrayLike, correction: Correction) -> Floats:
    """Adjust a family of p by ``holm``, ``bh`` or not at all (``none``)."""
    if correction == "holm":
        return holm(p)
    if correction == "bh":
        return bh(p)
    if correction == "none":
        return np.asarray(p, dtype=np.float64)
    raise WrongArgument(f"correction {correction!r} is not offered; use holm, bh or none.")


def family(p: pd.Series, correction: Correction = "holm") -> pd.Series:
    """Adjust a named family: a Series in, a Series with the same index out."""
    import pandas as pd

    return pd.Series(adjust(p.to_numpy(dtype=float), correction), index=p.index)
