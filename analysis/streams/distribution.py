"""Distributions of scale scores: whole counts that merge, from which every summary follows.

A score is the mean of the answers given, so it is decided by two whole numbers: how many
items were answered and their sum. One table of counts a scale holds them all; which scores
are valid (how many answers are enough) may be decided afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.counts_layout import ABSENT, Layout
from analysis.errors import NotEnoughData, UnknownName, WrongArgument
from analysis.merging import reduce
from analysis.moments import Floats
from analysis.results import Result
from analysis.streams.reading import Codes, Read, as_codes

if TYPE_CHECKING:
    import pandas as pd

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
NEAR = 1e-9
"""Scores this close below a cut reach it: 4.1999999999999997 is 4.2."""

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Distribution(Result):
    """How the scores of one scale are spread."""

    values: Floats
    """Scores that occur, ascending."""
    counts: Ints
    """Persons with each."""
    mean: float
    sd: float
    """Divisor n - 1; NaN for one person."""
    quantiles: pd.Series
    """By probability: R's ``quantile`` (type 7), numpy's default."""
    invalid: int
    """Rows with too few answers for a score."""

    def share(self, at_least: float) -> float:
        """Share of persons whose score is ``at_least`` or more (favourable, ceiling)."""
        return float(self.counts[self.values >= at_least - NEAR].sum() / self.n)


@dataclass(frozen=True, slots=True, eq=False)
class ScoreCounts:
    """Persons by number of answers and sum of answers, scale by scale; merge with ``+``."""

    layout: Layout
    scales: Mapping[str, tuple[str, ...]]
    counts: tuple[Ints, ...]
    """By scale (items + 1, sums): row = answers given, column = sum of their codes less
    `offset`."""
    rows: int

    def __add__(self, other: ScoreCounts) -> ScoreCounts:
        if not isinstance(other, ScoreCounts):
            return NotImplemented
        if (self.layout, self.scales) != (other.layout, other.scales):
            raise WrongArgument("Scores of different scales cannot be merged; count both alike.")
        both = zip(self.counts, other.counts, strict=True)
        return ScoreCounts(
            self.layout, self.scales, tuple(a + b for a, b in both), self.rows + other.rows
        )

    def describe(
        self, scale: str, *, least: int | None = None, quantiles: Sequence[float] = QUANTILES
    ) -> Distribution:
        """Return the distribution of the person means of a scale.

        ``least``: answers a score needs; None = every item. Equals numpy's mean, std(ddof =
        1) and quantile of the scores themselves.
        Raises `UnknownName`, `NotEnoughData` (nobody has a score).
        """
        import pandas as pd

        if scale not in self.scales:
            raise UnknownName(f"{scale} was not counted; there are {', '.join(self.scales)}.")
        items = self.scales[scale]
        table = self.counts[list(self.scales).index(scale)]
        need = len(items) if least is None else max(least, 1)
        answered, place = np.nonzero(table)
        held = table[answered, place]
        valid = answered >= need
        answered, place, held = answered[valid], place[valid], held[valid]
        n = int(held.sum())
        if not n:
            raise NotEnoughData(f"Nobody answered {need} of the {len(items)} items of {scale}.")
        # equal fractions are the same double, since division rounds correctly
        score = (place + offset(self.layout, items)) / answered
        values, where = np.unique(score, return_inverse=True)
        counts = np.zeros(len(values), dtype=np.int64)
        np.add.at(counts, where, held)
        mean = float(counts @ values / n)
        squares = float(counts @ (values - mean) ** 2)
        return Distribution(
            n=n,
            method="person means, from counts of answers and sums",
            missing=f"at least {need} of {len(items)} answers",
            values=values,
            counts=counts,
            mean=mean,
            sd=float(np.sqrt(squares / (n - 1))) if n > 1 else float("nan"),
            quantiles=pd.Series(
                _quantiles(values, counts, quantiles), index=pd.Index(list(quantiles))
            ),
            invalid=self.rows - n,
        )


def offset(layout: Layout, items: Sequence[str]) -> int:
    """Return the lowest sum any subset of the items can have."""
    return sum(min(layout.codes[layout.place(item)][0], 0) for item in items)


def _quantiles(values: Floats, counts: Ints, wanted: Sequence[float]) -> Floats:
    upto = np.cumsum(counts)
    at = (upto[-1] - 1) * np.asarray(wanted, dtype=np.float64)
    below = np.floor(at).astype(np.int64)
    low = values[np.searchsorted(upto, below, side="right")]
    high = values[np.searchsorted(upto, np.minimum(below + 1, upto[-1] - 1), side="right")]
    found: Floats = low + (high - low) * (at - below)
    return found


@dataclass(frozen=True, slots=True)
class Scoring:
    """A partition to its `ScoreCounts`. Can be sent to a process."""

    layout: Layout
    scales: Mapping[str, tuple[str, ...]]
    missing: Codes | None = None
    read: Read | None = None

    def __call__(self, partition: Any) -> ScoreCounts:
        """Count the rows, a block at a time."""
        values = np.zeros((len(self.layout.names), ABSENT + 1), dtype=np.int64)
        for item, codes in enumerate(self.layout.codes):
            values[item, : len(codes)] = codes
        tallies = [Tally(self.layout, items) for items in self.scales.values()]
        rows = 0
        for block in self.layout.blocks(self.read(partition) if self.read else partition):
            place = self.layout.places(block, self.missing)
            value = np.take_along_axis(values, place.astype(np.intp), axis=1)
            for tally in tallies:
                tally.add(place != ABSENT, value)
            rows += place.shape[1]
        return ScoreCounts(self.layout, self.scales, tuple(t.table for t in tallies), rows)


class Tally:
    """Counts of one scale, being made."""

    def __init__(self, layout: Layout, items: Sequence[str]) -> None:
        self._at = [layout.place(item) for item in items]
        self._low = offset(layout, items)
        top = sum(max(layout.codes[i][-1], 0) for i in self._at)
        self.table: Ints = np.zeros((len(items) + 1, 1 + top - self._low), dtype=np.int64)

    def add(self, seen: npt.NDArray[np.bool_], value: Ints) -> None:
        """Count rows: which items they answered and with what (p, rows; 0 where not)."""
        answered, total = seen[self._at].sum(axis=0), value[self._at].sum(axis=0)
        cell = answered * self.table.shape[1] + total - self._low
        self.table += np.bincount(cell, minlength=self.table.size).reshape(self.table.shape)


def score_counts(
    partitions: Any,
    scales: Mapping[str, Sequence[str]],
    categories: Mapping[str, int | Iterable[int]],
    *,
    missing: Iterable[int] | None = None,
    executor: Executor | None = None,
    read: Read | None = None,
) -> ScoreCounts:
    """Count persons by answers given and their sum, for every scale, in one pass.

    ``scales``: {"AGREE": ["A1", ...]}, items keyed already; ``categories`` by item, as in
    `counts.burt` (arrays have its items as columns, in its order). Whole numbers: equal to
    the last bit in any order, on any executor.
    Raises `NotCategorical`, `MissingColumn`, `WrongArgument` (an item that is not there).
    """
    layout = Layout.make(categories, None)
    named = {str(scale): tuple(items) for scale, items in scales.items()}
    for items in named.values():
        for item in items:
            layout.place(item)
    tables = (partitions,) if hasattr(partitions, "shape") else partitions
    return reduce(tables, Scoring(layout, named, as_codes(missing), read), executor)
