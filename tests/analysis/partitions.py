"""bfi in uneven partitions, and the executors they are sent to."""

from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import pandas as pd

from tests.reference.table_ordinal import MODEL, keyed

ITEMS = [item for items in MODEL.values() for item in items]
FRAME = keyed()[ITEMS]
SMALL = {"agree": MODEL["agree"], "neuroticism": MODEL["neuroticism"]}
CODES = {item: range(1, 7) for item in ITEMS}
SCORES = pd.DataFrame({name: FRAME[items].mean(axis=1) for name, items in MODEL.items()})
SCORES = SCORES.mask(FRAME[[items[0] for items in MODEL.values()]].isna().to_numpy())
OTHERS = [name for name in MODEL if name != "neuroticism"]
EXECUTORS = ("here", "threads", "processes")
CLOSE = {"rtol": 1e-9, "atol": 1e-12}


@contextmanager
def executor_of(kind: str) -> Iterator[Executor | None]:
    if kind == "here":
        yield None
    elif kind == "threads":
        with ThreadPoolExecutor(3) as threads:
            yield threads
    else:
        with ProcessPoolExecutor(2) as processes:
            yield processes


def cut(frame: pd.DataFrame, order: int = 1) -> list[pd.DataFrame]:
    """Uneven partitions, an empty one and one of a single row among them, in either order."""
    edges = [0, 700, 700, 701, 1900, len(frame)]
    parts = [frame.iloc[a:b] for a, b in pairwise(edges)]
    return parts[::order]


@dataclass(frozen=True)
class Slice:
    """Rows that are read where they are worked on."""

    begin: int
    end: int

    def __len__(self) -> int:
        return self.end - self.begin


def read_items(part: Slice) -> pd.DataFrame:
    return FRAME.iloc[part.begin : part.end]


def read_scores(part: Slice) -> pd.DataFrame:
    return SCORES.iloc[part.begin : part.end]


SLICES = [Slice(0, 1000), Slice(1000, 1001), Slice(1001, 2800)]
