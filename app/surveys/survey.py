"""The survey behind a slug, remembered for two seconds so that a save needs no query.

When that time is over, all who ask at once wait for one reading: two hundred people who each
read it again cost more than their saves.

Whether a wave really accepts is judged by the store in its own transaction; what is
remembered here only decides which page is shown.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlmodel import Session

from app.db import Database
from app.wave_reader import (
    CommunityView,
    UnknownCommunity,
    WaveView,
    current_wave,
    find_community,
)
from instrument import registry
from instrument.model import LANGUAGES, Instrument, Language, Text

REMEMBER_SECONDS = 2.0
REMEMBER_SLUGS = 500
Standing = Literal["none", "early", "open", "closed"]


@dataclass(frozen=True)
class Survey:
    """A community's wave of now, with its questionnaire at hand."""

    community: CommunityView
    wave: WaveView
    instrument: Instrument
    zone: ZoneInfo
    consent: tuple[Text, ...]
    """The consent paragraphs as locked for this wave."""
    fingerprint: str = field(default="")
    """Changes with anything a kept page shows."""

    @property
    def slug(self) -> str:
        """The community's slug."""
        return self.community.slug

    @property
    def coded(self) -> bool:
        """Whether people come with a code (confidential), not openly (anonymous)."""
        return self.wave.access == "code"

    def granting(self, granted: frozenset[str]) -> frozenset[str]:
        """Of these consent choices, those behind a question of the form."""
        return granted & self._needed

    @cached_property
    def _needed(self) -> frozenset[str | None]:
        """The choices that questions of the form depend on."""
        form = self.instrument.form(self.wave.form)
        return frozenset(self.instrument.question(code).needs_consent for code in form.questions)

    def consent_hash(self, language: Language) -> str:
        """SHA-256 of the consent page as shown: paragraphs and boxes in one language."""
        return self._consent_hashes[language]

    @cached_property
    def _consent_hashes(self) -> dict[Language, str]:
        boxes = self.instrument.consent.choices if self.instrument.consent else ()
        hashes: dict[Language, str] = {}
        for language in LANGUAGES:
            shown = {
                "language": language,
                "paragraphs": [paragraph.in_(language) for paragraph in self.consent],
                "choices": [[box.code, box.text.in_(language)] for box in boxes],
            }
            text = json.dumps(shown, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            hashes[language] = hashlib.sha256(text.encode()).hexdigest()
        return hashes


@dataclass(frozen=True)
class Nothing:
    """A community that has no wave yet."""

    community: CommunityView

    @property
    def slug(self) -> str:
        """The community's slug."""
        return self.community.slug


def standing(survey: Survey | Nothing, at: datetime) -> Standing:
    """How things stand for somebody who opens the link at ``at``."""
    if isinstance(survey, Nothing):
        return "none"
    wave = survey.wave
    if wave.accepts(at):
        return "open"
    if wave.state in ("closed", "published"):
        return "closed"
    if wave.state == "open" and wave.closes_at is not None and wave.closes_at <= at:
        return "closed"
    return "early"


def load(database: Database, slug: str) -> Survey | Nothing:
    """Read the survey of a slug. Raises UnknownCommunity."""
    with Session(database.read) as session, session.begin():
        wave = current_wave(session, slug)
        community = find_community(session, slug)
    if wave is None:
        return Nothing(community)
    return survey_of(community, wave)


def survey_of(community: CommunityView, wave: WaveView) -> Survey:
    """Put a wave and its questionnaire together."""
    shown: list[object] = [
        wave.wave_id,
        wave.state,
        wave.digest,
        wave.form,
        wave.modules,
        wave.access,
    ]
    shown += [
        str(wave.opens_at),
        str(wave.closes_at),
        wave.consent,
        wave.is_simulated,
        wave.is_test,
    ]
    return Survey(
        community=community,
        wave=wave,
        instrument=registry.find(wave.instrument_key, wave.version),
        zone=ZoneInfo(community.timezone),
        consent=tuple(Text(id=one["id"], en=one["en"]) for one in wave.consent),
        fingerprint=hashlib.sha256(json.dumps(shown).encode()).hexdigest(),
    )


class Surveys:
    """Finds the survey behind a slug and remembers it, also that there is none.

    Used by one event loop.
    """

    def __init__(self, find: Callable[[str], Coroutine[Any, Any, Survey | Nothing]]) -> None:
        self._find = find
        self._known: OrderedDict[str, tuple[float, Survey | Nothing | None]] = OrderedDict()
        self._asking: dict[str, asyncio.Task[Survey | Nothing | None]] = {}

    async def of(self, slug: str, *, fresh: bool = False) -> Survey | Nothing:
        """The community's survey of now. Raises UnknownCommunity.

        ``fresh``: the store has just judged otherwise, so what is remembered is stale, and
        so may be what is being read already.
        """
        known = self._known.get(slug)
        if not fresh and known is not None and known[0] >= time.monotonic():
            survey = known[1]
        else:
            begun = self._asking.get(slug)
            if fresh and begun is not None:
                await asyncio.wait([begun])
            survey = await self._asked(slug)
        if survey is None:
            raise UnknownCommunity(slug)
        return survey

    async def _asked(self, slug: str) -> Survey | Nothing | None:
        """The one reading that is on its way, begun here if there is none."""
        asking = self._asking.get(slug)
        if asking is None:
            asking = self._asking[slug] = asyncio.create_task(self._ask(slug))
            asking.add_done_callback(lambda _: self._asking.pop(slug))
        return await asyncio.shield(asking)  # one who goes away takes nobody along

    async def _ask(self, slug: str) -> Survey | Nothing | None:
        now = time.monotonic()
        try:
            found = await self._find(slug)
        except UnknownCommunity:
            found = None
        self._known[slug] = (now + REMEMBER_SECONDS, found)
        self._known.move_to_end(slug)
        while len(self._known) > REMEMBER_SLUGS:
            self._known.popitem(last=False)
        return found
