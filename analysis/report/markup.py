"""Small pieces of HTML and SVG: tables with three rules, axes, forests.

Everything that comes from a file or a definition is escaped here. Shapes carry their
light colours as attributes and repeat them as classes for the dark scheme; x is in per
cent and y in rem, so that nothing is stretched and text grows with the reader's font.
No style attribute and no script: pages are served under ``style-src 'self'``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

from analysis.wording import NB, Voice


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def text(value: object) -> str:
    """Escape a value unless it is markup; "n = 45" stays on one line."""
    return str(value) if isinstance(value, Html) else together(escape(str(value)))


def together(sentence: str) -> str:
    """Keep a sign and its numbers on one line."""
    return sentence.replace(" = ", f"{NB}={NB}").replace(" ≥ ", f" ≥{NB}")


def paragraph(content: object, css: str = "") -> str:
    """One paragraph."""
    return f'<p class="{css}">{text(content)}</p>' if css else f"<p>{text(content)}</p>"


def note(voice: Voice, *sentences: str) -> str:
    """The note under a table or figure: n, method, missing rule."""
    body = " ".join(text(sentence) for sentence in sentences if sentence)
    return f'<p class="note"><i>{voice("Catatan.", "Note.")}</i> {body}</p>'


class Numbering:
    """Numbers tables and figures in the order they appear."""

    def __init__(self, voice: Voice) -> None:
        self.voice = voice
        self.tables = 0
        self.figures = 0

    def table(
        self,
        title: str,
        head: Sequence[str],
        groups: Iterable[tuple[str, Sequence[Sequence[object]]]],
        *notes: str,
        left: Sequence[int] = (),
        narrow: bool = False,
    ) -> str:
        """A table in a region that scrolls by itself.

        ``groups``: (heading or "", rows); the first cell of a row is its header. Columns
        other than the first are numbers, set right, except those in ``left``.
        """
        self.tables += 1
        name = f"t{self.tables}"
        side = ["" if i == 0 or i in left else ' class="r"' for i in range(len(head))]
        top = "".join(
            f'<th scope="col"{css}>{text(cell)}</th>' for cell, css in zip(head, side, strict=True)
        )
        bodies = []
        for heading, rows in groups:
            lines = []
            if heading:
                lines.append(
                    f'<tr><th scope="rowgroup" class="group" colspan="{len(head)}">'
                    f"{text(heading)}</th></tr>"
                )
            for row in rows:
                first, *rest = row
                cells = "".join(
                    f"<td{css}>{text(cell)}</td>" for cell, css in zip(rest, side[1:], strict=True)
                )
                lines.append(f'<tr><th scope="row">{text(first)}</th>{cells}</tr>')
            bodies.append(f"<tbody>{''.join(lines)}</tbody>")
        fit = ' class="fit"' if narrow else ""
        label = self.voice("Tabel", "Table")
        return (
            f'<figure><figcaption id="{name}"><b>{label} {self.tables}</b>'
            f"<i>{text(title)}</i></figcaption>"
            f'<div class="scroll" tabindex="0" role="region" aria-labelledby="{name}">'
            f'<table{fit} aria-labelledby="{name}"><thead><tr>{top}</tr></thead>'
            f"{''.join(bodies)}</table></div>{note(self.voice, *notes)}</figure>"
        )

    def figure(self, title: str, body: str, *notes: str) -> str:
        """A figure; ``{id}`` in ``body`` becomes the id of its caption."""
        self.figures += 1
        name = f"g{self.figures}"
        label = self.voice("Gambar", "Figure")
        return (
            f'<figure><figcaption id="{name}"><b>{label} {self.figures}</b>'
            f"<i>{text(title)}</i></figcaption>{body.replace('{id}', name)}"
            f"{note(self.voice, *notes)}</figure>"
        )


def bold(value: str) -> Html:
    """A cell in bold."""
    return Html(f"<b>{escape(value)}</b>")


def starred(value: str) -> Html:
    """A cell with a star that hangs outside the column."""
    return Html(f'{escape(value)}<span class="hang">*</span>')


def dot_interval(name: str, description: str, value: float, low: float, high: float) -> str:
    """One score with its range on the fixed axis 0-100; no box where there is no range."""
    ticks = "".join(
        f'<line class="ax" x1="{x}%" x2="{x}%" y1=".5rem" y2="1rem" stroke="#857b77"/>'
        for x in (0, 25, 50, 75, 100)
    )
    box = ""
    if math.isfinite(low) and math.isfinite(high):
        a, b = max(low, 0.0), min(high, 100.0)
        box = (
            f'<rect class="f1" x="{a:.2f}%" width="{b - a:.2f}%" y=".25rem" height="1rem" '
            'rx="3" fill="#0072b2"/>'
        )
    return (
        f'<svg class="axis" role="img" aria-labelledby="{name}" width="100%" height="1.5rem">'
        f'<title id="{name}">{escape(description)}</title>'
        '<line class="ax" x1="0%" x2="100%" y1=".75rem" y2=".75rem" stroke="#857b77"/>'
        f'{ticks}{box}<circle class="fs s1" cx="{value:.2f}%" cy=".75rem" r=".25rem" '
        'fill="#fffdf9" stroke="#0072b2" stroke-width="2"/></svg>'
    )


def scale_ends() -> str:
    """The numbers 0, 50, 100 under a column of axes."""
    marks = ((0, "start"), (50, "middle"), (100, "end"))
    inner = "".join(
        f'<text x="{x}%" y="1rem" font-size=".875rem" text-anchor="{anchor}" '
        f'fill="#5d5764">{x}</text>'
        for x, anchor in marks
    )
    return f'<svg class="axis" aria-hidden="true" width="100%" height="1.25rem">{inner}</svg>'


def ticks_between(low: float, high: float) -> list[float]:
    """Three to six round numbers covering low to high, 0 among them."""
    low, high = min(low, 0.0), max(high, 0.0)
    span = max(high - low, 1e-9)
    step = 10 ** math.floor(math.log10(span / 3))
    for factor in (1, 2, 2.5, 5, 10):
        if span / (step * factor) <= 5:
            step *= factor
            break
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(k * step, 10) for k in range(first, last + 1)]


def forest(voice: Voice, rows: Sequence[tuple[str, float, float, float]], digits: int = 2) -> str:
    """Estimates with intervals on one axis; the numbers are written beside each name."""
    finite = [x for _, b, low, high in rows for x in (b, low, high) if math.isfinite(x)]
    marks = ticks_between(min(finite), max(finite))
    left, right = marks[0], marks[-1]
    decimals = max(0, min(2, -math.floor(math.log10(marks[1] - marks[0]) + 1e-9)))

    def at(x: float) -> str:
        # the outer marks keep a little room, so that their numbers are not cut
        return f"{3 + 94 * (x - left) / (right - left):.2f}%"

    height = 3 * len(rows)
    parts = []
    described = []
    for mark in marks:
        width = 2 if mark == 0 else 1
        parts += [
            (
                f'<line class="ax" x1="{at(mark)}" x2="{at(mark)}" y1="{3 * k + 1.5}rem" '
                f'y2="{3 * k + 2.5}rem" stroke="#857b77" stroke-width="{width}"/>'
            )
            for k in range(len(rows))
        ]
        parts.append(
            f'<text class="tick" x="{at(mark)}" y="{height + 1}rem" font-size=".875rem" '
            f'text-anchor="middle" fill="#5d5764">{voice.fixed(mark, decimals)}</text>'
        )
    for k, (name, b, low, high) in enumerate(rows):
        numbers = f"{voice.fixed(b, digits)} {voice.between(low, high, digits)}"
        described.append(f"{name} {numbers}.")
        y = 3 * k
        parts.append(
            f'<text class="ink" x="0" y="{y + 1}rem" fill="#26233a">{escape(name)}</text>'
            f'<text class="ink" x="100%" y="{y + 1}rem" text-anchor="end" fill="#26233a">'
            f"{escape(numbers)}</text>"
            f'<line class="s1" x1="{at(low)}" x2="{at(high)}" y1="{y + 2}rem" y2="{y + 2}rem" '
            'stroke="#0072b2" stroke-width="4"/>'
            f'<circle class="f1" cx="{at(b)}" cy="{y + 2}rem" r=".4375rem" fill="#0072b2"/>'
        )
    return (
        f'<svg class="plot" role="img" aria-labelledby="{{id}} {{id}}d" width="100%" '
        f'height="{height + 1.5}rem" font-size="1rem"><desc id="{{id}}d">'
        f"{escape(' '.join(described))}</desc>{''.join(parts)}</svg>"
    )


WARN = (
    '<svg width="1em" height="1em" viewBox="0 0 16 16" aria-hidden="true" fill="none" '
    'stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">'
    '<path d="M8 1.500 15 14H1zM8 6v3.500M8 11.800v.1"/></svg>'
)
