"""Whole communities over several waves, with everything that happens to real data.

| world | who |
|---|---|
| S | one community, N = 60 |
| T | a small one, N = 25 |
| M | twelve communities, N 30-90, each with its own intercepts (SD .20, r .5) |
| P | 600 pooled respondents (everybody answers) |
| Z | as S, but eight independent scales: there is nothing to find |

From one wave to the next: eta' = .75 eta + sqrt(1 - .75²) shock, shock ~ N(0, the 8 x 8
latent correlation); the scenario's shift is added to FLX and INF from wave 2 on, stays, and
flows neither to INT nor to activity; an item's own part is .3 old + sqrt(.91) new; the
tendency to agree and e_A are the person's own for good. Leaving (by the activity of the
wave before) is decided before response; newcomers, up to 10 % of N, replace leavers.

Settled here, where the specification leaves a choice:

- COCz and the own parts of the COC items move like the latents and the items do.
- BEH1 is the drawn partnerships, at most 30; BEH2 and BEH3 are the attendance logs; BEH4
  is the band of the drawn posts (0, 1, 2-3, 4-7, 8+); BEH5 cuts A at -1, 0 and .8; BEH6 is
  "jadwal" with .45, the other eight options sharing the rest evenly.
- Background, once a person: BG1 uniform over 25-34 to 55+; BG2 "pengurus" with .15; BG3
  uniform over all; BG4 uniform over mikro a, mikro b and kecil (12 % refuse); BG5 and BG6
  uniform over all, but a newcomer's BG6 is "<1".
- 8 % answer in English. The day of submission is uniform over the 14 days a wave is open.
- Time is measured for everybody: seconds an item x items seen, a section, to 0.1 s.
- Who breaks off has seen no behaviour or background question at that wave.

Longer than 400 lines because a world draws its random numbers in one order, from the first wave
to the last; the order is the seed's meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Literal
from uuid import UUID

import numpy as np

from analysis.simulate import behaviour, damage, people
from analysis.simulate.layout import KEY, OPTIONS, Layout, lay_out
from analysis.simulate.parameters import (
    ACQUIESCENCE,
    COMMUNITY_R,
    COMMUNITY_SD,
    NEWCOMERS,
    SCALES,
    SCENARIOS,
    SECONDS_ATTENTIVE,
    STABILITY,
    STRUCTURED,
    UNIQUENESS_STABILITY,
    UNSTRUCTURED,
    Floats,
    Structure,
)
from analysis.simulate.people import Block, Bytes, Ints, stream, wave_block
from analysis.simulate.waves import Community, Flags, Wave, WorldName, WorldTruth
from instrument import registry
from instrument.answers import Missing
from instrument.model import Instrument

Scenario = Literal["null", "mild", "action"]

SIZES: Mapping[str, int] = MappingProxyType({"S": 60, "T": 25, "P": 600, "Z": 60})
COMMUNITIES = 12
"""World M."""
COMMUNITY_SIZES = (30, 90)
"""World M: N of a community, uniform, both ends included."""

OPEN_DAYS = 14
MONTHS_APART = timedelta(days=182)
FIRST_WAVE = date(2025, 3, 3)
ENGLISH = 0.08


@dataclass
class _People:
    """The state of everybody between two waves; a row is a place in the community."""

    eta: Floats
    agreement: Floats
    own: Floats  # (41, n)
    conditional: Floats
    conditional_own: Floats  # (2, n)
    noise: Floats  # e_A
    background: dict[str, Ints]
    number: Ints  # person in the place, -1 = empty
    answered: Flags
    """Whether the person's background is known from an earlier wave."""
    sales_refused: Flags


def _newly(n: int, seed: int, structure: Structure, offset: int, moderation: bool) -> _People:
    """Draw n persons; ``offset`` shifts the streams of later waves' newcomers."""
    level, own = people.draw_conditional(n, seed, offset + Block.CONDITIONAL)
    return _People(
        eta=people.latents(
            n, seed, structure, conditional=level if moderation else None, offset=offset
        ),
        agreement=stream(seed, offset + Block.ACQUIESCENCE).standard_normal(n),
        own=people.draw_uniqueness(n, seed, offset + Block.UNIQUENESS),
        conditional=level,
        conditional_own=own,
        noise=stream(seed, offset + Block.ACTIVITY).standard_normal(n),
        background=_background(n, seed, offset + Block.BACKGROUND),
        number=np.arange(n),
        answered=np.zeros(n, np.bool_),
        sales_refused=np.zeros(n, np.bool_),
    )


def _background(n: int, seed: int, block: int) -> dict[str, Ints]:
    """Draw option numbers of BG1-BG6 (0 = first option)."""
    source = stream(seed, block)
    return {
        "BG1": source.integers(1, OPTIONS["BG1"], n),
        "BG2": (source.random(n) < 0.15).astype(np.int64),
        "BG3": source.integers(0, OPTIONS["BG3"], n),
        "BG4": source.integers(0, 3, n),
        "BG5": source.integers(0, OPTIONS["BG5"], n),
        "BG6": source.integers(0, OPTIONS["BG6"], n),
    }


def _move_on(now: _People, seed: int, wave: int, structure: Structure) -> None:
    """Move everybody to the next wave, in place."""
    n = len(now.number)
    shock = people.correlated(
        stream(seed, wave_block(wave, people.SHOCK)).standard_normal((n, len(SCALES))),
        structure.latent_correlation(),
    )
    now.eta = STABILITY * now.eta + np.sqrt(1 - STABILITY**2) * shock
    fresh = people.draw_uniqueness(n, seed, wave_block(wave, people.UNIQUENESS_CHANGE))
    keep, change = UNIQUENESS_STABILITY, np.sqrt(1 - UNIQUENESS_STABILITY**2)
    now.own = keep * now.own + change * fresh
    level, own = people.draw_conditional(n, seed, wave_block(wave, people.CONDITIONAL_CHANGE))
    now.conditional = STABILITY * now.conditional + np.sqrt(1 - STABILITY**2) * level
    now.conditional_own = keep * now.conditional_own + change * own


def _replace(now: _People, new: _People, places: Ints, first: int) -> None:
    """Put newcomers, numbered from ``first``, into the places of leavers."""
    for name in ("eta", "agreement", "conditional", "noise"):
        getattr(now, name)[places] = getattr(new, name)[places]
    for name in ("own", "conditional_own"):
        getattr(now, name)[:, places] = getattr(new, name)[:, places]
    for code, values in now.background.items():
        values[places] = 0 if code == "BG6" else new.background[code][places]
    now.number[places] = np.arange(first, first + len(places))
    now.answered[places] = False


def _leave(now: _People, level: Floats, community: Ints, seed: int, wave: int) -> Ints:
    """Empty the places of leavers; return the places that newcomers take."""
    present = now.number >= 0
    left = present & behaviour.leaves(level, seed, wave_block(wave, people.ATTRITION))
    now.number[left] = -1
    taken = []
    for unit in np.unique(community):
        free = np.flatnonzero(left & (community == unit))
        newcomers = round(NEWCOMERS * int((community == unit).sum()))
        taken.append(free[:newcomers])
    return np.concatenate(taken)


def world(
    name: WorldName,
    seed: int,
    *,
    waves: int = 1,
    scenario: Scenario = "null",
    instrument: Instrument | None = None,
    k: float = ACQUIESCENCE,
    moderation: bool = False,
    attrition: bool = True,
    nonresponse: bool | None = None,
    damaged: bool = True,
    opens_on: date = FIRST_WAVE,
) -> Community:
    """Simulate a community; the same arguments give the same bytes.

    Parameters: ``instrument`` the partnership definition (default: the newest installed);
    ``k`` acquiescence; ``moderation`` makes commitment conditional on COC;
    ``attrition=False`` keeps everybody; ``nonresponse=False`` makes everybody answer
    (default: only in world P); ``damaged=False`` leaves out carelessness and missing
    answers. Raises `UnsuitableInstrument` for another questionnaire.
    """
    if waves < 1:
        raise ValueError(f"waves must be at least 1, not {waves}")
    if scenario not in SCENARIOS:
        raise ValueError(f"scenario must be one of {', '.join(SCENARIOS)}, not {scenario!r}")
    if instrument is None:
        instrument = registry.find(KEY)
    layout = lay_out(instrument)
    structure = UNSTRUCTURED if name == "Z" else STRUCTURED
    community, intercepts = _places(name, seed)
    n = len(community)
    shift = SCENARIOS[scenario]
    draw = _Drawer(
        seed=seed,
        layout=layout,
        structure=structure,
        community=community,
        intercepts=intercepts,
        k=k,
        nonresponse=name != "P" if nonresponse is None else nonresponse,
        damaged=damaged,
        refs=_refs(n * waves, seed),
    )
    now = _newly(n, seed, structure, 0, moderation)
    made = []
    persons = n
    level = behaviour.activity(now.eta, now.noise, structure)
    for number in range(1, waves + 1):
        if number > 1:
            places = (
                _leave(now, level, community, seed, number) if attrition else np.zeros(0, np.int64)
            )
            _move_on(now, seed, number, structure)
            new = _newly(n, seed, structure, wave_block(number, 0), moderation)
            _replace(now, new, places, persons)
            persons += len(places)
            level = behaviour.activity(now.eta, now.noise, structure)
        made.append(
            draw.wave(
                number, opens_on + (number - 1) * MONTHS_APART, now, level,
                shift if number > 1 else {},
            )
        )  # fmt: skip
    return Community(
        name,
        seed,
        instrument,
        tuple(made),
        WorldTruth(k, structure, moderation, scenario, shift, intercepts),
    )


def _places(name: str, seed: int) -> tuple[Ints, Floats]:
    """Return each place's community (n,) and the communities' intercepts (c, 8)."""
    if name in SIZES:
        return np.zeros(SIZES[name], np.int64), np.zeros((1, len(SCALES)))
    if name != "M":
        raise ValueError(f"world must be one of S, T, M, P, Z, not {name!r}")
    source = stream(seed, Block.COMMUNITIES)
    sizes = source.integers(*COMMUNITY_SIZES, COMMUNITIES, endpoint=True)
    between = np.full((len(SCALES), len(SCALES)), COMMUNITY_R)
    np.fill_diagonal(between, 1.0)
    normals = source.standard_normal((COMMUNITIES, len(SCALES)))
    return np.repeat(np.arange(COMMUNITIES), sizes), COMMUNITY_SD * people.correlated(
        normals, between
    )


def _refs(count: int, seed: int) -> tuple[UUID, ...]:
    """Draw the random reference of each person there can be."""
    raw = stream(seed, Block.IDENTIFIERS).integers(0, 256, (count, 16), dtype=np.uint8)
    return tuple(UUID(bytes=row.tobytes(), version=4) for row in raw)


@dataclass(frozen=True)
class _Drawer:
    """What stays the same from wave to wave."""

    seed: int
    layout: Layout
    structure: Structure
    community: Ints
    intercepts: Floats
    k: float
    nonresponse: bool
    damaged: bool
    refs: tuple[UUID, ...]

    def block(self, wave: int, ingredient: Block) -> int:
        """Return the stream number of an ingredient drawn for everybody at every wave."""
        return int(ingredient) if wave == 1 else wave_block(wave, ingredient)

    def wave(
        self, number: int, opens_on: date, now: _People, level: Floats, shift: Mapping[str, float]
    ) -> Wave:
        """Draw one wave of the people there are."""
        n = len(now.number)
        moved = np.array([shift.get(scale, 0.0) for scale in SCALES])
        eta = now.eta + moved
        careful = people.items(
            eta, now.agreement, now.own, k=self.k, shift=self.intercepts[self.community]
        )
        conditional = people.conditional_items(
            now.conditional, now.agreement, now.conditional_own, k=self.k
        )
        did = behaviour.behave(
            level,
            eta,
            self.seed,
            (
                self.block(number, Block.ATTENDANCE),
                self.block(number, Block.POSTS),
                self.block(number, Block.PARTNERSHIPS),
            ),
        )
        answered = behaviour.responds(level, self.seed, self.block(number, Block.RESPONSE))
        if not self.nonresponse:
            answered = np.ones(n, np.bool_)
        answered = answered & (now.number >= 0)

        filled, lost = self._answer(number, careful, conditional)
        finished = lost.last > len(self.layout.shown)
        stored = np.zeros((n, self.layout.size), np.uint8)
        stored[:, list(self.layout.stored)] = lost.answers
        stored[~answered] = 0

        cells = self._behaviours(number, did, finished)
        asked = answered & finished & ~now.answered
        now.sales_refused[asked] = lost.sales_refused[asked]
        now.answered |= asked
        cells |= self._backgrounds(now)
        setting = stream(
            self.seed,
            Block.SETTING if number == 1 else wave_block(number, people.LATER_SETTING),
        )
        english = setting.random(n) < ENGLISH
        day = setting.integers(0, OPEN_DAYS, n)

        here = now.number >= 0
        persons = now.number[here]
        return Wave(
            number=number,
            opens_on=opens_on,
            member=persons.copy(),
            community=self.community[here],
            refs=tuple(self.refs[person] for person in persons.tolist()),
            responded=answered[here],
            items=stored[here],
            seconds=np.where(answered[:, None], self._seconds(filled.seconds, lost.last), np.nan)[
                here
            ],
            questions={
                code: np.where(answered, values, Missing.NOT_SEEN.code)[here]
                for code, values in cells.items()
            },
            finished=finished[here],
            english=english[here],
            day=day[here],
            latents=eta[here],
            behaviour=behaviour.Behaviour(
                did.activity[here],
                did.informal[here],
                did.formal[here],
                did.posts[here],
                did.partnerships[here],
            ),
            manner=filled.manner[here],
            undamaged=careful[here],
        )

    def _answer(
        self, number: int, careful: Bytes, conditional: Bytes
    ) -> tuple[damage.Filled, damage.Damaged]:
        """Put careful answers in shown order and do to them what this world does."""
        n = len(careful)
        shown = np.zeros((n, len(self.layout.shown)), np.uint8)
        shown[:, list(self.layout.scored)] = careful
        shown[:, list(self.layout.conditional)] = conditional
        filled = damage.fill_in(
            shown, self.layout.checks, self.seed, self.block(number, Block.CARELESS)
        )
        lost = damage.lose(
            filled.answers, self.layout.optional, self.seed, self.block(number, Block.MISSING)
        )
        if self.damaged:
            return filled, lost
        for column, expected in self.layout.checks.items():
            shown[:, column] = expected
        whole = np.full(n, len(self.layout.shown) + 1)
        return (
            damage.Filled(shown, np.zeros(n, np.uint8), np.full(n, SECONDS_ATTENTIVE[0])),
            damage.Damaged(shown, whole, np.zeros(n, np.bool_)),
        )

    def _seconds(self, pace: Floats, last: Ints) -> Floats:
        """Return visible seconds of each section (n, sections): pace x items seen, NaN = none."""
        ends = np.cumsum(self.layout.sections)
        starts = ends - self.layout.sections
        seen = np.clip(last[:, None] - starts[None, :], 0, self.layout.sections)
        return np.where(seen > 0, np.round(pace[:, None] * seen, 1), np.nan)

    def _behaviours(
        self, number: int, did: behaviour.Behaviour, finished: Flags
    ) -> dict[str, Ints]:
        """Return BEH1-BEH6 as values or missing codes."""
        n = len(finished)
        values = {code: np.array(options) for code, options in self.layout.values.items()}
        source = stream(
            self.seed, Block.OBSTACLE if number == 1 else wave_block(number, people.OBSTACLE)
        )
        obstacles = len(values["BEH6"])
        obstacle = np.searchsorted(
            np.cumsum([0.45] + [0.55 / (obstacles - 1)] * (obstacles - 1))[:-1],
            source.random(n),
            side="right",
        )
        cells = {
            "BEH1": np.minimum(did.partnerships, 30),
            "BEH2": did.informal.sum(axis=1),
            "BEH3": did.formal.sum(axis=1),
            "BEH4": values["BEH4"][np.searchsorted([1, 2, 4, 8], did.posts, side="right")],
            "BEH5": values["BEH5"][np.searchsorted([-1.0, 0.0, 0.8], did.activity)],
            "BEH6": values["BEH6"][obstacle],
        }
        return {
            code: np.where(finished, cell, Missing.NOT_SEEN.code) for code, cell in cells.items()
        }

    def _backgrounds(self, now: _People) -> dict[str, Ints]:
        """Return BG1-BG6 as values or missing codes; asked once, then carried over."""
        cells = {}
        for code, option in now.background.items():
            value = np.array(self.layout.values[code])[option]
            if code == "BG4":
                value = np.where(now.sales_refused, Missing.REFUSED.code, value)
            cells[code] = np.where(now.answered, value, Missing.NOT_SEEN.code)
        return cells
