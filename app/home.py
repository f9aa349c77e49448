"""The front page: what to open. Without DEMO it names no community."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from app.auth import Permission, asks
from app.pages import language_of, page_of

router = APIRouter()


@router.get("/", response_class=HTMLResponse)
@asks(Permission.PUBLIC)
async def front(request: Request) -> HTMLResponse:
    """Say what this is and, in the demo, what to open."""
    language = language_of(request.query_params.get("lang"))
    demo = request.app.state.demo
    body = request.app.state.pages.render(
        "home/front.html", language, page=page_of(request, language), demo=demo
    )
    return HTMLResponse(body, headers={"cache-control": "no-store"})


@router.get("/favicon.ico", include_in_schema=False)
@asks(Permission.PUBLIC)
async def icon(request: Request) -> RedirectResponse:
    """Where browsers look when a page (an analysis, say) names no icon."""
    return RedirectResponse(request.app.state.assets.url("ikon.svg"), 308)
