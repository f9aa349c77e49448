"""Cards as pages, without a service: what a browser would be sent."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

from app.assets import Assets
from app.desk import Frame
from app.pages import Page, Pages
from app.scorecards.view import view_of
from instrument.model import Language
from tests.scorecards.cards import CARDS

Kind = Literal["card", "shared", "results"]
KINDS: tuple[Kind, ...] = ("card", "shared", "results")


@cache
def pages() -> Pages:
    """The templates of the house."""
    return Pages(assets=Assets(), base_url="http://kartu.test")


def setting(kind: Kind, name: str, language: Language) -> dict[str, Any]:
    """What the service gives a template."""
    given: dict[str, Any] = {"view": view_of(CARDS[name], language)}
    if kind == "card":
        frame = Frame(language=language, simulated=True, here="/staff/k/sidoarjo/kartu/3")
        given |= {"frame": frame, "faults": (), "acts": (), "past": ()}
    else:
        page = Page(language, "sidoarjo", "http://kartu.test", simulated=True, switch="/lain")
        given |= {"page": page, "full": ""}
    return given


def html(kind: Kind, name: str, language: Language) -> str:
    """One page."""
    return pages().render(f"scorecards/{kind}.html", language, **setting(kind, name, language))
