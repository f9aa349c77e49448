"""``guyub backup`` and ``guyub restore``.

A backup is a folder that appears whole: the copies, and a manifest with what they hold. It
was restored elsewhere and compared before it appears, or there is none. Names stand in a
file of their own, and the keys in neither: keep ``secrets.toml`` elsewhere. A restore brings
the store to the newest migration and erases again whoever was erased since.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, select

from app import audit, migrate
from app.backups import postgres, sqlite
from app.backups.errors import BackupBroken, NoStore, OtherEngine
from app.db import Database
from app.rights import ledger
from app.rights.erasing import finish, reapply
from app.settings import Settings
from app.tables import Erasure
from app.writer import ServingLock

MANIFEST = "manifest.json"
KEPT = timedelta(days=30)
"""How long a backup may hold somebody who has been erased."""


@dataclass(frozen=True, slots=True)
class Made:
    """A backup on disk."""

    folder: Path
    rows: int
    tables: int


@dataclass(frozen=True, slots=True)
class Restored:
    """A store that was brought back."""

    made_at: datetime
    rows: int
    erased_again: int
    replaced: Path | None
    """Where the store of before lies; it holds people's answers, so it has to go."""


def folder_of(settings: Settings) -> Path:
    """Where backups lie unless told otherwise."""
    return settings.data_dir / "backups"


def backup(settings: Settings, *, out: Path | None = None, at: datetime) -> Made:
    """Copy the store while it serves; restore the copy elsewhere and compare.

    Raises NoStore, BackupDiffers, ToolMissing; then there is no new folder.
    """
    revision = migrate.current(settings)
    if revision is None:
        raise NoStore(settings.shown_database)
    home = out or folder_of(settings)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    hidden = Path(tempfile.mkdtemp(prefix=".backup-", dir=home))
    try:
        copy = sqlite.copy if settings.is_sqlite else postgres.copy
        found = copy(settings, hidden)
        made: dict[str, Any] = {
            "guyub": version("guyub"),
            "engine": "sqlite" if settings.is_sqlite else "postgresql",
            "made_at": at.astimezone(UTC).isoformat(),
            "revision": revision,
            "tables": found,
            "files": {path.name: _digest(path) for path in sorted(hidden.iterdir())},
        }
        (hidden / MANIFEST).write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
        folder = home / f"guyub-{at.astimezone(UTC):%Y%m%dT%H%M%S%fZ}"
        hidden.rename(folder)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
    return Made(folder, sum(one["rows"] for one in found.values()), len(found))


def prune(home: Path, *, at: datetime) -> list[Path]:
    """Delete backups older than 30 days, as members are told; returns which."""
    gone = []
    for path in sorted(home.glob("guyub-*")):
        if path.is_dir() and datetime.fromisoformat(_manifest(path)["made_at"]) < at - KEPT:
            shutil.rmtree(path)
            gone.append(path)
    return gone


def restore(
    settings: Settings, *, folder: Path, extra_ledger: Path | None = None, at: datetime
) -> Restored:
    """Put a backup in the store's place, newest migration, erased people erased again.

    Who was erased is read from the store of before, from the ledger file beside it, and from
    ``extra_ledger``. SQLite: the files of before are moved aside; nobody may be serving
    them. PostgreSQL: into an empty database only. Raises BackupBroken, OtherEngine,
    BackupDiffers, StoreInUse, NotEmpty, ToolMissing; then nothing was changed.
    """
    made = _manifest(folder)
    if (made["engine"] == "sqlite") != settings.is_sqlite:
        raise OtherEngine(f"{folder} is of {made['engine']}")
    erasures = _erasures(settings, extra_ledger)
    if settings.is_sqlite:
        again, replaced = _restore_sqlite(settings, folder, made, erasures, at)
    else:
        files = [folder / name for name in (postgres.ANSWERS, postgres.NAMES)]
        postgres.restore(settings, [one for one in files if one.exists()], made["tables"])
        again, replaced = _catch_up(settings, erasures, folder, at), None
    rows = sum(one["rows"] for one in made["tables"].values())
    return Restored(datetime.fromisoformat(made["made_at"]), rows, again, replaced)


def _restore_sqlite(
    settings: Settings, folder: Path, made: dict[str, Any], erasures: list[Erasure], at: datetime
) -> tuple[int, Path | None]:
    home = settings.sqlite_path.parent
    home.mkdir(parents=True, exist_ok=True)
    lock = ServingLock(settings.sqlite_path)  # nobody serves it, and nobody starts to
    staging = Path(tempfile.mkdtemp(prefix=".restore-", dir=home))
    try:
        names = [settings.sqlite_path.name, settings.identity_path.name]
        for name in names:
            if (folder / name).exists():
                shutil.copy(folder / name, staging / name)
        # The same keys and exports, other files: all is done before anything is moved.
        aside = settings.model_copy(update={"database_url": f"sqlite:///{staging / names[0]}"})
        sqlite.check(staging, aside, made["tables"])
        again = _catch_up(aside, erasures, folder, at)
        replaced = _move_aside(settings, at)
        for name in names:
            if (staging / name).exists():
                (staging / name).rename(home / name)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        lock.release()
    return again, replaced


def _catch_up(settings: Settings, erasures: list[Erasure], folder: Path, at: datetime) -> int:
    """Newest migration, then everybody erased who has been erased since."""
    migrate.upgrade(settings)
    database = Database(settings)
    try:
        again = reapply(database, erasures, at=at)
        finish(database, at=at)
        with Session(database.write) as session, session.begin():
            audit.record(
                session,
                by="command line",
                action="store.restore",
                subject=f"backup:{folder.name}"[:128],
                at=at,
                detail={"erased_again": again},
            )
    finally:
        database.close()
    return again


def _move_aside(settings: Settings, at: datetime) -> Path | None:
    """Move the files of before, logs and all, into a folder of their own."""
    there = [
        path
        for base in (settings.sqlite_path, settings.identity_path)
        for path in (base, base.with_name(f"{base.name}-wal"), base.with_name(f"{base.name}-shm"))
        if path.exists()
    ]
    if not there:
        return None
    replaced = settings.sqlite_path.parent / f"replaced-{at.astimezone(UTC):%Y%m%dT%H%M%S%fZ}"
    replaced.mkdir(mode=0o700)
    for path in there:
        path.rename(replaced / path.name)
    return replaced


def _erasures(settings: Settings, extra: Path | None) -> list[Erasure]:
    """Every erasure that is known anywhere, each once."""
    found: dict[object, Erasure] = {}
    for path in (ledger.path_of(settings), extra):
        if path is not None and (path.exists() or path is extra):
            found |= {erasure.id: erasure for erasure in ledger.read(path)}
    try:
        found |= {erasure.id: erasure for erasure in _stored_erasures(settings)}
    except (SQLAlchemyError, sqlite3.Error) as error:
        # A store too broken to read is why people restore; the file has them as well.
        if not found and not ledger.path_of(settings).exists():
            msg = "no ledger of erasures can be read; give its copy with --ledger"
            raise BackupBroken(msg) from error
    return sorted(found.values(), key=lambda erasure: erasure.at)


def _stored_erasures(settings: Settings) -> list[Erasure]:
    if migrate.current(settings) is None:
        return []
    database = Database(settings)
    try:
        with Session(database.read) as session, session.begin():
            if not inspect(session.connection()).has_table(str(Erasure.__tablename__)):
                return []
            erasures = list(session.exec(select(Erasure)))
            session.expunge_all()
            return erasures
    finally:
        database.close()


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        made: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        wrong = [name for name, digest in made["files"].items() if _digest(folder / name) != digest]
    except (OSError, ValueError, KeyError) as error:
        raise BackupBroken(str(folder)) from error
    if wrong:
        raise BackupBroken(f"{folder}: {', '.join(wrong)}")
    return made


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
