"""Acceptance 16: whom the careless rule excludes."""

from __future__ import annotations

from collections.abc import Iterator

from analysis import simulate
from analysis.dataset import Dataset
from analysis.simulate.damage import Manner
from instrument import registry
from tests.simulations.figure import Figure, Study, drawn, share

SEED = 16_000
DRAWS = 120
"""Worlds P of 600 persons: about 2,200 straight-liners and as many random answerers."""
BOUNDS: dict[Manner, tuple[str, dict[str, float]]] = {
    Manner.ATTENTIVE: ("specification: .0013", {"high": 0.005}),
    Manner.STRAIGHT: ("specification: .995", {"low": 0.95}),
    Manner.RANDOM: ("specification: .76", {"low": 0.70}),
}


def figures(part: float) -> Iterator[list[Figure]]:
    """Share excluded of the attentive, of straight-liners and of random answerers."""
    instrument = registry.find("partnership")
    excluded = dict.fromkeys(Manner, 0)
    persons = dict.fromkeys(Manner, 0)
    for number in range(drawn(DRAWS, part)):
        wave = simulate.world("P", SEED + number, instrument=instrument).waves[0]
        flagged = Dataset(instrument, "full", wave.items, wave.seconds, {}).score().excluded
        for manner in Manner:
            chosen = wave.manner == manner
            excluded[manner] += int(flagged[chosen].sum())
            persons[manner] += int(chosen.sum())
    yield [
        share(f"{manner.name.lower()} answerers excluded", excluded[manner], persons[manner], SEED,
              expected=expected, **bound)
        for manner, (expected, bound) in BOUNDS.items()
    ]  # fmt: skip


STUDY = Study(
    "The careless rule",
    "World P with all its damage, scored by the questionnaire's rule (two points or more "
    "exclude). Draws are persons. The specification found .76 for random answerers before it was "
    "settled that they answer attention checks like any item; since then more are caught.",
    figures,
)
