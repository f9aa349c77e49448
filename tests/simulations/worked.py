"""The worked example of the specification's 5.5: how often a seed of world S shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from analysis import simulate
from analysis.scorecard.making import make
from analysis.scorecard.model import Card, Change, Score
from tests.analysis.simulated_cards import answers, meetings
from tests.simulations.figure import Figure, Study, drawn, share

SEED = 55_000
DRAWS = 1000
WORDS = {"FLX": "attention", "INF": "attention", "REL": "strong"}
RANDOM = {"FLX": ".76", "INF": ".96", "REL": ".98"}
"""What the specification found for 45 of 60 drawn at random, without careless answers."""


def inside(card: Card, truth: Mapping[str, float]) -> bool:
    """Whether the generator's means lie in the ranges of the three scales."""
    return all(
        isinstance(score := card.scale(code).score, Score)
        and score.low is not None
        and score.high is not None
        and score.low <= truth[code] <= score.high
        for code in WORDS
    )


def both_up(card: Card) -> bool:
    """Whether the two scales aimed at rose."""
    changes = [card.scale(code).change for code in ("FLX", "INF")]
    return all(isinstance(one, Change) and one.word == "up" for one in changes)


def shown(seed: int) -> Iterator[str]:
    """Name what the cards of a community show, two waves, *action*, the demo's arguments."""
    world = simulate.world("S", seed, waves=2, scenario="action")
    first = answers(world, 1)
    one = make(first, events=meetings(world, 1))
    found = {code: one.scale(code).state == word for code, word in WORDS.items()}
    yield from (code for code, held in found.items() if held)
    words, truth = all(found.values()), inside(one, world.truth.exact(1).pomp_means)
    if words:
        yield "words"
    if truth:
        yield "truth"
    if words and truth:
        yield "wave 1"
        two = make(answers(world, 2), earlier=[first], published=[one], events=meetings(world, 2))
        if inside(two, world.truth.exact(2).pomp_means):
            yield "both"
            if both_up(two):
                yield "both and up"


def figures(part: float) -> Iterator[list[Figure]]:
    """Shares of seeds."""
    draws = drawn(DRAWS, part)
    count = Counter(what for number in range(draws) for what in shown(SEED + number))
    yield [
        *(
            share(f"wave 1: {code} {word}", count[code], draws, SEED,
                  expected=f"random response: {RANDOM[code]}")
            for code, word in WORDS.items()
        ),
        share("wave 1: all three words", count["words"], draws, SEED),
        share("wave 1: truth (53, 50, 75) in the three ranges", count["truth"], draws, SEED),
        share("wave 1: words and truth: the example of 5.5", count["wave 1"], draws, SEED),
        share("... and in wave 2 its truth (61, 58, 75) in the ranges", count["both"], draws, SEED),
        share("... and FLX and INF up: what the demo's seed shows", count["both and up"], draws,
              SEED),
    ]  # fmt: skip


STUDY = Study(
    "The worked example on the chair's card",
    "World S, two waves, *action*, with all that happens to answers: response by activity, "
    "careless answers, gaps. The ranges are those of the register's mean "
    "(finite-population correction), so they hold the generator's mean less often than the "
    "register's own: the demo's seed was chosen, and this is how rare it is.",
    figures,
)
