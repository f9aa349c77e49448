"""Answers of one person to one version: one byte an item, the rest as JSON values.

Byte of an item: 0 not seen, 1..n the option's value, 250 skipped, 251 skipped after
the prompt, 252 refused, 253 not applicable. In files the same states are -1..-5.
Behaviour, background and open answers are plain values (0 is an answer there); their
missing states are kept by name in `Answers.missing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType


class Missing(IntEnum):
    """Why there is no answer; the value is the stored byte."""

    NOT_SEEN = 0
    SKIPPED = 250
    SKIPPED_AFTER_PROMPT = 251
    REFUSED = 252
    NOT_APPLICABLE = 253

    @property
    def code(self) -> int:
        """The code in files: -1 not seen ... -5 not applicable."""
        return _FILE_CODES[self]


_FILE_CODES: Mapping[Missing, int] = MappingProxyType(
    {
        Missing.NOT_SEEN: -1,
        Missing.SKIPPED: -2,
        Missing.SKIPPED_AFTER_PROMPT: -3,
        Missing.REFUSED: -4,
        Missing.NOT_APPLICABLE: -5,
    }
)


@dataclass(frozen=True)
class Answers:
    """The full state of one person's answers."""

    items: bytes
    """One byte for every item of the version, in definition order."""
    values: Mapping[str, int | str] = field(default_factory=dict)
    """Answers to questions: numbers and option values as int, open texts as str."""
    missing: Mapping[str, Missing] = field(default_factory=dict)
    """Questions without an answer, and why."""
