"""Names that stay legal in every program that reads our files: SPSS, R, Stata.

A code becomes a column, and some columns get a suffix (`MOT5_R`, `MOT_POMP`), so the
longest name that stays legal is 32 characters (Stata's limit) less the suffix.
"""

from __future__ import annotations

import re

LONGEST = 32
"""Stata allows 32 characters, SPSS 64, R any number."""

CODE = re.compile(r"[A-Z][A-Za-z0-9_]*")
"""Items, questions, modules, band sets: capital first, so no code meets a form field."""
SCALE_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
"""Scales may be lower case: published scale names are (`agree`)."""
KEY = re.compile(r"[a-z][a-z0-9_-]{0,31}")
VERSION = re.compile(r"(0|[1-9][0-9]{0,4})\.(0|[1-9][0-9]{0,4})\.(0|[1-9][0-9]{0,4})")
CHOICE = re.compile(r"[a-z][a-z0-9_]{0,31}")

REVERSED_SUFFIX = "_R"
POMP_SUFFIX = "_POMP"

META_COLUMNS = ("PID", "WAVE", "VERSION", "LANG", "LAYOUT", "SUBMITTED_ON", "STATUS")
FLAG_COLUMNS = ("FLAG_ATT", "FLAG_TIME", "FLAG_RUN", "FLAG_SD", "FLAG_PAIRS", "FLAGS", "EXCLUDED")
CHECKS = FLAG_COLUMNS[:5]
"""The flags a form may apply."""
SIMULATED_COLUMN = "SIMULATED"
_SECTION_COLUMN = re.compile(r"SEC[0-9]+", re.IGNORECASE)

# SPSS compares without regard to case; R and Stata do not.
_SPSS = frozenset(
    ("ALL", "AND", "BY", "EQ", "GE", "GT", "LE", "LT", "NE", "NOT", "OR", "TO", "WITH")
)
_R = frozenset(
    (
        *("if", "else", "repeat", "while", "function", "for", "next", "break", "in"),
        *("TRUE", "FALSE", "T", "F", "NULL", "Inf", "NaN"),
        *("NA", "NA_integer_", "NA_real_", "NA_complex_", "NA_character_"),
    )
)
_STATA = frozenset(
    ("byte", "double", "float", "if", "in", "int", "long", "str", "strL", "using", "with")
)
_STATA_STRING = re.compile(r"str[0-9]+")


def reserved(name: str) -> str | None:
    """Name the program (or house) that keeps ``name`` for itself; None = free."""
    if name.upper() in _SPSS:
        return "SPSS"
    if name in _R:
        return "R"
    if name in _STATA or _STATA_STRING.fullmatch(name):
        return "Stata"
    house = (*META_COLUMNS, *FLAG_COLUMNS, SIMULATED_COLUMN)
    if name.upper() in house or _SECTION_COLUMN.fullmatch(name):
        return "the export, where it is a column of its own"
    return None
