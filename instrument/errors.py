"""What can be wrong with a definition or with answers, one class a meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class InstrumentError(Exception):
    """Base of this package's errors; never raised directly."""


@dataclass(frozen=True)
class Fault:
    """One fault of a definition: where it stands and what to do about it."""

    where: str
    """Line (``line 12``) or key path (``items.MOT1.text.en``)."""
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


class InvalidDefinition(InstrumentError):
    """A definition has faults; all of them are listed, not only the first."""

    def __init__(self, source: str, faults: Sequence[Fault]) -> None:
        self.source = source
        self.faults = tuple(faults)
        lines = "\n".join(f"  - {fault}" for fault in self.faults)
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        super().__init__(f"{source} has {count}; mend them and check again:\n{lines}")


class UnknownInstrument(InstrumentError):
    """No definition of that key and version is installed."""


class DigestMismatch(InstrumentError):
    """A published definition was changed; published versions never change."""
