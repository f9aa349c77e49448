"""What can be wrong with a plan, one class a meaning."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.errors import AnalysisError
from instrument.errors import Fault


class PlanError(AnalysisError):
    """Base of the faults of a plan; never raised directly."""


class UnknownPlan(PlanError):
    """There is no plan or rules file of that name."""


class InvalidPlan(PlanError):
    """A plan has faults; all of them are listed, not only the first."""

    def __init__(self, source: str, faults: Sequence[Fault]) -> None:
        self.source = source
        self.faults = tuple(faults)
        lines = "\n".join(f"  - {fault}" for fault in self.faults)
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        super().__init__(f"{source} has {count}; mend them and check again:\n{lines}")


class PlanChanged(PlanError):
    """A frozen plan, or the rules it follows, is not what was frozen."""


class AlreadyFrozen(PlanError):
    """A frozen plan is not frozen again: that would hide the first date."""


class WrongPlan(PlanError):
    """The plan is for another questionnaire than the one given."""
