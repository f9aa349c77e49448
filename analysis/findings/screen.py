"""A first look at the rows: what is missing and why, who answered carelessly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis import careless, missingness
from analysis.findings.found import Findings, attempt
from analysis.findings.summaries import CarelessSummary
from analysis.view import View

if TYPE_CHECKING:
    from analysis.dataset import Dataset


def find(found: Findings, everybody: Dataset, view: View) -> None:
    """Fill the missing map, Little's test and the summary of careless flags.

    ``everybody``: rows with any answer, careless ones included; ``view``: the rows in use.
    """
    codes = [code for group in view.items.values() for code in group]
    frame = view.keyed[codes]
    found.missing = attempt(found, "missing", found.used, lambda: missingness.missing_map(frame))
    scored = view.factor_items()
    if found.missing and found.missing.missing_cells and len(scored) > 1:
        found.mcar = attempt(
            found, "mcar", found.used, lambda: missingness.little_mcar(view.keyed[scored])
        )
    if found.instrument.form(found.form).checks:
        found.careless = attempt(
            found, "careless", everybody.rows, lambda: _summary(found, everybody)
        )


def _summary(found: Findings, data: Dataset) -> CarelessSummary:
    """Points by the definition's own rules, distances by the plan's."""
    scores = data.score()
    form = data.instrument.form(data.form)
    shown = [data.item_codes.index(code) for code in form.items]
    scored = [i for i in shown if data.instrument.items[i].scale is not None]
    answers = data.unkeyed()
    far: int | None = None
    whole = ~np.isnan(answers[:, scored]).any(axis=1)
    if whole.sum() >= found.plan.limit("far_from"):
        from scipy import special

        distance, exists = careless.mahalanobis_squared(answers[:, scored])
        if exists:
            tail = special.chdtrc(len(scored), distance[whole])
            far = int((tail < found.plan.limit("far_p")).sum())
    runs, _ = careless.longest_runs(answers[:, shown])
    spread = careless.within_sd(answers[:, scored])
    points = scores.flags["FLAGS"]
    return CarelessSummary(
        n=data.rows,
        method="careless flags of the definition; squared Mahalanobis distance of complete rows",
        missing="per person",
        excluded=int(scores.excluded.sum()),
        exclude_at=data.instrument.careless.exclude_at,
        by_flag={name: int((scores.flags[name] > 0).sum()) for name in form.checks},
        by_points={
            str(value): int(count)
            for value, count in zip(*np.unique(points, return_counts=True), strict=True)
        },
        far=far,
        median_run=float(np.median(runs)),
        median_sd=float(np.nanmedian(spread)),
    )
