"""The parameter table of a factor model, its moments and their derivatives. One engine for all.

A model is a list of `Cell`: (group, matrix, row, column) with either a fixed value or the
*key* of a free parameter. Two cells with one key are one parameter: that is all there is to
equality constraints, invariance and partial invariance. Matrices of a group, p items and
m factors: LAMBDA (p, m), PSI (m, m), THETA (p, p), NU (p), ALPHA (m); TAU (p, width) holds
thresholds and is only carried along for the ordinal estimators.

    mu = nu + Lambda alpha        Sigma = Lambda Psi Lambda' + Theta        (Bollen 1989)

How to build on it::

    table = Table(items, factors, cells, groups=2)     # cells in any order
    x = table.start                                    # (q,), the order of table.keys
    for part in table.parts:                           # one Part a group
        m = part.matrices(x)                           # .lam .psi .theta .nu .alpha .tau
        m.sigma(), m.mu()                              # implied moments
        s = part.slopes(m)                             # derivatives of the part's free cells
        s.delta(rows, columns)                         # d Sigma[rows, columns] / d cells
        s.quadratic(P, Q)                              # tr(P D_k Q D_l), no p*-square matrix
        part.add_square(information, block)            # cells -> parameters (shared keys add)

**Why this is small.** The derivative of Sigma in any free cell has rank two:
D_k = c_k (u_k v_k' + v_k u_k'), and every u, v is a column of one basis B = [I, Lambda,
Lambda Psi] of p + 2m columns: lambda_ij: u = e_i, v = (Lambda Psi)_j, c = 1; psi_ij: columns
i and j of Lambda, c = 1 (1/2 when i = j); theta_ij: e_i and e_j, c = 1 (1/2 when i = j).
Likewise d mu = mean_k u_k. So traces, gradients and casewise scores are gathers from B'PB,
B'GB and B'a: a few small products whatever the number of parameters.

Longer than 400 lines because table, matrices and derivatives index the same basis: apart they
would repeat it.

vech runs down the columns of the lower triangle: rows (a, b), a >= b, as `vech_index` gives.
The weight of a cell in tr(G D) is 2 off the diagonal and 1 on it (`vech_weights`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.errors import WrongArgument
from analysis.moments import Floats

Array = npt.NDArray[Any]
"""Real, or complex where a complex step runs through."""
Ints = npt.NDArray[np.intp]


class Matrix(IntEnum):
    """Which matrix of the model a cell stands in."""

    LAMBDA = 0
    PSI = 1
    THETA = 2
    NU = 3
    ALPHA = 4
    TAU = 5


@dataclass(frozen=True, slots=True)
class Cell:
    """One entry of a model matrix: free (a key) or fixed (no key).

    ``row``: item (LAMBDA, THETA, NU, TAU) or factor (PSI, ALPHA). ``column``: factor
    (LAMBDA, PSI), item (THETA), threshold (TAU), 0 for the vectors. Symmetric matrices are
    given once, in either triangle. ``value``: the fixed value, or the start of a free one.
    """

    group: int
    matrix: Matrix
    row: int
    column: int
    key: str | None
    value: float


@dataclass(slots=True, eq=False)
class Matrices:
    """Filled matrices of one group."""

    lam: Array
    psi: Array
    theta: Array
    nu: Array
    alpha: Array
    tau: Array

    def sigma(self) -> Array:
        """Implied covariances (p, p)."""
        implied: Array = self.lam @ self.psi @ self.lam.T + self.theta
        return implied

    def mu(self) -> Array:
        """Implied means (p,)."""
        implied: Array = self.nu + self.lam @ self.alpha
        return implied


@lru_cache(maxsize=64)
def vech_index(p: int) -> tuple[Ints, Ints]:
    """Rows and columns of vech, by columns of the lower triangle."""
    column, row = np.triu_indices(p)
    return row, column


@lru_cache(maxsize=64)
def vech_weights(p: int) -> Floats:
    """1 for a diagonal cell of vech, 2 for the others."""
    row, column = vech_index(p)
    return np.where(row == column, 1.0, 2.0)


@lru_cache(maxsize=64)
def vech_position(p: int) -> Ints:
    """(p, p): where the cell (a, b) or (b, a) stands in vech."""
    row, column = vech_index(p)
    position = np.empty((p, p), dtype=np.intp)
    position[row, column] = position[column, row] = np.arange(len(row))
    return position


@dataclass(slots=True, eq=False)
class Slopes:
    """Derivatives of mu and Sigma in the k free cells of a group, in factored form."""

    basis: Array
    """(p, p + 2m): [I, Lambda, Lambda Psi]."""
    left: Ints
    right: Ints
    scale: Floats
    """(k,): c_k; 0 where the cell does not move Sigma."""
    mean: Array
    """(k,): d mu = mean_k basis[:, left_k]."""

    def inner(self, matrix: Array) -> Array:
        """Return B' matrix B."""
        product: Array = self.basis.T @ matrix @ self.basis
        return product

    def gradient(self, g: Array, w: Array | None = None) -> Array:
        """Return tr(G D_k) + w' d mu_k for symmetric G (p, p) and w (p,): (k,)."""
        slope: Array = 2 * self.scale * self.inner(g)[self.left, self.right]
        if w is not None:
            slope = slope + self.mean * (self.basis.T @ w)[self.left]
        return slope

    def quadratic(self, first: Array, second: Array) -> Array:
        """Return tr(P D_k Q D_l), P and Q symmetric: (k, k).

        P = Q = Sigma^-1 and half of it: the expected information of ML.
        """
        p, q = self.inner(first), self.inner(second)
        at_l, at_r = self.left, self.right
        p_lr, q_lr = p[np.ix_(at_l, at_r)], q[np.ix_(at_l, at_r)]
        cross = p_lr * q_lr.T
        trace = (
            cross
            + cross.T
            + q[np.ix_(at_r, at_r)] * p[np.ix_(at_l, at_l)]
            + q[np.ix_(at_l, at_l)] * p[np.ix_(at_r, at_r)]
        )
        scaled: Array = trace * np.outer(self.scale, self.scale)
        return scaled

    def mean_quadratic(self, weight: Array) -> Array:
        """Return d mu_k' W d mu_l: (k, k)."""
        inner = self.inner(weight)[np.ix_(self.left, self.left)]
        product: Array = inner * np.outer(self.mean, self.mean)
        return product

    def mean_cross(self, weight: Array, u: Array) -> Array:
        """Return d mu_l' W D_k u + d mu_k' W D_l u: the mean-covariance block (k, k)."""
        inner, along = self.inner(weight), self.basis.T @ u
        from_left = inner[np.ix_(self.left, self.left)] * (self.scale * along[self.right])[:, None]
        from_right = inner[np.ix_(self.right, self.left)] * (self.scale * along[self.left])[:, None]
        block: Array = (from_left + from_right) * self.mean
        return block + block.T

    def scores(self, a: Array) -> Array:
        """Return a' D_k a / 2 + a' d mu_k for the columns of ``a`` (p, n): (k, n).

        With a = Sigma^-1 (y - mu) this is a case's score in the cells but for the constant
        tr(Sigma^-1 D_k) / 2. Cases are columns because rows are gathered faster.
        """
        w = self.basis.T @ a
        rows: Array = w[self.right]
        rows *= self.scale[:, None]
        rows += self.mean[:, None]
        rows *= w[self.left]
        return rows

    def delta(self, rows: Ints, columns: Ints) -> Array:
        """Return the derivatives of Sigma[rows, columns] in the cells: (len(rows), k)."""
        u, v = self.basis[:, self.left], self.basis[:, self.right]
        slope: Array = self.scale * (u[rows] * v[columns] + v[rows] * u[columns])
        return slope

    def delta_mean(self) -> Array:
        """Return the derivatives of mu in the cells: (p, k)."""
        slope: Array = self.basis[:, self.left] * self.mean
        return slope

    def moments(self, *, means: bool) -> Array:
        """Return the derivatives of (mu, vech Sigma), or of vech Sigma alone."""
        delta = self.delta(*vech_index(len(self.basis)))
        return np.vstack([self.delta_mean(), delta]) if means else delta


class Part:
    """The free cells of one group and the fixed matrices under them."""

    def __init__(
        self,
        items: int,
        factors: int,
        cells: Sequence[Cell],
        index: dict[str, int],
        *,
        width: int,
    ) -> None:
        p, m = items, factors
        self.items, self.factors = p, m
        self._base = Matrices(
            np.zeros((p, m)),
            np.zeros((m, m)),
            np.zeros((p, p)),
            np.zeros(p),
            np.zeros(m),
            np.full((p, width), np.nan),
        )
        for cell in cells:
            if cell.key is None:
                self._put(self._base, cell.matrix, cell.row, cell.column, cell.value)
        free = [cell for cell in cells if cell.key is not None]
        self.cells = tuple(free)
        self.matrix = np.array([cell.matrix for cell in free], dtype=np.intp)
        self.row = np.array([cell.row for cell in free], dtype=np.intp)
        self.column = np.array([cell.column for cell in free], dtype=np.intp)
        self.key = np.array([index[cell.key] for cell in free if cell.key], dtype=np.intp)
        self.unique = len(set(self.key.tolist())) == len(self.key)
        self._where = {kind: np.flatnonzero(self.matrix == kind) for kind in Matrix}
        lam, psi, theta, nu, alpha = (self._where[kind] for kind in list(Matrix)[:5])
        self._left, self._right = self.row.copy(), self.row.copy()
        self._right[lam] = p + m + self.column[lam]
        self._left[psi], self._right[psi] = p + self.row[psi], p + self.column[psi]
        self._right[theta] = self.column[theta]
        self._left[alpha] = p + self.row[alpha]
        self._right[alpha] = self._left[alpha]
        self._scale = np.zeros(len(free))
        self._scale[lam] = 1.0
        both = np.concatenate([psi, theta])
        self._scale[both] = np.where(self.row[both] == self.column[both], 0.5, 1.0)
        self._mean = np.zeros(len(free))
        self._mean[np.concatenate([nu, alpha])] = 1.0

    @staticmethod
    def _put(into: Matrices, kind: Matrix, row: Any, column: Any, value: Any) -> None:
        if kind == Matrix.LAMBDA:
            into.lam[row, column] = value
        elif kind == Matrix.PSI:
            into.psi[row, column] = into.psi[column, row] = value
        elif kind == Matrix.THETA:
            into.theta[row, column] = into.theta[column, row] = value
        elif kind == Matrix.NU:
            into.nu[row] = value
        elif kind == Matrix.ALPHA:
            into.alpha[row] = value
        else:
            into.tau[row, column] = value

    def where(self, kind: Matrix) -> Ints:
        """Positions, among the part's free cells, of those in a matrix."""
        return self._where[kind]

    def matrices(self, x: Array) -> Matrices:
        """Fill the matrices with the parameters ``x`` (q,); complex stays complex."""
        base = self._base
        filled = Matrices(
            *(
                np.array(block, dtype=x.dtype)
                for block in (base.lam, base.psi, base.theta, base.nu, base.alpha, base.tau)
            )
        )
        value = x[self.key]
        for kind, at in self._where.items():
            if len(at):
                self._put(filled, kind, self.row[at], self.column[at], value[at])
        return filled

    def read(self, filled: Matrices, x: Array) -> None:
        """Write the values of the part's free cells into ``x`` (the inverse of `matrices`)."""
        blocks = (filled.lam, filled.psi, filled.theta, filled.nu, filled.alpha, filled.tau)
        for kind, at in self._where.items():
            block = blocks[kind]
            here = block[self.row[at]] if block.ndim == 1 else block[self.row[at], self.column[at]]
            x[self.key[at]] = here

    def slopes(self, filled: Matrices) -> Slopes:
        """Return the derivatives at the matrices given."""
        eye = np.eye(self.items, dtype=filled.lam.dtype)
        mean = self._mean.astype(filled.lam.dtype)
        lam = self._where[Matrix.LAMBDA]
        mean[lam] = filled.alpha[self.column[lam]]
        return Slopes(
            np.hstack([eye, filled.lam, filled.lam @ filled.psi]),
            self._left,
            self._right,
            self._scale,
            mean,
        )

    def curvature(self, filled: Matrices, g: Array, w: Array | None = None) -> Array:
        """Contract the second derivatives of (mu, Sigma) with w and symmetric G: (k, k).

        Not zero only for (lambda_ij, lambda_kl): 2 G_ik psi_jl; (lambda_ij, psi_kl):
        2 (G Lambda)_ik [l = j] + 2 (G Lambda)_il [k = j], the second only if k != l;
        (lambda_ij, alpha_j): w_i. An observed information is Delta' A Delta minus this.
        """
        out = np.zeros((len(self.cells),) * 2, dtype=filled.lam.dtype)
        lam, psi = self._where[Matrix.LAMBDA], self._where[Matrix.PSI]
        i, j = self.row[lam], self.column[lam]
        out[np.ix_(lam, lam)] = 2 * g[np.ix_(i, i)] * filled.psi[np.ix_(j, j)]
        if len(psi):
            k, l = self.row[psi], self.column[psi]  # noqa: E741 - the indices of the formula
            along = g @ filled.lam
            block = 2 * along[np.ix_(i, k)] * (j[:, None] == l)
            block = block + 2 * along[np.ix_(i, l)] * ((j[:, None] == k) & (k != l))
            out[np.ix_(lam, psi)], out[np.ix_(psi, lam)] = block, block.T
        alpha = self._where[Matrix.ALPHA]
        if len(alpha) and w is not None:
            block = w[i][:, None] * (j[:, None] == self.row[alpha])
            out[np.ix_(lam, alpha)], out[np.ix_(alpha, lam)] = block, block.T
        return out

    def add_vector(self, out: Array, by_cell: Array) -> None:
        """Add a vector over cells to one over parameters."""
        np.add.at(out, self.key, by_cell)

    def add_square(self, out: Array, by_cell: Array) -> None:
        """Add a (cell, cell) block to a (parameter, parameter) matrix."""
        where = np.ix_(self.key, self.key)
        if self.unique:
            out[where] += by_cell
        else:
            np.add.at(out, where, by_cell)

    def columns(self, by_cell: Array, size: int) -> Array:
        """Turn (rows, cells) into (rows, parameters)."""
        out = np.zeros((len(by_cell), size), dtype=by_cell.dtype)
        if self.unique:
            out[:, self.key] = by_cell
        else:
            np.add.at(out.T, self.key, by_cell.T)
        return out


class Table:
    """A factor model of one or more groups as cells with keys."""

    def __init__(
        self,
        items: Sequence[str],
        factors: Sequence[str],
        cells: Iterable[Cell],
        *,
        groups: int = 1,
        means: bool = False,
    ) -> None:
        self.items, self.factors = tuple(items), tuple(factors)
        self.groups, self.means = groups, means
        self.cells = tuple(cells)
        self._refuse_repeats()
        start: dict[str, float] = {}
        for cell in self.cells:
            if cell.key is not None:
                start.setdefault(cell.key, cell.value)
        self.keys = tuple(start)
        self.start: Floats = np.array(list(start.values()), dtype=np.float64)
        self.index = {key: position for position, key in enumerate(self.keys)}
        width = 1 + max((c.column for c in self.cells if c.matrix == Matrix.TAU), default=-1)
        by_group: list[list[Cell]] = [[] for _ in range(groups)]
        for cell in self.cells:
            by_group[cell.group].append(cell)
        self.parts = tuple(
            Part(len(self.items), len(self.factors), mine, self.index, width=width)
            for mine in by_group
        )

    def _refuse_repeats(self) -> None:
        seen: set[tuple[int, Matrix, int, int]] = set()
        for cell in self.cells:
            row, column = cell.row, cell.column
            if cell.matrix in {Matrix.PSI, Matrix.THETA} and row < column:
                row, column = column, row
            place = (cell.group, cell.matrix, row, column)
            if place in seen:
                raise WrongArgument(f"The model states the cell {place} twice; state it once.")
            seen.add(place)

    @property
    def size(self) -> int:
        """Number of free parameters."""
        return len(self.keys)

    @property
    def moments(self) -> int:
        """Number of sample moments: covariances, and means where they are modelled."""
        p = len(self.items)
        return self.groups * (p * (p + 1) // 2 + (p if self.means else 0))

    @property
    def df(self) -> int:
        """Moments minus free parameters."""
        return self.moments - self.size

    def matrices(self, x: Array) -> list[Matrices]:
        """Return the filled matrices of every group."""
        return [part.matrices(x) for part in self.parts]

    def read(self, filled: Sequence[Matrices]) -> Floats:
        """Return the parameters that give these matrices."""
        x = self.start.copy()
        for part, matrices in zip(self.parts, filled, strict=True):
            part.read(matrices, x)
        return x

    def delta(self, x: Floats) -> Floats:
        """Return d(mu, vech Sigma)/dx, groups below each other: (moments, q)."""
        blocks = [
            part.columns(part.slopes(part.matrices(x)).moments(means=self.means), self.size)
            for part in self.parts
        ]
        return np.vstack(blocks)

    def extended(self, more: Iterable[Cell]) -> Table:
        """Return this table with further cells (a cell at the same place is replaced)."""
        added = tuple(more)

        def place(cell: Cell) -> tuple[int, int, int, int]:
            row, column = cell.row, cell.column
            if cell.matrix in {Matrix.PSI, Matrix.THETA} and row < column:
                row, column = column, row
            return cell.group, int(cell.matrix), row, column

        taken = {place(cell) for cell in added}
        kept = [cell for cell in self.cells if place(cell) not in taken]
        return Table(
            self.items, self.factors, [*kept, *added], groups=self.groups, means=self.means
        )
