"""Saves that collide, come too late, come twice or cannot be read: nothing is ever lost."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from instrument import registry
from tests.surveys.conftest import Member, Place, TestClient, Town, answers

INSTRUMENT = registry.find("partnership")
QUESTIONS = dict.fromkeys(
    ["BEH1", "BEH2", "BEH3", "BEH4", "BEH5", "BEH6", "BG1", "BG2", "BG3", "BG5", "BG6"], "2"
)
PLACE = {code: place for place, code in enumerate(INSTRUMENT.item_codes)}


def stored(row: dict[str, object], code: str) -> int:
    return bytes(row["answers"])[PLACE[code]]  # type: ignore[call-overload]


def extra(row: dict[str, object]) -> dict[str, object]:
    value = row["extra"]
    return json.loads(value) if isinstance(value, str) else dict(value)  # type: ignore[call-overload]


def checked(page: str) -> set[tuple[str, str]]:
    return set(re.findall(r'name="(\w+)" value="(\w+)" checked', page))


def test_same_final_request_twenty_times_at_once(any_member: tuple[Town, Member]) -> None:
    """A8: one row, equal receipts, no 5xx, on both engines."""
    town, member = any_member
    member.start()
    fields = member.hidden | answers(INSTRUMENT) | {"final": "1", "ditanya": "1"}
    with ThreadPoolExecutor(20) as pool:
        found = list(
            pool.map(
                lambda _: member.client.post(f"/s/{member.place.slug}/kirim", data=fields),
                range(20),
            )
        )
    assert {answer.status_code for answer in found} == {200}
    receipts = {re.findall(r"<b translate=\"no\">(.*?)</b>", answer.text)[0] for answer in found}
    assert len(receipts) == 1
    [response] = town.rows("response")
    assert {stored(response, code) for code in INSTRUMENT.form("full").items} == {4}
    assert town.rows("draft") == []


def test_a_program_may_send_too(town: Town, member: Member) -> None:
    """Room for a queue that sends when the signal is back: the same call, told in JSON."""
    member.start()
    fields = member.hidden | answers(INSTRUMENT) | {"final": "1"}
    asked = member.post("kirim", fields, json=True)
    assert asked.json() == {"status": "draft", "rev": 1, "unanswered": 11}
    sent = member.post("kirim", fields | {"rev": "2", "ditanya": "1"}, json=True)
    assert sent.json() == {"status": "submitted", "rev": 2, "unanswered": 0}
    assert len(town.rows("response")) == 1


def test_older_state_never_overwrites_newer(town: Town, member: Member) -> None:
    """Two phones: 409 shows what was posted and offers both ways; nothing typed is dropped."""
    member.start()
    phone = dict(member.hidden)
    member.save({"REL1": "5"})
    member.save({"REL1": "4"})
    stale = phone | {"REL1": "1", "OPEN1": "Jangan hilang", "lang": "en"}
    program = member.client.post(
        f"/s/{member.place.slug}/simpan", data=stale, headers={"accept": "application/json"}
    )
    assert program.status_code == 409
    assert program.headers["content-type"] == "application/problem+json"
    assert program.json()["title"] == "There are newer answers"
    page = member.post("simpan", stale)
    assert page.status_code == 409
    assert "There are newer answers" in page.text
    assert ("REL1", "1") in checked(page.text)
    assert "Jangan hilang</textarea>" in page.text
    assert "data-at" not in page.text  # our script leaves the choice to the person
    [draft] = town.rows("draft")
    assert (stored(draft, "REL1"), draft["rev"]) == (4, 2)
    newer = member.post("mulai", {"lanjut": "baru", "id": phone["id"], "lang": "en"})
    assert ("REL1", "4") in checked(newer.text)
    assert 'data-state="drop"' in newer.text
    kept = member.post("simpan", stale | {"rev": "3"})  # "keep what I see here"
    assert kept.status_code == 200
    [draft] = town.rows("draft")
    assert (stored(draft, "REL1"), draft["rev"]) == (1, 3)


def test_same_save_twice_is_one(town: Town, member: Member) -> None:
    member.start()
    fields = member.hidden | {"REL1": "5", "lihat": "1", "layar": "js"}
    first = member.post("simpan", fields | {"detik": "3"}, json=True)
    second = member.post("simpan", fields | {"detik": "4"}, json=True)
    assert (first.status_code, second.status_code) == (204, 204)
    assert town.rows("draft")[0]["rev"] == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"REL1": "6"}, "belum terbaca"),
        ({"REL1": "abc"}, "belum terbaca"),
        ({"BEH1": "31"}, "tulis angka dari 0 sampai 30"),
        ({"BEH1": "banyak"}, "mohon tulis angka"),
        ({"OPEN1": "a" * 301}, "paling banyak 300 huruf"),
        ({"XYZ1": "1"}, "Belum tersimpan"),
        ({"BG4": "2"}, "Belum tersimpan"),
    ],
)
def test_faults_change_nothing_and_say_where(
    town: Town, member: Member, fields: dict[str, str], words: str
) -> None:
    """422: the summary links to the field, what was typed stays, nothing was stored."""
    member.start()
    before = town.count()
    page = member.save({"INT1": "2", **fields})
    assert page.status_code == 422
    assert words in page.text
    assert "<title>Galat: " in page.text
    assert ("INT1", "2") in checked(page.text)
    [code] = fields
    if code in {*INSTRUMENT.item_codes, "BEH1", "OPEN1"}:
        assert f'href="#{code}"' in page.text
        assert f'id="e-{code}"' in page.text
    problem = member.save({"INT1": "2", **fields}, json=True)
    assert problem.status_code == 422
    assert town.count() == before
    assert town.rows("draft")[0]["rev"] == 0


def test_sales_are_stored_with_consent_only(town: Town, member: Member) -> None:
    """C1: a page changed by hand does not get round the consent."""
    page = member.start()
    assert 'name="BG4"' not in page.text
    forged = member.save({"latar": "ya sales", "BG4": "2"})
    assert forged.status_code == 422
    assert town.rows("draft")[0]["background"] is None
    allowed = Member(member.client, member.place)
    page = allowed.start(kode=member.place.codes[1], izin=["adult", "report", "sales"])
    assert 'name="BG4"' in page.text
    assert allowed.save({"BG4": "2"}).status_code == 200


@pytest.mark.parametrize("path", ["mulai", "simpan", "kirim", "lupakan"])
def test_other_content_types_and_huge_bodies_are_refused(member: Member, path: str) -> None:
    address = f"/s/{member.place.slug}/{path}"
    for language in ("id", "en"):
        query = f"?lang={language}"
        for content, kind, status in (
            (b"{}", "application/json", 415),
            (b"a=1", "text/plain", 415),
            (b"a=" + b"b" * 70_000, "application/x-www-form-urlencoded", 413),
            (b"a=%ff", "application/x-www-form-urlencoded", 400),
            (b"&".join([b"a=1"] * 500), "application/x-www-form-urlencoded", 400),
        ):
            page = member.client.post(
                address + query, content=content, headers={"content-type": kind}
            )
            assert page.status_code == status
            assert f'<html lang="{language}">' in page.text
            assert "<h1" in page.text


def test_form_without_its_hidden_fields_is_told_how_to_go_on(member: Member) -> None:
    page = member.post("simpan", {"REL1": "4"})
    assert page.status_code == 400
    assert "Lanjutkan" in page.text


def test_late_answers_meet_the_closed_page(town: Town, member: Member) -> None:
    """A save after the close changes nothing and says so; the draft itself counts."""
    member.start()
    member.save({"REL1": "4"})
    town.close(member.place)
    kept = dict(member.hidden)
    page = member.save({"REL1": "5", "lang": "en"})
    assert page.status_code == 409
    assert "came too late and was not saved" in page.text
    assert member.post("kirim", kept | {"REL1": "5", "final": "1"}).status_code == 409
    [response] = town.rows("response")
    assert response["status"] == "partial"
    assert stored(response, "REL1") == 4


def test_unknown_submission_keeps_what_was_typed_on_the_page(member: Member) -> None:
    member.start()
    page = member.save({"id": "00000000-0000-4000-8000-000000000000", "OPEN1": "Tetap ada"})
    assert page.status_code == 404
    assert "Isian ini tidak ditemukan" in page.text
    assert "Tetap ada</textarea>" in page.text


def test_another_community_s_submission_is_unknown(
    town: Town, client: TestClient, member: Member
) -> None:
    member.start()
    elsewhere = Member(client, town.found("lain"))
    assert elsewhere.post("simpan", member.hidden | {"REL1": "1"}).status_code == 404
    assert elsewhere.post("mulai", {"lanjut": "1", "id": member.hidden["id"]}).status_code == 404


def test_nobody_else_s_page_is_kept(town: Town, client: TestClient, place: Place) -> None:
    """The kept empty document never carries one person's marks to another."""
    one, two = Member(client, place), Member(client, place)
    one.start()
    one.save(answers(INSTRUMENT, 5) | {"OPEN1": "Rahasia"})
    page = two.start(kode=place.codes[1])
    assert checked(page.text) == set()
    assert "Rahasia" not in page.text
    assert one.hidden["id"] not in page.text
