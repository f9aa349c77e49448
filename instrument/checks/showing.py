"""What is shown: modules, forms, the consent page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from instrument import names
from instrument.draft import Draft, Found
from instrument.lines import Path
from instrument.model import Form
from instrument.rules import Rule


def _modules(draft: Draft) -> Iterator[Found]:
    if not draft.items.whole:
        return
    filled = {entry.value.module for entry in draft.items.entries}
    for entry in draft.modules.entries:
        if entry.value.code not in filled:
            yield Found(
                Rule.MODULE_EMPTY,
                ("modules", entry.place),
                f'has no item; set module = "{entry.value.code}" on its items, or remove it',
            )


def _forms(draft: Draft) -> Iterator[Found]:
    in_module = {
        entry.value.code for entry in draft.items.entries if entry.value.module is not None
    }
    for entry in draft.forms.entries:
        form, path = entry.value, ("forms", entry.place)
        yield from _form_items(draft, form, path, in_module)
        yield from _form_questions(draft, form, path)
        for place, check in enumerate(form.checks):
            if check not in names.CHECKS:
                yield Found(
                    Rule.UNKNOWN_CHECK,
                    (*path, "checks", place),
                    f"is {check!r}; use {', '.join(names.CHECKS)}",
                )


def _form_items(draft: Draft, form: Form, path: Path, in_module: set[str]) -> Iterator[Found]:
    shown: set[str] = set()
    for number, section in enumerate(form.sections):
        here: Path = (*path, "sections", number)
        if form.section_size is not None and len(section.items) != form.section_size:
            yield Found(
                Rule.SECTION_SIZE,
                here,
                f"has {len(section.items)} items; section_size says {form.section_size}",
            )
        for place, code in enumerate(section.items):
            at: Path = (*here, "items", place)
            if code not in draft.items:
                yield Found(
                    Rule.UNKNOWN_ITEM, at, f"is {code!r}, which is no item; add it or correct it"
                )
            elif code in in_module:
                yield Found(
                    Rule.MODULE_ITEM_IN_FORM,
                    at,
                    f"is {code!r} of a module; modules are added after the last section",
                )
            elif code in shown:
                yield Found(Rule.SHOWN_TWICE, at, f"is {code!r} a second time; show it once")
            shown.add(code)


def _form_questions(draft: Draft, form: Form, path: Path) -> Iterator[Found]:
    shown: set[str] = set()
    for place, code in enumerate(form.questions):
        at: Path = (*path, "questions", place)
        if code not in draft.questions:
            yield Found(
                Rule.UNKNOWN_QUESTION, at, f"is {code!r}, which is no question; add or correct it"
            )
        elif code in shown:
            yield Found(Rule.SHOWN_TWICE, at, f"is {code!r} a second time; show it once")
        shown.add(code)


def _coverage(draft: Draft) -> Iterator[Found]:
    if not draft.forms.whole or not draft.forms.entries:
        return
    full = [entry.value for entry in draft.forms.entries if entry.value.code == "full"]
    if not full:
        yield Found(Rule.NO_FULL_FORM, ("forms",), 'lack the form of code "full"; add it')
        return
    asked = {code for entry in draft.forms.entries for code in entry.value.questions}
    yield from _unshown(
        "items",
        [
            (entry.place, entry.value.code)
            for entry in draft.items.entries
            if entry.value.module is None
        ],
        set(full[0].items),
    )
    yield from _unshown(
        "questions", [(entry.place, entry.value.code) for entry in draft.questions.entries], asked
    )


def _unshown(table: str, codes: Sequence[tuple[int, str]], shown: set[str]) -> Iterator[Found]:
    for place, code in codes:
        if code not in shown:
            where = "the full form" if table == "items" else "any form"
            yield Found(
                Rule.NEVER_SHOWN,
                (table, place),
                f"is not in {where}; put it there, or remove it",
            )


def _consent(draft: Draft) -> Iterator[Found]:
    if draft.consent is None:
        return
    choices = draft.consent.choices
    if not any(choice.required for choice in choices):
        yield Found(
            Rule.CONSENT_WITHOUT_REQUIRED,
            ("consent", "choices"),
            "have none with required = true; somebody must be able to say no to taking part",
        )
    if not any(choice.purpose for choice in choices):
        yield Found(
            Rule.CONSENT_WITHOUT_PURPOSE,
            ("consent", "choices"),
            "have none with purpose = true; name at least one use of the answers",
        )
    for place, choice in enumerate(choices):
        if choice.required and choice.purpose:
            yield Found(
                Rule.PURPOSE_REQUIRED,
                ("consent", "choices", place),
                "is a purpose and required; each use of the answers can be refused by itself",
            )


CHECKS = (_modules, _forms, _coverage, _consent)
