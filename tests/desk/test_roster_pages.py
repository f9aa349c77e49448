"""The roster and its codes through the pages: what is typed is kept, what is secret goes once."""

from __future__ import annotations

import re
from html import unescape

import httpx
import pytest
from sqlalchemy import text

from tests.staff.office import OWN, Browser, Office, heading, hidden

HERE = "/staff/k/sidoarjo"
FILE = "Nama;No. HP\r\nDewi;0812-3456-7890\r\nBudi;\r\n;0812\r\nTono;abc\r\n"


@pytest.fixture
def secretary(office: Office) -> Browser:
    return office.sign_in("operator")


def upload(browser: Browser, content: bytes) -> httpx.Response:
    return browser.client.post(
        f"{HERE}/anggota/impor", files={"berkas": ("daftar.csv", content)}, headers=OWN
    )


def names(browser: Browser, query: str = "") -> list[str]:
    page = browser.get(f"{HERE}/anggota{query}").text
    return re.findall(r'<a class="tap" href="[^"]*/anggota/\d+">([^<]+)<', page)


def rows(office: Office, sql: str) -> list[tuple[object, ...]]:
    with office.database.read.begin() as connection:
        return [tuple(row) for row in connection.execute(text(sql)).all()]


def take_in(browser: Browser, content: str = FILE) -> httpx.Response:
    preview = upload(browser, content.encode("utf-8-sig"))
    return browser.post(f"{HERE}/anggota/impor/pakai", hidden(preview))


def test_a_file_is_previewed_and_then_taken_in_once(any_office: Office) -> None:
    browser = any_office.sign_in("operator")
    preview = upload(browser, FILE.encode("utf-8-sig"))
    assert preview.status_code == 200
    told = re.findall(r"<li><b>Baris (\d+)</b> ([^<]+)</li>", unescape(preview.text))
    assert told == [
        ("4", "Namanya kosong (0812)."),
        ("5", "“abc” bukan nomor telepon. Tulis seperti 0812-3456-7890."),
    ]
    assert rows(any_office, "SELECT count(*) FROM identity.participant") == [(0,)]
    for _ in range(2):
        answer = browser.post(f"{HERE}/anggota/impor/pakai", hidden(preview))
        assert answer.status_code == 303
    assert "tidak ada yang ditambahkan dua kali" in browser.follow(answer).text
    assert names(browser) == ["Budi", "Dewi"]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("id", "Tidak ada kolom “Nama” atau “Name”. Baris pertama berisi: Alamat, HP."),
        ("en", "No column is called “Nama” or “Name”. The first line reads: Alamat, HP."),
    ],
)
def test_wrong_columns_are_told_in_words(office: Office, language: str, sentence: str) -> None:
    answer = upload(office.sign_in("operator", language=language), b"Alamat,HP\nx,0812\n")
    assert answer.status_code == 422
    assert sentence in unescape(answer.text)


def test_ten_thousand_people_come_through_the_page(office: Office, secretary: Browser) -> None:
    lines = "".join(f"Anggota {n:05d};0812{n:08d}\r\n" for n in range(10_000))
    take_in(secretary, f"Nama;HP\r\n{lines}")
    assert rows(office, "SELECT count(*) FROM identity.participant") == [(10_000,)]
    assert len(names(secretary)) == 50
    assert names(secretary, "?hal=200")[-1] == "Anggota 09999"
    assert names(secretary, "?cari=04242") == ["Anggota 04242"]


def test_a_file_of_more_than_two_megabytes_is_refused_in_words(secretary: Browser) -> None:
    answer = upload(secretary, b"Nama\n" + b"x" * 2_200_000)
    assert answer.status_code == 413
    assert heading(answer) == "Berkas ini terlalu besar"


def test_somebody_elses_preview_is_refused(office: Office, secretary: Browser) -> None:
    preview = upload(secretary, FILE.encode())
    other = office.sign_in("operator")
    answer = other.post(f"{HERE}/anggota/impor/pakai", hidden(preview))
    assert (answer.status_code, heading(answer)) == (409, "Pratinjau ini sudah tidak berlaku")
    assert rows(office, "SELECT count(*) FROM identity.participant") == [(0,)]


def test_one_person_is_added_and_a_namesake_asked_about(secretary: Browser) -> None:
    siti = {"nama": "  Siti   Aminah ", "telepon": "0812 3456 789"}
    assert secretary.post(f"{HERE}/anggota/baru", siti).status_code == 303
    again = {"nama": "siti aminah", "telepon": ""}
    asked = secretary.post(f"{HERE}/anggota/baru", again)
    assert asked.status_code == 409
    assert "Siti Aminah sudah ada di daftar" in asked.text
    assert secretary.post(f"{HERE}/anggota/baru", again | hidden(asked)).status_code == 303
    assert sorted(names(secretary)) == ["Siti Aminah", "siti aminah"]


def test_what_was_typed_stands_there_again_with_the_fault(secretary: Browser) -> None:
    answer = secretary.post(f"{HERE}/anggota/baru", {"nama": "Budi <b>", "telepon": "12"})
    assert answer.status_code == 422
    assert 'value="Budi &lt;b&gt;"' in answer.text
    assert 'href="#telepon"' in answer.text


def test_of_two_operators_the_second_sees_both_versions(office: Office) -> None:
    one, other = office.sign_in("operator"), office.sign_in("operator")
    one.post(f"{HERE}/anggota/baru", {"nama": "Siti"})
    page = f"{HERE}/anggota/1"
    seen = {who: hidden(who.get(page)) for who in (one, other)}
    one.post(page, seen[one] | {"nama": "Siti Aminah"})
    clash = other.post(page, seen[other] | {"nama": "Siti A.", "telepon": "08123456789"})
    assert clash.status_code == 409
    assert "<td>Siti A.</td><td>Siti Aminah</td>" in clash.text
    assert names(one) == ["Siti Aminah"]
    assert other.post(page, hidden(clash)).status_code == 303
    assert names(one) == ["Siti A."]


def test_leaving_is_taken_back_with_one_press(secretary: Browser) -> None:
    secretary.post(f"{HERE}/anggota/baru", {"nama": "Siti"})
    told = secretary.follow(secretary.post(f"{HERE}/anggota/1/keluar"))
    assert names(secretary) == []
    undo = re.search(r'<form action="([^"]*kembali)" method="post">', told.text)
    assert undo is not None
    secretary.post(undo[1])
    assert names(secretary) == ["Siti"]


def test_codes_are_shown_once_in_every_shape(office: Office, secretary: Browser) -> None:
    take_in(secretary, "Nama;HP\n=Dewi;081234567890\nBudi;\n")
    issued = secretary.post(f"{HERE}/kode")
    assert heading(issued) == "2 kode siap dibagikan"
    state = hidden(issued)
    slips = secretary.post(f"{HERE}/kode/slip", state)
    codes = re.findall(r'<p class="typed">(\w{4} \w{4})</p>', slips.text)
    assert len(codes) == 2
    assert slips.text.count("<svg") >= 2
    assert slips.text.count('lang="id"') >= 2
    assert slips.text.count('lang="en"') >= 2
    sheet = secretary.post(f"{HERE}/kode/berkas", state)
    assert sheet.headers["content-disposition"] == 'attachment; filename="kode-sidoarjo.csv"'
    assert sheet.headers["cache-control"] == "no-store"
    lines = sheet.content.decode("utf-8-sig").splitlines()
    assert lines[1].startswith("'=Dewi;6281234567890;")
    assert lines[2].startswith("Budi;;")
    chat = secretary.post(f"{HERE}/kode/wa", state).text
    assert "https://wa.me/6281234567890?text=Halo%20%3DDewi" in chat
    assert all(code in lines[1] + lines[2] for code in codes)
    again = secretary.post(f"{HERE}/kode")
    assert "Semua sudah punya kode" in secretary.follow(again).text
    for path in ("slip", "wa", "berkas"):
        assert secretary.get(f"{HERE}/kode/{path}").status_code == 303
    office.later(hours=2)
    secretary = office.browser(office.cookie(secretary.staff_id), secretary.staff_id)
    late = secretary.post(f"{HERE}/kode/slip", state)
    assert (late.status_code, heading(late)) == (409, "Kode ini sudah tidak bisa ditampilkan")


def test_no_code_phone_or_token_is_in_the_store_or_its_log(
    office: Office, secretary: Browser
) -> None:
    take_in(secretary)
    sheet = secretary.post(f"{HERE}/kode/berkas", hidden(secretary.post(f"{HERE}/kode")))
    cells = [line.split(";") for line in sheet.text.splitlines()[1:]]
    secrets = {line[2].replace(" ", "") for line in cells} | {line[2] for line in cells}
    secrets |= {line[3].rpartition("/")[2] for line in cells} | {"6281234567890", "81234567890"}
    assert len(secrets) == 8
    office.database.close()
    for file in office.settings.data_dir.iterdir():
        content = file.read_bytes()
        assert [one for one in secrets if one.encode() in content] == [], file.name


def test_a_person_of_another_community_is_not_there(office: Office) -> None:
    office.community("malang")
    office.sign_in("operator").post(f"{HERE}/anggota/baru", {"nama": "Siti"})
    other = office.sign_in("operator", community="malang")
    for path in ("/anggota/1", "/anggota/1/kode"):
        assert other.get(f"/staff/k/malang{path}").status_code == 404
    assert other.post("/staff/k/malang/anggota/1/keluar").status_code == 404
    assert other.get(f"{HERE}/anggota").status_code == 404


def test_the_roster_says_nothing_of_answers(office: Office, secretary: Browser) -> None:
    """The page of a person asks no table of answers: it stands with all of them dropped."""
    secretary.post(f"{HERE}/anggota/baru", {"nama": "Siti"})
    with office.database.write.begin() as connection:
        for table in ("draft", "consent", "background"):
            connection.execute(text(f"ALTER TABLE {table} RENAME TO {table}_gone"))
    for path in ("/anggota", "/anggota/1", "/kode"):
        assert secretary.get(HERE + path).status_code == 200
