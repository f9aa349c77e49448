"""Pages compressed once: the fixed text when it is made, a person's few words laid between.

Compressing the questionnaire cost as much as storing it, and two people's differ in one id.
A gzip stream (RFC 1952) is a row of deflate blocks (RFC 1951); after a full flush a block
needs nothing of those before it, so pieces made apart can be joined. What is a person's own
goes in as a stored block: the length of the page then tells nothing of it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
"""gzip, deflate, no name, no time, smallest, from no system in particular."""
_END = b"\x03\x00"
"""A last block that is empty."""
_MOST_STORED = 0xFFFF
_SMALLEST = 9


class Piece(NamedTuple):
    """A part of a page: as it is shown, and as whole deflate blocks."""

    plain: bytes
    packed: bytes

    @classmethod
    def fixed(cls, text: str) -> Piece:
        """Text that many pages show; compressing it well takes a while."""
        plain = text.encode()
        compressor = zlib.compressobj(_SMALLEST, zlib.DEFLATED, -zlib.MAX_WBITS)
        return cls(plain, compressor.compress(plain) + compressor.flush(zlib.Z_FULL_FLUSH))

    @classmethod
    def own(cls, text: str) -> Piece:
        """A person's own short text; ValueError where it is longer than 65,535 bytes."""
        plain = text.encode()
        size = len(plain)
        if size > _MOST_STORED:
            raise ValueError(f"{size} bytes are no short text")
        lengths = size.to_bytes(2, "little") + (size ^ _MOST_STORED).to_bytes(2, "little")
        return cls(plain, b"\x00" + lengths + plain)


class FilledPage(NamedTuple):
    """A page for one person."""

    pieces: Sequence[Piece]
    gzip: bytes

    @classmethod
    def of(cls, pieces: Sequence[Piece]) -> FilledPage:
        """Join the pieces."""
        crc = size = 0
        for plain, _ in pieces:
            crc, size = zlib.crc32(plain, crc), size + len(plain)
        ends = crc.to_bytes(4, "little"), (size & 0xFFFFFFFF).to_bytes(4, "little")
        return cls(pieces, b"".join((_HEADER, *(packed for _, packed in pieces), _END, *ends)))

    def plain(self) -> bytes:
        """The same page, not compressed."""
        return b"".join([plain for plain, _ in self.pieces])


class PackedPage:
    """Fixed text, compressed, with named places between."""

    def __init__(self, texts: Sequence[str], names: Sequence[str]) -> None:
        """``names[n]`` is the place after ``texts[n]``; a name may come more than once."""
        if len(texts) != len(names) + 1:
            raise ValueError(f"{len(texts)} pieces of text have no {len(names)} places between")
        self._first, *rest = (Piece.fixed(text) for text in texts)
        self._rest = tuple(zip(names, rest, strict=True))

    def fill(self, values: Mapping[str, str | Iterable[Piece]]) -> FilledPage:
        """The page with ``values`` in their places, as they are; KeyError if one is missing."""
        return FilledPage.of(self.pieces(values))

    def pieces(self, values: Mapping[str, str | Iterable[Piece]]) -> list[Piece]:
        """What `fill` joins: a part of a page can be a value of the whole."""
        pieces = [self._first]
        for name, fixed in self._rest:
            value = values[name]
            if isinstance(value, str):
                pieces.append(Piece.own(value))
            else:
                pieces.extend(value)
            pieces.append(fixed)
        return pieces


class PackedResponse(Response):
    """Answers a filled page, compressed for all who take gzip."""

    media_type = "text/html"

    def __init__(self, page: FilledPage, status_code: int, headers: Mapping[str, str]) -> None:
        coded = {**headers, "content-encoding": "gzip", "vary": "accept-encoding"}
        super().__init__(page.gzip, status_code, coded)
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; as it is where gzip is not accepted (the middleware of `app.main` varies)."""
        if b"gzip" not in codings(scope):
            self.body = self._page.plain()
            del self.headers["content-encoding"], self.headers["vary"]
            self.headers["content-length"] = str(len(self.body))
        await super().__call__(scope, receive, send)


def codings(scope: Scope) -> frozenset[bytes]:
    """The content codings that a request accepts by name."""
    for name, value in scope["headers"]:
        if name == b"accept-encoding":
            return _named(value)
    return frozenset()


@lru_cache(maxsize=64)
def _named(header: bytes) -> frozenset[bytes]:
    """Of ``br;q=1.0, gzip;q=0`` only the first."""
    parts = (part.partition(b";q=") for part in header.lower().replace(b" ", b"").split(b","))
    return frozenset(name for name, _, weight in parts if not weight or weight.strip(b"0."))
