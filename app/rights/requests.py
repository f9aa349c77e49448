"""The inbox of requests: what somebody asks about their data, due 72 hours later.

UU 27/2022 art. 30, 32, 40, 41 give 3 x 24 hours. What was asked and how to reach the person
stands in the schema of names, encrypted; nothing here is joined to an answer. Most wishes
need no request: the rights page does them at once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlmodel import Session, col, select

from app import audit
from app.codes import new_code
from app.errors import AppError
from app.sealing import Sealer
from app.settings import Settings
from app.tables import DataRequest
from app.tables.rights import CHANNELS, REQUEST_KINDS

DUE = timedelta(hours=72)
WARN = timedelta(hours=48)
MOST_WORDS = 1000
MOST_CONTACT = 120
_DRAWS = 16
Outcome = Literal["done", "refused"]
Urgency = Literal["open", "soon", "late", "closed"]


class UnfitRequest(AppError):
    """A request of a kind or a length that is not offered."""

    status = 422
    slug = "unfit-request"
    title_id = "Permintaan ini belum lengkap"
    title_en = "This request is not complete"
    hint_id = "Pilih jenis permintaannya dan tulis apa yang diminta (paling banyak 1000 huruf)."
    hint_en = "Choose the kind of request and say what is asked (at most 1000 characters)."


class UnknownRequest(AppError):
    """No request of this community has that reference."""

    status = 404
    slug = "unknown-request"
    title_id = "Permintaan ini tidak ada"
    title_en = "There is no such request"
    hint_id = "Muat ulang daftar permintaan: mungkin sudah ditutup."
    hint_en = "Load the list of requests again: it may have been closed."


class RequestClosed(AppError):
    """The request was answered already."""

    status = 409
    slug = "request-closed"
    title_id = "Permintaan ini sudah ditutup"
    title_en = "This request is closed already"
    hint_id = "Muat ulang daftar permintaan."
    hint_en = "Load the list of requests again."


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request, opened."""

    reference: str
    kind: str
    channel: str
    words: str
    contact: str
    received_at: datetime
    due_at: datetime
    urgency: Urgency
    outcome: str
    closed_at: datetime | None
    closed_by: str | None


def file_request(
    *,
    session: Session,
    settings: Settings,
    community_id: int,
    kind: str,
    channel: str,
    words: str,
    contact: str,
    at: datetime,
    by: str,
) -> DataRequest:
    """Note a request; due 72 hours after ``at``. Raises UnfitRequest."""
    words, contact = words.strip(), contact.strip()
    if kind not in REQUEST_KINDS or channel not in CHANNELS:
        raise UnfitRequest(f"{kind} by {channel}")
    if not words or len(words) > MOST_WORDS or len(contact) > MOST_CONTACT:
        raise UnfitRequest("words or contact")
    reference = _unused(session)
    sealed = _sealer(settings).seal(
        json.dumps([words, contact]).encode(), about=_about(community_id, reference)
    )
    made = DataRequest(
        community_id=community_id,
        reference=reference,
        kind=kind,
        channel=channel,
        words=sealed,
        received_at=at,
        due_at=at + DUE,
    )
    session.add(made)
    session.flush()
    _log(session, made, "request.file", by, at)
    return made


def close_request(
    *, session: Session, community_id: int, reference: str, outcome: Outcome, at: datetime, by: str
) -> DataRequest:
    """Note that a request was answered. Raises UnknownRequest, RequestClosed."""
    found = session.exec(
        select(DataRequest)
        .where(
            col(DataRequest.community_id) == community_id,
            col(DataRequest.reference) == reference,
        )
        .with_for_update()
    ).one_or_none()
    if found is None:
        raise UnknownRequest(reference)
    if found.outcome != "open":
        raise RequestClosed(reference)
    found.outcome, found.closed_at, found.closed_by = outcome, at, by
    session.add(found)
    session.flush()
    _log(session, found, f"request.{outcome}", by, at)
    return found


def inbox(
    session: Session, *, settings: Settings, community_id: int, at: datetime
) -> list[RequestView]:
    """All requests of a community: open ones first, the most urgent at the top."""
    rows = session.exec(
        select(DataRequest).where(col(DataRequest.community_id) == community_id)
    ).all()
    views = [_view(row, settings, at) for row in rows]
    return sorted(views, key=lambda one: (one.outcome != "open", one.due_at))


def urgency(row: DataRequest, at: datetime) -> Urgency:
    """How a request stands: a warning from 48 hours after it came in, late after 72."""
    if row.outcome != "open":
        return "closed"
    if at > row.due_at:
        return "late"
    return "soon" if at >= row.received_at + WARN else "open"


def _view(row: DataRequest, settings: Settings, at: datetime) -> RequestView:
    opened = _sealer(settings).open(row.words, about=_about(row.community_id, row.reference))
    words, contact = json.loads(opened)
    return RequestView(
        reference=row.reference,
        kind=row.kind,
        channel=row.channel,
        words=words,
        contact=contact,
        received_at=row.received_at,
        due_at=row.due_at,
        urgency=urgency(row, at),
        outcome=row.outcome,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
    )


def _unused(session: Session) -> str:
    for _ in range(_DRAWS):
        reference = new_code()
        if not session.exec(
            select(DataRequest.id).where(col(DataRequest.reference) == reference)
        ).first():
            return reference
    raise UnfitRequest("no reference is free")


def _sealer(settings: Settings) -> Sealer:
    return Sealer(settings.key("identity_key"), "data request")


def _about(community_id: int, reference: str) -> str:
    return f"{community_id}:{reference}"


def _log(session: Session, row: DataRequest, action: str, by: str, at: datetime) -> None:
    audit.record_identity(
        session,
        by=by,
        action=action,
        subject=f"request:{row.id}",
        at=at,
        community_id=row.community_id,
        detail={"kind": row.kind, "channel": row.channel},
    )
