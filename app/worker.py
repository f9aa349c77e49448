"""A worker: ``python -m app.worker [name]`` runs the analyses that wait, then ends.

Of an analysis it does what a researcher does by hand: makes the data set of each wave (rows
with the research consent only, written once), analyses the files by the plan, and puts one
whole folder into place. The rows of a scorecard it reads into memory only. A thread beats: it
extends the lease, tells how far the work is, and interrupts the work where the run was
cancelled or taken over. It runs behind everything else (nice 19), so that members' pages do
not wait for it.
"""

from __future__ import annotations

import _thread
import contextlib
import hashlib
import logging
import os
import secrets
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from sqlmodel import Session

from app.dataset_files import ANALYSIS
from app.datasets.order import order
from app.datasets.service import Exported, export
from app.db import Database
from app.errors import AppError
from app.jobs import runs
from app.jobs.supervisor import folder_of
from app.reports.service import plan_folders
from app.scorecards import making
from app.scorecards.making import BasisChanged
from app.settings import Settings
from app.tables import AnalysisRun, Community, Wave
from instrument.model import Instrument

if TYPE_CHECKING:
    from analysis.findings import Findings
    from analysis.plan import Plan

log = logging.getLogger("guyub.worker")

BEAT = 5.0
"""Seconds between two signs of life; a lease lasts `runs.LEASE`."""
NICE = 19
MADE_BY = ANALYSIS
SHARE = {
    "data": 2,
    "levels": 12,
    "measure": 15,
    "structure": 30,
    "explain": 60,
    "waves": 80,
    "answers": 90,
    "write": 95,
}
"""Percent of the work behind each step when it begins; a guess that only ever grows."""


class Changed(AppError):
    """Answers, definition or plan are not what they were when the analysis was asked for."""

    status = 409
    slug = "answers-changed"
    title_en = "Answers changed since this analysis was asked for"


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed run, read once."""

    key: str
    kind: str
    plan: str
    plan_digest: str
    sources: tuple[tuple[str, str, runs.Source], ...]
    """Community, wave's name, source."""


class Heart:
    """Says that this worker lives, and interrupts the main thread where its run is gone."""

    def __init__(self, database: Database, key: str, worker: str) -> None:
        self._database = database
        self._key, self._worker = key, worker
        self._end = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._beat, daemon=True, name="guyub-heart")
        self.step = "data"
        self.lost = False

    def __enter__(self) -> Heart:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            self._end.set()
        self._thread.join()

    def at(self, step: str) -> None:
        """Note what the work is at; told with the next beat."""
        self.step = step

    def _beat(self) -> None:
        while not self._end.wait(BEAT):
            try:
                with Session(self._database.write) as session, session.begin():
                    mine = runs.beat(
                        session=session,
                        key=self._key,
                        worker=self._worker,
                        at=datetime.now(UTC),
                        progress=SHARE[self.step],
                        step=self.step,
                    )
            except Exception:  # a busy database is asked again; the lease outlasts ten beats
                log.exception("A sign of life could not be stored; it is tried again")
                continue
            with self._lock:
                if not mine and not self._end.is_set():
                    self.lost = True
                    _thread.interrupt_main()
                    return


def serve(database: Database, worker: str) -> int:
    """Run what waits until nothing does; return how many were taken up."""
    taken = 0
    while True:
        with Session(database.write) as session, session.begin():
            run = runs.claim(session=session, worker=worker, at=datetime.now(UTC))
            job = _job(session, run) if run else None
        if job is None:
            return taken
        taken += 1
        heart = Heart(database, job.key, worker)
        try:
            with heart:
                _work(database, job, worker, heart)
        except KeyboardInterrupt:
            if heart.lost:
                log.info("Analysis %s is no longer wanted from this worker", job.key[:16])
                continue
            with Session(database.write) as session, session.begin():
                runs.release(session=session, key=job.key, worker=worker)
            raise


def _job(session: Session, run: AnalysisRun) -> Job:
    found = []
    for one in runs.sources(session, run.key):
        community = session.get(Community, one.community_id)
        wave = session.get(Wave, one.wave_id)
        assert community is not None
        assert wave is not None
        found.append((community.slug, f"{community.slug}-{wave.number}", one))
    return Job(run.key, run.kind, run.plan, run.plan_digest, tuple(found))


def _work(database: Database, job: Job, worker: str, heart: Heart) -> None:
    from analysis.errors import AnalysisError  # noqa: PLC0415 - statistics: this process only
    from instrument.errors import InstrumentError  # noqa: PLC0415 - as above

    fault: runs.Fault
    try:
        (_make_card if job.kind == "card" else _analyse)(database, job, worker, heart)
    except (Changed, BasisChanged) as error:
        fault, detail = "changed", error.detail
    except (AnalysisError, InstrumentError) as error:
        fault, detail = "data", str(error)
    except AppError as error:
        about = f" ({error.detail})" if error.detail else ""
        fault, detail = "data", f"{error.title_en}{about}. {error.hint_en}"
    except OSError as error:
        fault, detail = "disk", error.strerror or type(error).__name__
    except Exception as error:
        log.exception("Analysis %s failed", job.key[:16])
        fault, detail = "internal", type(error).__name__
    else:
        return
    with Session(database.write) as session, session.begin():
        runs.fail(
            session=session,
            key=job.key,
            worker=worker,
            at=datetime.now(UTC),
            error=fault,
            detail=detail,
        )


def _analyse(database: Database, job: Job, worker: str, heart: Heart) -> None:
    from analysis import findings, report  # noqa: PLC0415 - statistics: this process only
    from analysis import plan as plans  # noqa: PLC0415
    from analysis.dataset import Dataset, pool, read_csv  # noqa: PLC0415
    from analysis.findings import Options  # noqa: PLC0415
    from instrument import registry  # noqa: PLC0415

    made = [(slug, source, _data_set(database, name, source)) for slug, name, source in job.sources]
    main = [(slug, one) for slug, source, one in made if source.part == "main"]
    before = [one for _, source, one in made if source.part == "before"]
    definition = registry.find(main[0][1].instrument_key, main[0][1].instrument_version)
    plan = _plan(database.settings, job.plan, definition)
    if plans.digest(plan or plans.default(definition)) != job.plan_digest:
        raise Changed(f"plan {job.plan or 'standard'}")
    read: dict[str, Dataset] = {slug: read_csv(one.data, definition) for slug, one in main}
    data = pool(read) if len(read) > 1 else next(iter(read.values()))
    sizes = [one.eligible for _, one in main]
    found = findings.find(
        data,
        Options(plan=plan, population=_total(sizes)),
        before=read_csv(before[0].data, definition) if before else None,
        told=heart.at,
    )
    heart.at("write")
    names = [one.folder.name for _, _, one in made]
    home = database.settings.data_dir / "analyses"
    home.mkdir(parents=True, exist_ok=True)
    with _hidden(home) as folder:
        source = " + ".join(one.folder.name for _, one in main)
        report.write(folder, found, source=source, language="id", embedded=True)
        content = (folder / report.RESULTS).read_bytes()
        _publish(
            database,
            job.key,
            worker,
            folder,
            digest=hashlib.sha256(content).hexdigest(),
            facts=_facts(found, names, sorted(file.stem for file in folder.glob("*.csv"))),
        )


def _make_card(database: Database, job: Job, worker: str, heart: Heart) -> None:
    source, name = next((one, name) for _, name, one in job.sources if one.part == "main")
    home = database.settings.data_dir / "analyses"
    home.mkdir(parents=True, exist_ok=True)
    with _hidden(home) as folder:
        made = making.make(
            database,
            community_id=source.community_id,
            number=int(name.rpartition("-")[2]),
            key=job.key,
            folder=folder,
            told=heart.at,
        )
        _publish(database, job.key, worker, folder, digest=made.digest, facts=made.facts)


def _plan(settings: Settings, name: str, definition: Instrument) -> Plan | None:
    from analysis import plan as plans  # noqa: PLC0415 - statistics: this process only

    return plans.load(plans.path_of(name, plan_folders(settings)), definition) if name else None


def _total(sizes: Sequence[int | None]) -> int | None:
    known = [size for size in sizes if size is not None]
    return sum(known) if len(known) == len(sizes) else None


def _data_set(database: Database, name: str, source: runs.Source) -> Exported:
    # only figures leave the analysis, behind the gate of disclosure; nobody is offered this file
    wanted = order(waves=[name], full=True, reason="Analysis on this server.", made_by=MADE_BY)
    made = export(database.settings, wanted)
    if made.manifest["dataset"]["data_version"] != source.data_version:
        raise Changed(name)
    return made


def _facts(found: Findings, names: Sequence[str], tables: Sequence[str]) -> dict[str, Any]:
    return {
        "datasets": list(names),
        "rows": found.rows,
        "used": found.used,
        "tier": found.tier,
        "simulated": found.simulated,
        "withheld": len(found.withheld),
        "deviations": len(found.deviations),
        "tables": list(tables),
    }


@contextlib.contextmanager
def _hidden(home: Path) -> Iterator[Path]:
    """A folder nobody looks into; gone at the end unless it was moved into place."""
    folder = Path(tempfile.mkdtemp(dir=home, prefix=".being-made-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _publish(
    database: Database, key: str, worker: str, folder: Path, *, digest: str, facts: dict[str, Any]
) -> None:
    """Put the files into place and say so in one transaction that holds the run's row.

    Where the run was cancelled or taken over, nothing is put anywhere.
    """
    with Session(database.write) as session, session.begin():
        mine = runs.finish(
            session=session,
            key=key,
            worker=worker,
            at=datetime.now(UTC),
            digest=digest,
            facts=facts,
        )
        if mine:
            target = folder_of(database.settings, key)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(target, ignore_errors=True)  # of a process that died after the move
            folder.chmod(0o755)
            folder.rename(target)


def main(arguments: Sequence[str]) -> int:
    """Run what waits. 0 at the end of the queue or when told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s worker: %(message)s")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    os.nice(NICE)
    database = Database(Settings())
    try:
        serve(database, arguments[0] if arguments else secrets.token_hex(8))
    except KeyboardInterrupt:
        log.info("Told to stop; what was begun waits for the next worker")
    finally:
        database.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
