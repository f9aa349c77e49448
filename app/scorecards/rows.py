"""Answers for a card, read into a worker's memory and nowhere else.

Only rows with consent to reports, tests left out. People are recognised over waves by an HMAC
under a key of this one computation: what it gives means nothing anywhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.keyed import keyed_hash
from app.scorecards.preparing import Basis
from app.store import Store
from app.submission import PARADATA, seconds_seen
from instrument import answers as reading
from instrument.answers import Missing
from instrument.model import Instrument

if TYPE_CHECKING:
    from analysis.dataset import Dataset

_ROWS_AT_ONCE = 1024


def dataset_of(
    store: Store, wave_id: int, instrument: Instrument, form: str, *, key: bytes
) -> Dataset:
    """The rows of a wave that may stand behind a card; ``key`` is this computation's own."""
    import numpy as np  # noqa: PLC0415 - worker only

    from analysis.dataset import Dataset  # noqa: PLC0415

    asked = instrument.questions_of("behaviour")
    sections = len(instrument.form(form).sections)
    sheets: list[bytes] = []
    paces: list[list[float]] = []
    meta: dict[str, list[str]] = {"PID": [], **{one.code: [] for one in asked}}
    for rows in store.batches(wave_id, purpose="report", size=_ROWS_AT_ONCE):
        for row in rows:
            sheets.append(row.answers)
            paces.append(seconds_seen(row.extra.get(PARADATA, {}), sections))
            meta["PID"].append(keyed_hash(key, row.respondent_ref.bytes).hex()[:32])
            values, missing = reading.extra_from_json(
                {name: row.extra.get(name, {}) for name in ("values", "missing")}
            )
            for one in asked:
                told = values.get(one.code)
                if told is None:
                    told = missing.get(one.code, Missing.NOT_SEEN).code
                meta[one.code].append(str(told))
    items = np.frombuffer(b"".join(sheets), np.uint8).reshape(len(sheets), len(instrument.items))
    seconds = np.array(paces, dtype=np.float64).reshape(len(sheets), sections)
    return Dataset(instrument, form, items, seconds, meta)


def floors_of(basis: Basis) -> dict[str, int]:
    """The wave's floors under the names of a card."""
    floors = basis.wave.floors
    return {
        "any": floors.get("figure", 5),
        "group": floors.get("subgroup", 10),
        "comments": floors.get("comments", 10),
    }
