"""What the items have in common: explorations, confirmatory models, validity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from analysis import factors, validity
from analysis import plan as plans
from analysis.confirm import Confirmation, fit
from analysis.findings.found import FactorBlock, Findings, attempt, in_model
from analysis.findings.summaries import ModelComparison
from analysis.plan.model import Confirmation as Planned
from analysis.view import View

if TYPE_CHECKING:
    import pandas as pd

    from analysis.confirm.fitting import Estimator

Model = dict[str, tuple[str, ...]]
ORDINAL_FROM = "confirmatory"
"""From this block's n ordered answers are fitted as such, robust ML beside."""
METHOD = "METHOD"
SINGLE = "ALL"


def find(found: Findings, view: View) -> None:
    """Fill explorations, models, validity and the checks for method variance."""
    found.whole = _whole(found, view)
    for block in found.plan.explorations:
        if in_model(found, block.scales):
            codes = [code for scale in block.scales for code in view.items[scale]]
            made = FactorBlock(block.scales)
            _explore(found, made, view.keyed[codes], None, block.code, len(block.scales))
            found.explorations[block.code] = made
    for code in view.scales:
        _one_factor(found, view.frame(code), code)
    for pair in found.plan.watched_pairs:
        if in_model(found, pair):
            _pair(found, view, pair)
    for model in found.plan.confirmations:
        if in_model(found, model.scales):
            _model(found, view, model)
    if found.confirmations:
        found.comparison = _comparison(found)
    _validity(found, view)


def _whole(found: Findings, view: View) -> FactorBlock | None:
    codes = view.factor_items()
    if len(codes) < 3:
        return None
    made = FactorBlock(view.scales)
    number = found.chosen.factors
    wanted = bool(number) or not found.plan.explorations
    _explore(found, made, view.keyed[codes], number, "", 0 if wanted else -1)
    return made


def _explore(
    found: Findings,
    made: FactorBlock,
    frame: pd.DataFrame,
    number: int | None,
    subject: str,
    theory: int,
) -> None:
    """Factorability, number of factors, EFA.

    ``number`` None: ``theory`` factors, or as many components as exceed chance where theory
    is 0; no EFA where it is -1.
    """
    n = len(frame.dropna())
    settings = found.plan.settings
    made.factorability = attempt(
        found, "factorability", n, lambda: factors.adequacy(frame), subject
    )
    if made.factorability is None:
        return
    made.parallel = attempt(
        found,
        "parallel",
        n,
        lambda: factors.parallel(
            frame,
            quantile=settings.parallel_quantile,
            repetitions=settings.parallel_repetitions,
            seed=found.chosen.seed,
        ),
        subject,
    )
    made.minimum_average_partial = attempt(
        found, "parallel", n, lambda: factors.minimum_average_partial(frame), subject
    )
    if theory < 0:
        return
    if number is None:
        number = theory or (max(made.parallel.n_components, 1) if made.parallel else None)
    if number:
        wanted = number
        made.factors = attempt(
            found,
            "factors",
            n,
            lambda: factors.explore(
                frame, wanted, extraction=settings.extraction, rotation=settings.rotation
            ),
            subject,
        )


def _estimators(found: Findings, n: int) -> tuple[Estimator, ...]:
    ordinal = plans.permit(found.plan, ORDINAL_FROM, n) is None
    return ("WLSMV", "MLR") if ordinal else ("MLR",)


def _one_factor(found: Findings, frame: pd.DataFrame, code: str) -> None:
    n = len(frame.dropna())
    if frame.shape[1] < 4 or plans.permit(found.plan, "convergent", n):
        return  # below the n of robust ML the one-factor check is omega's own model
    fitted: dict[str, Confirmation] = {}
    for estimator in _estimators(found, n):
        made = attempt(
            found,
            "one_factor",
            n,
            lambda e=estimator: fit(  # type: ignore[misc]
                {code: tuple(map(str, frame.columns))}, frame, estimator=e
            ),
            code,
        )
        if made:
            fitted[estimator] = made
    if fitted:
        found.one_factor[code] = fitted


def _pair(found: Findings, view: View, pair: Sequence[str]) -> None:
    first, second = pair
    items = (*view.items[first], *view.items[second])
    frame = view.keyed[list(items)]
    n = len(frame.dropna())
    name = f"{first} {second}"
    models: Mapping[str, Model] = {
        "two": {first: view.items[first], second: view.items[second]},
        "one": {f"{first}_{second}": items},
    }
    fitted = {}
    for kind, model in models.items():
        made = attempt(
            found,
            "pair_models",
            n,
            lambda m=model: fit(m, frame, estimator="MLR"),  # type: ignore[misc]
            name,
        )
        if made:
            fitted[kind] = made
    if fitted:
        found.pair_models[name] = fitted


def model_of(planned: Planned, items: Mapping[str, tuple[str, ...]]) -> Model:
    """Factor -> items of a planned model."""
    if planned.one_factor:
        return {SINGLE: tuple(code for scale in planned.scales for code in items[scale])}
    shared = {scale: merged for merged in planned.merged for scale in merged}
    made: Model = {}
    for scale in planned.scales:
        merged = shared.get(scale, (scale,))
        name = "_".join(merged)
        if name not in made:
            made[name] = tuple(code for one in merged for code in items[one])
    return made


def _model(found: Findings, view: View, planned: Planned) -> None:
    model = model_of(planned, view.items)
    items = [code for codes in model.values() for code in codes]
    frame = view.keyed[items]
    n = len(frame.dropna())
    reverse = [code for code in items if found.instrument.item(code).reverse]
    if planned.reverse_factor and len(reverse) < 2:
        return
    methods = {METHOD: reverse} if planned.reverse_factor else None
    block = "method_factor" if planned.reverse_factor else "confirmatory"
    fitted: dict[str, Confirmation] = {}
    for estimator in _estimators(found, n):
        made = attempt(
            found,
            block,
            n,
            lambda e=estimator: fit(model, frame, estimator=e, methods=methods),  # type: ignore[misc]
            planned.code,
        )
        if made:
            fitted[estimator] = made
    if fitted:
        found.confirmations[planned.code] = fitted


MEASURES = {
    "chisq": "chisq.scaled",
    "df": "df.scaled",
    "p": "pvalue.scaled",
    "cfi": "cfi.{kind}",
    "tli": "tli.{kind}",
    "rmsea": "rmsea.{kind}",
    "rmsea_low": "rmsea.ci.lower.{kind}",
    "rmsea_high": "rmsea.ci.upper.{kind}",
    "srmr": "srmr",
    "aic": "aic",
    "bic": "bic",
}


def _comparison(found: Findings) -> ModelComparison:
    """Fit of every model; parameters counted as maximum likelihood has them."""
    import pandas as pd

    rows = {}
    n = 0
    for code, fitted in found.confirmations.items():
        counted = fitted.get("MLR", best(fitted)).fit.get("npar")
        q = float("nan") if counted is None else float(counted)
        for estimator, one in fitted.items():
            n = max(n, one.n)
            kind = "robust" if estimator == "MLR" else "scaled"
            values = {name: one.fit.get(key.format(kind=kind)) for name, key in MEASURES.items()}
            rows[f"{code} {estimator}"] = {
                "n": one.n,
                "factors": len(one.model),
                "items": len(one.items),
                "parameters": q,
                "cases_per_parameter": one.n / q,
                **{name: float("nan") if x is None else float(x) for name, x in values.items()},
            }
    return ModelComparison(
        n=n,
        method="MLR: Yuan-Bentler scaled chi-square, robust CFI, TLI, RMSEA; WLSMV: mean- and "
        "variance-adjusted chi-square, scaled CFI, TLI, RMSEA; 90% intervals of RMSEA",
        missing="listwise on the items of each model",
        table=pd.DataFrame.from_dict(rows, orient="index"),
    )


def best(fitted: Mapping[str, Confirmation]) -> Confirmation:
    """The estimate to read first: of ordered answers where there is one."""
    return fitted.get("WLSMV") or next(iter(fitted.values()))


def main_model(found: Findings) -> str | None:
    """The plan's model with the most factors of their own that could be fitted."""
    plain = [
        one
        for one in found.plan.confirmations
        if one.code in found.confirmations
        and not (one.one_factor or one.merged or one.reverse_factor)
    ]
    return max(plain, key=lambda one: len(one.scales)).code if plain else None


def _validity(found: Findings, view: View) -> None:
    chosen = main_model(found)
    if chosen:
        model = best(found.confirmations[chosen])
        made = attempt(found, "convergent", model.n, lambda: validity.convergent(model), chosen)
        if made:
            found.convergent[chosen] = made
        found.discriminant = attempt(
            found, "discriminant", model.n, lambda: validity.fornell_larcker(model), chosen
        )
    else:
        for code, fitted in found.one_factor.items():
            single = best(fitted)
            made = attempt(
                found,
                "convergent",
                single.n,
                lambda s=single: validity.convergent(s),  # type: ignore[misc]
                code,
            )
            if made:
                found.convergent[code] = made
    scales = {code: view.items[code] for code in view.scales if len(view.items[code]) > 1}
    items = [code for codes in scales.values() for code in codes]
    frame = view.keyed[items]
    n = len(frame.dropna())
    if len(scales) > 1:
        found.htmt = attempt(
            found,
            "htmt",
            n,
            lambda: validity.htmt(
                frame, scales, n_boot=found.chosen.omega_boot, seed=found.chosen.seed
            ),
        )
        found.harman = attempt(found, "harman", n, lambda: validity.harman(frame))
