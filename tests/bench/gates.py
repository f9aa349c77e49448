"""The limits of the bench: one line each, passed or failed."""

from __future__ import annotations

from dataclasses import dataclass

CPU_SECTIONS = 15.0
"""CPU s per 1,000 completed visits, nine sections saved one by one."""
CPU_ONCE = 3.0
"""CPU s per 1,000 completed visits, one submit."""
SHARE_OF_FLOOR = 0.40
"""Completed/s over the floor's in the same round."""
PSS_MB = 100.0
STORED_SHARE = 0.95
"""With 100,000 responses stored against the empty store."""
NOISY = 0.10
"""Spread of completed/s between rounds from which on wall time decides nothing."""
FIRST_VISIT_KB = 60.0
FIRST_VISIT_REQUESTS = 8
START_CPU = 2.0
START_RSS_MB = 120.0


@dataclass(frozen=True)
class Gate:
    """One limit and what was measured against it."""

    name: str
    value: float
    limit: float
    at_most: bool = True
    unit: str = ""
    remark: str = ""

    @property
    def passed(self) -> bool:
        """Whether the limit is kept."""
        return self.value <= self.limit if self.at_most else self.value >= self.limit

    def __str__(self) -> str:
        sign = "<=" if self.at_most else ">="
        line = f"{self.name}: {self.value:.4g} {self.unit} ({sign} {self.limit:.4g})"
        return f"{line}; {self.remark}" if self.remark else line


def stored_gate(name: str, *, wall: float, cpu: float, noise: float) -> Gate:
    """100,000 stored against empty: by throughput, or by CPU where wall time is too noisy."""
    both = f"throughput {wall:.3f}, CPU {cpu:.3f} of the empty store, wall spread {noise:.0%}"
    judged, by = (cpu, "CPU") if noise > NOISY else (wall, "throughput")
    return Gate(name, judged, STORED_SHARE, at_most=False, remark=f"by {by}: {both}")
