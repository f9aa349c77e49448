"""What is asked: options, items, scales, questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pydantic import BaseModel

from instrument.draft import Draft, Found
from instrument.lines import Path
from instrument.model import Item, Question, Role, Text
from instrument.rules import Rule


def _response_options(draft: Draft) -> Iterator[Found]:
    if draft.response_scale is None:
        return
    values = [option.value for option in draft.response_scale.options]
    if values != list(range(1, len(values) + 1)):
        yield Found(
            Rule.OPTION_VALUES,
            ("response_scale", "options"),
            f"have the values {values}; count 1, 2, 3 … in the order shown, lowest first",
        )


def _markup(draft: Draft) -> Iterator[Found]:
    instrument = draft.instrument
    if instrument is None:
        return
    for path, text in _texts(instrument, ()):
        for language in ("id", "en"):
            if getattr(text, language).count("**") % 2:
                yield Found(
                    Rule.UNBALANCED_MARKUP,
                    (*path, language),
                    "has an odd number of **; close what stands out: **word**",
                )


def _texts(value: object, path: Path) -> Iterator[tuple[Path, Text]]:
    if isinstance(value, Text):
        yield path, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _texts(getattr(value, name), (*path, name))
    elif isinstance(value, tuple):
        for place, element in enumerate(value):
            yield from _texts(element, (*path, place))


def _items(draft: Draft) -> Iterator[Found]:
    for entry in draft.items.entries:
        path: Path = ("items", entry.place)
        yield from _membership(draft, entry.value, path)
        yield from _expectation(draft, entry.value, path)
        item = entry.value
        if item.reverse and item.role not in (Role.SCORED, Role.INDEX):
            yield Found(
                Rule.REVERSE_NOT_SCORED,
                (*path, "keyed"),
                f'is "-" on an item of role {item.role}; only scored items are reversed',
            )
        if item.not_applicable and draft.response_scale and not draft.response_scale.not_applicable:
            yield Found(
                Rule.NO_LABEL_FOR_NOT_APPLICABLE,
                (*path, "not_applicable"),
                "is true, but response_scale.not_applicable gives it no label; add the label",
            )
        if item.module is not None and item.module not in draft.modules:
            yield Found(
                Rule.UNKNOWN_MODULE,
                (*path, "module"),
                f"is {item.module!r}, which is no module; add it under [[modules]]",
            )


def _membership(draft: Draft, item: Item, path: Path) -> Iterator[Found]:
    if item.role not in (Role.SCORED, Role.INDEX):
        if item.scale is not None:
            yield Found(
                Rule.SCALE_NOT_ALLOWED,
                (*path, "scale"),
                f"is given to an item of role {item.role}; only scored and index items have one",
            )
        return
    if item.scale is None:
        yield Found(
            Rule.SCALE_NEEDED,
            path,
            f"is of role {item.role} and names no scale; add one, or give it another role",
        )
        return
    if item.scale not in draft.scales:
        yield Found(
            Rule.UNKNOWN_SCALE,
            (*path, "scale"),
            f"is {item.scale!r}, which is no scale; add it under [[scales]]",
        )
        return
    wanted = "index" if item.role is Role.INDEX else "scale"
    for scale in draft.scales.entries:
        if scale.value.code == item.scale and scale.value.kind != wanted:
            yield Found(
                Rule.WRONG_KIND_OF_SCALE,
                (*path, "scale"),
                f"is {item.scale!r} of kind {scale.value.kind}; an item of role {item.role} "
                f"belongs to one of kind {wanted}",
            )
            return


def _expectation(draft: Draft, item: Item, path: Path) -> Iterator[Found]:
    if item.role is not Role.ATTENTION:
        if item.expected is not None:
            yield Found(
                Rule.EXPECTED_NOT_ALLOWED,
                (*path, "expected"),
                f"is given to an item of role {item.role}; only attention checks expect an answer",
            )
    elif item.expected is None:
        yield Found(
            Rule.EXPECTED_NEEDED, path, "is an attention check; add expected, the instructed answer"
        )
    elif draft.response_scale and item.expected not in {
        option.value for option in draft.response_scale.options
    }:
        yield Found(
            Rule.EXPECTED_NOT_AN_OPTION,
            (*path, "expected"),
            f"is {item.expected}, which is no option of the response scale",
        )


def _scales(draft: Draft) -> Iterator[Found]:
    if not draft.items.whole:
        return  # a faulty item may be the one that is missing here
    members = Counter(entry.value.scale for entry in draft.items.entries)
    for entry in draft.scales.entries:
        scale = entry.value
        if members[scale.code] < scale.min_items:
            yield Found(
                Rule.TOO_FEW_ITEMS,
                ("scales", entry.place),
                f"has {members[scale.code]} items, fewer than its min_items {scale.min_items}",
            )


def _questions(draft: Draft) -> Iterator[Found]:
    for entry in draft.questions.entries:
        question, path = entry.value, ("questions", entry.place)
        yield from _kind(question, path)
        yield from _coarsening(question, path)
        if question.needs_consent is not None and question.needs_consent not in draft.consent_codes:
            yield Found(
                Rule.UNKNOWN_CONSENT,
                (*path, "needs_consent"),
                f"is {question.needs_consent!r}, which is no choice under [[consent.choices]]",
            )


_NOT_FOR = {
    "number": ("options", "max_length", "coarsen", "ordered"),
    "choice": ("low", "high", "max_length"),
    "text": ("options", "low", "high", "coarsen", "ordered"),
}


def _kind(question: Question, path: Path) -> Iterator[Found]:
    for name in _NOT_FOR[question.kind]:
        given = getattr(question, name)
        if not (given is None or given is False or given == ()):
            yield Found(
                Rule.NOT_FOR_THIS_KIND,
                (*path, name),
                f"is given to a question of kind {question.kind}; remove it",
            )
    if question.kind == "choice":
        values = [option.value for option in question.options]
        if len(values) < 2:
            yield Found(Rule.OPTIONS_NEEDED, path, "is a choice; give it at least two options")
        elif len(set(values)) < len(values):
            yield Found(
                Rule.OPTION_VALUES,
                (*path, "options"),
                f"have the values {values}; give each option its own value",
            )
    elif question.kind == "number":
        if question.low is None or question.high is None:
            yield Found(Rule.LIMITS_NEEDED, path, "is a number; give it low and high")
        elif question.low > question.high:
            yield Found(
                Rule.LIMITS_CROSSED,
                (*path, "high"),
                f"is {question.high}, below low = {question.low}; exchange them",
            )
    elif question.max_length is None:
        yield Found(Rule.LENGTH_NEEDED, path, "is a text; give it max_length, in characters")


def _coarsening(question: Question, path: Path) -> Iterator[Found]:
    if not question.coarsen or not question.options:
        return
    merged = sorted(value for group in question.coarsen for value in group)
    if merged != sorted(option.value for option in question.options):
        yield Found(
            Rule.COARSEN_INCOMPLETE,
            (*path, "coarsen"),
            "must name every option value exactly once, in groups that are merged",
        )


CHECKS = (_response_options, _markup, _items, _scales, _questions)
