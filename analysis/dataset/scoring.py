"""The vectorised twin of `instrument.scoring`: all rows at once, the same numbers.

Totals and counts are integers, and a mean is one division of two of them, so both twins
give the same bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from instrument.answers import Missing
from instrument.model import Instrument, Role
from instrument.names import FLAG_COLUMNS
from instrument.scoring import needed

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

*FLAG_NAMES, POINTS, EXCLUDED = FLAG_COLUMNS
"""The single flags (FLAG_ATT ...), their sum (FLAGS), and what follows (EXCLUDED)."""

ROWS_AT_ONCE = 4096
"""Rows scored or written in one step."""


@dataclass(frozen=True)
class ScalePlan:
    """Where one scale's items stand, and when it is scored."""

    code: str
    index: bool
    """An index (COC): a mean only, no POMP."""
    columns: tuple[int, ...]
    """Places in the answer bytes."""
    reverse: tuple[bool, ...]
    needed: tuple[int, ...]
    """Answers needed for a score, by the number of applicable items (0, 1, ...)."""


@dataclass(frozen=True)
class Plan:
    """Everything scoring needs of one form of one version, looked up once."""

    low: int
    high: int
    items: tuple[str, ...]
    reverse: Flags
    """(items,) which are reverse-keyed."""
    scales: tuple[ScalePlan, ...]
    shown: Ints
    """Places of the shown items, in shown order."""
    sections: tuple[Ints, ...]
    """Places of each section's items."""
    scored: Ints
    """Places of the scored items of the form."""
    checks: tuple[tuple[int, int], ...]
    """Place and instructed answer of each attention check shown."""
    pairs: tuple[tuple[int, int], ...]
    applied: frozenset[str]
    """Names of the flags that apply to the form."""
    instrument: Instrument


@dataclass(frozen=True)
class Scored:
    """Sums and counts of n rows; everything else follows from them."""

    totals: Ints
    """(n, scales) sums of keyed valid answers."""
    answered: Ints
    """(n, scales)"""
    scored: Flags
    """(n, scales) enough answers for a score."""
    flags: Mapping[str, Ints]
    """FLAG_* and FLAGS, (n,) each."""
    excluded: Flags
    """(n,)"""


def plan(instrument: Instrument, form: str = "full") -> Plan:
    """Look up where everything stands; made once for an instrument and a form."""
    return instrument.derive(("analysis.dataset.plan", form), lambda: _plan(instrument, form))


def _plan(instrument: Instrument, form: str) -> Plan:
    layout = instrument.form(form)
    place = {code: number for number, code in enumerate(instrument.item_codes)}
    shown = layout.items
    items = instrument.items
    scales = []
    for scale in instrument.scales:
        members = [item for item in instrument.items_of(scale.code) if item.code in shown]
        scales.append(
            ScalePlan(
                code=scale.code,
                index=scale.kind == "index",
                columns=tuple(place[item.code] for item in members),
                reverse=tuple(item.reverse for item in members),
                needed=tuple(
                    len(members) if layout.complete_scales_only else needed(scale, applicable)
                    for applicable in range(len(members) + 1)
                ),
            )
        )
    return Plan(
        low=instrument.response_scale.low,
        high=instrument.response_scale.high,
        items=instrument.item_codes,
        reverse=np.array([item.reverse for item in items], np.bool_),
        scales=tuple(scales),
        shown=np.array([place[code] for code in shown], np.int64),
        sections=tuple(
            np.array([place[code] for code in section.items], np.int64)
            for section in layout.sections
        ),
        scored=np.array(
            [place[code] for code in instrument.item_codes
             if code in shown and instrument.item(code).role is Role.SCORED],
            np.int64,
        ),
        checks=tuple(
            (place[code], instrument.item(code).expected or 0)
            for code in shown
            if instrument.item(code).role is Role.ATTENTION
        ),
        pairs=tuple(
            (place[first], place[second])
            for first, second in instrument.careless.pairs
            if first in shown and second in shown
        ),
        applied=frozenset(layout.checks),
        instrument=instrument,
    )  # fmt: skip


def valid(raw: Bytes, low: int, high: int) -> Flags:
    """Return which bytes are answers."""
    answered: Flags = (raw >= low) & (raw <= high)
    return answered


def score(raw: Bytes, rules: Plan, seconds: Floats | None = None) -> Scored:
    """Score n rows.

    Parameters: ``raw`` uint8 (n, items of the version) as stored; ``seconds`` (n, sections)
    visible seconds, NaN = not measured.
    """
    n = len(raw)
    by_item = np.ascontiguousarray(raw.T)  # item by item: every step below runs along rows
    answered = valid(by_item, rules.low, rules.high)
    totals = np.zeros((n, len(rules.scales)), np.int64)
    counts = np.zeros((n, len(rules.scales)), np.int64)
    enough = np.zeros((n, len(rules.scales)), np.bool_)
    for number, scale in enumerate(rules.scales):
        if not scale.columns:
            continue
        total = np.zeros(n, np.int64)
        count = np.zeros(n, np.int64)
        applicable = np.full(n, len(scale.columns), np.int64)
        for column, reverse in zip(scale.columns, scale.reverse, strict=True):
            value = by_item[column].astype(np.int64)
            keyed = rules.low + rules.high - value if reverse else value
            total += np.where(answered[column], keyed, 0)
            count += answered[column]
            applicable -= by_item[column] == Missing.NOT_APPLICABLE
        totals[:, number], counts[:, number] = total, count
        enough[:, number] = count >= np.array(scale.needed)[applicable]
    flags = _flags(by_item, answered, rules, seconds)
    points = sum(flags.values(), np.zeros(n, np.int64))
    excluded = points >= rules.instrument.careless.exclude_at
    return Scored(totals, counts, enough, {**flags, POINTS: points}, excluded)


def score_all(raw: Bytes, rules: Plan, seconds: Floats) -> Scored:
    """Score many rows part by part, so that memory for the steps between stays small."""
    parts = [
        score(raw[start : start + ROWS_AT_ONCE], rules, seconds[start : start + ROWS_AT_ONCE])
        for start in range(0, max(len(raw), 1), ROWS_AT_ONCE)
    ]
    return Scored(
        np.concatenate([part.totals for part in parts]),
        np.concatenate([part.answered for part in parts]),
        np.concatenate([part.scored for part in parts]),
        {name: np.concatenate([part.flags[name] for part in parts]) for name in parts[0].flags},
        np.concatenate([part.excluded for part in parts]),
    )


def _flags(by_item: Bytes, answered: Flags, rules: Plan, seconds: Floats | None) -> dict[str, Ints]:
    """Return the points of every careless flag; 0 where the form does not apply it."""
    n = by_item.shape[1]
    none = np.zeros(n, np.int64)
    careless = rules.instrument.careless
    found = dict.fromkeys(FLAG_NAMES, none)
    if "FLAG_ATT" in rules.applied:
        wrong = [answered[at] & (by_item[at] != expected) for at, expected in rules.checks]
        found["FLAG_ATT"] = sum((one.astype(np.int64) for one in wrong), none)
    if "FLAG_TIME" in rules.applied and seconds is not None:
        pace = median_pace(seconds, answered, rules)
        found["FLAG_TIME"] = (pace < careless.min_seconds_per_item).astype(np.int64)
    if "FLAG_RUN" in rules.applied:
        run = longest_run(by_item[rules.shown], answered[rules.shown])
        found["FLAG_RUN"] = (run >= careless.long_run).astype(np.int64)
    if "FLAG_SD" in rules.applied:
        found["FLAG_SD"] = _flat(by_item[rules.scored], answered[rules.scored], careless.min_sd)
    if "FLAG_PAIRS" in rules.applied:
        both = [
            answered[a] & answered[b]
            & (by_item[a] >= careless.pair_high) & (by_item[b] >= careless.pair_high)
            for a, b in rules.pairs
        ]  # fmt: skip
        count = sum((one.astype(np.int64) for one in both), none)
        found["FLAG_PAIRS"] = (count >= careless.min_pairs).astype(np.int64)
    return found


def median_pace(seconds: Floats, answered: Flags, rules: Plan) -> Floats:
    """Return the median over sections of seconds per answered item (n,); NaN = unmeasured.

    Sections without a time or without an answer are left out.
    """
    paces = np.full((len(rules.sections), len(seconds)), np.nan)
    for number, places in enumerate(rules.sections):
        count = answered[places].sum(axis=0)
        np.divide(seconds[:, number], count, out=paces[number], where=count > 0)
    paces.sort(axis=0)  # NaN last
    known = np.isfinite(paces).sum(axis=0)
    rows = np.arange(len(seconds))
    lower = paces[np.maximum((known - 1) // 2, 0), rows]
    upper = paces[np.minimum(known // 2, len(paces) - 1), rows]
    return np.where(known > 0, (lower + upper) / 2, np.nan)


def longest_run(shown: Bytes, answered: Flags) -> Ints:
    """Return the longest run of identical answers (n,); a missing answer breaks it."""
    current = np.zeros(shown.shape[1], np.int64)
    best = np.zeros(shown.shape[1], np.int64)
    for number, values in enumerate(shown):
        same = answered[number] & answered[number - 1] & (values == shown[number - 1])
        current = np.where(same & (number > 0), current + 1, answered[number])
        best = np.maximum(best, current)
    return best


def _flat(scored: Bytes, answered: Flags, min_sd: float) -> Ints:
    """Return 1 where the SD (n-1) of a person's raw answers is below ``min_sd``, exactly.

    n Σx² - (Σx)² < min_sd² n (n-1) in integers, as in `instrument.scoring.sd_below`; with
    fewer than two answers there is no SD and no point.
    """
    values = np.where(answered, scored, 0).astype(np.int64)
    count = answered.sum(axis=0)
    total = values.sum(axis=0)
    square = (values * values).sum(axis=0)
    spread = count * square - total * total
    limit = Fraction(str(min_sd)) ** 2
    below = spread * limit.denominator < limit.numerator * count * (count - 1)
    return np.where((count >= 2) & below, 1, 0)


def pomp(totals: Ints, answered: Ints, low: int, high: int) -> Floats:
    """Return percent of the maximum possible, NaN where nothing was answered.

    100 (total - answered low) / (answered (high - low)): one division of integers, as in
    `instrument.scoring.pomp_of_total`. Cohen, Cohen, Aiken & West (1999), The problem of
    units and the circumstance for POMP.
    """
    percent: Floats = np.full(totals.shape, np.nan)
    above = 100 * (totals.astype(np.int64) - answered.astype(np.int64) * low)
    np.divide(above, answered * (high - low), out=percent, where=answered > 0)
    return percent
