"""`/staff/k/<community>/permintaan`: requests about data, each with the hour it is due."""

from __future__ import annotations

from fastapi.responses import HTMLResponse
from sqlmodel import Session
from starlette.responses import Response

from app.auth import IdentityRemoved, InCommunity, Permission, asks, staff_router
from app.codes import normalise, show
from app.db import ReadSession, WriteSession
from app.desk import AtDesk, Desk, Form
from app.pages import N_
from app.rights.requests import (
    MOST_CONTACT,
    MOST_WORDS,
    UnfitRequest,
    close_request,
    file_request,
    inbox,
)
from app.wave_reader import CommunityView

PATH = "/permintaan"
router = staff_router("/k/{community}" + PATH)
KINDS = {
    "access": N_("Wants to know what is stored"),
    "rectify": N_("Wants something corrected"),
    "erase": N_("Wants to be deleted"),
    "restrict": N_("Wants use of the data to stop for now"),
    "object": N_("Objects to how the data are used"),
}
CHANNELS = {
    "whatsapp": N_("By WhatsApp"),
    "phone": N_("By phone"),
    "in_person": N_("In person"),
    "letter": N_("By letter"),
    "email": N_("By email"),
    "page": N_("On the page “My rights”"),
}
URGENCIES = {
    "open": N_("open"),
    "soon": N_("due soon"),
    "late": N_("late"),
    "closed": N_("finished"),
}
ADVICE = {
    "access": N_("Show them “My rights”: with their code they see and download everything."),
    "rectify": N_("While the survey is open they can correct it themselves under “My rights”."),
    "erase": N_("Answers: they do it themselves under “My rights”. Name and number as well: ask"
                " whoever runs the server for `guyub rights erase`."),
    "restrict": N_("Under “My rights” they can take single permissions back at once."),
    "object": N_("Pass it on to the researcher named in the consent text, and answer in time."),
}  # fmt: skip


@router.get("")
@asks(Permission.RIGHTS_INBOX)
def requests(desk: AtDesk, community: InCommunity, session: ReadSession) -> HTMLResponse:
    """All requests: open ones first, the most urgent at the top."""
    return _page(desk, community, session)


@router.post("")
@asks(Permission.RIGHTS_INBOX)
def note(desk: AtDesk, community: InCommunity, form: Form, session: WriteSession) -> Response:
    """Note a request that came by another way than the page."""
    faults = {}
    if form.text("jenis") not in KINDS:
        faults["jenis"] = desk.text(N_("Choose what it is about."))
    if form.text("lewat") not in CHANNELS:
        faults["lewat"] = desk.text(N_("Choose how it came in."))
    if not 0 < len(form.text("permintaan")) <= MOST_WORDS:
        faults["permintaan"] = desk.text(N_("Write what is asked, in at most 1000 characters."))
    if len(form.text("hubungi")) > MOST_CONTACT:
        faults["hubungi"] = desk.text(N_("At most 120 characters."))
    if faults:
        return _page(desk, community, session, faults=faults, typed=dict(form.fields))
    made = file_request(
        session=session,
        settings=desk.request.app.state.settings,
        community_id=community.id,
        kind=form.text("jenis"),
        channel=form.text("lewat"),
        words=form.text("permintaan"),
        contact=form.text("hubungi"),
        at=desk.now,
        by=desk.account.actor,
    )
    return desk.go(
        desk.at(PATH),
        say=N_("Request %(number)s is noted, due by %(moment)s."),
        values={"number": show(made.reference), "moment": desk.moment(made.due_at)},
    )


@router.post("/{reference}")
@asks(Permission.RIGHTS_INBOX)
def close(
    desk: AtDesk, community: InCommunity, reference: str, form: Form, session: WriteSession
) -> Response:
    """Note that it was answered: done, or refused with a reason given to the person."""
    outcome = form.text("hasil")
    if outcome not in ("done", "refused"):
        raise UnfitRequest(outcome)
    made = close_request(
        session=session,
        community_id=community.id,
        reference=normalise(reference) or reference,
        outcome="done" if outcome == "done" else "refused",
        at=desk.now,
        by=desk.account.actor,
    )
    said = N_("Request %(number)s is closed: done.")
    if outcome == "refused":
        said = N_("Request %(number)s is closed: refused.")
    return desk.go(desk.at(PATH), say=said, values={"number": show(made.reference)})


def _page(
    desk: Desk,
    community: CommunityView,
    session: Session,
    *,
    faults: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
) -> HTMLResponse:
    if not desk.request.app.state.database.has_identity():
        raise IdentityRemoved
    rows = inbox(
        session,
        settings=desk.request.app.state.settings,
        community_id=community.id,
        at=desk.now,
    )
    return desk.page(
        "rights/inbox.html",
        rows=rows,
        show=show,
        kinds={code: desk.text(label) for code, label in KINDS.items()},
        channels={code: desk.text(label) for code, label in CHANNELS.items()},
        urgencies={code: desk.text(label) for code, label in URGENCIES.items()},
        advice={code: desk.text(text) for code, text in ADVICE.items()},
        faults=faults or {},
        typed=typed or {},
        base=desk.at(PATH),
    )
