"""What is asked, in which steps: the sections of a form, then its questions by group.

A step is what a phone shows at once. The order is the definition's, the same for
everybody; only the background questions depend on the person (asked once, and the
specific ones only with consent).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property

from instrument.answers import Answers, Missing
from instrument.model import Form, Instrument, Item, Question, Text

GROUPS = ("behaviour", "background", "open")
KEPT_SUBSETS = 64
_UNANSWERED = (Missing.NOT_SEEN, Missing.SKIPPED)


@dataclass(frozen=True, slots=True)
class Step:
    """One screenful: Likert items, or questions of one group."""

    number: int
    """Place in the document, from 1."""
    items: tuple[Item, ...] = ()
    questions: tuple[Question, ...] = ()
    group: str = ""
    """Group of the questions; empty for items."""
    lead: tuple[Text, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of everything asked in this step."""
        return (*(i.code for i in self.items), *(q.code for q in self.questions))


@dataclass(frozen=True)
class Plan:
    """The steps of one document."""

    instrument: Instrument
    form: Form
    steps: tuple[Step, ...]

    @cached_property
    def sections(self) -> int:
        """How many steps hold Likert items: the "9" of "section 3 of 9"."""
        return sum(1 for step in self.steps if step.items)

    @cached_property
    def questions(self) -> frozenset[str]:
        """Codes of the questions that are asked."""
        return frozenset(one.code for step in self.steps for one in step.questions)

    @cached_property
    def background(self) -> frozenset[str]:
        """Codes of the instrument's background questions, which are kept apart."""
        return frozenset(one.code for one in self.instrument.questions_of("background"))

    @cached_property
    def all_codes(self) -> frozenset[str]:
        """Codes of everything that is asked."""
        return frozenset(code for step in self.steps for code in step.codes)

    def codes(self, numbers: Collection[int]) -> frozenset[str]:
        """Codes asked in the steps of these numbers."""
        wanted = frozenset(numbers)
        found = self._codes.get(wanted)
        if found is None:
            found = frozenset(
                code for step in self.steps if step.number in wanted for code in step.codes
            )
            if len(self._codes) < KEPT_SUBSETS:
                self._codes[wanted] = found
        return found

    @cached_property
    def _codes(self) -> dict[frozenset[int], frozenset[str]]:
        """Codes by steps shown; people go forward, so that few subsets ever come."""
        return {}

    def wording(self, code: str) -> Text:
        """What is asked under ``code``; KeyError if the instrument has no such code."""
        if code in self.instrument.item_codes:
            return self.instrument.item(code).text
        return self.instrument.question(code).text

    def step_of(self, code: str) -> int:
        """Number of the step that asks ``code``; 1 for a code that is not asked."""
        for step in self.steps:
            if code in step.codes:
                return step.number
        return 1

    def unanswered(self, answers: Answers) -> tuple[str, ...]:
        """Codes without an answer, in shown order; open texts are never asked for twice."""
        items = answers.items
        return tuple(
            code
            for code, place in self._asked_for
            if (answers.why(code) if place is None else items[place]) in _UNANSWERED
        )

    @cached_property
    def _asked_for(self) -> tuple[tuple[str, int | None], ...]:
        """What somebody may be asked for once more, with the place of an item's byte."""
        places = {code: index for index, code in enumerate(self.instrument.item_codes)}
        return tuple(
            (code, places.get(code))
            for step in self.steps
            if step.group != "open"
            for code in step.codes
        )

    def resume_at(self, seen: Collection[int], unanswered: Collection[str]) -> int:
        """Number of the step to go on with: the last one seen, or the next if that is done."""
        last = max((n for n in seen if n <= len(self.steps)), default=1)
        if set(unanswered) & self.codes([last]):
            return last
        return min(last + 1, len(self.steps)) if seen else 1


def plan(
    instrument: Instrument,
    form: Form,
    *,
    modules: Collection[str] = (),
    granted: Collection[str] | None = None,
) -> Plan:
    """Lay out a document.

    ``granted``: consent choices that open background questions; None leaves the whole
    background out (it is known already).
    """
    steps = []
    for number, section in enumerate(instrument.shown_sections(form.code, modules), 1):
        items = tuple(instrument.item(code) for code in section.items)
        lead = _lead(instrument, items, first=number == 1)
        steps.append(Step(number, items=items, lead=lead))
    asked = [instrument.question(code) for code in form.questions]
    for group in GROUPS:
        questions = tuple(q for q in asked if q.group == group and _open(q, granted))
        if questions:
            steps.append(Step(len(steps) + 1, questions=questions, group=group))
    return Plan(instrument, form, tuple(steps))


def _open(question: Question, granted: Collection[str] | None) -> bool:
    if question.group != "background":
        return question.needs_consent is None
    if granted is None:
        return False
    return question.needs_consent is None or question.needs_consent in granted


def _lead(instrument: Instrument, items: Iterable[Item], *, first: bool) -> tuple[Text, ...]:
    """The lead-in of a section: all of it at the start, then the frame and what is needed.

    The first paragraph is the frame of every answer ("now"), so it stays. A paragraph that
    explains a quoted term comes back where an item uses the term. Judged by the Indonesian
    wording for all languages: both must show the same.
    """
    if first:
        return instrument.lead_in
    wordings = " ".join(item.text.id for item in items).lower()
    return tuple(
        text
        for place, text in enumerate(instrument.lead_in)
        if place == 0
        or any(term.lower() in wordings for term in re.findall(r"[“\"']([^”\"']+)[”\"']", text.id))
    )
