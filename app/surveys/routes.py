"""The member's addresses. Reading changes nothing; every write is a POST of our own form.

These routes take no session and no dependency: they are the ones a whole community calls
within an hour (a session dependency alone costs five times a save).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from app import problems
from app.auth import Permission, TooManyWrongCodes, asks
from app.errors import AppError
from app.packed import FilledPage, PackedResponse
from app.pages import language_of
from app.submission import NewerState, State, UnknownSubmission, WaveNotAccepting
from app.surveys.desk import Desk, desk_of
from app.surveys.faults import UnreadableAnswers
from app.surveys.forms import AnswerForm, Fields, StartForm, read
from app.surveys.profile import profile_of
from app.surveys.service import Faulty, NoPurpose, NotReady, asked_of
from app.surveys.survey import Nothing, Survey, standing

if TYPE_CHECKING:
    from app.surveys.plan import Plan

COOKIE = "guyub"
COOKIE_SECONDS = 14 * 24 * 3600
_SOME_ID = UUID(int=0).hex
router = APIRouter()
_PRIVATE = {"cache-control": "no-store"}
Body = str | FilledPage


async def landing(request: Request) -> Response:
    """GET /s/<slug>: welcome, or how things stand. Chat apps fetch it too."""
    desk, language = desk_of(request), language_of(request.query_params.get("lang"))
    survey, at = await desk.survey(request), _now()
    if isinstance(survey, Nothing) or standing(survey, at) != "open":
        return _page(desk.messages.standing(survey, language, at=at), cache="private, no-cache")
    html = desk.landings.landing(survey, language, continuing=COOKIE in request.cookies)
    return _page(html, cache="private, no-cache")


async def begin(request: Request) -> Response:
    """POST /s/<slug>/mulai: consent and code, or go on; answers the document itself."""
    desk = desk_of(request)
    form = StartForm.of(await _fields(request))
    return await _begin(request, desk, await desk.survey(request), form)


async def personal_landing(request: Request) -> Response:
    """GET /u/<token>: the landing page with the code filled in; the same bytes for everybody.

    The page does not hold the token: its form posts to the address it came from.
    """
    desk, language = desk_of(request), language_of(request.query_params.get("lang"))
    survey, at = await desk.survey_of_link(request.path_params["token"]), _now()
    if isinstance(survey, Nothing) or standing(survey, at) != "open":
        return _page(desk.messages.standing(survey, language, at=at), cache="private, no-cache")
    continuing = COOKIE in request.cookies
    return _page(desk.landings.landing(survey, language, continuing=continuing, personal=True))


async def personal_begin(request: Request) -> Response:
    """POST /u/<token>: `begin` with the token for a code."""
    desk, token = desk_of(request), request.path_params["token"]
    form = replace(StartForm.of(await _fields(request)), code=token, kind="link", resume="")
    return await _begin(request, desk, await desk.survey_of_link(token), form)


async def _begin(  # noqa: PLR0911 - one page a return
    request: Request, desk: Desk, survey: Survey | Nothing, form: StartForm
) -> Response:
    at = _now()
    if isinstance(survey, Survey) and form.decline:
        return _page(desk.messages.stopped(survey, form.language, form.decline))
    if isinstance(survey, Nothing) or standing(survey, at) != "open":
        return _page(desk.messages.standing(survey, form.language, at=at), 409)
    try:
        state = await _state(request, desk, survey, form, at)
    except NotReady as why:
        return _ask_again(request, desk, survey, form, why)
    except NoPurpose:
        return _page(desk.messages.stopped(survey, form.language, "purpose"))
    except UnknownSubmission:
        html = desk.landings.landing_again(survey, form, {}, continuing=False, lost=True)
        return _forget(survey, _page(html, 404))
    except WaveNotAccepting:
        now = await desk.survey_of(survey.slug, fresh=True)
        return _page(desk.messages.standing(now, form.language, at=at), 409)
    if state.receipt is not None and form.resume not in ("ubah", "baru"):
        thanks = desk.messages.receipt(survey, state.submission_id, state.receipt, form.language)
        return _forget(survey, _page(thanks))
    if form.resume == "baru":
        page: Body = desk.documents.resumed(survey, state, form.language, newer=True)
    else:
        page = desk.documents.begun(survey, state, form.language)
    return _remember(request, survey, state.submission_id, _page(page))


async def _state(
    request: Request, desk: Desk, survey: Survey, form: StartForm, at: datetime
) -> State:
    if not form.resume:
        address = request.client.host if request.client else None
        return await desk.answering.begin(survey=survey, form=form, address=address, at=at)
    submission_id = form.submission_id or _remembered(request)
    if submission_id is None:
        raise UnknownSubmission("neither the form nor a cookie names a draft")
    return await desk.answering.go_on(survey=survey, submission_id=submission_id)


def _ask_again(
    request: Request, desk: Desk, survey: Survey, form: StartForm, why: NotReady
) -> Response:
    html = desk.landings.landing_again(
        survey, form, why.wrong, continuing=_remembered(request) is not None
    )
    if "too_many" not in why.wrong.values():
        return _page(html, 422)
    response = _page(html, 429)
    response.headers["retry-after"] = str(TooManyWrongCodes.retry_after)
    return response


async def save(request: Request) -> Response:
    """POST /s/<slug>/simpan: the full state so far; 204 to our script, else the document."""
    desk = desk_of(request)
    form = AnswerForm.of(await _fields(request))
    survey = await desk.survey(request)
    if isinstance(survey, Nothing):
        raise WaveNotAccepting("not there")
    at, asked = _now(), asked_of(survey, form)
    try:
        saved = await desk.answering.save(survey=survey, asked=asked, form=form, final=False, at=at)
    except (Faulty, AppError) as error:
        return await _not_saved(request, desk, survey, asked, form, error)
    if problems.wants_json(request):
        return Response(status_code=204, headers=_PRIVATE)
    return _remember(
        request,
        survey,
        form.submission_id,
        _page(desk.documents.saved(survey, asked, form, saved, at)),
    )


async def submit(request: Request) -> Response:
    """POST /s/<slug>/kirim: the last save; asks once, softly, for what has no answer."""
    desk = desk_of(request)
    form = AnswerForm.of(await _fields(request))
    survey = await desk.survey(request)
    if isinstance(survey, Nothing):
        raise WaveNotAccepting("not there")
    at, asked = _now(), asked_of(survey, form)
    try:
        saved = await desk.answering.submit(survey=survey, asked=asked, form=form, at=at)
    except (Faulty, AppError) as error:
        return await _not_saved(request, desk, survey, asked, form, error)
    if problems.wants_json(request):
        told = {"status": saved.ack.status, "rev": saved.ack.rev}
        return JSONResponse(told | {"unanswered": len(saved.unanswered)}, headers=_PRIVATE)
    unanswered = saved.unanswered
    if saved.ack.receipt is not None and (form.final or not unanswered):
        language = form.switch_to or form.language
        own = profile_of(survey.instrument, survey.wave.form, saved.answers, language)
        thanks = desk.messages.receipt(survey, form.submission_id, saved.ack.receipt, language, own)
        return _forget(survey, _page(thanks))
    if unanswered:
        return _page(desk.prompts.prompt(survey, asked, form, saved, at))
    return _page(desk.documents.saved(survey, asked, form, saved, at))


async def forget(request: Request) -> Response:
    """POST /s/<slug>/lupakan: this phone forgets; nothing stored with us changes."""
    desk = desk_of(request)
    language = StartForm.of(await _fields(request)).language
    survey = await desk.survey(request)
    return _forget(survey, _page(desk.messages.forgotten(survey, language)))


async def back_to_start(request: Request) -> Response:
    """GET of an address that only takes forms (a reload, a shared link): to the start."""
    query = "?lang=en" if request.query_params.get("lang") == "en" else ""
    return RedirectResponse(f"/s/{request.path_params['slug']}{query}", 303)


_SLUG = "/s/{slug:str}"
# In the order of use: each route before the right one is tried in vain.
router.add_route(_SLUG, asks(Permission.PUBLIC)(landing), methods=["GET"])
for _path, _endpoint in (
    ("/simpan", save),
    ("/mulai", begin),
    ("/kirim", submit),
    ("/lupakan", forget),
):
    router.add_route(_SLUG + _path, asks(Permission.SELF)(_endpoint), methods=["POST"])
for _path in ("/mulai", "/simpan", "/kirim", "/lupakan"):
    router.add_route(_SLUG + _path, asks(Permission.PUBLIC)(back_to_start), methods=["GET"])
_LINK = "/u/{token:str}"
router.add_route(_LINK, asks(Permission.PUBLIC)(personal_landing), methods=["GET"])
router.add_route(_LINK, asks(Permission.SELF)(personal_begin), methods=["POST"])


async def _fields(request: Request) -> Fields:
    return read(await request.body(), request.headers.get("content-type", ""))


async def _not_saved(
    request: Request,
    desk: Desk,
    survey: Survey,
    asked: Plan,
    form: AnswerForm,
    error: Faulty | AppError,
) -> Response:
    """Answer a save that changed nothing: the page keeps what was typed."""
    if isinstance(error, Faulty):
        refusal: AppError = UnreadableAnswers(str(error))
        html = desk.documents.faulty(survey, asked, form, error.faults)
    elif isinstance(error, NewerState):
        refusal = error
        html = desk.documents.conflict(survey, asked, form, error.rev)
    elif isinstance(error, WaveNotAccepting):
        refusal = error
        now = await desk.survey(request, fresh=True)
        html = desk.messages.standing(now, form.language, at=_now(), posted=True)
    else:
        refusal = error
        html = desk.documents.unsaved(survey, asked, form, error)
    if problems.wants_json(request):
        return problems.render(request, refusal, form.language)
    return _page(html, refusal.status)


def _page(page: Body, status: int = 200, *, cache: str = "no-store") -> Response:
    headers = {"cache-control": cache}
    if isinstance(page, FilledPage):
        return PackedResponse(page, status, headers)
    return Response(page, status, headers, "text/html; charset=utf-8")


def _remembered(request: Request) -> UUID | None:
    try:
        return UUID(request.cookies.get(COOKIE, ""))
    except ValueError:
        return None


def _remember(
    request: Request, survey: Survey, submission_id: UUID, response: Response
) -> Response:
    """Let this phone find its draft again; everything works without the cookie."""
    secure = request.app.state.settings.base_url.startswith("https:")
    cookie = _draft_cookie(survey.slug, secure=secure)
    # the value stands first; a slug may look like an id, too
    response.headers.append("set-cookie", cookie.replace(_SOME_ID, submission_id.hex, 1))
    return response


def _forget(survey: Survey | Nothing, response: Response) -> Response:
    response.headers.append("set-cookie", _no_cookie(survey.slug))
    return response


@lru_cache(maxsize=64)
def _draft_cookie(slug: str, *, secure: bool) -> str:
    """The header that keeps `_SOME_ID`: its words, once a survey and not once a page."""
    response = Response()
    response.set_cookie(
        COOKIE,
        _SOME_ID,
        max_age=COOKIE_SECONDS,
        path=f"/s/{slug}",
        secure=secure,
        httponly=True,
        samesite="lax",
    )
    return response.headers["set-cookie"]


@lru_cache(maxsize=64)
def _no_cookie(slug: str) -> str:
    """The header that drops it."""
    response = Response()
    response.delete_cookie(COOKIE, path=f"/s/{slug}", httponly=True, samesite="lax")
    return response.headers["set-cookie"]


def _now() -> datetime:
    return datetime.now(UTC)
