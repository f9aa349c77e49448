"""Where in a TOML text a value stands, for messages that name the line.

`tomllib` keeps no positions. This scanner knows just enough of TOML to find headers,
keys and the elements of an outermost array; it runs only once a fault has been found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

Path = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.\- ]+?)\s*\]\]?")
_KEY = re.compile(r"""\s*((?:[A-Za-z0-9_\-]+|"[^"]*"|'[^']*')(?:\s*\.\s*[A-Za-z0-9_\-"']+)*)\s*=""")


class Lines:
    """Line numbers of the keys of one TOML text."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Path, int] = {}
        self._arrays: dict[Path, int] = {}
        self._scan(text)

    def find(self, path: Path) -> int | None:
        """Return the line of ``path``, or of the nearest thing around it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._lines:
                return self._lines[path[:length]]
        return None

    def _scan(self, text: str) -> None:
        table: Path = ()
        value: _Value | None = None
        for number, line in enumerate(text.splitlines(), start=1):
            if value is None:
                if header := _HEADER.match(line):
                    table = self._enter(header[2].split("."), number, array=header[1] == "[[")
                    self._lines.setdefault(table, number)
                    continue
                if (key := _KEY.match(line)) is None:
                    continue
                path = (*table, *(part.strip().strip("\"'") for part in key[1].split(".")))
                for length in range(len(table) + 1, len(path) + 1):
                    self._lines.setdefault(path[:length], number)
                value = _Value(path)
                rest = line[key.end() :]
            else:
                rest = line
            for element in value.read(rest):
                self._lines.setdefault(element, number)
            if value.complete:
                value = None

    def _enter(self, parts: list[str], number: int, *, array: bool) -> Path:
        path: Path = ()
        for place, part in enumerate(parts):
            path = (*path, part.strip())
            if array and place == len(parts) - 1:
                self._arrays[path] = self._arrays.get(path, -1) + 1
                self._lines.setdefault(path, number)
            if path in self._arrays:
                path = (*path, self._arrays[path])
        return path


class _Value:
    """A value being read, over as many lines as its brackets and quotes stay open."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._depth = 0
        self._quote = ""
        self._next = 0
        self._awaiting = False

    @property
    def complete(self) -> bool:
        return self._depth == 0 and len(self._quote) < 3

    def read(self, line: str) -> Iterator[Path]:
        """Read one line; yield the paths of array elements that begin on it."""
        if len(self._quote) < 3:
            self._quote = ""
        place = 0
        while place < len(line):
            char = line[place]
            if self._quote:
                if char == "\\" and self._quote[0] == '"':
                    place += 2
                    continue
                if line.startswith(self._quote, place):
                    place += len(self._quote)
                    self._quote = ""
                    continue
                place += 1
                continue
            if char == "#":
                return
            if self._awaiting and not char.isspace() and char not in ",]":
                self._awaiting = False
                yield (*self._path, self._next)
                self._next += 1
            if char in "\"'":
                self._quote = char * 3 if line.startswith(char * 3, place) else char
                place += len(self._quote)
                continue
            if char in "[{":
                self._depth += 1
                self._awaiting = self._depth == 1 and char == "["
            elif char in "]}":
                self._depth -= 1
                self._awaiting = False
            elif char == "," and self._depth == 1:
                self._awaiting = True
            place += 1
