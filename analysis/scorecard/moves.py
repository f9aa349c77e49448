"""Did it change? Paired persons, no finite population correction, Holm over a card's arrows.

A word needs ten persons of both waves, a corrected p below .05, at least five points, a range
without 0 as it is shown, and no mixed model that disagrees about 0 (the specification's 5.3
and 3.3.15). What earlier cards and this one would together give away is withheld.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from analysis import disclosure
from analysis.disclosure import Figure
from analysis.errors import AnalysisError
from analysis.moments import Floats
from analysis.scorecard.model import Card, Change, State, Withheld, Word
from analysis.scorecard.scores import Scored, rounded

if TYPE_CHECKING:
    from analysis.change import MixedChange

PAIRS = 10
_ORDER = ("attention", "fair", "strong")


@dataclass(frozen=True, slots=True)
class Moves:
    """What is told of each scale's change, and what is found for the state word alone."""

    told: Mapping[str, Change | Withheld]
    words: Mapping[str, Word]
    """By the same rule, for every scale with a panel of ten: also those that carry no arrow
    because the plan aimed elsewhere. Only `stick` reads it."""
    since: int | None = None
    """Number of the wave the change is read against."""


def pairs_of(before: Scored, now: Scored) -> int:
    """How many persons have a score in both waves."""
    return len(set(before.persons) & set(now.persons))


def find(
    before: Mapping[str, Scored],
    now: Mapping[str, Scored],
    *,
    aimed: Sequence[str],
    since: int,
    bounds: tuple[float, float],
    hidden: Sequence[str],
) -> Moves:
    """Judge the change of every scale; ``hidden``: those that differencing would give away."""
    enough = [code for code in now if pairs_of(before[code], now[code]) >= PAIRS]
    told: dict[str, Change | Withheld] = {
        code: Withheld(why="few_in_both") for code in now if code not in enough
    }
    carry = [code for code in enough if code not in hidden and (not aimed or code in aimed)]
    for code in enough:
        if aimed and code not in aimed:
            told[code] = Withheld(why="not_aimed")
        elif code in hidden:
            told[code] = Withheld(why="differencing")
    changes = _judge(before, now, carry, since, bounds)
    rest = [code for code in enough if code not in carry]
    others = _judge(before, now, rest, since, bounds)
    return Moves(
        {code: told[code] if code in told else changes[code] for code in now},
        {code: one.word for code, one in (changes | others).items()},
        since,
    )


def _judge(
    before: Mapping[str, Scored],
    now: Mapping[str, Scored],
    codes: Sequence[str],
    since: int,
    bounds: tuple[float, float],
) -> dict[str, Change]:
    """Return a family's changes, corrected by Holm over the scales given."""
    import pandas as pd

    from analysis import change

    if not codes:
        return {}

    def frame(scores: Mapping[str, Scored]) -> pd.DataFrame:
        columns = {
            code: pd.Series(scores[code].means, index=list(scores[code].persons)) for code in codes
        }
        everybody = list(dict.fromkeys(one for code in codes for one in scores[code].persons))
        return pd.DataFrame(columns, index=everybody)

    first, second = frame(before), frame(now)
    found = change.paired(first, second, correction="holm", bounds=bounds)
    words: dict[str, str] = {}
    for code in codes:
        beside: MixedChange | None
        try:
            beside = change.mixed([first[[code]], second[[code]]], bounds=bounds)
        except AnalysisError:
            beside = None  # nothing varies: no model, so none that disagrees
        alone = replace(found, table=found.table.loc[[code]])
        words[code] = str(change.arrows(alone, beside=beside)[code])
    rows = found.table[["pomp", "pomp_low", "pomp_high", "n"]].to_numpy(dtype=float)
    places = {str(code): place for place, code in enumerate(found.table.index)}
    return {code: _change(words[code], since, rows[places[code]]) for code in codes}


def _change(word: str, since: int, row: Floats) -> Change:
    points, low, high = (rounded(float(x)) for x in row[:3])
    clear = word in ("up", "down") and not low <= 0 <= high
    return Change(
        word="unclear" if not clear else "up" if word == "up" else "down",
        points=points,
        low=low,
        high=high,
        n=int(row[3]),
        since=since,
    )


def stick(found: State, last: State | None, word: Word | None) -> State:
    """Keep the last card's word unless a change was found that points to the new one.

    ``last``: the word of the card the change is read against; None or ``not_enough`` keeps
    nothing. ``word``: None where change could not be asked (no panel, other items): then
    nothing may keep an old word alive for ever.
    """
    if last is None or word is None or "not_enough" in (found, last) or found == last:
        return found
    rises = _ORDER.index(found) > _ORDER.index(last)
    return found if word == ("up" if rises else "down") else last


def gives_away(
    code: str,
    now: Scored,
    wave: int,
    answers: Mapping[int, Scored],
    published: Sequence[Card],
    floor: int,
) -> bool:
    """Whether a change beside both levels, and all earlier cards, would tell on a few persons.

    Nobody left and one came: the difference of the means and the mean change together are
    that one's score. ``answers``: the scale's scores of earlier waves by number, the last
    being the one compared with. Persons withdrawn since a card was published are still in its
    figures: they are counted back in from its n.
    """
    last = max(answers)
    members: dict[int, set[Hashable]] = {
        number: set[Hashable](scored.persons) for number, scored in answers.items()
    }
    shown: list[Figure] = []
    for card in sorted(published, key=lambda one: one.wave):
        one = next((scale for scale in card.scales if scale.code == code), None)
        if one is None or card.wave not in members or isinstance(one.score, Withheld):
            continue
        there = members[card.wave]
        there |= {("withdrawn", number) for number in range(one.n - len(there))}
        if one.score.kind == "mean":
            shown.append(disclosure.sum_over(there, card.wave))
        if isinstance(one.change, Change) and one.change.since in members:
            both = there & members[one.change.since]
            gone = sorted((p for p in both if isinstance(p, tuple)), key=str)
            kept = {person for person in both if not isinstance(person, tuple)}
            kept |= set(gone[: max(one.change.n - len(kept), 0)])
            shown.append(disclosure.change_of(kept, one.change.since, card.wave))
    here = set[Hashable](now.persons)
    both = here.intersection(answers[last].persons)
    shown.append(disclosure.sum_over(here, wave))
    shown.append(disclosure.change_of(both, last, wave))
    return disclosure.gives_few(shown, floor)
