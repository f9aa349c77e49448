"""What a card is made of: answers, the log of meetings, approved texts, earlier cards.

Plain frozen dataclasses without a numeric library, so that the service can build them before
a worker loads one. `analysis.scorecard.making.make` turns them into a `Card`.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from instrument.wording import Text

if TYPE_CHECKING:
    from analysis.dataset import Dataset

MeetingKind = Literal["informal", "training", "bazaar"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StratumCount:
    """How many of one part of the register answered (pengurus; ever came to a meeting)."""

    name: Text
    answered: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveAnswers:
    """One wave after its close: the answers that may be counted, and what stands beside them.

    ``data`` holds rows with consent to reports only, tests left out, careless rows still in
    (`make` sets them aside and counts them). Of its ``meta`` the card reads "PID" (the same
    text for the same person in every wave of the community; any text that nobody stores) and
    the behaviour questions by their code ("BEH1" ...: the value, or a missing code of files,
    as `simulate.dataset` and the exports write them). Nothing of it reaches the card.
    """

    community: str
    """Name, as the page says it."""
    slug: str
    wave: int
    """Number of the wave."""
    closed_on: datetime.date
    simulated: bool
    submitted: int
    """Responses handed in or counted at the close, whatever was agreed to; tests left out."""
    eligible: int
    """N, frozen at the opening."""
    floors: Mapping[str, int]
    """As the wave has them: any, group, comments."""
    data: Dataset
    aimed: tuple[str, ...] = ()
    """The at most two scales the plan named before the opening; empty: arrows on all."""
    strata: tuple[StratumCount, ...] = ()
    """A partition of the register, where the register tells one; shown only behind the gate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """One line of the organiser's log: how many came, never who."""

    held_on: datetime.date
    kind: MeetingKind
    attended: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedTexts:
    """Open answers to one question as a person has approved or redacted them, in any order."""

    question: Text
    texts: tuple[str, ...]
