"""Pages on which a researcher has a card made, reads it, and publishes it."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session
from starlette.background import BackgroundTask

from app import published_cards
from app.auth import InCommunity, Permission, asks, staff_router
from app.db import ReadSession, WriteSession
from app.desk import AtDesk, Desk, Form
from app.jobs import runs
from app.pages import N_
from app.published_cards import Published, UnknownCard
from app.scorecards import preparing, publishing
from app.scorecards.errors import LaterCardOut, NotClosed, TooFewChanges
from app.scorecards.publishing import FILES
from app.scorecards.view import view_of
from app.scorecards.words import too_many
from app.tables import AnalysisRun, Wave
from app.wave_reader import CommunityView
from instrument.model import Language

router = staff_router("/k/{community}/siapkan-kartu")
REFRESH_SECONDS = 3
PUBLISH: dict[Language, str] = {"id": "terbitkan", "en": "publish"}
STATES = {
    "": N_("not prepared yet"),
    "queued": N_("in the queue"),
    "running": N_("being computed"),
    "ready": N_("ready to be read"),
    "out": N_("published"),
    "changed": N_("out of date"),
    "failed": N_("could not be done"),
    "cancelled": N_("stopped"),
}
STEPS = {
    "": N_("Starting"),
    "data": N_("Reading the answers"),
    "levels": N_("Computing what may be shown"),
    "write": N_("Setting PDF and picture"),
}
WHY = {
    "lost": N_(
        "The computation ended twice without a result, perhaps for want of memory. Try it again; "
        "if it happens again, ask your administrator to look at the log."
    ),
    "changed": N_(
        "Answers, meetings or comments changed while it was made, for instance because somebody "
        "withdrew. Prepare it again: it then reads them as they are now."
    ),
    "data": N_("The answers do not bear a scorecard. What the program says is below."),
    "disk": N_("The files could not be written. Ask your administrator for space on the disk."),
    "internal": N_("Something went wrong on our side; it is in the log. Try again later."),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A closed wave in the list."""

    number: int
    closed: str
    state: str
    """A key of `STATES`."""
    published: str
    issue: int
    simulated: bool


@router.get("")
@asks(Permission.CARD_PREVIEW)
def waves(desk: AtDesk, community: InCommunity, session: ReadSession) -> HTMLResponse:
    """The closed waves, and how far the card of each is."""
    return desk.page(
        "scorecards/waves.html",
        rows=[_row(desk, session, one) for one in preparing.closed_waves(session, community.id)],
        states=STATES,
        gone=published_cards.tombstones(session, community.id),
    )


def _row(desk: Desk, session: Session, wave: Wave) -> Row:
    run = preparing.prepared(session, wave.community_id, wave.number)
    current = preparing.current_or_none(session, wave.community_id, wave.number)
    return Row(
        number=wave.number,
        closed=desk.day(wave.closes_at) if wave.closes_at else "",
        state=_shown(_state(session, run, wave.community_id, wave.number), run, current),
        published=desk.day(current.published_at) if current else "",
        issue=current.issue if current else 0,
        simulated=wave.is_simulated,
    )


def _state(session: Session, run: AnalysisRun | None, community_id: int, number: int) -> str:
    if run is None:
        return ""
    if run.state != "done":
        return run.state
    try:
        ready = preparing.up_to_date(session, run, community_id, number)
    except LaterCardOut:
        ready = False
    return "ready" if ready else "changed"


def _shown(state: str, run: AnalysisRun | None, current: Published | None) -> str:
    """What a page calls the state: what is prepared may be what is out already."""
    if current is None:
        return state
    out = run is None or run.digest == current.digest or state == "changed"
    return "out" if out else state


@router.get("/{number:int}")
@asks(Permission.CARD_PREVIEW)
def card(desk: AtDesk, community: InCommunity, session: ReadSession, number: int) -> HTMLResponse:
    """The prepared card of a wave, or how far it is."""
    _closed(session, community, number)
    run = preparing.prepared(session, community.id, number)
    state = _state(session, run, community.id, number)
    current = preparing.current_or_none(session, community.id, number)
    state = _shown(state, run, current)
    if run is not None and state == "ready":
        payload, files = publishing.read(session, desk.settings, run)
        return desk.page(
            "scorecards/preview.html",
            view=view_of(published_cards.read(payload, run.digest or ""), desk.language),
            number=number,
            run=run,
            files=[name for name in FILES if name in files],
            current=current,
            acts=(),
            past=(),
        )
    page = desk.page(
        "scorecards/prepare.html",
        number=number,
        run=run,
        state=state,
        words=STATES[state],
        step=STEPS.get(run.step, STEPS[""]) if run else "",
        why=_why(desk, session, run),
        current=current,
        published=desk.day(current.published_at) if current else "",
        may_again=_may_again(session, community, number),
    )
    if state in ("queued", "running"):
        page.headers["refresh"] = str(REFRESH_SECONDS)
    return page


def _why(desk: Desk, session: Session, run: AnalysisRun | None) -> str:
    """Why a card could not be made, and what to do next; empty where it could."""
    if run is None or run.error is None:
        return ""
    more = preparing.more_than_all(session, run)
    return too_many(*more, desk.language) if more else desk.text(WHY.get(run.error, ""))


def _may_again(session: Session, community: CommunityView, number: int) -> bool:
    """Whether a card may be made of this wave now."""
    try:
        basis = preparing.basis_of(session, community.id, number)
        if basis.wave.state == "published":
            preparing.check_reissue(session, basis)
    except (LaterCardOut, TooFewChanges, UnknownCard):
        return False
    return True


@router.post("/{number:int}")
@asks(Permission.CARD_PREVIEW)
def prepare(desk: AtDesk, community: InCommunity, session: WriteSession, number: int) -> Response:
    """Have the card made; one that is there is shown at once."""
    preparing.prepare(
        session=session,
        community_id=community.id,
        number=number,
        by=desk.account.actor,
        at=desk.now,
    )
    response = desk.go(_at(desk, number))
    # behind the answer, so behind the commit: the supervisor finds the row
    response.background = BackgroundTask(desk.request.app.state.supervisor.nudge)
    return response


@router.post("/{number:int}/batal")
@asks(Permission.CARD_PREVIEW)
def cancel(desk: AtDesk, community: InCommunity, session: WriteSession, number: int) -> Response:
    """Stop preparing it."""
    run = preparing.prepared(session, community.id, number)
    if run is None:
        raise NotClosed(str(number))
    runs.cancel(session=session, key=run.key, by=desk.account.actor, at=desk.now)
    return desk.go(_at(desk, number), say=N_("Stopped; nothing was written."))


@router.get("/{number:int}/berkas/{name}")
@asks(Permission.CARD_PREVIEW)
def file(
    desk: AtDesk, community: InCommunity, session: ReadSession, number: int, name: str
) -> Response:
    """PDF or picture of the prepared card."""
    run = preparing.prepared(session, community.id, number)
    if run is None or _state(session, run, community.id, number) != "ready":
        raise UnknownCard(str(number))
    _, files = publishing.read(session, desk.settings, run)
    if name not in files:
        raise UnknownCard(name)
    return send(files[name], name, f"{community.slug}-{number}-pratinjau")


@router.get("/{number:int}/terbitkan")
@asks(Permission.CARD_PUBLISH)
def publish_page(
    desk: AtDesk, community: InCommunity, session: ReadSession, number: int
) -> HTMLResponse:
    """What publishing does, and a word to type."""
    return _publish_page(desk, session, community, number, {})


@router.post("/{number:int}/terbitkan")
@asks(Permission.CARD_PUBLISH)
def publish(
    desk: AtDesk, community: InCommunity, form: Form, session: WriteSession, number: int
) -> Response:
    """Publish the card that was read; from now on it never changes."""
    if form.text("ya").casefold().strip(" “”\"'.") not in PUBLISH.values():
        fault = desk.text(N_("Type “%(word)s” first."), word=PUBLISH[desk.language])
        return _publish_page(desk, session, community, number, {"ya": fault})
    publishing.publish(
        session=session,
        settings=desk.settings,
        community_id=community.id,
        number=number,
        seen=form.text("sidik"),
        by=desk.account.actor,
        at=desk.now,
    )
    return desk.go(
        desk.at("/siapkan-kartu"),
        say=N_("The scorecard of wave %(number)s is published, to the chair and to the members."),
        values={"number": number},
    )


def _publish_page(
    desk: Desk, session: Session, community: CommunityView, number: int, faults: dict[str, str]
) -> HTMLResponse:
    _closed(session, community, number)
    run = preparing.prepared(session, community.id, number)
    ready = _state(session, run, community.id, number) == "ready"
    return desk.page(
        "scorecards/publish.html",
        number=number,
        run=run,
        ready=ready,
        current=preparing.current_or_none(session, community.id, number),
        word=PUBLISH[desk.language],
        faults=faults,
    )


def _closed(session: Session, community: CommunityView, number: int) -> None:
    if number not in {one.number for one in preparing.closed_waves(session, community.id)}:
        raise NotClosed(str(number))


def _at(desk: Desk, number: int) -> str:
    return desk.at(f"/siapkan-kartu/{number}")


def send(content: bytes, name: str, stem: str, *, cache: str = "no-store") -> Response:
    """A card's file, to be saved under a name that says whose card it is."""
    headers = {
        "cache-control": cache,
        "content-disposition": f'attachment; filename="{stem}-{name}"',
    }
    return Response(content, media_type=FILES[name], headers=headers)
