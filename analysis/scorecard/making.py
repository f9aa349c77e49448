"""Answers in, card out: the only place where a card's numbers are computed and rounded."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis import disclosure
from analysis.disclosure import Floors
from analysis.errors import AnalysisError
from analysis.scorecard import behaviours, choosing, moves, relating, scores
from analysis.scorecard.inputs import ApprovedTexts, Meeting, StratumCount, WaveAnswers
from analysis.scorecard.model import (
    Card,
    Comments,
    Past,
    People,
    ScaleCard,
    Score,
    State,
    Stratum,
    Tier,
    Who,
    Why,
    Withheld,
)
from analysis.scorecard.moves import Moves
from analysis.scorecard.scores import Scored
from analysis.scorecard.spec import Spec, spec_of
from instrument.model import Instrument

if TYPE_CHECKING:
    from analysis.dataset import Dataset

MEDIANS_FROM, WHOLE_FROM = 5, 10
LOW_RATE = 30
"""Percent of the register below which every tile is grey."""
LEAST_ITEMS = 2
"""Items of a form from which its mean stands for the scale; one item is no scale."""


class TooManyAnswers(AnalysisError):
    """More answers than members: a share of the register cannot be told."""

    def __init__(self, submitted: int, eligible: int) -> None:
        self.submitted, self.eligible = submitted, eligible
        super().__init__(
            f"{submitted} answers from a register of {eligible} members. N was set too low when "
            "the wave was opened, or somebody answered twice: compare the register of that day "
            "with the wave's N, correct the wrong one, then make the card again."
        )


def make(
    now: WaveAnswers,
    *,
    earlier: Sequence[WaveAnswers] = (),
    published: Sequence[Card] = (),
    events: Sequence[Meeting] = (),
    ever_attended: int | None = None,
    comments: Sequence[ApprovedTexts] = (),
) -> Card:
    """Make the card of one wave.

    ``earlier``: the answers, as they stand today, of the waves whose cards are ``published``
    (oldest first; the last is what change is read against). All of them, since what earlier
    cards say together with this one must not give away a few persons by subtraction. A wave
    that was not published may stand last. ``published``: the cards themselves, oldest first.
    ``events``: the meetings of the period this card speaks of, of any kind.
    ``ever_attended``: how many different members came to an informal one of them, where
    somebody noted it. ``comments``: approved texts by question. Promises are the service's.
    The order of rows, meetings and texts changes nothing.

    Raises `TooManyAnswers` (more answers than members), `disclosure.FloorTooLow`.
    """
    if max(now.submitted, now.data.rows) > now.eligible:
        raise TooManyAnswers(max(now.submitted, now.data.rows), now.eligible)
    floors = Floors.of(now.floors)
    data = _in_order(now.data).attentive()
    spec = spec_of(data.instrument)
    tier = tier_of(data.rows, floors)
    grey = 100 * now.submitted < LOW_RATE * now.eligible
    comparable = [
        card
        for card in sorted(published, key=lambda one: one.wave)
        if card.wave < now.wave
        and card.wording == data.instrument.digest
        and card.form == data.form
    ]
    found = _scored(data, spec)
    moved = _moves(now, found, earlier, comparable, tier, floors)
    stand = _Stand(spec, found, moved, comparable, tier, floors, grey, now.eligible)
    cards = tuple(_scale(stand, data.instrument, code) for code in spec.order)
    whole = tier == "whole" and not grey
    strong = choosing.strengths(cards) if whole else ()
    weak = choosing.work_on(cards) if whole else ()
    names = {one.code: one.name for one in cards}
    related = (
        relating.find(found, names, spec.aspects, spec.outcome)
        if whole
        else relating.Related(Withheld(why="too_few_to_relate"), Withheld(why="too_few_for_map"))
    )
    return Card(
        community=now.community,
        slug=now.slug,
        wave=now.wave,
        form=data.form,
        instrument=f"{data.instrument.key} {data.instrument.version}",
        wording=data.instrument.digest,
        closed_on=now.closed_on,
        simulated=now.simulated,
        tier=tier,
        floors={"any": floors.any, "group": floors.group, "comments": floors.comments},
        who=_who(now, data.rows, floors, grey),
        scales=cards,
        aspects=len(spec.aspects),
        strengths=strong,
        work_on=weak,
        behaviours=behaviours.find(
            spec, data, events, ever_attended, eligible=now.eligible, tier=tier, grey=grey
        ),
        obstacle=behaviours.obstacle(spec.obstacle, data, floors, tier),
        topic=choosing.topic(spec, strong, weak),
        relations=related.relations,
        priority=related.priority,
        comments=_comments(comments, data, floors, tier),
    )


def tier_of(n: int, floors: Floors) -> Tier:
    """Return what n answers allow: who answered; medians; everything the rules allow."""
    if n < max(MEDIANS_FROM, floors.any):
        return "count_only"
    return "whole" if n >= WHOLE_FROM else "medians"


def _in_order(data: Dataset) -> Dataset:
    """Return the rows in an order that their answers give, whatever order and ids they came with.

    So a card made twice is the same to the last digit, also where ids are drawn anew.
    """
    told = [data.meta[one.code] for one in data.instrument.questions if one.code in data.meta]
    persons = _persons(data)

    def key(row: int) -> tuple[object, ...]:
        return data.raw[row].tobytes(), tuple(cells[row] for cells in told), persons[row]

    return data.select(np.array(sorted(range(data.rows), key=key), dtype=np.int64))


def _persons(data: Dataset) -> tuple[str, ...]:
    return tuple(data.meta.get("PID", [""] * data.rows))


def _scored(data: Dataset, spec: Spec) -> dict[str, Scored]:
    """Read the scores of the scales that the form asks with enough items."""
    shown = set(data.instrument.form(data.form).items)
    asked = [
        code
        for code in spec.order
        if sum(item.code in shown for item in data.instrument.items_of(code)) >= LEAST_ITEMS
    ]
    return {code: scores.scored(data, code, _persons(data)) for code in asked}


def _moves(
    now: WaveAnswers,
    found: Mapping[str, Scored],
    earlier: Sequence[WaveAnswers],
    published: Sequence[Card],
    tier: Tier,
    floors: Floors,
) -> Moves:
    """Judge change, or say of every scale why it cannot be asked."""

    def none(why: Why) -> Moves:
        return Moves({code: Withheld(why=why) for code in found}, {})

    if (short := behaviours.of_tier(tier)) is not None:
        return none(short)
    past = sorted((one for one in earlier if one.wave < now.wave), key=lambda one: one.wave)
    if not past:
        return none("first_wave")
    last = past[-1]
    asked = _as_asked(last.data, now.data)
    if asked is None:
        return none("other_wording")
    spec = spec_of(now.data.instrument)
    answers = {
        one.wave: _scored(_in_order(one.data).attentive(), spec)
        for one in past[:-1]
        if one.data.form == now.data.form
        and one.data.instrument.digest == now.data.instrument.digest
    }
    answers[last.wave] = _scored(asked, spec)
    scale = now.data.instrument.response_scale
    hidden = [
        code
        for code in found
        if moves.gives_away(
            code,
            found[code],
            now.wave,
            {number: waves[code] for number, waves in answers.items()},
            published,
            floors.any,
        )
    ]
    return moves.find(
        answers[last.wave],
        found,
        aimed=[code for code in now.aimed if code in found],
        since=last.wave,
        bounds=(float(scale.low), float(scale.high)),
        hidden=hidden,
    )


def _as_asked(before: Dataset, now: Dataset) -> Dataset | None:
    """Return the attentive answers of the wave before to what this wave asks, or None.

    A pulse is compared with the same items of a full wave, never with its full scores.
    """
    from analysis.dataset import Dataset as Made

    if before.instrument.digest != now.instrument.digest:
        return None
    kept = _in_order(before).attentive()
    if before.form == now.form:
        return kept
    asked = now.instrument.form(now.form)
    if not set(asked.items) <= set(before.instrument.form(before.form).items):
        return None
    # scores only: who was careless was judged on the form that was answered
    return Made(
        kept.instrument, now.form, kept.raw, np.full((kept.rows, len(asked.sections)), np.nan),
        kept.meta,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Stand:
    """What every scale's card is made from."""

    spec: Spec
    found: Mapping[str, Scored]
    moved: Moves
    published: Sequence[Card]
    """Earlier cards that asked the same."""
    tier: Tier
    floors: Floors
    grey: bool
    eligible: int


def _scale(stand: _Stand, instrument: Instrument, code: str) -> ScaleCard:
    words = stand.spec.words(code)
    why: Why | None = None if code in stand.found else "not_asked"
    if why is None and stand.tier == "count_only":
        why = "fewer_than_five"
    n = stand.found[code].n if why is None else 0
    if why is None and n < stand.floors.any:
        why = "fewer_than_five"
    score: Score | Withheld
    agree: People | Withheld
    change = stand.moved.told.get(code, Withheld(why="not_asked"))
    state: State = "not_enough"
    kept = False
    if why is not None:
        n, score, agree = 0, Withheld(why=why), Withheld(why=why)
        if why == "fewer_than_five":
            change = Withheld(why=why)
    elif stand.tier == "medians" or n < WHOLE_FROM:
        score, agree = scores.median(stand.found[code]), Withheld(why="below_ten")
        change = Withheld(why="below_ten")
    else:
        score = scores.score(stand.found[code], stand.eligible)
        agree = scores.people(stand.found[code].favourable, n, stand.eligible)
        if not stand.grey:
            last = _last_state(code, stand)
            alone = scores.state(score)
            state = moves.stick(alone, last, stand.moved.words.get(code))
            kept = state != alone
    past = tuple(
        Past(wave=card.wave, point=one.score.point)
        for card in stand.published
        for one in card.scales
        if one.code == code and isinstance(one.score, Score) and one.score.kind == "mean"
    )
    return ScaleCard(
        code=code,
        name=instrument.scale(code).public_name,
        meaning=words.meaning,
        strength=words.strength,
        attention=words.attention,
        n=n,
        score=score,
        state=state,
        kept=kept,
        agree=agree,
        change=change,
        past=past if isinstance(score, Score) and score.kind == "mean" else (),
    )


def _last_state(code: str, stand: _Stand) -> State | None:
    """Return the word on the card that change is read against, if that wave has one."""
    for card in reversed(stand.published):
        if card.wave == stand.moved.since:
            return next((one.state for one in card.scales if one.code == code), None)
    return None


def _who(now: WaveAnswers, used: int, floors: Floors, grey: bool) -> Who:
    return Who(
        submitted=now.submitted,
        eligible=now.eligible,
        percent=_whole(now.submitted, now.eligible),
        used=disclosure.told_of(used, now.submitted, floors.any),
        low_rate=grey,
        everybody=now.submitted == now.eligible,
        strata=_strata(now.strata, now, floors),
    )


def _whole(x: int, n: int) -> int:
    return (200 * x + n) // (2 * n) if n else 0


def _strata(given: Sequence[StratumCount], now: WaveAnswers, floors: Floors) -> tuple[Stratum, ...]:
    """Rates by part of the register, or none of them.

    Only where all parts are large, and the silent of each too: "3 of 3 officers answered"
    says who did. Parts that do not add up to the register tell nothing.
    """
    adds_up = (
        sum(one.of for one in given) == now.eligible
        and sum(one.answered for one in given) == now.submitted
    )
    large = all(
        one.answered >= floors.group and one.of - one.answered >= floors.any for one in given
    )
    if len(given) < 2 or not adds_up or not large:
        return ()
    return tuple(Stratum(name=one.name, answered=one.answered, of=one.of) for one in given)


def _comments(
    given: Sequence[ApprovedTexts], data: Dataset, floors: Floors, tier: Tier
) -> tuple[Comments, ...] | Withheld:
    """Approved texts, each question's in the order of a digest, which tells nothing."""
    questions = data.instrument.form(data.form).questions
    asked = any(one.kind == "text" and one.code in questions for one in data.instrument.questions)
    if not asked:
        return Withheld(why="not_asked")
    if tier != "whole" or data.rows < max(floors.comments, WHOLE_FROM):
        return Withheld(why="too_few_for_comments")
    told = tuple(
        Comments(
            question=one.question,
            texts=tuple(sorted(one.texts, key=lambda text: hashlib.sha256(text.encode()).digest())),
        )
        for one in given
        if one.texts
    )
    return told or Withheld(why="no_comments")
