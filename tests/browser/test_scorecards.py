"""The rooms of scorecards in Chromium: axe, width, targets, no script, from button to link."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext
from sqlmodel import Session

from app.auth import sessions
from app.db import Database
from app.scorecards import commitments, links, preparing, publishing
from app.settings import Settings
from app.tables import Community
from app.worker import serve
from tests.browser.conftest import SERVER_LOG, Phones, served, signed_in
from tests.browser.faults import faults
from tests.browser.test_access import SIDEWAYS, SMALL
from tests.jobs.conftest import answer_wave

DESK = "/staff/k"


@dataclass(frozen=True)
class Room:
    """A running server with cards in every state, and who reads them."""

    address: str
    cookies: dict[str, str]
    link: str

    def context(
        self, phones: Phones, who: str, width: int = 360, **options: object
    ) -> BrowserContext:
        """A browser of somebody."""
        context = phones.context(width, **options)
        if who:
            cookie = {"name": sessions.COOKIE, "value": self.cookies[who]}
            context.add_cookies([cookie | {"url": f"{self.address}/staff"}])  # type: ignore[list-item]
        return context


@pytest.fixture(scope="module")
def room(
    tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Callable[[Path], None]
) -> Iterator[Room]:
    """gresik is published, malang prepared, jember closed, kosong has no wave."""
    folder = tmp_path_factory.mktemp("cards")
    migrated_sqlite(folder)
    settings = Settings(data_dir=folder)
    database = Database(settings)
    places = {
        slug: answer_wave(database, slug, people=30).community_id
        for slug in ("gresik", "malang", "jember")
    }
    now = datetime.now(UTC)
    for slug in ("gresik", "malang"):
        with Session(database.write) as session, session.begin():
            preparing.prepare(
                session=session, community_id=places[slug], number=1, by="test", at=now
            )
    serve(database, "w")
    with Session(database.write) as session, session.begin():
        run = preparing.prepared(session, places["gresik"], 1)
        assert run is not None
        card = publishing.publish(
            session=session, settings=settings, community_id=places["gresik"], number=1,
            seen=run.digest or "", by="test", at=now,
        )  # fmt: skip
        commitments.add(
            session=session, card=card, scale="FLX", text="Dua pilihan waktu", owner="Sekretaris",
            due=date(2027, 1, 31), by="test", at=now,
        )  # fmt: skip
        _, token = links.make(
            session=session, key=settings.key("secret_key"), card=card, by="test", at=now
        )
        session.add(Community(slug="kosong", name="Kosong"))
        cookies = {
            role: signed_in(session, settings, role.title(), role)
            for role in ("chair", "researcher")
        }
    database.close()
    with served(folder) as address:
        yield Room(address, cookies, f"/kartu/{token}")
    assert token not in (folder / SERVER_LOG).read_text()  # no address of a link is logged


def pages(room: Room) -> list[tuple[str, str, str]]:
    """Who, what, where."""
    card = f"{DESK}/gresik/kartu"
    return [
        ("chair", "cards", card),
        ("chair", "no cards yet", f"{DESK}/kosong/kartu"),
        ("chair", "a card", f"{card}/1"),
        ("chair", "side by side", f"{card}/banding"),
        ("chair", "nothing to compare", f"{DESK}/kosong/kartu/banding"),
        ("chair", "words for the group", f"{card}/1/bagikan"),
        ("chair", "links", f"{card}/1/tautan"),
        ("chair", "commitments", f"{card}/1/janji"),
        ("chair", "a commitment", f"{card}/1/janji/1"),
        ("researcher", "waves", f"{DESK}/gresik/siapkan-kartu"),
        ("researcher", "no wave yet", f"{DESK}/kosong/siapkan-kartu"),
        ("researcher", "published", f"{DESK}/gresik/siapkan-kartu/1"),
        ("researcher", "preview", f"{DESK}/malang/siapkan-kartu/1"),
        ("researcher", "publish?", f"{DESK}/malang/siapkan-kartu/1/terbitkan"),
        ("researcher", "not prepared", f"{DESK}/jember/siapkan-kartu/1"),
        ("researcher", "not ready", f"{DESK}/jember/siapkan-kartu/1/terbitkan"),
        ("", "results", "/s/gresik/hasil"),
        ("", "no results yet", "/s/malang/hasil"),
        ("", "the whole card", "/s/gresik/hasil/1/kartu"),
        ("", "by a link", room.link),
        ("", "by no link", f"/kartu/{'A' * 32}"),
    ]


@pytest.mark.parametrize("width", [320, 360, 1280])
@pytest.mark.parametrize("language", ["id", "en"])
def test_every_page_can_be_read_by_everybody(
    room: Room, phones: Phones, language: str, width: int
) -> None:
    """axe, both schemes; no page is wider than its window; targets are 44 px.

    At 320 px only what the width can change: the markup is that of 360 px.
    """
    found: dict[tuple[str, ...], object] = {}
    shots = os.environ.get("SHOTS")
    for who in ("chair", "researcher", ""):
        page = room.context(phones, who, width).new_page()
        for _, name, path in [one for one in pages(room) if one[0] == who]:
            page.goto(f"{room.address}{path}?lang={language}")
            assert page.get_attribute("html", "lang") == language, name
            if page.evaluate(SIDEWAYS):
                found[name, "sideways"] = page.evaluate(SIDEWAYS)
            if width == 360 and (small := page.evaluate(SMALL)):
                found[name, "small"] = small
            if width != 320:
                seen = faults(page, dark=width == 360)
                found |= {(name, fault): nodes for fault, nodes in seen.items()}
            for scheme in ("light", "dark") if shots and language == "id" else ():
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                file = f"{name.replace(' ', '-').strip('?')}-{width}-{scheme}.png"
                page.screenshot(path=f"{shots}/{file}", full_page=True)
    assert found == {}


def test_from_the_button_to_a_revoked_link_without_a_script(room: Room, phones: Phones) -> None:
    """The researcher prepares, reads, publishes; the chair promises and makes a link."""
    page = room.context(phones, "researcher", java_script_enabled=False).new_page()
    page.goto(f"{room.address}{DESK}/jember/siapkan-kartu")
    page.click("text=Gelombang 1")
    page.click("button.go")
    page.wait_for_selector(".kartu h1", timeout=120_000)
    assert "30 dari 60 anggota menjawab" in page.inner_text(".kartu")
    with page.expect_download() as download:
        page.click("text=kartu-id.pdf")
    assert download.value.suggested_filename == "jember-1-pratinjau-kartu-id.pdf"
    page.click("text=Terbitkan …")
    page.fill("#ya", "terbitkan")
    page.click("button.go")
    assert "sudah terbit" in page.inner_text("main [role=status]")

    page = room.context(phones, "chair", java_script_enabled=False).new_page()
    page.goto(f"{room.address}{DESK}/jember/kartu")
    page.click("text=Gelombang 1")
    with page.expect_download() as download:
        page.click("text=Gambar untuk grup, bahasa Indonesia")
    assert download.value.suggested_filename == "jember-1-gambar-id.png"
    page.click("text=Yang kami janjikan")
    page.select_option("#skala", "INF")
    page.fill("#tindakan", "Giliran berbagi kabar usaha")
    page.fill("#siapa", "Sekretaris")
    page.fill("#sampai", "2027-01-31")
    page.click("button.go")
    page.click("text=Kartu gelombang 1")
    page.click("text=Tautan untuk membacanya")
    page.click("button.go")
    link = page.inner_text(".keep .hash")

    visitor = room.context(phones, "", java_script_enabled=False).new_page()
    visitor.goto(link)
    assert "30 dari 60 anggota menjawab" in visitor.inner_text(".kartu")
    assert visitor.context.cookies() == []
    visitor.goto(f"{room.address}/s/jember/hasil")
    assert "Giliran berbagi kabar usaha" in visitor.inner_text("main")
    page.click("button:has-text('Cabut')")
    gone = visitor.goto(link)
    assert gone is not None
    assert gone.status == 404
    assert "tidak membuka apa pun" in visitor.inner_text("main")
