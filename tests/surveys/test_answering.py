"""Answering: save, come back, change one's mind, send. The whole application, no browser."""

from __future__ import annotations

import json
import re
import time

import pytest

from instrument import registry
from instrument.answers import Missing
from tests.surveys.conftest import BASE, Member, TestClient, Town, answers, heading

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


def test_start_answers_the_document_itself(member: Member) -> None:
    """Works without cookies: 200, no redirect, every item once, in the definition's order."""
    page = member.start()
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    shown = list(dict.fromkeys(re.findall(r'type="radio" name="([A-Z]+\d)"', page.text)))
    assert shown[:45] == list(INSTRUMENT.form("full").items)
    titles = re.findall(r"<h2 id=\"h\d+\"[^>]*>(.*?)</h2>", page.text)
    assert titles[:9] == [f"Bagian {n} dari 9" for n in range(1, 10)]
    assert len(titles) == 12
    order = re.findall(r'name="REL1" value="(\d)"', page.text)
    assert order == ["1", "2", "3", "4", "5"]  # disagree at the top, the same everywhere
    offered = re.findall(r'name="(\w+)" value="na"', page.text)
    assert sorted(offered) == ["BEN1", "FLX6", "REL4"]
    assert "required" not in page.text
    assert member.hidden["rev"] == "1"


@pytest.mark.parametrize("json_", [True, False])
def test_save_is_stored_before_it_is_said(town: Town, member: Member, json_: bool) -> None:
    member.start()
    answer = member.save({"REL1": "5", "ke": "2", "lihat": "1", "layar": "js"}, json=json_)
    assert answer.status_code == (204 if json_ else 200)
    [draft] = town.rows("draft")
    assert draft["rev"] == 1
    assert stored(draft, "REL1") == 5
    assert stored(draft, "INT1") == Missing.SKIPPED  # seen with it
    assert stored(draft, "INT2") == Missing.NOT_SEEN
    if not json_:
        assert "Tersimpan" in answer.text
        assert ("REL1", "5") in checked(answer.text)
        assert member.hidden["rev"] == "2"


def test_without_javascript_what_was_passed_is_seen(town: Town, member: Member) -> None:
    """The button after section 3 says that sections 1 to 3 were passed."""
    member.start()
    member.save({"REL1": "5", "ke": "4"})
    [draft] = town.rows("draft")
    assert stored(draft, "MOT1") == Missing.SKIPPED
    assert stored(draft, "ATT1") == Missing.NOT_SEEN
    assert extra(draft)["paradata"]["seen"] == [1, 2, 3]  # type: ignore[index]


def test_code_brings_everything_back_on_another_phone(town: Town, member: Member) -> None:
    """A6: the code alone is enough; nothing is asked twice, nothing is lost."""
    member.start(izin=["adult", "research", "sales"])
    everything = answers(INSTRUMENT, 2) | {
        "BEN1": "na",
        "BEH1": "0",
        "BEH4": "3",
        "BG1": "refused",
        "BG4": "2",
        "OPEN1": 'Saling <bantu> & "akrab"\r\nbaris dua',
    }
    member.save(everything | {"ke": "12"})
    member.client.cookies.clear()
    other = Member(member.client, member.place)
    page = other.post("mulai", {"kode": member.place.codes[0], "lang": "en"})
    assert page.status_code == 200
    assert "Welcome back" in page.text
    back = checked(page.text)
    assert {("REL1", "2"), ("BEN1", "na"), ("BEH4", "3"), ("BG1", "refused"), ("BG4", "2")} <= back
    assert re.search(r'id="BEH1"[^>]*value="0"', page.text)
    assert "Saling &lt;bantu&gt; &amp; &#34;akrab&#34;\nbaris dua</textarea>" in page.text
    assert other.hidden["rev"] == "2"
    assert len(town.rows("consent")) == 1  # coming back is no second consent
    assert len(town.rows("draft")) == 1


def test_language_switch_keeps_the_answers(town: Town, member: Member) -> None:
    """A12: a button that posts the state; the other language comes with all answers."""
    member.start()
    page = member.save({"REL1": "4", "OPEN1": "Tetap", "bahasa": "en", "lihat": "1,2"})
    assert '<html lang="en">' in page.text
    assert "Strongly disagree" in page.text
    assert ("REL1", "4") in checked(page.text)
    assert "Tetap</textarea>" in page.text
    assert member.hidden["lang"] == "en"
    page = member.save({"REL1": "4", "bahasa": "id"})
    assert '<html lang="id">' in page.text
    member.save({"REL1": "3", "bahasa": "en"})
    member.send(answers(INSTRUMENT) | {"ditanya": "1"})
    [response] = town.rows("response")
    assert response["language"] == "en"


def test_nothing_is_required_and_asked_for_once(any_member: tuple[Town, Member]) -> None:
    """A9: an empty submit gives one prompt, then is accepted; four missing codes differ."""
    town, member = any_member
    member.start()
    prompt = member.send({})
    assert heading(prompt).startswith("Ada 56 pertanyaan yang belum Anda jawab")
    assert "Isi sekarang" in prompt.text
    assert "Kirim apa adanya" in prompt.text
    assert "OPEN1" not in prompt.text
    assert len(town.rows("response")) == 0
    sent = member.send({"tolak": "DEP4"})
    assert "Kode bukti Anda" in sent.text
    [response] = town.rows("response")
    assert stored(response, "DEP4") == Missing.REFUSED
    assert stored(response, "REL1") == Missing.SKIPPED_AFTER_PROMPT
    second = Member(member.client, member.place)
    second.start(kode=member.place.codes[1])
    second.save({"layar": "js", "lihat": "1", "REL1": "4"})
    [draft] = town.rows("draft")
    assert stored(draft, "INT1") == Missing.SKIPPED
    assert stored(draft, "INF6") == Missing.NOT_SEEN
    found = {stored(response, "DEP4"), stored(response, "REL1")}
    found |= {stored(draft, "INT1"), stored(draft, "INF6")}
    assert found == {252, 251, 250, 0}


def test_fill_in_now_comes_back_with_everything_and_no_second_prompt(member: Member) -> None:
    member.start()
    most = answers(INSTRUMENT) | {"DEP4": ""}
    prompt = member.send(most)
    assert "Bantuan seperti dari anggota" in prompt.text
    carried = dict(
        re.findall(r'<input type="hidden" name="([A-Z]+\d)" value="([^"]*)"', prompt.text)
    )
    assert carried == {code: value for code, value in most.items() if value}
    page = member.save(carried | {"isi": "DEP4", "ditanya": "1"})
    assert ("REL1", "4") in checked(page.text)
    assert 'id="DEP4"' in page.text
    assert member.hidden["ditanya"] == "1"
    assert "Kode bukti" in member.send(carried).text


def test_refusal_on_the_prompt_survives_coming_back(town: Town, member: Member) -> None:
    """A Likert item has no "rather not answer" row; the refusal travels hidden."""
    member.start()
    member.send(answers(INSTRUMENT) | {"DEP4": ""})
    member.send({code: "4" for code in INSTRUMENT.form("full").items if code != "DEP4"}
                | {"tolak": "DEP4"})  # fmt: skip
    page = member.post("mulai", {"lanjut": "ubah", "id": member.hidden["id"]})
    assert '<input type="hidden" name="tolak" value="DEP4">' in page.text
    member.save(answers(INSTRUMENT) | {"DEP4": "", "tolak": "DEP4"})
    [response] = town.rows("response")
    assert stored(response, "DEP4") == Missing.REFUSED


def test_receipt_is_the_same_at_every_visit_and_leads_to_a_change(
    town: Town, member: Member
) -> None:
    member.start()
    first = member.send(answers(INSTRUMENT, 4) | {"ditanya": "1"})
    receipt = re.search(r"<b translate=\"no\">(\w{4} \w{4})</b>", first.text)
    assert receipt
    assert "Sampai" in first.text
    assert "Paling lambat" in first.text
    again = Member(member.client, member.place)
    page = again.post("mulai", {"kode": member.place.codes[0]})
    assert receipt[1] in page.text
    page = again.post("mulai", {"lanjut": "ubah", "id": again.hidden["id"]})
    assert ("REL1", "4") in checked(page.text)
    changed = again.send(answers(INSTRUMENT, 5) | {"ditanya": "1"})
    assert receipt[1] in changed.text
    [response] = town.rows("response")
    assert stored(response, "REL1") == 5
    assert response["rev"] == 2


def test_language_can_be_switched_on_the_prompt(member: Member) -> None:
    """The prompt comes in the other language, with everything still on board."""
    member.start()
    member.send({"REL1": "4"})
    prompt = member.post("kirim", member.hidden | {"REL1": "4", "bahasa": "en"})
    assert heading(prompt) == "There are 55 questions you have not answered"
    full = member.post("kirim", member.hidden | answers(INSTRUMENT) | QUESTIONS | {"bahasa": "id"})
    assert heading(full) == "Survei komunitas"  # nothing left to ask for
    assert "Kode bukti" in member.send(answers(INSTRUMENT) | QUESTIONS).text


def test_background_is_asked_once_and_kept_apart(town: Town, member: Member) -> None:
    """Within its wave it stays open for correction; the next wave does not ask again."""
    member.start()
    member.send(answers(INSTRUMENT) | {"BG1": "2", "ditanya": "1"})
    [response] = town.rows("response")
    assert "BG1" not in json.dumps(extra(response))
    assert len(town.rows("background")) == 1
    correcting = Member(member.client, member.place)
    correcting.start()
    page = correcting.post("mulai", {"lanjut": "ubah", "id": correcting.hidden["id"]})
    assert ("BG1", "2") in checked(page.text)
    town.ask_again(member.place)
    again = Member(TestClient(member.client.app, base_url=BASE), member.place)
    time.sleep(2.1)  # the page remembers a wave for two seconds
    page = again.start()
    assert page.status_code == 200
    assert "Bagian 9 dari 9" in page.text
    assert "BG1" not in page.text
    assert again.save({"BG1": "3"}).status_code == 422
    assert "Kode bukti" in again.send(answers(INSTRUMENT) | {"ditanya": "1"}).text
    assert len(town.rows("background")) == 1


def test_how_it_was_answered_is_stored(town: Town, member: Member) -> None:
    """A10: language, layout version, seconds by section, steps or scroll; no clock time."""
    member.start(lang="en")
    seconds = ",".join(["12.5"] * 9 + ["4", "5", "6"])
    numbers = ",".join(str(n) for n in range(1, 13))
    member.send(
        answers(INSTRUMENT)
        | {"layar": "js", "lihat": numbers, "detik": seconds, "ditanya": "1", "lang": "en"}
    )
    [response] = town.rows("response")
    assert (response["language"], response["layout"]) == ("en", "vertical-1")
    paradata = extra(response)["paradata"]
    assert paradata["seconds"][:9] == [12.5] * 9  # type: ignore[index]
    assert paradata["shown"] == "steps"  # type: ignore[index]
    assert len(str(response["submitted_on"])) == len("2026-01-01")


@pytest.mark.parametrize("seconds", ["x", "1,x", "-3", "1e9", "nan"])
def test_nonsense_seconds_are_no_seconds(town: Town, member: Member, seconds: str) -> None:
    member.start()
    assert member.save({"detik": seconds, "REL1": "4"}).status_code == 200
    assert extra(town.rows("draft")[0])["paradata"]["seconds"] == []  # type: ignore[index]


def test_modules_come_after_the_last_section(town: Town, client: TestClient) -> None:
    place = town.found("modul", modules=["GCF", "MRK"])
    page = Member(client, place).start()
    assert "Bagian 10 dari 11" in page.text
    shown = list(dict.fromkeys(re.findall(r'type="radio" name="([A-Z]+\d)"', page.text)))
    assert shown[45:50] == ["GCF1", "GCF2", "GCF3", "GCF4", "MRK1"]


def test_pulse_form(town: Town, client: TestClient) -> None:
    member = Member(client, town.found("pulsa", form="pulse"))
    page = member.start()
    assert "Bagian 3 dari 3" in page.text
    assert "BG1" not in page.text
    assert "Kode bukti" in member.send({"ditanya": "1", "REL1": "4"}).text
    assert town.rows("background") == []
