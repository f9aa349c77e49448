"""`/s/<slug>/hak`: see, correct, download and take back one's own answers.

Everything that shows or changes something is a POST; a code never stands in an address. The
first step takes a code or a receipt, the next ones a ticket that it hands on.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute
from sqlmodel import Session
from starlette.background import BackgroundTask
from starlette.responses import RedirectResponse, Response

from app.auth import IdentityRemoved, Permission, TooManyWrongCodes, WrongCode, asks
from app.db import Database
from app.errors import AppError
from app.pages import N_, language_of
from app.rights import choices, door, erasing, export, own, ticket
from app.rights.forms import Form, RightsForm
from app.rights.requests import file_request
from app.rights.views import RightsView
from app.wave_reader import CommunityView, WaveView, current_wave, find_community
from instrument.model import Language

COOKIE = "guyub"
"""Of the survey's pages: the draft this phone remembers."""
HAK = "/s/{slug}/hak"


class _Refused(Exception):
    """Nobody is known by what was typed; holds the page that says so."""

    def __init__(self, page: Response) -> None:
        self.page = page


class _Door(APIRoute):
    """A step that answers `_Refused` with its page."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await handle(request)
            except _Refused as refused:
                return refused.page

        return answered


router = APIRouter(include_in_schema=False, route_class=_Door)


class TicketOver(AppError):
    """The page lay open for too long, or its ticket is none of ours."""

    status = 403
    slug = "ticket-over"
    title_id = "Halaman ini sudah terlalu lama terbuka"
    title_en = "This page has been open for too long"
    hint_id = "Masukkan lagi kode Anda; tidak ada yang berubah."
    hint_en = "Enter your code again; nothing has changed."


@dataclass(frozen=True, slots=True)
class _Visit:
    """What a request is about."""

    request: Request
    database: Database
    community: CommunityView
    wave: WaveView | None
    language: Language
    at: datetime

    @classmethod
    def of(cls, request: Request, slug: str, language: Language) -> _Visit:
        database: Database = request.app.state.database
        with Session(database.read) as session, session.begin():
            community, wave = find_community(session, slug), current_wave(session, slug)
        return cls(request, database, community, wave, language, datetime.now(UTC))

    @property
    def view(self) -> RightsView:
        return RightsView(
            self.request.app.state.pages,
            community=self.community,
            wave=self.wave,
            language=self.language,
        )

    @property
    def draft(self) -> UUID | None:
        """The draft of this phone, in open access, where there is no code to come back with."""
        if self.wave is None or self.wave.access == "code":
            return None
        try:
            return UUID(self.request.cookies.get(COOKIE, ""))
        except ValueError:
            return None

    def person(self, form: RightsForm) -> UUID:
        """Whose data the form may see. Raises TicketOver and what `door.enter` raises."""
        if form.ticket:
            ref = ticket.read(
                self.database.settings,
                community_id=self.community.id,
                ticket=form.ticket,
                at=self.at,
            )
            if ref is None:
                raise TicketOver
            return ref
        if form.this_phone and self.draft is not None:
            with Session(self.database.read) as session, session.begin():
                ref = own.by_draft(
                    session, community_id=self.community.id, submission_id=self.draft
                )
            if ref is not None:
                return ref
        client = self.request.client.host if self.request.client else None
        return door.enter(
            self.database,
            self.request.app.state.door,
            community=self.community,
            typed=form.typed,
            client=client,
        )

    def own(self, ref: UUID) -> own.Own:
        with Session(self.database.read) as session, session.begin():
            return own.read(session, community=self.community, respondent_ref=ref, at=self.at)

    def new_ticket(self, ref: UUID) -> str:
        return ticket.issue(
            self.database.settings,
            community_id=self.community.id,
            respondent_ref=ref,
            at=self.at,
        )

    def overview(self, ref: UUID, notice: str = "") -> Response:
        html = self.view.overview(
            self.own(ref),
            self.new_ticket(ref),
            may_ask=self.database.has_identity(),
            notice=notice,
        )
        return _page(html)

    def refused(self, error: AppError, typed: str) -> Response:
        html = self.view.door(
            at=self.at, remembers=self.draft is not None, error=error, typed=typed
        )
        response = _page(html, error.status)
        if isinstance(error, TooManyWrongCodes):
            response.headers["retry-after"] = str(error.retry_after)
        return response


_REFUSALS = (TicketOver, WrongCode, TooManyWrongCodes, IdentityRemoved)


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody whose code, receipt or ticket is good."""

    visit: _Visit
    form: RightsForm
    ref: UUID


def _asker(request: Request, form: Form) -> Asker:
    """Who asks; the page of the door, with what was wrong, where nobody is known (`_Door`)."""
    visit = _Visit.of(request, request.path_params["slug"], form.language)
    try:
        return Asker(visit, form, visit.person(form))
    except _REFUSALS as error:
        raise _Refused(visit.refused(error, form.typed)) from error


AnAsker = Annotated[Asker, Depends(_asker)]


@asks(Permission.PUBLIC)
def rights(request: Request) -> Response:
    """What one may do about one's answers; asks for the code."""
    slug = request.path_params["slug"]
    visit = _Visit.of(request, slug, language_of(request.query_params.get("lang")))
    html = visit.view.door(at=visit.at, remembers=visit.draft is not None)
    return _page(html, cache="private, no-cache")


@router.post(HAK)
@asks(Permission.SELF)
def see(asker: AnAsker) -> Response:
    """Everything that is stored, in words."""
    return asker.visit.overview(asker.ref)


@router.post(HAK + "/unduh")
@asks(Permission.SELF)
def download(asker: AnAsker) -> Response:
    """The same as a JSON file."""
    visit = asker.visit
    body = export.document(visit.own(asker.ref), community=visit.community, at=visit.at)
    name = f"guyub-{visit.community.slug}-{visit.at:%Y-%m-%d}.json"
    headers = {"cache-control": "no-store", "content-disposition": f'attachment; filename="{name}"'}
    return Response(body, 200, headers, "application/json")


@router.post(HAK + "/izin")
@asks(Permission.SELF)
def narrow(asker: AnAsker) -> Response:
    """Take a permission back and keep the others."""
    visit, ref, form = asker.visit, asker.ref, asker.form
    changed = form.submission_id is not None and choices.take_back(
        visit.database,
        community_id=visit.community.id,
        respondent_ref=ref,
        submission_id=form.submission_id,
        keep=form.kept,
        at=visit.at,
    )
    if changed:
        return visit.overview(ref, N_("Your permissions have been changed."))
    if not form.kept:  # no purpose is left: then nothing may be kept
        return _page(visit.view.confirm(visit.own(ref), visit.new_ticket(ref)))
    return visit.overview(ref, N_("Nothing was changed: those are your permissions already."))


@router.post(HAK + "/tarik")
@asks(Permission.SELF)
def confirm(asker: AnAsker) -> Response:
    """What a withdrawal does; changes nothing."""
    visit, ref = asker.visit, asker.ref
    mine = visit.own(ref)
    if mine.nothing:
        return visit.overview(ref)
    return _page(visit.view.confirm(mine, visit.new_ticket(ref)))


@router.post(HAK + "/hapus")
@asks(Permission.SELF)
def withdraw(asker: AnAsker) -> Response:
    """Erase: everything, or what was answered in one wave."""
    visit, ref, form = asker.visit, asker.ref, asker.form
    erased = erasing.withdraw(
        visit.database,
        community_id=visit.community.id,
        respondent_ref=ref,
        wave_id=form.wave_id,
        at=visit.at,
    )
    response = _page(visit.view.erased(erased, all_of_it=form.wave_id is None))
    response.delete_cookie(COOKIE, path=f"/s/{visit.community.slug}", httponly=True, samesite="lax")
    if (
        erased is not None
    ):  # files of analyses that read these answers go now, not at the next sweep
        response.background = BackgroundTask(visit.request.app.state.supervisor.nudge)
    return response


@router.post(HAK + "/minta")
@asks(Permission.SELF)
def ask(asker: AnAsker) -> Response:
    """File a request for what this page cannot do."""
    visit, form = asker.visit, asker.form
    if not visit.database.has_identity():
        return visit.refused(IdentityRemoved(), "")
    with Session(visit.database.write, expire_on_commit=False) as session, session.begin():
        filed = file_request(
            session=session,
            settings=visit.database.settings,
            community_id=visit.community.id,
            kind=form.kind,
            channel="page",
            words=form.words,
            contact=form.contact,
            at=visit.at,
            by="member",
        )
    return _page(visit.view.asked(filed))


@asks(Permission.PUBLIC)
def back(request: Request) -> Response:
    """GET of a step (a reload, a shared link): to the beginning."""
    slug = request.path_params["slug"]
    query = "?lang=en" if request.query_params.get("lang") == "en" else ""
    return RedirectResponse(f"/s/{slug}/hak{query}", 303)


router.add_route(HAK, rights, methods=["GET"])
for _step in ("/unduh", "/izin", "/tarik", "/hapus", "/minta"):
    router.add_route(HAK + _step, back, methods=["GET"])


def _page(html: str, status: int = 200, *, cache: str = "no-store") -> Response:
    return Response(html, status, {"cache-control": cache}, "text/html; charset=utf-8")
