"""From answer bytes to scores and careless flags, for one person, in exact arithmetic.

Sums and counts are integers; every comparison with a threshold is made on integers or
fractions, since a floating-point mean can stand on the wrong side of an edge. The
vectorised twin for many rows is `analysis.dataset`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from math import ceil, isfinite
from statistics import median
from typing import NamedTuple

from instrument.answers import Missing
from instrument.errors import InvalidAnswers
from instrument.model import Band, BandSet, Form, Instrument, ResponseScale, Role, Scale


class ScaleScore(NamedTuple):
    """The score of one scale or index; ``mean``, ``pomp``, ``tcr`` None = not enough answers."""

    mean: float | None
    """On the response scale (1..5)."""
    pomp: float | None
    """Percent of maximum possible, 0 to 100."""
    tcr: float | None
    """Tingkat capaian responden, percent of the highest answer; its floor is 20 of 5 points."""
    total: int
    """Sum of the keyed valid answers."""
    answered: int
    """Valid answers."""
    applicable: int
    """Items shown and not answered "tidak berlaku"."""


@dataclass(frozen=True)
class Flags:
    """Points of the careless flags; 0 where a flag does not apply to the form."""

    attention: int
    """One for each attention check answered otherwise than instructed."""
    time: int
    run: int
    sd: int
    pairs: int
    points: int
    """The sum."""
    excluded: bool
    """Whether the person is left out of the main analysis."""


@dataclass(frozen=True)
class Scored:
    """Everything that follows from one person's answers."""

    keyed: Mapping[str, int | None]
    """Every item in the direction of its scale; None = no valid answer."""
    scales: Mapping[str, ScaleScore]
    """Every scale and index, in definition order."""
    flags: Flags


def score(
    instrument: Instrument,
    items: bytes,
    *,
    form: str = "full",
    seconds: Sequence[float | None] | None = None,
) -> Scored:
    """Score one person's answers.

    ``items`` is one byte for every item of the version; ``seconds`` the visible seconds
    of each section of the form (None or NaN = not measured). Raises `InvalidAnswers` if
    the bytes do not fit the questionnaire, KeyError if there is no such form.
    """
    _fit(instrument, items)
    raw = dict(zip(instrument.item_codes, items, strict=True))
    answers = {
        code: byte if is_answer(byte, instrument.response_scale) else None
        for code, byte in raw.items()
    }
    keyed = {
        item.code: (
            None
            if (answer := answers[item.code]) is None
            else reverse(answer, instrument.response_scale)
            if item.reverse
            else answer
        )
        for item in instrument.items
    }
    scales = scale_scores(instrument, items, form=form)
    return Scored(keyed, scales, _flags(instrument, instrument.form(form), answers, seconds))


def scale_scores(
    instrument: Instrument, items: bytes, *, form: str = "full"
) -> dict[str, ScaleScore]:
    """Score one person's scales and indexes alone, by code.

    A member's receipt asks for it, so it costs microseconds. Raises what `score` raises.
    """
    _fit(instrument, items)
    rules = instrument.derive(("scoring.scales", form), lambda: _scale_rules(instrument, form))
    return {rule.code: rule.score(items) for rule in rules}


# --- arithmetic ------------------------------------------------------------------------


def is_answer(byte: int, scale: ResponseScale) -> bool:
    """Tell an option's value from the codes of missing answers."""
    return scale.low <= byte <= scale.high


def reverse(value: int, scale: ResponseScale) -> int:
    """Turn a raw answer round: x' = low + high - x. Twice is the identity."""
    return scale.low + scale.high - value


def pomp(mean: float, low: int, high: int) -> float:
    """Percent of maximum possible: (mean - low) / (high - low) * 100."""
    return (mean - low) / (high - low) * 100


def pomp_of_total(total: int, answered: int, low: int, high: int) -> float:
    """Percent of maximum possible of a sum of answers, in one division of integers.

    The same as `pomp` of the mean, without its rounding: 4.4 is 85 and not 85.00000000000001.
    """
    return 100 * (total - answered * low) / (answered * (high - low))


def tcr(mean: float, high: int) -> float:
    """Tingkat capaian responden: mean / high * 100. On 1..5, TCR = 20 + 0.8 POMP."""
    return mean / high * 100


def needed(scale: Scale, applicable: int) -> int:
    """How many of ``applicable`` items must be answered for a score.

    At least the scale's ``min_share`` of them, rounded up, and at least ``min_items``:
    with .75 and 3 that is 3 of 4, 4 of 5, 5 of 6.
    """
    return max(ceil(Fraction(str(scale.min_share)) * applicable), scale.min_items)


def band(band_set: BandSet, total: int, answered: int, response_scale: ResponseScale) -> Band:
    """Return the band of the mean ``total / answered``.

    Compared without rounding: an edge e percent of the maximum is met where
    100 total >= e high answered, an edge e of the mean where total >= e answered; where
    the set is closed at the high end, > takes the place of >=. Several people's answers
    are added up first. Raises `InvalidAnswers` where nothing was answered.
    """
    if answered <= 0:
        raise InvalidAnswers("No answer, no band: ask for the band of at least one answer")
    value = Fraction(total, answered)
    if band_set.basis == "tcr":
        value = value * 100 / response_scale.high
    for one in band_set.bands:
        if one.edge is None or value > one.edge or (value == one.edge and band_set.closed == "low"):
            return one
    raise InvalidAnswers(f"Band set {band_set.code} has no band for {float(value):g}; add a lowest")


# --- scales ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _ScaleRule:
    """How one scale is scored in one form."""

    code: str
    places: tuple[tuple[int, tuple[int | None, ...]], ...]
    """Of the items the form shows: place among the bytes, and the keyed value of each byte."""
    wanted: tuple[int, ...]
    """Answers needed, by how many items apply."""
    low: int
    high: int

    def score(self, items: bytes) -> ScaleScore:
        values = [keyed[items[place]] for place, keyed in self.places]
        given = [value for value in values if value is not None]
        total, answered, applicable = sum(given), len(given), len(values)
        if answered < applicable:
            applicable -= sum(items[place] == Missing.NOT_APPLICABLE for place, _ in self.places)
        if not self.places or answered < self.wanted[applicable]:
            return ScaleScore(None, None, None, total, answered, applicable)
        mean = total / answered
        return ScaleScore(
            mean,
            pomp_of_total(total, answered, self.low, self.high),
            tcr(mean, self.high),
            total,
            answered,
            applicable,
        )


def _scale_rules(instrument: Instrument, form: str) -> tuple[_ScaleRule, ...]:
    shown, options = instrument.form(form), instrument.response_scale
    as_is = tuple(byte if is_answer(byte, options) else None for byte in range(256))
    turned = tuple(None if value is None else reverse(value, options) for value in as_is)
    rules = []
    for scale in instrument.scales:
        items = [item for item in instrument.items_of(scale.code) if item.code in shown.items]
        whole = len(items)
        wanted = (
            whole if shown.complete_scales_only else needed(scale, applicable)
            for applicable in range(whole + 1)
        )
        places = (
            (instrument.item_codes.index(item.code), turned if item.reverse else as_is)
            for item in items
        )
        rules.append(
            _ScaleRule(scale.code, tuple(places), tuple(wanted), options.low, options.high)
        )
    return tuple(rules)


# --- careless answering ----------------------------------------------------------------


def _flags(
    instrument: Instrument,
    form: Form,
    answers: Mapping[str, int | None],
    seconds: Sequence[float | None] | None,
) -> Flags:
    rules, checks = instrument.careless, form.checks
    attention = time = run = sd = pairs = 0
    if "FLAG_ATT" in checks:
        attention = wrong_checks(instrument, form, answers)
    if "FLAG_TIME" in checks and seconds is not None:
        pace = seconds_per_item(form, answers, seconds)
        time = int(pace is not None and pace < rules.min_seconds_per_item)
    if "FLAG_RUN" in checks:
        run = int(longest_run([answers[code] for code in form.items]) >= rules.long_run)
    if "FLAG_SD" in checks:
        scored = [
            answer
            for item in instrument.scored_items
            if item.code in form.items and (answer := answers[item.code]) is not None
        ]
        sd = int(sd_below(scored, rules.min_sd))
    if "FLAG_PAIRS" in checks:
        pairs = int(contradictions(instrument, form, answers) >= rules.min_pairs)
    points = attention + time + run + sd + pairs
    return Flags(attention, time, run, sd, pairs, points, points >= rules.exclude_at)


def wrong_checks(instrument: Instrument, form: Form, answers: Mapping[str, int | None]) -> int:
    """Count attention checks answered otherwise than instructed; a skipped one is not wrong."""
    return sum(
        item.role is Role.ATTENTION
        and item.code in form.items
        and answers[item.code] not in (None, item.expected)
        for item in instrument.items
    )


def seconds_per_item(
    form: Form, answers: Mapping[str, int | None], seconds: Sequence[float | None]
) -> float | None:
    """Return the median over sections of seconds per answered item; None = nothing measured.

    Sections without a time or without an answered item are left out.
    """
    paces = []
    for section, time in zip(form.sections, seconds, strict=False):
        count = sum(answers[code] is not None for code in section.items)
        if time is not None and isfinite(time) and count:
            paces.append(time / count)
    return median(paces) if paces else None


def longest_run(answers: Sequence[int | None]) -> int:
    """Return the length of the longest run of identical answers; a missing one breaks it."""
    return max(
        (len(list(run)) for answer, run in groupby(answers) if answer is not None), default=0
    )


def sd_below(answers: Sequence[int], limit: float) -> bool:
    """Tell whether the standard deviation (n-1) is below ``limit``; never with fewer than two.

    Compared as n Σx² - (Σx)² < limit² n (n-1), exactly.
    """
    n = len(answers)
    if n < 2:
        return False
    spread = n * sum(answer * answer for answer in answers) - sum(answers) ** 2
    return spread < Fraction(str(limit)) ** 2 * n * (n - 1)


def contradictions(instrument: Instrument, form: Form, answers: Mapping[str, int | None]) -> int:
    """Count the contradictory pairs in which both raw answers agree."""
    high = instrument.careless.pair_high
    return sum(
        all(
            code in form.items and (answer := answers[code]) is not None and answer >= high
            for code in pair
        )
        for pair in instrument.careless.pairs
    )


_MISSING = frozenset(int(why) for why in Missing)


def _fit(instrument: Instrument, items: bytes) -> None:
    if len(items) != len(instrument.items):
        raise InvalidAnswers(
            f"{len(items)} answer bytes for the {len(instrument.items)} items of "
            f"{instrument.key} {instrument.version}; find the version that was answered"
        )
    options = instrument.response_scale
    strange = {byte for byte in set(items) - _MISSING if not is_answer(byte, options)}
    for code, byte in zip(instrument.item_codes, items, strict=True) if strange else ():
        if byte in strange:
            raise InvalidAnswers(
                f"{code} is stored as {byte}, which is neither an option nor a missing code; "
                "find the version that was answered"
            )
