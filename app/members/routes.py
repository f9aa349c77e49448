"""Pages of the roster: who is a member. Nothing here knows who answered."""

from __future__ import annotations

from typing import cast, get_args

from fastapi import Request
from fastapi.responses import Response

from app.auth import Permission, asks, staff_router
from app.db import ReadSession, WriteSession
from app.desk import AtDesk, Desk, Form, Posted, Undo
from app.members import importing, phones, roster, service
from app.members.errors import ChangedMeanwhile
from app.members.phone_book import PhoneBook
from app.members.roster import Which
from app.members.roster_file import LONGEST_NAME, parse, same_name, tidy
from app.members.upload import Upload
from app.members.words import FAULTS
from app.pages import N_

router = staff_router("/k/{community}/anggota")
SHOWN_FAULTS = 100
"""Faults listed on a preview; a file with more of them has one cause."""


@router.get("")
@asks(Permission.ROSTER_EDIT)
def roster_page(desk: AtDesk, session: ReadSession, request: Request) -> Response:
    """The roster, by name; ``?cari=`` searches, ``?yang=`` filters, ``?hal=`` pages."""
    query = request.query_params
    which = cast("Which", query.get("yang") if query.get("yang") in get_args(Which) else "members")
    search = query.get("cari", "")[:60].strip()
    page = query.get("hal", "")
    here = desk.here.id
    shown = roster.look(
        session,
        community_id=here,
        phones=_phones(desk),
        today=desk.today,
        search=search,
        which=which,
        page=int(page) if page.isdecimal() and len(page) < 6 else 1,
    )
    counts = roster.counts(session, community_id=here, today=desk.today)
    return desk.page(
        "members/roster.html",
        shown=shown,
        counts=counts,
        search=search,
        which=which,
        phone=phones.show,
    )


@router.get("/baru")
@asks(Permission.ROSTER_EDIT)
def new_page(desk: AtDesk) -> Response:
    """The form for one person."""
    return desk.page("members/new.html", name="", phone="", faults={}, same="")


@router.post("/baru")
@asks(Permission.ROSTER_EDIT)
def add(desk: AtDesk, form: Form, session: WriteSession) -> Response:
    """Put one person on the roster; a name that is there already is asked about once."""
    name, phone, faults = _typed(desk, session, form)
    same = ""
    if not faults and form.text("sama") != same_name(name):
        found = roster.look(
            session,
            community_id=desk.here.id,
            phones=_phones(desk),
            today=desk.today,
            search=name,
        )
        same = next((p.name for p in found.people if same_name(p.name) == same_name(name)), "")
    if faults or same:
        return desk.page(
            "members/new.html",
            status=200 if faults else 409,
            name=name,
            phone=form.text("telepon"),
            faults=faults,
            same=same,
            sameness=same_name(name),
        )
    person = service.add_participant(
        session=session,
        community_id=desk.here.id,
        display_name=name,
        phone=phone,
        phones=_phones(desk),
        joined_on=desk.today,
        by=desk.account.actor,
        at=desk.now,
    )
    return desk.go(
        desk.at(f"/anggota/{person.id}"),
        say=N_("%(name)s is on the roster."),
        values={"name": name},
    )


@router.get("/impor")
@asks(Permission.ROSTER_EDIT)
def import_page(desk: AtDesk) -> Response:
    """Choose a file; how it has to look."""
    return desk.page("members/import.html", faults={})


@router.post("/impor")
@asks(Permission.ROSTER_EDIT)
def import_preview(desk: AtDesk, content: Upload, session: ReadSession) -> Response:
    """What the file would do, line by line; changes nothing."""
    file = parse(content)
    told = [
        (fault.line, desk.text(FAULTS[fault.kind], value=fault.value, other=fault.other))
        for fault in file.faults[:SHOWN_FAULTS]
    ]
    if file.unusable is not None:
        return desk.page("members/import.html", faults={"berkas": told[0][1]})
    preview = importing.preview(
        session=session,
        community_id=desk.here.id,
        file=file,
        phones=_phones(desk),
        at=desk.now,
    )
    return desk.page(
        "members/import-preview.html",
        file=file,
        preview=preview,
        told=told,
        more=len(file.faults) - len(told),
        state=_seal(desk).pack(preview),
        phone=phones.show,
    )


@router.post("/impor/pakai")
@asks(Permission.ROSTER_EDIT)
def import_apply(desk: AtDesk, form: Form, session: WriteSession) -> Response:
    """Take the previewed people in, all or nobody, once."""
    applied = importing.apply(
        session=session,
        community_id=desk.here.id,
        preview=_seal(desk).unpack(form.text("pratinjau"), at=desk.now),
        with_namesakes=bool(form.text("sama")),
        phones=_phones(desk),
        joined_on=desk.today,
        by=desk.account.actor,
        at=desk.now,
    )
    say = N_("%(added)s people were added. Next: give them their codes.")
    if applied.repeated:
        say = N_("This file had been taken in before; nobody was added twice.")
    elif applied.left_out:
        say = N_("%(added)s people were added; %(left_out)s had come to the roster meanwhile.")
    values = {"added": applied.added, "left_out": applied.left_out}
    return desk.go(desk.at("/anggota"), say=say, values=values)


@router.get("/{participant:int}")
@asks(Permission.ROSTER_EDIT)
def person_page(desk: AtDesk, session: ReadSession, participant: int) -> Response:
    """One person: name, phone, code, leaving."""
    person = _find(desk, session, participant)
    typed = (person.name, phones.show(person.phone) if person.phone else "")
    return _person_page(desk, person, typed, person.fingerprint, {})


@router.post("/{participant:int}")
@asks(Permission.ROSTER_EDIT)
def change(desk: AtDesk, form: Form, session: WriteSession, participant: int) -> Response:
    """Correct name and phone; what somebody else stored meanwhile is shown beside it (409)."""
    name, phone, faults = _typed(desk, session, form, but=participant)
    typed, seen = (name, form.text("telepon")), form.text("dilihat")
    if faults:
        return _person_page(desk, _find(desk, session, participant), typed, seen, faults)
    try:
        service.change_participant(
            session=session,
            community_id=desk.here.id,
            participant_id=participant,
            display_name=name,
            phone=phone,
            seen=seen,
            phones=_phones(desk),
            by=desk.account.actor,
            at=desk.now,
        )
    except ChangedMeanwhile as error:
        return desk.page(
            "members/changed.html",
            status=error.status,
            person=_find(desk, session, participant),
            name=name,
            phone=form.text("telepon"),
            shown=phones.show,
        )
    return desk.go(desk.at(f"/anggota/{participant}"), say=N_("Saved."))


@router.post("/{participant:int}/keluar")
@asks(Permission.ROSTER_EDIT)
def leave(desk: AtDesk, session: WriteSession, participant: int) -> Response:
    """Note that somebody left today; the next page offers to take it back."""
    person = service.mark_left(
        session=session,
        community_id=desk.here.id,
        participant_id=participant,
        left_on=desk.today,
        by=desk.account.actor,
        at=desk.now,
    )
    return desk.go(
        desk.at("/anggota"),
        say=N_("%(name)s has left. Their code opens nothing from today on."),
        values={"name": person.display_name},
        undo=Undo(desk.at(f"/anggota/{participant}/kembali"), {}),
    )


@router.post("/{participant:int}/kembali")
@asks(Permission.ROSTER_EDIT)
def come_back(desk: AtDesk, session: WriteSession, participant: int) -> Response:
    """Take the leaving back."""
    person = service.take_back_leaving(
        session=session,
        community_id=desk.here.id,
        participant_id=participant,
        by=desk.account.actor,
        at=desk.now,
    )
    return desk.go(
        desk.at(f"/anggota/{participant}"),
        say=N_("%(name)s is a member again, with the code they had."),
        values={"name": person.display_name},
    )


def _typed(
    desk: Desk, session: ReadSession, form: Posted, but: int | None = None
) -> tuple[str, str | None, dict[str, str]]:
    """Name, phone and what is wrong with them."""
    name, typed = tidy(form.text("nama")), form.text("telepon")
    phone = phones.normalise(typed) if typed else None
    faults = {}
    if not name:
        faults["nama"] = desk.text(N_("Enter a name."))
    elif len(name) > LONGEST_NAME:
        faults["nama"] = desk.text(N_("The name is longer than 120 characters."))
    if typed and phone is None:
        faults["telepon"] = desk.text(FAULTS["no_phone_number"], value=typed[:40])
    if phone is not None:
        taken = roster.with_phone(
            session, community_id=desk.here.id, phone=phone, phones=_phones(desk), but=but
        )
        if taken is not None:
            faults["telepon"] = desk.text(
                N_("%(name)s has this phone already."), name=taken.display_name
            )
    return name, phone, faults


def _person_page(
    desk: Desk,
    person: roster.Person,
    typed: tuple[str, str],
    seen: str,
    faults: dict[str, str],
) -> Response:
    name, phone = typed
    return desk.page(
        "members/person.html",
        person=person,
        name=name,
        phone=phone,
        seen=seen,
        faults=faults,
        is_member=person.left_on is None or person.left_on > desk.today,
    )


def _find(desk: Desk, session: ReadSession, participant: int) -> roster.Person:
    return roster.find(
        session, community_id=desk.here.id, participant_id=participant, phones=_phones(desk)
    )


def _phones(desk: Desk) -> PhoneBook:
    return PhoneBook(desk.settings)


def _seal(desk: Desk) -> importing.PreviewSeal:
    key = desk.settings.key("identity_key")
    return importing.PreviewSeal(key, community_id=desk.here.id, actor=desk.account.actor)
