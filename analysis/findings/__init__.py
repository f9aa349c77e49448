"""From a data set to everything the plan lets be said about it.

`find` runs the blocks of the plan at the n that is there and says what it withholds. It
knows no file and no page: `analysis.report` writes, `analysis.__main__` reads. One room a
step of the plan; each fills its part of `Findings`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from analysis import plan as plans
from analysis.dataset import Dataset
from analysis.findings import answers, explain, levels, measure, screen, structure, waves
from analysis.findings.deviations import Deviation, deviations
from analysis.findings.found import FactorBlock, Findings, Wave
from analysis.findings.options import Options, in_force, resolve
from analysis.findings.summaries import (
    Answer,
    CarelessSummary,
    FimlRegression,
    PowerLines,
)
from analysis.view import View, answered, without

__all__ = [
    "Answer",
    "CarelessSummary",
    "Deviation",
    "FactorBlock",
    "FimlRegression",
    "Findings",
    "Options",
    "PowerLines",
    "Stage",
    "Wave",
    "find",
]

Stage = Literal["levels", "measure", "structure", "explain", "waves", "answers"]
"""What `find` is at: levels with the screening, reliability and items, factors, regression
and what stands beside it, change, hypotheses."""


def find(
    data: Dataset,
    options: Options | None = None,
    *,
    before: Dataset | None = None,
    simulated: bool | None = None,
    told: Callable[[Stage], None] | None = None,
) -> Findings:
    """Run every block the plan permits on the rows that are not careless.

    ``before``: the answers of an earlier wave, for what changed. ``simulated`` None: as the
    data say (column SIMULATED). ``told`` hears of every stage as it begins; what it raises
    ends the analysis. Raises `UnknownName` for a scale or item the definition
    does not have, `WrongPlan` for a plan of another questionnaire, `DegenerateItem` naming
    all items with one value only. A number that does not exist for another reason is
    withheld in words.
    """
    given = options or Options()
    chosen = resolve(data.instrument, given)
    plan = in_force(chosen)
    scores = data.score()
    seen = answered(data)
    keep = ~scores.excluded & seen
    blank = without(data, chosen.without)
    view = View(blank.select(keep), chosen.without)
    marked = data.meta.get("SIMULATED", [])
    found = Findings(
        instrument=data.instrument,
        plan=plan,
        chosen=chosen,
        rows=data.rows,
        used=int(keep.sum()),
        excluded=int(scores.excluded.sum()),
        empty=int((~seen & ~scores.excluded).sum()),
        sha256=data.sha256,
        simulated=any(cell == "1" for cell in marked) if simulated is None else simulated,
        form=data.form,
        wave=_one(data.meta.get("WAVE", [])),
        communities=tuple(sorted(set(explain.communities_of(view)) - {""})),
        first_answer=min((day for day in data.meta.get("SUBMITTED_ON", []) if day), default=""),
        scales=view.scales,
        indices=view.indices,
        items=view.items,
    )
    asked = plans.concerned(plan, waves=before is not None)
    found.withheld.extend(plans.withheld_at(plan, found.used, asked))
    if found.used >= plan.block("alpha").least:
        view.require_variation()
    earlier = None
    if before is not None:
        earlier = View(
            without(before, chosen.without).select(~before.score().excluded & answered(before)),
            chosen.without,
        )
    begin = told or _silent
    begin("levels")
    levels.find(found, view)
    screen.find(found, data.select(seen), view)
    begin("measure")
    measure.find(found, view)
    begin("structure")
    structure.find(found, view)
    begin("explain")
    explain.find(found, view)
    if earlier is not None and before is not None:
        begin("waves")
        waves.find(found, view, earlier, before.rows)
    begin("answers")
    answers.find(found, view, earlier)
    if found.excluded:
        _all_rows(found, View(blank.select(seen), chosen.without))
    versions = tuple(sorted({one for one in data.meta.get("VERSION", []) if one}))
    found.deviations = deviations(found, chosen, given, versions)
    return found


def _silent(stage: Stage) -> None:
    """Tell nobody."""


def _one(cells: Sequence[str]) -> str:
    return ", ".join(sorted({cell for cell in cells if cell}))


def _all_rows(found: Findings, view: View) -> None:
    """Alpha and regression with the careless rows in: reported beside, never instead."""
    from analysis import reliability

    for code in found.alphas:
        found.all_rows_alphas[code] = reliability.alpha(view.frame(code))
    if found.regression is not None:
        found.all_rows_regression = explain.fit(found, view, note=False)
