"""Everything an analysis found, by block, in the names of ``results.json``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from analysis import plan as plans
from analysis.change import Attrition, MixedChange, PairedChange, UnpairedChange
from analysis.clusters import Pooled
from analysis.confirm.result import Confirmation
from analysis.errors import (
    DegenerateItem,
    ImproperSolution,
    NotConverged,
    NotEnoughData,
    NotIdentified,
)
from analysis.findings.deviations import Deviation
from analysis.findings.options import Chosen
from analysis.findings.summaries import (
    Answer,
    CarelessSummary,
    FimlRegression,
    ModelComparison,
    PowerLines,
)
from analysis.hierarchy import Hierarchy
from analysis.importance_bootstrap import Importance
from analysis.invariance import Ladder
from analysis.key_alarm import KeyAlarm
from analysis.mediation import Mediation
from analysis.missingness import LittleTest, MissingMap
from analysis.moderation import Moderation
from analysis.number_of_factors import MinimumAveragePartial
from analysis.ordered_logit import OrderedLogit
from analysis.plan import Plan, Withheld
from analysis.reliability_ordinal import CategoricalOmega, OrdinalAlpha
from analysis.results import (
    Adequacy,
    Alpha,
    Correlations,
    Description,
    Exploration,
    ItemAnalysis,
    Level,
    Median,
    Omega,
    Pair,
    Parallel,
    Regression,
    Result,
)
from analysis.validity import Convergent, FornellLarcker, Harman, Htmt
from instrument.model import Instrument

R = TypeVar("R", bound=Result)


@dataclass
class FactorBlock:
    """The items of some scales factored together."""

    scales: tuple[str, ...]
    factorability: Adequacy | None = None
    parallel: Parallel | None = None
    minimum_average_partial: MinimumAveragePartial | None = None
    factors: Exploration | None = None


@dataclass
class Wave:
    """What changed since an earlier wave."""

    wave: str
    rows: int
    used: int
    sha256: str
    pairs: int
    """Persons in both waves."""
    paired: PairedChange | None = None
    arrows: dict[str, str] = field(default_factory=dict)
    """Scale -> up, down or none."""
    unpaired: UnpairedChange | None = None
    mixed: MixedChange | None = None
    attrition: Attrition | None = None
    invariance: dict[str, Ladder] = field(default_factory=dict)


@dataclass
class Findings:
    """Results by block, in the names of ``results.json``."""

    instrument: Instrument
    plan: Plan
    chosen: Chosen
    rows: int
    used: int
    excluded: int
    empty: int
    """Rows without a single scored answer; not used."""
    sha256: str
    simulated: bool
    form: str
    wave: str = ""
    communities: tuple[str, ...] = ()
    first_answer: str = ""
    """Day of the first answer, as the data say it (ISO); empty = not known."""
    scales: tuple[str, ...] = ()
    indices: tuple[str, ...] = ()
    items: dict[str, tuple[str, ...]] = field(default_factory=dict)
    medians: dict[str, Median] = field(default_factory=dict)
    levels: dict[str, Level] = field(default_factory=dict)
    descriptives: dict[str, Description] = field(default_factory=dict)
    missing: MissingMap | None = None
    mcar: LittleTest | None = None
    careless: CarelessSummary | None = None
    alphas: dict[str, Alpha] = field(default_factory=dict)
    omegas: dict[str, Omega] = field(default_factory=dict)
    pairs: dict[str, Pair] = field(default_factory=dict)
    ordinal_alphas: dict[str, OrdinalAlpha] = field(default_factory=dict)
    categorical_omegas: dict[str, CategoricalOmega] = field(default_factory=dict)
    item_analyses: dict[str, ItemAnalysis] = field(default_factory=dict)
    key_alarm: KeyAlarm | None = None
    correlations: Correlations | None = None
    whole: FactorBlock | None = None
    """All items of the factor analysis."""
    explorations: dict[str, FactorBlock] = field(default_factory=dict)
    """The plan's own blocks."""
    one_factor: dict[str, dict[str, Confirmation]] = field(default_factory=dict)
    """Scale -> estimator -> model."""
    pair_models: dict[str, dict[str, Confirmation]] = field(default_factory=dict)
    """"BEN COM" -> ``two``, ``one`` factor."""
    confirmations: dict[str, dict[str, Confirmation]] = field(default_factory=dict)
    """Model of the plan -> estimator -> fitted model."""
    comparison: ModelComparison | None = None
    convergent: dict[str, Convergent] = field(default_factory=dict)
    """Model or scale -> AVE and CR."""
    discriminant: FornellLarcker | None = None
    htmt: Htmt | None = None
    harman: Harman | None = None
    regression: Regression | None = None
    fiml_regression: FimlRegression | None = None
    ordered_logit: OrderedLogit | None = None
    pooled: Pooled | None = None
    hierarchy: Hierarchy | None = None
    importance: Importance | None = None
    mediations: dict[str, Mediation] = field(default_factory=dict)
    moderations: dict[str, Moderation] = field(default_factory=dict)
    power: PowerLines | None = None
    answers: dict[str, Answer] = field(default_factory=dict)
    before: Wave | None = None
    all_rows_alphas: dict[str, Alpha] = field(default_factory=dict)
    all_rows_regression: Regression | None = None
    sensitivity: dict[str, Regression] = field(default_factory=dict)
    deviations: tuple[Deviation, ...] = ()
    withheld: list[Withheld] = field(default_factory=list)

    @property
    def tier(self) -> str:
        """Code of the tier of the cases used."""
        return self.plan.tier(self.used).code


def attempt(
    found: Findings,
    block: str,
    n: int,
    make: Callable[[], R],
    subject: str = "",
    *,
    proper: bool = True,
) -> R | None:
    """Make a result and put the plan's mark on it, or note why there is none.

    ``proper``: a solution that is not admissible is withheld as such.
    """
    refused = plans.permit(found.plan, block, n, subject)
    if refused:
        # what the whole data set is too small for has been noted once, for all
        counted = found.plan.block(block).counts
        if counted != "cases" or found.used >= found.plan.block(block).least:
            found.withheld.append(refused)
        return None
    code = "not_enough"
    names: tuple[str, ...] = ()
    try:
        result = make()
        if proper:
            result.require_proper()
    except DegenerateItem as error:
        code, reason, names = "degenerate", str(error), error.items
    except NotConverged as error:
        code, reason = "not_converged", str(error)
    except ImproperSolution as error:
        code, reason, names = "improper", str(error), error.items
    except NotIdentified as error:
        code, reason, names = "not_identified", str(error), error.parameters
    except NotEnoughData as error:
        reason = str(error)
    else:
        flag = plans.mark(found.plan, block, n)
        return replace(result, flags=(*result.flags, flag)) if flag else result
    tier = found.plan.tier(n).code
    found.withheld.append(Withheld(block, tier, n, reason, code, subject, tuple(names)))
    return None


def quietly(make: Callable[[], R]) -> R | None:
    """Make a result that stands beside another, which has said why if there is none."""
    try:
        return make()
    except (DegenerateItem, NotConverged, ImproperSolution, NotIdentified, NotEnoughData):
        return None


def in_model(found: Findings, codes: Sequence[str]) -> bool:
    """Whether the data have all these scales or indices."""
    return bool(codes) and all(code in (*found.scales, *found.indices) for code in codes)
