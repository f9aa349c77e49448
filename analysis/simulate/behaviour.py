"""What people do: activity, response, attendance, posts, partnerships, leaving.

``NegBin(mean m, size r)`` is drawn as Poisson(Gamma(r, m/r)), so its variance is
m + m²/r.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.simulate.parameters import (
    ACTIVITY,
    ATTENDANCE,
    ATTRITION,
    EVENTS,
    FORMAL_ATTENDANCE,
    FORMAL_EVENTS,
    PARTNERSHIPS,
    POSTS,
    RESPONSE,
    SCALES,
    Floats,
    Structure,
    activity_residual,
)
from analysis.simulate.people import Ints, stream

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Behaviour:
    """What n members did before a wave; row = member."""

    activity: Floats
    """Latent activity A (n,)."""
    informal: Flags
    """Attendance log of the informal events (n, 4)."""
    formal: Flags
    """Attendance log of trainings and bazaars (n, 2)."""
    posts: Ints
    """Posts of business information in four weeks (n,)."""
    partnerships: Ints
    """Running partnerships (n,); BEH1 is this, at most 30."""


def activity(eta: Floats, noise: Floats, structure: Structure) -> Floats:
    """Return A (n,) from latents (n, 8) without scenario shifts and e_A (n,) standard normal."""
    level = np.zeros(len(eta))
    for scale, weight in ACTIVITY.items():
        level = level + weight * eta[:, SCALES.index(scale)]
    total: Floats = level + np.sqrt(activity_residual(structure)) * noise
    return total


def _chance(rule: tuple[float, float], level: Floats) -> Floats:
    """Return the logistic probability 1/(1 + exp(-(intercept + slope*level)))."""
    chance: Floats = 1 / (1 + np.exp(-(rule[0] + rule[1] * level)))
    return chance


def responds(level: Floats, seed: int, block: int) -> Flags:
    """Draw who answers the survey, from activity (n,)."""
    answered: Flags = stream(seed, block).random(len(level)) < _chance(RESPONSE, level)
    return answered


def leaves(level: Floats, seed: int, block: int) -> Flags:
    """Draw who leaves the community before the next wave, from activity (n,)."""
    left: Flags = stream(seed, block).random(len(level)) < _chance(ATTRITION, level)
    return left


def _negative_binomial(mean: Floats, size: float, source: np.random.Generator) -> Ints:
    return source.poisson(source.gamma(size, mean / size))


def behave(level: Floats, eta: Floats, seed: int, blocks: tuple[int, int, int]) -> Behaviour:
    """Draw attendance, posts and partnerships.

    Parameters: ``level`` activity (n,), ``eta`` latents (n, 8), ``blocks`` the stream
    numbers of attendance, posts and partnerships.
    """
    n = len(level)
    source = stream(seed, blocks[0])
    informal = source.random((n, EVENTS)) < _chance(ATTENDANCE, level)[:, None]
    formal = source.random((n, FORMAL_EVENTS)) < _chance(FORMAL_ATTENDANCE, level)[:, None]
    intercept, slope, size = POSTS
    posts = _negative_binomial(np.exp(intercept + slope * level), size, stream(seed, blocks[1]))
    intercept, by_need, by_intent, size = PARTNERSHIPS
    mean = np.exp(
        intercept + by_need * eta[:, SCALES.index("DEP")] + by_intent * eta[:, SCALES.index("INT")]
    )
    partnerships = _negative_binomial(mean, size, stream(seed, blocks[2]))
    return Behaviour(level, informal, formal, posts, partnerships)


def share_of_top(posts: Ints, share: float = 0.10) -> float:
    """Return the share of all posts made by the most active ceil(share * n) persons.

    0 if nobody posted.
    """
    top = int(np.ceil(share * len(posts) - 1e-9))
    total = int(posts.sum())
    return float(np.sort(posts)[::-1][:top].sum() / total) if total else 0.0
