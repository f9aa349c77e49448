"""The addresses everybody may open: members' results, the whole card, its picture, a link.

Thin, because they are there from the service's start: what makes the pages is imported with
the first request (`app.scorecards.showing`), in a thread.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from app.auth import Permission, asks

if TYPE_CHECKING:
    from sqlmodel import Session

router = APIRouter()


async def results(request: Request) -> Response:
    """GET /s/<slug>/hasil: what came of the last published wave, or when to expect it."""
    return await run_in_threadpool(_reading, "results", request)


async def results_of(request: Request) -> Response:
    """GET /s/<slug>/hasil/<number>: what came of one wave."""
    return await run_in_threadpool(_reading, "results_of", request)


async def whole_card(request: Request) -> Response:
    """GET /s/<slug>/hasil/<number>/kartu: the card as the chair has it."""
    return await run_in_threadpool(_reading, "whole_card", request)


async def picture(request: Request) -> Response:
    """GET /s/<slug>/hasil/<number>/gambar-<language>.png: what chat apps show."""
    return await run_in_threadpool(_reading, "picture", request)


async def by_link(request: Request) -> Response:
    """GET /kartu/<token>: one card, for whoever has a link to it."""
    return await run_in_threadpool(_by_link, request)


def _reading(name: str, request: Request) -> Response:
    from sqlmodel import Session  # noqa: PLC0415 - beside its only use

    from app.scorecards import showing  # noqa: PLC0415 - with the first request

    make: Callable[[Request, Session], Any] = getattr(showing, name)
    with Session(request.app.state.database.read) as session, session.begin():
        made: Response = make(request, session)
    return made


def _by_link(request: Request) -> Response:
    from app.scorecards import showing  # noqa: PLC0415 - with the first request

    return showing.by_link(request)


_RESULTS = "/s/{slug:str}/hasil"
for _path, _endpoint in (
    (_RESULTS, results),
    (f"{_RESULTS}/{{number:int}}", results_of),
    (f"{_RESULTS}/{{number:int}}/kartu", whole_card),
    (f"{_RESULTS}/{{number:int}}/{{name}}", picture),
    ("/kartu/{token}", by_link),
):
    router.add_route(_path, asks(Permission.PUBLIC)(_endpoint), methods=["GET"])
