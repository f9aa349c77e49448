"""A plan as text for the terminal: what is expected, at which n, by which cut-offs."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.plan import loading
from analysis.plan.model import CutOff, Hypothesis, Plan
from instrument.model import Language

EVIDENCE: dict[str, tuple[str, str]] = {
    "V": ("sumber diperiksa", "source checked"),
    "M": ("sumber belum diperiksa", "source not yet checked"),
    "C": ("dihitung", "computed"),
    "D": ("keputusan rencana", "decision of the plan"),
}


def source(one: CutOff, language: Language) -> str:
    """Where a cut-off comes from; what is not confirmed says so and is no citation."""
    words = EVIDENCE[one.evidence][language == "en"]
    if not one.source:
        return words
    if one.evidence == "M":
        said = "attributed to" if language == "en" else "disebut dari"
        return f"{said} {one.source}; {words}"
    return f"{one.source}; {words}"


def test_of(one: Hypothesis) -> str:
    """The model that answers a hypothesis, in the field's notation."""
    test = one.test
    first, *others = test.predictors
    given = [*others, *test.covariates]
    rest = f" | {', '.join(given)}" if given else ""
    if test.kind == "indirect":
        return f"{first} -> {test.mediator} -> {test.outcome}{rest}"
    if test.kind == "interaction":
        return f"{test.outcome} ~ {first} x {test.moderator}{rest}"
    if test.kind == "lagged":
        return f"{test.outcome}(t+1) ~ {test.question}(t) | {first}(t)"
    return f"{test.outcome} ~ {first}{rest}"


def show(plan: Plan, language: Language = "id") -> str:
    """Return the plan as a readable text."""
    return "\n".join(_lines(plan, language)) + "\n"


def _lines(plan: Plan, language: Language) -> Iterator[str]:
    en = language == "en"
    yield f"{plan.title.in_(language)} ({plan.name})"
    yield f"{'Rules' if en else 'Aturan'}: {plan.rules.code} {plan.rules.version}"
    if plan.instrument:
        version = plan.instrument.version or ""
        yield f"{'Questionnaire' if en else 'Kuesioner'}: {plan.instrument.key} {version}"
    if plan.frozen:
        words = "Frozen" if en else "Dibekukan"
        yield f"{words}: {plan.frozen.on} ({plan.frozen.wave})"
    else:
        yield "Not frozen" if en else "Belum dibekukan"
    yield f"Digest: {loading.digest(plan)}"
    if plan.hypotheses:
        yield from ("", "Hypotheses" if en else "Hipotesis")
        for family in plan.families:
            how = {"holm": "Holm", "bh": "Benjamini-Hochberg", "none": "-"}[family.correction]
            yield f"  {family.label.in_(language)} ({how}, {family.level:g})"
            for one in plan.family_of(family.code):
                yield f"    {one.code}  {one.text.in_(language)}"
                yield f"        {test_of(one)}   [{one.source}]"
    yield from ("", "Printed from n" if en else "Dicetak mulai n")
    for block in plan.rules.blocks:
        marked = f", {block.mark} n < {block.marked_below}" if block.mark else ""
        yield f"  {block.least:>4}  {block.label.in_(language)}{marked}"
    yield from ("", "Cut-offs" if en else "Patokan")
    for step in plan.rules.steps:
        yield f"  {step.number}. {step.title.in_(language)}: {step.rule.in_(language)}"
        for cut in plan.cutoff_list:
            if cut.step == step.number:
                name = cut.label.in_(language)
                yield f"     {name} {cut.side} {cut.value:g}   ({source(cut, language)})"
                if cut.reason:
                    yield f"       {'departs because' if en else 'menyimpang karena'}: {cut.reason}"
    settings = plan.settings.model_dump()
    yield from ("", "Settings" if en else "Setelan")
    yield "  " + ", ".join(f"{name} {value}" for name, value in settings.items())
