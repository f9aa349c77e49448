"""Factor models of ordered answers: DWLS, WLSMV and ULSMV, one group, thresholds saturated.

The data are polychoric correlations r (`analysis.polychoric`); the model's are rho_ij =
(Lambda Psi Lambda' + Theta)_ij off the diagonal, the residual variances being 1 - (Lambda Psi
Lambda')_ii (delta parameterisation). Minimised: F = sum w (r - rho)^2, w = 1 / diag Gamma (DWLS,
WLSMV) or 1 (ULSMV). Muthen, du Toit & Spisic (1997); lavaan's ``estimator = "WLSMV"``.

With D the Jacobian of rho, W = diag w, E = (D'WD)^-1: standard errors from E D'W Gamma W D E /
(n - 1) (WLSMV, ULSMV) or E / (n - 1) (DWLS). All sizes here are those of lavaan: n - 1, not n.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from analysis.confirm.identify import perturbed, require_identified
from analysis.confirm.search import maximise
from analysis.confirm.structure import Identification, Structure, build
from analysis.confirm.table import Array, Matrices, Matrix, Part, Slopes, Table
from analysis.errors import NotConverged
from analysis.influence import Influence, gamma, influence, require_informative
from analysis.merging import Cases, Held
from analysis.moments import Floats
from analysis.polychoric import Places, Polychorics, count, estimate

OrdinalEstimator = Literal["WLSMV", "DWLS", "ULSMV"]


@dataclass(frozen=True, eq=False)
class OrdinalSample:
    """What the estimators need to know about the answers of one group."""

    found: Polychorics
    tables: Influence
    gamma: Floats
    """(P, P): covariance of sqrt(n) (r - rho), vech order."""

    @property
    def n(self) -> int:
        """Rows with any answer used."""
        return self.found.n


def sample_of(places: Places, missing: Literal["listwise", "pairwise"]) -> OrdinalSample:
    """Polychorics and their covariance from the rows: two passes, no matrix of rows."""
    return sample_from(estimate(count(places), missing), Held(places.place))


def sample_from(found: Polychorics, cases: Cases[npt.NDArray[np.uint8]]) -> OrdinalSample:
    """The same of polychorics found already; ``cases``: places (p, rows) of the rows used."""
    tables = influence(found)
    require_informative(tables)
    return OrdinalSample(found, tables, gamma(tables, cases))


def ordinal_table(structure: Structure, r: Floats, identification: Identification) -> Table:
    """Parameter table without residual variances, started from the polychoric matrix."""
    full = build(structure, [r], identification=identification)
    kept = [c for c in full.cells if not (c.matrix == Matrix.THETA and c.row == c.column)]
    return Table(full.items, full.factors, kept)


class LeastSquares:
    """`analysis.confirm.search.Objective`: minus half the weighted squares."""

    def __init__(self, table: Table, found: Polychorics, weights: Floats) -> None:
        self.part = table.parts[0]
        self.size = table.size
        self.found, self.weights = found, weights

    def residuals(self, x: Floats) -> Floats:
        """Return r - rho."""
        implied = self.part.matrices(x).sigma()
        return np.asarray(self.found.rho - implied[self.found.i, self.found.j])

    def deviance(self, x: Floats) -> float:
        """Return F."""
        return float(self.weights @ self.residuals(x) ** 2)

    def slopes(self, x: Floats) -> Slopes:
        """Return the derivatives at ``x``."""
        return self.part.slopes(self.part.matrices(x))

    def jacobian(self, x: Floats) -> Floats:
        """Return d rho / dx: (P, q)."""
        rows = self.slopes(x).delta(self.found.j, self.found.i)
        return np.asarray(self.part.columns(rows, self.size))

    def derivatives(self, x: Floats, *, observed: bool) -> tuple[Floats, Floats]:
        """Score and information; observed adds the curvature of the model."""
        jacobian = self.jacobian(x)
        pull = self.weights * self.residuals(x)
        information = jacobian.T @ (self.weights[:, None] * jacobian)
        if observed:
            g = np.zeros((len(self.found.tau),) * 2)
            g[self.found.i, self.found.j] = g[self.found.j, self.found.i] = pull / 2
            bend = self.part.curvature(self.part.matrices(x), g)
            self.part.add_square(information, -bend)
        return jacobian.T @ pull, information


@dataclass(frozen=True, eq=False)
class OrdinalSolution:
    """A fitted model as arrays; everything reported is made of these."""

    table: Table
    sample: OrdinalSample
    estimator: OrdinalEstimator
    x: Floats
    f: float
    weights: Floats
    residuals: Floats
    """(P,), r - rho."""
    jacobian: Floats
    """(P, q)."""
    bread: Floats | None
    """(q, q), E; None where the information has no inverse."""
    covariance: Floats | None
    """(q, q), sampling covariance of the estimates."""
    steps: int

    @property
    def df(self) -> int:
        """Correlations minus free parameters."""
        return len(self.residuals) - self.table.size

    def matrices(self) -> Matrices:
        """Lambda, Psi and Theta, residual variances filled in."""
        return fill(self.table.parts[0], self.x)

    def implied(self) -> Floats:
        """Return the implied correlation matrix."""
        return np.asarray(self.matrices().sigma())


def fill(part: Part, x: Array) -> Matrices:
    """Fill the matrices, with the residual variances that make every item's variance 1."""
    matrices = part.matrices(x)
    diagonal = np.arange(len(matrices.theta))
    matrices.theta[diagonal, diagonal] = 0
    matrices.theta[diagonal, diagonal] = 1 - matrices.sigma()[diagonal, diagonal]
    return matrices


def weights_of(sample: OrdinalSample, estimator: OrdinalEstimator) -> Floats:
    """Diagonal weights of the residuals."""
    if estimator == "ULSMV":
        return np.ones(len(sample.found.rho))
    return np.asarray(1 / sample.tables.gamma_rho)


def solve(
    structure: Structure,
    sample: OrdinalSample,
    estimator: OrdinalEstimator = "WLSMV",
    identification: Identification = "marker",
) -> OrdinalSolution:
    """Fit a model to the polychorics.

    Raises `NotIdentified`, `NotConverged` (after a second try in the other identification).
    """
    found = sample.found
    weights = weights_of(sample, estimator)
    table = ordinal_table(structure, found.matrix(), identification)
    objective = LeastSquares(table, found, weights)
    uneven = perturbed(table, table.start)
    require_identified(table, table.start, objective.jacobian(uneven))
    best = maximise(objective, table.start)
    if not best.converged:
        other: Identification = "variance" if identification == "marker" else "marker"
        second = ordinal_table(structure, found.matrix(), other)
        again = maximise(LeastSquares(second, found, weights), second.start)
        if again.converged:
            start = translated(second, again.x, table)
            best = maximise(objective, start) if np.isfinite(start).all() else best
    if not best.converged:
        raise NotConverged(
            f"{estimator} of {', '.join(structure.factors)} did not settle after {best.steps} "
            f"steps (n = {found.n}). Look at the polychoric correlations: items that share "
            "nothing with their factor, or too few answers in some categories."
        )
    jacobian = objective.jacobian(best.x)
    bread = _inverse(jacobian.T @ (weights[:, None] * jacobian))
    covariance = None
    if bread is not None:
        covariance = bread / (found.n - 1)
        if estimator != "DWLS":
            along = (weights[:, None] * jacobian) @ bread
            covariance = along.T @ sample.gamma @ along / (found.n - 1)
    return OrdinalSolution(
        table,
        sample,
        estimator,
        best.x,
        best.deviance,
        weights,
        objective.residuals(best.x),
        jacobian,
        bread,
        covariance,
        best.steps,
    )


def _inverse(information: Floats) -> Floats | None:
    roots, vectors = np.linalg.eigh(information)
    if roots[0] <= 1e-12 * roots[-1]:
        return None
    return np.asarray((vectors / roots) @ vectors.T)


def translated(source: Table, x: Floats, target: Table) -> Floats:
    """Parameters of ``target`` that imply what ``x`` implies in ``source``.

    Between marker loadings and unit factor variances: each factor is rescaled.
    """
    matrices = source.parts[0].matrices(x)
    scale = np.ones(len(target.factors))
    fixed = target.parts[0].matrices(np.full(target.size, np.nan))
    for f in range(len(scale)):
        rows = np.flatnonzero(np.isfinite(fixed.lam[:, f]) & (fixed.lam[:, f] != 0))
        if len(rows):
            scale[f] = matrices.lam[rows[0], f] / fixed.lam[rows[0], f]
        else:
            scale[f] = 1 / np.sqrt(abs(matrices.psi[f, f]))
    with np.errstate(divide="ignore", invalid="ignore"):
        matrices.lam = matrices.lam / scale
    matrices.psi = matrices.psi * np.outer(scale, scale)
    return target.read([matrices])
