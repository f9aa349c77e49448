"""One row for every column of an exported data set, in export order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from instrument.answers import Missing
from instrument.model import Form, Instrument, Item, Option, Question, Role, Scale, Text
from instrument.names import (
    FLAG_COLUMNS,
    META_COLUMNS,
    POMP_SUFFIX,
    REVERSED_SUFFIX,
    SIMULATED_COLUMN,
)

Measure = Literal["nominal", "ordinal", "scale"]
Kind = Literal[
    "meta", "item", "keyed", "score", "pomp", "flag", "seconds",
    "behaviour", "background", "open", "simulated",
]  # fmt: skip


@dataclass(frozen=True)
class Variable:
    """One column: its name, what it holds, and how a program should label it."""

    name: str
    label: Text
    values: tuple[tuple[int, Text], ...] = ()
    """Value labels."""
    missing: tuple[tuple[int, Text], ...] = ()
    """Codes that are no answers; empty cells where there are none."""
    measure: Measure = "nominal"
    scale: str | None = None
    """The scale or index an item or score belongs to."""
    keyed: str | None = None
    """``+`` or ``-`` for items."""
    source: str = ""
    kind: Kind = "meta"


MISSING_LABELS: tuple[tuple[int, Text], ...] = (
    (Missing.NOT_SEEN.code, Text(id="Belum dilihat", en="Not seen")),
    (Missing.SKIPPED.code, Text(id="Dilewati", en="Skipped")),
    (
        Missing.SKIPPED_AFTER_PROMPT.code,
        Text(id="Dilewati setelah diingatkan", en="Skipped after the prompt"),
    ),
    (Missing.REFUSED.code, Text(id="Tidak ingin menjawab", en="Refused")),
    (Missing.NOT_APPLICABLE.code, Text(id="Tidak berlaku", en="Not applicable")),
)
"""-1 to -5; in SPSS the range -5 thru -1, in Stata .a to .e."""


def rows(
    instrument: Instrument,
    *,
    form: str | None = None,
    open_texts: bool = False,
    simulated: bool = False,
) -> tuple[Variable, ...]:
    """Return every export column, in export order.

    Items, scores and questions are all of the version, whatever the form, so that files
    of several waves can be stacked. ``form`` decides the number of SEC columns and what a
    score is made of; None = the full form. ``open_texts`` adds the open texts,
    ``simulated`` the mark of simulated data. KeyError if there is no such form.
    """
    shown = instrument.form("full" if form is None else form)
    groups = ("behaviour", "background", *(("open",) if open_texts else ()))
    return (
        *_meta(),
        *(_raw(instrument, item) for item in instrument.items),
        *(_reversed(instrument, item) for item in instrument.items if item.reverse),
        *(one for scale in instrument.scales for one in _scores(instrument, scale, shown)),
        *_flags(instrument),
        *_seconds(shown),
        *(_question(one) for group in groups for one in instrument.questions_of(group)),
        *((_simulated(),) if simulated else ()),
    )


def _meta() -> tuple[Variable, ...]:
    labels = {
        "PID": _both(
            "Nomor acak orang, tetap antargelombang", "Random person id, the same across waves"
        ),
        "WAVE": _both("Gelombang", "Wave"),
        "VERSION": _both("Versi kuesioner", "Version of the questionnaire"),
        "LANG": _both("Bahasa saat mengisi (id, en)", "Language answered in (id, en)"),
        "LAYOUT": _both("Versi tata letak", "Version of the layout"),
        "SUBMITTED_ON": _both("Tanggal dikirim", "Date submitted"),
        "STATUS": _both(
            "complete = dikirim, partial = belum dikirim", "complete = sent, partial = not sent"
        ),
    }
    return tuple(Variable(name, labels[name]) for name in META_COLUMNS)


def _raw(instrument: Instrument, item: Item) -> Variable:
    return Variable(
        item.code,
        _plain(item.text),
        values=_labels(instrument.response_scale.options),
        missing=MISSING_LABELS,
        measure="ordinal",
        scale=item.scale,
        keyed=item.keyed,
        source=item.source,
        kind="item",
    )


def _reversed(instrument: Instrument, item: Item) -> Variable:
    options = instrument.response_scale.options
    turned = zip((option.value for option in options), reversed(options), strict=True)
    return Variable(
        item.code + REVERSED_SUFFIX,
        _after(item.text, " (dibalik)", " (reversed)"),
        values=tuple((value, _plain(option.label)) for value, option in turned),
        missing=MISSING_LABELS,
        measure="ordinal",
        scale=item.scale,
        keyed="+",
        source=item.source,
        kind="keyed",
    )


def _scores(instrument: Instrument, scale: Scale, form: Form) -> tuple[Variable, ...]:
    items = ", ".join(
        item.code + (REVERSED_SUFFIX if item.reverse else "")
        for item in instrument.items_of(scale.code)
        if item.code in form.items
    )
    mean = Variable(
        scale.code,
        _after(scale.name, f": rerata {items}", f": mean of {items}"),
        measure="scale",
        scale=scale.code,
        kind="score",
    )
    if scale.kind == "index":
        return (mean,)
    percent = Variable(
        scale.code + POMP_SUFFIX,
        _after(
            scale.name,
            ": persen dari rentang maksimum, 0–100",
            ": percent of maximum possible, 0–100",
        ),
        measure="scale",
        scale=scale.code,
        kind="pomp",
    )
    return (mean, percent)


def _flags(instrument: Instrument) -> tuple[Variable, ...]:
    rules = instrument.careless
    checks = sum(item.role is Role.ATTENTION for item in instrument.items)
    labels = {
        "FLAG_ATT": _both(
            f"Pertanyaan pemeriksa yang dijawab lain dari petunjuk (0–{checks})",
            f"Attention checks answered otherwise than instructed (0–{checks})",
        ),
        "FLAG_TIME": _both(
            f"Median kurang dari {rules.min_seconds_per_item:g} detik per jawaban",
            f"Median below {rules.min_seconds_per_item:g} seconds an answer",
        ),
        "FLAG_RUN": _both(
            f"{rules.long_run} jawaban sama berturut-turut atau lebih",
            f"{rules.long_run} or more identical answers in a row",
        ),
        "FLAG_SD": _both(
            f"Simpangan baku jawaban kurang dari {rules.min_sd:g}",
            f"Standard deviation of answers below {rules.min_sd:g}",
        ),
        "FLAG_PAIRS": _both(
            f"{rules.min_pairs} pasangan bertentangan atau lebih sama-sama disetujui",
            f"{rules.min_pairs} or more contradictory pairs both agreed to",
        ),
        "FLAGS": _both("Jumlah poin kecerobohan", "Careless points, sum"),
        "EXCLUDED": _both(
            f"Tidak ikut analisis utama ({rules.exclude_at} poin atau lebih)",
            f"Left out of the main analysis ({rules.exclude_at} points or more)",
        ),
    }
    yes_no = ((0, _both("Tidak", "No")), (1, _both("Ya", "Yes")))
    counted = ("FLAG_ATT", "FLAGS")
    return tuple(
        Variable(
            name,
            labels[name],
            values=() if name in counted else yes_no,
            measure="scale" if name in counted else "nominal",
            kind="flag",
        )
        for name in FLAG_COLUMNS
    )


def _seconds(form: Form) -> tuple[Variable, ...]:
    return tuple(
        Variable(
            f"SEC{number}",
            _both(
                f"Detik terlihat, bagian {number}: {', '.join(section.items)}",
                f"Visible seconds, section {number}: {', '.join(section.items)}",
            ),
            measure="scale",
            kind="seconds",
        )
        for number, section in enumerate(form.sections, start=1)
    )


def _question(question: Question) -> Variable:
    measure: Measure = "scale" if question.kind == "number" else "nominal"
    if question.ordered:
        measure = "ordinal"
    return Variable(
        question.code,
        _plain(question.text),
        values=_labels(question.options),
        missing=MISSING_LABELS,
        measure=measure,
        source=question.source,
        kind=question.group,
    )


def _simulated() -> Variable:
    return Variable(
        SIMULATED_COLUMN,
        _both("Data simulasi, bukan jawaban orang", "Simulated data, nobody's answers"),
        values=((1, _both("Simulasi", "Simulated")),),
        kind="simulated",
    )


def _labels(options: tuple[Option, ...]) -> tuple[tuple[int, Text], ...]:
    return tuple((option.value, _plain(option.label)) for option in options)


def _both(indonesian: str, english: str) -> Text:
    return Text(id=indonesian, en=english)


def _plain(text: Text) -> Text:
    """Leave out the mark-up, which no statistics program shows."""
    return Text(id=text.in_("id"), en=text.in_("en"))


def _after(text: Text, indonesian: str, english: str) -> Text:
    return Text(id=text.in_("id") + indonesian, en=text.in_("en") + english)
