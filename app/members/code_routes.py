"""Pages of the codes: issue them, see them once, hand them out."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import Request
from fastapi.responses import Response

from app.auth import Permission, asks, staff_router
from app.codes import show
from app.db import ReadSession, WriteSession
from app.desk import NO_STORE, AtDesk, Desk, Form
from app.members import issuing, roster
from app.members.issuing import Issued
from app.members.phone_book import PhoneBook
from app.members.sheets import Slip, spreadsheet
from app.pages import N_
from app.sharing import qr_svg, whatsapp
from instrument.model import LANGUAGES

router = staff_router("/k/{community}")
ON_ONE_PAGE = 200
"""Slips or WhatsApp links on one page: 25 sheets of paper."""

TO_ONE = N_(
    "Hello %(name)s, here is your personal link for the survey of %(community)s: %(link)s\n"
    "It fills in your code. If the link does not work, open %(group)s and type %(code)s. "
    "Please keep both to yourself; they are good for every survey."
)
SCAN = N_("Scan this, or open %(address)s and type the code. It is good for every survey.")
OWN = N_("Yours alone: please do not lend it.")


@router.get("/kode")
@asks(Permission.CODE_ISSUE)
def codes_page(desk: AtDesk, session: ReadSession) -> Response:
    """How many members have no code yet, and the button that gives them one."""
    counts = roster.counts(session, community_id=desk.here.id, today=desk.today)
    return desk.page("members/codes.html", counts=counts)


@router.post("/kode")
@asks(Permission.CODE_ISSUE)
def issue(desk: AtDesk, session: WriteSession) -> Response:
    """Give everybody without a code one; the page shows the ways to hand them out."""
    issued = issuing.issue_missing(
        session=session,
        community_id=desk.here.id,
        key=desk.settings.key("code_key"),
        today=desk.today,
        by=desk.account.actor,
        at=desk.now,
    )
    if not issued:
        return desk.go(desk.at("/kode"), say=N_("Everybody has a code already."))
    return _issued_page(desk, issued)


@router.get("/anggota/{participant:int}/kode")
@asks(Permission.CODE_ISSUE)
def reissue_page(desk: AtDesk, session: ReadSession, participant: int) -> Response:
    """Ask before a new code replaces the one somebody has."""
    person = roster.find(
        session, community_id=desk.here.id, participant_id=participant, phones=_phones(desk)
    )
    return desk.page("members/reissue.html", person=person)


@router.post("/anggota/{participant:int}/kode")
@asks(Permission.CODE_ISSUE)
def reissue(desk: AtDesk, session: WriteSession, participant: int) -> Response:
    """Give one person a new code and link; the ones before open nothing any more."""
    issued = issuing.reissue(
        session=session,
        community_id=desk.here.id,
        participant_id=participant,
        key=desk.settings.key("code_key"),
        by=desk.account.actor,
        at=desk.now,
    )
    return _issued_page(desk, [issued])


@router.post("/kode/slip")
@asks(Permission.CODE_ISSUE)
def slips_page(desk: AtDesk, form: Form, session: ReadSession) -> Response:
    """Slips to print and cut, eight on a sheet of A4."""
    slips = _slips(desk, session, _part(desk, form.text("kode"), form.text("bagian")))
    words = {
        language: (_in(desk, language, SCAN, address=_group(desk)), _in(desk, language, OWN))
        for language in LANGUAGES
    }
    return desk.page(
        "members/slips.html", slips=[(slip, qr_svg(slip.link)) for slip in slips], words=words
    )


@router.post("/kode/wa")
@asks(Permission.CODE_ISSUE)
def whatsapp_page(desk: AtDesk, form: Form, session: ReadSession) -> Response:
    """One WhatsApp link a person, with the text already written."""
    slips = _slips(desk, session, _part(desk, form.text("kode"), form.text("bagian")))
    people = [(slip, whatsapp(_message(desk, slip), slip.phone)) for slip in slips]
    return desk.page("members/whatsapp.html", people=people)


@router.post("/kode/berkas")
@asks(Permission.CODE_ISSUE)
def code_file(desk: AtDesk, form: Form, session: ReadSession) -> Response:
    """The same as a spreadsheet."""
    slips = _slips(desk, session, _seal(desk).unpack(form.text("kode"), at=desk.now))
    content = spreadsheet(slips, desk.language, lambda slip: _message(desk, slip))
    name = f"kode-{desk.here.slug}.csv"
    headers = {**NO_STORE, "content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/kode/slip")
@router.get("/kode/wa")
@router.get("/kode/berkas")
@asks(Permission.CODE_ISSUE)
def shown_once(desk: AtDesk, request: Request) -> Response:
    """A reload of what is shown once: back to the codes, with the reason."""
    say = N_("Codes are shown once only. For those who lost theirs, issue a new one.")
    return desk.go(desk.at("/kode"), say=say)


def _issued_page(desk: Desk, issued: Sequence[Issued]) -> Response:
    parts = -(-len(issued) // ON_ONE_PAGE)
    return desk.page(
        "members/codes-issued.html",
        count=len(issued),
        state=_seal(desk).pack(issued, at=desk.now),
        pages_of=[
            (number, (number - 1) * ON_ONE_PAGE + 1, min(number * ON_ONE_PAGE, len(issued)))
            for number in range(1, parts + 1)
        ],
        one=show(issued[0].code) if len(issued) == 1 else "",
        link=_link(desk, issued[0].token) if len(issued) == 1 else "",
    )


def _part(desk: Desk, state: str, part: str) -> list[Issued]:
    issued = _seal(desk).unpack(state, at=desk.now)
    number = int(part) if part.isdecimal() and len(part) < 4 else 1
    return issued[(number - 1) * ON_ONE_PAGE : number * ON_ONE_PAGE]


def _slips(desk: Desk, session: ReadSession, issued: Sequence[Issued]) -> list[Slip]:
    """What each of these people gets; who was removed meanwhile is left out."""
    people = roster.people(
        session,
        community_id=desk.here.id,
        ids=[one.participant_id for one in issued],
        phones=_phones(desk),
    )
    return [
        Slip(person.name, person.phone, show(one.code), _group(desk), _link(desk, one.token))
        for one in issued
        if (person := people.get(one.participant_id)) is not None
    ]


def _message(desk: Desk, slip: Slip) -> str:
    """What WhatsApp is opened with, in the community's own language."""
    return _in(
        desk,
        desk.here.locale,
        TO_ONE,
        name=slip.name,
        community=desk.here.name,
        link=slip.link,
        group=slip.group_link,
        code=slip.code,
    )


def _in(desk: Desk, language: str, message: str, **values: str) -> str:
    return desk.text_in("en" if language == "en" else "id", message, **values)


def _group(desk: Desk) -> str:
    return f"{desk.base_url}/s/{desk.here.slug}"


def _link(desk: Desk, token: str) -> str:
    return f"{desk.base_url}/u/{token}"


def _phones(desk: Desk) -> PhoneBook:
    return PhoneBook(desk.settings)


def _seal(desk: Desk) -> issuing.CodeSeal:
    return issuing.CodeSeal(
        desk.settings.key("code_key"), community_id=desk.here.id, actor=desk.account.actor
    )
