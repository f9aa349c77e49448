"""Certificates and the ledger of consents: days and counts, for the admin, never who."""

from __future__ import annotations

import re
from datetime import date, timedelta
from uuid import uuid4

from sqlmodel import Session

from app.store import ConsentGiven, Save, Start
from app.tables import Deletion
from app.waves.consent import fill
from app.waves.service import close_wave, create_wave, open_wave
from instrument import registry
from tests.staff.office import Office, heading
from tests.surveys.conftest import WORDS

PATH = "/staff/bukti"


def answered(office: Office, people: int) -> list[str]:
    """A closed wave in which so many answered; their references and submissions."""
    instrument = registry.find("partnership")
    with Session(office.database.write, expire_on_commit=False) as session, session.begin():
        wave = create_wave(
            session=session, community_id=1, instrument=instrument, by="test", at=office.now,
            eligible_n=60, opens_at=office.now - timedelta(days=1),
            closes_at=office.now + timedelta(days=9), consent=fill(instrument, WORDS),
        )  # fmt: skip
        open_wave(session=session, wave_id=wave.id or 0, by="test", at=office.now)
    store, ids = office.app.state.store, []
    for number in range(people):
        start = Start(
            community_id=1, wave_id=wave.id or 0, submission_id=uuid4(), respondent_ref=uuid4(),
            consent=ConsentGiven(
                "a" * 64, "1.0.0", "id",
                {"adult": True, "research": True, "report": number > 0, "sales": False},
            ),
            language="id", at=office.now,
        )  # fmt: skip
        save = Save(
            community_id=1, wave_id=wave.id or 0, submission_id=start.submission_id, rev=1,
            answers=bytes([4] * len(instrument.items)), extra={"values": {}, "missing": {}},
            background=None, language="id", layout="vertical-1", final=True, at=office.now,
        )  # fmt: skip
        store.run([start, save])
        ids += [str(start.submission_id), str(start.respondent_ref)]
    with Session(office.database.write) as session, session.begin():
        close_wave(session=session, wave_id=wave.id or 0, by="test", at=office.now)
    return ids


def test_empty_pages_teach(office: Office) -> None:
    page = office.sign_in("admin").get(PATH)
    assert heading(page) == "Bukti"
    assert "Belum ada yang jatuh tempo" in page.text
    assert "Belum ada yang memberi persetujuan" in page.text


def test_counts_and_days_but_nobody(office: Office) -> None:
    ids = answered(office, 6)
    with Session(office.database.write) as session, session.begin():
        session.add(
            Deletion(
                id=uuid4(), community_id=1, what="wave:7", due_on=date(2026, 2, 1),
                at=office.now, by="command line", counts={"response": 41, "consent": 43},
                backup="guyub-20260301T000000000000Z",
            )
        )  # fmt: skip
    page = office.sign_in("admin").get(PATH)
    plain = re.sub(r"<[^>]+>", " ", page.text)
    assert "jawaban gelombang 7" in plain
    assert "consent 43, response 41" in " ".join(plain.split())
    assert "6 persetujuan, 2 Mar 2026 sampai 2 Mar 2026." in plain
    told = re.findall(r"<dt>([^<]+)</dt><dd>(\d+)</dd>", page.text)
    assert told == [
        ("Saya berusia 18 tahun ke atas dan bersedia ikut.", "6"),
        ("Jawaban saya boleh dipakai untuk penelitian.", "6"),
        ("Jawaban saya boleh dihitung dalam laporan gabungan untuk komunitas.", "5"),
        ("Saya bersedia ditanya omzet (boleh dikosongkan).", "0"),
    ]
    assert not [one for one in ids if one in page.text or one.replace("-", "") in page.text]
    assert "Ada jawaban yang hilang" not in plain


def test_answers_that_nobody_deleted_are_missed_on_the_page(office: Office) -> None:
    answered(office, 6)
    with office.database.write.begin() as connection:
        connection.exec_driver_sql("DELETE FROM response WHERE id = (SELECT min(id) FROM response)")
    page = office.sign_in("admin").get(PATH)
    assert "Ada jawaban yang hilang" in page.text
    assert "Sidoarjo kehilangan 1 jawaban" in page.text


def test_of_several_communities_the_ledger_asks_which(office: Office) -> None:
    answered(office, 2)
    office.community("malang")
    admin = office.sign_in("admin")
    assert "Pilih komunitas." in admin.get(PATH).text
    assert "2 persetujuan" in admin.get(f"{PATH}?komunitas=sidoarjo").text
    assert "2 persetujuan" not in admin.get(f"{PATH}?komunitas=malang").text
    assert "2 consents" in admin.get(f"{PATH}?komunitas=sidoarjo&lang=en").text
