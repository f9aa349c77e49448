"""Six intraclass correlations by the ANOVA formulas, in closed form.

`reliability.icc` gives the same numbers through pingouin, whose import alone costs two CPU
seconds; test-retest tables need them for every scale and take them from here.
"""

from __future__ import annotations

from dataclasses import dataclass

from scipy import special

from analysis.errors import NotEnoughData
from analysis.moments import Floats

FORMS = ("ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k")


@dataclass(frozen=True, slots=True)
class Form:
    """One intraclass correlation with its F test and interval."""

    icc: float
    f: float
    df1: int
    df2: int
    p: float
    ci_low: float
    ci_high: float


def _ratio(top: float, bottom: float) -> float:
    return float(top / bottom) if bottom else float("inf") if top else float("nan")


def forms(data: Floats, level: float = 0.95) -> dict[str, Form]:
    """All six forms for complete ``data`` (n targets, k raters or occasions).

    Mean squares: between targets, within targets, between raters, residual. Shrout & Fleiss
    (1979), Psychol. Bull. 86; intervals of ICC2 by McGraw & Wong (1996). R:
    ``psych::ICC(x, lmer = FALSE)``. Raises `NotEnoughData` (fewer than two of each).
    """
    n, k = data.shape
    if n < 2 or k < 2:
        raise NotEnoughData(f"{n} targets and {k} occasions: an ICC needs two of each.")
    grand = float(data.mean())
    rows, columns = data.mean(axis=1), data.mean(axis=0)
    total = float(((data - grand) ** 2).sum())
    targets = k * float(((rows - grand) ** 2).sum())
    raters = n * float(((columns - grand) ** 2).sum())
    msb, msw = targets / (n - 1), (total - targets) / (n * (k - 1))
    msj, mse = raters / (k - 1), max(total - targets - raters, 0.0) / ((n - 1) * (k - 1))
    tail = 1 - (1 - level) / 2

    def quantile(df1: float, df2: float) -> float:
        return float(special.fdtri(df1, df2, tail))

    df1, df_one, df_two = n - 1, n * (k - 1), (n - 1) * (k - 1)
    f_one, f_two = _ratio(msb, msw), _ratio(msb, mse)
    one = (f_one / quantile(df1, df_one), f_one * quantile(df_one, df1))
    three = (f_two / quantile(df1, df_two), f_two * quantile(df_two, df1))

    icc1 = _ratio(msb - msw, msb + (k - 1) * msw)
    icc2 = _ratio(msb - mse, msb + (k - 1) * mse + k * (msj - mse) / n)
    icc3 = _ratio(msb - mse, msb + (k - 1) * mse)
    fj = _ratio(msj, mse)
    a = k * icc2
    top = df_two * (a * fj + n * (1 + (k - 1) * icc2) - a) ** 2
    bottom = df1 * (a * fj) ** 2 + (n * (1 + (k - 1) * icc2) - a) ** 2
    v = _ratio(top, bottom)
    upper, lower = quantile(df1, v), quantile(v, df1)
    spread = k * msj + (k * n - k - n) * mse
    low2 = n * (msb - upper * mse) / (upper * spread + n * msb)
    high2 = n * (lower * msb - mse) / (spread + n * lower * msb)

    def single(bounds: tuple[float, float]) -> tuple[float, float]:
        return (bounds[0] - 1) / (bounds[0] + k - 1), (bounds[1] - 1) / (bounds[1] + k - 1)

    def longer(r: float) -> float:
        return float(r * k / (1 + r * (k - 1)))

    found = {
        "ICC1": (icc1, f_one, df_one, single(one)),
        "ICC2": (icc2, f_two, df_two, (low2, high2)),
        "ICC3": (icc3, f_two, df_two, single(three)),
        "ICC1k": (_ratio(msb - msw, msb), f_one, df_one, (1 - 1 / one[0], 1 - 1 / one[1])),
        "ICC2k": (
            _ratio(msb - mse, msb + (msj - mse) / n),
            f_two,
            df_two,
            (longer(low2), longer(high2)),
        ),
        "ICC3k": (_ratio(msb - mse, msb), f_two, df_two, (1 - 1 / three[0], 1 - 1 / three[1])),
    }
    return {
        name: Form(icc, f, df1, df2, float(special.fdtrc(df1, df2, f)), low, high)
        for name, (icc, f, df2, (low, high)) in found.items()
    }
