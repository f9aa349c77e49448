"""The Burt matrix: one integer statistic, merged by +, from which pairwise statistics follow.

Z is the one-hot form of the answers (one column a category of an item). B = Z'Z holds every
contingency table of two items; n, means, covariances and correlations are exact sums of its
cells. B1 + B2 is commutative and associative and its cells are whole numbers, so partitions
may be counted anywhere and merged in any order: the result is equal to the last bit. After
the pass no statistic of `analysis` that lives on moments or tables depends on n.

Complete rows and the others are counted apart in the same pass, so the listwise moments are
those of complete rows and never a patch of the pairwise ones.

What does not follow from B takes a second pass, see `analysis.streams`: HC3, MLR and the
weight matrix of WLSMV, score distributions, FIML patterns, the bootstrap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.counts_layout import ABSENT, BLOCK, Layout
from analysis.errors import DegenerateItem, NotEnoughData, WrongArgument
from analysis.merging import reduce
from analysis.moments import Missing, Moments
from analysis.results import Flag, plain

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Burt", "Counting", "burt", "reduce"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Burt:
    """Counts of all pairs of categories of all pairs of items; merge with ``+``."""

    layout: Layout
    counts: Ints
    """(K, K), K = categories of all items together; every row that answered both."""
    complete: Ints | None
    """The same over rows that answered every item; None where that was not counted."""
    rows: int
    """Rows given."""
    n: int
    """Rows with any answer."""

    def __add__(self, other: Burt) -> Burt:
        if not isinstance(other, Burt):
            return NotImplemented
        if self.layout != other.layout:
            raise WrongArgument(
                "Burt matrices of different items or categories cannot be merged; count both "
                "with the same `categories`."
            )
        both = self.complete is not None and other.complete is not None
        return Burt(
            self.layout,
            self.counts + other.counts,
            self.complete + other.complete if both else None,  # type: ignore[operator]
            self.rows + other.rows,
            self.n + other.n,
        )

    def __radd__(self, other: object) -> Burt:
        """Let ``sum(parts)`` start at 0."""
        return self if other == 0 else NotImplemented

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Burt):
            return NotImplemented
        same = self.complete is None if other.complete is None else self.complete is not None
        if same and self.complete is not None and other.complete is not None:
            same = bool(np.array_equal(self.complete, other.complete))
        return (
            same
            and (self.layout, self.rows, self.n) == (other.layout, other.rows, other.n)
            and bool(np.array_equal(self.counts, other.counts))
        )

    __hash__ = None  # type: ignore[assignment]

    @property
    def names(self) -> tuple[str, ...]:
        """Item names, in order."""
        return self.layout.names

    @property
    def method(self) -> str:
        """What this is, for whoever prints it."""
        return "Burt matrix: counts of all pairs of categories of all pairs of items"

    @property
    def missing(self) -> str:
        """The rule of `counts`; `complete` holds the listwise ones."""
        return "pairwise"

    @property
    def flags(self) -> tuple[Flag, ...]:
        """Flag ``constant`` with the items of one answer only."""
        flat = []
        for name, margin in zip(self.names, self.margins(), strict=True):
            if (margin > 0).sum() == 1:
                flat.append(name)
        return (Flag("constant", tuple(flat)),) if flat else ()

    def to_dict(self) -> dict[str, Any]:
        """Return names, codes, counts and means as plain JSON values."""
        return {
            "n": self.n,
            "method": self.method,
            "missing": self.missing,
            "flags": plain(self.flags),
            "rows": self.rows,
            "names": list(self.names),
            "codes": plain(self.layout.codes),
            "counts": plain(self.counts),
            "complete": plain(self.complete),
            "means": plain(self.means),
        }

    @property
    def n_complete(self) -> int:
        """Rows that answered every item."""
        return int(np.trace(self._of("listwise")[: self.layout.sizes[0], : self.layout.sizes[0]]))

    @property
    def pairs(self) -> pd.DataFrame:
        """How many rows answered both, item x item."""
        return self._frame(self._sums(self.counts)[0].astype(np.int64))

    @property
    def means(self) -> pd.Series:
        """Mean of each item over those who answered it."""
        import pandas as pd

        n, sums, _, _ = self._sums(self.counts)
        with np.errstate(invalid="ignore"):
            mean = np.diag(sums).astype(float) / np.diag(n).astype(float)
        return pd.Series(mean, index=pd.Index(self.names))

    def covariance(self, missing: Missing = "pairwise") -> pd.DataFrame:
        """Covariances, item x item, divisor n - 1 (pairwise: of each pair).

        R: ``cov(x, use = "pairwise")``, ``"complete"``. Raises what `moments` raises.
        """
        return self._frame(self.moments(missing).covariance)

    def correlation(self, missing: Missing = "pairwise") -> pd.DataFrame:
        """Correlations, item x item. R: ``cor(x, use = "pairwise")``, ``"complete"``."""
        return self._frame(self.moments(missing).correlation)

    def table(self, a: str, b: str) -> pd.DataFrame:
        """Return the contingency table of two items: rows codes of ``a``, columns of ``b``."""
        import pandas as pd

        i, j = self.layout.place(a), self.layout.place(b)
        cells = self.counts[self.layout.slice(i), self.layout.slice(j)]
        codes = self.layout.codes
        return pd.DataFrame(
            cells.copy(), index=pd.Index(codes[i], name=a), columns=pd.Index(codes[j], name=b)
        )

    def listwise(self) -> Burt:
        """Return the counts of the rows that answered every item: all of it is listwise then.

        Their n, means, tables, margins and pairs are those of complete rows, from the same
        pass. Raises `AnalysisError` where complete rows were not counted.
        """
        complete = self._of("listwise")
        return Burt(self.layout, complete, complete, self.rows, self.n_complete)

    def margins(self) -> list[Ints]:
        """Answers of each item by category, over all who answered it."""
        diagonal = np.diag(self.counts)
        return [diagonal[self.layout.slice(i)].copy() for i in range(len(self.names))]

    def subset(self, items: Sequence[str]) -> Burt:
        """Return the counts of some items alone (a scale), in the order given.

        Pairwise statistics are exact. Which rows are complete on *these* items is not in the
        counts unless nobody skipped any, so ``complete`` is None then: count the scale by
        itself for listwise numbers.
        """
        places = [self.layout.place(item) for item in items]
        rows = np.concatenate([np.arange(self.layout.K)[self.layout.slice(i)] for i in places])
        layout = Layout(tuple(items), tuple(self.layout.codes[i] for i in places))
        counts = self.counts[np.ix_(rows, rows)]
        full = self.n_complete == self.n if self.complete is not None else False
        # who answered none of these items is not in the counts either
        return Burt(layout, counts, counts.copy() if full else None, self.rows, self.n)

    def reversed(self, items: Iterable[str]) -> Burt:
        """Return the counts with these items recoded as lowest + highest - code."""
        order = np.arange(self.layout.K)
        codes = list(self.layout.codes)
        for item in items:
            i = self.layout.place(item)
            low, high = codes[i][0], codes[i][-1]
            order[self.layout.slice(i)] = order[self.layout.slice(i)][::-1]
            codes[i] = tuple(sorted(low + high - code for code in codes[i]))
        again = np.ix_(order, order)
        complete = None if self.complete is None else self.complete[again]
        layout = Layout(self.layout.names, tuple(codes))
        return Burt(layout, self.counts[again], complete, self.rows, self.n)

    def moments(self, missing: Missing = "pairwise", *, least: int = 2) -> Moments:
        """Return what `analysis.moments.moments` gives for the rows themselves.

        Sums are whole numbers, divided once at the end, so nothing is lost at any n.
        Raises `NotEnoughData` (no answer to an item, too few rows, a pair with fewer than two
        rows), `DegenerateItem` (one category only), `WrongArgument` (unknown rule).
        """
        counts = self._of(missing)
        n = self.n if missing == "pairwise" else self.n_complete
        if n < least:
            raise NotEnoughData(
                f"{n} rows can be used for {', '.join(self.names)}; at least {least} are needed."
            )
        used = [np.flatnonzero(np.diag(counts)[self.layout.slice(i)]) for i in self._each()]
        empty = [name for name, x in zip(self.names, used, strict=True) if not len(x)]
        if empty:
            raise NotEnoughData(
                f"Nobody used here answered {', '.join(empty)}; leave the column out "
                f"(--without {','.join(empty)}) or give more rows."
            )
        flat = [i for i in self._each() if len(used[i]) == 1]
        if flat:
            raise DegenerateItem(
                [self.names[i] for i in flat],
                values=[self.layout.codes[i][used[i][0]] for i in flat],
            )
        both, sums, cross, squares = self._sums(counts)
        if both.min() < 2:
            i, j = np.unravel_index(int(both.argmin()), both.shape)
            raise NotEnoughData(
                f"Items {self.names[i]} and {self.names[j]} were answered together by "
                f"{int(both[i, j])} persons; give more rows or leave one of them out."
            )
        # n x cross is beyond 64 bits only for some billion rows; Python integers then
        if int(both.max()) ** 2 * self.layout.spread**2 >= 2**62:
            both, sums, cross, squares = (x.astype(object) for x in (both, sums, cross, squares))
        joint = np.asarray(both * cross - sums * sums.T, dtype=np.float64)
        own = np.asarray(both * squares - sums * sums, dtype=np.float64)
        shared = np.asarray(both, dtype=np.float64)
        covariance = joint / (shared * (shared - 1))
        with np.errstate(invalid="ignore", divide="ignore"):
            correlation = joint / np.sqrt(own * own.T)
        if not np.isfinite(correlation).all():
            raise DegenerateItem([self.names[np.argwhere(~np.isfinite(correlation))[0][0]]])
        np.fill_diagonal(correlation, 1.0)
        means = np.diag(sums).astype(float) / np.diag(both).astype(float)
        dropped = self.rows - n
        return Moments(self.names, n, dropped, missing, covariance, correlation, shared, means)

    def _of(self, missing: Missing) -> Ints:
        if missing == "pairwise":
            return self.counts
        if missing != "listwise":
            raise WrongArgument(f"missing is {missing!r}; choose 'pairwise' or 'listwise'.")
        if self.complete is None:
            raise WrongArgument(
                f"Complete rows of {', '.join(self.names)} were not counted by themselves; count "
                "these items alone with `burt` for listwise statistics."
            )
        return self.complete

    def _each(self) -> range:
        return range(len(self.names))

    def _sums(self, counts: Ints) -> tuple[Any, Any, Any, Any]:
        """Per pair (i, j): n, sum of x_i, sum of x_i x_j, sum of x_i^2; all (p, p) whole."""
        member = self.layout.membership()
        value = member * self.layout.values()[:, None]
        per_item = counts @ member
        return (
            member.T @ per_item,
            value.T @ per_item,
            value.T @ (counts @ value),
            (value * value).T @ per_item,
        )

    def _frame(self, matrix: npt.NDArray[Any]) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(matrix, index=pd.Index(self.names), columns=pd.Index(self.names))


@dataclass(frozen=True)
class Counting:
    """The map step of `burt`: a partition to its Burt matrix. Can be sent to a process."""

    layout: Layout
    missing: frozenset[int] | None = None
    read: Callable[[Any], Any] | None = None

    def __call__(self, partition: Any) -> Burt:
        """Count one partition, `BLOCK` rows at a time."""
        if self.read is not None:
            partition = self.read(partition)
        size = self.layout.K
        total, complete = np.zeros((2, size, size))
        rows = answered = 0
        item, category = self.layout.columns()
        hot = np.empty((size, BLOCK), dtype=np.float32)
        for block in self.layout.blocks(partition):
            place = self.layout.places(block, self.missing)
            count = place.shape[1]
            absent = place == ABSENT
            some = absent.any(axis=0)
            whole = count - int(some.sum())
            if whole < count:
                place = place[:, np.argsort(some, kind="stable")]
            # one-hot in float32: a block's counts stay below 2^24, so the product is exact
            z = hot[:, :count]
            np.equal(place[item], category[:, None], out=z, casting="unsafe")
            complete += z[:, :whole] @ z[:, :whole].T
            if whole < count:
                total += z[:, whole:] @ z[:, whole:].T
            rows += count
            answered += count - int(absent.all(axis=0).sum())
        total += complete
        return Burt(self.layout, total.astype(np.int64), complete.astype(np.int64), rows, answered)


def burt(
    partitions: Any,
    categories: Mapping[str, int | Iterable[int]] | Sequence[Iterable[int]] | Iterable[int] | int,
    *,
    missing: Iterable[int] | None = None,
    executor: Executor | None = None,
    read: Callable[[Any], Any] | None = None,
) -> Burt:
    """Count all pairs of categories of all items.

    ``partitions``: one table or an iterable of tables of answers, one row a person and one
    column an item: numpy arrays (uint8 as stored, any integer, floats with NaN) or pandas
    frames (columns are found by name). ``categories``: the codes an item may have: by item
    name ``{"A1": range(1, 7), "B1": (0, 1)}`` (an integer k means 1..k); one set of codes for
    all items (``range(0, 5)``, or k); or a sequence of sets in column order. ``missing``:
    integer codes that are no answer; by default the store's bytes (0, 250-253) in uint8
    tables and the files' codes (-1..-5) in all others, unless they are categories; NaN is
    always missing. ``executor``: any ``concurrent.futures`` executor (`reduce`). ``read``:
    turns a partition that is no table yet (a file slice) into one, where it is counted.

    Memory: the K x K counts and blocks of 4,096 rows, whatever n. Cost: about one K x K
    product a row. Raises `NotCategorical` for codes outside the categories and numbers that
    are not whole, `MissingColumn` for a frame without an item.
    """
    if hasattr(partitions, "shape"):
        partitions = (partitions,)
    source = iter(partitions)
    first = next(source, None)
    if first is None:
        raise NotEnoughData("No rows were given to count; give at least one partition.")
    named = isinstance(categories, Mapping)
    layout = Layout.make(categories, first if named or read is None else read(first))
    statistic = Counting(layout, None if missing is None else frozenset(missing), read)

    def all_of_them() -> Iterable[Any]:
        yield first
        yield from source

    return reduce(all_of_them(), statistic, executor)
