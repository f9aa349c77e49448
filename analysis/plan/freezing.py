"""Freezing a plan: a date, a wave and a digest, written into the plan's own file."""

from __future__ import annotations

import datetime
import json
import os
import tempfile
from pathlib import Path

from analysis.plan import loading
from analysis.plan.errors import AlreadyFrozen, PlanError
from analysis.plan.model import Plan, Stamp
from instrument.model import Instrument

_STAMP = """
# Written by `guyub plan freeze`. A change of anything above, or of the rules followed, makes
# the plan unusable: a new plan belongs into a new file.

[frozen]
on = "{on}"
wave = {wave}
digest = "{digest}"
"""


def freeze(
    path: str | os.PathLike[str],
    *,
    wave: str,
    on: datetime.date,
    instrument: Instrument | None = None,
) -> Plan:
    """Write the stamp of ``on`` and ``wave`` at the end of a plan's file; return the plan.

    The rest of the file stays as it is, and the file is replaced whole or not at all.
    Raises what `loading.load` raises, `AlreadyFrozen`, `PlanError` for an empty wave.
    """
    plan = loading.load(path, instrument)
    if plan.frozen:
        raise AlreadyFrozen(
            f"{path} was frozen on {plan.frozen.on} for wave {plan.frozen.wave} already. A "
            "change after that belongs into a new file with a new version."
        )
    if not wave.strip():
        raise PlanError("A plan is frozen for a wave; name it: --wave sidoarjo-1")
    file = Path(path)
    stamp = _STAMP.format(
        on=on.isoformat(),
        wave=json.dumps(wave.strip(), ensure_ascii=False),
        digest=loading.digest(plan),
    )
    text = file.read_text(encoding="utf-8").rstrip("\n") + "\n" + stamp
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
        Path(name).chmod(file.stat().st_mode & 0o777)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return plan.model_copy(
        update={"frozen": Stamp(on=on, wave=wave.strip(), digest=loading.digest(plan))}
    )
