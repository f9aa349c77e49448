"""Waves side by side, from published cards only; what was asked in other words stays apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.published_cards import Published
from app.scorecards.contexts import Scale, View
from app.scorecards.view import view_of
from instrument.model import Language


@dataclass(frozen=True, slots=True)
class Comparison:
    """Columns of waves, the oldest first, and a row for each scale."""

    waves: tuple[View, ...]
    rows: tuple[tuple[str, tuple[Scale | None, ...]], ...]
    """Name of the scale; its place on each card, None where that card has none."""
    apart: tuple[View, ...]
    """Waves whose questionnaire had other words: not to be read as a course."""


def of(cards: Sequence[Published], language: Language) -> Comparison:
    """Compare the newest card with those before that asked the same; ``cards`` newest first."""
    if not cards:
        return Comparison((), (), ())
    same = [one for one in reversed(cards) if _asked(one) == _asked(cards[0])]
    views = tuple(view_of(one.card, language) for one in same)
    found = [{scale.code: scale for scale in view.scales} for view in views]
    names = {scale.code: scale.name for view in views for scale in view.scales}
    return Comparison(
        waves=views,
        rows=tuple((name, tuple(one.get(code) for one in found)) for code, name in names.items()),
        apart=tuple(
            view_of(one.card, language)
            for one in reversed(cards)
            if _asked(one) != _asked(cards[0])
        ),
    )


def _asked(one: Published) -> tuple[str, str]:
    return one.wording, one.form
