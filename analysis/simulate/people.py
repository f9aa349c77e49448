"""Persons and their undamaged answers: streams, latents, items.

Every ingredient draws from a stream of its own,
``Generator(PCG64(SeedSequence(seed, spawn_key=(block,))))``, so adding an ingredient
never moves another. `Block` numbers them.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from analysis.simulate.parameters import (
    ACQUIESCENCE,
    CONDITIONAL_ITEMS,
    CONDITIONAL_LOADING,
    CONDITIONAL_MEAN,
    EXOGENOUS,
    ITEMS,
    MODERATION,
    SCALES,
    STRUCTURED,
    THRESHOLDS,
    UNSTRUCTURED,
    Floats,
    Structure,
)

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]


class Block(IntEnum):
    """Number of the random stream of each ingredient at wave 1."""

    EXOGENOUS = 0
    COMMITMENT = 1
    INTENT = 2
    ACQUIESCENCE = 3
    UNIQUENESS = 4
    CONDITIONAL = 5
    ACTIVITY = 6
    RESPONSE = 7
    ATTENDANCE = 8
    POSTS = 9
    PARTNERSHIPS = 10
    CARELESS = 11
    MISSING = 12
    BACKGROUND = 13
    # 14 and up: later waves, see `wave_block`.
    COMMUNITIES = 1_000_000
    IDENTIFIERS = 1_000_001
    SETTING = 1_000_002
    OBSTACLE = 1_000_003


_WAVE_BLOCKS = 32
"""Streams set aside for each wave after the first."""

SHOCK = 14
"""Offset of a later wave's change of the latents; offsets 0-13 are as in `Block`, drawn
for newcomers (0-6, 13) or for everybody (7-12); the rest is what only later waves have."""
UNIQUENESS_CHANGE = 15
CONDITIONAL_CHANGE = 16
ATTRITION = 17
OBSTACLE = 18
LATER_SETTING = 19


def wave_block(wave: int, offset: int) -> int:
    """Return the stream number of an ingredient of wave 2, 3, ...: 14 + 32 (wave-2) + offset."""
    return 14 + _WAVE_BLOCKS * (wave - 2) + offset


def stream(seed: int, block: int) -> np.random.Generator:
    """Return the random stream of one ingredient."""
    return np.random.Generator(
        np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(int(block),)))
    )


def cholesky(matrix: Floats) -> Floats:
    """Return the lower Cholesky factor, by the textbook loop.

    Not LAPACK's: its last bit differs between builds, and the same seed must give the
    same bytes everywhere.
    """
    size = len(matrix)
    factor = np.zeros((size, size))
    for i in range(size):
        for j in range(i + 1):
            rest = float(matrix[i, j])
            for m in range(j):
                rest -= float(factor[i, m]) * float(factor[j, m])
            factor[i, j] = np.sqrt(rest) if i == j else rest / float(factor[j, j])
    return factor


def correlated(normals: Floats, correlation: Floats) -> Floats:
    """Return ``normals @ cholesky(correlation).T``, summed in a fixed order (no BLAS)."""
    factor = cholesky(correlation)
    result = np.zeros_like(normals)
    for i in range(len(factor)):
        for j in range(i + 1):
            if factor[i, j] != 0:
                result[:, i] += factor[i, j] * normals[:, j]
    return result


def latents(
    n: int,
    seed: int,
    structure: Structure = STRUCTURED,
    *,
    conditional: Floats | None = None,
    offset: int = 0,
) -> Floats:
    """Draw the eight latents of n persons.

    Parameters: ``conditional`` COCz (n,), given only where commitment is conditional
    (COM += .15 BEN COCz); ``offset`` is added to the stream numbers (newcomers of later
    waves). Returns (n, 8) in the order of `SCALES`, each N(0, 1).
    """
    exogenous = correlated(
        stream(seed, offset + Block.EXOGENOUS).standard_normal((n, len(EXOGENOUS))),
        structure.exogenous(),
    )
    columns = {name: exogenous[:, i] for i, name in enumerate(EXOGENOUS)}
    residual = structure.commitment_residual
    commitment = np.zeros(n)
    for name, weight in structure.commitment.items():
        commitment = commitment + weight * columns[name]
    if conditional is not None:
        residual -= MODERATION**2
        commitment = commitment + MODERATION * (columns["BEN"] * conditional)
    noise = stream(seed, offset + Block.COMMITMENT).standard_normal(n)
    columns["COM"] = commitment + np.sqrt(residual) * noise
    intent = np.zeros(n)
    for name, weight in structure.intent.items():
        intent = intent + weight * columns[name]
    noise = stream(seed, offset + Block.INTENT).standard_normal(n)
    columns["INT"] = intent + np.sqrt(structure.intent_residual) * noise
    return np.column_stack([columns[name] for name in SCALES])


def answer(y: Floats) -> Bytes:
    """Return 1 + the number of thresholds strictly below y (keyed direction)."""
    category = np.ones(y.shape, np.uint8)
    for threshold in THRESHOLDS:
        category += y > threshold
    return category


def items(
    eta: Floats,
    agreement: Floats,
    uniqueness: Iterable[Floats],
    *,
    k: float = ACQUIESCENCE,
    shift: Floats | None = None,
) -> Bytes:
    """Turn latents into raw answers (as shown) to the 41 scored items.

    Parameters: ``eta`` (n, 8), ``agreement`` (n,), ``uniqueness`` 41 x (n,) standard
    normal, item by item; ``shift`` (n, 8) is added to the mean of a scale's y*
    (community intercepts). Returns uint8 (n, 41), columns `ITEMS`.
    """
    raw = np.empty((len(eta), len(ITEMS)), np.uint8)
    for column, (item, own) in enumerate(zip(ITEMS, uniqueness, strict=True)):
        scale = SCALES.index(item.scale)
        y = (
            item.mean
            + item.loading * eta[:, scale]
            + item.acquiescence(k) * agreement
            + item.uniqueness(k) * own
        )
        if shift is not None:
            y = y + shift[:, scale]
        keyed = answer(y)
        raw[:, column] = 6 - keyed if item.reverse else keyed
    return raw


def conditional_items(
    level: Floats, agreement: Floats, uniqueness: Floats, *, k: float = ACQUIESCENCE
) -> Bytes:
    """Turn COCz (n,), agreement (n,) and uniqueness (2, n) into COC1, COC2: uint8 (n, 2)."""
    own = np.sqrt(1 - CONDITIONAL_LOADING**2 - k**2)
    return np.column_stack(
        [
            answer(CONDITIONAL_MEAN + CONDITIONAL_LOADING * level + k * agreement + own * u)
            for u in uniqueness
        ]
    )


def draw_uniqueness(n: int, seed: int, block: int) -> Floats:
    """Draw the items' own parts, scale by scale and item by item: (41, n)."""
    return stream(seed, block).standard_normal((len(ITEMS), n))


def draw_conditional(n: int, seed: int, block: int) -> tuple[Floats, Floats]:
    """Draw COCz (n,), then the own parts of COC1 and COC2 (2, n)."""
    source = stream(seed, block)
    return source.standard_normal(n), source.standard_normal((len(CONDITIONAL_ITEMS), n))


def clean(
    n: int, seed: int, k: float = ACQUIESCENCE, *, structured: bool = True
) -> npt.NDArray[np.uint8]:
    """Return complete, careful answers of n persons with known truth.

    Parameters: ``k`` is the acquiescence weight (0 = none); ``structured=False`` gives
    world Z, eight independent scales. Returns raw answers as shown, uint8 (n, 41), C
    order, columns MOT1..INT4 (`simulate.ITEMS`). The same seed gives the same bytes.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, not {n}")
    structure = STRUCTURED if structured else UNSTRUCTURED
    own = stream(seed, Block.UNIQUENESS)
    return items(
        latents(n, seed, structure),
        stream(seed, Block.ACQUIESCENCE).standard_normal(n),
        (own.standard_normal(n) for _ in ITEMS),  # one item at a time: a million fit in memory
        k=k,
    )
