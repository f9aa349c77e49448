"""A scale's score, share and state: levels of this community at this wave, rounded once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from analysis import disclosure, levels
from analysis.moments import Floats
from analysis.scorecard.model import People, Percent, Score, State

if TYPE_CHECKING:
    from analysis.dataset import Dataset

Ordered = Literal["attention", "fair", "strong"]

STRONG, STRONG_LOW = 70.0, 62.5
ATTENTION, ATTENTION_HIGH = 55.0, 62.5
WIDEST = 10.0
"""Half-width of the range up to which a state is told."""
FAVOURABLE = 62.5
"""Points of 100 from which a person rates a scale well: a mean of 3.5 on 1 to 5."""


def rounded(x: float) -> float:
    """Round to a tenth, half up; 52.25 is 52.3 whatever its last bit says."""
    return float(np.floor(x * 10 + 0.5 + 1e-9) / 10)


@dataclass(frozen=True, slots=True)
class Scored:
    """One scale's valid scores and who gave them, in the order of ``persons``."""

    code: str
    persons: tuple[str, ...]
    means: Floats
    """On the answers' scale."""
    points: Floats
    """POMP, 0 to 100."""
    favourable: int
    """How many have at least `FAVOURABLE`, counted in integers."""

    @property
    def n(self) -> int:
        """Number of valid scores."""
        return len(self.persons)


def scored(data: Dataset, code: str, persons: tuple[str, ...]) -> Scored:
    """Read one scale's valid scores off a data set."""
    scores = data.score()
    place = scores.scale_codes.index(code)
    valid = ~np.isnan(scores.pomp[:, place])
    total, answered = scores.totals[valid, place], scores.answered[valid, place]
    scale = data.instrument.response_scale
    span = scale.high - scale.low
    # 100 (total - answered low) / (answered span) >= 62.5, without a division
    good = 1000 * (total - answered * scale.low) >= 625 * answered * span
    return Scored(
        code,
        tuple(person for person, there in zip(persons, valid.tolist(), strict=True) if there),
        scores.means[valid, place],
        scores.pomp[valid, place],
        int(good.sum()),
    )


def score(found: Scored, population: int) -> Score:
    """Mean with its finite-population range (`levels.mean_interval`); n >= 2."""
    made = levels.mean_interval(found.points, population)
    point = rounded(made.estimate)
    if found.n == population:
        return Score(point=point, everybody=True)
    return Score(
        point=point,
        low=min(max(rounded(made.ci_low), 0.0), point),
        high=max(min(rounded(made.ci_high), 100.0), point),
    )


def median(found: Scored) -> Score:
    """Return the bare median of a small group."""
    return Score(kind="median", point=rounded(float(np.median(found.points))))


def state(shown: Score) -> State:
    """Return the word of a score as it is shown: Kuat, Cukup, Perlu perhatian, or too little.

    Strong: >= 70 with the range from 62.5 up; attention: < 55 with the range below 62.5;
    too little: half-width above 10, or no mean; else fair (the specification's 5.2).
    """
    if shown.kind == "median":
        return "not_enough"
    low = shown.point if shown.low is None else shown.low
    high = shown.point if shown.high is None else shown.high
    if max(shown.point - low, high - shown.point) > WIDEST:
        return "not_enough"
    if shown.point >= STRONG and low >= STRONG_LOW:
        return "strong"
    if shown.point < ATTENTION and high < ATTENTION_HIGH:
        return "attention"
    return "fair"


def people(x: int, n: int, population: int) -> People:
    """About how many of N: x of n respondents, the exact range, and the bounds of the silent.

    At a coded end everything is that of all counts which look alike, so nothing tells x.
    """
    told = disclosure.share(x, n)
    percent = Percent(value=told.percent, end=told.end)
    low = levels.proportion_interval(told.first, n, population)[0]
    high = levels.proportion_interval(told.last, n, population)[1]
    silent = population - n
    about = None if told.end else (2 * x * population + n) // (2 * n)
    worst, best = percent_of(told.first, population), percent_of(told.last + silent, population)
    if told.end == "at_most":
        worst = percent  # x/N is no more than x/n
    elif told.end == "at_least":
        best = percent
    return People(
        percent=percent, n=n, about=about, low=low, high=high, of=population,
        worst=worst, best=best,
    )  # fmt: skip


def percent_of(x: int, n: int) -> Percent:
    """Whole percent, coded at the ends."""
    told = disclosure.share(x, n)
    return Percent(value=told.percent, end=told.end)
