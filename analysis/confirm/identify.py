"""Whether a model's parameters can be told apart at all, asked before anything is fitted."""

from __future__ import annotations

import numpy as np

from analysis.confirm.table import Matrix, Table
from analysis.errors import NotIdentified
from analysis.moments import Floats

SMALLEST = 1e-8
"""Singular value of the Jacobian (columns of length 1) below which nothing is identified."""
SMALLEST_SQUARE = 1e-13
"""The same for the root of the cross-product, which rounding blurs at 1e-16."""
ROOM = 1e-3
"""A Cholesky pivot of the cross-product above this leaves no doubt."""
SMALL = 400
"""Parameters up to which the singular values themselves are computed."""


def perturbed(table: Table, x: Floats) -> Floats:
    """Start values with unequal loadings: equal ones can hide or feign identification."""
    out = x.copy()
    loadings = {
        key
        for part in table.parts
        for cell, key in zip(part.cells, part.key, strict=True)
        if cell.matrix == Matrix.LAMBDA
    }
    for order, key in enumerate(sorted(loadings)):
        out[key] *= 1 + 0.1 * np.sin(1.0 + 2.3 * order)
    return out


def require_identified(table: Table, x: Floats, delta: Floats | None = None) -> None:
    """Refuse a model whose Jacobian at ``x`` has a null direction.

    ``delta``: another Jacobian (moments, q) than that of (mu, Sigma), for estimators with
    other moments. Columns are scaled to length 1 and the smallest singular value compared
    with `SMALLEST`. Raises `NotIdentified` naming the parameters of the null direction.
    """
    count = table.moments if delta is None else len(delta)
    if table.size > count:
        raise NotIdentified(
            f"The model has {table.size} free parameters and the data only {count} moments; "
            "give each factor three items or more, or fix some parameters.",
            (),
        )
    jacobian = table.delta(perturbed(table, x)) if delta is None else delta
    length = np.linalg.norm(jacobian, axis=0)
    if (length == 0).any():
        _refuse(table, np.where(length == 0, 1.0, 0.0))
    scaled = jacobian / length
    if table.size <= SMALL:
        _, values, directions = np.linalg.svd(scaled, full_matrices=False)
        if values[-1] < SMALLEST:
            _refuse(table, np.abs(directions[-1]))
        return
    # many groups: by the cross-product, whose roots are the squares of singular values
    gram = scaled.T @ scaled
    try:
        if np.diag(np.linalg.cholesky(gram)).min() > ROOM:
            return
    except np.linalg.LinAlgError:
        pass  # the roots below decide and name the parameters
    squares, vectors = np.linalg.eigh(gram)
    if squares[0] < SMALLEST_SQUARE:
        _refuse(table, np.abs(vectors[:, 0]))


def _refuse(table: Table, weight: Floats) -> None:
    heavy = np.argsort(-weight)
    named = tuple(table.keys[i] for i in heavy[:8] if weight[i] > 0.1 * weight.max())
    raise NotIdentified(
        f"The model is not identified: {', '.join(named)} cannot be told apart. A factor of "
        "two items needs a correlation with another factor, or its two loadings equal; a "
        "factor of one item needs its residual variance fixed.",
        named,
    )
