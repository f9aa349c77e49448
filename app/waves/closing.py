"""What happens to drafts when a wave closes."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import delete
from sqlmodel import Session, col, select

from app import data_version
from app.tables import Background, Community, Consent, Draft, Response, Wave
from instrument import registry


def settle_drafts(session: Session, wave: Wave, at: datetime) -> tuple[int, int]:
    """Turn drafts that hold an answered scored item into partial responses, drop the rest.

    The consent text says so. Returns how many were kept and how many dropped.
    """
    instrument = registry.find(wave.instrument_key, wave.version)
    scored = {item.code for item in instrument.scored_items}
    places = [place for place, code in enumerate(instrument.item_codes) if code in scored]
    top = instrument.response_scale.high
    community = session.get_one(Community, wave.community_id)
    today = at.astimezone(ZoneInfo(community.timezone)).date()
    drafts = session.exec(
        select(Draft)
        .where(col(Draft.community_id) == wave.community_id, col(Draft.wave_id) == wave.id)
        .with_for_update()
    ).all()
    kept = 0
    for draft in drafts:
        if any(1 <= draft.answers[place] <= top for place in places):
            kept += 1
            _keep(session, wave, draft, today)
        else:
            session.execute(
                delete(Consent).where(
                    col(Consent.community_id) == draft.community_id,
                    col(Consent.submission_id) == draft.id,
                )
            )
        session.delete(draft)
    session.flush()
    if kept and wave.id is not None:
        data_version.bump(session, community_id=wave.community_id, wave_id=wave.id)
    return kept, len(drafts) - kept


def _keep(session: Session, wave: Wave, draft: Draft, today: date) -> None:
    session.add(
        Response(
            community_id=draft.community_id,
            id=draft.id,
            wave_id=draft.wave_id,
            respondent_ref=draft.respondent_ref,
            version_digest=wave.digest,
            answers=draft.answers,
            extra=draft.extra,
            language=draft.language,
            layout=draft.layout,
            submitted_on=today,
            status="partial",
            is_test=False,
            rev=draft.rev,
            digest=draft.digest,
        )
    )
    if draft.background is not None:
        session.merge(
            Background(
                community_id=draft.community_id,
                respondent_ref=draft.respondent_ref,
                answers=draft.background,
                asked_on=today,
            )
        )
