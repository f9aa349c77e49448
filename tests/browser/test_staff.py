"""Staff in a browser: invitation, enrolment, sign-in without JavaScript; every page accessible."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Page
from sqlmodel import Session, select

from app.auth import Role
from app.staff import accounts
from app.tables import Community, Staff
from tests.browser.conftest import House, Phones
from tests.browser.faults import faults
from tests.browser.test_access import SIDEWAYS, SMALL

PASSWORD = "payung biru di teras belakang"


def invite(house: House, email: str, role: Role, name: str) -> str:
    """Make an account past the pages; return its link."""
    now = datetime.now(UTC)
    with Session(house.town.database.write) as session, session.begin():
        found = session.exec(select(Community).where(Community.slug == "nyata")).one()
        staff, token = accounts.invite(
            session=session, email=email, name=name, language="id", by="test", at=now
        )
        accounts.grant(
            session=session, staff_id=staff.id or 0, role=role, by="test", at=now,
            community_id=None if role is Role.ADMIN else found.id,
        )  # fmt: skip
    return f"{house.address}/staff/undangan/{token}"


def set_password(page: Page, link: str) -> None:
    page.goto(link)
    page.fill("#baru", PASSWORD)
    page.fill("#ulang", PASSWORD)
    page.click(".do .go")


def next_code(house: House, email: str, secret: str) -> str:
    """The app's code; the last one is forgotten, so that nobody waits 30 seconds."""
    with Session(house.town.database.write) as session, session.begin():
        staff = session.exec(select(Staff).where(Staff.email == email)).one()
        staff.totp_step = None
        session.add(staff)
    return pyotp.TOTP(secret).now()


def enrol(page: Page) -> str:
    """Scan and type; returns the secret."""
    secret = re.sub(r"\s", "", page.inner_text(".hash"))
    page.fill("#kode", pyotp.TOTP(secret).now())
    page.click("main .do .go")
    assert page.locator(".codes li").count() == 10
    return secret


@pytest.mark.parametrize("width", [360, 1280])
def test_from_invitation_to_sign_in_without_javascript(
    house: House, phones: Phones, width: int
) -> None:
    """An admin takes the account, sets up the app, invites an operator; both sign in."""
    email = f"budi{width}@guyub.test"
    page = phones.page(width, java_script_enabled=False)
    set_password(page, invite(house, email, Role.ADMIN, "Pak Budi"))
    page.goto(f"{house.address}/staff/akun-staf")  # leads to the second factor first
    assert page.url == f"{house.address}/staff/akun/kode"
    page.fill("#kode", "000000")
    page.click("main .do .go")
    assert page.locator("#galat a[href='#kode']").count() == 1
    assert page.title().startswith("Galat: ")
    secret = enrol(page)
    page.click("text=Sudah saya simpan")
    page.click("nav >> text=Akun")
    page.click("text=Undang seseorang")
    page.fill("#nama", "Ibu Wati")
    page.fill("#surel", f"wati{width}@guyub.test")
    page.select_option("#peran", "operator")
    page.click("main .do .go")
    assert page.locator("#galat a[href='#komunitas']").count() == 1
    assert page.input_value("#nama") == "Ibu Wati"
    page.select_option("#komunitas", "nyata")
    page.click("main .do .go")
    link = page.inner_text(".keep .hash").strip()

    other = phones.page(width, java_script_enabled=False)
    set_password(other, link)
    assert other.locator("h1").inner_text() == "Selamat datang, Ibu Wati"
    other.click("text=English")
    assert other.get_attribute("html", "lang") == "en"
    other.click("text=Sign out")
    assert "You are signed out on every device." in other.inner_text("main")

    page.click("text=Keluar")
    page.fill("#surel", email)
    page.fill("#sandi", "salah")
    page.click(".do .go")
    assert page.locator("#galat").count() == 1
    assert page.input_value("#surel") == email
    page.fill("#sandi", PASSWORD)
    page.fill("#kode", next_code(house, email, secret))
    page.click(".do .go")
    assert page.locator("h1").inner_text() == "Selamat datang, Pak Budi"


def every_page(page: Page, house: House, language: str) -> Iterator[str]:
    """Lead an admin past every page of this part; yields the name of each."""
    email = f"rina-{language}-{datetime.now(UTC).timestamp()}@guyub.test"
    link = invite(house, email, Role.ADMIN, "Ibu Rina")
    lang = f"?lang={language}"

    def show(path: str) -> str:
        page.goto(f"{house.address}{path}{lang}")
        return path

    page.goto(link + lang)
    yield "invitation"
    page.click(".do .go")
    yield "invitation with errors"
    set_password(page, link)
    page.goto(link)
    yield "link used"
    yield show("/staff/akun/kode")
    page.fill("#kode", "1")
    page.click("main .do .go")
    yield "enrolment with an error"
    enrol(page)
    yield "recovery codes"
    for path in ("", "/akun", "/akun/kode", "/akun/sandi", "/akun-staf", "/akun-staf/undang",
                 "/akun-staf/1", "/akun-staf/1/tutup", "/akun-staf/1/lepas", "/audit", "/bukti",
                 "/komunitas", "/komunitas/baru", "/k/nyata", "/k/takada"):  # fmt: skip
        yield show(f"/staff{path}")
    page.goto(f"{house.address}/staff/akun-staf/1/tutup{lang}")
    page.click("main .do .go")
    yield "confirmation with an error"
    page.locator("details.where summary").click()
    yield "switcher open"
    page.goto(f"{house.address}/staff/komunitas/baru{lang}")
    page.click("main .do .go")
    yield "form with errors"
    page.goto(f"{house.address}/staff/akun/sandi{lang}")
    page.fill("#lama", "x")
    page.click("main .do .go")
    yield "password with errors"
    page.click(".tools form[action='/staff/keluar'] button")
    yield "signed out"
    page.goto(f"{house.address}/staff/masuk{lang}&pemulihan=1")
    page.click(".do .go")
    yield "sign-in with an error, recovery code"


@pytest.mark.parametrize("language", ["id", "en"])
def test_axe_finds_nothing_and_all_can_be_reached(
    house: House, phones: Phones, language: str
) -> None:
    """axe 0 in light and dark; at 320 px no sideways scroll and targets of 44 px."""
    page = phones.page(320)
    found: dict[str, Any] = {}
    for name in every_page(page, house, language):
        found |= {f"{name}, {fault}": nodes for fault, nodes in faults(page).items()}
        if page.evaluate(SIDEWAYS) > 0:
            found[f"{name}: sideways"] = page.evaluate(SIDEWAYS)
        if page.evaluate(SMALL):
            found[f"{name}: small"] = page.evaluate(SMALL)
    assert found == {}


def test_the_keyboard_alone_is_enough(house: House, phones: Phones) -> None:
    """Sign-in by Tab and Enter; the skip link first; the switcher opens by Enter."""
    page = phones.page(1280)
    set_password(page, invite(house, "kunci@guyub.test", Role.OPERATOR, "Ibu Kunci"))
    page.click("text=Keluar")
    page.goto(f"{house.address}/staff/masuk")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "surel":
            break
    page.keyboard.type("kunci@guyub.test")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector(".where")
    assert page.locator("h1").inner_text() == "Selamat datang, Ibu Kunci"
