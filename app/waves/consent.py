"""The consent text of a wave: paragraphs whose [brackets] somebody fills in both languages.

The definition's paragraphs come first, word for word. What the law and research ethics ask
beyond them (UU 27/2022 art. 21, LIPI Reg. 19/2019) belongs to the wave and its study, not
to the questionnaire, so the house adds it: `DETAILS`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from instrument.model import LANGUAGES, Instrument, Language, Text

_BRACKET = re.compile(r"\[[^\[\]]+\]")

DETAILS = (
    Text(
        id="Tujuan: [tujuan]. Data yang dikumpulkan: [jenis data]. Jawaban dipakai untuk"
        " [kegunaan] dan hanya dibagikan kepada [penerima].",
        en="Purpose: [purpose]. Data collected: [kinds of data]. Answers are used for"
        " [use] and shared with [recipients] only.",
    ),
    Text(
        id="Risiko bagi Anda: [risiko]. Manfaat: [manfaat]. Imbalan: [imbalan].",
        en="Risks to you: [risks]. Benefit: [benefit]. Compensation: [compensation].",
    ),
    Text(
        id="Dasar pemrosesan: persetujuan Anda, yang boleh dicabut kapan saja."
        " Komite etik: [komite etik]. Keluhan: [kontak].",
        en="Legal basis: your consent, which you may withdraw at any time."
        " Ethics committee: [ethics committee]. Complaints: [contact].",
    ),
)
"""Shown under the definition's paragraphs; every bracket has to be filled, in both languages."""


def fill(instrument: Instrument, words: Mapping[str, Mapping[str, str]]) -> list[dict[str, str]]:
    """Return the definition's paragraphs with ``words[language][bracket]`` in each [bracket].

    A bracket without words stays as it is, and `app.waves.service.open_wave` refuses it.
    """
    return _fill(() if instrument.consent is None else instrument.consent.paragraphs, words)


def fill_all(
    instrument: Instrument, words: Mapping[str, Mapping[str, str]]
) -> list[dict[str, str]]:
    """`fill`, and `DETAILS` after them: the whole consent text of a wave that staff plan."""
    return [*fill(instrument, words), *_fill(DETAILS, words)]


def brackets(instrument: Instrument) -> dict[Language, tuple[str, ...]]:
    """Every [bracket] of `fill_all`, in order, by language, each once."""
    consent = fill_all(instrument, {})
    return {
        language: tuple(
            dict.fromkeys(
                found[1:-1]
                for paragraph in consent
                for found in _BRACKET.findall(paragraph[language])
            )
        )
        for language in LANGUAGES
    }


def open_brackets(consent: Sequence[Mapping[str, str]]) -> list[str]:
    """Return every bracket still unfilled, with its language: ``[date] (en)``."""
    return [
        f"{bracket} ({language})"
        for paragraph in consent
        for language, text in paragraph.items()
        for bracket in _BRACKET.findall(text)
    ]


def _fill(
    paragraphs: Sequence[Text], words: Mapping[str, Mapping[str, str]]
) -> list[dict[str, str]]:
    return [
        {
            language: _filled(text, words.get(language, {}))
            for language, text in (("id", paragraph.id), ("en", paragraph.en))
        }
        for paragraph in paragraphs
    ]


def _filled(text: str, words: Mapping[str, str]) -> str:
    return _BRACKET.sub(lambda found: words.get(found.group()[1:-1]) or found.group(), text)
