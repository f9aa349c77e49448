"""Pages of the door: sign in, sign out, the language of the pages."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.auth import Now, Permission, asks, sessions, staff_router
from app.db import Database, WriteSession
from app.desk import NO_STORE, START, AtDesk, Form, inside, language_asked, outside
from app.pages import N_, language_of
from app.staff.accounts import set_language
from app.staff.sign_in import Attempt, SignInRefused, sign_in, sign_out

router = staff_router()
SIGNED_OUT = N_("You are signed out on every device.")


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
        signed_out="keluar" in query,
        faults=faults or {},
    )


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
