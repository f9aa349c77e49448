"""From a closed wave to a frozen card: prepared, read, published, issued again; both engines."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from app import data_version, published_cards
from app.jobs import runs
from app.jobs.supervisor import folder_of, tidy
from app.published_cards import CardDamaged
from app.scorecards import preparing
from app.tables import AnalysisRun, Dataset, Scorecard, ScorecardFile, Wave
from app.worker import serve
from tests.scorecards.conftest import BASE, SLUG, Town
from tests.staff.office import heading

PREPARE = f"{BASE}/siapkan-kartu"


def test_from_a_closed_wave_to_a_card_that_everybody_reads(any_town: Town) -> None:
    """One button, a worker, a preview, a typed word; the chair and the members read the same."""
    town = any_town
    town.wave(45, refusing=3)
    assert town.chair.get(f"{BASE}/kartu/1").status_code == 404
    assert "Belum ada kartu" in town.chair.get(f"{BASE}/kartu").text
    before = town.office.client.get(f"/s/{SLUG}/hasil")
    assert "Belum ada hasil" in before.text
    assert before.headers["cache-control"] == "private, no-cache"

    page = town.prepare(1)
    assert "Pratinjau" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert town.chair.get(f"{BASE}/kartu/1").status_code == 404  # prepared is not published
    for name in ("kartu-id.pdf", "gambar-en.png"):
        file = town.researcher.get(f"{PREPARE}/1/berkas/{name}")
        assert file.status_code == 200
        assert file.headers["cache-control"] == "no-store"
        assert town.chair.get(f"{BASE}/kartu/1/berkas/{name}").status_code == 404
    town.confirm(1)

    row = town.card_of(1)
    assert row.payload is not None
    assert hashlib.sha256(row.payload.encode()).hexdigest() == row.digest
    told = json.loads(row.payload)
    assert (told["wave"], told["who"]["submitted"], told["scales"][0]["n"]) == (1, 48, 45)
    with Session(town.office.database.read) as session, session.begin():
        wave = session.get_one(Wave, town.waves[0].wave_id)
        assert wave.state == "published"
        # the rows were read into memory: no data set was written for the card
        assert session.exec(select(Dataset)).all() == []
    assert list((town.office.settings.data_dir).glob("exports/*")) == []
    acts = [act for _, act, _ in town.office.audit() if act.startswith("card.")]
    assert acts == ["card.prepare", "card.publish"]

    chair = town.chair.get(f"{BASE}/kartu/1")
    members = town.office.client.get(f"/s/{SLUG}/hasil")
    whole = town.office.client.get(f"/s/{SLUG}/hasil/1/kartu")
    assert members.headers["cache-control"] == "public, max-age=60"
    score = str(round(told["scales"][0]["score"]["point"]))
    for seen in (chair, members, whole):
        assert seen.status_code == 200
        assert f"{score} dari 100" in seen.text or f">{score}<" in seen.text
        assert "dari 60 anggota menjawab" in seen.text
    again = town.researcher.get(f"{PREPARE}/1")
    assert "sudah terbit" in again.text


def test_who_did_not_agree_to_reports_is_in_no_figure(town: Town) -> None:
    """The same 45 people give the same card, whatever the three others answered."""
    town.wave(45, refusing=3, seed=5)
    town.publish(1)
    with_others = json.loads(town.card_of(1).payload or "")
    rows = with_others["scales"]
    assert {scale["n"] for scale in rows} == {45}
    import numpy as np

    from app.scorecards.rows import dataset_of
    from app.store import Store
    from instrument import registry

    store = Store(town.office.database)
    try:
        data = dataset_of(
            store, town.waves[0].wave_id, registry.find("partnership"), "full", key=b"k"
        )
    finally:
        store.close()
    assert data.rows == 45
    assert len(set(data.meta["PID"])) == 45
    keyed = data.keyed()
    place = [data.item_codes.index(f"DEP{n}") for n in range(1, 6)]
    mean = float(np.nanmean(np.nanmean(keyed[:, place], axis=1)))
    dep = next(scale for scale in rows if scale["code"] == "DEP")
    assert dep["score"]["point"] == pytest.approx((mean - 1) * 25, abs=0.051)


def test_the_word_has_to_be_typed_and_what_was_read_is_what_goes_out(town: Town) -> None:
    town.wave(12)
    town.prepare(1)
    address = f"{PREPARE}/1/terbitkan"
    page = town.researcher.get(address)
    seen = re.search(r'name="sidik" value="([0-9a-f]{64})"', page.text)
    assert seen
    assert town.researcher.post(address, {"ya": "", "sidik": seen[1]}).status_code == 422
    wrong = town.researcher.post(address, {"ya": "terbitkan", "sidik": "0" * 64})
    assert wrong.status_code == 409
    town.meeting(date(2026, 3, 5), 9)  # the basis changed after it was read
    late = town.researcher.post(address, {"ya": "terbitkan", "sidik": seen[1]})
    assert late.status_code == 409
    assert "sudah tidak berlaku" in town.researcher.get(f"{PREPARE}/1").text
    assert town.chair.get(f"{BASE}/kartu/1").status_code == 404


def test_asking_twice_is_asking_once_and_another_meeting_is_another_question(town: Town) -> None:
    town.wave(12)
    town.prepare(1)
    with Session(town.office.database.read) as session, session.begin():
        (first,) = session.exec(select(AnalysisRun.key)).all()
    town.prepare(1)
    with Session(town.office.database.read) as session, session.begin():
        assert session.exec(select(AnalysisRun.key)).all() == [first]
    town.meeting(date(2026, 3, 5), 9)
    page = town.prepare(1)
    assert "Pratinjau" in page.text
    with Session(town.office.database.read) as session, session.begin():
        assert len(session.exec(select(AnalysisRun.key)).all()) == 2
    assert town.researcher.get(f"{BASE}/laporan").text.count("/laporan/") < 3  # no report's list


def test_a_prepared_card_goes_when_somebody_withdraws(any_town: Town) -> None:
    """Shown to nobody from that moment, refused when published, its files swept away."""
    town = any_town
    town.wave(12)
    page = town.prepare(1)
    assert "Pratinjau" in page.text
    with Session(town.office.database.read) as session, session.begin():
        key = session.exec(select(AnalysisRun.key)).one()
    folder = folder_of(town.office.settings, key)
    assert (folder / "card.json").is_file()
    town.withdraw(1, 1)
    assert "Pratinjau" not in town.researcher.get(f"{PREPARE}/1").text
    assert town.researcher.get(f"{PREPARE}/1/berkas/kartu-id.pdf").status_code == 404
    assert "belum siap" in town.researcher.get(f"{PREPARE}/1/terbitkan").text
    tidy(town.office.database, datetime.now(UTC))
    assert not folder.exists()
    town.publish(1)  # prepared anew, of eleven
    assert json.loads(town.card_of(1).payload or "")["who"]["submitted"] == 11


def test_a_published_card_never_changes(any_town: Town) -> None:
    """Meetings, comments and withdrawals after publication move no byte of it."""
    town = any_town
    town.wave(20)
    town.publish(1)

    def every_byte() -> list[bytes]:
        pages = [town.chair.get(f"{BASE}/kartu/1"), town.office.client.get(f"/s/{SLUG}/hasil")]
        files = [
            town.chair.get(f"{BASE}/kartu/1/berkas/{name}")
            for name in ("kartu-id.pdf", "kartu-en.pdf", "gambar-id.png", "gambar-en.png")
        ]
        assert {one.status_code for one in (*pages, *files)} == {200}
        return [one.content for one in (*pages, *files)]

    before = every_byte()
    town.meeting(date(2026, 3, 5), 9)
    town.withdraw(1, 4)
    tidy(town.office.database, datetime.now(UTC))
    assert every_byte() == before
    # and nobody can have it made anew: four changes are not five
    refused = town.researcher.post(f"{PREPARE}/1")
    assert refused.status_code == 409
    assert "lima jawaban berubah" in refused.text


def test_from_five_changes_on_a_new_issue_takes_its_place(any_town: Town) -> None:
    """The old one leaves its digest and nothing else."""
    town = any_town
    town.wave(30)
    town.publish(1)
    first = town.card_of(1)
    town.withdraw(1, 5)
    town.publish(1)
    second = town.card_of(1)
    assert (second.issue, second.retired_at) == (2, None)
    assert json.loads(second.payload or "")["who"]["submitted"] == 25
    with Session(town.office.database.read) as session, session.begin():
        old = session.get_one(Scorecard, first.id)
        assert (old.payload, old.digest) == (None, first.digest)
        assert old.retired_at is not None
        files = session.exec(
            select(ScorecardFile.name).where(col(ScorecardFile.scorecard_id) == first.id)
        ).all()
        assert files == []
    assert first.digest in town.researcher.get(PREPARE).text
    assert "25 dari 60" in town.chair.get(f"{BASE}/kartu/1").text
    assert [act for _, act, _ in town.office.audit() if act.startswith("card.")] == [
        "card.prepare", "card.publish", "card.prepare", "card.reissue"
    ]  # fmt: skip


def test_cards_come_out_in_the_order_of_the_waves(town: Town) -> None:
    town.wave(20)
    town.wave(20, seed=2)
    town.publish(2)
    refused = town.researcher.post(f"{PREPARE}/1")
    assert refused.status_code == 409
    assert "gelombang sesudahnya" in refused.text
    assert town.researcher.get(f"{PREPARE}/1").status_code == 200


def test_only_closed_waves_have_a_card(town: Town) -> None:
    town.wave(20)
    assert town.researcher.get(f"{PREPARE}/7").status_code == 409
    assert town.researcher.post(f"{PREPARE}/7").status_code == 409
    with Session(town.office.database.write) as session, session.begin():
        session.get_one(Wave, town.waves[0].wave_id).state = "open"
    assert town.researcher.post(f"{PREPARE}/1").status_code == 409


def test_a_card_whose_worker_died_is_taken_up_again(any_town: Town) -> None:
    """The lease ends after a minute; the next worker does it (B9)."""
    town = any_town
    town.wave(12)
    town.researcher.post(f"{PREPARE}/1")
    database = town.office.database
    with Session(database.write) as session, session.begin():
        assert runs.claim(session=session, worker="killed", at=datetime.now(UTC))
    assert serve(database, "other") == 0  # leased to the dead one
    assert "sedang dihitung" in town.researcher.get(f"{PREPARE}/1").text
    tidy(database, datetime.now(UTC) + timedelta(minutes=2))
    assert serve(database, "other") == 1
    assert "Pratinjau" in town.researcher.get(f"{PREPARE}/1").text


def test_preparing_can_be_stopped(town: Town) -> None:
    town.wave(12)
    town.researcher.post(f"{PREPARE}/1")
    waiting = town.researcher.get(f"{PREPARE}/1")
    assert waiting.headers["refresh"] == "3"
    town.researcher.post(f"{PREPARE}/1/batal")
    assert serve(town.office.database, "here") == 0
    assert heading(town.researcher.get(f"{PREPARE}/1")).endswith("dihentikan")


def test_a_card_that_was_changed_in_the_store_is_refused(town: Town) -> None:
    town.wave(12)
    town.publish(1)
    with Session(town.office.database.write) as session, session.begin():
        row = session.exec(select(Scorecard)).one()
        row.payload = (row.payload or "").replace('"submitted":12', '"submitted":60')
        session.add(row)
    assert town.chair.get(f"{BASE}/kartu/1").status_code == 500
    with Session(town.office.database.read) as session, session.begin(), pytest.raises(CardDamaged):
        published_cards.checked(published_cards.find(session, town.community_id, 1))


def test_meetings_of_the_period_count_and_no_others(town: Town) -> None:
    """Since the wave before closed, to the close; half a year where there is none before."""
    town.wave(20)
    town.wave(20, seed=2)
    for day in (date(2025, 8, 1), date(2025, 9, 20), date(2026, 3, 8), date(2026, 3, 9),
                date(2026, 9, 6), date(2026, 9, 7)):  # fmt: skip
        town.meeting(day, 10)
    with Session(town.office.database.read) as session, session.begin():
        first, second = (
            [event.held_on for event in preparing.basis_of(session, town.community_id, n).events]
            for n in (1, 2)
        )
    assert first == [date(2025, 9, 20), date(2026, 3, 8)]
    assert second == [date(2026, 3, 9), date(2026, 9, 6)]


def test_how_many_different_members_came_is_noted_until_the_card_is_out(town: Town) -> None:
    """A number of the operator's; not more than there are members, gone with an empty field."""
    town.wave(20)
    town.meeting(date(2026, 3, 5), 12)
    operator = town.office.sign_in("operator", community=SLUG)
    page = f"{BASE}/kegiatan/pernah"
    assert operator.post(page, {"gelombang": "1", "orang": "61"}).status_code == 422
    assert operator.post(page, {"gelombang": "1", "orang": "x"}).status_code == 422
    assert operator.post(page, {"gelombang": "9", "orang": "3"}).status_code == 422
    assert operator.post(page, {"gelombang": "1", "orang": "31"}).status_code == 303
    assert "Gelombang 1: 31" in operator.get(f"{BASE}/kegiatan").text
    town.publish(1)
    tiles = {one["code"]: one for one in json.loads(town.card_of(1).payload or "")["behaviours"]}
    assert tiles["attendance"]["value"]["value"] == 20  # 12 of all 60, not of those who answered
    assert tiles["ever_attended"]["value"]["value"] == 52
    assert operator.post(page, {"gelombang": "1", "orang": "32"}).status_code == 422


def test_a_few_changes_in_an_earlier_wave_keep_a_card_from_being_issued_again(town: Town) -> None:
    """Its change is of people in both waves: two who left the earlier one would stand out.

    And the card of the earlier wave is out of reach, since the later one looked back at it.
    """
    town.wave(40)
    town.publish(1)
    town.wave(40, seed=2)
    town.publish(2)
    town.withdraw(2, 5)
    town.withdraw(1, 2)
    assert town.researcher.post(f"{PREPARE}/2").status_code == 409
    town.withdraw(1, 5)
    assert town.researcher.post(f"{PREPARE}/1").status_code == 409
    assert "gelombang sesudahnya" in town.researcher.post(f"{PREPARE}/1").text
    assert town.researcher.post(f"{PREPARE}/2").status_code == 303


def test_two_issues_that_would_tell_on_a_few_are_refused_at_the_end(town: Town) -> None:
    """Five changes, but some figure would differ by fewer people: the gate has the last word."""
    town.wave(40)
    town.publish(1)
    first = town.card_of(1)
    town.withdraw(1, 4)  # and one who changed a consent and left after all: five changes
    with Session(town.office.database.write) as session, session.begin():
        data_version.bump(session, community_id=town.community_id, wave_id=town.waves[0].wave_id)
    page = town.prepare(1)
    assert "Pratinjau" in page.text
    with pytest.raises(AssertionError, match="belum boleh diganti"):
        town.confirm(1)
    assert town.card_of(1).digest == first.digest


def test_more_answers_than_members_get_a_page_that_says_what_to_do(town: Town) -> None:
    """n > N: no card, in the reader's language, and the button to try again stays."""
    town.wave(12, eligible=10)
    page = town.prepare(1)
    assert page.status_code == 200
    assert heading(page).endswith("tidak bisa dikerjakan")
    assert "Jawaban (12) lebih banyak daripada anggota terdaftar (10)" in page.text
    assert "periksa jumlah anggota gelombang ini" in page.text
    assert "Siapkan kartu" in page.text
    assert town.researcher.get(f"{PREPARE}/1/berkas/kartu-id.pdf").status_code == 404
    town.researcher.post("/staff/bahasa", {"lang": "en", "ke": f"{PREPARE}/1"})
    assert "There are more answers (12) than registered members (10)" in town.researcher.get(
        f"{PREPARE}/1"
    ).text  # fmt: skip
