"""What the pages of waves show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.desk import Desk, Posted
from app.pages import N_
from app.tables import Wave
from app.waves.consent import brackets
from app.waves.forms import PlanForm, word_field
from app.waves.rates import Rate
from instrument import registry
from instrument.model import Instrument, Language

STATES = {
    "draft": N_("Plan"),
    "test": N_("Trial"),
    "waiting": N_("Opens later"),
    "open": N_("Open"),
    "over": N_("Time is over"),
    "closed": N_("Closed"),
    "published": N_("Published"),
}
FIELDS = {
    "opens_at": N_("When it opens"),
    "closes_at": N_("When it closes"),
    "eligible_n": N_("How many people may answer (N)"),
    "consent": N_("The consent text"),
    "keep_until": N_("The day on which the answers are deleted"),
}
DROP = {"id": "hapus", "en": "drop"}
CLOSE = {"id": "tutup", "en": "close"}
"""The word that somebody types to make sure; either language's will do."""
_ABOUT: Mapping[str, str] = {
    "komunitas": N_("The community's name"),
    "peneliti, kampus, nomor WA": N_("Who asks: name, university, WhatsApp number"),
    "tanggal": N_("Until when the data are kept"),
    "nomor": N_("Number of the ethics clearance"),
    "tujuan": N_("What the study wants to find out"),
    "jenis data": N_("Kinds of data: answers, bands of age and sales, language, time taken"),
    "kegunaan": N_("What the answers are used for"),
    "penerima": N_("Who receives the data"),
    "risiko": N_("Risks and discomfort, or that none is known"),
    "manfaat": N_("Benefit to members"),
    "imbalan": N_("Compensation, or that there is none"),
    "komite etik": N_("The ethics committee"),
    "kontak": N_("Whom to turn to with a complaint"),
}
"""What is meant by each [bracket], by its Indonesian words."""


@dataclass(frozen=True, slots=True)
class WaveRow:
    """A wave in the list, and at the top of its page."""

    wave: Wave
    name: str
    state: str
    """Key of `STATES`."""
    rate: Rate


@dataclass(frozen=True, slots=True)
class WordRow:
    """One [bracket] of the consent text, in both languages."""

    about: str
    cells: tuple[tuple[Language, str, str], ...]
    """Language, field name, the bracket's own words."""


def row_of(desk: Desk, wave: Wave, rate: Rate) -> WaveRow:
    """A wave as pages show it."""
    return WaveRow(wave, name_of(desk, wave), state_of(desk, wave), rate)


def name_of(desk: Desk, wave: Wave) -> str:
    """``Wave 4``, ``Wave 4, pulse``."""
    message = N_("Wave %(number)s, pulse") if wave.form == "pulse" else N_("Wave %(number)s")
    return desk.text(message, number=wave.number)


def state_of(desk: Desk, wave: Wave) -> str:
    """How things stand now; key of `STATES`."""
    if wave.state == "draft":
        return "test" if wave.is_test else "draft"
    if wave.state == "open" and wave.opens_at is not None and wave.opens_at > desk.now:
        return "waiting"
    if wave.state == "open" and wave.closes_at is not None and wave.closes_at <= desk.now:
        return "over"
    return wave.state


def unsure(desk: Desk, form: Posted, words: Mapping[str, str]) -> dict[str, str]:
    """The fault of a confirmation whose word was not typed; none where it was."""
    if form.text("ya").casefold().strip(" “”\"'.") in words.values():
        return {}
    sentence = desk.text(N_("Type “%(word)s” first."), word=words[desk.language])
    return {"ya": sentence}


def word_rows(desk: Desk, instrument: Instrument) -> list[WordRow]:
    """The consent text's [brackets], side by side; both languages have the same, in order."""
    names = brackets(instrument)
    return [
        WordRow(
            desk.text(_ABOUT[in_id]) if in_id in _ABOUT else f"{in_id} / {in_en}",
            (("id", word_field("id", place), in_id), ("en", word_field("en", place), in_en)),
        )
        for place, (in_id, in_en) in enumerate(zip(names["id"], names["en"], strict=True))
    ]


def missing_words(
    desk: Desk, instrument: Instrument, fields: Sequence[str], open_: Sequence[str]
) -> list[tuple[str, str]]:
    """What keeps a wave from opening: where on the plan's page, and what."""
    anchors = {"opens_at": "buka", "closes_at": "tutup", "eligible_n": "n", "keep_until": "simpan"}
    told = [(anchors.get(name, "kata-id-0"), desk.text(FIELDS[name])) for name in fields]
    tongues = {"id": N_("in Indonesian"), "en": N_("in English")}
    for row in word_rows(desk, instrument):
        gaps = [
            (language, at) for language, at, name in row.cells if f"[{name}] ({language})" in open_
        ]
        if gaps:
            where = N_("in both languages") if len(gaps) > 1 else tongues[gaps[0][0]]
            told.append((gaps[0][1], f"{row.about} ({desk.text(where)})"))
    return told


def instrument_of(wave: Wave) -> Instrument:
    """The questionnaire a wave asks."""
    return registry.find(wave.instrument_key, wave.version)


def differences(
    desk: Desk, instrument: Instrument, mine: PlanForm, stored: Mapping[str, str],
    stored_modules: Sequence[str], stored_aimed: Sequence[str],
) -> list[tuple[str, str, str]]:  # fmt: skip
    """Fields in which two versions of a plan differ: what, mine, stored."""
    about = {
        "akses": desk.text(N_("Who may answer")),
        "n": desk.text(FIELDS["eligible_n"]),
        "buka": desk.text(FIELDS["opens_at"]),
        "tutup": desk.text(FIELDS["closes_at"]),
        "lantai-figure": desk.text(N_("Smallest group for any figure")),
        "lantai-subgroup": desk.text(N_("Smallest subgroup")),
        "lantai-comments": desk.text(N_("Smallest group for comments")),
        "simpan": desk.text(FIELDS["keep_until"]),
    }
    for row in word_rows(desk, instrument):
        for language, anchor, _ in row.cells:
            about[anchor] = f"{row.about} ({language})"
    found = [
        (about[name], mine.fields[name], stored[name])
        for name in about
        if mine.fields[name] != stored[name]
    ]
    for label, own, theirs in (
        (N_("Modules"), mine.modules, stored_modules),
        (N_("Aimed at"), mine.aimed, stored_aimed),
    ):
        if set(own) != set(theirs):
            found.append((desk.text(label), ", ".join(own), ", ".join(theirs)))
    return found
