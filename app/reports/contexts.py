"""What the pages of analyses show of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup
from sqlmodel import Session

from app.desk import Desk
from app.jobs import runs
from app.pages import N_
from app.reports import service
from app.tables import AnalysisRun
from instrument.model import Language

STATES = {
    "queued": N_("in the queue"),
    "running": N_("being computed"),
    "done": N_("finished"),
    "failed": N_("could not be done"),
    "cancelled": N_("stopped"),
}
STEPS = {
    "": N_("Starting"),
    "data": N_("Making the data set"),
    "levels": N_("Screening and levels"),
    "measure": N_("Reliability and items"),
    "structure": N_("Factors and validity"),
    "explain": N_("Regression and what stands beside it"),
    "waves": N_("Change between waves"),
    "answers": N_("Hypotheses"),
    "write": N_("Writing the report"),
}
WHY = {
    "lost": N_(
        "The computation ended twice without a result, perhaps for want of memory. Try it again; "
        "if it happens again, ask your administrator to look at the log."
    ),
    "changed": N_(
        "Answers or the plan changed after you asked, for instance because somebody withdrew. "
        "Ask again: the analysis then reads them as they are now."
    ),
    "data": N_("The data do not bear this analysis. What the program says is below."),
    "disk": N_("The files could not be written. Ask your administrator for space on the disk."),
    "internal": N_("Something went wrong on our side; it is in the log. Try again later."),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One analysis in words."""

    key: str
    state: str
    words: str
    waves: tuple[str, ...]
    before: str
    plan: str
    asked: str
    finished: str
    used: int | None
    rows: int | None
    tier: str
    gone: bool
    error: str
    detail: str
    digest: str
    simulated: bool


def told(desk: Desk, session: Session, run: AnalysisRun) -> Told:
    """What a list and a page say about a run."""
    waves = service.waves_of(session, run)
    return Told(
        key=run.key,
        state=run.state,
        words=desk.text(STATES[run.state]),
        waves=tuple(name for part, name in waves if part == "main"),
        before=next((name for part, name in waves if part == "before"), ""),
        plan=run.plan,
        asked=desk.moment(run.asked_at),
        finished=desk.moment(run.finished_at) if run.finished_at else "",
        used=run.facts.get("used"),
        rows=run.facts.get("rows"),
        tier=str(run.facts.get("tier", "")).replace(">=", "≥ ").replace("<", "< "),
        gone=run.state == "done" and not runs.readable(session, run),
        error=run.error or "",
        detail=run.detail,
        digest=run.digest or "",
        simulated=bool(run.facts.get("simulated")),
    )


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is."""

    percent: int
    step: str
    number: int
    of: int


def state_of(run: AnalysisRun) -> Progress:
    """The step a run is at, by its number."""
    steps = [step for step in STEPS if step]
    place = steps.index(run.step) + 1 if run.step in steps else 0
    return Progress(run.progress, STEPS.get(run.step, STEPS[""]), place, len(steps))


def report_of(folder: Path, language: Language) -> Markup:
    """The report without its frame, as `analysis.report` wrote and escaped it."""
    return Markup((folder / f"fragment.{language}.html").read_text(encoding="utf-8"))  # noqa: S704 - our own file


@dataclass(frozen=True, slots=True)
class Downloads:
    """Addresses of a finished analysis's files."""

    results: str
    workbook: str
    bundle: str
    tables: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, base: str, facts: Mapping[str, Any]) -> Downloads:
        """The files of a run by the address they lie under."""
        return cls(
            results=f"{base}/results.json",
            workbook=f"{base}/tables.xlsx",
            bundle=f"{base}/report.zip",
            tables=tuple((name, f"{base}/{name}.csv") for name in facts.get("tables", ())),
        )
