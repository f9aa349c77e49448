"""The ledger of erasures, also as a file: what a restored backup is held against.

The table is the truth; ``DATA_DIR/erasures.jsonl`` repeats it line by line, so that
erasures outlive a lost database. Keep a copy of the file on another disk. It holds no name
and no reference, and means nothing without SECRET_KEY.
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlmodel import Session, select

from app.db import Database
from app.errors import AppError
from app.settings import Settings
from app.tables import Erasure


class BrokenLedger(AppError):
    """A line of the ledger file is no erasure."""

    slug = "broken-ledger"
    title_en = "The ledger of erasures cannot be read"
    hint_en = "Restore erasures.jsonl from its copy; without it erased people could come back."


def path_of(settings: Settings) -> Path:
    """Where the file is."""
    return settings.data_dir / "erasures.jsonl"


def write_down(database: Database) -> int:
    """Append the erasures that the file does not hold yet; returns how many."""
    with Session(database.read) as session, session.begin():
        rows = session.exec(select(Erasure)).all()
        lines = {row.id: _line(row) for row in rows}
    path = path_of(database.settings)
    known = {erasure.id for erasure in read(path)} if path.exists() else set()
    new = [line for id_, line in sorted(lines.items()) if id_ not in known]
    if new:
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(handle, "r+b") as file:
            whole = file.read()
            file.truncate(whole.rfind(b"\n") + 1)  # a line that a crash cut short comes again
            file.write("".join(f"{line}\n" for line in new).encode())
            file.flush()
            os.fsync(file.fileno())
    return len(new)


def read(path: Path) -> list[Erasure]:
    """The erasures of a ledger file. Raises BrokenLedger.

    A last line that a crash cut short is left out: the table still holds it.
    """
    erasures = []
    lines = path.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        try:
            erasures.append(_erasure(json.loads(line)))
        except (KeyError, TypeError, ValueError) as error:
            if number == len(lines):
                break
            raise BrokenLedger(f"{path}, line {number}") from error
    return erasures


def _line(erasure: Erasure) -> str:
    return json.dumps(
        {
            "id": str(erasure.id),
            "community": erasure.community_id,
            "subject": erasure.subject.hex(),
            "wave": erasure.wave_id,
            "at": erasure.at.isoformat(),
            "basis": erasure.basis,
            "counts": erasure.counts,
            "identity": "kept" if erasure.identity == "kept" else "erased",
        },
        sort_keys=True,
    )


def _erasure(line: dict[str, object]) -> Erasure:
    return Erasure.model_validate(
        {
            "id": UUID(str(line["id"])),
            "community_id": line["community"],
            "subject": bytes.fromhex(str(line["subject"])),
            "wave_id": line["wave"],
            "at": datetime.fromisoformat(str(line["at"])),
            "basis": line["basis"],
            "counts": line["counts"],
            "identity": line["identity"],
        }
    )
