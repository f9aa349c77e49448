"""Simulated answers as a data set, in memory or as rows to write."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from analysis.dataset import Batch, Dataset, by_question
from analysis.simulate.waves import Community


def batch(community: Community, wave: int = 1) -> Batch:
    """Return one wave's answers as rows for `analysis.dataset.write_csv`.

    Only members who answered, sorted by their random reference. The pseudonym is made of
    the reference (nobody is behind it). Write it with ``simulated=True``.
    """
    made = community.waves[wave - 1]
    answered = np.flatnonzero(made.responded)
    rows = sorted(answered.tolist(), key=lambda row: made.refs[row])
    records = list(made.records())
    return Batch(
        items=made.items[rows],
        pid=[made.refs[row].hex[:16].upper() for row in rows],
        wave=[f"W{wave}"] * len(rows),
        version=[community.instrument.version] * len(rows),
        language=["en" if made.english[row] else "id" for row in rows],
        layout=[community.instrument.layout] * len(rows),
        submitted_on=[made.opens_on + timedelta(days=int(made.day[row])) for row in rows],
        status=["complete" if made.finished[row] else "partial" for row in rows],
        seconds=made.seconds[rows],
        answers=by_question(
            [records[row].values for row in rows],
            (one.code for one in community.instrument.questions),
        ),
        missing=[records[row].missing for row in rows],
    )


def dataset(community: Community, wave: int = 1) -> Dataset:
    """Return one wave's answers as the data set that reading its file would give."""
    rows = batch(community, wave)
    assert rows.seconds is not None
    meta = {
        "PID": list(rows.pid),
        "WAVE": list(rows.wave),
        "VERSION": list(rows.version),
        "LANG": list(rows.language),
        "LAYOUT": list(rows.layout),
        "SUBMITTED_ON": [day.isoformat() for day in rows.submitted_on],
        "STATUS": list(rows.status),
    }
    for question in community.instrument.questions_of("behaviour", "background"):
        code = question.code
        meta[code] = [
            str(rows.why(row, code).code if told is None else told)
            for row, told in enumerate(rows.told(code))
        ]
    meta["SIMULATED"] = ["1"] * len(rows.pid)
    return Dataset(community.instrument, "full", rows.items, rows.seconds, meta)
