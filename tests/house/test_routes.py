"""Deny by default (B8): every route, every role, every kind of credential.

What is expected comes from `tests.house.catalogue`, written by hand. Each endpoint is
replaced by one that answers 299, so that "let in" is exact and nothing is changed; guards,
sessions and forms are the real ones.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import routing
from fastapi.routing import APIRoute
from itsdangerous import Signer
from sqlmodel import Session, select
from starlette.responses import Response
from starlette.routing import Route

from app.auth import Permission, asks, guards, sessions, staff_router
from app.back_office import BackOffice
from app.demo.routes import Demo
from app.desk import NAVIGATION, START
from app.main import create_app
from app.settings import Settings
from app.tables import Staff, StaffSession
from tests.house.catalogue import HELD_BY, OPEN, ROLES, ROUTES
from tests.staff.office import OWN, Office

DEMO = Demo(slug="x", community="X", waves=(), codes=())
REACHED = 299
WITH_SECOND_FACTOR = {"admin", "researcher"}
CREDENTIALS = (
    "none", "good", "forged", "unknown", "expired", "idle", "ended", "closed account",
    "other community", "without second factor", "member code", "API token",
)  # fmt: skip


def routes_of(app: Any) -> Iterator[Route]:
    """Every route of an application, included routers opened."""
    waiting = list(app.routes)
    while waiting:
        route = waiting.pop()
        if isinstance(route, Route):
            yield route
        elif isinstance(route, BackOffice):
            waiting += list(route.router().routes)
        else:
            waiting += list(route.original_router.routes)  # an included router


def declared(tmp_path: Path, *, demo: bool) -> dict[tuple[str, str], object]:
    """Permission by method and path, None where a route declares none."""
    settings = Settings(data_dir=tmp_path, demo=demo, _env_file=None)  # type: ignore[call-arg]
    app = create_app(settings, demo=DEMO if demo else None)
    return {
        (method, route.path): getattr(route.endpoint, "permission", None)
        for route in routes_of(app)
        for method in route.methods or ()
        if method != "HEAD"
    }


def test_every_route_asks_for_what_the_catalogue_says(tmp_path: Path) -> None:
    """A new route, or one that asks for less, fails here."""
    found = declared(tmp_path, demo=True)
    assert [where for where, what in found.items() if not isinstance(what, Permission)] == []
    assert {where: str(what) for where, what in found.items()} == ROUTES
    assert {str(one) for one in Permission} == set(HELD_BY) | OPEN


def test_a_guarded_router_takes_no_undeclared_endpoint() -> None:
    router = staff_router("/x")
    with pytest.raises(guards.UndeclaredPermission, match="add @asks"):
        router.get("/y")(lambda: None)


def test_demo_routes_are_there_with_demo_only(tmp_path: Path) -> None:
    """Without DEMO no address begins with /demo; with it all ask for demo.read."""
    assert [path for _, path in declared(tmp_path, demo=False) if path.startswith("/demo")] == []
    of_demo = {w: p for w, p in declared(tmp_path, demo=True).items() if w[1].startswith("/demo")}
    assert len(of_demo) >= 4
    assert set(of_demo.values()) == {Permission.DEMO_READ}


def test_every_way_of_the_navigation_leads_to_a_page(tmp_path: Path) -> None:
    """And the page asks for what the entry is shown for."""
    found = declared(tmp_path, demo=False)
    for way in NAVIGATION:
        path = f"{START}{way.path}" if way.everywhere else f"{START}/k/{{community}}{way.path}"
        assert found.get(("GET", path)) is way.permission, path


class Matrix:
    """The application with endpoints that only say that they were reached."""

    def __init__(self, office: Office) -> None:
        self.office = office
        office.community("malang")
        self.asked = ROUTES | _add_probes(office.app)
        self.guarded = []
        for route in routes_of(office.app):
            if isinstance(route, APIRoute):
                self.guarded += [
                    (method, route)
                    for method in route.methods - {"HEAD"}
                    if self.asked[method, route.path] not in OPEN
                    and not route.path.startswith("/api/")  # tests/api: tokens only
                ]
        self._accounts = {
            (role, where): office.account(*(() if role == "none" else (role,)), community=where)
            for role in ROLES
            for where in ("sidoarjo", "malang")
        }
        self._cookies = {
            (role, credential): self._cookie(role, credential)
            for role in ROLES
            for credential in CREDENTIALS
        }

    def reached(self, method: str, route: APIRoute, role: str, credential: str) -> bool:
        """Whether somebody with that role and credential gets to the endpoint."""
        path = re.sub(r"\{(\w+)(:\w+)?\}", lambda at: _FILL.get(at[1], "1"), route.path)
        headers = OWN | {"cookie": f"{sessions.COOKIE}={self._cookies[role, credential]}"}
        if credential == "member code":
            headers["authorization"] = "Basic N0tRM1hNMkE6"
            path += "?kode=7KQ3XM2A"
        if credential == "API token":
            headers["authorization"] = f"Bearer rsk_{'A' * 43}"
        assert self.office.client.portal is not None
        status, location = self.office.client.portal.call(
            _ask, self.office.app, method, path, headers
        )
        if status != REACHED:
            to_the_door = location.startswith(("/staff/masuk", "/staff/akun/kode"))
            assert status in (401, 403, 404) or to_the_door, (path, role, credential, status)
        return status == REACHED

    def wrong(self, guarded: list[tuple[str, APIRoute]] | None = None) -> Iterator[tuple[str, ...]]:
        """Every case that is not as the catalogue says."""
        return (
            (method, route.path, role, credential)
            for method, route in guarded or self.guarded
            for role in ROLES
            for credential in CREDENTIALS
            if self.reached(method, route, role, credential)
            is not expected(self.asked[method, route.path], route.path, role, credential)
        )

    def _cookie(self, role: str, credential: str) -> str:
        office = self.office
        staff_id = self._accounts[role, "sidoarjo"]
        if credential in ("none", "member code", "API token"):
            return ""
        if credential == "other community":
            return office.cookie(self._accounts[role, "malang"])
        if credential == "forged":
            return office.cookie(staff_id)[:-4] + "AAAA"
        if credential == "unknown":  # signed by us, but no session of ours
            return Signer(
                office.settings.key("secret_key"), salt="guyub.staff",
                key_derivation="hmac", digest_method=hashlib.sha256,
            ).sign("A" * 43).decode()  # fmt: skip
        if credential == "closed account":
            closed = office.account(*(() if role == "none" else (role,)))
            cookie = office.cookie(closed)
            self._change(Staff, closed, disabled_at=office.now)
            return cookie
        cookie = office.cookie(staff_id, second_factor=credential != "without second factor")
        if credential in ("expired", "idle", "ended"):
            with Session(office.database.read) as session:
                newest = max(row.id or 0 for row in session.exec(select(StaffSession)))
            ago = {"expired": timedelta(hours=8), "idle": timedelta(minutes=30)}
            if credential == "ended":
                self._change(StaffSession, newest, ended_at=office.now)
            else:
                then = office.now - ago[credential]
                self._change(
                    StaffSession,
                    newest,
                    started_at=then,
                    seen_at=then if credential == "idle" else office.now,
                    expires_at=then + timedelta(hours=8),
                )
        return cookie

    def _change(self, table: Any, id_: int, **values: Any) -> None:
        with Session(self.office.database.write) as session, session.begin():
            row = session.get_one(table, id_)
            for name, value in values.items():
                setattr(row, name, value)
            session.add(row)


async def _ask(app: Any, method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
    """One request without a client around it: there are thousands. Status and location."""
    told: dict[str, Any] = {}
    path, _, query = path.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http",
        "method": method, "path": path, "raw_path": path.encode(), "query_string": query.encode(),
        "root_path": "", "server": ("127.0.0.1", 8000), "client": ("127.0.0.1", 1),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            told.update(message)

    await app(scope, receive, send)
    sent = dict(told["headers"])
    return int(told["status"]), sent.get(b"location", b"").decode()


_FILL = {"community": "sidoarjo"}


def expected(permission: str, path: str, role: str, credential: str) -> bool:
    """What the design says, from its table alone."""
    if credential not in ("good", "idle", "other community", "without second factor"):
        return False
    if credential == "idle" and role in WITH_SECOND_FACTOR:
        return False
    # A community is there for whoever has a role in it; an admin sees them all.
    here = role == "admin" or (role != "none" and credential != "other community")
    if "{community}" in path and not here:
        return False
    holders = HELD_BY[permission]
    if holders == {"*"}:
        return True
    unproved = credential == "without second factor" and role in WITH_SECOND_FACTOR
    return role in holders and not unproved


def _add_probes(app: Any) -> dict[tuple[str, str], str]:
    """A page, in a community and outside, for every permission that no slice asks for yet."""
    router = staff_router()
    added = {}
    for permission in sorted(set(HELD_BY) - set(ROUTES.values())):

        @asks(Permission(permission))
        def probe() -> Response:
            return Response()

        for path in (f"/uji/{permission}", f"/k/{{community}}/uji/{permission}"):
            router.get(path)(probe)
            added["GET", f"/staff{path}"] = permission
    app.state.back_office.router().include_router(router)
    return added


@pytest.fixture
def matrix(office: Office, monkeypatch: pytest.MonkeyPatch) -> Matrix:
    """The application whose endpoints only say that they were reached."""

    async def reached(**_: object) -> Response:
        return Response(status_code=REACHED)

    monkeypatch.setattr(routing, "run_endpoint_function", reached)
    return Matrix(office)


def test_every_role_with_every_credential_on_every_route(matrix: Matrix) -> None:
    """B8."""
    assert {(method, route.path) for method, route in matrix.guarded} == {
        where for where, permission in matrix.asked.items()
        if permission not in OPEN and not where[1].startswith(("/demo", "/api/"))
    }  # fmt: skip
    assert list(matrix.wrong()) == []


def test_open_routes_let_everybody_in(matrix: Matrix) -> None:
    """What is public stays public, whatever credential comes along."""
    for route in routes_of(matrix.office.app):
        if isinstance(route, APIRoute) and not route.path.startswith("/s/"):
            for method in route.methods - {"HEAD"}:
                if matrix.asked[method, route.path] == "public":
                    for credential in ("none", "good", "forged"):
                        assert matrix.reached(method, route, "chair", credential), route.path


def test_without_any_one_guard_the_matrix_fails(matrix: Matrix) -> None:
    """Take the guard off one route after the other: each time the matrix notices."""
    app = matrix.office.app
    with Session(matrix.office.database.read) as session:
        somebody = sessions.find_account(
            session, matrix.office.settings, matrix._cookies["admin", "good"], matrix.office.now
        )
    for method, route in matrix.guarded:
        guard = route.dependencies[0].dependency
        assert guard is not None
        assert guard.__module__ == guards.__name__
        # An endpoint that asks who acts, or where, is stopped by that too: taken off as well.
        app.dependency_overrides = {
            guard: lambda: None,
            guards.signed_in: lambda: somebody,
            guards.in_community: lambda: None,
        }
        assert any(matrix.wrong([(method, route)])), (method, route.path)
    app.dependency_overrides = {}


@pytest.mark.parametrize("no_op", ["allowed", "needs_second_factor", "find_account"])
def test_without_any_one_check_the_matrix_fails(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch, no_op: str
) -> None:
    """Make one of the guard's checks say yes to everything: the matrix notices."""
    if no_op == "allowed":
        monkeypatch.setattr(guards, "allowed", lambda *_: True)
    elif no_op == "needs_second_factor":
        monkeypatch.setattr(guards.Account, "needs_second_factor", property(lambda _: False))
    else:
        somebody = sessions.find_account
        good = matrix._cookies["admin", "good"]

        def always(session: Session, settings: Settings, cookie: str, at: Any) -> Any:
            return somebody(session, settings, cookie, at) or somebody(session, settings, good, at)

        monkeypatch.setattr(sessions, "find_account", always)
    assert any(matrix.wrong())


def test_a_new_guarded_route_is_judged_before_its_body_is_read(office: Office) -> None:
    """Who may not come in learns nothing about the form behind the door."""
    router = staff_router("/k/{community}/uji")

    @router.post("")
    @asks(Permission.WAVE_RUN)
    def form(wanted: int) -> Response:
        return Response(str(wanted))

    office.app.state.back_office.router().include_router(router)
    assert office.browser().post("/staff/k/sidoarjo/uji").status_code == 401
    assert office.sign_in("chair").post("/staff/k/sidoarjo/uji").status_code == 403
    assert office.sign_in("operator").post("/staff/k/malang/uji").status_code == 404
