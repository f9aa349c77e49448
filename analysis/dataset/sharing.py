"""Coarsening of background answers in files that are shared: no cell of fewer than k people.

In a community of sixty, role, line of business and sales together name most people. Before a
file leaves the researcher's hands, every combination of the questions named together (a
*crossing*) must hold at least k rows (k-anonymity, Samarati & Sweeney 1998). First whole
questions are coarsened by the definition's groups, then single cells are blanked, last
question of the crossing first, until nothing small is left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from analysis.dataset.writing import Answer
from instrument.model import Instrument

K = 5
BLANK = ""
"""A withheld answer: an empty cell, unlike the missing codes -1 to -5."""

Cell = tuple[Answer | None, ...]


@dataclass(frozen=True)
class Sharing:
    """How to recode background answers so that no crossing has a small cell."""

    merged: Mapping[str, tuple[tuple[int, ...], ...]]
    """Coarsened questions and their groups; a merged answer is the lowest of its group."""
    steps: Sequence[tuple[tuple[str, ...], Mapping[Cell, Cell]]]
    """Blanking, in order: the crossing, and what becomes of each of its cells."""
    withheld: Mapping[str, int]
    """How many answers of each question are blanked."""

    def apply(self, values: Mapping[str, Answer]) -> dict[str, Answer]:
        """Return one row's answers as they may be shared; a blanked answer is ""."""
        shared = dict(values)
        for code, groups in self.merged.items():
            if code in shared:
                shared[code] = _merge(shared[code], groups)
        for crossing, cells in self.steps:
            _recode(shared, crossing, cells)
        return shared


@dataclass
class _State:
    rows: list[dict[str, Answer]]
    merged: dict[str, tuple[tuple[int, ...], ...]] = field(default_factory=dict)
    steps: list[tuple[tuple[str, ...], Mapping[Cell, Cell]]] = field(default_factory=list)


def coarsen(
    rows: Iterable[Mapping[str, Answer]],
    instrument: Instrument,
    crossings: Sequence[tuple[str, ...]],
    *,
    k: int = K,
) -> Sharing:
    """Find the recoding under which every cell of every crossing holds at least k rows.

    Parameters: ``rows`` the background answers of all rows of the file (a question without an
    answer is absent, and counts as a value of its own); ``crossings`` for the partnership
    questionnaire ``(("BG4",), ("BG2", "BG3", "BG4"))``. With fewer than k rows everything is
    blanked. KeyError if a crossing names no question.
    """
    codes = {code for crossing in crossings for code in crossing}
    questions = {code: instrument.question(code) for code in codes}
    state = _State([{c: row[c] for c in codes if c in row} for row in rows])
    for crossing in crossings:
        for code in reversed(crossing):
            groups = questions[code].coarsen
            if groups and code not in state.merged and _small(state.rows, crossing, k):
                state.merged[code] = groups
                for row in state.rows:
                    if code in row:
                        row[code] = _merge(row[code], groups)
    # blanking for one crossing can thin out a cell of another: go on until all are quiet
    while any(_small(state.rows, crossing, k) for crossing in crossings):
        for crossing in crossings:
            _blank(state, crossing, k)
    withheld = Counter(code for row in state.rows for code in codes if row.get(code) == BLANK)
    return Sharing(state.merged, state.steps, dict(sorted(withheld.items())))


def _merge(value: Answer, groups: Sequence[Sequence[int]]) -> Answer:
    for group in groups:
        if value in group:
            return min(group)
    return value


def _counts(rows: Sequence[Mapping[str, Answer]], crossing: tuple[str, ...]) -> Counter[Cell]:
    return Counter(tuple(row.get(code) for code in crossing) for row in rows)


def _small(rows: Sequence[Mapping[str, Answer]], crossing: tuple[str, ...], k: int) -> set[Cell]:
    """Return the cells below k that can still be blanked."""
    blank = (BLANK,) * len(crossing)
    counts = _counts(rows, crossing)
    small = {cell for cell, count in counts.items() if count < k}
    return small if small != {blank} or len(counts) > 1 else set()


def _blank(state: _State, crossing: tuple[str, ...], k: int) -> None:
    """Blank the small cells of a crossing, question by question from the last."""
    blank = (BLANK,) * len(crossing)
    for place in reversed(range(len(crossing))):
        small = _small(state.rows, crossing, k) - {blank}
        _step(state, crossing, {
            cell: (*cell[:place], BLANK, *cell[place + 1 :]) for cell in small
        })  # fmt: skip
    while blank in _small(state.rows, crossing, k):
        counts = _counts(state.rows, crossing)
        # whoever is alone in the blank cell is found by what is not blank: hide more with them
        others = (cell for cell in counts if cell != blank)
        least = min(others, key=lambda cell: (counts[cell], repr(cell)))
        _step(state, crossing, {least: blank})


def _step(state: _State, crossing: tuple[str, ...], cells: Mapping[Cell, Cell]) -> None:
    if not cells:
        return
    state.steps.append((crossing, cells))
    for row in state.rows:
        _recode(row, crossing, cells)


def _recode(row: dict[str, Answer], crossing: tuple[str, ...], cells: Mapping[Cell, Cell]) -> None:
    """Put a row's cell where the step sends it; a question without an answer stays absent."""
    cell = tuple(row.get(code) for code in crossing)
    after = zip(crossing, cells.get(cell, cell), strict=True)
    row.update({code: value for code, value in after if value is not None})
