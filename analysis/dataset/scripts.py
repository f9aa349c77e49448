"""What reads the CSV file into R and SPSS with labels, levels and missing values; a citation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from analysis.dataset.codebooks import About
from analysis.dataset.files import whole_file
from analysis.dataset.labels import labels
from analysis.dataset.programs import HIGHEST, LOWEST
from instrument.codebook import Variable
from instrument.limits import SPSS
from instrument.model import Language

_TEXTS = ("meta", "open")
_DATE = "SUBMITTED_ON"
_SPSS_TEXT_BYTES = 1200
"""Room of an open text: 300 characters of up to four bytes."""


def _is_text(row: Variable) -> bool:
    return row.kind in _TEXTS and not row.name.startswith(_DATE)


# --- R ----------------------------------------------------------------------------------


def write_r(path: Path, about: About, variables: Sequence[Variable], language: Language) -> None:
    """Write an R script (base R only) that makes ``data`` and ``answers``.

    ``data``: numbers, missing codes as NA, with the attributes ``label``, ``labels`` and
    ``na_range`` that haven uses. ``answers``: the same with factors, ordered where the answers
    are.
    """

    def put(row: Variable) -> list[str]:
        name = _r(row.name)
        lines = [f'attr(data[[{name}]], "label") <- {_r(row.label.in_(language))}']
        if row.values:
            pairs = ", ".join(f"{_r(label.in_(language))} = {value}" for value, label in row.values)
            lines.append(f'attr(data[[{name}]], "labels") <- c({pairs})')
        return lines

    coded = [row.name for row in variables if row.missing and row.kind not in _TEXTS]
    ordered = [row.name for row in variables if row.values and row.measure == "ordinal"]
    named = [row.name for row in variables if row.values and row.measure == "nominal"]
    kinds = ", ".join(
        f'{_r(row.name)} = "{"character" if row.kind in _TEXTS else "numeric"}"'
        for row in variables
    )
    lines = [
        f"# {about.name}: {about.rows} rows. Run it in the folder of the files; needs no package.",
        f"# SHA-256 of the CSV file: {about.sha256}",
        f"file <- {_r(about.name + '.csv')}",
        f"kinds <- c({kinds})",
        'data <- read.csv(file, colClasses = kinds, na.strings = "", check.names = FALSE,',
        '                 encoding = "UTF-8", strip.white = FALSE)',
        "# A text that a spreadsheet would run as a formula has a ' before it: take it off.",
        'for (name in names(kinds)[kinds == "character"])',
        '  data[[name]] <- sub("^\'(?=[\'=+@\\t\\r-])", "", data[[name]], perl = TRUE)',
        f"for (name in names(data)[startsWith(names(data), {_r(_DATE)})])",
        "  data[[name]] <- as.Date(data[[name]])",
        "# -1 not seen, -2 skipped, -3 skipped after the prompt, -4 refused, -5 not applicable.",
        f"coded <- {_r_vector(coded)}",
        f"for (name in coded) data[[name]][data[[name]] %in% {LOWEST}:{HIGHEST}] <- NA",
        f'for (name in coded) attr(data[[name]], "na_range") <- c({LOWEST}, {HIGHEST})',
        *(line for row in variables for line in put(row)),
        "answers <- data",
        f"ordered <- {_r_vector(ordered)}",
        f"named <- {_r_vector(named)}",
        "for (name in c(ordered, named)) {",
        '  levels <- attr(data[[name]], "labels")',
        "  answers[[name]] <- factor(data[[name]], levels = levels, labels = names(levels),",
        "                            ordered = name %in% ordered)",
        '  attr(answers[[name]], "label") <- attr(data[[name]], "label")',
        "}",
    ]
    _write(path, lines)


def _r(text: str) -> str:
    """Return a string of R: JSON's escapes are R's, apart from the slash."""
    return json.dumps(text, ensure_ascii=False)


def _r_vector(names: Sequence[str]) -> str:
    return "c(" + ", ".join(map(_r, names)) + ")" if names else "character(0)"


# --- SPSS -------------------------------------------------------------------------------


def write_sps(path: Path, about: About, variables: Sequence[Variable], language: Language) -> None:
    """Write an SPSS syntax file: formats, labels, missing values and levels of every variable."""
    told = labels(variables, language, SPSS)
    coded = [row.name for row in variables if row.missing and row.kind not in _TEXTS]
    lines = [
        "* Encoding: UTF-8.",
        f"* {about.name}: {about.rows} rows. SHA-256 of the CSV file: {about.sha256}.",
        "SET DECIMAL=DOT.",
        f"GET DATA /TYPE=TXT /FILE={_s(about.name + '.csv')} /ENCODING='UTF8'",
        "  /ARRANGEMENT=DELIMITED /DELIMITERS=',' /QUALIFIER='\"' /FIRSTCASE=2",
        "  /VARIABLES=",
        *(f"    {row.name} {_spss_format(row)}" for row in variables),
        "  .",
        "VARIABLE LABELS",
        *(f"  {row.name} {_s(told.variables[row.name])}" for row in variables),
        "  .",
    ]
    for row in variables:
        if row.name in told.values and not _is_text(row):
            lines.append(f"VALUE LABELS {row.name}")
            lines += [f"  {value} {_s(label)}" for value, label in told.values[row.name].items()]
            lines.append("  .")
    lines += [f"MISSING VALUES {name} ({LOWEST} THRU {HIGHEST})." for name in coded]
    lines += [f"VARIABLE LEVEL {row.name} ({row.measure.upper()})." for row in variables]
    lines.append("EXECUTE.")
    _write(path, lines)


def _spss_format(row: Variable) -> str:
    if row.name.startswith(_DATE):
        return "SDATE10"
    if row.kind == "open":
        return f"A{_SPSS_TEXT_BYTES}"
    if row.kind == "meta":
        return "A32"
    return "F8.2" if row.kind in ("score", "pomp", "seconds") else "F8.0"


def _s(text: str) -> str:
    """Return a string of SPSS: in quotes, quotes doubled, on one line."""
    return "'" + " ".join(text.split()).replace("'", "''") + "'"


# --- citation ---------------------------------------------------------------------------


def write_citation(path: Path, about: About, language: Language) -> None:
    """Write how to cite the data set, as a Citation File (CFF 1.2)."""
    told = {
        "cff-version": "1.2.0",
        "message": {
            "id": "Bila memakai data ini, mohon kutip seperti di bawah.",
            "en": "If you use these data, please cite them as below.",
        }[language],
        "type": "dataset",
        "title": f"{about.title.in_(language)} ({about.name})",
        "version": about.version,
        "date-released": about.made_on,
    }
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in told.items()]
    lines += [
        "authors:",
        f"  - name: {json.dumps(about.community, ensure_ascii=False)}",
        "identifiers:",
        "  - type: other",
        f"    value: {json.dumps('sha256:' + about.sha256)}",
        f"    description: {json.dumps(about.name + '.csv')}",
        "keywords:",
        f"  - {json.dumps(about.instrument.key + ' ' + about.instrument.version)}",
    ]
    _write(path, lines)


def _write(path: Path, lines: Sequence[str]) -> None:
    with whole_file(path) as file:
        file.write(("\n".join(lines) + "\n").encode())
