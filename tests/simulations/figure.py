"""One simulated quantity, its Monte Carlo error, and the bound it must keep."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

REACH = 3.3
"""Monte Carlo standard errors allowed beyond a bound where fewer draws are made: a quantity
that lies on the bound then fails once in 2,000 tries."""
TENTH = 0.1
"""Share of the draws the test suite makes."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A simulated quantity.

    ``low`` and ``high`` bind the full run as they stand. With fewer draws each is moved out by
    `REACH` standard errors of so few draws: sqrt(b (1 - b) / draws) of a share at the bound b,
    the error found of a mean. ``scaled``: the bound already counts in standard errors, and
    never moves.
    """

    quantity: str
    result: float
    error: float
    """Monte Carlo standard error; NaN where the value is exact."""
    draws: int
    seed: int
    expected: str = ""
    """The truth, or what the specification found."""
    low: float = -math.inf
    high: float = math.inf
    kind: Literal["share", "mean", "scaled"] = "share"

    @property
    def bound(self) -> str:
        """The bound in words; a dash where the figure is only told."""
        if math.isfinite(self.low) and math.isfinite(self.high):
            return f"{number(self.low)} to {number(self.high)}"
        if math.isfinite(self.high):
            return f"≤ {number(self.high)}"
        return f"≥ {number(self.low)}" if math.isfinite(self.low) else "–"

    def holds(self, *, full: bool) -> bool:
        """Whether the result keeps its bound, in the full run or in one of fewer draws."""
        return self.low - self._room(self.low, full) <= self.result <= self.high + self._room(
            self.high, full
        )  # fmt: skip

    def _room(self, bound: float, full: bool) -> float:
        if full or self.kind == "scaled" or not math.isfinite(bound):
            return 0.0
        if self.kind == "mean":
            return REACH * self.error
        return REACH * math.sqrt(bound * (1 - bound) / self.draws)


def share(quantity: str, hits: float, draws: int, seed: int, **bound: object) -> Figure:
    """Make the figure of ``hits`` of ``draws``, with the binomial standard error."""
    p = float(hits) / draws
    error = math.sqrt(p * (1 - p) / draws)
    return Figure(quantity=quantity, result=p, error=error, draws=draws, seed=seed, **bound)  # type: ignore[arg-type]


def number(x: float) -> str:
    """Print with the digits a reader can use."""
    text = f"{x:.4f}" if abs(x) < 10 else f"{x:.2f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True)
class Study:
    """A subject: groups of figures that come from the same draws."""

    title: str
    about: str
    """What is drawn and what is asked of it, for the page."""
    figures: Callable[[float], Iterator[list[Figure]]]
    """Given the share of the full draws, yield group after group."""


def drawn(full: int, part: float) -> int:
    """How many draws a share of the full number is."""
    return math.ceil(full * part)
