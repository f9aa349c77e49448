"""Verdicts in words, by the plan's cut-offs, and where each cut-off comes from."""

from __future__ import annotations

import math

from analysis.plan import CutOff, Plan
from analysis.wording.voice import Voice

SIDES = {">=": "≥", ">": ">", "<=": "≤", "<": "<"}
BOUNDED = 1.0


def cutoff(one: CutOff, voice: Voice) -> str:
    """A cut-off as a sign and a number."""
    size = abs(one.value)
    digits = 0 if size >= 1 and one.value == int(one.value) else 2
    if 0 < size < 0.01 or round(size * 1000) % 10:
        digits = 5 if size < 0.0005 else 3
    bounded = size < BOUNDED
    return f"{SIDES[one.side]} {voice.fixed(one.value, digits, bounded=bounded)}"


def evidence(one: CutOff, voice: Voice) -> str:
    """Where a cut-off comes from; what is not confirmed says so and is no citation."""
    if one.evidence == "D":
        return voice("keputusan rencana", "decision of the plan")
    if one.evidence == "C":
        return voice(f"dihitung: {one.source}", f"computed: {one.source}")
    if one.evidence == "M":
        return voice(
            f"kebiasaan; disebut dari {one.source}, belum kami periksa",
            f"convention; attributed to {one.source}, not checked by us",
        )
    return one.source


def reliability_reading(plan: Plan, estimate: float, low: float, voice: Voice) -> str:
    """How to read a reliability; judged on the interval, not on the point alone."""
    adequate = plan.limit("reliability_adequate")
    if estimate > plan.limit("reliability_redundant"):
        return voice("mungkin berulang", "possibly redundant")
    if low >= adequate:
        return voice("memadai", "adequate")
    if estimate >= adequate:
        at = voice.fixed(adequate, bounded=True)
        return voice(
            f"memadai, kisarannya masih di bawah {at}", f"adequate, interval dips below {at}"
        )
    if estimate >= plan.limit("reliability_exploratory"):
        return voice("untuk penjajakan", "for exploration")
    return voice("rendah", "low")


def item_verdict(code: str, voice: Voice) -> str:
    """Keep, watch or flag, by the corrected item-total r."""
    return {
        "keep": voice("baik", "good"),
        "watch": voice("amati", "watch"),
        "flag": voice("tandai", "flag"),
    }[code]


def adequacy_reading(plan: Plan, kmo: float, voice: Voice) -> str:
    """How to read a KMO."""
    if kmo >= plan.limit("kmo_good"):
        return voice("baik", "good")
    if kmo >= plan.limit("kmo_sufficient"):
        return voice("cukup", "sufficient")
    return voice("belum cukup", "not sufficient")


def fit_reading(plan: Plan, cfi: float, rmsea: float, srmr: float, voice: Voice) -> str:
    """How to read a model's fit: all three indices must agree."""
    if not all(math.isfinite(x) for x in (cfi, rmsea, srmr)):
        return "–"
    srmr_fine = srmr <= plan.limit("srmr_good")
    if cfi >= plan.limit("cfi_good") and rmsea <= plan.limit("rmsea_good") and srmr_fine:
        return voice("baik", "good")
    fair = cfi >= plan.limit("cfi_acceptable") and rmsea <= plan.limit("rmsea_acceptable")
    if fair and srmr_fine:
        return voice("diterima", "acceptable")
    return voice("kurang", "poor")


def htmt_reading(plan: Plan, htmt: float, high: float, voice: Voice) -> str:
    """How to read an HTMT: the point by its limits, the interval by 1."""
    if math.isfinite(high) and high >= plan.limit("htmt_bound"):
        return voice("belum terpisah", "not separated")
    if htmt < plan.limit("htmt_strict"):
        return voice("terpisah", "separated")
    if htmt < plan.limit("htmt_related"):
        return voice("terpisah bila konsepnya dekat", "separated if concepts are related")
    return voice("belum terpisah", "not separated")


TESTS = {
    "shapiro_wilk": ("Shapiro-Wilk (sisaan normal)", "Shapiro-Wilk (normal residuals)"),
    "lilliefors": ("Lilliefors (sisaan normal)", "Lilliefors (normal residuals)"),
    "breusch_pagan": ("Breusch-Pagan (ragam sama)", "Breusch-Pagan (equal spread)"),
    "glejser": ("Glejser (ragam sama)", "Glejser (equal spread)"),
    "reset": ("RESET (bentuk lurus)", "RESET (straight line)"),
}
