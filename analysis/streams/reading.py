"""From partitions to blocks of rows, and sums over them by any executor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from analysis.counts_layout import ABSENT, FILED, STORED, Layout
from analysis.errors import AnalysisError, WrongArgument
from analysis.merging import S, reduce
from analysis.moments import Floats, Missing, chosen

BLOCK = 16_384
"""Rows of a block of numbers."""

R = TypeVar("R")
Read = Callable[[Any], Any]
Codes = frozenset[int]


class ReadTwice(AnalysisError):
    """Partitions that are gone after one pass, where a second one is needed."""

    def __init__(self) -> None:
        super().__init__(
            "These partitions can be read only once (an iterator), and this statistic needs a "
            "second pass. Give a list of them, or an object whose __iter__ opens them anew."
        )


def again(partitions: Any) -> Iterable[Any]:
    """Return partitions that can be passed over any number of times.

    Raises `ReadTwice` for an iterator.
    """
    if hasattr(partitions, "shape"):
        return (partitions,)
    if iter(partitions) is partitions:
        raise ReadTwice
    return partitions  # type: ignore[no-any-return]


def as_codes(missing: Iterable[int] | None) -> Codes | None:
    """Codes that mean no answer; None = by the table's type."""
    return None if missing is None else frozenset(missing)


@dataclass(frozen=True, slots=True)
class Numbers:
    """A partition to blocks (rows, p) of float64, NaN = missing; at least one block."""

    names: tuple[str, ...]
    missing: Codes | None = None
    read: Read | None = None

    def __call__(self, partition: Any) -> Iterator[Floats]:
        """Run over the blocks. Raises `MissingColumn`, `NotANumber`, `WrongArgument`."""
        table = self.read(partition) if self.read else partition
        framed = hasattr(table, "columns")
        if not framed:
            table = np.asarray(table)
            if table.ndim != 2 or table.shape[1] != len(self.names):
                raise WrongArgument(
                    f"A partition has shape {table.shape}; {len(self.names)} columns are needed "
                    f"({', '.join(self.names)})."
                )
        for begin in range(0, max(len(table), 1), BLOCK):
            if framed:
                yield chosen(table.iloc[begin : begin + BLOCK], self.names)
            else:
                yield self._floats(table[begin : begin + BLOCK])

    def _floats(self, block: npt.NDArray[Any]) -> Floats:
        codes = self.missing
        if codes is None:
            whole = block.dtype.kind in "iu"
            codes = (STORED if block.dtype == np.uint8 else FILED) if whole else frozenset()
        out = np.array(block, dtype=np.float64)
        if codes:
            out[np.isin(block, list(codes))] = np.nan
        return out


@dataclass(frozen=True, slots=True)
class Complete:
    """The same, complete rows alone."""

    numbers: Numbers

    def __call__(self, partition: Any) -> Iterator[Floats]:
        """Run over the blocks."""
        for block in self.numbers(partition):
            hole = np.isnan(block).any(axis=1)
            yield block[~hole] if hole.any() else block


@dataclass(frozen=True, slots=True)
class Placed:
    """A partition to blocks (p, rows) of places among ``used``, a part of the categories."""

    layout: Layout
    used: Layout
    rule: Missing
    missing: Codes | None = None
    read: Read | None = None

    def __call__(self, partition: Any) -> Iterator[npt.NDArray[np.uint8]]:
        """Run over the blocks; rows the rule leaves out are not in them."""
        lookup = np.full((len(self.used.names), ABSENT + 1), ABSENT, dtype=np.uint8)
        for item, (all_, kept) in enumerate(zip(self.layout.codes, self.used.codes, strict=True)):
            lookup[item, [all_.index(code) for code in kept]] = np.arange(len(kept))
        rows = np.arange(len(lookup))[:, None]
        yield np.zeros((len(lookup), 0), dtype=np.uint8)  # a partition may be empty
        for block in self.layout.blocks(self.read(partition) if self.read else partition):
            place = self.layout.places(block, self.missing)
            absent = place == ABSENT
            lost = absent.any(axis=0) if self.rule == "listwise" else absent.all(axis=0)
            yield lookup[rows, place[:, ~lost]]


@dataclass(frozen=True, slots=True)
class Mapped(Generic[R, S]):
    """A partition to the sum of what a kernel makes of its blocks. Can be sent to a process.

    ``blocks`` gives at least one, an empty one if need be.
    """

    blocks: Callable[[Any], Iterable[R]]
    kernel: Callable[[R], S]

    def __call__(self, partition: Any) -> S:
        """Return the sum."""
        blocks = iter(self.blocks(partition))
        total = self.kernel(next(blocks))
        for block in blocks:
            total = total + self.kernel(block)
        return total


@dataclass(frozen=True, slots=True, eq=False)
class Streamed(Generic[R]):
    """`analysis.merging.Cases` read from partitions, pass by pass."""

    partitions: Iterable[Any]
    blocks: Callable[[Any], Iterable[R]]
    executor: Executor | None = None

    def total(self, kernel: Callable[[R], S], /) -> S:
        """Add up what ``kernel`` makes of every block of every partition.

        Raises `NotEnoughData` where there is no partition.
        """
        return reduce(self.partitions, Mapped(self.blocks, kernel), self.executor)

    def first(self) -> R | None:
        """Return the first block there is."""
        for partition in self.partitions:
            for block in self.blocks(partition):
                return block
        return None
