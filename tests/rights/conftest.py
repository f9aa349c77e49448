"""Somebody who has answered, and the pages with which they look after their answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from sqlmodel import Session

from app.db import Database
from app.main import create_app
from app.settings import Settings
from instrument import registry
from tests.surveys.conftest import BASE, Member, Place, TestClient, Town, answers

INSTRUMENT = registry.find("partnership")
OPEN = INSTRUMENT.questions_of("open")[0].code
WORDS = "Kata-kata yang hanya dia tulis 4711"


@dataclass
class Person:
    """A member with a code, a receipt and a submission."""

    member: Member
    town: Town
    settings: Settings
    code: str
    receipt: str = ""
    id: UUID = field(default_factory=lambda: UUID(int=0))
    ticket: str = ""

    def answer(self, value: int = 4, *, send: bool = True, language: str = "id") -> None:
        """Consent and answer everything, background and words included."""
        boxes = ["adult", "research", "report", "sales"]
        page = self.member.start(izin=boxes, kode=self.code, lang=language)
        assert page.status_code == 200, page.text
        self.id = UUID(self.member.hidden["id"])
        fields = {**answers(INSTRUMENT, value), "BEH1": "2", "BG1": "1", "BG4": "2", OPEN: WORDS}
        fields = {  # the background is asked once for all waves
            name: given for name, given in fields.items() if f'name="{name}"' in page.text
        }
        if not send:
            assert self.member.save(fields, json=True).status_code == 204
            return
        page = self.member.send({**fields, "ditanya": "1"})
        found = re.search(r'<b translate="no">([^<]+)</b>', page.text)
        assert found, page.text
        self.receipt = found[1]

    def hak(self, step: str = "", **fields: Any) -> httpx.Response:
        """POST a step of the rights page, with the ticket of the last page unless told."""
        given = {"tiket": self.ticket} | fields
        path = f"/s/{self.member.place.slug}/hak{step}"
        page = self.member.client.post(path, data=given, follow_redirects=False)
        found = re.search(r'name="tiket" value="([^"]+)"', page.text)
        if found:
            self.ticket = found[1]
        return page

    def enter(self, typed: str = "") -> httpx.Response:
        """Type a code (or a receipt) on the rights page."""
        return self.hak(tiket="", kode=typed or self.code)

    def ref(self) -> str:
        """The respondent_ref, past every door; hexadecimal."""
        for table in ("response", "draft"):
            for row in self.town.rows(table):
                if UUID(str(row["id"])) == self.id:
                    return UUID(str(row["respondent_ref"])).hex
        raise AssertionError("nothing stored")


@pytest.fixture
def home(any_settings: Settings) -> Iterator[tuple[Town, Place, TestClient]]:
    """A community with an open wave, served, on each engine."""
    database = Database(any_settings)
    town = Town(database)
    place = town.found(codes=4)
    with TestClient(create_app(any_settings), base_url=BASE) as client:
        yield town, place, client
    database.close()


@pytest.fixture
def people(home: tuple[Town, Place, TestClient], any_settings: Settings) -> list[Person]:
    """Four members with codes, none of whom has answered."""
    town, place, client = home
    return [Person(Member(client, place), town, any_settings, code) for code in place.codes]


def everything(database: Database, *, but: tuple[str, ...] = ()) -> dict[str, str]:
    """Every row of every table of both schemas, as one text a table."""
    found = {}
    if database.is_sqlite:
        listing = [
            (schema, name)
            for schema in ("main", "identity")
            for (name,) in _all(
                database, f"SELECT name FROM {schema}.sqlite_master WHERE type = 'table'"
            )
        ]
    else:
        listing = _all(
            database,
            "SELECT schemaname, tablename FROM pg_tables"
            " WHERE schemaname IN ('public', 'identity')",
        )
    for schema, name in listing:
        if f"{schema}.{name}" in but:
            continue
        rows = _all(database, f'SELECT * FROM {schema}."{name}"')
        found[f"{schema}.{name}"] = "\n".join(
            " ".join(value.hex() if isinstance(value, bytes) else str(value) for value in row)
            for row in rows
        ).replace("-", "")
    return found


def files(folder: Path) -> dict[str, bytes]:
    """Every file below the data folder."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _all(database: Database, sql: str) -> list[Any]:
    with Session(database.read) as session, session.begin():
        return list(session.connection().execute(text(sql)).all())
