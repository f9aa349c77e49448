"""The known truth: every constant of the generator, and what follows from them exactly.

Nothing here is estimated from people. The numbers were chosen so that a simulated
community looks like the one of the source study: strong relationships, little room for
busy members, few who share information.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

EXOGENOUS = ("MOT", "BEN", "DEP", "FLX", "REL", "INF")
"""Latents without a cause in the model, in the order of their random stream."""

SCALES = ("MOT", "BEN", "COM", "DEP", "FLX", "REL", "INF", "INT")
"""All eight latents, in code order: the order of every latent matrix here."""

THRESHOLDS = (-1.5, -0.8, 0.1, 1.2)
"""A keyed answer is 1 + the number of thresholds strictly below y*."""

ACQUIESCENCE = 0.20
"""k: weight of a person's tendency to agree, +k on an item as it is worded."""

OFFSETS = (0.15, 0.0, -0.15, 0.10, -0.25, 0.0)
"""Item difficulty by position in *code* order (INF6, FLX6: 0), not by shown position."""

ALPHABET = 5
"""Number of answer options the thresholds make."""


@dataclass(frozen=True)
class ScaleTruth:
    """One scale: its mean on y*, and each item's loading; reverse items by position."""

    mu: float
    loadings: tuple[float, ...]
    reverse: tuple[int, ...] = ()


SCALE_TRUTH: Mapping[str, ScaleTruth] = MappingProxyType(
    {
        "MOT": ScaleTruth(0.94, (0.75, 0.78, 0.72, 0.70, 0.50), (4,)),
        "BEN": ScaleTruth(0.60, (0.72, 0.70, 0.80, 0.80, 0.55), (4,)),
        "COM": ScaleTruth(0.65, (0.78, 0.82, 0.75, 0.70, 0.50), (4,)),
        "DEP": ScaleTruth(0.51, (0.70, 0.72, 0.75, 0.60, 0.50), (4,)),
        "FLX": ScaleTruth(-0.15, (0.70, 0.70, 0.62, 0.65, 0.45, 0.68), (4,)),
        "REL": ScaleTruth(0.79, (0.80, 0.80, 0.50, 0.65, 0.70), (2,)),
        "INF": ScaleTruth(-0.26, (0.60, 0.58, 0.75, 0.72, 0.55, 0.68), (4,)),
        "INT": ScaleTruth(0.50, (0.82, 0.80, 0.70, 0.78)),
    }
)


@dataclass(frozen=True)
class ItemTruth:
    """One scored item on the keyed y*: mu + offset + loading*eta + k*a + uniqueness*u."""

    code: str
    scale: str
    reverse: bool
    loading: float
    mean: float
    """Mean of y*: the scale's mu + the item's offset."""

    def acquiescence(self, k: float) -> float:
        """Weight of the tendency to agree in the keyed direction: -k if reverse."""
        return -k if self.reverse else k

    def uniqueness(self, k: float) -> float:
        """Standard deviation of the item's own part: sqrt(1 - loading² - k²)."""
        return float(np.sqrt(1 - self.loading**2 - k**2))


ITEMS: tuple[ItemTruth, ...] = tuple(
    ItemTruth(
        code=f"{scale}{position + 1}",
        scale=scale,
        reverse=position in truth.reverse,
        loading=loading,
        mean=truth.mu + OFFSETS[position],
    )
    for scale, truth in SCALE_TRUTH.items()
    for position, loading in enumerate(truth.loadings)
)
"""The 41 scored items MOT1..INT4, the column order of `simulate.clean`."""

CONDITIONAL_MEAN = 0.4151
"""Mean of y* of COC1 and COC2: their expected answer is 3.7."""
CONDITIONAL_LOADING = 0.70
CONDITIONAL_ITEMS = ("COC1", "COC2")

MODERATION = 0.15
"""World option M: COM += .15 * BEN * COCz, its residual variance lower by .15²."""


@dataclass(frozen=True)
class Structure:
    """How the eight latents hang together; each has mean 0 and variance 1.

    COM = sum(commitment) + e and INT = sum(intent) + e, the residual variances being what
    is left of 1.
    """

    correlations: Mapping[tuple[str, str], float]
    commitment: Mapping[str, float]
    intent: Mapping[str, float]

    def exogenous(self) -> Floats:
        """Return the 6 x 6 correlation matrix of `EXOGENOUS`."""
        matrix = np.eye(len(EXOGENOUS))
        for (first, second), r in self.correlations.items():
            i, j = EXOGENOUS.index(first), EXOGENOUS.index(second)
            matrix[i, j] = matrix[j, i] = r
        return matrix

    def _weights(self) -> tuple[Floats, Floats]:
        """Weights of COM and of INT on the exogenous latents, COM's part resolved."""
        com = np.array([self.commitment.get(name, 0.0) for name in EXOGENOUS])
        own = np.array([self.intent.get(name, 0.0) for name in EXOGENOUS])
        return com, own + self.intent.get("COM", 0.0) * com

    @property
    def commitment_residual(self) -> float:
        """Return var(e) of COM: .576."""
        com, _ = self._weights()
        return float(1 - com @ self.exogenous() @ com)

    @property
    def intent_residual(self) -> float:
        """Return var(e) of INT: .59595."""
        _, total = self._weights()
        through = self.intent.get("COM", 0.0) ** 2 * self.commitment_residual
        return float(1 - total @ self.exogenous() @ total - through)

    def latent_correlation(self) -> Floats:
        """Return the 8 x 8 correlation matrix of `SCALES`."""
        com, total = self._weights()
        exogenous = self.exogenous()
        rows = {name: np.eye(len(EXOGENOUS))[i] for i, name in enumerate(EXOGENOUS)}
        rows |= {"COM": com, "INT": total}
        weights = np.array([rows[name] for name in SCALES])
        matrix: Floats = weights @ exogenous @ weights.T
        shared = self.intent.get("COM", 0.0) * self.commitment_residual
        c, i = SCALES.index("COM"), SCALES.index("INT")
        matrix[c, i] += shared
        matrix[i, c] += shared
        np.fill_diagonal(matrix, 1.0)
        return matrix


STRUCTURED = Structure(
    correlations=MappingProxyType(
        {
            ("MOT", "BEN"): 0.40,
            ("MOT", "DEP"): 0.40,
            ("MOT", "FLX"): 0.15,
            ("MOT", "REL"): 0.25,
            ("MOT", "INF"): 0.20,
            ("BEN", "DEP"): 0.45,
            ("BEN", "FLX"): 0.35,
            ("BEN", "REL"): 0.50,
            ("BEN", "INF"): 0.40,
            ("DEP", "FLX"): 0.25,
            ("DEP", "REL"): 0.40,
            ("DEP", "INF"): 0.30,
            ("FLX", "REL"): 0.40,
            ("FLX", "INF"): 0.50,
            ("REL", "INF"): 0.40,
        }
    ),
    commitment=MappingProxyType({"MOT": 0.15, "BEN": 0.45, "REL": 0.20}),
    intent=MappingProxyType({"COM": 0.20, "DEP": 0.25, "FLX": 0.10, "REL": 0.20, "INF": 0.15}),
)
"""The truth of every world but Z."""

UNSTRUCTURED = Structure(
    correlations=MappingProxyType({}),
    commitment=MappingProxyType({}),
    intent=MappingProxyType({}),
)
"""World Z: eight independent latents, nothing to find."""

ACTIVITY: Mapping[str, float] = MappingProxyType(
    {"COM": 0.393, "INF": 0.257, "FLX": -0.020, "REL": -0.026}
)
"""Activity A = these weights on the latents + e, var(A) = 1: r = .45 .35 .20 .25."""


def activity_residual(structure: Structure) -> float:
    """Return var(e) of activity A."""
    weights = np.array([ACTIVITY.get(scale, 0.0) for scale in SCALES])
    return float(1 - weights @ structure.latent_correlation() @ weights)


STABILITY = 0.75
"""eta(t+1) = .75 eta(t) + sqrt(1 - .75²) shock + shift."""
UNIQUENESS_STABILITY = 0.30
"""u(t+1) = .30 u(t) + sqrt(1 - .30²) new."""

SCENARIOS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "null": MappingProxyType({}),
        "mild": MappingProxyType({"FLX": 0.25, "INF": 0.25}),
        "action": MappingProxyType({"FLX": 0.50, "INF": 0.50}),
    }
)
"""Shift of a latent from wave 2 on; it does not flow to INT. .50 is about 8 POMP."""

RESPONSE = (1.278, 0.9)
"""logit P(responds) = 1.278 + .9 A: 75 %."""
ATTRITION = (-1.6, -0.4)
"""logit P(leaves before the next wave) = -1.6 - .4 A."""
NEWCOMERS = 0.10
"""Newcomers per wave as a share of N."""

EVENTS = 4
"""Informal events held in the three months before a wave."""
ATTENDANCE = (-1.696, 1.1)
"""logit P(attends an informal event) = -1.696 + 1.1 A: mean .20."""
FORMAL_EVENTS = 2
"""Trainings and bazaars held in the three months before a wave."""
FORMAL_ATTENDANCE = (-0.7, 1.1)
"""logit P(attends a training or bazaar): our choice, the specification gives none."""
POSTS = (-0.95, 1.2, 0.6)
"""Posts in four weeks: NegBin(mean exp(-.95 + 1.2 A), size .6)."""
PARTNERSHIPS = (0.25, 0.30, 0.35, 1.5)
"""Running partnerships: NegBin(mean exp(.25 + .30 DEP + .35 INT), size 1.5)."""

CARELESS = 0.06
STRAIGHT_SHARE = 0.5
STRAIGHT_CONSTANTS = ((3, 0.3), (4, 0.5), (5, 0.2))
STRAIGHT_SLIP = 0.05
RANDOM_ANSWERS = (0.10, 0.15, 0.25, 0.30, 0.20)
ATTENTIVE_PASS = 0.97
SECONDS_CARELESS = (1.6, 0.45)
"""Seconds an item, one draw a person: lognormal median and sigma."""
SECONDS_ATTENTIVE = (6.5, 0.35)

MCAR = 0.015
NOT_APPLICABLE = 0.05
NOT_APPLICABLE_ITEMS = ("BEN1", "REL4", "FLX6")
BREAKOFF = 0.04
BREAKOFF_POINT = (23, 45)
"""Last answered position of the shown order, uniform, both ends included."""
SALES_REFUSED = 0.12

COMMUNITY_SD = 0.20
"""World M: SD of a community's intercept on every scale's mu."""
COMMUNITY_R = 0.5
"""World M: correlation of the intercepts between scales."""
