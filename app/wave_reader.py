"""What the pages of any slice may read of a community and its wave. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, cast

from sqlmodel import Session, col, select

from app.errors import AppError
from app.tables import Community, Wave

WaveState = Literal["draft", "open", "closed", "published"]
FormCode = Literal["full", "pulse"]
Access = Literal["code", "open"]


RESULTS_DAYS = 14
"""Days after the close within which the community hears what came of it."""


class UnknownCommunity(AppError):
    """No community has this slug."""

    status = 404
    slug = "unknown-community"
    title_id = "Alamat ini tidak dikenal"
    title_en = "This address is not known"
    hint_id = "Periksa tautan yang dibagikan di grup; mungkin ada huruf yang terpotong."
    hint_en = "Check the link shared in the group; a letter may have been cut off."


class UnknownWave(AppError):
    """There is no such wave."""

    status = 404
    slug = "unknown-wave"
    title_id = "Gelombang survei ini tidak ada"
    title_en = "There is no such wave"
    hint_id = "Periksa nama komunitas dan nomor gelombangnya: <komunitas>-<nomor>."
    hint_en = "Check the community's name and the wave's number: <community>-<number>."


MINUTES: dict[str, int] = {"full": 10, "pulse": 3}
"""What cards and texts promise, by form; some 12 s an item, and the consent page."""


@dataclass(frozen=True, slots=True)
class CommunityView:
    """A community, as pages show it."""

    id: int
    slug: str
    name: str
    locale: str
    timezone: str


@dataclass(frozen=True, slots=True)
class WaveView:
    """A wave and its community: everything the member's pages need."""

    community_id: int
    slug: str
    community_name: str
    locale: str
    timezone: str
    wave_id: int
    number: int
    instrument_key: str
    version: str
    digest: str
    item_count: int
    form: FormCode
    modules: tuple[str, ...]
    access: Access
    consent: tuple[dict[str, str], ...]
    """The consent paragraphs with their brackets filled: ``{"id": ..., "en": ...}``."""
    floors: dict[str, int]
    aimed: tuple[str, ...]
    """The at most two scales the wave aims at, as locked at opening."""
    eligible_n: int | None
    opens_at: datetime | None
    closes_at: datetime | None
    state: WaveState
    is_test: bool
    is_simulated: bool
    latest_published: int | None
    """Number of the community's last published wave; what ``/hasil`` shows."""

    @property
    def name(self) -> str:
        """``<community>-<number>``: how commands and data sets call the wave."""
        return f"{self.slug}-{self.number}"

    @property
    def minutes(self) -> int:
        """How long the form takes."""
        return MINUTES[self.form]

    @property
    def results_by(self) -> datetime | None:
        """When the community hears what came of it; None where no end is set."""
        return self.closes_at and self.closes_at + timedelta(days=RESULTS_DAYS)

    def accepts(self, at: datetime) -> bool:
        """Whether pages may offer the form at ``at``; the store judges again when it saves."""
        if self.state == "draft":
            return self.is_test
        return (
            self.state == "open"
            and self.opens_at is not None
            and self.closes_at is not None
            and self.opens_at <= at < self.closes_at
        )


def find_community(session: Session, slug: str) -> CommunityView:
    """Return the community of that slug; raises UnknownCommunity."""
    found = session.exec(select(Community).where(col(Community.slug) == slug)).one_or_none()
    if found is None or found.id is None:
        raise UnknownCommunity(slug)
    return CommunityView(found.id, found.slug, found.name, found.locale, found.timezone)


def current_wave(session: Session, slug: str) -> WaveView | None:
    """Return the wave that a community's link leads to, or None where it has none yet.

    The open one; else one under test; else the newest that was asked; else the next one
    planned. Raises UnknownCommunity.
    """
    community = find_community(session, slug)
    waves = session.exec(
        select(Wave).where(col(Wave.community_id) == community.id).order_by(col(Wave.number).desc())
    ).all()
    if not waves:
        return None
    chosen = (
        next((wave for wave in waves if wave.state == "open"), None)
        or next((wave for wave in waves if wave.is_test), None)
        or next((wave for wave in waves if wave.state != "draft"), None)
        or waves[-1]
    )
    published = next((wave.number for wave in waves if wave.state == "published"), None)
    return _view(community, chosen, published)


def find_wave(session: Session, name: str) -> WaveView:
    """Return the wave called ``<community>-<number>``; raises UnknownCommunity, UnknownWave."""
    slug, _, number = name.rpartition("-")
    if not slug or not number.isdecimal():
        raise UnknownWave(name)
    community = find_community(session, slug)
    waves = session.exec(select(Wave).where(col(Wave.community_id) == community.id)).all()
    found = next((wave for wave in waves if wave.number == int(number)), None)
    if found is None:
        raise UnknownWave(name)
    published = [wave.number for wave in waves if wave.state == "published"]
    return _view(community, found, max(published, default=None))


def _view(community: CommunityView, wave: Wave, published: int | None) -> WaveView:
    if wave.id is None:
        raise UnknownWave(f"{community.slug}-{wave.number} is not stored yet")
    return WaveView(
        community_id=community.id,
        slug=community.slug,
        community_name=community.name,
        locale=community.locale,
        timezone=community.timezone,
        wave_id=wave.id,
        number=wave.number,
        instrument_key=wave.instrument_key,
        version=wave.version,
        digest=wave.digest,
        item_count=wave.item_count,
        form=cast("FormCode", wave.form),  # a CHECK constraint keeps the three in range
        modules=tuple(wave.modules),
        access=cast("Access", wave.access),
        consent=tuple(wave.consent),
        floors=dict(wave.floors),
        aimed=tuple(wave.plan.get("aimed", ())),
        eligible_n=wave.eligible_n,
        opens_at=wave.opens_at,
        closes_at=wave.closes_at,
        state=cast("WaveState", wave.state),
        is_test=wave.is_test,
        is_simulated=wave.is_simulated,
        latest_published=published,
    )
