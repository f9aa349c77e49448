"""Many samples of careful answers at once, keyed, as the product's functions take them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis import simulate

Floats = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]

CODES = tuple(item.code for item in simulate.ITEMS)
REVERSE = np.array([item.reverse for item in simulate.ITEMS])
COLUMNS = {
    scale: [i for i, item in enumerate(simulate.ITEMS) if item.scale == scale]
    for scale in simulate.SCALES
}
ASPECTS = ("DEP", "FLX", "REL", "INF")
PERSONS = 300_000
"""Persons drawn at once."""


def keyed(raw: Bytes) -> Bytes:
    """Reverse items turned round: (..., 41)."""
    return np.where(REVERSE, np.uint8(6) - raw, raw)


def samples(
    draws: int, n: int, seed: int, k: float = 0.20, *, structured: bool = True
) -> Iterator[Bytes]:
    """Yield ``draws`` samples of n persons, keyed answers uint8 (n, 41).

    The persons of `simulate.clean` are drawn one independently of another, so any n of them
    in a row are a sample: many are cut from one long draw.
    """
    size = max(1, min(draws, PERSONS // n))
    for number, first in enumerate(range(0, draws, size)):
        count = min(size, draws - first)
        raw = simulate.clean(count * n, seed + number, k, structured=structured)
        yield from keyed(raw).reshape(count, n, len(CODES))


def scores(answers: Bytes) -> Floats:
    """Scale means (n, 8) of complete keyed answers (n, 41)."""
    return np.column_stack([answers[:, columns].mean(axis=1) for columns in COLUMNS.values()])


def score_frame(answers: Bytes) -> pd.DataFrame:
    """The same as a frame, one column a scale."""
    return pd.DataFrame(scores(answers), columns=list(COLUMNS))


def item_frame(answers: Bytes, scale: str) -> pd.DataFrame:
    """A scale's items (n, k)."""
    columns = COLUMNS[scale]
    return pd.DataFrame(answers[:, columns], columns=[CODES[i] for i in columns])
