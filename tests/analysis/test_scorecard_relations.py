"""Relations and shares, other questionnaires and forms, and what a card costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis import simulate
from analysis.dataset import Dataset
from analysis.scorecard import making
from analysis.scorecard.making import make
from analysis.scorecard.model import Card, Withheld
from instrument.model import Text
from tests.analysis.simulated_cards import (
    answers,
    meetings,
)


def test_relations_from_a_hundred_and_shares_from_two_hundred() -> None:
    world = simulate.world("P", 8)
    data = simulate.dataset(world).attentive()
    clean = data.select(~np.isnan(data.score().means[:, :8]).any(axis=1))

    def card(n: int) -> Card:
        return make(answers(world, 1, data=clean.select(np.arange(n)), eligible=n + 20))

    assert card(99).relations == Withheld(why="too_few_to_relate")
    at150 = card(150)
    assert not isinstance(at150.relations, Withheld)
    assert at150.priority == Withheld(why="too_few_for_map")
    at400 = card(400)
    frame = clean.select(np.arange(400)).score_frame()
    from analysis.regression import regress

    found = regress(frame, "INT", ["DEP", "FLX", "REL", "INF"], n_boot=0).coefficients
    expected = {
        code
        for code in ("DEP", "FLX", "REL", "INF")
        if found.loc[code, "hc3_p_holm"] < 0.05 and found.loc[code, "b"] > 0
    }
    assert {one.scale for one in at400.relations} == expected
    assert expected
    for one in at400.relations:
        assert one.low <= one.beta <= one.high
        assert one.beta == pytest.approx(found.loc[one.scale, "beta"], abs=0.006)
        assert one.n == 400


def test_shares_only_where_the_quadrants_hold() -> None:
    """Two aspects that carry everything, two that carry nothing: stable; real ones: not."""
    rng = np.random.default_rng(12)
    from analysis.scorecard import relating
    from analysis.scorecard.scores import Scored

    names = {code: Text(id=code, en=code) for code in ("DEP", "FLX", "REL", "INF")}

    def scored(code: str, points: np.ndarray) -> Scored:
        persons = tuple(f"p{i}" for i in range(len(points)))
        return Scored(code, persons, points / 25 + 1, points, 0)

    def found(n: int, slopes: list[float], means: list[float]) -> relating.Related:
        x = rng.normal(means, 15, (n, 4))
        y = (x - means) @ slopes + rng.normal(0, 12, n) + 60
        scales = {code: scored(code, x[:, i]) for i, code in enumerate(names)}
        return relating.find(scales | {"INT": scored("INT", y)}, names, list(names), "INT")

    stable = found(250, [0.6, 0.0, 0.6, 0.0], [70, 50, 75, 48]).priority
    assert [one.scale for one in stable] == ["DEP", "FLX", "REL", "INF"]  # fixed order
    assert sum(one.share for one in stable) == pytest.approx(100, abs=2)
    for one in stable:
        assert one.share_low <= one.share <= one.share_high
    assert found(199, [0.6, 0, 0.6, 0], [70, 50, 75, 48]).priority.why == "too_few_for_map"
    # every share at the cut: no quadrant holds
    assert found(250, [0.3] * 4, [70, 50, 75, 48]).priority.why == "unstable"
    # a score at the other cut
    assert found(250, [0.6, 0, 0.6, 0], [62.5, 50, 75, 48]).priority.why == "unstable"
    # nothing explained: shares are zero-sum all the same
    assert found(250, [0.08, 0, 0.08, 0], [70, 50, 75, 48]).priority.why == "unstable"


def test_a_questionnaire_without_spec_gets_a_plain_card() -> None:
    from instrument import registry

    instrument = registry.find("bfi")
    rng = np.random.default_rng(2)
    scale = instrument.response_scale
    raw = rng.integers(scale.low, scale.high + 1, (40, len(instrument.items))).astype(np.uint8)
    form = instrument.forms[0]
    meta = {"PID": [f"{i:02}" for i in range(40)]}
    data = Dataset(instrument, form.code, raw, np.full((40, len(form.sections)), np.nan), meta)
    community = simulate.world("T", 1)
    card = make(answers(community, 1, data=data, eligible=50, aimed=()))
    scales = [one for one in instrument.scales if one.kind == "scale"]
    assert [one.code for one in card.scales] == [one.code for one in scales]
    assert card.scales[0].name == scales[0].public_name
    assert card.scales[0].meaning == scales[0].definition
    assert card.aspects == len(scales)
    assert card.obstacle == Withheld(why="not_asked")
    assert [tile.code for tile in card.behaviours] == ["attendance", "ever_attended"]


def test_a_pulse_is_compared_with_its_own_items(everybody: simulate.waves.Community) -> None:
    """Single items stand for no scale; a full wave is read by the pulse's pairs."""
    full = answers(everybody, 1, aimed=())
    second = simulate.dataset(everybody, 2)
    form = second.instrument.form("pulse")
    pulse = Dataset(
        second.instrument, "pulse", second.raw, np.full((60, len(form.sections)), np.nan),
        second.meta,
    )  # fmt: skip
    now = answers(everybody, 2, data=pulse, aimed=())
    card = make(now, earlier=[full], published=[make(full)])
    assert card.form == "pulse"
    for code in ("MOT", "BEN", "COM"):
        assert card.scale(code).score == Withheld(why="not_asked")
    pair = [second.item_codes.index(code) for code in ("FLX1", "FLX2")]
    by_person = [
        dict(zip(data.meta["PID"], data.keyed()[:, pair].mean(axis=1), strict=True))
        for data in (full.data, pulse)
    ]
    moved = [25 * (by_person[1][one] - by_person[0][one]) for one in by_person[1]]
    assert card.scale("FLX").change.points == pytest.approx(np.mean(moved), abs=0.051)
    assert card.scale("FLX").past == ()
    # a full wave after a pulse asked more than the pulse did
    back = make(replace(full, wave=3), earlier=[replace(now, wave=2)])
    assert {one.change for one in back.scales} == {Withheld(why="other_wording")}


def test_cpu_of_a_card(usual: simulate.waves.Community) -> None:
    """At n = 45, beyond imports: at most a second (found: about .1)."""
    import time

    one, two = answers(usual, 1), answers(usual, 2)
    published = [make(one)]
    make(two, earlier=[one], published=published)
    began = time.process_time()
    make(two, earlier=[one], published=published, events=meetings(usual, 2))
    assert time.process_time() - began <= 1.0


def test_tier_follows_the_floor() -> None:
    from analysis.disclosure import Floors

    assert making.tier_of(5, Floors()) == "medians"
    assert making.tier_of(6, Floors(any=7)) == "count_only"
    assert making.tier_of(10, Floors(any=7)) == "whole"
