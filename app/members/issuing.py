"""Codes for many at once, and the one moment in which they can be seen.

What is stored of a code is its HMAC. The page that issues holds the codes, and carries them
sealed, so that slips, a spreadsheet and WhatsApp links come from one issue; after
`VALID_FOR` nothing opens that any more.
"""

from __future__ import annotations

import json
import secrets
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import insert, or_, update
from sqlmodel import Session, col, select

from app import audit
from app.codes import code_hmac, new_code
from app.members import service
from app.members.errors import StaleCodes
from app.sealing import NotOurs, Sealer
from app.tables import Code, Participant

VALID_FOR = timedelta(hours=2)
_TOKEN_BYTES = 16
_CHUNK = 500
"""Values of one IN list; SQLite takes 32,766, PostgreSQL plans long lists slowly."""
_MOST_BYTES = 8_000_000


@dataclass(frozen=True, slots=True)
class Issued:
    """What one person gets: a code to type and a link that types it."""

    participant_id: int
    code: str
    token: str


def without_code(session: Session, community_id: int, today: date) -> list[int]:
    """Ids of the members of today who have no valid code, by name."""
    valid = select(Code.participant_id).where(
        col(Code.kind) == "code", col(Code.revoked_at).is_(None)
    )
    return [
        found
        for found in session.exec(
            select(Participant.id)
            .where(
                col(Participant.community_id) == community_id,
                or_(col(Participant.left_on).is_(None), col(Participant.left_on) > today),
                col(Participant.id).not_in(valid),
            )
            .order_by(col(Participant.display_name), col(Participant.id))
        )
        if found is not None
    ]


def issue_missing(
    *,
    session: Session,
    community_id: int,
    key: bytes,
    today: date,
    by: str,
    at: datetime,
) -> list[Issued]:
    """Issue code and link to every member who has no valid code; return them, once.

    ``key`` is CODE_KEY. Raises CodesExhausted.
    """
    ids = without_code(session, community_id, today)
    if not ids:
        return []
    codes = _unused_codes(session, community_id, key, len(ids))
    issued = [
        Issued(participant_id, code, secrets.token_urlsafe(_TOKEN_BYTES))
        for participant_id, code in zip(ids, codes, strict=True)
    ]
    for start in range(0, len(ids), _CHUNK):  # a link without its code: the code was revoked
        session.execute(
            update(Code)
            .where(
                col(Code.participant_id).in_(ids[start : start + _CHUNK]),
                col(Code.revoked_at).is_(None),
            )
            .values(revoked_at=at)
        )
    session.execute(
        insert(Code),
        [
            {
                "participant_id": one.participant_id,
                "kind": kind,
                "code_hmac": code_hmac(key, community_id, secret, kind=kind),
                "issued_at": at,
                "revoked_at": None,
            }
            for one in issued
            for kind, secret in (("code", one.code), ("link", one.token))
        ],
    )
    audit.record_identity(
        session,
        by=by,
        action="code.issue_missing",
        subject=f"community:{community_id}",
        at=at,
        community_id=community_id,
        detail={"people": len(issued)},
    )
    session.flush()
    return issued


def reissue(
    *,
    session: Session,
    community_id: int,
    participant_id: int,
    key: bytes,
    by: str,
    at: datetime,
) -> Issued:
    """Give one person a new code and link; the ones before stop working.

    Raises UnknownParticipant, ParticipantLeft, CodesExhausted.
    """
    code = service.issue_code(
        session=session,
        community_id=community_id,
        participant_id=participant_id,
        key=key,
        by=by,
        at=at,
    )
    token = service.issue_link(
        session=session,
        community_id=community_id,
        participant_id=participant_id,
        key=key,
        by=by,
        at=at,
    )
    return Issued(participant_id, code, token)


class CodeSeal:
    """Makes a batch of codes a field of the page that shows them."""

    def __init__(self, key: bytes, *, community_id: int, actor: str) -> None:
        self._sealer = Sealer(key, "codes")
        self._about = f"{community_id}:{actor}"

    def pack(self, issued: Sequence[Issued], *, at: datetime) -> str:
        """Return the form's field."""
        rows = [[one.participant_id, one.code, one.token] for one in issued]
        packed = zlib.compress(json.dumps([at.timestamp(), rows]).encode())
        return urlsafe_b64encode(self._sealer.seal(packed, about=self._about)).decode()

    def unpack(self, field: str, *, at: datetime) -> list[Issued]:
        """Read the field again. Raises StaleCodes: too old, changed, of somebody else."""
        try:
            packed = self._sealer.open(urlsafe_b64decode(field.encode()), about=self._about)
        except (NotOurs, ValueError) as error:
            raise StaleCodes from error
        moment, rows = json.loads(zlib.decompressobj().decompress(packed, _MOST_BYTES))
        if not 0 <= at.timestamp() - moment < VALID_FOR.total_seconds():
            raise StaleCodes
        return [Issued(*row) for row in rows]


def _unused_codes(session: Session, community_id: int, key: bytes, count: int) -> list[str]:
    """Draw ``count`` codes that nobody has or had, all different."""
    drawn: dict[bytes, str] = {}
    for _ in range(service.DRAWS):
        while len(drawn) < count:
            code = new_code()
            drawn[code_hmac(key, community_id, code)] = code
        hmacs = list(drawn)
        taken = [
            bytes(found)
            for start in range(0, count, _CHUNK)
            for found in session.exec(
                select(Code.code_hmac).where(col(Code.code_hmac).in_(hmacs[start : start + _CHUNK]))
            )
        ]
        if not taken:
            return list(drawn.values())
        for one in taken:
            del drawn[one]
    raise service.CodesExhausted
