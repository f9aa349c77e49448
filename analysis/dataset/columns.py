"""Names and order of the columns of a data set's file, and how its cells are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from analysis.dataset.sharing import FULL, Sharing
from instrument import codebook
from instrument.answers import Missing
from instrument.codebook import Variable
from instrument.model import Instrument, Text
from instrument.names import META_COLUMNS

CODES: Mapping[Missing, int] = MappingProxyType({state: state.code for state in Missing})
"""Missing states in files: -1 not seen ... -5 not applicable."""

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
_MARK = "'"
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Columns:
    """The columns of a file, in order, by what they hold."""

    items: tuple[str, ...]
    reversed: tuple[str, ...]
    scores: tuple[str, ...]
    """Means, each followed by its POMP; an index has the mean only."""
    flags: tuple[str, ...]
    seconds: tuple[str, ...]
    questions: tuple[str, ...]
    simulated: tuple[str, ...]
    """The mark of simulated data, or nothing."""

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in file order."""
        return (
            *META_COLUMNS,
            *self.items,
            *self.reversed,
            *self.scores,
            *self.flags,
            *self.seconds,
            *self.questions,
            *self.simulated,
        )


def variables(
    instrument: Instrument,
    form: str = "full",
    *,
    open_texts: bool = False,
    simulated: bool = False,
    sharing: Sharing = FULL,
) -> tuple[Variable, ...]:
    """Return the variables of a data set's file, in file order.

    They are the rows of `instrument.codebook`, without the questions that ``sharing`` leaves
    out; one with merged bands is another variable (`BG5_G`), and their labels stand together
    under the lowest value.
    """
    rows = codebook.rows(instrument, form=form, open_texts=open_texts, simulated=simulated)
    return tuple(
        replace(
            row,
            name=sharing.column(row.name),
            values=_merged(row.values, sharing.merged[row.name]),
        )
        if row.name in sharing.merged
        else row
        for row in rows
        if row.name not in sharing.left_out
    )


def _merged(
    values: tuple[tuple[int, Text], ...], groups: tuple[tuple[int, ...], ...]
) -> tuple[tuple[int, Text], ...]:
    """Return one label a group: "1–2 years | 3–5 years"."""
    together: dict[int, list[Text]] = {}
    for value, label in values:
        group = next((group for group in groups if value in group), (value,))
        together.setdefault(min(group), []).append(label)
    return tuple(
        (
            value,
            Text(
                id=" | ".join(one.in_("id") for one in labels),
                en=" | ".join(one.in_("en") for one in labels),
            ),
        )
        for value, labels in together.items()
    )


def columns(
    instrument: Instrument,
    form: str = "full",
    *,
    open_texts: bool = False,
    simulated: bool = False,
    sharing: Sharing = FULL,
) -> Columns:
    """Return the columns of a data set of one form, as `variables` lists them."""
    rows = variables(instrument, form, open_texts=open_texts, simulated=simulated, sharing=sharing)

    def of(*kinds: str) -> tuple[str, ...]:
        return tuple(row.name for row in rows if row.kind in kinds)

    return Columns(
        items=of("item"),
        reversed=of("keyed"),
        scores=of("score", "pomp"),
        flags=of("flag"),
        seconds=of("seconds"),
        questions=of("behaviour", "background", "open"),
        simulated=of("simulated"),
    )


def neutralise(text: str) -> str:
    """Keep a spreadsheet from running a text as a formula: put ' before it.

    Texts starting with = + - @ tab or CR get the mark (CWE-1236), and so does a text that
    already looks marked, which makes `restore` exact for every text. Numbers are not texts
    and never pass here.
    """
    marked = text.startswith(_MARK) and text[1:].startswith((*_DANGEROUS, _MARK))
    return _MARK + text if marked or text.startswith(_DANGEROUS) else text


def restore(cell: str) -> str:
    """Undo `neutralise`."""
    if cell.startswith(_MARK) and cell[1:].startswith((*_DANGEROUS, _MARK)):
        return cell[1:]
    return cell


def printable(text: str) -> str:
    """Leave out the characters that XML 1.0, and so a workbook or DDI, cannot hold."""
    return _NO_XML.sub("", text)


def quoted(text: str) -> str:
    """Return a CSV cell (RFC 4180): quoted where it holds a comma, a quote or a line end."""
    if any(sign in text for sign in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def text_cell(text: str) -> str:
    """Return a text as a CSV cell that no spreadsheet runs; NUL characters are dropped."""
    if text.isalnum():  # codes and pseudonyms, which are most texts
        return text
    return quoted(neutralise(text.replace("\0", "")))
