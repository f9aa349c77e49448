"""Pages of running a wave: the list, how it goes, open, extend, close, remind."""

from __future__ import annotations

from fastapi.responses import Response

from app.auth import Permission, asks, staff_router
from app.db import ReadSession, WriteSession
from app.desk import AtDesk, Desk, Form
from app.pages import N_
from app.tables import Wave
from app.waves import planning, service, sharing
from app.waves.contexts import (
    CLOSE,
    STATES,
    instrument_of,
    missing_words,
    name_of,
    row_of,
    unsure,
)
from app.waves.errors import NotReadyToOpen
from app.waves.forms import moment_from
from app.waves.plan_routes import roster_n
from app.waves.rates import Rate, rates

router = staff_router("/k/{community}/gelombang")


@router.get("")
@asks(Permission.WAVE_RATE)
def list_page(desk: AtDesk, session: ReadSession) -> Response:
    """Every wave with its rate: numbers, never names."""
    waves = planning.all_of(session, desk.here.id)
    counted = rates(session, desk.here.id, [wave.id or 0 for wave in waves])
    rows = [row_of(desk, wave, counted[wave.id or 0]) for wave in waves]
    return desk.page(
        "waves/list.html", rows=rows, states=STATES, may_edit=desk.may(Permission.WAVE_EDIT)
    )


@router.get("/{number:int}")
@asks(Permission.WAVE_RATE)
def wave_page(desk: AtDesk, session: ReadSession, number: int) -> Response:
    """One wave: its rate, its reminder, what is locked, what is missing."""
    wave = _find(desk, session, number)
    instrument = instrument_of(wave)
    scales = {scale.code: scale.public_name.in_(desk.language) for scale in instrument.scales}
    modules = {one.code: one.name.in_(desk.language) for one in instrument.modules}
    return desk.page(
        "waves/wave.html",
        row=row_of(desk, wave, _rate(desk, session, wave)),
        states=STATES,
        instrument=instrument.title.in_(desk.language),
        items=len(instrument.form(wave.form).items),
        aimed=[scales[code] for code in wave.plan.get("aimed", ())],
        modules=[modules[code] for code in wave.modules],
        missing=missing_words(desk, instrument, *planning.missing(wave)),
        may_edit=desk.may(Permission.WAVE_EDIT),
        may_run=desk.may(Permission.WAVE_RUN),
        reminders=sharing.reminders(session, wave),
        texts=sharing.texts(desk, wave, sharing.REMIND),
        left=_days_left(desk, wave),
    )


@router.get("/{number:int}/buka")
@asks(Permission.WAVE_RUN)
def open_page(desk: AtDesk, session: ReadSession, number: int) -> Response:
    """What opening locks, before it does."""
    return _open_page(desk, session, _find(desk, session, number))


@router.post("/{number:int}/buka")
@asks(Permission.WAVE_RUN)
def open_(desk: AtDesk, form: Form, session: WriteSession, number: int) -> Response:
    """Open the plan as it was shown; one that changed meanwhile is shown first (409)."""
    wave = _find(desk, session, number)
    if planning.fingerprint(wave) != form.text("dilihat"):
        return _open_page(desk, session, wave, changed=True)
    try:
        service.open_wave(session=session, wave_id=wave.id or 0, by=desk.account.actor, at=desk.now)
    except NotReadyToOpen:
        return _open_page(desk, session, wave)
    return desk.go(
        desk.at(f"/gelombang/{number}/bagikan"),
        say=N_("%(name)s is open. Share its link now."),
        values={"name": name_of(desk, wave)},
    )


@router.get("/{number:int}/tutup")
@asks(Permission.WAVE_RUN)
def close_page(desk: AtDesk, session: ReadSession, number: int) -> Response:
    """What closing does, and a word to type."""
    return _close_page(desk, session, _find(desk, session, number), {})


@router.post("/{number:int}/tutup")
@asks(Permission.WAVE_RUN)
def close(desk: AtDesk, form: Form, session: WriteSession, number: int) -> Response:
    """End the asking now; answers saved before count."""
    wave = _find(desk, session, number)
    faults = unsure(desk, form, CLOSE)
    if faults:
        return _close_page(desk, session, wave, faults)
    service.close_wave(session=session, wave_id=wave.id or 0, by=desk.account.actor, at=desk.now)
    return desk.go(
        desk.at(f"/gelombang/{number}"),
        say=N_("%(name)s is closed. Answers saved before now count, sent or not."),
        values={"name": name_of(desk, wave)},
    )


@router.get("/{number:int}/perpanjang")
@asks(Permission.WAVE_RUN)
def extend_page(desk: AtDesk, session: ReadSession, number: int) -> Response:
    """A new closing time, for an open wave or one that closed too early."""
    return _extend_page(desk, _find(desk, session, number), "", {})


@router.post("/{number:int}/perpanjang")
@asks(Permission.WAVE_RUN)
def extend(desk: AtDesk, form: Form, session: WriteSession, number: int) -> Response:
    """Set the new closing time; a closed wave opens again."""
    wave = _find(desk, session, number)
    typed = form.text("tutup")
    until = moment_from(typed, desk.zone)
    if until is None or until <= desk.now:
        message = N_("Enter a day and a time that are still to come, like 2026-11-30 21:00.")
        return _extend_page(desk, wave, typed, {"tutup": desk.text(message)})
    service.extend_wave(
        session=session, wave_id=wave.id or 0, closes_at=until, by=desk.account.actor, at=desk.now
    )
    return desk.go(
        desk.at(f"/gelombang/{number}"),
        say=N_("%(name)s is open until %(moment)s."),
        values={"name": name_of(desk, wave), "moment": desk.moment(until)},
    )


@router.post("/{number:int}/pengingat")
@asks(Permission.WAVE_RUN)
def reminded(desk: AtDesk, session: WriteSession, number: int) -> Response:
    """Note that the reminder went to everybody."""
    wave = _find(desk, session, number)
    sharing.note_reminder(session=session, wave=wave, by=desk.account.actor, at=desk.now)
    return desk.go(desk.at(f"/gelombang/{number}"), say=N_("Noted: everybody was reminded."))


def _find(desk: Desk, session: ReadSession, number: int) -> Wave:
    return planning.find(session, community_id=desk.here.id, number=number)


def _rate(desk: Desk, session: ReadSession, wave: Wave) -> Rate:
    return rates(session, desk.here.id, [wave.id or 0])[wave.id or 0]


def _days_left(desk: Desk, wave: Wave) -> int | None:
    """Calendar days until the close, in the community's zone; None where none is ahead."""
    if wave.state != "open" or wave.closes_at is None or wave.closes_at <= desk.now:
        return None
    return (wave.closes_at.astimezone(desk.zone).date() - desk.today).days


def _open_page(desk: Desk, session: ReadSession, wave: Wave, *, changed: bool = False) -> Response:
    missing = missing_words(desk, instrument_of(wave), *planning.missing(wave))
    instrument = instrument_of(wave)
    scales = {scale.code: scale.public_name.in_(desk.language) for scale in instrument.scales}
    return desk.page(
        "waves/open.html",
        status=409 if changed or missing else 200,
        wave=wave,
        name=name_of(desk, wave),
        missing=missing,
        changed=changed,
        seen=planning.fingerprint(wave),
        roster=roster_n(desk, session),
        instrument=instrument.title.in_(desk.language),
        items=len(instrument.form(wave.form).items),
        aimed=[scales[code] for code in wave.plan.get("aimed", ())],
        consent=planning.filled_text(wave, desk.language),
    )


def _close_page(desk: Desk, session: ReadSession, wave: Wave, faults: dict[str, str]) -> Response:
    return desk.page(
        "waves/close.html",
        row=row_of(desk, wave, _rate(desk, session, wave)),
        word=CLOSE[desk.language],
        left=_days_left(desk, wave),
        faults=faults,
    )


def _extend_page(desk: Desk, wave: Wave, typed: str, faults: dict[str, str]) -> Response:
    return desk.page(
        "waves/extend.html", wave=wave, name=name_of(desk, wave), typed=typed, faults=faults
    )
