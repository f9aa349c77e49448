"""A definition in TOML becomes a frozen `Instrument`; all its faults are told at once."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path as File
from typing import Any

from instrument import checks, draft
from instrument.errors import Fault, InvalidDefinition, UnknownInstrument
from instrument.lines import Lines, Path
from instrument.model import Instrument
from instrument.rules import Rule

_TOML_LINE = re.compile(r"\s*\(at line (\d+), column \d+\)$")


def load(path: str | os.PathLike[str]) -> Instrument:
    """Read one definition file.

    Raises `UnknownInstrument` if there is no such file and `InvalidDefinition`, with all
    faults, if the file is not a sound definition.
    """
    file = File(path)
    try:
        content = file.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise UnknownInstrument(
            f"{file} cannot be read ({reason}); give the path of a definition in TOML"
        ) from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        fault = Fault("", "is not UTF-8; save the file as UTF-8", Rule.NOT_UTF8, line)
        raise InvalidDefinition(str(file), [fault]) from error
    return loads(text, source=str(file))


def loads(text: str, source: str = "<text>") -> Instrument:
    """Read a definition from its TOML text; ``source`` names it in messages.

    Raises `InvalidDefinition` with all faults: line and key path of each.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidDefinition(source, [syntax_fault(error, text)]) from error
    parts, found = draft.read(data)
    found += checks.check(parts)
    if found or parts.instrument is None:
        raise InvalidDefinition(source, placed(found, data, text))
    return parts.instrument.model_copy(update={"digest": digest(parts.instrument)})


def canonical(instrument: Instrument) -> str:
    """Return the content as canonical JSON: sorted keys, no spaces, defaults left out.

    Defaults are left out so that a new optional key of the format changes no digest of
    older definitions; a default itself therefore never changes.
    """
    content = instrument.model_dump(mode="json", exclude_defaults=True)
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(instrument: Instrument) -> str:
    """Return the SHA-256 of the canonical content, in hex."""
    return hashlib.sha256(canonical(instrument).encode("utf-8")).hexdigest()


def syntax_fault(error: tomllib.TOMLDecodeError, text: str) -> Fault:
    """Return the fault of a text that is no TOML, with its line."""
    message = str(error)
    place = _TOML_LINE.search(message)
    line = int(place[1]) if place else max(1, len(text.splitlines()))
    reason = _TOML_LINE.sub("", message).removesuffix(" (at end of document)")
    return Fault("", f"is not valid TOML: {reason}", Rule.NOT_TOML, line)


def placed(found: list[draft.Found], data: Mapping[str, Any], text: str) -> list[Fault]:
    """Return broken rules as faults with line and key path, in the order of the file."""
    lines = Lines(text)
    faults = [
        Fault(_key_path(one.path, data), one.message, one.rule, lines.find(one.path))
        for one in found
    ]
    return sorted(faults, key=lambda fault: fault.line or 0)


def _key_path(path: Path, data: Mapping[str, Any]) -> str:
    """Write a path with codes in place of positions: ``items.MOT1.text.en``."""
    words: list[str] = []
    here: Any = data
    for part in path:
        try:
            here = here[part]
        except (KeyError, IndexError, TypeError):
            here = None
        if isinstance(part, int):
            code = here.get("code") if isinstance(here, dict) else None
            words.append(code if isinstance(code, str) and code else f"#{part + 1}")
        elif not (part == "items" and len(words) > 1 and words[-2] == "sections"):
            words.append(part)
    return ".".join(words)
