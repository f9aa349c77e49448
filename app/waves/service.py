"""Verbs on communities and waves; each writes its audit row in the same transaction.

None commits: the caller's session does (`app.db.WriteSession`, or `Session(database.write)`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import delete, func
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from app import audit
from app.db import Database
from app.tables import Community, Consent, Draft, Response, Wave
from app.views import create_answer_views
from app.wave_reader import UnknownCommunity, UnknownWave, WaveView, current_wave
from app.waves.closing import settle_drafts
from app.waves.consent import fill_all, open_brackets
from app.waves.errors import (
    DefinitionChanged,
    NotReadyToOpen,
    OtherWaveOpen,
    SlugTaken,
    UnfitWave,
    WrongState,
)
from app.waves.keeping import is_promised
from instrument import registry
from instrument.errors import DigestMismatch, UnknownInstrument
from instrument.model import Instrument

__all__ = [
    "WaveView",
    "close_wave",
    "create_community",
    "create_wave",
    "current_wave",
    "extend_wave",
    "open_wave",
    "sweep",
    "sweep_now",
]

DEFAULT_FLOORS = {"figure": 5, "subgroup": 10, "comments": 10}
"""Smallest groups: any figure, a subgroup's figure, comments. Never below 5."""
LOWEST_FLOOR = 5
LONGEST_SLUG = 63
MOST_AIMED = 2


def create_community(
    *,
    session: Session,
    slug: str,
    name: str,
    by: str,
    at: datetime,
    locale: str = "id",
    timezone: str = "Asia/Jakarta",
) -> Community:
    """Add a community. Raises SlugTaken, UnfitWave (a slug that is no address)."""
    allowed = set("abcdefghijklmnopqrstuvwxyz0123456789-")
    if not 1 <= len(slug) <= LONGEST_SLUG or not set(slug) <= allowed:
        raise UnfitWave(f"slug {slug!r}: only a-z, 0-9 and - can stand in the address")
    if session.exec(select(Community).where(col(Community.slug) == slug)).first() is not None:
        raise SlugTaken(slug)
    community = Community(slug=slug, name=name, locale=locale, timezone=timezone)
    session.add(community)
    session.flush()
    audit.record(
        session,
        by=by,
        action="community.create",
        subject=f"community:{community.id}",
        at=at,
        community_id=community.id,
    )
    return community


def create_wave(
    *,
    session: Session,
    community_id: int,
    instrument: Instrument,
    by: str,
    at: datetime,
    form: Literal["full", "pulse"] = "full",
    access: Literal["code", "open"] = "code",
    eligible_n: int | None = None,
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
    modules: Sequence[str] = (),
    consent: Sequence[Mapping[str, str]] | None = None,
    floors: Mapping[str, int] | None = None,
    aimed: Sequence[str] = (),
    is_test: bool = False,
    is_simulated: bool = False,
) -> Wave:
    """Plan the community's next wave, as a draft that `open_wave` locks.

    ``consent`` None takes the whole text with its brackets (`app.waves.consent.fill_all`),
    which `app.waves.planning.change_plan` fills. Raises UnknownCommunity, UnfitWave.
    """
    if session.get(Community, community_id) is None:
        raise UnknownCommunity(str(community_id))
    check_plan(instrument, form, modules, floors, aimed)
    paragraphs = fill_all(instrument, {}) if consent is None else consent
    last = session.exec(
        select(func.max(Wave.number)).where(col(Wave.community_id) == community_id)
    ).one()
    wave = Wave(
        community_id=community_id,
        number=(last or 0) + 1,
        instrument_key=instrument.key,
        version=instrument.version,
        digest=instrument.digest,
        item_count=len(instrument.items),
        form=form,
        access=access,
        eligible_n=eligible_n,
        opens_at=opens_at,
        closes_at=closes_at,
        modules=list(modules),
        floors={**DEFAULT_FLOORS, **(floors or {})},
        plan={"aimed": list(aimed)},
        consent=[dict(paragraph) for paragraph in paragraphs],
        consent_words={} if consent is None else None,
        is_test=is_test,
        is_simulated=is_simulated,
    )
    session.add(wave)
    session.flush()
    log(session, wave, "wave.create", by, at)
    return wave


def open_wave(*, session: Session, wave_id: int, by: str, at: datetime) -> Wave:
    """Lock the wave's promises and let it take answers from ``opens_at`` on.

    Rows of a test are deleted. Raises WrongState, NotReadyToOpen (what is missing),
    UnfitWave (over already), DefinitionChanged (not the published text), OtherWaveOpen.
    """
    wave = locked(session, wave_id)
    if wave.state != "draft":
        raise WrongState(f"{wave.state}, only a draft can be opened")
    missing = [
        name for name in ("opens_at", "closes_at", "eligible_n") if getattr(wave, name) is None
    ]
    brackets = [] if wave.is_simulated else open_brackets(wave.consent)
    if not wave.consent:
        missing.append("consent")
    if lacks_day(wave):
        missing.append("keep_until")
    if missing or brackets:
        raise NotReadyToOpen(missing, brackets)
    if wave.closes_at is not None and wave.closes_at <= at:
        raise UnfitWave("its closing time is over already")
    instrument = _published(wave)
    delete_test_rows(session, wave)
    wave.is_test = False
    wave.state = "open"
    _flush_as_open(session, wave)
    create_answer_views(session.connection(), instrument)
    log(session, wave, "wave.open", by, at)
    return wave


def close_wave(*, session: Session, wave_id: int, by: str, at: datetime) -> Wave:
    """End the asking: drafts with an answered scored item become partial responses.

    Raises WrongState.
    """
    wave = locked(session, wave_id)
    if wave.state != "open":
        raise WrongState(f"{wave.state}, only an open wave can be closed")
    kept, dropped = settle_drafts(session, wave, at)
    wave.state = "closed"
    session.add(wave)
    session.flush()
    log(
        session, wave, "wave.close", by, at, partial=kept, blank_drafts=dropped,
        responses=_responses(session, wave),
    )  # fmt: skip
    return wave


def extend_wave(
    *, session: Session, wave_id: int, closes_at: datetime, by: str, at: datetime
) -> Wave:
    """Reopen a closed wave, before publication only. Raises WrongState, OtherWaveOpen."""
    wave = locked(session, wave_id)
    if wave.state not in ("open", "closed"):
        raise WrongState(f"{wave.state}, only an open or closed wave can be extended")
    if closes_at <= at:
        raise UnfitWave("the new closing time is over already")
    wave.state, wave.closes_at = "open", closes_at
    _flush_as_open(session, wave)
    log(session, wave, "wave.extend", by, at)
    return wave


def sweep(*, session: Session, at: datetime) -> list[int]:
    """Close every open wave whose time is over; return their ids."""
    due = session.exec(
        select(Wave)
        .where(col(Wave.state) == "open", col(Wave.closes_at) <= at)
        .with_for_update(skip_locked=True)  # another process may be sweeping, too
    ).all()
    closed = [wave.id for wave in due if wave.id is not None]
    for wave_id in closed:
        close_wave(session=session, wave_id=wave_id, by="sweep", at=at)
    return closed


def sweep_now(database: Database, *, now: datetime) -> list[int]:
    """`sweep` in a transaction of its own; writes only where something is due.

    Called by the server every minute and by ``guyub waves sweep``.
    """
    with Session(database.read) as session, session.begin():
        due = session.exec(
            select(Wave.id).where(col(Wave.state) == "open", col(Wave.closes_at) <= now)
        ).first()
    if due is None:
        return []
    with Session(database.write) as session, session.begin():
        return sweep(session=session, at=now)


def check_plan(
    instrument: Instrument,
    form: str,
    modules: Sequence[str],
    floors: Mapping[str, int] | None,
    aimed: Sequence[str],
) -> None:
    """Raise UnfitWave unless the instrument has what the plan names."""
    if form not in {known.code for known in instrument.forms}:
        raise UnfitWave(f"{instrument.key} {instrument.version} has no form {form}")
    unknown = set(modules) - {module.code for module in instrument.modules}
    if unknown:
        raise UnfitWave(f"no module {', '.join(sorted(unknown))} in {instrument.key}")
    if floors and (set(floors) - set(DEFAULT_FLOORS) or min(floors.values()) < LOWEST_FLOOR):
        raise UnfitWave(f"floors are {', '.join(DEFAULT_FLOORS)}, each {LOWEST_FLOOR} or more")
    scales = {scale.code for scale in instrument.scales}
    if len(aimed) > MOST_AIMED or set(aimed) - scales:
        raise UnfitWave(f"at most {MOST_AIMED} scales of the instrument can be aimed at")


def _responses(session: Session, wave: Wave) -> int:
    """Answers of a wave; `app.rights.watch` holds later counts against it."""
    return session.exec(
        select(func.count()).where(
            col(Response.community_id) == wave.community_id,
            col(Response.wave_id) == wave.id,
            col(Response.is_test).is_(False),
        )
    ).one()


def lacks_day(wave: Wave) -> bool:
    """Whether the text says until when data are kept, but nothing that retention can read."""
    return not wave.is_simulated and wave.keep_until is None and is_promised(wave.consent_words)


def _published(wave: Wave) -> Instrument:
    """The wave's definition, if it is the published one to the letter."""
    try:
        instrument = registry.find(wave.instrument_key, wave.version)
    except (UnknownInstrument, DigestMismatch) as error:
        raise DefinitionChanged(str(error)) from error
    if registry.published().get((wave.instrument_key, wave.version)) != wave.digest:
        raise DefinitionChanged(
            f"{wave.instrument_key} {wave.version} was planned with digest {wave.digest[:12]}, "
            "which is not the published one"
        )
    return instrument


def delete_test_rows(session: Session, wave: Wave) -> None:
    """Delete what was answered while the wave was tried out."""
    for table in (Draft, Response):
        mine = (col(table.community_id) == wave.community_id, col(table.wave_id) == wave.id)
        session.execute(
            delete(Consent).where(
                col(Consent.community_id) == wave.community_id,
                col(Consent.submission_id).in_(select(table.id).where(*mine)),
            )
        )
        session.execute(delete(table).where(*mine))


def _flush_as_open(session: Session, wave: Wave) -> None:
    """Write an opened wave; the unique index says whether another one is open."""
    community_id = wave.community_id  # a failed flush ends the session's transaction
    session.add(wave)
    try:
        session.flush()
    except IntegrityError as error:
        raise OtherWaveOpen(f"community {community_id}") from error


def locked(session: Session, wave_id: int) -> Wave:
    """The wave as it is now, held until the transaction ends. Raises UnknownWave."""
    wave = session.exec(
        select(Wave)
        .where(col(Wave.id) == wave_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if wave is None:
        raise UnknownWave(str(wave_id))
    return wave


def log(
    session: Session, wave: Wave, action: str, by: str, at: datetime, **detail: str | int
) -> None:
    """Write the act into the audit log."""
    audit.record(
        session,
        by=by,
        action=action,
        subject=f"wave:{wave.id}",
        at=at,
        community_id=wave.community_id,
        detail={"number": wave.number, **detail},
    )
