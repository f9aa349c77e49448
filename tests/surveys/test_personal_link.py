"""A personal link types the code: reading it changes nothing, and it tells nobody anything."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlmodel import Session

from app.members import service as members
from app.tables import Participant
from tests.surveys.conftest import PURPOSES, Member, Place, TestClient, Town, answers, heading

WHATSAPP = {"user-agent": "WhatsApp/2.23.20.0 A"}
OWN = {"sec-fetch-site": "same-origin"}


def links(town: Town, place: Place, count: int = 1) -> list[str]:
    """Tokens of members who are put on the roster here."""
    made = []
    now = datetime.now(UTC)
    with Session(town.database.write) as session, session.begin():
        for number in range(count):
            person = members.add_participant(
                session=session, community_id=place.community_id, display_name=f"Ibu {number}",
                joined_on=now.date(), by="test", at=now,
            )  # fmt: skip
            assert person.id is not None
            made.append(
                members.issue_link(
                    session=session,
                    community_id=place.community_id,
                    participant_id=person.id,
                    key=town.database.settings.key("code_key"),
                    by="test",
                    at=now,
                )
            )
    return made


def post(client: TestClient, token: str, **fields: Any) -> httpx.Response:
    return client.post(f"/u/{token}", data={"izin": PURPOSES} | fields, headers=OWN)


def test_a_token_has_128_bits(town: Town, place: Place) -> None:
    tokens = links(town, place, 3)
    assert [len(token) for token in tokens] == [22] * 3  # 22 * 6 bits >= 128
    assert len(set(tokens)) == 3


def test_the_page_is_the_same_for_every_token_and_changes_nothing(
    town: Town, place: Place, client: TestClient
) -> None:
    """A11: 100 reads by a chat app, then the person can still begin."""
    tokens = links(town, place, 2)
    before = town.count()
    for language in ("", "?lang=en"):
        pages = {client.get(f"/u/{token}{language}").content for token in tokens}
        pages |= {
            client.get(f"/u/{tokens[0]}{language}", headers=WHATSAPP).content for _ in range(50)
        }
        assert len(pages) == 1
        (page,) = pages
        assert not any(token.encode() in page for token in tokens)
        assert b"og:title" in page
        head = page.partition(b"<body>")[0]
        group = client.get(f"/s/{place.slug}{language}").content.partition(b"<body>")[0]
        assert head == group  # the same card as the group's link
    assert client.head(f"/u/{tokens[0]}").status_code == 200
    assert town.count() == before
    begun = post(client, tokens[0])
    assert begun.status_code == 200
    assert 'name="rev"' in begun.text


def test_a_link_and_a_code_are_one_person(
    town: Town, place: Place, member: Member, client: TestClient
) -> None:
    (token,) = links(town, place)
    with Session(town.database.write) as session, session.begin():
        person = session.get_one(Participant, len(town.rows("identity.participant")))
        assert person.id is not None
        code = members.issue_code(
            session=session, community_id=place.community_id, participant_id=person.id,
            key=town.database.settings.key("code_key"), by="test", at=datetime.now(UTC),
        )  # fmt: skip
    begun = post(client, token)
    member.hidden = dict(
        re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', begun.text)
    )
    sent = member.send(answers(town.instrument) | {"ditanya": "1"})
    assert heading(sent)
    again = member.post("mulai", {"izin": PURPOSES, "kode": code})
    assert len(town.rows("response")) == 1
    assert heading(again) == heading(sent)


def test_without_consent_the_page_asks_again_and_keeps_the_ticks(
    town: Town, place: Place, client: TestClient
) -> None:
    (token,) = links(town, place)
    page = client.post(f"/u/{token}", data={"izin": "report"}, headers=OWN)
    assert page.status_code == 422
    assert "checked" in page.text
    assert token not in page.text
    assert 'name="kode"' not in page.text


def test_a_replaced_link_says_so(town: Town, place: Place, client: TestClient) -> None:
    (old,) = links(town, place)
    with Session(town.database.write) as session, session.begin():
        members.revoke_code(
            session=session, community_id=place.community_id,
            participant_id=len(town.rows("identity.participant")), by="test", at=datetime.now(UTC),
        )  # fmt: skip
    before = town.count()
    for token in (old, "x" * 22, "-", "%2e%2e"):
        for page in (client.get(f"/u/{token}"), post(client, token)):
            assert page.status_code == 404
            assert heading(page) == "Tautan pribadi ini tidak berlaku"
    assert town.count() == before


def test_of_two_communities_each_link_leads_home(town: Town, client: TestClient) -> None:
    for place in (town.found("satu"), town.found("dua")):
        (token,) = links(town, place)
        assert f'data-home="/s/{place.slug}"' in client.get(f"/u/{token}").text


def test_no_token_is_ever_logged(
    town: Town, place: Place, client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even where something breaks: the log names the route, never the address."""
    caplog.set_level(logging.DEBUG)
    (token,) = links(town, place)
    client.get(f"/u/{token}")
    post(client, token)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    quiet = TestClient(client.app, base_url=str(client.base_url), raise_server_exceptions=False)
    patch = pytest.MonkeyPatch()
    patch.setattr("app.auth.code_door.CodeDoor.community_of_link", broken)
    try:
        assert quiet.get(f"/u/{token}").status_code == 500
    finally:
        patch.undo()
    ours = [record for record in caplog.records if not record.name.startswith("httpx")]
    assert any("Unforeseen" in record.getMessage() for record in ours)
    assert [record for record in ours if token in record.getMessage() + str(record.exc_text)] == []


def test_another_site_cannot_begin_in_somebodys_name(
    town: Town, place: Place, client: TestClient
) -> None:
    (token,) = links(town, place)
    answer = client.post(
        f"/u/{token}", data={"izin": PURPOSES}, headers={"sec-fetch-site": "cross-site"}
    )
    assert answer.status_code == 403
