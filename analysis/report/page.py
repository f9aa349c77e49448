"""The page: what was found, what it can bear, and what is not said yet."""

from __future__ import annotations

from html import escape
from pathlib import Path
from string import Template

from analysis import wording
from analysis.findings import Findings
from analysis.report import closing, levels, measurement, relations, structure
from analysis.report.markup import WARN, Numbering, paragraph
from analysis.wording import Voice
from instrument.model import Language

HERE = Path(__file__).parent
STYLE = HERE / "report.css"
NAMES: dict[Language, str] = {"id": "Bahasa Indonesia", "en": "English"}


def page_name(language: Language, main: Language = "id") -> str:
    """File name of a language's page: ``report.html`` for the main one."""
    return "report.html" if language == main else f"report.{language}.html"


def page(found: Findings, language: Language, *, source: str = "", main: Language = "id") -> str:
    """One HTML page; needs ``report.css`` beside it and nothing else.

    ``source``: name of the data file; ``main``: the language of ``report.html``.
    """
    voice = Voice(language)
    other: Language = "en" if language == "id" else "id"
    template = Template((HERE / "page.html").read_text(encoding="utf-8"))
    return template.substitute(
        lang=language,
        title=escape(_title(found, voice)),
        skip=voice("Langsung ke isi", "Skip to content"),
        other_page=page_name(other, main),
        other_lang=other,
        other_name=NAMES[other],
        body=fragment(found, language, source=source),
        foot=voice(
            "Skor tidak menunjukkan sebab-akibat. Mohon jangan mencari tahu siapa menjawab apa.",
            "Scores do not show cause and effect. Please do not try to find out who answered what.",
        ),
    )


def fragment(found: Findings, language: Language, *, source: str = "") -> str:
    """The page without its frame: what stands between ``<main>`` and ``</main>``.

    It takes the classes of ``report.css``; its tables and headings have ids.
    """
    voice = Voice(language)
    number = Numbering(voice)
    parts = [
        (anchor, title, body)
        for anchor, title, body in (
            ("taraf", voice("Taraf jawaban", "Levels"), levels.levels(found, voice, number)),
            (
                "hubungan",
                voice("Hubungan", "Relations"),
                relations.relations(found, voice, number),
            ),
            (
                "reliabilitas",
                voice("Reliabilitas", "Reliability"),
                measurement.reliability(found, voice, number),
            ),
            ("butir", voice("Butir", "Items"), measurement.items(found, voice, number)),
            (
                "faktor",
                voice("Struktur faktor", "Factors"),
                structure.factors(found, voice, number),
            ),
            (
                "belum",
                voice("Yang belum boleh dikatakan", "What cannot be said yet"),
                closing.withheld(found, voice),
            ),
            (
                "cara",
                voice("Cara menghitung", "Methods"),
                closing.methods(found, voice, source, number),
            ),
        )
        if body
    ]
    toc = "".join(f'<li><a href="#{anchor}">{escape(title)}</a></li>' for anchor, title, _ in parts)
    return "\n".join(
        [
            _opening(found, voice, source),
            f'<ul class="toc">{toc}</ul>',
            *(
                f'<section aria-labelledby="{anchor}"><h2 id="{anchor}">{escape(title)}</h2>\n'
                f"{content}</section>"
                for anchor, title, content in parts
            ),
        ]
    )


def _title(found: Findings, voice: Voice) -> str:
    title = found.instrument.title.in_(voice.language)
    return f"{voice('Laporan analisis', 'Analysis report')}: {title}"


def _opening(found: Findings, voice: Voice, source: str) -> str:
    definition = found.instrument
    wave = voice(f"gelombang {found.wave}", f"wave {found.wave}") if found.wave else ""
    eye = " · ".join(
        part for part in (source, wave, f"{definition.key} {definition.version}") if part
    )
    simulated = ""
    if found.simulated:
        simulated = (
            f'<div class="sim" role="note">{WARN}<p><b>{voice("DATA SIMULASI", "SIMULATED DATA")}'
            f"</b><br>{_simulated(voice)}</p></div>"
        )
    facts = [
        (
            voice("Baris dalam berkas", "Rows in the file"),
            voice.count(found.rows),
            _share(found, voice),
        ),
        (voice("Dipakai", "Used"), voice.count(found.used), ""),
        (
            voice("Dikeluarkan, tanda kurang cermat", "Left out, careless"),
            voice.count(found.excluded),
            "",
        ),
        (voice("Jenjang rencana", "Tier of the plan"), f"n {_tier(found.tier)}", ""),
    ]
    if found.empty:
        facts.insert(3, (voice("Tanpa jawaban", "Without answers"), voice.count(found.empty), ""))
    listed = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}"
        f"{f' <small>{escape(more)}</small>' if more else ''}</dd></div>"
        for name, value, more in facts
    )
    return (
        f"{simulated}{paragraph(eye, 'eye')}<h1>{escape(_title(found, voice))}</h1>"
        f"{paragraph(wording.verdict(found.plan, found.used, voice), 'say')}"
        f'<dl class="facts">{listed}</dl>'
    )


def _simulated(voice: Voice) -> str:
    return voice(
        "Jawaban ini dibuat komputer dengan kebenaran yang diketahui, untuk menguji alat ini. "
        "Tidak ada orang yang menjawab, dan angka-angkanya tidak menggambarkan komunitas mana pun.",
        "These answers were drawn by a computer with a known truth, to test this tool. Nobody "
        "gave them, and the numbers describe no community.",
    )


def _share(found: Findings, voice: Voice) -> str:
    size = found.chosen.population
    if not size:
        return ""
    return voice(f"dari {voice.count(size)} anggota terdaftar", f"of {voice.count(size)} members")


def _tier(code: str) -> str:
    return code.replace(">=", "≥ ").replace("<", "< ").replace("-", "–")
