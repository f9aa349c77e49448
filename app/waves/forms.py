"""What the plan's form sends: typed words become a `WavePlan`, faults become sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from app.desk import Posted
from app.pages import N_
from app.wave_reader import Access
from app.waves.consent import brackets
from app.waves.keeping import day_from, promised
from app.waves.planning import WavePlan
from app.waves.service import DEFAULT_FLOORS, LOWEST_FLOOR, MOST_AIMED
from instrument.model import Instrument, Language

MOST_ELIGIBLE = 1_000_000
LONGEST_WORDS = 600
_MOMENTS = ("%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %H.%M",
            "%d/%m/%Y %H:%M")  # fmt: skip
Say = Callable[..., str]


@dataclass(frozen=True, slots=True)
class PlanForm:
    """The form as typed, and the plan where nothing is wrong."""

    fields: Mapping[str, str]
    """Every text field by name, as typed."""
    modules: tuple[str, ...]
    aimed: tuple[str, ...]
    plan: WavePlan | None
    faults: dict[str, str] = field(default_factory=dict)


def word_field(language: Language, place: int) -> str:
    """Name of the field for the ``place``-th [bracket] of a language."""
    return f"kata-{language}-{place}"


def fields_of(plan: WavePlan, instrument: Instrument, zone: ZoneInfo) -> dict[str, str]:
    """The form's text fields for a stored plan."""
    shown = {
        "akses": plan.access,
        "n": "" if plan.eligible_n is None else str(plan.eligible_n),
        "buka": _typed(plan.opens_at, zone),
        "tutup": _typed(plan.closes_at, zone),
        "simpan": "" if plan.keep_until is None else plan.keep_until.isoformat(),
    }
    for name in DEFAULT_FLOORS:
        shown[f"lantai-{name}"] = str(plan.floors.get(name, DEFAULT_FLOORS[name]))
    for language, names in brackets(instrument).items():
        for place, name in enumerate(names):
            shown[word_field(language, place)] = plan.words.get(language, {}).get(name, "")
    return shown


def read_plan(form: Posted, instrument: Instrument, zone: ZoneInfo, say: Say) -> PlanForm:
    """Read the plan's form. Whatever may stay open until opening may be empty."""
    faults: dict[str, str] = {}
    access: Access = "open" if form.text("akses") == "open" else "code"
    fields = {"akses": access, "n": form.text("n")}
    moments = {}
    for name in ("buka", "tutup"):
        fields[name] = form.text(name)
        moments[name] = moment_from(fields[name], zone) if fields[name] else None
        if fields[name] and moments[name] is None:
            faults[name] = say(N_("Enter a day and a time, like 2026-11-30 21:00."))
    if moments["buka"] and moments["tutup"] and moments["tutup"] <= moments["buka"]:
        faults["tutup"] = say(N_("The survey has to close after it opens."))
    eligible = _whole(fields["n"], 1, MOST_ELIGIBLE)
    if fields["n"] and eligible is None:
        faults["n"] = say(N_("Enter how many people may answer: a whole number."))
    floors = {}
    for name, usual in DEFAULT_FLOORS.items():
        typed = fields[f"lantai-{name}"] = form.text(f"lantai-{name}") or str(usual)
        floor = _whole(typed, LOWEST_FLOOR, 1000)
        if floor is None:
            faults[f"lantai-{name}"] = say(N_("Enter a whole number, %(low)s or more."),
                                           low=LOWEST_FLOOR)  # fmt: skip
        floors[name] = floor or usual
    aimed, modules = form.all("sasaran"), form.all("modul")
    if len(aimed) > MOST_AIMED:
        faults["sasaran"] = say(N_("Choose two scales at most."))
    words = _words(form, instrument, say, fields, faults)
    fields["simpan"] = form.text("simpan")
    closes = moments["tutup"].astimezone(zone).date() if moments["tutup"] else None
    keep_until = _keep_until(fields["simpan"], words, closes, say, faults)
    plan = None
    if not faults:
        fields["simpan"] = "" if keep_until is None else keep_until.isoformat()
        plan = WavePlan(
            access, eligible, moments["buka"], moments["tutup"], modules, aimed, floors, words,
            keep_until,
        )  # fmt: skip
    return PlanForm(fields, modules, aimed, plan, faults)


def _words(
    form: Posted, instrument: Instrument, say: Say, fields: dict[str, str], faults: dict[str, str]
) -> dict[str, dict[str, str]]:
    """What stands for each [bracket]; notes fields and faults on the way."""
    words: dict[str, dict[str, str]] = {}
    for language, names in brackets(instrument).items():
        words[language] = {}
        for place, name in enumerate(names):
            at = word_field(language, place)
            typed = fields[at] = " ".join(form.text(at).split())
            if len(typed) > LONGEST_WORDS:
                faults[at] = say(N_("At most %(n)s characters."), n=LONGEST_WORDS)
            if "[" in typed or "]" in typed:
                faults[at] = say(N_("Leave out square brackets: they mean “still to fill in”."))
            if typed:
                words[language][name] = typed
    return words


def _keep_until(
    typed: str,
    words: Mapping[str, Mapping[str, str]],
    closes: date | None,
    say: Say,
    faults: dict[str, str],
) -> date | None:
    """The day of deletion: as typed, else as the consent text has it; never against the text."""
    days = promised(words)
    if typed:
        day = day_from(typed)
        if day is None:
            faults["simpan"] = say(N_("Enter a day, like 2031-12-31."))
            return None
        days.add(day)
    if len(days) > 1:
        told = ", ".join(one.isoformat() for one in sorted(days))
        faults["simpan"] = say(
            N_("The consent text and this field name different days: %(days)s."), days=told
        )
        return None
    for day in days:
        if closes is not None and day <= closes:
            faults["simpan"] = say(N_("Answers have to be kept beyond the close."))
        return day
    return None


def moment_from(text: str, zone: ZoneInfo) -> datetime | None:
    """A day and time as typed, in ``zone``; None where it is none or the clock skips it."""
    for pattern in _MOMENTS:
        try:
            naive = datetime.strptime(text.strip(), pattern)  # noqa: DTZ007 - the zone follows
        except ValueError:
            continue
        moment = naive.replace(tzinfo=zone)
        utc = moment.astimezone(ZoneInfo("UTC"))
        return utc if utc.astimezone(zone).replace(tzinfo=None) == naive else None
    return None


def _typed(moment: datetime | None, zone: ZoneInfo) -> str:
    return "" if moment is None else moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M")


def _whole(text: str, low: int, high: int) -> int | None:
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else None
    return number if number is not None and low <= number <= high else None
