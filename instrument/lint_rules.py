"""The rules of good wording and order that `instrument.lints` applies, as data."""

from __future__ import annotations

from pydantic import Field

from instrument.wording import Frozen, WordList

LINTS = (
    "double-barrelled",
    "too-long",
    "negated-reverse",
    "adjacent",
    "pair-distance",
    "reverse-distance",
    "reverse-per-section",
    "constructs-per-section",
    "attention-positions",
    "outcome-position",
    "file-name",
    "wide-name",
    "value-label",
)
"""Names of the lints, which a definition may switch off with a reason."""


class LintOff(Frozen):
    """A lint this definition does not follow, and why."""

    lint: str
    form: str | None = None
    """Only in this form; None = everywhere."""
    reason: str = Field(min_length=15)


class LintRules(Frozen):
    """Rules of good wording and order (`instrument.lints`); a definition may bend them."""

    double_barrelled: WordList = WordList(id=("dan", "atau"), en=("and", "or"))
    """Words that make an item ask two things at once."""
    max_words: int = Field(default=13, ge=1)
    """Longest item, in words of the source language (Indonesian)."""
    reverse_forbidden: WordList = WordList(id=("tidak", "tanpa", "bukan"))
    """Negations a reverse-keyed item does without: it affirms the opposite."""
    pair_distance: int = Field(default=9, ge=1)
    """Positions between the two items of a contradictory pair, at least."""
    reverse_distance: int = Field(default=4, ge=1)
    """Positions between two reverse-keyed items, at least."""
    reverse_per_section: int = Field(default=1, ge=0)
    max_constructs: int = Field(default=3, ge=1)
    """Most scales and indices in one section."""
    attention_positions: tuple[int, ...] = ()
    """Where the attention checks of the full form stand, counted from 1; empty = free."""
    outcome_within: int | None = Field(default=None, ge=1)
    """The outcome's items stand in the first so many sections of the full form."""
    off: tuple[LintOff, ...] = ()
