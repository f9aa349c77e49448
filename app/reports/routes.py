"""Pages of analyses: what there is, asking, watching, reading, downloading."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fastapi import Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from starlette.background import BackgroundTask

from app.auth import InCommunity, Permission, allowed, asks, staff_router
from app.db import ReadSession, WriteSession
from app.desk import AtDesk, Desk, Form
from app.jobs import runs
from app.jobs.supervisor import folder_of
from app.pages import N_
from app.problems import NotFound
from app.reports import service
from app.reports.contexts import WHY, Downloads, report_of, state_of, told
from app.tables import AnalysisRun

router = staff_router("/k/{community}/laporan")
_NAME = re.compile(r"[a-z_]+\.(json|csv|xlsx|zip)")
_TYPES = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}
REFRESH_SECONDS = 3


def mine(desk: Desk) -> list[int]:
    """The communities in which this account may run analyses."""
    return [
        one.id
        for one in desk.account.communities
        if allowed(desk.account, Permission.ANALYSIS_RUN, one.id)
    ]


def _run(session: ReadSession, desk: Desk, community: InCommunity, key: str) -> AnalysisRun:
    """The run of the address, seen from this community; raises UnknownRun."""
    found = runs.find(session, key, mine(desk))
    if community.id not in {one.community_id for one in runs.sources(session, key)}:
        raise runs.UnknownRun(key)
    return found


@router.get("")
@asks(Permission.ANALYSIS_RUN)
def reports(desk: AtDesk, community: InCommunity, session: ReadSession) -> HTMLResponse:
    """The analyses of this community and the waves that can be analysed."""
    here = [
        run
        for run in runs.seen_by(session, mine(desk))
        if community.id in {one.community_id for one in runs.sources(session, run.key)}
    ]
    return desk.page(
        "reports/list.html",
        runs=[told(desk, session, run) for run in here],
        waves=service.closed_waves(session, [community.id]),
    )


@router.get("/baru")
@asks(Permission.ANALYSIS_RUN)
def new(
    desk: AtDesk, community: InCommunity, session: ReadSession, gelombang: int = 0
) -> HTMLResponse:
    """Choose what is analysed, by which plan."""
    return _new(desk, session, community.id, gelombang, {})


def _new(
    desk: Desk,
    session: ReadSession,
    community_id: int,
    number: int,
    faults: dict[str, str],
    chosen: Sequence[str] = (),
) -> HTMLResponse:
    waves = service.closed_waves(session, mine(desk))
    own = [one for one in waves if one.community_id == community_id]
    wave = next((one for one in own if one.number == number), own[0] if own else None)
    if wave is None:
        return desk.page("reports/list.html", runs=[], waves=[])
    plans = service.plans_for(desk.request.app.state.settings, wave)
    return desk.page(
        "reports/new.html",
        wave=wave,
        earlier=[one for one in own if one.number < wave.number and one.fits(wave)],
        others=[one for one in waves if one.community_id != community_id and one.fits(wave)],
        plans=plans,
        best=plans.best(wave.name),
        chosen=chosen,
        faults=faults,
    )


@router.post("/baru")
@asks(Permission.ANALYSIS_RUN)
def ask(desk: AtDesk, community: InCommunity, form: Form, session: WriteSession) -> Response:
    """Put the question; an answer that is there is shown at once."""
    waves = {one.name: one for one in service.closed_waves(session, mine(desk))}
    wave = waves.get(f"{community.slug}-{form.text('gelombang')}")
    before = waves.get(form.text("sebelum"))
    pooled = [waves[name] for name in form.all("gabung") if name in waves]
    number = wave.number if wave else 0
    if (
        wave is None
        or len(pooled) < len(form.all("gabung"))
        or (form.text("sebelum") and not before)
    ):
        faults = {"gelombang": desk.text(N_("Choose a closed wave from the list."))}
        return _new(desk, session, community.id, number, faults)
    plans = service.plans_for(desk.request.app.state.settings, wave)
    plan = next((one for one in plans.choices if one.name == form.text("rencana")), None)
    faults = {}
    if plan is None:
        faults["rencana"] = desk.text(N_("Choose a plan from the list."))
    if before and pooled:
        faults["gabung"] = desk.text(
            N_("Either compare with an earlier wave or pool communities, not both.")
        )
    if faults or plan is None:
        return _new(desk, session, community.id, number, faults, form.all("gabung"))
    question = service.question(session=session, main=[wave, *pooled], before=before, plan=plan)
    run = runs.ask(session=session, question=question, by=desk.account.actor, at=desk.now)
    return _onward(desk, run)


def _onward(desk: Desk, run: AnalysisRun) -> Response:
    response = desk.go(desk.at(f"/laporan/{run.key}"))
    # behind the answer, so behind the commit: the supervisor finds the row
    response.background = BackgroundTask(desk.request.app.state.supervisor.nudge)
    return response


@router.get("/{key}")
@asks(Permission.ANALYSIS_RUN)
def report(desk: AtDesk, community: InCommunity, session: ReadSession, key: str) -> HTMLResponse:
    """One analysis: in the queue, worked on, failed, or the report itself."""
    run = _run(session, desk, community, key)
    folder = folder_of(desk.request.app.state.settings, key)
    shown = told(desk, session, run)
    if runs.readable(session, run):
        return desk.page(
            "reports/report.html",
            run=shown,
            report=report_of(folder, desk.language),
            downloads=Downloads.of(desk.at(f"/laporan/{key}/berkas"), run.facts),
        )
    page = desk.page("reports/state.html", run=shown, state=state_of(run), why=WHY)
    if run.state in ("queued", "running"):
        page.headers["refresh"] = str(REFRESH_SECONDS)
    return page


@router.post("/{key}/batal")
@asks(Permission.ANALYSIS_RUN)
def cancel(desk: AtDesk, community: InCommunity, session: WriteSession, key: str) -> Response:
    """Stop an analysis that waits or runs."""
    _run(session, desk, community, key)
    runs.cancel(session=session, key=key, by=desk.account.actor, at=desk.now)
    return desk.go(desk.at(f"/laporan/{key}"), say=N_("The analysis was stopped."))


@router.post("/{key}/ulang")
@asks(Permission.ANALYSIS_RUN)
def again(desk: AtDesk, community: InCommunity, session: WriteSession, key: str) -> Response:
    """Ask the same of the answers as they are now."""
    run = _run(session, desk, community, key)
    waves = {one.wave_id: one for one in service.closed_waves(session, mine(desk))}
    sources = runs.sources(session, key)
    if any(one.wave_id not in waves for one in sources):
        raise service.CannotBeAsked
    main = [waves[one.wave_id] for one in sources if one.part == "main"]
    before = [waves[one.wave_id] for one in sources if one.part == "before"]
    plans = service.plans_for(desk.request.app.state.settings, main[0])
    plan = next((one for one in plans.choices if one.name == run.plan), None)
    if plan is None:
        raise service.PlanGone(run.plan)
    question = service.question(
        session=session, main=main, before=before[0] if before else None, plan=plan
    )
    made = runs.ask(session=session, question=question, by=desk.account.actor, at=desk.now)
    return _onward(desk, made)


@router.get("/{key}/berkas/{file}")
@asks(Permission.ANALYSIS_RUN)
def download(
    request: Request,
    desk: AtDesk,
    community: InCommunity,
    session: ReadSession,
    key: str,
    file: str,
) -> Response:
    """A file of a finished analysis."""
    run = _run(session, desk, community, key)
    path = folder_of(request.app.state.settings, key) / file
    if not _NAME.fullmatch(file) or not runs.readable(session, run) or not path.is_file():
        raise NotFound
    kind = file.rpartition(".")[2]
    return FileResponse(
        path,
        media_type=_TYPES[kind],
        filename=f"{'-'.join(run.facts.get('datasets', ['guyub']))}-{file}",
        headers={"cache-control": "no-store"},
    )
