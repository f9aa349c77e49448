"""The one room that knows pingouin 0.7: its column names and its rounding stay in here.

Used for intraclass correlations, and in the tests as a second opinion on alpha and LMG.
Alpha, LMG and least squares themselves are closed formulas that cost less than the 2 CPU
seconds of importing it; all of them are compared with it in ``tests/analysis``.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from analysis.errors import NotEnoughData
from analysis.moments import complete, names_of, require_variation, values
from analysis.results import IntraclassCorrelations

if TYPE_CHECKING:
    import pandas as pd

_FORMS = {
    "ICC(1,1)": "ICC1",
    "ICC(A,1)": "ICC2",
    "ICC(C,1)": "ICC3",
    "ICC(1,k)": "ICC1k",
    "ICC(A,k)": "ICC2k",
    "ICC(C,k)": "ICC3k",
}
"""0.7's labels and those of Shrout & Fleiss, which psych and the papers use."""


@contextmanager
def _tamed() -> Iterator[None]:
    """Full digits (its intervals have two decimals by default), and a quiet pandas."""
    import pingouin

    before = dict(pingouin.options)
    pingouin.options["round.column.CI95"] = 15
    try:
        with warnings.catch_warnings():
            # pingouin 0.7 still passes inplace= to pandas 3; harmless until pandas 4
            warnings.filterwarnings("ignore", message="The inplace keyword")
            yield
    finally:
        pingouin.options.clear()
        pingouin.options.update(before)


def intraclass(frame: pd.DataFrame) -> IntraclassCorrelations:
    """See `analysis.reliability.icc`."""
    import pandas as pd
    import pingouin

    names, data = names_of(frame), complete(values(frame))
    if len(data) < 2 or len(names) < 2:
        raise NotEnoughData(
            f"{len(data)} complete targets rated by {', '.join(names)}: an intraclass "
            "correlation needs two of each."
        )
    require_variation(names, data)
    count, raters = data.shape
    long = pd.DataFrame(
        {
            "target": np.repeat(np.arange(count), raters),
            "rater": np.tile(np.arange(raters), count),
            "rating": data.ravel(),
        }
    )
    with _tamed():
        found = pingouin.intraclass_corr(long, targets="target", raters="rater", ratings="rating")
    bounds = np.array([list(pair) for pair in found["CI95"]], dtype=float)
    table = pd.DataFrame(
        {
            "icc": found["ICC"].to_numpy(dtype=float),
            "f": found["F"].to_numpy(dtype=float),
            "df1": found["df1"].to_numpy(dtype=int),
            "df2": found["df2"].to_numpy(dtype=int),
            "p": found["pval"].to_numpy(dtype=float),
            "ci_low": bounds[:, 0],
            "ci_high": bounds[:, 1],
        },
        index=pd.Index([_FORMS[str(name)] for name in found["Type"]]),
    )
    return IntraclassCorrelations(
        n=count,
        method="intraclass correlations by ANOVA (Shrout & Fleiss 1979)",
        missing="listwise",
        table=table,
    )
