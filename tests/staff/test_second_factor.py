"""The second factor: RFC 6238's own numbers, no code twice, recovery codes, who needs one."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from xml.etree import ElementTree

import pyotp
import pytest
from sqlmodel import Session, select

from app.staff import second_factor
from app.tables import RecoveryCode, Staff
from tests.staff.office import Browser, Office, heading, hidden

PASSWORD = "tiga ekor kambing di bukit"
RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
# RFC 6238, appendix B (SHA1), last six of the eight digits.
RFC_TABLE = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]


@pytest.mark.parametrize(("seconds", "code"), RFC_TABLE)
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    assert second_factor.step_of(RFC_SECRET, code, at, after=None) == seconds // 30
    assert second_factor.step_of(RFC_SECRET, f"{code[:3]} {code[3:]}", at, after=None) is not None


def test_one_step_each_way_and_no_more() -> None:
    """RFC 6238, 5.2: a delay of one step is accepted."""
    taken = [
        shift
        for shift in range(-120, 121, 30)
        if second_factor.step_of(
            RFC_SECRET, "081804", datetime.fromtimestamp(1111111109 + shift, UTC), after=None
        )
    ]
    assert taken == [-30, 0, 30]


@pytest.mark.parametrize("typed", ["", "81804", "0818040", "o81804", "０８１８０４", "-81804"])
def test_what_is_no_code_is_refused(typed: str) -> None:
    at = datetime.fromtimestamp(1111111109, UTC)
    assert second_factor.step_of(RFC_SECRET, typed, at, after=None) is None


def test_a_code_is_taken_once_and_older_ones_never_again() -> None:
    at = datetime.fromtimestamp(1111111109, UTC)
    step = 1111111109 // 30
    assert second_factor.step_of(RFC_SECRET, "081804", at, after=step - 1) == step
    assert second_factor.step_of(RFC_SECRET, "081804", at, after=step) is None
    before = pyotp.TOTP(RFC_SECRET).generate_otp(step - 1)
    assert second_factor.step_of(RFC_SECRET, before, at, after=step) is None


def test_a_sealed_secret_opens_for_its_account_only(office: Office) -> None:
    sealed = second_factor.seal(office.settings, 1, RFC_SECRET)
    assert RFC_SECRET.encode() not in sealed
    assert second_factor.unseal(office.settings, 1, sealed) == RFC_SECRET
    with pytest.raises(second_factor.SecondFactorUnreadable):
        second_factor.unseal(office.settings, 2, sealed)


def enrolled(office: Office, *roles: str) -> tuple[Browser, str, list[str]]:
    """Somebody who has set up an app on the page: browser, secret, recovery codes."""
    staff_id = office.account(*roles, email="rina@guyub.test", password=PASSWORD)
    browser = office.browser(office.cookie(staff_id, second_factor=False), staff_id)
    page = browser.get("/staff/akun/kode")
    secret = secret_on(page.text)
    code = pyotp.TOTP(secret).at(office.now)
    done = browser.post("/staff/akun/kode", hidden(page) | {"kode": code})
    assert done.status_code == 200, done.text
    codes = re.findall(r"<li>([0-9A-Z-]{27})</li>", done.text)
    return browser, secret, codes


def secret_on(text: str) -> str:
    return re.sub(r"\s", "", re.search(r'class="hash">([A-Z2-7 ]+)<', text)[1])  # type: ignore[index]


def attempt(office: Office, **fields: str) -> int:
    given = {"surel": "rina@guyub.test", "sandi": PASSWORD} | fields
    return office.browser().post("/staff/masuk", given).status_code


def test_a_researcher_works_only_after_setting_it_up(any_office: Office) -> None:
    staff_id = any_office.account("researcher", "chair", email="rina@guyub.test")
    browser = any_office.browser(any_office.cookie(staff_id, second_factor=False), staff_id)
    page = browser.get("/staff")
    assert page.status_code == 200  # one's own account is open to everybody
    setup = browser.get("/staff/akun/kode")
    assert "Peran Anda hanya berlaku dengan kode kedua" in setup.text
    wrong = browser.post("/staff/akun/kode", hidden(setup) | {"kode": "000000"})
    assert wrong.status_code == 422
    assert secret_on(wrong.text) == secret_on(setup.text)  # the phone keeps what it scanned
    code = pyotp.TOTP(secret_on(setup.text)).at(any_office.now)
    done = browser.post("/staff/akun/kode", hidden(wrong) | {"kode": code})
    assert heading(done) == "Kode pemulihan Anda"
    with Session(any_office.database.read) as session:
        assert len(session.exec(select(RecoveryCode)).all()) == 10
        stored = session.get_one(Staff, staff_id)
        assert stored.totp_step == int(any_office.now.timestamp()) // 30
        assert secret_on(setup.text).encode() not in (stored.totp_secret or b"")


def test_the_qr_code_says_the_key_and_needs_no_style(office: Office) -> None:
    """Shapes with attributes only: the CSP blocks inline styles."""
    address = second_factor.address_of(RFC_SECRET, "rina@guyub.test")
    assert address == f"otpauth://totp/Guyub:rina%40guyub.test?secret={RFC_SECRET}&issuer=Guyub"
    svg = ElementTree.fromstring(second_factor.qr_of(address))
    assert {name for part in svg.iter() for name in part.attrib} <= {
        "viewBox", "class", "fill", "stroke", "d", "transform",
    }  # fmt: skip


def test_setting_it_up_ends_the_other_sessions(any_office: Office) -> None:
    staff_id = any_office.account("operator", email="rina@guyub.test", password=PASSWORD)
    other = any_office.browser(any_office.cookie(staff_id), staff_id)
    browser = any_office.browser(any_office.cookie(staff_id, second_factor=False), staff_id)
    page = browser.get("/staff/akun/kode")
    code = pyotp.TOTP(secret_on(page.text)).at(any_office.now)
    assert browser.post("/staff/akun/kode", hidden(page) | {"kode": code}).status_code == 200
    assert browser.get("/staff").status_code == 200
    assert other.get("/staff").status_code == 303


def test_signing_in_needs_the_code_and_takes_each_once(any_office: Office) -> None:
    office = any_office
    _, secret, _ = enrolled(office, "researcher")
    totp = pyotp.TOTP(secret)
    assert attempt(office, kode=totp.at(office.now)) == 422  # the one of the set-up
    assert attempt(office) == 422
    office.later(seconds=30)
    code = totp.at(office.now)
    assert attempt(office, kode=code) == 303
    assert attempt(office, kode=code) == 422
    office.later(seconds=30)
    assert attempt(office, sandi="salah", kode=totp.at(office.now)) == 422
    assert attempt(office, kode=totp.at(office.now)) == 303  # a wrong password spends no code


def test_a_recovery_code_opens_once_however_it_is_typed(any_office: Office) -> None:
    office = any_office
    _, _, codes = enrolled(office, "researcher")
    assert len(set(codes)) == 10
    assert attempt(office, pemulihan=codes[0].lower().replace("-", " ")) == 303
    assert attempt(office, pemulihan=codes[0]) == 422
    assert attempt(office, pemulihan=codes[1].replace("0", "O").replace("1", "l")) == 303
    assert attempt(office, pemulihan="A" * 24) == 422


def test_new_recovery_codes_and_another_phone_ask_for_the_password(office: Office) -> None:
    browser, _, codes = enrolled(office, "researcher")
    refused = browser.post("/staff/akun/kode/pemulihan", {"lama": "salah"})
    assert refused.status_code == 422
    renewed = browser.post("/staff/akun/kode/pemulihan", {"lama": PASSWORD})
    fresh = re.findall(r"<li>([0-9A-Z-]{27})</li>", renewed.text)
    assert len(fresh) == 10
    assert not set(fresh) & set(codes)
    assert attempt(office, pemulihan=codes[3]) == 422
    assert attempt(office, pemulihan=fresh[3]) == 303
    assert browser.post("/staff/akun/kode/baru", {"lama": "salah"}).status_code == 422
    page = browser.post("/staff/akun/kode/baru", {"lama": PASSWORD})
    office.later(seconds=60)
    secret = secret_on(page.text)
    done = browser.post(
        "/staff/akun/kode", hidden(page) | {"kode": pyotp.TOTP(secret).at(office.now)}
    )
    assert done.status_code == 200
    office.later(seconds=30)
    assert attempt(office, kode=pyotp.TOTP(secret).at(office.now)) == 303


def test_the_page_of_an_account_that_is_set_up_gives_no_new_secret(office: Office) -> None:
    """A stolen session alone must not put another phone in the place of the owner's."""
    staff_id = office.account("operator", email="rina@guyub.test", password=PASSWORD)
    browser = office.browser(office.cookie(staff_id, second_factor=False), staff_id)
    kept = browser.get("/staff/akun/kode")  # before
    secret = secret_on(kept.text)
    fields = hidden(kept) | {"kode": pyotp.TOTP(secret).at(office.now)}
    assert browser.post("/staff/akun/kode", fields).status_code == 200
    office.later(seconds=30)
    again = hidden(kept) | {"kode": pyotp.TOTP(secret).at(office.now)}
    assert browser.post("/staff/akun/kode", again).status_code == 409
    assert "rahasia" not in browser.get("/staff/akun/kode").text
    assert browser.post("/staff/akun/kode", {"rahasia": "00", "kode": "1"}).status_code == 409
