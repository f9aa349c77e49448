"""Two questions a supervisor asks: does the process live, and may it get traffic."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from app.auth import Permission, asks
from app.db import ReadSession
from app.migrate import is_current

router = APIRouter()


@router.get("/healthz")
@asks(Permission.PUBLIC)
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
@asks(Permission.PUBLIC)
def readyz(request: Request, session: ReadSession) -> JSONResponse:
    """The store answers and is at the newest migration; 503 says what to do."""
    session.connection().exec_driver_sql("SELECT 1")
    if is_current(request.app.state.settings):
        return JSONResponse({"status": "ready"})
    return JSONResponse(
        {"status": "not ready", "detail": "run `guyub db upgrade`, then start again"}, 503
    )
