"""Means, covariances and correlations of a frame, with the missing rule named.

Two rules and no third: ``pairwise`` (every pair of items over the rows that answered
both, as R's ``cov(use="pairwise")``) and ``listwise`` (rows that answered everything).
Nothing is ever filled in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, TypeGuard, cast

import numpy as np
import numpy.typing as npt

from analysis.errors import (
    BadCell,
    DegenerateItem,
    DuplicateName,
    ImproperSolution,
    MissingColumn,
    NotANumber,
    NotEnoughData,
    WrongArgument,
)

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Missing = Literal["pairwise", "listwise"]

SINGULAR = 1e-10
"""A smallest eigenvalue below this share of the largest means: not positive definite."""


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Covariances of the columns of a frame."""

    names: tuple[str, ...]
    n: int
    """Rows used: complete rows (listwise), rows with any answer (pairwise)."""
    dropped: int
    """Rows given but not used."""
    missing: Missing
    covariance: Floats
    """(p, p), divisor n - 1 (pairwise: of each pair)."""
    correlation: Floats
    """(p, p); pairwise: of each pair over the rows that answered both, as R's
    ``cor(use = "pairwise")``, which is not ``cov2cor`` of the pairwise covariances."""
    pairs: Floats
    """(p, p), how many rows answered both."""
    means: Floats | None = None
    """(p,), each item over the rows of `missing` that answered it."""

    def moments(self, missing: Missing, *, least: int = 2) -> Moments:
        """Return itself; the rule and the least number of rows must be met.

        Raises `WrongArgument` for the other rule, `NotEnoughData`.
        """
        if missing != self.missing:
            raise WrongArgument(
                f"These moments are {self.missing}, asked for was {missing}; pass "
                f"missing={self.missing!r}, or moments of the other rule."
            )
        if self.n < least:
            raise NotEnoughData(
                f"{self.n} rows can be used for {', '.join(self.names)}; at least {least} are "
                "needed."
            )
        return self


class Summary(Protocol):
    """What gives moments without rows: `Moments`, `analysis.counts.Burt`."""

    @property
    def names(self) -> tuple[str, ...]:
        """Item names, in order."""

    def moments(self, missing: Missing, *, least: int = 2) -> Moments:
        """Return the moments by a missing rule."""


Answers: TypeAlias = "pd.DataFrame | Summary"
"""A frame of answers, or what was counted of them: enough for whatever lives on moments."""


def values(frame: pd.DataFrame) -> Floats:
    """Return the frame's numbers as float64 (n, p); missing is NaN.

    Raises `DuplicateName` (two columns of one name), `NotANumber` (text or infinite), naming
    columns and cells (row 1 is the first).
    """
    names = names_of(frame)
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise DuplicateName("the frame", twice)
    try:
        if all(isinstance(kind, np.dtype) for kind in frame.dtypes):
            data = np.asarray(frame.to_numpy(dtype=np.float64), dtype=np.float64)
        else:  # pandas' own types hold NA
            data = np.asarray(frame.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
    except (TypeError, ValueError):
        raise NotANumber("the frame", _texts(frame)) from None
    endless = np.argwhere(np.isinf(data))
    if len(endless):
        cells = [BadCell(r + 1, names[c], str(data[r, c])) for r, c in endless.tolist()]
        raise NotANumber("the frame", cells)
    return data


def _texts(frame: pd.DataFrame) -> list[BadCell]:
    import pandas as pd

    cells: list[BadCell] = []
    for name in frame.columns:
        column = frame[name]
        wrong = pd.to_numeric(column, errors="coerce").isna() & column.notna()
        rows = np.flatnonzero(wrong.to_numpy()).tolist()
        cells += [BadCell(row + 1, str(name), str(column.iloc[row])) for row in rows]
    return cells


def chosen(frame: pd.DataFrame, columns: Sequence[str]) -> Floats:
    """Return some columns as `values` does, in the order named.

    Raises `MissingColumn`, `DuplicateName` (in the request or in the frame), `NotANumber`.
    """
    names = names_of(frame)
    absent = [name for name in columns if name not in names]
    if absent:
        raise MissingColumn("the frame", absent, f"Its columns are {', '.join(names)}.")
    asked = list(columns)
    repeated = sorted({name for name in asked if asked.count(name) > 1})
    if repeated:
        raise DuplicateName("the request", repeated)
    twice = [name for name in asked if names.count(name) > 1]
    if twice:
        raise DuplicateName("the frame", twice)
    return values(frame.iloc[:, [names.index(name) for name in asked]])


def has_rows(frame: Answers) -> TypeGuard[pd.DataFrame]:
    """Whether this is a frame, and not a summary of one."""
    return hasattr(frame, "columns")


def names_of(frame: Answers) -> tuple[str, ...]:
    """Return the column names as text, in order."""
    if not has_rows(frame):
        return cast("Summary", frame).names
    return tuple(str(name) for name in frame.columns)


def complete(data: Floats) -> Floats:
    """Return the rows without a missing value."""
    return data[~np.isnan(data).any(axis=1)]


def require_variation(names: tuple[str, ...], data: Floats) -> None:
    """Refuse columns that hold one value only.

    Raises `DegenerateItem` naming them, `NotEnoughData` for columns without any value.
    """
    absent = np.isnan(data)
    low = np.where(absent, np.inf, data).min(axis=0, initial=np.inf)
    require_spread(names, low, np.where(absent, -np.inf, data).max(axis=0, initial=-np.inf))


def require_spread(names: tuple[str, ...], low: Floats, high: Floats) -> None:
    """Refuse columns by their least and greatest value (p,), low > high: no value at all.

    Raises what `require_variation` raises.
    """
    empty = [name for name, a, b in zip(names, low, high, strict=True) if a > b]
    if empty:
        raise NotEnoughData(
            f"Nobody used here answered {', '.join(empty)}; leave the column out "
            f"(--without {','.join(empty)}) or give more rows."
        )
    flat = [i for i in range(len(names)) if low[i] == high[i]]
    if flat:
        same = [f"{low[i]:g}" for i in flat]
        raise DegenerateItem([names[i] for i in flat], values=same)


def moments(frame: Answers, *, missing: Missing = "pairwise", least: int = 2) -> Moments:
    """Covariances of all columns of ``frame`` (n rows, p columns; or a summary of them).

    Pairwise: cov(i, j) = sum (x_i - m_i)(x_j - m_j) / (n_ij - 1) over the n_ij rows that
    answered both, with the means of those rows (R: ``cov(x, use = "pairwise")``).
    Raises `NotEnoughData` below ``least`` rows or where a pair shares fewer than two
    rows, `DegenerateItem` for a constant column.
    """
    if not has_rows(frame):
        return cast("Summary", frame).moments(missing, least=least)
    names, data = names_of(frame), values(frame)
    if missing == "listwise":
        used = complete(data)
    elif missing == "pairwise":
        used = data[~np.isnan(data).all(axis=1)]
    else:
        raise WrongArgument(f"missing is {missing!r}; choose 'pairwise' or 'listwise'.")
    n = len(used)
    if n < least:
        raise NotEnoughData(
            f"{n} rows can be used for {', '.join(names)}; at least {least} are needed."
        )
    require_variation(names, used)
    seen = ~np.isnan(used)
    centred = np.where(seen, used - np.nanmean(used, axis=0), 0.0)
    w = seen.astype(np.float64)
    both = w.T @ w
    if both.min() < 2:
        i, j = np.unravel_index(int(both.argmin()), both.shape)
        raise NotEnoughData(
            f"Items {names[i]} and {names[j]} were answered together by {int(both[i, j])} "
            "persons; give more rows or leave one of them out."
        )
    sums = centred.T @ w
    covariance = (centred.T @ centred - sums * sums.T / both) / (both - 1)
    # the variance of i over the rows that answered j as well
    squares = (centred**2).T @ w
    shared = (squares - sums**2 / both) / (both - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = covariance / np.sqrt(shared * shared.T)
    if not np.isfinite(correlation).all():
        i, j = np.argwhere(~np.isfinite(correlation))[0]
        raise DegenerateItem([names[i]])
    np.fill_diagonal(correlation, 1.0)
    means = np.nanmean(used, axis=0)
    return Moments(names, n, len(data) - n, missing, covariance, correlation, both, means)


def to_correlation(covariance: Floats) -> Floats:
    """Correlations from covariances (p, p), with an exact unit diagonal."""
    sd = np.sqrt(np.diag(covariance))
    correlation: Floats = covariance / np.outer(sd, sd)
    np.fill_diagonal(correlation, 1.0)
    return correlation


def require_positive_definite(names: tuple[str, ...], matrix: Floats) -> None:
    """Refuse a correlation matrix that has no inverse; never repair it by a ridge.

    Raises `ImproperSolution` naming the items that carry the null direction.
    """
    roots, vectors = np.linalg.eigh(matrix)
    if roots[0] > SINGULAR * roots[-1]:
        return
    weight = np.abs(vectors[:, 0])
    heavy = [names[i] for i in np.argsort(-weight) if weight[i] > 0.25 * weight.max()]
    raise ImproperSolution(
        "The correlation matrix is not positive definite: "
        f"{', '.join(heavy)} repeat each other or there are too few rows for so many items. "
        "Leave one of them out, or give more rows.",
        heavy,
    )


def smc(correlation: Floats) -> Floats:
    """Squared multiple correlation of each item with the rest: 1 - 1 / diag(R^-1)."""
    squared: Floats = 1 - 1 / np.diag(np.linalg.inv(correlation))
    return squared
