"""A member's own profile: made of the answers they have just sent, for the page that thanks.

Shown in that one answer and nowhere else. Nothing of it is stored, and coming back with the
code shows the receipt alone: whoever holds the phone later must not read it.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from instrument import scoring
from instrument.answers import Answers
from instrument.model import Instrument, Language

Leaning = Literal["agree", "between", "disagree"]
AGREE, DISAGREE = 62.5, 37.5
"""Points of 100: a mean of 3.5 and of 2.5 on the five options."""


class Own(NamedTuple):
    """One scale of one person."""

    name: str
    points: int
    leaning: Leaning


def profile_of(
    instrument: Instrument, form: str, answers: Answers, language: Language
) -> tuple[Own, ...]:
    """The scales this person answered enough of, in definition order; indexes left out."""
    scores = scoring.scale_scores(instrument, answers.items, form=form)
    found = []
    for scale in instrument.scales:
        points = scores[scale.code].pomp
        if scale.kind == "scale" and points is not None:
            found.append(Own(scale.public_name.in_(language), round(points), leaning(points)))
    return tuple(found)


def leaning(points: float) -> Leaning:
    """What a person's score leans to, in the words of the answers themselves."""
    if points >= AGREE:
        return "agree"
    return "disagree" if points <= DISAGREE else "between"
