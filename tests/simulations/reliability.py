"""Coverage of Feldt's interval of alpha and of the intervals of omega."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from analysis import reliability, simulate
from analysis.confirm.ml import fit_batch, start_values
from analysis.moments import to_correlation
from analysis.results import Omega
from analysis.simulate.parameters import THRESHOLDS
from tests.simulations.answers import COLUMNS, Bytes, Floats, item_frame, samples
from tests.simulations.figure import REACH, Figure, Study, drawn, share

SEED = 17_000
ALPHA_DRAWS = 10_000
OMEGA_DRAWS = 400
CATEGORICAL_DRAWS = 150
N_BOOT = 400
MISSING = 0.10
BRADLEY = {"low": 0.925, "high": 0.975}
"""Bradley's (1978, Br. J. Math. Stat. Psychol. 31) liberal criterion of robustness: the error
of a nominal 5 % lies between half and one and a half of it. The specification gives no bound
of its own for these intervals."""


def alphas(part: float) -> Iterator[list[Figure]]:
    """Feldt under its own model and on Likert answers."""
    for number, n in enumerate((45, 200)):
        yield [_feldt_model(drawn(ALPHA_DRAWS, part), n, SEED + number)]
    for number, n in enumerate((45, 200)):
        yield _feldt_answers(drawn(ALPHA_DRAWS // 2, part), n, SEED + 100 * (1 + number))


def omegas(part: float) -> Iterator[list[Figure]]:
    """Intervals of omega of small samples, of missing answers, and of ordered ones."""
    draws = drawn(OMEGA_DRAWS, part)
    for number, scale in enumerate(("DEP", "INF")):
        yield [_linear(draws, 45, scale, SEED + 1000 * (1 + number))]
    yield [_incomplete(draws, 200, "DEP", SEED + 6000)]
    yield [_categorical(drawn(CATEGORICAL_DRAWS, part), 200, "DEP", SEED + 7000)]


def percentiles(part: float) -> Iterator[list[Figure]]:
    """The percentile interval of omega above n = 100."""
    draws = drawn(2 * OMEGA_DRAWS, part)
    for number, scale in enumerate(("DEP", "INF")):
        yield [_linear(draws, 200, scale, SEED + 1000 * (3 + number))]


def _held(low: float, truth: float, high: float) -> bool:
    return bool(low <= truth <= high)


def _feldt_model(draws: int, n: int, seed: int) -> Figure:
    """Parallel normal parts, where the interval is exact: five items, r = .40."""
    k, r = 5, 0.40
    truth = k * r / (1 + (k - 1) * r)
    rng = np.random.default_rng(seed)
    hits = 0
    for _ in range(draws):
        data = math.sqrt(r) * rng.standard_normal((n, 1))
        data = data + math.sqrt(1 - r) * rng.standard_normal((n, k))
        found = reliability.coefficient(np.cov(data, rowvar=False))
        low, high = reliability.feldt_interval(found, n, k)
        hits += _held(low, truth, high)
    room = REACH * math.sqrt(0.95 * 0.05 / draws)
    return share(
        f"Feldt, n = {n}, five parallel normal items (its own model)", hits, draws, seed,
        expected=f".95 exactly; alpha {truth:.4f}", low=0.95 - room, high=0.95 + room,
        kind="scaled",
    )  # fmt: skip


def _feldt_answers(draws: int, n: int, seed: int) -> list[Figure]:
    """Likert answers with unequal loadings and a reverse item: not its model."""
    truth = simulate.exact.truth()
    alphas = {scale: truth.alpha(scale) for scale in simulate.SCALES}
    hits = dict.fromkeys(simulate.SCALES, 0)
    for answers in samples(draws, n, seed):
        covariance = np.cov(answers, rowvar=False)
        for scale, columns in COLUMNS.items():
            found = reliability.coefficient(covariance[np.ix_(columns, columns)])
            low, high = reliability.feldt_interval(found, n, len(columns))
            hits[scale] += _held(low, alphas[scale], high)
    return [
        share(f"Feldt, n = {n}, answers to {scale}", hits[scale], draws, seed,
              expected=f"alpha {alphas[scale]:.4f}", **BRADLEY)
        for scale in simulate.SCALES
    ]  # fmt: skip


def true_omega(scale: str) -> float:
    """Omega of the one-factor model nearest (ML) to the exact covariances of a scale."""
    columns = COLUMNS[scale]
    covariance = simulate.exact.truth().item_covariance[np.ix_(columns, columns)]
    correlation = to_correlation(covariance)[None]
    fitted = fit_batch(correlation, start_values(correlation[0]))
    variance = np.diag(covariance)
    load, unique = fitted.loadings[0] * np.sqrt(variance), fitted.uniquenesses[0] * variance
    return float(reliability.omega_of(load, unique))


def _linear(draws: int, n: int, scale: str, seed: int) -> Figure:
    truth = true_omega(scale)
    hits, kind = 0, ""
    for answers in samples(draws, n, seed):
        found = reliability.omega(item_frame(answers, scale), n_boot=N_BOOT)
        hits += _held(found.ci_low, truth, found.ci_high)
        kind = found.interval
    return share(f"omega ({kind}), n = {n}, answers to {scale}", hits, draws, seed,
                 expected=f"omega {truth:.4f}", **BRADLEY)  # fmt: skip


def _incomplete(draws: int, n: int, scale: str, seed: int) -> Figure:
    truth = true_omega(scale)
    rng = np.random.default_rng(seed)
    hits = 0
    found: Omega | None = None
    for answers in samples(draws, n, seed):
        frame = item_frame(answers, scale)
        holes = pd.DataFrame(rng.random(frame.shape) < MISSING, columns=frame.columns)
        found = reliability.omega(frame.mask(holes), missing="fiml")
        hits += _held(found.ci_low, truth, found.ci_high)
    return share(
        f"omega by FIML (delta method), n = {n}, answers to {scale}, a tenth missing", hits, draws,
        seed, expected=f"omega {truth:.4f}", **BRADLEY,
    )  # fmt: skip


def true_categorical(scale: str) -> float:
    """Green and Yang's omega of the generator's own loadings and thresholds (k = 0).

    By `simulate.exact`'s quadrature, which is not the product's.
    """
    items = [simulate.ITEMS[i] for i in COLUMNS[scale]]
    loading = np.array([item.loading for item in items])
    cuts = np.array(THRESHOLDS)[None] - np.array([item.mean for item in items])[:, None]
    common = _common(cuts, np.outer(loading, loading))
    columns = COLUMNS[scale]
    total = simulate.exact.truth(0.0).item_covariance[np.ix_(columns, columns)]
    return float(common.sum() / total.sum())


def _common(cuts: Floats, r: Floats) -> Floats:
    cells = simulate.exact.upper_excess(
        cuts[:, None, :, None], cuts[None, :, None, :], r[:, :, None, None]
    )
    common: Floats = cells.sum(axis=(2, 3))
    return common


def _categorical(draws: int, n: int, scale: str, seed: int) -> Figure:
    truth = true_categorical(scale)
    hits = 0
    answers: Bytes
    for answers in samples(draws, n, seed, 0.0):
        found = reliability.omega(item_frame(answers, scale), ordinal=True, n_boot=N_BOOT)
        hits += _held(found.ci_low, truth, found.ci_high)
    return share(
        f"categorical omega (percentile bootstrap), n = {n}, answers to {scale}, k = 0", hits,
        draws, seed, expected=f"omega {truth:.4f}", **BRADLEY,
    )  # fmt: skip


ALPHA = Study(
    "Coverage of Feldt's interval of alpha",
    "The interval assumes parallel normal parts: there it is exact. Likert answers with unequal "
    "loadings, a reverse item and acquiescence break that; there the bound is Bradley's (1978) "
    "liberal criterion of robustness, .925 to .975. True alpha: exact covariances.",
    alphas,
)
OMEGA = Study(
    "Coverage of intervals of omega",
    "Omega of Likert answers by `reliability.omega` with 400 resamples; bound: Bradley's liberal "
    "criterion. True omega: one factor fitted to the exact covariances; categorical: the "
    "generator's own loadings and thresholds.",
    omegas,
)
PERCENTILE = Study(
    "Coverage of the percentile interval of omega",
    "The same above n = 100, where `reliability.omega` takes percentiles of the resamples.",
    percentiles,
)
