"""The bench of the statistics at a tiny n: every task runs and every goal is judged."""

from __future__ import annotations

import json

import pytest

from analysis import reliability
from tests.bench.analysis import Report, Size
from tests.bench.r_timing import R_SECONDS
from tests.bench.statistics import MODEL, people, tasks, timed
from tests.bench.statistics_pass import million


def test_every_task_is_timed_and_every_goal_judged() -> None:
    size = Size(small=600, large=700, million=2_000, repetitions=1, whole=False)
    chosen = list(tasks(size.small, size.large))
    assert {task.r for task in chosen if task.r} == {name for name, _ in R_SECONDS}
    timings = [timed(task, 1) for task in chosen]
    assert all(0 < one.least <= one.middle < 60 for one in timings)
    run = million(size.million, 1)
    # 2,000 of bfi's rows keyed: all were answered by somebody; alpha beside that of the frame
    assert (run.n, run.answered) == (2_000, 2_000)
    assert run.raw == pytest.approx(reliability.alpha(people(2_800)).raw, abs=0.05)
    assert 40 < run.peak_mb < 300
    machine = {"cpus": 2, "cpu": "", "python": "", "commit": "", "load_before": (0, 0, 0)}
    report = Report(machine, timings, run, 1.0, 1.0)
    names = {gate.name for gate in report.gates()}
    assert "CFA, 5 factors, WLSMV, n = 700" in names
    assert "peak memory, n = 2,000" in names
    assert len(names) == 11
    text = report.text()
    assert all(one.name in text for one in timings)
    assert len(json.loads(json.dumps(report.as_dict()))["timings"]) == len(timings)


def test_larger_samples_are_rows_of_bfi_drawn_again() -> None:
    few, many = people(2_800), people(5_000)
    assert list(few) == [item for items in MODEL.values() for item in items]
    known = set(map(tuple, few.fillna(-1).to_numpy().tolist()))
    assert set(map(tuple, many.fillna(-1).to_numpy().tolist())) <= known
    assert many.equals(people(5_000))
