"""The report nobody wants to need: whom a breach touched, with what, and whom to tell.

UU 27/2022 art. 46: within 3 x 24 hours the people concerned and the agency are told what was
revealed, when and how, and what is done about it. The figures come from the store; what only
people know stands in [brackets].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, func, or_
from sqlmodel import Session, col, select

from app.pages import moment_of
from app.tables import (
    AuditEvent,
    Background,
    Code,
    Community,
    Consent,
    DataRequest,
    Draft,
    Erasure,
    Participant,
    Response,
)
from instrument.model import Language

TELL_WITHIN = timedelta(hours=72)
Part = Literal["answers", "identity", "both"]

_KINDS: Mapping[str, tuple[str, str]] = {
    "response": ("jawaban survei yang sudah dikirim", "survey answers that were sent"),
    "draft": ("jawaban yang belum dikirim", "answers not sent yet"),
    "background": (
        "data diri dalam kelompok, termasuk kisaran omzet (data pribadi spesifik, pasal 4)",
        "background in bands, sales included (specific personal data, art. 4)",
    ),
    "consent": ("catatan persetujuan", "records of consent"),
    "participant": ("nama; nomor telepon terenkripsi", "names; phone numbers, encrypted"),
    "code": ("sidik kode (HMAC), bukan kodenya", "fingerprints of codes (HMAC), not the codes"),
    "data_request": ("permintaan tentang data, terenkripsi", "requests about data, encrypted"),
}


@dataclass(frozen=True, slots=True)
class Breach:
    """What a breach between two moments can have touched."""

    since: datetime
    until: datetime
    communities: tuple[str, ...]
    part: Part
    people: int
    """Distinct people of whom something was stored at any moment of the span."""
    erased: int
    """Of them, those erased within the span: their data were there at its beginning."""
    rows: Mapping[str, int] = field(default_factory=dict)
    first_day: str = ""
    last_day: str = ""
    acts: Mapping[str, int] = field(default_factory=dict)
    """What the audit log holds of the span, by kind of act."""


def assess(
    session: Session,
    *,
    since: datetime,
    until: datetime,
    community: str | None,
    part: Part,
    has_identity: bool,
) -> Breach:
    """Count what was there; changes nothing.

    Everything stored counts, not only what came in meanwhile: whoever read the store in the
    span read all of it.
    """
    places = session.exec(
        select(Community).where(Community.slug == community) if community else select(Community)
    ).all()
    ids = [place.id for place in places]
    rows: dict[str, int] = {}
    people = 0
    erased = _count(
        session,
        Erasure,
        [col(Erasure.community_id).in_(ids), col(Erasure.at).between(since, until)],
    )
    first, last = None, None
    if part != "identity":
        for table in (Response, Draft, Background, Consent):
            rows[str(table.__tablename__)] = _count(
                session, table, [col(table.community_id).in_(ids)]
            )
        refs: set[object] = set()
        for table in (Response, Draft, Background):
            refs |= set(
                session.execute(
                    select(table.community_id, table.respondent_ref).where(
                        col(table.community_id).in_(ids)
                    )
                )
            )
        people = len(refs)
        first, last = session.execute(
            select(func.min(Response.submitted_on), func.max(Response.submitted_on)).where(
                col(Response.community_id).in_(ids)
            )
        ).one()
    if part != "answers" and has_identity:
        rows["participant"] = _count(session, Participant, [col(Participant.community_id).in_(ids)])
        rows["code"] = _count(
            session,
            Code,
            [
                col(Code.participant_id).in_(
                    select(Participant.id).where(col(Participant.community_id).in_(ids))
                )
            ],
        )
        rows["data_request"] = _count(
            session, DataRequest, [col(DataRequest.community_id).in_(ids)]
        )
        people = max(people, rows["participant"])
    acts = session.execute(
        select(AuditEvent.action, func.count())
        .where(
            col(AuditEvent.at).between(since, until),
            or_(col(AuditEvent.community_id).in_(ids), col(AuditEvent.community_id).is_(None)),
        )
        .group_by(AuditEvent.action)
        .order_by(AuditEvent.action)
    ).all()
    return Breach(
        since=since,
        until=until,
        communities=tuple(place.slug for place in places),
        part=part,
        people=people + erased,
        erased=erased,
        rows={name: n for name, n in rows.items() if n},
        first_day=first.isoformat() if first else "",
        last_day=last.isoformat() if last else "",
        acts={action: int(n) for action, n in acts},
    )


def report(breach: Breach, *, found_at: datetime) -> str:
    """The facts, for whoever handles it."""
    lines = [
        "BREACH REPORT",
        f"Span: {breach.since.isoformat()} to {breach.until.isoformat()}",
        f"Communities: {', '.join(breach.communities) or 'none'}",
        f"Part of the store: {breach.part}",
        f"People affected: {breach.people} (of them erased meanwhile: {breach.erased})",
        "Data:",
        *(f"  {n:>8}  {name}: {_KINDS[name][1]}" for name, n in breach.rows.items()),
        f"Answers were sent between {breach.first_day or '-'} and {breach.last_day or '-'}",
        "Acts in the audit log in the span:",
        *(f"  {n:>8}  {name}" for name, n in breach.acts.items()),
        f"Tell people and the agency by: {(found_at + TELL_WITHIN).isoformat()}",
    ]
    return "\n".join(lines) + "\n"


def notice(breach: Breach, language: Language, *, found_at: datetime) -> str:
    """A draft of the notice to people and agency, in one language."""
    kinds = [_KINDS[name][1 if language == "en" else 0] for name in breach.rows]
    since, until = (moment_of(one, language) for one in (breach.since, breach.until))
    told = moment_of(found_at + TELL_WITHIN, language)
    listed = "".join(f"- {kind}\n" for kind in kinds)
    if language == "en":
        return (
            f"NOTICE OF A PERSONAL DATA BREACH (draft; tell by {told})\n\n"
            f"To: the people concerned; the data protection agency\n"
            f"What was revealed, of {breach.people} people:\n{listed}"
            f"When: between {since} and {until}.\n"
            "How it happened: [what is known; what is still being looked into]\n"
            "What it can mean for you: [consequences]\n"
            "What has been done, and is being done: [measures; keys changed; access closed]\n"
            "What you can do: open the survey link, then “My rights”: see your answers, or have"
            " them deleted.\n"
            "Who answers your questions: [name, number, address]\n"
        )
    return (
        f"PEMBERITAHUAN KEGAGALAN PELINDUNGAN DATA PRIBADI (draf; sampaikan paling lambat {told})"
        "\n\n"
        "Kepada: subjek data; lembaga pelindungan data pribadi\n"
        f"Yang terungkap, dari {breach.people} orang:\n{listed}"
        f"Kapan: antara {since} dan {until}.\n"
        "Bagaimana terjadinya: [yang sudah diketahui; yang masih diselidiki]\n"
        "Akibat yang mungkin bagi Anda: [akibat]\n"
        "Yang sudah dan sedang dilakukan: [tindakan; kunci diganti; akses ditutup]\n"
        "Yang bisa Anda lakukan: buka tautan survei, lalu “Hak Saya”: lihat jawaban Anda, atau"
        " minta dihapus.\n"
        "Siapa yang menjawab pertanyaan Anda: [nama, nomor, alamat]\n"
    )


def _count(session: Session, table: type, where: list[ColumnElement[bool]]) -> int:
    return int(session.execute(select(func.count()).select_from(table).where(*where)).scalar_one())
