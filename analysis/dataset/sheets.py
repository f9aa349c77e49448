"""Data sets as an Excel workbook, as Parquet and, in any shape, as CSV: row by row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from analysis.dataset.cells import Cells, Column, is_empty, plain, texts
from analysis.dataset.columns import neutralise, printable, text_cell
from analysis.dataset.files import whole_file, whole_path
from analysis.dataset.labels import Shortened
from analysis.errors import AnalysisError
from instrument.codebook import Variable
from instrument.model import Language

_EXCEL_CELL = 32_767
"""Characters of one cell."""


class NoParquet(AnalysisError):
    """The Parquet library is not installed; it is an extra, since it is large."""


HEADS = {
    "id": ("Nama", "Label", "Nilai", "Kode kosong", "Tingkat ukur", "Skala"),
    "en": ("Name", "Label", "Values", "Missing codes", "Level", "Scale"),
}
SHEETS = {"id": ("Data", "Buku kode"), "en": ("Data", "Codebook")}


def write_xlsx(
    path: Path, parts: Iterable[Cells], variables: Sequence[Variable], language: Language
) -> tuple[Shortened, ...]:
    """Write a workbook of two sheets, data and codebook, in constant memory.

    Numbers are numbers, dates are dates, and a text that a spreadsheet would run gets its mark
    (`columns.neutralise`), names of columns too. Returns no shortened labels.
    """
    import xlsxwriter

    data, codebook = SHEETS[language]
    with whole_path(path) as temporary:
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "tmpdir": str(path.parent),
        }
        book = xlsxwriter.Workbook(str(temporary), options)
        book.set_properties({"created": datetime(2000, 1, 1)})  # noqa: DTZ001 - no clock time
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        bold = book.add_format({"bold": True})
        sheet = book.add_worksheet(data)
        sheet.freeze_panes(1, 1)
        for place, row in enumerate(variables):
            sheet.write_string(0, place, neutralise(row.name), bold)
        at = 1
        for part in parts:
            columns = [_excel(part[row.name]) for row in variables]
            for cells in zip(*columns, strict=True):
                for place, cell in enumerate(cells):
                    if cell is None:
                        continue
                    if isinstance(cell, str):
                        sheet.write_string(at, place, cell)
                    elif isinstance(cell, date):
                        sheet.write_datetime(at, place, cell, day)
                    else:
                        sheet.write_number(at, place, cell)
                at += 1
        sheet = book.add_worksheet(codebook)
        sheet.freeze_panes(1, 1)
        for place, head in enumerate(HEADS[language]):
            sheet.write_string(0, place, head, bold)
        for at, row in enumerate(variables, 1):
            for place, cell in enumerate(_codebook(row, language)):
                sheet.write_string(at, place, neutralise(cell)[:_EXCEL_CELL])
        book.close()
    return ()


def _codebook(row: Variable, language: Language) -> tuple[str, ...]:
    def pairs(found: Sequence[tuple[int, Any]]) -> str:
        return "; ".join(f"[{value}] {label.in_(language)}" for value, label in found)

    return (
        row.name,
        row.label.in_(language),
        pairs(row.values),
        pairs(row.missing),
        row.measure,
        row.scale or "",
    )


def _excel(column: Column) -> list[Any]:
    """Return cells as Excel takes them; texts are cut at Excel's limit and never formulas."""
    cells = plain(column)
    if column.dtype.kind != "O":
        return cells
    return [
        neutralise(printable(cell))[:_EXCEL_CELL] if isinstance(cell, str) else cell
        for cell in cells
    ]


def write_parquet(
    path: Path, parts: Iterable[Cells], variables: Sequence[Variable], language: Language
) -> tuple[Shortened, ...]:
    """Write a Parquet file, one row group a batch; labels travel as metadata of the fields.

    Each field has ``label``, ``measure``, and ``values`` and ``missing`` as JSON. Raises
    `NoParquet` where pyarrow is not installed. Returns no shortened labels.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise NoParquet(
            "Parquet needs the library pyarrow, which is not installed here. Install it with "
            "`pip install 'guyub[parquet]'`, or choose another format."
        ) from None

    def field(row: Variable) -> Any:
        if row.name.startswith("SUBMITTED_ON"):
            kind = pa.date32()
        elif row.kind in ("meta", "open"):
            kind = pa.string()
        elif row.kind in ("score", "pomp", "seconds"):
            kind = pa.float64()
        else:
            kind = pa.int32()
        told = {
            "label": row.label.in_(language),
            "measure": row.measure,
            "values": json.dumps({value: one.in_(language) for value, one in row.values}),
            "missing": json.dumps({value: one.in_(language) for value, one in row.missing}),
        }
        return pa.field(row.name, kind, metadata=told)

    schema = pa.schema([field(row) for row in variables])
    with whole_path(path) as temporary, parquet.ParquetWriter(temporary, schema) as writer:
        for part in parts:
            arrays = [
                pa.array(part[one.name], one.type, mask=is_empty(part[one.name]))
                if part[one.name].dtype.kind != "O"
                else pa.array(list(texts(part[one.name])), one.type)
                for one in schema
            ]
            writer.write_batch(pa.record_batch(arrays, schema=schema))
    return ()


def write_wide_csv(
    path: Path, parts: Iterable[Cells], variables: Sequence[Variable]
) -> tuple[str, int]:
    """Write any shape as CSV, as `writing.write_csv` does; return SHA-256 and bytes."""
    digest = hashlib.sha256()
    size = 0
    with whole_file(path) as file:

        def put(cells: Iterable[str]) -> None:
            nonlocal size
            line = (",".join(cells) + "\n").encode()
            file.write(line)
            digest.update(line)
            size += len(line)

        put(text_cell(row.name) for row in variables)
        for part in parts:
            columns = [_csv(part[row.name]) for row in variables]
            for cells in zip(*columns, strict=True):
                put(cells)
    return digest.hexdigest(), size


def _csv(column: Column) -> list[str]:
    cells = plain(column)
    if column.dtype.kind == "O":
        return [
            ""
            if cell is None
            else text_cell(cell)
            if isinstance(cell, str)
            else str(cell)  # a date in ISO 8601, or a missing code
            for cell in cells
        ]
    return ["" if cell is None else repr(cell) for cell in cells]
