"""What a program may read: waves, codebook, data sets, results of its one community."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, cast

from sqlmodel import Session, col, select

from app.api.schemas import (
    Codebook,
    DatasetOut,
    ResultOut,
    ValueLabel,
    VariableOut,
    WaveOut,
)
from app.dataset_files import name_of, offered, shelf
from app.errors import AppError
from app.jobs import runs
from app.settings import Settings
from app.tables import AnalysisRun, Community, Dataset, Wave
from app.wave_reader import CommunityView, UnknownWave
from instrument import codebook, registry
from instrument.errors import InstrumentError
from instrument.model import LANGUAGES, Text

ROWS_AT_ONCE = 500


class UnknownDataset(AppError):
    """There is no such data set, or not for this token."""

    status = 404
    slug = "unknown-dataset"
    title_id = "Data set ini tidak ada"
    title_en = "There is no such data set"
    hint_id = "Lihat /api/v1/datasets; data set yang ditarik sudah tidak ada."
    hint_en = "See /api/v1/datasets; a data set that was withdrawn is not there any more."


class CodebookMissing(AppError):
    """The definition that was answered is not installed."""

    status = 409
    slug = "codebook-missing"
    title_id = "Kuesioner yang dijawab tidak terpasang di sini"
    title_en = "The questionnaire that was answered is not installed here"
    hint_id = "Buku kode ada di dalam data set."
    hint_en = "The codebook is part of the data set."


def waves(session: Session, community: CommunityView) -> list[WaveOut]:
    """The waves that were opened, the newest first."""
    rows = session.exec(
        select(Wave)
        .where(col(Wave.community_id) == community.id, col(Wave.state) != "draft")
        .order_by(col(Wave.number).desc())
    )
    return [_wave(community, row) for row in rows]


def find_wave(session: Session, community: CommunityView, number: int) -> WaveOut:
    """One of them; raises UnknownWave."""
    return _wave(community, _row(session, community, number))


def _row(session: Session, community: CommunityView, number: int) -> Wave:
    row = next(
        (
            one
            for one in session.exec(
                select(Wave).where(
                    col(Wave.community_id) == community.id, col(Wave.state) != "draft"
                )
            )
            if one.number == number
        ),
        None,
    )
    if row is None:
        raise UnknownWave(f"{community.slug}-{number}")
    return row


def _wave(community: CommunityView, row: Wave) -> WaveOut:
    return WaveOut(
        name=f"{community.slug}-{row.number}",
        number=row.number,
        state=cast('Literal["open", "closed", "published"]', row.state),
        form=cast('Literal["full", "pulse"]', row.form),
        instrument=row.instrument_key,
        version=row.version,
        digest=row.digest,
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        eligible=row.eligible_n,
        simulated=row.is_simulated,
    )


def codebook_of(session: Session, community: CommunityView, number: int) -> Codebook:
    """The columns of a wave's data set. Raises UnknownWave, CodebookMissing."""
    row = _row(session, community, number)
    try:
        definition = registry.find(row.instrument_key, row.version)
    except InstrumentError as error:
        raise CodebookMissing(str(error)) from error
    if definition.digest != row.digest:
        raise CodebookMissing(f"{row.instrument_key} {row.version}")
    return Codebook(
        wave=f"{community.slug}-{number}",
        instrument=definition.key,
        version=definition.version,
        digest=definition.digest,
        variables=[
            VariableOut(
                name=one.name,
                label=_both(one.label),
                values=[ValueLabel(value=v, label=_both(text)) for v, text in one.values],
                missing=[ValueLabel(value=v, label=_both(text)) for v, text in one.missing],
                measure=one.measure,
                scale=one.scale,
                keyed=one.keyed,
                kind=one.kind,
                source=one.source,
            )
            for one in codebook.rows(definition, form=row.form, simulated=row.is_simulated)
        ],
    )


def _both(text: Text) -> dict[str, str]:
    return {language: text.in_(language) for language in LANGUAGES}


def datasets(session: Session, settings: Settings, community: CommunityView) -> list[DatasetOut]:
    """The data sets whose files are there, the newest first."""
    return [_dataset(row) for row in _datasets(session, settings, community)]


def _datasets(session: Session, settings: Settings, community: CommunityView) -> list[Dataset]:
    rows = session.exec(
        select(Dataset)
        .where(col(Dataset.community_id) == community.id, col(Dataset.files_deleted_on).is_(None))
        .order_by(col(Dataset.made_on).desc(), col(Dataset.id).desc())
    )
    return [row for row in rows if offered(row) and file_of(settings, row).is_file()]


def find_dataset(
    session: Session, settings: Settings, community: CommunityView, name: str
) -> tuple[Dataset, DatasetOut]:
    """One of them by its name; raises UnknownDataset."""
    for row in _datasets(session, settings, community):
        if name_of(row) == name:
            return row, _dataset(row)
    raise UnknownDataset(name)


def file_of(settings: Settings, row: Dataset) -> Path:
    """The CSV file of a data set."""
    return shelf(settings) / name_of(row) / str(row.manifest["data"]["file"])


def _dataset(row: Dataset) -> DatasetOut:
    name = name_of(row)
    return DatasetOut(
        name=name,
        seq=row.seq,
        rows=row.rows,
        sha256=row.digest,
        made_on=row.made_on,
        simulated=bool(row.manifest.get("simulated")),
        data_csv=f"/api/v1/datasets/{name}/data.csv",
        data_json=f"/api/v1/datasets/{name}/data.json",
    )


def as_json(path: Path) -> Iterator[bytes]:
    """Stream a data set's CSV as a JSON array of objects: numbers as numbers, "" as null."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        header = next(reader)
        names = [json.dumps(name) for name in header]
        texts = [name.startswith(_TEXTS) for name in header]
        yield b"["
        lines: list[str] = []
        comma = ""
        for row in reader:
            cells = ",".join(
                f"{name}:{_text(cell) if text else _cell(cell)}"
                for name, text, cell in zip(names, texts, row, strict=True)
            )
            lines.append(f"{comma}\n{{{cells}}}")
            comma = ","
            if len(lines) == ROWS_AT_ONCE:
                yield "".join(lines).encode()
                lines = []
        yield "".join(lines).encode() + b"\n]\n"


def _cell(cell: str) -> str:
    """A cell as JSON: what JSON itself reads as a finite number stays one."""
    if not cell:
        return "null"
    if _NUMBER.fullmatch(cell) and math.isfinite(float(cell)):
        return cell
    return _text(cell)


def _text(cell: str) -> str:
    return json.dumps(cell[1:] if cell[:2] in _MARKED else cell, ensure_ascii=False)


_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
"""A number as JSON writes it."""
_TEXTS = ("PID", "VERSION", "LANG", "LAYOUT", "SUBMITTED_ON", "STATUS")
"""Columns of words, in a wide file with the wave behind them: an id may look like a number."""
_MARKED = {f"'{sign}" for sign in "=+-@\t\r"}
"""How a file marks a text that a spreadsheet would take for a formula; JSON needs no mark."""


def results(session: Session, community: CommunityView) -> list[ResultOut]:
    """The finished analyses that read this community's waves only, the newest first."""
    return [
        _result(session, run)
        for run in runs.seen_by(session, [community.id])
        if runs.readable(session, run)
    ]


def find_result(session: Session, community: CommunityView, key: str) -> AnalysisRun:
    """One of them; raises UnknownRun."""
    run = runs.find(session, key, [community.id])
    if not runs.readable(session, run):
        raise runs.UnknownRun(key)
    return run


def _result(session: Session, run: AnalysisRun) -> ResultOut:
    names = {"main": [], "before": []}  # type: dict[str, list[str]]
    for one in runs.sources(session, run.key):
        place, wave = (
            session.get_one(Community, one.community_id),
            session.get_one(Wave, one.wave_id),
        )
        names[one.part].append(f"{place.slug}-{wave.number}")
    return ResultOut(
        key=run.key,
        waves=names["main"],
        before=next(iter(names["before"]), None),
        plan=run.plan,
        used=int(run.facts.get("used", 0)),
        finished_at=run.finished_at,
        sha256=run.digest or "",
        results=f"/api/v1/results/{run.key}",
    )
