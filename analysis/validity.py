"""Convergent and discriminant validity; `htmt` and the checks for method variance beside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.confirm.result import Confirmation
from analysis.errors import NotEnoughData, WrongArgument
from analysis.htmt import Htmt, htmt, ratios
from analysis.method_variance import Harman, Marker, MethodFactor, harman, marker, method_factor
from analysis.results import Result

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Convergent",
    "FornellLarcker",
    "Harman",
    "Htmt",
    "Marker",
    "MethodFactor",
    "convergent",
    "fornell_larcker",
    "harman",
    "htmt",
    "marker",
    "method_factor",
    "ratios",
]

AVE, CR, LOADING = 0.50, 0.70, 0.50
"""Hair et al. (2010); Fornell & Larcker (1981); Bagozzi & Yi (1988)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Convergent(Result):
    """How much of its items a factor is."""

    table: pd.DataFrame
    """Factor x (items, ave, ave_semtools, cr, cr_raw, least_loading, ave_ok, cr_ok)."""
    weak: pd.DataFrame
    """factor, item, std of loadings below .50 in size."""


def _one_sample(found: Confirmation) -> None:
    if found.groups:
        raise WrongArgument("Validity is read from a model of one sample; fit the groups apart.")


def convergent(found: Confirmation) -> Convergent:
    """AVE and composite reliability of every factor of a fitted model.

    ave: mean squared standardised loading (Fornell & Larcker 1981). ave_semtools: weighted
    by the items' variances, sum lambda^2 psi / (sum lambda^2 psi + sum theta) (R:
    ``semTools::AVE``). cr: (sum l)^2 / ((sum l)^2 + sum(1 - l^2)) of standardised loadings
    (Joreskog 1971; Fornell & Larcker's rho). cr_raw: the same of the raw metric with the
    modelled variance, which is McDonald's omega of the raw sum (R: semTools ``omega``).
    Limits: ave >= .50, cr >= .70, loadings >= .50; both numbers stand side by side.
    """
    import pandas as pd

    _one_sample(found)
    residual = found.residual_variances.set_index("item")["est"]
    variances = found.factor_covariances
    same = variances["factor"] == variances["other_factor"]
    psi = variances[same].set_index("factor")["est"]
    rows, weak = {}, []
    for factor, mine in found.loadings.groupby("factor", sort=False):
        std, raw = mine["std"].to_numpy(float), mine["est"].to_numpy(float)
        theta = residual[mine["item"]].to_numpy(float)
        shared = float(psi[factor]) * float((raw**2).sum())
        common = float(psi[factor]) * float(raw.sum()) ** 2
        ave = float((std**2).mean())
        cr = float(std.sum() ** 2 / (std.sum() ** 2 + (1 - std**2).sum()))
        rows[factor] = (
            len(std),
            ave,
            shared / (shared + float(theta.sum())),
            cr,
            common / (common + float(theta.sum())),
            float(np.abs(std).min()),
            ave >= AVE,
            cr >= CR,
        )
        weak += [
            (factor, item, value)
            for item, value in zip(mine["item"], std.tolist(), strict=True)
            if abs(value) < LOADING
        ]
    columns = ["items", "ave", "ave_semtools", "cr", "cr_raw", "least_loading", "ave_ok", "cr_ok"]
    return Convergent(
        n=found.n,
        method=f"AVE (mean squared standardised loading) and composite reliability, "
        f"{found.estimator}",
        missing=found.missing,
        flags=found.flags,
        table=pd.DataFrame.from_dict(rows, orient="index", columns=columns),
        weak=pd.DataFrame(weak, columns=["factor", "item", "std"]),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class FornellLarcker(Result):
    """Whether each factor shares more with its items than with any other factor."""

    matrix: pd.DataFrame
    """Factor x factor: correlations, the root of AVE on the diagonal."""
    table: pd.DataFrame
    """Factor x (ave, sqrt_ave, max_r, with, msv, ok)."""


def fornell_larcker(found: Confirmation) -> FornellLarcker:
    """Compare the root of each AVE with the factor's correlations (Fornell & Larcker 1981).

    ok: sqrt(AVE) > largest |r|; msv: that r squared.
    Raises `NotEnoughData` for a model of one factor.
    """
    import pandas as pd

    ave = convergent(found).table["ave"]
    r = found.factor_correlations.loc[ave.index, ave.index]
    if len(ave) < 2:
        raise NotEnoughData("Fornell and Larcker's comparison needs two factors or more.")
    root = np.sqrt(ave.to_numpy(float))
    matrix = r.to_numpy(float).copy()
    np.fill_diagonal(matrix, root)
    size = np.abs(r.to_numpy(float))
    np.fill_diagonal(size, -1.0)
    nearest, largest = size.argmax(axis=1), size.max(axis=1)
    table = pd.DataFrame(
        {
            "ave": ave,
            "sqrt_ave": root,
            "max_r": largest,
            "with": [ave.index[k] for k in nearest],
            "msv": largest**2,
            "ok": root > largest,
        },
        index=ave.index,
    )
    return FornellLarcker(
        n=found.n,
        method=f"square root of AVE against factor correlations, {found.estimator}",
        missing=found.missing,
        flags=found.flags,
        matrix=pd.DataFrame(matrix, index=ave.index, columns=ave.index),
        table=table,
    )
