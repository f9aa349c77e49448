"""Everything that is written about findings, into one folder."""

from __future__ import annotations

import json
import math
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from analysis import record
from analysis.findings import Findings
from analysis.report.page import STYLE, fragment, page, page_name
from analysis.report.tables import tables
from instrument.model import LANGUAGES, Language

if TYPE_CHECKING:
    import pandas as pd
    from xlsxwriter.worksheet import Worksheet

RESULTS = "results.json"
WORKBOOK = "tables.xlsx"
BUNDLE = "report.zip"


def write(
    folder: Path, found: Findings, *, source: str, language: Language, embedded: bool = False
) -> None:
    """Write results.json, tables as CSV and the pages into ``folder``.

    ``language``: of ``report.html``; the other stands beside it. ``embedded``: also what a
    page of ours shows inside its own frame (`fragment_name`), the tables as XLSX, and all
    of it in one ZIP.
    Raises OSError.
    """
    text = json.dumps(record.results(found), ensure_ascii=False, indent=1, allow_nan=False)
    (folder / RESULTS).write_text(text + "\n", encoding="utf-8")
    made = list(tables(found))
    for name, table in made:
        table.to_csv(folder / f"{name}.csv", index_label="name", lineterminator="\n")
    for one in LANGUAGES:
        content = page(found, one, source=source, main=language)
        (folder / page_name(one, language)).write_text(content, encoding="utf-8")
    shutil.copyfile(STYLE, folder / "report.css")
    if embedded:
        for one in LANGUAGES:
            content = fragment(found, one, source=source)
            (folder / fragment_name(one)).write_text(content, encoding="utf-8")
        write_workbook(folder / WORKBOOK, made)
        _write_bundle(folder)


def _write_bundle(folder: Path) -> None:
    """Everything a reader keeps, in one ZIP; it opens without this program."""
    kept = sorted(
        file
        for file in folder.iterdir()
        if file.name.startswith("report.") or file.suffix in (".csv", ".json", ".xlsx")
    )
    with zipfile.ZipFile(folder / BUNDLE, "w", zipfile.ZIP_DEFLATED) as bundle:
        for file in kept:
            bundle.write(file, file.name)


def fragment_name(language: Language) -> str:
    """File name of the report without its frame."""
    return f"fragment.{language}.html"


def write_workbook(path: Path, made: Sequence[tuple[str, pd.DataFrame]]) -> None:
    """Write tables into one XLSX file, a sheet each; row names come first.

    Numbers have 16 digits (Excel itself shows 15), a missing one is an empty cell; no text
    becomes a formula or a link. Raises OSError.
    """
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with xlsxwriter.Workbook(path, options) as book:
        head = book.add_format({"bold": True, "bottom": 1})
        for name, table in made:
            sheet = book.add_worksheet(name[:31])
            sheet.freeze_panes(1, 1)
            sheet.write_row(0, 0, ["name", *map(str, table.columns)], head)
            width = max([len("name"), *(len(str(row)) for row in table.index)])
            sheet.set_column(0, 0, width + 2)
            for line, (row, values) in enumerate(
                zip(table.index, table.itertuples(index=False, name=None), strict=True), 1
            ):
                sheet.write_string(line, 0, str(row))
                for column, value in enumerate(values, 1):
                    _cell(sheet, line, column, value)
        if not made:  # a workbook without a sheet does not open
            book.add_worksheet("empty").write_string(0, 0, "no table at this n")


def _cell(sheet: Worksheet, line: int, column: int, value: object) -> None:
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        sheet.write_string(line, column, "" if value is None else str(value))
    elif math.isfinite(number := float(value)):
        sheet.write_number(line, column, number)
