"""Where the community stands, and what was answered to each item."""

from __future__ import annotations

import numpy as np

from analysis import levels, screening
from analysis.findings.found import Findings, attempt
from analysis.moments import Floats
from analysis.results import Description, Level, Median
from analysis.view import View


def find(found: Findings, view: View) -> None:
    """Fill medians, levels and item descriptives."""
    _scales(found, view)
    _items(found, view)


def _scales(found: Findings, view: View) -> None:
    scale = view.data.instrument.response_scale
    span = scale.high - scale.low
    small = found.plan.block("medians")
    favourable = found.plan.limit("favourable")
    for code in (*view.scales, *view.indices):
        means = view.scores.mean_of(code)
        valid = means[~np.isnan(means)]
        n = len(valid)
        if small.least <= n <= (small.most or n):
            found.medians[code] = Median(
                n=n,
                method="median of the scale means",
                missing="scoring rule of the definition",
                median=float(np.median(valid)),
            )

        def level(valid: Floats = valid, n: int = n) -> Level:
            mean = levels.mean_interval(valid, found.chosen.population)
            pomp = [
                (x - scale.low) / span * 100 for x in (mean.estimate, mean.ci_low, mean.ci_high)
            ]
            percent = (valid - scale.low) / span * 100
            return Level(
                n=n,
                method=mean.method,
                missing="scoring rule of the definition",
                flags=mean.flags,
                mean=mean,
                pomp=pomp[0],
                pomp_low=pomp[1],
                pomp_high=pomp[2],
                favourable=int((percent >= favourable - 1e-9).sum()),
            )

        made = attempt(found, "levels", n, level, code)
        if made:
            found.levels[code] = made


def _items(found: Findings, view: View) -> None:
    scale = view.data.instrument.response_scale
    options = tuple(option.value for option in scale.options)
    for item in view.data.instrument.items:
        if not item.scale or item.code not in view.items.get(item.scale, ()):
            continue
        column = view.data.item_codes.index(item.code)
        answers = view.raw[item.code].to_numpy(dtype=float)

        def describe(answers: Floats = answers, column: int = column) -> Description:
            kinds = screening.missing_by_kind(view.data.raw[:, column])
            return screening.describe(answers, scale.low, scale.high, kinds=kinds, options=options)

        n = int((~np.isnan(answers)).sum())
        made = attempt(found, "descriptives", n, describe, item.code)
        if made:
            found.descriptives[item.code] = made
