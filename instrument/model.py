"""What is asked and how it is scored: the types of a questionnaire, frozen.

An ``Instrument`` is one version of one questionnaire. It is built by
`instrument.loading` from a TOML file and never changes afterwards. Everything the
house does (rendering, storing, scoring, exporting, analysing) reads this object, and
nothing in the house knows a particular questionnaire.

Two kinds of questions are kept apart, as they are stored apart:

- `Item`: a Likert item. Its answer is one byte (`instrument.answers.Missing`), at the
  item's place in `Instrument.items`, whatever form is shown.
- `Question`: behaviour, background or open text, where 0 is an answer; kept as JSON.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any, Literal, Self, TypeVar, cast

from pydantic import BeforeValidator, Field, model_validator

from instrument.lint_rules import LintRules
from instrument.wording import LANGUAGES, Frozen, Language, Text

__all__ = [
    "LANGUAGES",
    "AnalysisDefaults",
    "Band",
    "BandSet",
    "CarelessRules",
    "Consent",
    "ConsentChoice",
    "Form",
    "Frozen",
    "Instrument",
    "Item",
    "Language",
    "Module",
    "Option",
    "Question",
    "ResponseScale",
    "Role",
    "Scale",
    "Section",
    "Text",
]

T = TypeVar("T")
_FRACTION = re.compile(r"[0-9]+/[1-9][0-9]*")


class Option(Frozen):
    """One answer a person can choose: its stored value and its label."""

    value: int = Field(ge=0, le=249)
    label: Text


class ResponseScale(Frozen):
    """The shared answer options of the Likert items: values 1..n, lowest first."""

    options: tuple[Option, ...] = Field(min_length=2, max_length=11)
    not_applicable: Text | None = None
    """Label of "tidak berlaku"; offered only by items that allow it."""

    @property
    def low(self) -> int:
        """Lowest value."""
        return self.options[0].value

    @property
    def high(self) -> int:
        """Highest value."""
        return self.options[-1].value


class Role(StrEnum):
    """What an item is for."""

    SCORED = "scored"  # belongs to a scale
    INDEX = "index"  # belongs to an index outside the scales (conditional commitment)
    ATTENTION = "attention"  # instructed response; flags only
    PROFILE = "profile"  # single item, reported alone (GCF)
    MARKER = "marker"  # theoretically unrelated; method variance (MRK)


class Item(Frozen):
    """One Likert item."""

    code: str
    text: Text
    role: Role = Role.SCORED
    scale: str | None = None
    """Code of the scale or index; required for SCORED and INDEX, absent otherwise."""
    keyed: Literal["+", "-"] = "+"
    """``-``: reverse-keyed; a high raw answer means little of the construct."""
    referent: Literal["self", "community"] | None = None
    facet: str = ""
    source: str = ""
    """Where in the source study the item comes from; ``L`` = from the literature."""
    not_applicable: bool = False
    """Whether "tidak berlaku" is offered."""
    expected: int | None = None
    """The instructed answer of an ATTENTION item."""
    module: str | None = None
    """Code of the optional module that brings the item; None = always asked."""

    @property
    def reverse(self) -> bool:
        """Whether the item is reverse-keyed."""
        return self.keyed == "-"


class Scale(Frozen):
    """A construct measured by several items and scored by their mean.

    A person's score is the mean of the keyed valid answers if at least ``min_share`` of
    the *applicable* items and at least ``min_items`` are answered; else it is missing.
    """

    code: str
    name: Text
    public_name: Text
    """What members and the chair read (DEP: "Saling membutuhkan")."""
    definition: Text
    theory: str = ""
    kind: Literal["scale", "index"] = "scale"
    """An index (COC) stands outside the scales: never in a profile, never summed in."""
    min_share: float = Field(default=0.75, gt=0, le=1)
    min_items: int = Field(default=3, ge=1)


class Question(Frozen):
    """A behaviour, background or open question; not a byte, since 0 is an answer here."""

    code: str
    text: Text
    hint: Text | None = None
    group: Literal["behaviour", "background", "open"]
    kind: Literal["number", "choice", "text"]
    options: tuple[Option, ...] = ()
    low: int | None = None
    high: int | None = None
    max_length: int | None = None
    specific: bool = False
    """Specific personal data in the sense of UU 27/2022 art. 4."""
    needs_consent: str | None = None
    """Code of the consent choice without which the question is not asked."""
    refusable: bool = False
    """Whether "Tidak ingin menjawab" is always offered."""
    coarsen: tuple[tuple[int, ...], ...] = ()
    """Groups of option values merged when a shared file fails its k-check."""
    ordered: bool = False
    """Whether the options are ranked (ordinal in files) or only named (nominal)."""
    source: str = ""


class Section(Frozen):
    """A screenful of items, in shown order; in TOML simply the list of their codes."""

    items: tuple[str, ...] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _from_list(cls, data: object) -> object:
        return {"items": tuple(data)} if isinstance(data, list | tuple) else data


class Form(Frozen):
    """Which items and questions are shown, in which order."""

    code: Literal["full", "pulse"]
    name: Text
    sections: tuple[Section, ...]
    questions: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    """Names of the careless flags that apply (``FLAG_ATT`` ...)."""
    complete_scales_only: bool = False
    """Pulse: a score needs *all* items of the scale that the form shows."""
    section_size: int | None = Field(default=None, ge=1)
    """How many items each section holds, where the form fixes it."""

    @cached_property
    def items(self) -> tuple[str, ...]:
        """All item codes in shown order."""
        return tuple(code for section in self.sections for code in section.items)


class Module(Frozen):
    """An optional block of items that a wave may add; shown after the last section."""

    code: str
    name: Text
    note: Text | None = None


class ConsentChoice(Frozen):
    """One box of the consent page; never ticked beforehand."""

    code: str
    text: Text
    required: bool = False
    """Without it nobody takes part (18+ and willing)."""
    purpose: bool = False
    """A use of the answers; somebody who grants no purpose is thanked and not stored."""


class Consent(Frozen):
    """The consent page: paragraphs with [brackets] to be filled per wave, and its boxes."""

    paragraphs: tuple[Text, ...]
    choices: tuple[ConsentChoice, ...]


def _edge(value: object) -> object:
    """Turn "10/3" into its nearest float; `Band.edge` finds the fraction again."""
    if isinstance(value, str) and _FRACTION.fullmatch(value):
        return float(Fraction(value))
    return value


class Band(Frozen):
    """One named band of a band set, from ``low`` (see `BandSet.closed`) upward."""

    low: Annotated[float | None, BeforeValidator(_edge)] = None
    """Lower edge on the set's basis, a number or a fraction ("10/3"); None = open below."""
    label: Text

    @property
    def edge(self) -> Fraction | None:
        """The lower edge as an exact fraction (denominators up to 1000)."""
        return None if self.low is None else Fraction(self.low).limit_denominator(1000)


class BandSet(Frozen):
    """A convention that turns a mean into a word. Several circulate, so they are data."""

    code: str
    name: Text
    basis: Literal["tcr", "mean"]
    """``tcr``: edges are percent of the maximum; ``mean``: edges are scale means."""
    closed: Literal["low", "high"] = "low"
    """``low``: a value on an edge belongs to the higher band; ``high``: to the lower."""
    bands: tuple[Band, ...]
    """Highest band first."""
    source: str


class CarelessRules(Frozen):
    """Thresholds of the careless flags; each flag is a point, attention one per check."""

    min_seconds_per_item: float = Field(default=2.0, ge=0)
    """Median over sections of visible seconds per answered item, below which a point."""
    long_run: int = Field(default=10, ge=2)
    """Longest identical run over the shown items, from which on a point."""
    min_sd: float = Field(default=0.35, ge=0)
    """Within-person SD (n-1) of the raw scored items, below which a point."""
    pairs: tuple[tuple[str, str], ...] = ()
    """Contradictory pairs: both raw answers high contradict each other."""
    pair_high: int = 4
    """From which raw answer on an item of a pair counts as agreed to."""
    min_pairs: int = Field(default=3, ge=1)
    """How many contradictory pairs make a point."""
    exclude_at: int = Field(default=2, ge=1)
    """Points from which on a person is left out of the main analysis."""


class AnalysisDefaults(Frozen):
    """What `guyub analyze` does when it is not told otherwise."""

    outcome: str | None = None
    predictors: tuple[str, ...] = ()
    factors: int | None = Field(default=None, ge=1)
    """Number of factors; None = as many as there are scales."""
    factor_items: tuple[str, ...] = ()
    """Items of the factor analysis; empty = all scored items."""
    sensitivity_without: tuple[str, ...] = ()
    """Items whose removal is shown beside (MOT3: criterion contamination)."""


class Instrument(Frozen):
    """One version of one questionnaire."""

    key: str
    version: str
    title: Text
    description: Text
    licence: str = ""
    source: str = ""
    notes: tuple[str, ...] = ()
    """Reasons for wordings, open points; never shown to members."""
    layout: str = "vertical-1"
    """Version of direction and layout; never mixed in one data set."""
    lead_in: tuple[Text, ...] = ()
    response_scale: ResponseScale
    scales: tuple[Scale, ...]
    items: tuple[Item, ...]
    """Every Likert item in definition order: the order of the answer bytes."""
    questions: tuple[Question, ...] = ()
    modules: tuple[Module, ...] = ()
    forms: tuple[Form, ...] = Field(min_length=1)
    consent: Consent | None = None
    """None: the definition is for analysis only and cannot open a wave."""
    careless: CarelessRules = CarelessRules()
    band_sets: tuple[BandSet, ...] = ()
    analysis: AnalysisDefaults = AnalysisDefaults()
    lints: LintRules = LintRules()
    digest: str = Field(default="", exclude=True)
    """SHA-256 of the canonical content; set by `instrument.loading`."""

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy with changes; the digest of the original does not outlive a change."""
        return super().model_copy(update={"digest": "", **update} if update else None, deep=deep)

    @cached_property
    def item_codes(self) -> tuple[str, ...]:
        """Codes of all items, in byte order."""
        return tuple(item.code for item in self.items)

    @cached_property
    def _items(self) -> dict[str, Item]:
        return {item.code: item for item in self.items}

    @cached_property
    def _scales(self) -> dict[str, Scale]:
        return {scale.code: scale for scale in self.scales}

    @cached_property
    def _questions(self) -> dict[str, Question]:
        return {question.code: question for question in self.questions}

    @cached_property
    def _derived(self) -> dict[object, object]:
        return {}

    @cached_property
    def scored_items(self) -> tuple[Item, ...]:
        """Items that enter a scale, in definition order."""
        return tuple(item for item in self.items if item.role is Role.SCORED)

    def item(self, code: str) -> Item:
        """Return the item of that code; KeyError if there is none."""
        return self._items[code]

    def scale(self, code: str) -> Scale:
        """Return the scale or index of that code; KeyError if there is none."""
        return self._scales[code]

    def question(self, code: str) -> Question:
        """Return the question of that code; KeyError if there is none."""
        return self._questions[code]

    def items_of(self, scale: str) -> tuple[Item, ...]:
        """Return the items of a scale or index, in definition order."""
        return tuple(item for item in self.items if item.scale == scale)

    def form(self, code: str) -> Form:
        """Return the form of that code; KeyError if there is none."""
        for form in self.forms:
            if form.code == code:
                return form
        raise KeyError(code)

    def shown_sections(self, form: str, modules: Collection[str] = ()) -> tuple[Section, ...]:
        """Return the sections a wave shows: the form's, then one for each added module.

        KeyError if there is no such form; modules come in the definition's order.
        """
        added = (
            Section(items=tuple(item.code for item in self.items if item.module == module.code))
            for module in self.modules
            if module.code in modules
        )
        return (*self.form(form).sections, *added)

    def questions_of(self, *groups: str) -> tuple[Question, ...]:
        """Return the questions of these groups, in definition order."""
        return tuple(question for question in self.questions if question.group in groups)

    def derive(self, name: object, make: Callable[[], T]) -> T:
        """Return what ``make`` gives, made once for this instrument and this ``name``.

        For lookup tables on hot paths: `functools.cache` would hash the whole
        questionnaire at every call.
        """
        if name not in self._derived:
            self._derived[name] = make()
        return cast("T", self._derived[name])
