"""Several waves in one file: one row an answer sheet (long), or one row a person (wide)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from analysis.dataset.cells import EMPTY, Cells, Column
from instrument.codebook import Variable
from instrument.limits import WAVE_SUFFIX
from instrument.model import Text

PERSON = frozenset({"background", "simulated"})
"""Kinds that belong to the person and stand once in a wide file."""


def wide_variables(variables: Sequence[Variable], waves: Sequence[int]) -> tuple[Variable, ...]:
    """Return the variables of a wide file: the person's once, all others once a wave.

    ``MOT1`` of wave 2 is ``MOT1_W2``. WAVE itself is in the names and left out.
    """
    (pid,) = (row for row in variables if row.name == "PID")
    own = [row for row in variables if row.kind in PERSON]
    repeated = [
        row for row in variables if row.kind not in PERSON and row.name not in ("PID", "WAVE")
    ]
    return (
        pid,
        *(
            replace(
                row,
                name=f"{row.name}{WAVE_SUFFIX}{wave}",
                label=Text(
                    id=f"{row.label.in_('id')} (gelombang {wave})",
                    en=f"{row.label.in_('en')} (wave {wave})",
                ),
            )
            for wave in waves
            for row in repeated
        ),
        *own,
    )


def wide(tables: Mapping[int, Cells], variables: Sequence[Variable]) -> dict[str, Column]:
    """Join waves by person.

    ``tables`` the long cells by number of the wave; ``variables`` the long ones. Somebody who
    did not answer a wave has no cells there (not even a missing code). What belongs to the
    person is taken from the last wave in which it was answered. Rows in the order of PID, which
    is a random one.
    """
    people = sorted({pid for table in tables.values() for pid in table["PID"].tolist()})
    row_of = {pid: row for row, pid in enumerate(people)}
    at = {
        wave: np.array([row_of[pid] for pid in table["PID"].tolist()], np.int64)
        for wave, table in tables.items()
    }
    joined: dict[str, Column] = {"PID": _blank(np.array(people, object), len(people))}
    joined["PID"][:] = people
    for wave, table in tables.items():
        for row in variables:
            if row.kind in PERSON or row.name in ("PID", "WAVE"):
                continue
            column = _blank(table[row.name], len(people))
            column[at[wave]] = table[row.name]
            joined[f"{row.name}{WAVE_SUFFIX}{wave}"] = column
    for row in variables:
        if row.kind in PERSON:
            joined[row.name] = _latest(row.name, tables, at, len(people))
    return joined


def _latest(
    name: str, tables: Mapping[int, Cells], at: Mapping[int, Column], people: int
) -> Column:
    """Return the last answer of each person; where there is none, the last missing code."""
    column = np.full(people, EMPTY, np.int32)
    for wave in sorted(tables):
        new = tables[wave][name].astype(np.int32)
        old = column[at[wave]]
        column[at[wave]] = np.where((new < 0) & (old >= 0), old, new)
    return column


def _blank(like: Column, n: int) -> Column:
    if like.dtype.kind == "f":
        return np.full(n, np.nan)
    if like.dtype.kind == "i":
        return np.full(n, EMPTY, np.int32)
    return np.full(n, None, object)
