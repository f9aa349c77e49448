"""A data set in memory: stored bytes beside the definition that gives them meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analysis.dataset import scoring
from analysis.dataset.scoring import Bytes, Flags, Floats, Ints
from instrument.model import Instrument
from instrument.names import POMP_SUFFIX

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Scores:
    """Scale scores and careless flags of n rows."""

    scale_codes: tuple[str, ...]
    """Scales and indices, in definition order: the columns of what follows."""
    means: Floats
    """(n, scales) mean of keyed answers, NaN = too few answers."""
    pomp: Floats
    """(n, scales) percent of the maximum possible; NaN also for an index."""
    totals: Ints
    """(n, scales) sum of keyed answers."""
    answered: Ints
    """(n, scales) number of answers."""
    flags: Mapping[str, Ints]
    """FLAG_ATT, FLAG_TIME, FLAG_RUN, FLAG_SD, FLAG_PAIRS: points; FLAGS: their sum."""
    excluded: Flags
    """(n,) left out of the main analysis."""

    def mean_of(self, scale: str) -> Floats:
        """Return one scale's means (n,); ValueError if there is no such scale."""
        return self.means[:, self.scale_codes.index(scale)]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Answers of n rows to one form of one version of a questionnaire."""

    instrument: Instrument
    form: str
    raw: Bytes
    """(n, items of the version) as stored: 1.. the option, 0 and 250-253 missing."""
    seconds: Floats
    """(n, sections) visible seconds, NaN = not measured."""
    meta: Mapping[str, list[str]]
    """Every other column as text: PID, WAVE, behaviour, background ..."""
    sha256: str = ""
    """Of the file the data came from; empty if none."""

    def __post_init__(self) -> None:
        items, sections = len(self.instrument.items), len(self.instrument.form(self.form).sections)
        if self.raw.dtype != np.uint8 or self.raw.ndim != 2 or self.raw.shape[1] != items:
            raise ValueError(
                f"raw must be uint8 (n, {items}), not {self.raw.dtype} {self.raw.shape}"
            )
        if self.seconds.shape != (len(self.raw), sections):
            raise ValueError(
                f"seconds must be ({len(self.raw)}, {sections}), not {self.seconds.shape}"
            )

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.raw)

    @property
    def item_codes(self) -> tuple[str, ...]:
        """Codes of all items of the version: the columns of `raw` and `keyed`."""
        return self.instrument.item_codes

    def keyed(self) -> Floats:
        """Return answers in keyed direction (n, items), NaN = missing."""
        rules = scoring.plan(self.instrument, self.form)
        values = self.raw.astype(np.float64)
        values[:, rules.reverse] = rules.low + rules.high - values[:, rules.reverse]
        values[~scoring.valid(self.raw, rules.low, rules.high)] = np.nan
        return values

    def unkeyed(self) -> Floats:
        """Return answers as they were given (n, items), NaN = missing."""
        scale = self.instrument.response_scale
        values = self.raw.astype(np.float64)
        values[~scoring.valid(self.raw, scale.low, scale.high)] = np.nan
        return values

    def score(self) -> Scores:
        """Score every row, by the rules of `instrument.scoring`."""
        return self._scores

    @cached_property
    def _scores(self) -> Scores:
        rules = scoring.plan(self.instrument, self.form)
        scored = scoring.score_all(self.raw, rules, self.seconds)
        means = np.full(scored.totals.shape, np.nan)
        np.divide(scored.totals, scored.answered, out=means, where=scored.scored)
        pomp = scoring.pomp(scored.totals, scored.answered, rules.low, rules.high)
        pomp[~scored.scored] = np.nan
        pomp[:, [scale.index for scale in rules.scales]] = np.nan
        return Scores(
            scale_codes=tuple(scale.code for scale in rules.scales),
            means=means,
            pomp=pomp,
            totals=scored.totals,
            answered=scored.answered,
            flags=scored.flags,
            excluded=scored.excluded,
        )

    def select(self, rows: Flags | npt.NDArray[np.integer]) -> Dataset:
        """Return the rows where a mask is True, or of these numbers, in that order."""
        numbers = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        return Dataset(
            self.instrument,
            self.form,
            self.raw[numbers],
            self.seconds[numbers],
            {name: [cells[row] for row in numbers.tolist()] for name, cells in self.meta.items()},
            self.sha256,
        )

    def attentive(self) -> Dataset:
        """Return the rows of the main analysis: those not excluded as careless."""
        return self.select(~self.score().excluded)

    def item_frame(self, keyed: bool = True) -> pd.DataFrame:
        """Return a frame row x item (all items of the version), NaN = missing."""
        import pandas as pd  # half a CPU second; only where frames are asked for

        return pd.DataFrame(
            self.keyed() if keyed else self.unkeyed(), columns=list(self.item_codes)
        )

    def score_frame(self) -> pd.DataFrame:
        """Return a frame row x (scale means, then <scale>_POMP), NaN = missing."""
        import pandas as pd  # see `item_frame`

        scores = self.score()
        columns = dict(zip(scores.scale_codes, scores.means.T, strict=True))
        rules = scoring.plan(self.instrument, self.form)
        for number, scale in enumerate(rules.scales):
            if not scale.index:
                columns[scale.code + POMP_SUFFIX] = scores.pomp[:, number]
        return pd.DataFrame(columns)
