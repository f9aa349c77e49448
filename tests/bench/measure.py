"""Runs of the driver, interleaved between servers, and the medians of their rounds."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

from tests.bench.driver import Job, Outcome, Script
from tests.bench.postgres import Postgres
from tests.bench.run import play
from tests.bench.servers import Server


class RunFailed(Exception):
    """Visits failed, or the store does not hold what was acknowledged; no figure is made of it."""


@dataclass(frozen=True)
class Target:
    """A server under test and what its respondents send."""

    name: str
    """``ours``, ``floor`` or ``ours, 100,000 stored``."""
    database: str
    server: Server
    script: Script
    codes: Callable[[int], list[str]]
    """Takes so many unused participant codes."""
    stored: Callable[[], int]
    """Counts the responses in the store."""
    postgres: Postgres | None = None


@dataclass(frozen=True)
class Round:
    """Figures of one run of the driver."""

    completed_per_s: float
    cpu_per_1000: float
    """CPU s of the server's process tree (user + system) per 1,000 completed visits."""
    database_cpu_per_1000: float | None
    """CPU s of the PostgreSQL server per 1,000 completed; None on SQLite."""
    driver_cpu_per_1000: float
    driver_share: float
    """CPU s of the driver per second of wall time."""
    p50: float
    p95: float
    """Step times in ms, all requests of a visit."""
    steps: dict[str, list[float]]
    requests_per_visit: float
    pss: float
    """PSS of the server's processes after the run, MB."""
    load: float
    """One-minute load average of the machine after the run."""


@dataclass
class Cell:
    """One server, database, shape and number of clients."""

    target: Target
    shape: str
    clients: int
    respondents: int
    rounds: list[Round] = field(default_factory=list)

    def median(self, figure: str) -> float:
        """Median over the rounds of a figure's name."""
        return float(median(getattr(one, figure) for one in self.rounds))

    def run(self) -> None:
        """Play one more round."""
        target = self.target
        job = Job(
            "127.0.0.1",
            target.server.port,
            self.shape,
            self.clients,
            self.respondents,
            target.script,
            target.codes(self.respondents),
        )
        before = target.stored()
        cpu = target.server.cpu()
        database = target.postgres.cpu() if target.postgres else 0.0
        seen = play(job)
        cpu = target.server.cpu() - cpu
        if target.postgres:
            database = target.postgres.cpu() - database
        _check(self, seen, target.stored() - before)
        self.rounds.append(
            _figures(seen, cpu, database if target.postgres else None, target.server.pss())
        )


def _check(cell: Cell, seen: Outcome, stored: int) -> None:
    where = f"{cell.target.name} ({cell.target.database}, {cell.shape}, {cell.clients} clients)"
    if seen.failed or seen.completed != cell.respondents:
        raise RunFailed(
            f"{where}: {seen.failed} of {cell.respondents} visits failed: {'; '.join(seen.faults)}"
        )
    if stored != cell.respondents or len(set(seen.ids)) != cell.respondents:
        raise RunFailed(
            f"{where}: {cell.respondents} visits were acknowledged, {stored} new responses stored"
        )


def _figures(seen: Outcome, cpu: float, database: float | None, pss: float) -> Round:
    per_1000 = 1000 / seen.completed
    _, p50, p95, _ = seen.steps["all"]
    return Round(
        completed_per_s=seen.completed / seen.wall,
        cpu_per_1000=cpu * per_1000,
        database_cpu_per_1000=None if database is None else database * per_1000,
        driver_cpu_per_1000=seen.cpu * per_1000,
        driver_share=seen.cpu / seen.wall,
        p50=p50,
        p95=p95,
        steps=seen.steps,
        requests_per_visit=seen.requests / seen.completed,
        pss=pss,
        load=os.getloadavg()[0],
    )


def interleave(groups: Sequence[Sequence[Cell]], rounds: int, say: Callable[[str], None]) -> None:
    """Run every group's cells one after the other, and the whole so many times."""
    for number in range(1, rounds + 1):
        for group in groups:
            # Every second round goes backwards, so that no server always runs first.
            for cell in group if number % 2 else tuple(reversed(group)):
                cell.run()
                last = cell.rounds[-1]
                say(
                    f"round {number}/{rounds}  {cell.target.database:10} {cell.shape:8} "
                    f"{cell.clients:3} clients  {cell.target.name:22} "
                    f"{last.completed_per_s:7.1f}/s  {last.cpu_per_1000:6.2f} CPU s/1,000"
                )


def ratio(ours: Cell, other: Cell, figure: str) -> float:
    """Median over the rounds of ours / other of the same round."""
    return float(
        median(
            getattr(one, figure) / getattr(two, figure)
            for one, two in zip(ours.rounds, other.rounds, strict=True)
        )
    )


def spread(cell: Cell, figure: str) -> float:
    """(Largest - smallest) / median over the rounds: how noisy the machine was."""
    values = [getattr(one, figure) for one in cell.rounds]
    return float((max(values) - min(values)) / median(values))
