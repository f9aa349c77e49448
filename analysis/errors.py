"""What can be wrong with data or with an analysis, one class a meaning.

Two families. `DataError`: the file cannot be read as answers to the questionnaire; the
message names line, column and value, so that a person can mend the cell. Everything else
under `AnalysisError`: the file is fine, but the number asked for does not exist or must
not be trusted; the message names the items and says what to do next.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SHOWN = 10
"""How many bad cells a message names; all of them are counted."""


class AnalysisError(Exception):
    """Base of this package's errors; never raised directly."""


class NotEnoughData(AnalysisError):
    """Too few rows, items or distinct answers for the number asked for."""


class NotConverged(AnalysisError):
    """An iterative estimate did not settle; no number is given in its place."""


class ImproperSolution(AnalysisError):
    """No admissible number exists, or a caller insisted on a proper one."""

    def __init__(self, message: str, items: Iterable[str] = ()) -> None:
        self.items = tuple(items)
        super().__init__(message)


class NotIdentified(AnalysisError):
    """A model's parameters cannot be told apart by any data; nothing is fitted."""

    def __init__(self, message: str, parameters: Iterable[str] = ()) -> None:
        self.parameters = tuple(parameters)
        super().__init__(message)


class DegenerateItem(AnalysisError):
    """Items with one value only: no variance, so no correlation with anything."""

    def __init__(
        self, items: Iterable[str], *, values: Sequence[object] = (), group: str = ""
    ) -> None:
        self.items = tuple(items)
        self.group = group
        several = len(self.items) > 1
        named = ", ".join(self.items)
        what = "have" if several else "has"
        same = f" ({', '.join(str(value) for value in values)})" if values else ""
        drop = f"--without {','.join(self.items)}" + (", or leave out the group" if group else "")
        where = f" in group {group}" if group else ""
        super().__init__(
            f"{'Items' if several else 'Item'} {named} {what} one value only{same}{where} among "
            f"the rows used, so nothing can correlate with {'them' if several else 'it'}. "
            f"Look at the raw answers, or run again leaving out: {drop}"
        )


class NotCategorical(AnalysisError):
    """An item of ordered categories holds something that is no category."""

    def __init__(self, item: str, value: str, why: str) -> None:
        self.items = (item,)
        self.value = value
        super().__init__(
            f"Item {item} holds {value}, which is no category: {why}. Look at the raw answers."
        )


class WrongArgument(AnalysisError):
    """An option, a count or a name given to a function cannot be; nothing was computed."""


class UnknownName(AnalysisError):
    """A scale, item or option was named that the questionnaire does not have."""


@dataclass(frozen=True, slots=True)
class BadCell:
    """One cell that cannot be an answer."""

    line: int
    """Line of the file, the header being line 1."""
    column: str
    value: str
    expected: str = ""
    """What we compute for a derived column; empty for an answer."""

    def __str__(self) -> str:
        ours = f", we compute {self.expected!r}" if self.expected else ""
        return f"line {self.line}, column {self.column}: {self.value!r}{ours}"


class DataError(AnalysisError):
    """Base of the faults of a data file; never raised directly."""


class EmptyFile(DataError):
    """The file has no rows of answers."""

    def __init__(self, source: object) -> None:
        super().__init__(f"{source} holds no rows of answers; give a CSV with a header and rows.")


class MissingColumn(DataError):
    """Columns of the questionnaire are not in the file."""

    def __init__(self, source: object, columns: Iterable[str], hint: str = "") -> None:
        self.columns = tuple(columns)
        named = ", ".join(self.columns)
        word = "column" if len(self.columns) == 1 else "columns"
        super().__init__(
            f"{source} lacks the {word} {named}. Add {'it' if word == 'column' else 'them'}, "
            "or use the definition that belongs to this file." + (f" {hint}" if hint else "")
        )


class DuplicateName(DataError):
    """The header names a column twice, or two rows carry the same id."""

    def __init__(self, source: object, names: Iterable[str]) -> None:
        self.names = tuple(names)
        super().__init__(
            f"{source} has the name {', '.join(self.names)} more than once; keep one of them."
        )


class _BadCells(DataError):
    """Cells that cannot be answers; every one is counted, the first `SHOWN` are named."""

    reason = "cannot be read"

    def __init__(
        self,
        source: object,
        cells: Sequence[BadCell],
        total: int | None = None,
        hint: str = "",
    ) -> None:
        self.cells = tuple(cells[:SHOWN])
        self.total = len(cells) if total is None else total
        shown = "; ".join(str(cell) for cell in self.cells)
        rest = self.total - len(self.cells)
        more = f"; and {rest} more" if rest > 0 else ""
        count = "1 cell" if self.total == 1 else f"{self.total} cells"
        super().__init__(
            f"{source}: {count} {self.reason}: {shown}{more}." + (f" {hint}" if hint else "")
        )


class NotANumber(_BadCells):
    """Text stands where a number belongs."""

    reason = "hold text where a number belongs (leave an empty cell for no answer)"


class OutOfRange(_BadCells):
    """A number lies outside the answer options."""

    reason = "lie outside the answer options of the definition"


class ScoresDisagree(_BadCells):
    """A derived column of the file is not what the definition gives for its answers."""

    reason = (
        "are not what the definition gives for the answers of their row "
        "(leave the derived columns out, or use the definition they were made with)"
    )


class BadEncoding(DataError):
    """The file is not UTF-8 text."""

    def __init__(self, source: object, line: int, what: str = "") -> None:
        self.line = line
        found = f"is {what}" if what else f"holds bytes that are not UTF-8 in line {line}"
        super().__init__(
            f"{source} {found}; save it as CSV in UTF-8 "
            '(Excel: "CSV UTF-8", LibreOffice: character set "Unicode (UTF-8)").'
        )


class RaggedRow(DataError):
    """A row has more or fewer cells than the header has names."""

    def __init__(self, source: object, line: int, cells: int, names: int) -> None:
        self.line = line
        more = (
            " If numbers have decimal commas, save the file with decimal points or with semicolons."
            if cells > names
            else ""
        )
        super().__init__(
            f"{source}: line {line} has {cells} cells, the header has {names} names; "
            f"mend the line.{more}"
        )


class AnotherVersion(DataError):
    """The rows were answered to another version of the questionnaire."""

    def __init__(self, source: object, versions: Iterable[str], given: str) -> None:
        self.versions = tuple(versions)
        super().__init__(
            f"{source} holds answers to version {', '.join(self.versions)}, and the definition "
            f"given is version {given}; give the definition of the version that was answered, "
            "one version a file."
        )
