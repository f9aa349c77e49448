"""Moderation: whether the slope of x on the outcome depends on w."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.errors import WrongArgument
from analysis.least_squares import Fit, both_ways, f_tail, fit, t_reach, table, used_rows
from analysis.moments import Floats
from analysis.results import Result

if TYPE_CHECKING:
    import pandas as pd

PERCENTILES = (16, 50, 84)


@dataclass(frozen=True, kw_only=True, eq=False)
class Moderation(Result):
    """An interaction of two mean-centred predictors."""

    outcome: str
    x: str
    w: str
    covariates: tuple[str, ...]
    means: dict[str, float]
    """What was taken off each predictor before multiplying."""
    coefficients: pd.DataFrame
    """`least_squares.table`; the product is the row ``x:w``."""
    r2: float
    delta_r2: float
    """What the product adds."""
    f2: float
    f_change: float
    p_change: float
    hc3_p: float
    """Of the product: the one to read."""
    simple_slopes: pd.DataFrame
    """Slope of x where w is one SD below its mean, at it and above (minus1sd, mean,
    plus1sd) and at its percentiles (p16, p50, p84): w (raw units), b, se, t, p, limits, and
    the same with HC3."""
    johnson_neyman: pd.DataFrame
    """Rows classic, hc3: low, high (raw units of w; NaN = no edge), where the slope differs
    from 0 (``between``, ``outside``, ``below``, ``above``, ``everywhere``, ``nowhere``),
    share of persons there, and whether each edge lies within the observed w."""
    dropped: int
    level: float


def moderate(
    frame: pd.DataFrame,
    outcome: str,
    x: str,
    w: str,
    *,
    covariates: Sequence[str] = (),
    level: float = 0.95,
) -> Moderation:
    """Regress ``outcome`` on x, w, their product and ``covariates``; x and w mean-centred.

    Slope of x at w: b_x + b_xw (w - mean), variance v_xx + 2 (w - mean) v_x,xw + (w -
    mean)^2 v_xw,xw, with the classic and the HC3 covariance (Aiken & West 1991). SD with
    n - 1, percentiles as R's ``quantile`` (type 7). Johnson & Neyman (1936): the w at which
    slope^2 = t^2 variance, on n - p - 1 df (pointwise, not simultaneous).
    R: ``lm(y ~ I(x - mean(x)) * I(w - mean(w)))``.
    Raises `WrongArgument` (a column named twice or unknown), `NotEnoughData`,
    `DegenerateItem`, `ImproperSolution` (the product is determined by x and w, as with two
    predictors of two values that never occur together).
    """
    import pandas as pd

    others = tuple(covariates)
    if x == w or outcome in {x, w}:
        raise WrongArgument(f"Moderation of {x} by {w} on {outcome}: name three columns.")
    data, dropped = used_rows(frame, [outcome, x, w, *others])
    y = data[:, 0]
    means = data[:, 1:3].mean(axis=0)
    centred = data[:, 1:3] - means
    product = f"{x}:{w}"
    columns = np.column_stack([centred, centred.prod(axis=1), data[:, 3:]])
    terms = (x, w, product, *others)
    found = fit(outcome, terms, columns, y)
    without = fit(outcome, (x, w, *others), np.delete(columns, 2, axis=1), y)
    delta = found.r2 - without.r2
    change = (without.rss - found.rss) / (found.rss / found.df)
    moderator = data[:, 2]
    sd = float(moderator.std(ddof=1))
    places = {"minus1sd": means[1] - sd, "mean": means[1], "plus1sd": means[1] + sd}
    for percent, value in zip(PERCENTILES, np.percentile(moderator, PERCENTILES), strict=True):
        places[f"p{percent}"] = value
    at = np.array(list(places.values()), dtype=np.float64)
    weights = np.zeros((len(at), len(found.b)))
    weights[:, 1], weights[:, 3] = 1.0, at - means[1]
    slopes = {"w": at, **both_ways(weights @ found.b, found, weights, level)}
    coefficients = table(found, level)
    edges = {
        name: _edges(found, covariance, moderator, float(means[1]), level)
        for name, covariance in (("classic", found.classic), ("hc3", found.hc3))
    }
    return Moderation(
        n=found.n,
        method="OLS with a product of mean-centred predictors; HC3 with t on n - p - 1 df; "
        "simple slopes and Johnson-Neyman by both covariances",
        missing="listwise",
        outcome=outcome,
        x=x,
        w=w,
        covariates=others,
        means={x: float(means[0]), w: float(means[1])},
        coefficients=coefficients,
        r2=found.r2,
        delta_r2=delta,
        f2=delta / (1 - found.r2),
        f_change=change,
        p_change=f_tail(change, 1, found.df),
        hc3_p=float(coefficients["hc3_p"].iloc[3]),
        simple_slopes=pd.DataFrame(slopes, index=pd.Index(list(places))),
        johnson_neyman=pd.DataFrame.from_dict(edges, orient="index"),
        dropped=dropped,
        level=level,
    )


def _edges(
    found: Fit, covariance: Floats, moderator: Floats, mean: float, level: float
) -> dict[str, object]:
    """Where slope^2 > t^2 variance: a quadratic in the centred moderator."""
    b, v = found.b[[1, 3]], covariance[np.ix_([1, 3], [1, 3])]
    t2 = t_reach(found.df, level) ** 2
    a = b[1] ** 2 - t2 * v[1, 1]
    half = b[0] * b[1] - t2 * v[0, 1]
    c = b[0] ** 2 - t2 * v[0, 0]
    inside = half**2 - a * c

    def clear(w: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        z = w - mean
        answer: np.ndarray[tuple[int], np.dtype[np.bool_]] = a * z**2 + 2 * half * z + c > 0
        return answer

    low = high = float("nan")
    if inside > 0 and a != 0:
        # the stable pair of roots: none is a difference of near-equal numbers
        q = -(half + np.copysign(np.sqrt(inside), half))
        low, high = sorted((q / a + mean, (c / q if q else -q / a) + mean))
        where = "outside" if a > 0 else "between"
    else:
        where = "everywhere" if c > 0 else "nowhere"
    first, last = float(moderator.min()), float(moderator.max())
    low_seen, high_seen = first <= low <= last, first <= high <= last
    share = float(clear(moderator).mean())
    if where in {"outside", "between"} and not (low_seen and high_seen):
        where = _seen(where, low_seen=low_seen, high_seen=high_seen, share=share)
    return {
        "low": float(low),
        "high": float(high),
        "where": where,
        "share": share,
        "low_observed": low_seen,
        "high_observed": high_seen,
    }


def _seen(where: str, *, low_seen: bool, high_seen: bool, share: float) -> str:
    """The region among observed w: an edge nobody reaches is no edge."""
    if low_seen:
        return "below" if where == "outside" else "above"
    if high_seen:
        return "above" if where == "outside" else "below"
    return "everywhere" if share > 0.5 else "nowhere"
