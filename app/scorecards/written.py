"""Numbers and lists as people write them: decimal comma in Indonesian, a real minus sign.

Pure. Numbers of a card are rounded already (points to a tenth, shares to whole percent);
here they are only written, half up, so that an estimate stays inside its range.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from analysis.scorecard.model import Change, People, Percent
from instrument.model import Language

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"


def number(value: float, language: Language, digits: int = 0) -> str:
    """``62``, ``62,4`` or ``62.4``; below zero with a minus sign; never ``-0``."""
    step = Decimal(1).scaleb(-digits)
    rounded = Decimal(str(value)).quantize(step, ROUND_HALF_UP)
    text = str(abs(rounded)).replace(".", "," if language == "id" else ".")
    return MINUS + text if rounded < 0 else text


def signed(value: float, language: Language, digits: int = 0) -> str:
    """A difference: ``+8``, ``−3``, ``0``."""
    text = number(value, language, digits)
    nothing = not text.strip("0,.")
    return text if nothing or text.startswith(MINUS) else f"+{text}"


def span(low: float, high: float, language: Language, digits: int = 0) -> str:
    """A range of two numbers that are not below zero: ``59–65``."""
    return f"{number(low, language, digits)}{DASH}{number(high, language, digits)}"


def digits_of(change: Change) -> int:
    """One decimal where whole numbers would write a range as if it touched 0."""
    ends = (change.low, change.high)
    clear = change.low > 0 or change.high < 0
    return int(clear and any(number(end, "en") == "0" for end in ends))


def percent(share: Percent) -> str:
    """``33%``; at the ends ``≤ 5%`` and ``≥ 95%``."""
    sign = {"at_most": "≤ ", "at_least": "≥ ", None: ""}[share.end]
    return f"{sign}{share.value}%"


def bounds(people: People) -> str:
    """From the worst to the best case, as ``45–70%``; coded ends stay coded."""
    worst, best = people.worst, people.best
    if worst == best:
        return percent(worst)
    if worst.end is None and best.end is None:
        return f"{worst.value}{DASH}{best.value}%"
    return f"{percent(worst)} {DASH} {percent(best)}"


def listed(words: Sequence[str], language: Language) -> str:
    """``a``, ``a dan b``, ``a, b, dan c``; English: ``a, b and c``."""
    if len(words) < 2:
        return "".join(words)
    last = {"id": " dan ", "en": " and "}[language]
    if language == "id" and len(words) > 2:
        last = ", dan "
    return ", ".join(words[:-1]) + last + words[-1]


def inside(name: str) -> str:
    """A name in the middle of a sentence: its first letter small, unless the word is capitals."""
    return name if name[:2].isupper() else name[:1].lower() + name[1:]


def opening(sentence: str) -> str:
    """A sentence begins with a capital."""
    return sentence[:1].upper() + sentence[1:]
