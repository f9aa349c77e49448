"""The bench's own parts: the driver plays every request and the floor stores every response."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.bench.driver import Job
from tests.bench.floor import ID
from tests.bench.run import play
from tests.bench.script import stand_in_pages, stand_in_script
from tests.bench.servers import free_port, serve

PEOPLE = 20


@pytest.mark.parametrize(
    ("shape", "requests"),
    [("sections", 1 + 2 + 1 + 10 + 1), ("once", 1 + 2 + 1 + 1)],
    ids=["ten saves", "one submit"],
)
def test_every_respondent_of_the_driver_is_stored_by_the_floor(
    tmp_path: Path, shape: str, requests: int
) -> None:
    script = stand_in_script()
    stand_in_pages(script).write(tmp_path / "pages")
    store = tmp_path / "floor.sqlite3"
    port = free_port()
    command = ["-m", "tests.bench.floor", "--port", str(port), "--pages", str(tmp_path / "pages")]
    command += ["--database", f"sqlite:///{store}"]
    with serve("floor", command, port=port, log=tmp_path / "log") as server:
        seen = play(Job("127.0.0.1", port, shape, clients=4, respondents=PEOPLE, script=script))
        assert server.cpu() > 0
        assert 10 < server.pss() < 500

    assert seen.faults == []
    assert (seen.completed, seen.failed) == (PEOPLE, 0)
    assert seen.requests == PEOPLE * requests
    assert seen.steps["all"][0] == PEOPLE * requests

    rows = sqlite3.connect(store).execute("SELECT id, rev, final, answers FROM response").fetchall()
    assert {row[0] for row in rows} == set(seen.ids)
    assert len(rows) == PEOPLE
    assert ID.decode() not in seen.ids
    given = bytes(int(value) for step in script.steps[:9] for _, value in step)
    saves = 10 if shape == "sections" else 0
    assert all(row[1:] == (saves + 1, 1, given) for row in rows)
