"""Write a data set: its files, its manifest, its row; once, never changed."""

from __future__ import annotations

import gc
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, func, select

from app import audit
from app.dataset_files import ANALYSIS, UNFINISHED, name_of, retire_stale, shelf, sweep, tidy
from app.datasets.files import Made, write_files
from app.datasets.manifest import expected_rows, manifest
from app.datasets.order import NothingToExport, Order, StillChanging
from app.datasets.source import (
    Source,
    Tally,
    batches,
    data_version,
    people,
    project_key,
    source_of,
)
from app.db import Database
from app.settings import Settings
from app.store import Store
from app.tables import Dataset as DatasetRow
from app.tables import Project

if TYPE_CHECKING:
    from analysis.dataset import Sharing

PAGE_CACHE_KIB = 4096
"""Holds the upper pages of every index of 100,000 responses: rows are read in the order of a
random reference, and each would fetch those pages anew."""
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Exported:
    """A data set on disk."""

    name: str
    folder: Path
    data: Path
    """The CSV file."""
    rows: int
    expected: int
    sha256: str
    instrument_key: str
    instrument_version: str
    simulated: bool
    eligible: int | None
    """Members on the register when the (last) wave opened (N)."""
    manifest: Mapping[str, Any]


def export(settings: Settings, order: Order, *, out: Path | None = None) -> Exported:
    """Make the data set of an order; return where it is.

    Answers that have not changed since the last equal order give the data set that is there;
    changed ones the next number. A wave that is still open can be exported; its manifest says
    ``partial``. Data sets of closed waves whose answers changed since lose their files.

    ``out`` another folder than the shelf: files there are in the hands of who asked, and nobody
    takes them down. Raises UnknownCommunity, UnknownWave, WavesDoNotFit, VersionChanged,
    NothingToExport, StillChanging, `analysis.dataset.TooFewToShare`, and what the writers
    raise; then no file is offered.
    """
    folder = out or shelf(settings)
    database = Database(settings, cache_kib=PAGE_CACHE_KIB)
    store = Store(database)  # reads only: the writer never starts
    collects = gc.isenabled()
    gc.disable()  # rows are no cycles, and looking for some among them is a tenth of the time
    try:
        clear(settings, database, by=order.made_by)
        for _ in range(ATTEMPTS):
            with Session(database.read) as session, session.begin():
                source = source_of(session, order.waves)
            with Session(database.write) as session, session.begin():
                project_id = _project(session, source.last.community_id, order.project)
                done = _unchanged(session, source, order, folder)
            if done is not None:
                return done
            key = project_key(settings.key("secret_key"), project_id)
            made = _write(database, store, source, order, key, folder)
            if made is not None:
                return made
        msg = f"the answers changed {ATTEMPTS} times meanwhile"
        raise StillChanging(msg)
    finally:
        store.close()
        database.close()
        if collects:
            gc.enable()


def clear(settings: Settings, database: Database, *, by: str) -> list[Path]:
    """Delete the files of data sets that ended, and what killed exports left; return them."""
    now = datetime.now(UTC)
    with Session(database.write) as session, session.begin():
        for dataset in retire_stale(session=session, at=now):
            audit.record(
                session,
                by=by,
                action="dataset.retire",
                subject=f"dataset:{name_of(dataset)}",
                at=now,
                community_id=dataset.community_id,
                detail={"sha256": dataset.digest},
            )
    with Session(database.read) as session, session.begin():
        gone = sweep(session=session, settings=settings)
    tidy(settings)
    return gone


def _project(session: Session, community_id: int, name: str) -> int:
    found = session.exec(
        select(Project).where(Project.community_id == community_id, Project.name == name)
    ).first()
    if found is None:
        found = Project(community_id=community_id, name=name)
        session.add(found)
        session.flush()
    assert found.id is not None
    return found.id


def _unchanged(session: Session, source: Source, order: Order, folder: Path) -> Exported | None:
    """Return the data set that already answers this order, if its files are still there."""
    rows = session.exec(
        select(DatasetRow)
        .where(
            DatasetRow.wave_id == source.last.wave_id,
            DatasetRow.data_version == source.data_versions[-1],
            col(DatasetRow.files_deleted_on).is_(None),
        )
        .order_by(col(DatasetRow.seq).desc())
    )
    now = [
        (wave.number, wave.state, seen)
        for wave, seen in zip(source.waves, source.data_versions, strict=True)
    ]
    for row in rows:
        told = row.manifest
        then = [(one["number"], one["state"], one["data_version"]) for one in told.get("waves", ())]
        same = all(told["dataset"].get(key) == value for key, value in order.content.items())
        data = folder / told["dataset"]["name"] / told["data"]["file"]
        if same and then == now and data.exists():
            return _exported(data, told, source)
    return None


def _exported(data: Path, told: Mapping[str, Any], source: Source) -> Exported:
    return Exported(
        name=told["dataset"]["name"],
        folder=data.parent,
        data=data,
        rows=told["rows"]["written"],
        expected=told["rows"]["expected"],
        sha256=told["data"]["sha256"],
        instrument_key=source.instrument.key,
        instrument_version=source.instrument.version,
        simulated=source.simulated,
        eligible=source.last.eligible_n,
        manifest=told,
    )


def _write(
    database: Database, store: Store, source: Source, order: Order, key: bytes, folder: Path
) -> Exported | None:
    """Write the files into a folder that appears whole; None if answers came in meanwhile."""
    from analysis.dataset import check  # noqa: PLC0415 - numpy

    now = datetime.now(ZoneInfo(source.last.timezone))
    tally = Tally()
    sharing = check(people(store, source, tally), source.instrument, reason=order.reason)
    if not tally.expected:
        raise NothingToExport(", ".join(order.waves))
    with Session(database.read) as session, session.begin():
        seq = _next(session, source)
    name = f"{source.name}-v{seq}"
    stem = f"{name}-simulasi" if source.simulated else name
    folder.mkdir(parents=True, exist_ok=True)
    hidden = Path(tempfile.mkdtemp(dir=folder, prefix=UNFINISHED))
    try:
        made = write_files(
            hidden,
            stem,
            source=source,
            order=order,
            sharing=sharing,
            rows=lambda wave: batches(store, source, wave, key),
            made_on=now.date().isoformat(),
            seq=seq,
        )
        told = manifest(
            name=name,
            seq=seq,
            made_on=now,
            source=source,
            order=order,
            tally=tally,
            sharing=sharing,
            made=made,
        )
        (hidden / f"{stem}-manifest.json").write_text(
            json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        with Session(database.write) as session, session.begin():
            seen = tuple(data_version(session, wave) for wave in source.waves)
            if seen != source.data_versions or _next(session, source) != seq:
                return None
            _whole(order, tally, sharing, made)
            _record(session, source, order, told, made, now)
            hidden.chmod(0o755)
            hidden.rename(folder / name)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
    return _exported(folder / name / f"{stem}.csv", told, source)


def _next(session: Session, source: Source) -> int:
    last = session.exec(
        select(func.max(DatasetRow.seq)).where(DatasetRow.wave_id == source.last.wave_id)
    ).one()
    return 1 + (last or 0)


def _whole(order: Order, tally: Tally, sharing: Sharing, made: Made) -> None:
    """Raise IncompleteExport unless every row the store counted was written."""
    from analysis.dataset import IncompleteExport  # noqa: PLC0415 - numpy

    rows = expected_rows(order, tally, sharing)
    if made.rows != rows or made.sheets != tally.expected:
        msg = (
            f"the store has {tally.expected} sheets ({rows} rows), and {made.sheets} "
            f"({made.rows}) were written, so no file was made. Repeat the export."
        )
        raise IncompleteExport(msg)


def _record(
    session: Session,
    source: Source,
    order: Order,
    told: dict[str, Any],
    made: Made,
    now: datetime,
) -> None:
    """Keep the row of the data set and what the audit log says of it."""
    name = told["dataset"]["name"]
    community_id = source.last.community_id
    session.add(
        DatasetRow(
            community_id=community_id,
            wave_id=source.last.wave_id,
            seq=told["dataset"]["seq"],
            data_version=source.data_versions[-1],
            digest=made.sha256,
            rows=made.rows,
            manifest=told,
            made_on=now,
            made_by=order.made_by,
        )
    )
    detail: audit.Detail = {
        "sha256": made.sha256,
        "rows": made.rows,
        "project": order.project,
        "formats": ", ".join(order.formats),
    }
    for role in order.formats[1:]:
        detail[f"sha256_{role}"] = told[role]["sha256"]
    audit.record(
        session,
        at=now,
        by=order.made_by,
        action="dataset.export",
        community_id=community_id,
        subject=f"dataset:{name}",
        detail=detail,
    )
    if order.reason and order.made_by != ANALYSIS:
        audit.record(
            session,
            at=now,
            by=order.made_by,
            action="k.override",
            community_id=community_id,
            subject=f"dataset:{name}",
            detail={"reason": order.reason, "smallest_group": told["sharing"]["smallest_group"]},
        )
