"""Where data sets lie on disk, and how they leave it when somebody withdraws.

A data set never changes, so a withdrawal ends it: in the transaction that erases the rows
its row is marked, and after the commit its files are deleted. The row with its digest stays
as a tombstone. A crash between the two is mended by the next `sweep`, since the mark is on
disk already.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from sqlmodel import Session, col, select

from app.settings import Settings
from app.tables import Dataset


def shelf(settings: Settings) -> Path:
    """Folder of all data sets; each has a folder of its name in it."""
    return settings.data_dir / "exports"


def retire(
    *, session: Session, community_id: int, wave_ids: Collection[int], at: datetime
) -> list[str]:
    """Mark every data set of these waves as deleted; return their names.

    Call `sweep` after the commit.
    """
    there = session.exec(
        select(Dataset).where(
            col(Dataset.community_id) == community_id,
            col(Dataset.wave_id).in_(wave_ids),
            col(Dataset.files_deleted_on).is_(None),
        )
    ).all()
    for dataset in there:
        dataset.files_deleted_on = at
        session.add(dataset)
    return [name_of(dataset) for dataset in there]


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
