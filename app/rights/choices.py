"""Take a consent back for one purpose and keep the rest; wider consent needs its own page."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from app import audit, data_version, dataset_files
from app.db import Database
from app.rights.erasing import finish
from app.saving import consent_moment, grants_a_purpose
from app.tables import Background, Community, Consent, Draft, Response, Wave
from instrument import registry
from instrument.model import ConsentChoice, Instrument


def take_back(
    database: Database,
    *,
    community_id: int,
    respondent_ref: UUID,
    submission_id: UUID,
    keep: Collection[str],
    at: datetime,
) -> bool:
    """Give a newer consent for the same text, of which only ``keep`` is still granted.

    False where nothing changes, where the submission is not this person's, or where no
    purpose would be left: then the answers may not be kept at all, and the way is a
    withdrawal. Answers that needed a choice taken back are deleted.
    """
    with Session(database.write) as session, session.begin():
        row = _theirs(session, community_id, respondent_ref, submission_id)
        given = session.exec(
            select(Consent)
            .where(
                col(Consent.community_id) == community_id,
                col(Consent.submission_id) == submission_id,
            )
            .order_by(col(Consent.at).desc())
        ).all()
        if row is None or not given:
            return False
        before = given[0].choices
        instrument = _instrument(session, row.wave_id)
        required = {box.code for box in _boxes(instrument) if box.required}
        choices = {
            code: granted and (code in keep or code in required) for code, granted in before.items()
        }
        if choices == before or not grants_a_purpose(choices):
            return False
        zone = session.get_one(Community, community_id).timezone
        moment = consent_moment(at, zone, earlier=len(given))
        session.add(
            Consent(
                community_id=community_id,
                submission_id=submission_id,
                at=max(moment, given[0].at + timedelta(microseconds=1)),
                text_hash=given[0].text_hash,
                version=given[0].version,
                language=given[0].language,
                choices=choices,
            )
        )
        _drop_what_needed(session, instrument, row, respondent_ref, choices)
        names: list[str] = []
        if isinstance(row, Response):
            data_version.bump(session, community_id=community_id, wave_id=row.wave_id)
            names = dataset_files.retire(
                session=session, community_id=community_id, wave_ids=[row.wave_id], at=at
            )
        taken = sorted(code for code, granted in before.items() if granted and not choices[code])
        audit.record(
            session,
            by="member",
            action="rights.consent",
            subject=f"wave:{row.wave_id}",
            at=at,
            community_id=community_id,
            detail={"taken_back": json.dumps(taken), "datasets_deleted": len(names)},
        )
    finish(database, at=at)
    return True


def _theirs(
    session: Session, community_id: int, respondent_ref: UUID, submission_id: UUID
) -> Draft | Response | None:
    draft = session.exec(
        select(Draft)
        .where(
            col(Draft.community_id) == community_id,
            col(Draft.id) == submission_id,
            col(Draft.respondent_ref) == respondent_ref,
        )
        .with_for_update()
    ).one_or_none()
    if draft is not None:
        return draft
    return session.exec(
        select(Response)
        .where(
            col(Response.community_id) == community_id,
            col(Response.id) == submission_id,
            col(Response.respondent_ref) == respondent_ref,
        )
        .with_for_update()
    ).one_or_none()


def _instrument(session: Session, wave_id: int) -> Instrument:
    wave = session.get_one(Wave, wave_id)
    return registry.find(wave.instrument_key, wave.version)


def _boxes(instrument: Instrument) -> tuple[ConsentChoice, ...]:
    return () if instrument.consent is None else instrument.consent.choices


def _drop_what_needed(
    session: Session,
    instrument: Instrument,
    row: Draft | Response,
    respondent_ref: UUID,
    choices: dict[str, bool],
) -> None:
    withheld = {
        question.code
        for question in instrument.questions
        if question.needs_consent and not choices.get(question.needs_consent)
    }
    if isinstance(row, Draft) and row.background is not None:
        row.background = _without(row.background, withheld)
        session.add(row)
    kept = session.get(Background, (row.community_id, respondent_ref))
    if kept is not None:
        kept.answers = _without(kept.answers, withheld)
        session.add(kept)


def _without(answers: dict[str, dict[str, object]], codes: set[str]) -> dict[str, object]:
    return {
        part: {code: value for code, value in values.items() if code not in codes}
        for part, values in answers.items()
    }
