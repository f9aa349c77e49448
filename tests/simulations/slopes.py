"""Acceptance 12 and 13: the HC3 interval of the slopes of INT, and false findings by them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analysis import regression, simulate
from analysis.least_squares import Fit, fit, t_reach, t_tail
from analysis.multiplicity import holm
from tests.simulations.answers import ASPECTS, COLUMNS, Bytes, Floats, samples, score_frame, scores
from tests.simulations.figure import Figure, Study, drawn, share

SEED = 12_000
COVERAGE_DRAWS = 3000
CHANCE_SEED = 13_000
CHANCE_DRAWS = 10_000
N = 60
X = [list(COLUMNS).index(aspect) for aspect in ASPECTS]
Y = list(COLUMNS).index("INT")


def regressed(answers: Bytes) -> tuple[Fit, Floats]:
    """INT on the aspects, and the HC3 errors of the four slopes.

    `least_squares.fit` in place of `regression.regress`, whose other columns cost thirty times
    as much; `agree` holds the two together.
    """
    score = scores(answers)
    found = fit("INT", ASPECTS, score[:, X], score[:, Y])
    return found, np.sqrt(np.diag(found.hc3))[1:]


def agree(answers: Bytes) -> None:
    """Require slopes, HC3 errors and Holm's p of `regression.regress`."""
    found, error = regressed(answers)
    rows = regression.regress(score_frame(answers), "INT", ASPECTS, n_boot=0).coefficients
    rows = rows.loc[list(ASPECTS)]
    np.testing.assert_allclose(found.b[1:], rows["b"], rtol=1e-9)
    np.testing.assert_allclose(error, rows["hc3_se"], rtol=1e-9)
    p = t_tail(found.b[1:] / error, found.df)
    np.testing.assert_allclose(holm(p), rows["hc3_p_holm"], rtol=1e-9)
    reach = t_reach(found.df, 0.95) * error
    np.testing.assert_allclose(found.b[1:] - reach, rows["hc3_ci_low"], rtol=1e-9, atol=1e-12)


def coverage(part: float) -> Iterator[list[Figure]]:
    """Share of intervals that hold the exact slope, by n, k and aspect."""
    draws = drawn(COVERAGE_DRAWS, part)
    for number, (n, k) in enumerate((n, k) for n in (45, 600) for k in (0.0, 0.20)):
        seed = SEED + 100 * number
        exact = simulate.exact.truth(k).regression("INT", ASPECTS).slopes
        truth = np.array(list(exact.values()))
        hits = np.zeros(len(ASPECTS))
        for place, answers in enumerate(samples(draws, n, seed, k)):
            if place < 3:
                agree(answers)
            found, error = regressed(answers)
            hits += np.abs(found.b[1:] - truth) <= t_reach(found.df, 0.95) * error
        yield [
            share(
                f"n = {n}, k = {k:.2f}: slope of {aspect}",
                hit, draws, seed,
                expected=f"true slope {slope:.4f}", low=0.93, high=0.97,
            )
            for aspect, slope, hit in zip(ASPECTS, truth, hits, strict=True)
        ]  # fmt: skip


def chance(part: float) -> Iterator[list[Figure]]:
    """Share of samples of world Z with any aspect below .05, before and after Holm."""
    draws, seed = drawn(CHANCE_DRAWS, part), CHANCE_SEED
    corrected = plain = 0
    for place, answers in enumerate(samples(draws, N, seed, structured=False)):
        if place < 3:
            agree(answers)
        found, error = regressed(answers)
        p = t_tail(found.b[1:] / error, found.df)
        corrected += bool((holm(p) < 0.05).any())
        plain += bool((p < 0.05).any())
    yield [
        share(
            f"n = {N}, k = .20: any aspect with Holm's p < .05",
            corrected, draws, seed, expected="specification: .052", high=0.065,
        ),
        share(
            f"n = {N}, k = .20: any aspect with uncorrected p < .05",
            plain, draws, seed, expected="why Holm is needed",
        ),
    ]  # fmt: skip


COVERAGE = Study(
    "Coverage of the 95 % HC3 interval",
    "World P, clean answers: INT on DEP, FLX, REL, INF, interval with t on n − 5 degrees of "
    "freedom, against the exact unstandardised slopes of the k in force (acceptance 12).",
    coverage,
)
CHANCE = Study(
    "False findings where there is nothing to find",
    "World Z (eight independent scales): INT on the four aspects, HC3 with t. Agreement "
    "(k = .20) still links all scales a little (acceptance 13).",
    chance,
)
