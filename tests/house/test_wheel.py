"""The wheel, installed in a clean environment, runs the demo outside the checkout."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from functools import partial
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UV = Path(sys.prefix) / "bin" / "uv"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from what git knows: a file that was forgotten is missing here."""
    source = tmp_path_factory.mktemp("source")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).exists():
            shutil.copy2(ROOT / name, target)
    out = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), "."],
        cwd=source,
        check=True,
        capture_output=True,
    )
    (built,) = out.glob("guyub-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the locked dependencies and the wheel; return the environment's folder."""
    home = tmp_path_factory.mktemp("clean") / "venv"
    run = partial(subprocess.run, check=True, capture_output=True)
    run([UV, "venv", "--quiet", "--python", sys.executable, home])
    python = home / "bin" / "python"
    install = [UV, "pip", "install", "--quiet", "--python", python]
    run([*install, "--require-hashes", "--compile-bytecode", "-r", ROOT / "requirements.lock"])
    run([*install, "--no-deps", "--compile-bytecode", wheel])
    return home


def clean_environment() -> dict[str, str]:
    """The environment without what would let the checkout shine through."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GUYUB_", "PYTHON", "VIRTUAL_ENV"))
    } | {"OPENBLAS_NUM_THREADS": "1"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fetch(address: str) -> str:
    with urllib.request.urlopen(address, timeout=10) as answer:
        return answer.read().decode()


@pytest.mark.slow
def test_demo_runs_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    """`guyub demo` in an empty folder: serves, and takes less than 60 s of CPU in all."""
    port = free_port()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    log = (tmp_path / "log").open("w+")
    server = subprocess.Popen(
        [installed / "bin" / "guyub", "demo", "--port", str(port)],
        cwd=tmp_path,
        env=clean_environment(),
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        front = wait_for(f"http://127.0.0.1:{port}/", server, log.name)
        assert "/s/sidoarjo" in front
        landing = fetch(f"http://127.0.0.1:{port}/s/sidoarjo")
        assert "SIMULASI" in landing
        data = fetch(f"http://127.0.0.1:{port}/demo/data")
        assert "sidoarjo-1-v1-simulasi.csv" in data
        report = fetch(f"http://127.0.0.1:{port}/demo/analisis/sidoarjo-1/report.html")
        assert "DATA SIMULASI" in report
    finally:
        server.terminate()
        server.wait(timeout=30)
        log.close()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"guyub demo, from nothing to served: {cpu:.1f} CPU s")
    assert cpu < 60


def wait_for(address: str, server: subprocess.Popen[bytes], log: str) -> str:
    """Ask until the server answers; fail with its log where it ended."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        if server.poll() is not None:
            pytest.fail(f"the server ended with {server.returncode}: {Path(log).read_text()}")
        try:
            return fetch(address)
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    pytest.fail(f"no answer from {address}: {Path(log).read_text()}")
