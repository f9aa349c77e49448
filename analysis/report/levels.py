"""Where the community stands: scores with ranges, or medians of a small group."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from analysis import wording
from analysis.findings import Findings
from analysis.levels import measurement_error
from analysis.report.markup import Numbering, dot_interval, scale_ends
from analysis.results import Result
from analysis.wording import Voice, scale_name
from instrument.model import Instrument


def levels(found: Findings, voice: Voice, number: Numbering) -> str:
    """Scores of 0-100 with their ranges, or medians of a small group."""
    if found.medians:
        rows = [
            [scale_name(found.instrument, code, voice), one.n, voice.fixed(one.median)]
            for code, one in found.medians.items()
        ]
        return number.table(
            voice("Median tiap skala", "Median of each scale"),
            [voice("Skala", "Scale"), "n", "Md"],
            [("", rows)],
            range_words(found.instrument, voice),
            voice(
                "Nilai terkecil dan terbesar tidak dicetak: pada kelompok kecil, itu menunjuk "
                "orang.",
                "Smallest and largest values are not printed: in a small group they point at "
                "persons.",
            ),
            narrow=True,
        )
    if not found.levels:
        return ""
    lines = []
    for k, (code, level) in enumerate(found.levels.items()):
        name = scale_name(found.instrument, code, voice)
        score = voice.fixed(level.pomp, 0)
        has_range = math.isfinite(level.pomp_low)
        limits = (
            f"{voice.fixed(level.pomp_low, 0)}–{voice.fixed(level.pomp_high, 0)}"
            if has_range
            else voice("semua anggota menjawab", "all members answered")
        )
        described = f"{name}: {score} {voice('dari 100', 'of 100')}, {limits}"
        lines.append(
            f'<li><div class="pair"><span>{escape(name)}</span>'
            f'<span class="num"><b>{score}</b> {escape(limits)}</span></div>'
            f"{dot_interval(f'a{k}', described, level.pomp, level.pomp_low, level.pomp_high)}</li>"
        )
    lines.append(f"<li>{scale_ends()}</li>")
    some = next(iter(found.levels.values()))
    size = found.chosen.population
    correction = voice(
        f"dengan koreksi populasi terhingga (N = {size})"
        if size
        else "tanpa koreksi populasi (N tidak diberikan)",
        f"with the finite population correction (N = {size})"
        if size
        else "no finite population correction (N was not given)",
    )
    if size:
        rate = voice.percent(found.rows / size)
        correction += voice(
            f"; {found.rows} dari {size} menjawab ({rate})",
            f"; {found.rows} of {size} answered ({rate})",
        )
    return number.figure(
        voice("Skor 0–100 tiap skala dan kisarannya", "Scores of 0–100 and their ranges"),
        f'<ul class="levels">{"".join(lines)}</ul>',
        voice(
            f"n = {_span([one.n for one in found.levels.values()], voice)}. Kotak: kisaran bila "
            f"yang tidak menjawab mirip, 95%, {correction}. Skor: (rerata − terendah) / "
            "rentang × 100.",
            f"n = {_span([one.n for one in found.levels.values()], voice)}. Box: range if those "
            f"who did not answer are alike, 95%, {correction}. Score: (mean − lowest) / span "
            "× 100.",
        ),
        voice(
            "Skor hilang bila terlalu sedikit butir dijawab (aturan definisi). Taraf antarskala "
            "tidak bisa diadu: butirnya berbeda.",
            "A score is missing where too few items were answered (rule of the definition). "
            "Levels of different scales do not compare: their items differ.",
        ),
        _census_error(found, voice),
        marked(some, voice),
    )


def _census_error(found: Findings, voice: Voice) -> str:
    """What measurement leaves of the mean where everybody answered: no other error is left."""
    told = []
    for code, level in found.levels.items():
        omega = found.omegas.get(code)
        if level.mean.population == level.n and omega and 0 <= omega.estimate <= 1:
            scale = found.instrument.response_scale
            sd = 100 * level.mean.sd / (scale.high - scale.low)
            error = measurement_error(sd, omega.estimate, level.n)
            told.append(f"{scale_name(found.instrument, code, voice)} {voice.fixed(error, 1)}")
    if not told:
        return ""
    return voice("Galat pengukuran rerata", "Measurement error of the mean") + (
        f" (SD √(1 − ω) / √n): {', '.join(told)}."
    )


def _span(counts: Sequence[int], voice: Voice) -> str:
    low, high = voice.count(min(counts)), voice.count(max(counts))
    return low if low == high else f"{low}–{high}"


def marked(result: object, voice: Voice) -> str:
    """The plan's mark as a sentence, or nothing."""
    word = wording.mark(result, voice) if isinstance(result, Result) else ""
    return f"{word.capitalize()}." if word else ""


def range_words(definition: Instrument, voice: Voice) -> str:
    """The range of the answers."""
    scale = definition.response_scale
    return voice(
        f"Skala jawaban {scale.low}–{scale.high}.", f"Answers run from {scale.low} to {scale.high}."
    )
