"""Start the web service: one process a SQLite file, loopback only without https."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from app.errors import AppError
from app.settings import Settings


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


def run(settings: Settings, *, host: str, port: int) -> None:
    """Serve until stopped. Raises `NotLoopback`, or what opening the store raises."""
    import uvicorn  # noqa: PLC0415 - after the checks that need no server

    from app.main import create_app  # noqa: PLC0415

    require_loopback(settings, host)
    uvicorn.run(
        create_app(settings),
        host=host,
        port=port,
        log_level=settings.log_level.lower(),
        access_log=False,  # paths may hold a personal link; what is counted is counted elsewhere
        server_header=False,
        forwarded_allow_ips="127.0.0.1",
        timeout_graceful_shutdown=10,
    )
