"""Findings as plain tables, unrounded, for a spreadsheet or R."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from analysis.findings import Findings

if TYPE_CHECKING:
    import pandas as pd


def tables(found: Findings) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield (file name without ending, frame) of what there is; row names come first."""
    import pandas as pd

    scales = {code: row for code in (*found.scales, *found.indices) if (row := _scale(found, code))}
    if scales:
        yield "scales", pd.DataFrame.from_dict(scales, orient="index")
    if found.descriptives:
        yield "items", _items(found)
    if found.correlations:
        yield "correlations", found.correlations.r
    if found.whole and found.whole.factorability:
        yield "msa", found.whole.factorability.msa.to_frame("msa")
    if found.whole and found.whole.factors:
        loadings = found.whole.factors.loadings.copy()
        loadings["communality"] = found.whole.factors.communalities
        yield "loadings", loadings
        yield "factor_correlations", found.whole.factors.phi
    if found.regression:
        yield "regression", found.regression.coefficients
        yield "regression_checks", found.regression.assumptions


def _scale(found: Findings, code: str) -> dict[str, object]:
    row: dict[str, object] = {}
    if code in found.medians:
        row |= {"n": found.medians[code].n, "median": found.medians[code].median}
    if code in found.levels:
        level = found.levels[code]
        row |= {
            "n": level.n,
            "mean": level.mean.estimate,
            "mean_low": level.mean.ci_low,
            "mean_high": level.mean.ci_high,
            "sd": level.mean.sd,
            "pomp": level.pomp,
            "pomp_low": level.pomp_low,
            "pomp_high": level.pomp_high,
            "favourable": level.favourable,
        }
    if code in found.alphas:
        alpha = found.alphas[code]
        row |= {
            "items": alpha.k,
            "alpha_n": alpha.n,
            "alpha": alpha.raw,
            "alpha_low": alpha.ci_low,
            "alpha_high": alpha.ci_high,
            "alpha_standardized": alpha.standardized,
            "mean_r": alpha.mean_r,
            "lambda6": alpha.lambda6,
        }
    if code in found.omegas:
        omega = found.omegas[code]
        row |= {
            "omega_n": omega.n,
            "omega": omega.estimate,
            "omega_low": omega.ci_low,
            "omega_high": omega.ci_high,
        }
    if code in found.pairs:
        row |= {"spearman_brown": found.pairs[code].spearman_brown}
    return row


def _items(found: Findings) -> pd.DataFrame:
    import pandas as pd

    rows = {}
    for code, item in found.descriptives.items():
        row: dict[str, object] = {
            "n": item.n,
            "mean": item.mean,
            "sd": item.sd,
            "skew": item.skew,
            "kurtosis": item.kurtosis,
            "floor": item.floor,
            "ceiling": item.ceiling,
        }
        row |= {f"missing_{kind}": count for kind, count in item.missing_by_kind.items()}
        row |= {f"count_{option}": count for option, count in item.counts.items()}
        rows[code] = row
    table = pd.DataFrame.from_dict(rows, orient="index")
    parts = [
        one.table[["item_total", "item_total_uncorrected", "critical_r", "if_deleted", "verdict"]]
        for one in found.item_analyses.values()
    ]
    return table.join(pd.concat(parts)) if parts else table
