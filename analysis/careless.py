"""Signs of careless answering, person by person, for any frame of raw answers.

The questionnaire's own rules make the flags of a wave (`analysis.dataset`); this room gives
the indices themselves, for data of any origin. No index alone convicts (Meade & Craig 2012).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analysis.errors import NotEnoughData, WrongArgument
from analysis.moments import SINGULAR, Floats, chosen, complete, names_of
from analysis.results import Careless, Flag

if TYPE_CHECKING:
    import pandas as pd

Ints = npt.NDArray[np.int64]
MAHALANOBIS_FROM = 200
"""Below this many complete rows the distance flags nobody."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CarelessIndices(Careless):
    """Indices of careless answering; vectors are Series indexed by person.

    ``table`` by person: longstring, longstring_skipping, irv, mahalanobis_sq, mahalanobis_p,
    contradictions, seconds, points.
    """

    person_flags: pd.DataFrame
    """Booleans by person: long_run, flat, contradictory, fast, far; points = their sum."""
    limits: dict[str, float]
    """The cut-offs in force."""

    @property
    def longstring(self) -> pd.Series:
        """Longest run of identical answers; a missing answer breaks it."""
        return self.table["longstring"]

    @property
    def longstring_skipping(self) -> pd.Series:
        """The same as if missing answers were not there."""
        return self.table["longstring_skipping"]

    @property
    def irv(self) -> pd.Series:
        """Within-person SD (n - 1) of all answers (intra-individual response variability)."""
        return self.table["irv"]

    @property
    def mahalanobis_sq(self) -> pd.Series:
        """Squared distance from the centre; NaN where an answer is missing."""
        return self.table["mahalanobis_sq"]

    @property
    def contradictions(self) -> pd.Series:
        """Pairs of opposites both agreed to."""
        return self.table["contradictions"]

    @property
    def points(self) -> pd.Series:
        """How many flags a person has."""
        return self.table["points"]


def longest_runs(data: Floats) -> tuple[Ints, Ints]:
    """Longest run of equal answers by row: missing breaks it, and missing is skipped.

    ``data`` (n, k) in shown order, NaN = missing.
    """
    n = len(data)
    breaking, skipping = np.zeros(n, np.int64), np.zeros(n, np.int64)
    best, best_skipping = np.zeros(n, np.int64), np.zeros(n, np.int64)
    last, previous = np.full(n, np.nan), np.full(n, np.nan)
    for column in data.T:
        seen = ~np.isnan(column)
        breaking = np.where(seen, np.where(column == previous, breaking + 1, 1), 0)
        skipping = np.where(seen, np.where(column == last, skipping + 1, 1), skipping)
        last = np.where(seen, column, last)
        previous = column
        best = np.maximum(best, breaking)
        best_skipping = np.maximum(best_skipping, skipping)
    return best, best_skipping


def within_sd(data: Floats) -> Floats:
    """SD (n - 1) of each row's answers; NaN with fewer than two."""
    seen = ~np.isnan(data)
    count = seen.sum(axis=1)
    filled = np.where(seen, data, 0.0)
    centre = np.divide(filled.sum(axis=1), count, out=np.zeros(len(data)), where=count > 0)
    off = np.where(seen, data - centre[:, None], 0.0)
    squares = (off**2).sum(axis=1)
    variance = np.divide(squares, count - 1, out=np.full(len(data), np.nan), where=count > 1)
    return np.asarray(np.sqrt(variance), dtype=np.float64)


def mahalanobis_squared(data: Floats) -> tuple[Floats, bool]:
    """Squared Mahalanobis distance of complete rows (n - 1), and whether it exists.

    R: ``mahalanobis(x, colMeans(x), cov(x))``. NaN for incomplete rows; NaN for all where
    the covariances have no inverse (a constant item, or fewer rows than items).
    """
    whole = ~np.isnan(data).any(axis=1)
    used = complete(data)
    out = np.full(len(data), np.nan)
    n, p = used.shape
    if n <= p:
        return out, False
    centred = used - used.mean(axis=0)
    covariance = centred.T @ centred / (n - 1)
    roots, vectors = np.linalg.eigh(covariance)
    if roots[0] <= SINGULAR * roots[-1]:
        return out, False
    out[whole] = ((centred @ vectors) ** 2 / roots).sum(axis=1)
    return out, True


def careless(
    raw_frame: pd.DataFrame,
    *,
    order: Sequence[str] | None = None,
    seconds: npt.ArrayLike | None = None,
    pairs: Sequence[tuple[str, str]] = (),
    pair_high: float | None = None,
    long_run: int = 10,
    min_sd: float = 0.35,
    min_pairs: int = 3,
    min_seconds: float = 2.0,
    mahalanobis_level: float = 0.001,
) -> CarelessIndices:
    """Indices and flags of careless answering from raw (not reversed) answers.

    ``order``: columns as shown (None = as they stand). ``seconds``: an answer's seconds by
    person (n,), or by person and section (n, s), of which the median counts; NaN = not
    measured. ``pairs``: opposites; both answered at ``pair_high`` or above (None: above the
    middle of all answers) is a contradiction. Flags: run >= ``long_run``; SD < ``min_sd``; at
    least ``min_pairs`` contradictions; < ``min_seconds`` an answer (Huang et al. 2012);
    distance with p < ``mahalanobis_level``, only with 200 complete rows or more.
    R: ``careless::longstring``, ``irv``; ``mahalanobis``.
    Raises `WrongArgument` (unknown column, seconds of another length), `NotEnoughData`.
    """
    import pandas as pd
    from scipy import special

    columns = list(names_of(raw_frame)) if order is None else list(order)
    needed = [*columns, *(name for pair in pairs for name in pair)]
    unknown = sorted({name for name in needed if name not in raw_frame.columns})
    if unknown:
        raise WrongArgument(f"The frame has no column {', '.join(unknown)}; see order and pairs.")
    data = chosen(raw_frame, columns)
    n, k = data.shape
    if not n or not k or np.isnan(data).all():
        raise NotEnoughData("No answers: nobody can be called careless.")
    middle = (np.nanmin(data) + np.nanmax(data)) / 2

    runs, skipping = longest_runs(data)
    sd = within_sd(data)
    distance, exists = mahalanobis_squared(data)
    tail = special.chdtrc(k, distance)
    contradictions = np.zeros(n, np.int64)
    for first, second in pairs:
        answers = chosen(raw_frame, [first, second])
        high = answers > middle if pair_high is None else answers >= pair_high
        contradictions += high.all(axis=1)
    pace = _pace(seconds, n)
    whole = int((~np.isnan(data).any(axis=1)).sum())
    far = (tail < mahalanobis_level) & (whole >= MAHALANOBIS_FROM)
    marks = pd.DataFrame(
        {
            "long_run": runs >= long_run,
            "flat": sd < min_sd,
            "contradictory": (contradictions >= min_pairs) if pairs else np.zeros(n, np.bool_),
            "fast": pace < min_seconds,
            "far": far,
        },
        index=raw_frame.index,
    )
    index = raw_frame.index
    table = pd.DataFrame(
        {
            "longstring": runs,
            "longstring_skipping": skipping,
            "irv": sd,
            "mahalanobis_sq": distance,
            "mahalanobis_p": tail,
            "contradictions": contradictions,
            "seconds": pace,
            "points": marks.sum(axis=1).astype(int),
        },
        index=index,
    )
    unsure = not exists or whole < MAHALANOBIS_FROM
    return CarelessIndices(
        n=n,
        method="longest run, within-person SD (n - 1), squared Mahalanobis distance of complete "
        "rows, contradictory pairs, seconds an answer",
        missing="a run is broken by a missing answer (and once as if it were not there); "
        "distances of complete rows only",
        flags=(Flag("distances_not_flagged", value=float(whole)),) if unsure else (),
        table=table,
        person_flags=marks,
        limits={
            "long_run": float(long_run),
            "min_sd": min_sd,
            "min_pairs": float(min_pairs),
            "min_seconds": min_seconds,
            "mahalanobis_level": mahalanobis_level,
        },
    )


def _pace(seconds: npt.ArrayLike | None, n: int) -> Floats:
    """Seconds an answer by person (n,); NaN where not measured."""
    if seconds is None:
        return np.full(n, np.nan)
    given = np.asarray(seconds, dtype=np.float64)
    if given.ndim not in {1, 2} or len(given) != n:
        raise WrongArgument(f"seconds has shape {given.shape}; give one row a person ({n}).")
    if given.ndim == 1:
        return given
    known = np.isfinite(given).any(axis=1)
    pace = np.full(n, np.nan)
    pace[known] = np.nanmedian(given[known], axis=1)
    return pace
