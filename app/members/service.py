"""Verbs on the roster; each writes its audit row in the same transaction and schema.

None commits: the caller's session does. They write the identity schema only, never an
answer, so that one verb writes one database file.
"""

from __future__ import annotations

import secrets
from datetime import date, datetime
from uuid import uuid4

from sqlmodel import Session, col, select

from app import audit
from app.codes import code_hmac, new_code
from app.errors import AppError
from app.tables import Code, Participant

_DRAWS = 16


class UnknownParticipant(AppError):
    """Nobody on this community's roster has that id."""

    status = 404
    slug = "unknown-participant"
    title_id = "Orang ini tidak ada di daftar"
    title_en = "This person is not on the roster"
    hint_id = "Muat ulang daftar anggota: mungkin baru saja diubah."
    hint_en = "Load the roster again: it may have just been changed."


class ParticipantLeft(AppError):
    """Somebody who left gets no code."""

    status = 409
    slug = "participant-left"
    title_id = "Orang ini sudah keluar dari komunitas"
    title_en = "This person has left the community"
    hint_id = "Hapus tanggal keluarnya dulu, kalau memang masih anggota."
    hint_en = "Take back the leaving date first, if they are still a member."


class CodesExhausted(AppError):
    """Sixteen draws in a row were taken: the random source is broken."""

    status = 500
    slug = "codes-exhausted"
    title_id = "Kode baru tidak bisa dibuat"
    title_en = "No new code could be made"
    hint_id = "Pengelola: periksa sumber acak sistem ini."
    hint_en = "Operator: check this machine's source of randomness."


def add_participant(
    *,
    session: Session,
    community_id: int,
    display_name: str,
    joined_on: date,
    by: str,
    at: datetime,
    phone: bytes | None = None,
) -> Participant:
    """Put a person on the roster; their respondent_ref is drawn here and never shown.

    ``phone`` must be encrypted already.
    """
    participant = Participant(
        community_id=community_id,
        display_name=display_name.strip(),
        phone=phone,
        joined_on=joined_on,
        respondent_ref=uuid4(),
    )
    session.add(participant)
    session.flush()
    _log(session, participant, "participant.add", by, at)
    return participant


def mark_left(
    *,
    session: Session,
    community_id: int,
    participant_id: int,
    left_on: date,
    by: str,
    at: datetime,
) -> Participant:
    """Note that somebody left; from that day their code opens nothing."""
    participant = _participant(session, community_id, participant_id)
    participant.left_on = left_on
    session.add(participant)
    session.flush()
    _log(session, participant, "participant.leave", by, at)
    return participant


def issue_code(
    *,
    session: Session,
    community_id: int,
    participant_id: int,
    key: bytes,
    by: str,
    at: datetime,
) -> str:
    """Draw a code for a person and return it, once; the one before stops working.

    ``key`` is CODE_KEY. Raises UnknownParticipant, ParticipantLeft, CodesExhausted.
    """
    participant = _participant(session, community_id, participant_id)
    if participant.left_on is not None and participant.left_on <= at.date():
        raise ParticipantLeft(str(participant_id))
    _revoke_valid(session, participant, "code", at)
    code, made = _unused_code(session, community_id, key)
    session.add(Code(participant_id=participant_id, kind="code", code_hmac=made, issued_at=at))
    session.flush()
    _log(session, participant, "code.issue", by, at)
    return code


def issue_link(
    *,
    session: Session,
    community_id: int,
    participant_id: int,
    key: bytes,
    by: str,
    at: datetime,
) -> str:
    """Draw the token of a personal link (128 bits) and return it, once."""
    participant = _participant(session, community_id, participant_id)
    if participant.left_on is not None and participant.left_on <= at.date():
        raise ParticipantLeft(str(participant_id))
    _revoke_valid(session, participant, "link", at)
    token = secrets.token_urlsafe(16)
    made = code_hmac(key, community_id, token, kind="link")
    session.add(Code(participant_id=participant_id, kind="link", code_hmac=made, issued_at=at))
    session.flush()
    _log(session, participant, "link.issue", by, at)
    return token


def revoke_code(
    *, session: Session, community_id: int, participant_id: int, by: str, at: datetime
) -> bool:
    """Make a person's code and link worthless; False where none was valid."""
    participant = _participant(session, community_id, participant_id)
    revoked = [_revoke_valid(session, participant, kind, at) for kind in ("code", "link")]
    if any(revoked):
        _log(session, participant, "code.revoke", by, at)
    return any(revoked)


def _participant(session: Session, community_id: int, participant_id: int) -> Participant:
    found = session.exec(
        select(Participant)
        .where(col(Participant.id) == participant_id, col(Participant.community_id) == community_id)
        .with_for_update()  # two people who issue at once: one after the other
    ).one_or_none()
    if found is None:
        raise UnknownParticipant(str(participant_id))
    return found


def _revoke_valid(session: Session, participant: Participant, kind: str, at: datetime) -> bool:
    valid = session.exec(
        select(Code).where(
            col(Code.participant_id) == participant.id,
            col(Code.kind) == kind,
            col(Code.revoked_at).is_(None),
        )
    ).one_or_none()
    if valid is None:
        return False
    valid.revoked_at = at
    session.add(valid)
    session.flush()  # before the next one: at most one is valid (unique index)
    return True


def _unused_code(session: Session, community_id: int, key: bytes) -> tuple[str, bytes]:
    for _ in range(_DRAWS):
        code = new_code()
        made = code_hmac(key, community_id, code)
        taken = session.exec(select(Code.id).where(col(Code.code_hmac) == made)).first()
        if taken is None:
            return code, made
    raise CodesExhausted


def _log(session: Session, participant: Participant, action: str, by: str, at: datetime) -> None:
    audit.record_identity(
        session,
        by=by,
        action=action,
        subject=f"participant:{participant.id}",
        at=at,
        community_id=participant.community_id,
    )
