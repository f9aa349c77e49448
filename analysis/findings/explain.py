"""What goes with the outcome: regression and everything that stands beside it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from analysis import (
    clusters,
    hierarchy,
    importance_bootstrap,
    mediation,
    missingness,
    moderation,
    ordered_logit,
    power,
    regression,
)
from analysis import plan as plans
from analysis.errors import ImproperSolution, NotConverged
from analysis.findings.found import Findings, attempt, in_model, quietly
from analysis.findings.summaries import FimlRegression, PowerLines
from analysis.moments import Floats
from analysis.plan.model import Control
from analysis.results import Regression
from analysis.view import View, without

if TYPE_CHECKING:
    import pandas as pd

FIML_BOOT = 500
"""Resamples of the maximum-likelihood moments: each is an EM of its own."""
_WAVE = re.compile(r"(.+)-(\d+)")


def find(found: Findings, view: View) -> None:
    """Fill the regression and what stands beside it."""
    found.regression = fit(found, view)
    _beside(found, view)
    _hierarchy(found, view)
    _mechanisms(found, view)
    _power(found)


def _names(found: Findings) -> tuple[str, ...]:
    return tuple(code for code in (found.chosen.outcome, *found.chosen.predictors) if code)


def fit(found: Findings, view: View, *, note: bool = True) -> Regression | None:
    """The planned regression on the rows of a view; ``note``: say why there is none."""
    outcome, predictors = found.chosen.outcome, found.chosen.predictors
    if outcome is None or not predictors or not in_model(found, _names(found)):
        return None
    frame = view.score_frame(_names(found))
    n = len(frame.dropna())
    boot, seed = found.chosen.n_boot, found.chosen.seed

    def make() -> Regression:
        return regression.regress(frame, outcome, predictors, n_boot=boot, seed=seed)

    if note:
        return attempt(found, "regression", n, make)
    if plans.permit(found.plan, "regression", n):
        return None
    from dataclasses import replace

    made = quietly(make)
    flag = plans.mark(found.plan, "regression", n)
    return replace(made, flags=(*made.flags, flag)) if made and flag else made


def _beside(found: Findings, view: View) -> None:
    """Sensitivity, shares of R2, ordered logit, FIML, communities: only beside a regression."""
    main = found.regression
    outcome, predictors = found.chosen.outcome, found.chosen.predictors
    if main is None or outcome is None:
        return
    frame = view.score_frame(_names(found))
    chosen = found.chosen
    if 2 <= len(predictors) <= importance_bootstrap.CAP:
        found.importance = attempt(
            found,
            "importance",
            main.n,
            lambda: importance_bootstrap.shares(
                frame,
                outcome,
                predictors,
                cut=found.plan.limit("map_share"),
                n_boot=chosen.n_boot,
                seed=chosen.seed,
            ),
        )
    if _at_ceiling(found, view, outcome):
        found.ordered_logit = attempt(
            found,
            "ordered_logit",
            main.n,
            lambda: ordered_logit.proportional_odds(frame, outcome, predictors),
        )
    any_answer = int((~np.isnan(frame.to_numpy(dtype=float))).any(axis=1).sum())
    incomplete = 1 - main.n / any_answer if any_answer else 0.0
    if incomplete > found.plan.limit("incomplete"):
        found.fiml_regression = quietly(lambda: _fiml(found, frame, incomplete))
    _communities(found, view, frame)
    used = {outcome, *predictors}
    for code in found.plan.sensitivity_without:
        if code in chosen.without or view.data.instrument.item(code).scale not in used:
            continue
        less = View(without(view.data, [code]), [*chosen.without, code])
        made = fit(found, less, note=False)
        if made:
            found.sensitivity[code] = made


def _at_ceiling(found: Findings, view: View, outcome: str) -> bool:
    """Whether the outcome's scores pile up at its highest value."""
    means = view.scores.mean_of(outcome)
    valid = means[~np.isnan(means)]
    high = view.data.instrument.response_scale.high
    return bool(len(valid)) and float((valid >= high).mean()) > found.plan.limit("pile")


def _fiml(found: Findings, frame: pd.DataFrame, incomplete: float) -> FimlRegression:
    """Slopes from EM moments of every row with a score; persons resampled."""
    import pandas as pd

    names = tuple(map(str, frame.columns))
    data = frame.to_numpy(dtype=float)
    data = data[~np.isnan(data).all(axis=1)]

    def slopes(s: Floats) -> Floats:
        return np.asarray(np.linalg.solve(s[1:, 1:], s[1:, 0]), dtype=np.float64)

    mean, s, _ = missingness.em(names, missingness.gather(data))
    b = slopes(s)
    r2 = float(b @ s[1:, 0] / s[0, 0])
    resampled = missingness.Resampled(data)
    n_boot = min(found.chosen.n_boot, FIML_BOOT)
    rng = np.random.default_rng(found.chosen.seed)
    draws: list[Floats] = []
    for _ in range(n_boot):
        try:
            counts = np.bincount(rng.integers(0, resampled.n, resampled.n), minlength=resampled.n)
            draws.append(slopes(missingness.em(names, resampled.take(counts), (mean, s))[1]))
        except (ImproperSolution, NotConverged, np.linalg.LinAlgError):
            continue  # counted in boot_failed
    low = high = np.full(len(b), np.nan)
    if n_boot and len(draws) >= 0.9 * n_boot:
        tail = (1 - found.plan.settings.level) / 2
        low, high = np.quantile(np.array(draws), [tail, 1 - tail], axis=0)
    return FimlRegression(
        n=len(data),
        method="slopes from maximum-likelihood moments of the scores (EM), percentile bootstrap",
        missing="every row with a score of the model (missing at random)",
        outcome=names[0],
        predictors=names[1:],
        coefficients=pd.DataFrame(
            {"b": b, "boot_low": low, "boot_high": high}, index=pd.Index(names[1:])
        ),
        r2=r2,
        incomplete=incomplete,
        n_boot=n_boot,
        boot_failed=n_boot - len(draws),
        seed=found.chosen.seed,
    )


def communities_of(view: View) -> list[str]:
    """Community of each row: column COMMUNITY, else WAVE without its number; '' = unknown."""
    meta = view.data.meta
    if "COMMUNITY" in meta:
        return list(meta["COMMUNITY"])
    waves = meta.get("WAVE", [""] * view.data.rows)
    return [match[1] if (match := _WAVE.fullmatch(wave)) else "" for wave in waves]


def _communities(found: Findings, view: View, frame: pd.DataFrame) -> None:
    labels = communities_of(view)
    if len(set(labels) - {""}) < 2 or found.chosen.outcome is None:
        return
    outcome = found.chosen.outcome
    known = [label or None for label in labels]
    found.pooled = attempt(
        found,
        "communities",
        len(frame.dropna()),
        lambda: clusters.pooled(
            frame,
            outcome,
            found.chosen.predictors,
            np.array(known, dtype=object),
            least=int(found.plan.limit("communities_least")),
        ),
    )


def controls(found: Findings, view: View) -> tuple[pd.DataFrame, list[str]]:
    """Control variables as numbers (row order of the view), and their names; none too few."""
    import pandas as pd

    columns = {one.question: _control(view, one) for one in found.plan.controls}
    frame = pd.DataFrame(columns)
    for one in found.plan.controls:
        if int(frame[one.question].notna().sum()) < one.least:
            return pd.DataFrame(index=frame.index), []
    varied = [name for name in frame.columns if frame[name].nunique() > 1]
    return frame, varied


def _control(view: View, one: Control) -> Floats:
    cells = view.data.meta.get(one.question, [""] * view.data.rows)
    numbers = {value: float(number) for value, number in one.values.items()}
    return np.array([numbers.get(cell, np.nan) for cell in cells], dtype=np.float64)


def _hierarchy(found: Findings, view: View) -> None:
    planned = found.plan.hierarchy
    if planned is None:
        return
    names = [planned.outcome, *(code for step in planned.steps for code in step)]
    if not in_model(found, names):
        return
    import pandas as pd

    frame = view.score_frame(names)
    steps: dict[str, tuple[str, ...]] = {}
    if planned.controls:
        extra, used = controls(found, view)
        if used:
            whole = pd.concat([frame, extra[used]], axis=1)
            if plans.permit(found.plan, "hierarchical", len(whole.dropna())) is None:
                frame = whole
                steps["controls"] = tuple(used)
    steps |= {f"step {i}": step for i, step in enumerate(planned.steps, start=len(steps) + 1)}
    found.hierarchy = attempt(
        found,
        "hierarchical",
        len(frame.dropna()),
        lambda: hierarchy.hierarchical(
            frame,
            planned.outcome,
            steps,
            n_boot=found.chosen.n_boot,
            seed=found.chosen.seed,
        ),
    )


def _mechanisms(found: Findings, view: View) -> None:
    """Mediation and moderation, by the hypotheses that ask for them."""
    boot, seed = found.chosen.n_boot, found.chosen.seed
    for one in found.plan.hypotheses:
        test = one.test
        first = test.predictors[0]
        if test.kind == "indirect" and test.mediator:
            codes = [first, test.mediator, test.outcome, *test.covariates]
        elif test.kind == "interaction" and test.moderator:
            codes = [first, test.moderator, test.outcome, *test.covariates]
        else:
            continue
        if not in_model(found, codes):
            continue
        frame = view.score_frame(codes)
        n = len(frame.dropna())
        if test.kind == "indirect":
            between = test.mediator or ""
            indirect = attempt(
                found,
                "mediation",
                n,
                lambda f=frame, t=test, m=between: mediation.indirect(  # type: ignore[misc]
                    f,
                    t.predictors[0],
                    m,
                    t.outcome,
                    covariates=t.covariates,
                    n_boot=boot,
                    seed=seed,
                ),
                one.code,
            )
            if indirect:
                found.mediations[one.code] = indirect
        else:
            by = test.moderator or ""
            product = attempt(
                found,
                "moderation",
                n,
                lambda f=frame, t=test, w=by: moderation.moderate(  # type: ignore[misc]
                    f, t.outcome, t.predictors[0], w, covariates=t.covariates
                ),
                one.code,
            )
            if product:
                found.moderations[one.code] = product


def _power(found: Findings) -> None:
    p = len(found.chosen.predictors)
    if not p or found.chosen.outcome is None:
        return
    n = found.regression.n if found.regression else found.used
    if n <= p + 1:
        return
    found.power = attempt(found, "power", n, lambda: _lines(found, n, p))


def _lines(found: Findings, n: int, p: int) -> PowerLines:
    import pandas as pd

    wanted = found.plan.limit("power")
    level = 1 - found.plan.settings.level
    sizes = {name: found.plan.limit(f"f2_{name}") for name in ("small", "medium", "large")}
    rows = {}
    for name, tested, alpha in (
        ("r2", None, level),
        ("coefficient", 1, level),
        ("corrected", 1, level / p),
    ):
        rows[name] = {
            "alpha": alpha,
            "smallest_f2": power.smallest_effect(
                n, predictors=p, tested=tested, alpha=alpha, power=wanted
            ),
        } | {
            f"power_{size}": power.achieved(n, f2, predictors=p, tested=tested, alpha=alpha)
            for size, f2 in sizes.items()
        }
    return PowerLines(
        n=n,
        method="noncentral F with ncp = f2 n; corrected = level / predictors (Holm's first step)",
        missing="none",
        table=pd.DataFrame.from_dict(rows, orient="index"),
        predictors=p,
        power=wanted,
        needed_medium=power.sample_size(
            sizes["medium"], predictors=p, tested=1, alpha=level / p, power=wanted
        ),
    )
