"""Findings as ``results.json``: unrounded, every leaf block with its n, method, missing.

`analysis.record_schema` describes the same file as a JSON Schema; the tests hold one to the
other.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from typing import Any

from analysis import plan as plans
from analysis.code_version import CODE
from analysis.findings import FactorBlock, Findings, Wave
from analysis.results import Result, plain

__all__ = ["CODE", "blocks", "results"]


def results(found: Findings) -> dict[str, Any]:
    """The content of ``results.json``, unrounded."""
    definition = found.instrument
    made = {
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
            "communities": list(found.communities),
            "first_answer": found.first_answer,
        },
        "plan": _plan(found),
        "blocks": blocks(found),
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
    if found.before:
        before = found.before
        made["before"] = {
            "wave": before.wave,
            "rows": before.rows,
            "used": before.used,
            "sha256": before.sha256,
            "pairs": before.pairs,
        }
    return dict(plain(made))


def _plan(found: Findings) -> dict[str, Any]:
    chosen, plan = found.chosen, found.chosen.plan
    stamp = plan.frozen
    return {
        "code": plan.code,
        "version": plan.version,
        "rules": f"{plan.rules.code} {plan.rules.version}",
        "digest": plans.digest(plan),
        "registered": chosen.registered,
        "frozen": {"on": stamp.on.isoformat(), "wave": stamp.wave} if stamp else None,
        "deviations": [
            {"code": one.code, "planned": one.planned, "done": one.done} for one in found.deviations
        ],
        "tier": found.tier,
        "outcome": chosen.outcome,
        "predictors": list(chosen.predictors),
        "without": list(chosen.without),
        "population": chosen.population,
        "seed": chosen.seed,
        "bootstrap": chosen.n_boot,
        "reliability_bootstrap": chosen.omega_boot,
        "careless_excluded_at": found.instrument.careless.exclude_at,
        "cutoffs": {
            one.code: {
                "step": one.step,
                "side": one.side,
                "value": one.value,
                "source": one.source,
                "evidence": one.evidence,
            }
            for one in plan.cutoff_list
        },
    }


def blocks(found: Findings) -> dict[str, object]:
    """The ``blocks`` of ``results.json``, those that are not empty."""
    whole = found.whole or FactorBlock(())
    made: dict[str, object] = {
        "medians": found.medians,
        "levels": found.levels,
        "descriptives": found.descriptives,
        "missing": found.missing,
        "mcar": found.mcar,
        "careless": found.careless,
        "reliability": _reliability(found),
        "items": found.item_analyses,
        "key_alarm": found.key_alarm,
        "correlations": found.correlations,
        "factorability": whole.factorability,
        "parallel": whole.parallel,
        "minimum_average_partial": whole.minimum_average_partial,
        "factors": whole.factors,
        "explorations": {code: _exploration(one) for code, one in found.explorations.items()},
        "one_factor": found.one_factor,
        "pair_models": found.pair_models,
        "confirmatory": found.confirmations,
        "comparison": found.comparison,
        "convergent": found.convergent,
        "discriminant": found.discriminant,
        "htmt": found.htmt,
        "harman": found.harman,
        "regression": found.regression,
        "regression_fiml": found.fiml_regression,
        "ordered_logit": found.ordered_logit,
        "communities": found.pooled,
        "hierarchical": found.hierarchy,
        "importance": found.importance,
        "mediation": found.mediations,
        "moderation": found.moderations,
        "power": found.power,
        "hypotheses": found.answers,
        "change": _change(found.before) if found.before else None,
        "invariance": found.before.invariance if found.before else None,
        "sensitivity": _sensitivity(found),
    }
    return {name: part for name, part in made.items() if part}


def _reliability(found: Findings) -> Mapping[str, Mapping[str, object]]:
    made: dict[str, dict[str, object]] = {}
    for code in (*found.scales, *found.indices):
        part: dict[str, object] = {}
        if code in found.alphas:
            part["alpha"] = found.alphas[code]
        if code in found.omegas:
            omega = found.omegas[code].to_dict()
            if plans.permit(found.plan, "one_factor", found.omegas[code].n):
                omega["fit"] = {}
            part["omega"] = omega
        if code in found.ordinal_alphas:
            part["ordinal_alpha"] = found.ordinal_alphas[code]
        if code in found.categorical_omegas:
            part["categorical_omega"] = found.categorical_omegas[code]
        if code in found.pairs:
            part["spearman_brown"] = found.pairs[code]
        if part:
            made[code] = part
    return made


def _exploration(one: FactorBlock) -> dict[str, object]:
    parts: dict[str, Result | None] = {
        "factorability": one.factorability,
        "parallel": one.parallel,
        "minimum_average_partial": one.minimum_average_partial,
        "factors": one.factors,
    }
    return {"scales": one.scales} | {name: part for name, part in parts.items() if part}


def _change(before: Wave) -> dict[str, object]:
    parts: dict[str, Result | None] = {
        "paired": before.paired,
        "mixed": before.mixed,
        "unpaired": before.unpaired,
        "attrition": before.attrition,
    }
    made: dict[str, object] = {name: part for name, part in parts.items() if part}
    if before.arrows:
        made["arrows"] = before.arrows
    return made


def _sensitivity(found: Findings) -> dict[str, object]:
    """The same results with careless rows in, and without contaminated items."""
    beside: dict[str, object] = {}
    if found.all_rows_alphas:
        beside["reliability"] = {
            code: {"alpha": one} for code, one in found.all_rows_alphas.items()
        }
    if found.all_rows_regression:
        beside["regression"] = found.all_rows_regression
    made: dict[str, object] = {}
    if beside:
        made["all_rows"] = beside
    if found.sensitivity:
        made["without"] = {code: {"regression": one} for code, one in found.sensitivity.items()}
    return made
