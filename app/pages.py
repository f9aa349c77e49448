"""Pages: templates, interface text in two languages, dates as people write them.

Interface text is gettext: English sentences in the templates and in code, catalogues in
``app/locale`` (both languages, so that a wording can be mended without touching code).
What a questionnaire says is not interface text; it comes from the definition.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar, cast
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.assets import Assets
from instrument.model import LANGUAGES, Language

if TYPE_CHECKING:
    from fastapi import Request

TEMPLATES = Path(__file__).with_name("templates")
LOCALE = Path(__file__).with_name("locale")
DOMAIN = "guyub"
T = TypeVar("T")
_NOT_KEPT = object()
ZONE = ZoneInfo("Asia/Jakarta")
ZONE_NAMES = {"Asia/Jakarta": "WIB", "Asia/Makassar": "WITA", "Asia/Jayapura": "WIT"}


class Pages:
    """The templates of the house, once for each language."""

    def __init__(self, *, assets: Assets, base_url: str) -> None:
        self.assets = assets
        self.base_url = base_url.rstrip("/")
        self._kept = Kept(2 * len(LANGUAGES))

    def render(self, template: str, language: Language, /, **context: Any) -> str:
        """Render a template; an unknown variable is an error, never an empty string."""
        return self._environment(language).get_template(template).render(context)

    def macro(self, template: str, name: str) -> str:
        """What a template's macro without arguments draws (a sign), the same in all languages."""
        module = self._environment("id").get_template(template).module
        return str(getattr(module, name)())

    def text(self, language: Language, message: str, /, **values: Any) -> str:
        """Return the interface text ``message`` in ``language``, with its values filled in."""
        translated = self._catalogue(language).gettext(message)
        return translated % values if values else translated

    # Each language when somebody asks for it: reading one takes as long as 100 saves.
    def _catalogue(self, language: Language) -> gettext.GNUTranslations:
        return self._kept.get(("catalogue", language), lambda: catalogue(language))

    def _environment(self, language: Language) -> Environment:
        return self._kept.get(("environment", language), lambda: self._make(language))

    def _make(self, language: Language) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            extensions=["jinja2.ext.i18n"],
        )
        extension = cast("Any", environment)  # the i18n extension adds the method
        extension.install_gettext_translations(self._catalogue(language), newstyle=True)
        environment.globals |= {"asset": self.assets.url, "language": language}
        return environment


def catalogue(language: Language) -> gettext.GNUTranslations:
    """Load the interface text of one language from its ``.po`` file."""
    path = LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    with path.open("rb") as file:
        messages = read_po(file, locale=language, domain=DOMAIN)
    compiled = io.BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def N_(message: str) -> str:  # noqa: N802 - gettext's name for it
    """Mark interface text that is translated later, so that extraction finds it."""
    return message


def other(language: Language) -> Language:
    """The house's other language."""
    return "id" if language == "en" else "en"


def language_of(value: str | None) -> Language:
    """Read a language somebody asked for; Indonesian unless it is English."""
    return "en" if value == "en" else "id"


def switched(path: str, language: Language) -> str:
    """Address of a page in the other language than ``language``."""
    return f"{path}?lang={other(language)}"


def day(moment: datetime, language: Language, zone: tzinfo = ZONE) -> str:
    """A day as people write it: ``30 November 2026``."""
    return format_date(moment.astimezone(zone), "d MMMM yyyy", locale=language)


def clock(moment: datetime, language: Language, zone: tzinfo = ZONE) -> str:
    """A time of day: ``10.42`` in Indonesian, ``10:42`` in English."""
    return moment.astimezone(zone).strftime("%H:%M" if language == "en" else "%H.%M")


def moment_of(moment: datetime, language: Language, zone: tzinfo = ZONE) -> str:
    """A day with its time and the zone's name: ``30 November 2026, 23.59 WIB``."""
    name = ZONE_NAMES.get(str(zone), str(zone))
    return f"{day(moment, language, zone)}, {clock(moment, language, zone)} {name}"


class Kept:
    """The last few values made, by key; asked from the event loop and from threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: dict[object, object] = {}
        self._lock = Lock()

    def get(self, key: object, make: Callable[[], T]) -> T:
        """The value of ``key``, made where it is not kept."""
        found = self._values.get(key, _NOT_KEPT)  # one look into a dict needs no lock
        if found is not _NOT_KEPT:
            return cast("T", found)
        made = make()
        with self._lock:
            self._values[key] = made
            while len(self._values) > self._size:
                del self._values[next(iter(self._values))]  # the oldest
        return made


@dataclass(frozen=True, slots=True)
class Way:
    """The one way on from a message."""

    href: str
    label: str


@dataclass(frozen=True, slots=True)
class Message:
    """A page that says how things stand and what to do next."""

    title: str
    lines: tuple[str, ...]
    way: Way | None = None
    card: bool = False
    """Whether chat apps show a card for it."""


@dataclass(frozen=True, slots=True)
class Page:
    """What every page has."""

    language: Language
    slug: str
    """Empty where no survey is known."""
    base_url: str
    simulated: bool = False
    trial: bool = False
    """A wave that is tried out before it opens: what is answered here goes."""
    minutes: int = 0
    """How long the survey takes; 0 where no wave is known."""
    switch: str = ""
    """Address of the same page in the other language; empty where a form has to post."""

    @property
    def other(self) -> Language:
        """The other language."""
        return other(self.language)

    @property
    def query(self) -> str:
        """Keeps the language over links; Indonesian needs none."""
        return "?lang=en" if self.language == "en" else ""

    @property
    def home(self) -> str:
        """Address of the survey."""
        return f"/s/{self.slug}{self.query}" if self.slug else "/"


def page_of(request: Request, language: Language) -> Page:
    """Return the frame of a page outside the survey."""
    query = "" if language == "en" else "?lang=en"
    return Page(
        language=language,
        slug="",
        base_url=request.app.state.pages.base_url,
        simulated=request.app.state.settings.demo,
        switch=f"{request.url.path}{query}",
    )
