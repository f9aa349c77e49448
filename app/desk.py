"""The frame of every staff page: who, where, which way on; forms in, pages and redirects out.

A slice's endpoint takes `AtDesk` and answers with ``desk.page(...)`` or ``desk.go(...)``.
How to add a page stands in ``docs/manual/staff-pages.md``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from babel.dates import format_date
from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from itsdangerous import BadSignature, URLSafeSerializer

from app.auth import EVERYWHERE, Account, Now, Permission, SignedIn, allowed
from app.errors import AppError
from app.pages import N_, ZONE, ZONE_NAMES, language_of, moment_of, other
from app.settings import Settings
from app.wave_reader import CommunityView
from instrument.model import Language

START = "/staff"
_NOTICE = "guyub_kabar"
_INSIDE = re.compile(r"/staff(/[\w.~-]+)*/?(\?[\w.~%=&+-]*)?", re.ASCII)
_FIELDS = 500
"""Most fields of a form; a form of ours has fewer than fifty."""
NO_STORE = {"cache-control": "no-store"}


@dataclass(frozen=True, slots=True)
class Way:
    """An entry of the navigation: shown to whoever may use it."""

    label: str
    path: str
    """Under ``/staff/k/<community>``, or under ``/staff`` for permissions of an admin."""
    permission: Permission

    @property
    def everywhere(self) -> bool:
        """Whether it belongs to the installation, not to one community."""
        return self.permission in EVERYWHERE


NAVIGATION: tuple[Way, ...] = (
    Way(N_("Waves"), "/gelombang", Permission.WAVE_RATE),
    Way(N_("Scorecards"), "/kartu", Permission.CARD_READ),
    Way(N_("Roster"), "/anggota", Permission.ROSTER_EDIT),
    Way(N_("Codes"), "/kode", Permission.CODE_ISSUE),
    Way(N_("Meetings"), "/kegiatan", Permission.EVENT_EDIT),
    Way(N_("Requests"), "/permintaan", Permission.RIGHTS_INBOX),
    Way(N_("Data sets"), "/data", Permission.DATASET_READ),
    Way(N_("Reports"), "/laporan", Permission.ANALYSIS_RUN),
    Way(N_("Open answers"), "/teks", Permission.TEXT_MODERATE),
    Way(N_("Prepare scorecards"), "/siapkan-kartu", Permission.CARD_PREVIEW),
    Way(N_("Tokens"), "/token", Permission.TOKEN_OWN),
    Way(N_("Communities"), "/komunitas", Permission.COMMUNITY_EDIT),
    Way(N_("Accounts"), "/akun-staf", Permission.STAFF_EDIT),
    Way(N_("Audit log"), "/audit", Permission.AUDIT_READ),
    Way(N_("Proofs"), "/bukti", Permission.AUDIT_READ),
)
"""In the order of the page; a slice that brings a page for people adds its line here."""


class UnreadableForm(AppError):
    """A body that is no form."""

    status = 415
    slug = "unreadable-form"
    title_id = "Kiriman ini bukan formulir"
    title_en = "This is not a form"
    hint_id = "Kirim dari halamannya sendiri."
    hint_en = "Send it from the page itself."


@dataclass(frozen=True, slots=True)
class Posted:
    """What a form sent. A field that was not sent reads as empty."""

    fields: tuple[tuple[str, str], ...]

    def text(self, name: str) -> str:
        """The (first) value of a field, without blanks around it."""
        return next((value for found, value in self.fields if found == name), "").strip()

    def secret(self, name: str) -> str:
        """The value exactly as typed: blanks belong to a password."""
        return next((value for found, value in self.fields if found == name), "")

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field: ticked boxes."""
        return tuple(value for found, value in self.fields if found == name)


async def read_form(request: Request) -> Posted:
    """Read a URL-encoded body; raises UnreadableForm."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    if kind != "application/x-www-form-urlencoded" and body:
        raise UnreadableForm(kind)
    try:
        pairs = parse_qsl(
            body.decode("utf-8", "replace").replace("\x00", ""),
            keep_blank_values=True,
            max_num_fields=_FIELDS,
        )
    except ValueError as error:
        raise UnreadableForm(str(error)) from error
    return Posted(tuple((name, value.replace("\x00", "")) for name, value in pairs))


Form = Annotated[Posted, Depends(read_form)]


@dataclass(frozen=True, slots=True)
class Undo:
    """A button beside a notice that takes the act back: one POST."""

    action: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Link:
    """Something to go to."""

    label: str
    href: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """What the layout of staff pages shows around the page."""

    language: Language
    simulated: bool
    here: str
    """This page's address, where it may be read again in the other language; else empty."""
    account: Account | None = None
    community: CommunityView | None = None
    navigation: tuple[Link, ...] = ()
    notice: str = ""
    undo: Undo | None = None

    @property
    def other(self) -> Language:
        """The house's other language."""
        return other(self.language)


@dataclass(frozen=True, slots=True)
class Desk:
    """One request of somebody who is signed in."""

    request: Request
    account: Account
    community: CommunityView | None
    now: datetime

    @property
    def language(self) -> Language:
        """What the page speaks."""
        return self.account.language

    @property
    def zone(self) -> ZoneInfo:
        """The community's zone; Jakarta's where no community is meant."""
        return ZoneInfo(self.community.timezone) if self.community else ZONE

    @property
    def zone_name(self) -> str:
        """What people call the zone: ``WIB``."""
        return ZONE_NAMES.get(str(self.zone), str(self.zone))

    @property
    def here(self) -> CommunityView:
        """The community of the path; a page outside of any has none."""
        assert self.community is not None, "this path names no {community}"
        return self.community

    @property
    def today(self) -> date:
        """The calendar day where the community is."""
        return self.now.astimezone(self.zone).date()

    @property
    def settings(self) -> Settings:
        """The installation's settings, for its keys."""
        settings: Settings = self.request.app.state.settings
        return settings

    @property
    def base_url(self) -> str:
        """Where people reach the service, without a slash at the end."""
        return str(self.request.app.state.pages.base_url)

    def may(self, permission: Permission) -> bool:
        """Whether this account may do that, here."""
        where = self.community.id if self.community else None
        return allowed(self.account, permission, where)

    def text(self, message: str, /, **values: Any) -> str:
        """Interface text in the page's language; mark the message with `N_`."""
        return str(self.request.app.state.pages.text(self.language, message, **values))

    def text_in(self, language: Language, message: str, /, **values: Any) -> str:
        """Interface text in a language that is not the page's: for others to read."""
        return str(self.request.app.state.pages.text(language, message, **values))

    def day(self, at: datetime) -> str:
        """The day of a moment, short: ``30 Nov 2026``."""
        return self.date(at.astimezone(self.zone).date())

    def date(self, on: date) -> str:
        """A calendar day, short: ``30 Nov 2026``."""
        return format_date(on, "d MMM yyyy", locale=self.language)

    def moment(self, at: datetime) -> str:
        """A moment as people write it, in the community's zone."""
        return moment_of(at, self.language, self.zone)

    def at(self, path: str) -> str:
        """Address of a page of this community: ``desk.at("/anggota")``."""
        return f"{START}/k/{self.community.slug}{path}" if self.community else f"{START}{path}"

    def page(self, template: str, /, *, status: int = 200, **context: Any) -> HTMLResponse:
        """Render a page in the frame; it finds ``desk`` and ``frame`` besides ``context``.

        A page with ``faults`` (sentences by field) answers 422 and lists them at its top.
        """
        faults = context.setdefault("faults", {})
        status = 422 if status == 200 and faults else status
        message, undo = self._notice()
        frame = Frame(
            language=self.language,
            simulated=self.request.app.state.settings.demo,
            here=_address(self.request),
            account=self.account,
            community=self.community,
            navigation=self._navigation(),
            notice=message,
            undo=undo,
        )
        body = self.request.app.state.pages.render(
            template, self.language, frame=frame, desk=self, **context
        )
        response = HTMLResponse(body, status, headers=NO_STORE)
        if message:
            response.delete_cookie(_NOTICE, path=START, httponly=True, samesite="lax")
        return response

    def go(
        self,
        address: str,
        /,
        *,
        say: str = "",
        values: Mapping[str, str | int] | None = None,
        undo: Undo | None = None,
    ) -> RedirectResponse:
        """Lead on after an act (303); the next page says ``say`` (a message marked with `N_`).

        ``undo`` puts a button beside it that takes the act back.
        """
        response = RedirectResponse(address, 303, headers=NO_STORE)
        if say:
            told = [say, dict(values or {})]
            if undo is not None:
                told += [undo.action, dict(undo.fields)]
            response.set_cookie(
                _NOTICE,
                str(self._signer.dumps(told)),
                max_age=60,
                path=START,
                secure=self.request.app.state.settings.base_url.startswith("https:"),
                httponly=True,
                samesite="lax",
            )
        return response

    @property
    def _signer(self) -> URLSafeSerializer:
        # Bound to the session: a notice of somebody else's is none of ours.
        salt = f"guyub.notice.{self.account.session_id}"
        return URLSafeSerializer(self.request.app.state.settings.key("secret_key"), salt=salt)

    def _notice(self) -> tuple[str, Undo | None]:
        cookie = self.request.cookies.get(_NOTICE)
        if not cookie:
            return "", None
        try:
            message, values, *undo = self._signer.loads(cookie)
        except (BadSignature, ValueError):
            return "", None
        return self.text(message, **values), Undo(*undo) if undo else None

    def _navigation(self) -> tuple[Link, ...]:
        path = self.request.url.path
        ways = []
        for way in NAVIGATION:
            if not way.everywhere and self.community is None:
                continue
            if way.everywhere:
                href, may = f"{START}{way.path}", allowed(self.account, way.permission)
            else:
                href, may = self.at(way.path), self.may(way.permission)
            if may:
                current = path == href or path.startswith(f"{href}/")
                ways.append(Link(self.text(way.label), href, current))
        return tuple(ways)


def ways_of(account: Account, community: CommunityView, *, text: Any) -> tuple[Link, ...]:
    """What an account may open in one community."""
    return tuple(
        Link(text(way.label), f"{START}/k/{community.slug}{way.path}")
        for way in NAVIGATION
        if not way.everywhere and allowed(account, way.permission, community.id)
    )


def desk_of(request: Request, account: SignedIn, now: Now) -> Desk:
    """Return the desk of this request; the route's guard has judged it already."""
    slug = request.path_params.get("community")
    community = next((one for one in account.communities if one.slug == slug), None)
    return Desk(request, account, community, now)


AtDesk = Annotated[Desk, Depends(desk_of)]


def outside(
    request: Request, template: str, /, *, status: int = 200, language: Language, **context: Any
) -> HTMLResponse:
    """Render a staff page for somebody who is not signed in: sign-in, invitation, error."""
    faults = context.setdefault("faults", {})
    status = 422 if status == 200 and faults else status
    frame = Frame(
        language=language,
        simulated=request.app.state.settings.demo,
        here=_address(request),
    )
    body = request.app.state.pages.render(template, language, frame=frame, **context)
    return HTMLResponse(body, status, headers=NO_STORE)


def inside(address: str) -> str:
    """Return an address of a staff page as it is, anything else as the start page.

    What comes with a form must never lead to another site.
    """
    return address if _INSIDE.fullmatch(address) else START


def language_asked(request: Request) -> Language:
    """What the address asks for, else what the account that is signed in has chosen."""
    asked = request.query_params.get("lang")
    return language_of(asked or getattr(request.state, "language", None))


def _address(request: Request) -> str:
    return request.url.path if request.method in ("GET", "HEAD") else ""
