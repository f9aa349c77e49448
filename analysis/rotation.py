"""Rotation from several starts, because a rotation's criterion may have several minima.

Oblimin, quartimax and geomin by gradient projection (Jennrich 2001, 2002, Psychometrika 66 and
67; Bernaards & Jennrich 2005, Educ. Psychol. Meas. 65), all starts in one batch, so that eleven
cost little more than one. factor_analyzer's own gradient rotation stops without a word and
takes a start at a time; its varimax and promax are quick and stay (`analysis.efa_adapter`).

The unrotated loadings are the first start, as in R. Their solution is kept unless another
start's criterion is clearly lower, so that digits are R's wherever R found the best.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis import efa_adapter
from analysis.efa_adapter import Kaiser, Rotation
from analysis.moments import Floats

STARTS = 10
"""Random orthogonal starts beside the unrotated loadings."""
SETTLED, SCOUT = 1e-6, 1e-5
"""Norm of the projected gradient at which the kept solution, and a start that only scouts, end."""
STEPS, SCOUT_STEPS = 5000, 300
SAME = 1e-4
"""Criteria nearer than this share of the lowest are one minimum."""
SAME_VARIMAX = 1e-3
"""As `SAME`, for varimax, which R's rule stops when a step gains less than 1e-5."""
DELTA = 0.01
"""What geomin adds to squared loadings (GPArotation's default)."""

Criterion = Callable[[Floats], tuple[Floats, Floats]]
"""Loadings (B, p, m) to the values (B,) and gradients (B, p, m), to be minimised."""


@dataclass(frozen=True, slots=True, eq=False)
class Rotated:
    """Rotated loadings (p, m), factor correlations (m, m), and how the starts ended."""

    loadings: Floats
    phi: Floats
    starts: int
    """All starts, the unrotated loadings included."""
    at_best: int
    """Starts that ended in the lowest minimum found."""
    elsewhere: int
    """Starts that settled in a higher one; the rest were still on their way down."""
    settled: bool
    """Whether the kept solution reached a zero gradient within `STEPS`."""


def _oblimin(load: Floats) -> tuple[Floats, Floats]:
    """Gamma 0 (quartimin): sum over pairs of factors of sum l_ij^2 l_ik^2, halved."""
    square = load**2
    others = square.sum(axis=2, keepdims=True) - square
    return (square * others).sum(axis=(1, 2)) / 4, load * others


def _quartimax(load: Floats) -> tuple[Floats, Floats]:
    return -(load**4).sum(axis=(1, 2)) / 4, -(load**3)


def _geomin(load: Floats) -> tuple[Floats, Floats]:
    """Sum over items of the geometric mean of l^2 + delta."""
    square = load**2 + DELTA
    mean = np.exp(np.log(square).mean(axis=2, keepdims=True))
    return mean.sum(axis=(1, 2)), 2 / load.shape[2] * load / square * mean


_CRITERIA: dict[Rotation, Criterion] = {
    "oblimin": _oblimin,
    "quartimax": _quartimax,
    "geomin": _geomin,
}


def rotate(loadings: Floats, method: Rotation, *, starts: int = STARTS, seed: int = 0) -> Rotated:
    """Rotate unrotated ``loadings`` (p, m) to the lowest criterion of 1 + ``starts`` starts.

    varimax, promax (power 4, from the best varimax) with Kaiser's row normalisation, as
    ``psych::fa``; oblimin (gamma 0), quartimax and geomin (oblique, delta .01) without, as
    GPArotation. Starts: orthogonal matrices, uniformly distributed, from ``seed``.
    """
    m = loadings.shape[1]
    turns = np.concatenate([np.eye(m)[None], _orthogonal(m, starts, seed)])
    if method == "varimax" or method == "promax":  # noqa: PLR1714 - narrows the type
        return _library(loadings, method, turns)
    criterion, oblique = _CRITERIA[method], method in efa_adapter.OBLIQUE
    scouts = _descend(loadings, turns, criterion, oblique, SCOUT, SCOUT_STEPS)
    lowest = float(scouts.value.min())
    same = scouts.value <= lowest + SAME * abs(lowest)
    # the first start is R's: it is left only for one that is clearly lower
    best = 0 if same[0] else int(scouts.value.argmin())
    final = _descend(loadings, scouts.turn[best : best + 1], criterion, oblique, SETTLED, STEPS)
    turn = final.turn[0]
    return Rotated(
        loadings=loadings @ (np.linalg.inv(turn).T if oblique else turn),
        phi=turn.T @ turn if oblique else np.eye(m),
        starts=len(turns),
        at_best=int(same.sum()),
        elsewhere=int((scouts.settled & ~same).sum()),
        settled=bool(final.settled[0]),
    )


def _orthogonal(m: int, count: int, seed: int) -> Floats:
    """Uniformly distributed orthogonal matrices (count, m, m) (Stewart 1980)."""
    q, r = np.linalg.qr(np.random.default_rng(seed).standard_normal((count, m, m)))
    return np.asarray(q * np.sign(np.einsum("bii->bi", r))[:, None, :], dtype=np.float64)


def _library(loadings: Floats, method: Kaiser, turns: Floats) -> Rotated:
    """Varimax from every start; promax from the best of them."""
    size = np.sqrt((loadings**2).sum(axis=1, keepdims=True))
    values = []
    for turn in turns:
        square = (efa_adapter.rotate(loadings @ turn, "varimax")[0] / size) ** 2
        values.append(float(square.var(axis=0).sum()))
    value = np.array(values)
    same = value >= value.max() * (1 - SAME_VARIMAX)
    best = 0 if same[0] else int(value.argmax())
    load, phi = efa_adapter.rotate(loadings @ turns[best], method)
    return Rotated(
        loadings=load,
        phi=phi,
        starts=len(turns),
        at_best=int(same.sum()),
        elsewhere=int((~same).sum()),
        settled=True,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Ends:
    turn: Floats
    value: Floats
    settled: npt.NDArray[np.bool_]


def _descend(
    loadings: Floats,
    turns: Floats,
    criterion: Criterion,
    oblique: bool,
    tolerance: float,
    steps: int,
) -> _Ends:
    """Gradient projection of every start (B, m, m) at once, each with a step of its own.

    A step is doubled, then halved until the criterion falls by half of what the gradient
    promises, at most ten times (GPArotation's ``GPFobli`` and ``GPForth``).
    """
    turn = turns.copy()
    value, gradient = _at(loadings, turn, criterion, oblique)
    alpha = np.ones(len(turn))
    settled = np.zeros(len(turn), dtype=bool)
    for _ in range(steps + 1):
        going = np.flatnonzero(~settled)
        projected = _project(turn[going], gradient[going], oblique)
        slope = np.sqrt((projected**2).sum(axis=(1, 2)))
        settled[going[slope < tolerance]] = True
        keep = slope >= tolerance
        going, projected, slope = going[keep], projected[keep], slope[keep]
        if not len(going):
            break
        alpha[going] *= 2
        waiting = np.arange(len(going))
        origin, start = turn[going], value[going]
        for halving in range(11):
            at = going[waiting]
            trial = _retract(
                origin[waiting] - alpha[at][:, None, None] * projected[waiting], oblique
            )
            turn[at] = trial
            value[at], gradient[at] = _at(loadings, trial, criterion, oblique)
            gain = start[waiting] - value[at]
            waiting = waiting[gain <= 0.5 * slope[waiting] ** 2 * alpha[at]]
            if not len(waiting) or halving == 10:
                break
            alpha[going[waiting]] /= 2
    return _Ends(turn, value, settled)


def _at(
    loadings: Floats, turn: Floats, criterion: Criterion, oblique: bool
) -> tuple[Floats, Floats]:
    """Values and gradients in the turns: L = A T'^-1 (oblique) or A T."""
    if not oblique:
        value, slope = criterion(loadings @ turn)
        return value, loadings.T @ slope
    inverse = np.linalg.inv(turn)
    load = loadings @ inverse.transpose(0, 2, 1)
    value, slope = criterion(load)
    return value, -(load.transpose(0, 2, 1) @ slope @ inverse).transpose(0, 2, 1)


def _project(turn: Floats, gradient: Floats, oblique: bool) -> Floats:
    """The gradient along turns with columns of length 1, or along orthogonal ones."""
    if oblique:
        return np.asarray(gradient - turn * (turn * gradient).sum(axis=1, keepdims=True))
    inner = turn.transpose(0, 2, 1) @ gradient
    return np.asarray(gradient - turn @ (inner + inner.transpose(0, 2, 1)) / 2)


def _retract(turn: Floats, oblique: bool) -> Floats:
    """The nearest turn that is allowed."""
    if oblique:
        return np.asarray(turn / np.sqrt((turn**2).sum(axis=1, keepdims=True)))
    left, _, right = np.linalg.svd(turn)
    return np.asarray(left @ right)
