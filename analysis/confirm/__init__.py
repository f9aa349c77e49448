"""Confirmatory factor models: ML, MLR, FIML, and WLSMV for ordered answers."""

from analysis.confirm.fitting import fit
from analysis.confirm.ml import OneFactor, one_factor
from analysis.confirm.result import Confirmation

__all__ = ["Confirmation", "OneFactor", "fit", "one_factor"]
