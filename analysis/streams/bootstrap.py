"""A bootstrap over partitions: every row draws its own frequencies.

In resample b a row is taken w times, w ~ Poisson(1), independently of all other rows, which
needs no knowledge of n and no other row: Hanley & MacGibbon (2006), Comput. Methods Programs
Biomed. 83; Chamandy, Muralidharan, Najmi & Naidu (2012), Estimating uncertainty for massive
data streams. The multinomial bootstrap differs in that the frequencies sum to n; means,
covariances and what is made of them are ratios, so intervals agree as n grows.

The frequencies are a function of (seed, number of the row), by a counter-based generator
(Philox: Salmon, Moraes, Dror & Shaw 2011): however the rows are cut, and in whatever order
and process the cuts are worked on, row 17 draws the same. Each draw takes 16 bits, so the
probabilities are those of Poisson(1) to 1/65,536 (mean and variance to 1e-4).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from analysis.errors import NotEnoughData, UnknownName, WrongArgument
from analysis.merging import reduce
from analysis.moments import Floats
from analysis.regression import LMG_CAP, percentiles
from analysis.streams.reading import BLOCK, Numbers, Read, Streamed, again, as_codes
from analysis.streams.sums import centre_of

CELLS = 1_000_000
"""Frequencies held at a time."""
PER_STEP = 16
"""16-bit draws of one step of the generator."""


@dataclass(frozen=True, slots=True, eq=False)
class Resamples:
    """Moments of every resample of complete rows."""

    names: tuple[str, ...]
    n: int
    """Complete rows."""
    seed: int
    sizes: Floats
    """(B,), rows in each resample."""
    means: Floats
    """(B, p)."""
    covariances: Floats
    """(B, p, p), divisor: the resample's rows."""

    def mean_interval(self, level: float = 0.95) -> Floats:
        """Percentile limits of every mean: (2, p)."""
        return self._limits(self.means, level)

    def alpha_interval(
        self, items: Sequence[str] | None = None, level: float = 0.95
    ) -> tuple[float, float]:
        """Percentile limits of Cronbach's alpha of ``items``, or of all.

        Raises `UnknownName`, `NotEnoughData` (one item).
        """
        at = self._places(self.names if items is None else items)
        k = len(at)
        if k < 2:
            raise NotEnoughData("Alpha needs two items or more.")
        chosen = self.covariances[:, at][:, :, at]
        total = chosen.sum(axis=(1, 2))
        alpha = k / (k - 1) * (1 - np.einsum("bii->b", chosen) / total)
        low, high = self._limits(alpha, level)
        return float(low), float(high)

    def regression(
        self, outcome: str, predictors: Sequence[str], level: float = 0.95
    ) -> dict[str, Any]:
        """Percentile limits of coefficients and LMG shares: `regression.percentiles`.

        ``b`` (2, predictors + 1), the constant first; ``lmg`` (2, predictors); ``failed``.
        Raises `UnknownName`.
        """
        at = self._places([outcome, *predictors])
        chosen = self.covariances[:, at][:, :, at]
        small = len(predictors) <= LMG_CAP
        return percentiles(chosen, self.means[:, at], level, with_lmg=small)

    def _places(self, names: Sequence[str]) -> list[int]:
        unknown = [name for name in names if name not in self.names]
        if unknown:
            raise UnknownName(
                f"{', '.join(unknown)} was not resampled; there are {', '.join(self.names)}."
            )
        return [self.names.index(name) for name in names]

    @staticmethod
    def _limits(draws: Floats, level: float) -> Floats:
        tail = (1 - level) / 2
        limits: Floats = np.quantile(draws, [tail, 1 - tail], axis=0)
        return limits


def _table() -> npt.NDArray[np.uint8]:
    """Poisson(1) frequency of each of 65,536 equally likely numbers."""
    upto = special.pdtr(np.arange(12), 1.0)
    edges = np.round(upto * 65_536).astype(np.int64)
    return np.searchsorted(edges, np.arange(65_536), side="right").astype(np.uint8)


FREQUENCY = _table()


def frequencies(seed: int, first: int, rows: int, n_boot: int) -> npt.NDArray[np.uint8]:
    """How often each of ``rows`` rows from number ``first`` is in each resample: (rows, B)."""
    steps = -(-n_boot // PER_STEP)
    key = np.random.SeedSequence(seed).generate_state(2, np.uint64)
    # a counter of 256 bits; below 2^64 steps the first word is enough
    source = np.random.Philox(key=key, counter=[first * steps, 0, 0, 0])
    # bytes in a fixed order: the same on machines of either byte order
    drawn = source.random_raw(rows * steps * 4).astype("<u8").view("<u2")
    drawn = drawn.reshape(rows, steps * PER_STEP)[:, :n_boot]
    return np.take(FREQUENCY, drawn)


@dataclass(frozen=True, slots=True, eq=False)
class WeightedSums:
    """Frequencies times (1, x, x x') summed over rows: (B, features); merge with ``+``."""

    sums: Floats
    n: int

    def __add__(self, other: WeightedSums) -> WeightedSums:
        if not isinstance(other, WeightedSums):
            return NotImplemented
        return WeightedSums(self.sums + other.sums, self.n + other.n)


@dataclass(frozen=True, slots=True, eq=False)
class Weighing:
    """(number of its first row, partition) to its `WeightedSums`. Can be sent to a process."""

    source: Numbers
    centre: Floats
    n_boot: int
    seed: int

    def __call__(self, numbered: tuple[int, Any]) -> WeightedSums:
        """Sum over the complete rows."""
        first, partition = numbered
        p = len(self.centre)
        i, j = np.tril_indices(p)
        total = np.zeros((self.n_boot, 1 + p + len(i)))
        n = 0
        chunk = max(1, min(BLOCK, CELLS // self.n_boot))
        for block in self.source(partition):
            for begin in range(0, len(block), chunk):
                rows = block[begin : begin + chunk]
                weight = frequencies(self.seed, first + begin, len(rows), self.n_boot)
                whole = ~np.isnan(rows).any(axis=1)
                moved = rows[whole] - self.centre
                ones = np.ones((len(moved), 1))
                features = np.concatenate([ones, moved, moved[:, i] * moved[:, j]], axis=1)
                total += weight[whole].T.astype(np.float64) @ features
                n += len(moved)
            first += len(block)
        return WeightedSums(total, n)


def resamples(
    partitions: Any,
    names: Sequence[str],
    *,
    n_boot: int = 2000,
    seed: int,
    missing: Iterable[int] | None = None,
    executor: Executor | None = None,
    read: Read | None = None,
) -> Resamples:
    """Resample the complete rows of the columns ``names``, in one pass.

    A partition must have a length (``len``: its rows), also where ``read`` makes the table of
    it, since a row's draws go by its number over all partitions in the order given. Memory:
    B x p squared / 2 numbers and a million frequencies; cost: about n B p squared operations.
    Raises `NotEnoughData` (fewer than two complete rows), `WrongArgument` (``n_boot`` below
    1, a partition without length), `ReadTwice`.
    """
    if n_boot < 1:
        raise WrongArgument(f"n_boot is {n_boot}; ask for one resample or more.")
    source = Numbers(tuple(names), as_codes(missing), read)
    tables = again(partitions)
    p = len(source.names)
    centre = centre_of(Streamed(tables, source), p)
    found = reduce(_numbered(tables), Weighing(source, centre, n_boot, seed), executor)
    sizes = found.sums[:, 0]
    if found.n < 2 or sizes.min() < 1:
        raise NotEnoughData(
            f"{found.n} complete rows of {', '.join(source.names)} are too few to resample."
        )
    shift = found.sums[:, 1 : 1 + p] / sizes[:, None]
    i, j = np.tril_indices(p)
    second = found.sums[:, 1 + p :] / sizes[:, None] - shift[:, i] * shift[:, j]
    covariances = np.empty((n_boot, p, p))
    covariances[:, i, j] = covariances[:, j, i] = second
    return Resamples(source.names, found.n, seed, sizes, shift + centre, covariances)


def _numbered(tables: Iterable[Any]) -> Iterator[tuple[int, Any]]:
    first = 0
    for table in tables:
        if not hasattr(table, "__len__"):
            raise WrongArgument(
                f"A partition ({type(table).__name__}) has no len(): the bootstrap numbers the "
                "rows. Give it __len__, the rows it stands for."
            )
        yield first, table
        first += len(table)
