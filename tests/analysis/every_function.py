"""Every public function of `analysis` that takes a frame of answers, and frames to give it.

Each is called the same way, with a frame of the items ``a`` to ``h``, so that one test can ask
all of them the same question.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from analysis import (
    change,
    clusters,
    correlations,
    counts,
    factors,
    groups,
    halves,
    hierarchy,
    importance_bootstrap,
    invariance,
    items,
    key_alarm,
    mediation,
    missingness,
    moderation,
    ordered_logit,
    polychoric,
    regression,
    reliability,
    reliability_ordinal,
    residual_tests,
    screening,
    validity,
)
from analysis.confirm import fit

ITEMS = list("abcdefgh")
MODEL = {"one": ITEMS[:4], "two": ITEMS[4:]}


def people(
    n: int = 300,
    seed: int = 1,
    *,
    points: int = 5,
    low: int = 1,
    r: float = 0.4,
    shift: float = 0.0,
    missing: float = 0.0,
) -> pd.DataFrame:
    """Two correlated factors with loadings .8, .7, .6, .5, cut into ``points`` categories."""
    rng = np.random.default_rng(seed)
    load = np.tile([0.8, 0.7, 0.6, 0.5], 2)
    latent = rng.standard_normal((n, 2)) @ np.linalg.cholesky(np.array([[1, r], [r, 1]])).T
    y = np.repeat(latent, 4, axis=1) * load + rng.standard_normal((n, 8)) * np.sqrt(1 - load**2)
    width = 4.0 / points
    codes = np.clip(np.floor((y + shift + 2) / width), 0, points - 1) + low
    codes[rng.random(codes.shape) < missing] = np.nan
    return pd.DataFrame(codes, columns=ITEMS)


def _halves(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The frame as two waves of three quarters of its persons each."""
    n = len(frame)
    whole = frame.set_axis(range(n), axis=0)
    return whole.iloc[: n - n // 4], whole.iloc[n // 4 :]


def _labels(frame: pd.DataFrame, count: int = 2) -> pd.Series:
    return pd.Series([f"g{i % count}" for i in range(len(frame))], index=frame.index, dtype=object)


Call = Callable[[pd.DataFrame], Any]

MATRIX: dict[str, Call] = {
    "reliability.alpha": reliability.alpha,
    "reliability.alpha listwise": lambda f: reliability.alpha(f, missing="listwise"),
    "items.analyse": items.analyse,
    "key_alarm.check": key_alarm.check,
    "halves.split_half": halves.split_half,
    "halves.odd_even": halves.odd_even,
    "correlations.correlate": correlations.correlate,
    "correlations.correlate spearman": lambda f: correlations.correlate(f, kind="spearman"),
    "missingness.little_mcar": missingness.little_mcar,
}
"""What lives on covariances alone: a repeated item is no obstacle to all but Little's test."""

FACTORS: dict[str, Call] = {
    "reliability.omega": lambda f: reliability.omega(f.iloc[:, :4], n_boot=50),
    "reliability.omega fiml": lambda f: reliability.omega(f.iloc[:, :4], missing="fiml"),
    "factors.adequacy": factors.adequacy,
    "factors.parallel": lambda f: factors.parallel(f, repetitions=20),
    "factors.minimum_average_partial": factors.minimum_average_partial,
    "factors.explore minres": lambda f: factors.explore(f, 2),
    "factors.explore ml": lambda f: factors.explore(f, 2, extraction="ml", rotation="varimax"),
    "factors.explore pa": lambda f: factors.explore(f, 2, extraction="pa", rotation="promax"),
    "confirm.fit ML": lambda f: fit(MODEL, f),
    "confirm.fit MLR": lambda f: fit(MODEL, f, estimator="MLR"),
    "confirm.fit FIML": lambda f: fit(MODEL, f, missing="fiml"),
    "confirm.fit FIML MLR": lambda f: fit(MODEL, f, estimator="MLR", missing="fiml"),
    "validity.convergent": lambda f: validity.convergent(fit(MODEL, f)),
    "validity.fornell_larcker": lambda f: validity.fornell_larcker(fit(MODEL, f)),
    "validity.htmt": lambda f: validity.htmt(f, MODEL, n_boot=50),
    "validity.harman": validity.harman,
    "validity.method_factor": lambda f: validity.method_factor(MODEL, f, ["a", "d", "e", "h"]),
    "invariance.ladder": lambda f: invariance.ladder(MODEL, f, _labels(f)),
    "invariance.ladder MLR": lambda f: invariance.ladder(MODEL, f, _labels(f), estimator="MLR"),
}

ORDERED: dict[str, Call] = {
    "polychoric.matrix": polychoric.matrix,
    "polychoric.matrix pairwise": lambda f: polychoric.matrix(f, missing="pairwise"),
    "reliability.omega ordinal": lambda f: reliability.omega(
        f.iloc[:, :4], ordinal=True, n_boot=20
    ),
    "reliability_ordinal.alpha": reliability_ordinal.alpha,
    "confirm.fit WLSMV": lambda f: fit(MODEL, f, estimator="WLSMV"),
    "confirm.fit WLSMV pairwise": lambda f: fit(MODEL, f, estimator="WLSMV", missing="pairwise"),
    "confirm.fit DWLS": lambda f: fit(MODEL, f, estimator="DWLS"),
    "confirm.fit ULSMV": lambda f: fit(MODEL, f, estimator="ULSMV"),
    "invariance.ladder WLSMV": lambda f: invariance.ladder(MODEL, f, _labels(f), estimator="WLSMV"),
}

COLUMNS: dict[str, Call] = {
    "regression.regress": lambda f: regression.regress(f, "a", ["b", "c", "e"], n_boot=50),
    "hierarchy.hierarchical": lambda f: hierarchy.hierarchical(
        f, "a", [["b"], ["c", "e"]], n_boot=50
    ),
    "importance_bootstrap.shares": lambda f: importance_bootstrap.shares(
        f, "a", ["b", "c", "e"], n_boot=50
    ),
    "moderation.moderate": lambda f: moderation.moderate(f, "a", "b", "c"),
    "mediation.indirect": lambda f: mediation.indirect(f, "b", "c", "a", n_boot=50),
    "ordered_logit.proportional_odds": lambda f: ordered_logit.proportional_odds(
        f, "a", ["b", "c"]
    ),
    "residual_tests.refit": lambda f: residual_tests.refit(f, "a", ["b", "c"]),
    "residual_tests.durbin_watson": lambda f: residual_tests.durbin_watson(
        f, "a", ["b", "c"], order=np.arange(len(f))
    ),
    "clusters.pooled": lambda f: clusters.pooled(f, "a", ["b", "c"], _labels(f, 12)),
    "validity.marker": lambda f: validity.marker(f, "h", ["a", "b", "c"]),
}

GROUPS: dict[str, Call] = {
    "groups.compare": lambda f: groups.compare(f, _labels(f)),
    "change.paired": lambda f: change.paired(*_halves(f)),
    "change.unpaired": lambda f: change.unpaired(*_halves(f)),
    "change.mixed": lambda f: change.mixed(_halves(f)),
    "change.attrition": lambda f: change.attrition(*_halves(f)),
    "halves.retest": lambda f: halves.retest(*_halves(f)),
}

LOOKS: dict[str, Call] = {
    "reliability.icc": reliability.icc,
    "reliability.spearman_brown": lambda f: reliability.spearman_brown(f.iloc[:, :2]),
    "screening.descriptives": screening.descriptives,
    "screening.careless": screening.careless,
    "missingness.missing_map": missingness.missing_map,
    "counts.burt": lambda f: counts.burt([f], {item: range(10) for item in ITEMS}),
}

EVERY = {**MATRIX, **FACTORS, **ORDERED, **COLUMNS, **GROUPS, **LOOKS}
