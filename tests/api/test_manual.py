"""The calls of docs/manual/api.md, run as they stand there."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.conftest import Desk, paths
from tests.staff.office import BASE

MANUAL = Path(__file__).parents[2] / "docs" / "manual" / "api.md"


def test_the_documented_python_runs(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The block is executed against the running application, only the transport is ours."""
    (code,) = re.findall(r"```python\n(.*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)
    _, token = desk.token()
    monkeypatch.setenv("GUYUB_URL", BASE)
    monkeypatch.setenv("GUYUB_TOKEN", token)

    def handle(request: httpx.Request) -> httpx.Response:
        answer = desk.office.client.get(str(request.url), headers=dict(request.headers))
        return httpx.Response(answer.status_code, content=answer.content)

    client = httpx.Client

    def over_the_application(**options: Any) -> httpx.Client:
        return client(transport=httpx.MockTransport(handle), **options)

    monkeypatch.setattr(httpx, "Client", over_the_application)
    names: dict[str, Any] = {}
    exec(compile(code, str(MANUAL), "exec"), names)
    assert len(names["rows"]) == 6
    items = names["items"]
    assert len(items) == 50
    assert names["rows"][items].min().min() >= 1
    assert "medians" in names["blocks"]


def test_what_the_r_block_reads_is_there(desk: Desk) -> None:
    """No R here: its addresses, fields and columns are held against the API, not run."""
    (code,) = re.findall(r"```r\n(.*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)
    _, token = desk.token()

    def get(path: str) -> httpx.Response:
        return desk.office.client.get(
            f"/api/v1/{path}?lang=en", headers={"authorization": f"Bearer {token}"}
        )

    assert all(f'get("{path}' in code for path in ("datasets", "waves/1/codebook"))
    newest = get("datasets").json()["datasets"][0]
    file = get(f"datasets/{newest['name']}/data.csv")
    assert hashlib.sha256(file.content).hexdigest() == newest["sha256"]
    variables = get("waves/1/codebook").json()["variables"]
    kinds = {one["name"]: one["kind"] for one in variables}
    named = file.text.partition("\n")[0].split(",")
    motivation = [name for name in named if re.fullmatch(r"MOT[0-9]+(_R)?", name)]
    keyed = [name for name in motivation if name.endswith("_R")]
    assert keyed
    assert {kinds[name] for name in motivation} == {"item", "keyed"}
    assert {kinds[name] for name in keyed} == {"keyed"}


def test_every_address_is_in_the_manual(desk: Desk) -> None:
    text = MANUAL.read_text(encoding="utf-8")
    for path, scope in paths(desk):
        general = re.sub(r"gresik-1-v1", "{name}", path).replace(desk.result, "{key}")
        general = re.sub(r"/1(?=/|$)", "/{number}", general)
        assert f"/api/v1{general}`" in text, general
        assert f"`{scope}`" in text
