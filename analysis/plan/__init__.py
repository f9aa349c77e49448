"""The pre-registered plan as data: tiers, steps, cut-offs with their sources, hypotheses.

`load` reads a plan, `default` makes one of a questionnaire's ``[analysis]`` table, `freeze`
dates it. `permit` says what may be printed at which n.
"""

from analysis.plan.errors import (
    AlreadyFrozen,
    InvalidPlan,
    PlanChanged,
    PlanError,
    UnknownPlan,
    WrongPlan,
)
from analysis.plan.freezing import freeze
from analysis.plan.installed import Installed, installed, path_of
from analysis.plan.loading import FOLDER, canonical, default, digest, load, loads, rules
from analysis.plan.model import CutOff, Hypothesis, Plan, Rules, Stamp
from analysis.plan.shown import show
from analysis.plan.tiers import Withheld, concerned, mark, permit, withheld_at

__all__ = [
    "FOLDER",
    "AlreadyFrozen",
    "CutOff",
    "Hypothesis",
    "Installed",
    "InvalidPlan",
    "Plan",
    "PlanChanged",
    "PlanError",
    "Rules",
    "Stamp",
    "UnknownPlan",
    "Withheld",
    "WrongPlan",
    "canonical",
    "concerned",
    "default",
    "digest",
    "freeze",
    "installed",
    "load",
    "loads",
    "mark",
    "path_of",
    "permit",
    "rules",
    "show",
    "withheld_at",
]
