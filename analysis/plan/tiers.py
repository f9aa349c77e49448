"""Which result may be printed at which n: `permit` is the only question anybody asks.

Tiers bind what is printed, never what a function can compute.
"""

from __future__ import annotations

from dataclasses import dataclass

from analysis.plan.model import Plan
from analysis.results import Flag


@dataclass(frozen=True, slots=True)
class Withheld:
    """A result that is not printed, and why; said in words on every page."""

    block: str
    tier: str
    n: int
    reason: str
    """English; the page says the same in its language from ``code``."""
    code: str = "tier"
    """``tier``, or what the data said: ``degenerate``, ``not_converged``, ..."""
    subject: str = ""
    """The scale or model it concerns; empty = the block as a whole."""
    names: tuple[str, ...] = ()
    """The items at fault, where there are any."""


def permit(plan: Plan, code: str, n: int, subject: str = "") -> Withheld | None:
    """None if a block may be printed at ``n`` valid cases, else why not."""
    rule = plan.block(code)
    if n >= rule.least:
        return None
    counted = {"cases": "valid cases", "pairs": "persons in both waves", "group": "a group"}
    reason = (
        rule.why.en
        if rule.why
        else f"{rule.label.en}: printed from n = {rule.least} {counted[rule.counts]}; here n = {n}."
    )
    return Withheld(code, plan.tier(n).code, n, reason, subject=subject)


def withheld_at(plan: Plan, n: int, concerned: tuple[str, ...]) -> tuple[Withheld, ...]:
    """Everything ``concerned`` that the plan withholds at ``n``, in the order given.

    Blocks that count pairs or groups are judged where those are known.
    """
    cases = (code for code in concerned if plan.block(code).counts == "cases")
    found = (permit(plan, code, n) for code in cases)
    return tuple(one for one in found if one is not None)


def mark(plan: Plan, code: str, n: int) -> Flag | None:
    """The mark a block carries at ``n``, as a flag, or None."""
    rule = plan.block(code)
    if rule.mark and n < rule.marked_below:
        return Flag(rule.mark)
    return None


def concerned(plan: Plan, *, waves: bool = False) -> tuple[str, ...]:
    """The blocks this plan could print: what nobody asked for is not withheld either."""
    kinds = {one.test.kind for one in plan.hypotheses}
    absent = {
        "regression": not (plan.outcome and plan.predictors),
        "importance": len(plan.predictors) < 2,
        "importance_map": len(plan.predictors) < 2,
        "ordered_logit": not (plan.outcome and plan.predictors),
        "power": not (plan.outcome and plan.predictors),
        "communities": True,  # judged where the communities are known
        "hierarchical": plan.hierarchy is None,
        "mediation": "indirect" not in kinds,
        "moderation": "interaction" not in kinds,
        "hypotheses": not plan.hypotheses,
        "pair_models": not plan.watched_pairs,
        "confirmatory": not plan.confirmations,
        "discriminant": not plan.confirmations,
        "method_factor": not any(one.reverse_factor for one in plan.confirmations),
        "change": not waves,
        "invariance": not waves,
    }
    return tuple(one.code for one in plan.rules.blocks if not absent.get(one.code, False))
