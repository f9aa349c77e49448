"""Synthetic answers to the partnership questionnaire with a known truth.

`clean` gives careful, complete answers; `world` gives whole communities over waves with
nonresponse, carelessness and missing answers; `exact` says what the scores' moments are.
Simulated answers are for tests, demonstrations and power; they are never evidence.
"""

from analysis.simulate import exact
from analysis.simulate.export import batch, dataset
from analysis.simulate.layout import UnsuitableInstrument
from analysis.simulate.parameters import ITEMS, SCALES
from analysis.simulate.people import clean
from analysis.simulate.waves import Community, Event, Record, Wave, WorldTruth
from analysis.simulate.worlds import world

__all__ = [
    "ITEMS",
    "SCALES",
    "Community",
    "Event",
    "Record",
    "UnsuitableInstrument",
    "Wave",
    "WorldTruth",
    "batch",
    "clean",
    "dataset",
    "exact",
    "world",
]
