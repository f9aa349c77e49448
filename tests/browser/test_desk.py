"""The operator's desk in a browser without JavaScript: every page read, pressed and printed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page
from sqlmodel import Session

from app.auth import sessions
from app.tables import RoleGrant, Staff
from app.waves.consent import brackets
from tests.browser.conftest import INSTRUMENT, House, Phones
from tests.browser.faults import Mirror
from tests.browser.test_access import SIDEWAYS, SMALL, tab_to

SCREENS = os.environ.get("GUYUB_SCREENS", "")
"""A folder: pages that are worth a look are pictured there."""
PICTURED = ("no requests", "a request with faults", "a request", "a complete plan")

CSV = (
    "Nama;No. HP;Alamat\r\n"
    + "".join(f"Anggota {n:02d};0812{n:08d};x\r\n" for n in range(16))
    + ";0812;\r\nTono;abc;\r\nanggota 01;;\r\n"
)


def sign_in(house: House, slug: str, name: str) -> dict[str, Any]:
    """An operator of a new community, as a cookie for a browser."""
    settings, now = house.town.database.settings, datetime.now(UTC)
    place = house.town.found(slug, codes=0, wave=False)
    with Session(house.town.database.write) as session, session.begin():
        staff = Staff(email=f"{slug}@guyub.test", name=name, created_at=now)
        session.add(staff)
        session.flush()
        assert staff.id is not None
        session.add(
            RoleGrant(
                staff_id=staff.id,
                community_id=place.community_id,
                role="operator",
                granted_at=now,
                granted_by="test",
            )
        )
        cookie = sessions.start_session(
            session, settings, staff_id=staff.id, at=now, second_factor=True
        )
    return {"name": sessions.COOKIE, "value": cookie, "domain": "127.0.0.1", "path": "/staff"}


def plan(page: Page) -> None:
    """Fill in the whole plan, as it stands on the page."""
    now = datetime.now(UTC) + timedelta(hours=7)
    page.fill("#n", "16")
    page.fill("#buka", f"{now - timedelta(days=1):%Y-%m-%dT09:00}")
    page.fill("#tutup", f"{now + timedelta(days=9):%Y-%m-%dT21:00}")
    page.check("[name=sasaran][value=FLX]")
    for language, names in brackets(INSTRUMENT).items():
        for place, name in enumerate(names):
            page.fill(f"#kata-{language}-{place}", f"{name} diisi")
    page.fill("#simpan", "2031-12-31")


def every_page(page: Page, base: str) -> Iterator[str]:
    """Do an operator's work from the empty desk to a closed wave; yields each page's name."""

    def show(path: str) -> None:
        page.goto(base + path)

    for path in ("/anggota", "/kode", "/gelombang", "/kegiatan"):
        show(path)
        yield f"{path} empty"
    for path in ("/anggota/baru", "/anggota/impor"):
        show(path)
        yield path
    page.set_input_files("#berkas", {"name": "x.csv", "mimeType": "text/csv", "buffer": b"a,b\n1"})
    page.click("main .go")
    yield "a file with wrong columns"
    file = {"name": "a.csv", "mimeType": "text/csv", "buffer": CSV.encode("utf-8-sig")}
    page.set_input_files("#berkas", file)
    page.click("main .go")
    yield "the preview of a file"
    page.click("main .go")
    yield "the roster"
    page.click("tbody tr:first-child a")
    yield "a person"
    page.fill("#telepon", "12")
    page.click("main .go")
    yield "a person with a fault"
    show("/kode")
    yield "codes"
    page.click("main .go")
    yield "codes issued"
    show("/anggota")
    page.click("tbody tr:first-child a")
    page.click(".pane a")
    yield "a new code?"
    page.click("main .go")
    yield "one code issued"
    page.click(".way .go")
    yield "slips"
    show("/gelombang/baru")
    yield "which questionnaire"
    page.click("main .go")
    yield "the plan, empty"
    page.fill("#n", "banyak")
    page.click("main .go")
    yield "the plan with a fault"
    page.fill("#n", "16")
    page.click("main .go")
    yield "a wave with gaps"
    for path in ("/gelombang/1/buka", "/gelombang/1/pratinjau", "/gelombang/1/hapus"):
        show(path)
        yield path
    show("/gelombang/1/rencana")
    plan(page)
    page.click("main .go")
    yield "a complete plan"
    page.click(".head .go")
    yield "open it?"
    page.click("main .go")
    yield "share"
    for path in ("/gelombang/1", "/gelombang/1/poster", "/gelombang/1/perpanjang", "/gelombang"):
        show(path)
        yield path
    show("/gelombang/1/tutup")
    yield "close it?"
    page.click("main .stop")
    yield "close it? without the word"
    page.fill("#ya", "tutup")
    page.click("main .stop")
    yield "a closed wave"
    show("/kegiatan")
    page.select_option("#jenis", "bazaar")
    page.fill("#hadir", "12")
    page.click("main .go")
    yield "meetings"
    page.click("tbody a")
    yield "a meeting"
    page.click("text=/Hapus kegiatan|Remove this meeting/")
    yield "a meeting removed"
    show("/permintaan")
    yield "no requests"
    page.click("main form .go")
    yield "a request with faults"
    page.check("[name=jenis][value=erase]")
    page.select_option("#lewat", "phone")
    page.fill("#permintaan", "Minta nama saya dihapus dari daftar.")
    page.fill("#hubungi", "0812 3456 7890")
    page.click("main form .go")
    yield "a request"
    page.click("main [name=hasil][value=done]")
    yield "a request closed"


@pytest.mark.parametrize(("width", "language"), [(360, "id"), (1280, "en")])
def test_the_whole_desk_without_javascript(
    house: House, phones: Phones, width: int, language: str
) -> None:
    """No fault by axe, nothing sideways, every target large enough, on every page and state."""
    slug = f"meja-{language}"
    context = phones.context(width, java_script_enabled=False)
    cookie = sign_in(house, slug, "Ibu Sekretaris")
    context.add_cookies([cookie])
    page, mirror = context.new_page(), Mirror(phones.context(width))
    page.goto(f"{house.address}/staff/k/{slug}")
    if language == "en":
        page.click("text=English")
    found: list[str] = []
    seen = []
    for name in every_page(page, f"{house.address}/staff/k/{slug}"):
        seen.append(name)
        assert page.get_attribute("html", "lang") == language, name
        found += [f"{name}: {fault} {nodes}" for fault, nodes in mirror.faults(page).items()]
        if SCREENS and name.split(",")[0] in PICTURED:
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                page.screenshot(path=f"{SCREENS}/{name}-{width}-{scheme}.png", full_page=True)
            page.emulate_media(color_scheme="light")
        if page.evaluate(SIDEWAYS) > 0:
            found.append(f"{name}: scrolls sideways")
        found += [f"{name}: small {one}" for one in page.evaluate(SMALL)]
    assert found == []
    assert len(seen) > 34


def enter(page: Page, selector: str, words: str = "") -> None:
    """Go to an element by Tab; type into it, or press Enter on it."""
    tab_to(page, selector)
    if words:
        page.keyboard.press("Control+a")
        page.keyboard.type(words)
    else:
        page.keyboard.press("Enter")


def test_a_wave_from_plan_to_close_by_the_keyboard_alone(house: House, phones: Phones) -> None:
    """Created, planned in both languages, opened, closed by the typed word: Tab, keys, Enter."""
    context = phones.context(1280, java_script_enabled=False)
    context.add_cookies([sign_in(house, "meja-kunci", "Ibu Kunci")])
    page = context.new_page()
    base = f"{house.address}/staff/k/meja-kunci"
    page.goto(f"{base}/gelombang")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    enter(page, "main a[href$='/gelombang/baru']")
    page.wait_for_url("**/gelombang/baru")
    enter(page, "main form .go")
    page.wait_for_url("**/gelombang/1/rencana")
    now = datetime.now(UTC) + timedelta(hours=7)
    enter(page, "#n", "16")
    for field, moment in (("#buka", now - timedelta(days=1)), ("#tutup", now + timedelta(days=9))):
        tab_to(page, field)
        page.keyboard.type(f"{moment:%m%d%Y}")  # month, day, year, as this browser's field has them
        page.keyboard.press("Tab")
        page.keyboard.type("0900AM")
    fields = page.locator("main [id^=kata-]")
    for number in range(fields.count()):
        at = str(fields.nth(number).get_attribute("id"))
        _, language, place = at.split("-")
        name = brackets(INSTRUMENT)[language][int(place)]  # type: ignore[index]
        words = {"tanggal": "31 Desember 2031", "date": "31 December 2031"}.get(name, name)
        enter(page, f"#{at}", words)
    enter(page, "main form.lead .go")
    page.wait_for_url("**/gelombang/1")
    enter(page, ".head .go")
    page.wait_for_url("**/gelombang/1/buka")
    enter(page, "main form .go")
    page.wait_for_url("**/gelombang/1/bagikan")
    enter(page, "main .eye a")
    page.wait_for_url("**/gelombang/1")
    enter(page, "main aside a[href$='/tutup']")
    page.wait_for_url("**/gelombang/1/tutup")
    enter(page, "#ya", "tutup")
    page.keyboard.press("Enter")
    page.wait_for_url("**/gelombang/1")
    assert "Ditutup" in page.inner_text("aside .kv")


def test_slips_are_eight_on_a_sheet(house: House, phones: Phones) -> None:
    """Sixteen people are two sheets of A4: every slip whole, the frame of the page left out."""
    context = phones.context(1280)
    context.add_cookies([sign_in(house, "meja-cetak", "Ibu Sekretaris")])
    page = context.new_page()
    base = f"{house.address}/staff/k/meja-cetak"
    page.goto(f"{base}/anggota/impor")
    people = "Nama\n" + "".join(f"Anggota {n:02d}\n" for n in range(16))
    page.set_input_files(
        "#berkas", {"name": "a.csv", "mimeType": "text/csv", "buffer": people.encode()}
    )
    page.click("main .go")
    page.click("main .go")
    page.goto(f"{base}/kode")
    page.click("main .go")
    page.click(".way .go")
    pdf = page.pdf(format="A4", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf)) == 2
