"""A roster as a spreadsheet saves it: bytes in, people and faults out. Knows no store.

Whatever is wrong is a `Fault` with its line, so that all of it is told at once; nothing is
guessed and nothing is dropped in silence. Files come from Excel in an Indonesian setting
(semicolons, a byte order mark, or an old code page), from Google Sheets, from a phone.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from app.members import phones

MOST_PEOPLE = 20_000
LONGEST_NAME = 120
DELIMITERS = (";", ",", "\t")

FaultKind = Literal[
    # of the file; nobody of it can be taken
    "empty", "spreadsheet", "not_text", "no_name_column", "column_twice", "broken_quotes",
    "too_many",
    # of one line; the others can be taken
    "no_name", "long_name", "no_phone_number", "rounded_phone_number", "extra_cells",
    "same_phone",
]  # fmt: skip
OF_THE_FILE: frozenset[FaultKind] = frozenset(
    {"empty", "spreadsheet", "not_text", "no_name_column", "column_twice", "broken_quotes",
     "too_many"}
)  # fmt: skip

_COLUMNS = {
    "name": (
        "nama", "namalengkap", "namaanggota", "anggota", "name", "fullname", "member",
        "membername", "displayname",
    ),
    "phone": (
        "telepon", "telpon", "telp", "notelepon", "notelp", "nomortelepon", "hp", "nohp",
        "nomorhp", "handphone", "nohandphone", "wa", "nowa", "nomorwa", "whatsapp",
        "nowhatsapp", "nomorwhatsapp", "phone", "phonenumber", "mobile", "mobilenumber",
    ),
}  # fmt: skip
_MEANING = {alias: column for column, aliases in _COLUMNS.items() for alias in aliases}
_ROUNDED = re.compile(r"\d+[.,]\d+e\+?\d+", re.IGNORECASE)
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""xlsx and ods are archives, xls is an older container."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody the file names."""

    line: int
    """As a spreadsheet numbers it: the heading is 1."""
    name: str
    phone: str | None


@dataclass(frozen=True, slots=True)
class Fault:
    """What could not be taken. ``value``: the words that are wrong, for the page."""

    line: int
    kind: FaultKind
    value: str = ""
    other: int | None = None
    """The earlier line with the same phone."""


@dataclass(frozen=True, slots=True)
class RosterFile:
    """What a file holds."""

    entries: tuple[Entry, ...]
    faults: tuple[Fault, ...]
    ignored: tuple[str, ...] = ()
    """Headings of columns that a roster has no use for."""
    blank: int = 0
    """Lines without any word."""

    @property
    def unusable(self) -> Fault | None:
        """The fault because of which nobody of the file can be taken."""
        return next((fault for fault in self.faults if fault.kind in OF_THE_FILE), None)


def parse(data: bytes) -> RosterFile:
    """Read a CSV file with one heading line; a name column is all it needs."""
    if data.startswith(_SPREADSHEETS):
        return _refused("spreadsheet")
    text = decode(data)
    if text is None or "\x00" in text:
        return _refused("not_text")
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    text, told = _separator_told(text)
    heading = next((line for line in text.split("\n") if line.strip(" ;,\t")), None)
    if heading is None:
        return _refused("empty")
    delimiter = told or _delimiter(heading)
    try:
        lines = list(_lines(text, delimiter, first=2 if told else 1))
    except csv.Error:
        return _refused("broken_quotes")
    return _read(lines)


def decode(data: bytes) -> str | None:
    """Bytes to text as spreadsheets write it; None where it is no text.

    UTF-8 with or without a mark, UTF-16 with a mark (Excel's "Unicode text"), else
    Windows-1252, which old Excel takes for CSV.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decoded(data, "utf-16")
    text = _decoded(data, "utf-8-sig")
    return _decoded(data, "cp1252") if text is None else text


def same_name(name: str) -> str:
    """What two spellings of one name have in common: no case, no accents, one blank."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())


def tidy(name: str) -> str:
    """A name without control signs, invisible signs and doubled blanks."""
    shown = (
        " " if c.isspace() else c
        for c in unicodedata.normalize("NFC", name)
        if c.isspace() or unicodedata.category(c) not in ("Cc", "Cf", "Co", "Cs", "Cn")
    )
    return " ".join("".join(shown).split())


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _refused(kind: FaultKind, value: str = "", line: int = 1) -> RosterFile:
    return RosterFile((), (Fault(line, kind, value),))


def _separator_told(text: str) -> tuple[str, str]:
    """Excel's own first line ``sep=;``: the rest, and the separator it names."""
    told = re.match(r'"?sep=(.)"?[ \t]*\n', text, re.IGNORECASE)
    return (text[told.end() :], told[1]) if told else (text, "")


def _delimiter(heading: str) -> str:
    """The sign with which the heading shows most columns we know, else most columns."""

    def shown(sign: str) -> tuple[int, int]:
        cells = next(csv.reader([heading], delimiter=sign), [])
        return sum(_key(cell) in _MEANING for cell in cells), len(cells)

    return max(DELIMITERS, key=shown)


def _lines(text: str, delimiter: str, *, first: int) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline="\n"), delimiter=delimiter, strict=True)
    begins = first
    for row in reader:
        yield begins, [cell.strip() for cell in row]
        begins = first + reader.line_num


def _key(heading: str) -> str:
    return "".join(c for c in same_name(heading) if c.isalnum())


def _read(lines: Sequence[tuple[int, list[str]]]) -> RosterFile:
    place = next((index for index, (_, cells) in enumerate(lines) if any(cells)), None)
    if place is None:
        return _refused("empty")
    heading_line, heading = lines[place]
    meanings = [_MEANING.get(_key(cell)) for cell in heading]
    if "name" not in meanings:
        return _refused("no_name_column", ", ".join(filter(None, heading)), heading_line)
    for column in _COLUMNS:
        if meanings.count(column) > 1:
            twice = [cell for cell, meaning in zip(heading, meanings, strict=True)
                     if meaning == column]  # fmt: skip
            return _refused("column_twice", ", ".join(twice), heading_line)
    rows = [(number, cells) for number, cells in lines[place + 1 :] if any(cells)]
    if not rows:
        return _refused("empty", line=heading_line)
    if len(rows) > MOST_PEOPLE:
        return _refused("too_many", str(len(rows)), heading_line)
    entries: list[Entry] = []
    faults: list[Fault] = []
    by_phone: dict[str, int] = {}
    for number, cells in rows:
        found = _entry(number, cells, meanings)
        if isinstance(found, Entry) and found.phone in by_phone:
            found = Fault(number, "same_phone", found.name, by_phone[found.phone])
        if isinstance(found, Fault):
            faults.append(found)
            continue
        entries.append(found)
        if found.phone is not None:
            by_phone[found.phone] = number
    return RosterFile(
        tuple(entries),
        tuple(faults),
        tuple(cell for cell, meaning in zip(heading, meanings, strict=True)
              if cell and meaning is None),
        len(lines) - place - 1 - len(rows),
    )  # fmt: skip


def _entry(line: int, cells: Sequence[str], meanings: Sequence[str | None]) -> Entry | Fault:
    if any(cells[len(meanings) :]):  # a separator inside a name moved everything along
        return Fault(line, "extra_cells", " ".join(filter(None, cells)))
    given = {m: cell for m, cell in zip(meanings, cells, strict=False) if m is not None}
    name = tidy(given.get("name", ""))
    typed = given.get("phone", "")
    if not name:
        return Fault(line, "no_name", " ".join(filter(None, cells)))
    if len(name) > LONGEST_NAME:
        return Fault(line, "long_name", name[:40] + "…")
    phone = phones.normalise(typed) if typed else None
    if typed and phone is None:
        rounded = _ROUNDED.fullmatch(typed) is not None
        return Fault(line, "rounded_phone_number" if rounded else "no_phone_number", typed[:40])
    return Entry(line, name, phone)
