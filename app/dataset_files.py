"""Where data sets lie on disk, and how they leave it when somebody withdraws.

A data set never changes, so a withdrawal ends it: in the transaction that erases the rows
its row is marked, and after the commit its files are deleted. The row with its digest stays
as a tombstone. A crash between the two is mended by the next `sweep`, since the mark is on
disk already.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from app.settings import Settings
from app.tables import Dataset, DataVersion, Wave

UNFINISHED = ".data-set-"
"""How folders begin that are being written; a killed export leaves one."""
_ABANDONED_SECONDS = 24 * 3600


ANALYSIS = "analysis"
"""Who orders the full data sets of analyses; these are offered to nobody."""


def offered(dataset: Dataset) -> bool:
    """Whether anybody may download this data set: it is there, and no analysis's own."""
    return dataset.files_deleted_on is None and dataset.made_by != ANALYSIS


def shelf(settings: Settings) -> Path:
    """Folder of all data sets; each has a folder of its name in it."""
    return settings.data_dir / "exports"


def retire(
    *, session: Session, community_id: int, wave_ids: Collection[int], at: datetime
) -> list[str]:
    """Mark every data set of these waves as deleted; return their names.

    Call `sweep` after the commit.
    """
    numbers = set(
        session.exec(
            select(Wave.number).where(
                col(Wave.community_id) == community_id, col(Wave.id).in_(wave_ids)
            )
        )
    )
    there = session.exec(
        select(Dataset).where(
            col(Dataset.community_id) == community_id, col(Dataset.files_deleted_on).is_(None)
        )
    ).all()
    return [
        _mark(session, dataset, at)
        for dataset in there
        if dataset.wave_id in wave_ids or numbers & {one["number"] for one in waves_of(dataset)}
    ]


def retire_stale(*, session: Session, at: datetime) -> list[Dataset]:
    """Mark every data set of closed waves whose answers changed since; return them.

    After closing, answers change by a withdrawal or an erasure only. Call `sweep` after the
    commit.
    """
    closed = {
        (wave.community_id, wave.number): wave.id
        for wave in session.exec(select(Wave).where(col(Wave.state).in_(("closed", "published"))))
    }
    versions = {
        (one.community_id, one.wave_id): one.seq for one in session.exec(select(DataVersion))
    }
    stale = []
    there = session.exec(select(Dataset).where(col(Dataset.files_deleted_on).is_(None))).all()
    for dataset in there:
        for one in waves_of(dataset):
            wave_id = closed.get((dataset.community_id, one["number"]))
            if wave_id is None or one["state"] == "open":
                continue
            if versions.get((dataset.community_id, wave_id), 0) != one["data_version"]:
                _mark(session, dataset, at)
                stale.append(dataset)
                break
    return stale


def _mark(session: Session, dataset: Dataset, at: datetime) -> str:
    dataset.files_deleted_on = at
    session.add(dataset)
    return name_of(dataset)


def sweep(*, session: Session, settings: Settings) -> list[Path]:
    """Delete the files of every data set that is marked; return what was deleted.

    Reads the store only. What somebody wrote elsewhere (``--out``) or downloaded is out of
    reach; the page of a withdrawal says so.
    """
    marked = session.exec(select(Dataset).where(col(Dataset.files_deleted_on).is_not(None))).all()
    gone = {name_of(dataset) for dataset in marked}
    deleted = []
    folder = shelf(settings)
    for path in sorted(folder.iterdir()) if gone and folder.is_dir() else ():
        if path.name in gone or any(
            path.name.startswith((f"{name}.", f"{name}-")) for name in gone
        ):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
            deleted.append(path)
    return deleted


def name_of(dataset: Dataset) -> str:
    """``<community>-<wave>-v<seq>``, as its manifest says."""
    return str(dataset.manifest["dataset"]["name"])


def waves_of(dataset: Dataset) -> list[dict[str, Any]]:
    """The waves in a data set, as its manifest has them: number, state, data_version ..."""
    return list(dataset.manifest.get("waves", ()))


def tidy(settings: Settings) -> None:
    """Delete unfinished folders of exports that were killed a day ago or earlier."""
    folder = shelf(settings)
    for path in folder.glob(f"{UNFINISHED}*") if folder.is_dir() else ():
        if time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
            shutil.rmtree(path, ignore_errors=True)
