"""Acceptance 14: arrows of change on the chair's card, false ones and true ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis import change, simulate
from analysis.least_squares import t_tail
from analysis.multiplicity import holm
from tests.simulations.answers import keyed, score_frame
from tests.simulations.figure import Figure, Study, drawn, share

SEED = 14_000
DRAWS = 1000
AIM = ["FLX", "INF"]
"""The pair the plan declares before wave 1; the scenario moves them by +8 POMP."""


Marks = npt.NDArray[np.int_]
"""An arrow a scale: 1 up, -1 down, 0 none."""


@dataclass
class Arrows:
    """Which arrows stood on each card: before Holm, after it, and after it over the pair."""

    plain: list[Marks] = field(default_factory=list)
    holm: list[Marks] = field(default_factory=list)
    pair: list[Marks] = field(default_factory=list)

    def add(self, before: pd.DataFrame, after: pd.DataFrame, *, check: bool) -> None:
        """Draw the arrows of one card under the three families.

        The paired t alone: `change.paired` makes thirty columns more. Where ``check``, it and
        `change.arrows` must draw the same.
        """
        both = before.index.intersection(after.index)
        moved = 25 * (after.loc[both] - before.loc[both]).to_numpy()
        n, mean = len(moved), moved.mean(axis=0)
        p = t_tail(mean / (moved.std(axis=0, ddof=1) / np.sqrt(n)), n - 1)
        large = np.sign(mean) * (np.abs(mean) >= change.LEAST_POINTS) * (n >= change.PANEL_FROM)
        aim = [list(before.columns).index(scale) for scale in AIM]
        for made, at, adjusted in (
            (self.plain, slice(None), p),
            (self.holm, slice(None), holm(p)),
            (self.pair, aim, holm(p[aim])),
        ):
            made.append((large[at] * (adjusted < 0.05)).astype(int))
        if check:
            words = {"up": 1, "down": -1, "none": 0}
            for made, scales, correction in (
                (self.plain, list(before.columns), "none"),
                (self.holm, list(before.columns), "holm"),
                (self.pair, AIM, "holm"),
            ):
                found = change.paired(
                    before[scales], after[scales], correction=correction, bounds=(1, 5)
                )  # fmt: skip
                assert change.arrows(found).map(words).tolist() == made[-1].tolist()


def cards(scenario: simulate.worlds.Scenario, draws: int, seed: int, *, attrition: bool) -> Arrows:
    """Two waves of world S, careful answers, again and again."""
    made = Arrows()
    for number in range(draws):
        waves = simulate.world(
            "S", seed + number, waves=2, scenario=scenario, attrition=attrition
        ).waves  # fmt: skip
        before, after = (
            score_frame(keyed(wave.undamaged[wave.responded])).set_index(
                wave.member[wave.responded]
            )
            for wave in waves
        )
        made.add(before, after, check=number < 10)
    return made


def figures(part: float) -> Iterator[list[Figure]]:
    """False arrows under *null*, true ones under *action*."""
    draws = drawn(DRAWS, part)
    null = cards("null", draws, SEED, attrition=False)
    wrong = np.mean([card != 0 for card in null.plain], axis=0)
    yield [
        *(
            share(f"null: arrow on {scale}, no correction", p * draws, draws, SEED, high=0.07)
            for scale, p in zip(simulate.SCALES, wrong, strict=True)
        ),
        share("null: any arrow, no correction", _any(null.plain), draws, SEED,
              expected="specification: .23"),
        share("null: any arrow, Holm over 8", _any(null.holm), draws, SEED,
              expected="specification: .04", high=0.06),
        share("null: any arrow, Holm over the pair", _any(null.pair), draws, SEED, high=0.06),
    ]  # fmt: skip
    for attrition, least in ((False, 0.78), (True, 0.72)):
        seed = SEED + 10_000 * (1 + attrition)
        action = cards("action", draws, seed, attrition=attrition)
        name = "action with attrition" if attrition else "action"
        group = []
        for place, scale in enumerate(AIM):
            among = simulate.SCALES.index(scale)
            group.append(_up(f"{name}: {scale} up, no correction", action.plain, among, draws, seed,
                             low=least))  # fmt: skip
            if not attrition:
                group.append(_up(f"{name}: {scale} up, Holm over 8", action.holm, among, draws,
                                 seed, low=0.55, expected="specification: .58 to .61"))  # fmt: skip
                group.append(_up(f"{name}: {scale} up, Holm over the pair", action.pair, place,
                                 draws, seed, low=0.75, expected="specification: .81"))  # fmt: skip
        yield group


def _any(made: list[Marks]) -> int:
    return sum(bool(card.any()) for card in made)


def _up(what: str, made: list[Marks], place: int, draws: int, seed: int, **bound: object) -> Figure:
    return share(what, sum(card[place] == 1 for card in made), draws, seed, **bound)


STUDY = Study(
    "Arrows of change in one community",
    "World S (N = 60, about 35 persons answer both waves), `change.paired` and `change.arrows`: "
    "interval of the paired difference without 0 and at least 5 POMP. *action* moves FLX and "
    "INF by about 8 POMP.",
    figures,
)
