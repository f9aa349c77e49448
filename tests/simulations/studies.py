"""All studies by name, and a run of one of them."""

from __future__ import annotations

import time
from dataclasses import dataclass

from tests.simulations import (
    arrows,
    careless,
    generator,
    levels,
    recovery,
    reliability,
    slopes,
    worked,
)
from tests.simulations.figure import Figure, Study

STUDIES: dict[str, Study] = {
    "generator": generator.STUDY,
    "recovery": recovery.STUDY,
    "slopes": slopes.COVERAGE,
    "chance": slopes.CHANCE,
    "arrows": arrows.STUDY,
    "levels": levels.STUDY,
    "alpha": reliability.ALPHA,
    "omega": reliability.OMEGA,
    "percentile": reliability.PERCENTILE,
    "careless": careless.STUDY,
    "worked": worked.STUDY,
}


@dataclass(frozen=True)
class Group:
    """Figures from the same draws, and the CPU seconds they took."""

    figures: list[Figure]
    cpu: float


def run(name: str, part: float = 1.0) -> list[Group]:
    """Run a study with a share of its draws."""
    groups = []
    made = STUDIES[name].figures(part)
    while True:
        began = time.process_time()
        figures = next(made, None)
        if figures is None:
            return groups
        groups.append(Group(figures, time.process_time() - began))
