"""The PDF and the picture: size, tags, language, nothing but the card's own figures (B1, 4, D)."""

from __future__ import annotations

import datetime
import io
import re
import time
import zlib
from pathlib import Path

import pytest
from PIL import Image

from analysis.scorecard.model import Card, Promise, Score
from app.scorecards import printing
from app.scorecards.view import view_of
from instrument.model import LANGUAGES, Language
from tests.scorecards.cards import CARDS, third_wave

HOSTILE = '#read("/etc/passwd") *x* [y] $z$ #import "@preview/a:1.0.0" <b> \\ {of} /* "'
BOTH = [(name, language) for name in CARDS for language in LANGUAGES]
BLUE = (0, 114, 178)


def alternatives(pdf: bytes) -> str:
    """What the tags say instead of the drawings, and the titles."""
    starts = [hit.end() for hit in re.finditer(rb"/(?:Alt|Title|Author)(?=[(<])", pdf)]
    return "\n".join(text_at(pdf, start) for start in starts)


def text_at(pdf: bytes, at: int) -> str:
    """A text string of PDF: hexadecimal, or in parentheses, which may nest or be escaped."""
    if pdf[at : at + 1] == b"<":
        data = bytes.fromhex(pdf[at + 1 : pdf.index(b">", at)].decode())
    else:
        depth, made = 1, bytearray()
        at += 1
        while depth:
            sign = pdf[at : at + 1]
            if sign == b"\\":
                at += 1
                sign = {b"n": b"\n", b"r": b"\r"}.get(pdf[at : at + 1], pdf[at : at + 1])
            else:
                depth += (sign == b"(") - (sign == b")")
            made += sign if depth else b""
            at += 1
        data = bytes(made)
    wide = data.startswith(b"\xfe\xff")
    return data[2:].decode("utf-16-be") if wide else data.decode("latin-1")


def unpacked(pdf: bytes) -> bytes:
    """The file with its streams inflated, to look for what must not be in it."""
    parts = [pdf]
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            parts.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return b"\n".join(parts)


@pytest.mark.parametrize(("name", "language"), BOTH)
def test_every_card_is_a_small_tagged_pdf_of_two_pages(name: str, language: Language) -> None:
    """B1 and done 4: <= 2 A4 pages, <= 300 KB, <= 1 s of CPU, tagged, PDF/UA-1, its language."""
    started = time.process_time()
    pdf = printing.pdf(CARDS[name], language)
    spent = time.process_time() - started
    assert pdf.startswith(b"%PDF-1.7")
    assert len(pdf) <= 300_000
    assert spent <= 1.0
    pages = re.search(rb"/Type/Pages/Count (\d+)", pdf)
    assert pages
    assert int(pages[1]) <= 2
    boxes = {tuple(map(float, box.split())) for box in re.findall(rb"/MediaBox\[([^\]]*)\]", pdf)}
    assert {tuple(map(round, box)) for box in boxes} == {(0, 0, 595, 842)}
    assert b"/StructTreeRoot" in pdf
    assert b"/MarkInfo" in pdf
    assert f"/Lang({language})".encode() in pdf.replace(b" ", b"")
    everything = unpacked(pdf)
    assert b"pdfuaid:part" in everything
    assert not re.search(rb"CreationDate|ModDate|CreateDate|ModifyDate|D:20\d\d", everything)
    view = view_of(CARDS[name], language)
    said = alternatives(pdf)
    assert "Guyub" in said
    for scale in view.scales:  # the ranges are there for whoever hears them
        assert scale.description in said, scale.code
        assert not scale.course or scale.course_description in said
    for fact in view.facts:
        assert fact.value is None or fact.description in said


@pytest.mark.parametrize(("name", "language"), [*BOTH[::4], *BOTH[3::4]])
def test_every_card_is_a_small_picture(name: str, language: Language) -> None:
    """1080 x 1350, <= 300 KB, no text and no time inside the file."""
    picture = printing.picture(CARDS[name], language)
    assert len(picture) <= 300_000
    with Image.open(io.BytesIO(picture)) as image:
        assert image.size == (1080, 1350)
        assert image.info.keys() <= {"dpi", "transparency", "gamma", "srgb"}
    chunks = re.findall(rb"(?:tEXt|iTXt|zTXt|tIME|eXIf)", picture[:200])
    assert chunks == []


def blue_run(card: Card) -> int:
    """Longest horizontal run of the figures' blue in the picture: the widest range drawn."""
    with Image.open(io.BytesIO(printing.picture(card, "id"))) as image:
        wide, pixels = image.width, image.convert("RGB").tobytes()
    run = re.compile(b"(?:" + re.escape(bytes(BLUE)) + b")+")
    rows = (pixels[at : at + 3 * wide] for at in range(0, len(pixels), 3 * wide))
    return max((len(hit[0]) // 3 for row in rows for hit in run.finditer(row)), default=0)


def test_ranges_are_drawn_to_scale() -> None:
    """A range twice as wide is drawn twice as wide; without one only the ring is left."""
    base = third_wave()

    def with_half(half: float | None) -> Card:
        first, *rest = (
            one.model_copy(update={"score": Score(point=50, everybody=True)}) for one in base.scales
        )
        if half is not None:
            score = Score(point=50, low=50 - half, high=50 + half)
            first = first.model_copy(update={"score": score})
        return base.model_copy(update={"scales": (first, *rest)})

    none, narrow, wide = (blue_run(with_half(half)) for half in (None, 10, 20))
    assert none < narrow
    assert narrow / wide == pytest.approx(0.5, abs=0.03)


def test_a_file_is_the_same_every_time_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No clock in it, so the digest of a frozen card's files holds; no temporary file."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    card = CARDS["wave3"]
    first = printing.pdf(card, "id"), printing.picture(card, "id")
    time.sleep(1.1)
    assert (printing.pdf(card, "id"), printing.picture(card, "id")) == first
    assert list(tmp_path.iterdir()) == []


def test_words_of_people_are_set_as_they_stand() -> None:
    """No mark-up of the typesetter in a name or a promise is followed."""
    promise = Promise(
        scale="INF", text=HOSTILE, owner=HOSTILE, due=datetime.date(2026, 1, 2), state="planned"
    )
    card = third_wave().model_copy(update={"community": HOSTILE, "promises": (promise,) * 3})
    pdf = printing.pdf(card, "id")
    assert HOSTILE in alternatives(pdf), "the title is the name itself"
    assert b"root:" not in unpacked(pdf)
    assert printing.picture(card, "en")


def test_long_words_still_fit() -> None:
    """Three long promises and a long name: smaller letters, two pages all the same."""
    promise = Promise(
        scale="INF",
        text="Giliran berbagi kabar usaha tiap minggu di grup dan di ngopi " * 3,
        owner="sekretaris bersama bendahara dan seksi acara",
        due=datetime.date(2026, 1, 2),
        state="running",
    )
    card = CARDS["n240"].model_copy(
        update={"community": "Paguyuban Usaha Mikro Kecil " * 3, "promises": (promise,) * 3}
    )
    assert printing.pdf(card, "id")
    assert printing.picture(card, "id")


def test_members_own_words_are_not_in_files() -> None:
    """Comments are read on the page, where they can be taken back; files go round."""
    card = CARDS["wave3"]
    assert not isinstance(card.comments, tuple) or card.comments
    assert printing.pdf(card, "id") == printing.pdf(
        card.model_copy(
            update={
                "comments": tuple(
                    one.model_copy(update={"texts": ("Lain sama sekali.",)})
                    for one in card.comments  # type: ignore[union-attr]
                )
            }
        ),
        "id",
    )
