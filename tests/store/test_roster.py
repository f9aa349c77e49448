"""Import, search, issue: once, all or nothing, and phones readable with the key only."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from io import StringIO

import pytest

from app.auth import CodeDoor, WrongCode
from app.members import importing, issuing, roster, sheets
from app.members import service as members
from app.members.errors import ChangedMeanwhile, StaleCodes, StalePreview
from app.members.phone_book import PhoneBook
from app.members.roster_file import parse
from app.sealing import NotOurs
from app.tables import Participant

TODAY = date(2026, 3, 1)


@pytest.fixture
def phones(world):
    return PhoneBook(world.database.settings)


def read(world, function, **wanted):
    with world.writing() as session, session.begin():
        return function(session, community_id=world.community_id, **wanted)


def preview(world, phones, text):
    with world.writing() as session, session.begin():
        return importing.preview(
            session=session,
            community_id=world.community_id,
            file=parse(text.encode()),
            phones=phones,
            at=world.now,
        )


def apply(world, phones, made, *, with_namesakes=False):
    with world.writing() as session, session.begin():
        return importing.apply(
            session=session,
            community_id=world.community_id,
            preview=made,
            with_namesakes=with_namesakes,
            phones=phones,
            joined_on=TODAY,
            by="test",
            at=world.now,
        )


def names(world, phones, **wanted):
    page = read(world, roster.look, phones=phones, today=TODAY, **wanted)
    return [person.name for person in page.people]


def issue_missing(world):
    with world.writing() as session, session.begin():
        return issuing.issue_missing(
            session=session,
            community_id=world.community_id,
            key=world.database.settings.key("code_key"),
            today=TODAY,
            by="test",
            at=world.now,
        )


def test_a_preview_changes_nothing_and_applies_once(world, phones):
    made = preview(world, phones, "Nama,HP\nSiti,08123456789\nBudi,\n")
    assert world.count("identity.participant") == 0
    assert apply(world, phones, made) == importing.Applied(2, 0, repeated=False)
    assert apply(world, phones, made) == importing.Applied(0, 0, repeated=True)
    assert names(world, phones) == ["Budi", "Siti"]
    assert world.count("identity.roster_import") == 1


def test_who_is_there_by_phone_is_not_added_and_by_name_is_asked(world, phones):
    apply(world, phones, preview(world, phones, "Nama,HP\nSiti Aminah,08123456789\nBudi,\n"))
    made = preview(
        world,
        phones,
        "Nama,HP\nBu Siti,+62 812 345 6789\nBUDI,08123456780\nTono,\ntono,\nWati,\n",
    )
    assert [(one.entry.line, one.as_name) for one in made.known] == [(2, "Siti Aminah")]
    assert [(one.entry.line, one.as_name) for one in made.namesakes] == [(3, "Budi"), (5, "Tono")]
    assert [entry.name for entry in made.new] == ["Tono", "Wati"]
    assert apply(world, phones, made, with_namesakes=True).added == 4
    assert names(world, phones) == ["Budi", "BUDI", "Siti Aminah", "Tono", "tono", "Wati"]


def test_two_previews_of_one_file_add_each_person_once(world, phones):
    text = "Nama,HP\nSiti,08123456789\nBudi,\n"
    one, other = preview(world, phones, text), preview(world, phones, text)
    assert apply(world, phones, one).added == 2
    assert apply(world, phones, other) == importing.Applied(0, 2, repeated=False)


def test_the_form_carries_a_preview_that_only_its_maker_can_post(world, phones):
    made = preview(world, phones, "Nama,HP\nSiti,08123456789\n")
    key = world.database.settings.key("identity_key")
    seal = importing.PreviewSeal(key, community_id=1, actor="a@b.id")
    field = seal.pack(made)
    assert "Siti" not in field
    assert seal.unpack(field, at=world.now).new == made.new
    for other in (
        importing.PreviewSeal(key, community_id=2, actor="a@b.id"),
        importing.PreviewSeal(key, community_id=1, actor="c@b.id"),
        importing.PreviewSeal(b"x" * 64, community_id=1, actor="a@b.id"),
    ):
        with pytest.raises(StalePreview):
            other.unpack(field, at=world.now)
    for broken in (field[:-8] + "AAAAAAA=", "", "é", field[:20]):
        with pytest.raises(StalePreview):
            seal.unpack(broken, at=world.now)
    with pytest.raises(StalePreview):
        seal.unpack(field, at=world.now + timedelta(hours=12))


def test_ten_thousand_people_at_once(world, phones):
    lines = "\n".join(f"Anggota {n:05d};0812{n:08d}" for n in range(10_000))
    made = preview(world, phones, f"Nama;HP\n{lines}\n")
    key = world.database.settings.key("identity_key")
    seal = importing.PreviewSeal(key, community_id=1, actor="x")
    field = seal.pack(made)
    assert len(field) < 500_000
    assert apply(world, phones, seal.unpack(field, at=world.now)).added == 10_000
    page = read(world, roster.look, phones=phones, today=TODAY, page=200)
    assert (page.found, page.pages, page.page) == (10_000, 200, 200)
    assert page.people[-1].phone == "6281200009999"
    assert names(world, phones, search="09999 angg") == ["Anggota 09999"]
    issued = issue_missing(world)
    assert len({one.code for one in issued}) == len({one.token for one in issued}) == 10_000
    assert issue_missing(world) == []


def test_search_takes_signs_as_they_are(world, phones):
    apply(world, phones, preview(world, phones, "Nama\nSiti 100%\nSiti_A\nSitiBA\n"))
    assert names(world, phones, search="100%") == ["Siti 100%"]
    assert names(world, phones, search="i_a") == ["Siti_A"]
    assert names(world, phones, search="nobody") == []


def test_a_phone_is_sealed_for_its_person(world, phones):
    apply(world, phones, preview(world, phones, "Nama,HP\nSiti,08123456789\nBudi,08123456780\n"))
    for (stored,) in world.rows("SELECT phone FROM identity.participant"):
        assert b"8123456" not in bytes(stored)
    with world.writing() as session, session.begin():
        one, other = (session.get(Participant, n) for n in (1, 2))
        assert (phones.read(one), phones.read(other)) == ("628123456789", "628123456780")
        session.expunge_all()
        one.phone = other.phone  # a row copied over another opens nothing
        with pytest.raises(NotOurs):
            phones.read(one)


def test_leaving_is_taken_back_and_the_code_opens_again(world, phones):
    participant, ref = world.person()
    code = world.issue(participant)
    door = CodeDoor(world.database)

    def enter():
        return door.enter(community_id=1, typed=code, client=None, today=TODAY)

    with world.writing() as session, session.begin():
        members.mark_left(
            session=session, community_id=1, participant_id=participant, left_on=TODAY,
            by="test", at=world.now,
        )  # fmt: skip
    with pytest.raises(WrongCode):
        enter()
    assert names(world, phones) == []
    assert len(names(world, phones, which="left")) == 1
    with world.writing() as session, session.begin():
        for _ in range(2):  # the second one has nothing to take back
            members.take_back_leaving(
                session=session, community_id=1, participant_id=participant, by="test",
                at=world.now,
            )  # fmt: skip
    assert enter() == ref
    ((last,),) = world.rows("SELECT count(*) FROM identity.audit_event "
                            "WHERE action = 'participant.return'")  # fmt: skip
    assert last == 1


def change(world, phones, participant, seen, **wanted):
    with world.writing() as session, session.begin():
        members.change_participant(
            session=session, community_id=1, participant_id=participant, seen=seen, phones=phones,
            by="test", at=world.now, **wanted,
        )  # fmt: skip


def test_of_two_operators_the_second_hears_of_the_first(world, phones):
    participant, _ = world.person()
    shown = read(world, roster.find, participant_id=participant, phones=phones)
    change(world, phones, participant, shown.fingerprint, display_name="Ibu A", phone="62811111111")
    with pytest.raises(ChangedMeanwhile):
        change(world, phones, participant, shown.fingerprint, display_name="Ibu B", phone=None)
    now = read(world, roster.find, participant_id=participant, phones=phones)
    assert (now.name, now.phone) == ("Ibu A", "62811111111")


def test_codes_for_everybody_without_one(world, phones):
    (first, first_ref), (second, second_ref), (left, _) = (world.person() for _ in range(3))
    kept = world.issue(first)
    with world.writing() as session, session.begin():
        members.mark_left(
            session=session, community_id=1, participant_id=left, left_on=TODAY, by="test",
            at=world.now,
        )  # fmt: skip
    assert read(world, roster.counts, today=TODAY) == roster.Counts(2, 1, 1)
    (issued,) = issue_missing(world)
    assert issued.participant_id == second
    door = CodeDoor(world.database)
    enter = {"community_id": 1, "client": None, "today": TODAY}
    assert door.enter(typed=issued.code, **enter) == second_ref
    assert door.enter(typed=issued.token, kind="link", **enter) == second_ref
    assert door.enter(typed=kept, **enter) == first_ref
    told = repr(world.rows("SELECT action, subject, detail FROM identity.audit_event"))
    assert issued.code not in told
    assert issued.token not in told


def test_a_new_code_ends_code_and_link(world):
    participant, ref = world.person()
    (old,) = issue_missing(world)
    with world.writing() as session, session.begin():
        new = issuing.reissue(
            session=session, community_id=1, participant_id=participant,
            key=world.database.settings.key("code_key"), by="test", at=world.now,
        )  # fmt: skip
    door = CodeDoor(world.database)
    enter = {"community_id": 1, "client": None, "today": TODAY}
    assert door.enter(typed=new.code, **enter) == ref
    assert door.enter(typed=new.token, kind="link", **enter) == ref
    for kind, gone in (("code", old.code), ("link", old.token)):
        with pytest.raises(WrongCode):
            door.enter(typed=gone, kind=kind, **enter)


def test_a_batch_can_be_seen_again_for_two_hours_by_whoever_issued_it(world):
    issued = [issuing.Issued(1, "AAAABBBB", "t" * 22)]
    key = world.database.settings.key("code_key")
    seal = issuing.CodeSeal(key, community_id=1, actor="a@b.id")
    field = seal.pack(issued, at=world.now)
    assert "AAAABBBB" not in field
    assert seal.unpack(field, at=world.now + timedelta(minutes=119)) == issued
    with pytest.raises(StaleCodes):
        seal.unpack(field, at=world.now + timedelta(hours=2))
    with pytest.raises(StaleCodes):
        issuing.CodeSeal(key, community_id=1, actor="b@b.id").unpack(field, at=world.now)


def slip(name, phone):
    return sheets.Slip(name, phone, "ABCD EFGH", "https://g.id/s/kota", "https://g.id/u/tok")


def test_the_spreadsheet_runs_no_formula_and_reads_back():
    rows = [slip("=HYPERLINK(1)", None), slip("@SUM", "628123456789"), slip("Siti; A", None)]
    out = sheets.spreadsheet(rows, "id", lambda row: f"Halo {row.name}")
    assert out.startswith(b"\xef\xbb\xbf")
    heading, *lines = csv.reader(StringIO(out.decode("utf-8-sig")), delimiter=";")
    assert heading == ["Nama", "Telepon", "Kode", "Tautan pribadi", "WhatsApp"]
    assert [line[0] for line in lines] == ["'=HYPERLINK(1)", "'@SUM", "Siti; A"]
    assert lines[0][4] == "https://wa.me/?text=Halo%20%3DHYPERLINK%281%29"
    assert lines[1][4] == "https://wa.me/628123456789?text=Halo%20%40SUM"
    cells = [cell for line in lines for cell in line]
    assert [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r")] == []
