"""Rules of a plan that no single entry can show: names, references, completeness."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from enum import StrEnum

from analysis.plan.known import BLOCKS, CUTOFFS
from analysis.plan.model import CutOff, Plan, Rules, Test
from instrument.draft import Found
from instrument.lines import Path
from instrument.model import Instrument


class PlanRule(StrEnum):
    """One rule of a plan; the value is what a `Fault` carries."""

    UNKNOWN_RULES = "unknown-rules"
    TIERS = "tiers-with-gaps"
    UNKNOWN_BLOCK = "unknown-block"
    MISSING_BLOCK = "missing-block"
    UNKNOWN_CUTOFF = "unknown-cutoff"
    MISSING_CUTOFF = "missing-cutoff"
    NO_SOURCE = "no-source"
    NO_REASON = "no-reason"
    UNKNOWN_STEP = "unknown-step"
    DUPLICATE = "duplicate-code"
    UNKNOWN_FAMILY = "unknown-family"
    EMPTY_FAMILY = "empty-family"
    TEST = "test-incomplete"
    UNKNOWN_SCALE = "unknown-scale"
    UNKNOWN_ITEM = "unknown-item"
    UNKNOWN_QUESTION = "unknown-question"
    OUTCOME = "outcome-as-predictor"
    INSTRUMENT = "other-instrument"
    AIMED = "aimed-not-compared"


def rules(given: Rules) -> list[Found]:
    """Return every broken rule of a set of rules."""
    return [*_tiers(given), *_blocks(given), *_cutoffs(given), *_steps(given)]


def plan(given: Plan, instrument: Instrument | None = None) -> list[Found]:
    """Return every broken rule of a plan, with its instrument if there is one."""
    found = [*_departures(given), *_families(given), *_tests(given), *_own(given)]
    if instrument is not None:
        found += _names(given, instrument)
    return found


def _twice(name: str, codes: Iterable[str]) -> Iterator[Found]:
    seen: set[str] = set()
    for place, code in enumerate(codes):
        if code in seen:
            yield Found(PlanRule.DUPLICATE, (name, place), f"{code} is there twice; keep one")
        seen.add(code)


def _tiers(given: Rules) -> Iterator[Found]:
    yield from _twice("tiers", (one.code for one in given.tiers))
    expected: int | None = 0
    for place, one in enumerate(given.tiers):
        if one.low != expected or (one.high is not None and one.high < one.low):
            yield Found(
                PlanRule.TIERS,
                ("tiers", place, "low"),
                f"tiers follow each other without a gap from 0 on; this one starts at {one.low}",
            )
        expected = None if one.high is None else one.high + 1
    if expected is not None:
        yield Found(PlanRule.TIERS, ("tiers",), "the last tier has no high; leave it out there")


def _blocks(given: Rules) -> Iterator[Found]:
    codes = [one.code for one in given.blocks]
    yield from _twice("blocks", codes)
    steps = {step.number for step in given.steps}
    for place, one in enumerate(given.blocks):
        if one.code not in BLOCKS:
            yield Found(
                PlanRule.UNKNOWN_BLOCK,
                ("blocks", place, "code"),
                f"{one.code} is no block this version computes; blocks: {', '.join(BLOCKS)}",
            )
        if one.step not in steps:
            yield Found(
                PlanRule.UNKNOWN_STEP, ("blocks", place, "step"), f"there is no step {one.step}"
            )
    for code in BLOCKS:
        if code not in codes:
            yield Found(PlanRule.MISSING_BLOCK, ("blocks",), f"{code} is missing; say from which n")


def _cutoffs(given: Rules) -> Iterator[Found]:
    codes = [one.code for one in given.cutoffs]
    yield from _twice("cutoffs", codes)
    steps = {step.number for step in given.steps}
    for place, one in enumerate(given.cutoffs):
        yield from _cutoff(one, place, steps)
    for code in CUTOFFS:
        if code not in codes:
            yield Found(
                PlanRule.MISSING_CUTOFF, ("cutoffs",), f"{code} is missing; verdicts need it"
            )


def _cutoff(one: CutOff, place: int, steps: set[int]) -> Iterator[Found]:
    if one.code not in CUTOFFS:
        yield Found(
            PlanRule.UNKNOWN_CUTOFF,
            ("cutoffs", place, "code"),
            f"no verdict reads a cut-off {one.code}; cut-offs: {', '.join(CUTOFFS)}",
        )
    if one.evidence in {"V", "M"} and not one.source:
        yield Found(
            PlanRule.NO_SOURCE,
            ("cutoffs", place, "source"),
            f"{one.code} has evidence {one.evidence} but names no source",
        )
    if one.step not in steps:
        yield Found(
            PlanRule.UNKNOWN_STEP, ("cutoffs", place, "step"), f"there is no step {one.step}"
        )


def _steps(given: Rules) -> Iterator[Found]:
    yield from _twice("steps", (str(one.number) for one in given.steps))


def _departures(given: Plan) -> Iterator[Found]:
    yield from _twice("cutoffs", (one.code for one in given.cutoffs))
    steps = {step.number for step in given.rules.steps}
    for place, one in enumerate(given.cutoffs):
        yield from _cutoff(one, place, steps)
        if not one.reason:
            yield Found(
                PlanRule.NO_REASON,
                ("cutoffs", place, "reason"),
                f"{one.code} departs from the rules; say why",
            )


def _families(given: Plan) -> Iterator[Found]:
    yield from _twice("families", (one.code for one in given.families))
    yield from _twice("hypotheses", (one.code for one in given.hypotheses))
    known = {one.code for one in given.families}
    for place, one in enumerate(given.hypotheses):
        if one.family not in known:
            yield Found(
                PlanRule.UNKNOWN_FAMILY,
                ("hypotheses", place, "family"),
                f"{one.code} belongs to {one.family}, which is no family",
            )
    used = Counter(one.family for one in given.hypotheses)
    for place, family in enumerate(given.families):
        if not used[family.code]:
            yield Found(
                PlanRule.EMPTY_FAMILY, ("families", place), f"{family.code} has no hypothesis"
            )


NEEDED = {
    "slope": (),
    "indirect": ("mediator",),
    "interaction": ("moderator",),
    "lagged": ("question",),
}


def _tests(given: Plan) -> Iterator[Found]:
    for place, one in enumerate(given.hypotheses):
        path: Path = ("hypotheses", place, "test")
        for name in NEEDED[one.test.kind]:
            if getattr(one.test, name) is None:
                yield Found(
                    PlanRule.TEST, path, f"{one.code}: a test of kind {one.test.kind} needs {name}"
                )
        names = scales_of(one.test)
        for name in {name for name in names if names.count(name) > 1}:
            yield Found(PlanRule.TEST, path, f"{one.code} names {name} twice; name it once")


def scales_of(test: Test) -> list[str]:
    """Every scale or index a test reads."""
    return [
        test.outcome,
        *(() if test.kind == "lagged" else test.predictors),
        *(name for name in (test.mediator, test.moderator) if name),
        *test.covariates,
    ]


def _own(given: Plan) -> Iterator[Found]:
    for name in ("explorations", "confirmations"):
        yield from _twice(name, (one.code for one in getattr(given, name)))
    yield from _twice("controls", (one.question for one in given.controls))
    if given.outcome in given.predictors:
        yield Found(
            PlanRule.OUTCOME,
            ("predictors",),
            f"{given.outcome} is the outcome; drop one of the two",
        )
    for place, model in enumerate(given.confirmations):
        for merged in model.merged:
            for code in merged:
                if code not in model.scales:
                    yield Found(
                        PlanRule.UNKNOWN_SCALE,
                        ("confirmations", place, "merged"),
                        f"{code} is merged but is no scale of the model {model.code}",
                    )
    for code in given.change.aimed:
        if given.change.scales and code not in given.change.scales:
            yield Found(PlanRule.AIMED, ("change", "aimed"), f"{code} is aimed at but not compared")


def _names(given: Plan, instrument: Instrument) -> Iterator[Found]:
    target = given.instrument
    if target and (
        target.key != instrument.key or target.version not in {None, instrument.version}
    ):
        yield Found(
            PlanRule.INSTRUMENT,
            ("instrument",),
            f"the plan is for {target.key} {target.version or ''}, not for {instrument.key} "
            f"{instrument.version}",
        )
        return
    known = {scale.code for scale in instrument.scales}
    for path, codes in _scales(given):
        for code in codes:
            if code not in known:
                yield Found(
                    PlanRule.UNKNOWN_SCALE,
                    path,
                    f"{instrument.key} has no scale {code}; its scales are "
                    f"{', '.join(sorted(known))}",
                )
    for code in given.sensitivity_without:
        if code not in instrument.item_codes:
            yield Found(
                PlanRule.UNKNOWN_ITEM,
                ("sensitivity_without",),
                f"{instrument.key} has no item {code}",
            )
    questions = {one.code: one for one in instrument.questions}
    asked: list[tuple[Path, str]] = [
        (("hypotheses", place, "test"), one.test.question)
        for place, one in enumerate(given.hypotheses)
        if one.test.question
    ]
    asked += [(("controls", place), one.question) for place, one in enumerate(given.controls)]
    for path, code in asked:
        if code not in questions:
            yield Found(PlanRule.UNKNOWN_QUESTION, path, f"{instrument.key} has no question {code}")
    for place, one in enumerate(given.controls):
        question = questions.get(one.question)
        options = {str(option.value) for option in question.options} if question else set()
        for value in one.values:
            if question and value not in options:
                yield Found(
                    PlanRule.UNKNOWN_QUESTION,
                    ("controls", place, "values"),
                    f"{one.question} has no option {value}; its options are "
                    f"{', '.join(sorted(options))}",
                )


def _scales(given: Plan) -> Iterator[tuple[Path, Iterable[str]]]:
    yield ("outcome",), [given.outcome] if given.outcome else []
    yield ("predictors",), given.predictors
    for place, one in enumerate(given.hypotheses):
        yield ("hypotheses", place, "test"), scales_of(one.test)
    for place, block in enumerate(given.explorations):
        yield ("explorations", place, "scales"), block.scales
    for place, model in enumerate(given.confirmations):
        yield ("confirmations", place, "scales"), model.scales
    for place, pair in enumerate(given.watched_pairs):
        yield ("watched_pairs", place), pair
    if given.hierarchy:
        yield ("hierarchy", "outcome"), [given.hierarchy.outcome]
        for place, step in enumerate(given.hierarchy.steps):
            yield ("hierarchy", "steps", place), step
    yield ("change", "scales"), given.change.scales
    yield ("change", "aimed"), given.change.aimed
