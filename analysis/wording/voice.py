"""One language at a time: its words, its decimal sign, its minus."""

from __future__ import annotations

import math
from dataclasses import dataclass

from instrument.model import Language, Text

MINUS = "−"
NB = "\u00a0"


@dataclass(frozen=True)
class Voice:
    """One language: its words, its decimal sign."""

    language: Language

    def __call__(self, indonesian: str, english: str) -> str:
        """Return the wording of this language."""
        return english if self.language == "en" else indonesian

    def of(self, text: Text) -> str:
        """A wording of a plan or definition."""
        return text.in_(self.language)

    def fixed(self, x: float, digits: int = 2, *, bounded: bool = False) -> str:
        """A number with fixed decimals; "–" if there is none.

        ``bounded``: it cannot exceed 1 in size (r, alpha, p, R2): no leading zero in
        English (APA 7, 6.36); Indonesian keeps it.
        """
        if x is None or not math.isfinite(x):
            return "–"
        text = f"{abs(x):.{digits}f}"
        negative = x < 0 and float(text) != 0
        if self.language == "en":
            if bounded and text.startswith("0."):
                text = text[1:]
        else:
            text = text.replace(".", ",")
        return (MINUS if negative else "") + text

    def count(self, n: int) -> str:
        """A whole number, thousands set apart."""
        return f"{n:,}" if self.language == "en" else f"{n:,}".replace(",", ".")

    def percent(self, share: float, digits: int = 0) -> str:
        """A share as per cent."""
        return f"{self.fixed(share * 100, digits)}%"

    def p(self, p: float, digits: int = 3) -> str:
        """A p-value without its sign: "< .001", ".023"."""
        if p is None or not math.isfinite(p):
            return "–"
        least = 10**-digits
        if p < least:
            return f"<{NB}{self.fixed(least, digits, bounded=True)}"
        return self.fixed(p, digits, bounded=True)

    def p_equals(self, p: float) -> str:
        """p with its sign: "p < .001", "p = .023"."""
        text = self.p(p)
        return f"p{NB}{text}" if text.startswith("<") else f"p{NB}={NB}{text}"

    def between(self, low: float, high: float, digits: int = 2, *, bounded: bool = False) -> str:
        """An interval in brackets."""
        if not (math.isfinite(low) and math.isfinite(high)):
            return "–"
        sign = "," if self.language == "en" else ";"
        a, b = (self.fixed(x, digits, bounded=bounded) for x in (low, high))
        return f"[{a}{sign}{NB}{b}]"

    def listed(self, parts: list[str]) -> str:
        """Parts joined as a sentence does."""
        if len(parts) < 2:
            return "".join(parts)
        return f"{', '.join(parts[:-1])} {self('dan', 'and')} {parts[-1]}"

    def missing(self, rule: str) -> str:
        """A missing rule in words."""
        return {
            "listwise": self("hanya baris lengkap (per daftar)", "complete rows only (listwise)"),
            "pairwise": self("tiap pasang butir (per pasang)", "each pair of items (pairwise)"),
            "listwise over all steps": self(
                "hanya baris lengkap di semua tahap", "rows complete on all steps"
            ),
            "pairs complete on the scale": self(
                "pasangan lengkap pada skalanya", "pairs complete on the scale"
            ),
        }.get(rule, rule)
