"""One handler renders every error: a page for people, problem+json (RFC 9457) for programs.

The words come from the error's class, in both languages. What was not foreseen is logged
with its traceback and shown without it.
"""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from app import desk
from app.errors import AppError
from app.pages import page_of
from instrument.model import Language

log = logging.getLogger("guyub")
PROBLEM_JSON = "application/problem+json"


class NotFound(AppError):
    """No such page."""

    status = 404
    slug = "not-found"
    title_id = "Halaman ini tidak ada"
    title_en = "There is no such page"
    hint_id = "Periksa alamatnya, atau buka lagi tautan dari grup WA."
    hint_en = "Check the address, or open the link from the WA group again."


class MethodNotAllowed(AppError):
    """The page is there, but not for this kind of request."""

    status = 405
    slug = "method-not-allowed"
    title_id = "Halaman ini tidak bisa dibuka dengan cara itu"
    title_en = "This page cannot be opened that way"
    hint_id = "Mulai lagi dari tautan di grup WA."
    hint_en = "Start again from the link in the WA group."


class BodyTooLarge(AppError):
    """More bytes than a questionnaire can have."""

    status = 413
    slug = "body-too-large"
    title_id = "Isian terlalu besar"
    title_en = "That is too much at once"
    hint_id = "Pendekkan jawaban terbuka (paling banyak 300 huruf), lalu simpan lagi."
    hint_en = "Shorten the open answers (at most 300 characters), then save again."


class UnfitAddress(AppError):
    """A part of the address is not what it should be."""

    status = 422
    slug = "unfit-address"
    title_id = "Ada bagian alamat yang tidak cocok"
    title_en = "A part of the address is not what it should be"
    hint_id = "Periksa nomor dan nama di dalam alamatnya."
    hint_en = "Check the numbers and names in the address."


class FileTooLarge(BodyTooLarge):
    """More bytes than a roster of 20,000 people has."""

    slug = "file-too-large"
    title_id = "Berkas ini terlalu besar"
    title_en = "This file is too large"
    hint_id = (
        "Paling besar 2 MB. Simpan hanya kolom nama dan telepon, atau bagi menjadi dua berkas."
    )
    hint_en = "At most 2 MB. Save only the columns with name and phone, or split it into two files."


class Unforeseen(AppError):
    """Our fault; it is in the log."""

    status = 500
    slug = "internal"
    title_id = "Ada gangguan di pihak kami"
    title_en = "Something went wrong on our side"
    hint_id = "Jawaban yang sudah tersimpan tetap aman. Tunggu sebentar, lalu coba lagi."
    hint_en = "Answers already saved are safe. Wait a moment, then try again."


_BY_STATUS: dict[int, type[AppError]] = {404: NotFound, 405: MethodNotAllowed, 413: BodyTooLarge}


def install(app: FastAPI) -> None:
    """Make ``app`` render every error through `render`."""

    async def foreseen(request: Request, error: Exception) -> Response:
        assert isinstance(error, AppError)
        return render(request, error)

    async def unfit(request: Request, error: Exception) -> Response:
        # A number in the path or query that is none: for people, the address of no page.
        assert isinstance(error, RequestValidationError)
        return render(request, UnfitAddress() if wants_json(request) else NotFound())

    async def by_status(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return render(request, _BY_STATUS.get(error.status_code, AppError)())

    async def unforeseen(request: Request, error: Exception) -> Response:
        # Only the route's template: the raw path may hold a personal link.
        route = request.scope.get("route")
        log.error("Unforeseen at %s", getattr(route, "path", "?"), exc_info=error)
        return render(request, Unforeseen())

    app.add_exception_handler(AppError, foreseen)
    app.add_exception_handler(RequestValidationError, unfit)
    app.add_exception_handler(HTTPException, by_status)
    app.add_exception_handler(Exception, unforeseen)


def wants_json(request: Request) -> bool:
    """Whether a program asks: the API, our own script, or whoever prefers JSON."""
    return request.scope["path"].startswith("/api/") or "json" in request.headers.get("accept", "")


def render(request: Request, error: AppError, language: Language | None = None) -> Response:
    """Answer with ``error``: status, what happened, what to do next."""
    language = language or desk.language_asked(request)
    if wants_json(request):
        body = {
            "type": f"about:blank#{error.slug}",
            "title": error.title(language),
            "status": error.status,
            "detail": error.hint(language),
        }
        return JSONResponse(
            body, error.status, headers=dict(error.headers), media_type=PROBLEM_JSON
        )
    if error.location:
        return RedirectResponse(error.location, 303, headers={"cache-control": "no-store"})
    words = {"title": error.title(language), "hint": error.hint(language), "number": error.status}
    if request.scope["path"].startswith(desk.START):
        return desk.outside(
            request, "errors/staff.html", language=language, status=error.status, **words
        )
    page = request.app.state.pages.render(
        "errors/error.html", language, page=page_of(request, language), **words
    )
    return HTMLResponse(page, error.status, headers={**error.headers, "cache-control": "no-store"})
