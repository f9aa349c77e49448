"""McDonald's omega where answers are missing: one factor by full-information ML."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from analysis.confirm.data import prepare
from analysis.confirm.estimation import estimate
from analysis.confirm.solution import improper
from analysis.confirm.structure import read_structure
from analysis.confirm.table import Matrix
from analysis.errors import NotEnoughData
from analysis.moments import names_of
from analysis.results import Flag, Omega

if TYPE_CHECKING:
    import pandas as pd

FACTOR = "the factor"


def omega(frame: pd.DataFrame, *, level: float = 0.95) -> Omega:
    """Omega of the raw sum from every row with an answer, answers missing at random.

    One-factor FIML (R: lavaan ``cfa(std.lv = TRUE, missing = "ml")``; semTools ``reliability``,
    row omega); formulas as `analysis.reliability.omega`. Interval: delta method on the logit of
    omega, from the robust covariance of the estimates (MLR), so inside 0 to 1.
    Raises `NotEnoughData` (fewer than three items, no more rows than items) and what
    `analysis.confirm.fit` raises.
    """
    import pandas as pd

    names = names_of(frame)
    if len(names) < 3:
        raise NotEnoughData(
            f"One factor needs three items or more; {', '.join(names)} are {len(names)}. For two "
            "items use the Spearman-Brown coefficient."
        )
    data = prepare(frame, names, missing="fiml")
    structure = read_structure({FACTOR: names})
    solved = estimate(structure, data, estimator="MLR", identification="variance")
    found = solved.estimates
    matrices, part = found.matrices()[0], found.table.parts[0]
    load, unique = matrices.lam[:, 0], np.diag(matrices.theta)
    turned = -1.0 if load.sum() < 0 else 1.0
    common, rest = float(load.sum()) ** 2, float(unique.sum())
    value = common / (common + rest)
    slope = np.zeros(found.table.size)
    whole = (common + rest) ** 2
    slope[part.key[part.where(Matrix.LAMBDA)]] = 2 * float(load.sum()) * rest / whole
    slope[part.key[part.where(Matrix.THETA)]] = -common / whole
    low = high = float("nan")
    interval, flags = "none", list(improper(found))
    if found.covariance is not None and 0 < value < 1:
        error = float(np.sqrt(slope @ found.covariance @ slope)) / (value * (1 - value))
        reach = float(special.ndtri(1 - (1 - level) / 2)) * error
        middle = np.log(value / (1 - value))
        low, high = (float(special.expit(middle + side * reach)) for side in (-1, 1))
        interval = "delta method (logit)"
    else:
        flags.append(Flag("no_interval", names))
    index = pd.Index(names)
    sd = np.sqrt(load**2 + unique)
    std = turned * load / sd
    return Omega(
        n=data.n,
        method="McDonald's omega, one-factor full-information ML, raw sum score; delta method with "
        "robust (MLR) errors",
        missing="fiml",
        flags=tuple(flags),
        estimate=value,
        standardized=float(std.sum() ** 2 / (std.sum() ** 2 + (1 - std**2).sum())),
        ci_low=low,
        ci_high=high,
        level=level,
        interval=interval,
        n_boot=0,
        boot_failed=0,
        seed=0,
        loadings=pd.Series(turned * load, index=index),
        uniquenesses=pd.Series(unique, index=index),
        standardized_loadings=pd.Series(std, index=index),
        ave=float((std**2).mean()),
        fit=solved.fit,
    )
