"""Waves through the pages: plan, open, share, close; clocks, clashes, and who sees what."""

from __future__ import annotations

import os
import re
import time
from datetime import UTC, date, datetime
from html import unescape
from typing import Any
from urllib.parse import unquote

import pytest
from babel.dates import format_date
from hypothesis import given
from hypothesis.strategies import dates, sampled_from
from sqlmodel import Session, select

from app.tables import Response, Wave
from app.waves import keeping
from app.waves import service as waves
from app.waves.consent import brackets
from app.waves.forms import moment_from
from instrument import registry
from tests.staff.office import Browser, Office, heading, hidden
from tests.surveys.conftest import PURPOSES

HERE = "/staff/k/sidoarjo"
WAVE = f"{HERE}/gelombang/1"
INSTRUMENT = registry.find("partnership")
NAMES = brackets(INSTRUMENT)


def words() -> dict[str, str]:
    return {
        f"kata-{language}-{place}": f"kata {language} {place}"
        for language, names in NAMES.items()
        for place in range(len(names))
    }


def plan(**wanted: Any) -> dict[str, Any]:
    given = {"akses": "code", "n": "60", "buka": "2026-03-02T09:00", "tutup": "2026-03-16T21:00",
             "simpan": "2199-12-31"}  # fmt: skip
    return given | words() | wanted


def begin(browser: Browser) -> str:
    """Begin a plan; return what its page carries to notice a clash."""
    made = browser.post(f"{HERE}/gelombang/baru", {"kuesioner": "partnership/1.0.0/full"})
    assert made.headers["location"] == f"{WAVE}/rencana"
    return hidden(browser.get(f"{WAVE}/rencana"))["dilihat"]


def open_(browser: Browser, **wanted: Any) -> None:
    seen = begin(browser)
    assert browser.post(f"{WAVE}/rencana", plan(dilihat=seen, **wanted)).status_code == 303
    opened = browser.post(f"{WAVE}/buka", hidden(browser.get(f"{WAVE}/buka")))
    assert opened.status_code == 303, opened.text


def stored(office: Office, number: int = 1) -> Wave:
    with Session(office.database.read) as session, session.begin():
        wave = session.exec(select(Wave).where(Wave.number == number)).one()
        session.expunge(wave)
        return wave


def answer(office: Office, code: str, how: str = "kirim") -> Any:
    """A member who answers everything over HTTP; the member's clock is the real one."""
    client, own = office.client, {"sec-fetch-site": "same-origin"}
    page = client.post("/s/sidoarjo/mulai", data={"izin": PURPOSES, "kode": code}, headers=own)
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    fields |= dict.fromkeys(INSTRUMENT.form("full").items, "4")
    fields |= {"final": "1", "ditanya": "1"} if how == "kirim" else {"ke": "3"}
    return client.post(f"/s/sidoarjo/{how}", data=fields, headers=own)


def codes_for(browser: Browser, count: int) -> list[str]:
    for number in range(count):
        browser.post(f"{HERE}/anggota/baru", {"nama": f"Anggota {number}"})
    slips = browser.post(f"{HERE}/kode/slip", hidden(browser.post(f"{HERE}/kode")))
    return re.findall(r'<p class="typed">(\w{4} \w{4})</p>', slips.text)


def now(office: Office) -> None:
    """Put the desk's clock on the members' real one."""
    office.now = datetime.now(UTC)


def test_a_plan_is_told_what_it_lacks_until_it_may_open(any_office: Office) -> None:
    """C10: every field in both languages, with a way to each."""
    browser = any_office.sign_in("operator")
    seen = begin(browser)
    page = browser.get(WAVE)
    missing = re.findall(r'<li><a href="[^"]*#([\w-]+)">', page.text)
    assert missing[:3] == ["buka", "tutup", "n"]
    assert len(missing) == 3 + len(NAMES["id"]) - 1  # the community's name stands there
    assert heading(browser.get(f"{WAVE}/buka")) == "Gelombang ini belum bisa dibuka"
    for gap in ("kata-id-3", "kata-en-3", "tutup", "n", "simpan"):
        browser.post(f"{WAVE}/rencana", plan(dilihat=seen, **{gap: ""}))
        refused = browser.post(f"{WAVE}/buka", hidden(browser.get(f"{WAVE}/rencana")))
        assert refused.status_code == 409
        assert f'/rencana#{gap}"' in refused.text
        seen = hidden(browser.get(f"{WAVE}/rencana"))["dilihat"]
    browser.post(f"{WAVE}/rencana", plan(dilihat=seen))
    assert browser.post(f"{WAVE}/buka", hidden(browser.get(f"{WAVE}/buka"))).status_code == 303
    actions = [action for _, action, _ in any_office.audit()]
    assert actions[-1] == "wave.open"
    assert stored(any_office).eligible_n == 60


def test_what_was_typed_is_kept_with_its_faults(office: Office) -> None:
    browser = office.sign_in("operator")
    wrong = {
        "tutup": "kemarin", "n": "banyak", "lantai-figure": "4",
        "sasaran": ["FLX", "INF", "MOT"], "kata-id-1": "[isi nanti]",
    }  # fmt: skip
    page = browser.post(f"{WAVE}/rencana", plan(dilihat=begin(browser), **wrong))
    assert page.status_code == 422
    linked = re.findall(r'<li><a href="#([\w-]+)">', page.text)
    assert linked == ["tutup", "n", "lantai-figure", "sasaran", "kata-id-1"]
    assert 'value="[isi nanti]"' in page.text
    assert 'value="kata en 2"' in page.text
    assert page.text.count('name="sasaran"') == page.text.count('name="sasaran"')


@pytest.mark.parametrize(
    ("in_id", "in_en", "typed", "kept"),
    [
        ("31 Desember 2031", "31 December 2031", "", "2031-12-31"),
        ("dua tahun setelah studi", "December 31, 2031", "", "2031-12-31"),
        ("31 Desember 2031", "two years after the study", "", "2031-12-31"),
        ("dua tahun setelah studi", "two years after it", "2031-12-31", "2031-12-31"),
        ("31 Desember 2031", "31 December 2031", "2031-12-31", "2031-12-31"),
        ("31 Desember 2031", "30 December 2031", "", None),  # two promises
        ("31 Desember 2031", "31 December 2031", "2030-12-31", None),
        ("16 Maret 2026", "16 March 2026", "", None),  # the day of the close
        ("Desember 2031", "2031", "besok", None),
    ],
)
def test_the_day_of_deletion_is_the_consent_text_s(
    office: Office, in_id: str, in_en: str, typed: str, kept: str | None
) -> None:
    browser = office.sign_in("operator")
    at = {tongue: NAMES[tongue].index(name) for tongue, name in keeping.BRACKET.items()}  # type: ignore[index]
    told = {f"kata-id-{at['id']}": in_id, f"kata-en-{at['en']}": in_en, "simpan": typed}
    page = browser.post(f"{WAVE}/rencana", plan(dilihat=begin(browser), **told))
    found = stored(office).keep_until
    if kept is None:
        assert page.status_code == 422
        assert re.findall(r'<li><a href="#([\w-]+)">', page.text) == ["simpan"]
        assert found is None
    else:
        assert page.status_code == 303
        assert found == date.fromisoformat(kept)
        assert f'value="{kept}"' in browser.get(f"{WAVE}/rencana").text


def test_words_that_are_no_day_do_not_open_a_wave(office: Office) -> None:
    browser = office.sign_in("operator")
    browser.post(f"{WAVE}/rencana", plan(dilihat=begin(browser), simpan=""))
    refused = browser.post(f"{WAVE}/buka", hidden(browser.get(f"{WAVE}/rencana")))
    assert refused.status_code == 409
    assert '/rencana#simpan"' in refused.text


@given(day=dates(date(2000, 1, 1), date(2199, 12, 31)), tongue=sampled_from(("id", "en")))
def test_every_day_is_read_as_people_write_it(day: date, tongue: str) -> None:
    for form in ("d MMMM yyyy", "d MMM yyyy", "dd/MM/yyyy", "d-M-yyyy", "d.M.yyyy", "yyyy-MM-dd"):
        assert keeping.day_from(format_date(day, form, locale=tongue)) == day
    american = format_date(day, "MMMM d, yyyy", locale="en")
    assert keeping.day_from(american) == day


@pytest.mark.parametrize(
    "words", ["", "2031", "Desember 2031", "31 Febuari 2031", "30 Februari 2031", "12/31/2031",
              "31 Desember 2031 atau lebih awal", "1/2/31"],
)  # fmt: skip
def test_a_day_is_never_guessed(words: str) -> None:
    assert keeping.day_from(words) is None


def test_of_two_operators_the_second_sees_both_plans(office: Office) -> None:
    one, other = office.sign_in("operator"), office.sign_in("operator")
    seen = begin(one)
    assert one.post(f"{WAVE}/rencana", plan(dilihat=seen, n="58")).status_code == 303
    clash = other.post(f"{WAVE}/rencana", plan(dilihat=seen, n="61", **{"kata-id-1": "Rina"}))
    assert clash.status_code == 409
    text = unescape(clash.text)
    assert re.search(r"Berapa orang boleh menjawab \(N\)</th><td>61</td><td>58<", text)
    assert "<td>Rina</td><td>kata id 1</td>" in text
    assert stored(office).eligible_n == 58
    fields = hidden(clash)
    assert other.post(f"{WAVE}/rencana", fields).status_code == 303
    assert stored(office).eligible_n == 61
    words_now = stored(office).consent_words
    assert words_now is not None
    assert words_now["id"][NAMES["id"][1]] == "Rina"


def test_a_plan_that_changed_meanwhile_is_shown_before_it_opens(office: Office) -> None:
    one, other = office.sign_in("operator"), office.sign_in("operator")
    one.post(f"{WAVE}/rencana", plan(dilihat=begin(one)))
    shown = hidden(one.get(f"{WAVE}/buka"))
    seen = hidden(other.get(f"{WAVE}/rencana"))["dilihat"]
    other.post(f"{WAVE}/rencana", plan(dilihat=seen, n="12"))
    again = one.post(f"{WAVE}/buka", shown)
    assert again.status_code == 409
    assert stored(office).state == "draft"
    assert one.post(f"{WAVE}/buka", hidden(again)).status_code == 303


@pytest.mark.parametrize("host", ["UTC", "America/New_York", "Pacific/Kiritimati"])
def test_times_are_the_communitys_whatever_the_hosts_zone(
    office: Office, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    """Half past midnight WIB is the day before in UTC; the page says what was typed."""
    monkeypatch.setenv("TZ", host)
    time.tzset()
    try:
        browser = office.sign_in("operator")
        open_(browser, buka="2026-03-02T00:30", tutup="2026-03-16T00:00")
        wave = stored(office)
        assert wave.opens_at == datetime(2026, 3, 1, 17, 30, tzinfo=UTC)
        assert wave.closes_at == datetime(2026, 3, 15, 17, 0, tzinfo=UTC)
        page = browser.get(WAVE).text
        assert "2 Maret 2026, 00.30 WIB" in page
        assert "16 Maret 2026, 00.00 WIB" in page
        assert "Masih 14 hari." in page
        office.now = datetime(2026, 3, 15, 16, 59, tzinfo=UTC)  # 23.59 WIB on the last day
        browser = office.browser(office.cookie(browser.staff_id), browser.staff_id)
        assert "Masih 1 hari." in browser.get(WAVE).text
        with Session(office.database.write) as session, session.begin():
            assert waves.sweep(session=session, at=office.now) == []
            assert waves.sweep(session=session, at=datetime(2026, 3, 15, 17, tzinfo=UTC)) == [1]
    finally:
        monkeypatch.delenv("TZ")
        os.environ.pop("TZ", None)
        time.tzset()


@pytest.mark.parametrize(
    ("typed", "zone", "utc"),
    [
        ("2026-11-30T21:00", "Asia/Jakarta", datetime(2026, 11, 30, 14, tzinfo=UTC)),
        ("30/11/2026 21.00", "Asia/Jayapura", datetime(2026, 11, 30, 12, tzinfo=UTC)),
        ("2026-03-29 02:30", "Europe/Berlin", None),  # the clock skips this half hour
        ("2026-02-30T10:00", "Asia/Jakarta", None),
        ("besok", "Asia/Jakarta", None),
    ],
)
def test_a_moment_as_typed(typed: str, zone: str, utc: datetime | None) -> None:
    from zoneinfo import ZoneInfo

    assert moment_from(typed, ZoneInfo(zone)) == utc


def test_closing_asks_for_a_word_and_says_what_happens(office: Office) -> None:
    browser = office.sign_in("operator")
    open_(browser)
    asked = browser.get(f"{WAVE}/tutup")
    assert "60 anggota belum menjawab" in asked.text
    for word in ("", "ya", "tutupp"):
        refused = browser.post(f"{WAVE}/tutup", {"ya": word})
        assert refused.status_code == 422
        assert stored(office).state == "open"
    assert browser.post(f"{WAVE}/tutup", {"ya": " Tutup "}).status_code == 303
    assert stored(office).state == "closed"
    extended = browser.post(f"{WAVE}/perpanjang", {"tutup": "2026-03-20T21:00"})
    assert extended.status_code == 303
    assert stored(office).state == "open"
    past = browser.post(f"{WAVE}/perpanjang", {"tutup": "2026-03-01T21:00"})
    assert past.status_code == 422


def test_a_wave_closed_while_somebody_answers(office: Office) -> None:
    """What was saved before the close counts; what comes after is told so, and not stored."""
    now(office)
    browser = office.sign_in("operator")
    codes = codes_for(browser, 3)
    open_(browser, n="3", buka="2020-01-01T00:00", tutup="2099-01-01T00:00")
    assert answer(office, codes[0]).status_code == 200
    assert answer(office, codes[1], "simpan").status_code == 200
    page = office.client.post(
        "/s/sidoarjo/mulai", data={"izin": PURPOSES, "kode": codes[2]},
        headers={"sec-fetch-site": "same-origin"},
    )  # fmt: skip
    shown = browser.get(WAVE).text
    assert "1 dari 3 anggota sudah menjawab (33%)" in shown
    assert "1 orang sudah mulai tetapi belum mengirim." in shown
    assert browser.post(f"{WAVE}/tutup", {"ya": "tutup"}).status_code == 303
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    late = office.client.post(
        "/s/sidoarjo/kirim", data=fields | {"MOT1": "5", "final": "1", "ditanya": "1"},
        headers={"sec-fetch-site": "same-origin"},
    )  # fmt: skip
    assert late.status_code == 409
    assert heading(late) == "Survei ini sudah ditutup"
    assert "terlambat" in late.text
    with Session(office.database.read) as session, session.begin():
        statuses = sorted(session.exec(select(Response.status)))
    assert statuses == ["complete", "partial"]
    closed = browser.get(WAVE).text
    assert "2 dari 3 anggota sudah menjawab (67%)" in closed
    assert "1 lengkap, 1 belum selesai" in closed


def test_a_trial_runs_on_the_real_link_and_leaves_nothing(office: Office) -> None:
    now(office)
    browser = office.sign_in("operator")
    (code,) = codes_for(browser, 1)
    seen = begin(browser)
    browser.post(
        f"{WAVE}/rencana",
        plan(dilihat=seen, n="1", buka="2020-01-01T00:00", tutup="2099-01-01T00:00"),
    )
    assert "PERCOBAAN" not in office.client.get("/s/sidoarjo").text
    browser.post(f"{WAVE}/percobaan")
    time.sleep(2.1)  # members' pages remember a survey for two seconds
    assert "PERCOBAAN" in office.client.get("/s/sidoarjo").text
    assert answer(office, code).status_code == 200
    browser.post(f"{WAVE}/buka", hidden(browser.get(f"{WAVE}/buka")))
    assert "0 dari 1 anggota" in browser.get(WAVE).text
    time.sleep(2.1)
    assert "PERCOBAAN" not in office.client.get("/s/sidoarjo").text
    assert answer(office, code).status_code == 200
    assert "1 dari 1 anggota" in browser.get(WAVE).text


def test_the_preview_is_the_members_page_in_both_languages_and_stores_nothing(
    office: Office,
) -> None:
    browser = office.sign_in("operator")
    browser.post(f"{WAVE}/rencana", plan(dilihat=begin(browser)))
    first = INSTRUMENT.item(INSTRUMENT.form("full").items[0])
    for language in ("id", "en"):
        page = unescape(browser.get(f"{WAVE}/pratinjau?bahasa={language}").text)
        assert f"kata {language} 1" in page
        assert first.text.in_(language).replace("**", "") in re.sub(r"</?b>", "", page)
        assert page.count("<div inert") == 2
    with Session(office.database.read) as session, session.begin():
        assert session.exec(select(Response)).all() == []


def test_words_to_share_and_to_remind_everybody_with(office: Office) -> None:
    browser = office.sign_in("operator")
    open_(browser)
    page = unescape(browser.get(f"{WAVE}/bagikan").text)
    links = [unquote(one) for one in re.findall(r'href="https://wa\.me/\?text=([^"]+)"', page)]
    assert len(links) == 2
    assert "http://127.0.0.1:8000/s/sidoarjo\n" in links[0]
    assert page.count("Sekitar 10 menit") == 2  # the text and the card
    assert "sampai 16 Maret 2026, 21.00 WIB" in links[0]
    assert "http://127.0.0.1:8000/s/sidoarjo?lang=en\n" in links[1]
    assert "Judul: 24 dari 35 huruf" in page
    assert "Alamatnya belum umum (https)" in page
    qr = browser.get(f"{WAVE}/qr.svg")
    assert qr.headers["content-type"] == "image/svg+xml"
    assert "style" not in qr.text
    assert "script" not in qr.text
    reminder = unescape(browser.get(WAVE).text)
    assert "Jika sudah mengisi, abaikan pesan ini." in reminder
    assert "If you have already answered, ignore this message." in reminder
    assert "Sudah 0 dari 2 kali." in reminder
    browser.post(f"{WAVE}/pengingat")
    assert "Sudah 1 dari 2 kali." in browser.get(WAVE).text


def test_who_may_only_see_the_rate_sees_no_button(office: Office) -> None:
    open_(office.sign_in("operator"))
    for role in ("chair", "researcher"):
        browser = office.sign_in(role)
        page = browser.get(WAVE)
        assert "0 dari 60 anggota sudah menjawab (0%)" in page.text
        assert not re.search(r'href="[^"]*/(tutup|bagikan|rencana|perpanjang)"', page.text)
        assert "wa.me" not in page.text
        assert browser.get(f"{HERE}/gelombang").status_code == 200


def test_a_plan_is_dropped_after_a_word(office: Office) -> None:
    browser = office.sign_in("operator", language="en")
    begin(browser)
    assert browser.post(f"{WAVE}/hapus", {"ya": "no"}).status_code == 422
    gone = browser.post(f"{WAVE}/hapus", {"ya": "drop"})
    assert "The plan of Wave 1 is dropped." in browser.follow(gone).text
    assert browser.get(WAVE).status_code == 404


def test_meetings_are_noted_corrected_removed_and_brought_back(any_office: Office) -> None:
    browser = any_office.sign_in("operator")
    log = f"{HERE}/kegiatan"
    wrong = browser.post(log, {"hari": "2026-03-03", "jenis": "", "hadir": "-1"})
    assert wrong.status_code == 422
    assert re.findall(r'<li><a href="#(\w+)">', wrong.text) == ["hari", "jenis", "hadir"]
    meeting = {"hari": "2026-02-07", "jenis": "bazaar", "hadir": "40"}
    assert browser.post(log, meeting).status_code == 303
    seen = hidden(browser.get(f"{log}/1"))["dilihat"]
    browser.post(f"{log}/1", meeting | {"hadir": "41", "dilihat": seen})
    clash = browser.post(f"{log}/1", meeting | {"hadir": "39", "dilihat": seen})
    assert clash.status_code == 409
    assert "<td>39</td><td>41</td>" in clash.text
    removed = browser.follow(browser.post(f"{log}/1/hapus"))
    assert '<td class="r">41</td>' not in removed.text
    undo = dict(re.findall(r'name="(hari|jenis|hadir)" value="([^"]*)"', removed.text)[:3])
    browser.post(log, undo)
    assert '<td class="r">41</td>' in browser.get(log).text
    assert date.fromisoformat(undo["hari"]) == date(2026, 2, 7)
