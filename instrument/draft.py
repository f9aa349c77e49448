"""A definition as far as it can be understood, so that all its faults come out together.

pydantic reports every fault of shape. The rules that need more than one entry
(`instrument.checks`) run on whatever parts are sound, and know which names the file
uses, also those of faulty entries, so that one mistake is reported once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from instrument.lines import Path
from instrument.lint_rules import LintRules
from instrument.model import (
    AnalysisDefaults,
    BandSet,
    CarelessRules,
    Consent,
    Form,
    Frozen,
    Instrument,
    Item,
    Module,
    Question,
    ResponseScale,
    Scale,
)
from instrument.rules import Rule

M = TypeVar("M", bound=Frozen)
Table = Mapping[str, Any]


@dataclass(frozen=True)
class Found:
    """A broken rule, at a place inside the parsed file."""

    rule: StrEnum
    path: Path
    message: str


@dataclass(frozen=True)
class Entry(Generic[M]):
    """One sound entry of a list of tables, and its place in the list."""

    place: int
    value: M


@dataclass(frozen=True)
class Listing(Generic[M]):
    """The sound entries of one list of tables, and every code the list uses."""

    entries: tuple[Entry[M], ...]
    codes: tuple[tuple[int, str], ...]
    """Place and code of each entry that says one, sound or not."""
    whole: bool
    """Whether no entry is faulty."""
    nameless: bool = False
    """Whether an entry says no code: any name may be meant for it."""

    def __contains__(self, code: str) -> bool:
        """Tell whether ``code`` names an entry, as far as that can be known."""
        return self.nameless or any(code == said for _, said in self.codes)


@dataclass(frozen=True)
class Draft:
    """The parts of a definition, without those that are faulty in themselves."""

    instrument: Instrument | None
    """The whole, if nothing is faulty in itself."""
    key: str | None
    version: str | None
    scales: Listing[Scale]
    items: Listing[Item]
    questions: Listing[Question]
    modules: Listing[Module]
    forms: Listing[Form]
    band_sets: Listing[BandSet]
    response_scale: ResponseScale | None
    consent: Consent | None
    consent_codes: frozenset[str]
    careless: CarelessRules
    analysis: AnalysisDefaults
    lints: LintRules


def read(data: Table) -> tuple[Draft, list[Found]]:
    """Understand a parsed definition as far as possible; faults of shape beside it."""
    try:
        return _whole(Instrument.model_validate_json(_json(data), strict=True)), []
    except ValidationError as error:
        found = list(explained(error))
    return Draft(
        instrument=None,
        key=_text(data.get("key")),
        version=_text(data.get("version")),
        scales=_listing(Scale, data.get("scales")),
        items=_listing(Item, data.get("items")),
        questions=_listing(Question, data.get("questions")),
        modules=_listing(Module, data.get("modules")),
        forms=_listing(Form, data.get("forms")),
        band_sets=_listing(BandSet, data.get("band_sets")),
        response_scale=_part(ResponseScale, data.get("response_scale")),
        consent=_part(Consent, data.get("consent")),
        consent_codes=_consent_codes(data.get("consent")),
        careless=_part(CarelessRules, data.get("careless")) or CarelessRules(),
        analysis=_part(AnalysisDefaults, data.get("analysis")) or AnalysisDefaults(),
        lints=_part(LintRules, data.get("lints")) or LintRules(),
    ), found


def _whole(instrument: Instrument) -> Draft:
    """Return the draft of a definition that is sound in its shape."""
    return Draft(
        instrument=instrument,
        key=instrument.key,
        version=instrument.version,
        scales=_sound(instrument.scales),
        items=_sound(instrument.items),
        questions=_sound(instrument.questions),
        modules=_sound(instrument.modules),
        forms=_sound(instrument.forms),
        band_sets=_sound(instrument.band_sets),
        response_scale=instrument.response_scale,
        consent=instrument.consent,
        consent_codes=frozenset(
            choice.code for choice in (instrument.consent.choices if instrument.consent else ())
        ),
        careless=instrument.careless,
        analysis=instrument.analysis,
        lints=instrument.lints,
    )


def _json(data: object) -> str:
    # Strict JSON keeps TOML's types apart (true is no 1, "3" is no 3) and still takes
    # arrays for tuples; a TOML date is none of our types and is told so as an object.
    return json.dumps(data, default=lambda value: {"date": str(value)})


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _part(kind: type[M], data: object) -> M | None:
    if data is None:
        return None
    try:
        return kind.model_validate_json(_json(data), strict=True)
    except ValidationError:
        return None  # already told by the validation of the whole


def _listing(kind: type[M], data: object) -> Listing[M]:
    tables: Sequence[object] = data if isinstance(data, list) else ()
    entries = tuple(
        Entry(place, value)
        for place, table in enumerate(tables)
        if (value := _part(kind, table)) is not None
    )
    codes = tuple(
        (place, table["code"])
        for place, table in enumerate(tables)
        if isinstance(table, dict) and isinstance(table.get("code"), str)
    )
    return Listing(
        entries,
        codes,
        whole=len(entries) == len(tables),
        nameless=any(isinstance(table, dict) and "code" not in table for table in tables),
    )


def _sound(values: Sequence[M]) -> Listing[M]:
    return Listing(
        tuple(Entry(place, value) for place, value in enumerate(values)),
        tuple((place, getattr(value, "code", "")) for place, value in enumerate(values)),
        whole=True,
    )


def _consent_codes(data: object) -> frozenset[str]:
    choices = data.get("choices") if isinstance(data, dict) else None
    return frozenset(
        choice["code"]
        for choice in (choices if isinstance(choices, list) else ())
        if isinstance(choice, dict) and isinstance(choice.get("code"), str)
    )


_BOUNDS = frozenset(
    (
        *("greater_than", "greater_than_equal", "less_than", "less_than_equal"),
        *("too_long", "string_too_long", "finite_number"),
    )
)


def explained(error: ValidationError) -> Iterator[Found]:
    """Yield what pydantic found, in plain words; a plan's loader says it the same way."""
    details = error.errors(include_url=False)
    for detail in details:
        path = detail["loc"]
        # A list all of whose entries are faulty counts as empty for pydantic.
        follows = detail["type"] == "too_short" and any(
            len(other["loc"]) > len(path) and other["loc"][: len(path)] == path for other in details
        )
        if not follows:
            yield Found(*_explain(detail))


def _explain(detail: ErrorDetails) -> tuple[Rule, Path, str]:
    """Say in plain words what pydantic found."""
    given, said = detail["input"], detail["msg"][:1].lower() + detail["msg"][1:]
    match detail["type"]:
        case "missing":
            rule, message = Rule.MISSING_KEY, "is missing; add it"
        case "extra_forbidden":
            rule = Rule.UNKNOWN_KEY
            message = "is no key of the format; correct its spelling or remove it"
        case "string_too_short" | "too_short" if not str(given or "").strip():
            rule, message = Rule.EMPTY, "is empty; fill it in"
        case "string_too_short" | "too_short":
            rule, message = Rule.OUT_OF_BOUNDS, f"is too short; {said}"
        case "literal_error" | "enum":
            expected = detail.get("ctx", {}).get("expected", "")
            rule, message = Rule.NOT_A_CHOICE, f"is {given!r}; use one of {expected}"
        case kind if kind in _BOUNDS:
            rule, message = Rule.OUT_OF_BOUNDS, f"is {given!r}; {said}"
        case "model_type" if isinstance(given, str):
            rule = Rule.WRONG_TYPE
            message = 'is a plain text; give both languages: { id = "…", en = "…" }'
        case _:
            rule, message = Rule.WRONG_TYPE, f"has the wrong type; {said}"
    return rule, detail["loc"], message
