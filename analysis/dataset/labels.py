"""Labels as a program takes them, and the list of those that had to be shortened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from instrument.codebook import Variable
from instrument.limits import Limits, fit
from instrument.model import Language, Text


@dataclass(frozen=True)
class Shortened:
    """A label that a program would have cut; the codebook has it in full."""

    program: str
    variable: str
    value: int | None
    """The value it labels; None = the variable's own label."""
    bytes: int
    """Of the full label."""
    shown: str


@dataclass(frozen=True)
class Labels:
    """The labels of a file in one language, none longer than the program takes."""

    variables: dict[str, str]
    values: dict[str, dict[int, str]]
    """By variable: answers and missing codes."""
    shortened: tuple[Shortened, ...]


def labels(variables: Sequence[Variable], language: Language, limits: Limits) -> Labels:
    """Fit all labels to a program's limits.

    Two values of a variable never end up with one label: where the cut makes them equal, the
    value is added.
    """
    own: dict[str, str] = {}
    values: dict[str, dict[int, str]] = {}
    shortened: list[Shortened] = []

    def fitted(row: Variable, value: int | None, text: Text, limit: int, ending: str = "") -> str:
        full = text.in_(language)
        shown = fit(full, limit - len(ending.encode())) + ending
        if shown != full:
            size = len(full.encode())
            shortened.append(Shortened(limits.program, row.name, value, size, shown))
        return shown

    for row in variables:
        own[row.name] = fitted(row, None, row.label, limits.label)
        told: dict[int, str] = {}
        for value, text in (*row.values, *row.missing):
            twin = fit(text.in_(language), limits.value_label) in told.values()
            ending = f" [{value}]" if twin else ""
            told[value] = fitted(row, value, text, limits.value_label, ending)
        if told:
            values[row.name] = told
    return Labels(own, values, tuple(shortened))
