"""Publish a prepared card: a frozen row with its digest, its files beside it, never changed.

Only a later issue takes its place, and only from five changed answers on; then the payload and
the files go and the digest stays, so that two issues can never be laid side by side.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import delete
from sqlmodel import Session, col, func, select

from app import audit, published_cards
from app.jobs import runs
from app.jobs.supervisor import folder_of
from app.published_cards import Published
from app.scorecards import preparing
from app.scorecards.errors import NotPrepared, TooFewChanges
from app.settings import Settings
from app.tables import AnalysisRun, Scorecard, ScorecardFile, Wave

if TYPE_CHECKING:
    from analysis.scorecard.model import Card

CARD = "card.json"
FILES = {
    "kartu-id.pdf": "application/pdf",
    "kartu-en.pdf": "application/pdf",
    "gambar-id.png": "image/png",
    "gambar-en.png": "image/png",
}
"""A card's files, by name: for paper, and for the group."""


def publish(
    *,
    session: Session,
    settings: Settings,
    community_id: int,
    number: int,
    seen: str,
    by: str,
    at: datetime,
) -> Published:
    """Publish the card that was previewed (``seen``: its digest); the wave is then published.

    Raises NotClosed, LaterCardOut, TooFewChanges, NotPrepared (not there, out of date, or not
    the one that was seen).
    """
    wave = session.exec(
        select(Wave)
        .where(col(Wave.community_id) == community_id, col(Wave.number) == number)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    basis = preparing.basis_of(session, community_id, number)
    assert wave is not None
    assert wave.id is not None
    current = preparing.check_reissue(session, basis) if wave.state == "published" else None
    question = preparing.question_of(basis)
    run = session.get(AnalysisRun, question.key)
    if run is None or run.digest != seen:
        raise NotPrepared(str(number))
    payload, files = read(session, settings, run)
    if current is not None:
        _check_difference(session, current, published_cards.read(payload, seen))
        _retire(session, current, at)
    card = Scorecard(
        community_id=community_id,
        wave_id=wave.id,
        issue=_last_issue(session, wave.id) + 1,
        payload=payload,
        digest=seen,
        sources=[{"wave_id": id_, "data_version": version} for id_, version in basis.versions],
        code=run.code,
        published_at=at,
        published_by=by,
    )
    session.add(card)
    wave.state = "published"
    session.add(wave)
    session.flush()
    assert card.id is not None
    session.add_all(
        ScorecardFile(scorecard_id=card.id, name=name, content=content, digest=_sha256(content))
        for name, content in files.items()
    )
    session.flush()
    if current is None:
        _log(session, card, "card.publish", number)
    else:
        _log(session, card, "card.reissue", number)
    return published_cards.find(session, community_id, number)


def read(session: Session, settings: Settings, run: AnalysisRun) -> tuple[str, dict[str, bytes]]:
    """A prepared card and its files, as the worker left them. Raises NotPrepared."""
    folder = folder_of(settings, run.key)
    try:
        if not runs.readable(session, run):
            raise NotPrepared(run.key[:16])
        payload = (folder / CARD).read_text(encoding="utf-8")
        files = {name: (folder / name).read_bytes() for name in FILES if _there(folder, name)}
    except OSError as error:
        raise NotPrepared(run.key[:16]) from error
    if published_cards.digest_of(payload) != run.digest:
        raise NotPrepared(run.key[:16])
    return payload, files


def _log(session: Session, card: Scorecard, action: str, number: int) -> None:
    audit.record(
        session,
        by=card.published_by,
        action=action,
        subject=f"card:{card.id}",
        at=card.published_at,
        community_id=card.community_id,
        detail={"wave": number, "issue": card.issue, "sha256": card.digest},
    )


def _there(folder: Path, name: str) -> bool:
    return (folder / name).is_file()


def _check_difference(session: Session, current: Published, new: Card) -> None:
    """Two issues laid side by side tell of nobody, or of five at least. Raises TooFewChanges."""
    from analysis.disclosure import may_reissue  # noqa: PLC0415 - where a card is issued again
    from analysis.scorecard.counts import behind  # noqa: PLC0415 - likewise

    changes = preparing.changes_since(session, current)[0]
    if not may_reissue(behind(current.card), behind(new), changes=changes):
        raise TooFewChanges(str(current.number))


def _retire(session: Session, current: Published, at: datetime) -> None:
    """Leave of an issue its digest and its dates."""
    row = session.get_one(Scorecard, current.id)
    row.payload, row.retired_at = None, at
    session.add(row)
    session.execute(delete(ScorecardFile).where(col(ScorecardFile.scorecard_id) == current.id))
    session.flush()


def _last_issue(session: Session, wave_id: int) -> int:
    return (
        session.exec(
            select(func.max(Scorecard.issue)).where(col(Scorecard.wave_id) == wave_id)
        ).one()
        or 0
    )


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
