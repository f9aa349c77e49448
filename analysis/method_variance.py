"""Checks for common-method variance: Harman, marker variable, method factor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from analysis.confirm.fitting import Estimator, Missing, fit
from analysis.confirm.measures import chi2_tail
from analysis.confirm.ml import fit_batch
from analysis.confirm.result import Confirmation
from analysis.errors import MissingColumn, NotEnoughData, UnknownName
from analysis.htmt import complete_items
from analysis.moments import Floats, require_positive_definite, to_correlation
from analysis.results import Result

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True, eq=False)
class Harman(Result):
    """Share of one factor; printed because it is asked for, diagnostic of little."""

    component_share: float
    """First eigenvalue of the correlations over the number of items."""
    factor_share: float
    """Sum of squared loadings of one ML factor over the number of items."""
    below_half: bool
    items: int


def harman(frame: pd.DataFrame) -> Harman:
    """Harman's single-factor test of all columns of ``frame``, complete rows.

    Usual rule: below .50 (the first unrotated component). It neither detects nor rules out
    common-method variance (Podsakoff, MacKenzie, Lee & Podsakoff 2003).
    """
    names = [str(name) for name in frame.columns]
    data = complete_items(frame, names)
    r = to_correlation(np.cov(data, rowvar=False))
    share = float(np.linalg.eigvalsh(r)[-1] / len(r))
    factor = float("nan")
    if len(r) > 2 and len(data) > len(r):
        require_positive_definite(tuple(names), r)
        batch = fit_batch(r[None])
        if batch.converged[0]:
            factor = float((batch.loadings[0] ** 2).sum() / len(r))
    return Harman(
        n=len(data),
        method="share of the first unrotated component and of one ML factor",
        missing="listwise",
        component_share=share,
        factor_share=factor,
        below_half=share < 0.5,
        items=len(r),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Marker(Result):
    """Correlations with a marker variable's share taken out."""

    marker: str
    marker_r: pd.Series
    """Correlation of every variable with the marker."""
    r_method: float
    """The marker's smallest correlation in size: the estimate of method variance."""
    table: pd.DataFrame
    """a, b, r, adjusted, t, p, partial (given the marker), changed (r was significant at
    .05 and the adjusted r is not, or turns sign)."""


def marker(
    frame: pd.DataFrame, marker_variable: str, variables: Sequence[str] | None = None
) -> Marker:
    """Take a marker variable, unrelated in theory, out of all correlations.

    adjusted = (r - r_M) / (1 - r_M), t = adjusted / sqrt((1 - adjusted^2) / (n - 3)) on
    n - 3 df (Lindell & Whitney 2001, Journal of Applied Psychology 86), r_M the smallest
    correlation (in size) of the marker with the ``variables`` (default: all other columns);
    a negative r_M adjusts nothing (0). ``partial``: the ordinary partial correlation given
    the marker. Complete rows.
    Raises `UnknownName`, `NotEnoughData` (fewer than two variables or five rows).
    """
    import pandas as pd

    names = [str(name) for name in frame.columns]
    chosen = [name for name in names if name != marker_variable]
    chosen = chosen if variables is None else [str(name) for name in variables]
    if marker_variable in chosen:
        raise UnknownName(f"{marker_variable} is the marker; leave it out of the variables.")
    if len(chosen) < 2:
        raise NotEnoughData("A marker is taken out of correlations: give two variables or more.")
    data = complete_items(frame, [marker_variable, *chosen])
    n = len(data)
    if n < 5:
        raise NotEnoughData(f"{n} complete rows; the adjusted test needs five or more.")
    r = to_correlation(np.cov(data, rowvar=False))
    with_marker = r[0, 1:]
    r_method = max(float(with_marker[np.abs(with_marker).argmin()]), 0.0)
    i, j = np.triu_indices(len(chosen), 1)
    plain = r[1:, 1:][i, j]
    adjusted = (plain - r_method) / (1 - r_method)
    gap = np.sqrt((1 - with_marker[i] ** 2) * (1 - with_marker[j] ** 2))
    partial = (plain - with_marker[i] * with_marker[j]) / gap
    t, p = _t_test(adjusted, n - 3)
    _, p_plain = _t_test(plain, n - 2)
    turned = (p_plain < 0.05) & ((p >= 0.05) | (np.sign(adjusted) != np.sign(plain)))
    table = pd.DataFrame(
        {
            "a": [chosen[k] for k in i],
            "b": [chosen[k] for k in j],
            "r": plain,
            "adjusted": adjusted,
            "t": t,
            "p": p,
            "partial": partial,
            "changed": turned,
        }
    )
    return Marker(
        n=n,
        method="marker-variable adjustment, r_M the marker's smallest correlation",
        missing="listwise",
        marker=marker_variable,
        marker_r=pd.Series(with_marker, index=pd.Index(chosen)),
        r_method=r_method,
        table=table,
    )


def _t_test(r: Floats, df: int) -> tuple[Floats, Floats]:
    with np.errstate(divide="ignore"):
        t = r * np.sqrt(df / (1 - np.minimum(r**2, 1.0)))
    return t, np.asarray(2 * special.stdtr(df, -np.abs(t)))


@dataclass(frozen=True, kw_only=True, eq=False)
class MethodFactor(Result):
    """A model beside itself with one method factor more."""

    without: Confirmation
    with_method: Confirmation
    comparison: pd.DataFrame
    """Measure x (without, with_method, difference)."""
    chisq_diff: float
    df_diff: int
    p: float
    method_share: float
    """Mean squared standardised loading on the method factor."""
    loadings: pd.DataFrame
    """factor, item, without, with_method, change: substantive standardised loadings."""


def method_factor(
    model: Mapping[str, Sequence[str]],
    frame: pd.DataFrame,
    items: Sequence[str],
    *,
    estimator: Estimator = "MLR",
    missing: Missing = "listwise",
    name: str = "method",
) -> MethodFactor:
    """Fit ``model`` with and without a factor for the way ``items`` are asked (CFA).

    The method factor (for instance all reverse-keyed items) is uncorrelated with the
    model's factors and has unit variance or a marker like any other. Test of the
    difference: ML plain, MLR Satorra & Bentler (2001); none for other estimators (NaN).
    Podsakoff et al. (2003), model 3A; a share below about .10 is usually called small.
    Raises what `analysis.confirm.fit` raises; `MissingColumn` for items the model lacks.
    """
    import pandas as pd

    known = {item for mine in model.values() for item in mine}
    absent = [item for item in items if item not in known]
    if absent:
        raise MissingColumn("the model", absent)
    if len(items) < 3:
        raise NotEnoughData("A method factor needs three items or more.")
    without = fit(model, frame, estimator=estimator, missing=missing)
    with_it = fit(model, frame, estimator=estimator, missing=missing, methods={name: list(items)})
    gap, df_gap = _difference(without, with_it, estimator)
    measures = ("chisq", "df", "cfi", "tli", "rmsea", "srmr", "aic", "bic", "cfi.robust")
    rows = {}
    for measure in measures:
        one, two = without.fit.get(measure), with_it.fit.get(measure)
        if one is not None and two is not None:
            rows[measure] = (one, two, two - one)
    on_method = with_it.loadings["factor"] == name
    after = with_it.loadings[~on_method].set_index(["factor", "item"])["std"]
    before = without.loadings.set_index(["factor", "item"])["std"]
    changes = pd.DataFrame({"without": before, "with_method": after})
    changes["change"] = changes["with_method"] - changes["without"]
    share = float((with_it.loadings[on_method]["std"].to_numpy(float) ** 2).mean())
    return MethodFactor(
        n=with_it.n,
        method=f"method-factor CFA, {estimator}",
        missing=with_it.missing,
        flags=with_it.flags,
        without=without,
        with_method=with_it,
        comparison=pd.DataFrame.from_dict(
            rows, orient="index", columns=["without", "with_method", "difference"]
        ),
        chisq_diff=gap,
        df_diff=df_gap,
        p=chi2_tail(gap, df_gap) if np.isfinite(gap) else float("nan"),
        method_share=share,
        loadings=changes.reset_index(),
    )


def _difference(without: Confirmation, with_it: Confirmation, estimator: str) -> tuple[float, int]:
    def number(found: Confirmation, measure: str) -> float:
        value = found.fit.get(measure)
        return float("nan") if value is None else float(value)

    df, df_with = number(without, "df"), number(with_it, "df")
    df_gap = int(df - df_with)
    gap = number(without, "chisq") - number(with_it, "chisq")
    if estimator == "MLR":
        factor, factor_with = (
            number(found, "chisq.scaling.factor") for found in (without, with_it)
        )
        cd = (df * factor - df_with * (factor_with if df_with else 0.0)) / df_gap
        gap = gap / cd if cd > 0 else float("nan")
    elif estimator != "ML":
        gap = float("nan")
    return gap, df_gap
