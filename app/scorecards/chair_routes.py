"""The chair's pages: published cards, their files, the words for the group, commitments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import cast

from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

from app import published_cards
from app.auth import InCommunity, Permission, asks, staff_router
from app.db import ReadSession, WriteSession
from app.desk import AtDesk, Desk, Form, Link, Posted
from app.pages import N_
from app.published_cards import Published, UnknownCard
from app.scorecards import commitments, comparing, words
from app.scorecards.commitments import LONGEST_OWNER, LONGEST_TEXT, OPEN, STATES, Shown, State
from app.scorecards.errors import ThreeAreOpen
from app.scorecards.prepare_routes import send
from app.scorecards.publishing import FILES
from app.scorecards.view import view_of
from app.sharing import whatsapp
from app.wave_reader import CommunityView
from instrument.model import LANGUAGES, Language

router = staff_router("/k/{community}/kartu")
COMMITMENT_STATES: dict[State, str] = {
    "planned": N_("planned"),
    "running": N_("under way"),
    "done": N_("kept"),
    "dropped": N_("dropped"),
}
FILE_NAMES = {
    "kartu-id.pdf": N_("PDF to print, in Indonesian"),
    "kartu-en.pdf": N_("PDF to print, in English"),
    "gambar-id.png": N_("Picture for the group, in Indonesian"),
    "gambar-en.png": N_("Picture for the group, in English"),
}


@dataclass(frozen=True, slots=True)
class ShareText:
    """The message for the group in one language."""

    language: Language
    text: str
    href: str


@router.get("")
@asks(Permission.CARD_READ)
def cards(desk: AtDesk, community: InCommunity, session: ReadSession) -> HTMLResponse:
    """The published cards, the newest first."""
    found = published_cards.all_of(session, community.id)
    return desk.page(
        "scorecards/list.html",
        cards=[(one, one.card.who, words.verdict(one.card, desk.language)) for one in found],
        gone=published_cards.tombstones(session, community.id),
    )


@router.get("/banding")
@asks(Permission.CARD_READ)
def compare(desk: AtDesk, community: InCommunity, session: ReadSession) -> HTMLResponse:
    """All waves side by side, as their published cards have them."""
    found = published_cards.all_of(session, community.id)
    return desk.page("scorecards/compare.html", shown=comparing.of(found, desk.language))


@router.get("/{number:int}")
@asks(Permission.CARD_READ)
def card(desk: AtDesk, community: InCommunity, session: ReadSession, number: int) -> HTMLResponse:
    """One published card."""
    one = published_cards.find(session, community.id, number)
    base = desk.at(f"/kartu/{number}")
    there = published_cards.names(session, one.id)
    acts = [
        Link(desk.text(label), f"{base}/berkas/{name}")
        for name, label in FILE_NAMES.items()
        if name in there
    ]
    acts.append(Link(desk.text(N_("Words for the group")), f"{base}/bagikan"))
    if desk.may(Permission.CARD_LINK):
        acts.append(Link(desk.text(N_("Links to read it")), f"{base}/tautan"))
    if desk.may(Permission.COMMITMENT_EDIT):
        acts.append(Link(desk.text(N_("What we promise")), f"{base}/janji"))
    return desk.page(
        "scorecards/card.html",
        view=view_of(one.card, desk.language),
        acts=acts,
        past=[
            Link(
                desk.text(N_("Wave %(number)s"), number=other.number),
                desk.at(f"/kartu/{other.number}"),
                other.number == number,
            )
            for other in published_cards.all_of(session, community.id)
        ],
    )


@router.get("/{number:int}/berkas/{name}")
@asks(Permission.CARD_READ)
def file(
    desk: AtDesk, community: InCommunity, session: ReadSession, number: int, name: str
) -> Response:
    """PDF or picture, as published."""
    one = published_cards.find(session, community.id, number)
    if name not in FILES:
        raise UnknownCard(name)
    content = published_cards.content(session, one.id, name)
    return send(content, name, f"{community.slug}-{number}")


@router.get("/{number:int}/bagikan")
@asks(Permission.CARD_READ)
def share(desk: AtDesk, community: InCommunity, session: ReadSession, number: int) -> HTMLResponse:
    """The message for the group, in both languages, and the picture that goes with it."""
    one = published_cards.find(session, community.id, number)
    address = f"{desk.base_url}/s/{community.slug}/hasil"
    texts = []
    for language in LANGUAGES:
        text = words.share_text(
            one.card, language, address if language == "id" else f"{address}?lang=en"
        )
        texts.append(ShareText(language, text, whatsapp(text)))
    there = published_cards.names(session, one.id)
    return desk.page(
        "scorecards/share.html",
        number=number,
        texts=texts,
        pictures=[(name, FILE_NAMES[name]) for name in FILE_NAMES if name in there],
    )


@router.get("/{number:int}/janji")
@asks(Permission.COMMITMENT_EDIT)
def promises(
    desk: AtDesk, community: InCommunity, session: ReadSession, number: int
) -> HTMLResponse:
    """What was promised after this card, and a form for the next."""
    return _promises(desk, session, community, number, {}, {})


@router.post("/{number:int}/janji")
@asks(Permission.COMMITMENT_EDIT)
def promise(
    desk: AtDesk, community: InCommunity, form: Form, session: WriteSession, number: int
) -> Response:
    """Promise something."""
    one = published_cards.find(session, community.id, number)
    fields, due, faults = _read(desk, form, one)
    if not faults:
        try:
            commitments.add(
                session=session,
                card=one,
                scale=fields["skala"],
                text=fields["tindakan"],
                owner=fields["siapa"],
                due=due,
                by=desk.account.actor,
                at=desk.now,
            )
        except ThreeAreOpen as error:
            faults = {"tindakan": f"{error.title(desk.language)}. {error.hint(desk.language)}"}
    if faults:
        return _promises(desk, session, community, number, fields, faults)
    return desk.go(
        desk.at(f"/kartu/{number}/janji"),
        say=N_("Noted. Members read it on the page of results from now on."),
    )


@router.get("/{number:int}/janji/{commitment:int}")
@asks(Permission.COMMITMENT_EDIT)
def promise_page(
    desk: AtDesk, community: InCommunity, session: ReadSession, number: int, commitment: int
) -> HTMLResponse:
    """One commitment, to correct or to say how far it is."""
    one = published_cards.find(session, community.id, number)
    found = commitments.find(session, one.wave_id, commitment)
    return _promise_page(desk, one, found, _fields_of(found), {})


@router.post("/{number:int}/janji/{commitment:int}")
@asks(Permission.COMMITMENT_EDIT)
def change_promise(
    desk: AtDesk,
    community: InCommunity,
    form: Form,
    session: WriteSession,
    number: int,
    commitment: int,
) -> Response:
    """Correct it; where somebody else was quicker, both versions are shown (409)."""
    one = published_cards.find(session, community.id, number)
    found = commitments.find(session, one.wave_id, commitment)
    fields, due, faults = _read(desk, form, one)
    fields["keadaan"] = form.text("keadaan")
    if fields["keadaan"] not in STATES:
        faults["keadaan"] = desk.text(N_("Choose how far it is."))
    if not faults and form.text("dilihat") != found.fingerprint:
        return _promise_page(desk, one, found, fields, {}, other=True)
    if not faults:
        try:
            commitments.change(
                session=session,
                card=one,
                commitment_id=commitment,
                scale=fields["skala"],
                text=fields["tindakan"],
                owner=fields["siapa"],
                due=due,
                state=cast("State", fields["keadaan"]),
                by=desk.account.actor,
                at=desk.now,
            )
        except ThreeAreOpen as error:
            faults = {"keadaan": f"{error.title(desk.language)}. {error.hint(desk.language)}"}
    if faults:
        return _promise_page(desk, one, found, fields, faults)
    return desk.go(desk.at(f"/kartu/{number}/janji"), say=N_("Saved."))


def _promises(
    desk: Desk,
    session: Session,
    community: CommunityView,
    number: int,
    fields: dict[str, str],
    faults: dict[str, str],
) -> HTMLResponse:
    one = published_cards.find(session, community.id, number)
    made = commitments.shown(session, one.wave_id)
    return desk.page(
        "scorecards/commitments.html",
        number=number,
        made=made,
        room=sum(each.state in OPEN for each in made) < commitments.MOST_OPEN,
        names=_scales(one, desk.language),
        states=COMMITMENT_STATES,
        fields={"skala": "", "tindakan": "", "siapa": "", "sampai": "", **fields},
        longest=(LONGEST_TEXT, LONGEST_OWNER),
        faults=faults,
    )


def _promise_page(
    desk: Desk,
    one: Published,
    found: Shown,
    fields: dict[str, str],
    faults: dict[str, str],
    *,
    other: bool = False,
) -> HTMLResponse:
    return desk.page(
        "scorecards/commitment.html",
        status=409 if other else 200,
        number=one.number,
        found=found,
        fields=fields,
        names=_scales(one, desk.language),
        states=[(state, desk.text(label)) for state, label in COMMITMENT_STATES.items()],
        longest=(LONGEST_TEXT, LONGEST_OWNER),
        other=other,
        faults=faults,
    )


def _scales(one: Published, language: Language) -> dict[str, str]:
    return {scale.code: scale.name.in_(language) for scale in one.card.scales}


def _fields_of(found: Shown) -> dict[str, str]:
    return {
        "skala": found.scale,
        "tindakan": found.text,
        "siapa": found.owner,
        "sampai": found.due.isoformat(),
        "keadaan": found.state,
    }


def _read(desk: Desk, form: Posted, one: Published) -> tuple[dict[str, str], date, dict[str, str]]:
    """The fields as typed, the day, and what is wrong."""
    fields = {name: form.text(name) for name in ("skala", "tindakan", "siapa", "sampai")}
    faults = {}
    if fields["skala"] not in _scales(one, desk.language):
        faults["skala"] = desk.text(N_("Choose what it aims at."))
    if not 0 < len(fields["tindakan"]) <= LONGEST_TEXT:
        faults["tindakan"] = desk.text(
            N_("Say what you will do, in %(most)s characters at most."), most=LONGEST_TEXT
        )
    if not 0 < len(fields["siapa"]) <= LONGEST_OWNER:
        faults["siapa"] = desk.text(N_("Say who sees to it: a role, such as secretary."))
    due = date.min
    try:
        due = date.fromisoformat(fields["sampai"])
    except ValueError:
        faults["sampai"] = desk.text(N_("Enter a day, like 2026-11-30."))
    return fields, due, faults
