"""Confirmatory factor models. At present: one factor by maximum likelihood."""

from analysis.confirm.ml import OneFactor, one_factor

__all__ = ["OneFactor", "one_factor"]
