"""What the templates of rights may see."""

from __future__ import annotations

from dataclasses import dataclass

from instrument.model import Text


@dataclass(frozen=True, slots=True)
class Line:
    """One question and what is stored for it, in words."""

    question: Text
    answer: str
    given: bool
    """Whether it is an answer, not a reason for none."""


@dataclass(frozen=True, slots=True)
class Box:
    """One consent choice."""

    code: str
    label: str
    granted: bool
    fixed: bool
    """Taking part itself: it cannot be taken back alone."""


@dataclass(frozen=True, slots=True)
class Block:
    """One wave's answers."""

    id: str
    wave_id: int
    title: str
    facts: tuple[str, ...]
    lines: tuple[Line, ...]
    unseen: int
    boxes: tuple[Box, ...]
    consents: tuple[str, ...]
    """When and to which text, newest first."""
    narrow: bool
    """Whether one purpose can be taken back and another stays."""
    changeable_until: str
    """Empty where it can no longer be changed."""


@dataclass(frozen=True, slots=True)
class Background:
    """What was asked once for all waves."""

    asked_on: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class RequestKind:
    """One kind of request a member may file."""

    code: str
    label: str
