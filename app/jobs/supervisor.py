"""Starts worker processes where analyses wait, and tidies up behind them.

One supervisor a web process. It looks into the queue when it is nudged, when a worker has
ended, and every `SWEEP_SECONDS`; a worker that has nothing left to do ends by itself. What a
killed worker held goes back into the queue as soon as its end is seen, or, where another
process started it, when its lease is over.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlmodel import Session

from app.db import Database
from app.jobs import runs
from app.settings import Settings

log = logging.getLogger("guyub")

SWEEP_SECONDS = 20
STOP_SECONDS = 5
"""How long a worker may take to put its run back when the service stops."""
COMMAND = (sys.executable, "-m", "app.worker")


def folder_of(settings: Settings, key: str) -> Path:
    """Where the files of a finished analysis are."""
    return settings.data_dir / "analyses" / key


def environment(settings: Settings) -> dict[str, str]:
    """The environment of a worker: this installation, one BLAS thread.

    Two threads made the same fit ten times slower on two busy cores.
    """
    given = {
        "GUYUB_DATA_DIR": str(settings.data_dir.absolute()),
        "GUYUB_DATABASE_URL": settings.database_url,
        "OPENBLAS_NUM_THREADS": "1",
    }
    for name in ("secret_key", "code_key", "identity_key"):
        key = getattr(settings, name)
        if key is not None:
            given[f"GUYUB_{name.upper()}"] = key.get_secret_value()
    return os.environ | given


class Supervisor:
    """Keeps at most ``settings.workers`` worker processes, and only while there is work."""

    def __init__(
        self,
        database: Database,
        *,
        command: Sequence[str] = COMMAND,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        every: float = SWEEP_SECONDS,
    ) -> None:
        self._database = database
        self._settings = database.settings
        self._command = tuple(command)
        self._clock = clock
        self._every = every
        self._wake = asyncio.Event()
        self._stopping = False
        self._loop = asyncio.get_running_loop()
        self._workers: dict[str, asyncio.subprocess.Process] = {}
        self._watching: set[asyncio.Task[None]] = set()
        self._main = asyncio.create_task(self._run())

    def nudge(self) -> None:
        """Look into the queue now; from any thread."""
        self._loop.call_soon_threadsafe(self._wake.set)

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the workers that run."""
        return tuple(process.pid for process in self._workers.values())

    async def stop(self) -> None:
        """End the workers; what they held goes back into the queue."""
        # Not cancelled: a look is in a thread, and would go on with a connection of its own
        # after the store is closed.
        self._stopping = True
        self._wake.set()
        await self._main
        for process in self._workers.values():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        if self._watching:
            _, slow = await asyncio.wait(self._watching, timeout=STOP_SECONDS)
            for process in list(self._workers.values()) if slow else ():
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
            if slow:
                await asyncio.wait(slow)

    async def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                await self._look()
            except Exception:
                log.exception("The queue of analyses could not be read; it is tried again")
            if self._stopping:
                break
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._every)

    async def _look(self) -> None:
        if not await asyncio.to_thread(tidy, self._database, self._clock()):
            return
        if not self._stopping and len(self._workers) < self._settings.workers:
            await self._start()

    async def _start(self) -> None:
        name = secrets.token_hex(8)
        process = await asyncio.create_subprocess_exec(
            *self._command,
            name,
            env=environment(self._settings),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
        )
        self._workers[name] = process
        task = asyncio.create_task(self._watch(name, process))
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)

    async def _watch(self, name: str, process: asyncio.subprocess.Process) -> None:
        code = await process.wait()
        del self._workers[name]
        if code != 0:
            log.warning("A worker ended with %d; what it held is taken up again", code)
            await asyncio.to_thread(bereave, self._database, name, self._clock())
        if code <= 0:  # a worker that cannot even start is not tried again at once
            self._wake.set()


def tidy(database: Database, at: datetime) -> bool:
    """Recover lost runs, delete files whose answers have changed; whether something waits."""
    with Session(database.read) as session, session.begin():
        lost, expired, waits = runs.lost(session, at), runs.expired(session), runs.waiting(session)
    if lost:
        with Session(database.write) as session, session.begin():
            again, given_up = runs.recover(session=session, at=at)
        log.warning("Analyses lost by a worker: %d queued again, %d given up", again, given_up)
        waits = waits or again > 0
    for key in expired:
        shutil.rmtree(folder_of(database.settings, key), ignore_errors=True)
        with Session(database.write) as session, session.begin():
            runs.bury(session=session, key=key, at=at)
    return waits


def bereave(database: Database, worker: str, at: datetime) -> None:
    """Take back what a dead worker held."""
    with Session(database.write) as session, session.begin():
        runs.recover(session=session, at=at, dead=(worker,))
