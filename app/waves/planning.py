"""Verbs on a wave that is still a plan: change it, try it out, drop it. None commits."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import cast

from sqlalchemy import delete, or_
from sqlmodel import Session, col, func, select

from app.tables import DataVersion, Participant, Wave
from app.wave_reader import Access, UnknownWave
from app.waves import service
from app.waves.consent import fill_all, open_brackets
from app.waves.errors import OtherWaveOpen, PlanChanged, UnfitWave, WrongState
from instrument import registry
from instrument.model import LANGUAGES, Language

Words = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class WavePlan:
    """What may be changed of a wave until it opens."""

    access: Access
    eligible_n: int | None
    opens_at: datetime | None
    closes_at: datetime | None
    modules: tuple[str, ...]
    aimed: tuple[str, ...]
    floors: Mapping[str, int]
    words: Words
    """What stands in each [bracket] of the consent text, by language."""
    keep_until: date | None = None
    """The day the consent text promises, as a day; retention deletes by it."""


def plan_of(wave: Wave) -> WavePlan:
    """The plan as it is stored."""
    return WavePlan(
        access=cast("Access", wave.access),
        eligible_n=wave.eligible_n,
        opens_at=wave.opens_at,
        closes_at=wave.closes_at,
        modules=tuple(wave.modules),
        aimed=tuple(wave.plan.get("aimed", ())),
        floors=dict(wave.floors),
        words={language: dict(words) for language, words in (wave.consent_words or {}).items()},
        keep_until=wave.keep_until,
    )


def with_words(plan: WavePlan, words: Words) -> WavePlan:
    """The plan with these words in its [brackets], beside those it has."""
    merged: dict[str, Mapping[str, str]] = {
        language: {**plan.words.get(language, {}), **words.get(language, {})}
        for language in LANGUAGES
    }
    return replace(plan, words=merged)


def filled_text(wave: Wave, language: Language) -> list[str]:
    """The consent paragraphs as they stand, in one language."""
    return [paragraph[language] for paragraph in wave.consent]


def fingerprint(wave: Wave) -> str:
    """Changes with anything of the plan and with the state; a page carries what it showed."""
    plan = plan_of(wave)
    shown = [
        wave.state, wave.consent, plan.access, plan.eligible_n, str(plan.opens_at),
        str(plan.closes_at), sorted(plan.modules), sorted(plan.aimed), plan.floors, plan.words,
        str(plan.keep_until),
    ]  # fmt: skip
    text = json.dumps(shown, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def find(session: Session, *, community_id: int, number: int) -> Wave:
    """A community's wave by its number. Raises UnknownWave."""
    wave = session.exec(
        select(Wave).where(col(Wave.community_id) == community_id, col(Wave.number) == number)
    ).one_or_none()
    if wave is None:
        raise UnknownWave(str(number))
    return wave


def all_of(session: Session, community_id: int) -> list[Wave]:
    """Every wave of a community, the newest first."""
    return list(
        session.exec(
            select(Wave)
            .where(col(Wave.community_id) == community_id)
            .order_by(col(Wave.number).desc())
        )
    )


def members_of(session: Session, community_id: int, today: date) -> int:
    """How many members the roster has that day: what N should be."""
    return session.exec(
        select(func.count(col(Participant.id))).where(
            col(Participant.community_id) == community_id,
            or_(col(Participant.left_on).is_(None), col(Participant.left_on) > today),
        )
    ).one()


def missing(wave: Wave) -> tuple[list[str], list[str]]:
    """What keeps a plan from opening: fields without a value, [brackets] without words."""
    fields = [
        name for name in ("opens_at", "closes_at", "eligible_n") if getattr(wave, name) is None
    ]
    if not wave.consent:
        fields.append("consent")
    if service.lacks_day(wave):
        fields.append("keep_until")
    return fields, [] if wave.is_simulated else open_brackets(wave.consent)


def change_plan(
    *, session: Session, wave_id: int, plan: WavePlan, seen: str, by: str, at: datetime
) -> Wave:
    """Store a changed plan, which may still be incomplete.

    ``seen`` is `fingerprint` of what the page showed. Raises PlanChanged (somebody else was
    quicker), WrongState (not a draft any more), UnfitWave.
    """
    wave = service.locked(session, wave_id)
    _still_draft(wave)
    if fingerprint(wave) != seen:
        raise PlanChanged(str(wave_id))
    instrument = registry.find(wave.instrument_key, wave.version)
    service.check_plan(instrument, wave.form, plan.modules, plan.floors, plan.aimed)
    if plan.opens_at and plan.closes_at and plan.closes_at <= plan.opens_at:
        raise UnfitWave("it would close before it opens")
    before = plan_of(wave)
    wave.access, wave.eligible_n = plan.access, plan.eligible_n
    wave.opens_at, wave.closes_at = plan.opens_at, plan.closes_at
    wave.modules, wave.plan = list(plan.modules), {**wave.plan, "aimed": list(plan.aimed)}
    wave.floors = {**service.DEFAULT_FLOORS, **plan.floors}
    wave.consent_words = {language: dict(words) for language, words in plan.words.items()}
    wave.consent = fill_all(instrument, plan.words)
    wave.keep_until = plan.keep_until
    session.add(wave)
    session.flush()
    now = plan_of(wave)
    changed = [name for name in WavePlan.__slots__ if getattr(before, name) != getattr(now, name)]
    if changed:
        service.log(session, wave, "wave.change", by, at, changed=", ".join(changed))
    return wave


def start_test(*, session: Session, wave_id: int, by: str, at: datetime) -> Wave:
    """Let the community's link lead to this draft, for trying it out.

    What is answered counts nowhere and is deleted when the test stops or the wave opens.
    Raises WrongState, OtherWaveOpen (the link leads there).
    """
    wave = service.locked(session, wave_id)
    _still_draft(wave)
    taken = session.exec(
        select(Wave.id).where(
            col(Wave.community_id) == wave.community_id,
            or_(col(Wave.state) == "open", col(Wave.is_test)),
            col(Wave.id) != wave_id,
        )
    ).first()
    if taken is not None:
        raise OtherWaveOpen(f"wave {taken}")
    if not wave.is_test:
        wave.is_test = True
        session.add(wave)
        session.flush()
        service.log(session, wave, "wave.test", by, at)
    return wave


def stop_test(*, session: Session, wave_id: int, by: str, at: datetime) -> Wave:
    """End the trial and delete what was answered in it. Raises WrongState."""
    wave = service.locked(session, wave_id)
    _still_draft(wave)
    if wave.is_test:
        service.delete_test_rows(session, wave)
        wave.is_test = False
        session.add(wave)
        session.flush()
        service.log(session, wave, "wave.test_end", by, at)
    return wave


def discard_wave(*, session: Session, wave_id: int, by: str, at: datetime) -> int:
    """Drop a plan that was never opened; return its number. Raises WrongState."""
    wave = service.locked(session, wave_id)
    _still_draft(wave)
    service.delete_test_rows(session, wave)
    session.execute(
        delete(DataVersion).where(
            col(DataVersion.community_id) == wave.community_id, col(DataVersion.wave_id) == wave.id
        )
    )
    session.delete(wave)
    session.flush()
    service.log(session, wave, "wave.discard", by, at)
    return wave.number


def _still_draft(wave: Wave) -> None:
    if wave.state != "draft":
        raise WrongState(f"{wave.state}, only a draft can be changed")
