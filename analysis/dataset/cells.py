"""A batch as columns of typed cells, for formats that know numbers, texts and dates.

Column by column: integers for answers, missing codes and flags (`EMPTY` = no cell), float64 for
scores and seconds (NaN = no cell), Python strings and dates for the rest (None = no cell; the
missing code of an open text is an int, so that no text looks like it). The values are those of
the CSV file; a test holds every format to it cell by cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.dataset import scoring
from analysis.dataset.columns import CODES
from analysis.dataset.sharing import FULL, Sharing, merge
from analysis.dataset.writing import Batch
from instrument.codebook import Variable
from instrument.model import Instrument
from instrument.names import POMP_SUFFIX, REVERSED_SUFFIX

Column = npt.NDArray[Any]
Cells = Mapping[str, Column]
"""One array a column, all of one length, in file order."""

EMPTY = int(np.iinfo(np.int32).min)
"""An integer column's mark of no cell at all, unlike the missing codes -1 to -5."""

TEXT = frozenset({"meta", "open"})
"""Kinds of variables whose cells are texts (SUBMITTED_ON: dates)."""


def cells(
    batch: Batch,
    instrument: Instrument,
    variables: Sequence[Variable],
    *,
    form: str = "full",
    sharing: Sharing = FULL,
) -> dict[str, Column]:
    """Return the cells of a batch for these variables (`columns.variables`), in their order."""
    rules = scoring.plan(instrument, form)
    n = len(batch.items)
    seconds = np.full((n, len(rules.sections)), np.nan) if batch.seconds is None else batch.seconds
    scored = scoring.score(batch.items, rules, seconds)
    place = {code: number for number, code in enumerate(rules.items)}
    scales = {scale.code: number for number, scale in enumerate(rules.scales)}
    low, high = rules.low, rules.high
    straight, mirrored = _lookup(low, high)
    meta: dict[str, Sequence[Any]] = {
        "PID": batch.pid, "WAVE": batch.wave, "VERSION": batch.version,
        "LANG": batch.language, "LAYOUT": batch.layout,
        "SUBMITTED_ON": batch.submitted_on, "STATUS": batch.status,
    }  # fmt: skip
    found: dict[str, Column] = {}
    for row in variables:
        name = row.name
        if row.kind == "meta":
            found[name] = _objects(meta[name])
        elif row.kind == "item":
            found[name] = straight[batch.items[:, place[name]]]
        elif row.kind == "keyed":
            found[name] = mirrored[batch.items[:, place[name.removesuffix(REVERSED_SUFFIX)]]]
        elif row.kind == "score":
            number = scales[name]
            mean = np.full(n, np.nan)
            np.divide(
                scored.totals[:, number], scored.answered[:, number],
                out=mean, where=scored.scored[:, number],
            )  # fmt: skip
            found[name] = mean
        elif row.kind == "pomp":
            number = scales[name.removesuffix(POMP_SUFFIX)]
            percent = scoring.pomp(scored.totals[:, number], scored.answered[:, number], low, high)
            percent[~scored.scored[:, number]] = np.nan
            found[name] = percent
        elif row.kind == "flag":
            points = scored.excluded if name == scoring.EXCLUDED else scored.flags[name]
            found[name] = points.astype(np.int32)
        elif row.kind == "seconds":
            found[name] = seconds[:, int(name.removeprefix("SEC")) - 1].copy()
        elif row.kind == "simulated":
            found[name] = np.ones(n, np.int32)
        else:
            found[name] = _answers(batch, sharing.code(name), row.kind, sharing)
    return found


def _lookup(low: int, high: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return what a stored byte is in files, as answered and in the scale's direction."""
    straight = np.full(256, EMPTY, np.int32)
    for state, code in CODES.items():
        straight[state] = code
    mirrored = straight.copy()
    for value in range(low, high + 1):  # an answer wins over a state of the same byte
        straight[value], mirrored[value] = value, low + high - value
    return straight, mirrored


def _answers(batch: Batch, code: str, kind: str, sharing: Sharing) -> Column:
    """Return a question's column: the answer, or the code of why there is none."""
    groups = sharing.merged.get(code, ())
    told = [
        batch.why(row, code).code if one is None else merge(one, groups)
        for row, one in enumerate(batch.told(code))
    ]
    if kind in TEXT:
        return _objects(told)
    return np.array(told, np.int32)


def _objects(found: Sequence[Any]) -> Column:
    column = np.empty(len(found), object)
    column[:] = found
    return column


def stack(parts: Iterable[Cells]) -> dict[str, Column]:
    """Join batches end to end; ValueError if there is none."""
    columns: dict[str, list[Column]] = {}
    for part in parts:
        for name, column in part.items():
            columns.setdefault(name, []).append(_small(column))
    if not columns:
        raise ValueError("there is no batch to join")
    joined: dict[str, Column] = {}
    for name in list(columns):
        joined[name] = np.concatenate(columns.pop(name))
    return joined


def _small(column: Column) -> Column:
    """Keep answers in two bytes where they fit; `EMPTY` never does."""
    if column.dtype == np.int32 and column.size:
        low, high = int(column.min()), int(column.max())
        if low > -(2**15) and high < 2**15:
            return column.astype(np.int16)
    return column


def texts(column: Column) -> Column:
    """Return a column of objects without numbers: missing codes of open texts as text."""
    return _objects([str(one) if isinstance(one, int) else one for one in column.tolist()])


def rows_of(table: Cells) -> int:
    """Number of rows."""
    return len(next(iter(table.values())))


def slices(table: Cells, size: int = scoring.ROWS_AT_ONCE) -> Iterator[dict[str, Column]]:
    """Cut a table into parts of at most ``size`` rows."""
    for start in range(0, rows_of(table), size):
        yield {name: column[start : start + size] for name, column in table.items()}


def is_empty(column: Column) -> npt.NDArray[np.bool_]:
    """Return where a column has no cell."""
    if column.dtype.kind == "f":
        empty: npt.NDArray[np.bool_] = np.isnan(column)
    elif column.dtype.kind == "i":
        empty = column == EMPTY
    else:
        empty = np.array([one is None for one in column.tolist()], np.bool_)
    return empty


def plain(column: Column) -> list[Any]:
    """Return the cells as Python values, None where there is none."""
    if column.dtype.kind == "O":
        return list(column)
    found: list[Any] = column.tolist()
    if column.dtype.kind == "f":
        return [None if one != one else one for one in found]  # noqa: PLR0124 - NaN
    return [None if one == EMPTY else one for one in found]
