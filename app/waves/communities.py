"""Communities, for admins: which there are, and a new one."""

from __future__ import annotations

from fastapi.responses import HTMLResponse, Response
from sqlmodel import col, select

from app.auth import Permission, asks, staff_router
from app.db import ReadSession, WriteSession
from app.desk import START, AtDesk, Desk, Form, Posted
from app.pages import N_
from app.tables import Community
from app.waves.errors import SlugTaken, UnfitWave
from app.waves.service import create_community

router = staff_router("/komunitas")
LIST = f"{START}/komunitas"
ZONES = {
    "Asia/Jakarta": N_("Western Indonesian Time (WIB)"),
    "Asia/Makassar": N_("Central Indonesian Time (WITA)"),
    "Asia/Jayapura": N_("Eastern Indonesian Time (WIT)"),
}
NO_NAME = N_("Fill in the name, as members know it.")
NO_SLUG = N_("Use 1 to 63 small letters, digits and hyphens.")
SLUG_TAKEN = N_("Another community has this address.")


@router.get("")
@asks(Permission.COMMUNITY_EDIT)
def list_page(desk: AtDesk, session: ReadSession) -> HTMLResponse:
    """Every community of the installation."""
    found = session.exec(select(Community).order_by(col(Community.name), col(Community.id))).all()
    return desk.page("waves/communities.html", communities=found, zones=ZONES)


@router.get("/baru")
@asks(Permission.COMMUNITY_EDIT)
def new_page(desk: AtDesk) -> HTMLResponse:
    """The form for a new one."""
    return _new_page(desk, Posted(()))


@router.post("/baru")
@asks(Permission.COMMUNITY_EDIT)
def new_form(desk: AtDesk, form: Form, session: WriteSession) -> Response:
    """Make a community; who works in it is the next step."""
    name, slug, zone = form.text("nama"), form.text("alamat").lower(), form.text("zona")
    faults = {}
    if not name:
        faults["nama"] = desk.text(NO_NAME)
    try:
        if not faults:
            create_community(
                session=session, slug=slug, name=name, by=desk.account.actor, at=desk.now,
                timezone=zone if zone in ZONES else next(iter(ZONES)),
            )  # fmt: skip
    except UnfitWave:
        faults["alamat"] = desk.text(NO_SLUG)
    except SlugTaken:
        faults["alamat"] = desk.text(SLUG_TAKEN)
    if faults:
        return _new_page(desk, form, faults)
    return desk.go(
        LIST,
        say=N_("%(name)s is made. Next: invite an operator and a researcher for it."),
        values={"name": name},
    )


def _new_page(desk: Desk, typed: Posted, faults: dict[str, str] | None = None) -> HTMLResponse:
    zones = [(zone, desk.text(words)) for zone, words in ZONES.items()]
    return desk.page("waves/new-community.html", typed=typed, zones=zones, faults=faults or {})
