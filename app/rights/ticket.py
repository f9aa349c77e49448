"""What a rights page carries from step to step, so that a code is typed only once.

Sealed, short-lived, good in one community: the page holds neither the code nor the
respondent_ref, and nothing is kept on the server.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta
from uuid import UUID

from app.sealing import NotOurs, Sealer
from app.settings import Settings

VALID = timedelta(minutes=30)
_MOMENT_BYTES = 8


def issue(settings: Settings, *, community_id: int, respondent_ref: UUID, at: datetime) -> str:
    """Make a ticket for a person whose code or receipt was right."""
    until = int((at + VALID).timestamp())
    plain = respondent_ref.bytes + until.to_bytes(_MOMENT_BYTES)
    sealed = _sealer(settings).seal(plain, about=_about(community_id))
    return base64.urlsafe_b64encode(sealed).decode()


def read(settings: Settings, *, community_id: int, ticket: str, at: datetime) -> UUID | None:
    """Whose ticket that is; None where it is none of ours, of elsewhere, or over."""
    try:
        sealed = base64.urlsafe_b64decode(ticket.encode())
        plain = _sealer(settings).open(sealed, about=_about(community_id))
    except (NotOurs, ValueError, binascii.Error):
        return None
    if int.from_bytes(plain[16:]) < at.timestamp():
        return None
    return UUID(bytes=plain[:16])


def _sealer(settings: Settings) -> Sealer:
    return Sealer(settings.key("secret_key"), "rights ticket")


def _about(community_id: int) -> str:
    return f"community:{community_id}"
