"""An application with communities, accounts in every role, and a clock that a test moves."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any

import httpx
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlmodel import Session, select

from app.auth import sessions
from app.db import Database
from app.demo.routes import Demo
from app.main import create_app
from app.settings import Settings
from app.staff import passwords
from app.tables import AuditEvent, Community, RoleGrant, Staff
from app.waves import service as waves

with warnings.catch_warnings():
    # Starlette asks for a successor of httpx that does not run on every Python we support.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

BASE = "http://127.0.0.1:8000"
NOW = datetime(2026, 3, 2, 3, tzinfo=UTC)  # 10.00 WIB
CHEAP = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
"""argon2id that costs next to nothing: what it costs in earnest is a test of its own."""
OWN = {"sec-fetch-site": "same-origin"}
"""What a browser says about our own forms; without it a staff form is refused."""


class Office:
    """A store with the community ``sidoarjo``, the application, and who works there."""

    def __init__(
        self, settings: Settings, *, founded: bool = False, demo: Demo | None = None
    ) -> None:
        self._founded = founded
        self.settings = settings
        self.now = NOW
        self.app = create_app(settings, demo=demo)
        self.app.state.clock = lambda: self.now
        self.database = Database(settings)
        self.client = TestClient(self.app, base_url=BASE, follow_redirects=False)
        self._password_hash = passwords.PASSWORDS

    def __enter__(self) -> Office:
        passwords.PASSWORDS = CHEAP
        passwords._nobodys_hash.cache_clear()
        self.client.__enter__()
        if not self._founded:
            self.community("sidoarjo")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.client.__exit__(kind, error, trace)
        self.database.close()
        passwords.PASSWORDS = self._password_hash
        passwords._nobodys_hash.cache_clear()

    def later(self, **time: float) -> None:
        """Move the clock: ``office.later(minutes=16)``."""
        self.now += timedelta(**time)

    def community(self, slug: str, name: str = "") -> int:
        """Make a community; return its id."""
        with Session(self.database.write) as session, session.begin():
            made = waves.create_community(
                session=session, slug=slug, name=name or slug.title(), by="test", at=self.now
            )
            assert made.id is not None
            return made.id

    def account(
        self,
        *roles: str,
        community: str = "sidoarjo",
        email: str = "",
        password: str = "",
        language: str = "id",
    ) -> int:
        """Make an account with these roles; return its id."""
        with Session(self.database.write) as session, session.begin():
            found = session.exec(select(Community).where(Community.slug == community)).one()
            count = len(session.exec(select(Staff)).all())
            staff = Staff(
                email=email or f"{'-'.join(roles) or 'none'}{count}@guyub.test",
                name=f"Ibu {' '.join(roles).title() or 'Baru'}",
                language=language,
                password_hash=CHEAP.hash(password) if password else None,
                created_at=self.now,
            )
            session.add(staff)
            session.flush()
            assert staff.id is not None
            for role in roles:
                session.add(
                    RoleGrant(
                        staff_id=staff.id,
                        community_id=None if role == "admin" else found.id,
                        role=role,
                        granted_at=self.now,
                        granted_by="test",
                    )
                )
            return staff.id

    def cookie(self, staff_id: int, *, second_factor: bool = True) -> str:
        """Begin a session past the sign-in page; return the cookie's value."""
        with Session(self.database.write) as session, session.begin():
            return sessions.start_session(
                session,
                self.settings,
                staff_id=staff_id,
                at=self.now,
                second_factor=second_factor,
            )

    def sign_in(
        self, *roles: str, community: str = "sidoarjo", second_factor: bool = True, **wanted: Any
    ) -> Browser:
        """Somebody with these roles, signed in: ``office.sign_in("operator")``."""
        staff_id = self.account(*roles, community=community, **wanted)
        return self.browser(self.cookie(staff_id, second_factor=second_factor), staff_id)

    def browser(self, cookie: str = "", staff_id: int = 0) -> Browser:
        """A browser of its own, with that cookie."""
        client = TestClient(self.app, base_url=BASE, follow_redirects=False)
        if cookie:
            client.cookies.set(sessions.COOKIE, cookie, domain="127.0.0.1", path="/staff")
        return Browser(client, staff_id)

    def audit(self) -> list[tuple[str, str, str]]:
        """Every audit row as (actor, action, subject), oldest first."""
        with Session(self.database.read) as session, session.begin():
            rows = session.exec(select(AuditEvent).order_by(AuditEvent.id)).all()  # type: ignore[arg-type]
            return [(row.actor, row.action, row.subject) for row in rows]


class Browser:
    """What one person clicks and sends."""

    def __init__(self, client: TestClient, staff_id: int) -> None:
        self.client = client
        self.staff_id = staff_id

    def get(self, path: str, **options: Any) -> httpx.Response:
        """Open a page."""
        return self.client.get(path, **options)

    def post(self, path: str, fields: Mapping[str, Any] | None = None) -> httpx.Response:
        """Send a form as a browser does from our own page."""
        return self.client.post(path, data=dict(fields or {}), headers=OWN)

    def follow(self, response: httpx.Response) -> httpx.Response:
        """Go where a redirect leads."""
        assert response.status_code == 303, response.text
        return self.get(response.headers["location"])


def heading(response: httpx.Response) -> str:
    """Text of the page's first heading."""
    found = re.search(r"<h1[^>]*>(.*?)</h1>", response.text, re.DOTALL)
    return re.sub(r"<[^>]+>", "", found[1]).strip() if found else ""


def hidden(response: httpx.Response) -> dict[str, str]:
    """Hidden fields of a page, to be posted back."""
    return dict(re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', response.text))
