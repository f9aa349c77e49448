"""Pages on which a researcher judges open answers, one by one."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from fastapi.responses import HTMLResponse, Response

from app import open_texts
from app.auth import InCommunity, Permission, asks, staff_router
from app.db import ReadSession, WriteSession
from app.desk import AtDesk, Desk, Form, Undo
from app.open_texts import DECISIONS, Decision, TextGone, Texts
from app.pages import N_
from app.reports import service
from app.wave_reader import CommunityView, UnknownWave, WaveView, find_wave

router = staff_router("/k/{community}/teks")
AT_ONCE = 25
SAID = {
    "approve": N_("Approved as it is."),
    "redact": N_("Stored as redacted."),
    "hide": N_("Hidden; nobody will read it."),
}


def _wave(session: ReadSession, community: CommunityView, number: int) -> WaveView:
    wave = find_wave(session, f"{community.slug}-{number}")
    if wave.state not in service.CLOSED:
        raise UnknownWave(wave.name)
    return wave


def _texts(desk: Desk, session: ReadSession, wave: WaveView) -> Texts:
    state = desk.request.app.state
    return open_texts.texts_of(
        session,
        state.store,
        wave,
        service.installed(wave.instrument_key, wave.version, wave.digest),
        state.settings.key("secret_key"),
    )


@router.get("")
@asks(Permission.TEXT_MODERATE)
def waves(desk: AtDesk, community: InCommunity, session: ReadSession) -> HTMLResponse:
    """The closed waves, and how many texts of each wait for a decision."""
    shown = [
        (one, _texts(desk, session, _wave(session, community, one.number)))
        for one in service.closed_waves(session, [community.id])
    ]
    return desk.page("reports/texts.html", waves=shown)


@router.get("/{number}")
@asks(Permission.TEXT_MODERATE)
def texts(
    desk: AtDesk, community: InCommunity, session: ReadSession, number: int, hal: int = 1
) -> HTMLResponse:
    """The open answers of a wave, shuffled, without anything beside them."""
    return _page(desk, session, _wave(session, community, number), hal, {})


def _page(
    desk: Desk, session: ReadSession, wave: WaveView, number: int, faults: dict[str, str]
) -> HTMLResponse:
    found = _texts(desk, session, wave)
    last = max(1, -(-len(found.texts) // AT_ONCE))
    page = min(max(number, 1), last)
    definition = service.installed(wave.instrument_key, wave.version, wave.digest)
    return desk.page(
        "reports/moderate.html",
        wave=wave,
        found=found,
        shown=found.texts[(page - 1) * AT_ONCE : page * AT_ONCE],
        number=page,
        last=last,
        questions={
            one.code: one.text.in_(desk.language) for one in open_texts.open_questions(definition)
        },
        faults=faults,
    )


@router.post("/{number}")
@asks(Permission.TEXT_MODERATE)
def judge(
    desk: AtDesk, community: InCommunity, form: Form, session: WriteSession, number: int
) -> Response:
    """Approve, redact or hide one text."""
    wave = _wave(session, community, number)
    text, page = _id(form.text("teks")), form.text("hal")
    decision = form.text("keputusan")
    if decision not in DECISIONS:
        decision = "hide"  # a form that names no decision must not publish anything
    try:
        open_texts.decide(
            session=session,
            wave=wave,
            texts=_texts(desk, session, wave),
            text=text,
            decision=cast("Decision", decision),
            redacted=form.text("suntingan"),
            by=desk.account.actor,
            at=desk.now,
        )
    except open_texts.NothingLeft as error:
        faults = {f"s-{text}": error.title(desk.language)}
        return _page(desk, session, wave, int(page) if page.isdecimal() else 1, faults)
    back = desk.at(f"/teks/{number}")
    return desk.go(
        f"{back}?hal={page}" if page.isdecimal() else back,
        say=SAID[decision],
        undo=Undo(f"{back}/batal", {"teks": str(text), "hal": page}),
    )


@router.post("/{number}/batal")
@asks(Permission.TEXT_MODERATE)
def take_back(
    desk: AtDesk, community: InCommunity, form: Form, session: WriteSession, number: int
) -> Response:
    """Take a decision back."""
    wave = _wave(session, community, number)
    open_texts.undo(
        session=session, wave=wave, text=_id(form.text("teks")), by=desk.account.actor, at=desk.now
    )
    page = form.text("hal")
    back = desk.at(f"/teks/{number}")
    return desk.go(
        f"{back}?hal={page}" if page.isdecimal() else back,
        say=N_("The decision was taken back."),
    )


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise TextGone(text) from error
