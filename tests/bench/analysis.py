"""``python -m tests.bench.analysis``: CPU seconds of the statistics beside R's.

One BLAS thread, minimum over repetitions after a warm-up. Prints a table and the goals, writes
``bench-analysis-<date>.json``, returns 1 where a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

# before numpy is imported: it reads them once
for _threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_threads] = "1"

from tests.bench.gates import Gate  # noqa: E402
from tests.bench.r_timing import R_PEAK_MB, R_SECONDS  # noqa: E402
from tests.bench.report import describe_machine  # noqa: E402
from tests.bench.servers import ROOT  # noqa: E402
from tests.bench.table import align, gates_table  # noqa: E402

if TYPE_CHECKING:
    from tests.bench.statistics import Timing
    from tests.bench.statistics_pass import Million

PASS_GOAL, AFTER_GOAL, PEAK_MB = 2.0, 0.5, 300.0
"""Alpha at 1,000,000 x 25: with the pass, after it, memory."""
ALPHA = "psych::alpha, 25 items, pairwise"


@dataclass(frozen=True)
class Size:
    """How much is run."""

    small: int = 2_800
    large: int = 100_000
    million: int = 1_000_000
    repetitions: int = 5
    whole: bool = True
    """Whether ``guyub analyze`` is run as a process."""


@dataclass
class Report:
    """What one run found."""

    machine: dict[str, Any]
    timings: Sequence[Timing]
    million: Million
    process: float | None
    seconds: float

    def gates(self) -> list[Gate]:
        """Every goal, with what was measured."""
        made = [
            Gate(f"{one.name}, n = {one.n:,}", one.least, one.goal, unit="s")
            for one in self.timings
            if one.goal is not None
        ]
        run = self.million
        return [
            *made,
            Gate(f"alpha after the pass, n = {run.n:,}", run.after, AFTER_GOAL, unit="s"),
            Gate(
                f"alpha with the pass, n = {run.n:,}", run.passed + run.after, PASS_GOAL, unit="s"
            ),
            Gate(f"peak memory, n = {run.n:,}", run.peak_mb, PEAK_MB, unit="MB"),
        ]

    def text(self) -> str:
        """The figures for people."""
        rows = [("statistic", "n", "", "CPU s", "median", "goal", "R CPU s", "ours / R")]
        rows += [
            (
                one.name,
                f"{one.n:,}",
                "",
                f"{one.least:.3f}",
                f"{one.middle:.3f}",
                "" if one.goal is None else f"{one.goal:g}",
                "" if one.r is None else f"{one.r:.3f}",
                "" if one.ratio is None else f"{one.ratio:.3f}",
            )
            for one in self.timings
        ]
        run, r = self.million, R_SECONDS.get((ALPHA, self.million.n))
        took = run.passed + run.after
        rows.append(
            (
                "alpha, 25 items, with if-deleted: pass and all",
                f"{run.n:,}",
                "",
                f"{took:.3f}",
                "",
                f"{PASS_GOAL:g}",
                "" if r is None else f"{r:.3f}",
                "" if r is None else f"{took / r:.3f}",
            )
        )
        rows.append(
            (
                "    after the pass",
                f"{run.n:,}",
                "",
                f"{run.after:.3f}",
                "",
                f"{AFTER_GOAL:g}",
                "",
                "",
            )
        )
        peak = R_PEAK_MB.get(run.n)
        lines = [
            f"peak memory at {run.n:,} x 25: {run.peak_mb:.0f} MB"
            + ("" if peak is None else f" (R, all its lines: {peak:.0f} MB)")
        ]
        if self.process is not None:
            lines.append(
                "the whole process `guyub analyze` on bfi, start, bootstraps and report included: "
                f"{self.process:.2f} s CPU"
            )
        load = ", ".join(f"{one:.2f}" for one in self.machine["load_before"])
        head = (
            f"{self.machine['cpus']} CPUs ({self.machine['cpu']}), Python "
            f"{self.machine['python']}, commit {self.machine['commit']}, one BLAS thread, load "
            f"before {load}; {self.seconds:.0f} s in all"
        )
        return "\n\n".join([head, align(rows), "\n".join(lines), gates_table(self.gates())])

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON takes it."""
        return {
            "machine": self.machine,
            "seconds": round(self.seconds, 1),
            "timings": [{**asdict(one), "ratio": one.ratio} for one in self.timings],
            "million": asdict(self.million),
            "analyze_process_cpu": self.process,
            "gates": [{**asdict(gate), "passed": gate.passed} for gate in self.gates()],
        }


def measure(size: Size, say: Callable[[str], object] = lambda _: None) -> Report:
    """Time everything, one after the other."""
    from tests.bench import statistics, statistics_pass

    began, machine = time.perf_counter(), describe_machine()
    timings = []
    for task in statistics.tasks(size.small, size.large):
        say(f"{task.name}, n = {task.n:,} ...")
        timings.append(statistics.timed(task, size.repetitions))
    say(f"one pass over {size.million:,} rows ...")
    run = statistics_pass.million(size.million, min(size.repetitions, 3))
    process = None
    if size.whole:
        say("guyub analyze, as a process ...")
        with tempfile.TemporaryDirectory() as folder:
            process = statistics.first_analysis(Path(folder) / "out")
    return Report(machine, timings, run, process, time.perf_counter() - began)


def main() -> int:
    """Return 0 where every goal is met, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.analysis", description=__doc__)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--out", type=Path, default=ROOT, help="folder of the JSON file")
    given = parser.parse_args()
    began = datetime.now(UTC)
    size = Size(repetitions=given.repetitions)
    report = measure(size, say=lambda line: print(line, flush=True))
    path = given.out / f"bench-analysis-{began:%Y-%m-%d}.json"
    made = {"made_at": began.isoformat(), **report.as_dict()}
    path.write_text(json.dumps(made, indent=1) + "\n")
    print(f"\n{report.text()}\n\nFigures: {path}")
    failed = [gate for gate in report.gates() if not gate.passed]
    for gate in failed:
        print(f"FAILED {gate}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
