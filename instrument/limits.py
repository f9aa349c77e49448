"""What SPSS and Stata take in names and labels, checked while a questionnaire is designed.

Codes are legal names already (`instrument.names`); here the whole file is judged: every column
an export can have, in both languages, also with the ending of a wave (`MOT_POMP_W12`). Long
labels are no fault: files shorten them by `fit`, and their manifest says which.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from instrument import codebook
from instrument.model import LANGUAGES, Instrument

WAVE_SUFFIX = "_W"
"""Before the number of the wave, in files with one row a person: ``MOT1_W2``."""
MOST_WAVES = 99


@dataclass(frozen=True)
class Limits:
    """How long names and labels of one program may be; longer ones are cut by it unsaid."""

    program: str
    name: int
    """Bytes."""
    label: int
    """Bytes of a variable's label."""
    value_label: int
    """Bytes of a value's label."""


SPSS = Limits("SPSS", name=64, label=255, value_label=120)
"""SPSS Statistics: names 64 bytes, variable labels 256 with their end, value labels 120."""
STATA = Limits("Stata", name=32, label=80, value_label=32_000)
"""Stata 14 and later count characters; as bytes they hold in every version."""

_SPSS_NAME = re.compile(r"[A-Za-z@][A-Za-z0-9._$#@]*(?<![._])")
_ELLIPSIS = "…"


def fit(text: str, limit: int) -> str:
    """Cut a text to ``limit`` bytes of UTF-8, at a word where one is near, ending in "…".

    A text that fits comes back as it is; no character is split.
    """
    if len(text.encode()) <= limit:
        return text
    room = limit - len(_ELLIPSIS.encode())
    cut = text.encode()[: max(room, 0)].decode(errors="ignore")
    word = cut.rstrip().rfind(" ")
    if word > len(cut) * 2 // 3:
        cut = cut[:word]
    return cut.rstrip() + _ELLIPSIS if room >= 0 else cut


def faults(instrument: Instrument) -> Iterator[tuple[str, str, str]]:
    """Yield (lint, where, message) for every name or label that a program would refuse."""
    rows = codebook.rows(instrument, open_texts=True, simulated=True)
    seen = Counter(row.name.upper() for row in rows)
    for row in rows:
        where = f"columns.{row.name}"
        if not _SPSS_NAME.fullmatch(row.name) or len(row.name.encode()) > SPSS.name:
            yield "file-name", where, "is no name for SPSS; letters, digits and _ are, up to 64"
        if seen[row.name.upper()] > 1:
            yield "file-name", where, "differs from another column in capitals only; SPSS sees one"
        wide = len(f"{row.name}{WAVE_SUFFIX}{MOST_WAVES}".encode())
        if wide > STATA.name:
            yield (
                "wide-name",
                where,
                f"has {wide} bytes with the ending of a wave; Stata takes {STATA.name}",
            )
        for language in LANGUAGES:
            labels = Counter(
                fit(label.in_(language), SPSS.value_label)
                for _, label in (*row.values, *row.missing)
            )
            for label, count in labels.items():
                if count > 1:
                    yield (
                        "value-label",
                        f"{where}.{language}",
                        f'labels {count} values "{label}" in its first {SPSS.value_label} bytes',
                    )
