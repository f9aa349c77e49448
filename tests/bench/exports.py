"""What a data set costs: `guyub dataset export` beside the csv module alone."""

from __future__ import annotations

import csv
import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from tests.bench.ours import Ours
from tests.bench.servers import ROOT

_MEASURED = """
import resource, runpy, sys
sys.argv = ["guyub", *sys.argv[1:]]
try:
    from app.cli import main
    main()
except SystemExit as end:
    if end.code not in (0, None):
        raise
finally:
    used = resource.getrusage(resource.RUSAGE_SELF)
    print("MEASURED", used.ru_utime + used.ru_stime, used.ru_maxrss, file=sys.stderr)
"""


class ExportFailed(Exception):
    """The export command ended with an error; its words are in the message."""


@dataclass(frozen=True)
class Cost:
    """CPU seconds (user + system) and highest resident MB (10^6 bytes) of a process."""

    cpu: float
    peak_rss: float


def guyub(arguments: Sequence[str], environment: dict[str, str]) -> Cost:
    """Run a guyub command in a process of its own and return what it cost."""
    made = subprocess.run(
        [sys.executable, "-c", _MEASURED, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    lines = [line for line in made.stderr.splitlines() if line.startswith("MEASURED ")]
    if made.returncode != 0 or not lines:
        raise ExportFailed(f"guyub {' '.join(arguments)}: {made.stderr[-2000:]}")
    _, cpu, rss = lines[-1].split()
    return Cost(float(cpu), float(rss) * 1024 / 1e6)


def in_process(work: Callable[[], None]) -> Cost:
    """Run ``work`` in a fresh process and return what it cost."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_measured, args=(work, there))
    process.start()
    cost: Cost = here.recv()
    process.join()
    return cost


def _measured(work: Callable[[], None], pipe: Connection) -> None:
    work()
    used = resource.getrusage(resource.RUSAGE_SELF)
    pipe.send(Cost(used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e6))


@dataclass(frozen=True)
class CsvFloor:
    """The csv module alone: every stored answer byte of a SQLite store as text, 36 columns."""

    store: Path
    out: Path
    rows: int
    columns: int = 36

    def __call__(self) -> None:
        """Write the file."""
        connection = sqlite3.connect(self.store)
        found = connection.execute(
            "SELECT answers FROM response ORDER BY respondent_ref LIMIT ?", (self.rows,)
        )
        with self.out.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(f"I{n}" for n in range(self.columns))
            for (answers,) in found:
                writer.writerow(answers[: self.columns])
        connection.close()


FORMATS = ("csv", "xlsx", "sav", "dta", "parquet")
FEW = 10
"""Rows of the data set that tells what starting costs; fewer than five make no file."""


def exports(store: Ours, sizes: Sequence[int]) -> list[dict[str, float | str]]:
    """Export data sets of these sizes in every format; growth is over a data set of ten rows.

    Each size is a community of its own with one wave, filled for the purpose. The CSV file is
    always written, so the other formats cost theirs and the CSV's.
    """
    for rows in (FEW, *sizes):
        store.fill(rows, slug=f"data-{rows}")

    def cost_of(rows: int, format_: str) -> Cost:
        wanted = ["--wave", f"data-{rows}-1", "--format", format_, "--project", format_]
        return guyub(["dataset", "export", *wanted], store.environment)

    start = {format_: cost_of(FEW, format_) for format_ in FORMATS}
    found: list[dict[str, float | str]] = []
    for rows in sizes:
        floor = in_process(CsvFloor(store.database_file, store.folder / "floor.csv", rows))
        for format_ in FORMATS:
            cost = cost_of(rows, format_)
            found.append(
                {
                    "rows": rows,
                    "format": format_,
                    "cpu": cost.cpu,
                    "cpu_above_start": cost.cpu - start[format_].cpu,
                    "rss": cost.peak_rss,
                    "rss_growth": cost.peak_rss - start[format_].peak_rss,
                    "floor_cpu": floor.cpu,
                    "floor_rss": floor.peak_rss,
                }
            )
    return found
