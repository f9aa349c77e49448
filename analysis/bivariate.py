"""The bivariate normal distribution on grids of thresholds, many pairs at once."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import special

from analysis.moments import Floats

NODES = ((0.5, 8), (0.7, 12), (0.9, 20), (1.0, 96))
"""Gauss-Legendre nodes by |r| up to: error below 1e-15 up to |r| = .999."""
CACHED = 8192
"""Cells worked on at a time: their arrays stay in the processor's cache."""


def density(x: Floats) -> Floats:
    """Standard normal density."""
    return np.asarray(np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi), dtype=np.float64)


def below(a: Floats, b: Floats, r: Floats) -> Floats:
    """P(X <= a, Y <= b) at correlation r, for a (P, A), b (P, B), r (P,): (P, A, B)."""
    apart = special.ndtr(a)[:, :, None] * special.ndtr(b)[:, None, :]
    return np.asarray(apart + excess(a, b, r), dtype=np.float64)


def excess(a: Floats, b: Floats, r: Floats) -> Floats:
    """P(X <= a, Y <= b) - P(X <= a) P(Y <= b): (P, A, B).

    1/(2 pi) integral from 0 to asin r of exp(-(a^2 + b^2 - 2 a b sin t) / (2 cos^2 t)) dt
    (Drezner & Wesolowsky 1990, J. Stat. Comput. Simul. 35). It is also the covariance of the
    two indicators.
    """
    out = np.empty((len(r), a.shape[1], b.shape[1]))
    size = np.abs(r)
    chunk = max(1, CACHED // max(1, out[0].size)) if len(r) else 1
    above = -1.0
    for upto, nodes in NODES:
        rows = np.flatnonzero((size > above) & (size <= upto))
        for begin in range(0, len(rows), chunk):
            part = rows[begin : begin + chunk]
            out[part] = _excess(a[part], b[part], r[part], nodes)
        above = upto
    return out


@cache
def _rule(nodes: int) -> tuple[Floats, Floats]:
    """Points and weights on (-1, 1)."""
    points, weights = np.polynomial.legendre.leggauss(nodes)
    return points, weights


def _excess(a: Floats, b: Floats, r: Floats, nodes: int) -> Floats:
    points, weights = _rule(nodes)
    half = np.arcsin(r) / 2
    squares = (a * a)[:, :, None] + (b * b)[:, None, :]
    product = a[:, :, None] * b[:, None, :]
    total = np.zeros_like(product)
    for point, weight in zip(points, weights, strict=True):
        sine = np.sin(half * (1 + point))
        scale = 0.5 / (1 - sine * sine)
        exponent = product * (2 * sine * scale)[:, None, None]
        exponent -= squares * scale[:, None, None]
        np.exp(exponent, out=exponent)
        exponent *= weight
        total += exponent
    total *= (half / (2 * np.pi))[:, None, None]
    return total


def density_at(a: Floats, b: Floats, r: Floats) -> Floats:
    """Bivariate normal density on the same grid, (P, A, B); the derivative of `below` in r."""
    rest = (1 - r * r)[:, None, None]
    squares = (a * a)[:, :, None] + (b * b)[:, None, :]
    product = a[:, :, None] * b[:, None, :]
    exponent = (2 * r[:, None, None] * product - squares) / (2 * rest)
    return np.asarray(np.exp(exponent) / (2 * np.pi * np.sqrt(rest)), dtype=np.float64)


def cells(a: Floats, b: Floats, r: Floats) -> Floats:
    """Probabilities of the (A + 1)(B + 1) cells between thresholds a and b: (P, A+1, B+1)."""
    pairs, rows, columns = len(r), a.shape[1], b.shape[1]
    grid = np.zeros((pairs, rows + 2, columns + 2))
    grid[:, 1:-1, 1:-1] = below(a, b, r)
    grid[:, 1:-1, -1] = special.ndtr(a)
    grid[:, -1, 1:-1] = special.ndtr(b)
    grid[:, -1, -1] = 1.0
    return _differences(grid)


def cell_slopes(a: Floats, b: Floats, r: Floats) -> Floats:
    """Derivatives of `cells` in r: (P, A+1, B+1)."""
    grid = np.zeros((len(r), a.shape[1] + 2, b.shape[1] + 2))
    grid[:, 1:-1, 1:-1] = density_at(a, b, r)
    return _differences(grid)


def _differences(grid: Floats) -> Floats:
    rows = grid[:, 1:] - grid[:, :-1]
    return np.asarray(rows[:, :, 1:] - rows[:, :, :-1], dtype=np.float64)
