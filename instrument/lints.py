"""Rules of good wording, good order and good files: a sound definition may still ask badly.

The thresholds are data (`LintRules`); a definition switches a lint off with a reason.
Wording lints look at items, order lints at what each form shows, also across the border
of two sections, since on a screen the border is one tap.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from instrument import limits, loading
from instrument.errors import Fault, InvalidDefinition
from instrument.model import LANGUAGES, Form, Instrument, Item
from instrument.overview import show

__all__ = ["Finding", "check", "lint", "show"]


@dataclass(frozen=True)
class Finding:
    """Something a respondent would stumble over."""

    lint: str
    where: str
    """Item (``items.MOT1``) or place in a form (``forms.full.sections.#3``)."""
    message: str
    form: str | None = None


def check(path: str | os.PathLike[str]) -> Instrument:
    """Load a definition and lint it.

    Raises `InvalidDefinition` with all faults, or, where there are none, with all lint
    findings.
    """
    instrument = loading.load(path)
    findings = lint(instrument)
    if findings:
        raise InvalidDefinition(
            os.fspath(path),
            [Fault(finding.where, finding.message, finding.lint) for finding in findings],
        )
    return instrument


def lint(instrument: Instrument) -> tuple[Finding, ...]:
    """Return every finding that the definition does not switch off."""
    findings = [*_wording(instrument)]
    findings += (
        Finding(name, where, message) for name, where, message in limits.faults(instrument)
    )
    for form in instrument.forms:
        findings += _order(instrument, form)
    off = {(rule.lint, rule.form) for rule in instrument.lints.off}
    return tuple(
        finding
        for finding in findings
        if (finding.lint, None) not in off and (finding.lint, finding.form) not in off
    )


# --- wording ---------------------------------------------------------------------------


def _wording(instrument: Instrument) -> Iterator[Finding]:
    rules = instrument.lints
    for item in instrument.items:
        where = f"items.{item.code}"
        for language in LANGUAGES:
            text = item.text.in_(language)
            for word in _found(rules.double_barrelled.in_(language), text):
                yield Finding(
                    "double-barrelled",
                    f"{where}.text.{language}",
                    f'has "{word}" and may ask two things at once; ask one',
                )
            if item.reverse:
                for word in _found(rules.reverse_forbidden.in_(language), text):
                    yield Finding(
                        "negated-reverse",
                        f"{where}.text.{language}",
                        f'is reverse-keyed and has "{word}"; affirm the opposite instead',
                    )
        words = len(item.text.in_("id").split())
        if words > rules.max_words:
            yield Finding(
                "too-long",
                f"{where}.text.id",
                f"has {words} words; stay within {rules.max_words}",
            )


def _found(words: tuple[str, ...], text: str) -> list[str]:
    return [
        word for word in words if re.search(rf"\b{re.escape(word)}\b", text, flags=re.IGNORECASE)
    ]


# --- order -----------------------------------------------------------------------------


def _order(instrument: Instrument, form: Form) -> Iterator[Finding]:
    items = [instrument.item(code) for code in form.items]
    yield from _adjacent(form, items)
    yield from _pairs(instrument, form)
    yield from _reverse(instrument, form, items)
    yield from _constructs(instrument, form)
    if form.code == "full":
        yield from _attention(instrument, form, items)
        yield from _outcome(instrument, form)


def _adjacent(form: Form, items: list[Item]) -> Iterator[Finding]:
    for place, (one, other) in enumerate(pairwise(items), start=1):
        if one.scale is not None and one.scale == other.scale:
            yield Finding(
                "adjacent",
                f"forms.{form.code}",
                f"shows {one.code} and {other.code} of {one.scale} side by side "
                f"(positions {place} and {place + 1}); put another item between them",
                form.code,
            )


def _pairs(instrument: Instrument, form: Form) -> Iterator[Finding]:
    position = {code: place for place, code in enumerate(form.items, start=1)}
    for one, other in instrument.careless.pairs:
        if one in position and other in position:
            distance = abs(position[one] - position[other])
            if distance < instrument.lints.pair_distance:
                yield Finding(
                    "pair-distance",
                    f"forms.{form.code}",
                    f"shows the contradictory pair {one}, {other} {distance} positions apart; "
                    f"keep at least {instrument.lints.pair_distance}",
                    form.code,
                )


def _reverse(instrument: Instrument, form: Form, items: list[Item]) -> Iterator[Finding]:
    rules = instrument.lints
    places = [place for place, item in enumerate(items, start=1) if item.reverse]
    for one, other in pairwise(places):
        if other - one < rules.reverse_distance:
            yield Finding(
                "reverse-distance",
                f"forms.{form.code}",
                f"shows the reverse-keyed {items[one - 1].code} and {items[other - 1].code} "
                f"{other - one} positions apart; keep at least {rules.reverse_distance}",
                form.code,
            )
    for number, section in enumerate(form.sections, start=1):
        reverse = [code for code in section.items if instrument.item(code).reverse]
        if len(reverse) > rules.reverse_per_section:
            yield Finding(
                "reverse-per-section",
                f"forms.{form.code}.sections.#{number}",
                f"shows {len(reverse)} reverse-keyed items ({', '.join(reverse)}); "
                f"at most {rules.reverse_per_section}",
                form.code,
            )


def _constructs(instrument: Instrument, form: Form) -> Iterator[Finding]:
    most = instrument.lints.max_constructs
    for number, section in enumerate(form.sections, start=1):
        scales = {instrument.item(code).scale for code in section.items} - {None}
        if len(scales) > most:
            yield Finding(
                "constructs-per-section",
                f"forms.{form.code}.sections.#{number}",
                f"mixes {len(scales)} scales; at most {most} in one section",
                form.code,
            )


def _attention(instrument: Instrument, form: Form, items: list[Item]) -> Iterator[Finding]:
    wanted = instrument.lints.attention_positions
    there = tuple(
        place for place, item in enumerate(items, start=1) if item.role.value == "attention"
    )
    if wanted and there != wanted:
        yield Finding(
            "attention-positions",
            f"forms.{form.code}",
            f"has its attention checks at {_listed(there)}; put them at {_listed(wanted)}",
            form.code,
        )


def _outcome(instrument: Instrument, form: Form) -> Iterator[Finding]:
    outcome, within = instrument.analysis.outcome, instrument.lints.outcome_within
    if outcome is None or within is None:
        return
    for number, section in enumerate(form.sections[within:], start=within + 1):
        late = [code for code in section.items if instrument.item(code).scale == outcome]
        if late:
            yield Finding(
                "outcome-position",
                f"forms.{form.code}.sections.#{number}",
                f"shows {', '.join(late)} of the outcome {outcome}; ask the outcome within the "
                f"first {within} sections, before the other scales prime it",
                form.code,
            )


def _listed(places: tuple[int, ...]) -> str:
    return ", ".join(str(place) for place in places) or "no position"
