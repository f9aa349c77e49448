"""From a parameter vector to tables a reader can use: estimates, errors, standardised values.

Standardised (lavaan's std.all): lambda_ij sqrt(psi_jj) / sqrt(sigma_ii); theta_ii /
sigma_ii; theta_ij / sqrt(theta_ii theta_jj); psi_ij / sqrt(psi_ii psi_jj); nu_i /
sqrt(sigma_ii); alpha_j / sqrt(psi_jj). Errors by the delta method; the derivatives come from
a complex step (h = 1e-20) through the same function, which is exact (Squire & Trapp 1998).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import special

from analysis.confirm.structure import Structure
from analysis.confirm.table import Array, Cell, Matrices, Matrix, Part, Table
from analysis.moments import Floats
from analysis.results import Flag

if TYPE_CHECKING:
    import pandas as pd

STEP = 1e-20
Z95 = 1.959963984540054
ROUNDING = 1e-8
"""A standard error of a standardised value below this is none."""

Fill = Callable[[Part, Array], Matrices]
"""Fills a group's matrices; the ordinal estimators add implied residual variances."""


def plain_fill(part: Part, x: Array) -> Matrices:
    """Matrices as the table has them."""
    return part.matrices(x)


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """A fitted model, whatever fitted it."""

    structure: Structure
    table: Table
    x: Floats
    covariance: Floats | None
    """(q, q), sampling covariance of ``x``; None where the information has no inverse."""
    labels: tuple[str, ...] = ("",)
    """Groups in order; one empty label for a single group."""
    fill: Fill = plain_fill

    def matrices(self) -> list[Matrices]:
        """Filled matrices of every group."""
        return [self.fill(part, self.x) for part in self.table.parts]


@dataclass(frozen=True, slots=True)
class Place:
    """A cell whose value is reported."""

    matrix: Matrix
    row: int
    column: int
    free: bool


def places_of(table: Table, group: int) -> list[Place]:
    """Every cell of a group worth a line: all but fixed zeros, and all residual variances."""
    out = [
        Place(cell.matrix, cell.row, cell.column, cell.key is not None)
        for cell in table.cells
        if cell.group == group and _reported(cell)
    ]
    stated = {p.row for p in out if p.matrix == Matrix.THETA and p.row == p.column}
    out += [
        Place(Matrix.THETA, i, i, free=True) for i in range(len(table.items)) if i not in stated
    ]
    return sorted(out, key=lambda place: place.matrix)


def _reported(cell: Cell) -> bool:
    return cell.key is not None or cell.value != 0 or cell.matrix in {Matrix.ALPHA, Matrix.TAU}


@dataclass(frozen=True, slots=True)
class Gather:
    """Where the places of one matrix stand in it and in the list."""

    matrix: Matrix
    rows: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]
    at: npt.NDArray[np.intp]


def _gathers(places: list[Place]) -> list[Gather]:
    out = []
    for kind in dict.fromkeys(place.matrix for place in places):
        at = np.array([q for q, place in enumerate(places) if place.matrix == kind])
        rows, columns = np.array([(places[q].row, places[q].column) for q in at]).T
        out.append(Gather(kind, rows, columns, at))
    return out


def _values(matrices: Matrices, gathers: list[Gather]) -> tuple[Array, Array]:
    """Estimates and standardised values of the places."""
    sigma = np.diag(matrices.sigma())
    variance = np.diag(matrices.psi)
    residual = np.diag(matrices.theta)
    with np.errstate(invalid="ignore", divide="ignore"):
        sd, factor_sd = np.sqrt(sigma), np.sqrt(variance)
        blocks = {
            Matrix.LAMBDA: (matrices.lam, matrices.lam * factor_sd / sd[:, None]),
            Matrix.PSI: (matrices.psi, matrices.psi / np.outer(factor_sd, factor_sd)),
            Matrix.THETA: (matrices.theta, _standard_theta(matrices.theta, sigma, residual)),
            Matrix.NU: (matrices.nu[:, None], (matrices.nu / sd)[:, None]),
            Matrix.ALPHA: (matrices.alpha[:, None], (matrices.alpha / factor_sd)[:, None]),
            Matrix.TAU: (matrices.tau, matrices.tau / sd[:, None]),
        }
    out = np.empty((2, sum(len(one.at) for one in gathers)), dtype=matrices.psi.dtype)
    for one in gathers:
        for line, block in zip(out, blocks[one.matrix], strict=True):
            line[one.at] = block[one.rows, one.columns]
    return out[0], out[1]


def _standard_theta(theta: Array, sigma: Array, residual: Array) -> Array:
    root = np.sqrt(residual)
    out: Array = theta / np.outer(root, root)
    np.fill_diagonal(out, residual / sigma)
    return out


def tabulate(found: Estimates, group: int) -> pd.DataFrame:
    """All parameters of a group, one a row, indexed by name.

    Columns lhs op rhs est se z p ci_low ci_high std std_se std_ci_low std_ci_high free
    (op as in lavaan: =~ ~~ ~1 |). A fixed parameter has no se, z, p, and a standardised value
    that is always 1 no std_se. A negative variance has no standardised value where a root of
    it would be needed (NaN, as in R).
    """
    import pandas as pd

    table, part = found.table, found.table.parts[group]
    places = places_of(table, group)
    gathers = _gathers(places)
    estimate, standard = _values(found.fill(part, found.x), gathers)
    se, std_se = np.full(len(places), np.nan), np.full(len(places), np.nan)
    if found.covariance is not None:
        mine = np.unique(part.key)
        slopes = np.empty((2 * len(places), len(mine)))
        for column, key in enumerate(mine):
            x = found.x.astype(np.complex128)
            x[key] += STEP * 1j
            slopes[:, column] = np.concatenate(_values(found.fill(part, x), gathers)).imag / STEP
        local = found.covariance[np.ix_(mine, mine)]
        variance = np.einsum("ij,jk,ik->i", slopes, local, slopes)
        se, std_se = np.split(np.sqrt(np.where(variance > 0, variance, np.nan)), 2)
        # 1 by construction (a factor's variance): its slopes are rounding, of either sign
        std_se[std_se < ROUNDING] = np.nan
    lhs, op, rhs = _names(table, places)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = estimate / se
    columns = {
        "lhs": lhs,
        "op": op,
        "rhs": rhs,
        "est": estimate,
        "se": se,
        "z": z,
        "p": 2 * special.ndtr(-np.abs(z)),
        "ci_low": estimate - Z95 * se,
        "ci_high": estimate + Z95 * se,
        "std": standard,
        "std_se": std_se,
        "std_ci_low": standard - Z95 * std_se,
        "std_ci_high": standard + Z95 * std_se,
        "free": [place.free for place in places],
    }
    return pd.DataFrame(columns, index=pd.Index(_labels(lhs, op, rhs)))


def _names(table: Table, places: list[Place]) -> tuple[list[str], list[str], list[str]]:
    items, factors = table.items, table.factors
    lhs, op, rhs = [], [], []
    for place in places:
        row, column = place.row, place.column
        if place.matrix == Matrix.LAMBDA:
            one = (factors[column], "=~", items[row])
        elif place.matrix == Matrix.PSI:
            low, high = sorted((row, column))
            one = (factors[low], "~~", factors[high])
        elif place.matrix == Matrix.THETA:
            low, high = sorted((row, column))
            one = (items[low], "~~", items[high])
        elif place.matrix == Matrix.NU:
            one = (items[row], "~1", "")
        elif place.matrix == Matrix.ALPHA:
            one = (factors[row], "~1", "")
        else:
            one = (items[row], "|", f"t{column + 1}")
        lhs.append(one[0])
        op.append(one[1])
        rhs.append(one[2])
    return lhs, op, rhs


def _labels(lhs: list[str], op: list[str], rhs: list[str]) -> list[str]:
    return [a + b + c for a, b, c in zip(lhs, op, rhs, strict=True)]


def improper(found: Estimates) -> tuple[Flag, ...]:
    """Say which items are Heywood cases and which factors have no proper covariances.

    ``heywood``: residual variance below 0 or a standardised loading beyond 1;
    ``not_positive_definite``: factors of a covariance matrix with a root below 0 (or a
    variance not above 0), ``residuals`` where the residual covariances have one.
    Numbers stay as they are; nothing is clipped.
    """
    items: list[str] = []
    factors: list[str] = []
    residual: list[str] = []
    for matrices, label in zip(found.matrices(), found.labels, strict=True):
        tail = f" [{label}]" if label else ""
        theta, variance = np.diag(matrices.theta), np.diag(matrices.psi)
        sigma = np.diag(matrices.sigma())
        beyond = (matrices.lam**2 * np.clip(variance, 0, None)).max(axis=1) / sigma > 1 + 1e-9
        heywood = np.flatnonzero((theta < -1e-12 * sigma) | beyond)
        items += [found.table.items[i] + tail for i in heywood]
        scale = np.sqrt(np.where(variance > 0, variance, 1.0))
        roots = np.linalg.eigvalsh(matrices.psi / np.outer(scale, scale))
        if (variance <= 0).any():
            factors += [found.table.factors[j] + tail for j in np.flatnonzero(variance <= 0)]
        elif roots[0] < -1e-10:
            _, vectors = np.linalg.eigh(matrices.psi / np.outer(scale, scale))
            weight = np.abs(vectors[:, 0])
            heavy = np.flatnonzero(weight > 0.25 * weight.max())
            factors += [found.table.factors[j] + tail for j in heavy]
        rows, columns = np.nonzero(np.tril(matrices.theta, -1))
        if len(rows) and (theta > 0).all() and np.linalg.eigvalsh(matrices.theta)[0] < 0:
            residual += [found.table.items[i] + tail for i in np.union1d(rows, columns)]
    out = []
    if items:
        out.append(Flag("heywood", tuple(items)))
    if factors or residual:
        out.append(Flag("not_positive_definite", tuple(factors + residual)))
    if found.covariance is None:
        out.append(Flag("no_standard_errors", found.table.factors))
    return tuple(out)
