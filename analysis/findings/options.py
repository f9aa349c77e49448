"""What was asked for, set against the plan: gaps are filled, unknown names refused."""

from __future__ import annotations

from dataclasses import dataclass, replace

from analysis import plan as plans
from analysis.errors import UnknownName
from analysis.plan import Plan, WrongPlan
from analysis.plan.checks import plan as faults_of
from instrument.model import Instrument


@dataclass(frozen=True)
class Options:
    """What was asked for; None and () take the plan's word."""

    plan: Plan | None = None
    """None: `plan.default`, made of the definition's ``[analysis]`` table."""
    outcome: str | None = None
    predictors: tuple[str, ...] = ()
    factors: int | None = None
    without: tuple[str, ...] = ()
    population: int | None = None
    """Members on the register (N); None = unknown, no finite population correction."""
    seed: int | None = None
    n_boot: int | None = None
    """Resamples of every bootstrap; None = the plan's numbers, 0 = no bootstrap at all."""


@dataclass(frozen=True)
class Chosen:
    """What is run: the plan, and where the request departs from it."""

    plan: Plan
    registered: bool
    """Whether a plan was given at all."""
    outcome: str | None
    predictors: tuple[str, ...]
    factors: int | None
    without: tuple[str, ...]
    population: int | None
    seed: int
    n_boot: int
    omega_boot: int


def resolve(instrument: Instrument, options: Options) -> Chosen:
    """Fill in the plan's word; raise `UnknownName` or `WrongPlan` for what cannot be."""
    registered = options.plan is not None
    plan = options.plan or plans.default(instrument)
    if registered:
        found = faults_of(plan, instrument)
        if found:
            raise WrongPlan(
                f"The plan {plan.name} does not fit {instrument.key} {instrument.version}: "
                + "; ".join(one.message for one in found)
                + "."
            )
    outcome = options.outcome or plan.outcome
    given = options.predictors or plan.predictors
    # another outcome than planned may be one of the plan's predictors
    predictors = given if options.predictors else tuple(p for p in given if p != outcome)
    known = [scale.code for scale in instrument.scales]
    asked = [*([outcome] if outcome else []), *predictors]
    wrong = [name for name in asked if name not in known]
    if wrong:
        raise UnknownName(
            f"{instrument.key} has no scale {', '.join(wrong)}; its scales are {', '.join(known)}."
        )
    if outcome in predictors:
        raise UnknownName(f"{outcome} is the outcome and cannot be a predictor too; drop one.")
    nowhere = [name for name in options.without if name not in instrument.item_codes]
    if nowhere:
        raise UnknownName(
            f"{instrument.key} has no item {', '.join(nowhere)} to leave out; its items are "
            f"{', '.join(instrument.item_codes)}."
        )
    settings = plan.settings
    n_boot, omega_boot = settings.bootstrap, settings.reliability_bootstrap
    if options.n_boot is not None:
        n_boot, omega_boot = options.n_boot, min(options.n_boot, omega_boot)
    return Chosen(
        plan=plan,
        registered=registered,
        outcome=outcome,
        predictors=predictors,
        factors=options.factors or plan.factors,
        without=options.without,
        population=options.population,
        seed=settings.seed if options.seed is None else options.seed,
        n_boot=n_boot,
        omega_boot=omega_boot,
    )


def in_force(chosen: Chosen) -> Plan:
    """The plan with the outcome and predictors that are run."""
    return chosen.plan.model_copy(
        update={"outcome": chosen.outcome, "predictors": chosen.predictors}
    )


__all__ = ["Chosen", "Options", "in_force", "replace", "resolve"]
