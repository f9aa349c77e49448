"""What each hypothesis of the plan met: its number, corrected within its family."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis import least_squares, multiplicity
from analysis import plan as plans
from analysis.findings.found import Findings, attempt, in_model
from analysis.findings.summaries import Answer
from analysis.findings.waves import PERSON
from analysis.plan import Hypothesis, Withheld
from analysis.results import Result, at
from analysis.view import View

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True, eq=False)
class Met(Result):
    """One number before it is corrected."""

    estimate: float
    ci_low: float
    ci_high: float
    p: float


def find(found: Findings, view: View, earlier: View | None) -> None:
    """Answer every hypothesis that the data bear, family by family."""
    for family in found.plan.families:
        members = found.plan.family_of(family.code)
        met = {one.code: made for one in members if (made := _met(found, view, earlier, one))}
        p = np.array([one.p for one in met.values()], dtype=np.float64)
        adjusted = multiplicity.adjust(p, family.correction) if len(p) else p
        for (code, one), corrected in zip(met.items(), adjusted.tolist(), strict=True):
            hypothesis = next(h for h in members if h.code == code)
            found.answers[code] = Answer(
                n=one.n,
                method=one.method,
                missing=one.missing,
                flags=one.flags,
                code=code,
                family=family.code,
                kind=hypothesis.test.kind,
                estimate=one.estimate,
                ci_low=one.ci_low,
                ci_high=one.ci_high,
                p=one.p,
                p_adjusted=corrected,
                correction=family.correction,
                level=family.level,
                verdict=_verdict(found, hypothesis, one, corrected, family.level),
            )


def _verdict(found: Findings, one: Hypothesis, met: Met, corrected: float, level: float) -> str:
    if corrected < level:
        expected = met.estimate > 0 if one.direction == "positive" else met.estimate < 0
        return "consistent" if expected else "opposite"
    small = met.n < found.plan.settings.not_enough_below
    marked = any(flag.code in {"eksploratif", "indikatif"} for flag in met.flags)
    return "not_enough" if small or marked else "unclear"


def _met(found: Findings, view: View, earlier: View | None, one: Hypothesis) -> Met | None:
    test = one.test
    if test.kind in {"indirect", "interaction"}:
        return _mechanism(found, one)
    if test.kind == "lagged":
        return _lagged(found, view, earlier, one)
    names = [test.outcome, *test.predictors, *test.covariates]
    if not in_model(found, names):
        _absent(found, one, "the data have no score of its scales")
        return None
    return _slope(found, view.score_frame(names), names, one)


def _mechanism(found: Findings, one: Hypothesis) -> Met | None:
    """An indirect effect or an interaction that was fitted already."""
    mediated = found.mediations.get(one.code)
    if mediated is not None:
        low, high = mediated.bca if np.isfinite(mediated.bca[0]) else mediated.percentile
        return Met(
            n=mediated.n,
            method="a b; p by joint significance with HC3, BCa bootstrap interval",
            missing=mediated.missing,
            flags=mediated.flags,
            estimate=mediated.indirect,
            ci_low=low,
            ci_high=high,
            p=mediated.joint_p,
        )
    moderated = found.moderations.get(one.code)
    if moderated is None:
        return None
    row = f"{moderated.x}:{moderated.w}"
    return Met(
        n=moderated.n,
        method="product of mean-centred predictors, HC3",
        missing=moderated.missing,
        flags=moderated.flags,
        estimate=at(moderated.coefficients, row, "b"),
        ci_low=at(moderated.coefficients, row, "hc3_ci_low"),
        ci_high=at(moderated.coefficients, row, "hc3_ci_high"),
        p=moderated.hc3_p,
    )


def _slope(found: Findings, frame: pd.DataFrame, names: list[str], one: Hypothesis) -> Met | None:
    """The slope of the first predictor, the others held constant, with HC3."""

    def make() -> Met:
        data, _ = least_squares.used_rows(frame, names)
        fitted = least_squares.fit(names[0], names[1:], data[:, 1:], data[:, 0])
        table = least_squares.table(fitted, found.plan.settings.level)
        return Met(
            n=len(data),
            method="OLS slope, HC3 with t on n - p - 1 df",
            missing="listwise",
            estimate=at(table, names[1], "b"),
            ci_low=at(table, names[1], "hc3_ci_low"),
            ci_high=at(table, names[1], "hc3_ci_high"),
            p=at(table, names[1], "hc3_p"),
        )

    n = len(frame.dropna())
    made = attempt(found, "hypotheses", n, make, one.code)
    if made is None:
        return None
    from dataclasses import replace

    flag = plans.mark(found.plan, "regression", n)
    return replace(made, flags=(*made.flags, flag)) if flag else made


def _lagged(found: Findings, view: View, earlier: View | None, one: Hypothesis) -> Met | None:
    """Behaviour of the earlier wave beside the score of then, on the score of now."""
    import pandas as pd

    test = one.test
    question = test.question or ""
    if earlier is None:
        _absent(found, one, "it needs two waves (--before)", code="needs_wave")
        return None
    now, then = test.outcome, test.predictors[0]
    if not in_model(found, [now]) or then not in earlier.scales:
        _absent(found, one, "the data have no score of its scales")
        return None
    if question not in earlier.data.meta:
        _absent(found, one, f"the earlier file has no column {question}")
        return None
    cells = pd.to_numeric(pd.Series(earlier.data.meta[question]), errors="coerce")
    before = earlier.score_frame([then]).set_axis([f"{then} before"], axis=1)
    before[question] = cells.where(cells >= 0).to_numpy(dtype=float)
    before.index = earlier.data.meta[PERSON]
    after = view.score_frame([now])
    after.index = view.data.meta[PERSON]
    frame = after.join(before, how="inner")
    return _slope(found, frame, [now, question, f"{then} before"], one)


def _absent(found: Findings, one: Hypothesis, reason: str, code: str = "absent") -> None:
    n = found.used
    if n < found.plan.block("hypotheses").least:
        return  # the whole block has been withheld already
    found.withheld.append(
        Withheld("hypotheses", found.tier, n, f"{one.code}: {reason}.", code, one.code)
    )
