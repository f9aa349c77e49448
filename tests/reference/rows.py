"""One statistic of ours beside R's: what every ``table_*.py`` of this folder yields."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One number of ours and of R, how far they may be apart, and the R call."""

    statistic: str
    ours: float
    r: float
    tolerance: float
    r_call: str
    data: str

    @property
    def difference(self) -> float:
        """Absolute difference."""
        return abs(self.ours - self.r)

    @property
    def agrees(self) -> bool:
        """Whether the difference is within the tolerance."""
        return self.difference <= self.tolerance

    def __str__(self) -> str:
        return f"{self.data} {self.statistic}"
