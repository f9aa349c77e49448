"""Delete what is due: answers past the day the consent text promises, names at study's end.

Nothing goes by surprise. A deletion needs two notices, seven days apart and the second seven
days old, a dry run whose digest is repeated, and a backup made just before (which itself goes
after 30 days). What is left is a certificate with counts.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, delete, func
from sqlmodel import Session, col, select

from app import audit, data_version, dataset_files
from app.db import Database
from app.errors import AppError
from app.jobs import runs
from app.tables import (
    Background,
    Code,
    Community,
    Consent,
    DataRequest,
    Deletion,
    Draft,
    Participant,
    Response,
    RetentionNotice,
    RosterImport,
    TextDecision,
    Wave,
)

AHEAD = timedelta(days=30)
"""How long before the day a first notice may be given."""
BETWEEN = timedelta(days=7)
"""From the first notice to the second, and from the second to the deletion."""
DRAFTS_KEPT = timedelta(days=30)
"""Drafts and trial answers that a closed or forgotten wave left behind."""


class NotAsShown(AppError):
    """The digest is not that of what would be deleted now."""

    slug = "not-as-shown"
    title_en = "What is due is not what was shown"
    hint_en = "Run `guyub retention --dry-run` again, read it, and repeat its digest."


class NothingReady(AppError):
    """Nothing may be deleted yet."""

    slug = "nothing-ready"
    title_en = "Nothing may be deleted yet"
    hint_en = "`guyub retention --dry-run` says what is due and which notices are missing."


@dataclass(frozen=True, slots=True)
class Due:
    """Something whose time is over, or soon will be."""

    community_id: int
    slug: str
    what: str
    """``wave:3`` (by number), ``drafts:3``, ``identity``."""
    due_on: date
    counts: dict[str, int]
    """Rows by table."""
    notices: tuple[datetime, ...]
    ready: bool
    """Due, told twice, and long enough ago."""


def keep_wave_until(*, session: Session, wave_id: int, until: date, by: str, at: datetime) -> Wave:
    """Note the day that the consent text of a wave promises."""
    wave = session.get_one(Wave, wave_id)
    wave.keep_until = until
    session.add(wave)
    audit.record(
        session,
        by=by,
        action="retention.date",
        subject=f"wave:{wave_id}",
        at=at,
        community_id=wave.community_id,
        detail={"until": until.isoformat()},
    )
    return wave


def end_study(*, session: Session, community_id: int, on: date, by: str, at: datetime) -> Community:
    """Note the day from which names and codes are no longer needed."""
    community = session.get_one(Community, community_id)
    community.study_ends_on = on
    session.add(community)
    audit.record(
        session,
        by=by,
        action="retention.date",
        subject=f"community:{community_id}",
        at=at,
        community_id=community_id,
        detail={"study_ends_on": on.isoformat()},
    )
    return community


def due(session: Session, *, at: datetime, has_identity: bool) -> list[Due]:
    """Everything due by ``at`` or within the next 30 days; changes nothing."""
    found = []
    for community in session.exec(select(Community).order_by(Community.slug)):
        today = at.astimezone(ZoneInfo(community.timezone)).date()
        waves = session.exec(
            select(Wave).where(col(Wave.community_id) == community.id).order_by(col(Wave.number))
        ).all()
        for wave in waves:
            for what, on, counts in _of_wave(session, wave, today):
                if on <= today + AHEAD and counts:
                    found.append(_due(session, community, what, on, counts, today, at))
        ends = community.study_ends_on
        if has_identity and ends is not None and ends <= today + AHEAD:
            counts = _names(session, community)
            if counts or not _certified(session, community, ends):
                found.append(_due(session, community, "identity", ends, counts, today, at))
    return found


def undated(session: Session) -> list[str]:
    """Closed waves that nobody has given a day: their promise cannot be kept by this job."""
    rows = session.exec(
        select(Community.slug, Wave.number)
        .join(Community, col(Community.id) == col(Wave.community_id))
        .where(col(Wave.state).in_(("closed", "published")), col(Wave.keep_until).is_(None))
        .order_by(Community.slug, col(Wave.number))
    ).all()
    return [f"{slug}-{number}" for slug, number in rows]


def digest(found: Sequence[Due]) -> str:
    """What a dry run shows, as twelve characters to repeat."""
    shown = [[one.slug, one.what, one.due_on.isoformat(), one.counts] for one in found if one.ready]
    text = json.dumps(shown, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def notify(
    *, session: Session, found: Sequence[Due], by: str, at: datetime
) -> list[tuple[Due, int]]:
    """Give each thing its next notice, if its time has come; returns which got which."""
    given = []
    for one in found:
        number = len(one.notices) + 1
        if number > 2 or (one.notices and one.notices[-1] > at - BETWEEN):
            continue
        session.add(
            RetentionNotice(
                community_id=one.community_id,
                what=one.what,
                due_on=one.due_on,
                number=number,
                given_at=at,
                given_by=by,
            )
        )
        audit.record(
            session,
            by=by,
            action="retention.notice",
            subject=one.what,
            at=at,
            community_id=one.community_id,
            detail={"number": number, "due_on": one.due_on.isoformat(), **one.counts},
        )
        given.append((one, number))
    return given


def carry_out(
    database: Database,
    *,
    shown: str,
    backup: Callable[[], str],
    by: str,
    at: datetime,
) -> list[Deletion]:
    """Delete what is ready, if it is what ``shown`` (a `digest`) was made of.

    ``backup`` makes a verified backup and returns its name; it runs before anything is
    deleted, and where it fails nothing is. Raises NothingReady, NotAsShown.
    """
    has_identity = database.has_identity()
    with Session(database.read) as session, session.begin():
        found = due(session, at=at, has_identity=has_identity)
    ready = [one for one in found if one.ready]
    if not ready:
        raise NothingReady
    if digest(found) != shown:
        raise NotAsShown(f"digest {digest(found)}, not {shown}")
    name = backup()
    certificates = []
    folders: list[Path] = []
    for one in ready:
        if one.what == "identity":
            with Session(database.write) as session, session.begin():
                _delete_names(session, one, by, at)
        with Session(database.write, expire_on_commit=False) as session, session.begin():
            if one.what != "identity":
                keys = _delete_answers(session, one, at)
                folders += [database.settings.data_dir / "analyses" / key for key in keys]
            certificates.append(_certify(session, one, name, by, at))
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    with Session(database.read) as session, session.begin():
        dataset_files.sweep(session=session, settings=database.settings)
    return certificates


def _of_wave(session: Session, wave: Wave, today: date) -> list[tuple[str, date, dict[str, int]]]:
    """What of a wave has a day: all of it, or what it left behind."""
    things = []
    if wave.keep_until is not None and wave.state in ("closed", "published"):
        things.append((f"wave:{wave.number}", wave.keep_until, _answers(session, wave)))
    elif wave.state != "open" and wave.closes_at is not None:
        on = wave.closes_at.date() + DRAFTS_KEPT
        drafts = _rows(session, Draft, _in(Draft, wave))
        trials = _rows(session, Response, [*_in(Response, wave), col(Response.is_test).is_(True)])
        counts = {name: n for name, n in (("draft", drafts), ("response", trials)) if n}
        things.append((f"drafts:{wave.number}", on, counts))
    return things


def _due(
    session: Session,
    community: Community,
    what: str,
    on: date,
    counts: dict[str, int],
    today: date,
    at: datetime,
) -> Due:
    notices = tuple(
        session.exec(
            select(RetentionNotice.given_at)
            .where(
                col(RetentionNotice.community_id) == community.id,
                col(RetentionNotice.what) == what,
                col(RetentionNotice.due_on) == on,
            )
            .order_by(col(RetentionNotice.number))
        )
    )
    told = len(notices) == 2 and notices[-1] <= at - BETWEEN
    assert community.id is not None
    return Due(community.id, community.slug, what, on, counts, notices, on <= today and told)


def _answers(session: Session, wave: Wave) -> dict[str, int]:
    ids = select(Response.id).where(*_in(Response, wave))
    drafts = select(Draft.id).where(*_in(Draft, wave))
    consents = [
        col(Consent.community_id) == wave.community_id,
        col(Consent.submission_id).in_(ids) | col(Consent.submission_id).in_(drafts),
    ]
    counts = {
        "response": _rows(session, Response, _in(Response, wave)),
        "draft": _rows(session, Draft, _in(Draft, wave)),
        "consent": _rows(session, Consent, consents),
    }
    return {name: n for name, n in counts.items() if n}


def _names(session: Session, community: Community) -> dict[str, int]:
    counts = {
        table.__tablename__: _rows(session, table, [col(table.community_id) == community.id])
        for table in (Participant, DataRequest)
    }
    return {str(name): n for name, n in counts.items() if n}


def _certified(session: Session, community: Community, on: date) -> bool:
    return (
        session.exec(
            select(Deletion.id).where(
                col(Deletion.community_id) == community.id,
                col(Deletion.what) == "identity",
                col(Deletion.due_on) == on,
            )
        ).first()
        is not None
    )


def _delete_answers(session: Session, one: Due, at: datetime) -> list[str]:
    """Delete a wave's answers, or its leftovers; returns the analyses whose files go."""
    kind, _, number = one.what.partition(":")
    wave = session.exec(
        select(Wave)
        .where(col(Wave.community_id) == one.community_id, col(Wave.number) == int(number))
        .with_for_update()
    ).one()
    assert wave.id is not None
    tables: tuple[type[Draft] | type[Response], ...] = (Draft, Response)
    for table in tables:
        mine = _in(table, wave)
        if kind == "drafts" and table is Response:
            mine.append(col(Response.is_test).is_(True))
        ids = select(table.id).where(*mine)
        session.execute(
            delete(Consent).where(
                col(Consent.community_id) == one.community_id,
                col(Consent.submission_id).in_(ids),
            )
        )
        session.execute(delete(table).where(*mine))
    if kind == "drafts":
        return []
    session.execute(
        delete(TextDecision).where(
            col(TextDecision.community_id) == one.community_id,
            col(TextDecision.wave_id) == wave.id,
        )
    )
    left = select(Response.respondent_ref).where(col(Response.community_id) == one.community_id)
    writing = select(Draft.respondent_ref).where(col(Draft.community_id) == one.community_id)
    session.execute(
        delete(Background).where(
            col(Background.community_id) == one.community_id,
            col(Background.respondent_ref).not_in(left),
            col(Background.respondent_ref).not_in(writing),
        )
    )
    data_version.bump(session, community_id=one.community_id, wave_id=wave.id)
    dataset_files.retire(session=session, community_id=one.community_id, wave_ids=[wave.id], at=at)
    return runs.forget_wave(session=session, community_id=one.community_id, wave_id=wave.id)


def _delete_names(session: Session, one: Due, by: str, at: datetime) -> None:
    """Delete a community's names, codes and requests: writes the identity file only."""
    people = select(Participant.id).where(col(Participant.community_id) == one.community_id)
    session.execute(delete(Code).where(col(Code.participant_id).in_(people)))
    for table in (Participant, DataRequest, RosterImport):
        session.execute(delete(table).where(col(table.community_id) == one.community_id))
    audit.record_identity(
        session,
        by=by,
        action="retention.delete",
        subject="identity",
        at=at,
        community_id=one.community_id,
        detail=dict(one.counts),
    )


def _certify(session: Session, one: Due, backup: str, by: str, at: datetime) -> Deletion:
    made = Deletion(
        id=uuid4(),
        community_id=one.community_id,
        what=one.what,
        due_on=one.due_on,
        at=at,
        by=by,
        counts=one.counts,
        backup=backup,
    )
    session.add(made)
    audit.record(
        session,
        by=by,
        action="retention.delete",
        subject=one.what,
        at=at,
        community_id=one.community_id,
        detail={"certificate": str(made.id), "backup": backup, **one.counts},
    )
    session.flush()
    return made


def _in(table: type[Draft] | type[Response], wave: Wave) -> list[ColumnElement[bool]]:
    return [col(table.community_id) == wave.community_id, col(table.wave_id) == wave.id]


def _rows(session: Session, table: type, where: Sequence[ColumnElement[bool]]) -> int:
    return int(session.execute(select(func.count()).select_from(table).where(*where)).scalar_one())
