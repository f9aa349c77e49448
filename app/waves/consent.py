"""The consent text of a wave: the definition's paragraphs with their [brackets] filled."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from instrument.model import Instrument

_BRACKET = re.compile(r"\[[^\[\]]+\]")


def fill(instrument: Instrument, words: Mapping[str, Mapping[str, str]]) -> list[dict[str, str]]:
    """Return the paragraphs with ``words[language][bracket]`` in place of each [bracket].

    A bracket without words stays as it is, and `app.waves.service.open_wave` refuses it.
    """
    paragraphs = () if instrument.consent is None else instrument.consent.paragraphs
    return [
        {
            language: _filled(text, words.get(language, {}))
            for language, text in (("id", paragraph.id), ("en", paragraph.en))
        }
        for paragraph in paragraphs
    ]


def open_brackets(consent: Sequence[Mapping[str, str]]) -> list[str]:
    """Return every bracket still unfilled, with its language: ``[date] (en)``."""
    return [
        f"{bracket} ({language})"
        for paragraph in consent
        for language, text in paragraph.items()
        for bracket in _BRACKET.findall(text)
    ]


def _filled(text: str, words: Mapping[str, str]) -> str:
    return _BRACKET.sub(lambda found: words.get(found.group()[1:-1], found.group()), text)
