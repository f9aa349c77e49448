"""Reading a data file: our scored export, or raw answers from anywhere else."""

from __future__ import annotations

import csv
import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np

from analysis.dataset.columns import CODES, Columns, columns, restore
from analysis.dataset.scoring import EXCLUDED, POINTS, Bytes, Floats
from analysis.dataset.table import Dataset
from analysis.errors import (
    SHOWN,
    AnotherVersion,
    BadCell,
    BadEncoding,
    DuplicateName,
    EmptyFile,
    MissingColumn,
    NotANumber,
    OutOfRange,
    RaggedRow,
    ScoresDisagree,
)
from instrument.answers import Missing
from instrument.model import Instrument
from instrument.names import META_COLUMNS, POMP_SUFFIX, REVERSED_SUFFIX

EMPTY = frozenset({"", "NA", "N/A", "#N/A", "NaN", "nan", "NULL", "#NULL!", "."})
"""Cells that mean "no answer" in files of other programs."""
TOLERANCE = 1e-9
"""How far a score in the file may lie from what we compute, absolutely or relatively.

Relatively too, because a spreadsheet writes ten digits: 66.66666667.
"""
_ROWS_AT_ONCE = 2048
_TEXT, _RANGE = 254, 255
"""Bytes that mark a cell as no number, or as out of range, until it is reported."""


@dataclass
class _Faults:
    """Bad cells, all counted, the first ones kept."""

    source: str
    decimal_comma: bool = False
    text: list[BadCell] = field(default_factory=list)
    text_total: int = 0
    range: list[BadCell] = field(default_factory=list)
    range_total: int = 0

    def add(self, kind: int, cell: BadCell) -> None:
        if kind == _TEXT:
            self.text_total += 1
            self.decimal_comma |= bool(re.fullmatch(r"-?\d+,\d+", cell.value.strip()))
            if len(self.text) < SHOWN:
                self.text.append(cell)
        else:
            self.range_total += 1
            if len(self.range) < SHOWN:
                self.range.append(cell)

    def complain(self) -> None:
        if self.text_total:
            hint = (
                "The file has decimal commas between commas: save it again with decimal points, "
                "or as a semicolon-separated file."
                if self.decimal_comma
                else ""
            )
            raise NotANumber(self.source, self.text, self.text_total, hint)
        if self.range_total:
            raise OutOfRange(self.source, self.range, self.range_total)


def read_csv(path: Path | str, instrument: Instrument, *, form: str | None = None) -> Dataset:
    """Read a data file, checking every cell against the definition.

    Two kinds of files are read alike: our scored export (missing answers -1 to -5), and
    raw answers where an empty cell or NA means skipped. Comma, semicolon and tab are
    told apart by the header; a UTF-8 byte-order mark is fine. Columns that are no items
    and no SEC times go to ``meta`` as text. Without ``form`` the file is a pulse if
    nothing outside the pulse form was ever seen, else the full form.

    Raises, all subclasses of `DataError`: `EmptyFile`, `BadEncoding`, `DuplicateName`
    (columns, or two rows of one PID and WAVE), `MissingColumn` (all that are missing),
    `RaggedRow`, `NotANumber`, `OutOfRange` (line, column and value of the first ten, all
    counted), `AnotherVersion`, `ScoresDisagree` where a derived column of the file is not
    what the definition gives. OSError if the file cannot be opened.
    """
    file = Path(path)
    source = file.name
    digest = _digest(file, source)
    header, delimiter = _header(file, source, instrument)
    shape = _Shape(header, delimiter, instrument, source, form)
    faults = _Faults(source)
    items: list[Bytes] = []
    numbers: dict[str, list[Floats]] = {name: [] for name in shape.numbers}
    meta: dict[str, list[str]] = {name: [] for name in shape.meta}
    words: dict[str, str] = {}
    lines: list[int] = []
    with file.open(encoding="utf-8-sig", newline="") as text:
        reader = csv.reader(text, delimiter=delimiter)
        next(reader)
        for chunk in _chunks(reader, len(header), source):
            at = [line for line, _ in chunk]
            cells = list(zip(*(row for _, row in chunk), strict=True))
            items.append(shape.items_of(cells, at, faults))
            for name, place in shape.numbers.items():
                numbers[name].append(shape.numbers_of(name, cells[place], at, faults))
            for name, place in shape.meta.items():
                column = map(restore, cells[place])
                meta[name] += [words.setdefault(word, word) for word in column]
            lines += at
    if not lines:
        raise EmptyFile(source)
    faults.complain()
    raw = np.concatenate(items)
    found = {name: np.concatenate(parts) for name, parts in numbers.items()}
    _same_version(meta, instrument, source)
    _one_row_a_person(meta, source)
    chosen = form or _form_of(raw, instrument)
    sections = len(instrument.form(chosen).sections)
    seconds = np.full((len(raw), sections), np.nan)
    for number in range(sections):
        if f"SEC{number + 1}" in found:
            seconds[:, number] = found[f"SEC{number + 1}"]
    data = Dataset(instrument, chosen, raw, seconds, meta, digest)
    _agree(data, found, lines, source)
    return data


def _digest(file: Path, source: str) -> str:
    """Return the file's SHA-256; raise `BadEncoding` with the line if it is not UTF-8."""
    digest = hashlib.sha256()
    line = 1
    with file.open("rb") as raw:
        start = raw.read(4)
        if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise BadEncoding(source, 1, 'UTF-16, as Excel\'s "Unicode text" writes it')
        if start[:4] == b"PK\x03\x04":
            raise BadEncoding(source, 1, "an Excel workbook or another zip archive")
        raw.seek(0)
        for content in raw:
            digest.update(content)
            try:
                content.decode()
            except UnicodeDecodeError as error:
                raise BadEncoding(source, line) from error
            if b"\0" in content:
                raise BadEncoding(source, line, "a binary file (it holds NUL bytes)")
            line += 1
    return digest.hexdigest()


def _header(file: Path, source: str, instrument: Instrument) -> tuple[list[str], str]:
    """Return the column names and the delimiter under which most items are found."""
    known = set(instrument.item_codes)
    best: tuple[int, list[str], str] | None = None
    for delimiter in (",", ";", "\t"):
        with file.open(encoding="utf-8-sig", newline="") as text:
            names = [
                restore(name.strip()) for name in next(csv.reader(text, delimiter=delimiter), [])
            ]
        hits = len(known.intersection(names))
        if best is None or hits > best[0]:
            best = (hits, names, delimiter)
    if best is None or not any(best[1]):
        raise EmptyFile(source)
    _, names, delimiter = best
    twice = [name for name, count in Counter(filter(None, names)).items() if count > 1]
    if twice:
        raise DuplicateName(source, twice)
    return names, delimiter


def _chunks(
    reader: Iterator[list[str]], width: int, source: str
) -> Iterator[list[tuple[int, list[str]]]]:
    """Yield rows with their line numbers, some thousand at a time; blank lines are no rows."""
    numbered = ((reader.line_num, row) for row in reader)  # type: ignore[attr-defined]
    rows = ((line, row) for line, row in numbered if any(row))
    while chunk := list(islice(rows, _ROWS_AT_ONCE)):
        for line, row in chunk:
            if len(row) != width:
                raise RaggedRow(source, line, len(row), width)
        yield chunk


class _Shape:
    """Which column of a file holds what, and how its cells are read."""

    def __init__(
        self, header: Sequence[str], delimiter: str, instrument: Instrument, source: str,
        form: str | None,
    ) -> None:  # fmt: skip
        self.comma = delimiter == ";"  # with semicolons, a comma in a number is a decimal comma
        self.codes = instrument.item_codes
        place = {name: number for number, name in enumerate(header) if name}
        self.places = [place.get(code) for code in self.codes]
        _need(instrument, place, source, form)
        sizes = {one.code: columns(instrument, one.code) for one in instrument.forms}
        derived = {name for one in sizes.values() for name in _derived(one)}
        self.times = {name for one in sizes.values() for name in one.seconds}
        self.numbers = {
            name: number for name, number in place.items() if name in derived | self.times
        }
        taken = set(self.codes) | set(self.numbers)
        self.meta = {name: number for name, number in place.items() if name not in taken}
        scale = instrument.response_scale
        self.answers = _AnswerTable(scale.low, scale.high, self.comma)
        self.known = _NumberTable(self.comma)

    def items_of(
        self, cells: Sequence[Sequence[str]], lines: Sequence[int], faults: _Faults
    ) -> Bytes:
        """Turn a chunk's item columns into stored bytes; report the bad cells."""
        block = np.zeros((len(lines), len(self.codes)), np.uint8)
        look = self.answers.__getitem__
        for column, place in enumerate(self.places):
            if place is None:
                continue
            read = bytes(map(look, cells[place]))
            block[:, column] = np.frombuffer(read, np.uint8)
            for kind in (_TEXT, _RANGE):
                if kind in read:
                    for row in np.flatnonzero(block[:, column] == kind).tolist():
                        name, value = self.codes[column], cells[place][row]
                        faults.add(kind, BadCell(lines[row], name, value))
        return block

    def numbers_of(
        self, name: str, cells: Sequence[str], lines: Sequence[int], faults: _Faults
    ) -> Floats:
        """Turn a column of scores or times into numbers; an empty cell is NaN."""
        read = np.fromiter(map(self.known.__getitem__, cells), np.float64, len(cells))
        for row in np.flatnonzero(np.isinf(read)).tolist():
            faults.add(_TEXT, BadCell(lines[row], name, cells[row]))
        if name in self.times:
            for row in np.flatnonzero(read < 0).tolist():
                faults.add(_RANGE, BadCell(lines[row], name, cells[row]))
        return read


def _need(instrument: Instrument, place: dict[str, int], source: str, form: str | None) -> None:
    """Raise `MissingColumn` unless all items of the form (or of any form) are there."""
    candidates: list[list[str]] = []
    for one in instrument.forms:
        # a shorter form fits only a file that holds nothing else of the version
        elsewhere = [code for code in instrument.item_codes if code not in one.items]
        chosen = one.code == form if form else True
        whole = one is instrument.forms[0] or one.code == form
        if chosen and (whole or not any(code in place for code in elsewhere)):
            candidates.append([code for code in one.items if code not in place])
    lacking = min(candidates, key=len)
    if not lacking:
        return
    lower = {name.lower(): name for name in place}
    similar = [lower[code.lower()] for code in lacking if code.lower() in lower]
    hint = f"Names count capitals: the file has {', '.join(similar[:SHOWN])}." if similar else ""
    raise MissingColumn(source, lacking, hint)


def number(cell: str, comma: bool = False) -> float | None:
    """Return a cell as a number, NaN if empty, None if it is no number.

    ``comma``: the file separates by semicolons, so "3,6" is three and six tenths.
    """
    text = cell.strip()
    if text in EMPTY:
        return math.nan
    try:
        value = float(text.replace(",", ".") if comma else text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None


class _NumberTable(dict[str, float]):
    """Number of a cell's text; infinity marks what is no number (`number` gives none)."""

    def __init__(self, comma: bool) -> None:
        super().__init__()
        self.comma = comma

    def __missing__(self, cell: str) -> float:
        read = number(cell, self.comma)
        value = math.inf if read is None else read
        if len(self) < 8192:  # scores repeat; times may all differ and must not pile up
            self[cell] = value
        return value


class _AnswerTable(dict[str, int]):
    """Byte of a cell's text; `_TEXT` and `_RANGE` mark what is no answer."""

    def __init__(self, low: int, high: int, comma: bool) -> None:
        super().__init__()
        self.low, self.high, self.comma = low, high, comma
        self.missing = {code: int(state) for state, code in CODES.items()}

    def __missing__(self, cell: str) -> int:
        value = number(cell, self.comma)
        if value is None:
            byte = _TEXT
        elif math.isnan(value):
            byte = int(Missing.SKIPPED)
        elif not value.is_integer():
            byte = _RANGE
        elif self.low <= value <= self.high:
            byte = int(value)
        else:
            byte = self.missing.get(int(value), _RANGE)
        self[cell] = byte
        return byte


def _form_of(raw: Bytes, instrument: Instrument) -> str:
    """Return "pulse" if nothing outside the pulse form was ever seen, else "full"."""
    first = instrument.forms[0].code
    for form in instrument.forms[1:]:
        outside = [
            column for column, code in enumerate(instrument.item_codes) if code not in form.items
        ]
        if not raw[:, outside].any() and raw.any():
            return form.code
    return first


def _same_version(meta: dict[str, list[str]], instrument: Instrument, source: str) -> None:
    """Refuse our own export of another version."""
    if all(name in meta for name in META_COLUMNS):
        others = sorted(set(meta["VERSION"]) - {instrument.version})
        if others:
            raise AnotherVersion(source, others, instrument.version)


def _one_row_a_person(meta: dict[str, list[str]], source: str) -> None:
    """Refuse two rows of one person at one wave."""
    if "PID" not in meta:
        return
    waves = meta.get("WAVE", [""] * len(meta["PID"]))
    counts = Counter(zip(meta["PID"], waves, strict=True))
    twice = [f"{pid} {wave}".strip() for (pid, wave), count in counts.items() if count > 1 and pid]
    if twice:
        raise DuplicateName(source, twice[:SHOWN])


def _derived(layout: Columns) -> tuple[str, ...]:
    """Return the columns of an export that we compute ourselves."""
    return (*layout.reversed, *layout.scores, *layout.flags)


def _agree(data: Dataset, found: dict[str, Floats], lines: Sequence[int], source: str) -> None:
    """Raise `ScoresDisagree` where a derived column is not what the definition gives."""
    layout = columns(data.instrument, data.form)
    scores = data.score()
    expected: dict[str, Floats] = {}
    for number, code in enumerate(scores.scale_codes):
        expected[code] = scores.means[:, number]
        expected[code + POMP_SUFFIX] = scores.pomp[:, number]
    expected |= {name: points.astype(np.float64) for name, points in scores.flags.items()}
    expected[EXCLUDED] = scores.excluded.astype(np.float64)
    if not any(name in found for name in layout.seconds):
        # without the times, the flag and what it adds to cannot be checked
        for name in ("FLAG_TIME", POINTS, EXCLUDED):
            expected.pop(name)
    scale = data.instrument.response_scale
    for name in layout.reversed:
        raw = data.raw[:, data.item_codes.index(name.removesuffix(REVERSED_SUFFIX))]
        answered = (raw >= scale.low) & (raw <= scale.high)
        expected[name] = np.where(answered, scale.low + scale.high - raw.astype(float), np.nan)
    bad: list[BadCell] = []
    total = 0
    for name in _derived(layout):
        if name not in found or name not in expected:
            continue
        ours, theirs = expected[name], found[name]
        if name in layout.reversed:
            theirs = np.where(theirs < 0, np.nan, theirs)  # -1..-5 are missing states
        wrong = ~(
            np.isclose(ours, theirs, rtol=TOLERANCE, atol=TOLERANCE)
            | (np.isnan(ours) & np.isnan(theirs))
        )
        total += int(wrong.sum())
        bad += [
            BadCell(lines[row], name, f"{theirs[row]:.12g}", f"{ours[row]:.12g}")
            for row in np.flatnonzero(wrong)[: SHOWN - len(bad)].tolist()
        ]
    if total:
        raise ScoresDisagree(source, bad, total)
