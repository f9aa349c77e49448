"""Open answers: from the floor on, shuffled, alone, decided one by one."""

from __future__ import annotations

import re
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session, select

from app import open_texts
from app.open_texts import text_id
from app.rights.erasing import erase_answers
from app.tables import Response, TextDecision
from app.wave_reader import find_wave
from instrument import registry
from tests.reports.conftest import wave_in
from tests.staff.office import Office, heading

WORDS = re.compile(r'<blockquote class="say">(.*?)</blockquote>')
IDS = re.compile(r'name="teks" value="([0-9a-f-]{36})"')
PAGE = "/staff/k/gresik/teks/1"


def rows(office: Office) -> list[TextDecision]:
    with Session(office.database.read, expire_on_commit=False) as session, session.begin():
        return list(session.exec(select(TextDecision)))


def sheets(office: Office) -> list[Response]:
    with Session(office.database.read, expire_on_commit=False) as session, session.begin():
        return list(session.exec(select(Response)))


def test_nine_answers_show_no_text_at_all(office: Office) -> None:
    """Not their words, not how many, on no page."""
    wave_in(office, "gresik", people=9)
    researcher = office.sign_in("researcher", community="gresik")
    for page in (researcher.get("/staff/k/gresik/teks"), researcher.get(PAGE)):
        assert page.status_code == 200
        assert "Teks 1" not in page.text
        assert "mulai 10 jawaban" in page.text
        assert not IDS.findall(page.text)
    answer = researcher.post(PAGE, {"teks": str(uuid4()), "keputusan": "approve"})
    assert answer.status_code == 404


def test_ten_answers_show_each_text_alone_and_shuffled(any_office: Office) -> None:
    """Order: by a keyed hash. Nothing beside a text: no id of a person, day or language."""
    wave_in(any_office, "gresik", people=20)
    researcher = any_office.sign_in("researcher", community="gresik")
    page = researcher.get(PAGE).text
    found = WORDS.findall(page)
    assert sorted(found) == sorted(f"Teks {number}" for number in range(1, 20, 2))
    assert found != [f"Teks {number}" for number in range(1, 20, 2)]
    ids = IDS.findall(page)
    assert ids == sorted(ids)
    for sheet in sheets(any_office):
        for told in (sheet.id, sheet.respondent_ref):
            assert str(told) not in page
            assert told.hex not in page
    assert "2026-03-01" not in page.split("<main", 1)[1]


def test_who_did_not_agree_to_reports_is_not_read(office: Office) -> None:
    """The floor counts, and the page shows, only answers with the report consent."""
    wave_in(office, "gresik", people=12)
    from app.tables import Consent

    with Session(office.database.write) as session, session.begin():
        for consent in session.exec(select(Consent)).all()[:3]:
            consent.choices = {**consent.choices, "report": False}
            session.add(consent)
    researcher = office.sign_in("researcher", community="gresik")
    assert not WORDS.findall(researcher.get(PAGE).text), "nine are left"


def test_approve_redact_hide_and_take_back(any_office: Office) -> None:
    office = any_office
    wave_in(office, "gresik", people=12)
    researcher = office.sign_in("researcher", community="gresik")
    first = researcher.get(PAGE).text
    ids, words = IDS.findall(first), WORDS.findall(first)
    told = researcher.follow(
        researcher.post(PAGE, {"teks": ids[0], "keputusan": "approve", "suntingan": words[0]})
    )
    assert "Disetujui apa adanya." in told.text
    researcher.post(PAGE, {"teks": ids[1], "keputusan": "redact", "suntingan": "Pasar [nama]"})
    researcher.post(PAGE, {"teks": ids[2], "keputusan": "hide", "suntingan": words[2]})
    stored = {str(row.id): (row.decision, row.redacted) for row in rows(office)}
    assert stored == {
        ids[0]: ("approve", None),
        ids[1]: ("redact", "Pasar [nama]"),
        ids[2]: ("hide", None),
    }
    with Session(office.database.read) as session, session.begin():
        found = open_texts.texts_of(
            session, office.app.state.store, find_wave(session, "gresik-1"),
            registry.find("partnership"), office.settings.key("secret_key"),
        )  # fmt: skip
    shown = {str(one.id): one.shown for one in found.texts}
    assert {id_: text for id_, text in shown.items() if text} == {
        ids[0]: words[0], ids[1]: "Pasar [nama]"
    }  # fmt: skip
    assert found.undecided == len(ids) - 3

    empty = researcher.post(PAGE, {"teks": ids[3], "keputusan": "redact", "suntingan": " "})
    assert empty.status_code == 422
    back = researcher.post(f"{PAGE}/batal", {"teks": ids[0]})
    assert back.status_code == 303
    assert ids[0] not in {str(row.id) for row in rows(office)}
    unknown = researcher.post(PAGE, {"teks": ids[4], "keputusan": "publish"})
    assert unknown.status_code == 303
    assert {str(row.id): row.decision for row in rows(office)}[ids[4]] == "hide"
    told = [action for _, action, _ in office.audit() if action.startswith("text.")]
    assert told == ["text.approve", "text.redact", "text.hide", "text.undo", "text.hide"]


def test_a_decision_dies_with_its_text(office: Office) -> None:
    """A changed text is undecided again; a withdrawn one takes its redacted copy along."""
    wave_in(office, "gresik", people=14)
    researcher = office.sign_in("researcher", community="gresik")
    ids = IDS.findall(researcher.get(PAGE).text)
    for id_ in ids[:3]:
        researcher.post(PAGE, {"teks": id_, "keputusan": "redact", "suntingan": f"x {id_}"})
    key = office.settings.key("secret_key")
    by_id = {
        str(text_id(key, sheet.id, "OPEN1", sheet.extra["values"]["OPEN1"])): sheet
        for sheet in sheets(office)
        if "OPEN1" in sheet.extra["values"]
    }
    with Session(office.database.write) as session, session.begin():
        changed = session.get_one(Response, (by_id[ids[0]].community_id, by_id[ids[0]].id))
        changed.extra = {"values": {"OPEN1": "Lain sekali"}, "missing": {}}
        session.add(changed)
        gone = by_id[ids[1]]
        erased = erase_answers(
            session=session, key=key, community_id=gone.community_id,
            respondent_ref=gone.respondent_ref, wave_id=gone.wave_id, basis="withdrawal",
            at=office.now, by="test",
        )  # fmt: skip
        assert erased is not None
        assert erased.counts["text_decision"] == 1
    assert {str(row.id) for row in rows(office)} == {ids[0], ids[2]}
    page = researcher.get(PAGE).text
    assert f"x {ids[0]}" not in page
    researcher.post(PAGE, {"teks": ids[3], "keputusan": "hide"})
    assert {str(row.id) for row in rows(office)} == {ids[2], ids[3]}, "the stale one went along"


@pytest.mark.parametrize("change", ["key", "submission", "question", "words"])
def test_an_id_says_nothing_without_the_key(change: str) -> None:
    person = uuid4()
    given = {"key": b"k", "submission": person, "question": "OPEN1", "words": "Rukun"}
    other = {"key": b"l", "submission": uuid4(), "question": "OPEN2", "words": "rukun"}
    one = text_id(b"k", person, "OPEN1", "Rukun")
    assert isinstance(one, UUID)
    assert one == text_id(b"k", person, "OPEN1", "Rukun")
    assert one != text_id(*({**given, change: other[change]}).values())  # type: ignore[arg-type]


def test_no_closed_wave_teaches(office: Office) -> None:
    researcher = office.sign_in("researcher")
    assert heading(researcher.get("/staff/k/sidoarjo/teks")) == "Belum ada jawaban terbuka"
    assert researcher.get("/staff/k/sidoarjo/teks/1").status_code == 404
