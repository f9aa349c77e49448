"""Cards of simulated waves: what the service would hand to `making.make`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np

from analysis import simulate
from analysis.scorecard.inputs import ApprovedTexts, Meeting, WaveAnswers
from analysis.scorecard.making import make
from analysis.scorecard.model import Card
from analysis.simulate.waves import Community
from instrument.model import Text

FLOORS = {"any": 5, "group": 10, "comments": 10}
AIMED = ("FLX", "INF")
ORDER = ("DEP", "FLX", "REL", "INF", "INT", "MOT", "BEN", "COM")
TEXTS = [
    ApprovedTexts(question=Text(id="Apa?", en="What?"), texts=tuple(f"text {i}" for i in range(8)))
]


def answers(community: Community, wave: int = 1, **changes: Any) -> WaveAnswers:
    """One wave's answers, everybody agreeing to reports."""
    made = community.waves[wave - 1]
    data = changes.pop("data", None) or simulate.dataset(community, wave)
    given: dict[str, Any] = {
        "community": "Komunitas simulasi",
        "slug": "simulasi",
        "wave": wave,
        "closed_on": made.opens_on + timedelta(days=14),
        "simulated": True,
        "submitted": data.rows,
        "eligible": len(made.member),
        "floors": FLOORS,
        "data": data,
        "aimed": AIMED,
    }
    return WaveAnswers(**(given | changes))


def meetings(community: Community, wave: int = 1) -> list[Meeting]:
    """The organiser's log before a wave."""
    return [
        Meeting(held_on=event.held_on, kind=event.kind, attended=len(event.attended))
        for event in community.waves[wave - 1].events()
    ]


def cards(community: Community, waves: int, **changes: Any) -> list[Card]:
    """The cards of waves 1 to ``waves``, each published before the next."""
    published: list[Card] = []
    earlier: list[WaveAnswers] = []
    for wave in range(1, waves + 1):
        now = answers(community, wave, **changes)
        published.append(
            make(now, earlier=earlier, published=published, events=meetings(community, wave))
        )
        earlier.append(now)
    return published


def first(community: Community, n: int, **changes: Any) -> WaveAnswers:
    """The first n who answered wave 1."""
    return answers(
        community, 1, data=simulate.dataset(community, 1).select(np.arange(n)), **changes
    )


def made(community: Community, n: int, **changes: Any) -> Card:
    """A card of the first n, with everything that may stand on one."""
    return make(
        first(community, n, **changes),
        events=meetings(community, 1),
        ever_attended=31,
        comments=TEXTS,
    )
