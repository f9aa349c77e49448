"""From numbers to words, in Indonesian and English. Nothing here computes a statistic.

House rules: "berkaitan dengan", never "berpengaruh"; below n = 60 an interval that holds 0
reads "belum cukup data", never "tidak ada hubungan"; a mark (indikatif, eksploratif)
stands beside what carries it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from analysis import plan
from analysis.plan import Withheld
from analysis.results import Regression, Result, at
from instrument.model import Instrument, Language

MINUS = "−"
NB = "\u00a0"


@dataclass(frozen=True)
class Voice:
    """One language: its words, its decimal sign."""

    language: Language

    def __call__(self, indonesian: str, english: str) -> str:
        """Return the wording of this language."""
        return english if self.language == "en" else indonesian

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
        }.get(rule, rule)


def scale_name(instrument: Instrument, code: str, voice: Voice) -> str:
    """What readers call a scale."""
    return instrument.scale(code).public_name.in_(voice.language)


def block_name(code: str, voice: Voice) -> str:
    """What readers call a block of the plan."""
    return voice(*plan.block(code).label)


def mark(result: Result, voice: Voice) -> str:
    """The plan's mark on a result, or nothing."""
    codes = {flag.code for flag in result.flags}
    if "eksploratif" in codes:
        return voice("eksploratif", "exploratory")
    if "indikatif" in codes:
        return voice("indikatif", "indicative")
    return ""


def verdict(n: int, voice: Voice) -> str:
    """The one sentence at the top: what this many answers allow."""
    tier = plan.tier(n).code
    sentences = {
        "<5": (
            f"Baru {n} jawaban yang bisa dipakai. Rencana hanya membolehkan menyebut jumlah ini.",
            f"Only {n} answers can be used. The plan allows nothing but this count.",
        ),
        "5-9": (
            f"Dengan n = {n}, rencana hanya membolehkan median tiap skala.",
            f"With n = {n} the plan allows only the median of each scale.",
        ),
        "10-29": (
            (
                f"Dengan n = {n}, rencana membolehkan rerata dengan kisaran, alfa, dan korelasi "
                "peringkat; semuanya indikatif."
            ),
            (
                f"With n = {n} the plan allows means with intervals, alpha and rank correlations, "
                "all of them indicative."
            ),
        ),
        "30-59": (
            (
                f"Dengan n = {n}, rencana membolehkan gambaran, reliabilitas, dan korelasi; "
                "regresi hanya eksploratif. Struktur faktor menunggu data gabungan."
            ),
            (
                f"With n = {n} the plan allows levels, reliability and correlations; regression is "
                "exploratory only. Factor structure waits for pooled data."
            ),
        ),
        "60-99": (
            (
                f"Dengan n = {n}, rencana membolehkan juga uji satu faktor tiap skala; regresi "
                "hanya menemukan hubungan yang besar. Model banyak faktor menunggu data gabungan."
            ),
            (
                f"With n = {n} the plan also allows a one-factor check of each scale; regression "
                "finds large relations only. Models of several factors wait for pooled data."
            ),
        ),
        "100-199": (
            (
                f"Dengan n = {n}, rencana membolehkan juga analisis faktor eksploratori. Model "
                "delapan faktor dan kesetaraan antargelombang belum."
            ),
            (
                f"With n = {n} the plan also allows exploratory factor analysis. Confirmatory "
                "models of all factors and invariance are not yet allowed."
            ),
        ),
        ">=200": (
            f"Dengan n = {voice.count(n)}, rencana membolehkan semua bagian laporan ini.",
            f"With n = {voice.count(n)} the plan allows every part of this report.",
        ),
    }
    return voice(*sentences[tier])


def withheld(one: Withheld, instrument: Instrument, voice: Voice) -> str:
    """Why a block is not printed."""
    name = block_name(one.block, voice)
    name = name[0].upper() + name[1:]
    if one.subject:
        known = {scale.code for scale in instrument.scales}
        subject = (
            scale_name(instrument, one.subject, voice) if one.subject in known else one.subject
        )
        name = f"{name} ({subject})"
    if one.code == "tier":
        least = plan.block(one.block).least
        return voice(
            f"{name}: baru dicetak mulai n = {least}; di sini n = {voice.count(one.n)}.",
            f"{name}: printed from n = {least}; here n = {voice.count(one.n)}.",
        )
    why = {
        "not_converged": (
            "perhitungan tidak menemukan jawaban yang tetap",
            "the computation found no stable answer",
        ),
        "improper": (
            "hasilnya tidak layak (non-admissible), jadi tidak dicetak",
            "the solution is non-admissible, so it is not printed",
        ),
        "not_enough": ("datanya belum cukup", "there are not enough data"),
    }[one.code]
    at_fault = f"; {', '.join(one.names)}" if one.names else ""
    return f"{name}: {voice(*why)} (n = {voice.count(one.n)}{at_fault})."


def reliability_reading(estimate: float, low: float, voice: Voice) -> str:
    """How to read a reliability; judged on the interval, not on the point alone."""
    if estimate > 0.95:
        return voice("mungkin berulang", "possibly redundant")
    if low >= 0.70:
        return voice("memadai", "adequate")
    if estimate >= 0.70:
        return voice("memadai, kisarannya masih di bawah 0,70", "adequate, interval dips below .70")
    if estimate >= 0.60:
        return voice("untuk penjajakan", "for exploration")
    return voice("rendah", "low")


def item_verdict(code: str, voice: Voice) -> str:
    """Keep, watch or flag, by the corrected item-total r."""
    return {
        "keep": voice("baik", "good"),
        "watch": voice("amati", "watch"),
        "flag": voice("tandai", "flag"),
    }[code]


def adequacy_reading(kmo: float, voice: Voice) -> str:
    """How to read a KMO."""
    if kmo >= 0.80:
        return voice("baik", "good")
    if kmo >= 0.60:
        return voice("cukup", "sufficient")
    return voice("belum cukup", "not sufficient")


def explained(found: Regression, instrument: Instrument, voice: Voice) -> str:
    """What the predictors share with the outcome."""
    outcome = scale_name(instrument, found.outcome, voice)
    names = voice.listed([scale_name(instrument, code, voice) for code in found.predictors])
    share = voice.percent(found.r2)
    r2 = voice.fixed(found.r2, bounded=True)
    limits = voice.between(*found.r2_ci, bounded=True)
    marked = mark(found, voice)
    start = voice(
        f"Eksploratif (n = {found.n}). " if marked else "",
        f"Exploratory (n = {found.n}). " if marked else "",
    )
    return start + voice(
        f"{names} bersama-sama berkaitan dengan {share} keragaman {outcome} "
        f"(R² = {r2} {limits}, n = {voice.count(found.n)}).",
        f"{names} together go with {share} of the variation in {outcome} "
        f"(R² = {r2} {limits}, n = {voice.count(found.n)}).",
    )


def limits_of(found: Regression, name: str) -> tuple[float, float]:
    """The interval of a slope that is printed: bootstrap below n = 60, HC3 from there."""
    table = found.coefficients
    if found.n < plan.NOT_ENOUGH_BELOW and math.isfinite(at(table, name, "boot_low")):
        return at(table, name, "boot_low"), at(table, name, "boot_high")
    return at(table, name, "hc3_ci_low"), at(table, name, "hc3_ci_high")


def slope(found: Regression, name: str, instrument: Instrument, voice: Voice) -> str:
    """What one slope says, with the others held constant."""
    low, high = limits_of(found, name)
    predictor = scale_name(instrument, name, voice)
    outcome = scale_name(instrument, found.outcome, voice)
    b = at(found.coefficients, name, "b")
    numbers = f"b = {voice.fixed(b)} {voice.between(low, high)}"
    if low > 0 or high < 0:
        way = voice("searah", "same direction")
        if high < 0:
            way = voice("berlawanan arah", "opposite direction")
        return voice(
            f"{predictor} berkaitan dengan {outcome} ({way}; {numbers}).",
            f"{predictor} goes with {outcome} ({way}; {numbers}).",
        )
    if found.n < plan.NOT_ENOUGH_BELOW:
        return voice(
            f"{predictor}: belum cukup data untuk mengatakan apa-apa ({numbers}).",
            f"{predictor}: not enough data yet to say anything ({numbers}).",
        )
    return voice(
        f"{predictor}: tidak tampak hubungan yang jelas ({numbers}).",
        f"{predictor}: no clear relation shows ({numbers}).",
    )


TESTS = {
    "shapiro_wilk": ("Shapiro-Wilk (sisaan normal)", "Shapiro-Wilk (normal residuals)"),
    "lilliefors": ("Lilliefors (sisaan normal)", "Lilliefors (normal residuals)"),
    "breusch_pagan": ("Breusch-Pagan (ragam sama)", "Breusch-Pagan (equal spread)"),
    "glejser": ("Glejser (ragam sama)", "Glejser (equal spread)"),
    "reset": ("RESET (bentuk lurus)", "RESET (straight line)"),
}
