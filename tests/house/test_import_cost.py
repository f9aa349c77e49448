"""What the web process may import, and what it costs to answer the first request."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from app.migrate import upgrade
from app.settings import Settings

ROOT = Path(__file__).parents[2]
HEAVY = ("pandas", "scipy", "pingouin", "sklearn", "matplotlib", "factor_analyzer", "statsmodels")
NEEDLESS = ("alembic", "watchfiles", "pydantic.v1", "sqlalchemy.dialects.postgresql")
"""One to two megabytes each, and nothing of theirs is used to serve members from SQLite."""

SCRIPT = """
import json, sys, tempfile, time
from pathlib import Path
from app.settings import Settings
from app.main import create_app
import uvicorn
from fastapi.testclient import TestClient
settings = Settings(data_dir=Path(sys.argv[1]), demo=False, _env_file=None)
with TestClient(create_app(settings)) as client:
    statuses = [client.get(path).status_code for path in ("/", "/healthz", "/readyz", "/s/nowhere")]
print(json.dumps({"modules": sorted(sys.modules), "statuses": statuses}))
"""


def test_web_process_imports_no_statistics(tmp_path: Path) -> None:
    """After real requests, none of the statistics libraries is in sys.modules."""
    upgrade(Settings(data_dir=tmp_path, demo=False, _env_file=None))  # here: alembic is heavy, too
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"GUYUB_DEMO": "0"},
    )
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["statuses"] == [200, 200, 200, 404]
    assert not set(NEEDLESS) & set(told["modules"])
    loaded = set(told["modules"])
    assert [name for name in HEAVY if name in loaded] == []
    assert "fastapi" in loaded


FRAMEWORK = "import fastapi, sqlmodel, pydantic_settings, jinja2, babel, uvicorn, typer"
SHARE = 1.8
"""On a slow or busy machine: what our start may cost beside importing the bare framework."""


def test_first_request_is_cheap(tmp_path: Path) -> None:
    """`guyub serve` answers its first request in < 2 s of CPU and < 120 MB (both printed).

    Noise only adds, so the cheapest of three starts counts. Machines differ: where the bare
    framework alone takes more than 1.1 s to import, the limit is `SHARE` times that.
    """
    environment = os.environ | {"GUYUB_DATA_DIR": str(tmp_path)}
    guyub = Path(sys.prefix) / "bin" / "guyub"
    subprocess.run([guyub, "db", "upgrade"], env=environment, cwd=tmp_path, check=True)
    starts = [_first_request(guyub, environment, tmp_path) for _ in range(3)]
    cpu, rss = min(cpu for cpu, _ in starts), max(rss for _, rss in starts)
    bare = min(_import_cost(tmp_path) for _ in range(3))
    print(f"first request: {cpu:.2f} CPU s, {rss:.0f} MB RSS; the framework alone {bare:.2f} CPU s")
    assert cpu < max(2, SHARE * bare)
    assert rss < 120


def _first_request(guyub: Path, environment: dict[str, str], folder: Path) -> tuple[float, float]:
    """Start the service, ask once; CPU seconds and MB resident by then."""
    from tests.house.test_wheel import free_port, wait_for

    port = free_port()
    log = folder / "log"
    with log.open("w") as out:
        server = subprocess.Popen(
            [guyub, "serve", "--port", str(port)],
            env=environment, cwd=folder, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            wait_for(f"http://127.0.0.1:{port}/healthz", server, str(log))
            stat = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
            cpu = (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
            status = Path(f"/proc/{server.pid}/status").read_text()
            (rss,) = [int(line.split()[1]) for line in status.splitlines() if "VmRSS" in line]
        finally:
            server.terminate()
            server.wait(timeout=20)
    return cpu, rss / 1024


def _import_cost(folder: Path) -> float:
    """CPU seconds of a process that only imports what the service is built on."""
    script = f"import time; {FRAMEWORK}; print(time.process_time())"
    told = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=True
    )
    return float(told.stdout)
