"""The card as data: every figure with its n and its range, or withheld with a reason.

Only what may be shown is in it: what is suppressed is not here at all, so no rendering can
leak it. Numbers are rounded as they are shown (points of 100 to a tenth, shares to whole
percent), so that page, PDF, picture and API say the same. Pydantic and the standard library
only, since the web process reads cards. Rules: the specification's sections 2.6-2.8 and 5.
"""

from __future__ import annotations

import datetime
from typing import Literal, Self

from pydantic import Field, model_validator

from instrument.model import Text
from instrument.wording import Frozen

SCHEMA = 1
"""Of the stored form; a reader of cards refuses one it does not know."""

State = Literal["strong", "fair", "attention", "not_enough"]
"""Kuat, Cukup, Perlu perhatian, Data belum cukup."""
Word = Literal["up", "down", "unclear"]
Tier = Literal["count_only", "medians", "whole"]
"""n < 5: who answered and nothing else; 5-9: medians; from 10: everything the rules allow."""
Why = Literal[
    "fewer_than_five",  # n < the floor of any figure
    "below_ten",  # medians only: no range, share, state or change
    "few_in_group",  # a group, or what is left of it, is below its floor
    "differencing",  # an earlier card and this one would give a small group by subtraction
    "first_wave",  # nothing to compare with
    "other_wording",  # the two waves did not ask the same items
    "few_in_both",  # fewer than ten people answered both waves
    "not_aimed",  # the plan named other scales before the wave opened
    "not_asked",  # the form or the version does not ask it
    "no_events",  # nothing in the log for this period
    "not_noted",  # the log has counts of people per meeting, not how many different ones
    "no_comments",  # none approved
    "too_few_for_comments",
    "too_few_for_map",  # the priority view needs n >= 200
    "unstable",  # the priority view, or a relation, does not hold over bootstraps
    "too_few_to_relate",  # the regression has no place on a card at this n
]


class Withheld(Frozen):
    """A figure that is not shown, looks the same everywhere ("–"), and says why."""

    why: Why


class Score(Frozen):
    """Points of 100: a mean with its range for this register, or a bare median (n 5-9)."""

    kind: Literal["mean", "median"] = "mean"
    point: float = Field(ge=0, le=100)
    low: float | None = Field(default=None, ge=0, le=100)
    """None for a median, and where everybody on the register answered."""
    high: float | None = Field(default=None, ge=0, le=100)
    everybody: bool = False
    """All N answered: no sampling range; the card says "semua anggota menjawab"."""

    @model_validator(mode="after")
    def _range_or_reason(self) -> Self:
        if (self.low is None) != (self.high is None):
            raise ValueError("a range has two ends")
        if self.kind == "mean" and not self.everybody and self.low is None:
            raise ValueError("a mean is shown with its range")
        if (
            self.low is not None
            and self.high is not None
            and not self.low <= self.point <= self.high
        ):
            raise ValueError("the estimate lies inside its range")
        return self


class Percent(Frozen):
    """A share in whole percent; at the ends it is coded, since "all" tells on everybody."""

    value: int = Field(ge=0, le=100)
    end: Literal["at_most", "at_least"] | None = None
    """``at_most`` 5 or ``at_least`` 95."""


class People(Frozen):
    """About how many members (of N), with the exact hypergeometric range.

    Where the share is coded at an end, the numbers are coded with it: `low` and `high` are
    then the ends of the coded range and `about` is None.
    """

    percent: Percent
    """Of those who answered."""
    n: int = Field(ge=1)
    about: int | None
    low: int
    high: int
    of: int
    """N."""
    worst: Percent
    """If nobody silent agrees: x/N."""
    best: Percent
    """If everybody silent agrees: (x + N - n)/N."""


class Change(Frozen):
    """Against the wave before, on the people who answered both; never a bare difference."""

    word: Word
    points: float
    low: float
    high: float
    """95% range of the paired difference, no finite population correction."""
    n: int = Field(ge=10)
    """People in both waves."""
    since: int
    """Number of the wave before."""

    @model_validator(mode="after")
    def _word_follows_range(self) -> Self:
        if self.word != "unclear" and self.low <= 0 <= self.high:
            raise ValueError("no change word where the range includes 0")
        return self


class Past(Frozen):
    """What an earlier card said of a scale: a point of the small line."""

    wave: int
    point: float


class ScaleCard(Frozen):
    """One construct: the same place on every card."""

    code: str
    name: Text
    meaning: Text
    """What the scale is about, one sentence."""
    strength: Text
    """Said of it where it is strong: one clause after "Name:", without a full stop."""
    attention: Text
    """Said of it where it needs attention: likewise."""
    n: int = Field(ge=0)
    """Valid scores; 0 where withheld."""
    score: Score | Withheld
    state: State
    """``not_enough`` where the score is withheld or a median."""
    kept: bool = False
    """The last card's word, where this score alone would say another: no clear change (5.2)."""
    agree: People | Withheld
    """People with a scale mean of at least 3.5 on the 1-5 scale."""
    change: Change | Withheld
    past: tuple[Past, ...] = ()
    """Earlier published cards with the same items, oldest first; drawn from the third wave."""


class Stratum(Frozen):
    """How many of one part of the register answered.

    Shown only where every part, and the silent rest of each, is large enough.
    """

    name: Text
    answered: int
    of: int


class Who(Frozen):
    """Who answered, and how far to trust it."""

    submitted: int
    """Responses handed in or counted at the close."""
    eligible: int
    """N, frozen at the opening."""
    percent: int
    used: int = Field(ge=0)
    """Of them with consent to reports and not set aside as careless: behind every figure.
    Told only where it differs from `submitted` by 0 or by at least the floor; else equal."""
    low_rate: bool
    """Below 30%: every tile is grey, with a banner."""
    everybody: bool
    strata: tuple[Stratum, ...] = ()


class Behaviour(Frozen):
    """A tile of what members do."""

    code: Literal["attendance", "ever_attended", "shared", "partnership"]
    name: Text
    value: Percent | Withheld
    people: People | None = None
    """For what respondents report; None for the log, whose denominator is all N."""
    n: int = 0
    """Answers (respondents), or members (log)."""
    events: int | None = None
    """Meetings behind the log's numbers."""
    state: State | None = None
    """Attendance only."""
    reference: int | None = None
    """A dashed line, in percent."""
    reference_name: Text | None = None
    """Whose figure the line is: one clause, as "perkiraan pengurus, 2024"."""


class Obstacle(Frozen):
    """The most named reason for not coming."""

    label: Text
    percent: Percent
    named: int
    n: int


class Topic(Frozen):
    """One thing to talk about first."""

    scale: str
    text: Text


class Relation(Frozen):
    """An aspect that goes with the wish to partner (never "influences")."""

    scale: str
    name: Text
    beta: float
    low: float
    high: float
    n: int
    share: float | None = None
    share_low: float | None = None
    share_high: float | None = None
    """Share of R² (LMG) in percent with its bootstrap range: the priority view."""


class Comments(Frozen):
    """Approved open texts in an order that tells nothing."""

    question: Text
    texts: tuple[str, ...]


class Promise(Frozen):
    """An action the chair promised on an earlier card, beside the scale it aimed at."""

    scale: str
    text: str
    owner: str
    due: datetime.date
    state: Literal["planned", "running", "done", "dropped"]


class Card(Frozen):
    """Everything one wave's card says."""

    format: int = SCHEMA
    community: str
    slug: str
    wave: int
    form: str
    instrument: str
    """``key version``."""
    wording: str
    """Digest of the version: waves with different ones are not trended."""
    closed_on: datetime.date
    simulated: bool
    tier: Tier
    floors: dict[str, int]
    """As shown to members before they answered: any, group, comments."""
    who: Who
    scales: tuple[ScaleCard, ...]
    """Fixed order: the four aspects, intent, motivation, benefit, commitment."""
    aspects: int
    """How many of `scales` (from the first) stand under the first heading."""
    strengths: tuple[str, ...] = Field(max_length=3)
    """Scale codes by state and change, in card order: never by rank of scores."""
    work_on: tuple[str, ...] = Field(max_length=3)
    behaviours: tuple[Behaviour, ...]
    obstacle: Obstacle | Withheld
    topic: Topic | None
    relations: tuple[Relation, ...] | Withheld
    priority: tuple[Relation, ...] | Withheld
    """In fixed order, with shares; n >= 200 and stable only."""
    comments: tuple[Comments, ...] | Withheld
    promises: tuple[Promise, ...] = ()
    """Put in by the service when the card is published."""

    def scale(self, code: str) -> ScaleCard:
        """Return one scale; KeyError if the card has none of this code."""
        for one in self.scales:
            if one.code == code:
                return one
        raise KeyError(code)
