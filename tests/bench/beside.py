"""``python -m tests.bench.beside``: members' answer times alone, beside an analysis, an export.

One server, one wave that members answer; meanwhile a real worker analyses 400 answers of
another community, or the process that the desk starts exports 100,000 of a third as a
workbook. Rounds alternate; the p95 of every request is printed for all three, and the gate
is the design's: unchanged within 20 %, judged by the medians of the rounds.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from sqlmodel import Session, select

from analysis import plan as plans
from app.dataset_files import UNFINISHED
from app.db import Database
from app.jobs import runs
from app.settings import Settings
from app.tables import AnalysisRun, Community, Wave
from app.waves.service import close_wave
from instrument import registry
from tests.bench.driver import Job
from tests.bench.ours import Ours
from tests.bench.run import play
from tests.bench.servers import ROOT, cpu_seconds

ROUNDS = 3
RESPONDENTS = 60
CLIENTS = 6
ROWS = 400
OTHERS = "tetangga"
EXPORTED = 100_000
DATA = "data"
GATE = 1.20


class NoWorkToMeasure(Exception):
    """The analysis ended or never began while members answered."""


def main() -> int:
    """Print both, and what the worker cost."""
    with tempfile.TemporaryDirectory(prefix="guyub-bench-") as folder:
        ours = Ours(Path(folder), "sqlite", None)
        ours.prepare(codes=3 * ROUNDS * RESPONDENTS)
        ours.fill(ROWS, slug=OTHERS)
        ours.fill(EXPORTED, slug=DATA)
        database = Database(Settings(data_dir=Path(folder)))
        _close(database)
        quiet, busy, exporting, used = [], [], [], 0.0
        with ours.serve() as server:
            for number in range(ROUNDS):
                quiet.append(_p95(ours, server.port))
                key = _ask(database, number)
                worker = subprocess.Popen(
                    [sys.executable, "-m", "app.worker", "0123456789abcdef"],
                    cwd=ROOT, env=os.environ | ours.environment | {"OPENBLAS_NUM_THREADS": "1"},
                    stderr=subprocess.DEVNULL,
                )  # fmt: skip
                _until_it_computes(database, key)
                busy.append(_p95(ours, server.port))
                _require_running(database, key)
                import psutil

                used += cpu_seconds([psutil.Process(worker.pid)])
                worker.send_signal(signal.SIGTERM)
                worker.wait(timeout=60)
                with Session(database.write) as session, session.begin():
                    runs.cancel(session=session, key=key, by="bench", at=datetime.now(UTC))
                exporting.append(_beside_export(ours, server.port, number))
        database.close()
    print(f"members' p95, alone:              {_told(quiet)}")
    print(f"members' p95, beside an analysis: {_told(busy)}")
    print(f"members' p95, beside an export:   {_told(exporting)}")
    ratios = [median(one) / median(quiet) for one in (busy, exporting)]
    print(f"ratios of medians: analysis {ratios[0]:.2f}, export {ratios[1]:.2f} (<= {GATE});"
          f" the worker used {used:.1f} CPU s")  # fmt: skip
    return 0 if max(ratios) <= GATE else 1


def _beside_export(ours: Ours, port: int, number: int) -> float:
    """p95 of members while the process that the desk starts writes a large workbook."""
    order = {"waves": [f"{DATA}-1"], "formats": ["xlsx"], "project": f"round {number}"}
    process = subprocess.Popen(
        [sys.executable, "-m", "app.datasets.work"], cwd=ROOT, stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL, env=os.environ | ours.environment,
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(json.dumps(order).encode())
    process.stdin.close()
    shelf = ours.folder / "exports"
    end = time.monotonic() + 120
    while not list(shelf.glob(f"{UNFINISHED}*/*.csv*")):
        if process.poll() is not None or time.monotonic() > end:
            raise NoWorkToMeasure("the export never began to write")
        time.sleep(0.2)
    found = _p95(ours, port)
    if process.poll() is not None:
        raise NoWorkToMeasure("the export ended before the round was over")
    process.terminate()
    process.wait(timeout=60)
    for path in shelf.glob(f"{UNFINISHED}*"):
        shutil.rmtree(path)
    return found


def _told(times: list[float]) -> str:
    each = ", ".join(f"{one:.0f}" for one in times)
    return f"median {median(times):.0f} ms of {ROUNDS} rounds ({each})"


def _p95(ours: Ours, port: int) -> float:
    seen = play(
        Job("127.0.0.1", port, "sections", CLIENTS, RESPONDENTS, ours.script(),
            ours.take(RESPONDENTS))
    )  # fmt: skip
    if seen.failed:
        raise NoWorkToMeasure(f"{seen.failed} visits failed: {seen.faults}")
    return seen.steps["all"][2]


def _close(database: Database) -> None:
    with Session(database.write) as session, session.begin():
        wave = _wave(session)
        assert wave.id is not None
        close_wave(
            session=session, wave_id=wave.id, by="bench", at=datetime.now(UTC) + timedelta(days=2)
        )


def _wave(session: Session) -> Wave:
    return session.exec(
        select(Wave)
        .join(Community, Community.id == Wave.community_id)
        .where(  # type: ignore[arg-type]
            Community.slug == OTHERS
        )
    ).one()


def _ask(database: Database, number: int) -> str:
    definition = registry.find("partnership")
    plan = plans.load("partnership-1.0.0", definition)
    with Session(database.write) as session, session.begin():
        wave = _wave(session)
        assert wave.id is not None
        seq = runs.data_version(session, wave.community_id, wave.id)
        question = runs.Question(
            definition.digest, "full", "partnership-1.0.0", plans.digest(plan),
            (runs.Source(wave.community_id, wave.id, "main", seq),), f"round {number}",
        )  # fmt: skip
        return runs.ask(session=session, question=question, by="bench", at=datetime.now(UTC)).key


def _state(database: Database, key: str) -> tuple[str, str]:
    with Session(database.read) as session, session.begin():
        run = session.get_one(AnalysisRun, key)
        return run.state, run.step


def _until_it_computes(database: Database, key: str) -> None:
    end = time.monotonic() + 120
    while _state(database, key)[1] in ("", "data"):
        if time.monotonic() > end:
            raise NoWorkToMeasure(str(_state(database, key)))
        time.sleep(0.2)


def _require_running(database: Database, key: str) -> None:
    state, step = _state(database, key)
    if state != "running":
        raise NoWorkToMeasure(f"{state} {step} before the round was over")


if __name__ == "__main__":
    sys.exit(main())
