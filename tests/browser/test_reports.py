"""A researcher's pages in Chromium: axe, width, policy, from the button to the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlmodel import Session

from app.auth import sessions
from app.db import Database
from app.settings import Settings
from app.tables import Community
from app.worker import serve
from tests.browser.conftest import Phones, served, signed_in
from tests.browser.faults import faults
from tests.jobs.conftest import answer_wave, ask, question_about


@dataclass(frozen=True)
class Desk:
    """A running server with a finished report, and the cookie of its researcher."""

    address: str
    cookie: str
    report: str


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Callable[[Path], None]
) -> Iterator[Desk]:
    """gresik is closed and analysed, kosong has no wave."""
    folder = tmp_path_factory.mktemp("desk")
    migrated_sqlite(folder)
    settings = Settings(data_dir=folder)
    database = Database(settings)
    key = ask(database, question_about(answer_wave(database, "gresik", people=30)))
    serve(database, "w")
    with Session(database.write) as session, session.begin():
        session.add(Community(slug="kosong", name="Kosong"))
        cookie = signed_in(session, settings, "Rani", "researcher")
    database.close()
    with served(folder) as address:
        yield Desk(address, cookie, f"/staff/k/gresik/laporan/{key}")


def pages(desk: Desk) -> dict[str, str]:
    """Every page of this room, by what it is."""
    return {
        "reports": "/staff/k/gresik/laporan",
        "nothing yet": "/staff/k/kosong/laporan",
        "new": "/staff/k/gresik/laporan/baru",
        "report": desk.report,
        "texts": "/staff/k/gresik/teks",
        "moderate": "/staff/k/gresik/teks/1",
        "tokens": "/staff/k/gresik/token",
    }


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("language", ["id", "en"])
def test_axe_finds_nothing(desk: Desk, phones: Phones, language: str, width: int) -> None:
    """Both languages, both schemes, phone and desk; no page is wider than its window."""
    context = phones.context(width)
    context.add_cookies(
        [{"name": sessions.COOKIE, "value": desk.cookie, "url": f"{desk.address}/staff"}]
    )
    page, found = context.new_page(), {}
    for name, path in pages(desk).items():
        page.goto(f"{desk.address}{path}?lang={language}")
        assert page.get_attribute("html", "lang") == language
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        found |= {
            f"{name}, {fault}": nodes for fault, nodes in faults(page, dark=width == 360).items()
        }
    assert found == {}


def test_from_the_button_to_the_report_without_a_script(desk: Desk, phones: Phones) -> None:
    """JavaScript off: the page loads itself anew until the report is there; then a download."""
    context = phones.context(java_script_enabled=False)
    context.add_cookies(
        [{"name": sessions.COOKIE, "value": desk.cookie, "url": f"{desk.address}/staff"}]
    )
    page = context.new_page()
    page.goto(f"{desk.address}/staff/k/gresik/laporan")
    page.click("text=Analisis gelombang 1")
    page.check("input[name=rencana][value='']")
    page.click("button.go")
    page.wait_for_selector(".report h1", timeout=120_000)
    assert "30" in page.inner_text(".report .facts")
    page.click("text=Berkas laporan ini >> nth=0")
    with page.expect_download() as download:
        page.click("text=Tabel (XLSX)")
    assert download.value.suggested_filename.endswith("tables.xlsx")
    page.emulate_media(media="print")
    assert not page.is_visible("#berkas")
    assert page.is_visible(".report h1")
