"""Static files: an address that holds the content's hash, so that a phone fetches each once.

Read, hashed and compressed when the service starts; there are a handful, a few KB each.
A file whose content changes has a new address, and the old address is a 404: nothing
stale is ever shown beside a new page.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import brotli  # type: ignore[import-untyped]

from app.packed import codings

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

FOLDER = Path(__file__).with_name("static")
PREFIX = "/static/"
_TYPES = {
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
    ".png": b"image/png",
}
_TEXT = (".css", ".js", ".svg")


@dataclass(frozen=True, slots=True)
class _File:
    content_type: bytes
    bodies: dict[bytes, bytes]
    """Content by coding; ``b""`` is the plain file."""


class Assets:
    """The static files of the house; an ASGI application for what begins with `PREFIX`.

    ``beside``: files of other rooms, under their own names.
    """

    def __init__(self, folder: Path = FOLDER, beside: Sequence[Path] = ()) -> None:
        self._urls: dict[str, str] = {}
        self._files: dict[str, _File] = {}
        own = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
        named = own | {path.name: path for path in beside}
        for name, path in sorted(named.items()):
            if path.suffix in _TYPES:
                content = path.read_bytes()
                digest = hashlib.sha256(content).hexdigest()[:10]
                url = f"{PREFIX}{digest}/{name}"
                self._urls[name] = url
                self._files[url] = _File(_TYPES[path.suffix], _codings(path.suffix, content))

    def url(self, name: str) -> str:
        """Address of the file called ``name``; KeyError if there is none."""
        return self._urls[name]

    def size(self, name: str) -> int:
        """Bytes of the file called ``name``, not compressed; KeyError if there is none."""
        return len(self._files[self._urls[name]].bodies[b""])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer GET and HEAD of one file; anything else is 404 or 405."""
        file = self._files.get(scope["path"])
        if file is None:
            await _answer(send, 404, [(b"content-length", b"0")], b"")
            return
        if scope["method"] not in ("GET", "HEAD"):
            await _answer(send, 405, [(b"allow", b"GET, HEAD"), (b"content-length", b"0")], b"")
            return
        coding = _best(scope, file)
        body = file.bodies[coding]
        headers = [
            (b"content-type", file.content_type),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"public, max-age=31536000, immutable"),
            (b"vary", b"accept-encoding"),
        ]
        if coding:
            headers.append((b"content-encoding", coding))
        await _answer(send, 200, headers, b"" if scope["method"] == "HEAD" else body)


class AssetsMiddleware:
    """Answers static files before all that pages need: they are half the requests of a visit."""

    def __init__(self, app: ASGIApp, *, assets: Assets) -> None:
        self._app = app
        self._assets = assets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        static = scope["type"] == "http" and scope["path"].startswith(PREFIX)
        await (self._assets if static else self._app)(scope, receive, send)


def _codings(suffix: str, content: bytes) -> dict[bytes, bytes]:
    if suffix not in _TEXT:
        return {b"": content}
    return {
        b"br": brotli.compress(content, mode=brotli.MODE_TEXT, quality=11),
        b"gzip": gzip.compress(content, 9, mtime=0),
        b"": content,
    }


def _best(scope: Scope, file: _File) -> bytes:
    offered = codings(scope)
    return next(coding for coding in file.bodies if not coding or coding in offered)


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
