"""Start the web service: one process a SQLite file, loopback only without https."""

from __future__ import annotations

import gc
import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.errors import AppError
from app.settings import Settings

if TYPE_CHECKING:
    from app.demo.routes import Demo


class NotLoopback(AppError):
    """Plain http must not leave this machine: codes would travel in clear."""

    slug = "not-loopback"
    title_en = "Without https only this machine is served"
    title_id = "Tanpa https hanya mesin ini yang dilayani"


def require_loopback(settings: Settings, host: str) -> None:
    """Refuse to listen on other machines' addresses unless people arrive over https.

    Raises `NotLoopback`.
    """
    if urlsplit(settings.base_url).scheme == "https" or host == "localhost":
        return
    try:
        if ipaddress.ip_address(host).is_loopback:
            return
    except ValueError:
        pass
    msg = (
        f"{host} can be reached from other machines, and GUYUB_BASE_URL is not https. "
        "Put a proxy with https before it and set GUYUB_BASE_URL, or use --host 127.0.0.1."
    )
    raise NotLoopback(msg)


class StoreBehind(AppError):
    """The store is not at the newest migration."""

    status = 503
    slug = "store-behind"
    title_en = "The store is not at this program's newest migration"
    title_id = "Basis data belum sesuai dengan program ini"
    hint_en = "Make a backup, run `guyub db upgrade`, then start again."
    hint_id = "Buat cadangan, jalankan `guyub db upgrade`, lalu mulai lagi."


def require_current(settings: Settings) -> None:
    """Refuse to serve a store that is missing or behind. Raises `StoreBehind`."""
    from app.migrate import current, head  # noqa: PLC0415 - alembic; once at the start

    found, wanted = current(settings), head()
    if found != wanted:
        msg = f"{settings.shown_database} is at {found or 'nothing'}, wanted is {wanted}"
        raise StoreBehind(msg)


def run(settings: Settings, *, host: str, port: int, demo: Demo | None = None) -> None:
    """Serve until stopped. Raises `NotLoopback`, `StoreBehind`, StoreInUse."""
    import uvicorn  # noqa: PLC0415 - after the checks that need no server

    from app.main import create_app  # noqa: PLC0415
    from app.writer import ServingLock  # noqa: PLC0415

    require_loopback(settings, host)
    require_current(settings)
    if settings.is_sqlite:
        ServingLock(settings.sqlite_path).release()  # a clear refusal before the server starts
    app = create_app(settings, demo=demo)
    _collect_less()
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_level=settings.log_level.lower(),
        access_log=False,  # paths may hold a personal link; what is counted is counted elsewhere
        server_header=False,
        ws="none",  # nothing here speaks it; the module alone costs 2 MB
        forwarded_allow_ips="127.0.0.1",
        timeout_graceful_shutdown=10,
    )


def _collect_less() -> None:
    """Look for cyclic garbage less often, and never among what the start has made.

    A request allocates more than a collector's default round of 700 objects, and with 200
    people at once each round walks through all of theirs: it was a third of the CPU.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
    gc.enable()  # `guyub serve` starts without
