"""What a card of a questionnaire shows, as data: order, plain words, behaviours, references.

One TOML file a questionnaire key in ``specs/``. A questionnaire without one gets a plain
card: its scales in the definition's order, under their public names, with their definitions.
Pydantic and the standard library only.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Literal, Self

from pydantic import Field, model_validator

from instrument.model import Instrument, Text
from instrument.names import KEY
from instrument.wording import Frozen


class ScaleWords(Frozen):
    """One construct's plain words on a card."""

    code: str
    meaning: Text
    """One sentence: what it is about."""
    strength: Text = Text(id="anggota menilainya baik", en="members rate it well")
    """What being strong means: a clause to stand after "Name:", without a full stop."""
    attention: Text = Text(
        id="banyak anggota belum menilainya baik", en="many members do not rate it well yet"
    )
    """What needing attention means: likewise."""
    topic: Text | None = None
    """What to talk about where it needs attention or has fallen."""
    keep: Text | None = None
    """What to talk about where it is strong."""


class Attendance(Frozen):
    """The tiles of the meetings' log."""

    kind: Literal["informal", "training", "bazaar"] = "informal"
    name: Text = Text(
        id="Hadir di acara santai, rata-rata tiap acara",
        en="At an informal event, mean per event",
    )
    ever: Text = Text(id="Pernah hadir, sekali atau lebih", en="Came at least once")
    reference: int | None = Field(default=None, ge=0, le=100)
    """Percent of the dashed line."""
    reference_name: Text | None = None
    attention_below: int = 25
    strong_from: int = 50
    """Whole percent; provisional conventions."""

    @model_validator(mode="after")
    def _reference_has_source(self) -> Self:
        if (self.reference is None) != (self.reference_name is None):
            raise ValueError("a reference line stands with its source, and only with it")
        return self


class Reported(Frozen):
    """A tile of what respondents say they do: answers of at least ``least``."""

    code: Literal["shared", "partnership"]
    question: str
    least: int
    name: Text


class ObstacleWords(Frozen):
    """The question whose most named answer is the obstacle."""

    question: str
    nothing: tuple[int, ...] = ()
    """Answers that name none ("tidak ada")."""


class Spec(Frozen):
    """What a card of one questionnaire shows."""

    key: str
    aspects: tuple[str, ...]
    """Scales under the first heading, in order."""
    others: tuple[str, ...] = ()
    outcome: str | None = None
    """What the aspects are related to."""
    attendance: Attendance = Attendance()
    reported: tuple[Reported, ...] = ()
    obstacle: ObstacleWords | None = None
    scales: tuple[ScaleWords, ...]

    @model_validator(mode="after")
    def _words_for_each(self) -> Self:
        told = [one.code for one in self.scales]
        if len(set(self.order)) != len(self.order) or sorted(told) != sorted(self.order):
            raise ValueError(f"order {self.order} and words {told} do not name the same scales")
        return self

    @property
    def order(self) -> tuple[str, ...]:
        """All scales in the order of the card."""
        return (*self.aspects, *self.others)

    def words(self, code: str) -> ScaleWords:
        """Return one scale's words; KeyError if the card does not show it."""
        for one in self.scales:
            if one.code == code:
                return one
        raise KeyError(code)


def spec_of(instrument: Instrument) -> Spec:
    """Return what a card of this questionnaire shows; its own spec, or the plain one.

    ValueError where a spec names a scale or question that the version does not have, or an
    index, which never stands beside scales (COC outside COM).
    """
    spec = _stored(instrument.key) or plain(instrument)
    scales = {scale.code for scale in instrument.scales if scale.kind == "scale"}
    questions = {question.code for question in instrument.questions}
    asked = {one.question for one in spec.reported}
    asked |= {spec.obstacle.question} if spec.obstacle else set()
    wrong = [*(set(spec.order) - scales), *(asked - questions)]
    if wrong:
        raise ValueError(
            f"the card of {instrument.key} names {', '.join(sorted(wrong))}, which version "
            f"{instrument.version} does not have as a scale or question; mend specs/"
            f"{instrument.key}.toml"
        )
    return spec


def plain(instrument: Instrument) -> Spec:
    """Return the card of a questionnaire that has no spec."""
    scales = [scale for scale in instrument.scales if scale.kind == "scale"]
    return Spec(
        key=instrument.key,
        aspects=tuple(scale.code for scale in scales),
        scales=tuple(ScaleWords(code=scale.code, meaning=scale.definition) for scale in scales),
    )


@cache
def _stored(key: str) -> Spec | None:
    if not KEY.fullmatch(key):
        return None
    file = resources.files("analysis.scorecard") / "specs" / f"{key}.toml"
    if not file.is_file():
        return None
    return Spec.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
