"""A link to one published card: shown once, two weeks, revocable, in no log (C4, B8)."""

from __future__ import annotations

import logging
import re
from datetime import date, timedelta

import pytest
from sqlmodel import Session, select

from app.scorecards.links import hmac_of
from app.tables import ScorecardLink
from tests.scorecards.conftest import BASE, SLUG, Town
from tests.staff.office import heading

LINKS = f"{BASE}/kartu/1/tautan"


def make(town: Town) -> str:
    """Press the button; the path of the link."""
    page = town.chair.post(LINKS)
    assert page.status_code == 200, page.text
    found = re.findall(r"http://[^\s<\"]+(/kartu/[\w-]+)", page.text)
    assert len(found) == 1
    return str(found[0])


@pytest.fixture
def linked(any_town: Town) -> tuple[Town, str]:
    any_town.wave(12)
    any_town.publish(1)
    return any_town, make(any_town)


def test_a_link_opens_the_one_card_for_two_weeks(linked: tuple[Town, str]) -> None:
    town, link = linked
    visitor = town.office.client
    page = visitor.get(link)
    assert page.status_code == 200
    assert "12 dari 60 anggota menjawab" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-robots-tag"] == "noindex, nofollow"
    assert '<meta name="robots" content="noindex">' in page.text
    token = link.rpartition("/")[2]
    title = re.search(r"<title>(.*?)</title>", page.text)
    assert title
    assert token not in title[1]
    assert "set-cookie" not in page.headers
    assert "12 of 60 members answered" in visitor.get(f"{link}?lang=en").text
    assert 'href="/staff' not in page.text
    # nothing but the card: no file, no other wave
    for beyond in ("/kartu-id.pdf", "/..", "/1"):
        assert visitor.get(f"{link}{beyond}").status_code == 404
    town.office.later(days=13, hours=23)
    assert visitor.get(link).status_code == 200
    town.office.later(hours=2)
    assert visitor.get(link).status_code == 404


def test_it_says_the_same_of_every_link_that_opens_nothing(linked: tuple[Town, str]) -> None:
    """Unknown, mistyped, revoked, over: one page."""
    town, link = linked
    visitor = town.office.client
    revoked = make(town)
    with Session(town.office.database.read) as session, session.begin():
        ids = session.exec(select(ScorecardLink.id).order_by(ScorecardLink.id)).all()  # type: ignore[arg-type]
    assert town.chair.post(f"{LINKS}/{ids[-1]}/cabut").status_code == 303
    unknown = f"/kartu/{'A' * 32}"
    said = {}
    for name, path in (("revoked", revoked), ("unknown", unknown), ("short", "/kartu/abc")):
        page = visitor.get(path)
        assert page.status_code == 404
        assert page.headers["cache-control"] == "no-store"
        said[name] = page.text.replace(path, "")
    town.office.later(days=15)
    over = visitor.get(link)
    said["over"] = over.text.replace(link, "")
    assert len(set(said.values())) == 1, said.keys()
    assert "tidak membuka apa pun" in said["over"]


def test_wrong_links_are_counted_by_network(linked: tuple[Town, str]) -> None:
    town, link = linked
    visitor = town.office.client
    answers = [visitor.get(f"/kartu/{number:032d}").status_code for number in range(31)]
    assert answers[:30] == [404] * 30
    assert answers[30] == 429
    slowed = visitor.get(link)  # the same network waits a minute
    assert (slowed.status_code, slowed.headers["retry-after"]) == (429, "60")


def test_the_token_is_stored_nowhere_and_logged_nowhere(
    linked: tuple[Town, str], caplog: pytest.LogCaptureFixture
) -> None:
    town, link = linked
    token = link.rpartition("/")[2]
    with caplog.at_level(logging.DEBUG):
        town.office.client.get(link)
        town.office.client.get(f"/kartu/{token[:-1]}x")
    ours = [r.getMessage() for r in caplog.records if not r.name.startswith(("httpx", "httpcore"))]
    assert all(token[:-1] not in said for said in ours)
    assert token not in town.chair.get(LINKS).text
    assert all(token not in " ".join(row) for row in town.office.audit())
    with Session(town.office.database.read) as session, session.begin():
        row = session.exec(select(ScorecardLink)).one()
        key = town.office.settings.key("secret_key")
        assert row.token_hmac == hmac_of(key, token)
        assert token not in str(row.model_dump())
        assert row.last_used_on == date(2026, 3, 2)  # the day, no hour
        assert row.expires_at - row.made_at == timedelta(days=14)
    if town.office.database.is_sqlite:
        stored = b"".join(
            path.read_bytes() for path in town.office.settings.data_dir.glob("*.sqlite3*")
        )
        assert token.encode() not in stored


def test_looking_again_on_the_same_day_writes_nothing(linked: tuple[Town, str]) -> None:
    town, link = linked
    town.office.client.get(link)
    with Session(town.office.database.write) as session, session.begin():
        session.exec(select(ScorecardLink)).one().last_used_on = date(2026, 3, 2)
    town.office.client.head(link)
    town.office.client.get(link, headers={"user-agent": "WhatsApp/2.23"})
    with Session(town.office.database.read) as session, session.begin():
        assert session.exec(select(ScorecardLink.last_used_on)).one() == date(2026, 3, 2)


def test_ten_links_are_enough(linked: tuple[Town, str]) -> None:
    town, _ = linked
    for _ in range(9):
        make(town)
    assert town.chair.post(LINKS).status_code == 409


def test_a_link_shows_the_issue_that_counts(linked: tuple[Town, str]) -> None:
    town, link = linked
    town.withdraw(1, 5)
    town.publish(1)
    assert "7 dari 60 anggota menjawab" in town.office.client.get(link).text


def test_links_of_another_community_are_out_of_reach(linked: tuple[Town, str]) -> None:
    town, link = linked
    stranger = town.office.sign_in("chair")  # of sidoarjo
    assert stranger.post(LINKS).status_code == 404
    assert stranger.post(f"{LINKS}/1/cabut").status_code == 404
    assert stranger.get(f"{BASE}/kartu/1").status_code == 404
    own = stranger.get("/staff/k/sidoarjo/kartu")
    assert heading(own) == "Belum ada kartu"
    assert town.office.client.get(link).status_code == 200
    assert town.chair.post(f"{LINKS}/999/cabut").status_code == 404
    assert SLUG not in own.text
