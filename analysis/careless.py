"""Indices of careless answering, person by person, on raw answers in shown order.

The questionnaire's own exclusion rule is applied where scores are made
(`analysis.dataset`); these indices are for the researcher who screens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import special

from analysis.errors import AnalysisError
from analysis.moments import SINGULAR, Floats, names_of, values
from analysis.results import Careless, Flag

if TYPE_CHECKING:
    import pandas as pd

LEAST_FOR_DISTANCE = 200
"""Mahalanobis distances are flagged from this n; below it they follow the sample around."""
FAR = 0.001
LONG_RUN, LOW_SD, FAST = 10, 0.35, 2.0


def longest_run(answers: Floats) -> npt.NDArray[np.int64]:
    """Longest run of identical answers in a row (n,); a missing answer breaks it."""
    n, p = answers.shape
    best, current = np.zeros(n, np.int64), np.zeros(n, np.int64)
    for j in range(p):
        seen = ~np.isnan(answers[:, j])
        same = seen & (answers[:, j] == answers[:, j - 1]) if j else np.zeros(n, bool)
        current = np.where(same, current + 1, seen)
        best = np.maximum(best, current)
    return best


def spread(answers: Floats) -> Floats:
    """Within-person SD (n - 1) over the answers given (IRV); NaN below two answers."""
    seen = ~np.isnan(answers)
    count = seen.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(seen, answers, 0).sum(axis=1) / count
        square = (np.where(seen, answers - mean[:, None], 0) ** 2).sum(axis=1)
        sd: Floats = np.sqrt(square / (count - 1))
    return np.where(count >= 2, sd, np.nan)


def mahalanobis_squared(answers: Floats) -> Floats:
    """Squared Mahalanobis distance of complete rows from their mean; NaN elsewhere.

    (x - m)' S^-1 (x - m), S with n - 1 (R: ``mahalanobis``). All NaN where S is singular.
    """
    out = np.full(len(answers), np.nan)
    whole = ~np.isnan(answers).any(axis=1)
    data = answers[whole]
    if len(data) <= data.shape[1]:
        return out
    centred = data - data.mean(axis=0)
    covariance = centred.T @ centred / (len(data) - 1)
    roots = np.linalg.eigvalsh(covariance)
    if roots[0] <= SINGULAR * roots[-1]:
        return out
    out[whole] = np.einsum("ij,ij->i", centred @ np.linalg.inv(covariance), centred)
    return out


def careless(
    raw_frame: pd.DataFrame,
    *,
    order: Sequence[str] | None = None,
    seconds: npt.ArrayLike | None = None,
    pairs: Sequence[tuple[str, str]] = (),
    pair_high: float = 4,
    min_pairs: int = 3,
) -> Careless:
    """Indices of every row of raw, unreversed answers (NaN = missing).

    ``order``: item codes as shown (default: the columns); ``seconds``: median seconds per
    item of each row; ``pairs``: items that contradict each other when both raw answers
    are ``pair_high`` or more. ``table``, rows as given: longstring (Johnson 2005), irv
    (Dunn et al. 2018; Marjanovic et al. 2015), mahalanobis_sq, contradictions, seconds, and
    points: one each for a run of 10 or more, irv < .35, contradictions >= ``min_pairs``,
    seconds < 2 (Huang et al. 2012), distance with p < .001 (from n = 200 complete rows).
    R: by formula; ``mahalanobis(x, colMeans(x), cov(x))``.
    Raises `AnalysisError` for a code that is no column.
    """
    import pandas as pd

    codes = list(names_of(raw_frame)) if order is None else list(order)
    asked = {*codes, *(code for pair in pairs for code in pair)}
    unknown = sorted(asked - set(names_of(raw_frame)))
    if unknown:
        raise AnalysisError(f"The frame has no column {', '.join(unknown)}; name its columns.")
    answers = values(raw_frame[codes])
    n, p = answers.shape
    run, sd, distance = longest_run(answers), spread(answers), mahalanobis_squared(answers)
    contradictions = np.zeros(n, np.int64)
    for first, second in pairs:
        both = values(raw_frame[[first, second]])
        contradictions += (both >= pair_high).all(axis=1)
    pace = np.full(n, np.nan) if seconds is None else np.asarray(seconds, dtype=float).ravel()
    complete = int((~np.isnan(distance)).sum())
    far = np.zeros(n, bool)
    if complete >= LEAST_FOR_DISTANCE:
        far = np.nan_to_num(distance) > float(special.chdtri(p, FAR))
    with np.errstate(invalid="ignore"):
        points = (
            (run >= LONG_RUN).astype(np.int64)
            + (sd < LOW_SD)
            + (contradictions >= min_pairs if pairs else np.zeros(n, bool))
            + (pace < FAST)
            + far
        )
    table = pd.DataFrame(
        {
            "longstring": run,
            "irv": sd,
            "mahalanobis_sq": distance,
            "contradictions": contradictions,
            "seconds": pace,
            "points": points,
        },
        index=raw_frame.index,
    )
    few = complete < LEAST_FOR_DISTANCE
    return Careless(
        n=n,
        method="longest run (a missing answer breaks it), within-person SD with n - 1, squared "
        "Mahalanobis distance of complete rows",
        missing="per person; distances of complete rows only",
        flags=(Flag("distances_not_flagged", value=float(complete)),) if few else (),
        table=table,
    )
