"""What readers call scales, models and blocks, and why a block is not printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.plan import Plan, Withheld
from analysis.results import Result
from analysis.wording.voice import Voice
from instrument.model import Instrument

if TYPE_CHECKING:
    from analysis.findings import Findings


def scale_name(instrument: Instrument, code: str, voice: Voice) -> str:
    """What readers call a scale; other codes (a control, an item) stay as they are."""
    known = {scale.code for scale in instrument.scales}
    if code in known:
        return instrument.scale(code).public_name.in_(voice.language)
    parts = code.split("_")
    if len(parts) > 1 and all(part in known for part in parts):
        return " + ".join(scale_name(instrument, part, voice) for part in parts)
    return code


def model_name(plan: Plan, code: str, voice: Voice) -> str:
    """What readers call a model or block of scales of the plan."""
    labels = {one.code: one.label for one in plan.explorations}
    labels |= {one.code: one.label for one in plan.confirmations}
    return voice.of(labels[code]) if code in labels else code


def block_name(plan: Plan, code: str, voice: Voice) -> str:
    """What readers call a block of the plan."""
    return voice.of(plan.block(code).label)


def mark(result: Result, voice: Voice) -> str:
    """The plan's mark on a result, or nothing."""
    codes = {flag.code for flag in result.flags}
    if "eksploratif" in codes:
        return voice("eksploratif", "exploratory")
    if "indikatif" in codes:
        return voice("indikatif", "indicative")
    return ""


def _subject(found: Findings, one: Withheld, voice: Voice) -> str:
    if not one.subject:
        return ""
    if one.block == "hypotheses":
        return one.subject
    named = model_name(found.plan, one.subject, voice)
    if named != one.subject:
        return named
    parts = [scale_name(found.instrument, part, voice) for part in one.subject.split()]
    return f" {voice('dan', 'and')} ".join(parts)


WHY = {
    "not_converged": (
        "perhitungan tidak menemukan jawaban yang tetap",
        "the computation found no stable answer",
    ),
    "improper": (
        "hasilnya tidak layak (non-admissible), jadi tidak dicetak",
        "the solution is non-admissible, so it is not printed",
    ),
    "not_enough": ("datanya belum cukup", "there are not enough data"),
    "degenerate": (
        "ada butir dengan satu nilai saja di baris lengkap",
        "an item has one value only among the complete rows",
    ),
    "not_identified": ("modelnya tidak teridentifikasi", "the model is not identified"),
    "needs_wave": ("perlu dua gelombang", "it needs two waves"),
    "absent": ("datanya tidak ada di berkas ini", "its data are not in this file"),
}


def withheld(one: Withheld, found: Findings, voice: Voice) -> str:
    """Why a block is not printed."""
    plan = found.plan
    rule = plan.block(one.block)
    name = block_name(plan, one.block, voice)
    name = name[0].upper() + name[1:]
    subject = _subject(found, one, voice)
    if subject:
        name = f"{name} ({subject})"
    n = voice.count(one.n)
    if one.code == "tier":
        counted = {
            "cases": ("", ""),
            "pairs": (" orang di kedua gelombang", " persons in both waves"),
            "group": (" orang di kedua gelombang", " persons in both waves"),
        }[rule.counts]
        if rule.why:
            return f"{name}: {voice.of(rule.why)} (n = {n})"
        return voice(
            f"{name}: baru dicetak mulai n = {rule.least}{counted[0]}; di sini n = {n}.",
            f"{name}: printed from n = {rule.least}{counted[1]}; here n = {n}.",
        )
    at_fault = f"; {', '.join(one.names)}" if one.names else ""
    return f"{name}: {voice(*WHY[one.code])} (n = {n}{at_fault})."
