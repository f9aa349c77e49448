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
    """Key path (``items.MOT1.text.en``); empty where the file is no TOML at all."""
    message: str
    rule: str = ""
    """Stable name of the broken rule (``duplicate-code``)."""
    line: int | None = None
    """Line of the file, counted from 1, where it is known."""

    def __str__(self) -> str:
        place = ", ".join(
            part for part in (f"line {self.line}" if self.line else "", self.where) if part
        )
        return f"{place}: {self.message}" if place else self.message


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


class InvalidAnswers(InstrumentError):
    """Stored answer bytes do not fit the questionnaire they are said to answer."""
