"""What members do: the meetings' log over all members, and what respondents report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis import disclosure
from analysis.disclosure import Floors
from analysis.scorecard.inputs import Meeting
from analysis.scorecard.model import Behaviour, Obstacle, Percent, State, Tier, Why, Withheld
from analysis.scorecard.scores import people, percent_of
from analysis.scorecard.spec import Attendance, ObstacleWords, Reported, Spec

if TYPE_CHECKING:
    from analysis.dataset import Dataset

WHOLE_FROM = 10
"""Answers from which a share is shown."""


def of_tier(tier: Tier) -> Why | None:
    """Why a tier withholds everything but its counts (and medians)."""
    if tier == "whole":
        return None
    return "fewer_than_five" if tier == "count_only" else "below_ten"


def find(
    spec: Spec,
    data: Dataset,
    events: Sequence[Meeting],
    ever_attended: int | None,
    *,
    eligible: int,
    tier: Tier,
    grey: bool,
) -> tuple[Behaviour, ...]:
    """Return all tiles in order: a mean meeting, ever there, then what is reported."""
    why = of_tier(tier)
    log = _from_log(spec.attendance, events, ever_attended, eligible, why, grey)
    return (*log, *(_reported(one, data, eligible, why) for one in spec.reported))


def _from_log(
    words: Attendance,
    events: Sequence[Meeting],
    ever_attended: int | None,
    eligible: int,
    why: Why | None,
    grey: bool,
) -> tuple[Behaviour, Behaviour]:
    """Mean per event and ever there, both of all N members: two numbers, never one."""
    held = [event for event in events if event.kind == words.kind]
    count = len(held) or None
    mean: Percent | Withheld
    ever: Percent | Withheld
    state: State | None = None
    if why is not None or not held:
        mean = ever = Withheld(why=why or "no_events")
    else:
        places = eligible * len(held)
        mean = percent_of(min(sum(event.attended for event in held), places), places)
        state = "not_enough" if grey else _attendance_state(mean, words)
        ever = (
            Withheld(why="not_noted")
            if ever_attended is None
            else percent_of(min(ever_attended, eligible), eligible)
        )
    return (
        Behaviour(
            code="attendance", name=words.name, value=mean, n=eligible, events=count, state=state,
            reference=words.reference, reference_name=words.reference_name,
        ),
        Behaviour(code="ever_attended", name=words.ever, value=ever, n=eligible, events=count),
    )  # fmt: skip


def _attendance_state(mean: Percent, words: Attendance) -> State:
    if mean.value < words.attention_below:
        return "attention"
    return "strong" if mean.value >= words.strong_from else "fair"


def values_of(data: Dataset, question: str) -> list[int] | None:
    """Return the answers to a question; None where the wave does not ask it."""
    if question not in data.instrument.form(data.form).questions:
        return None
    cells = data.meta.get(question, [])
    return [int(cell) for cell in cells if cell.strip() and int(cell) >= 0]


def _reported(one: Reported, data: Dataset, eligible: int, why: Why | None) -> Behaviour:
    values = values_of(data, one.question)
    if values is None:
        return Behaviour(code=one.code, name=one.name, value=Withheld(why="not_asked"))
    n = len(values)
    if why is None and n < WHOLE_FROM:
        why = "below_ten"
    if why is not None:
        return Behaviour(code=one.code, name=one.name, value=Withheld(why=why))
    found = people(sum(value >= one.least for value in values), n, eligible)
    return Behaviour(code=one.code, name=one.name, value=found.percent, people=found, n=n)


def obstacle(
    words: ObstacleWords | None, data: Dataset, floors: Floors, tier: Tier
) -> Obstacle | Withheld:
    """Return the answer most often named, where so many name it and as many do not.

    Of two named equally often the first of the questionnaire. Counts of 1 to floor - 1 on
    either side are withheld, and so is "everybody".
    """
    values = None if words is None else values_of(data, words.question)
    if words is None or values is None:
        return Withheld(why="not_asked")
    why = of_tier(tier)
    if why is None and len(values) < WHOLE_FROM:
        why = "below_ten"
    if why is not None:
        return Withheld(why=why)
    options = next(q for q in data.instrument.questions if q.code == words.question).options
    counted = Counter(value for value in values if value not in words.nothing)
    top = max(options, key=lambda option: counted[option.value])
    named, n = counted[top.value], len(values)
    if named < floors.any or n - named < floors.any:
        return Withheld(why="few_in_group")
    told = disclosure.share(named, n)
    if told.end is not None:
        return Withheld(why="few_in_group")
    return Obstacle(label=top.label, percent=Percent(value=told.percent), named=named, n=n)
