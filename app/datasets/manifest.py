"""What travels with a data set: what it is, what was left out, how to know it is whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a manifest says."""

    name: str
    seq: int
    data_version: int
    made_on: datetime
    made_by: str
    project: str
    community: str
    wave: int
    wave_state: str
    simulated: bool
    instrument: Mapping[str, str]
    """key, version, digest, form."""
    expected: int
    written: int
    excluded: int
    statuses: Mapping[str, int]
    consents: Mapping[str, int]
    """How many responses grant each choice, those outside the file included."""
    responses: int
    """Responses in the store, with and without the research consent."""
    eligible: int | None
    """Members on the register when the wave opened (N)."""
    left_out: Mapping[str, str]
    """Columns that are not in the file, and why."""
    files: Mapping[str, Mapping[str, Any]]
    """sha256 and bytes of each file by role."""
    columns: tuple[str, ...]


def manifest(facts: Facts) -> dict[str, Any]:
    """Return the manifest as JSON-ready values."""
    made: dict[str, Any] = {
        "guyub": {"version": version("guyub")},
        "dataset": {
            "name": facts.name,
            "seq": facts.seq,
            "data_version": facts.data_version,
            "made_on": facts.made_on.isoformat(timespec="seconds"),
            "made_by": facts.made_by,
            "project": facts.project,
        },
        "community": facts.community,
        "wave": {"number": facts.wave, "state": facts.wave_state},
        "simulated": facts.simulated,
        "instrument": dict(facts.instrument),
        "rows": {
            "expected": facts.expected,
            "written": facts.written,
            "by_status": dict(facts.statuses),
            "flagged_careless": facts.excluded,
        },
        "consent": {
            "eligible": facts.eligible,
            "responses": facts.responses,
            "granted": dict(facts.consents),
        },
        "missing": {
            "-1": "not seen",
            "-2": "skipped",
            "-3": "skipped after the prompt",
            "-4": "refused",
            "-5": "not applicable",
            "": "no score, no time",
        },
        "left_out": dict(facts.left_out),
        "columns": list(facts.columns),
    }
    made.update({role: dict(file) for role, file in facts.files.items()})
    if facts.simulated:
        made["note"] = (
            "DATA SIMULASI / SIMULATED DATA: generated with known parameters, "
            "not the answers of people."
        )
    return made
