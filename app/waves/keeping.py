"""Until when a wave's answers are kept: the day that its consent text promises.

The text is written by people, in two languages; the retention job needs a date. So the words
that fill the text's [tanggal] and [date] are read as a day, and where they are none
("dua tahun setelah penelitian"), the plan asks for the day beside them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from instrument.model import Language

BRACKET: Mapping[Language, str] = {"id": "tanggal", "en": "date"}
"""The [bracket] of the consent text that says until when, by language."""
_MONTHS = (
    ("januari", "january"), ("februari", "february"), ("maret", "march"), ("april",),
    ("mei", "may"), ("juni", "june"), ("juli", "july"), ("agustus", "august"),
    ("september",), ("oktober", "october"), ("november",), ("desember", "december"),
)  # fmt: skip
_SHORT = {"agt": 8, "ags": 8, "sept": 9}
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_DAY_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_DAY_MONTH = re.compile(r"(\d{1,2})(?:st|nd|rd|th)? ([a-z]+)\.? (\d{4})")
_MONTH_DAY = re.compile(r"([a-z]+)\.? (\d{1,2})(?:st|nd|rd|th)? (\d{4})")


def day_from(words: str) -> date | None:
    """Read one day: ``31 Desember 2031``, ``December 31, 2031``, ``2031-12-31``, ``31/12/2031``.

    Numbers alone are read with the day first, as in Indonesia. None for everything else, a
    month or a year alone too: a day is never guessed.
    """
    text = " ".join(words.casefold().replace(",", " ").split()).rstrip(".")
    if found := _ISO.fullmatch(text):
        year, month, day = map(int, found.groups())
    elif found := _DAY_FIRST.fullmatch(text):
        day, month, year = map(int, found.groups())
    elif found := _DAY_MONTH.fullmatch(text):
        day, month, year = int(found[1]), _month(found[2]), int(found[3])
    elif found := _MONTH_DAY.fullmatch(text):
        month, day, year = _month(found[1]), int(found[2]), int(found[3])
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def promised(words: Mapping[str, Mapping[str, str]]) -> set[date]:
    """The days that a consent text's words name: none, one, or two that contradict."""
    days = (day_from(words.get(tongue, {}).get(name, "")) for tongue, name in BRACKET.items())
    return {day for day in days if day is not None}


def is_promised(words: Mapping[str, Mapping[str, str]] | None) -> bool:
    """Whether something stands where the day belongs, be it a day or not."""
    return any((words or {}).get(tongue, {}).get(name) for tongue, name in BRACKET.items())


def _month(word: str) -> int:
    """1 to 12 of a month's name or its first three letters; 0 of none."""
    for number, names in enumerate(_MONTHS, 1):
        if any(word in (name, name[:3]) for name in names):
            return number
    return _SHORT.get(word, 0)
