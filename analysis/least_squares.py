"""One least-squares fit with classic and HC3 covariances: the kernel of every linear model.

Numpy only. `regression.regress` prints more about one model; the rooms of hierarchical
steps, moderation, mediation and pooled communities build on this one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from analysis.errors import ImproperSolution, NotEnoughData
from analysis.moments import SINGULAR, Floats, chosen, complete, require_variation

if TYPE_CHECKING:
    import pandas as pd

INTERCEPT = "(Intercept)"


def t_tail(t: Floats, df: float) -> Floats:
    """Two-sided p of Student's t."""
    return np.asarray(2 * special.stdtr(df, -np.abs(t)), dtype=np.float64)


def t_reach(df: float, level: float) -> float:
    """Quantile of Student's t that a two-sided interval of ``level`` reaches."""
    return float(special.stdtrit(df, 1 - (1 - level) / 2))


def f_tail(f: float, df1: float, df2: float) -> float:
    """Upper tail of the F distribution."""
    return float(special.fdtrc(df1, df2, max(f, 0.0)))


def used_rows(frame: pd.DataFrame, columns: Sequence[str]) -> tuple[Floats, int]:
    """Complete rows of ``columns`` (n, k), and how many rows were left out.

    Raises `MissingColumn`, `DuplicateName`, `NotANumber` (`moments.chosen`), `DegenerateItem`
    for a constant column, `NotEnoughData` without a complete row.
    """
    given = chosen(frame, columns)
    data = complete(given)
    if not len(data):
        empty = [name for name, x in zip(columns, given.T, strict=True) if np.isnan(x).all()]
        why = f"nobody answered {', '.join(empty)}" if empty else "no row has all of them"
        raise NotEnoughData(f"{', '.join(columns)}: {why}; give more rows or fewer columns.")
    require_variation(tuple(columns), data)
    return data, len(given) - len(data)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A fitted line; term 0 is the intercept."""

    terms: tuple[str, ...]
    x: Floats
    """(n, q), the constant first."""
    y: Floats
    b: Floats
    """(q,) coefficients."""
    q: Floats
    """(n, q), an orthonormal basis of the columns."""
    root: Floats
    """(q, q), b = root Q'y."""
    residuals: Floats
    leverage: Floats
    df: int
    """n - q."""

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.y)

    @property
    def bread(self) -> Floats:
        """(q, q) (X'X)^-1."""
        bread: Floats = self.root @ self.root.T
        return bread

    @property
    def rss(self) -> float:
        """Sum of squared residuals."""
        return float(self.residuals @ self.residuals)

    @property
    def tss(self) -> float:
        """Sum of squares of the outcome about its mean."""
        return float(((self.y - self.y.mean()) ** 2).sum())

    @property
    def r2(self) -> float:
        """Share of the outcome's variance."""
        return 1 - self.rss / self.tss

    @property
    def adj_r2(self) -> float:
        """R2 with the degrees of freedom taken into account."""
        return 1 - (1 - self.r2) * (self.n - 1) / self.df

    @property
    def classic(self) -> Floats:
        """(q, q) covariance of b under equal spread: s2 (X'X)^-1."""
        covariance: Floats = self.rss / self.df * self.bread
        return covariance

    @property
    def hc3(self) -> Floats:
        """(q, q) HC3 covariance of b (MacKinnon & White 1985; R: ``vcovHC(type = "HC3")``).

        (X'X)^-1 X' diag(e^2/(1 - h)^2) X (X'X)^-1, with X = Q root^-1: scores far from 0
        cost no digits.
        """
        meat = hc3_meat(self.q, self.residuals, self.leverage)
        covariance: Floats = self.root @ meat @ self.root.T
        return covariance

    @property
    def left_out(self) -> Floats:
        """(n, q) b without each row in turn: b - (X'X)^-1 x_i e_i / (1 - h_i), exactly."""
        change = (self.x @ self.bread) * (self.residuals / (1 - self.leverage))[:, None]
        coefficients: Floats = self.b - change
        return coefficients


def hc3_meat(x: Floats, residuals: Floats, leverage: Floats) -> Floats:
    """X' diag(e^2/(1 - h)^2) X of rows (n, q): the middle of HC3, a sum over rows."""
    weighted = x * (residuals / (1 - leverage))[:, None]
    meat: Floats = weighted.T @ weighted
    return meat


def require_no_lever(names: Sequence[str], highest: float) -> None:
    """Refuse a row of leverage 1, whose residual is 0 whatever it answered.

    Raises `NotEnoughData`.
    """
    if highest > 1 - 1e-10:
        raise NotEnoughData(
            f"One row alone decides a coefficient of {', '.join(names)} (leverage 1), so its "
            "error is unknown; give more rows or leave that predictor out."
        )


def fit(outcome: str, terms: Iterable[str], columns: Floats, y: Floats) -> Fit:
    """Fit ``y`` (n,) on ``columns`` (n, q - 1) and a constant, by QR.

    Raises `NotEnoughData` (n <= q, or a row of leverage 1), `ImproperSolution` (columns
    that determine each other, or an outcome reproduced without error).
    """
    names = tuple(terms)
    n, p = columns.shape
    df = n - p - 1
    if df < 1:
        raise NotEnoughData(
            f"{n} complete rows for {outcome} on {', '.join(names)}; at least {p + 2} are needed."
        )
    if p:
        _require_independent(names, columns)
    centre, scale = columns.mean(axis=0), columns.std(axis=0)
    x = np.column_stack([np.ones(n), columns])
    standard = np.column_stack([np.ones(n), (columns - centre) / scale])
    q, r = np.linalg.qr(standard)
    inverse = np.linalg.solve(r, np.eye(p + 1))
    # back from standardised columns: b = T b*, so bread = T bread* T'
    turn = np.diag(np.concatenate([[1.0], 1 / scale]))
    turn[0, 1:] = -centre / scale
    root = turn @ inverse
    b = root @ (q.T @ y)
    residuals = y - q @ (q.T @ y)
    leverage = (q**2).sum(axis=1)
    require_no_lever(names, float(leverage.max()))
    tss = float(((y - y.mean()) ** 2).sum())
    if p and float(residuals @ residuals) <= 1e-12 * tss:
        raise ImproperSolution(
            f"{', '.join(names)} reproduce {outcome} without error: it is computed from them. "
            "Take another outcome or other predictors.",
            names,
        )
    return Fit((INTERCEPT, *names), x, y, b, q, root, residuals, leverage, df)


def _require_independent(names: tuple[str, ...], columns: Floats) -> None:
    require_variation(names, columns)
    correlation = np.atleast_2d(np.corrcoef(columns, rowvar=False))
    roots, vectors = np.linalg.eigh(correlation)
    if roots[0] > SINGULAR * roots[-1]:
        return
    heavy = [names[i] for i in np.flatnonzero(np.abs(vectors[:, 0]) > 0.05)]
    raise ImproperSolution(
        f"Predictors {', '.join(heavy)} determine each other exactly, so their coefficients do "
        "not exist; leave one of them out.",
        heavy,
    )


def estimates(b: Floats, covariance: Floats, df: float, level: float) -> dict[str, Floats]:
    """se, t, p, ci_low, ci_high of estimates with a covariance and t on ``df``."""
    se = np.sqrt(np.diag(np.atleast_2d(covariance)))
    reach = t_reach(df, level)
    t = b / se
    return {
        "se": se,
        "t": t,
        "p": t_tail(t, df),
        "ci_low": b - reach * se,
        "ci_high": b + reach * se,
    }


def both_ways(b: Floats, found: Fit, weights: Floats, level: float) -> dict[str, Floats]:
    """Classic and HC3 (``hc3_`` before the name) estimates of ``weights`` (k, q) @ b."""
    classic = estimates(b, weights @ found.classic @ weights.T, found.df, level)
    robust = estimates(b, weights @ found.hc3 @ weights.T, found.df, level)
    return {"b": b, **classic, **{f"hc3_{name}": column for name, column in robust.items()}}


def table(found: Fit, level: float = 0.95) -> pd.DataFrame:
    """Coefficients by term: b se t p ci_low ci_high, the same with HC3, and beta."""
    import pandas as pd

    columns = both_ways(found.b, found, np.eye(len(found.b)), level)
    sd = found.x[:, 1:].std(axis=0) / found.y.std()
    columns["beta"] = np.concatenate([[np.nan], found.b[1:] * sd])
    return pd.DataFrame(columns, index=pd.Index(found.terms))


def wald_f(found: Fit, positions: Sequence[int]) -> tuple[float, int, int, float]:
    """HC3 Wald F of several coefficients being 0 together: F, df1, df2, p.

    F = b' V^-1 b / q, V the HC3 covariance of the block, on q and n - p - 1 df (R:
    ``lmtest::waldtest(vcov = vcovHC(type = "HC3"))``; ``car::linearHypothesis``).
    """
    at = list(positions)
    b, v = found.b[at], found.hc3[np.ix_(at, at)]
    f = float(b @ np.linalg.solve(v, b)) / len(at)
    return f, len(at), found.df, f_tail(f, len(at), found.df)
