"""Everybody's accounts and roles; for admins."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session, col, select

from app.auth import Permission, Role, asks, staff_router
from app.db import ReadSession, WriteSession
from app.desk import START, AtDesk, Desk, Form, Posted, Undo
from app.pages import N_, language_of
from app.staff import accounts
from app.staff.start import ROLE_DUTIES, ROLE_NAMES
from app.tables import Community, Invitation, RoleGrant, Staff

router = staff_router("/akun-staf")
LIST = f"{START}/akun-staf"
CLOSE_WORD = N_("close")
OFF_WORD = N_("take off")
TYPE_WORD = N_("Type the word as it stands there.")
CHOOSE_COMMUNITY = N_("Choose the community; only an admin has none.")


@dataclass(frozen=True, slots=True)
class Held:
    """One role of one account, as the page shows it."""

    role: Role
    slug: str
    """Of the community; empty for an admin."""
    community: str


@dataclass(frozen=True, slots=True)
class Person:
    """One account, as the page shows it."""

    id: int
    name: str
    email: str
    closed: bool
    pending: bool
    enrolled: bool
    roles: tuple[Held, ...]


@router.get("")
@asks(Permission.STAFF_EDIT)
def list_page(desk: AtDesk, session: ReadSession) -> HTMLResponse:
    """Every account, with its roles."""
    people = _people(session)
    return desk.page("staff/accounts.html", people=people, role_names=ROLE_NAMES)


@router.get("/undang")
@asks(Permission.STAFF_EDIT)
def invite_page(desk: AtDesk, session: ReadSession) -> HTMLResponse:
    """The form that makes an account."""
    return _invite_page(desk, session)


@router.post("/undang")
@asks(Permission.STAFF_EDIT)
def invite_form(desk: AtDesk, form: Form, session: WriteSession) -> Response:
    """Make an account, with a first role if one is chosen; show its link once."""
    try:
        with session.begin_nested():
            staff, token = accounts.invite(
                session=session,
                email=form.text("surel"),
                name=form.text("nama"),
                language=language_of(form.text("bahasa")),
                by=desk.account.actor,
                at=desk.now,
            )
            role = _role(form)
            if role is not None:
                where = _where(session, form, role)
                if where is None and role is not Role.ADMIN:
                    fault = {"komunitas": desk.text(CHOOSE_COMMUNITY)}
                    raise _Again(fault)
                accounts.grant(
                    session=session, staff_id=staff.id or 0, role=role, community_id=where,
                    by=desk.account.actor, at=desk.now,
                )  # fmt: skip
            name = staff.name
    except _Again as again:
        return _invite_page(desk, session, form, again.faults)
    except (accounts.NoAddress, accounts.EmailTaken) as error:
        sentence = f"{error.title(desk.language)}. {error.hint(desk.language)}"
        return _invite_page(desk, session, form, {"surel": sentence})
    return _link_page(desk, name, token)


@router.get("/{staff_id:int}")
@asks(Permission.STAFF_EDIT)
def person_page(desk: AtDesk, staff_id: int, session: ReadSession) -> HTMLResponse:
    """One account: roles, link, second factor, closing."""
    return _person_page(desk, session, staff_id)


@router.post("/{staff_id:int}/beri")
@asks(Permission.STAFF_EDIT)
def grant_form(desk: AtDesk, staff_id: int, form: Form, session: WriteSession) -> Response:
    """Give a role."""
    role = _role(form)
    where = _where(session, form, role)
    if role is None or (where is None and role is not Role.ADMIN):
        faults = {"komunitas": desk.text(CHOOSE_COMMUNITY)}
        return _person_page(desk, session, staff_id, faults=faults)
    try:
        with session.begin_nested():
            accounts.grant(
                session=session, staff_id=staff_id, role=role, community_id=where,
                by=desk.account.actor, at=desk.now,
            )  # fmt: skip
    except (accounts.RolesTogether, accounts.NotYourself) as error:
        sentence = f"{error.title(desk.language)}. {error.hint(desk.language)}"
        return _person_page(desk, session, staff_id, faults={"peran": sentence}, status=409)
    return desk.go(
        f"{LIST}/{staff_id}",
        say=N_("The role is given."),
        undo=Undo(f"{LIST}/{staff_id}/ambil", _role_fields(role, form)),
    )


@router.post("/{staff_id:int}/ambil")
@asks(Permission.STAFF_EDIT)
def take_form(desk: AtDesk, staff_id: int, form: Form, session: WriteSession) -> Response:
    """Take a role away, with a way back."""
    role = _role(form)
    if role is None:
        return _person_page(desk, session, staff_id)
    where = _where(session, form, role)
    accounts.take(
        session=session, staff_id=staff_id, role=role, community_id=where,
        by=desk.account.actor, at=desk.now,
    )  # fmt: skip
    return desk.go(
        f"{LIST}/{staff_id}",
        say=N_("The role is taken away."),
        undo=Undo(f"{LIST}/{staff_id}/beri", _role_fields(role, form)),
    )


@router.post("/{staff_id:int}/tautan")
@asks(Permission.STAFF_EDIT)
def link_form(desk: AtDesk, staff_id: int, session: WriteSession) -> Response:
    """Issue a new one-time link; the one before ends."""
    name = accounts.find(session, staff_id).name
    token = accounts.new_link(
        session=session, staff_id=staff_id, by=desk.account.actor, at=desk.now
    )
    return _link_page(desk, name, token)


@router.get("/{staff_id:int}/lepas")
@asks(Permission.STAFF_EDIT)
def take_off_page(desk: AtDesk, staff_id: int, session: ReadSession) -> HTMLResponse:
    """What happens when the second factor is taken off."""
    name = accounts.find(session, staff_id).name
    return desk.page("staff/take-off.html", name=name, staff_id=staff_id, word=OFF_WORD)


@router.post("/{staff_id:int}/lepas")
@asks(Permission.STAFF_EDIT)
def take_off_form(desk: AtDesk, staff_id: int, form: Form, session: WriteSession) -> Response:
    """Take it off, and show a new link."""
    name = accounts.find(session, staff_id).name
    if not _typed(desk, form, OFF_WORD):
        faults = {"ya": desk.text(TYPE_WORD)}
        return desk.page(
            "staff/take-off.html", name=name, staff_id=staff_id, word=OFF_WORD, faults=faults
        )
    token = accounts.take_off_second_factor(
        session=session, staff_id=staff_id, by=desk.account.actor, at=desk.now
    )
    return _link_page(desk, name, token)


@router.get("/{staff_id:int}/tutup")
@asks(Permission.STAFF_EDIT)
def close_page(desk: AtDesk, staff_id: int, session: ReadSession) -> HTMLResponse:
    """What closing an account means."""
    name = accounts.find(session, staff_id).name
    return desk.page("staff/close.html", name=name, staff_id=staff_id, word=CLOSE_WORD)


@router.post("/{staff_id:int}/tutup")
@asks(Permission.STAFF_EDIT)
def close_form(desk: AtDesk, staff_id: int, form: Form, session: WriteSession) -> Response:
    """Close it, with a way back."""
    if not _typed(desk, form, CLOSE_WORD):
        name = accounts.find(session, staff_id).name
        faults = {"ya": desk.text(TYPE_WORD)}
        return desk.page(
            "staff/close.html", name=name, staff_id=staff_id, word=CLOSE_WORD, faults=faults
        )
    accounts.close_account(session=session, staff_id=staff_id, by=desk.account.actor, at=desk.now)
    return desk.go(
        f"{LIST}/{staff_id}",
        say=N_("The account is closed; its sessions, links and tokens have ended."),
        undo=Undo(f"{LIST}/{staff_id}/buka", {}),
    )


@router.post("/{staff_id:int}/buka")
@asks(Permission.STAFF_EDIT)
def reopen_form(desk: AtDesk, staff_id: int, session: WriteSession) -> Response:
    """Open a closed account again."""
    accounts.reopen(session=session, staff_id=staff_id, by=desk.account.actor, at=desk.now)
    return desk.go(f"{LIST}/{staff_id}", say=N_("The account is open again."))


class _Again(Exception):
    """The form has to be shown again; nothing was written."""

    def __init__(self, faults: dict[str, str]) -> None:
        self.faults = faults
        super().__init__()


def _typed(desk: Desk, form: Posted, word: str) -> bool:
    return form.text("ya").casefold() == desk.text(word).casefold()


def _role(form: Posted) -> Role | None:
    return next((one for one in ROLE_NAMES if form.text("peran") == one), None)


def _where(session: Session, form: Posted, role: Role | None) -> int | None:
    slug = form.text("komunitas")
    if role is Role.ADMIN or not slug:
        return None
    return session.exec(select(Community.id).where(col(Community.slug) == slug)).one_or_none()


def _role_fields(role: Role, form: Posted) -> dict[str, str]:
    return {"peran": str(role), "komunitas": form.text("komunitas")}


def _invite_page(
    desk: Desk, session: Session, form: Posted | None = None, faults: dict[str, str] | None = None
) -> HTMLResponse:
    return desk.page(
        "staff/invite.html",
        typed=form or Posted(()),
        roles=_role_options(desk),
        communities=_community_options(desk, session),
        faults=faults or {},
    )


def _person_page(
    desk: Desk,
    session: Session,
    staff_id: int,
    *,
    faults: dict[str, str] | None = None,
    status: int = 200,
) -> HTMLResponse:
    accounts.find(session, staff_id)
    (person,) = _people(session, staff_id)
    return desk.page(
        "staff/person.html",
        status=status,
        person=person,
        role_names=ROLE_NAMES,
        duties=ROLE_DUTIES,
        roles=_role_options(desk),
        communities=_community_options(desk, session),
        faults=faults or {},
    )


def _link_page(desk: Desk, name: str, token: str) -> HTMLResponse:
    base = desk.request.app.state.pages.base_url
    return desk.page("staff/link.html", name=name, link=f"{base}{START}/undangan/{token}")


def _role_options(desk: Desk) -> list[tuple[str, str]]:
    return [(str(role), desk.text(name)) for role, name in ROLE_NAMES.items()]


def _community_options(desk: Desk, session: Session) -> list[tuple[str, str]]:
    none = [("", desk.text(N_("none (admin only)")))]
    found = session.exec(select(Community).order_by(col(Community.name), col(Community.id)))
    return none + [(one.slug, one.name) for one in found]


def _people(session: Session, staff_id: int | None = None) -> list[Person]:
    wanted = select(Staff).order_by(col(Staff.name), col(Staff.id))
    if staff_id is not None:
        wanted = wanted.where(col(Staff.id) == staff_id)
    places = {one.id: one for one in session.exec(select(Community))}
    roles: dict[int, list[Held]] = {}
    for grant in session.exec(select(RoleGrant).order_by(col(RoleGrant.id))):
        where = places.get(grant.community_id)
        roles.setdefault(grant.staff_id, []).append(
            Held(Role(grant.role), where.slug if where else "", where.name if where else "")
        )
    linked = set(
        session.exec(
            select(Invitation.staff_id).where(
                col(Invitation.used_at).is_(None), col(Invitation.revoked_at).is_(None)
            )
        )
    )
    return [
        Person(
            id=one.id or 0,
            name=one.name,
            email=one.email,
            closed=one.disabled_at is not None,
            pending=one.password_hash is None and one.id in linked,
            enrolled=one.totp_secret is not None,
            roles=tuple(roles.get(one.id or 0, ())),
        )
        for one in session.exec(wanted)
    ]
