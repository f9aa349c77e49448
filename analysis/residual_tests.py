"""Further tests of residuals: both Breusch-Pagan forms, White, Durbin-Watson, refit.

Reported beside `regression_checks.assumptions`, never deciding anything: errors are HC3
whatever they say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import special

from analysis.confirm.measures import chi2_tail
from analysis.errors import NotEnoughData, WrongArgument
from analysis.least_squares import Fit, fit, table, used_rows
from analysis.moments import Floats
from analysis.results import Flag, Result

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True, eq=False)
class Refit(Result):
    """A regression with and without the persons who pull it most."""

    table: pd.DataFrame
    """By term: b, hc3_p and b_without, hc3_p_without, change (in HC3 SEs), flips."""
    left_out: int
    r2: float
    r2_without: float
    rule: str


@dataclass(frozen=True, kw_only=True, eq=False)
class DurbinWatson(Result):
    """Correlation of a residual with the one before it."""

    statistic: float
    """2 (1 - r) roughly: 2 = none, toward 0 = each follows the one before."""
    p_positive: float
    """One-sided, against positive correlation."""
    p: float
    """Two-sided."""


def _explained(x: Floats, y: Floats) -> tuple[float, float]:
    """Explained sum of squares and R2 of ``y`` on ``x`` (constant included)."""
    fitted = x @ np.linalg.lstsq(x, y, rcond=None)[0]
    total = float(((y - y.mean()) ** 2).sum())
    explained = float(((fitted - y.mean()) ** 2).sum())
    return explained, explained / total


def spread_tests(found: Fit) -> pd.DataFrame:
    """Tests of unequal spread: rows by test, columns statistic, df, p.

    ``breusch_pagan_original``: ESS of e^2/s2 on the predictors / 2 (Breusch & Pagan 1979;
    R: ``lmtest::bptest(studentize = FALSE)``); ``breusch_pagan``: Koenker's n R2 (the
    default of ``bptest``); ``score_fitted``: the original form on the fitted values (Cook &
    Weisberg 1983; R: ``car::ncvTest``); ``white``: n R2 of e^2 on the fitted values and
    their squares (the short form of White 1980).
    """
    import pandas as pd

    e2 = found.residuals**2
    scaled = e2 / e2.mean()
    fitted = found.y - found.residuals
    z = (fitted - fitted.mean()) / fitted.std()
    ones = np.ones(found.n)
    on_fitted = np.column_stack([ones, z])
    squares = np.column_stack([ones, z, z**2])
    p = found.x.shape[1] - 1
    rows = {
        "breusch_pagan": (found.n * _explained(found.x, e2)[1], p),
        "breusch_pagan_original": (_explained(found.x, scaled)[0] / 2, p),
        "score_fitted": (_explained(on_fitted, scaled)[0] / 2, 1),
        "white": (found.n * _explained(squares, e2)[1], 2),
    }
    full = {name: (value, df, chi2_tail(value, df)) for name, (value, df) in rows.items()}
    return pd.DataFrame.from_dict(full, orient="index", columns=["statistic", "df", "p"])


def durbin_watson(
    frame: pd.DataFrame, outcome: str, predictors: Sequence[str], *, order: npt.ArrayLike
) -> DurbinWatson:
    """Durbin-Watson of the regression's residuals in the order of ``order`` (one value a row).

    Only for data that *have* an order (days, positions): the rows of a questionnaire have
    none, and on them the statistic means nothing; hence ``order`` must be given and must
    not hold ties. d = sum (e_t - e_{t-1})^2 / sum e^2; p by the normal approximation with
    the exact mean and variance of d under independence (Durbin & Watson 1950; R:
    ``lmtest::dwtest(exact = FALSE)``, its default from n = 100).
    Raises `WrongArgument` (ties, another length), `NotEnoughData` (fewer than ten rows),
    and what `least_squares.fit` raises.
    """
    key = np.asarray(order)
    if len(key) != len(frame) or len(np.unique(key)) != len(key):
        raise WrongArgument(
            "Durbin-Watson needs an order without ties, one value a row. Answers to a "
            "questionnaire have no order: leave the test out."
        )
    sorted_frame = frame.iloc[np.argsort(key, kind="stable")]
    data, dropped = used_rows(sorted_frame, [outcome, *predictors])
    found = fit(outcome, predictors, data[:, 1:], data[:, 0])
    n, q = found.x.shape
    if n < 10:
        raise NotEnoughData(f"{n} rows in order; the approximation needs ten.")
    e = found.residuals
    d = float((np.diff(e) ** 2).sum() / (e @ e))
    # A X: first differences of the columns, taken twice, edges once
    ax = np.zeros_like(found.x)
    step = np.diff(found.x, axis=0)
    ax[:-1] -= step
    ax[1:] += step
    once = found.x.T @ ax @ found.bread
    trace = 2 * (n - 1) - np.trace(once)
    square = 2 * (3 * n - 4) - 2 * np.trace(ax.T @ ax @ found.bread) + np.trace(once @ once)
    mean = trace / (n - q)
    variance = 2 / ((n - q) * (n - q + 2)) * (square - trace * mean)
    z = float((d - mean) / np.sqrt(variance))
    return DurbinWatson(
        n=n,
        method="Durbin-Watson, normal approximation with exact mean and variance",
        missing="listwise",
        flags=(Flag("rows_left_out", value=float(dropped)),) if dropped else (),
        statistic=d,
        p_positive=float(special.ndtr(z)),
        p=float(2 * special.ndtr(-abs(z))),
    )


def refit(
    frame: pd.DataFrame,
    outcome: str,
    predictors: Sequence[str],
    *,
    level: float = 0.95,
) -> Refit:
    """Regression with everybody, and without those over Cook's 4/n or DFBETAS' 2/sqrt(n).

    ``change``: (b_without - b) / HC3 SE; ``flips``: the sign changes, or the HC3 p crosses
    1 - level. Which persons they are is not told. The result without them is no better
    result: it says whether few persons carry the finding (Belsley, Kuh & Welsch 1980).
    Raises what `least_squares.fit` raises.
    """
    import pandas as pd

    data, _ = used_rows(frame, [outcome, *predictors])
    found = fit(outcome, predictors, data[:, 1:], data[:, 0])
    n, q = found.x.shape
    e, h, df = found.residuals, found.leverage, found.df
    cook = e**2 * h / (q * found.rss / df * (1 - h) ** 2)
    over = cook > 4 / n
    if df > 1:
        left = np.maximum(found.rss - e**2 / (1 - h), 0) / (df - 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            moved = (found.b - found.left_out) / np.sqrt(
                left[:, None] * np.diag(found.bread)[None, :]
            )
        over |= (np.abs(np.nan_to_num(moved[:, 1:])) > 2 / np.sqrt(n)).any(axis=1)
    full = table(found, level)
    kept = data[~over]
    without = fit(outcome, predictors, kept[:, 1:], kept[:, 0]) if over.any() else found
    other = table(without, level)
    edge = 1 - level
    flips = (full["b"] * other["b"] < 0) | ((full["hc3_p"] < edge) != (other["hc3_p"] < edge))
    flipped = tuple(str(i) for i in full.index[flips] if i != "(Intercept)")
    return Refit(
        n=n,
        method="OLS with HC3, refitted without influential rows",
        missing="listwise",
        flags=(Flag("influence_flips", flipped, float(over.sum())),) if flipped else (),
        table=pd.DataFrame(
            {
                "b": full["b"],
                "hc3_p": full["hc3_p"],
                "b_without": other["b"],
                "hc3_p_without": other["hc3_p"],
                "change": (other["b"] - full["b"]) / full["hc3_se"],
                "flips": flips,
            }
        ),
        left_out=int(over.sum()),
        r2=found.r2,
        r2_without=without.r2,
        rule="Cook's distance > 4/n or |DFBETAS| > 2/sqrt(n)",
    )
