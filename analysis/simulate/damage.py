"""What goes wrong with answers, in this order: careless, MCAR, not applicable, breakoff.

Settled choices: a straight-liner gives its constant on attention checks too (slips are
uniform 1-5); a random answerer draws them like any item; an attentive person who fails a
check answers at random among the other four. Later damage overwrites earlier damage.
Whether somebody is careless is drawn anew at each wave. Behaviour and background are
never careless.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from analysis.simulate.parameters import (
    ALPHABET,
    ATTENTIVE_PASS,
    BREAKOFF,
    BREAKOFF_POINT,
    CARELESS,
    MCAR,
    NOT_APPLICABLE,
    RANDOM_ANSWERS,
    SALES_REFUSED,
    SECONDS_ATTENTIVE,
    SECONDS_CARELESS,
    STRAIGHT_CONSTANTS,
    STRAIGHT_SHARE,
    STRAIGHT_SLIP,
    Floats,
)
from analysis.simulate.people import Bytes, Ints, stream
from instrument.answers import Missing


class Manner(IntEnum):
    """How a person answers."""

    ATTENTIVE = 0
    STRAIGHT = 1
    RANDOM = 2


@dataclass(frozen=True)
class Filled:
    """A careful or careless questionnaire, nothing missing yet."""

    answers: Bytes
    """(n, shown) answers in shown order."""
    manner: Bytes
    """(n,) `Manner`."""
    seconds: Floats
    """(n,) seconds an item."""


def _cumulated(u: Floats, shares: tuple[float, ...]) -> Ints:
    """Return the category 0, 1, ... of each uniform number."""
    found: Ints = np.searchsorted(np.cumsum(shares)[:-1], u, side="right")
    return found


def fill_in(answers: Bytes, checks: dict[int, int], seed: int, block: int) -> Filled:
    """Add attention checks, carelessness and speed to careful answers.

    Parameters: ``answers`` uint8 (n, shown) in shown order, check columns empty;
    ``checks`` column -> instructed answer. Draws: careless?, manner, constant, slip?,
    slip, random answer, check passed?, wrong check, seconds.
    """
    source = stream(seed, block)
    n, shown = len(answers), answers.shape[1]
    careless = source.random(n) < CARELESS
    straight = source.random(n) < STRAIGHT_SHARE
    constants = np.array([value for value, _ in STRAIGHT_CONSTANTS], np.uint8)
    shares = tuple(share for _, share in STRAIGHT_CONSTANTS)
    constant = constants[_cumulated(source.random(n), shares)]
    slips = source.random((n, shown)) < STRAIGHT_SLIP
    slipped: Bytes = source.integers(1, ALPHABET, (n, shown), dtype=np.uint8, endpoint=True)
    anyhow = (1 + _cumulated(source.random((n, shown)), RANDOM_ANSWERS)).astype(np.uint8)
    passed = source.random((n, len(checks))) < ATTENTIVE_PASS
    wrong = source.integers(1, ALPHABET, (n, len(checks)), dtype=np.uint8)
    speed = source.standard_normal(n)

    filled = answers.copy()
    for number, (column, expected) in enumerate(sorted(checks.items())):
        other = wrong[:, number] + (wrong[:, number] >= expected)  # 1-5 without the right one
        filled[:, column] = np.where(passed[:, number], np.uint8(expected), other)
    manner = np.where(careless, np.where(straight, Manner.STRAIGHT, Manner.RANDOM), 0)
    lines = np.where(slips, slipped, constant[:, None])
    filled = np.where((manner == Manner.STRAIGHT)[:, None], lines, filled)
    filled = np.where((manner == Manner.RANDOM)[:, None], anyhow, filled)
    median = np.where(careless, SECONDS_CARELESS[0], SECONDS_ATTENTIVE[0])
    sigma = np.where(careless, SECONDS_CARELESS[1], SECONDS_ATTENTIVE[1])
    return Filled(filled.astype(np.uint8), manner.astype(np.uint8), median * np.exp(sigma * speed))


@dataclass(frozen=True)
class Damaged:
    """Answers as stored, with every kind of missing."""

    answers: Bytes
    """(n, shown) in shown order; 0, 250 and 253 mark what is missing."""
    last: Ints
    """(n,) last position seen, 1-based; ``shown`` + 1 = went through to the end."""
    sales_refused: npt.NDArray[np.bool_]
    """(n,) who does not want to name the yearly sales (BG4)."""


def lose(answers: Bytes, optional: tuple[int, ...], seed: int, block: int) -> Damaged:
    """Remove answers: MCAR, then not applicable, then breakoff.

    Parameters: ``answers`` uint8 (n, shown) in shown order; ``optional`` columns that
    offer "tidak berlaku". Draws: MCAR, not applicable, breakoff?, point, sales refused.
    """
    source = stream(seed, block)
    n, shown = len(answers), answers.shape[1]
    skipped = source.random((n, shown)) < MCAR
    without = source.random((n, len(optional))) < NOT_APPLICABLE
    stops = source.random(n) < BREAKOFF
    first, last = BREAKOFF_POINT
    point = source.integers(first, last, n, endpoint=True)
    refused = source.random(n) < SALES_REFUSED

    damaged = answers.copy()
    damaged[skipped] = Missing.SKIPPED
    for number, column in enumerate(optional):
        damaged[without[:, number], column] = Missing.NOT_APPLICABLE
    seen = np.where(stops, point, shown + 1)
    damaged[np.arange(1, shown + 1)[None, :] > seen[:, None]] = Missing.NOT_SEEN
    return Damaged(damaged, seen, refused)
