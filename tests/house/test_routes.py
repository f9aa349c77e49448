"""Deny by default: every route of the running application says what it asks for."""

from __future__ import annotations

from pathlib import Path

from starlette.routing import Mount, Route

from app.auth import Permission
from app.demo.routes import Demo
from app.main import create_app
from app.settings import Settings

DEMO = Demo(slug="x", community="X", waves=(), codes=())


def declared(tmp_path: Path, *, demo: bool) -> dict[tuple[str, str], object]:
    """Permission by method and path, None where a route declares none."""
    settings = Settings(data_dir=tmp_path, demo=demo, _env_file=None)  # type: ignore[call-arg]
    app = create_app(settings, demo=DEMO if demo else None)
    found: dict[tuple[str, str], object] = {}
    waiting = list(app.routes)
    while waiting:
        route = waiting.pop()
        if isinstance(route, Route):
            permission = getattr(route.endpoint, "permission", None)
            found |= {(method, route.path): permission for method in route.methods or ()}
        elif isinstance(route, Mount):
            assert route.path == "/static", "only static files are mounted without a permission"
        else:
            waiting += list(route.original_router.routes)  # an included router
    return found


def test_every_route_declares_its_permission(tmp_path: Path) -> None:
    """A new route without a permission fails here."""
    found = declared(tmp_path, demo=True)
    assert [where for where, what in found.items() if not isinstance(what, Permission)] == []
    assert found["POST", "/s/{slug:str}/kirim"] is Permission.SELF
    assert found["GET", "/s/{slug:str}"] is Permission.PUBLIC


def test_demo_routes_are_there_with_demo_only(tmp_path: Path) -> None:
    """Without DEMO no address begins with /demo; with it all ask for demo.read."""
    assert [path for _, path in declared(tmp_path, demo=False) if path.startswith("/demo")] == []
    of_demo = {w: p for w, p in declared(tmp_path, demo=True).items() if w[1].startswith("/demo")}
    assert len(of_demo) >= 4
    assert set(of_demo.values()) == {Permission.DEMO_READ}


def test_reading_routes_never_write(tmp_path: Path) -> None:
    """What changes something is a POST: its path exists for GET only as a way back."""
    writing = {path for method, path in declared(tmp_path, demo=True) if method == "POST"}
    assert writing == {
        "/s/{slug:str}/mulai", "/s/{slug:str}/simpan", "/s/{slug:str}/kirim",
        "/s/{slug:str}/lupakan", "/demo/segarkan",
    }  # fmt: skip
