"""What spreadsheets write is read; what is wrong is told with its line, all at once."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.members import phones
from app.members.roster_file import Entry, parse, same_name, tidy
from app.members.upload import NoFile, field_of

ITUS = "628123456789"


def people(data: bytes) -> list[tuple[str, str | None]]:
    return [(entry.name, entry.phone) for entry in parse(data).entries]


def faults(data: bytes) -> list[tuple[int, str]]:
    return [(fault.line, fault.kind) for fault in parse(data).faults]


PLAIN = "Nama,No. HP\nSiti Aminah,0812-345-6789\nBudi,\n"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(PLAIN.encode(), id="comma"),
        pytest.param(PLAIN.replace(",", ";").encode("utf-8-sig"), id="excel-semicolons-and-bom"),
        pytest.param(PLAIN.replace(",", "\t").encode("utf-16"), id="excel-unicode-text"),
        pytest.param(b"\xfe\xff" + PLAIN.encode("utf-16-be"), id="utf-16-be"),
        pytest.param(PLAIN.replace("\n", "\r\n").encode(), id="crlf"),
        pytest.param(PLAIN.replace("\n", "\r").encode(), id="old-mac"),
        pytest.param(b"sep=;\r\n" + PLAIN.replace(",", ";").encode(), id="excel-says-separator"),
        pytest.param(b"\n\n" + PLAIN.encode() + b",\n;\n\n", id="blank-lines"),
        pytest.param(b'"Nama","No. HP"\n"Siti Aminah","0812-345-6789"\n"Budi",""', id="quoted"),
        pytest.param(PLAIN.replace("No. HP", "Nomor WA").encode(), id="other-heading"),
    ],
)
def test_every_way_a_spreadsheet_saves(data):
    found = [one for one in people(data) if one[0] != ";"]
    assert found == [("Siti Aminah", ITUS), ("Budi", None)]


def test_windows_1252_keeps_accents():
    assert people("Nama;HP\nJosé Ñandú;\n".encode("cp1252")) == [("José Ñandú", None)]


def test_columns_it_has_no_use_for_are_named():
    read = parse(b"No,Nama,Alamat,HP\n1,Siti,Jl. Mawar,08123456789\n")
    assert read.ignored == ("No", "Alamat")
    assert read.entries == (Entry(2, "Siti", ITUS),)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "empty"),
        (b"Nama,HP\n", "empty"),
        (b"Nama,HP\n,\n;;\n", "no_phone_number"),
        (b"PK\x03\x04rest", "spreadsheet"),
        (b"\xd0\xcf\x11\xe0rest", "spreadsheet"),
        (b"Nama\x00,HP\nSiti,1", "not_text"),
        (b"Nama,HP\n\x81\x8d", "not_text"),
        (b"Alamat,HP\nJl. Mawar,0812\n", "no_name_column"),
        (b"Siti Aminah,08123456789\n", "no_name_column"),
        (b"Nama,Nama anggota\nSiti,Siti\n", "column_twice"),
        (b'Nama,HP\n"Siti,0812\n', "broken_quotes"),
        (b"Nama\n" + b"x\n" * 20_001, "too_many"),
    ],
)
def test_a_file_nobody_can_be_taken_of(data, kind):
    if kind == "no_phone_number":  # with commas ";;" is a name, and a strange one
        assert people(data) == [(";;", None)]
        return
    read = parse(data)
    assert read.unusable is not None
    assert (read.unusable.kind, read.entries) == (kind, ())


def test_each_line_is_judged_alone_and_told_by_its_number():
    data = (
        "Nama,HP\n"  # 1
        "Siti,08123456789\n"  # 2
        ",08123456780\n"  # 3
        "Budi,12345\n"  # 4
        "\n"  # 5
        "Tono,6.28123E+11\n"  # 6
        "Wati, S.E.,08123456781\n"  # 7
        "Siti A.,+62 812 345 6789\n"  # 8
        f"{'x' * 121},\n"  # 9
        '"Dua\nbaris",\n'  # 10-11
        "Akhir,\n"  # 12
    )
    assert faults(data.encode()) == [
        (3, "no_name"),
        (4, "no_phone_number"),
        (6, "rounded_phone_number"),
        (7, "extra_cells"),
        (8, "same_phone"),
        (9, "long_name"),
    ]
    read = parse(data.encode())
    assert [(e.line, e.name) for e in read.entries] == [(2, "Siti"), (10, "Dua baris"),
                                                        (12, "Akhir")]  # fmt: skip
    assert read.blank == 1
    assert [fault.other for fault in read.faults if fault.kind == "same_phone"] == [2]


def test_ten_thousand_lines_with_five_hundred_blank_ones():
    lines = ["Nama;HP"]
    for number in range(10_000):
        lines.append(f"Anggota {number};0812{number:08d}")
        if number % 20 == 0:
            lines.append(";")
    read = parse("\r\n".join(lines).encode("utf-8-sig"))
    assert len(read.entries) == 10_000
    assert read.faults == ()
    assert read.blank == 500
    assert read.entries[-1].phone == "6281200009999"


NAMES = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cf", "Co", "Cn", "Zl", "Zp")), min_size=1,
    max_size=60,
).map(tidy).filter(bool)  # fmt: skip
MOBILE = st.from_regex(r"8[1-9][0-9]{7,10}", fullmatch=True)


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_break_it(data):
    read = parse(data)
    assert read.entries or read.faults


@settings(deadline=None)
@given(
    st.lists(st.tuples(NAMES, MOBILE), min_size=1, max_size=8, unique_by=lambda one: one[1]),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_a_spreadsheet_writes_comes_back(rows, delimiter, encoding, end):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end)
    writer.writerow(["Nama", "HP"])
    writer.writerows((name, f"0{phone}") for name, phone in rows)
    assert people(out.getvalue().encode(encoding)) == [(n, f"62{p}") for n, p in rows]


@settings(deadline=None)
@given(MOBILE, st.sampled_from(["0", "", "62", "+62", "0062", "+62 0", "62-", " (0)", "'0"]))
def test_all_ways_to_write_a_number_mean_the_same(rest, prefix):
    assert phones.normalise(prefix + rest) == "62" + rest
    grouped = f"{prefix}{rest[:3]}-{rest[3:7]} {rest[7:]}"
    assert phones.normalise(grouped) == "62" + rest


@settings(deadline=None)
@given(st.text(max_size=20))
def test_a_number_is_digits_that_dial_or_nothing(text):
    found = phones.normalise(text)
    if found is not None:
        assert found.isascii()
        assert found.isdigit()
        assert 8 <= len(found) <= 15
        assert found[0] != "0"
        assert phones.normalise(f"+{found}") == found
        assert phones.normalise(phones.show(found)) == found


@pytest.mark.parametrize(
    "text", ["", "12345", "08", "0812345", "+0812345678", "0812345678901234", "abc", "08x2345678",
             "7123456789"],
)  # fmt: skip
def test_what_is_no_number(text):
    assert phones.normalise(text) is None


def test_a_foreign_number_keeps_its_country():
    assert phones.normalise("+65 9123 4567") == "6591234567"
    assert phones.show("6591234567") == "+6591234567"
    assert phones.show("6281234567890") == "0812-3456-7890"


def test_one_name_in_two_spellings():
    assert same_name("  SITI  Amínah ") == same_name("siti aminah")
    assert same_name("Siti") != same_name("Sita")


def test_invisible_signs_leave_a_name():
    assert tidy("Si\u200bti\u202e\x07  A\n") == "Siti A"


def form_body(content: bytes, boundary: str = "xYz") -> bytes:
    return (
        f"--{boundary}\r\nContent-Disposition: form-data; name=\"lain\"\r\n\r\n1\r\n"
        f"--{boundary}\r\nContent-Disposition: form-data; name=\"berkas\"; filename=\"a.csv\"\r\n"
        "Content-Type: text/csv\r\n\r\n"
    ).encode() + content + f"\r\n--{boundary}--\r\n".encode()  # fmt: skip


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_a_file_arrives_as_it_was_sent(content):
    found = field_of(form_body(content), "multipart/form-data; boundary=xYz", "berkas")
    assert found == content


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data; boundary=xYz"),
        (b"berkas=1", "application/x-www-form-urlencoded"),
        (form_body(b"a", "other"), "multipart/form-data; boundary=xYz"),
        (form_body(b"a"), "multipart/form-data"),
        (form_body(b"a").replace(b"berkas", b"berkat"), "multipart/form-data; boundary=xYz"),
    ],
)
def test_a_form_without_the_file_is_refused(body, kind):
    with pytest.raises(NoFile):
        field_of(body, kind, "berkas")
