"""One questionnaire at several waves as one model of a panel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.errors import DuplicateName, MissingColumn
from analysis.invariance_steps import RUNGS, equality_names

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class Waves:
    """Names of a model that repeats itself at every wave."""

    model: dict[str, tuple[str, ...]]
    waves: tuple[str, ...]

    @property
    def origin(self) -> dict[str, tuple[str, str]]:
        """Factor of the long model -> (factor, wave)."""
        return {at(factor, wave): (factor, wave) for wave in self.waves for factor in self.model}

    @property
    def later(self) -> frozenset[str]:
        """Factors of all waves but the first."""
        return frozenset(at(factor, wave) for wave in self.waves[1:] for factor in self.model)

    def names(self, rung: str) -> list[str]:
        """Names, without wave, that a rung makes equal."""
        return equality_names(self.model, markers=False)[rung]

    def across(self, level: int, freed: frozenset[str]) -> dict[str, str]:
        """Every later wave's name -> the first wave's, for all rungs up to ``level``."""
        out: dict[str, str] = {}
        for rung in RUNGS[1 : level + 1]:
            for name in self.names(rung):
                if name in freed:
                    continue
                first = self._timed(name, self.waves[0])
                out |= {self._timed(name, wave): first for wave in self.waves[1:]}
        return out

    def _timed(self, name: str, wave: str) -> str:
        if "=~" in name:
            factor, item = name.split("=~")
            return f"{at(factor, wave)}=~{at(item, wave)}"
        if name.endswith("~1"):
            return f"{at(name.removesuffix('~1'), wave)}~1"
        item = at(name.split("~~", maxsplit=1)[0], wave)
        return f"{item}~~{item}"


def at(name: str, wave: str) -> str:
    """Name of an item or factor at a wave."""
    return f"{name}@{wave}"


def panel(
    items: Sequence[str], frames_by_wave: Mapping[str, pd.DataFrame], person: str
) -> pd.DataFrame:
    """One row a person, the items of every wave side by side.

    Raises `MissingColumn`, `DuplicateName` (a person twice in a wave).
    """
    import pandas as pd

    parts = []
    for wave, frame in frames_by_wave.items():
        absent = [name for name in (person, *items) if name not in frame.columns]
        if absent:
            raise MissingColumn(f"wave {wave}", absent)
        known = frame[frame[person].notna()]
        twice = known[person][known[person].duplicated()].unique().tolist()
        if twice:
            raise DuplicateName(f"wave {wave}, column {person},", [str(p) for p in twice[:10]])
        part = known.set_index(person)[list(items)]
        part.columns = pd.Index([at(item, str(wave)) for item in items])
        parts.append(part)
    return pd.concat(parts, axis=1, join="outer")
