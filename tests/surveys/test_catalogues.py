"""Interface text: both catalogues hold every sentence, and nothing else (A12)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from app.pages import LOCALE, TEMPLATES, catalogue
from instrument.model import LANGUAGES, Language

APP = Path(TEMPLATES).parent
PLACEHOLDER = re.compile(r"%\(\w+\)s")


def in_use() -> set[str]:
    """Every message id in templates and code, first form of plurals."""
    found = extract_from_dir(
        str(APP / "templates"),
        [("**.html", "jinja2"), ("**.jinja", "jinja2")],
        {"**": {"newstyle_gettext": "true"}},
        keywords={"_": None, "gettext": None, "ngettext": (1, 2)},
        directory_filter=lambda _: True,  # folders of parts begin with an underscore
    )
    code = extract_from_dir(str(APP), [("**.py", "python")], keywords={"_": (2,), "N_": None})
    return {first(message) for _, _, message, _, _ in [*found, *code]}


def first(message: Any) -> str:
    return message if isinstance(message, str) else str(message[0])


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogue_is_complete_both_ways(language: Language) -> None:
    path = LOCALE / language / "LC_MESSAGES" / "guyub.po"
    with path.open("rb") as file:
        messages = [message for message in read_po(file, locale=language) if message.id]
    assert {first(message.id) for message in messages} == in_use()
    for message in messages:
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(form.strip() for form in forms), message.id
        assert not message.fuzzy, message.id
        wanted = set(PLACEHOLDER.findall(first(message.id)))
        if isinstance(message.id, tuple):
            wanted = set(PLACEHOLDER.findall(message.id[1]))
            assert set(PLACEHOLDER.findall(forms[-1])) == wanted, message.id
        else:
            assert set(PLACEHOLDER.findall(forms[0])) == wanted, message.id


def test_indonesian_is_translated() -> None:
    """Only words that are the same in both languages may read the same."""
    texts = catalogue("id")
    same = {message for message in in_use() if texts.gettext(message) == message}
    assert same == set()


def test_no_sentence_in_a_template_goes_round_the_catalogue() -> None:
    """Between tags stand only template expressions, names and signs."""
    allowed = {"English", "Bahasa Indonesia", "Guyub", "·", ""}
    for path in sorted((TEMPLATES / "surveys").glob("*.html")):
        source = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", path.read_text(), flags=re.DOTALL)
        source = re.sub(r"One thing needs putting right|There is one question you have not"
                        r" answered|There are  questions you have not answered|"
                        r" things need putting right", "", source)  # fmt: skip
        texts = {text.strip() for text in re.findall(r">([^<>]*)<", source)}
        assert texts <= allowed, path.name
