"""Communities in every situation a member can meet, and a client that fills forms."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlmodel import Session

from app.db import Database
from app.main import create_app
from app.members import service as members
from app.settings import Settings
from app.waves import service as waves
from app.waves.consent import fill
from instrument import registry
from instrument.model import Instrument

with warnings.catch_warnings():
    # Starlette asks for a successor of httpx that does not run on every Python we support.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

BASE = "http://127.0.0.1:8000"
PURPOSES = ["adult", "research", "report"]
WORDS = {
    "id": {
        "komunitas": "Komunitas Uji",
        "peneliti, kampus, nomor WA": "Rina, Universitas Uji, 0812",
        "tanggal": "31 Desember 2030",
        "nomor": "7/2026",
    },
    "en": {
        "community": "Komunitas Uji",
        "researcher, university, WA number": "Rina, Universitas Uji, 0812",
        "date": "31 December 2030",
        "number": "7/2026",
    },
}


@dataclass
class Place:
    """A community, its wave and the codes of its members."""

    slug: str
    community_id: int
    wave_id: int | None = None
    codes: list[str] = field(default_factory=list)


@dataclass
class Town:
    """A store that communities are founded in; `now` is the real clock, as the server's."""

    database: Database
    instrument: Instrument = field(default_factory=lambda: registry.find("partnership"))

    def found(
        self,
        slug: str = "uji",
        *,
        codes: int = 2,
        wave: bool = True,
        closed: bool = False,
        early: bool = False,
        **options: Any,
    ) -> Place:
        """Found a community, open (or close, or only announce) a wave, hand out codes."""
        now = datetime.now(UTC)
        with Session(self.database.write) as session, session.begin():
            community = waves.create_community(
                session=session, slug=slug, name="Komunitas Uji", by="test", at=now
            )
            assert community.id is not None
            place = Place(slug, community.id)
            for number in range(codes):
                person = members.add_participant(
                    session=session,
                    community_id=community.id,
                    display_name=f"Orang {number}",
                    joined_on=date(2024, 1, 1),
                    by="test",
                    at=now,
                )
                assert person.id is not None
                place.codes.append(
                    members.issue_code(
                        session=session,
                        community_id=community.id,
                        participant_id=person.id,
                        key=self.database.settings.key("code_key"),
                        by="test",
                        at=now,
                    )
                )
            if not wave:
                return place
            made = waves.create_wave(
                session=session,
                community_id=community.id,
                instrument=self.instrument,
                by="test",
                at=now,
                eligible_n=60,
                opens_at=now + timedelta(days=3) if early else now - timedelta(days=1),
                closes_at=now + timedelta(days=10),
                consent=options.pop("consent", fill(self.instrument, WORDS)),
                **options,
            )
            assert made.id is not None
            place.wave_id = made.id
            waves.open_wave(session=session, wave_id=made.id, by="test", at=now)
            if closed:
                waves.close_wave(session=session, wave_id=made.id, by="test", at=now)
        return place

    def close(self, place: Place) -> None:
        """Close the wave of a community."""
        assert place.wave_id is not None
        with Session(self.database.write) as session, session.begin():
            waves.close_wave(
                session=session, wave_id=place.wave_id, by="test", at=datetime.now(UTC)
            )

    def ask_again(self, place: Place) -> None:
        """Close the wave and open the community's next one."""
        self.close(place)
        now = datetime.now(UTC)
        with Session(self.database.write) as session, session.begin():
            made = waves.create_wave(
                session=session,
                community_id=place.community_id,
                instrument=self.instrument,
                by="test",
                at=now,
                eligible_n=60,
                opens_at=now - timedelta(minutes=1),
                closes_at=now + timedelta(days=10),
                consent=fill(self.instrument, WORDS),
            )
            assert made.id is not None
            place.wave_id = made.id
            waves.open_wave(session=session, wave_id=made.id, by="test", at=now)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table."""
        with self.database.read.connect() as connection:
            found = connection.execute(text(f"SELECT * FROM {table}"))
            return [dict(row) for row in found.mappings()]

    def count(self) -> tuple[int, ...]:
        """How many rows everything about members has; equal before and after = unchanged."""
        tables = ("draft", "response", "consent", "background", "data_version", "audit_event")
        return tuple(len(self.rows(table)) for table in tables)


class Member:
    """Somebody who fills the forms of a community, without a browser."""

    def __init__(self, client: TestClient, place: Place) -> None:
        self.client = client
        self.place = place
        self.hidden: dict[str, str] = {}

    def get(self, path: str = "", **options: Any) -> httpx.Response:
        """GET a page of the community."""
        return self.client.get(f"/s/{self.place.slug}{path}", **options)

    def post(self, path: str, fields: Mapping[str, Any], *, json: bool = False) -> httpx.Response:
        """POST a form; afterwards `hidden` holds what the page carries on."""
        response = self.client.post(
            f"/s/{self.place.slug}/{path}",
            data=dict(fields),
            headers={"accept": "application/json"} if json else {},
            follow_redirects=False,
        )
        if not json:
            self.hidden = {
                name: value
                for name, value in re.findall(
                    r'<input type="hidden" name="(\w+)" value="([^"]*)"', response.text
                )
                if name in ("id", "rev", "lang", "lihat", "detik", "ditanya", "latar", "layar")
            }
        return response

    def start(self, **fields: Any) -> httpx.Response:
        """Consent and begin, with this place's first code unless told otherwise."""
        given: dict[str, Any] = {"izin": PURPOSES}
        if self.place.codes:
            given["kode"] = self.place.codes[0]
        return self.post("mulai", given | fields)

    def save(self, fields: Mapping[str, Any], *, json: bool = False) -> httpx.Response:
        """Save with the hidden fields of the last page."""
        return self.post("simpan", self.hidden | dict(fields), json=json)

    def send(self, fields: Mapping[str, Any]) -> httpx.Response:
        """Press "send" with the hidden fields of the last page."""
        return self.post("kirim", self.hidden | {"final": "1"} | dict(fields))


@pytest.fixture
def town(settings: Settings) -> Iterator[Town]:
    """An empty store on SQLite."""
    database = Database(settings)
    yield Town(database)
    database.close()


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    """The whole application on the same store, with every middleware."""
    with TestClient(create_app(settings), base_url=BASE) as started:
        yield started


@pytest.fixture
def any_member(any_settings: Settings) -> Iterator[tuple[Town, Member]]:
    """Somebody of a community with an open wave, on each engine."""
    database = Database(any_settings)
    town = Town(database)
    place = town.found()
    with TestClient(create_app(any_settings), base_url=BASE) as started:
        yield town, Member(started, place)
    database.close()


@pytest.fixture
def place(town: Town) -> Place:
    """A community whose wave is open, with codes."""
    return town.found()


@pytest.fixture
def member(client: TestClient, place: Place) -> Member:
    """Somebody of that community."""
    return Member(client, place)


def heading(response: httpx.Response) -> str:
    """Text of the page's first heading."""
    found = re.search(r"<h1[^>]*>(.*?)</h1>", response.text, re.DOTALL)
    return found[1].strip() if found else ""


def answers(instrument: Instrument, value: int = 4) -> dict[str, str]:
    """Every item of the full form with the same answer."""
    return dict.fromkeys(instrument.form("full").items, str(value))
