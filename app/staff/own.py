"""One's own account: password, second factor, sessions. Everybody who is signed in has these."""

from __future__ import annotations

import json

from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.auth import Permission, asks, sessions, staff_router
from app.db import Database, ReadSession, WriteSession
from app.desk import NO_STORE, START, AtDesk, Desk, Form, Posted
from app.pages import N_
from app.sealing import NotOurs, Sealer
from app.staff import credentials, passwords, second_factor
from app.staff.invitations import PasswordRefused, describe
from app.tables import Staff

router = staff_router("/akun")
ACCOUNT = f"{START}/akun"
WRONG_PASSWORD = N_("This is not your password. After 5 failures the account rests for 15 minutes.")
WRONG_CODE = N_("This code does not fit. Check the phone's clock, and type the next code.")
SESSION_ENDED = N_("That session is over.")


@router.get("")
@asks(Permission.ACCOUNT_OWN)
def account(desk: AtDesk, session: ReadSession) -> HTMLResponse:
    """What this account is, and where it is signed in."""
    mine = desk.account.id
    return desk.page(
        "staff/account.html",
        open_sessions=sessions.own_sessions(session, staff_id=mine, at=desk.now),
        codes_left=second_factor.codes_left(session, mine),
    )


@router.post("/sesi/{session_id:int}/akhiri")
@asks(Permission.ACCOUNT_OWN)
def end_session(desk: AtDesk, session_id: int, session: WriteSession) -> Response:
    """End one session of one's own; another's is left alone."""
    credentials.end_session(
        session=session, staff_id=desk.account.id, session_id=session_id, at=desk.now
    )
    return desk.go(ACCOUNT, say=SESSION_ENDED)


@router.get("/sandi")
@asks(Permission.ACCOUNT_OWN)
def password_page(desk: AtDesk, session: ReadSession) -> HTMLResponse:
    """The form for a new password."""
    whose = describe(session, session.get_one(Staff, desk.account.id))
    return desk.page("staff/password.html", shortest=whose.shortest)


@router.post("/sandi")
@asks(Permission.ACCOUNT_OWN)
async def password_form(desk: AtDesk, form: Form) -> Response:
    """Set a new password; every session ends, this one too."""
    database: Database = desk.request.app.state.database
    new = form.secret("baru")
    faults = {}
    if new != form.secret("ulang"):
        faults["ulang"] = desk.text(passwords.NOT_REPEATED)
    else:
        try:
            await credentials.change_password(
                database, staff_id=desk.account.id, old=form.secret("lama"), new=new, at=desk.now
            )
        except PasswordRefused as error:
            faults["baru"] = desk.text(error.message, length=error.length)
        except credentials.NotThePassword:
            faults["lama"] = desk.text(WRONG_PASSWORD)
    if faults:
        shortest = passwords.SHORTEST_WITH_SECOND_FACTOR if desk.account.enrolled else (
            passwords.SHORTEST)  # fmt: skip
        return desk.page("staff/password.html", shortest=shortest, faults=faults)
    language = "&lang=en" if desk.language == "en" else ""
    response = RedirectResponse(f"{START}/masuk?sandi=1{language}", 303, headers=NO_STORE)
    sessions.drop_cookie(response)
    return response


@router.get("/kode")
@asks(Permission.ACCOUNT_OWN)
def second_factor_page(desk: AtDesk, session: ReadSession) -> HTMLResponse:
    """Set up an app; where one is set up, how to change it."""
    if desk.account.enrolled:
        left = second_factor.codes_left(session, desk.account.id)
        return desk.page("staff/second-factor.html", codes_left=left)
    return _enrolment(desk, second_factor.new_secret())


@router.post("/kode/baru")
@asks(Permission.ACCOUNT_OWN)
async def another_phone(desk: AtDesk, form: Form) -> Response:
    """Show a new secret to somebody who has typed the password again."""
    if await _proved(desk, form):
        return _enrolment(desk, second_factor.new_secret())
    return _not_proved(desk)


@router.post("/kode/pemulihan")
@asks(Permission.ACCOUNT_OWN)
async def recovery_codes(desk: AtDesk, form: Form) -> Response:
    """Replace the recovery codes, after the password."""
    if not desk.account.enrolled or not await _proved(desk, form):
        return _not_proved(desk)
    codes = await passwords.in_line(
        credentials.renew_recovery_codes,
        desk.request.app.state.database,
        desk.account.id,
        desk.now,
    )
    return desk.page("staff/recovery-codes.html", codes=codes)


@router.post("/kode")
@asks(Permission.ACCOUNT_OWN)
def enrol(desk: AtDesk, form: Form, session: WriteSession) -> Response:
    """Take the app whose code fits; show the recovery codes once."""
    secret = _carried(desk, form)
    step = second_factor.step_of(secret, form.text("kode"), desk.now, after=None)
    if step is None:
        return _enrolment(desk, secret, faults={"kode": desk.text(WRONG_CODE)})
    codes = credentials.enrol(
        session=session,
        settings=desk.request.app.state.settings,
        staff_id=desk.account.id,
        session_id=desk.account.session_id,
        secret=secret,
        step=step,
        at=desk.now,
    )
    return desk.page("staff/recovery-codes.html", codes=codes)


def _enrolment(desk: Desk, secret: str, faults: dict[str, str] | None = None) -> HTMLResponse:
    return desk.page(
        "staff/enrol.html",
        qr=second_factor.qr_of(second_factor.address_of(secret, desk.account.email)),
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        carried=_sealer(desk).seal(json.dumps(secret).encode(), about=_about(desk)).hex(),
        faults=faults or {},
    )


def _carried(desk: Desk, form: Posted) -> str:
    """The secret of the page, which only this session's server page can have made."""
    try:
        plain = _sealer(desk).open(bytes.fromhex(form.text("rahasia")), about=_about(desk))
    except (NotOurs, ValueError) as error:
        raise credentials.EnrolmentOver from error
    return str(json.loads(plain))


def _sealer(desk: Desk) -> Sealer:
    return Sealer(desk.request.app.state.settings.key("secret_key"), "enrolment")


def _about(desk: Desk) -> str:
    """One session, and one state of the account: what was shown before a change is over."""
    return f"session:{desk.account.session_id}:{desk.account.enrolled}"


async def _proved(desk: Desk, form: Posted) -> bool:
    return await passwords.in_line(
        credentials.is_the_password,
        desk.request.app.state.database,
        desk.account.id,
        form.secret("lama"),
        desk.now,
    )


def _not_proved(desk: Desk) -> HTMLResponse:
    return desk.page(
        "staff/second-factor.html", codes_left=None, faults={"lama": desk.text(WRONG_PASSWORD)}
    )
