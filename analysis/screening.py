"""A first look: what was answered, what is missing and why, where answers pile up.

Careless respondents are left out where scores are made (`analysis.dataset`), by the rules
of the questionnaire; `careless` gives the indices behind such rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from analysis.careless import careless
from analysis.moments import Floats, names_of, values
from analysis.results import Description, Flag
from instrument.answers import Missing

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["careless", "describe", "descriptives", "missing_by_kind", "shape"]

PILE = 0.15
"""Share on the lowest or highest option from which an item has a floor or a ceiling."""
SKEWED, PEAKED, RARE = 2.0, 7.0, 3
"""|skew| and |kurtosis| worth a flag; an option used by fewer persons is rare."""


def shape(x: Floats, kind: Literal[1, 2, 3] = 2) -> tuple[float, float]:
    """Skewness and excess kurtosis in one of three conventions (Joanes & Gill 1998).

    ``kind`` 1: g1 = m3/m2^1.5, g2 = m4/m2^2 - 3, moments of divisor n (scipy, moments). 2: G1 =
    g1 sqrt(n(n-1))/(n-2), G2 = (n-1)/((n-2)(n-3)) ((n+1) g2 + 6) (SPSS, SAS, Excel). 3: b1 = g1
    ((n-1)/n)^1.5, b2 = (g2 + 3) ((n-1)/n)^2 - 3 (psych's default, Minitab).
    R: ``psych::skew(x, type = kind)``, ``psych::kurtosi``. NaN where undefined.
    """
    n = len(x)
    centred = x - x.mean() if n else x
    m2 = float((centred**2).mean()) if n else 0.0
    if m2 <= 0:
        return float("nan"), float("nan")
    g1 = float((centred**3).mean()) / m2**1.5
    g2 = float((centred**4).mean()) / m2**2 - 3
    if kind == 1:
        return g1, g2
    if kind == 3:
        less = (n - 1) / n
        return g1 * less**1.5, (g2 + 3) * less**2 - 3
    skew = g1 * np.sqrt(n * (n - 1)) / (n - 2) if n > 2 else float("nan")
    kurtosis = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * g2 + 6) if n > 3 else float("nan")
    return float(skew), float(kurtosis)


def missing_by_kind(raw: npt.NDArray[np.uint8]) -> dict[str, int]:
    """How many of the stored bytes say not seen, skipped, ..., not applicable."""
    return {kind.name.lower(): int((raw == kind.value).sum()) for kind in Missing}


def describe(
    answers: npt.ArrayLike,
    low: float,
    high: float,
    *,
    kinds: dict[str, int] | None = None,
    options: tuple[int, ...] = (),
) -> Description:
    """Describe one item (raw answers, NaN = missing) on a scale from ``low`` to ``high``.

    mean, sd (n - 1), skew and excess kurtosis of type 2 (`shape`), counts of every option,
    floor and ceiling: the share on the lowest and highest option. Flags: ``floor``,
    ``ceiling`` (> 15 %, Terwee et al. 2007), ``skewed`` (|skew| > 2), ``peaked`` (|kurtosis|
    > 7), ``rare_option`` (an option used by fewer than three persons).
    """
    x = np.asarray(answers, dtype=float).ravel()
    seen = x[~np.isnan(x)]
    n = len(seen)
    nan = float("nan")
    skew, kurtosis = shape(seen)
    counts = {f"{option:g}": int((seen == option).sum()) for option in options}
    floor = float((seen == low).mean()) if n else nan
    ceiling = float((seen == high).mean()) if n else nan
    flags = []
    if n:
        rare = tuple(option for option, count in counts.items() if count < RARE)
        checks = (
            ("floor", floor > PILE, floor),
            ("ceiling", ceiling > PILE, ceiling),
            ("skewed", abs(skew) > SKEWED, skew),
            ("peaked", abs(kurtosis) > PEAKED, kurtosis),
        )
        flags = [Flag(code, value=value) for code, true, value in checks if true]
        flags += [Flag("rare_option", rare)] if rare else []
    return Description(
        n=n,
        method="raw answers; sd with n - 1; skew and excess kurtosis of type 2 (SPSS, SAS)",
        missing="left out, counted by kind",
        flags=tuple(flags),
        missing_by_kind=kinds or {"missing": len(x) - n},
        mean=float(seen.mean()) if n else nan,
        sd=float(seen.std(ddof=1)) if n > 1 else nan,
        skew=skew,
        kurtosis=kurtosis,
        counts=counts,
        floor=floor,
        ceiling=ceiling,
    )


def descriptives(frame: pd.DataFrame) -> pd.DataFrame:
    """n, missing, mean, sd, median, skew and kurtosis of every column.

    skew, kurtosis: type 2; skew_g1, kurtosis_g2: type 1; skew_b1, kurtosis_b2: type 3 (`shape`).
    """
    import pandas as pd

    rows = []
    for column in values(frame).T:
        seen = column[~np.isnan(column)]
        skew, kurtosis = shape(seen)
        moment_skew, moment_kurtosis = shape(seen, 1)
        psych_skew, psych_kurtosis = shape(seen, 3)
        rows.append(
            {
                "n": len(seen),
                "missing": len(column) - len(seen),
                "mean": float(seen.mean()) if len(seen) else float("nan"),
                "sd": float(seen.std(ddof=1)) if len(seen) > 1 else float("nan"),
                "median": float(np.median(seen)) if len(seen) else float("nan"),
                "skew": skew,
                "kurtosis": kurtosis,
                "skew_g1": moment_skew,
                "kurtosis_g2": moment_kurtosis,
                "skew_b1": psych_skew,
                "kurtosis_b2": psych_kurtosis,
            }
        )
    return pd.DataFrame(rows, index=pd.Index(names_of(frame)))
