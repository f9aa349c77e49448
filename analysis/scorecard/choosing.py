"""What to say first: strengths, what to work on, one topic. By state and change, never by rank."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.scorecard.model import Change, ScaleCard, Topic
from analysis.scorecard.spec import Spec

MOST = 3


def word_of(scale: ScaleCard) -> str:
    """Return the change word of a scale, ``unclear`` where none is told."""
    return scale.change.word if isinstance(scale.change, Change) else "unclear"


def strengths(scales: Sequence[ScaleCard]) -> tuple[str, ...]:
    """At most three strong scales that did not fall; those that rose have first claim."""
    strong = [one for one in scales if one.state == "strong" and word_of(one) != "down"]
    return _first(strong, "up")


def work_on(scales: Sequence[ScaleCard]) -> tuple[str, ...]:
    """At most three scales that need attention or fell; those that fell have first claim."""
    weak = [
        one
        for one in scales
        if one.state == "attention" or (word_of(one) == "down" and one.state != "not_enough")
    ]
    return _first(weak, "down")


def _first(scales: list[ScaleCard], word: str) -> tuple[str, ...]:
    """Three by claim (sorting is stable), told in the order of the card."""
    chosen = {one.code for one in sorted(scales, key=lambda one: word_of(one) != word)[:MOST]}
    return tuple(one.code for one in scales if one.code in chosen)


def topic(spec: Spec, strong: Sequence[str], weak: Sequence[str]) -> Topic | None:
    """One thing to talk about: the first to work on, else how to keep the first strength."""
    for code in weak:
        text = spec.words(code).topic
        if text is not None:
            return Topic(scale=code, text=text)
    for code in strong:
        text = spec.words(code).keep
        if text is not None:
            return Topic(scale=code, text=text)
    return None
