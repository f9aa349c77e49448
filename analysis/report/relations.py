"""How scales go together: correlations, then the regression."""

from __future__ import annotations

import math
from html import escape

from analysis import plan, wording
from analysis.findings import Findings
from analysis.report.levels import range_words
from analysis.report.markup import Numbering, forest, paragraph, starred, text
from analysis.results import Regression, at
from analysis.wording import Voice, scale_name
from instrument.model import Instrument


def relations(found: Findings, voice: Voice, number: Numbering) -> str:
    """Correlations between scales, then the regression."""
    parts = []
    if found.correlations:
        parts.append(_correlation_table(found, voice, number))
    if found.regression:
        parts.append(_regression(found, found.regression, voice, number))
    return "\n".join(parts)


def _correlation_table(found: Findings, voice: Voice, number: Numbering) -> str:
    table = found.correlations
    if table is None:
        return ""
    codes = list(table.r.index)
    rows: list[list[object]] = []
    for i, code in enumerate(codes):
        level = found.levels.get(code)
        reliable = found.omegas.get(code)
        alpha = found.alphas.get(code)
        if found.omegas:
            coefficient = voice.fixed(reliable.estimate, bounded=True) if reliable else "–"
        else:
            coefficient = voice.fixed(alpha.raw, bounded=True) if alpha else "–"
        row: list[object] = [
            f"{i + 1}. {scale_name(found.instrument, code, voice)}",
            voice.fixed(level.mean.estimate) if level else "–",
            voice.fixed(level.mean.sd) if level else "–",
            coefficient,
        ]
        for other in codes[:-1]:
            j = codes.index(other)
            if j >= i:
                row.append("")
                continue
            value = voice.fixed(at(table.r, code, other), bounded=True)
            holds = at(table.p_holm, code, other) < 0.05
            row.append(starred(value) if holds else value)
        rows.append(row)
    letter = "ω" if found.omegas else "α"
    pairs = len(codes) * (len(codes) - 1) // 2
    kind = voice(
        "Korelasi Pearson" if table.kind == "pearson" else "Korelasi peringkat Spearman",
        "Pearson correlations" if table.kind == "pearson" else "Spearman rank correlations",
    )
    mark = wording.mark(table, voice)
    return number.table(
        voice(
            "Rerata, simpangan baku, reliabilitas, dan korelasi antarskala "
            f"(n = {voice.count(table.n)})",
            "Means, standard deviations, reliability and correlations "
            f"(n = {voice.count(table.n)})",
        ),
        [
            voice("Skala", "Scale"),
            "M",
            voice("SB", "SD"),
            letter,
            *(str(i + 1) for i in range(len(codes) - 1)),
        ],
        [("", rows)],
        range_words(found.instrument, voice),
        voice(
            f"{kind}, n = {voice.count(table.n)}, {voice.missing(table.missing)}. * kisaran 95% "
            f"tidak memuat 0 sesudah koreksi Holm untuk {pairs} pasang.",
            f"{kind}, n = {voice.count(table.n)}, {voice.missing(table.missing)}. * 95% interval "
            f"excludes 0 after Holm’s correction for {pairs} pairs.",
        ),
        f"{mark.capitalize()}." if mark else "",
    )


def _regression(found: Findings, model: Regression, voice: Voice, number: Numbering) -> str:
    definition = found.instrument
    outcome = scale_name(definition, model.outcome, voice)
    table = model.coefficients
    shown = []
    claims = []
    for name in model.predictors:
        low, high = wording.limits_of(found.plan, model, name)
        estimate = at(table, name, "b")
        shown.append((scale_name(definition, name, voice), estimate, low, high))
        css = ' class="yes"' if low > 0 or high < 0 else ""
        claims.append(
            f"<li{css}>{text(wording.slope(found.plan, model, name, definition, voice))}</li>"
        )
    bootstrap = model.n < found.plan.settings.not_enough_below
    kind = voice(
        f"bootstrap persentil ({voice.count(model.n_boot)} ulangan, benih {model.seed})"
        if bootstrap
        else "galat baku HC3, t",
        f"percentile bootstrap ({voice.count(model.n_boot)} resamples, seed {model.seed})"
        if bootstrap
        else "HC3 standard errors, t",
    )
    rows = [_coefficient_row(model, name, definition, voice) for name in table.index]
    badge = wording.mark(model, voice)
    parts = [
        f"<h3>{escape(voice(f'Regresi {outcome}', f'Regression of {outcome}'))}"
        f"{f' <span class=badge>{escape(badge)}</span>' if badge else ''}</h3>".replace(
            "class=badge", 'class="badge"'
        ),
        paragraph(wording.explained(model, definition, voice), "say"),
        f'<ul class="claims">{"".join(claims)}</ul>',
        number.figure(
            voice(
                f"Kemiringan b tiap skala terhadap {outcome}, yang lain tetap, dan kisaran 95%",
                f"Slope b of each scale on {outcome}, the others held constant, with 95% ranges",
            ),
            forest(voice, shown),
            voice(
                f"n = {voice.count(model.n)}, {voice.missing('listwise')}; kisaran: {kind}. "
                "Berkaitan, belum tentu sebab; satu kali survei tidak bisa menunjukkan "
                "sebab-akibat.",
                f"n = {voice.count(model.n)}, {voice.missing('listwise')}; ranges: {kind}. "
                "Related, not necessarily a cause; one survey cannot show cause and effect.",
            ),
        ),
        number.table(
            voice(f"Regresi OLS, terikat: {outcome}", f"OLS regression, outcome: {outcome}"),
            [
                voice("Skala", "Scale"),
                "b",
                voice("GB HC3", "SE HC3"),
                voice("95% HC3", "95% HC3"),
                voice("95% bootstrap", "95% bootstrap"),
                "p HC3",
                "p Holm",
                "β",
                voice("r² parsial", "partial r²"),
                voice("r² semiparsial", "semipartial r²"),
                "VIF",
            ],
            [("", rows)],
            voice(
                f"n = {voice.count(model.n)}, {voice.missing('listwise')}, {model.dropped} baris "
                "tanpa skor lengkap. ",
                f"n = {voice.count(model.n)}, {voice.missing('listwise')}, {model.dropped} rows "
                "without all scores. ",
            )
            + f"R² = {voice.fixed(model.r2, 3, bounded=True)}, "
            + voice("R² terkoreksi", "adjusted R²")
            + f" = {voice.fixed(model.adj_r2, 3, bounded=True)}, "
            + f"F({model.f_df[0]}{';' if voice.language == 'id' else ','} {model.f_df[1]}) = "
            + f"{voice.fixed(model.f)}, {voice.p_equals(model.f_p)}, "
            + f"f² = {voice.fixed(model.f2)}.",
            voice(
                f"HC3 dengan t pada {model.f_df[1]} db; p Holm untuk {len(model.predictors)} "
                "kemiringan.",
                f"HC3 with t on {model.f_df[1]} df; Holm’s p over {len(model.predictors)} slopes.",
            ),
        ),
        _importance(found, model, voice, number),
        _checks(model, definition, voice, number),
        _beside(found, model, voice, number),
    ]
    return "\n".join(part for part in parts if part)


def _coefficient_row(
    model: Regression, name: str, definition: Instrument, voice: Voice
) -> list[object]:
    row = {str(key): at(model.coefficients, name, str(key)) for key in model.coefficients.columns}
    intercept = name == "(Intercept)"
    label = (
        voice("(Konstanta)", "(Intercept)") if intercept else scale_name(definition, name, voice)
    )
    return [
        label,
        voice.fixed(row["b"]),
        voice.fixed(row["hc3_se"]),
        voice.between(row["hc3_ci_low"], row["hc3_ci_high"]),
        voice.between(row["boot_low"], row["boot_high"]),
        voice.p(row["hc3_p"]),
        "" if intercept else voice.p(row["hc3_p_holm"]),
        "" if intercept else voice.fixed(row["beta"]),
        "" if intercept else voice.fixed(row["partial_r2"], 3, bounded=True),
        "" if intercept else voice.fixed(row["semi_partial_r2"], 3, bounded=True),
        "" if intercept else voice.fixed(row["vif"]),
    ]


def _importance(found: Findings, model: Regression, voice: Voice, number: Numbering) -> str:
    if plan.permit(found.plan, "importance", model.n) or not math.isfinite(
        at(model.coefficients, model.predictors[0], "lmg")
    ):
        return ""
    rows = []
    for name in model.predictors:
        low, high = (at(model.coefficients, name, end) for end in ("lmg_low", "lmg_high"))
        share = at(model.coefficients, name, "lmg")
        rows.append(
            [
                scale_name(found.instrument, name, voice),
                voice.fixed(share, 3, bounded=True),
                voice.between(low, high, 3, bounded=True),
                voice.percent(share / model.r2),
            ]
        )
    exploratory = plan.mark(found.plan, "importance", model.n) is not None
    return number.table(
        voice("Bagian R² tiap skala (LMG)", "Shares of R² (LMG)"),
        [
            voice("Skala", "Scale"),
            "LMG",
            voice("95% bootstrap", "95% bootstrap"),
            voice("dari R²", "of R²"),
        ],
        [("", rows)],
        voice(
            f"n = {voice.count(model.n)}, {voice.missing('listwise')}. Kenaikan R² dirata-rata "
            f"atas semua urutan; jumlahnya R². Kisaran: {voice.count(model.n_boot)} ulangan, benih "
            f"{model.seed}.",
            f"n = {voice.count(model.n)}, {voice.missing('listwise')}. The rise of R² averaged "
            f"over all orders; they sum to R². Ranges: {voice.count(model.n_boot)} resamples, seed "
            f"{model.seed}.",
        ),
        voice(
            "Eksploratif: urutan keempatnya belum bisa dipercaya pada n ini.",
            "Exploratory: at this n their order cannot be trusted.",
        )
        if exploratory
        else "",
        narrow=True,
    )


def _checks(model: Regression, definition: Instrument, voice: Voice, number: Numbering) -> str:
    rows = []
    for name in model.assumptions.index:
        statistic, df, p = (at(model.assumptions, name, x) for x in ("statistic", "df", "p"))
        rows.append(
            [
                voice(*wording.TESTS[str(name)]),
                voice.fixed(statistic, 3),
                f"{df:.0f}" if math.isfinite(df) else "–",
                voice.p(p),
            ]
        )
    cook = int(model.influence["cook_over_4_n"])
    flips = [scale_name(definition, name, voice) for name in model.influence["flips"]]
    without = (
        voice(
            f"Tanpa mereka kesimpulan berubah untuk {voice.listed(flips)}.",
            f"Without them the finding changes for {voice.listed(flips)}.",
        )
        if flips
        else voice("Tanpa mereka kesimpulan tidak berubah.", "Without them no finding changes.")
    )
    return number.table(
        voice("Uji asumsi regresi, dilaporkan saja", "Tests of assumptions, reported only"),
        [voice("Uji", "Test"), voice("Statistik", "Statistic"), voice("db", "df"), "p"],
        [("", rows)],
        voice(
            f"n = {voice.count(model.n)}. Uji ini tidak menyaring apa pun: galat baku HC3 selalu "
            f"dipakai. Jarak Cook > 4/n: {cook} orang. {without if cook else ''}",
            f"n = {voice.count(model.n)}. These tests decide nothing: HC3 standard errors are "
            f"always used. Cook’s distance > 4/n: {cook} persons. {without if cook else ''}",
        ),
        narrow=True,
    )


def _beside(found: Findings, model: Regression, voice: Voice, number: Numbering) -> str:
    """The same regression with careless rows in, and without contaminated items."""
    others: list[tuple[str, Regression]] = []
    if found.all_rows_regression:
        label = voice(
            f"Semua baris (n = {voice.count(found.all_rows_regression.n)})",
            f"All rows (n = {voice.count(found.all_rows_regression.n)})",
        )
        others.append((label, found.all_rows_regression))
    for code, less in found.sensitivity.items():
        others.append((voice(f"Tanpa {code}", f"Without {code}"), less))
    if not others:
        return ""
    head = [
        voice("Skala", "Scale"),
        voice(f"Utama (n = {voice.count(model.n)})", f"Main (n = {voice.count(model.n)})"),
    ]
    rows = []
    for name in model.predictors:
        row: list[object] = [scale_name(found.instrument, name, voice)]
        for one in (model, *(other for _, other in others)):
            b = voice.fixed(at(one.coefficients, name, "b"))
            row.append(f"{b} {voice.between(*wording.limits_of(found.plan, one, name))}")
        rows.append(row)
    rows.append(
        ["R²", *(voice.fixed(one.r2, bounded=True) for one in (model, *(o for _, o in others)))]
    )
    return number.table(
        voice("Hasil yang sama dengan data lain", "The same result with other data"),
        [*head, *(label for label, _ in others)],
        [("", rows)],
        voice(
            "b dan kisaran 95%. Hasil utama tidak memakai baris bertanda kurang cermat.",
            "b and 95% ranges. The main result leaves out rows flagged as careless.",
        ),
    )
