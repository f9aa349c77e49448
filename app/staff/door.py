"""Pages of the door: sign in, sign out, the language of the pages."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

from anyio import to_thread
from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session

from app.auth import Now, Permission, asks, sessions, staff_router
from app.db import Database, ReadSession, WriteSession
from app.desk import NO_STORE, START, AtDesk, Form, inside, language_asked, outside
from app.pages import N_, Pages, language_of
from app.staff import passwords
from app.staff.accounts import set_language
from app.staff.invitations import Invited, PasswordRefused, accept, invited
from app.staff.sign_in import Attempt, SignInRefused, sign_in, sign_out
from instrument.model import Language

router = staff_router()
SIGNED_OUT = N_("You are signed out on every device.")
PASSWORD_SET = N_("The new password is set. Sign in with it.")


@router.get("/masuk")
@asks(Permission.PUBLIC)
async def sign_in_page(request: Request) -> HTMLResponse:
    """The sign-in form; ``?pemulihan=1`` asks for a recovery code instead of the app's."""
    return _sign_in_page(request, back=request.query_params.get("lanjut", START))


@router.post("/masuk")
@asks(Permission.PUBLIC)
async def sign_in_form(request: Request, form: Form, now: Now) -> Response:
    """Begin a session, or say in one sentence that it does not fit."""
    database: Database = request.app.state.database
    attempt = Attempt(
        email=form.text("surel"),
        password=form.secret("sandi"),
        code=form.text("kode"),
        recovery=form.text("pemulihan"),
    )
    client = request.client.host if request.client else None
    try:
        cookie = await sign_in(database, request.app.state.sign_ins, attempt, client=client, at=now)
    except SignInRefused as error:
        language = language_asked(request)
        sentence = f"{error.title(language)}. {error.hint(language)}"
        return _sign_in_page(
            request,
            back=form.text("lanjut"),
            email=attempt.email,
            recovery=bool(form.text("dengan")),
            faults={"surel": sentence},
        )
    response = RedirectResponse(inside(form.text("lanjut")), 303, headers=NO_STORE)
    sessions.set_cookie(response, database.settings, cookie)
    return response


def _sign_in_page(
    request: Request,
    *,
    back: str,
    email: str = "",
    recovery: bool | None = None,
    faults: dict[str, str] | None = None,
) -> HTMLResponse:
    query = request.query_params
    return outside(
        request,
        "staff/sign-in.html",
        language=language_asked(request),
        email=email,
        back=inside(back),
        query=f"?lanjut={quote(inside(back), safe='/')}",
        recovery="pemulihan" in query if recovery is None else recovery,
        told=_told(request),
        faults=faults or {},
    )


def _told(request: Request) -> str:
    """Why somebody stands at the door again."""
    said = {"keluar": SIGNED_OUT, "sandi": PASSWORD_SET}
    message = next((said[key] for key in said if key in request.query_params), "")
    pages: Pages = request.app.state.pages
    return pages.text(language_asked(request), message) if message else ""


@router.get("/undangan/{token}")
@asks(Permission.PUBLIC)
def invitation_page(request: Request, token: str, now: Now, session: ReadSession) -> HTMLResponse:
    """Whose link this is, and the form for a password. Opening it changes nothing."""
    return _invitation_page(request, token, invited(session, token, now))


@router.post("/undangan/{token}")
@asks(Permission.PUBLIC)
async def invitation_form(request: Request, token: str, form: Form, now: Now) -> Response:
    """Set the password and come in; with a second factor, sign in with both."""
    database: Database = request.app.state.database
    whose = await to_thread.run_sync(_invited, database, token, now)
    password = form.secret("baru")
    pages: Pages = request.app.state.pages
    language = _language_of_link(request, whose)
    if password != form.secret("ulang"):
        faults = {"ulang": pages.text(language, passwords.NOT_REPEATED)}
        return _invitation_page(request, token, whose, faults)
    try:
        cookie = await accept(database, token=token, password=password, at=now)
    except PasswordRefused as error:
        faults = {"baru": pages.text(language, error.message, length=error.length)}
        return _invitation_page(request, token, whose, faults)
    if cookie is None:
        english = "&lang=en" if language == "en" else ""
        return RedirectResponse(f"{START}/masuk?sandi=1{english}", 303, headers=NO_STORE)
    response = RedirectResponse(START, 303, headers=NO_STORE)
    sessions.set_cookie(response, database.settings, cookie)
    return response


def _invited(database: Database, token: str, at: datetime) -> Invited:
    with Session(database.read) as session, session.begin():
        return invited(session, token, at)


def _invitation_page(
    request: Request, token: str, whose: Invited, faults: dict[str, str] | None = None
) -> HTMLResponse:
    return outside(
        request,
        "staff/invitation.html",
        language=_language_of_link(request, whose),
        token=token,
        whose=whose,
        faults=faults or {},
    )


def _language_of_link(request: Request, whose: Invited) -> Language:
    asked = request.query_params.get("lang")
    return language_of(asked) if asked else whose.language


@router.post("/keluar")
@asks(Permission.ACCOUNT_OWN)
def sign_out_form(desk: AtDesk, session: WriteSession) -> Response:
    """End every session of this account, here and elsewhere."""
    sign_out(session=session, staff_id=desk.account.id, by=desk.account.actor, at=desk.now)
    language = "&lang=en" if desk.language == "en" else ""
    response = RedirectResponse(f"{START}/masuk?keluar=1{language}", 303, headers=NO_STORE)
    sessions.drop_cookie(response)
    return response


@router.post("/bahasa")
@asks(Permission.ACCOUNT_OWN)
def choose_language(desk: AtDesk, form: Form, session: WriteSession) -> Response:
    """Keep the language of this account's pages, and go back to the page."""
    set_language(session=session, staff_id=desk.account.id, language=language_of(form.text("lang")))
    return desk.go(inside(form.text("ke")))
