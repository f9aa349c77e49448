"""What is not said, and how the rest was computed."""

from __future__ import annotations

from html import escape

from analysis import plan as plans
from analysis import wording
from analysis.findings import Findings
from analysis.report.markup import Numbering, paragraph, text
from analysis.wording import Voice


def withheld(found: Findings, voice: Voice) -> str:
    """What the plan or the data do not let be said, each with its reason."""
    if not found.withheld:
        return ""
    lines = "".join(
        f"<li>{text(wording.withheld(one, found, voice))}</li>" for one in found.withheld
    )
    return (
        paragraph(
            voice(
                "Rencana analisis ditetapkan sebelum data ada. Yang di bawah ini sengaja tidak "
                "dicetak:",
                "The plan was fixed before the data came. What follows is left out on purpose:",
            )
        )
        + f'<ul class="claims">{lines}</ul>'
    )


def cut_offs(found: Findings, voice: Voice, number: Numbering) -> str:
    """Every cut-off of the steps that were taken, with where it comes from."""
    plan = found.plan
    kept_back = {one.block for one in found.withheld if not one.subject}
    could = plans.concerned(plan, waves=found.before is not None)
    taken = {plan.block(code).step for code in could if code not in kept_back}
    groups = []
    for step in plan.rules.steps:
        if step.number not in taken:
            continue
        rows = [
            (
                one.label.in_(voice.language),
                wording.cutoff(one, voice),
                wording.evidence(one, voice) + (f" ({one.reason})" if one.reason else ""),
            )
            for one in plan.cutoff_list
            if one.step == step.number
        ]
        if rows:
            groups.append((step.title.in_(voice.language), rows))
    if not groups:
        return ""
    table = number.table(
        voice("Patokan yang berlaku dan sumbernya", "Cut-offs in force and their sources"),
        (voice("Patokan", "Cut-off"), voice("Nilai", "Value"), voice("Sumber", "Source")),
        groups,
        voice(
            f"Aturan {plan.rules.code} {plan.rules.version}. Patokan adalah kesepakatan; yang "
            "sumbernya belum diperiksa disebut begitu.",
            f"Rules {plan.rules.code} {plan.rules.version}. Cut-offs are conventions; where a "
            "source has not been checked, it says so.",
        ),
        left=(2,),
    )
    title = voice("Patokan dan sumbernya", "Cut-offs and their sources")
    return f"<details><summary>{escape(title)}</summary>{table}</details>"


def methods(found: Findings, voice: Voice, source: str, number: Numbering) -> str:
    """How it was computed, by which cut-offs, from what, and its limits."""
    definition = found.instrument
    checks = definition.form(found.form).checks
    careless = (
        voice(
            f"Baris dengan {definition.careless.exclude_at} poin atau lebih dari tanda kurang "
            f"cermat ({', '.join(checks)}) tidak dipakai: {found.excluded} dari {found.rows}. "
            "Hasil dengan semua baris dicetak di sampingnya.",
            f"Rows with {definition.careless.exclude_at} points or more of the careless flags "
            f"({', '.join(checks)}) are not used: {found.excluded} of {found.rows}. Results with "
            "all rows stand beside.",
        )
        if checks
        else voice(
            "Definisi ini tidak memakai tanda kurang cermat; semua baris dipakai.",
            "This definition uses no careless flags; every row is used.",
        )
    )
    dropped = (
        voice(
            f"Butir yang tidak dipakai: {', '.join(found.chosen.without)}.",
            f"Items left out: {', '.join(found.chosen.without)}.",
        )
        if found.chosen.without
        else ""
    )
    lines = [
        careless,
        dropped,
        voice(
            "Tidak ada jawaban kosong yang diisi. Alfa memakai kovarians tiap pasang; omega, "
            "faktor, korelasi, dan regresi memakai baris lengkap.",
            "No missing answer is filled in. Alpha takes covariances of pairs; omega, factors, "
            "correlations and regression take complete rows.",
        ),
        voice(
            f"Benih angka acak: {found.chosen.seed}. Angka tidak dibulatkan ada di results.json, "
            "tabel di berkas CSV di sampingnya.",
            f"Seed of random numbers: {found.chosen.seed}. Unrounded numbers are in results.json, "
            "tables in the CSV files beside it.",
        ),
    ]
    limits = voice(
        "Ini perkiraan dari anggota yang menjawab, bukan nilai rapor. Anggota yang tidak menjawab "
        "bisa saja berbeda. Selisih kecil bisa jadi hanya kebetulan. Skor tidak menunjukkan "
        "sebab-akibat.",
        "These are estimates from members who answered, not a school mark. Members who did not "
        "answer may differ. Small differences may be chance. Scores do not show cause and effect.",
    )
    digest = f"{definition.key} {definition.version} · {definition.digest}"
    data = f"{source} · {found.sha256}"
    return (
        f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines if line)}</ul>"
        f"{cut_offs(found, voice, number)}"
        f'<div class="limits">{paragraph(limits)}</div>'
        f'<p class="small soft">{voice("Definisi", "Definition")}<br>'
        f'<span class="hash">{escape(digest)}</span></p>'
        f'<p class="small soft">{voice("Data", "Data")} (SHA-256)<br>'
        f'<span class="hash">{escape(data)}</span></p>'
    )
