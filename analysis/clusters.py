"""Regression over pooled communities, with errors that know whose answers belong together.

With ten communities or more: community fixed effects (the slope within communities) and
CR2 cluster-robust errors with Satterthwaite degrees of freedom. With fewer there is no
pooled p: every community gets its own regression.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import special

from analysis.errors import AnalysisError, ImproperSolution, NotEnoughData, WrongArgument
from analysis.least_squares import fit, table
from analysis.moments import SINGULAR, Floats, chosen, require_variation
from analysis.results import Flag, Result, at

if TYPE_CHECKING:
    import pandas as pd

Ints = npt.NDArray[np.intp]
LEAST = 10
"""Communities from which a pooled p is given."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Pooled(Result):
    """One regression over several communities."""

    outcome: str
    predictors: tuple[str, ...]
    communities: int
    fixed_effects: bool
    coefficients: pd.DataFrame
    """By predictor: b, cr2_se, t, df (Satterthwaite), p, ci_low, ci_high. With fewer than
    ten communities only b: the mean of the communities' slopes, and its range."""
    by_community: pd.DataFrame
    """Rows "community: predictor": n, b, hc3_se, hc3_p, limits; a community too small to
    fit has n only."""
    level: float
    dropped: int


def _groups(labels: npt.NDArray[np.object_]) -> tuple[list[object], list[Ints]]:
    names = list(dict.fromkeys(labels.tolist()))
    return names, [np.flatnonzero(labels == name) for name in names]


def cr2(x: Floats, e: Floats, bread: Floats, groups: Sequence[Ints]) -> tuple[Floats, Floats]:
    """CR2 covariance of OLS coefficients (q, q) and their Satterthwaite df (q,).

    ``x`` (n, q) design (demeaned within clusters where their means are removed), ``e``
    residuals, ``bread`` (X'X)^-1. V = B (sum X_g' A_g e_g e_g' A_g X_g) B with A_g =
    (I - H_gg)^(-1/2), the bias reduction of Bell & McCaffrey (2002) for independent equal
    errors; df = (sum of eigenvalues)^2 / sum of squares of G'G, G_g = (I - H)_g' A_g X_g B c
    (Pustejovsky & Tipton 2018). A direction in which a cluster alone decides (I - H_gg
    singular) takes the Moore-Penrose root. R: ``clubSandwich::coef_test(vcov = "CR2")``.
    """
    q = x.shape[1]
    root = np.linalg.cholesky(bread)
    meat = np.zeros((q, q))
    own = np.zeros(q)
    lever: list[Floats] = []
    for rows in groups:
        xg = x[rows]
        u, s, _ = np.linalg.svd(xg @ root, full_matrices=False)
        left = 1 - s**2
        factor = np.where(left > 1e-10, 1 / np.sqrt(np.where(left > 1e-10, left, 1.0)), 0.0) - 1
        turned = xg + u @ (factor[:, None] * (u.T @ xg))  # A_g X_g
        score = turned.T @ e[rows]
        meat += np.outer(score, score)
        weights = turned @ bread  # A_g X_g B: column c is the weight of each row in b_c
        own += (weights**2).sum(axis=0)
        lever.append(np.concatenate([weights.T @ xg, (weights**2).sum(axis=0)[:, None]], axis=1))
    covariance = bread @ meat @ bread
    # G_g'G_h = [g=h] |w_g|^2 - (w_g'X_g) B (X_h'w_h)
    stack = np.stack(lever)
    df = np.empty(q)
    for c in range(q):
        cross = stack[:, c, :q]
        p = -cross @ bread @ cross.T
        p[np.diag_indices(len(p))] += stack[:, c, q]
        df[c] = np.trace(p) ** 2 / (p**2).sum()
    return covariance, df


def pooled(
    frame: pd.DataFrame,
    outcome: str,
    predictors: Sequence[str],
    community: npt.ArrayLike,
    *,
    fixed_effects: bool = True,
    least: int = LEAST,
    level: float = 0.95,
) -> Pooled:
    """Regress ``outcome`` on ``predictors`` over communities (``community``: a label a row).

    From ``least`` communities: OLS with a constant for each community (``fixed_effects``;
    the slope within communities) or one constant for all, and `cr2` errors with t on
    Satterthwaite df. Below: flag ``few_communities``, no pooled error and no pooled p; b is
    the mean of the communities' own slopes. Complete rows; a community of one row has no
    say within communities.
    Raises `WrongArgument` (unknown column, labels of another length, one community),
    `NotEnoughData`, `DegenerateItem`, `ImproperSolution`.
    """
    import pandas as pd

    names = tuple(predictors)
    if not names:
        raise WrongArgument(f"A regression of {outcome} needs a predictor; name one.")
    given = chosen(frame, [outcome, *names])
    labels = pd.Series(np.asarray(community, dtype=object))
    if len(labels) != len(frame):
        raise WrongArgument(f"{len(labels)} labels for {len(frame)} rows; give one a row.")
    whole = ~np.isnan(given).any(axis=1) & labels.notna().to_numpy()
    data, label = given[whole], labels[whole].to_numpy(dtype=object)
    units, groups = _groups(label)
    if len(units) < 2:
        raise WrongArgument(f"{len(units)} community with complete rows; use regression.regress.")
    require_variation((outcome, *names), data)
    own = _each(outcome, names, data, units, groups, level)
    flags = []
    if len(units) < least:
        flags.append(Flag("few_communities", value=float(len(units))))
        coefficients = _range(own, names)
    else:
        coefficients = _clustered(outcome, names, data, groups, fixed_effects, level)
    return Pooled(
        n=len(data),
        method=("OLS with community constants" if fixed_effects else "OLS with one constant")
        + ", CR2 cluster-robust errors, t on Satterthwaite df"
        if len(units) >= least
        else f"own regression of each community; no pooled p below {least} communities",
        missing="listwise",
        flags=tuple(flags),
        outcome=outcome,
        predictors=names,
        communities=len(units),
        fixed_effects=fixed_effects,
        coefficients=coefficients,
        by_community=own,
        level=level,
        dropped=len(given) - len(data),
    )


def _clustered(
    outcome: str,
    names: tuple[str, ...],
    data: Floats,
    groups: Sequence[Ints],
    fixed_effects: bool,
    level: float,
) -> pd.DataFrame:
    import pandas as pd

    y, x = data[:, 0], data[:, 1:]
    if fixed_effects:
        within = data.copy()
        for rows in groups:
            within[rows] -= data[rows].mean(axis=0)
        y, x = within[:, 0], within[:, 1:]
        fixed = len(groups)
    else:
        x = np.column_stack([np.ones(len(x)), x])
        fixed = 1
    if len(y) <= len(names) + fixed:
        raise NotEnoughData(f"{len(y)} rows for {len(names)} predictors and {fixed} constants.")
    scale = np.sqrt((x**2).mean(axis=0))
    flat = [name for name, s in zip(names, scale[-len(names) :], strict=True) if s < 1e-10]
    if flat:
        raise ImproperSolution(
            f"{', '.join(flat)} does not vary within communities, so it has no slope there; leave "
            "it out, or pool with fixed_effects=False.",
            flat,
        )
    standard = x / scale
    roots = np.linalg.eigvalsh(standard.T @ standard)
    if roots[0] <= SINGULAR * roots[-1]:
        raise ImproperSolution(
            f"Predictors among {', '.join(names)} determine each other; leave one of them out.",
            names,
        )
    inverse = np.linalg.inv(standard.T @ standard)
    beta = inverse @ (standard.T @ y)
    covariance, df = cr2(standard, y - standard @ beta, inverse, groups)
    b, se = beta / scale, np.sqrt(np.diag(covariance)) / scale
    reach = special.stdtrit(df, 1 - (1 - level) / 2) * se
    t = b / se
    columns = {
        "b": b,
        "cr2_se": se,
        "t": t,
        "df": df,
        "p": 2 * special.stdtr(df, -np.abs(t)),
        "ci_low": b - reach,
        "ci_high": b + reach,
    }
    rows_ = names if fixed_effects else ("(Intercept)", *names)
    return pd.DataFrame(columns, index=pd.Index(rows_))


def _each(
    outcome: str,
    names: tuple[str, ...],
    data: Floats,
    units: Sequence[object],
    groups: Sequence[Ints],
    level: float,
) -> pd.DataFrame:
    import pandas as pd

    rows: dict[str, dict[str, float]] = {}
    for unit, members in zip(units, groups, strict=True):
        part = data[members]
        try:
            require_variation((outcome, *names), part)
            found = table(fit(outcome, names, part[:, 1:], part[:, 0]), level)
        except (NotEnoughData, ImproperSolution, AnalysisError):
            # a community too small or too uniform is listed with its n, never hidden
            rows |= {f"{unit}: {name}": {"n": len(part)} for name in names}
            continue
        for name in names:
            rows[f"{unit}: {name}"] = {
                "n": len(part),
                **{
                    column: at(found, name, column)
                    for column in ("b", "hc3_se", "hc3_p", "hc3_ci_low", "hc3_ci_high")
                },
            }
    columns = ["n", "b", "hc3_se", "hc3_p", "hc3_ci_low", "hc3_ci_high"]
    return pd.DataFrame.from_dict(rows, orient="index").reindex(columns=columns)


def _range(own: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    import pandas as pd

    slopes = own["b"].to_numpy(dtype=float).reshape(-1, len(names))
    if np.isnan(slopes).all():
        raise NotEnoughData("No community is large enough for a regression of its own.")
    return pd.DataFrame(
        {
            "b": np.nanmean(slopes, axis=0),
            "lowest": np.nanmin(slopes, axis=0),
            "highest": np.nanmax(slopes, axis=0),
            "fitted": (~np.isnan(slopes)).sum(axis=0),
        },
        index=pd.Index(names),
    )
