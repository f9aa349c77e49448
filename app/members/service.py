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
from app.members.errors import (
    ChangedMeanwhile,
    CodesExhausted,
    ParticipantLeft,
    UnknownParticipant,
)
from app.members.phone_book import PhoneBook
from app.tables import Code, Participant

__all__ = [
    "CodesExhausted",
    "ParticipantLeft",
    "UnknownParticipant",
    "add_participant",
    "change_participant",
    "issue_code",
    "issue_link",
    "mark_left",
    "revoke_code",
    "take_back_leaving",
]
DRAWS = 16
"""Tries for a code that nobody has."""


def add_participant(
    *,
    session: Session,
    community_id: int,
    display_name: str,
    joined_on: date,
    by: str,
    at: datetime,
    phone: str | None = None,
    phones: PhoneBook | None = None,
) -> Participant:
    """Put a person on the roster; their respondent_ref is drawn here and never shown.

    ``phone`` (country code and digits) is sealed by ``phones``; without one it is not kept.
    """
    ref = uuid4()
    participant = Participant(
        community_id=community_id,
        display_name=display_name.strip(),
        phone=phones.seal(ref, phone) if phones is not None and phone is not None else None,
        joined_on=joined_on,
        respondent_ref=ref,
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
    participant.left_on = max(left_on, participant.joined_on)
    session.add(participant)
    session.flush()
    _log(session, participant, "participant.leave", by, at)
    return participant


def take_back_leaving(
    *, session: Session, community_id: int, participant_id: int, by: str, at: datetime
) -> Participant:
    """Make somebody a member again; the code they had opens again, since it never went."""
    participant = _participant(session, community_id, participant_id)
    if participant.left_on is None:
        return participant
    participant.left_on = None
    session.add(participant)
    session.flush()
    _log(session, participant, "participant.return", by, at)
    return participant


def change_participant(
    *,
    session: Session,
    community_id: int,
    participant_id: int,
    display_name: str,
    phone: str | None,
    seen: str,
    phones: PhoneBook,
    by: str,
    at: datetime,
) -> Participant:
    """Correct a name or a phone (country code and digits).

    ``seen`` is `PhoneBook.fingerprint` of what the page showed. Raises ChangedMeanwhile
    where somebody else was quicker.
    """
    participant = _participant(session, community_id, participant_id)
    if phones.fingerprint(participant) != seen:
        raise ChangedMeanwhile(str(participant_id))
    name = display_name.strip()
    if (name, phone) == (participant.display_name, phones.read(participant)):
        return participant
    participant.display_name = name
    participant.phone = None if phone is None else phones.seal(participant.respondent_ref, phone)
    session.add(participant)
    session.flush()
    _log(session, participant, "participant.change", by, at)
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
    for _ in range(DRAWS):
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
