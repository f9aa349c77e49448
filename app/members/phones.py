"""Phone numbers as Indonesians write them, and as wa.me wants them.

A small rule instead of a numbering-plan library: what is stored is only ever dialled by a
person or put behind ``https://wa.me/``, which wants the country's code and digits (ITU-T
E.164: at most 15). Numbers without a country's code are Indonesian.
"""

from __future__ import annotations

import re
import unicodedata

INDONESIA = "62"
_FILLING = re.compile(r"[\s().\-/\u2010-\u2015\u2212\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]+")
_NATIONAL = re.compile(r"[2-9]\d{7,11}")
"""After 62: area codes begin with 2-7 and 9, mobile ones with 8 (8 to 12 digits in all)."""
_FOREIGN = re.compile(r"[1-9]\d{7,14}")


def normalise(text: str) -> str | None:
    """Return country code and digits (``6281234567890``), or None where it is no number.

    ``08..``, ``8..`` (a spreadsheet dropped the zero), ``62..``, ``+62..``, ``0062..`` and
    ``+62 0..`` mean the same person. Any other country needs its ``+`` or ``00``.
    """
    typed = unicodedata.normalize("NFKC", text).strip().lstrip("'").removeprefix("tel:")
    digits = _FILLING.sub("", typed)
    international = digits.startswith(("+", "00"))
    digits = digits.removeprefix("+") if digits.startswith("+") else digits
    digits = digits.removeprefix("00") if international else digits
    if not (digits.isascii() and digits.isdigit()):
        return None
    if digits.startswith(INDONESIA):
        rest = digits.removeprefix(INDONESIA).removeprefix("0")
    elif international:
        return digits if _FOREIGN.fullmatch(digits) else None
    elif digits.startswith(("0", "8")):
        rest = digits.removeprefix("0")
    else:
        return None
    return INDONESIA + rest if _NATIONAL.fullmatch(rest) else None


def show(phone: str) -> str:
    """A stored number as people read it: ``0812-3456-7890``, a foreign one with its plus."""
    if not phone.startswith(INDONESIA):
        return f"+{phone}"
    national = "0" + phone.removeprefix(INDONESIA)
    head, rest = national[:4], national[4:]
    cut = 4 if len(rest) > 6 else 3
    return "-".join(part for part in (head, rest[:cut], rest[cut:]) if part)
