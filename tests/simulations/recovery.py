"""Acceptance 12: loadings of ordered answers recovered by WLSMV."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analysis import simulate
from analysis.confirm.fitting import fit
from analysis.confirm.ordinal import sample_of, solve
from analysis.confirm.structure import read_structure
from analysis.polychoric import encode
from tests.simulations.answers import CODES, COLUMNS, REVERSE, Floats, item_frame, samples
from tests.simulations.figure import Figure, Study, drawn

SEED = 12_900
DRAWS = 200
N = 600
TRUTH = np.array([item.loading for item in simulate.ITEMS])


def loadings(draws: int, seed: int, k: float) -> Floats:
    """Standardised one-factor loadings of every item, (draws, 41).

    The solver of ``confirm.fit(..., estimator="WLSMV")`` without its tables, which cost four
    times the estimates; the first sample is fitted both ways.
    """
    out = np.empty((draws, len(CODES)))
    for number, answers in enumerate(samples(draws, N, seed, k)):
        for scale, columns in COLUMNS.items():
            frame = item_frame(answers, scale)
            structure = read_structure({scale: list(frame.columns)})
            sample = sample_of(encode(frame), "listwise")
            found = solve(structure, sample, "WLSMV", "variance").matrices().lam[:, 0]
            out[number, columns] = found * np.sign(found.sum())
            if number == 0:
                whole = fit(structure.model, frame, estimator="WLSMV").loadings["std"]
                np.testing.assert_allclose(out[0, columns], whole, atol=1e-6)
    return out


def figures(part: float) -> Iterator[list[Figure]]:
    """Distance to the truth without acquiescence; the known shift with it."""
    draws = drawn(DRAWS, part)
    found = loadings(draws, SEED, 0.0)
    mean, error = found.mean(axis=0), found.std(axis=0, ddof=1) / np.sqrt(draws)
    group = []
    for scale, columns in COLUMNS.items():
        worst = max(columns, key=lambda i: abs(mean[i] - TRUTH[i]))
        group.append(
            _figure(f"k = 0, {scale}: farthest mean loading from its truth ({CODES[worst]})",
                    mean[worst] - TRUTH[worst], error[worst], draws, SEED,
                    expected=f"true loading {TRUTH[worst]:.2f}", low=-0.03, high=0.03)
        )  # fmt: skip
    yield group
    seed, draws = SEED + 50, drawn(DRAWS // 2, part)
    found = loadings(draws, seed, 0.20)
    shift = found - TRUTH
    direct, turned = shift[:, ~REVERSE].mean(axis=1), shift[:, REVERSE].mean(axis=1)
    flx5, ben5 = (found[:, CODES.index(code)] for code in ("FLX5", "BEN5"))
    yield [
        _figure(f"k = .20: {what}", x.mean(), x.std(ddof=1) / np.sqrt(draws), draws, seed,
                expected=f"specification: {expected}", low=low, high=high)
        for what, x, expected, low, high in (
            ("mean shift of the 34 positive items",
             direct, "+.03", 0.02, 0.04),
            ("mean shift of the 7 reverse items", turned, "−.07 to −.08", -0.085, -0.065),
            ("mean loading of FLX5", flx5, ".37", 0.36, 0.38),
            ("mean loading of BEN5", ben5, ".48", 0.47, 0.49),
        )
    ]  # fmt: skip


def _figure(
    what: str, result: float, error: float, draws: int, seed: int, **bound: object
) -> Figure:
    return Figure(
        quantity=what, result=float(result), error=float(error), draws=draws, seed=seed,
        kind="mean", **bound,  # type: ignore[arg-type]
    )  # fmt: skip


STUDY = Study(
    "Loadings recovered from ordered answers",
    "World P (n = 600), one factor a scale by WLSMV (`confirm.fit`), standardised loadings. With "
    "acquiescence (k = .20) one factor is the wrong model: positive items rise and reverse items "
    "fall, which is expected and no error of the estimator.",
    figures,
)
