"""What one run found: the figures, the limits, the text."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.bench import gates, table
from tests.bench.gates import Gate
from tests.bench.measure import Cell, ratio, spread
from tests.bench.servers import ROOT
from tests.bench.startup import ColdStart
from tests.bench.visit import Visit

Group = Sequence[Cell]


@dataclass
class Report:
    """Everything one run found; written as JSON."""

    made_at: str
    machine: dict[str, Any]
    size: dict[str, Any]
    groups: list[list[Cell]] = field(default_factory=list)
    """Our server and the floor, and our server alone without JavaScript."""
    pairs: list[list[Cell]] = field(default_factory=list)
    """The empty store, then the filled one."""
    filled: int = 0
    memory: dict[str, float] = field(default_factory=dict)
    """PSS of the server's processes after all runs, MB."""
    starts: dict[str, ColdStart] = field(default_factory=dict)
    first: Visit = field(default_factory=Visit)
    repeat: Visit = field(default_factory=Visit)
    exports: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0

    def gates(self) -> list[Gate]:
        """Every limit, with what was measured against it."""
        made: list[Gate] = []
        for ours, floor in (group for group in self.groups if len(group) == 2):
            where = f"{ours.target.database}, {ours.shape}, {ours.clients} clients"
            limit = gates.CPU_ONCE if ours.shape == "once" else gates.CPU_SECTIONS
            cpu = ours.median("cpu_per_1000")
            made.append(Gate(f"CPU per 1,000 completed ({where})", cpu, limit, unit="s"))
            share = ratio(ours, floor, "completed_per_s")
            made.append(
                Gate(
                    f"completed/s of the floor's ({where})",
                    share,
                    gates.SHARE_OF_FLOOR,
                    at_most=False,
                )
            )
        for name, pss in self.memory.items():
            made.append(Gate(f"memory PSS ({name})", pss, gates.PSS_MB, unit="MB"))
        for empty, filled in self.pairs:
            made.append(
                gates.stored_gate(
                    f"{self.filled:,} stored against empty ({empty.target.database})",
                    wall=ratio(filled, empty, "completed_per_s"),
                    cpu=ratio(empty, filled, "cpu_per_1000"),
                    noise=max(spread(cell, "completed_per_s") for cell in (empty, filled)),
                )
            )
        for name, start in self.starts.items():
            made.append(
                Gate(f"start to first answer, CPU ({name})", start.cpu, gates.START_CPU, unit="s")
            )
            made.append(
                Gate(f"first answer, RSS ({name})", start.rss, gates.START_RSS_MB, unit="MB")
            )
        kb = (self.first.received + self.first.sent) / 1000
        made += [
            Gate("whole first visit, both directions", kb, gates.FIRST_VISIT_KB, unit="kB"),
            Gate(
                "first visit, requests besides the saves",
                self.first.requests(),
                gates.FIRST_VISIT_REQUESTS,
            ),
            Gate("repeat visit, static requests", self.repeat.requests("static"), 0),
        ]
        return made

    def text(self) -> str:
        """The figures and the limits for people."""
        blocks = [
            _machine_line(self.machine, self.seconds),
            table.cells_table(self.groups),
            _stored_lines(self),
            "\n".join(
                f"start to first answer ({name}): {one.seconds:.2f} s, CPU {one.cpu:.2f} s, "
                f"RSS {one.rss:.0f} MB, PSS {one.pss:.0f} MB"
                for name, one in self.starts.items()
            ),
            "\n".join(f"memory PSS ({name}): {pss:.1f} MB" for name, pss in self.memory.items()),
            _visit_line("first visit", self.first),
            _visit_line("repeat visit", self.repeat),
            "\n".join(
                f"data set of {one['rows']:,} rows, {one['format']}: CPU {one['cpu']:.2f} s "
                f"({one['cpu_above_start']:.2f} s above ten rows), "
                f"peak RSS {one['rss']:.0f} MB (+{one['rss_growth']:.0f} MB); "
                f"csv module alone {one['floor_cpu']:.2f} s"
                for one in self.exports
            ),
            table.gates_table(self.gates()),
        ]
        return "\n\n".join(block for block in blocks if block)

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON takes it."""
        return {
            "made_at": self.made_at,
            "seconds": round(self.seconds, 1),
            "machine": self.machine,
            "size": self.size,
            "cells": [_cell(one) for group in self.groups for one in group],
            "stored": [_cell(one) for pair in self.pairs for one in pair],
            "filled": self.filled,
            "memory_pss_mb": self.memory,
            "starts": {name: asdict(one) for name, one in self.starts.items()},
            "visits": {
                name: {
                    "received": one.received,
                    "sent": one.sent,
                    "requests": one.requests(),
                    "fetches": [asdict(fetch) for fetch in one.fetches],
                }
                for name, one in (("first", self.first), ("repeat", self.repeat))
            },
            "exports": self.exports,
            "gates": [{**asdict(gate), "passed": gate.passed} for gate in self.gates()],
        }


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "database": cell.target.database,
        "server": cell.target.name,
        "shape": cell.shape,
        "clients": cell.clients,
        "respondents": cell.respondents,
        "rounds": [asdict(one) for one in cell.rounds],
    }


def _stored_lines(report: Report) -> str:
    lines = []
    for empty, filled in report.pairs:
        speed = [cell.median("completed_per_s") for cell in (filled, empty)]
        cpu = [cell.median("cpu_per_1000") for cell in (filled, empty)]
        lines.append(
            f"{report.filled:,} responses stored ({empty.target.database}): "
            f"{speed[0]:.1f}/s against {speed[1]:.1f}/s empty, "
            f"CPU {cpu[0]:.2f} against {cpu[1]:.2f} s/1,000"
        )
    return "\n".join(lines)


def _visit_line(name: str, visit: Visit) -> str:
    return (
        f"{name}: {visit.received / 1000:.1f} kB received, {visit.sent / 1000:.1f} kB sent, "
        f"{visit.requests('page')} pages + {visit.requests('static')} static files + "
        f"{visit.requests('save')} saves"
    )


def _machine_line(machine: dict[str, Any], seconds: float) -> str:
    load = ", ".join(f"{one:.2f}" for one in machine["load_before"])
    return (
        f"{machine['cpus']} CPUs ({machine['cpu']}), Python {machine['python']}, "
        f"commit {machine['commit']}, load before {load}; {seconds:.0f} s in all"
    )


def describe_machine() -> dict[str, Any]:
    """What a figure must be read with."""
    model = ""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return {
        "cpus": os.cpu_count(),
        "cpu": model or platform.machine(),
        "python": platform.python_version(),
        "commit": commit.stdout.strip() or "unknown",
        "load_before": os.getloadavg(),
    }
