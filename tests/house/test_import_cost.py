"""What the web process may import, and what it costs to answer the first request."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAVY = ("pandas", "scipy", "pingouin", "sklearn", "matplotlib", "factor_analyzer", "statsmodels")

SCRIPT = """
import json, sys, tempfile, time
from pathlib import Path
from app.settings import Settings
from app.migrate import upgrade
from app.main import create_app
from fastapi.testclient import TestClient
settings = Settings(data_dir=Path(sys.argv[1]), demo=False, _env_file=None)
upgrade(settings)
with TestClient(create_app(settings)) as client:
    statuses = [client.get(path).status_code for path in ("/", "/healthz", "/readyz", "/s/nowhere")]
print(json.dumps({"modules": sorted(sys.modules), "statuses": statuses}))
"""


def test_web_process_imports_no_statistics(tmp_path: Path) -> None:
    """After real requests, none of the statistics libraries is in sys.modules."""
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
    loaded = set(told["modules"])
    assert [name for name in HEAVY if name in loaded] == []
    assert "fastapi" in loaded


def test_first_request_is_cheap(tmp_path: Path) -> None:
    """`guyub serve` answers its first request in < 2 s of CPU and < 120 MB (both printed)."""
    from tests.house.test_wheel import free_port, wait_for

    environment = os.environ | {"GUYUB_DATA_DIR": str(tmp_path)}
    guyub = Path(sys.prefix) / "bin" / "guyub"
    subprocess.run([guyub, "db", "upgrade"], env=environment, cwd=tmp_path, check=True)
    port = free_port()
    log = tmp_path / "log"
    with log.open("w") as out:
        server = subprocess.Popen(
            [guyub, "serve", "--port", str(port)],
            env=environment, cwd=tmp_path, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            wait_for(f"http://127.0.0.1:{port}/healthz", server, str(log))
            stat = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
            ticks = int(stat[11]) + int(stat[12])
            cpu = ticks / os.sysconf("SC_CLK_TCK")
            status = Path(f"/proc/{server.pid}/status").read_text()
            (rss,) = [int(line.split()[1]) for line in status.splitlines() if "VmRSS" in line]
        finally:
            server.terminate()
            server.wait(timeout=20)
    print(f"first request: {cpu:.2f} CPU s, {rss / 1024:.0f} MB RSS")
    assert cpu < 2
    assert rss < 120 * 1024
