"""Findings as ``results.json``: unrounded, every leaf block with its n, method, missing."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from typing import Any

from analysis import plan
from analysis.findings import Findings
from analysis.results import plain

CODE = "analysis-1"
"""Changes whenever a number or a rule in ``results.json`` may change."""


def results(found: Findings) -> dict[str, Any]:
    """The content of ``results.json``, unrounded."""
    definition = found.instrument
    return {
        "guyub": {"version": metadata.version("guyub"), "code": CODE},
        "instrument": {
            "key": definition.key,
            "version": definition.version,
            "digest": definition.digest,
        },
        "data": {
            "rows": found.rows,
            "used": found.used,
            "excluded": found.excluded,
            "empty": found.empty,
            "sha256": found.sha256,
            "simulated": found.simulated,
            "wave": found.wave,
            "form": found.form,
        },
        "plan": {
            "tier": found.tier.code,
            "outcome": found.options.outcome,
            "predictors": list(found.options.predictors),
            "without": list(found.options.without),
            "population": found.options.population,
            "seed": found.options.seed,
            "bootstrap": found.options.n_boot,
            "careless_excluded_at": definition.careless.exclude_at,
        },
        "blocks": plain(blocks(found)),
        "withheld": [
            {
                "block": one.block,
                "tier": one.tier,
                "n": one.n,
                "reason": one.reason,
                "code": one.code,
                "subject": one.subject,
                "names": list(one.names),
            }
            for one in found.withheld
        ],
    }


def blocks(found: Findings) -> Mapping[str, object]:
    """The ``blocks`` of ``results.json``: every leaf carries n, method and missing."""
    reliable: dict[str, dict[str, object]] = {}
    for code in (*found.scales, *found.indices):
        part: dict[str, object] = {}
        if code in found.alphas:
            part["alpha"] = found.alphas[code].to_dict()
        if code in found.omegas:
            omega = found.omegas[code].to_dict()
            if plan.permit("one_factor", found.omegas[code].n):
                del omega["fit"]
            part["omega"] = omega
        if code in found.pairs:
            part["spearman_brown"] = found.pairs[code].to_dict()
        if part:
            reliable[code] = part
    beside: dict[str, object] = {}
    if found.all_rows_alphas:
        beside["reliability"] = {
            code: {"alpha": one.to_dict()} for code, one in found.all_rows_alphas.items()
        }
    if found.all_rows_regression:
        beside["regression"] = found.all_rows_regression.to_dict()
    sensitivity: dict[str, object] = {}
    if beside:
        sensitivity["all_rows"] = beside
    if found.sensitivity:
        sensitivity["without"] = {
            code: {"regression": one.to_dict()} for code, one in found.sensitivity.items()
        }
    made: dict[str, object] = {
        "medians": {code: one.to_dict() for code, one in found.medians.items()},
        "levels": {code: one.to_dict() for code, one in found.levels.items()},
        "descriptives": {code: one.to_dict() for code, one in found.descriptives.items()},
        "reliability": reliable,
        "items": {code: one.to_dict() for code, one in found.item_analyses.items()},
        "correlations": found.correlations.to_dict() if found.correlations else None,
        "factorability": found.adequacy.to_dict() if found.adequacy else None,
        "parallel": found.parallel.to_dict() if found.parallel else None,
        "factors": found.factors.to_dict() if found.factors else None,
        "regression": found.regression.to_dict() if found.regression else None,
        "sensitivity": sensitivity,
    }
    return {name: part for name, part in made.items() if part}
