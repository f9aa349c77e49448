"""B6 and B7 on the real staff pages: origin of forms, headers, cookies."""

from __future__ import annotations

import re

import pytest

from app.settings import Settings
from tests.house.catalogue import ROUTES
from tests.staff.office import Office

POSTS = sorted(path for method, path in ROUTES if method == "POST" and path.startswith("/staff"))
PAGES = ["/staff", "/staff/masuk", "/staff/akun", "/staff/akun/kode", "/staff/akun-staf",
         "/staff/audit", "/staff/komunitas", "/staff/takada", "/staff/undangan/x"]  # fmt: skip
REFUSED = [
    {},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1:8000"},
    {"origin": "https://evil.example"},
    {"origin": "null"},
]
TAKEN = [{"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"},
         {"origin": "http://127.0.0.1:8000"}]  # fmt: skip


def test_a_staff_form_comes_from_our_own_page_or_not_at_all(office: Office) -> None:
    """B6, every form: where neither header is there, a cookie alone must not be enough."""
    client, nobody = office.sign_in("admin").client, office.browser().client
    assert len(POSTS) > 20
    for path in POSTS:
        address = re.sub(r"\{\w+(:\w+)?\}", "1", path.replace("{community}", "sidoarjo"))
        for headers in REFUSED:
            answer = client.post(address, headers=headers)
            assert answer.status_code == 403, (path, headers)
            assert "situs lain" in answer.text
        for headers in TAKEN:
            assert "situs lain" not in nobody.post(address, headers=headers).text, (path, headers)


@pytest.mark.parametrize("path", PAGES)
def test_every_staff_page_carries_the_headers(office: Office, path: str) -> None:
    """B7."""
    answer = office.sign_in("admin").get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-store"
    assert "style=" not in answer.text
    assert "<style" not in answer.text
    assert "<script" not in answer.text


@pytest.mark.parametrize(
    ("base_url", "secure"), [("http://127.0.0.1:8000", False), ("https://survei.example", True)]
)
def test_cookies_are_secure_where_people_come_over_https(
    settings: Settings, base_url: str, secure: bool
) -> None:
    settings = settings.model_copy(update={"base_url": base_url})
    with Office(settings) as office:
        office.account("operator", email="siti@guyub.test", password="tiga ekor kambing di bukit")
        answer = office.browser().post(
            "/staff/masuk", {"surel": "siti@guyub.test", "sandi": "tiga ekor kambing di bukit"}
        )
        cookie = answer.headers["set-cookie"]
        assert ("Secure" in cookie) is secure
        for part in ("HttpOnly", "SameSite=lax", "Path=/staff"):
            assert part in cookie
        assert "Max-Age" not in cookie  # gone with the browser
        assert ("strict-transport-security" in answer.headers) is secure


def test_a_form_that_is_none_is_refused_in_words(office: Office) -> None:
    client = office.sign_in("operator").client
    own = {"sec-fetch-site": "same-origin"}
    answer = client.post("/staff/bahasa", json={"lang": "en"}, headers=own)
    assert answer.status_code == 415
    assert "bukan formulir" in answer.text
    many = "&".join(f"a{number}=1" for number in range(501))
    typed = own | {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/staff/bahasa", content=many, headers=typed).status_code == 415
    odd = client.post("/staff/bahasa", content=b"lang=en&ke=%00/staff\xff", headers=typed)
    assert odd.headers["location"] == "/staff"


def test_a_notice_of_somebody_else_is_not_shown(office: Office) -> None:
    """The cookie with a notice is signed for one session: nobody can put words on a page."""
    admin, other = office.sign_in("admin"), office.sign_in("admin")
    answer = admin.post("/staff/komunitas/baru", {"nama": "Malang", "alamat": "malang"})
    notice = answer.cookies["guyub_kabar"]
    for value in (notice, notice[:-3] + "AAA", "x"):
        other.client.cookies.set("guyub_kabar", value, domain="127.0.0.1", path="/staff")
        page = other.get("/staff/komunitas")
        assert page.status_code == 200
        assert "sudah dibuat" not in page.text
