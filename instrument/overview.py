"""A questionnaire as a readable text: what `guyub instrument show` prints."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from instrument.model import Form, Instrument, Item, Question, Role, Scale, Text

_WIDTH = 96


def show(instrument: Instrument) -> str:
    """Return title, scales with their items in both languages, questions, order, rules."""
    parts = (
        _head(instrument),
        *(_scale(instrument, scale) for scale in instrument.scales),
        _others(instrument),
        _questions(instrument),
        *(_form(form) for form in instrument.forms),
        _consent(instrument),
        _rules(instrument),
        _notes(instrument),
    )
    return "\n\n".join("\n".join(lines) for part in parts if (lines := list(part)))


def _head(instrument: Instrument) -> Iterator[str]:
    yield f"{instrument.title.id} / {instrument.title.en}"
    yield f"{instrument.key} {instrument.version}, layout {instrument.layout}"
    yield f"digest {instrument.digest or '(none)'}"
    scored = len(instrument.scored_items)
    reverse = sum(item.reverse for item in instrument.items)
    scales = sum(scale.kind == "scale" for scale in instrument.scales)
    yield (
        f"{len(instrument.items)} items: {scored} scored in {scales} scales, "
        f"{reverse} reverse-keyed; {len(instrument.questions)} questions"
    )
    yield from _labelled("Source", instrument.source)
    yield from _labelled("Licence", instrument.licence)
    for text in instrument.lead_in:
        yield from _both(text, "")
    for option in instrument.response_scale.options:
        yield f"  {option.value}  {option.label.id} / {option.label.en}"
    if (label := instrument.response_scale.not_applicable) is not None:
        yield f"  †  {label.id} / {label.en} (only items marked †)"


def _scale(instrument: Instrument, scale: Scale) -> Iterator[str]:
    kind = "" if scale.kind == "scale" else f" ({scale.kind})"
    public = (
        ""
        if scale.public_name == scale.name
        else (f'; shown as "{scale.public_name.id}" / "{scale.public_name.en}"')
    )
    yield f"{scale.code}{kind}  {scale.name.id} / {scale.name.en}{public}"
    yield from _both(scale.definition, "  ")
    yield from _wrapped(scale.theory, "  ")
    yield f"  scored from {scale.min_share:.0%} of the applicable items, at least {scale.min_items}"
    for item in instrument.items_of(scale.code):
        yield from _item(item)


def _others(instrument: Instrument) -> Iterator[str]:
    others = [item for item in instrument.items if item.scale is None]
    if others:
        yield "Items outside the scales"
    for item in others:
        yield from _item(item)


def _item(item: Item) -> Iterator[str]:
    marks = [item.keyed] if item.role in (Role.SCORED, Role.INDEX) else [item.role.value]
    marks += ["†"] if item.not_applicable else []
    marks += [part for part in (item.referent, item.facet) if part]
    marks += [f"expects {item.expected}"] if item.expected is not None else []
    marks += [f"module {item.module}"] if item.module else []
    yield f"  {item.code}  {' · '.join(marks)}"
    yield from _both(item.text, "    ")
    if item.source:
        yield from _wrapped(f"[{item.source}]", "    ")


def _questions(instrument: Instrument) -> Iterator[str]:
    if instrument.questions:
        yield "Questions"
    for question in instrument.questions:
        yield f"  {question.code}  {' · '.join(_question_marks(question))}"
        yield from _both(question.text, "    ")
        if question.hint is not None:
            yield from _both(question.hint, "    ")
        for option in question.options:
            yield f"      {option.value}  {option.label.id} / {option.label.en}"


def _question_marks(question: Question) -> Iterator[str]:
    yield question.group
    yield question.kind
    if question.kind == "number":
        yield f"{question.low} to {question.high}"
    if question.max_length is not None:
        yield f"at most {question.max_length} characters"
    if question.refusable:
        yield "may be refused"
    if question.specific:
        yield "specific personal data"
    if question.needs_consent is not None:
        yield f"needs consent {question.needs_consent}"


def _form(form: Form) -> Iterator[str]:
    yield f"Form {form.code}  {form.name.id} / {form.name.en}: {len(form.items)} items"
    for number, section in enumerate(form.sections, start=1):
        yield f"  {number:>2}  {' '.join(section.items)}"
    if form.questions:
        yield f"  then {' '.join(form.questions)}"
    yield f"  careless flags: {' '.join(form.checks) or 'none'}"


def _consent(instrument: Instrument) -> Iterator[str]:
    if instrument.consent is None:
        yield "No consent text: for analysis only, no wave can be opened with it"
        return
    yield "Consent"
    for paragraph in instrument.consent.paragraphs:
        yield from _both(paragraph, "  ")
    for choice in instrument.consent.choices:
        mark = "required" if choice.required else "purpose" if choice.purpose else "optional"
        yield f"  [ ] {choice.code} ({mark})"
        yield from _both(choice.text, "      ")


def _rules(instrument: Instrument) -> Iterator[str]:
    careless, analysis = instrument.careless, instrument.analysis
    yield (
        f"Careless: run of {careless.long_run}, SD below {careless.min_sd:g}, under "
        f"{careless.min_seconds_per_item:g} s an answer, {careless.min_pairs} of "
        f"{len(careless.pairs)} pairs; left out from {careless.exclude_at} points"
    )
    for bands in instrument.band_sets:
        sign = ">=" if bands.closed == "low" else ">"
        edges = ", ".join(
            band.label.en + ("" if band.low is None else f" {sign} {band.low:.4g}")
            for band in bands.bands
        )
        yield from _wrapped(f"Bands {bands.code}  {bands.name.en} ({bands.basis}): {edges}", "")
        yield from _wrapped(f"[{bands.source}]", "  ")
    if analysis.outcome is not None:
        yield f"Analysis: {analysis.outcome} on {', '.join(analysis.predictors) or 'nothing'}"
    for off in instrument.lints.off:
        where = f" in form {off.form}" if off.form else ""
        yield from _wrapped(f"Lint {off.lint} is off{where}: {off.reason}", "")


def _notes(instrument: Instrument) -> Iterator[str]:
    if instrument.notes:
        yield "Notes"
    for note in instrument.notes:
        yield from textwrap.wrap(note, _WIDTH, initial_indent="  - ", subsequent_indent="    ")


def _labelled(label: str, text: str) -> Iterator[str]:
    if text:
        yield from _wrapped(f"{label}: {text}", "")


def _both(text: Text, indent: str) -> Iterator[str]:
    yield from _wrapped(text.in_("id"), indent)
    yield from _wrapped(text.in_("en"), indent)


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=indent + "  ")
