"""The operator's desk in a browser without JavaScript: every page read, pressed and printed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from sqlmodel import Session

from app.auth import sessions
from app.tables import RoleGrant, Staff
from app.waves.consent import brackets
from tests.browser.conftest import INSTRUMENT, House, Phones
from tests.browser.test_access import OPTIONS, SIDEWAYS, SMALL

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


@pytest.mark.parametrize(
    ("width", "scheme", "language"), [(360, "light", "id"), (1280, "dark", "en")]
)
def test_the_whole_desk_without_javascript(
    house: House, phones: Phones, width: int, scheme: str, language: str
) -> None:
    """No fault by axe, nothing sideways, every target large enough, on every page and state."""
    slug = f"meja-{language}"
    context = phones.context(width, color_scheme=scheme)
    cookie = sign_in(house, slug, "Ibu Sekretaris")
    context.add_cookies([cookie])
    page, axe = context.new_page(), Axe()
    page.goto(f"{house.address}/staff/k/{slug}")
    if language == "en":
        page.click("text=English")
    # Pages run with scripts blocked by their own policy; axe needs an evaluating context.
    found: list[str] = []
    seen = []
    for name in every_page(page, f"{house.address}/staff/k/{slug}"):
        seen.append(name)
        assert page.locator("script").count() == 0, name
        assert page.get_attribute("html", "lang") == language, name
        result = axe.run(page, options=OPTIONS).response
        found += [f"{name}: {fault['id']} {fault['nodes'][0]['html']}"
                  for fault in result["violations"]]  # fmt: skip
        if page.evaluate(SIDEWAYS) > 0:
            found.append(f"{name}: scrolls sideways")
        found += [f"{name}: small {one}" for one in page.evaluate(SMALL)]
    assert found == []
    assert len(seen) > 30


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
