"""Answers in, card out: the only place where a card's numbers are computed and rounded."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.scorecard.inputs import ApprovedTexts, Meeting, WaveAnswers
from analysis.scorecard.model import Card


def make(
    now: WaveAnswers,
    *,
    earlier: Sequence[WaveAnswers] = (),
    published: Sequence[Card] = (),
    events: Sequence[Meeting] = (),
    ever_attended: int | None = None,
    comments: Sequence[ApprovedTexts] = (),
) -> Card:
    """Make the card of one wave.

    ``earlier``: the answers, as they stand today, of the waves whose cards are ``published``
    (oldest first; the last is what change is read against). All of them, since what earlier
    cards say together with this one must not give away a few persons by subtraction. A wave
    that was not published may stand last. ``published``: the cards themselves, oldest first.
    ``events``: the meetings of the period this card speaks of, of any kind.
    ``ever_attended``: how many different members came to an informal one of them, where
    somebody noted it. ``comments``: approved texts by question. Promises are the service's.

    Raises `TooManyAnswers` (more answers than members), `disclosure.FloorTooLow`.
    """
    raise NotImplementedError
