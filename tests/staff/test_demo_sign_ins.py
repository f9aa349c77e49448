"""Demo: one one-time link a role, only with DEMO, no password anywhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlmodel import Session, select

from app.demo.routes import Demo
from app.demo.sign_ins import SignIns, ensure_accounts
from app.settings import Settings
from app.tables import Staff
from tests.staff.office import Office, heading


@pytest.fixture
def demo(settings: Settings) -> Iterator[Office]:
    settings = settings.model_copy(update={"demo": True})
    with Office(settings, demo=Demo(slug="sidoarjo", community="S", waves=(), codes=())) as office:
        accounts = ensure_accounts(office.database, slug="sidoarjo", by="demo", at=office.now)
        office.app.state.demo.sign_ins = SignIns(accounts)
        yield office


def links(office: Office) -> dict[str, str]:
    tokens = office.app.state.demo.sign_ins.tokens
    return {str(role): f"/demo/masuk/{token}" for role, token in tokens.items()}


def test_the_front_page_offers_every_role(demo: Office) -> None:
    front = demo.client.get("/").text
    assert set(links(demo)) == {"operator", "researcher", "chair", "admin"}
    for link in links(demo).values():
        assert f'href="{link}"' in front


@pytest.mark.parametrize(
    ("role", "opens", "refused"),
    [
        ("operator", "/staff/k/sidoarjo", "/staff/audit"),
        ("researcher", "/staff/k/sidoarjo", "/staff/akun-staf"),
        ("chair", "/staff/k/sidoarjo", "/staff/komunitas"),
        ("admin", "/staff/audit", ""),
    ],
)
def test_a_link_opens_one_role_once(demo: Office, role: str, opens: str, refused: str) -> None:
    """The link stands in for the second factor, so admin and researcher can work at once."""
    link = links(demo)[role]
    for _ in range(3):  # looking at it uses nothing up
        page = demo.browser().get(link)
        assert page.status_code == 200
        assert "hanya selama demo ini berjalan" in page.text
    browser = demo.browser()
    assert browser.post(link).headers["location"] == "/staff"
    assert "SIMULASI" in browser.get("/staff").text
    assert browser.get(opens).status_code == 200
    if refused:
        assert browser.get(refused).status_code == 403
    used = demo.browser().post(link)
    assert used.status_code == 410
    assert heading(used) == "Tautan demo ini sudah dipakai"
    assert links(demo)[role] != link
    assert demo.browser().post(links(demo)[role]).status_code == 303


def test_no_password_exists(demo: Office) -> None:
    with Session(demo.database.read) as session:
        found = session.exec(select(Staff)).all()
        assert len(found) == 4
        assert [one.password_hash for one in found] == [None] * 4
    ensured = ensure_accounts(demo.database, slug="sidoarjo", by="demo", at=demo.now)
    assert ensured == demo.app.state.demo.sign_ins.accounts  # made once


def test_without_demo_there_is_no_such_door(office: Office) -> None:
    assert office.client.get("/demo/masuk/x").status_code == 404
    assert (
        office.client.post("/demo/masuk/x", headers={"sec-fetch-site": "none"}).status_code == 404
    )
