"""Which items and categories a Burt matrix has, and where an answer stands in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.errors import DuplicateName, MissingColumn, NotCategorical, WrongArgument
from instrument.answers import Missing

BLOCK = 4096
"""Rows counted at a time."""
ABSENT = 255
"""Place of an answer that is not there."""
STORED = frozenset(int(byte) for byte in Missing)
FILED = frozenset(byte.code for byte in Missing)
MOST = 200
"""Most categories of one item; above it the numbers are no categories."""


@dataclass(frozen=True)
class Layout:
    """Items and their codes in ascending order."""

    names: tuple[str, ...]
    codes: tuple[tuple[int, ...], ...]

    @classmethod
    def make(cls, categories: Any, first: Any) -> Layout:
        """Read ``categories`` as `analysis.counts.burt` describes them."""
        if isinstance(categories, Mapping):
            names = tuple(str(name) for name in categories)
            given = list(categories.values())
        else:
            columns, width = getattr(first, "columns", None), int(first.shape[1])
            names = tuple(str(c) for c in (columns if columns is not None else range(1, width + 1)))
            given = _for_each(categories, len(names))
        if len(set(names)) < len(names):
            raise DuplicateName("The table", sorted({x for x in names if names.count(x) > 1}))
        codes = tuple(_codes(name, answer) for name, answer in zip(names, given, strict=True))
        return cls(names, codes)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Categories of each item."""
        return tuple(len(codes) for codes in self.codes)

    @property
    def K(self) -> int:  # noqa: N802 - the field's letter
        """Categories of all items together."""
        return sum(self.sizes)

    @property
    def spread(self) -> int:
        """Largest distance between two codes of an item, at least 1."""
        return max(1, *(codes[-1] - codes[0] for codes in self.codes))

    def place(self, name: str) -> int:
        """Position of an item. Raises `WrongArgument` naming those there are."""
        if name not in self.names:
            raise WrongArgument(f"There is no item {name!r}; there are {', '.join(self.names)}.")
        return self.names.index(name)

    def slice(self, item: int) -> slice:
        """Rows of the Burt matrix that belong to an item."""
        begin = sum(self.sizes[:item])
        return slice(begin, begin + self.sizes[item])

    def columns(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.uint8]]:
        """Item and place within the item of every row of the Burt matrix."""
        item = np.repeat(np.arange(len(self.names)), self.sizes)
        category = np.concatenate([np.arange(size) for size in self.sizes])
        return item, category.astype(np.uint8)

    def membership(self) -> npt.NDArray[np.int64]:
        """(K, p), 1 where a category belongs to an item."""
        item = self.columns()[0]
        return np.asarray(item[:, None] == np.arange(len(self.names)), dtype=np.int64)

    def values(self) -> npt.NDArray[np.int64]:
        """Code of every row of the Burt matrix."""
        return np.array([code for codes in self.codes for code in codes], dtype=np.int64)

    def blocks(self, partition: Any) -> Iterator[npt.NDArray[Any]]:
        """Blocks (rows, p) of a partition, columns in our order."""
        columns = getattr(partition, "columns", None)
        if columns is None:
            table = np.asarray(partition)
            if table.ndim != 2 or table.shape[1] != len(self.names):
                raise WrongArgument(
                    f"A partition has shape {table.shape}; {len(self.names)} columns are needed "
                    f"({', '.join(self.names)})."
                )
            for begin in range(0, len(table), BLOCK):
                yield table[begin : begin + BLOCK]
            return
        found = {str(column): k for k, column in enumerate(columns)}
        if len(found) < len(columns):
            names = [str(column) for column in columns]
            twice = sorted({name for name in names if names.count(name) > 1})
            raise DuplicateName("The table", twice)
        lacking = [name for name in self.names if name not in found]
        if lacking:
            raise MissingColumn("The table", lacking)
        order = [found[name] for name in self.names]
        same = order == list(range(len(columns)))
        for begin in range(0, len(partition), BLOCK):
            part = partition.iloc[begin : begin + BLOCK]
            yield _numbers(part if same else part.iloc[:, order], self.names)

    def places(
        self, block: npt.NDArray[Any], missing: frozenset[int] | None
    ) -> npt.NDArray[np.uint8]:
        """(p, rows): place of each answer among its item's codes, `ABSENT` where none is.

        Raises `NotCategorical` naming item and value.
        """
        if block.dtype.kind == "b":
            block = block.astype(np.uint8)
        elif block.dtype.kind not in "iuf":
            block = _numbers(block, self.names)
        if missing is None:
            missing = STORED if block.dtype == np.uint8 else FILED
        columns = np.ascontiguousarray(block.T)
        low = np.array([codes[0] for codes in self.codes])[:, None]
        size = np.array(self.sizes)[:, None]
        seamless = all(codes[-1] - codes[0] == len(codes) - 1 for codes in self.codes)
        if block.dtype in (np.uint8, np.int8) and seamless and int(size.max()) < 128:
            # modulo 256 a code below the lowest lands beyond the highest
            place = columns.view(np.uint8) - (low % 256).astype(np.uint8)
            outside = place >= size.astype(np.uint8)
        elif seamless:
            shift = columns - low
            inside = (shift >= 0) & (shift < size)
            place = np.where(inside, shift, 0).astype(np.uint8)
            outside = ~inside | (place != shift)
        else:
            place, outside = self._search(columns)
        if outside.any():
            self._only_missing(columns, outside, missing)
            place[outside] = ABSENT
        return place

    def _search(
        self, columns: npt.NDArray[Any]
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
        place = np.empty(columns.shape, dtype=np.uint8)
        outside = np.empty(columns.shape, dtype=bool)
        for j, codes in enumerate(self.codes):
            known = np.array(codes)
            at = np.searchsorted(known, columns[j]).clip(0, len(known) - 1)
            outside[j] = known[at] != columns[j]
            place[j] = at
        return place, outside

    def _only_missing(
        self, columns: npt.NDArray[Any], outside: Any, missing: frozenset[int]
    ) -> None:
        """Refuse values that are neither a category nor a missing code."""
        item = np.nonzero(outside)[0]
        value = columns[outside]
        absent = np.isin(value, np.array(sorted(missing), dtype=np.int64))
        if value.dtype.kind == "f":
            absent |= np.isnan(value)
        if absent.all():
            return
        foreign = ~absent
        j = int(item[foreign][0])
        raise NotCategorical(
            self.names[j],
            f"{value[foreign][0]:g}",
            f"its categories are {', '.join(map(str, self.codes[j]))}; name every category, or "
            "give codes that mean no answer by `missing`",
        )


def _for_each(categories: Any, count: int) -> list[Any]:
    """One set of codes for each item out of a shared one, or of a sequence of sets."""
    if isinstance(categories, int | np.integer):
        return [int(categories)] * count
    given = list(categories)
    if all(isinstance(code, int | np.integer) for code in given):
        return [given] * count
    if len(given) != count:
        raise WrongArgument(
            f"`categories` has {len(given)} entries for {count} items; give the codes of every "
            "item, or one set of codes for all of them."
        )
    return given


def _codes(name: str, given: int | Iterable[int]) -> tuple[int, ...]:
    codes = list(range(1, int(given) + 1)) if isinstance(given, int | np.integer) else list(given)
    if any(int(code) != code for code in codes):
        raise NotCategorical(name, str(codes), "categories are whole numbers")
    whole = tuple(sorted(int(code) for code in codes))
    if not whole or len(set(whole)) < len(whole) or len(whole) > MOST:
        raise NotCategorical(
            name,
            ", ".join(map(str, whole)) or "nothing",
            f"give each of its categories once (1 to {MOST} of them); an integer k stands for 1..k",
        )
    return whole


def _numbers(table: Any, names: tuple[str, ...]) -> npt.NDArray[Any]:
    """A frame or an object array as numbers; text is refused with the item's name."""
    import pandas as pd

    frame = table if hasattr(table, "columns") else pd.DataFrame(table)
    if all(isinstance(kind, np.dtype) and kind.kind in "iuf" for kind in frame.dtypes):
        return np.asarray(frame.to_numpy())
    out = np.empty(frame.shape)
    for j, name in enumerate(names):
        column = frame.iloc[:, j]
        number = pd.to_numeric(column, errors="coerce")
        text = number.isna() & column.notna()
        if text.any():
            raise NotCategorical(name, repr(column[text].iloc[0]), "answers are whole numbers")
        out[:, j] = number.to_numpy(dtype=float, na_value=np.nan)
    return out
