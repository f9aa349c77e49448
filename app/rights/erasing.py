"""Erase a person: the answers first, then (on request) the row on the roster.

The erasure's own row is written with the answers' deletion and says what is still to be
done; `finish` does it, at once and again at every start. So a process that dies between the
two files leaves nothing half-erased for longer than its restart. The row holds an HMAC of
the respondent_ref: a restored backup is searched for everybody who was erased after it was
made (`reapply`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid4

from sqlalchemy import Table as SqlTable
from sqlalchemy import delete, select
from sqlmodel import Session, col
from sqlmodel import select as rows_of

from app import audit, data_version, dataset_files, open_texts
from app.db import Database
from app.keyed import keyed_hash
from app.rights.ledger import write_down
from app.tables import (
    IDENTITY,
    Background,
    Code,
    Community,
    Draft,
    Erasure,
    Participant,
    Response,
    Table,
    Wave,
)

Basis = Literal["withdrawal", "request"]
_SUBMISSION_COLUMNS = ("submission_id", "response_id", "draft_id")


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure took away."""

    proof: UUID
    counts: dict[str, int]
    """Rows by table."""
    submissions: tuple[UUID, ...]
    """Ids of the drafts and responses that were there: a phone may still remember them."""
    datasets: tuple[str, ...]
    """Data sets whose files go with it."""


def subject_of(key: bytes, community_id: int, respondent_ref: UUID) -> bytes:
    """HMAC-SHA-256 of a person's reference; ``key`` is SECRET_KEY."""
    message = f"erasure:{community_id}:{respondent_ref.hex}"
    return keyed_hash(key, message.encode())


def erase_answers(
    *,
    session: Session,
    key: bytes,
    community_id: int,
    respondent_ref: UUID,
    wave_id: int | None = None,
    basis: Basis,
    at: datetime,
    by: str,
    with_identity: bool = False,
) -> Erased | None:
    """Delete what is stored of a person, in one wave or in all of the community.

    Writes the erasure's row and the audit row in the same transaction; older data sets of
    the waves are marked as deleted. None where nothing was stored (and nothing is written,
    unless the roster's row is to go as well). Lock order as in a save: draft, response,
    data_version.
    """
    counts: dict[str, int] = {}
    drafts = _take(session, Draft, key, community_id, respondent_ref, wave_id, counts)
    responses = _take(session, Response, key, community_id, respondent_ref, wave_id, counts)
    submissions = tuple(id_ for id_, _ in (*drafts, *responses))
    _take_along(session, community_id, respondent_ref, wave_id, submissions, counts)
    if not counts and not with_identity:
        return None
    waves = sorted({wave for _, wave in responses})
    for wave in waves:
        data_version.bump(session, community_id=community_id, wave_id=wave)
    datasets = dataset_files.retire(
        session=session, community_id=community_id, wave_ids=waves, at=at
    )
    proof = uuid4()
    session.add(
        Erasure(
            community_id=community_id,
            id=proof,
            subject=subject_of(key, community_id, respondent_ref),
            wave_id=wave_id,
            at=at,
            basis=basis,
            counts=counts,
            identity="pending" if with_identity else "kept",
        )
    )
    audit.record(
        session,
        by=by,
        action="rights.erase",
        subject=f"erasure:{proof}",
        at=at,
        community_id=community_id,
        detail={"basis": basis, "datasets_deleted": len(datasets), **counts},
    )
    session.flush()
    return Erased(proof, counts, submissions, tuple(datasets))


def withdraw(
    database: Database,
    *,
    community_id: int,
    respondent_ref: UUID,
    wave_id: int | None,
    at: datetime,
) -> Erased | None:
    """A person takes their own answers back; done when this returns. None: nothing there."""
    with Session(database.write) as session, session.begin():
        erased = erase_answers(
            session=session,
            key=database.settings.key("secret_key"),
            community_id=community_id,
            respondent_ref=respondent_ref,
            wave_id=wave_id,
            basis="withdrawal",
            at=at,
            by="member",
        )
    if erased is not None:
        finish(database, at=at)
    return erased


def erase_person(
    database: Database, *, community_id: int, participant_id: int, at: datetime, by: str
) -> Erased | None:
    """Erase somebody everywhere, on their request: answers, then name, phone and codes.

    None where nobody on the community's roster has that id.
    """
    with Session(database.write) as session, session.begin():
        person = session.exec(
            rows_of(Participant).where(
                col(Participant.id) == participant_id,
                col(Participant.community_id) == community_id,
            )
        ).one_or_none()
        if person is None:
            return None
        erased = erase_answers(
            session=session,
            key=database.settings.key("secret_key"),
            community_id=community_id,
            respondent_ref=person.respondent_ref,
            basis="request",
            at=at,
            by=by,
            with_identity=True,
        )
    finish(database, at=at)
    return erased


def finish(database: Database, *, at: datetime) -> int:
    """Do what erasures left to do: the roster's rows, the files of data sets, the ledger.

    Idempotent; called after every erasure and at every start. Returns how many people went
    from the roster.
    """
    with Session(database.read) as session, session.begin():
        waiting = session.exec(rows_of(Erasure).where(col(Erasure.identity) == "pending")).all()
        for erasure in waiting:
            session.expunge(erasure)
    gone = 0
    for erasure in waiting:
        if database.has_identity():
            with Session(database.write) as session, session.begin():
                gone += _erase_from_roster(session, database, erasure, at)
        with Session(database.write) as session, session.begin():
            done = session.get_one(Erasure, (erasure.community_id, erasure.id))
            done.identity = "erased"
            session.add(done)
    with Session(database.read) as session, session.begin():
        dataset_files.sweep(session=session, settings=database.settings)
    write_down(database)
    return gone


def reapply(database: Database, erasures: Iterable[Erasure], *, at: datetime) -> int:
    """Erase again, in a restored store, everybody whom ``erasures`` name.

    An erasure whose row is in the store was done before the backup: the row was written
    with the deletion, so what that person has there now came later and stays. Of the others
    the row is kept as it was, so that the proof stands. Returns how many there were to do.
    """
    found = 0
    key = database.settings.key("secret_key")
    for erasure in erasures:
        with Session(database.write) as session, session.begin():
            if not _missing(session, erasure):
                continue
            kept = erasure.model_dump()
            if kept["identity"] == "erased":  # in the restored files the name is back
                kept["identity"] = "pending"
            session.add(Erasure(**kept))
            session.flush()
            touched = kept["identity"] == "pending"  # `finish` takes the roster's row
            for ref in _refs(session, erasure.community_id):
                if subject_of(key, erasure.community_id, ref) != erasure.subject:
                    continue
                again = erase_answers(
                    session=session,
                    key=key,
                    community_id=erasure.community_id,
                    respondent_ref=ref,
                    wave_id=erasure.wave_id,
                    basis="withdrawal" if erasure.basis == "withdrawal" else "request",
                    at=at,
                    by="restore",
                )
                touched = touched or again is not None
            found += touched
    finish(database, at=at)
    return found


def _take(
    session: Session,
    table: type[Draft] | type[Response],
    key: bytes,
    community_id: int,
    respondent_ref: UUID,
    wave_id: int | None,
    counts: dict[str, int],
) -> list[tuple[UUID, int]]:
    """Delete a person's rows; return their ids and waves."""
    theirs = [
        col(table.community_id) == community_id,
        col(table.respondent_ref) == respondent_ref,
    ]
    if wave_id is not None:
        theirs.append(col(table.wave_id) == wave_id)
    found = session.execute(
        select(col(table.id), col(table.wave_id), col(table.extra)).where(*theirs).with_for_update()
    ).all()
    for id_, _, extra in found:  # what was decided about their words goes with the words
        gone = open_texts.forget(
            session=session, community_id=community_id, submission_id=id_, extra=extra, key=key
        )
        if gone:
            counts["text_decision"] = counts.get("text_decision", 0) + gone
    if found:
        session.execute(delete(table).where(*theirs))
        counts[str(table.__tablename__)] = len(found)
    return [(row[0], row[1]) for row in found]


def _take_along(
    session: Session,
    community_id: int,
    respondent_ref: UUID,
    wave_id: int | None,
    submissions: tuple[UUID, ...],
    counts: dict[str, int],
) -> None:
    """Delete what else names the person or one of their submissions.

    Found by the names of columns, so that a table somebody adds later is not forgotten.
    The background belongs to no wave: it goes with the person's last submission.
    """
    all_of_it = wave_id is None or not _still_there(session, community_id, respondent_ref)
    for table in _others():
        mine = []
        if "respondent_ref" in table.c:
            if all_of_it:
                mine.append(table.c.respondent_ref == respondent_ref)
            elif "wave_id" in table.c:
                mine += [table.c.respondent_ref == respondent_ref, table.c.wave_id == wave_id]
        elif submissions:
            name = next(name for name in _SUBMISSION_COLUMNS if name in table.c)
            mine.append(table.c[name].in_(submissions))
        if mine:
            theirs = [*mine, table.c.community_id == community_id]
            found = len(session.execute(select(*table.primary_key.columns).where(*theirs)).all())
            if found:
                session.execute(delete(table).where(*theirs))
                counts[table.name] = found


def _others() -> list[SqlTable]:
    """Tables beside draft and response with a column that leads to a person."""
    return [
        table
        for table in Table.metadata.sorted_tables
        if table.schema != IDENTITY
        and table.name not in (Draft.__tablename__, Response.__tablename__)
        and any(name in table.c for name in ("respondent_ref", *_SUBMISSION_COLUMNS))
    ]


def _still_there(session: Session, community_id: int, respondent_ref: UUID) -> bool:
    return any(
        session.execute(
            select(col(table.id))
            .where(
                col(table.community_id) == community_id,
                col(table.respondent_ref) == respondent_ref,
            )
            .limit(1)
        ).first()
        for table in (Draft, Response)
    )


def _erase_from_roster(session: Session, database: Database, erasure: Erasure, at: datetime) -> int:
    """Delete the person behind an erasure from the roster: writes the identity file only."""
    key = database.settings.key("secret_key")
    people = session.exec(
        rows_of(Participant).where(col(Participant.community_id) == erasure.community_id)
    ).all()
    gone = 0
    for person in people:
        if subject_of(key, erasure.community_id, person.respondent_ref) != erasure.subject:
            continue
        session.execute(delete(Code).where(col(Code.participant_id) == person.id))
        session.execute(delete(Participant).where(col(Participant.id) == person.id))
        audit.record_identity(
            session,
            by="erasure",
            action="participant.erase",
            subject=f"participant:{person.id}",
            at=at,
            community_id=erasure.community_id,
            detail={"erasure": str(erasure.id)},
        )
        gone += 1
    return gone


def _missing(session: Session, erasure: Erasure) -> bool:
    """Whether a restored store has not seen this erasure, but knows its community and wave."""
    return (
        session.get(Erasure, (erasure.community_id, erasure.id)) is None
        and session.get(Community, erasure.community_id) is not None
        and (erasure.wave_id is None or session.get(Wave, erasure.wave_id) is not None)
    )


def _refs(session: Session, community_id: int) -> set[UUID]:
    """Everybody of whom the answers' half holds something."""
    return {
        ref
        for table in (Draft, Response, Background)
        for (ref,) in session.execute(
            select(col(table.respondent_ref)).where(col(table.community_id) == community_id)
        )
    }
