"""Cards of many waves together: nobody's score lies in the row space of all that they print."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis import simulate
from analysis.scorecard.making import make
from analysis.scorecard.model import Change, Score
from tests.analysis.simulated_cards import answers
from tests.analysis.test_disclosure import projected

WAVES = 5


@pytest.fixture(scope="module")
def community() -> simulate.waves.Community:
    return simulate.world("S", 9, waves=WAVES, nonresponse=False, damaged=False, attrition=False)


@pytest.mark.slow
@pytest.mark.parametrize("withdrawals", [False, True])
def test_no_person_over_many_waves(community: simulate.waves.Community, withdrawals: bool) -> None:
    """35 communities of 14 to 30, nearly the same persons in each of up to five waves.

    With ``withdrawals``, one or two persons take back everything between two cards, and what
    is out stays as it is.
    """
    rng = np.random.default_rng(44 + withdrawals)
    every = [answers(community, wave, aimed=("FLX",)) for wave in range(1, WAVES + 1)]
    withheld = told = 0
    for _ in range(35):
        here = set(rng.permutation(60)[: int(rng.integers(14, 31))].tolist())
        gone: set[int] = set()
        chosen: list[set[int]] = []
        published, shown = [], []
        for wave in range(int(rng.integers(2, WAVES + 1))):
            if wave:
                flips = rng.integers(0, 60, int(rng.choice([0, 1, 2, 7, 12]))).tolist()
                here = here.symmetric_difference(flips) - gone
            chosen.append(set(here))
            made = [
                replace(
                    one,
                    data=one.data.select(np.array(sorted(who - gone), dtype=np.int64)),
                    submitted=len(who - gone),
                )
                for one, who in zip(every, chosen, strict=False)
            ]
            card = make(made[-1], earlier=made[:-1], published=published)
            published.append(card)
            flx = card.scale("FLX")
            assert isinstance(flx.score, Score)
            shown.append({(person, wave): 1 for person in here})
            if isinstance(flx.change, Change):
                both = (chosen[-2] - gone) & here
                assert flx.change.n == len(both)
                pair = dict.fromkeys(((person, wave) for person in both), 1)
                shown.append(pair | {(person, wave - 1): -1 for person in both})
                told += 1
            elif wave:
                withheld += 1
            if withdrawals and rng.random() < 0.3:
                gone |= set(list(here)[: int(rng.integers(1, 3))])
                here -= gone
        assert projected(shown, [])[0].max() < 1 - 1e-9
    assert told > 20
    assert withheld > 10
