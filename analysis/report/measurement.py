"""How well it was measured: reliability, items."""

from __future__ import annotations

import math
from html import escape

from analysis import plan, wording
from analysis.findings import Findings
from analysis.report.markup import Numbering
from analysis.results import Alpha
from analysis.wording import Voice, scale_name


def reliability(found: Findings, voice: Voice, number: Numbering) -> str:
    """Alpha and omega with intervals; the reading is judged on the interval."""
    if not (found.alphas or found.pairs):
        return ""
    beside = bool(found.all_rows_alphas)
    head = [voice("Skala", "Scale"), voice("butir", "items"), "n", "α", "95%", "ω", "95%"]
    head += [voice("α semua baris", "α all rows")] if beside else []
    head += [voice("r̄ antarbutir", "mean r"), "λ6", voice("Bacaan", "Reading")]
    rows = []
    for code, alpha in found.alphas.items():
        omega = found.omegas.get(code)
        main, low = (
            (omega.estimate, omega.ci_low)
            if omega and math.isfinite(omega.ci_low)
            else (alpha.raw, alpha.ci_low)
        )
        row: list[object] = [
            scale_name(found.instrument, code, voice),
            alpha.k,
            voice.count(alpha.n),
            voice.fixed(alpha.raw, bounded=True),
            voice.between(alpha.ci_low, alpha.ci_high, bounded=True),
            voice.fixed(omega.estimate, bounded=True) if omega else "–",
            voice.between(omega.ci_low, omega.ci_high, bounded=True) if omega else "–",
        ]
        if beside:
            row.append(_alpha_of(found.all_rows_alphas.get(code), voice))
        row += [
            voice.fixed(alpha.mean_r, bounded=True),
            voice.fixed(alpha.lambda6, bounded=True),
            _reading(found, alpha, main, low, voice),
        ]
        rows.append(row)
    for code, pair in found.pairs.items():
        rows.append(
            [
                scale_name(found.instrument, code, voice),
                2,
                voice.count(pair.n),
                *(["–"] * (len(head) - 4)),
                f"Spearman-Brown {voice.fixed(pair.spearman_brown, bounded=True)}",
            ]
        )
    omega_some = next(iter(found.omegas.values()), None)
    how = ""
    if omega_some:
        how = voice(
            f"ω: satu faktor ML atas skor mentah, {voice.missing('listwise')}, bootstrap "
            f"{voice.count(omega_some.n_boot)} ulangan (benih {omega_some.seed}).",
            f"ω: one-factor ML of raw scores, {voice.missing('listwise')}, bootstrap of "
            f"{voice.count(omega_some.n_boot)} resamples (seed {omega_some.seed}).",
        )
    body = number.table(
        voice("Reliabilitas tiap skala", "Reliability of each scale"),
        head,
        [("", rows)],
        voice(
            f"α: Cronbach, kisaran Feldt, {voice.missing('pairwise')}; n = baris dengan jawaban. "
            "λ6 dari matriks korelasi.",
            f"α: Cronbach, Feldt interval, {voice.missing('pairwise')}; n = rows with an answer. "
            "λ6 of the correlation matrix.",
        ),
        how,
        voice(
            "Pada n ini skala yang baik pun kadang jatuh di bawah 0,70: satu gelombang di bawahnya "
            "bukan tanda skala rusak.",
            "At this n a good scale falls below .70 now and then: one wave below it is no broken "
            "scale.",
        )
        if found.used < 100
        else "",
        left=(len(head) - 1,),
    )
    return body + _one_factor(found, voice, number)


def _reading(found: Findings, alpha: Alpha, estimate: float, low: float, voice: Voice) -> str:
    mark = wording.mark(alpha, voice)
    return wording.reliability_reading(found.plan, estimate, low, voice) + (
        f"; {mark}" if mark else ""
    )


def _alpha_of(alpha: Alpha | None, voice: Voice) -> str:
    return voice.fixed(alpha.raw, bounded=True) if alpha else "–"


def _one_factor(found: Findings, voice: Voice, number: Numbering) -> str:
    rows = []
    for code, omega in found.omegas.items():
        fit = omega.fit
        if plan.permit(found.plan, "one_factor", omega.n) or not fit["df"]:
            continue
        numbers = {key: float("nan") if value is None else value for key, value in fit.items()}
        rows.append(
            [
                scale_name(found.instrument, code, voice),
                voice.count(omega.n),
                f"{voice.fixed(numbers['chisq'])} ({numbers['df']:.0f})",
                voice.p(numbers["pvalue"]),
                voice.fixed(numbers["cfi"], 3, bounded=True),
                voice.fixed(numbers["tli"], 3, bounded=True),
                voice.fixed(numbers["rmsea"], 3, bounded=True),
                voice.between(
                    numbers["rmsea.ci.lower"], numbers["rmsea.ci.upper"], 3, bounded=True
                ),
                voice.fixed(numbers["srmr"], 3, bounded=True),
                voice.fixed(omega.ave, bounded=True),
            ]
        )
    if not rows:
        return ""
    return number.table(
        voice("Uji satu faktor tiap skala", "One-factor check of each scale"),
        [
            voice("Skala", "Scale"),
            "n",
            voice("χ² (db)", "χ² (df)"),
            "p",
            "CFI",
            "TLI",
            "RMSEA",
            "90%",
            "SRMR",
            "AVE",
        ],
        [("", rows)],
        voice(
            "Kebolehjadian maksimum (ML), baris lengkap, χ² = n·F. Patokan: CFI dan TLI ≥ 0,90, "
            "RMSEA ≤ 0,08, SRMR ≤ 0,08.",
            "Maximum likelihood, complete rows, χ² = n·F. Conventions: CFI and TLI ≥ .90, RMSEA ≤ "
            ".08, SRMR ≤ .08.",
        ),
        voice("Nilai CFI turun karena sampel kecil.", "Small samples lower the CFI.")
        if found.used < 200
        else "",
    )


def items(found: Findings, voice: Voice, number: Numbering) -> str:
    """Every item beside its scale, with r-tabel, floor, ceiling and missing answers."""
    if not found.item_analyses:
        return ""
    groups = []
    for code, analysis in found.item_analyses.items():
        rows = []
        for item, row in analysis.table.iterrows():
            about = found.descriptives.get(str(item))
            missing = sum(about.missing_by_kind.values()) if about else 0
            corrected = voice.fixed(float(row["item_total"]), bounded=True)
            rows.append(
                [
                    str(item),
                    voice.count(int(row["n"])),
                    voice.count(missing),
                    voice.fixed(float(row["mean"])),
                    voice.fixed(float(row["sd"])),
                    corrected,
                    voice.fixed(float(row["item_total_uncorrected"]), bounded=True),
                    voice.fixed(float(row["critical_r"]), 3, bounded=True),
                    voice.fixed(float(row["if_deleted"]), bounded=True),
                    voice.percent(about.floor) if about else "–",
                    voice.percent(about.ceiling) if about else "–",
                    wording.item_verdict(str(row["verdict"]), voice),
                ]
            )
        groups.append((scale_name(found.instrument, code, voice), rows))
    head = [
        voice("Butir", "Item"),
        "n",
        voice("kosong", "missing"),
        "M",
        voice("SB", "SD"),
        voice("r butir-sisa", "item-rest r"),
        voice("r hitung", "item-total r"),
        voice("r tabel", "critical r"),
        voice("α bila dibuang", "α if deleted"),
        voice("terendah", "floor"),
        voice("tertinggi", "ceiling"),
        voice("Catatan", "Verdict"),
    ]
    table = number.table(
        voice("Analisis butir, searah skala", "Item analysis, keyed direction"),
        head,
        groups,
        voice(
            "r butir-sisa (terkoreksi): ≥ 0,30 baik, 0,20–0,29 amati, < 0,20 tandai. r hitung "
            "memuat butirnya sendiri; dibandingkan r tabel (db = n − 2, dua sisi 0,05), yang hanya "
            "uji signifikansi dan makin longgar bila n besar.",
            "Item-rest r (corrected): ≥ .30 good, .20–.29 watch, < .20 flag. The item-total r "
            "contains the item; it is set against the critical r (df = n − 2, two-sided .05), a "
            "mere significance test that gets lax as n grows.",
        ),
        voice(
            f"Aturan kosong: {voice.missing('pairwise')}. Terendah dan tertinggi: bagian jawaban "
            "mentah di ujung skala; lebih dari 15% berarti menumpuk. Satu gelombang menandai, "
            "tidak menghukum: tidak ada butir yang dibuang sendiri.",
            f"Missing rule: {voice.missing('pairwise')}. Floor and ceiling: share of raw answers "
            "at the ends; above 15% they pile up. One wave flags, it does not condemn: no item is "
            "dropped by itself.",
        ),
        left=(len(head) - 1,),
    )
    return table + _wordings(found, voice)


def _wordings(found: Findings, voice: Voice) -> str:
    entries = []
    for codes in found.items.values():
        for code in codes:
            item = found.instrument.item(code)
            turned = voice(" (dibalik)", " (reversed)") if item.reverse else ""
            words = escape(item.text.in_(voice.language))
            entries.append(f"<dt>{escape(code)}{turned}</dt><dd>{words}</dd>")
    summary = voice("Bunyi semua butir", "Wording of all items")
    return (
        f'<details><summary>{summary}</summary><dl class="words">{"".join(entries)}</dl></details>'
    )
