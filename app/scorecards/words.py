"""What a card says: sentences from fixed templates, decided by states and ranges alone.

Pure: a `Card` and a language in, text out; nothing is computed but how a number is written.
No prose is generated. The same words stand on the page, in the PDF, in the picture and in the
message for the group.
"""

from __future__ import annotations

from babel.dates import format_date

from analysis.scorecard.model import (
    Behaviour,
    Card,
    Change,
    People,
    ScaleCard,
    Score,
    Topic,
    Withheld,
)
from app.scorecards import phrases
from app.scorecards.written import (
    digits_of,
    inside,
    listed,
    number,
    opening,
    percent,
    signed,
    span,
)
from instrument.model import Language, Text

MOST = 3
"""Names in a row that can still be read as one sentence."""
Runs = tuple[tuple[str, bool], ...]
"""Pieces of a sentence, each with whether it stands out."""


def say(text: Text, language: Language, /, **values: object) -> str:
    """A phrase with its values filled in; a value is text, whatever signs it holds."""
    return text.in_(language).format(**values)


def runs(text: Text, language: Language, /, **values: object) -> Runs:
    """Likewise, keeping which pieces stand out."""
    return tuple((piece.format(**values), loud) for piece, loud in text.runs(language))


def month(card: Card, language: Language) -> str:
    """The month a wave closed in: ``Oktober 2026``."""
    return format_date(card.closed_on, "MMMM yyyy", locale=language)


def reason(why: Withheld, card: Card, language: Language) -> str:
    """Why a figure is not shown."""
    floors = {"any": 5, "group": 10, "comments": 10} | card.floors
    return say(phrases.REASONS[why.why], language, **floors)


# --- the one sentence -------------------------------------------------------------------------


def verdict(card: Card, language: Language) -> str:
    """One sentence for the whole card."""
    before = _before_any_state(card, language)
    if before:
        return before
    strong = _names(card, "strong", card.strengths, language)
    weak = _names(card, "attention", card.work_on, language)
    values = {
        "strong": listed(strong, language),
        "strong_is": "is" if len(strong) == 1 else "are",
        "weak": listed(weak, language),
        "weak_needs": "needs" if len(weak) == 1 else "need",
    }
    if strong and weak:
        first = say(phrases.STRONG_AND_WEAK, language, **values)
    elif strong:
        first = say(phrases.STRONG, language, **values)
    elif weak:
        first = say(phrases.WEAK, language, **values)
    elif all(scale.state == "not_enough" for scale in card.scales):
        return say(phrases.NOT_ENOUGH, language)
    else:
        first = say(phrases.ALL_FAIR, language)
    parts = [first]
    for word, phrase in (("up", phrases.RISEN), ("down", phrases.FALLEN)):
        moved = [
            inside(scale.name.in_(language))
            for scale in card.scales
            if isinstance(scale.change, Change) and scale.change.word == word
        ]
        if moved:
            names = listed(moved, language)
            parts.append(
                say(phrase, language, names=names, has="has" if len(moved) == 1 else "have")
            )
    return opening("; ".join(parts)) + "."


def _before_any_state(card: Card, language: Language) -> str:
    """The sentence where no state can be told; empty where some can."""
    who = card.who
    if who.submitted == 0:
        return say(phrases.NOBODY, language)
    if card.tier == "count_only":
        return say(phrases.A_FEW, language, n=who.submitted)
    if all(isinstance(scale.score, Withheld) for scale in card.scales):
        return say(phrases.NOTHING_SHOWN, language)
    if who.low_rate:
        return say(phrases.LOW_RATE, language, percent=who.percent)
    if card.tier == "medians":
        return say(phrases.MEDIANS, language, n=who.submitted)
    return ""


def _names(card: Card, state: str, codes: tuple[str, ...], language: Language) -> list[str]:
    """Scales of that state, those the card puts first before any other; at most three."""
    all_of_it = [scale for scale in card.scales if scale.state == state]
    first = [scale for scale in all_of_it if scale.code in codes]
    return [inside(scale.name.in_(language)) for scale in first or all_of_it[:MOST]]


# --- who answered -----------------------------------------------------------------------------


def answered(card: Card, language: Language) -> str:
    """``45 dari 60 anggota menjawab (75%)``."""
    who = card.who
    return say(phrases.ANSWERED, language, n=who.submitted, of=who.eligible, percent=who.percent)


def trust(card: Card, language: Language) -> tuple[str, ...]:
    """How far to trust it: who is behind the figures, and who is not."""
    who = card.who
    lines = []
    if card.tier == "count_only":
        return (say(phrases.FROM, language, **({"any": 5} | card.floors)),)
    if who.used != who.submitted:
        lines.append(say(phrases.USED, language, n=who.used))
    if who.strata:
        parts = [
            say(phrases.STRATUM, language, name=one.name.in_(language), n=one.answered, of=one.of)
            for one in who.strata
        ]
        lines.append(opening("; ".join(parts)) + ".")
    if who.everybody:
        lines.append(say(phrases.EVERYBODY, language))
    elif who.submitted < who.eligible:
        lines.append(say(phrases.SILENT, language, n=who.eligible - who.submitted))
    return tuple(lines)


# --- a scale ----------------------------------------------------------------------------------


def big(scale: ScaleCard, language: Language, digits: int = 0) -> str:
    """The score as it is set large: ``62``, or a dash."""
    if isinstance(scale.score, Withheld):
        return "\N{EN DASH}"
    return number(scale.score.point, language, digits)


def beside(scale: ScaleCard, language: Language, digits: int = 0) -> str:
    """What stands beside it: ``(59–65)``, or why there is no range."""
    score = scale.score
    if isinstance(score, Withheld):
        return ""
    if score.low is not None and score.high is not None:
        return f"({span(score.low, score.high, language, digits)})"
    if score.kind == "median":
        return say(phrases.MIDDLE, language)
    return say(phrases.ALL_MEMBERS, language)


def spoken(scale: ScaleCard, language: Language) -> str:
    """The score with its range in a line: ``62 dari 100 (59–65)``."""
    if isinstance(scale.score, Withheld):
        return big(scale, language)
    point = say(phrases.OF_HUNDRED, language, point=big(scale, language))
    extra = beside(scale, language)
    return f"{point} {extra}" if extra.startswith("(") else f"{point}, {extra}"


def level(scale: ScaleCard, card: Card, language: Language) -> str:
    """The score as a sentence: the chart's description."""
    score = scale.score
    if isinstance(score, Withheld):
        return reason(score, card, language)
    values = {"point": number(score.point, language), "n": scale.n}
    if score.low is not None and score.high is not None:
        ends = {"low": number(score.low, language), "high": number(score.high, language)}
        return say(phrases.LEVEL, language, **values, **ends)
    if score.kind == "median":
        return say(phrases.LEVEL_MIDDLE, language, **values)
    return say(phrases.LEVEL_ALL, language, **values)


def rated_well(scale: ScaleCard, card: Card, language: Language) -> Runs:
    """How many members rate it well; where that is withheld, why, with the n there is."""
    if isinstance(scale.agree, People):
        return _people(scale.agree, language, "rated")
    if isinstance(scale.score, Withheld):
        return ((reason(scale.score, card, language), False),)
    if scale.score.kind == "median":
        return ((say(phrases.FEW_FOR_RANGE, language, n=scale.n), False),)
    return ((reason(scale.agree, card, language), False),)


def _people(people: People, language: Language, what: str) -> Runs:
    coded, whole, every = {
        "rated": (phrases.RATE_WELL_CODED, phrases.RATE_WELL, phrases.RATE_WELL_ALL),
        "reported": (phrases.REPORTED_CODED, phrases.REPORTED, phrases.REPORTED_ALL),
    }[what]
    phrase = coded if people.about is None else whole
    if people.about is not None and people.n == people.of:
        phrase = every
    return runs(
        phrase,
        language,
        about=people.about,
        n=people.n,
        of=people.of,
        low=people.low,
        high=people.high,
    )


def undecided(scale: ScaleCard, card: Card, language: Language) -> str:
    """Why a score that is shown has no word of state, or not the one it would have by itself."""
    score = scale.score
    if not isinstance(score, Score) or score.kind == "median" or card.who.low_rate:
        return ""  # the banner says it once for all
    if scale.state == "not_enough":
        return say(phrases.TOO_WIDE, language)
    return say(phrases.KEPT, language) if scale.kept else ""


def moved(change: Change, language: Language) -> str:
    """``+8 (antara +3 dan +13)``."""
    digits = digits_of(change)
    return say(
        phrases.BY,
        language,
        points=signed(change.points, language, digits),
        low=signed(change.low, language, digits),
        high=signed(change.high, language, digits),
    )


def no_word(change: Change, language: Language) -> str:
    """Why a range without 0 is still called unclear; empty where it needs no reason."""
    if change.word != "unclear" or change.low <= 0 <= change.high:
        return ""
    few = abs(change.points) < 5
    return say(phrases.SMALL if few else phrases.BY_CHANCE, language)


def course(scale: ScaleCard, card: Card, language: Language) -> str:
    """The small line in words: which waves, which scores."""
    if not isinstance(scale.score, Score):
        return ""
    points = [*(past.point for past in scale.past), scale.score.point]
    waves = [*(past.wave for past in scale.past), card.wave]
    then = {"id": ", lalu ", "en": ", then "}[language]
    return say(
        phrases.WAVES,
        language,
        waves=listed([str(wave) for wave in waves], language),
        points=then.join(number(point, language) for point in points),
    )


def line(scale: ScaleCard, language: Language, *, strength: bool) -> str:
    """A strength, or what to work on, in words; with the change where it is known."""
    change = scale.change if isinstance(scale.change, Change) else None
    by = number(abs(change.points), language) if change else ""
    fell = change is not None and change.word == "down"
    if fell and not strength and scale.state != "attention":  # that is why it is here
        state = inside(phrases.STATES[scale.state].in_(language))
        return say(phrases.FELL_STILL, language, points=by, state=state)
    sentence = (scale.strength if strength else scale.attention).in_(language).rstrip(".") + "."
    if change is None or (strength and change.word == "unclear"):
        return sentence
    moves = {"up": phrases.MOVED_UP, "down": phrases.MOVED_DOWN, "unclear": phrases.UNMOVED}
    return f"{sentence} {say(moves[change.word], language, points=by)}"


# --- what members do, what to talk about ------------------------------------------------------


def done(one: Behaviour, card: Card, language: Language) -> str:
    """What is behind a figure of what members do."""
    if isinstance(one.value, Withheld):
        if one.value.why == "below_ten":
            return say(phrases.FEW_FOR_SHARE, language)
        return reason(one.value, card, language)
    if one.people is not None:
        return "".join(piece for piece, _ in _people(one.people, language, "reported"))
    if one.code == "ever_attended":
        return say(phrases.EVER, language, events=one.events, n=one.n)
    phrase = phrases.PER_EVENT_ONE if one.events == 1 else phrases.PER_EVENT
    return say(phrase, language, events=one.events, n=one.n)


def dashed(one: Behaviour, language: Language) -> str:
    """What the dashed line is; empty without one."""
    if one.reference is None or one.reference_name is None:
        return ""
    name = one.reference_name.in_(language)
    return say(phrases.REFERENCE, language, name=name, percent=one.reference)


def obstacle(card: Card, language: Language) -> str:
    """The most named reason for not coming; empty where it is withheld."""
    one = card.obstacle
    if isinstance(one, Withheld):
        return ""
    phrase = phrases.OBSTACLE if one.percent.end is None else phrases.OBSTACLE_CODED
    return say(
        phrase,
        language,
        label=inside(one.label.in_(language)),
        named=one.named,
        percent=percent(one.percent),
        n=one.n,
    )


def topic(one: Topic | None, language: Language) -> str:
    """The one thing to talk about; empty without one."""
    return "" if one is None else one.text.in_(language)


# --- what a card cannot say, and the group chat -----------------------------------------------


def limits(language: Language) -> str:
    """The specification's limits text."""
    return phrases.LIMITS.in_(language)


def reading(card: Card, language: Language) -> str:
    """How to read the marks of scales; empty where none is drawn."""
    drawn = [scale.score for scale in card.scales if isinstance(scale.score, Score)]
    if not drawn:
        return ""
    phrase = phrases.LEGEND
    if all(score.low is None for score in drawn):
        median = any(score.kind == "median" for score in drawn)
        phrase = phrases.LEGEND_MIDDLE if median else phrases.LEGEND_ALL
    return say(phrase, language)


def legend(card: Card, language: Language) -> str:
    """How to read the figures of scales, and what not to read out of them."""
    marks = reading(card, language)
    if not marks:
        return ""
    parts = []
    if card.tier == "whole" and any(len(scale.past) >= 2 for scale in card.scales):
        parts.append(phrases.LEGEND_LINE)
    rest = [say(part, language) for part in [*parts, phrases.LEGEND_FIXED]]
    return " ".join([marks, *rest])


def method(card: Card, language: Language) -> tuple[str, ...]:
    """How the figures come about, a block each."""
    floors = {"any": 5, "group": 10, "comments": 10} | card.floors
    values = floors | {"of": card.who.eligible, "instrument": card.instrument}
    return tuple(say(block, language, **values) for block in phrases.METHOD)


def share_text(card: Card, language: Language, address: str) -> str:
    """The message for the group; `address` is the members' public page, never a secret link."""
    head = say(
        phrases.SHARE_HEAD,
        language,
        community=card.community.replace("*", ""),
        wave=card.wave,
        month=month(card, language),
    )
    parts = [head]
    if card.simulated:
        parts.append(say(phrases.SHARE_SIMULATED, language))
    thanks = say(phrases.SHARE_THANKS, language)
    parts.append(f"{answered(card, language)}. {thanks}\n{verdict(card, language)}")
    if card.topic is not None:
        parts.append(say(phrases.SHARE_TALK, language, topic=topic(card.topic, language)))
    parts.append(say(phrases.SHARE_LINK, language, address=address))
    parts.append(limits(language))
    return "\n\n".join(parts)


def too_many(answers: int, eligible: int, language: Language) -> str:
    """Why a wave with more answers than members gets no card."""
    return say(phrases.MORE_THAN_ALL, language, n=answers, of=eligible)
