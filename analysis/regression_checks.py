"""What the residuals say: tests of the assumptions, and persons who pull the line.

Reported, never gating. Durbin-Watson is absent: rows of a questionnaire have no order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from analysis.confirm.measures import chi2_tail
from analysis.moments import Floats

if TYPE_CHECKING:
    import pandas as pd

SMALL = 50
"""Below this n normality of residuals is tested by Shapiro-Wilk, from here by Lilliefors."""


def r_squared(x: Floats, y: Floats) -> float:
    """R2 of ``y`` on ``x`` (n, q), the first column of which is the constant."""
    coefficients = np.linalg.lstsq(x, y, rcond=None)[0]
    residual = y - x @ coefficients
    return float(1 - residual @ residual / ((y - y.mean()) ** 2).sum())


def breusch_pagan(x: Floats, e: Floats) -> tuple[float, int, float]:
    """Koenker's studentised form, n R2 of e^2 on the predictors (R: ``lmtest::bptest``)."""
    df = x.shape[1] - 1
    statistic = len(e) * r_squared(x, e**2)
    return statistic, df, chi2_tail(statistic, df)


def glejser(x: Floats, e: Floats) -> tuple[float, int, float]:
    """F of |e| on the predictors (Glejser 1969, JASA 64); R: ``lm(abs(e) ~ x)``."""
    df1, df2 = x.shape[1] - 1, len(e) - x.shape[1]
    r2 = r_squared(x, np.abs(e))
    f = (r2 / df1) / ((1 - r2) / df2)
    return f, df1, float(special.fdtrc(df1, df2, f))


def reset(x: Floats, e: Floats, fitted: Floats) -> tuple[float, int, float]:
    """F of adding the squares and cubes of the fitted values (Ramsey 1969).

    R: ``lmtest::resettest(power = 2:3, type = "fitted")``.
    """
    y = fitted + e
    z = (fitted - fitted.mean()) / fitted.std()  # spans the same space, better conditioned
    wide = np.column_stack([x, z**2, z**3])
    coefficients = np.linalg.lstsq(wide, y, rcond=None)[0]
    after = float(((y - wide @ coefficients) ** 2).sum())
    df2 = len(y) - wide.shape[1]
    if df2 < 1:
        return float("nan"), 2, float("nan")
    f = (float(e @ e) - after) / 2 / (after / df2)
    return f, 2, float(special.fdtrc(2, df2, max(f, 0.0)))


def lilliefors(e: Floats) -> tuple[float, float]:
    """Kolmogorov-Smirnov distance from the normal with estimated mean and SD, and its p.

    p by Dallal & Wilkinson (1986), and where that exceeds .10 by Stephens' (1974)
    modified statistic (R: ``nortest::lillie.test``). Needs five values or more.
    """
    n = len(e)
    z = special.ndtr((np.sort(e) - e.mean()) / e.std(ddof=1))
    rank = np.arange(1, n + 1)
    distance = float(max((rank / n - z).max(), (z - (rank - 1) / n).max()))
    d, size = (distance, n) if n <= 100 else (distance * (n / 100) ** 0.49, 100)
    p = float(
        np.exp(
            -7.01256 * d**2 * (size + 2.78019)
            + 2.99587 * d * np.sqrt(size + 2.78019)
            - 0.122119
            + 0.974598 / np.sqrt(size)
            + 1.67997 / size
        )
    )
    return distance, p if p <= 0.1 else _stephens(distance, n)


_STEPHENS = (
    (0.302, (1.0,)),
    (0.5, (2.76773, -19.828315, 80.709644, -138.55152, 81.218052)),
    (0.9, (-4.901232, 40.662806, -97.490286, 94.029866, -32.355711)),
    (1.31, (6.198765, -19.558097, 23.186922, -12.234627, 2.423045)),
)


def _stephens(distance: float, n: int) -> float:
    k = (np.sqrt(n) - 0.01 + 0.85 / np.sqrt(n)) * distance
    for edge, terms in _STEPHENS:
        if k <= edge:
            return float(sum(c * k**i for i, c in enumerate(terms)))
    return 0.0


def shapiro(e: Floats) -> tuple[float, float]:
    """Shapiro-Wilk W and its p (Royston 1995; R: ``shapiro.test``)."""
    from scipy import stats

    found = stats.shapiro(e)
    return float(found.statistic), float(found.pvalue)


def assumptions(x: Floats, e: Floats, fitted: Floats) -> pd.DataFrame:
    """Table of tests: rows named by test, columns statistic, df, p.

    ``x`` (n, p + 1) with the constant first, ``e`` residuals, ``fitted`` values.
    """
    import pandas as pd

    rows: dict[str, tuple[float, float, float]] = {}
    if len(e) < SMALL:
        rows["shapiro_wilk"] = (shapiro(e)[0], np.nan, shapiro(e)[1])
    else:
        distance, p = lilliefors(e)
        rows["lilliefors"] = (distance, np.nan, p)
    rows["breusch_pagan"] = breusch_pagan(x, e)
    rows["glejser"] = glejser(x, e)
    rows["reset"] = reset(x, e, fitted)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["statistic", "df", "p"])


def influence(x: Floats, y: Floats, e: Floats, h: Floats, names: tuple[str, ...]) -> dict[str, Any]:
    """Who pulls the line, and whether the findings hold without them.

    Cook's distance > 4/n and |DFBETAS| > 2/sqrt(n) (Belsley, Kuh & Welsch 1980); refitted
    without the persons over Cook's limit. Only counts leave this function: a row number
    beside a distance would point at a person. ``flips``: predictors whose slope changes
    its sign, or whose HC3 p crosses .05.
    R: ``cooks.distance``, ``dfbetas``, ``hatvalues``, ``rstudent``.
    """
    n, size = x.shape
    df = n - size
    sigma2 = float(e @ e) / df
    cook = e**2 * h / (size * sigma2 * (1 - h) ** 2)
    left = np.maximum((float(e @ e) - e**2 / (1 - h)) / (df - 1), 0) if df > 1 else e * np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        student = e / np.sqrt(left * (1 - h))
    bread = np.linalg.inv(x.T @ x)
    lever = x @ bread
    with np.errstate(divide="ignore", invalid="ignore"):
        dfbetas = lever * (e / (1 - h) / np.sqrt(left))[:, None] / np.sqrt(np.diag(bread))
    over = cook > 4 / n
    flips: list[str] = []
    kept = ~over
    if over.any() and kept.sum() > size + 1 and np.linalg.matrix_rank(x[kept]) == size:
        full, without = _slopes(x, y), _slopes(x[kept], y[kept])
        for i, name in enumerate(names, start=1):
            sign = full[0][i] * without[0][i] < 0
            crosses = (full[1][i] < 0.05) != (without[1][i] < 0.05)
            if sign or crosses:
                flips.append(name)
    return {
        "cook_max": float(cook.max()),
        "cook_over_4_n": int(over.sum()),
        "dfbetas_over": {
            name: int((np.abs(dfbetas[:, i]) > 2 / np.sqrt(n)).sum())
            for i, name in enumerate(names, start=1)
        },
        "leverage_max": float(h.max()),
        "studentized_max": float(np.nanmax(np.abs(student))) if df > 1 else float("nan"),
        "flips": flips,
    }


def _slopes(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Coefficients and HC3 p."""
    bread = np.linalg.inv(x.T @ x)
    b = bread @ (x.T @ y)
    e, h = y - x @ b, np.einsum("ij,jk,ik->i", x, bread, x)
    weighted = x * (e / np.maximum(1 - h, 1e-12))[:, None]
    se = np.sqrt(np.diag(bread @ (weighted.T @ weighted) @ bread))
    return b, 2 * special.stdtr(len(y) - x.shape[1], -np.abs(b / se))
