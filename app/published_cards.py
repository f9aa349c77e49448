"""Published scorecards, as pages, files and the API read them: frozen, never computed anew.

What is read here passed the gate of disclosure before it was published; nothing else of a
wave is looked at. Every reading checks the digest, so that a card that was changed in the
store is refused rather than shown.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from sqlmodel import Session, col, select

from app.errors import AppError
from app.tables import Scorecard, ScorecardFile, Wave

if TYPE_CHECKING:
    from analysis.scorecard.model import Card


class UnknownCard(AppError):
    """No card of this wave is published."""

    status = 404
    slug = "unknown-card"
    title_id = "Kartu ini belum diterbitkan, atau tidak ada"
    title_en = "This scorecard is not published, or is not there"
    hint_id = "Buka daftar kartu yang sudah terbit dan pilih dari sana."
    hint_en = "Open the list of published scorecards and choose from there."


class CardDamaged(AppError):
    """A stored card is not what was published."""

    status = 500
    slug = "card-damaged"
    title_id = "Kartu yang tersimpan tidak sama dengan yang diterbitkan"
    title_en = "The stored scorecard is not the one that was published"
    hint_id = "Hubungi admin: pulihkan cadangan sebelum kartu ini dibuka lagi."
    hint_en = "Tell your administrator: restore a backup before this card is opened again."


@dataclass(frozen=True, slots=True)
class Published:
    """The current issue of a wave's card."""

    id: int
    community_id: int
    wave_id: int
    number: int
    """Of the wave."""
    issue: int
    payload: str
    digest: str
    published_at: datetime
    wording: str
    """Digest of the version that was asked."""
    form: str

    @property
    def card(self) -> Card:
        """The card itself; shared between readers. Raises CardDamaged."""
        return read(self.payload, self.digest)


@lru_cache(maxsize=32)  # a community of five years has ten; reading one costs milliseconds
def read(payload: str, digest: str) -> Card:
    """A card from its JSON, checked against its digest. Raises CardDamaged."""
    from analysis.scorecard.model import SCHEMA, Card  # noqa: PLC0415 - where a card is read

    if digest_of(payload) != digest:
        raise CardDamaged(digest[:16])
    card = Card.model_validate_json(payload)
    if card.format != SCHEMA:
        raise CardDamaged(f"format {card.format}")
    return card


def checked(one: Published) -> str:
    """A card's JSON as it was published. Raises CardDamaged."""
    if digest_of(one.payload) != one.digest:
        raise CardDamaged(one.digest[:16])
    return one.payload


def digest_of(payload: str) -> str:
    """SHA-256 of a card's JSON, in hex."""
    return hashlib.sha256(payload.encode()).hexdigest()


def all_of(session: Session, community_id: int) -> list[Published]:
    """The published cards of a community, the newest wave first."""
    rows = session.exec(
        select(Scorecard, Wave)
        .join(Wave, col(Wave.id) == col(Scorecard.wave_id))
        .where(
            col(Scorecard.community_id) == community_id,
            col(Scorecard.retired_at).is_(None),
            col(Wave.state) == "published",
        )
        .order_by(col(Wave.number).desc())
    )
    return [_published(card, wave) for card, wave in rows]


def find(session: Session, community_id: int, number: int) -> Published:
    """The published card of a wave by its number. Raises UnknownCard."""
    for one in all_of(session, community_id):
        if one.number == number:
            return one
    raise UnknownCard(str(number))


def of_wave(session: Session, wave_id: int) -> Published:
    """The published card of a wave by its id. Raises UnknownCard."""
    wave = session.get(Wave, wave_id)
    if wave is None:
        raise UnknownCard(str(wave_id))
    return find(session, wave.community_id, wave.number)


def sources(session: Session, card_id: int) -> list[tuple[int, int]]:
    """Which state of whose answers a card was made from: (wave's id, version), its own first."""
    row = session.get_one(Scorecard, card_id)
    return [(one["wave_id"], one["data_version"]) for one in row.sources]


def tombstones(session: Session, community_id: int) -> list[Scorecard]:
    """Issues that a later one retired: their digest, and when; oldest first."""
    return list(
        session.exec(
            select(Scorecard)
            .where(
                col(Scorecard.community_id) == community_id, col(Scorecard.retired_at).is_not(None)
            )
            .order_by(col(Scorecard.wave_id), col(Scorecard.issue))
        )
    )


def names(session: Session, card_id: int) -> frozenset[str]:
    """The files a published card has; none where they could not be made."""
    return frozenset(
        session.exec(select(ScorecardFile.name).where(col(ScorecardFile.scorecard_id) == card_id))
    )


def content(session: Session, card_id: int, name: str) -> bytes:
    """One file of a published card. Raises UnknownCard, CardDamaged."""
    found = session.get(ScorecardFile, (card_id, name))
    if found is None:
        raise UnknownCard(name)
    if hashlib.sha256(found.content).hexdigest() != found.digest:
        raise CardDamaged(name)
    return found.content


def _published(card: Scorecard, wave: Wave) -> Published:
    assert card.id is not None
    assert card.payload is not None
    return Published(
        id=card.id,
        community_id=card.community_id,
        wave_id=card.wave_id,
        number=wave.number,
        issue=card.issue,
        payload=card.payload,
        digest=card.digest,
        published_at=card.published_at,
        wording=wave.digest,
        form=wave.form,
    )
