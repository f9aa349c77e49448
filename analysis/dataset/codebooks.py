"""The codebook for people (HTML) and for archives (DDI-Codebook 2.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from xml.etree import ElementTree as ET

from analysis.dataset.columns import printable
from analysis.dataset.files import whole_file
from instrument.codebook import Variable
from instrument.model import LANGUAGES, Instrument, Language, Text

DDI = "ddi:codebook:2_5"
"""Namespace of DDI-Codebook 2.5."""
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_DDI_NATURE = {"nominal": "nominal", "ordinal": "ordinal", "scale": "interval"}


@dataclass(frozen=True)
class About:
    """What every text beside a data set says of it."""

    name: str
    """``sidoarjo-1-v2``: also the name of the files, without an ending."""
    title: Text
    community: str
    made_on: str
    """ISO date."""
    version: str
    """Of the data set: v1, v2 ..."""
    sha256: str
    """Of the CSV file."""
    rows: int
    instrument: Instrument
    program: str
    """``Guyub 0.1.0``."""


_WORDS: dict[str, dict[Language, str]] = {
    "codebook": {"id": "Buku kode", "en": "Codebook"},
    "rows": {"id": "baris", "en": "rows"},
    "variables": {"id": "peubah", "en": "variables"},
    "name": {"id": "Nama", "en": "Name"},
    "label": {"id": "Label", "en": "Label"},
    "values": {"id": "Nilai", "en": "Values"},
    "missing": {"id": "Kode kosong", "en": "Missing codes"},
    "level": {"id": "Tingkat ukur", "en": "Level"},
    "scale": {"id": "Skala", "en": "Scale"},
    "nominal": {"id": "nominal", "en": "nominal"},
    "ordinal": {"id": "ordinal", "en": "ordinal"},
    "measured": {"id": "skala", "en": "scale"},
    "reverse": {"id": "arah terbalik", "en": "reverse-keyed"},
    "codes": {
        "id": "Jawaban kosong: −1 belum dilihat, −2 dilewati, −3 dilewati setelah diingatkan, "
        "−4 tidak ingin menjawab, −5 tidak berlaku. Sel kosong: tidak ada skor atau waktu.",
        "en": "Missing answers: −1 not seen, −2 skipped, −3 skipped after the prompt, "
        "−4 refused, −5 not applicable. Empty cells: no score or time.",
    },
}
_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;"
    "padding:.35rem .6rem;border-bottom:1px solid #bbb}thead th{position:sticky;top:0;"
    "background:#fff}code{font-size:.95em}.w{overflow-x:auto}"
    "@media(prefers-color-scheme:dark){body,thead th{background:#14151f;color:#eee}}"
)


def write_codebook_html(
    path: Path, about: About, variables: Sequence[Variable], language: Language
) -> None:
    """Write the codebook as one page that needs nothing else."""

    def say(key: str) -> str:
        return escape(_WORDS[key][language])

    def pairs(found: Sequence[tuple[int, Text]]) -> str:
        return "<br>".join(f"{value} = {escape(label.in_(language))}" for value, label in found)

    def level(row: Variable) -> str:
        word = say("measured" if row.measure == "scale" else row.measure)
        return word + (f", {say('reverse')}" if row.keyed == "-" else "")

    about_it = (
        f"{escape(about.title.in_(language))}. {about.rows} {say('rows')}, {len(variables)} "
        f"{say('variables')}. {escape(about.instrument.key)} {escape(about.instrument.version)}."
    )

    def line(row: Variable) -> str:
        name = escape(row.name)
        cells = (
            escape(row.label.in_(language)),
            pairs(row.values),
            ", ".join(str(value) for value, _ in row.missing),
            level(row),
            escape(row.scale or ""),
        )
        told = "".join(f"<td>{cell}</td>" for cell in cells)
        return f'<tr id="{name}"><th scope="row"><code>{name}</code></th>{told}</tr>'

    heads = "".join(
        f'<th scope="col">{say(head)}</th>'
        for head in ("name", "label", "values", "missing", "level", "scale")
    )
    lines = [
        "<!doctype html>",
        f'<html lang="{language}"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f"<title>{say('codebook')} {escape(about.name)}</title><style>{_STYLE}</style></head>",
        f"<body><main><h1>{say('codebook')} {escape(about.name)}</h1>",
        f"<p>{about_it}</p><p>{say('codes')}</p>",
        f'<div class="w" tabindex="0" role="region" aria-label="{say("codebook")}">',
        f"<table><thead><tr>{heads}</tr></thead><tbody>",
        *map(line, variables),
        "</tbody></table></div></main></body></html>",
    ]
    with whole_file(path) as file:
        file.write(("\n".join(lines) + "\n").encode())


def write_ddi(path: Path, about: About, variables: Sequence[Variable]) -> None:
    """Write DDI-Codebook 2.5: citation, file, and every variable in both languages.

    ``invalrng`` lists the missing codes; their categories carry ``missing="Y"``.
    """
    ET.register_namespace("", DDI)

    def add(
        parent: ET.Element, tag: str, text: str = "", *, of: Mapping[str, str] | None = None
    ) -> ET.Element:
        made = ET.SubElement(parent, f"{{{DDI}}}{tag}", dict(of or {}))
        made.text = printable(text) or None
        return made

    def both(parent: ET.Element, name: str, text: Text) -> None:
        for language in LANGUAGES:
            add(parent, name, text.in_(language)).set(_XML_LANG, language)

    root = ET.Element(f"{{{DDI}}}codeBook", {"version": "2.5"})
    study = add(root, "stdyDscr")
    citation = add(study, "citation")
    titles = add(citation, "titlStmt")
    add(titles, "titl", about.title.in_("en")).set(_XML_LANG, "en")
    add(titles, "parTitl", about.title.in_("id")).set(_XML_LANG, "id")
    add(titles, "IDNo", about.name)
    add(add(citation, "prodStmt"), "software", about.program)
    add(add(citation, "verStmt"), "version", about.version, of={"date": about.made_on})
    info = add(study, "stdyInfo")
    both(info, "abstract", about.instrument.description)
    file = add(add(root, "fileDscr", of={"ID": "F1"}), "fileTxt")
    add(file, "fileName", f"{about.name}.csv")
    size = add(file, "dimensns")
    add(size, "caseQnty", str(about.rows))
    add(size, "varQnty", str(len(variables)))
    data = add(root, "dataDscr")
    for row in variables:
        nature = _DDI_NATURE[row.measure]
        own = {"ID": row.name, "name": row.name, "files": "F1", "nature": nature}
        one = add(data, "var", of=own)
        both(one, "labl", row.label)
        if row.missing:
            refused = add(one, "invalrng")
            for value, _ in row.missing:
                add(refused, "item", of={"VALUE": str(value)})
        for value, label in (*row.values, *row.missing):
            missing = {"missing": "Y"} if value in dict(row.missing) else None
            category = add(one, "catgry", of=missing)
            add(category, "catValu", str(value))
            both(category, "labl", label)
        numeric = row.kind not in ("meta", "open")
        add(one, "varFormat", of={"type": "numeric" if numeric else "character"})
    ET.indent(root)
    with whole_file(path) as out:
        ET.ElementTree(root).write(out, encoding="utf-8", xml_declaration=True)
