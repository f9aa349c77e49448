"""What the items have in common: factorability and the exploratory solution."""

from __future__ import annotations

from analysis import wording
from analysis.findings import Findings
from analysis.report.markup import Html, Numbering, bold
from analysis.results import at
from analysis.wording import Voice, scale_name

SALIENT = 0.40
"""Loadings printed in bold."""


def factors(found: Findings, voice: Voice, number: Numbering) -> str:
    """Factorability, then the exploratory solution."""
    if not found.whole:
        return ""
    adequacy = found.whole.factorability
    if adequacy is None:
        return ""
    rows: list[list[object]] = [
        [
            "KMO",
            voice.fixed(adequacy.kmo, bounded=True),
            wording.adequacy_reading(found.plan, adequacy.kmo, voice),
        ],
        [
            voice("Bartlett χ²", "Bartlett’s χ²"),
            voice.fixed(adequacy.bartlett_chi2),
            f"{voice('db', 'df')} = {adequacy.bartlett_df}, {voice.p_equals(adequacy.bartlett_p)}",
        ],
        [
            voice("Determinan", "Determinant"),
            voice.fixed(adequacy.determinant, 5, bounded=True),
            "> 0,00001" if voice.language == "id" else "> .00001",
        ],
        [
            voice("MSA terkecil", "Lowest MSA"),
            voice.fixed(float(adequacy.msa.min()), bounded=True),
            str(adequacy.msa.idxmin()),
        ],
    ]
    if found.whole.parallel:
        rows.append(
            [
                voice("Analisis paralel", "Parallel analysis"),
                str(found.whole.parallel.n_components),
                voice("komponen di atas persentil 95", "components above the 95th percentile"),
            ]
        )
    parts = [
        number.table(
            voice("Kelayakan analisis faktor", "Factorability"),
            [voice("Ukuran", "Measure"), voice("Nilai", "Value"), voice("Bacaan", "Reading")],
            [("", rows)],
            f"n = {voice.count(adequacy.n)}, {voice.missing(adequacy.missing)}, "
            f"{len(adequacy.msa)} {voice('butir', 'items')}.",
            voice(
                "KMO ≥ 0,60 cukup, ≥ 0,80 baik; pada n kecil KMO rendah berarti sampel kecil, "
                "bukan instrumen yang buruk.",
                "KMO ≥ .60 sufficient, ≥ .80 good; at small n a low KMO means a small sample, not "
                "a bad instrument.",
            ),
            left=(2,),
            narrow=True,
        )
    ]
    if found.whole.factors:
        parts.append(_loadings(found, voice, number))
    return "\n".join(parts)


def _loadings(found: Findings, voice: Voice, number: Numbering) -> str:
    solution = found.whole.factors if found.whole else None
    if solution is None:
        return ""
    names = list(solution.loadings.columns)
    groups = []
    for scale, codes in found.items.items():
        rows: list[list[object]] = []
        for code in codes:
            if code not in solution.loadings.index:
                continue
            cells: list[Html | str] = []
            for factor in names:
                loading = at(solution.loadings, code, factor)
                cell = voice.fixed(loading, bounded=True)
                cells.append(bold(cell) if abs(loading) >= SALIENT else cell)
            rows.append(
                [code, *cells, voice.fixed(float(solution.communalities[code]), bounded=True)]
            )
        if rows:
            groups.append((scale_name(found.instrument, scale, voice), rows))
    extraction = {"minres": "minres", "ml": "ML", "pa": "PA"}[solution.extraction]
    low, high = solution.rmsea_ci
    sums: list[object] = [
        voice("Varian (SS)", "Variance (SS)"),
        *(voice.fixed(float(x)) for x in solution.variance["ss"]),
        "",
    ]
    groups.append(("", [sums]))
    loadings = number.table(
        voice(
            f"Muatan {solution.n_factors} faktor ({extraction}, {solution.rotation})",
            f"Loadings of {solution.n_factors} factors ({extraction}, {solution.rotation})",
        ),
        [voice("Butir", "Item"), *names, "h²"],
        groups,
        voice(
            f"n = {voice.count(solution.n)}, {voice.missing(solution.missing)}; tebal: |muatan| ≥ "
            "0,40. Butir searah skala. ",
            f"n = {voice.count(solution.n)}, {voice.missing(solution.missing)}; bold: |loading| ≥ "
            ".40. Items in keyed direction. ",
        )
        + f"χ²({solution.df}) = {voice.fixed(solution.chi2)}, {voice.p_equals(solution.p)}, "
        + f"RMSEA = {voice.fixed(solution.rmsea, 3, bounded=True)} "
        + f"{voice.between(low, high, 3, bounded=True)} (90%), "
        + f"TLI = {voice.fixed(solution.tli, 3, bounded=True)}, "
        + f"RMSR = {voice.fixed(solution.rmsr, 3, bounded=True)}.",
        voice("Urutan dan tanda faktor tidak bermakna.", "Order and sign of factors mean nothing."),
    )
    if solution.rotation == "none" or solution.n_factors < 2:
        return loadings
    rows = [
        [
            name,
            *(
                voice.fixed(at(solution.phi, name, other), bounded=True)
                if names.index(other) < i
                else ""
                for other in names[:-1]
            ),
        ]
        for i, name in enumerate(names)
    ]
    return loadings + number.table(
        voice("Korelasi antarfaktor", "Correlations between factors"),
        [voice("Faktor", "Factor"), *names[:-1]],
        [("", rows)],
        f"n = {voice.count(solution.n)}, {voice.missing(solution.missing)}.",
        narrow=True,
    )
