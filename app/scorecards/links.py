"""Links to read one published card without an account: two weeks, revocable, shown once.

A card holds combined figures only, so a link may be passed on. What is stored is an HMAC; the
token stands in the link and nowhere else, and no log has the address.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, col, select

from app import audit, published_cards
from app.keyed import keyed_hash
from app.published_cards import Published, UnknownCard
from app.scorecards.errors import TooManyLinks, UnknownLink
from app.tables import ScorecardLink

LASTS = timedelta(days=14)
MOST_VALID = 10
_BYTES = 24
_LENGTH = 32
"""Characters of a token."""


def make(
    *, session: Session, key: bytes, card: Published, by: str, at: datetime
) -> tuple[ScorecardLink, str]:
    """Make a link; return its row and the token, which is stored nowhere. Raises TooManyLinks."""
    if len(valid(session, card.wave_id, at)) >= MOST_VALID:
        raise TooManyLinks(str(card.number))
    token = secrets.token_urlsafe(_BYTES)
    row = ScorecardLink(
        community_id=card.community_id,
        wave_id=card.wave_id,
        token_hmac=hmac_of(key, token),
        made_at=at,
        made_by=by,
        expires_at=at + LASTS,
    )
    session.add(row)
    session.flush()
    audit.record(
        session,
        by=by,
        action="link.card",
        subject=f"card_link:{row.id}",
        at=at,
        community_id=card.community_id,
        detail={"wave": card.number, "days": LASTS.days},
    )
    return row, token


def valid(session: Session, wave_id: int, at: datetime) -> Sequence[ScorecardLink]:
    """The links to a wave's card that open it, the newest first."""
    return session.exec(
        select(ScorecardLink)
        .where(
            col(ScorecardLink.wave_id) == wave_id,
            col(ScorecardLink.revoked_at).is_(None),
            col(ScorecardLink.expires_at) > at,
        )
        .order_by(col(ScorecardLink.made_at).desc(), col(ScorecardLink.id).desc())
    ).all()


def revoke(*, session: Session, card: Published, link_id: int, by: str, at: datetime) -> None:
    """End a link at once. Raises UnknownLink."""
    row = session.get(ScorecardLink, link_id)
    if row is None or row.wave_id != card.wave_id:
        raise UnknownLink
    if row.revoked_at is not None:
        return
    row.revoked_at = at
    session.add(row)
    session.flush()
    audit.record(
        session,
        by=by,
        action="link.card_revoke",
        subject=f"card_link:{row.id}",
        at=at,
        community_id=card.community_id,
        detail={"wave": card.number},
    )


def find(session: Session, *, key: bytes, token: str, at: datetime) -> tuple[int, Published]:
    """What a link opens: its id and the card. Raises UnknownLink, whatever the reason is."""
    row = None
    if len(token) == _LENGTH:
        row = session.exec(
            select(ScorecardLink).where(
                col(ScorecardLink.token_hmac) == hmac_of(key, token),
                col(ScorecardLink.revoked_at).is_(None),
                col(ScorecardLink.expires_at) > at,
            )
        ).one_or_none()
    if row is None or row.id is None:
        raise UnknownLink
    try:
        return row.id, published_cards.of_wave(session, row.wave_id)
    except UnknownCard as error:
        raise UnknownLink from error


def used_today(session: Session, link_id: int, today: date) -> bool:
    """Whether it is noted already that the link was used on this day."""
    row = session.get(ScorecardLink, link_id)
    return row is None or row.last_used_on == today


def touch(session: Session, link_id: int, today: date) -> None:
    """Note the day a link was used; not the hour, and not by whom."""
    session.execute(
        update(ScorecardLink).where(col(ScorecardLink.id) == link_id).values(last_used_on=today)
    )


def hmac_of(key: bytes, token: str) -> bytes:
    """HMAC-SHA-256 of a token; ``key`` is SECRET_KEY."""
    return keyed_hash(key, b"scorecard link\0" + token.encode())
