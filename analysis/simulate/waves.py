"""What a simulated community consists of: waves, records, events, and their truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Literal
from uuid import UUID

import numpy as np
import numpy.typing as npt

from analysis.simulate import exact
from analysis.simulate.behaviour import Behaviour
from analysis.simulate.layout import BACKGROUND, BEHAVIOURS
from analysis.simulate.parameters import Floats, Structure
from analysis.simulate.people import Bytes, Ints
from instrument.answers import Missing
from instrument.model import Instrument

EventKind = Literal["informal", "training", "bazaar"]
WorldName = Literal["S", "T", "M", "P", "Z"]
Flags = npt.NDArray[np.bool_]

_MISSING: Mapping[int, Missing] = MappingProxyType({state.code: state for state in Missing})


@dataclass(frozen=True)
class Event:
    """One event of the community, from the organiser's log."""

    kind: EventKind
    held_on: date
    attended: tuple[int, ...]
    """Numbers of the members who came."""


@dataclass(frozen=True)
class Record:
    """One member at one wave, as the service would store it."""

    member: int
    ref: UUID
    community: int
    responded: bool
    items: bytes
    """One byte an item of the version; all 0 where nobody answered."""
    values: Mapping[str, int]
    """Answers to BEH and BG questions."""
    missing: Mapping[str, Missing]
    """BEH and BG questions without an answer, and why."""
    seconds: tuple[float, ...]
    """Visible seconds of each section; NaN where it was not seen."""
    finished: bool
    """False: broke off; the response is partial."""
    language: Literal["id", "en"]
    submitted_on: date


@dataclass(frozen=True)
class Wave:
    """One survey of all members there are; every array has one row a member."""

    number: int
    opens_on: date
    member: Ints
    """(n,) number of the person, equal over waves."""
    community: Ints
    """(n,) number of the community (0, and 0-11 in world M)."""
    refs: tuple[UUID, ...]
    responded: Flags
    """(n,)"""
    items: Bytes
    """(n, items of the version) as stored, in definition order; 0 where nobody answered."""
    seconds: Floats
    """(n, sections) visible seconds, NaN = not measured."""
    questions: Mapping[str, Ints]
    """BEH1-6 and BG1-6, (n,) each: the value, or the missing code of files (-1..-5)."""
    finished: Flags
    """(n,)"""
    english: Flags
    """(n,)"""
    day: Ints
    """(n,) days from opening to submission."""
    latents: Floats
    """Truth: (n, 8) `SCALES`, scenario shift included."""
    behaviour: Behaviour
    """Truth: what all members did, answering or not."""
    manner: Bytes
    """Truth: (n,) `damage.Manner`."""
    undamaged: Bytes
    """Truth: (n, 41) what each member would answer with care, columns `ITEMS`."""

    def records(self) -> Iterator[Record]:
        """Yield one record a member, answering or not."""
        names = (*BEHAVIOURS, *BACKGROUND)
        for row, number in enumerate(self.member.tolist()):
            cells = {name: int(self.questions[name][row]) for name in names}
            yield Record(
                member=number,
                ref=self.refs[row],
                community=int(self.community[row]),
                responded=bool(self.responded[row]),
                items=self.items[row].tobytes(),
                values={name: cell for name, cell in cells.items() if cell >= 0},
                missing={name: _MISSING[cell] for name, cell in cells.items() if cell < 0},
                seconds=tuple(self.seconds[row].tolist()),
                finished=bool(self.finished[row]),
                language="en" if self.english[row] else "id",
                submitted_on=self.opens_on + timedelta(days=int(self.day[row])),
            )

    def events(self) -> tuple[Event, ...]:
        """Return the organiser's log of the three months before: who came, of all members."""
        did = self.behaviour
        log: list[tuple[EventKind, int, Flags]] = [
            ("informal", 77 - 21 * column, did.informal[:, column])
            for column in range(did.informal.shape[1])
        ]
        log += [("training", 45, did.formal[:, 0]), ("bazaar", 20, did.formal[:, 1])]
        return tuple(
            Event(kind, self.opens_on - timedelta(days=days), tuple(self.member[came].tolist()))
            for kind, days, came in log
        )


@dataclass(frozen=True)
class WorldTruth:
    """The parameters a world was drawn from."""

    k: float
    """Acquiescence."""
    structure: Structure
    moderation: bool
    """COM += .15 BEN COCz."""
    scenario: str
    shift: Mapping[str, float]
    """What the scenario adds to latents from wave 2 on."""
    intercepts: Floats
    """(communities, 8) added to mu of each scale; zeros but in world M."""

    def exact(self, wave: int = 1) -> exact.Truth:
        """Return the exact moments of careful answers at a wave (intercepts 0)."""
        return exact.truth(self.k, self.structure, shift=self.shift if wave > 1 else None)


@dataclass(frozen=True)
class Community:
    """A simulated community (world M: twelve, told apart by ``Wave.community``)."""

    name: WorldName
    seed: int
    instrument: Instrument
    waves: tuple[Wave, ...]
    truth: WorldTruth
