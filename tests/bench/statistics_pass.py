"""One pass over many stored rows, for a process of its own: CPU seconds and peak memory.

Imports no more than the pass needs, since the libraries count in the memory.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis import counts, reliability
from tests.bench.servers import ROOT

SEED = 20261124


@dataclass(frozen=True)
class Million:
    """One pass over many stored rows in a process of its own."""

    n: int
    answered: int
    """Rows with an answer, as counted."""
    passed: float
    """CPU seconds of the pass."""
    after: float
    """CPU seconds of alpha with if-deleted from the counts."""
    raw: float
    peak_mb: float
    """Peak resident memory of the process, libraries and rows included."""


CHUNK = 100_000


def _bfi() -> np.ndarray:
    """The 25 items of bfi keyed, one byte an answer, 250 = skipped."""
    folder = ROOT / "tests" / "reference"
    reversed_ = json.loads((folder / "bfi_ordinal.json").read_text())["items_reversed"]
    head = (folder / "bfi.csv").read_text().partition("\n")[0].replace('"', "").split(",")
    items = [name for name in head if name[0] in "ACENO" and name[1:].isdigit()]
    table = np.genfromtxt(
        folder / "bfi.csv",
        delimiter=",",
        skip_header=1,
        usecols=[head.index(name) for name in items],
        missing_values="NA",
    )
    turned = [items.index(name) for name in reversed_]
    table[:, turned] = 7 - table[:, turned]
    return np.where(np.isnan(table), 250, table).astype(np.uint8)


def stored(n: int) -> np.ndarray:
    """Rows drawn with replacement, one byte an answer (250 = skipped), as the store keeps them."""
    byte = _bfi()
    source = np.random.default_rng(SEED)
    out = np.empty((n, byte.shape[1]), dtype=np.uint8)
    for begin in range(0, n, CHUNK):
        part = out[begin : begin + CHUNK]
        np.take(byte, source.integers(0, len(byte), len(part)), axis=0, out=part)
    return out


def count(n: int) -> Million:
    """Count n rows here; call it in a fresh process for the memory to mean something."""
    import pandas  # noqa: F401 - its import is no part of alpha

    data = stored(n)
    counts.burt(data[:5000], 6)
    began = time.process_time()
    found = counts.burt(data, 6)
    passed = time.process_time()
    alpha = reliability.alpha(found.moments())
    ended = time.process_time()
    # not ru_maxrss: a child starts with its parent's high water there
    status = Path("/proc/self/status").read_text()
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    return Million(n, found.n, passed - began, ended - passed, alpha.raw, peak)


def million(n: int, repetitions: int) -> Million:
    """The fastest of several processes; the largest memory of them."""
    code = (
        "import dataclasses, json; from tests.bench.statistics_pass import count; "
        f"print(json.dumps(dataclasses.asdict(count({n}))))"
    )
    runs = []
    for _ in range(repetitions):
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
        )
        runs.append(Million(**json.loads(done.stdout)))
    best = min(runs, key=lambda one: one.passed + one.after)
    return Million(
        best.n, best.answered, best.passed, best.after, best.raw, max(one.peak_mb for one in runs)
    )
