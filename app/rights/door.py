"""Whose data somebody may see: by member code, by receipt, or by the draft on their phone."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlmodel import Session

from app.auth import CodeDoor
from app.codes import normalise
from app.db import Database
from app.rights import own
from app.wave_reader import CommunityView


def enter(
    database: Database,
    door: CodeDoor,
    *,
    community: CommunityView,
    typed: str,
    client: str | None,
) -> UUID:
    """Return whose code or receipt was typed; both have the same shape. Blocks.

    Somebody who left the community keeps their rights, so the day of leaving does not
    matter here. Wrong tries count as at the survey's own door. Raises TooManyWrongCodes,
    WrongCode, IdentityRemoved (no code means anybody any more; a receipt still does).
    """
    door.counter.check(client)
    code = normalise(typed)
    if code is not None:
        with Session(database.read) as session, session.begin():
            ref = own.by_receipt(
                session,
                community_id=community.id,
                receipt=code,
                key=database.settings.key("code_key"),
            )
        if ref is not None:
            return ref
    return door.enter(community_id=community.id, typed=typed, client=client, today=date.min)
