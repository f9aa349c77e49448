"""What goes with the outcome: only from a size at which it can be told, only where it is clear.

A card of one community below 100 relates nothing: at n = 45 a regression finds three of four
true relations "not significant". From 100, aspects whose slope is positive with Holm's p of
HC3 below .05; from 200, shares of R2 where every aspect keeps its quadrant in 80 % of
resamples and R2 is not small (the specification's 3.1, 3.3.10 and 5.4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.errors import AnalysisError
from analysis.moments import Floats
from analysis.reliability import SEED, resampled_covariances
from analysis.scorecard.model import Relation, Withheld
from analysis.scorecard.scores import FAVOURABLE, Scored
from instrument.model import Text

RELATE_FROM = 100
MAP_FROM = 200
CUT = 0.25
"""Share of R2 that divides the quadrants; the other cut is `scores.FAVOURABLE`."""
STABLE = 0.80
LEAST_R2 = 0.10
RESAMPLES = 5000


@dataclass(frozen=True, slots=True)
class Related:
    """Both views, or why they are withheld."""

    relations: tuple[Relation, ...] | Withheld
    """Empty: enough answers, and no aspect stands out."""
    priority: tuple[Relation, ...] | Withheld


def find(
    found: Mapping[str, Scored],
    names: Mapping[str, Text],
    aspects: Sequence[str],
    outcome: str | None,
) -> Related:
    """Relate the aspects to the outcome, over persons with all of these scores."""
    few = Withheld(why="too_few_to_relate"), Withheld(why="too_few_for_map")
    if (
        outcome is None
        or len(aspects) < 2
        or any(code not in found for code in (outcome, *aspects))
    ):
        return Related(Withheld(why="not_asked"), Withheld(why="not_asked"))
    data = _complete([found[code] for code in (outcome, *aspects)])
    if len(data) < RELATE_FROM:
        return Related(*few)
    try:
        rows, holds = _slopes(data, names, outcome, aspects)
    except AnalysisError:  # an aspect that does not vary, or is a sum of others
        return Related(Withheld(why="unstable"), Withheld(why="unstable"))
    clear = tuple(row for row, held in zip(rows, holds, strict=True) if held)
    if len(data) < MAP_FROM:
        return Related(clear, few[1])
    return Related(clear, _shares(data, rows))


def _complete(scales: Sequence[Scored]) -> Floats:
    """Points (persons, scales) of those who have every score, in the order of the persons."""
    known = [dict(zip(one.persons, one.points.tolist(), strict=True)) for one in scales]
    everybody = [person for person in known[0] if all(person in one for one in known)]
    return np.array([[one[person] for one in known] for person in everybody]).reshape(
        len(everybody), len(scales)
    )


def _slopes(
    data: Floats, names: Mapping[str, Text], outcome: str, aspects: Sequence[str]
) -> tuple[list[Relation], list[bool]]:
    from analysis.least_squares import fit, t_reach, t_tail
    from analysis.multiplicity import holm

    fitted = fit(outcome, tuple(aspects), data[:, 1:], data[:, 0])
    df = len(data) - len(aspects) - 1
    b, se = fitted.b[1:], np.sqrt(np.diag(fitted.hc3))[1:]
    p = holm(t_tail(b / se, df))
    scale = data[:, 1:].std(axis=0) / data[:, 0].std()
    reach = t_reach(df, 0.95) * se
    rows = [
        Relation(
            scale=code,
            name=names[code],
            beta=_two(b[at] * scale[at]),
            low=_two((b[at] - reach[at]) * scale[at]),
            high=_two((b[at] + reach[at]) * scale[at]),
            n=len(data),
        )
        for at, code in enumerate(aspects)
    ]
    return rows, [bool(p[at] < 0.05 and b[at] > 0 and row.low > 0) for at, row in enumerate(rows)]


def _shares(data: Floats, rows: Sequence[Relation]) -> tuple[Relation, ...] | Withheld:
    """Shares of R2 (`importance.lmg`) with percentile ranges, if the quadrants hold."""
    from analysis.importance import lmg

    covariances, means = resampled_covariances(data, RESAMPLES, SEED)
    sd = np.sqrt(np.einsum("bii->bi", covariances))
    good = (sd > 1e-9).all(axis=1)
    if not good.all():
        return Withheld(why="unstable")
    drawn = lmg(covariances / (sd[:, :, None] * sd[:, None, :]))
    r2 = drawn.sum(axis=1)
    part = drawn / r2[:, None]
    estimate = lmg(np.asarray(np.corrcoef(data, rowvar=False))[None])[0]
    share = estimate / estimate.sum()
    quadrant = 2 * (part >= CUT) + (means[:, 1:] >= FAVOURABLE)
    here = 2 * (share >= CUT) + (data[:, 1:].mean(axis=0) >= FAVOURABLE)
    if (quadrant == here).mean(axis=0).min() < STABLE or np.quantile(r2, 0.025) < LEAST_R2:
        return Withheld(why="unstable")
    low, high = np.quantile(part, [0.025, 0.975], axis=0)
    return tuple(
        row.model_copy(
            update={
                "share": float(np.round(100 * share[at])),
                "share_low": float(np.round(100 * low[at])),
                "share_high": float(np.round(100 * high[at])),
            }
        )
        for at, row in enumerate(rows)
    )


def _two(x: float) -> float:
    return float(np.floor(x * 100 + 0.5 + 1e-9) / 100)
