"""The one document that holds every question, filled in a few microseconds.

Rendering it through the template costs milliseconds, so that is done once for each
variant (version, form, language ...). The template marks every place that differs between
two people; what is left are fixed pieces of text, and filling a page is one join.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from markupsafe import Markup, escape

from app.packed import PackedPage
from instrument.answers import REFUSAL_FIELD, REFUSED

_MARK = "\x00"


def slot(name: str) -> Markup:
    """Mark a place in a template that is filled later; templates call it."""
    return Markup(f"{_MARK}{name}{_MARK}")  # noqa: S704 - our own names, no one's input


def packed(html: str) -> PackedPage:
    """Cut a rendered template at its marks, for a page that nobody has filled in yet."""
    parts = html.split(_MARK)
    return PackedPage(parts[::2], parts[1::2])


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A rendered document with empty places."""

    pieces: tuple[str, ...]
    """Fixed text at even places, an empty string for every slot at odd places."""
    places: Mapping[str, int]

    @classmethod
    def of(cls, html: str) -> Skeleton:
        """Cut a rendered template at its marks."""
        parts = html.split(_MARK)
        return cls(
            tuple("" if index % 2 else part for index, part in enumerate(parts)),
            {name: index for index, name in enumerate(parts) if index % 2},
        )

    def fill(self, safe: Mapping[str, str], answers: Iterable[tuple[str, str]] = ()) -> str:
        """Return the page for one person.

        ``safe``: slots that are ours, filled as they are. ``answers``: names and values
        as a form sends them; what the document does not ask is left out.
        """
        out = list(self.pieces)
        places = self.places
        for name, value in safe.items():
            out[places[name]] = value
        refused = []
        for name, value in answers:
            place = places.get(f"c:{name}={value}")
            if place is not None:
                out[place] = " checked"
            elif (place := places.get(f"v:{name}")) is not None:
                out[place] = str(escape(value))
            elif (code := value if name == REFUSAL_FIELD else name) and (
                name == REFUSAL_FIELD or value == REFUSED
            ):
                if (place := places.get(f"t:{code}")) is not None:
                    out[place] = " checked"
                elif f"bad:{code}" in places:  # a refusal that has no box on this page
                    refused.append(
                        f'<input type="hidden" name="{REFUSAL_FIELD}" value="{escape(code)}">'
                    )
        if refused:
            out[places["refused"]] = "".join(refused)
        return "".join(out)
