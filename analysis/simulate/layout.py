"""Where the generator's answers go in the partnership questionnaire."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.errors import AnalysisError
from analysis.simulate.parameters import (
    ALPHABET,
    BREAKOFF_POINT,
    CONDITIONAL_ITEMS,
    ITEMS,
    NOT_APPLICABLE_ITEMS,
)
from instrument.model import Instrument, Role

KEY = "partnership"
"""The only questionnaire whose truth this generator knows."""

OPTIONS = {
    "BEH4": 5,
    "BEH5": 4,
    "BEH6": 9,
    "BG1": 5,
    "BG2": 2,
    "BG3": 7,
    "BG4": 4,
    "BG5": 5,
    "BG6": 4,
}
"""Choice questions and the number of options the generator draws from."""
NUMBERS = ("BEH1", "BEH2", "BEH3")
BEHAVIOURS = (*NUMBERS, "BEH4", "BEH5", "BEH6")
BACKGROUND = ("BG1", "BG2", "BG3", "BG4", "BG5", "BG6")


class UnsuitableInstrument(AnalysisError):
    """The generator was given a questionnaire whose truth it does not know."""


@dataclass(frozen=True)
class Layout:
    """Columns of the full form in shown order, and their places in the stored bytes."""

    shown: tuple[str, ...]
    """Item codes in shown order."""
    stored: tuple[int, ...]
    """Place of each shown item in the answer bytes."""
    size: int
    """Number of answer bytes of the version."""
    sections: tuple[int, ...]
    """Number of items of each section."""
    scored: tuple[int, ...]
    """Shown column of each of the 41 scored items, in code order."""
    conditional: tuple[int, ...]
    """Shown columns of COC1 and COC2."""
    checks: dict[int, int]
    """Shown column of each attention check -> its instructed answer."""
    optional: tuple[int, ...]
    """Shown columns that offer "tidak berlaku"."""
    values: dict[str, tuple[int, ...]]
    """Option values of each choice question, in the definition's order."""


def lay_out(instrument: Instrument) -> Layout:
    """Find every place the generator fills.

    Raises `UnsuitableInstrument` for any other questionnaire, or a version of it whose
    items, keys, checks or questions differ from what the generator knows.
    """
    if instrument.key != KEY:
        raise UnsuitableInstrument(
            f"The generator knows the truth of the questionnaire {KEY!r} only, not of "
            f"{instrument.key!r}; for other questionnaires there are no simulated answers."
        )
    faults = _faults(instrument)
    if faults:
        raise UnsuitableInstrument(
            f"{instrument.key} {instrument.version} differs from the questionnaire the "
            f"generator knows: {'; '.join(faults)}. Give the generator a truth for this "
            "version first (analysis/simulate/parameters.py)."
        )
    form = instrument.form("full")
    shown = form.items
    codes = instrument.item_codes
    roles = {item.code: item for item in instrument.items}
    return Layout(
        shown=shown,
        stored=tuple(codes.index(code) for code in shown),
        size=len(codes),
        sections=tuple(len(section.items) for section in form.sections),
        scored=tuple(shown.index(item.code) for item in ITEMS),
        conditional=tuple(shown.index(code) for code in CONDITIONAL_ITEMS),
        checks={
            place: roles[code].expected or 0
            for place, code in enumerate(shown)
            if roles[code].role is Role.ATTENTION
        },
        optional=tuple(shown.index(code) for code in NOT_APPLICABLE_ITEMS),
        values={
            code: tuple(option.value for option in instrument.question(code).options)
            for code in OPTIONS
        },
    )


def _faults(instrument: Instrument) -> list[str]:
    """Name every difference from what the generator knows."""
    faults = []
    scale = instrument.response_scale
    if (scale.low, scale.high, len(scale.options)) != (1, ALPHABET, ALPHABET):
        faults.append("its answers are not 1 to 5")
    items = {item.code: item for item in instrument.items}
    for known in ITEMS:
        found = items.get(known.code)
        if found is None:
            faults.append(f"{known.code} is missing")
        elif (found.scale, found.reverse) != (known.scale, known.reverse):
            faults.append(f"{known.code} has another scale or key")
    unknown = {item.code for item in instrument.scored_items} - {item.code for item in ITEMS}
    if unknown:
        faults.append(f"scored items without a truth: {', '.join(sorted(unknown))}")
    form = next((form for form in instrument.forms if form.code == "full"), None)
    shown = form.items if form else ()
    wanted = {item.code for item in ITEMS} | set(CONDITIONAL_ITEMS)
    rest = [code for code in shown if code not in wanted]
    if set(shown) - set(rest) != wanted or len(shown) != BREAKOFF_POINT[1]:
        faults.append(f"its full form does not show {BREAKOFF_POINT[1]} items with all of ours")
    if any(items[code].role is not Role.ATTENTION for code in rest if code in items):
        faults.append("its full form shows items that are neither scored nor checks")
    offered = {item.code for item in instrument.items if item.not_applicable}
    if offered != set(NOT_APPLICABLE_ITEMS):
        faults.append('"tidak berlaku" is offered by other items')
    questions = {question.code: question for question in instrument.questions}
    faults += [f"{code} is missing" for code in NUMBERS if code not in questions]
    for code, count in OPTIONS.items():
        if code not in questions or len(questions[code].options) != count:
            faults.append(f"{code} has not {count} options")
    return faults
