"""Files that appear whole or not at all, and the codebook beside a data set."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from analysis.dataset.columns import text_cell
from instrument import codebook
from instrument.model import LANGUAGES, Instrument, Language, Text


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that appears under its name only when the block ends without an error."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


CODEBOOK_COLUMNS = (
    "NAME", "LABEL_ID", "LABEL_EN", "VALUES_ID", "VALUES_EN", "MISSING_ID", "MISSING_EN",
    "MEASURE", "SCALE", "KEYED", "KIND", "SOURCE", "INSTRUMENT", "VERSION", "DIGEST",
)  # fmt: skip


def write_codebook_csv(
    path: Path | str,
    instrument: Instrument,
    *,
    form: str | None = None,
    open_texts: bool = False,
    simulated: bool = False,
    merged: Mapping[str, Sequence[Sequence[int]]] | None = None,
) -> int:
    """Write the codebook of a data set, one row a column of it, in both languages.

    The arguments are those of `write_csv`, so names and order are the data set's. Labels
    of values stand as ``[1] Sangat tidak setuju; [2] ...``. ``merged`` are the coarsened
    questions of a shared file (`Sharing.merged`): the labels of a group stand together.
    Returns the number of variables. UTF-8, comma, LF; appears whole or not at all.
    """
    rows = codebook.rows(instrument, form=form, open_texts=open_texts, simulated=simulated)
    groups = merged or {}
    lines: list[tuple[str, ...]] = [CODEBOOK_COLUMNS]
    lines += [
        (
            row.name,
            *(row.label.in_(language) for language in LANGUAGES),
            *(_pairs(row.values, language, groups.get(row.name, ())) for language in LANGUAGES),
            *(_pairs(row.missing, language) for language in LANGUAGES),
            row.measure,
            row.scale or "",
            # a lone "+" or "-" would be marked as a formula: say it in words
            {"+": "positive", "-": "reverse"}.get(row.keyed or "", ""),
            row.kind,
            row.source,
            instrument.key,
            instrument.version,
            instrument.digest,
        )
        for row in rows
    ]
    with whole_file(Path(path)) as file:
        for line in lines:
            file.write((",".join(map(text_cell, line)) + "\n").encode())
    return len(rows)


def _pairs(
    labels: Sequence[tuple[int, Text]],
    language: Language,
    groups: Sequence[Sequence[int]] = (),
) -> str:
    """Return value labels as one cell; in brackets, since a cell starting with - is a formula."""
    together: dict[int, list[str]] = {}
    for value, label in labels:
        group = next((group for group in groups if value in group), (value,))
        together.setdefault(min(group), []).append(label.in_(language))
    return "; ".join(f"[{value}] {' | '.join(names)}" for value, names in together.items())
