"""``python -m tests.bench.exports``: what a data set costs, beside the csv module alone.

`guyub dataset export` in a process of its own, every format at 10,000 and 100,000 responses:
CPU seconds (CSV: the least of three runs, since a busy machine only ever adds) and the highest
resident memory over that of ten responses.
"""

from __future__ import annotations

import csv
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from tests.bench.ours import Ours
from tests.bench.servers import ROOT

_MEASURED = """
import re, resource, sys
sys.argv = ["guyub", *sys.argv[1:]]
try:
    from app.cli import main
    main()
except SystemExit as end:
    if end.code not in (0, None):
        raise
finally:
    used = resource.getrusage(resource.RUSAGE_SELF)
    # VmHWM: ru_maxrss would begin at the peak of whoever started this process
    peak = re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]
    print("MEASURED", used.ru_utime + used.ru_stime, peak, file=sys.stderr)
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


SIZES = (10_000, 100_000)
RUNS = 3
CSV_CPU, CSV_MB, OTHER_MB = 4.0, 30.0, 150.0
"""What 100,000 responses may cost: CPU s above starting, MB above a small data set's."""
FORMATS = ("csv", "xlsx", "sav", "dta", "parquet")
FEW = 10
"""Rows of the data set that tells what starting costs; fewer than five make no file."""


def exports(store: Ours, sizes: Sequence[int], *, runs: int = 1) -> list[dict[str, float | str]]:
    """Export data sets of these sizes in every format; growth is over a data set of ten rows.

    Each size is a community of its own with one wave, filled for the purpose. The CSV file is
    always written, so the other formats cost theirs and the CSV's.
    """
    for rows in (FEW, *sizes):
        store.fill(rows, slug=f"data-{rows}")

    def cost_of(rows: int, format_: str) -> Cost:
        def once(run: int) -> Cost:
            wanted = ["--wave", f"data-{rows}-1", "--format", format_]
            project = f"{format_}-{run}"  # another one, since an equal order is not made again
            return guyub(["dataset", "export", *wanted, "--project", project], store.environment)

        costs = [once(run) for run in range(runs if format_ == "csv" else 1)]
        return Cost(min(one.cpu for one in costs), max(one.peak_rss for one in costs))

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


def main() -> int:
    """Print the table; 1 where a limit is passed."""
    with tempfile.TemporaryDirectory(prefix="guyub-bench-") as folder:
        store = Ours(Path(folder), "sqlite", None)
        store.prepare(codes=0)
        found = exports(store, SIZES, runs=RUNS)
    print(f"{'rows':>8} {'format':8} {'CPU s':>7} {'+ start':>8} {'MB more':>8} {'csv module':>11}")
    failed = 0
    for one in found:
        rows, format_ = one["rows"], str(one["format"])
        print(
            f"{rows:>8} {format_:8} {one['cpu']:7.2f} {one['cpu_above_start']:8.2f}"
            f" {one['rss_growth']:8.1f} {one['floor_cpu']:9.2f} s"
        )
        csv_ = format_ == "csv"
        failed += float(one["rss_growth"]) > (CSV_MB if csv_ else OTHER_MB)
        failed += csv_ and float(one["cpu_above_start"]) > CSV_CPU
    print(f"limits passed: {failed}" if failed else "every limit is kept")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
