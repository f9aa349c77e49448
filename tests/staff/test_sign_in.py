"""B5: signing in, failing, resting, signing out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.staff.office import Office, heading

PASSWORD = "tiga ekor kambing di bukit"
SENTENCE = "Surel, kata sandi, atau kode tidak cocok"


def attempt(office: Office, email: str, password: str, **fields: str):
    return office.browser().post("/staff/masuk", {"surel": email, "sandi": password, **fields})


def test_the_right_password_opens_the_desk(any_office: Office) -> None:
    any_office.account("operator", email="siti@guyub.test", password=PASSWORD)
    browser = any_office.browser()
    answer = browser.post(
        "/staff/masuk", {"surel": " Siti@Guyub.test ", "sandi": PASSWORD, "lanjut": "/staff/akun"}
    )
    assert answer.status_code == 303
    assert answer.headers["location"] == "/staff/akun"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/staff" in cookie
    start = browser.get("/staff")
    assert start.status_code == 200
    assert "Sidoarjo" in start.text
    assert start.headers["cache-control"] == "no-store"


def test_nobody_comes_in_without_a_session(office: Office) -> None:
    answer = office.browser().get("/staff")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/staff/masuk?lanjut=/staff"
    assert office.browser().get("/staff/masuk?lanjut=/staff").status_code == 200
    posted = office.browser().post("/staff/keluar")
    assert posted.status_code == 401
    assert heading(posted) == "Anda belum masuk, atau waktu Anda habis"


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/s/x", "/staff/..//evil", "/staff\nx"]
)
def test_the_way_back_never_leaves_the_desk(office: Office, target: str) -> None:
    office.account("operator", email="siti@guyub.test", password=PASSWORD)
    answer = attempt(office, "siti@guyub.test", PASSWORD, lanjut=target)
    assert answer.headers["location"] in ("/staff", "/staff/..//evil"[:6])


def test_every_refusal_reads_the_same(office: Office) -> None:
    """Unknown, without a password yet, wrong password: one sentence, one status, no cookie."""
    office.account("operator", email="siti@guyub.test", password=PASSWORD)
    office.account("chair", email="baru@guyub.test")
    seen = set()
    for email, password in (
        ("siti@guyub.test", "salah"),
        ("baru@guyub.test", ""),
        ("baru@guyub.test", "nobody has this password"),
        ("takada@guyub.test", PASSWORD),
        ("takada@guyub.test", "nobody has this password"),
    ):
        answer = attempt(office, email, password)
        seen.add((answer.status_code, SENTENCE in answer.text, "set-cookie" in answer.headers))
    assert seen == {(422, True, False)}


def test_five_failures_rest_the_account_for_fifteen_minutes(any_office: Office) -> None:
    office = any_office
    office.account("operator", email="siti@guyub.test", password=PASSWORD)
    for _ in range(4):
        attempt(office, "siti@guyub.test", "salah")
    assert attempt(office, "siti@guyub.test", PASSWORD).status_code == 303  # counts anew
    for _ in range(5):
        assert attempt(office, "siti@guyub.test", "salah").status_code == 422
    office.later(minutes=14, seconds=59)
    assert attempt(office, "siti@guyub.test", PASSWORD).status_code == 422
    office.later(seconds=1)
    assert attempt(office, "siti@guyub.test", PASSWORD).status_code == 303
    assert ("system", "staff.rest", "staff:1") in office.audit()


def test_a_network_that_keeps_failing_waits(office: Office) -> None:
    office.account("operator", email="siti@guyub.test", password=PASSWORD)
    for count in range(30):
        assert attempt(office, f"a{count}@guyub.test", "salah").status_code == 422
    assert attempt(office, "siti@guyub.test", PASSWORD).status_code == 429


def test_signing_out_ends_every_session(any_office: Office) -> None:
    first = any_office.sign_in("operator")
    second = any_office.browser(any_office.cookie(first.staff_id))
    assert second.get("/staff").status_code == 200
    answer = first.post("/staff/keluar")
    assert answer.headers["location"] == "/staff/masuk?keluar=1"
    assert "Anda sudah keluar di semua perangkat." in first.follow(answer).text
    assert second.get("/staff").status_code == 303


@pytest.mark.parametrize(
    ("roles", "idle", "works"),
    [
        (("operator",), timedelta(hours=7, minutes=59), True),
        (("operator",), timedelta(hours=8), False),
        (("chair",), timedelta(hours=2), True),
        (("researcher",), timedelta(minutes=29), True),
        (("researcher",), timedelta(minutes=30), False),
        (("admin",), timedelta(minutes=30), False),
    ],
)
def test_a_session_ends_by_time_and_by_rest(
    office: Office, roles: tuple[str, ...], idle: timedelta, works: bool
) -> None:
    browser = office.sign_in(*roles)
    office.now += idle
    assert (browser.get("/staff").status_code == 200) is works


def test_use_keeps_a_session_awake_but_never_beyond_eight_hours(any_office: Office) -> None:
    browser = any_office.sign_in("researcher")
    for _ in range(19):
        any_office.later(minutes=25)
        assert browser.get("/staff").status_code == 200
    any_office.later(minutes=5)
    assert browser.get("/staff").status_code == 303


def test_the_language_of_the_pages_is_kept(office: Office) -> None:
    browser = office.sign_in("operator")
    assert 'lang="id"' in browser.get("/staff").text
    answer = browser.post("/staff/bahasa", {"lang": "en", "ke": "/staff/k/sidoarjo"})
    assert answer.headers["location"] == "/staff/k/sidoarjo"
    page = browser.follow(answer)
    assert '<html lang="en">' in page.text
    assert "Sign out" in page.text
    refused = browser.get("/staff/k/takada")
    assert refused.status_code == 404
    assert "This address is not known" in refused.text
