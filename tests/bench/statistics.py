"""The statistics that are timed, on psych::bfi and its rows resampled with replacement."""

from __future__ import annotations

import gc
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

from analysis import confirm, factors, findings, least_squares, polychoric, reliability
from analysis import streams as second_pass
from analysis.dataset import read_csv
from analysis.moments import moments
from instrument import registry
from tests.bench.r_timing import R_SECONDS
from tests.bench.servers import ROOT
from tests.bench.statistics_pass import SEED
from tests.reference.table_ordinal import MODEL, keyed

ITEMS = [item for items in MODEL.values() for item in items]
SMALL, LARGE = 2_800, 100_000
CUT = 10_000
"""Rows of a partition."""
OUTCOME = "neuroticism"


@dataclass(frozen=True)
class Task:
    """One statistic at one n."""

    name: str
    n: int
    run: Callable[[], object]
    goal: float | None = None
    """CPU seconds at most."""
    r: str = ""
    """R's line in `r_timing`; empty where R was not timed."""


@dataclass(frozen=True)
class Timing:
    """CPU seconds of the repetitions of one task."""

    name: str
    n: int
    least: float
    middle: float
    repetitions: int
    goal: float | None
    r: float | None

    @property
    def ratio(self) -> float | None:
        """Ours over R's."""
        return self.least / self.r if self.r else None


def people(n: int) -> pd.DataFrame:
    """The 25 items keyed: bfi itself at 2,800, else n of its rows drawn with replacement."""
    frame = keyed()[ITEMS]
    if n == len(frame):
        return frame
    return frame.iloc[np.random.default_rng(SEED).integers(0, len(frame), n)].reset_index(drop=True)


def scores(frame: pd.DataFrame) -> pd.DataFrame:
    """Scale means of the rows that answered all five items."""
    return pd.DataFrame({k: frame[v].mean(axis=1, skipna=False) for k, v in MODEL.items()})


def regression(frame: pd.DataFrame) -> pd.DataFrame:
    """Four predictors: classic and HC3 errors."""
    names = [name for name in MODEL if name != OUTCOME]
    data, _ = least_squares.used_rows(frame, [OUTCOME, *names])
    return least_squares.table(least_squares.fit(OUTCOME, names, data[:, 1:], data[:, 0]))


def tasks(small: int = SMALL, large: int = LARGE) -> Iterator[Task]:
    """Everything that is timed in this process, goals where there are some."""
    data = read_csv(ROOT / "tests" / "reference" / "bfi.csv", registry.find("bfi", None))
    if small == SMALL:
        options = findings.Options(n_boot=0)
        yield Task(
            "whole default plan, no bootstrap", small, lambda: findings.find(data, options), 2.0
        )
    for n in (small, large):
        frame, few = people(n), n == small
        score = scores(frame)

        def fit(
            estimator: str, missing: str = "listwise", frame: pd.DataFrame = frame
        ) -> Callable[[], object]:
            return lambda: confirm.fit(MODEL, frame, estimator=estimator, missing=missing)  # type: ignore[arg-type]

        def task(
            name: str, run: Callable[[], object], goals: tuple[float | None, float | None], r: str
        ) -> Task:
            return Task(name, n, run, goals[0 if few else 1], r)  # noqa: B023 - used at once

        none = (None, None)
        yield task(
            "alpha, 25 items, pairwise, with if-deleted",
            lambda frame=frame: reliability.alpha(frame),  # type: ignore[misc]
            none,
            "psych::alpha, 25 items, pairwise",
        )
        yield task(
            "correlations, 25 items, pairwise",
            lambda frame=frame: moments(frame),  # type: ignore[misc]
            none,
            "cor, 25 items, pairwise",
        )
        yield task(
            "EFA, 5 factors, minres, oblimin",
            lambda frame=frame: factors.explore(frame, 5),  # type: ignore[misc]
            none,
            "psych::fa, 5 factors, minres, oblimin, no scores",
        )
        yield task(
            "CFA, 5 factors, ML", fit("ML"), (0.1, None), "lavaan::cfa, 5 factors, ML, listwise"
        )
        yield task(
            "CFA, 5 factors, MLR", fit("MLR"), (None, 0.5), "lavaan::cfa, 5 factors, MLR, listwise"
        )
        yield task(
            "regression, 4 predictors, HC3",
            lambda score=score: regression(score),  # type: ignore[misc]
            none,
            "lm, 4 predictors, and vcovHC HC3",
        )
        yield task(
            "polychorics, 25 items",
            lambda frame=frame: polychoric.matrix(frame),  # type: ignore[misc]
            (0.05, 0.3),
            "psych::polychoric, 25 items, correct = 0",
        )
        yield task(
            "CFA, 5 factors, WLSMV",
            fit("WLSMV"),
            (0.2, 1.5),
            "lavaan::cfa, 5 factors, WLSMV, listwise",
        )
        yield task(
            "CFA, 5 factors, FIML", fit("ML", "fiml"), (0.3, 1.0), "lavaan::cfa, 5 factors, FIML"
        )
        if few:
            continue
        parts = [frame.iloc[a : a + CUT] for a in range(0, n, CUT)]
        for estimator, missing in (("MLR", "listwise"), ("ML", "fiml"), ("WLSMV", "listwise")):
            yield Task(
                f"the same in partitions: {estimator}, {missing}",
                n,
                lambda e=estimator, m=missing, parts=parts: second_pass.fit(  # type: ignore[misc]
                    MODEL,
                    parts,
                    estimator=e,
                    missing=m,
                    categories=6,
                ),
            )


def timed(task: Task, repetitions: int) -> Timing:
    """Run a task once to warm up and ``repetitions`` times by the CPU clock."""
    task.run()
    seconds = []
    for _ in range(repetitions):
        gc.collect()
        began = time.process_time()
        task.run()
        seconds.append(time.process_time() - began)
    r = R_SECONDS.get((task.r, task.n))
    return Timing(task.name, task.n, min(seconds), median(seconds), repetitions, task.goal, r)


def first_analysis(folder: Path) -> float:
    """CPU seconds of the whole process ``guyub analyze`` on bfi: start, bootstraps, report."""
    import os

    before = os.times()
    command = ["-m", "analysis", "analyze", "tests/reference/bfi.csv", "--instrument", "bfi"]
    subprocess.run(
        [sys.executable, *command, "--out", str(folder)], cwd=ROOT, capture_output=True, check=True
    )
    after = os.times()
    return (
        after.children_user
        + after.children_system
        - (before.children_user + before.children_system)
    )
