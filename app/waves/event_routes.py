"""Pages of the log of meetings: when, what, how many came. Never who."""

from __future__ import annotations

from datetime import date
from typing import cast

from fastapi.responses import Response

from app.auth import Permission, asks, staff_router
from app.db import ReadSession, WriteSession
from app.desk import AtDesk, Desk, Form, Posted, Undo
from app.pages import N_
from app.waves import events
from app.waves.errors import EventChanged
from app.waves.events import KINDS, MOST_ATTENDED, EventKind

router = staff_router("/k/{community}/kegiatan")
NAMES = {
    "informal": N_("Informal gathering"),
    "training": N_("Training"),
    "bazaar": N_("Bazaar"),
}
Typed = tuple[date, EventKind, int]


@router.get("")
@asks(Permission.EVENT_EDIT)
def log_page(desk: AtDesk, session: ReadSession) -> Response:
    """All meetings, and a form for the next one."""
    return _log_page(desk, session, {"hari": desk.today.isoformat()}, {})


@router.post("")
@asks(Permission.EVENT_EDIT)
def add(desk: AtDesk, form: Form, session: WriteSession) -> Response:
    """Note a meeting; undoing a removal comes here, too."""
    typed, fields, faults = _read(desk, form)
    if typed is None:
        return _log_page(desk, session, fields, faults)
    held_on, kind, attended = typed
    events.add_event(
        session=session,
        community_id=desk.here.id,
        held_on=held_on,
        kind=kind,
        attended_n=attended,
        by=desk.account.actor,
        at=desk.now,
    )
    return desk.go(
        desk.at("/kegiatan"),
        say=N_("Noted: %(what)s on %(day)s."),
        values={"what": desk.text(NAMES[kind]), "day": desk.date(held_on)},
    )


@router.post("/pernah")
@asks(Permission.EVENT_EDIT)
def ever_attended(desk: AtDesk, form: Form, session: WriteSession) -> Response:
    """Note how many different members came at least once; an empty field takes it back."""
    typed, number = form.text("orang"), form.text("gelombang")
    waves = {str(one.number): one for one in events.not_published(session, desk.here.id)}
    faults = {}
    if number not in waves:
        faults["gelombang"] = desk.text(N_("Choose a wave whose card is not published yet."))
    people = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 7 else None
    most = waves[number].eligible_n if number in waves else None
    if (typed and people is None) or (people is not None and people > (most or MOST_ATTENDED)):
        faults["orang"] = desk.text(
            N_("Enter how many different members came: a whole number, at most all there are.")
        )
    if faults:
        return _log_page(desk, session, {"orang": typed, "gelombang": number}, faults)
    events.note_ever_attended(
        session=session,
        community_id=desk.here.id,
        number=int(number),
        people=people,
        by=desk.account.actor,
        at=desk.now,
    )
    return desk.go(desk.at("/kegiatan"), say=N_("Saved."))


@router.get("/{event:int}")
@asks(Permission.EVENT_EDIT)
def event_page(desk: AtDesk, session: ReadSession, event: int) -> Response:
    """One meeting, to correct or remove."""
    found = events.find(session, community_id=desk.here.id, event_id=event)
    fields = {
        "hari": found.held_on.isoformat(),
        "jenis": found.kind,
        "hadir": str(found.attended_n),
        "dilihat": events.fingerprint(found),
    }
    return desk.page("waves/event.html", event=event, fields=fields, kinds=_kinds(desk), faults={})


@router.post("/{event:int}")
@asks(Permission.EVENT_EDIT)
def change(desk: AtDesk, form: Form, session: WriteSession, event: int) -> Response:
    """Correct a meeting; what somebody else stored meanwhile is shown beside it (409)."""
    typed, fields, faults = _read(desk, form)
    if typed is None:
        return desk.page(
            "waves/event.html", event=event, fields=fields, kinds=_kinds(desk), faults=faults
        )
    held_on, kind, attended = typed
    try:
        events.change_event(
            session=session,
            community_id=desk.here.id,
            event_id=event,
            held_on=held_on,
            kind=kind,
            attended_n=attended,
            seen=fields["dilihat"],
            by=desk.account.actor,
            at=desk.now,
        )
    except EventChanged as error:
        found = events.find(session, community_id=desk.here.id, event_id=event)
        return desk.page(
            "waves/event-changed.html",
            status=error.status,
            event=found,
            fields=fields,
            names=NAMES,
            held_on=held_on,
            seen=events.fingerprint(found),
        )
    return desk.go(desk.at("/kegiatan"), say=N_("Saved."))


@router.post("/{event:int}/hapus")
@asks(Permission.EVENT_EDIT)
def remove(desk: AtDesk, session: WriteSession, event: int) -> Response:
    """Take a meeting out of the log; the next page offers to bring it back."""
    gone = events.remove_event(
        session=session,
        community_id=desk.here.id,
        event_id=event,
        by=desk.account.actor,
        at=desk.now,
    )
    again = {
        "hari": gone.held_on.isoformat(),
        "jenis": gone.kind,
        "hadir": str(gone.attended_n),
    }
    return desk.go(
        desk.at("/kegiatan"),
        say=N_("The meeting of %(day)s is removed."),
        values={"day": desk.date(gone.held_on)},
        undo=Undo(desk.at("/kegiatan"), again),
    )


def _read(desk: Desk, form: Posted) -> tuple[Typed | None, dict[str, str], dict[str, str]]:
    """The meeting, the fields as typed, and what is wrong with them."""
    fields = {name: form.text(name) for name in ("hari", "jenis", "hadir", "dilihat")}
    faults = {}
    try:
        held_on = date.fromisoformat(fields["hari"])
    except ValueError:
        held_on = date.min
    if not date(2000, 1, 1) <= held_on <= desk.today:
        faults["hari"] = desk.text(N_("Enter a day that has been, like 2026-11-07."))
    if fields["jenis"] not in KINDS:
        faults["jenis"] = desk.text(N_("Choose what kind of meeting it was."))
    typed = fields["hadir"]
    attended = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 7 else -1
    if not 0 <= attended <= MOST_ATTENDED:
        faults["hadir"] = desk.text(N_("Enter how many came: a whole number."))
    if faults:
        return None, fields, faults
    return (held_on, cast("EventKind", fields["jenis"]), attended), fields, faults


def _log_page(
    desk: Desk, session: ReadSession, fields: dict[str, str], faults: dict[str, str]
) -> Response:
    return desk.page(
        "waves/events.html",
        events=events.all_of(session, desk.here.id),
        names=NAMES,
        kinds=_kinds(desk),
        waves=events.not_published(session, desk.here.id),
        fields={"hari": "", "jenis": "", "hadir": "", "orang": "", "gelombang": "", **fields},
        faults=faults,
    )


def _kinds(desk: Desk) -> list[tuple[str, str]]:
    return [(kind, desk.text(name)) for kind, name in NAMES.items()]
