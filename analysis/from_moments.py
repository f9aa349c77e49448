"""What needs no rows: models and coefficients from moments alone, at any n.

`analysis.counts.burt` gives moments of any number of rows in one pass. Alpha, KMO, Bartlett,
parallel analysis, MAP and EFA take such counts in place of a frame; here are the rest: scale
scores, the ML factor model, least squares with LMG, and HTMT. Errors that rest on single rows
(HC3, MLR, bootstrap) do not follow from moments and are not offered here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.confirm.data import Prepared
from analysis.confirm.estimation import estimate
from analysis.confirm.fitting import confirmation
from analysis.confirm.normal import Sample
from analysis.confirm.result import Confirmation
from analysis.confirm.structure import Identification, read_structure
from analysis.errors import ImproperSolution, NotEnoughData, UnknownName, WrongArgument
from analysis.htmt import ratios
from analysis.importance import lmg
from analysis.least_squares import INTERCEPT, f_tail, t_reach, t_tail
from analysis.moments import (
    SINGULAR,
    Floats,
    Missing,
    Moments,
    Summary,
    require_positive_definite,
    to_correlation,
)
from analysis.results import Result

if TYPE_CHECKING:
    import pandas as pd

LMG_CAP = 12
"""Most predictors for which all 2^p subsets are fitted."""


@dataclass(frozen=True, kw_only=True, eq=False)
class MomentRegression(Result):
    """Least squares with the classic errors."""

    outcome: str
    predictors: tuple[str, ...]
    coefficients: pd.DataFrame
    """Term x b, se, t, p, ci_low, ci_high, beta, vif, lmg, partial_r2, semi_partial_r2."""
    r2: float
    adj_r2: float
    f: float
    f_df: tuple[int, int]
    f_p: float
    f2: float
    sigma: float


@dataclass(frozen=True, kw_only=True, eq=False)
class MomentHtmt(Result):
    """HTMT (arithmetic) and HTMT2 (geometric), factor x factor."""

    htmt: pd.DataFrame
    htmt2: pd.DataFrame


def _places(found: Moments, items: Sequence[str]) -> list[int]:
    unknown = [item for item in items if item not in found.names]
    if unknown:
        raise UnknownName(
            f"{', '.join(unknown)} was not counted; there are {', '.join(found.names)}."
        )
    return [found.names.index(item) for item in items]


def scales(counted: Summary, model: Mapping[str, Sequence[str]]) -> Moments:
    """Moments of scale means (the mean of each factor's items) from those of complete rows.

    A mean of items is linear, so C_scales = W'CW exactly. With missing answers a person's mean
    depends on which items were answered: count the scores themselves instead.
    Raises `UnknownName`, what ``counted.moments("listwise")`` raises.
    """
    found = counted.moments("listwise")
    weights = np.zeros((len(found.names), len(model)))
    for column, items in enumerate(model.values()):
        weights[_places(found, items), column] = 1 / len(items)
    covariance = weights.T @ found.covariance @ weights
    means = None if found.means is None else found.means @ weights
    return Moments(
        tuple(str(name) for name in model),
        found.n,
        found.dropped,
        "listwise",
        covariance,
        to_correlation(covariance),
        np.full(covariance.shape, float(found.n)),
        means,
    )


def confirm(
    model: Mapping[str, Sequence[str]],
    counted: Summary,
    *,
    identification: Identification = "marker",
    orthogonal: bool | Sequence[str] = False,
    residuals: Sequence[tuple[str, str]] = (),
) -> Confirmation:
    """`analysis.confirm.fit` by ML, from the moments of complete rows.

    The complete rows are those of *everything counted*; count the model's items alone for the
    rows ``fit`` would take. Raises what ``fit`` raises for ML, and `UnknownName`.
    """
    structure = read_structure(model, orthogonal=orthogonal, residuals=residuals)
    found = counted.moments("listwise")
    at = _places(found, structure.items)
    if found.n <= len(at):
        raise NotEnoughData(
            f"{found.n} complete rows for {len(at)} items ({', '.join(structure.items)}); more "
            "rows than items are needed."
        )
    covariance = found.covariance[np.ix_(at, at)] * (found.n - 1) / found.n
    require_positive_definite(structure.items, to_correlation(covariance))
    mean = np.zeros(len(at)) if found.means is None else found.means[at]
    samples = (Sample(found.n, mean, covariance),)
    data = Prepared(structure.items, ("",), samples, None, None, found.n, found.dropped)
    return confirmation(estimate(structure, data, identification=identification))


def regress(
    counted: Summary,
    outcome: str,
    predictors: Sequence[str],
    *,
    missing: Missing = "listwise",
    level: float = 0.95,
) -> MomentRegression:
    """Least squares of one counted variable on others: classic errors, beta, VIF, LMG.

    b = C_xx^-1 C_xy, s^2 = (n - 1)(c_yy - b'C_xy)/(n - p - 1), cov b = s^2 C_xx^-1/(n - 1); the
    rest as `analysis.regression.regress`. R: ``lm``. Pairwise moments are refused where their
    matrix is not positive definite; their n is the rows with any answer, so read errors with
    care. No HC3: it needs the residuals of the rows.
    Raises `NotEnoughData`, `ImproperSolution` (a predictor is a sum of others, or the outcome of
    the predictors), `UnknownName`, `WrongArgument` (a name twice).
    """
    import pandas as pd

    names = tuple(predictors)
    if not names or len({outcome, *names}) < len(names) + 1:
        raise WrongArgument(f"Name an outcome and predictors once each: {outcome}, {names}.")
    found = counted.moments(missing)
    at = _places(found, (outcome, *names))
    n, p = found.n, len(names)
    df = n - p - 1
    if df < 1:
        raise NotEnoughData(f"{n} rows for {p} predictors; at least {p + 2} are needed.")
    c = found.covariance[np.ix_(at, at)]
    r = to_correlation(c)
    _require_independent((outcome, *names), r)
    inverse = np.linalg.inv(c[1:, 1:])
    b = inverse @ c[1:, 0]
    explained = float(b @ c[1:, 0])
    r2 = explained / float(c[0, 0])
    s2 = (n - 1) * (float(c[0, 0]) - explained) / df
    se = np.sqrt(s2 * np.diag(inverse) / (n - 1))
    vif = np.diag(np.linalg.inv(r[1:, 1:]))
    t = b / se
    shares = lmg(r[None])[0] if p <= LMG_CAP else np.full(p, np.nan)
    table = pd.DataFrame({"b": b, "se": se}, index=pd.Index(names))
    if found.means is not None:
        mean = found.means[at]
        constant = float(mean[0] - b @ mean[1:])
        se_constant = float(np.sqrt(s2 * (1 / n + mean[1:] @ inverse @ mean[1:] / (n - 1))))
        top = pd.DataFrame({"b": [constant], "se": [se_constant]}, index=pd.Index([INTERCEPT]))
        table = pd.concat([top, table])
    estimates, errors = table["b"].to_numpy(), table["se"].to_numpy()
    table["t"] = estimates / errors
    table["p"] = t_tail(estimates / errors, df)
    reach = t_reach(df, level) * errors
    table["ci_low"], table["ci_high"] = estimates - reach, estimates + reach
    extra = {
        "beta": b * np.sqrt(np.diag(c)[1:] / c[0, 0]),
        "vif": vif,
        "lmg": shares,
        "partial_r2": t**2 / (t**2 + df),
        "semi_partial_r2": t**2 * (1 - r2) / df,
    }
    for name, column in extra.items():
        table[name] = pd.Series(column, index=pd.Index(names)).reindex(table.index)
    f = (r2 / p) / ((1 - r2) / df)
    return MomentRegression(
        n=n,
        method="least squares from moments, classic errors",
        missing=missing,
        outcome=outcome,
        predictors=names,
        coefficients=table,
        r2=r2,
        adj_r2=1 - (1 - r2) * (n - 1) / df,
        f=f,
        f_df=(p, df),
        f_p=f_tail(f, p, df),
        f2=r2 / (1 - r2),
        sigma=float(np.sqrt(s2)),
    )


def _require_independent(names: tuple[str, ...], r: Floats) -> None:
    require_positive_definite(names[1:], r[1:, 1:])
    roots = np.linalg.eigvalsh(r)
    if roots[0] <= SINGULAR * roots[-1]:
        raise ImproperSolution(
            f"{names[0]} is a sum of {', '.join(names[1:])}, or pairwise moments contradict each "
            "other; leave a predictor out, or count complete rows.",
            names,
        )


def htmt(
    counted: Summary, model: Mapping[str, Sequence[str]], *, missing: Missing = "listwise"
) -> MomentHtmt:
    """HTMT and HTMT2 of the factors of ``model`` (`analysis.htmt.ratios`), without intervals.

    Raises `NotEnoughData` (one factor, a factor of one item), `UnknownName`.
    """
    import pandas as pd

    structure = read_structure(model)
    single = [f for f, mine in structure.model.items() if len(mine) < 2]
    if len(structure.factors) < 2 or single:
        raise NotEnoughData(
            f"HTMT compares factors of two items or more; {', '.join(single) or 'one factor'} is "
            "not enough."
        )
    found = counted.moments(missing)
    at = _places(found, structure.items)
    classic, geometric = ratios(found.correlation[np.ix_(at, at)], structure.loads)
    index = pd.Index(structure.factors)
    return MomentHtmt(
        n=found.n,
        method="heterotrait-monotrait ratios from counted correlations",
        missing=missing,
        htmt=pd.DataFrame(classic, index=index, columns=index),
        htmt2=pd.DataFrame(geometric, index=index, columns=index),
    )
