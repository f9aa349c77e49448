"""How well it was measured: items, reliability, correlations between scales."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis import correlations, items, key_alarm, reliability, reliability_ordinal
from analysis.findings.found import Findings, attempt
from analysis.results import Flag, ItemAnalysis, Pair
from analysis.view import View

if TYPE_CHECKING:
    import pandas as pd


def find(found: Findings, view: View) -> None:
    """Fill items, reliability and correlations."""
    for code in view.scales:
        _scale(found, view.frame(code), view.scored(code), code)
    for code in view.indices:
        _index(found, view.frame(code), view.scored(code), code)
    _keys(found, view)
    _correlations(found, view)


def _scale(found: Findings, frame: pd.DataFrame, n: int, code: str) -> None:
    chosen = found.chosen
    alpha = attempt(found, "alpha", n, lambda: reliability.alpha(frame), code)
    if alpha:
        found.alphas[code] = alpha
    omega = attempt(
        found,
        "omega",
        n,
        lambda: reliability.omega(frame, n_boot=chosen.omega_boot, seed=chosen.seed),
        code,
    )
    if omega:
        found.omegas[code] = omega
    table = attempt(found, "items", n, lambda: _judged(found, items.analyse(frame)), code)
    if table:
        found.item_analyses[code] = table
    ordinal = attempt(
        found, "ordinal_reliability", n, lambda: reliability_ordinal.alpha(frame), code
    )
    if ordinal:
        found.ordinal_alphas[code] = ordinal
    if frame.shape[1] < 3:
        return
    categorical = attempt(
        found,
        "ordinal_reliability",  # its estimate; the interval waits for the plan's larger n
        n,
        lambda: reliability_ordinal.omega(
            frame,
            n_boot=chosen.omega_boot if n >= found.plan.block("categorical_omega").least else 0,
            seed=chosen.seed,
        ),
        code,
    )
    if categorical:
        found.categorical_omegas[code] = categorical


def _judged(found: Findings, made: ItemAnalysis) -> ItemAnalysis:
    """The verdicts by the plan's cut-offs."""
    from dataclasses import replace

    keep, watch = found.plan.limit("item_total_keep"), found.plan.limit("item_total_watch")
    r = made.table["item_total"].to_numpy(dtype=float)
    verdict = ["keep" if x >= keep else "watch" if x >= watch else "flag" for x in r]
    low = tuple(str(i) for i, v in zip(made.table.index, verdict, strict=True) if v == "flag")
    return replace(
        made,
        table=made.table.assign(verdict=verdict),
        flags=(Flag("low_item_total", low),) if low else (),
    )


def _index(found: Findings, frame: pd.DataFrame, n: int, code: str) -> None:
    if frame.shape[1] != 2:
        return

    def pair() -> Pair:
        return Pair(
            n=len(frame.dropna()),
            method="Spearman-Brown coefficient of two standardised items",
            missing="listwise",
            spearman_brown=reliability.spearman_brown(frame),
        )

    made = attempt(found, "alpha", n, pair, code)
    if made:
        found.pairs[code] = made


def _keys(found: Findings, view: View) -> None:
    scales = {code: view.items[code] for code in view.scales if len(view.items[code]) > 1}
    if not scales:
        return
    frame = view.keyed[[code for group in scales.values() for code in group]]
    found.key_alarm = attempt(
        found, "key_alarm", found.used, lambda: key_alarm.check(frame, scales)
    )


def _correlations(found: Findings, view: View) -> None:
    if len(view.scales) < 2:
        return
    frame = view.score_frame(view.scales)
    n = len(frame.dropna())
    settings = found.plan.settings
    found.correlations = attempt(
        found,
        "correlations",
        n,
        lambda: correlations.correlate(
            frame,
            kind="pearson" if n >= settings.spearman_below else "spearman",
            level=settings.level,
        ),
    )
