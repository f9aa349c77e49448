"""An office with a closed wave, a card that is prepared and published, and who reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import httpx
import numpy as np
import pytest
from sqlmodel import Session, col, select

from app.jobs.runs import Source
from app.rights.erasing import withdraw
from app.store import ConsentGiven, Save, Start
from app.tables import Response, Scorecard
from app.waves import events
from app.waves import service as waves
from app.worker import serve
from instrument import registry
from tests.jobs.conftest import OPENED
from tests.reports.conftest import Still
from tests.staff.office import Office

SLUG = "gresik"
BASE = f"/staff/k/{SLUG}"
DEFINITION = registry.find("partnership")


@dataclass
class Town:
    """A community whose waves are answered, closed and published, with its people."""

    office: Office
    community_id: int
    members: list[Any] = field(default_factory=lambda: [uuid4() for _ in range(60)])
    waves: list[Source] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.researcher = self.office.sign_in("researcher", community=SLUG)
        self.chair = self.office.sign_in("chair", community=SLUG)

    def wave(
        self, people: int = 45, *, refusing: int = 0, seed: int = 1, eligible: int = 60
    ) -> int:
        """Let ``people`` members answer a wave and close it; returns its number.

        ``refusing`` more agree to research alone, so that no card may count them.
        """
        number = len(self.waves) + 1
        opens = OPENED + timedelta(days=182 * (number - 1))
        with (
            Session(self.office.database.write, expire_on_commit=False) as session,
            session.begin(),
        ):
            wave = waves.create_wave(
                session=session, community_id=self.community_id, instrument=DEFINITION, by="test",
                at=opens, eligible_n=eligible, opens_at=opens, closes_at=opens + timedelta(days=7),
                is_simulated=True,
            )  # fmt: skip
            assert wave.id is not None
            waves.open_wave(session=session, wave_id=wave.id, by="test", at=opens)
        _answer(self, wave.id, people, refusing, opens, seed)
        with Session(self.office.database.write) as session, session.begin():
            waves.close_wave(session=session, wave_id=wave.id, by="test", at=opens + timedelta(7))
        self.waves.append(Source(self.community_id, wave.id, "main", 0))
        return number

    def card_of(self, number: int) -> Scorecard:
        """The newest issue of a wave's card, as it is stored."""
        wave_id = self.waves[number - 1].wave_id
        with Session(self.office.database.read, expire_on_commit=False) as session, session.begin():
            rows = session.exec(
                select(Scorecard)
                .where(col(Scorecard.wave_id) == wave_id)
                .order_by(col(Scorecard.issue).desc())
            ).all()
        return rows[0]

    def meeting(self, on: date, attended: int) -> None:
        """Write a gathering into the log."""
        with Session(self.office.database.write) as session, session.begin():
            events.add_event(
                session=session, community_id=self.community_id, held_on=on, kind="informal",
                attended_n=attended, by="test", at=OPENED,
            )  # fmt: skip

    def prepare(self, number: int) -> httpx.Response:
        """Press the button, let a worker work, and open the page."""
        asked = self.researcher.post(f"{BASE}/siapkan-kartu/{number}")
        assert asked.status_code == 303, asked.text
        serve(self.office.database, "here")
        return self.researcher.get(f"{BASE}/siapkan-kartu/{number}")

    def publish(self, number: int) -> httpx.Response:
        """Prepare, read, type the word."""
        page = self.prepare(number)
        assert page.status_code == 200
        return self.confirm(number)

    def confirm(self, number: int) -> httpx.Response:
        """Publish what is prepared."""
        confirm = self.researcher.get(f"{BASE}/siapkan-kartu/{number}/terbitkan")
        seen = re.search(r'name="sidik" value="([0-9a-f]{64})"', confirm.text)
        assert seen, re.sub(r"<[^>]+>", " ", confirm.text)[-1500:]
        done = self.researcher.post(
            f"{BASE}/siapkan-kartu/{number}/terbitkan", {"ya": "terbitkan", "sidik": seen[1]}
        )
        assert done.status_code == 303, done.text
        return done

    def withdraw(self, number: int, count: int) -> None:
        """Let that many people take back what they answered in a wave."""
        wave_id = self.waves[number - 1].wave_id
        with Session(self.office.database.read) as session, session.begin():
            refs = session.exec(
                select(Response.respondent_ref)
                .where(col(Response.wave_id) == wave_id)
                .order_by(col(Response.respondent_ref))
                .limit(count)
            ).all()
        for ref in refs:
            withdraw(
                self.office.database, community_id=self.community_id, respondent_ref=ref,
                wave_id=wave_id, at=self.office.now,
            )  # fmt: skip


def _answer(town: Town, wave_id: int, people: int, refusing: int, opens: Any, seed: int) -> None:
    random = np.random.default_rng(seed)
    items = DEFINITION.items
    count = people + refusing
    leaning = random.normal(size=(count, 1)) + random.normal(size=(count, len(items)))
    answers = np.clip(np.round(3 + leaning), 1, 5).astype(np.uint8)
    reversed_ = [place for place, item in enumerate(items) if item.reverse]
    answers[:, reversed_] = 6 - answers[:, reversed_]
    for place, item in enumerate(items):
        if item.expected is not None:
            answers[:, place] = item.expected
    store = town.office.app.state.store
    ids = [uuid4() for _ in range(count)]
    store.run(
        [
            Start(
                community_id=town.community_id, wave_id=wave_id, submission_id=id_,
                respondent_ref=town.members[place], language="id", at=opens,
                consent=ConsentGiven(
                    text_hash="a" * 64, version="1.0.0", language="id",
                    choices={
                        "adult": True, "research": True, "report": place < people, "sales": False
                    },
                ),
            )
            for place, id_ in enumerate(ids)
        ]
    )  # fmt: skip
    store.run(
        [
            Save(
                community_id=town.community_id, wave_id=wave_id, submission_id=id_, rev=1,
                answers=row.tobytes(), language="id", layout="vertical-1", final=True,
                extra={
                    "values": {"OPEN1": f"Teks {place}", "BEH1": place % 4, "BEH6": 1 + place % 3},
                    "missing": {},
                },
                background=None, at=opens + timedelta(minutes=5),
            )
            for place, (id_, row) in enumerate(zip(ids, answers, strict=True))
        ]
    )  # fmt: skip


def make_town(office: Office) -> Town:
    """A community of its own, with no worker but the test's."""
    assert office.client.portal is not None
    office.client.portal.call(office.app.state.supervisor.stop)
    office.app.state.supervisor = Still()
    return Town(office, office.community(SLUG))


@pytest.fixture
def town(office: Office) -> Town:
    """On SQLite."""
    return make_town(office)


@pytest.fixture
def any_town(any_office: Office) -> Town:
    """On each engine."""
    return make_town(any_office)
