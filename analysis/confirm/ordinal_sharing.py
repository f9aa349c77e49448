"""What groups have in common in an ordinal model, as a parameter table (theta)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.confirm.ordinal import OrdinalSolution
from analysis.confirm.ordinal_groups import GroupSample
from analysis.confirm.structure import Sharing, Structure, build
from analysis.confirm.table import Cell, Matrix, Table
from analysis.moments import Floats

LOWEST = 0.05
"""Least residual variance of a start."""


@dataclass(frozen=True, slots=True)
class OrdinalSharing:
    """Which parameters are one in all groups.

    Residual variances are 1 and intercepts 0 in the first group always. In the others: with
    nothing shared 1 and 0 too; with shared thresholds the residual variances are free (unless
    ``residuals``), and either the latent means (``intercepts``) or the intercepts.
    """

    labels: tuple[str, ...]
    thresholds: bool = False
    loadings: bool = False
    intercepts: bool = False
    residuals: bool = False
    freed: frozenset[str] = frozenset()


def group_table(
    structure: Structure,
    samples: Sequence[GroupSample],
    sharing: OrdinalSharing,
    first: OrdinalSolution,
) -> Table:
    """Parameter table of all groups, started from the first group's one-group solution."""
    correlations = [sample.found.matrix() for sample in samples]
    plain = build(
        structure,
        correlations,
        sharing=Sharing(sharing.labels, loadings=sharing.loadings, freed=sharing.freed),
    )
    matrices = first.matrices()
    theta = np.maximum(np.diag(matrices.theta), LOWEST)
    scale = theta**-0.5
    cells: list[Cell] = []
    for cell in plain.cells:
        if cell.matrix == Matrix.THETA and cell.row == cell.column:
            continue
        cells.append(_started(cell, matrices.lam, matrices.psi, scale))
    # a marker other than 1 would have moved with its residual: psi carries the metric
    cells = _rescaled(cells, scale)
    names = structure.items
    keys = _Keys(sharing)
    for g, sample in enumerate(samples):
        later = g > 0 and sharing.thresholds
        for i, name in enumerate(names):
            own = f"{name}~~{name}" in sharing.freed
            free = later and (own or not sharing.residuals)
            key = keys.of(f"{name}~~{name}", g, same=False) if free else None
            cells.append(Cell(g, Matrix.THETA, i, i, key, 1.0))
            loose = later and (not sharing.intercepts or f"{name}~1" in sharing.freed)
            nu = keys.of(f"{name}~1", g, same=False) if loose else None
            cells.append(Cell(g, Matrix.NU, i, 0, nu, 0.0))
        for f, factor in enumerate(structure.factors):
            moves = later and sharing.intercepts
            alpha = keys.of(f"{factor}~1", g, same=False) if moves else None
            cells.append(Cell(g, Matrix.ALPHA, f, 0, alpha, 0.0))
        for i, step in zip(sample.item, sample.step, strict=True):
            key = keys.of(f"{names[i]}|t{step + 1}", g, same=sharing.thresholds)
            value = float(sample.found.tau[i, step] * scale[i])
            cells.append(Cell(g, Matrix.TAU, int(i), int(step), key, value))
    return Table(structure.items, structure.factors, cells, groups=len(samples), means=True)


class _Keys:
    def __init__(self, sharing: OrdinalSharing) -> None:
        self.sharing = sharing

    def of(self, name: str, group: int, *, same: bool) -> str:
        if len(self.sharing.labels) == 1 or (same and name not in self.sharing.freed):
            return name
        return f"{name} [{self.sharing.labels[group]}]"


def _started(cell: Cell, lam: Floats, psi: Floats, scale: Floats) -> Cell:
    """Give a cell the first group's value in the theta metric (loadings before markers)."""
    if cell.matrix == Matrix.LAMBDA:
        return Cell(
            cell.group,
            cell.matrix,
            cell.row,
            cell.column,
            cell.key,
            float(lam[cell.row, cell.column] * scale[cell.row]) if cell.key else cell.value,
        )
    if cell.matrix == Matrix.PSI and cell.key:
        value = float(psi[cell.row, cell.column])
        return Cell(cell.group, cell.matrix, cell.row, cell.column, cell.key, value)
    return cell


def _rescaled(cells: list[Cell], scale: Floats) -> list[Cell]:
    """Divide each factor's loadings by its marker's new value; psi takes the square."""
    marker: Mapping[int, float] = {
        cell.column: float(scale[cell.row])
        for cell in cells
        if cell.matrix == Matrix.LAMBDA and cell.key is None and cell.value == 1.0
    }
    out = []
    for cell in cells:
        value = cell.value
        if cell.key and cell.matrix == Matrix.LAMBDA:
            value /= marker.get(cell.column, 1.0)
        elif cell.key and cell.matrix == Matrix.PSI:
            value *= marker.get(cell.row, 1.0) * marker.get(cell.column, 1.0)
        out.append(Cell(cell.group, cell.matrix, cell.row, cell.column, cell.key, value))
    return out
