"""From a data set to everything the plan lets be said about it.

`find` runs the blocks of the plan at the n that is there and says what it withholds. It
knows no file and no page: `analysis.report` writes, `analysis.__main__` reads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from analysis import correlations, factors, items, levels, plan, regression, reliability, screening
from analysis.dataset import Dataset
from analysis.errors import (
    AnalysisError,
    DegenerateItem,
    ImproperSolution,
    NotConverged,
    NotEnoughData,
    UnknownName,
)
from analysis.moments import Floats
from analysis.plan import Withheld
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
from analysis.view import View, answered, without
from instrument.model import Instrument

if TYPE_CHECKING:
    import pandas as pd

R = TypeVar("R", bound=Result)

FAVOURABLE = 62.5
"""POMP from which a person counts as favourable: the mean 3.5 on a scale of 1 to 5."""


@dataclass(frozen=True)
class Options:
    """What was asked for; None and () take the definition's ``[analysis]`` table."""

    outcome: str | None = None
    predictors: tuple[str, ...] = ()
    factors: int | None = None
    without: tuple[str, ...] = ()
    population: int | None = None
    """Members on the register (N); None = unknown, no finite population correction."""
    seed: int = reliability.SEED
    n_boot: int = 5000


@dataclass
class Findings:
    """Results by block, in the names of ``results.json``."""

    instrument: Instrument
    options: Options
    rows: int
    used: int
    excluded: int
    empty: int
    """Rows without a single scored answer; not used."""
    sha256: str
    simulated: bool
    form: str
    wave: str = ""
    tier: plan.Tier = plan.TIERS[0]
    scales: tuple[str, ...] = ()
    indices: tuple[str, ...] = ()
    items: dict[str, tuple[str, ...]] = field(default_factory=dict)
    medians: dict[str, Median] = field(default_factory=dict)
    levels: dict[str, Level] = field(default_factory=dict)
    descriptives: dict[str, Description] = field(default_factory=dict)
    alphas: dict[str, Alpha] = field(default_factory=dict)
    omegas: dict[str, Omega] = field(default_factory=dict)
    pairs: dict[str, Pair] = field(default_factory=dict)
    item_analyses: dict[str, ItemAnalysis] = field(default_factory=dict)
    correlations: Correlations | None = None
    adequacy: Adequacy | None = None
    parallel: Parallel | None = None
    factors: Exploration | None = None
    regression: Regression | None = None
    all_rows_alphas: dict[str, Alpha] = field(default_factory=dict)
    all_rows_regression: Regression | None = None
    sensitivity: dict[str, Regression] = field(default_factory=dict)
    withheld: list[Withheld] = field(default_factory=list)


def find(
    data: Dataset, options: Options | None = None, *, simulated: bool | None = None
) -> Findings:
    """Run every block the plan permits on the rows that are not careless.

    ``simulated`` None: as the data say (column SIMULATED). Raises `UnknownName` for a
    scale or item the definition does not have, `DegenerateItem` naming all items with one
    value only. A number that does not exist for another reason is withheld in words.
    """
    chosen = _resolve(data.instrument, options or Options())
    scores = data.score()
    seen = answered(data)
    keep = ~scores.excluded & seen
    blank = without(data, chosen.without)
    main = View(blank.select(keep), chosen.without)
    marked = data.meta.get("SIMULATED", [])
    found = Findings(
        instrument=data.instrument,
        options=chosen,
        rows=data.rows,
        used=int(keep.sum()),
        excluded=int(scores.excluded.sum()),
        empty=int((~seen & ~scores.excluded).sum()),
        sha256=data.sha256,
        simulated=any(cell == "1" for cell in marked) if simulated is None else simulated,
        form=data.form,
        wave=_one(data.meta.get("WAVE", [])),
        scales=main.scales,
        indices=main.indices,
        items=main.items,
    )
    found.tier = plan.tier(found.used)
    found.withheld.extend(plan.withheld_at(found.used))
    if found.used >= plan.block("alpha").least:
        main.require_variation()
    _levels(found, main)
    _reliability(found, main)
    _structure(found, main)
    _regression(found, main)
    if found.excluded:
        everybody = View(blank.select(seen), chosen.without)
        _all_rows(found, everybody)
    return found


def _one(cells: Sequence[str]) -> str:
    return ", ".join(sorted({cell for cell in cells if cell}))


def _resolve(instrument: Instrument, options: Options) -> Options:
    """Fill in the definition's defaults and refuse unknown names."""
    known = [scale.code for scale in instrument.scales]
    defaults = instrument.analysis
    outcome = options.outcome or defaults.outcome
    predictors = options.predictors or tuple(p for p in defaults.predictors if p != outcome)
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
    return Options(
        outcome=outcome,
        predictors=predictors,
        factors=options.factors or defaults.factors,
        without=options.without,
        population=options.population,
        seed=options.seed,
        n_boot=options.n_boot,
    )


def _try(found: Findings, block: str, n: int, make: Callable[[], R], subject: str = "") -> R | None:
    """Make a result, or note why there is none. Constant items still stop the run."""
    refused = plan.permit(block, n, subject)
    if refused:
        if found.used >= plan.block(block).least:
            found.withheld.append(refused)  # this part has fewer cases than the data set
        return None
    code = "not_enough"
    names: tuple[str, ...] = ()
    try:
        result = make()
        result.require_proper()
    except DegenerateItem:
        raise
    except NotConverged as error:
        code, reason = "not_converged", str(error)
    except ImproperSolution as error:
        code, reason, names = "improper", str(error), error.items
    except NotEnoughData as error:
        reason = str(error)
    else:
        return result
    found.withheld.append(Withheld(block, plan.tier(n).code, n, reason, code, subject, names))
    return None


def _levels(found: Findings, view: View) -> None:
    scale = view.data.instrument.response_scale
    span = scale.high - scale.low
    for code in (*view.scales, *view.indices):
        means = view.scores.mean_of(code)
        valid = means[~np.isnan(means)]
        n = len(valid)
        if plan.block("medians").least <= n <= (plan.block("medians").most or n):
            found.medians[code] = Median(
                n=n,
                method="median of the scale means",
                missing="scoring rule of the definition",
                median=float(np.median(valid)),
            )

        def level(valid: Floats = valid, n: int = n) -> Level:
            mean = levels.mean_interval(valid, found.options.population)
            pomp = [
                (x - scale.low) / span * 100 for x in (mean.estimate, mean.ci_low, mean.ci_high)
            ]
            percent = (valid - scale.low) / span * 100
            return Level(
                n=n,
                method=mean.method,
                missing="scoring rule of the definition",
                flags=mean.flags,
                mean=mean,
                pomp=pomp[0],
                pomp_low=pomp[1],
                pomp_high=pomp[2],
                favourable=int((percent >= FAVOURABLE - 1e-9).sum()),
            )

        made = _try(found, "levels", n, level, code)
        if made:
            found.levels[code] = made
    options = tuple(option.value for option in scale.options)
    for item in view.data.instrument.items:
        if not item.scale or item.code not in view.items.get(item.scale, ()):
            continue
        column = view.data.item_codes.index(item.code)
        answers = view.raw[item.code].to_numpy(dtype=float)

        def describe(answers: Floats = answers, column: int = column) -> Description:
            kinds = screening.missing_by_kind(view.data.raw[:, column])
            return screening.describe(answers, scale.low, scale.high, kinds=kinds, options=options)

        made_item = _try(
            found, "descriptives", int((~np.isnan(answers)).sum()), describe, item.code
        )
        if made_item:
            found.descriptives[item.code] = made_item


def _with_mark(result: R, block: str, n: int) -> R:
    from dataclasses import replace

    flag = plan.mark(block, n)
    return replace(result, flags=(*result.flags, flag)) if flag else result


def _reliability(found: Findings, view: View) -> None:
    for code in view.scales:
        frame, n = view.frame(code), view.scored(code)
        alpha = _try(found, "alpha", n, lambda f=frame: reliability.alpha(f), code)  # type: ignore[misc]
        if alpha:
            found.alphas[code] = _with_mark(alpha, "alpha", n)
        omega = _try(
            found,
            "omega",
            n,
            lambda f=frame: reliability.omega(f, seed=found.options.seed),  # type: ignore[misc]
            code,
        )
        if omega:
            found.omegas[code] = omega
        table = _try(found, "items", n, lambda f=frame: items.analyse(f), code)  # type: ignore[misc]
        if table:
            found.item_analyses[code] = table
    for code in view.indices:
        frame, n = view.frame(code), view.scored(code)
        if frame.shape[1] != 2:
            continue

        def pair(frame: pd.DataFrame = frame) -> Pair:
            return Pair(
                n=len(frame.dropna()),
                method="Spearman-Brown coefficient of two standardised items",
                missing="listwise",
                spearman_brown=reliability.spearman_brown(frame),
            )

        made = _try(found, "alpha", n, pair, code)
        if made:
            found.pairs[code] = _with_mark(made, "alpha", n)
    frame = view.score_frame(view.scales)
    n = len(frame.dropna())
    kind = "pearson" if n >= plan.PEARSON_FROM else "spearman"
    if len(view.scales) > 1:
        table_r = _try(
            found,
            "correlations",
            n,
            lambda: correlations.correlate(frame, kind=kind),  # type: ignore[arg-type]
        )
        found.correlations = _with_mark(table_r, "correlations", n) if table_r else None


def _structure(found: Findings, view: View) -> None:
    codes = view.factor_items()
    if len(codes) < 3:
        return
    frame = view.keyed[codes]
    n = len(frame.dropna())
    found.adequacy = _try(found, "factorability", n, lambda: factors.adequacy(frame))
    if found.adequacy is None:
        return
    found.parallel = _try(
        found, "factors", n, lambda: factors.parallel(frame, seed=found.options.seed)
    )
    number = found.options.factors
    if number is None and found.parallel is not None:
        number = max(found.parallel.n_components, 1)
    if number:
        found.factors = _try(found, "factors", n, lambda: factors.explore(frame, number))


def _fit(found: Findings, view: View, note: bool) -> Regression | None:
    outcome, predictors = found.options.outcome, found.options.predictors
    names = [code for code in (outcome, *predictors) if code]
    if outcome is None or not predictors or any(code not in view.scales for code in names):
        return None
    frame = view.score_frame(names)
    n = len(frame.dropna())

    def make() -> Regression:
        return regression.regress(
            frame, outcome, predictors, n_boot=found.options.n_boot, seed=found.options.seed
        )

    if note:
        made = _try(found, "regression", n, make)
    else:
        try:
            made = make() if plan.permit("regression", n) is None else None
        except AnalysisError:
            return None  # the main analysis has said why
    return _with_mark(made, "regression", n) if made else None


def _regression(found: Findings, view: View) -> None:
    found.regression = _fit(found, view, note=True)
    if found.regression is None:
        return
    in_model = {found.options.outcome, *found.options.predictors}
    for code in view.data.instrument.analysis.sensitivity_without:
        if code in found.options.without or view.data.instrument.item(code).scale not in in_model:
            continue
        less = View(without(view.data, [code]), [*found.options.without, code])
        made = _fit(found, less, note=False)
        if made:
            found.sensitivity[code] = made


def _all_rows(found: Findings, view: View) -> None:
    """Alpha and regression with the careless rows in: reported beside, never instead."""
    for code in found.alphas:
        found.all_rows_alphas[code] = reliability.alpha(view.frame(code))
    if found.regression is not None:
        found.all_rows_regression = _fit(found, view, note=False)
