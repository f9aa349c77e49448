"""What the researcher's pages read: waves that have answers, data sets and their tombstones."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from app.dataset_files import ANALYSIS, name_of, shelf, waves_of
from app.datasets.order import FORMATS
from app.errors import AppError
from app.settings import Settings
from app.tables import Dataset, Wave

FILES = (*FORMATS, "page", "codebook", "ddi", "r", "sps", "citation")
"""Roles of files, in the order of the page; the manifest comes last."""


class NoDataSet(AppError):
    """There is no such data set, or its files are gone."""

    status = 404
    slug = "no-data-set"
    title_id = "Data set ini tidak ada"
    title_en = "There is no such data set"
    hint_id = "Mungkin sudah diganti karena ada yang mencabut izin. Lihat daftar data."
    hint_en = "It may have been replaced because somebody withdrew. See the list of data."


@dataclass(frozen=True, slots=True)
class WaveLine:
    """A wave on the page."""

    number: int
    state: str
    form: str
    version: str
    simulated: bool


@dataclass(frozen=True, slots=True)
class File:
    """A file to download."""

    role: str
    name: str
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class DataSetLine:
    """A data set, or what is left of one."""

    name: str
    rows: int
    waves: tuple[int, ...]
    made_on: datetime
    gone_on: datetime | None
    """When its files were deleted; None = they are there."""
    digest: str
    manifest: dict[str, Any]

    @property
    def partial(self) -> bool:
        """Whether a wave was still open."""
        return bool(self.manifest["dataset"].get("partial"))

    @property
    def files(self) -> tuple[File, ...]:
        """What may be downloaded."""
        if self.gone_on is not None:
            return ()
        told = self.manifest
        found = [
            File(role, told[place]["file"], told[place]["bytes"])
            for role in FILES
            if (place := "data" if role == "csv" else role) in told
        ]
        stem = told["data"]["file"].removesuffix(".csv")
        return (*found, File("manifest", f"{stem}-manifest.json", 0))


def waves(session: Session, community_id: int) -> list[WaveLine]:
    """Waves that were asked, newest first."""
    found = session.exec(
        select(Wave)
        .where(
            col(Wave.community_id) == community_id,
            col(Wave.state) != "draft",
            col(Wave.is_test).is_(False),
        )
        .order_by(col(Wave.number).desc())
    ).all()
    return [
        WaveLine(
            number=wave.number,
            state=wave.state,
            form=wave.form,
            version=f"{wave.instrument_key} {wave.version}",
            simulated=wave.is_simulated,
        )
        for wave in found
    ]


def data_sets(session: Session, community_id: int) -> list[DataSetLine]:
    """Data sets of a community, newest first, tombstones among them; not those of analyses."""
    rows = session.exec(
        select(Dataset)
        .where(col(Dataset.community_id) == community_id, col(Dataset.made_by) != ANALYSIS)
        .order_by(col(Dataset.made_on).desc(), col(Dataset.id).desc())
    ).all()
    return [_line(row) for row in rows if waves_of(row)]


def data_set(session: Session, community_id: int, name: str) -> DataSetLine:
    """Return one data set by name; raises NoDataSet."""
    for line in data_sets(session, community_id):
        if line.name == name:
            return line
    raise NoDataSet(name)


def file_of(settings: Settings, line: DataSetLine, name: str) -> Path:
    """Return where a file of a data set lies; raises NoDataSet."""
    path = shelf(settings) / line.name / name
    if name not in {one.name for one in line.files} or not path.is_file():
        raise NoDataSet(name)
    return path


def codebook_of(settings: Settings, line: DataSetLine) -> list[dict[str, str]]:
    """Return the rows of a data set's codebook file; raises NoDataSet."""
    name = next((one.name for one in line.files if one.role == "codebook"), "")
    with file_of(settings, line, name).open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def _line(row: Dataset) -> DataSetLine:
    return DataSetLine(
        name=name_of(row),
        rows=row.rows,
        waves=tuple(one["number"] for one in waves_of(row)),
        made_on=row.made_on,
        gone_on=row.files_deleted_on,
        digest=row.digest,
        manifest=row.manifest,
    )
