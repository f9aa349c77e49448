"""Whole sentences: what a tier allows, what a slope says, what a hypothesis met."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from analysis.plan import Plan
from analysis.results import Regression, at
from analysis.wording.names import mark, scale_name
from analysis.wording.voice import Voice
from instrument.model import Instrument

if TYPE_CHECKING:
    from analysis.findings import Answer, Deviation, Findings


def verdict(plan: Plan, n: int, voice: Voice) -> str:
    """The one sentence at the top: what this many answers allow."""
    return voice.of(plan.tier(n).says).replace("{n}", voice.count(n))


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


def limits_of(plan: Plan, found: Regression, name: str) -> tuple[float, float]:
    """The interval of a slope that is printed: bootstrap at small n, HC3 from there."""
    table = found.coefficients
    small = found.n < plan.settings.not_enough_below
    if small and math.isfinite(at(table, name, "boot_low")):
        return at(table, name, "boot_low"), at(table, name, "boot_high")
    return at(table, name, "hc3_ci_low"), at(table, name, "hc3_ci_high")


def slope(plan: Plan, found: Regression, name: str, instrument: Instrument, voice: Voice) -> str:
    """What one slope says, with the others held constant."""
    low, high = limits_of(plan, found, name)
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
    if found.n < plan.settings.not_enough_below:
        return voice(
            f"{predictor}: belum cukup data untuk mengatakan apa-apa ({numbers}).",
            f"{predictor}: not enough data yet to say anything ({numbers}).",
        )
    return voice(
        f"{predictor}: tidak tampak hubungan yang jelas ({numbers}).",
        f"{predictor}: no clear relation shows ({numbers}).",
    )


def answer(one: Answer, voice: Voice) -> str:
    """What a hypothesis met, in two or three words."""
    return {
        "consistent": voice("sejalan dengan data", "consistent with the data"),
        "opposite": voice("berlawanan dengan data", "opposite to the data"),
        "unclear": voice("tidak tampak jelas", "no clear relation"),
        "not_enough": voice("belum cukup data", "not enough data yet"),
    }[one.verdict]


def change(code: str, voice: Voice) -> str:
    """The word of a change between waves."""
    return {
        "up": voice("naik", "up"),
        "down": voice("turun", "down"),
        "none": voice("belum ada perubahan yang jelas", "no clear change yet"),
    }[code]


DEVIATIONS = {
    "outcome": ("Hasil yang dijelaskan lain", "Another outcome"),
    "predictors": ("Prediktor lain", "Other predictors"),
    "factors": ("Jumlah faktor lain", "Another number of factors"),
    "items_dropped": ("Butir dibuang", "Items were left out"),
    "seed": ("Benih lain", "Another seed"),
    "bootstrap": ("Banyaknya ulangan lain", "Another number of resamples"),
    "cutoff": ("Patokan lain dari aturan", "A cut-off departs from the rules"),
    "not_frozen": (
        "Rencana belum dibekukan sebelum jawaban pertama",
        "The plan was not frozen before the first answer",
    ),
    "frozen_late": (
        "Rencana dibekukan sesudah jawaban pertama",
        "The plan was frozen after the first answer",
    ),
    "frozen_same_day": (
        "Rencana dibekukan pada hari jawaban pertama; urutannya tidak diketahui",
        "The plan was frozen on the day of the first answer; their order is not known",
    ),
    "first_answer_unknown": (
        "Hari jawaban pertama tidak ada di data",
        "The data do not say the day of the first answer",
    ),
    "other_wave": ("Rencana dibekukan untuk gelombang lain", "Frozen for another wave"),
    "data_version": ("Data dari versi lain", "Data of another version"),
    "form": ("Bentuk kuesioner lain", "Another form of the questionnaire"),
    "scales_absent": ("Skala tidak ada di data", "Scales are not in the data"),
}


def deviation(one: Deviation, voice: Voice) -> str:
    """One departure from the plan, with what was planned and what was done."""
    parts = []
    if one.planned:
        parts.append(voice(f"direncanakan: {one.planned}", f"planned: {one.planned}"))
    if one.done:
        parts.append(voice(f"di sini: {one.done}", f"here: {one.done}"))
    more = f" ({'; '.join(parts)})" if parts else ""
    return f"{voice(*DEVIATIONS[one.code])}{more}."


def hypotheses_summary(found: Findings, voice: Voice) -> str:
    """How many hypotheses of each family met what they expected."""
    sentences = []
    for family in found.plan.families:
        tested = [one for one in found.answers.values() if one.family == family.code]
        if not tested:
            continue
        met = sum(one.verdict == "consistent" for one in tested)
        name = voice.of(family.label)
        sentences.append(
            voice(
                f"{name}: {met} dari {len(tested)} sejalan dengan data.",
                f"{name}: {met} of {len(tested)} consistent with the data.",
            )
        )
    return " ".join(sentences)
