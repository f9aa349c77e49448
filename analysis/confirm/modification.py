"""Modification indices: what freeing one fixed parameter would gain.

Score test of parameter k with s the score per case and I the *expected* information (also
under MLR, as lavaan): MI = N s_k^2 / V, V = I_kk - I_kx I_xx^-1 I_xk; expected change EPC =
s_k / V. Sorbom (1989), Psychometrika 54; Saris, Satorra & Sorbom (1987). All candidates at
once, nothing is refitted. They rank suspicions; a change needs a reason in the wording.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from analysis.confirm.measures import chi2_tail
from analysis.confirm.search import Objective
from analysis.confirm.solution import Estimates
from analysis.confirm.table import Cell, Matrix, Table
from analysis.moments import Floats

if TYPE_CHECKING:
    import pandas as pd

Refit = Callable[[Table], Objective]
"""Gives the objective of the same data for another table."""


def candidates(table: Table) -> Iterator[Cell]:
    """Cross-loadings, residual covariances and factor covariances that are fixed at zero."""
    stated = {
        (c.group, c.matrix, max(c.row, c.column), min(c.row, c.column))
        if c.matrix in {Matrix.PSI, Matrix.THETA}
        else (c.group, c.matrix, c.row, c.column)
        for c in table.cells
        if c.key is not None or c.value != 0
    }
    p, m = len(table.items), len(table.factors)
    for g in range(table.groups):
        pairs = [(Matrix.LAMBDA, i, j) for j in range(m) for i in range(p)]
        pairs += [(Matrix.PSI, i, j) for j in range(m) for i in range(j + 1, m)]
        pairs += [(Matrix.THETA, i, j) for j in range(p) for i in range(j + 1, p)]
        for kind, i, j in pairs:
            if (g, kind, i, j) not in stated:
                yield Cell(g, kind, i, j, f"+{g}:{kind.name}:{i}:{j}", 0.0)


def modification(found: Estimates, refit: Refit, n: float) -> pd.DataFrame:
    """Indices of all candidates, largest first.

    Columns lhs op rhs group mi p epc sepc_lv sepc_all (EPC with unit factor variances, and
    wholly standardised: a residual covariance by the residual SDs). ``n``: what multiplies
    the score test (rows for ML).
    """
    import pandas as pd

    added = list(candidates(found.table))
    columns = ["lhs", "op", "rhs", "group", "mi", "p", "epc", "sepc_lv", "sepc_all"]
    if not added:
        return pd.DataFrame(columns=columns)
    table = found.table.extended(added)
    old = np.array([table.index[key] for key in found.table.keys], dtype=np.intp)
    new = np.array([table.index[str(cell.key)] for cell in added], dtype=np.intp)
    x = table.start.copy()
    x[old] = found.x
    score, information = refit(table).derivatives(x, observed=False)
    kept = information[np.ix_(old, old)]
    across = information[np.ix_(old, new)]
    removed = np.einsum("ij,ij->j", across, _solve(kept, across))
    variance = np.diag(information)[new] - removed
    usable = variance > 1e-10 * np.diag(information)[new]
    safe = np.where(usable, variance, 1.0)
    mi = np.where(usable, n * score[new] ** 2 / safe, np.nan)
    epc = np.where(usable, score[new] / safe, np.nan)
    lv, everything = _standard(found, added)
    rows = [_name(found.table, cell) for cell in added]
    frame = pd.DataFrame(rows, columns=["lhs", "op", "rhs"])
    frame["group"] = [found.labels[cell.group] for cell in added]
    frame["mi"] = mi
    frame["p"] = [chi2_tail(value, 1) if np.isfinite(value) else np.nan for value in mi]
    frame["epc"], frame["sepc_lv"], frame["sepc_all"] = epc, epc * lv, epc * everything
    return frame.dropna(subset=["mi"]).sort_values("mi", ascending=False, ignore_index=True)


def _solve(information: Floats, across: Floats) -> Floats:
    try:
        factor = linalg.cho_factor(information, check_finite=False)
    except linalg.LinAlgError:  # not identified to the last digit: least squares
        return np.asarray(np.linalg.lstsq(information, across, rcond=None)[0])
    return np.asarray(linalg.cho_solve(factor, across, check_finite=False))


def _standard(found: Estimates, added: list[Cell]) -> tuple[Floats, Floats]:
    lv, everything = np.ones(len(added)), np.ones(len(added))
    filled = found.matrices()
    with np.errstate(invalid="ignore"):
        sds = [
            (np.sqrt(np.diag(m.psi)), np.sqrt(np.diag(m.theta)), np.sqrt(np.diag(m.sigma())))
            for m in filled
        ]
    for at, cell in enumerate(added):
        factor, residual, item = sds[cell.group]
        if cell.matrix == Matrix.LAMBDA:
            lv[at] = factor[cell.column]
            everything[at] = lv[at] / item[cell.row]
        elif cell.matrix == Matrix.PSI:
            lv[at] = everything[at] = 1 / (factor[cell.row] * factor[cell.column])
        else:
            everything[at] = 1 / (residual[cell.row] * residual[cell.column])
    return lv, everything


def _name(table: Table, cell: Cell) -> tuple[str, str, str]:
    if cell.matrix == Matrix.LAMBDA:
        return table.factors[cell.column], "=~", table.items[cell.row]
    names = table.factors if cell.matrix == Matrix.PSI else table.items
    return names[cell.column], "~~", names[cell.row]
