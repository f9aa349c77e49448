"""Least squares over partitions: classic errors after one pass, HC3 after two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from analysis import from_moments
from analysis.correlations import holm
from analysis.from_moments import MomentRegression
from analysis.least_squares import estimates, hc3_meat, require_no_lever
from analysis.moments import Floats
from analysis.streams.reading import Complete, Numbers, Read, Streamed, again, as_codes
from analysis.streams.sums import sums_of


@dataclass(frozen=True, slots=True, eq=False)
class Middle:
    """The middle of HC3 and the highest leverage; merge with ``+``."""

    meat: Floats
    highest: float

    def __add__(self, other: Middle) -> Middle:
        if not isinstance(other, Middle):
            return NotImplemented
        return Middle(self.meat + other.meat, max(self.highest, other.highest))


@dataclass(frozen=True, slots=True, eq=False)
class Levers:
    """Complete rows, outcome first, to their `Middle`, predictors about their means."""

    mean: Floats
    b: Floats
    """Slopes."""
    bread: Floats
    """(q, q), (X'X)^-1 of the constant and the centred predictors."""

    def __call__(self, rows: Floats) -> Middle:
        """Sum over the rows."""
        moved = rows - self.mean
        x = np.column_stack([np.ones(len(rows)), moved[:, 1:]])
        leverage = np.einsum("np,pq,nq->n", x, self.bread, x, optimize=True)
        highest = float(leverage.max(initial=0.0))
        if highest > 1 - 1e-10:  # refused by name once all rows are in
            return Middle(np.zeros_like(self.bread), highest)
        return Middle(hc3_meat(x, moved[:, 0] - moved[:, 1:] @ self.b, leverage), highest)


def regress(
    partitions: Any,
    outcome: str,
    predictors: Sequence[str],
    *,
    level: float = 0.95,
    missing: Iterable[int] | None = None,
    executor: Executor | None = None,
    read: Read | None = None,
) -> MomentRegression:
    """Regress one column on others, complete rows: `from_moments.regress` with HC3 beside.

    Two passes: moments, then the rows' residuals and leverages. ``coefficients`` has, after
    the classic columns, hc3_se hc3_t hc3_p hc3_p_holm hc3_ci_low hc3_ci_high
    (`analysis.regression.regress`: MacKinnon & White 1985; R: ``sandwich::vcovHC(type =
    "HC3")``). Residuals come from b of the first pass, so predictors that nearly determine
    each other cost digits as in any solution by normal equations.
    Raises what `from_moments.regress` raises, `NotEnoughData` (a row of leverage 1),
    `ReadTwice`.
    """
    import pandas as pd

    names = (outcome, *predictors)
    source = Numbers(names, as_codes(missing), read)
    table = again(partitions)
    counted = sums_of(Streamed(table, source, executor), len(names)).moments(names)
    made = from_moments.regress(counted, outcome, predictors, level=level)
    assert counted.means is not None
    mean, n = counted.means, counted.n
    bread = np.zeros((len(names),) * 2)
    bread[0, 0] = 1 / n
    bread[1:, 1:] = np.linalg.inv(counted.covariance[1:, 1:]) / (n - 1)
    coefficients = made.coefficients
    b = coefficients["b"].to_numpy(dtype=float)
    rows = Streamed(table, Complete(source), executor)
    middle = rows.total(Levers(mean, b[1:], bread))
    require_no_lever(tuple(predictors), middle.highest)
    # back from centred predictors: the constant is the height at the means less b'means
    turn = np.eye(len(names))
    turn[0, 1:] = -mean[1:]
    covariance = turn @ bread @ middle.meat @ bread @ turn.T
    robust = estimates(b, covariance, made.f_df[1], level)
    columns = {f"hc3_{name}": values for name, values in robust.items()}
    columns["hc3_p_holm"] = np.concatenate([[np.nan], holm(columns["hc3_p"][1:])])
    order = ["hc3_se", "hc3_t", "hc3_p", "hc3_p_holm", "hc3_ci_low", "hc3_ci_high"]
    extra = pd.DataFrame(columns, index=coefficients.index)[order]
    return replace(
        made,
        method="least squares from moments, classic errors; HC3 from a second pass",
        coefficients=pd.concat([coefficients, extra], axis=1),
    )
