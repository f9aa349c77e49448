"""A small questionnaire, a community with an open wave, and somebody who answers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session

from app.db import Database
from app.members import service as members
from app.store import ConsentGiven, Save, Start
from app.tables import Wave
from app.waves import service as waves
from instrument import registry
from instrument.model import (
    Consent,
    ConsentChoice,
    Form,
    Instrument,
    Item,
    Option,
    ResponseScale,
    Role,
    Scale,
    Section,
    Text,
)

NOW = datetime(2026, 3, 1, 3, tzinfo=UTC)
BOTH = {"adult": True, "research": True, "report": True, "sales": False}


def both(text: str) -> Text:
    return Text(id=text, en=text)


def small_instrument() -> Instrument:
    codes = [f"A{place}" for place in range(1, 7)]
    items = [Item(code=code, text=both(code), scale="A") for code in codes]
    items.append(Item(code="CHK", text=both("check"), role=Role.ATTENTION, expected=2))
    return Instrument(
        key="small",
        version="1.0.0",
        title=both("Small"),
        description=both("Six items and a check"),
        response_scale=ResponseScale(
            options=tuple(Option(value=value, label=both(str(value))) for value in range(1, 6))
        ),
        scales=(Scale(code="A", name=both("A"), public_name=both("A"), definition=both("A")),),
        items=tuple(items),
        forms=(
            Form(
                code="full",
                name=both("Full"),
                sections=(Section(items=(*codes, "CHK")),),
            ),
        ),
        consent=Consent(
            paragraphs=(Text(id="Untuk [komunitas].", en="For [community]."),),
            choices=(ConsentChoice(code="research", text=both("r"), purpose=True),),
        ),
        digest="5" * 64,
    )


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Instrument:
    """A published questionnaire of six items and a check, whatever else is installed."""
    made = small_instrument()
    installed = registry.find

    def find(key: str, version: str | None = None) -> Instrument:
        return made if key == made.key else installed(key, version)

    monkeypatch.setattr(registry, "find", find)
    monkeypatch.setattr(registry, "published", lambda: {(made.key, made.version): made.digest})
    return made


@dataclass
class World:
    """A community with one wave, and shorthands for what members and staff do."""

    database: Database
    instrument: Instrument
    community_id: int = 0
    wave_id: int = 0
    now: datetime = NOW
    names: int = field(default=0)

    def writing(self) -> Session:
        return Session(self.database.write, expire_on_commit=False)

    def add_community(self, slug: str) -> int:
        with self.writing() as session, session.begin():
            community = waves.create_community(
                session=session, slug=slug, name=slug.title(), by="test", at=self.now
            )
        assert community.id is not None
        return community.id

    def add_wave(self, *, community_id: int | None = None, **wanted: object) -> Wave:
        given: dict[str, object] = {
            "eligible_n": 60,
            "opens_at": self.now - timedelta(days=1),
            "closes_at": self.now + timedelta(days=7),
            "consent": [{"id": "Untuk Sidoarjo.", "en": "For Sidoarjo."}],
            **wanted,
        }
        with self.writing() as session, session.begin():
            return waves.create_wave(
                session=session,
                community_id=community_id or self.community_id,
                instrument=self.instrument,
                by="test",
                at=self.now,
                **given,  # type: ignore[arg-type]
            )

    def open(self, wave_id: int) -> None:
        with self.writing() as session, session.begin():
            waves.open_wave(session=session, wave_id=wave_id, by="test", at=self.now)

    def close(self, at: datetime | None = None) -> None:
        with self.writing() as session, session.begin():
            waves.close_wave(session=session, wave_id=self.wave_id, by="test", at=at or self.now)

    def person(self, joined_on: date = date(2026, 1, 1)) -> tuple[int, UUID]:
        """Put somebody on the roster: their id there and their respondent_ref."""
        self.names += 1
        with self.writing() as session, session.begin():
            participant = members.add_participant(
                session=session,
                community_id=self.community_id,
                display_name=f"Ibu Siti {self.names}",
                joined_on=joined_on,
                by="test",
                at=self.now,
            )
        assert participant.id is not None
        return participant.id, participant.respondent_ref

    def issue(self, participant_id: int) -> str:
        with self.writing() as session, session.begin():
            return members.issue_code(
                session=session,
                community_id=self.community_id,
                participant_id=participant_id,
                key=self.database.settings.key("code_key"),
                by="test",
                at=self.now,
            )

    def consent(self, **choices: bool) -> ConsentGiven:
        return ConsentGiven(
            text_hash="a" * 64, version="1.0.0", language="id", choices={**BOTH, **choices}
        )

    def start(self, ref: UUID | None = None, **wanted: object) -> Start:
        return replace(
            Start(
                community_id=self.community_id,
                wave_id=self.wave_id,
                submission_id=uuid4(),
                respondent_ref=ref or uuid4(),
                consent=self.consent(),
                language="id",
                at=self.now,
            ),
            **wanted,  # type: ignore[arg-type]
        )

    def save(self, submission_id: UUID, **wanted: object) -> Save:
        return replace(
            Save(
                community_id=self.community_id,
                wave_id=self.wave_id,
                submission_id=submission_id,
                rev=1,
                answers=bytes([1, 2, 3, 4, 5, 250, 2]),
                extra={"values": {"BEH1": 2}, "missing": {}},
                background={"values": {"BG1": 1}, "missing": {}},
                language="id",
                layout="vertical-1",
                final=False,
                at=self.now,
            ),
            **wanted,  # type: ignore[arg-type]
        )

    def count(self, table: str) -> int:
        with self.database.read.begin() as connection:
            return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with self.database.read.begin() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(sql).all()]


@pytest.fixture
def make_world(small: Instrument) -> Callable[[Database], World]:
    """Make a community with an open wave in an empty store."""

    def make(database: Database) -> World:
        world = World(database, small)
        world.community_id = world.add_community("sidoarjo")
        wave = world.add_wave()
        assert wave.id is not None
        world.wave_id = wave.id
        world.open(world.wave_id)
        return world

    return make


@pytest.fixture
def world(engine: Database, make_world: Callable[[Database], World]) -> World:
    """A community with an open wave, on each engine."""
    return make_world(engine)


@pytest.fixture
def at_once() -> Callable[..., list[object]]:
    """Run coroutines on one loop at the same time; errors come back as values."""
    import asyncio

    def run(*coroutines: object) -> list[object]:
        async def gather() -> list[object]:
            return await asyncio.gather(*coroutines, return_exceptions=True)  # type: ignore[call-overload]

        return asyncio.run(gather())

    return run
