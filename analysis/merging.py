"""Map partitions, merge what comes back: the one way a statistic is computed in parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from analysis.errors import NotEnoughData

AHEAD = 8
"""Partitions handed out and not merged yet; bounds the memory of a long source."""


class Mergeable(Protocol):
    """A statistic of rows: ``a + b`` is the statistic of both sets of rows together."""

    def __add__(self, other: Any, /) -> Any: ...


P = TypeVar("P")
S = TypeVar("S", bound=Mergeable)
R = TypeVar("R")
R_in = TypeVar("R_in", covariant=True)  # noqa: PLC0105 - it is what a kernel is given


class Cases(Protocol[R_in]):
    """Rows of one group, wherever they are: all that a sum over cases needs to know."""

    def total(self, kernel: Callable[[R_in], S], /) -> S:
        """Add up what ``kernel`` makes of every block of rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Held(Generic[R]):
    """Rows in memory: one block."""

    rows: R

    def total(self, kernel: Callable[[R], S], /) -> S:
        """Return what ``kernel`` makes of them."""
        return kernel(self.rows)


def reduce(
    partitions: Iterable[P],
    statistic: Callable[[P], S],
    executor: Executor | None = None,
    *,
    ahead: int = AHEAD,
) -> S:
    """Compute ``statistic`` of every partition and add the results up.

    ``executor``: None runs here, one after the other; otherwise any object with the interface
    of ``concurrent.futures.Executor``: threads, processes (the statistic and the partitions
    are pickled; give file slices rather than arrays where that is dear), a cluster
    (``dask.distributed.Client(...).get_executor()``). Results are merged as they arrive, so
    the order is anybody's; statistics of whole numbers (`analysis.counts.Burt`) come out
    equal to the last bit all the same. At most ``ahead`` partitions are in flight.
    An exception of a partition is raised here and the rest is cancelled.
    Raises `NotEnoughData` when there is no partition.
    """
    total: S | None = None
    if executor is None:
        for partition in partitions:
            part = statistic(partition)
            total = part if total is None else total + part
        return _some(total)
    waiting: set[Future[S]] = set()
    try:
        for partition in partitions:
            waiting.add(executor.submit(statistic, partition))
            while len(waiting) >= ahead:
                total, waiting = _merge(total, waiting)
        while waiting:
            total, waiting = _merge(total, waiting)
    finally:
        for future in waiting:
            future.cancel()
    return _some(total)


def _merge(total: S | None, waiting: set[Future[S]]) -> tuple[S | None, set[Future[S]]]:
    done, rest = wait(waiting, return_when=FIRST_COMPLETED)
    for future in done:
        part = future.result()
        total = part if total is None else total + part
    return total, set(rest)


def _some(total: S | None) -> S:
    if total is None:
        raise NotEnoughData("No rows were given to count; give at least one partition.")
    return total
