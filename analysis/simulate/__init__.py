"""Synthetic answers with a known truth."""

from analysis.simulate.parameters import ITEMS, SCALES
from analysis.simulate.people import clean

__all__ = ["ITEMS", "SCALES", "clean"]
