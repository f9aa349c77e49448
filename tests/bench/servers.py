"""Server processes of the bench: start, wait, measure by /proc, stop."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
_TICK = os.sysconf("SC_CLK_TCK")


class ServerDidNotStart(Exception):
    """The server process ended, or never answered; its last words are in the message."""


@dataclass(frozen=True)
class Server:
    """A running server process and what hangs below it."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    started: float
    """`time.perf_counter` when the process was made."""

    def tree(self) -> list[psutil.Process]:
        """The process and its descendants."""
        top = psutil.Process(self.process.pid)
        return [top, *top.children(recursive=True)]

    def cpu(self) -> float:
        """User + system CPU seconds of the whole tree, ended children included."""
        return cpu_seconds(self.tree())

    def pss(self) -> float:
        """Proportional set size of the whole tree, MB (10^6 bytes)."""
        return sum(pss_mb(process.pid) for process in self.tree())

    def rss(self) -> float:
        """Resident set size of the whole tree, MB (10^6 bytes)."""
        return sum(process.memory_info().rss for process in self.tree()) / 1e6


def cpu_seconds(processes: Sequence[psutil.Process]) -> float:
    """User + system CPU seconds of the processes and of their ended children."""
    total = 0.0
    for process in processes:
        try:
            fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(") ")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended, and counts among its parent's children
        total += sum(int(value) for value in fields[11:15]) / _TICK
    return total


def pss_mb(pid: int) -> float:
    """PSS of one process from ``smaps_rollup``, MB (10^6 bytes)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise LookupError(f"no Pss line in /proc/{pid}/smaps_rollup")


def free_port() -> int:
    """A loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serve(
    name: str,
    command: Sequence[str],
    *,
    port: int,
    log: Path,
    environment: Mapping[str, str] | None = None,
    patience: float = 30.0,
) -> Iterator[Server]:
    """Run a server from when its port answers until the block ends; its words go to ``log``."""
    with log.open("wb") as out:
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        while True:
            if process.poll() is not None:
                raise ServerDidNotStart(
                    f"{name} ended with code {process.returncode}:\n{log.read_text()[-3000:]}"
                )
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if time.perf_counter() - started > patience:
                raise ServerDidNotStart(
                    f"{name} did not listen on port {port} within {patience:.0f} s:\n"
                    f"{log.read_text()[-3000:]}"
                )
            time.sleep(0.01)
        yield Server(name, port, process, started)
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
