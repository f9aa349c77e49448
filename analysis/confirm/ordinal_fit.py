"""A factor model of ordered answers from the frame to tables: WLSMV, DWLS, ULSMV."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from analysis.confirm.indices import Fit
from analysis.confirm.modification import modification
from analysis.confirm.ordinal import (
    LeastSquares,
    OrdinalEstimator,
    OrdinalSample,
    OrdinalSolution,
    fill,
    sample_of,
    solve,
)
from analysis.confirm.ordinal_measures import DEFINITE, fit_measures
from analysis.confirm.solution import Z95, Estimates, improper, tabulate
from analysis.confirm.structure import Identification, Structure
from analysis.errors import NotEnoughData
from analysis.moments import Missing
from analysis.polychoric import EXTREME, contradictions, encode
from analysis.results import Flag

if TYPE_CHECKING:
    import pandas as pd

SMALL = 200
"""n below which WLSMV's corrections are rough (Flora & Curran 2004): set ML beside it."""
SPARSE = 0.5
"""Share of empty cells from which the tables are called sparse."""
MANY_ITEMS, MANY_ROWS = 40, 20_000
"""Beyond both the weight matrix takes many seconds: it grows with items to the fourth."""

METHODS = {
    "WLSMV": "diagonally weighted least squares of polychoric correlations, robust errors, mean- "
    "and variance-adjusted test (lavaan WLSMV, delta parameterisation)",
    "ULSMV": "unweighted least squares of polychoric correlations, robust errors, mean- and "
    "variance-adjusted test (lavaan ULSMV, delta parameterisation)",
    "DWLS": "diagonally weighted least squares of polychoric correlations, naive errors and test "
    "(lavaan DWLS); take WLSMV for inference",
}


@dataclass(frozen=True, eq=False)
class OrdinalFit:
    """What `analysis.confirm.fit` makes its result of."""

    solution: OrdinalSolution
    estimates: Estimates
    fit: Fit
    flags: tuple[Flag, ...]
    n: int
    dropped: int

    def parameters(self) -> pd.DataFrame:
        """All parameters as `analysis.confirm.solution.tabulate` has them, thresholds last.

        The metric is that of the latent responses (variance 1). Threshold errors:
        sqrt(diag Gamma / (n - 1)).
        """
        import pandas as pd

        table = tabulate(self.estimates, 0)
        found, tables = self.solution.sample.found, self.solution.sample.tables
        names, tau, se = [], [], []
        for i, own in enumerate(found.thresholds()):
            for t, value in enumerate(own):
                names.append((found.layout.names[i], "|", f"t{t + 1}"))
                tau.append(float(value))
                se.append(float(np.sqrt(tables.gamma_tau[i, t] / (found.n - 1))))
        est, error = np.array(tau), np.array(se)
        low, high = est - Z95 * error, est + Z95 * error
        lhs, op, rhs = zip(*names, strict=True)
        columns = {
            "lhs": lhs,
            "op": op,
            "rhs": rhs,
            "est": est,
            "se": error,
            "z": est / error,
            "p": 2 * special.ndtr(-np.abs(est / error)),
            "ci_low": low,
            "ci_high": high,
            "std": est,
            "std_se": error,
            "std_ci_low": low,
            "std_ci_high": high,
            "free": True,
        }
        rows = pd.DataFrame(columns, index=pd.Index(["".join(name) for name in names]))
        return pd.concat([table, rows])

    def modification(self) -> pd.DataFrame:
        """Modification indices of the unscaled statistic, as lavaan's ``modindices``.

        mi = (n - 1)^2/n s^2/V, epc = (n - 1)/n s/V: lavaan's score carries (n - 1)/n.
        """
        n = self.solution.sample.n
        objective = self.solution
        table = modification(
            self.estimates,
            lambda wider: LeastSquares(wider, objective.sample.found, objective.weights),
            (n - 1) ** 2 / n,
        )
        for column in ("epc", "sepc_lv", "sepc_all"):
            table[column] *= (n - 1) / n
        return table

    def residuals(self) -> pd.DataFrame:
        """Polychoric minus implied correlations, item x item."""
        import pandas as pd

        index = pd.Index(self.solution.table.items)
        gap = self.solution.sample.found.matrix() - self.solution.implied()
        np.fill_diagonal(gap, 0.0)
        return pd.DataFrame(gap, index=index, columns=index)


def fit_ordinal(
    structure: Structure,
    frame: pd.DataFrame,
    *,
    estimator: OrdinalEstimator = "WLSMV",
    missing: Missing = "listwise",
    identification: Identification = "marker",
) -> OrdinalFit:
    """Fit a factor model to ordered answers (columns of ``frame`` are found by name).

    ``missing``: ``listwise``, or ``pairwise`` (each correlation over the rows that answered
    both, which needs answers missing completely at random).
    Flags: ``heywood``, ``not_positive_definite`` (latent), ``indefinite_correlations`` (the
    polychoric matrix has a root not above 0: no robust indices), ``extreme_correlation``,
    ``contradictions`` (answers the model calls impossible), ``small_sample``,
    ``sparse_tables``, ``slow`` (more than 40 items at large n).
    Raises `NotCategorical`, `DegenerateItem`, `NotEnoughData` (no more rows than items),
    `ImproperSolution` (two cells of a 2 x 2 table empty), `NotIdentified`, `NotConverged`.
    """
    places = encode(frame, structure.items, missing=missing)
    require_rows(structure, places.place.shape[1], estimator)
    sample = sample_of(places, missing)
    return fit_sample(structure, sample, places.given, estimator, identification)


def require_rows(structure: Structure, n: int, estimator: str) -> None:
    """Refuse no more rows than items. Raises `NotEnoughData`."""
    p = len(structure.items)
    if n <= p:
        raise NotEnoughData(
            f"{n} usable rows for {p} items ({', '.join(structure.items)}); {estimator} needs "
            "more rows than items, and some hundreds to be trusted."
        )


def fit_sample(
    structure: Structure,
    sample: OrdinalSample,
    given: int,
    estimator: OrdinalEstimator,
    identification: Identification,
) -> OrdinalFit:
    """Fit to polychorics and their covariance; ``given``: rows before any was dropped."""
    solution = solve(structure, sample, estimator, identification)
    estimates = Estimates(structure, solution.table, solution.x, solution.covariance, fill=fill)
    return OrdinalFit(
        solution,
        estimates,
        fit_measures(solution),
        (*improper(estimates), *warnings_of(solution.sample)),
        sample.n,
        given - sample.n,
    )


def warnings_of(sample: OrdinalSample) -> tuple[Flag, ...]:
    """Say what a reader must know of the polychorics behind a model."""
    found, names = sample.found, sample.found.layout.names
    flags = []
    roots, vectors = np.linalg.eigh(found.matrix())
    if roots[0] <= DEFINITE:
        weight = np.abs(vectors[:, 0])
        heavy = tuple(names[q] for q in np.flatnonzero(weight > 0.25 * weight.max()))
        flags.append(Flag("indefinite_correlations", heavy, float(roots[0])))
    steep = np.flatnonzero(np.abs(found.rho) > EXTREME)
    if len(steep):
        pairs = tuple(f"{names[found.i[q]]}-{names[found.j[q]]}" for q in steep)
        flags.append(Flag("extreme_correlation", pairs, EXTREME))
    against = contradictions(found)
    if against:
        flags.append(Flag("contradictions", (), against))
    if found.n < SMALL:
        flags.append(Flag("small_sample", (), found.n))
    sizes = np.array(found.layout.sizes)
    cells = (sizes[found.i] * sizes[found.j]).sum()
    empty = 1 - float((found.tables > 0).sum() / cells)
    if empty > SPARSE:
        flags.append(Flag("sparse_tables", (), empty))
    if len(names) > MANY_ITEMS and found.n > MANY_ROWS:
        flags.append(Flag("slow", (), len(names)))
    return tuple(flags)
