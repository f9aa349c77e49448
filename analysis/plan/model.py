"""A pre-registered plan as data: what is asked of the answers, at which n, read how.

`Rules` fit any questionnaire: tiers, blocks of results, steps, cut-offs with their sources,
settings. A `Plan` names its rules and adds what belongs to one study: hypotheses, families,
models. `analysis.plan.loading` builds both from TOML; nothing here computes a statistic.
"""

from __future__ import annotations

import datetime
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field

from instrument.model import Text
from instrument.wording import Frozen

Evidence = Literal["V", "M", "C", "D"]
"""V: seen on the published page. M: attributed, not yet confirmed; never printed as a
citation. C: computed, a test reproduces it. D: a decision of the plan, no source claimed."""
Side = Literal[">=", ">", "<=", "<"]
Codes = tuple[str, ...]


class Tier(Frozen):
    """A range of valid cases."""

    code: str
    low: int = Field(ge=0)
    high: int | None = None
    """Last n of the tier; None = open."""
    says: Text
    """The sentence at the top of the page; ``{n}`` becomes the number of cases."""


class Block(Frozen):
    """A kind of result: the fewest cases it is printed at, and the mark it carries."""

    code: str
    step: int
    label: Text
    least: int = Field(ge=0)
    mark: Literal["indikatif", "eksploratif"] | None = None
    """Printed beside every number of the block, below ``marked_below``."""
    marked_below: int = 0
    most: int | None = None
    """Printed up to this n only (medians give way to means)."""
    counts: Literal["cases", "pairs", "group"] = "cases"
    """What ``least`` counts: persons, persons in both waves, persons in the smallest group."""
    why: Text | None = None
    """Why it is withheld, where n alone does not say it."""


class CutOff(Frozen):
    """One number a verdict rests on, and where it comes from."""

    code: str
    step: int
    value: float
    side: Side = ">="
    label: Text
    source: str = ""
    evidence: Evidence
    reason: str = ""
    """Required where a plan departs from its rules."""


class Step(Frozen):
    """One step of the analysis, as the plan words it."""

    number: int = Field(ge=1)
    title: Text
    rule: Text
    missing: Text | None = None
    """What is done about missing answers in this step."""


class Settings(Frozen):
    """What any number could depend on besides data and formulas."""

    seed: int = Field(default=20240131, ge=0)
    level: float = Field(default=0.95, gt=0, lt=1)
    bootstrap: int = Field(default=5000, ge=0)
    reliability_bootstrap: int = Field(default=2000, ge=0)
    parallel_repetitions: int = Field(default=500, ge=1)
    parallel_quantile: float = Field(default=0.95, gt=0, lt=1)
    extraction: Literal["minres", "ml", "pa"] = "minres"
    rotation: Literal["oblimin", "promax", "varimax", "geomin", "quartimax"] = "oblimin"
    spearman_below: int = 30
    """Below this n correlations between scales are Spearman's."""
    not_enough_below: int = 60
    """Below this n an interval that holds 0 reads "not enough data yet"."""


class Rules(Frozen):
    """What holds for every study that follows them."""

    code: str
    version: str
    title: Text
    tiers: tuple[Tier, ...] = Field(min_length=1)
    blocks: tuple[Block, ...] = Field(min_length=1)
    steps: tuple[Step, ...]
    cutoffs: tuple[CutOff, ...]
    settings: Settings = Settings()


class Target(Frozen):
    """The questionnaire a plan is for; without a version any of that key."""

    key: str
    version: str | None = None


class Test(Frozen):
    """The number that answers a hypothesis."""

    kind: Literal["slope", "indirect", "interaction", "lagged"]
    outcome: str
    predictors: Codes = Field(min_length=1)
    """slope: all predictors of the model, the tested one first."""
    mediator: str | None = None
    moderator: str | None = None
    covariates: Codes = ()
    question: str | None = None
    """lagged: the behaviour question of the earlier wave."""


class Hypothesis(Frozen):
    """What is expected before any answer is there."""

    code: str
    text: Text
    direction: Literal["positive", "negative"]
    family: str
    source: str = ""
    test: Test


class Family(Frozen):
    """Tests that are corrected together."""

    code: str
    label: Text
    correction: Literal["holm", "bh", "none"]
    level: float = Field(default=0.05, gt=0, lt=1)
    exploratory: bool = False


class Exploration(Frozen):
    """A block of scales whose items are factored together."""

    code: str
    label: Text
    scales: Codes = Field(min_length=1)


class Confirmation(Frozen):
    """A confirmatory model; its factors are scales, some of them merged."""

    code: str
    label: Text
    scales: Codes = Field(min_length=1)
    merged: tuple[Codes, ...] = ()
    """Scales that share one factor."""
    one_factor: bool = False
    reverse_factor: bool = False
    """A method factor of the reverse items, uncorrelated with the others."""


class Hierarchy(Frozen):
    """Predictors entered block by block."""

    outcome: str
    steps: tuple[Codes, ...] = Field(min_length=1)
    controls: bool = False
    """Whether the controls come first (from their ``least``)."""


class Control(Frozen):
    """A background question as a number."""

    question: str
    label: Text
    values: dict[str, float]
    """Option value -> number; an option left out is missing."""
    least: int = 100


class Change(Frozen):
    """What is compared between waves."""

    scales: Codes = ()
    """Scales that carry an arrow; empty = all."""
    aimed: Codes = Field(default=(), max_length=2)
    """Scales the chair's action aims at, named before wave 1; Holm is over these alone."""


class Stamp(Frozen):
    """When, and for which wave, a plan was frozen."""

    on: datetime.date
    wave: str
    digest: str


class Plan(Frozen):
    """One study's plan with the rules it follows."""

    code: str
    version: str
    title: Text
    rules: Rules
    instrument: Target | None = None
    outcome: str | None = None
    predictors: Codes = ()
    sensitivity_without: Codes = ()
    factors: int | None = Field(default=None, ge=1)
    """Number of factors of the exploration of all items; None = parallel analysis decides."""
    hypotheses: tuple[Hypothesis, ...] = ()
    families: tuple[Family, ...] = ()
    explorations: tuple[Exploration, ...] = ()
    confirmations: tuple[Confirmation, ...] = ()
    watched_pairs: tuple[Annotated[Codes, Field(min_length=2, max_length=2)], ...] = ()
    hierarchy: Hierarchy | None = None
    controls: tuple[Control, ...] = ()
    change: Change = Change()
    cutoffs: tuple[CutOff, ...] = ()
    """Departures from the rules' cut-offs, each with a reason."""
    settings: Settings = Settings()
    """The rules' settings, with what the plan changes."""
    frozen: Stamp | None = None

    @property
    def name(self) -> str:
        """Code and version."""
        return f"{self.code} {self.version}"

    @cached_property
    def _cutoffs(self) -> dict[str, CutOff]:
        given = {one.code: one for one in self.rules.cutoffs}
        return given | {one.code: one for one in self.cutoffs}

    @cached_property
    def _blocks(self) -> dict[str, Block]:
        return {one.code: one for one in self.rules.blocks}

    @property
    def cutoff_list(self) -> tuple[CutOff, ...]:
        """Every cut-off in force, in the rules' order."""
        return tuple(self._cutoffs.values())

    def cutoff(self, code: str) -> CutOff:
        """Return the cut-off in force; KeyError if the rules have none of that name."""
        return self._cutoffs[code]

    def limit(self, code: str) -> float:
        """Return the number of a cut-off."""
        return self._cutoffs[code].value

    def block(self, code: str) -> Block:
        """Return a block; KeyError if the rules have none of that name."""
        return self._blocks[code]

    def tier(self, n: int) -> Tier:
        """Return the tier of ``n`` valid cases."""
        return next(t for t in self.rules.tiers if t.low <= n and (t.high is None or n <= t.high))

    def family_of(self, code: str) -> tuple[Hypothesis, ...]:
        """Return the hypotheses of a family, in the plan's order."""
        return tuple(one for one in self.hypotheses if one.family == code)

    def without_stamp(self) -> Self:
        """Return the plan as it was before it was frozen."""
        return self.model_copy(update={"frozen": None})
