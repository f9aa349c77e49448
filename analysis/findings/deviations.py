"""Where an analysis departs from its plan; found, never judged, and printed on every page."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.findings.options import Chosen, Options
from instrument.model import Instrument

if TYPE_CHECKING:
    from analysis.findings.found import Findings


@dataclass(frozen=True, slots=True)
class Deviation:
    """One departure: a stable code, what was planned, what was done."""

    code: str
    planned: str
    done: str


def deviations(
    found: Findings, chosen: Chosen, options: Options, versions: tuple[str, ...]
) -> tuple[Deviation, ...]:
    """Return every departure; none where no plan was given, for none was promised."""
    if not chosen.registered:
        return ()
    return (
        *_request(chosen, options),
        *_stamp(found, chosen),
        *_data(found, chosen, found.instrument, versions),
    )


def _request(chosen: Chosen, options: Options) -> Iterator[Deviation]:
    plan, settings = chosen.plan, chosen.plan.settings
    if chosen.outcome != plan.outcome:
        yield Deviation("outcome", plan.outcome or "", chosen.outcome or "")
    if set(chosen.predictors) != set(plan.predictors):
        yield Deviation("predictors", ", ".join(plan.predictors), ", ".join(chosen.predictors))
    if options.factors and options.factors != plan.factors:
        yield Deviation("factors", str(plan.factors or ""), str(options.factors))
    if chosen.without:
        yield Deviation("items_dropped", "", ", ".join(chosen.without))
    if chosen.seed != settings.seed:
        yield Deviation("seed", str(settings.seed), str(chosen.seed))
    if chosen.n_boot != settings.bootstrap or chosen.omega_boot != settings.reliability_bootstrap:
        yield Deviation("bootstrap", str(settings.bootstrap), str(chosen.n_boot))
    for one in plan.cutoffs:
        rule = next((r for r in plan.rules.cutoffs if r.code == one.code), None)
        if rule and rule.value != one.value:
            yield Deviation("cutoff", f"{one.code} {rule.value:g}", f"{one.value:g}: {one.reason}")


def _stamp(found: Findings, chosen: Chosen) -> Iterator[Deviation]:
    stamp = chosen.plan.frozen
    first = _day(found.first_answer)
    if stamp is None:
        yield Deviation("not_frozen", "", found.first_answer)
        return
    if found.wave and stamp.wave not in found.wave.split(", "):
        yield Deviation("other_wave", stamp.wave, found.wave)
    if first is None:
        yield Deviation("first_answer_unknown", stamp.on.isoformat(), "")
    elif stamp.on > first:
        yield Deviation("frozen_late", stamp.on.isoformat(), first.isoformat())
    elif stamp.on == first:
        yield Deviation("frozen_same_day", stamp.on.isoformat(), first.isoformat())


def _data(
    found: Findings, chosen: Chosen, instrument: Instrument, versions: tuple[str, ...]
) -> Iterator[Deviation]:
    target = chosen.plan.instrument
    if target and target.version:
        others = [one for one in versions if one != target.version]
        if others:
            yield Deviation("data_version", target.version, ", ".join(others))
    if found.form != "full" and any(form.code == "full" for form in instrument.forms):
        yield Deviation("form", "full", found.form)
    planned = {one for one in (chosen.plan.outcome, *chosen.plan.predictors) if one}
    absent = sorted(planned - {*found.scales, *found.indices})
    if absent:
        yield Deviation("scales_absent", ", ".join(absent), "")


def _day(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text[:10])
    except ValueError:
        return None
