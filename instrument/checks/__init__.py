"""Rules of a definition that no single entry can show: names, references, completeness.

Each check reads a `Draft` and yields what it found; none stops another. What is wrong
with an entry in itself (types, empty texts, unknown keys) pydantic has told already.
"""

from __future__ import annotations

from instrument.checks import asking, naming, reading, showing
from instrument.draft import Draft, Found

__all__ = ["check"]


def check(draft: Draft) -> list[Found]:
    """Return every broken rule of the definition."""
    return [
        found
        for room in (naming, asking, showing, reading)
        for part in room.CHECKS
        for found in part(draft)
    ]
