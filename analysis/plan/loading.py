"""A plan in TOML becomes a frozen `Plan`; all its faults are told at once."""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from analysis.plan import checks
from analysis.plan.errors import InvalidPlan, PlanChanged, UnknownPlan
from analysis.plan.model import Exploration, Plan, Rules
from instrument.draft import Found, explained
from instrument.errors import Fault
from instrument.loading import placed, syntax_fault
from instrument.model import Instrument, Text
from instrument.rules import Rule

FOLDER = Path(__file__).parents[1] / "plans"
"""Rules and plans that come with the product."""
STANDARD = "standard-1.0.0"
"""The rules of an analysis that names none."""


def load(path: str | os.PathLike[str], instrument: Instrument | None = None) -> Plan:
    """Read one plan file, or an installed plan by its name (``partnership-1.0.0``).

    ``instrument``: the questionnaire its scales and items are checked against.
    Raises `UnknownPlan`, `InvalidPlan` with all faults, `PlanChanged` if it was frozen and
    differs from what was frozen.
    """
    file = _file(path)
    return loads(_read(file), source=str(path), instrument=instrument, beside=file.parent)


def loads(
    text: str,
    source: str = "<text>",
    *,
    instrument: Instrument | None = None,
    beside: Path = FOLDER,
) -> Plan:
    """Read a plan from its TOML text; ``beside``: folder in which its rules may lie.

    Raises what `load` raises.
    """
    data = _parse(text, source)
    rules, found = _rules_of(data, beside)
    plan: Plan | None = None
    if rules is not None:
        try:
            plan = Plan.model_validate_json(_json(_merged(data, rules)), strict=True)
        except ValidationError as error:
            found += [one for one in explained(error) if one.path[:1] != ("rules",)]
        else:
            found += checks.plan(plan, instrument)
    if found or plan is None:
        raise InvalidPlan(source, placed(found, data, text))
    if plan.frozen and plan.frozen.digest != digest(plan):
        raise PlanChanged(
            f"{source} was frozen on {plan.frozen.on} for wave {plan.frozen.wave} and has been "
            "changed since (the plan, or the rules it follows). Bring back the frozen text, or "
            "make the change in a new file, whose results are then marked as not planned."
        )
    return plan


@cache
def rules(name: str = STANDARD, folder: Path = FOLDER) -> Rules:
    """Read rules by name (code-version). Raises `UnknownPlan`, `InvalidPlan`."""
    file = folder / f"{name}.toml"
    if not file.is_file() and folder != FOLDER:
        file = FOLDER / f"{name}.toml"
    if not file.is_file():
        known = ", ".join(sorted(one.stem for one in FOLDER.glob("*.toml")))
        raise UnknownPlan(f"There are no rules {name}; installed are {known}.")
    text = _read(file)
    data = _parse(text, str(file))
    found: list[Found] = []
    made: Rules | None = None
    try:
        made = Rules.model_validate_json(_json(data), strict=True)
    except ValidationError as error:
        found = list(explained(error))
    else:
        found = checks.rules(made)
    if found or made is None:
        raise InvalidPlan(str(file), placed(found, data, text))
    return made


def default(instrument: Instrument) -> Plan:
    """Return the plan of an analysis without one: the standard rules and ``[analysis]``.

    It was never registered, so it holds no hypothesis; the model of all scales, one factor
    beside it, is what its structure is compared with.
    """
    given = instrument.analysis
    standard = rules()
    scales = tuple(scale.code for scale in instrument.scales if scale.kind == "scale")
    whole = {"id": "Semua skala", "en": "All scales"}
    one = {"id": "Satu faktor", "en": "One factor"}
    models: list[dict[str, Any]] = []
    if len(scales) > 1:
        models = [
            {"code": "scales", "label": whole, "scales": scales},
            {"code": "one", "label": one, "scales": scales, "one_factor": True},
        ]
        if any(item.reverse for item in instrument.scored_items):
            label = {"id": "Semua skala + butir terbalik", "en": "All scales + reverse items"}
            models.append(
                {"code": "method", "label": label, "scales": scales, "reverse_factor": True}
            )
    return Plan.model_validate(
        {
            "code": "default",
            "version": instrument.version,
            "title": {"id": "Tanpa rencana terdaftar", "en": "No registered plan"},
            "rules": standard,
            "settings": standard.settings,
            "outcome": given.outcome,
            "predictors": tuple(p for p in given.predictors if p != given.outcome),
            "sensitivity_without": given.sensitivity_without,
            "factors": given.factors,
            "confirmations": tuple(models),
        }
    )


def everything(instrument: Instrument) -> Exploration:
    """Return the exploration of all scales."""
    scales = tuple(scale.code for scale in instrument.scales if scale.kind == "scale")
    label = Text(id="Semua butir", en="All items")
    return Exploration(code="all", label=label, scales=scales)


def canonical(plan: Plan) -> str:
    """Return everything a plan decides as canonical JSON: sorted keys, defaults left out.

    The rules are part of it, the stamp is not.
    """
    content = plan.model_dump(mode="json", exclude={"frozen"}, exclude_defaults=True)
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(plan: Plan) -> str:
    """Return the SHA-256 of the canonical content, in hex."""
    return hashlib.sha256(canonical(plan).encode("utf-8")).hexdigest()


def _file(path: str | os.PathLike[str]) -> Path:
    given = Path(path)
    if given.suffix != ".toml" and not given.exists():
        installed = FOLDER / f"{given.name}.toml"
        if installed.is_file():
            return installed
    return given


def _read(file: Path) -> str:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UnknownPlan(
            f"{file} cannot be read ({error.strerror or error}); give the path of a plan in TOML."
        ) from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        fault = Fault("", "is not UTF-8; save the file as UTF-8", Rule.NOT_UTF8, line)
        raise InvalidPlan(str(file), [fault]) from error


def _parse(text: str, source: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidPlan(source, [syntax_fault(error, text)]) from error


def _rules_of(data: Mapping[str, Any], folder: Path) -> tuple[Rules | None, list[Found]]:
    name = data.get("rules", STANDARD)
    if not isinstance(name, str):
        return None, [Found(Rule.WRONG_TYPE, ("rules",), 'is no name; write rules = "…"')]
    try:
        return rules(name, folder), []
    except UnknownPlan as error:
        return None, [Found(checks.PlanRule.UNKNOWN_RULES, ("rules",), str(error))]


def _merged(data: Mapping[str, Any], followed: Rules) -> dict[str, Any]:
    own = data.get("settings", {})
    base = followed.settings.model_dump(mode="json")
    settings = {**base, **own} if isinstance(own, dict) else own
    return {**data, "rules": followed.model_dump(mode="json"), "settings": settings}


def _json(data: object) -> str:
    # strict JSON keeps TOML's types apart and takes its dates as ISO texts
    return json.dumps(data, default=str)
