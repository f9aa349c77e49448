"""A card as a PDF of at most two A4 pages and as one picture for the group chat.

Set by typst from the same view as the page. The fonts are those typst brings, so that every
machine makes the same file; what people wrote (a community's name, a promise) reaches typst
as JSON and is set as it stands. Nothing is written to disk, no clock time is kept.
"""

from __future__ import annotations

import io
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from analysis.scorecard.model import Card
from app.errors import AppError
from app.scorecards.contexts import View
from app.scorecards.view import view_of
from instrument.model import Language

FOLDER = Path(__file__).with_name("print")
PAGES = 2
"""A4 pages a card may take."""
SIZES = (9.5, 9.0, 8.5, 8.0, 7.5, 7.0)
"""Points of its text: the largest at which it fits."""
PICTURE_SIZES = (15.5, 14.5, 13.5, 12.5, 11.5, 10.5)
PIXELS_AN_INCH = 144
COLOURS = 256
"""Of the picture: it has a few inks and their edges, and a palette makes it a third as large."""
_COUNT = re.compile(rb"/Type/Pages/Count (\d+)")
_MARK = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 125 44" fill="none" stroke="#2f3d78"'
    ' stroke-width="4.5" stroke-linecap="round" stroke-linejoin="round"><circle cx="12" cy="23"'
    ' r="9"/><path d="M21 14v19a8.5 8.5 0 0 1-15 5.5M30 14v10a8 8 0 0 0 16 0V14M55 14v10a8 8 0 0'
    ' 0 16 0M71 14v19a8.5 8.5 0 0 1-15 5.5M80 14v10a8 8 0 0 0 16 0V14M105 3v20"/><circle'
    ' cx="114" cy="23" r="9"/></svg>'
)


class CannotBeSet(AppError):
    """The card does not fit, or the typesetter refuses it."""

    status = 500
    slug = "card-cannot-be-set"
    title_id = "Kartu ini tidak bisa dicetak"
    title_en = "This card cannot be set for printing"
    hint_id = "Buka halaman kartunya dan cetak dari peramban; kabari pengelola."
    hint_en = "Open the card's page and print it from the browser; tell the administrator."


def pdf(card: Card, language: Language) -> bytes:
    """Return the card as PDF/UA-1, at most `PAGES` A4 pages, in one language."""
    view = view_of(card, language)
    for size in SIZES:
        made = _set("card.typ", view, size)[0]
        found = _COUNT.search(made)
        if found and int(found[1]) <= PAGES:
            return made
    raise CannotBeSet


def picture(card: Card, language: Language) -> bytes:
    """Return the card as a PNG for the group chat, 1080 x 1350 pixels."""
    view = view_of(card, language)
    for size in PICTURE_SIZES:
        made = _set("picture.typ", view, size, PIXELS_AN_INCH)
        if len(made) == 1:
            return _with_a_palette(made[0])
    raise CannotBeSet


def _with_a_palette(png: bytes) -> bytes:
    from PIL import Image  # noqa: PLC0415 - for whoever asks for a picture

    drawn = Image.open(io.BytesIO(png)).convert("RGB")
    flat = drawn.quantize(
        COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
    )  # keeps the inks as they are; only edges are approached
    packed = io.BytesIO()
    flat.save(packed, "png", optimize=True)
    return packed.getvalue()


def _set(name: str, view: View, size: float, ppi: int | None = None) -> list[bytes]:
    """One PDF; with `ppi` the pages of a picture."""
    import typst  # noqa: PLC0415 - 40 MB, for whoever asks for a file

    inputs = {
        "view": json.dumps(view.data(), ensure_ascii=False),
        "mark": _MARK,
        "size": str(size),
    }
    try:
        compiler: Any = typst  # its stub wants the root to be bytes where the source is
        made = compiler.compile(
            _source(name),
            root=FOLDER,
            ignore_system_fonts=True,
            format="png" if ppi else "pdf",
            sys_inputs=inputs,
            ppi=ppi,
            pdf_standards=[] if ppi else ["ua-1"],
        )
    except typst.TypstError as error:
        raise CannotBeSet from error
    return [page for page in (made if isinstance(made, list) else [made]) if page]


@cache
def _source(name: str) -> bytes:
    return (FOLDER / "figures.typ").read_bytes() + (FOLDER / name).read_bytes()
