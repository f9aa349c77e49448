"""The streamed writer of a scored data set.

A batch becomes a matrix of bytes: every cell is looked up in a table of ready-made texts
padded with NUL, the blocks are laid side by side, and the NULs are deleted in one pass.
So a cell costs a copy of a few bytes instead of a Python call.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import cast

import numpy as np

from analysis.dataset import scoring
from analysis.dataset.columns import CODES, Columns, columns, text_cell
from analysis.dataset.files import whole_file
from analysis.dataset.scoring import ROWS_AT_ONCE, Bytes, Floats, Ints, Plan, Scored
from analysis.dataset.sharing import FULL, Answer, Sharing, merge
from analysis.errors import AnalysisError
from instrument.answers import Missing
from instrument.model import Instrument
from instrument.scoring import pomp_of_total


class IncompleteExport(AnalysisError):
    """Fewer or more rows arrived than were announced; no file is offered."""


@dataclass(frozen=True)
class Batch:
    """Some rows of a data set, as they are stored. All sequences have one entry a row.

    The order of rows must not tell the order of answering: give them sorted by a random
    reference.
    """

    items: Bytes
    """uint8 (m, items of the version) as stored."""
    pid: Sequence[str]
    """Pseudonym of the person in this project."""
    wave: Sequence[str]
    version: Sequence[str]
    language: Sequence[str]
    layout: Sequence[str]
    submitted_on: Sequence[date]
    status: Sequence[str]
    """complete or partial."""
    seconds: Floats | None = None
    """(m, sections) visible seconds, NaN = not measured; None = no time at all."""
    answers: Mapping[str, Sequence[Answer | None]] = field(default_factory=dict)
    """A column for each behaviour, background and (where asked for) open question; None = no
    answer. A question without a column was answered by nobody."""
    missing: Sequence[Mapping[str, Missing]] = field(default=())
    """Why questions have no answer; empty = none of them was seen."""

    def part(self, rows: slice) -> Batch:
        """Return some of the rows."""
        return Batch(
            items=self.items[rows],
            pid=self.pid[rows],
            wave=self.wave[rows],
            version=self.version[rows],
            language=self.language[rows],
            layout=self.layout[rows],
            submitted_on=self.submitted_on[rows],
            status=self.status[rows],
            seconds=None if self.seconds is None else self.seconds[rows],
            answers={code: column[rows] for code, column in self.answers.items()},
            missing=self.missing[rows],
        )

    def told(self, code: str) -> Sequence[Answer | None]:
        """Return a question's answers, one a row; ValueError if there are more or fewer."""
        rows = len(self.items)
        column = self.answers.get(code, (None,) * rows)
        if len(column) != rows or len(self.missing) not in (0, rows):
            raise ValueError(f"answers to {code} and missing must have {rows} entries, one a row")
        return column

    def why(self, row: int, code: str) -> Missing:
        """Return why a question has no answer."""
        return self.missing[row].get(code, Missing.NOT_SEEN) if self.missing else Missing.NOT_SEEN


def by_question(
    rows: Sequence[Mapping[str, Answer]], codes: Iterable[str]
) -> dict[str, list[Answer | None]]:
    """Return people's answers as a batch holds them: a column for each question."""
    return {code: [answers.get(code) for answers in rows] for code in codes}


@dataclass(frozen=True)
class Written:
    """What was written: the facts of a manifest."""

    rows: int
    statuses: Mapping[str, int]
    """Rows by status."""
    excluded: int
    """Rows flagged as careless (they stay in the file)."""
    columns: tuple[str, ...]
    size: int
    """Bytes."""
    sha256: str


def write_csv(
    path: Path | str,
    batches: Iterable[Batch],
    instrument: Instrument,
    *,
    form: str = "full",
    open_texts: bool = False,
    simulated: bool = False,
    sharing: Sharing = FULL,
    expected_rows: int | None = None,
) -> Written:
    """Write a scored data set, batch by batch, in constant memory.

    UTF-8 without a byte-order mark, comma, LF. Missing items and questions are -1 (not
    seen) to -5 (not applicable), missing scores and times are empty; scores have every
    digit of a float64. The file appears only when it is whole and on the disk (temporary
    file, fsync, rename); on any error nothing is left behind.

    Parameters: ``form`` decides scoring and the number of SEC columns; ``open_texts`` adds
    the open answers; ``simulated`` adds a last column SIMULATED = 1; ``sharing`` merges bands
    and leaves questions out; ``expected_rows`` is what the caller counted beforehand. Raises
    `IncompleteExport` if another number came, ValueError for bytes that are no answers.
    """
    layout = columns(instrument, form, open_texts=open_texts, simulated=simulated, sharing=sharing)
    encoder = _Encoder(instrument, form, layout, sharing)
    digest = hashlib.sha256()
    statuses: Counter[str] = Counter()
    rows = excluded = size = 0
    with whole_file(Path(path)) as file:
        header = (",".join(text_cell(name) for name in layout.names) + "\n").encode()
        for block in _chain(header, batches, encoder):
            file.write(block.text)
            digest.update(block.text)
            size += len(block.text)
            rows += block.rows
            excluded += block.excluded
            statuses.update(block.statuses)
        if expected_rows is not None and rows != expected_rows:
            raise IncompleteExport(
                f"{expected_rows} rows were announced and {rows} came, so no file was made. "
                "Answers may have changed meanwhile: count again and repeat the export."
            )
    return Written(rows, dict(sorted(statuses.items())), excluded, layout.names, size,
                   digest.hexdigest())  # fmt: skip


_TENTHS = 18_000
"""Times below half an hour have their cell ready."""


@dataclass(frozen=True)
class _Block:
    text: bytes
    rows: int = 0
    excluded: int = 0
    statuses: Mapping[str, int] = field(default_factory=dict)


def _chain(header: bytes, batches: Iterable[Batch], encoder: _Encoder) -> Iterator[_Block]:
    yield _Block(header)
    for batch in batches:
        for part in _parts(batch):
            yield encoder.encode(part)


def _parts(batch: Batch) -> Iterator[Batch]:
    """Cut a batch so that memory does not grow with what the caller hands over."""
    if len(batch.items) <= ROWS_AT_ONCE:
        yield from (batch,) if len(batch.items) else ()
        return
    for start in range(0, len(batch.items), ROWS_AT_ONCE):
        yield batch.part(slice(start, start + ROWS_AT_ONCE))


def _table(cells: Sequence[str]) -> Bytes:
    """Return cells after a comma as a byte table (cells, width), padded with NUL."""
    encoded = [f",{cell}".encode("ascii") for cell in cells]
    width = max(map(len, encoded))
    return np.array(encoded, f"S{width}").view(np.uint8).reshape(len(encoded), width)


class _Encoder:
    """Ready-made cells of one instrument and form."""

    def __init__(
        self, instrument: Instrument, form: str, layout: Columns, sharing: Sharing
    ) -> None:
        self.sharing = sharing
        self.rules: Plan = scoring.plan(instrument, form)
        self.layout = layout
        self.gaps = {state: str(code).encode() for state, code in CODES.items()}
        low, high = self.rules.low, self.rules.high
        known = {value: str(value) for value in range(low, high + 1)}
        mirrored = {value: str(low + high - value) for value in range(low, high + 1)}
        missing = {int(state): str(code) for state, code in CODES.items()}
        self.unknown = np.array(
            [byte not in known and byte not in missing for byte in range(256)], np.bool_
        )
        # an answer wins over a missing state of the same byte (scales that start at 0)
        self.item = _table([(missing | known).get(byte, "") for byte in range(256)])
        self.mirror = _table([(missing | mirrored).get(byte, "") for byte in range(256)])
        self.small = _table([str(number) for number in range(256)])
        self.scores = [self._score_table(len(scale.columns)) for scale in self.rules.scales]
        self.tenths = _table([repr(tenth / 10) for tenth in range(_TENTHS)])
        self.texts: dict[str, bytes] = {}
        self.answers: dict[Answer, str] = {}

    def _score_table(self, items: int) -> tuple[Bytes, Bytes]:
        """Return mean and POMP of every (answered, total), row 0 being "no score"."""
        low, high = self.rules.low, self.rules.high
        means, percents = [""], [""]
        for answered in range(1, items + 1):
            for total in range(items * high + 1):
                means.append(repr(total / answered))
                percents.append(repr(pomp_of_total(total, answered, low, high)))
        return _table(means), _table(percents)

    def encode(self, batch: Batch) -> _Block:
        """Turn a batch into text."""
        items = batch.items
        if items.dtype != np.uint8 or items.ndim != 2 or items.shape[1] != len(self.rules.items):
            raise ValueError(
                f"items must be uint8 (m, {len(self.rules.items)}), not {items.dtype} {items.shape}"
            )
        if self.unknown[items].any():
            row, column = (int(found[0]) for found in np.nonzero(self.unknown[items]))
            raise ValueError(
                f"row {row + 1} of a batch holds the byte {items[row, column]} for "
                f"{self.rules.items[column]}, which is neither an answer nor a missing state"
            )
        m = len(items)
        sections = len(self.rules.sections)
        seconds = np.full((m, sections), np.nan) if batch.seconds is None else batch.seconds
        scored = scoring.score(items, self.rules, seconds)
        blocks = [
            self._texts(batch.pid, m)[:, 1:],  # the first cell has no comma before it
            *(self._texts(cells, m) for cells in self._meta(batch)),
            self.item[items].reshape(m, -1),
            self.mirror[items[:, self.rules.reverse]].reshape(m, -1),
            *self._scores(scored),
            *(self.small[count] for count in scored.flags.values()),
            self.small[scored.excluded.astype(np.int64)],
            *(self._times(column) for column in seconds.T),
            *self._questions(batch, m),
        ]
        if self.layout.simulated:
            blocks.append(self.small[np.ones(m, np.int64)])
        blocks.append(np.full((m, 1), ord("\n"), np.uint8))
        text = np.concatenate(blocks, axis=1).tobytes().translate(None, b"\0")
        return _Block(text, m, int(scored.excluded.sum()), Counter(batch.status))

    def _meta(self, batch: Batch) -> Iterator[Sequence[str]]:
        yield from (batch.wave, batch.version, batch.language, batch.layout)
        days = {day: day.isoformat() for day in set(batch.submitted_on)}
        yield [days[day] for day in batch.submitted_on]
        yield batch.status

    def _texts(self, cells: Sequence[str], m: int) -> Bytes:
        """Return a column of text cells (m, width)."""
        if len(cells) != m:
            raise ValueError(f"a column of the batch has {len(cells)} entries for {m} rows")
        if len(set(cells)) == 1:  # one wave, one version, one layout: written once
            one = np.frombuffer(self._text(cells[0]), np.uint8)
            return np.broadcast_to(one, (m, len(one)))
        joined = "".join(cells)
        if joined.isascii() and joined.isalnum() and len(set(map(len, cells))) == 1:
            block = np.full((m, 1 + len(cells[0])), ord(","), np.uint8)  # pseudonyms
            block[:, 1:] = np.frombuffer(joined.encode(), np.uint8).reshape(m, -1)
            return block
        return np.array([self._text(cell) for cell in cells]).view(np.uint8).reshape(m, -1)

    def _text(self, cell: str) -> bytes:
        found = self.texts.get(cell)
        if found is None:
            found = f",{text_cell(cell)}".encode()
            if len(self.texts) < 4096:  # repeated values only: pseudonyms must not pile up
                self.texts[cell] = found
        return found

    def _scores(self, scored: Scored) -> Iterator[Bytes]:
        for number, scale in enumerate(self.rules.scales):
            means, percents = self.scores[number]
            totals: Ints = scored.totals[:, number]
            span = len(scale.columns) * self.rules.high + 1
            place = np.where(
                scored.scored[:, number], 1 + (scored.answered[:, number] - 1) * span + totals, 0
            )
            yield means[place]
            if not scale.index:
                yield percents[place]

    def _times(self, column: Floats) -> Bytes:
        """Return a column of seconds. Tenths, as pages send them, are looked up."""
        tenths = np.rint(np.nan_to_num(column * 10, nan=-1.0))
        if ((tenths / 10 == column) & (tenths >= 0) & (tenths < len(self.tenths))).all():
            return self.tenths[tenths.astype(np.int64)]
        values, places = np.unique(column, return_inverse=True)
        cells = ["" if math.isnan(value) else repr(value) for value in values.tolist()]
        return _table(cells)[places]

    def _questions(self, batch: Batch, m: int) -> Iterator[Bytes]:
        """Return a column for each question: the answer or its missing code."""
        for code in map(self.sharing.code, self.layout.questions):
            groups = self.sharing.merged.get(code, ())
            column = batch.told(code)
            found = cast("Sequence[Answer | bytes]", column)
            if None in column:
                found = [
                    # bytes, so that no text and no number looks like it
                    self.gaps[batch.why(row, code)] if one is None else one
                    for row, one in enumerate(column)
                ]
            distinct = list(dict.fromkeys(found))
            places = dict(zip(distinct, range(len(distinct)), strict=True))
            table = np.array([self._question(one, groups) for one in distinct])
            width = table.dtype.itemsize
            index = np.fromiter(map(places.__getitem__, found), np.intp, m)
            yield table.view(np.uint8).reshape(-1, width)[index]

    def _question(self, found: Answer | bytes, groups: Sequence[Sequence[int]]) -> bytes:
        if isinstance(found, bytes):
            return b"," + found
        shown = merge(found, groups)
        return f",{text_cell(shown) if isinstance(shown, str) else shown}".encode()
