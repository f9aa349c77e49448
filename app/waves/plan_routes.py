"""Pages of a wave before it opens: plan, trial, drop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fastapi.responses import Response

from app.auth import Permission, asks, staff_router
from app.db import ReadSession, WriteSession
from app.desk import AtDesk, Desk, Form
from app.pages import N_
from app.tables import Wave
from app.waves import planning, service
from app.waves.contexts import (
    DROP,
    differences,
    instrument_of,
    name_of,
    unsure,
    word_rows,
)
from app.waves.errors import PlanChanged
from app.waves.forms import PlanForm, fields_of, read_plan
from instrument import registry

router = staff_router("/k/{community}/gelombang")


@router.get("/baru")
@asks(Permission.WAVE_EDIT)
def new_page(desk: AtDesk) -> Response:
    """Which questionnaire, in which form."""
    return desk.page("waves/new.html", versions=_versions(desk), faults={})


@router.post("/baru")
@asks(Permission.WAVE_EDIT)
def create(desk: AtDesk, form: Form, session: WriteSession) -> Response:
    """Begin a plan; the community's name stands in its consent text already."""
    chosen = form.text("kuesioner")
    if chosen not in {value for value, _ in _versions(desk)}:
        faults = {"kuesioner": desk.text(N_("Choose one of them."))}
        return desk.page("waves/new.html", versions=_versions(desk), faults=faults)
    key, version, kind = chosen.split("/")
    instrument = registry.find(key, version)
    wave = service.create_wave(
        session=session,
        community_id=desk.here.id,
        instrument=instrument,
        form="pulse" if kind == "pulse" else "full",
        eligible_n=roster_n(desk, session),
        by=desk.account.actor,
        at=desk.now,
    )
    start = planning.plan_of(wave)
    named = {"id": {"komunitas": desk.here.name}, "en": {"community": desk.here.name}}
    planning.change_plan(
        session=session,
        wave_id=wave.id or 0,
        plan=planning.with_words(start, named),
        seen=planning.fingerprint(wave),
        by=desk.account.actor,
        at=desk.now,
    )
    return desk.go(
        desk.at(f"/gelombang/{wave.number}/rencana"),
        say=N_("The plan is begun. Nothing is asked before you open it."),
    )


@router.get("/{number:int}/rencana")
@asks(Permission.WAVE_EDIT)
def plan_page(desk: AtDesk, session: ReadSession, number: int) -> Response:
    """The plan's form."""
    wave = planning.find(session, community_id=desk.here.id, number=number)
    plan = planning.plan_of(wave)
    return _plan_page(
        desk,
        session,
        wave,
        fields_of(plan, instrument_of(wave), desk.zone),
        plan.modules,
        plan.aimed,
        planning.fingerprint(wave),
        {},
    )


@router.post("/{number:int}/rencana")
@asks(Permission.WAVE_EDIT)
def change(desk: AtDesk, form: Form, session: WriteSession, number: int) -> Response:
    """Store the plan; what somebody else stored meanwhile is shown beside it (409)."""
    wave = planning.find(session, community_id=desk.here.id, number=number)
    instrument = instrument_of(wave)
    typed = read_plan(form, instrument, desk.zone, desk.text)
    seen = form.text("dilihat")
    if typed.plan is None:
        return _plan_page(
            desk, session, wave, typed.fields, typed.modules, typed.aimed, seen, typed.faults
        )
    try:
        wave = planning.change_plan(
            session=session,
            wave_id=wave.id or 0,
            plan=typed.plan,
            seen=seen,
            by=desk.account.actor,
            at=desk.now,
        )
    except PlanChanged as error:
        return _changed_page(desk, wave, typed, error.status)
    fields, brackets = planning.missing(wave)
    say = N_("Saved. The plan is complete: it may open.")
    if fields or brackets:
        say = N_("Saved. Still missing: %(count)s.")
    return desk.go(
        desk.at(f"/gelombang/{number}"), say=say, values={"count": len(fields) + len(brackets)}
    )


@router.post("/{number:int}/percobaan")
@asks(Permission.WAVE_EDIT)
def start_test(desk: AtDesk, session: WriteSession, number: int) -> Response:
    """Let the community's link lead to this plan for a while."""
    wave = planning.find(session, community_id=desk.here.id, number=number)
    planning.start_test(session=session, wave_id=wave.id or 0, by=desk.account.actor, at=desk.now)
    return desk.go(
        desk.at(f"/gelombang/{number}"),
        say=N_("The trial is on: the community's link leads to it. Nothing answered now counts."),
    )


@router.post("/{number:int}/percobaan/selesai")
@asks(Permission.WAVE_EDIT)
def stop_test(desk: AtDesk, session: WriteSession, number: int) -> Response:
    """End the trial; what was answered in it is deleted."""
    wave = planning.find(session, community_id=desk.here.id, number=number)
    planning.stop_test(session=session, wave_id=wave.id or 0, by=desk.account.actor, at=desk.now)
    return desk.go(
        desk.at(f"/gelombang/{number}"),
        say=N_("The trial is over; what was answered in it is deleted."),
    )


@router.get("/{number:int}/hapus")
@asks(Permission.WAVE_EDIT)
def discard_page(desk: AtDesk, session: ReadSession, number: int) -> Response:
    """Ask before a plan goes."""
    wave = planning.find(session, community_id=desk.here.id, number=number)
    return desk.page(
        "waves/discard.html", wave=wave, name=name_of(desk, wave), word=DROP, faults={}
    )


@router.post("/{number:int}/hapus")
@asks(Permission.WAVE_EDIT)
def discard(desk: AtDesk, form: Form, session: WriteSession, number: int) -> Response:
    """Drop a plan that was never opened."""
    wave = planning.find(session, community_id=desk.here.id, number=number)
    name = name_of(desk, wave)
    faults = unsure(desk, form, DROP)
    if faults:
        return desk.page("waves/discard.html", wave=wave, name=name, word=DROP, faults=faults)
    planning.discard_wave(session=session, wave_id=wave.id or 0, by=desk.account.actor, at=desk.now)
    return desk.go(
        desk.at("/gelombang"), say=N_("The plan of %(name)s is dropped."), values={"name": name}
    )


def _versions(desk: Desk) -> list[tuple[str, str]]:
    """Every form of every published version that has a consent page, the newest first."""
    found = []
    for key, version in sorted(
        registry.published(), key=lambda one: (one[0], registry.version_order(one[1])), reverse=True
    ):
        instrument = registry.find(key, version)
        if instrument.consent is None:
            continue  # without a consent page nobody may be asked
        title = instrument.title.in_(desk.language)
        for form in instrument.forms:
            words = desk.text(
                N_("%(title)s %(version)s: %(form)s, %(n)s items"),
                title=title,
                version=version,
                form=form.name.in_(desk.language),
                n=len(form.items),
            )
            found.append((f"{key}/{version}/{form.code}", words))
    return found


def roster_n(desk: Desk, session: ReadSession) -> int | None:
    """What the roster suggests for N; None where it is empty or was removed."""
    if not desk.request.app.state.database.has_identity():
        return None
    return planning.members_of(session, desk.here.id, desk.today) or None


def _plan_page(
    desk: Desk,
    session: ReadSession,
    wave: Wave,
    fields: Mapping[str, str],
    modules: Sequence[str],
    aimed: Sequence[str],
    seen: str,
    faults: Mapping[str, str],
) -> Response:
    instrument = instrument_of(wave)
    language = desk.language
    return desk.page(
        "waves/plan.html",
        wave=wave,
        name=name_of(desk, wave),
        locked=wave.state != "draft",
        fields=fields,
        seen=seen,
        words=word_rows(desk, instrument),
        modules=[(m.code, m.name.in_(language)) for m in instrument.modules],
        chosen_modules=modules,
        scales=[(s.code, s.public_name.in_(language)) for s in instrument.scales],
        aimed=aimed,
        suggested=roster_n(desk, session),
        consent=planning.filled_text(wave, language),
        faults=dict(faults),
    )


def _changed_page(desk: Desk, wave: Wave, typed: PlanForm, status: int) -> Response:
    instrument = instrument_of(wave)
    plan = planning.plan_of(wave)
    stored = fields_of(plan, instrument, desk.zone)
    return desk.page(
        "waves/changed.html",
        status=status,
        wave=wave,
        rows=differences(desk, instrument, typed, stored, plan.modules, plan.aimed),
        typed=typed,
        seen=planning.fingerprint(wave),
    )
