"""One run of the driver in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.driver import Job, Outcome
from tests.bench.servers import ROOT

MOST_SECONDS = 120.0
"""A run that takes longer is broken; it is stopped."""


class DriverFailed(Exception):
    """The driver process ended without an outcome."""


def play(job: Job) -> Outcome:
    """Play a job in a process of its own and return what it saw."""
    with tempfile.TemporaryDirectory(prefix="guyub-bench-") as folder:
        asked, seen = Path(folder) / "job.json", Path(folder) / "outcome.json"
        asked.write_text(job.write())
        made = subprocess.run(
            [sys.executable, "-m", "tests.bench.driver", str(asked), str(seen)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=MOST_SECONDS,
            check=False,
        )
        if made.returncode != 0:
            raise DriverFailed(f"the driver ended with {made.returncode}:\n{made.stderr[-3000:]}")
        return Outcome(**json.loads(seen.read_text()))
