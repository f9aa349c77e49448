"""From a frame to what the estimators take: complete rows or patterns, group by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from analysis.confirm.normal import Sample, sample_of
from analysis.confirm.patterns import Patterns, SortedRows, sort
from analysis.confirm.saturated import Saturated, saturated
from analysis.errors import (
    DegenerateItem,
    NotEnoughData,
)
from analysis.merging import Cases, Held
from analysis.moments import (
    Floats,
    chosen,
    require_positive_definite,
    require_variation,
    to_correlation,
)

if TYPE_CHECKING:
    import pandas as pd

MissingRule = Literal["listwise", "fiml"]


@dataclass(frozen=True, slots=True, eq=False)
class Incomplete:
    """Patterns of missing answers and the unrestricted moments, by group."""

    patterns: tuple[Patterns, ...]
    """About the observed means."""
    cases: tuple[Cases[SortedRows], ...]
    saturated: tuple[Saturated, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Data of one or more groups, checked."""

    items: tuple[str, ...]
    labels: tuple[str, ...]
    """Groups in order of first appearance; one empty label without groups."""
    samples: tuple[Sample, ...]
    """Moments: of complete rows, or by maximum likelihood where answers are missing."""
    rows: tuple[Cases[Floats], ...] | None
    """Complete rows by group; None under fiml, and where there are moments alone."""
    incomplete: Incomplete | None
    n: int
    dropped: int

    @property
    def missing(self) -> str:
        """The rule in force."""
        return "listwise" if self.incomplete is None else "fiml"


def group_codes(column: pd.Series) -> tuple[npt.NDArray[np.intp], tuple[str, ...]]:
    """Codes 0.. in order of first appearance (-1: no group) and their labels."""
    import pandas as pd

    codes, found = pd.factorize(column, use_na_sentinel=True)
    labels = tuple(
        f"{value:g}" if isinstance(value, float) else str(value) for value in found.tolist()
    )
    return np.asarray(codes, dtype=np.intp), labels


def prepare(
    frame: pd.DataFrame,
    items: Sequence[str],
    *,
    missing: MissingRule = "listwise",
    group: pd.Series | None = None,
    rows_per_item: float = 0.0,
) -> Prepared:
    """Check and split the data.

    ``group``: one label a row; rows without one are dropped. ``rows_per_item``: the least
    rows a group must have per item. Raises `NotEnoughData`, `DegenerateItem` (naming group
    and items), `ImproperSolution` for a singular matrix, and what `moments.chosen` raises.
    """
    data = chosen(frame, items)
    total = len(data)
    if group is None:
        parts = [data]
        labels: tuple[str, ...] = ("",)
    else:
        codes, labels = group_codes(group)
        parts = [data[codes == g] for g in range(len(labels))]
        if len(labels) < 2:
            named = ", ".join(labels) or "none"
            raise NotEnoughData(f"Comparing groups needs two; the data hold {named}.")
    names = tuple(items)
    used = [_kept(part, missing) for part in parts]
    for part, label in zip(used, labels, strict=True):
        _refuse_small(names, part, label, missing, rows_per_item)
    if missing == "listwise":
        samples = [sample_of(part) for part in used]
        return of_complete(names, labels, samples, [Held(part) for part in used], total)
    ready = [sort(part) for part in used]
    return of_incomplete(
        names, labels, [one.patterns for one in ready], [Held(one) for one in ready], total
    )


def of_complete(
    names: tuple[str, ...],
    labels: tuple[str, ...],
    samples: Sequence[Sample],
    rows: Sequence[Cases[Floats]],
    given: int,
) -> Prepared:
    """Data of complete rows; ``given``: rows before any was dropped.

    Raises `ImproperSolution` for a singular matrix.
    """
    for sample in samples:
        require_positive_definite(names, to_correlation(sample.covariance))
    n = sum(sample.n for sample in samples)
    return Prepared(names, labels, tuple(samples), tuple(rows), None, n, given - n)


def of_incomplete(
    names: tuple[str, ...],
    labels: tuple[str, ...],
    patterns: Sequence[Patterns],
    rows: Sequence[Cases[SortedRows]],
    given: int,
) -> Prepared:
    """Data of rows with missing answers (patterns and rows about the observed means).

    Raises `NotEnoughData` (a pair of items hardly ever answered together),
    `ImproperSolution`, `NotConverged`.
    """
    found = []
    for one in patterns:
        _refuse_unseen_pairs(names, one)
        found.append(saturated(one, names))
    samples = tuple(one.sample for one in found)
    for sample in samples:
        require_positive_definite(names, to_correlation(sample.covariance))
    n = sum(one.n for one in patterns)
    incomplete = Incomplete(tuple(patterns), tuple(rows), tuple(found))
    return Prepared(names, labels, samples, None, incomplete, n, given - n)


def _kept(part: Floats, missing: MissingRule) -> Floats:
    hole = np.isnan(part)
    drop = hole.any(axis=1) if missing == "listwise" else hole.all(axis=1)
    return part[~drop] if drop.any() else part


def _refuse_small(
    names: tuple[str, ...], part: Floats, label: str, missing: str, rows_per_item: float
) -> None:
    require_rows(names, len(part), missing, label, rows_per_item)
    try:
        require_variation(names, part)
    except DegenerateItem as error:
        if not label:
            raise
        raise DegenerateItem(error.items, group=label) from None


def require_rows(
    names: tuple[str, ...], n: int, missing: str, label: str = "", rows_per_item: float = 0.0
) -> None:
    """Refuse fewer rows than a model of the items needs. Raises `NotEnoughData`."""
    where = f" in group {label}" if label else ""
    p = len(names)
    least = max(p + 1, int(np.ceil(rows_per_item * p)))
    if n < least:
        kind = "complete rows" if missing == "listwise" else "rows with an answer"
        raise NotEnoughData(
            f"{n} {kind}{where} for {p} items ({', '.join(names)}); at least {least} are "
            "needed. Give more rows, leave out items"
            + (" or the group." if label else ", or use missing='fiml' if answers are missing.")
        )


def _refuse_unseen_pairs(names: tuple[str, ...], data: Patterns) -> None:
    seen = data.observed.astype(np.float64)
    both = (seen * data.counts[:, None]).T @ seen
    if both.min() < 3:
        i, j = np.unravel_index(int(both.argmin()), both.shape)
        raise NotEnoughData(
            f"Items {names[i]} and {names[j]} were answered together by {int(both[i, j])} "
            "persons, so their covariance cannot be estimated; leave one of them out."
        )
