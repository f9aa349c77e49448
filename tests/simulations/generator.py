"""Acceptance 11: a million simulated persons against bivariate-normal sums."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analysis import regression, simulate
from tests.simulations.answers import ASPECTS, keyed, score_frame
from tests.simulations.figure import Figure, Study, drawn

SEED = 11
DRAWS = 1_000_000
SIGMAS = 5.0
"""Standard errors the worst of many may be away (acceptance 11)."""


def figures(part: float) -> Iterator[list[Figure]]:
    """The largest distance to the exact truth, in its own Monte Carlo standard errors."""
    n = drawn(DRAWS, part)
    truth = simulate.exact.truth()
    answers = keyed(simulate.clean(n, SEED))
    sd = np.sqrt(np.diag(truth.item_covariance))
    means = np.abs(answers.mean(axis=0) - truth.item_means) / (sd / np.sqrt(n))
    centred = (answers - truth.item_means).astype(np.float32)
    found = (centred.T @ centred).astype(np.float64) / n
    squares = centred**2
    error = np.sqrt(((squares.T @ squares).astype(np.float64) / n - truth.item_covariance**2) / n)
    off = (np.abs(found - truth.item_covariance) / error)[np.triu_indices(len(found))]
    yield [
        _worst(f"mean of each of {len(means)} items", means, n),
        _worst(f"each of {len(off)} variances and covariances of items", off, n),
    ]
    fitted = regression.regress(score_frame(answers), "INT", ASPECTS, n_boot=0)
    rows = fitted.coefficients.loc[list(ASPECTS)]
    exact = np.array(list(truth.regression("INT", ASPECTS).slopes.values()))
    yield [_worst("each of 4 slopes of INT (HC3 error)", np.abs(rows.b - exact) / rows.hc3_se, n)]


def _worst(what: str, distances: np.ndarray, n: int) -> Figure:
    return Figure(
        quantity=f"{what}: farthest from the exact value, in standard errors",
        result=float(np.max(distances)),
        error=float("nan"),
        draws=n,
        seed=SEED,
        expected="acceptance 11: within 5",
        high=SIGMAS,
        kind="scaled",
    )


STUDY = Study(
    "The generator against its exact truth",
    "One draw of a million persons (k = .20). The exact moments are sums of bivariate normal "
    "probabilities (`analysis.simulate.exact`), computed without drawing anything.",
    figures,
)
