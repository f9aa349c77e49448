"""Files that appear whole or not at all, and the codebook beside a data set."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from analysis.dataset.columns import text_cell
from instrument.codebook import Variable
from instrument.model import LANGUAGES, Instrument, Language, Text


@contextmanager
def whole_path(path: Path) -> Iterator[Path]:
    """Give a temporary path; what stands there gets its name when the block ends without error.

    For libraries that open files themselves. Flushed to the disk, then renamed; on any error
    nothing is left behind.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _flush(temporary)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _flush(path.parent)


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that appears under its name only when the block ends without an error."""
    with whole_path(path) as temporary, temporary.open("wb") as file:
        yield file


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


CODEBOOK_COLUMNS = (
    "NAME", "LABEL_ID", "LABEL_EN", "VALUES_ID", "VALUES_EN", "MISSING_ID", "MISSING_EN",
    "MEASURE", "SCALE", "KEYED", "KIND", "SOURCE", "INSTRUMENT", "VERSION", "DIGEST",
)  # fmt: skip


def write_codebook_csv(
    path: Path | str, instrument: Instrument, variables: Sequence[Variable]
) -> int:
    """Write the codebook of a data set, one row a column of it, in both languages.

    Labels of values stand as ``[1] Sangat tidak setuju; [2] ...``; those of merged bands stand
    together. Returns the number of variables. UTF-8, comma, LF; appears whole or not at all.
    """
    lines: list[tuple[str, ...]] = [CODEBOOK_COLUMNS]
    lines += [
        (
            row.name,
            *(row.label.in_(language) for language in LANGUAGES),
            *(_pairs(row.values, language) for language in LANGUAGES),
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
        for row in variables
    ]
    with whole_file(Path(path)) as file:
        for line in lines:
            file.write((",".join(map(text_cell, line)) + "\n").encode())
    return len(variables)


def _pairs(labels: Sequence[tuple[int, Text]], language: Language) -> str:
    """Return value labels as one cell; in brackets, since a cell starting with - is a formula."""
    return "; ".join(f"[{value}] {label.in_(language)}" for value, label in labels)
