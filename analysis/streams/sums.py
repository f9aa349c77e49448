"""Means and covariances of complete rows of numbers, by sums that merge.

For whole numbers with few values `analysis.counts.burt` does the same exactly; this is for
scores. Sums are taken of the distance to a fixed point near the means, so no digits are lost
where the mean is far from 0; with whole numbers every sum is exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.confirm.normal import Sample
from analysis.errors import NotEnoughData, WrongArgument
from analysis.moments import Floats, Moments, require_spread, to_correlation
from analysis.streams.reading import Numbers, Read, Streamed, again, as_codes


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Sums over complete rows about ``centre``; merge with ``+``."""

    centre: Floats
    given: int
    n: int
    sums: Floats
    crosses: Floats
    """(p, p)."""
    low: Floats
    high: Floats
    """Least and greatest value of complete rows."""

    def __add__(self, other: Sums) -> Sums:
        if not isinstance(other, Sums):
            return NotImplemented
        if not np.array_equal(self.centre, other.centre):
            raise WrongArgument("Sums about different points cannot be merged; take one centre.")
        return Sums(
            self.centre,
            self.given + other.given,
            self.n + other.n,
            self.sums + other.sums,
            self.crosses + other.crosses,
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
        )

    @property
    def mean(self) -> Floats:
        """(p,)."""
        mean: Floats = self.centre + self.sums / self.n
        return mean

    def sample(self) -> Sample:
        """Return n, means and covariances with divisor n."""
        shift = self.sums / self.n
        return Sample(self.n, self.mean, self.crosses / self.n - np.outer(shift, shift))

    def moments(self, names: tuple[str, ...], *, least: int = 2) -> Moments:
        """Return what `analysis.moments.moments` gives listwise, with its errors."""
        if self.n < least:
            raise NotEnoughData(
                f"{self.n} rows can be used for {', '.join(names)}; at least {least} are needed."
            )
        require_spread(names, self.low, self.high)
        sample = self.sample()
        covariance = sample.covariance * (self.n / (self.n - 1))
        pairs = np.full(covariance.shape, float(self.n))
        return Moments(
            names,
            self.n,
            self.given - self.n,
            "listwise",
            covariance,
            to_correlation(covariance),
            pairs,
            sample.mean,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Summing:
    """A block (rows, p), NaN = missing, to its `Sums`."""

    centre: Floats

    def __call__(self, block: Floats) -> Sums:
        """Sum over the complete rows."""
        hole = np.isnan(block).any(axis=1)
        rows = block[~hole] if hole.any() else block
        moved = rows - self.centre
        return Sums(
            self.centre,
            len(block),
            len(rows),
            moved.sum(axis=0),
            moved.T @ moved,
            rows.min(axis=0, initial=np.inf),
            rows.max(axis=0, initial=-np.inf),
        )


def centre_of(rows: Streamed[Floats], width: int) -> Floats:
    """Return a point near the means: those of the first block, whole where the answers are."""
    block = rows.first()
    if block is None:
        return np.zeros(width)
    seen = ~np.isnan(block)
    known = np.where(seen, block, 0.0)
    centre: Floats = known.sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    return np.round(centre) if (known == np.round(known)).all() else centre


def sums_of(rows: Streamed[Floats], width: int) -> Sums:
    """Sum over the complete rows, in one pass."""
    return rows.total(Summing(centre_of(rows, width)))


def moments(
    partitions: Any,
    names: Sequence[str],
    *,
    missing: Iterable[int] | None = None,
    executor: Executor | None = None,
    read: Read | None = None,
) -> Moments:
    """Listwise moments of the columns ``names``: `analysis.moments.moments` over partitions.

    Takes one pass. Raises what that function raises, `ReadTwice`.
    """
    source = Numbers(tuple(names), as_codes(missing), read)
    rows = Streamed(again(partitions), source, executor)
    return sums_of(rows, len(source.names)).moments(source.names)
