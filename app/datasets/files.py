"""The files of a data set: every format from the same rows, and what helps to read them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.datasets.order import Order
from app.datasets.source import Source
from app.wave_reader import WaveView
from instrument.answers import Missing
from instrument.model import Text

if TYPE_CHECKING:
    from analysis.dataset import Batch, Sharing
    from analysis.dataset.cells import Cells
    from analysis.dataset.codebooks import About
    from analysis.dataset.labels import Shortened
    from instrument.codebook import Variable

Rows = Callable[[WaveView], "Iterator[Batch]"]
"""Streams one wave's rows; asked once a format."""


@dataclass(frozen=True, slots=True)
class Made:
    """What was written."""

    rows: int
    """Rows of the files."""
    sheets: int
    """Answer sheets in them: as many in a long file, more in a wide one."""
    statuses: Mapping[str, int]
    """Sheets by status."""
    excluded: int
    """Sheets flagged as careless (they stay in the file)."""
    columns: tuple[str, ...]
    sha256: str
    """Of the CSV file."""
    files: Mapping[str, Path]
    """By role: data, sav ..., codebook, ddi, page, r, sps, citation."""
    shortened: tuple[Shortened, ...]
    missing: Mapping[int, int]
    """Cells of shown items without an answer, by missing code."""


def write_files(
    folder: Path,
    stem: str,
    *,
    source: Source,
    order: Order,
    sharing: Sharing,
    rows: Rows,
    made_on: str,
    seq: int,
) -> Made:
    """Write all files of an order into a folder; raises what the writers raise."""
    from analysis.dataset.codebooks import write_codebook_html, write_ddi  # noqa: PLC0415
    from analysis.dataset.columns import variables as variables_of  # noqa: PLC0415 - numpy
    from analysis.dataset.files import write_codebook_csv  # noqa: PLC0415
    from analysis.dataset.scripts import write_citation, write_r, write_sps  # noqa: PLC0415

    long = variables_of(source.instrument, source.form, simulated=source.simulated, sharing=sharing)
    tally = _MissingCells(source)
    written = (_wide if order.shape == "wide" else _long)(
        folder, stem, source, order, sharing, rows, long, tally
    )
    about = _about(stem, source, written, made_on, seq)
    paths = {
        "codebook": folder / f"{stem}-codebook.csv",
        "page": folder / f"{stem}-codebook.html",
        "ddi": folder / f"{stem}-codebook.xml",
        "r": folder / f"{stem}-read.R",
        "sps": folder / f"{stem}-read.sps",
        "citation": folder / f"{stem}-citation.cff",
    }
    variables = written.variables
    write_codebook_csv(paths["codebook"], source.instrument, variables)
    write_codebook_html(paths["page"], about, variables, order.language)
    write_ddi(paths["ddi"], about, variables)
    write_r(paths["r"], about, variables, order.language)
    write_sps(paths["sps"], about, variables, order.language)
    write_citation(paths["citation"], about, order.language)
    return Made(
        rows=written.rows,
        sheets=sum(written.statuses.values()),
        statuses=dict(sorted(written.statuses.items())),
        excluded=written.excluded,
        columns=tuple(row.name for row in variables),
        sha256=written.sha256,
        files={**written.files, **paths},
        shortened=written.shortened,
        missing=tally.by_code,
    )


class _MissingCells:
    """Counts, as rows go by, the cells of the form's items that hold no answer."""

    def __init__(self, source: Source) -> None:
        shown = source.instrument.form(source.form).items
        codes = source.instrument.item_codes
        self._places = [place for place, code in enumerate(codes) if code in shown]
        self.by_code = {state.code: 0 for state in Missing}

    def counted(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """Pass batches on and count."""
        for batch in batches:
            shown = batch.items[:, self._places]
            for state in Missing:
                self.by_code[state.code] += int((shown == state).sum())
            yield batch


@dataclass(frozen=True, slots=True)
class _Data:
    """The data files of an order."""

    rows: int
    statuses: Mapping[str, int]
    excluded: int
    sha256: str
    variables: tuple[Variable, ...]
    files: Mapping[str, Path]
    shortened: tuple[Shortened, ...]


def _long(
    folder: Path,
    stem: str,
    source: Source,
    order: Order,
    sharing: Sharing,
    rows: Rows,
    variables: tuple[Variable, ...],
    missing: _MissingCells,
) -> _Data:
    """One row an answer sheet; CSV, XLSX and Parquet in constant memory."""
    from analysis.dataset import write_csv  # noqa: PLC0415 - numpy
    from analysis.dataset.cells import cells  # noqa: PLC0415

    def parts() -> Iterator[Cells]:
        for wave in source.waves:
            for batch in rows(wave):
                yield cells(batch, source.instrument, variables, form=source.form, sharing=sharing)

    path = folder / f"{stem}.csv"
    written = write_csv(
        path,
        missing.counted(chain.from_iterable(map(rows, source.waves))),
        source.instrument,
        form=source.form,
        simulated=source.simulated,
        sharing=sharing,
    )
    files, shortened = _formats(folder, stem, order, variables, parts)
    return _Data(
        written.rows,
        written.statuses,
        written.excluded,
        written.sha256,
        variables,
        {"data": path, **files},
        shortened,
    )


def _wide(
    folder: Path,
    stem: str,
    source: Source,
    order: Order,
    sharing: Sharing,
    rows: Rows,
    variables: tuple[Variable, ...],
    missing: _MissingCells,
) -> _Data:
    """One row a person; all in memory, about 500 bytes a sheet."""
    from analysis.dataset.cells import cells, rows_of, slices, stack  # noqa: PLC0415 - numpy
    from analysis.dataset.shapes import wide, wide_variables  # noqa: PLC0415
    from analysis.dataset.sheets import write_wide_csv  # noqa: PLC0415

    tables = {}
    for wave in source.waves:
        parts = [
            cells(batch, source.instrument, variables, form=source.form, sharing=sharing)
            for batch in missing.counted(rows(wave))
        ]
        if parts:
            tables[wave.number] = stack(parts)
    statuses = Counter(chain.from_iterable(table["STATUS"] for table in tables.values()))
    excluded = sum(int(table["EXCLUDED"].sum()) for table in tables.values())
    told = wide_variables(variables, tuple(tables))
    table = wide(tables, variables)
    tables.clear()
    path = folder / f"{stem}.csv"
    sha256, _ = write_wide_csv(path, slices(table), told)
    files, shortened = _formats(folder, stem, order, told, lambda: slices(table))
    return _Data(
        rows_of(table), statuses, excluded, sha256, told, {"data": path, **files}, shortened
    )


def _formats(
    folder: Path,
    stem: str,
    order: Order,
    variables: tuple[Variable, ...],
    parts: Callable[[], Iterator[Cells]],
) -> tuple[dict[str, Path], tuple[Shortened, ...]]:
    """Write the formats besides CSV; return their paths and the labels cut short."""
    from analysis.dataset import programs, sheets  # noqa: PLC0415 - numpy
    from analysis.dataset.cells import stack  # noqa: PLC0415

    files: dict[str, Path] = {}
    shortened: list[Shortened] = []
    language = order.language
    for format_ in order.formats:
        if format_ == "csv":
            continue
        path = files[format_] = folder / f"{stem}.{format_}"
        if format_ == "xlsx":
            shortened += sheets.write_xlsx(path, parts(), variables, language)
        elif format_ == "parquet":
            shortened += sheets.write_parquet(path, parts(), variables, language)
        else:
            write = programs.write_sav if format_ == "sav" else programs.write_dta
            shortened += write(path, stack(parts()), variables, language, title=stem)
    return files, tuple(shortened)


def _about(stem: str, source: Source, written: _Data, made_on: str, seq: int) -> About:
    from analysis.dataset.codebooks import About  # noqa: PLC0415 - numpy

    numbers = ", ".join(str(wave.number) for wave in source.waves)
    community = source.last.community_name
    marked = {"id": " (data simulasi)", "en": " (simulated data)"}
    title = source.instrument.title

    def titled(language: str, word: str) -> str:
        mark = marked[language] if source.simulated else ""
        own = title.in_("en" if language == "en" else "id")
        return f"{own}: {community}, {word} {numbers}{mark}"

    return About(
        name=stem,
        title=Text(id=titled("id", "gelombang"), en=titled("en", "wave")),
        community=community,
        made_on=made_on,
        version=f"v{seq}",
        sha256=written.sha256,
        rows=written.rows,
        instrument=source.instrument,
        program=f"Guyub {version('guyub')}",
    )


def described(path: Path) -> dict[str, Any]:
    """Return name, bytes and SHA-256 of a file, as the manifest lists it."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    return {"file": path.name, "bytes": path.stat().st_size, "sha256": digest.hexdigest()}
