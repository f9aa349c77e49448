"""Ways out of the house that any slice may need: WhatsApp links, QR codes, safe cells."""

from __future__ import annotations

import io
from urllib.parse import quote

import segno

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A cell that begins so is a formula to a spreadsheet (OWASP, CSV injection)."""


def whatsapp(message: str, phone: str | None = None) -> str:
    """Address that opens WhatsApp with ``message``, for one person or to pick a chat.

    ``phone``: country code and digits, as wa.me wants it.
    """
    return f"https://wa.me/{phone or ''}?text={quote(message, safe='')}"


def qr_svg(address: str, *, scale: int = 4, label: str = "") -> str:
    """A QR code as an SVG element without style or script, black on white in every scheme.

    Error correction M survives a fold in the paper.
    """
    out = io.BytesIO()
    segno.make_qr(address, error="m").save(
        out,
        kind="svg",
        scale=scale,
        border=4,  # the quiet zone that ISO/IEC 18004 asks for
        light="#fff",
        xmldecl=False,
        svgclass="qr",
        lineclass=None,
        title=label or None,
        omitsize=False,
        nl=False,
    )
    return out.getvalue().decode()


def for_spreadsheet(text: str) -> str:
    """Text that a spreadsheet shows and never calculates."""
    return f"'{text}" if text.startswith(_FORMULA) else text
