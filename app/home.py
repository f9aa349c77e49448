"""The front page: what to open. Without DEMO it names no community."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from app.pages import language_of, other
from app.surveys.contexts import Page
from instrument.model import Language

router = APIRouter()


def page_of(request: Request, language: Language) -> Page:
    """Return the frame of a page outside the survey."""
    query = "" if language == "en" else "?lang=en"
    return Page(
        language=language,
        slug="",
        base_url=request.app.state.pages.base_url,
        simulated=request.app.state.settings.demo,
        switch=f"{request.url.path}{query}" if other(language) else "",
    )


@router.get("/", response_class=HTMLResponse)
async def front(request: Request) -> HTMLResponse:
    """Say what this is and, in the demo, what to open."""
    language = language_of(request.query_params.get("lang"))
    demo = request.app.state.demo
    body = request.app.state.pages.render(
        "home/front.html", language, page=page_of(request, language), demo=demo
    )
    return HTMLResponse(body, headers={"cache-control": "no-store"})


@router.get("/favicon.ico", include_in_schema=False)
async def icon(request: Request) -> RedirectResponse:
    """Where browsers look when a page (an analysis, say) names no icon."""
    return RedirectResponse(request.app.state.assets.url("ikon.svg"), 308)
