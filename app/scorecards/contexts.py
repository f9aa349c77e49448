"""What a page, a PDF or a picture of a card is given: one language, text and places on axes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from app.scorecards.words import Runs
from instrument.model import Language


@dataclass(frozen=True, slots=True)
class Who:
    """Who answered."""

    line: str
    answered: int
    eligible: int
    per: int
    """Members a stroke stands for."""
    key: str
    """How to read the strokes; empty where there are none."""
    trust: tuple[str, ...]
    banner: str
    """Where few answered; else empty."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A change, or why there is none to tell."""

    word: str
    """``up``, ``down``, ``unclear``, or empty where it is withheld."""
    label: str
    by: str
    note: str
    said: bool
    """False where every scale has the same reason: it stands once, above them."""


@dataclass(frozen=True, slots=True)
class Promised:
    """An action on the card of the scale it aims at, and in the list."""

    text: str
    by: str
    state: str
    label: str
    short: str
    heard: str
    """What members said: the scale's sentence where it needs attention."""


@dataclass(frozen=True, slots=True)
class Scale:
    """One construct's card."""

    code: str
    name: str
    meaning: str
    state: str
    label: str
    big: str
    beside: str
    spoken: str
    """Both in one: ``62 dari 100 (59–65)``."""
    kind: Literal["mean", "median", "withheld"]
    point: float | None
    low: float | None
    high: float | None
    title: str
    description: str
    well: Runs
    doubt: str
    moved: Moved
    course: tuple[float, ...]
    """Scores of the waves, oldest first; empty before the third."""
    course_title: str
    course_description: str
    promises: tuple[Promised, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure of what members do."""

    code: str
    name: str
    big: str
    value: int | None
    state: str
    label: str
    reference: int | None
    title: str
    description: str
    note: str
    dashed: str
    bounds: str


@dataclass(frozen=True, slots=True)
class Tie:
    """What goes with the wish to partner: a coefficient or a share, with its range."""

    name: str
    text: str
    point: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Table:
    """All figures once more, for whoever reads rather than looks."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Scales under a heading."""

    heading: str
    scales: tuple[Scale, ...]


@dataclass(frozen=True, slots=True)
class View:
    """The whole card in one language."""

    language: Language
    community: str
    slug: str
    wave: int
    wave_line: str
    simulated: bool
    tier: str
    pale: bool
    """Fewer than 30% answered: figures are grey."""
    judged: bool
    """Some scale may have a state: strengths and what to work on can be told."""
    title: str
    verdict: str
    who: Who
    strengths: tuple[tuple[str, str], ...]
    work_on: tuple[tuple[str, str], ...]
    topic: str
    obstacle: str
    reading: str
    """How to read the marks of scales."""
    legend: str
    """Likewise, with what holds for all of them."""
    groups: tuple[Group, ...]
    table: Table
    facts: tuple[Fact, ...]
    facts_table: Table
    outcome: str
    related: tuple[Tie, ...]
    related_note: str
    priority: tuple[Tie, ...]
    priority_note: str
    comments: tuple[tuple[str, tuple[str, ...]], ...]
    promises: tuple[Promised, ...]
    missing: tuple[str, ...]
    """Parts that are not shown, with the reason of each."""
    limits: str
    method: tuple[str, ...]
    words: dict[str, str]
    """Headings and column names."""

    @property
    def scales(self) -> tuple[Scale, ...]:
        """All of them, in the fixed order."""
        return tuple(scale for group in self.groups for scale in group.scales)

    def data(self) -> dict[str, Any]:
        """As plain data, for the typesetter."""
        return asdict(self)

    def blocks(self) -> Iterator[tuple[str, str]]:
        """Every block of text it says of its own accord (members' and the chair's words are
        theirs), each with where it stands.
        """
        yield "verdict", self.verdict
        yield "who", " ".join([self.who.line, *self.who.trust])
        yield "key", self.who.key
        yield "banner", self.who.banner
        for name, text in (*self.strengths, *self.work_on):
            yield f"line {name}", f"{name}: {text}"
        yield "talk", f"{self.topic} {self.obstacle}"
        yield "legend", self.legend
        for scale in self.scales:
            well = "".join(piece for piece, _ in scale.well)
            moved = scale.moved
            change = f"{moved.label} {moved.by} {moved.note if moved.said else ''}"
            parts = (scale.name, scale.label, scale.meaning, scale.big, scale.beside)
            yield f"card {scale.code}", " ".join([*parts, well, scale.doubt, change])
            yield f"alt {scale.code}", f"{scale.title}. {scale.description}"
            yield f"course {scale.code}", f"{scale.course_title}. {scale.course_description}"
        for fact in self.facts:
            yield f"fact {fact.code}", f"{fact.name} {fact.big} {fact.label} {fact.note}"
            yield f"alt {fact.code}", f"{fact.title}. {fact.description}"
        for tie in (*self.related, *self.priority):
            yield f"tie {tie.name}", f"{tie.name}: {tie.text}"
        yield "related", self.related_note
        yield "priority", self.priority_note
        for place, line in enumerate((*self.missing, self.limits, *self.method)):
            yield f"note {place}", line
