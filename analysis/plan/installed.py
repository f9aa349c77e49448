"""The plans one may choose from: those that came with the product, and an installation's own."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.plan import loading
from analysis.plan.errors import PlanError, UnknownPlan
from analysis.plan.model import Plan
from instrument.model import Instrument


@dataclass(frozen=True)
class Installed:
    """Plans for one questionnaire, by the name of their file."""

    plans: dict[str, Plan]
    faulty: dict[str, str]
    """Files that are no sound plan, and why."""


def installed(instrument: Instrument, folders: Sequence[Path] = (loading.FOLDER,)) -> Installed:
    """Read the plans in ``folders`` that are written for this questionnaire.

    Files of rules and plans of other questionnaires are passed over; a plan that does not
    load is named with its faults. The first of two files of one name counts.
    """
    found = Installed({}, {})
    for path in (path for folder in folders for path in sorted(folder.glob("*.toml"))):
        if path.stem in found.plans or path.stem in found.faulty:
            continue
        try:
            if "blocks" in tomllib.loads(path.read_text(encoding="utf-8-sig")):
                continue  # rules
            plan = loading.load(path)
            target = plan.instrument
            if target is not None and (
                target.key != instrument.key or target.version not in (None, instrument.version)
            ):
                continue
            found.plans[path.stem] = loading.load(path, instrument)
        except (PlanError, tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            found.faulty[path.stem] = str(error)
    return found


def path_of(name: str, folders: Sequence[Path] = (loading.FOLDER,)) -> Path:
    """Path of a plan by the name of its file; raises `UnknownPlan` if there is none."""
    for folder in folders:
        if (folder / f"{name}.toml").is_file() and Path(name).name == name:
            return folder / f"{name}.toml"
    known = sorted(path.stem for folder in folders for path in folder.glob("*.toml"))
    raise UnknownPlan(f"There is no plan {name}; there are {', '.join(known)}.")
