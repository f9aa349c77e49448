"""The rows in use and the frames the statistics take: a data set seen by one analysis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analysis.dataset import Dataset
from analysis.moments import require_variation
from instrument.answers import Missing

if TYPE_CHECKING:
    import pandas as pd

Mask = npt.NDArray[np.bool_]


def answered(data: Dataset) -> Mask:
    """Which rows answered at least one item of a scale or index."""
    scored = [i for i, item in enumerate(data.instrument.items) if item.scale]
    return np.asarray((~np.isnan(data.unkeyed()[:, scored])).any(axis=1))


def without(data: Dataset, codes: Sequence[str]) -> Dataset:
    """The data with items taken out of every scale: "not applicable" leaves the denominator.

    A scale that needs more items than are left needs all that are left. Flags must be
    judged on the data as answered, so this comes after them.
    """
    if not codes:
        return data
    raw = data.raw.copy()
    raw[:, [data.item_codes.index(code) for code in codes]] = Missing.NOT_APPLICABLE
    given = data.instrument
    scales = tuple(
        scale.model_copy(update={"min_items": max(1, min(scale.min_items, left))})
        for scale in given.scales
        for left in [sum(item.code not in codes for item in given.items_of(scale.code))]
    )
    parts = {name: getattr(given, name) for name in type(given).model_fields}
    less = type(given)(**{**parts, "scales": scales})
    return Dataset(less, data.form, raw, data.seconds, data.meta, data.sha256)


class View:
    """Rows in use, with the frames the statistics take."""

    def __init__(self, data: Dataset, left_out: Sequence[str] = ()) -> None:
        self.data = data
        shown = set(data.instrument.form(data.form).items) - set(left_out)
        self.items = {
            scale.code: tuple(
                item.code for item in data.instrument.items_of(scale.code) if item.code in shown
            )
            for scale in data.instrument.scales
        }
        self.items = {scale: codes for scale, codes in self.items.items() if codes}
        kinds = {scale.code: scale.kind for scale in data.instrument.scales}
        self.scales = tuple(code for code in self.items if kinds[code] == "scale")
        self.indices = tuple(code for code in self.items if kinds[code] == "index")
        self.scores = data.score()
        self.keyed = data.item_frame()
        self.raw = data.item_frame(keyed=False)

    def frame(self, scale: str) -> pd.DataFrame:
        """Keyed items of a scale."""
        return self.keyed[list(self.items[scale])]

    def score_frame(self, codes: Sequence[str]) -> pd.DataFrame:
        """Scale means, NaN where too few items were answered."""
        return self.data.score_frame()[list(codes)]

    def scored(self, scale: str) -> int:
        """Persons with a score."""
        return int((~np.isnan(self.scores.mean_of(scale))).sum())

    def factor_items(self) -> list[str]:
        """Items of the factor analysis."""
        chosen = self.data.instrument.analysis.factor_items
        there = [code for scale in self.scales for code in self.items[scale]]
        return [code for code in chosen if code in there] if chosen else there

    def require_variation(self) -> None:
        """Raise `DegenerateItem` naming *all* constant items of all scales at once."""
        codes = [code for group in self.items.values() for code in group]
        require_variation(tuple(codes), self.keyed[codes].to_numpy(dtype=float))
