"""What the templates may see; each page has its own type, so that a typing error is found."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from instrument.model import Item, Question, Text


@dataclass(frozen=True, slots=True)
class Choice:
    """One box of the consent page."""

    code: str
    label: str


@dataclass(frozen=True, slots=True)
class ConsentText:
    """The consent page in one language."""

    paragraphs: tuple[Markup, ...]
    required: tuple[Choice, ...]
    optional: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing to put right: where, in the summary, at the field."""

    field: str
    summary: str
    message: str


@dataclass(frozen=True, slots=True)
class SectionView:
    """One step of the document."""

    number: int
    title: str
    items: tuple[Item, ...]
    questions: tuple[Question, ...]
    lead: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class PromptEntry:
    """One unanswered question on the prompt."""

    code: str
    text: Text


@dataclass(frozen=True, slots=True)
class PromptGroup:
    """Unanswered questions of one step."""

    title: str
    entries: tuple[PromptEntry, ...]
