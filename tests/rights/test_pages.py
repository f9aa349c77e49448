"""`/hak`: see, correct, download, take back, in three steps at most (C2), on both engines."""

from __future__ import annotations

import json
import re
from uuid import UUID

import pytest

from app.codes import new_code, show
from app.datasets.order import order
from app.datasets.service import Exported, export
from app.rights import erasing
from app.settings import Settings
from tests.rights.conftest import INSTRUMENT, OPEN, WORDS, Person, everything, files
from tests.surveys.conftest import heading


def exported(settings: Settings) -> Exported:
    """The wave's data set, all of it: two people are too few for a shared one."""
    wanted = order(waves=["uji-1"], full=True, reason="Two people, both of them made up.")
    return export(settings, wanted)


def test_code_and_receipt_open_the_same_page(people: list[Person]) -> None:
    """One step: everything stored, in words, with what was agreed to."""
    person, other, *_ = people
    person.answer(value=5)
    other.answer(value=2)
    by_code = person.enter()
    assert by_code.status_code == 200
    assert heading(by_code) == "Yang tersimpan tentang Anda"
    label = INSTRUMENT.response_scale.options[4].label.id
    assert by_code.text.count(f"<b>{label}</b>") == len(INSTRUMENT.form("full").items)
    assert WORDS in by_code.text
    assert "Jawaban saya boleh dipakai untuk penelitian." in by_code.text
    by_receipt = person.enter(show(person.receipt.replace(" ", "")).lower())
    assert re.sub(r'value="[^"]{40,}"', "", by_receipt.text) == re.sub(
        r'value="[^"]{40,}"', "", by_code.text
    )
    assert by_code.headers["cache-control"] == "no-store"


def test_nothing_leads_from_a_page_to_the_person(people: list[Person]) -> None:
    """Neither code nor receipt nor respondent_ref is in any page or address."""
    person = people[0]
    person.answer()
    ref = person.ref()
    for page in (person.enter(), person.hak("/tarik"), person.hak("/unduh")):
        plain = page.text.replace("-", "")
        assert ref not in plain
        assert str(UUID(ref)) not in page.text
        assert person.code not in plain
        assert person.receipt.replace(" ", "") not in plain.replace(" ", "")


def test_the_file_holds_every_answer(people: list[Person]) -> None:
    """The download: wordings beside values, what the store holds and nothing less."""
    person = people[0]
    person.answer(value=2)
    person.enter()
    page = person.hak("/unduh")
    assert page.headers["content-disposition"].startswith('attachment; filename="guyub-uji-')
    document = json.loads(page.content)
    (survey,) = document["surveys"]
    given = {row["code"]: row["value"] for row in survey["answers"]}
    assert {code: given[code] for code in INSTRUMENT.form("full").items} == dict.fromkeys(
        INSTRUMENT.form("full").items, 2
    )
    assert given[OPEN] == WORDS
    assert document["background"]["answers"][0]["code"] == "BG1"
    assert survey["consents"][0]["choices"] == dict.fromkeys(
        ("adult", "research", "report", "sales"), True
    )
    assert survey["status"] == "complete"


def test_correcting_leads_to_the_document(people: list[Person]) -> None:
    """Two steps: the overview carries the submission to the survey's own form."""
    person = people[0]
    person.answer()
    page = person.enter()
    assert 'name="lanjut" value="ubah"' in page.text
    document = person.member.post("mulai", {"id": str(person.id), "lanjut": "ubah"})
    assert 'id="f"' in document.text
    person.town.close(person.member.place)
    assert 'name="lanjut" value="ubah"' not in person.enter().text


def test_a_withdrawal_leaves_no_row(people: list[Person], home) -> None:
    """Three steps; afterwards neither reference, ids nor words are anywhere (C2)."""
    town, place, _ = home
    person, other, *_ = people
    person.answer()
    other.answer()
    town.close(place)
    made = exported(person.settings)
    assert made.rows == 2
    ref, id_ = person.ref(), person.id.hex
    before = everything(town.database, but=("identity.participant", "main.participant"))
    assert any(ref in rows for rows in before.values())  # the search finds what is there
    person.enter()
    asked = person.hak("/tarik")
    assert heading(asked) == "Hapus jawaban Anda?"
    assert everything(town.database, but=("identity.participant",)) == before
    done = person.hak("/hapus")
    assert heading(done) == "Jawaban Anda sudah dihapus"
    for name, rows in everything(town.database, but=("identity.participant",)).items():
        assert ref not in rows, name
        assert id_ not in rows, name
        assert WORDS not in rows or name in ("main.response", "public.response"), name
    assert len(town.rows("response")) == 1
    assert len(town.rows("consent")) == 1
    assert len(town.rows("background")) == 1
    assert not made.folder.exists()  # the older data set is gone, its digest stays
    (tombstone,) = town.rows("dataset")
    assert tombstone["digest"] == made.sha256
    assert tombstone["files_deleted_on"] is not None
    again = exported(person.settings)
    assert again.rows == 1
    assert again.folder.name == "uji-1-v2"
    proof = town.rows("erasure")[0]
    assert proof["basis"] == "withdrawal"
    shown = re.search(r'<b translate="no">([0-9A-F ]+)</b>', done.text)
    assert shown
    assert UUID(str(proof["id"])).hex.upper().startswith(shown[1].replace(" ", ""))
    for path, content in files(person.settings.data_dir).items():
        if path.endswith((".csv", ".json", ".jsonl")):
            assert ref.encode() not in content.replace(b"-", b"")
            assert id_.encode() not in content.replace(b"-", b"")


def test_a_redacted_text_goes_with_its_words(people: list[Person]) -> None:
    """What a moderator wrote down of somebody's words is theirs, too."""
    from datetime import UTC, datetime

    from sqlmodel import Session

    from app.open_texts import text_id
    from app.tables import TextDecision

    person = people[0]
    person.answer()
    town = person.town
    with Session(town.database.write) as session, session.begin():
        session.add(
            TextDecision(
                community_id=person.member.place.community_id,
                id=text_id(person.settings.key("secret_key"), person.id, OPEN, WORDS),
                wave_id=person.member.place.wave_id,
                question=OPEN,
                decision="redact",
                redacted="Kata-kata [...]",
                decided_by="staff:1",
                decided_at=datetime.now(UTC),
            )
        )
    assert len(town.rows("text_decision")) == 1
    person.enter()
    person.hak("/hapus")
    assert town.rows("text_decision") == []


def test_a_withdrawal_is_told_in_the_audit_log(people: list[Person]) -> None:
    """What and when, never who and never an answer."""
    person = people[0]
    person.answer()
    person.enter()
    person.hak("/hapus")
    (event,) = [row for row in person.town.rows("audit_event") if row["action"] == "rights.erase"]
    assert event["actor"] == "member"
    detail = event["detail"] if isinstance(event["detail"], dict) else json.loads(event["detail"])
    assert detail["response"] == detail["consent"] == detail["background"] == 1
    assert set(detail) <= {"basis", "datasets_deleted", "response", "consent", "background"}


def test_pressing_twice_deletes_once(people: list[Person]) -> None:
    """The second press finds nothing, says so, and proves nothing new."""
    person = people[0]
    person.answer()
    person.enter()
    ticket = person.ticket
    assert person.hak("/hapus").status_code == 200
    second = person.hak("/hapus", tiket=ticket)
    assert heading(second) == "Tidak ada yang perlu dihapus"
    assert len(person.town.rows("erasure")) == 1


def test_a_draft_can_be_withdrawn_and_its_late_save_is_refused(people: list[Person]) -> None:
    """A phone that still has the page cannot bring the answers back."""
    person = people[0]
    person.answer(send=False)
    hidden = dict(person.member.hidden)
    person.enter()
    person.hak("/hapus")
    assert person.town.rows("draft") == []
    late = person.member.post("simpan", hidden | {"rev": "9", "REL1": "4"}, json=True)
    assert late.status_code == 404
    assert person.town.rows("draft") == []
    assert person.town.rows("consent") == []


def test_one_wave_of_two(people: list[Person]) -> None:
    """Only what was answered in one wave; the background goes with the last one."""
    person = people[0]
    person.answer()
    person.town.ask_again(person.member.place)
    person.member.client.app.state.survey_desk = None  # it remembers a wave for two seconds
    person.answer(value=2)
    first, second = sorted({row["wave_id"] for row in person.town.rows("response")})
    person.enter()
    assert person.hak("/tarik").text.count('name="gelombang"') == 3
    assert heading(person.hak("/hapus", gelombang=str(first))) == "Jawaban Anda sudah dihapus"
    (left,) = person.town.rows("response")
    assert left["wave_id"] == second
    assert len(person.town.rows("background")) == 1
    person.enter()
    person.hak("/hapus", gelombang=str(second))
    assert person.town.rows("response") == []
    assert person.town.rows("background") == []


def test_taking_one_permission_back(people: list[Person]) -> None:
    """Out of research, still in the report; what needed the sales box is deleted."""
    person, other, *_ = people
    person.answer()
    other.answer()
    person.town.close(person.member.place)
    assert exported(person.settings).rows == 2
    person.enter()
    page = person.hak("/izin", kiriman=str(person.id), izin=["report"])
    assert "Izin Anda sudah diubah." in page.text
    assert exported(person.settings).rows == 1
    mine = [
        row for row in person.town.rows("consent") if UUID(str(row["submission_id"])) == person.id
    ]
    assert len(mine) == 2  # the ledger only grows
    kept = [json.dumps(row["answers"]) for row in person.town.rows("background")]
    assert sum("BG4" in row for row in kept) == 1


def test_taking_the_last_purpose_back_is_a_withdrawal(people: list[Person]) -> None:
    """Without any purpose nothing may be kept, so the page asks before it deletes."""
    person = people[0]
    person.answer()
    person.enter()
    page = person.hak("/izin", kiriman=str(person.id))
    assert heading(page) == "Hapus jawaban Anda?"
    assert len(person.town.rows("response")) == 1


def test_a_stranger_sees_nothing(people: list[Person]) -> None:
    """A wrong code, another's submission, a forged or foreign ticket."""
    person, other, *_ = people
    person.answer()
    other.answer()
    wrong = person.enter(new_code())
    assert wrong.status_code == 403
    assert "Kode itu tidak cocok" in wrong.text
    assert person.hak("/hapus", tiket="x" * 80).status_code == 403
    assert person.hak("/hapus", tiket="").status_code == 403
    person.enter()
    person.hak("/izin", kiriman=str(other.id), izin=["report"])
    assert len(person.town.rows("consent")) == 2
    assert len(person.town.rows("response")) == 2
    elsewhere = person.town.found("lain", codes=1)
    foreign = person.member.client.post(
        f"/s/{elsewhere.slug}/hak/hapus", data={"tiket": person.ticket}
    )
    assert foreign.status_code == 403


def test_wrong_codes_run_into_the_surveys_own_limit(people: list[Person]) -> None:
    """Ten tries a network, whichever door they are made at."""
    person = people[0]
    for _ in range(5):
        assert person.enter(new_code()).status_code == 403
        assert person.member.start(kode=new_code()).status_code == 422
    blocked = person.enter(person.code)
    assert blocked.status_code == 429
    assert blocked.headers["retry-after"] == "600"


def test_an_old_ticket_asks_for_the_code_again(people: list[Person]) -> None:
    """Half an hour; and nothing has happened."""
    from datetime import UTC, datetime, timedelta

    from app.rights import ticket

    person = people[0]
    person.answer()
    old = ticket.issue(
        person.settings,
        community_id=person.member.place.community_id,
        respondent_ref=UUID(person.ref()),
        at=datetime.now(UTC) - timedelta(minutes=31),
    )
    assert person.hak("/hapus", tiket=old).status_code == 403
    assert len(person.town.rows("response")) == 1


def test_open_access_comes_back_by_receipt_or_by_its_draft(people: list[Person]) -> None:
    """No codes there: the receipt after sending, this phone's draft before."""
    town = people[0].town
    place = town.found("terbuka", codes=0, access="open")
    from tests.surveys.conftest import Member

    guest = Person(Member(people[0].member.client, place), town, people[0].settings, "")
    guest.answer(send=False)
    page = guest.hak(tiket="", hp="1")
    assert heading(page) == "Yang tersimpan tentang Anda"
    guest.hak("/hapus")
    assert town.rows("draft") == []
    guest.answer()
    assert heading(guest.enter(guest.receipt)) == "Yang tersimpan tentang Anda"


def test_a_request_is_filed_encrypted_and_due_in_72_hours(people: list[Person]) -> None:
    """The inbox opens it; the database alone does not."""
    from datetime import UTC, datetime, timedelta

    from sqlmodel import Session

    from app.rights.requests import close_request, inbox

    person = people[0]
    person.answer()
    person.enter()
    page = person.hak("/minta", jenis="object", isi="Saya keberatan 99", hubungi="0812-3456")
    assert heading(page) == "Permintaan Anda sudah masuk"
    rows = everything(person.town.database)
    assert all("Saya keberatan" not in text and "08123456" not in text for text in rows.values())
    now = datetime.now(UTC)
    community_id = person.member.place.community_id
    with Session(person.town.database.read) as session, session.begin():
        (one,) = inbox(session, settings=person.settings, community_id=community_id, at=now)
        (soon,) = inbox(
            session,
            settings=person.settings,
            community_id=community_id,
            at=now + timedelta(hours=49),
        )
        (late,) = inbox(
            session,
            settings=person.settings,
            community_id=community_id,
            at=now + timedelta(hours=73),
        )
    assert (one.words, one.contact, one.urgency) == ("Saya keberatan 99", "0812-3456", "open")
    assert one.due_at - one.received_at == timedelta(hours=72)
    assert (soon.urgency, late.urgency) == ("soon", "late")
    with Session(person.town.database.write) as session, session.begin():
        close_request(
            session=session,
            community_id=community_id,
            reference=one.reference,
            outcome="done",
            at=now,
            by="staff:1",
        )
    with Session(person.town.database.read) as session, session.begin():
        (closed,) = inbox(session, settings=person.settings, community_id=community_id, at=now)
    assert closed.urgency == "closed"


@pytest.mark.parametrize("fields", [{}, {"jenis": "object"}, {"jenis": "x", "isi": "y"}])
def test_a_request_without_a_wish_is_refused(people: list[Person], fields) -> None:
    person = people[0]
    person.answer()
    person.enter()
    assert person.hak("/minta", **fields).status_code == 422


def test_somebody_who_left_keeps_their_rights(people: list[Person]) -> None:
    """The code opens no survey any more, but still their own data."""
    from datetime import UTC, date, datetime

    from sqlmodel import Session

    from app.members import service as members

    person = people[0]
    person.answer()
    town = person.town
    (first,) = town.rows("identity.participant")[:1]
    with Session(town.database.write) as session, session.begin():
        members.mark_left(
            session=session,
            community_id=person.member.place.community_id,
            participant_id=first["id"],
            left_on=date(2024, 1, 2),
            by="test",
            at=datetime.now(UTC),
        )
    assert person.member.start(kode=person.code).status_code == 422
    assert heading(person.enter()) == "Yang tersimpan tentang Anda"


def test_every_table_that_names_a_person_is_found() -> None:
    """A table added later with a reference or a submission's id is erased from, too."""
    from sqlalchemy import Uuid

    from app.tables import IDENTITY, Table

    covered = {table.name for table in erasing._others()} | {"draft", "response"}
    of_people = {
        table.name
        for table in Table.metadata.sorted_tables
        if table.schema != IDENTITY
        and any(isinstance(column.type, Uuid) for column in table.columns)
    }
    proofs = {"erasure", "deletion", "text_decision"}  # ids of their own, or keyed hashes
    assert of_people - proofs == covered
