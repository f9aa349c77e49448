"""What changed since an earlier wave, and whether both waves measured the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis import change, invariance
from analysis.errors import DataError
from analysis.findings.found import Findings, Wave, attempt, quietly
from analysis.view import View

if TYPE_CHECKING:
    import pandas as pd

PERSON = "PID"


class NoPersons(DataError):
    """A wave cannot be joined: its rows carry no ids."""


def find(found: Findings, view: View, earlier: View, rows: int) -> None:
    """Fill change and invariance; ``earlier``: the rows in use of the wave before.

    ``rows``: of the earlier file. Raises `NoPersons` where a wave has no ids.
    """
    first, second = scores(earlier), scores(view)
    plan = found.plan
    both = [code for code in view.scales if code in earlier.scales]
    planned = [code for code in plan.change.scales if code in both] or both
    aimed = [code for code in plan.change.aimed if code in planned]
    tested = aimed or planned
    pairs = int(first.index.isin(second.index).sum())
    wave = Wave(
        wave=", ".join(sorted({cell for cell in earlier.data.meta.get("WAVE", []) if cell})),
        rows=rows,
        used=earlier.data.rows,
        sha256=earlier.data.sha256,
        pairs=pairs,
    )
    found.before = wave
    scale = view.data.instrument.response_scale
    bounds = (float(scale.low), float(scale.high))
    wave.paired = attempt(
        found,
        "change",
        pairs,
        lambda: _family(change.paired(first[planned], second[planned], bounds=bounds), tested),
    )
    if wave.paired is None:
        return
    wave.unpaired = quietly(lambda: change.unpaired(first[planned], second[planned], bounds=bounds))
    wave.mixed = quietly(lambda: change.mixed([first[planned], second[planned]], bounds=bounds))
    wave.attrition = quietly(lambda: change.attrition(first[planned], second[planned]))
    arrows = change.arrows(wave.paired, beside=wave.mixed, least=plan.limit("arrow_points"))
    wave.arrows = {code: str(arrows[code]) for code in tested}
    _invariance(found, wave, view, earlier, planned)


def scores(view: View) -> pd.DataFrame:
    """Scale scores indexed by person; raises `NoPersons` where there are no ids."""
    ids = view.data.meta.get(PERSON, [])
    if not ids or not all(ids):
        raise NoPersons(
            f"A file of {view.data.rows} rows has no ids in the column {PERSON}: change is read on "
            "persons who answered twice. Export both waves of one project."
        )
    frame = view.score_frame(view.scales)
    frame.index = ids
    return frame


def _family(found: change.PairedChange, tested: list[str]) -> change.PairedChange:
    """Correct over the scales aimed at alone; the others carry no corrected p."""
    from dataclasses import replace

    from analysis.multiplicity import adjust

    table = found.table.copy()
    inside = table.index.isin(tested)
    for column in ("p", "wilcoxon_p"):
        p = np.where(inside, table[column].to_numpy(dtype=float), np.nan)
        table[f"{column}_adjusted"] = adjust(p, found.correction)
    return replace(found, table=table)


def _invariance(found: Findings, wave: Wave, view: View, earlier: View, scales: list[str]) -> None:
    """The ladder of each scale across the two waves, persons of both."""
    for code in scales:
        items = [item for item in view.items[code] if item in earlier.items[code]]
        if len(items) < 3:
            continue
        frames = {
            name: one.keyed[items].assign(**{PERSON: one.data.meta[PERSON]})
            for name, one in (("before", earlier), ("now", view))
        }
        n = len(
            frames["before"]
            .dropna()
            .set_index(PERSON)
            .index.intersection(frames["now"].dropna().set_index(PERSON).index)
        )
        made = attempt(
            found,
            "invariance",
            n,
            lambda f=frames, i=items, c=code: invariance.across_waves(  # type: ignore[misc]
                {c: i}, f, PERSON, estimator="MLR"
            ),
            code,
            proper=False,
        )
        if made:
            wave.invariance[code] = made
