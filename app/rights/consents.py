"""The ledger of consents, as whoever answers for it may read it: days and counts, nobody.

Rows are only ever added (a newer one counts); they go with a withdrawal or at retention.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, or_, select

from app.tables import Consent, Draft, Response
from app.wave_reader import find_wave


@dataclass(frozen=True, order=True, slots=True)
class Line:
    """So many people agreed on that day to that text with those choices."""

    on: date
    language: str
    version: str
    text_hash: str
    choices: tuple[str, ...]
    people: int = 0


def of_wave(session: Session, name: str) -> list[Line]:
    """The ledger of ``<community>-<number>``, oldest day first. Raises UnknownWave."""
    wave = find_wave(session, name)
    zone = ZoneInfo(wave.timezone)
    ids = [
        select(table.id).where(
            col(table.community_id) == wave.community_id, col(table.wave_id) == wave.wave_id
        )
        for table in (Draft, Response)
    ]
    rows = session.exec(
        select(Consent).where(
            col(Consent.community_id) == wave.community_id,
            or_(*(col(Consent.submission_id).in_(one) for one in ids)),
        )
    )
    counted = Counter(
        (
            row.at.astimezone(zone).date(),
            row.language,
            row.version,
            row.text_hash,
            tuple(sorted(code for code, given in row.choices.items() if given)),
        )
        for row in rows
    )
    return sorted(Line(*key, people=n) for key, n in counted.items())
