"""The definitions that are installed, and the promise that published ones never change."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from instrument import names
from instrument.errors import DigestMismatch, UnknownInstrument
from instrument.model import Instrument, Item, Question

DEFINITIONS = Path(__file__).parent / "definitions"
"""One folder a questionnaire, one file a version: ``<key>/<version>.toml``."""

PUBLISHED = "PUBLISHED.toml"
"""In `DEFINITIONS`: the digest of every version that has been used or announced."""


def available(folder: Path = DEFINITIONS) -> list[tuple[str, str]]:
    """Return key and version of every installed definition, versions ascending."""
    found = [
        (file.parent.name, file.stem)
        for file in folder.glob("*/*.toml")
        if names.VERSION.fullmatch(file.stem) and names.KEY.fullmatch(file.parent.name)
    ]
    return sorted(found, key=lambda one: (one[0], version_order(one[1])))


def path(key: str, version: str) -> Path:
    """Return the file of an installed definition."""
    return DEFINITIONS / key / f"{version}.toml"


def version_order(version: str) -> tuple[int, ...]:
    """Return what to sort versions by: 1.10.0 comes after 1.9.0."""
    return tuple(int(part) for part in version.split("."))


@cache
def find(key: str, version: str | None = None) -> Instrument:
    """Return an installed definition; without ``version`` the highest one.

    Raises `UnknownInstrument` if it is not installed, `InvalidDefinition` if it has
    faults and `DigestMismatch` if it is published and was changed since.
    """
    versions = [one for name, one in available() if name == key]
    wanted = versions[-1] if version is None and versions else version
    if wanted is None or wanted not in versions:
        asked = key if version is None else f"{key} {version}"
        there = ", ".join(f"{name} {one}" for name, one in available())
        raise UnknownInstrument(f"{asked} is not installed; installed are: {there}")
    instrument = _read(DEFINITIONS, key, wanted)
    expected = published().get((key, wanted))
    if expected is not None and expected != instrument.digest:
        raise DigestMismatch(_changed(key, wanted))
    return instrument


@cache
def published(folder: Path = DEFINITIONS) -> dict[tuple[str, str], str]:
    """Return the digest of every published version, by key and version."""
    file = folder / PUBLISHED
    if not file.exists():
        return {}
    tables = tomllib.loads(file.read_text("utf-8"))
    return {
        (key, version): digest
        for key, versions in tables.items()
        for version, digest in versions.items()
    }


def verify(folder: Path = DEFINITIONS) -> None:
    """Check every published version against its file.

    Raises `DigestMismatch`, naming all that were changed or removed, and
    `InvalidDefinition` where a file has faults.
    """
    there = set(available(folder))
    wrong = [
        _changed(key, version) if (key, version) in there else _removed(key, version)
        for (key, version), digest in published(folder).items()
        if (key, version) not in there or _read(folder, key, version).digest != digest
    ]
    if wrong:
        raise DigestMismatch("\n".join(wrong))


@dataclass(frozen=True)
class WordingChange:
    """An item or question that kept its code and does not ask the same any more."""

    code: str
    changed: tuple[str, ...]
    """What: ``text``, ``options``, ``keyed`` …"""


_ASKED = {
    Item: ("text", "keyed", "scale", "role", "expected", "not_applicable"),
    Question: ("text", "hint", "kind", "options", "low", "high"),
}


def wording_changes(old: Instrument, new: Instrument) -> tuple[WordingChange, ...]:
    """Return what was changed between two versions without a new code.

    A change of the shared response options changes every item. What has no
    `WordingChange` and stands in both versions asked the same thing in both.
    """
    options = old.response_scale != new.response_scale
    changes = []
    for before, after in _pairs(old, new):
        changed = [
            name for name in _ASKED[type(before)] if getattr(before, name) != getattr(after, name)
        ]
        if options and isinstance(before, Item):
            changed.append("options")
        if changed:
            changes.append(WordingChange(before.code, tuple(changed)))
    return tuple(changes)


def comparable(one: Instrument, other: Instrument) -> bool:
    """Tell whether waves of the two may be trended: only with the same, known digest."""
    return one.digest == other.digest != ""


def _pairs(old: Instrument, new: Instrument) -> list[tuple[Item | Question, Item | Question]]:
    items = {item.code: item for item in new.items}
    questions = {question.code: question for question in new.questions}
    pairs: list[tuple[Item | Question, Item | Question]] = [
        (item, items[item.code]) for item in old.items if item.code in items
    ]
    pairs += [
        (question, questions[question.code])
        for question in old.questions
        if question.code in questions
    ]
    return pairs


def _read(folder: Path, key: str, version: str) -> Instrument:
    from instrument import loading  # noqa: PLC0415 - its models cost a start more than they do

    instrument = loading.load(folder / key / f"{version}.toml")
    if (instrument.key, instrument.version) != (key, version):
        raise DigestMismatch(
            f"{key}/{version}.toml says it is {instrument.key} {instrument.version}; "
            "rename the file or correct its key and version"
        )
    return instrument


def _changed(key: str, version: str) -> str:
    return (
        f"{key} {version} is published and was changed; put the published text back and "
        "write the change as a new version, a changed wording under a new item code"
    )


def _removed(key: str, version: str) -> str:
    return f"{key} {version} is published and its file is gone; put {key}/{version}.toml back"
