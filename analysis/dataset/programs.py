"""Data sets as SPSS .sav and Stata .dta, by ReadStat (pyreadstat)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.dataset.cells import EMPTY, Cells, Column, is_empty, texts
from analysis.dataset.columns import CODES
from analysis.dataset.files import whole_path
from analysis.dataset.labels import Shortened, labels
from instrument.codebook import Variable
from instrument.limits import SPSS, STATA, fit
from instrument.model import Language

if TYPE_CHECKING:
    import pandas as pd

LOWEST, HIGHEST = min(CODES.values()), max(CODES.values())
"""SPSS's range of user-missing codes: -5 thru -1."""
STATA_CODES = {-1: "a", -2: "b", -3: "c", -4: "d", -5: "e"}
"""Stata's extended missing values: .a not seen ... .e not applicable."""

_FORMATS = {"score": "F8.2", "pomp": "F8.1", "seconds": "F8.1"}
_DATE = "SUBMITTED_ON"


def write_sav(
    path: Path,
    table: dict[str, Column],
    variables: Sequence[Variable],
    language: Language,
    *,
    title: str,
) -> tuple[Shortened, ...]:
    """Write an SPSS file; return the labels that had to be shortened. ``table`` is used up.

    Items, questions and flags are numbers with value labels; -5 thru -1 are user-missing; cells
    that are not there are system-missing; measurement levels are the codebook's.
    """
    import pyreadstat

    told = labels(variables, language, SPSS)
    coded = {row.name for row in variables if row.missing and _is_number(table[row.name])}
    formats = {row.name: _format(row, table[row.name]) for row in variables}
    values = _of_numbers(told.values, table)
    with whole_path(path) as temporary:
        pyreadstat.write_sav(
            _frame(table, variables, lambda _, column: _spss(column)),
            temporary,
            file_label=fit(title, 64),
            column_labels=dict(told.variables),
            variable_value_labels=values,
            missing_ranges={name: [{"lo": LOWEST, "hi": HIGHEST}] for name in coded},
            variable_measure={row.name: row.measure for row in variables},
            variable_format={name: one for name, one in formats.items() if one},
            row_compress=True,
        )
    return told.shortened


def write_dta(
    path: Path,
    table: dict[str, Column],
    variables: Sequence[Variable],
    language: Language,
    *,
    title: str,
) -> tuple[Shortened, ...]:
    """Write a Stata 14+ file; return the labels that had to be shortened. ``table`` is used up.

    -1 ... -5 are the extended missing values .a ... .e, labelled like answers; cells that are
    not there are ".".
    """
    import pyreadstat

    told = labels(variables, language, STATA)
    coded = {row.name for row in variables if row.missing and _is_number(table[row.name])}
    values: dict[str, Any] = {
        name: {_stata_value(name, value, coded): label for value, label in found.items()}
        for name, found in _of_numbers(told.values, table).items()
    }
    with whole_path(path) as temporary:
        pyreadstat.write_dta(
            _frame(table, variables, lambda name, column: _stata(column, coded=name in coded)),
            temporary,
            file_label=fit(title, 80),
            column_labels=dict(told.variables),
            variable_value_labels=values,
            missing_user_values={name: list(STATA_CODES.values()) for name in coded},
        )
    return told.shortened


def _frame(
    table: dict[str, Column], variables: Sequence[Variable], shown: Callable[[str, Column], Column]
) -> pd.DataFrame:
    """Return what is to be written; each column leaves ``table`` as its twin is made."""
    import pandas as pd

    return pd.DataFrame(
        {row.name: shown(row.name, table.pop(row.name)) for row in variables}, copy=False
    )


def _is_number(column: Column) -> bool:
    return column.dtype.kind == "i"


def _of_numbers(values: dict[str, dict[int, str]], table: Cells) -> dict[str, dict[Any, str]]:
    """Leave out labels of columns of text, which have none."""
    return {name: dict(found) for name, found in values.items() if _is_number(table[name])}


def _format(row: Variable, column: Column) -> str:
    """Return how SPSS shows a variable; "" = as it likes."""
    if row.name.startswith(_DATE):
        return "SDATE10"
    if _is_number(column):
        return "F8.0"
    return _FORMATS.get(row.kind, "")


def _spss(column: Column) -> Column:
    """Return a column with NaN (None in texts and dates) where it has no cell."""
    if not _is_number(column):
        return texts(column) if column.dtype.kind == "O" else column
    empty = is_empty(column)
    if not empty.any():
        return column
    return np.where(empty, np.nan, column.astype(np.float64))


def _stata(column: Column, *, coded: bool) -> Column:
    """Return a column with letters for the missing codes; each value is one shared object."""
    if not _is_number(column):
        return _spss(column)
    values, places = np.unique(column, return_inverse=True)
    shown = np.empty(len(values), object)
    for place, value in enumerate(values.tolist()):
        lettered = STATA_CODES.get(value, value) if coded else value
        shown[place] = None if value == EMPTY else lettered
    found: Column = shown[places]
    return found if coded else _spss(column)


def _stata_value(name: str, value: int, coded: set[str]) -> int | str:
    return STATA_CODES.get(value, value) if name in coded else value
