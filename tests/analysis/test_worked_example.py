"""The specification's 5.5 from the demo's seed: words, ranges with the truth in them, change."""

from analysis import simulate
from app.demo.load import SEED
from tests.analysis.simulated_cards import cards
from tests.simulations.worked import inside, shown

FIRST = 20261124


def test_the_demos_seed_shows_the_worked_example() -> None:
    world = simulate.world("S", SEED, waves=3, scenario="action")
    one, two = cards(world, 2)
    assert (one.who.submitted, one.who.eligible, one.who.percent) == (45, 60, 75)
    assert one.work_on == ("FLX", "INF")
    assert "REL" in one.strengths
    assert inside(one, {"FLX": 53, "INF": 50, "REL": 75})
    assert inside(two, world.truth.exact(2).pomp_means)
    assert [two.scale(code).change.word for code in ("FLX", "INF")] == ["up", "up"]
    assert one.topic is not None
    assert one.topic.text.en == "Offer two time slots, or a way to join without coming."
    assert one.obstacle.label.id == "Jadwal"
    tiles = {tile.code: tile for tile in one.behaviours}
    assert tiles["attendance"].value.value == 21
    assert tiles["attendance"].state == "attention"
    assert tiles["attendance"].reference == 20


def test_it_is_the_first_seed_that_does() -> None:
    for seed in range(FIRST, SEED):
        world = simulate.world("S", seed)
        if int(world.waves[0].responded.sum()) == 45:
            assert "both and up" not in set(shown(seed))
    assert "both and up" in set(shown(SEED))
