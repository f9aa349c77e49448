"""Two questions a supervisor asks: does the process live, and may it get traffic."""

from __future__ import annotations

import os
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from sqlalchemy import func
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from app.auth import Permission, asks
from app.db import Database
from app.migrate import is_current
from app.tables import AnalysisRun, Erasure

router = APIRouter()
FREE_BYTES = 64 * 1024 * 1024
"""Less free space than this is no place to take answers."""
_OK = "ok"


@router.get("/healthz")
@asks(Permission.PUBLIC)
async def healthz() -> JSONResponse:
    """The process answers."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz")
@asks(Permission.PUBLIC)
def readyz(request: Request) -> JSONResponse:
    """Whether it may get traffic, check by check; 503 says what to do. No address, no path."""
    database: Database = request.app.state.database
    checks: dict[str, str] = {
        "database": _database(database),
        "migrations": _OK,
        "disk": _disk(database.settings.data_dir),
    }
    body: dict[str, object] = {"checks": checks}
    if checks["database"] == _OK:
        if not is_current(database.settings):
            checks["migrations"] = "behind: run `guyub db upgrade`, then start again"
        else:
            body |= _queues(database)
    ready = all(told == _OK for told in checks.values())
    body["status"] = "ready" if ready else "not ready"
    return JSONResponse(body, 200 if ready else 503, {"cache-control": "no-store"})


def _database(database: Database) -> str:
    try:
        with database.read.begin() as connection:
            connection.exec_driver_sql("SELECT 1")
    except SQLAlchemyError:
        return "does not answer: see the log"
    return _OK


def _disk(folder: Path) -> str:
    """Write, sync and delete a byte: a full or read-only disk shows itself before a member does."""
    try:
        if shutil.disk_usage(folder).free < FREE_BYTES:
            return "almost full: make room"
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"1")
            os.fsync(probe.fileno())
    except OSError:
        return "cannot be written: check space and rights of the data folder"
    return _OK


def _queues(database: Database) -> dict[str, object]:
    """How long the oldest analysis waits, and erasures that are not finished."""
    now = datetime.now(UTC)
    with Session(database.read) as session, session.begin():
        oldest = session.exec(
            select(func.min(AnalysisRun.asked_at)).where(col(AnalysisRun.state) == "queued")
        ).one()
        pending = session.exec(
            select(func.count()).select_from(Erasure).where(col(Erasure.identity) == "pending")
        ).one()
    waits = 0 if oldest is None else max(0, round((now - oldest).total_seconds()))
    return {"analysis_waits_seconds": waits, "erasures_pending": pending}
