"""What travels with a data set: what it is, what was left out, how to know it is whole."""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from app.datasets.files import Made, described
from app.datasets.order import Order
from app.datasets.source import Source, Tally

if TYPE_CHECKING:
    from analysis.dataset import Sharing


def manifest(
    *,
    name: str,
    seq: int,
    made_on: datetime,
    source: Source,
    order: Order,
    tally: Tally,
    sharing: Sharing,
    made: Made,
) -> dict[str, Any]:
    """Return the manifest as JSON-ready values; ``made_on`` in the community's zone."""
    told: dict[str, Any] = {
        "guyub": {"version": version("guyub")},
        "dataset": {
            "name": name,
            "seq": seq,
            "data_version": source.data_versions[-1],
            "made_on": made_on.isoformat(timespec="seconds"),
            "made_by": order.made_by,
            "partial": source.partial,
            **order.content,
        },
        "community": source.last.slug,
        "timezone": source.last.timezone,
        "waves": [
            {
                "name": wave.name,
                "number": wave.number,
                "state": wave.state,
                "data_version": seen,
                "eligible": wave.eligible_n,
                "responses": tally.responses[wave.number],
                "research": tally.research[wave.number],
            }
            for wave, seen in zip(source.waves, source.data_versions, strict=True)
        ],
        "simulated": source.simulated,
        "instrument": {
            "key": source.instrument.key,
            "version": source.instrument.version,
            "digest": source.instrument.digest,
            "form": source.form,
        },
        "rows": {
            "expected": expected_rows(order, tally, sharing),
            "written": made.rows,
            "sheets_expected": tally.expected,
            "sheets_written": made.sheets,
            "by_status": dict(made.statuses),
            "flagged_careless": made.excluded,
        },
        "consent": {"responses": sum(tally.responses.values()), "granted": dict(tally.granted)},
        "sharing": {
            "k": sharing.k,
            "people": sharing.people,
            "passed": sharing.passed,
            "smallest_group_full": sharing.smallest_before,
            "smallest_group": sharing.smallest,
            "merged": {code: [list(one) for one in groups]
                       for code, groups in sharing.merged.items()},
            "left_out": list(sharing.left_out),
            "full_because": sharing.reason,
        },
        "missing": {
            "-1": "not seen",
            "-2": "skipped",
            "-3": "skipped after the prompt",
            "-4": "refused",
            "-5": "not applicable",
            "": "no score, no time; in a wide file also: did not answer this wave",
        },
        "missing_cells": {str(code): cells for code, cells in made.missing.items()},
        "open_texts": "left out",
        "labels_shortened": [
            {
                "program": one.program,
                "variable": one.variable,
                "value": one.value,
                "bytes": one.bytes,
                "shown": one.shown,
            }
            for one in made.shortened
        ],
        "columns": list(made.columns),
    }  # fmt: skip
    told.update({role: described(path) for role, path in made.files.items()})
    told["roles"] = list(made.files)
    if source.simulated:
        told["note"] = (
            "DATA SIMULASI / SIMULATED DATA: generated with known parameters, "
            "not the answers of people."
        )
    return told


def expected_rows(order: Order, tally: Tally, sharing: Sharing) -> int:
    """Rows that the store says the file must have: sheets if long, people if wide."""
    return sharing.people if order.shape == "wide" else tally.expected
