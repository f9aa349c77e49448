"""All comparisons with R, family by family; the one list that tests and documents read.

``python -m tests.reference.against_r [WORD ...]`` prints the rows whose name holds every word.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import cache

from tests.reference import table_basic, table_confirm, table_explain, table_ordinal
from tests.reference.rows import Row

FAMILIES: dict[str, Callable[[], Iterator[Row]]] = {
    **table_basic.FAMILIES,
    **table_explain.FAMILIES,
    **table_confirm.FAMILIES,
    **table_ordinal.FAMILIES,
}


@cache
def rows(family: str) -> tuple[Row, ...]:
    """The rows of a family, computed once a process; every name is there once."""
    found = tuple(FAMILIES[family]())
    names = [str(row) for row in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{family}: {', '.join(twice)} stand there more than once")
    return found


def main(words: list[str]) -> int:
    """Print the rows whose family, data and statistic hold every word; 1 if one is off."""
    off = count = 0
    print(f"{'statistic':75} {'ours':>18} {'R':>18} {'difference':>11} {'tolerance':>10}")
    for family in FAMILIES:
        for row in rows(family):
            if not all(word in f"{family} {row}" for word in words):
                continue
            count += 1
            off += not row.agrees
            print(
                f"{row!s:75} {row.ours:18.10g} {row.r:18.10g} {row.difference:11.1e} "
                f"{row.tolerance:10.0e}{'' if row.agrees else '  <- off'}"
            )
    print(f"{count} numbers, {off} off.")
    return 1 if off else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
