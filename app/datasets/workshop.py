"""Data sets being made: one at a time a community, each in a process of its own.

Kept in memory: an export that a restart interrupts has offered no file, and is ordered again.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from typing import Any

from app.settings import Settings

log = logging.getLogger(__name__)
_LOST = {
    "id": "Pembuatan terhenti sebelum selesai. Tidak ada berkas yang dibuat; coba lagi.",
    "en": "Making it stopped before the end. No file was made; try again.",
}


@dataclass
class Job:
    """One order on its way."""

    asked: dict[str, Any]
    """Arguments of `app.datasets.order.order`."""
    process: subprocess.Popen[bytes]
    name: str = ""
    """The data set, once it is there."""
    error: dict[str, str] = field(default_factory=dict)
    """What went wrong, by language."""
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def busy(self) -> bool:
        """Whether it is still being made."""
        return not self.done.is_set()


class Workshop:
    """What the application's process knows of data sets being made."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._jobs: dict[int, Job] = {}

    def job(self, community_id: int) -> Job | None:
        """Return the last job of a community since the server started."""
        return self._jobs.get(community_id)

    def start(self, community_id: int, asked: dict[str, Any]) -> bool:
        """Begin an order; False where the community's last one is still being made."""
        with self._lock:
            last = self._jobs.get(community_id)
            if last is not None and last.busy:
                return False
            process = subprocess.Popen(
                [sys.executable, "-m", "app.datasets.work"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self._environment(),
            )
            job = self._jobs[community_id] = Job(asked, process)
        threading.Thread(target=_wait, args=(job,), daemon=True).start()
        return True

    def close(self) -> None:
        """Stop what is being made; no file of it is offered."""
        for job in self._jobs.values():
            if job.busy:
                job.process.terminate()
                job.done.wait(5)

    def _environment(self) -> dict[str, str]:
        settings = self._settings
        set_here = {
            "GUYUB_DATA_DIR": str(settings.data_dir.absolute()),
            "GUYUB_DATABASE_URL": settings.database_url,
            "OPENBLAS_NUM_THREADS": "1",
        }
        if settings.secret_key is not None:
            set_here["GUYUB_SECRET_KEY"] = settings.secret_key.get_secret_value()
        return os.environ | set_here


def _wait(job: Job) -> None:
    told, errors = job.process.communicate(json.dumps(job.asked).encode())
    try:
        answer = json.loads(told)
        job.name, job.error = answer.get("name", ""), answer.get("error", {})
    except ValueError:
        log.error("A data set was not made: %s", errors.decode(errors="replace")[-2000:])
        job.error = _LOST
    job.done.set()
