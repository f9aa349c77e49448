"""A card in one language, ready to be set: page, PDF and picture draw the same view.

Everything is text or a number of the card; nothing is computed here but places on an axis.
"""

from __future__ import annotations

from babel.dates import format_date

from analysis.scorecard.model import (
    Behaviour,
    Card,
    Change,
    People,
    Promise,
    ScaleCard,
    Score,
    Withheld,
)
from app.scorecards import phrases, words
from app.scorecards.contexts import (
    Fact,
    Group,
    Moved,
    Promised,
    Scale,
    Table,
    Tie,
    View,
    Who,
)
from app.scorecards.headings import FIXED, count, heading
from app.scorecards.written import bounds, inside, listed, number, opening, percent, signed, span
from instrument.model import LANGUAGES, Language

NOTHING = "\N{EN DASH}"
WHOLE_GRAINS = 200
"""Up to here one stroke is one member."""


def view_of(card: Card, language: Language) -> View:
    """Set a card in one language."""
    say = heading
    alike = _alike(card)
    scales = tuple(_scale(scale, card, language, alike) for scale in card.scales)
    empty = card.tier == "count_only"
    rest = [inside(scale.name) for scale in scales[card.aspects :]]
    groups = [
        Group(
            say("aspects" if rest else "measured", language, count=count(card.aspects, language)),
            scales[: card.aspects],
        )
    ]
    if rest:
        label = listed(rest, language)
        groups.append(Group(opening(label), scales[card.aspects :]))
    facts = tuple(_fact(one, card, language) for one in card.behaviours)
    outcome = inside(scales[card.aspects].name) if len(scales) > card.aspects else ""
    related, priority = _ties(card, language)
    values = {
        "count": count(len(scales), language),
        "name": outcome,
        "wave": card.wave,
        "month": words.month(card, language),
    }
    return View(
        language=language,
        community=card.community,
        slug=card.slug,
        wave=card.wave,
        wave_line=say("wave", language, **values),
        simulated=card.simulated,
        tier=card.tier,
        pale=card.who.low_rate,
        judged=card.tier == "whole"
        and not card.who.low_rate
        and not all(isinstance(scale.score, Withheld) for scale in card.scales),
        title=say("title", language, **values),
        verdict=words.verdict(card, language),
        who=_who(card, language),
        strengths=_lines(card, language, strength=True),
        work_on=_lines(card, language, strength=False),
        topic=words.topic(card.topic, language),
        obstacle=words.obstacle(card, language),
        reading=words.reading(card, language),
        legend=" ".join(
            part
            for part in (
                words.legend(card, language),
                words.reason(alike, card, language) if alike else "",
            )
            if part
        ),
        groups=() if empty else tuple(group for group in groups if group.scales),
        table=_table(card, language),
        facts=() if empty else facts,
        facts_table=Table(
            tuple(say(name, language) for name in ("what", "share", "bounds", "state", "behind")),
            tuple((one.name, one.big, one.bounds, one.label or NOTHING, one.note) for one in facts),
        ),
        outcome=outcome,
        related=related,
        related_note=phrases.RELATED_NOTE.in_(language) if related else "",
        priority=priority,
        priority_note=phrases.SHARED_NOTE.in_(language) if priority else "",
        comments=()
        if isinstance(card.comments, Withheld)
        else tuple((one.question.in_(language), one.texts) for one in card.comments if one.texts),
        promises=tuple(_promised(one, card, language) for one in card.promises),
        missing=() if empty else _missing(card, language, outcome),
        limits=words.limits(language),
        method=words.method(card, language),
        words={name: say(name, language, **values) for name in FIXED},
    )


def in_both(card: Card) -> dict[Language, View]:
    """The card in every language of the house."""
    return {language: view_of(card, language) for language in LANGUAGES}


def _who(card: Card, language: Language) -> Who:
    who = card.who
    per = 1 if who.eligible <= WHOLE_GRAINS else -(-who.eligible // WHOLE_GRAINS)
    key = phrases.GRAINS if per == 1 else phrases.GRAINS_MANY
    return Who(
        line=words.answered(card, language),
        answered=who.submitted,
        eligible=who.eligible,
        per=per,
        key=words.say(key, language, per=per) if who.eligible else "",
        trust=words.trust(card, language),
        banner=phrases.BANNER.in_(language) if who.low_rate and card.tier != "count_only" else "",
    )


def _lines(card: Card, language: Language, *, strength: bool) -> tuple[tuple[str, str], ...]:
    codes = card.strengths if strength else card.work_on
    return tuple(
        (one.name.in_(language), words.line(one, language, strength=strength))
        for one in (card.scale(code) for code in codes)
    )


def _alike(card: Card) -> Withheld | None:
    """Why no scale has a change, where all have the same reason."""
    reasons = [scale.change for scale in card.scales]
    first = reasons[0] if reasons else None
    if isinstance(first, Withheld) and all(one == first for one in reasons):
        return first
    return None


def _moved(scale: ScaleCard, card: Card, language: Language, alike: Withheld | None) -> Moved:
    change = scale.change
    if isinstance(change, Withheld):
        twice = change in (scale.score, scale.agree)  # its reason stands on the card already
        said = alike is None and not twice
        return Moved("", "", "", words.reason(change, card, language), said=said)
    return Moved(
        change.word,
        phrases.CHANGES[change.word].in_(language),
        words.moved(change, language),
        words.no_word(change, language),
        said=True,
    )


def _scale(scale: ScaleCard, card: Card, language: Language, alike: Withheld | None) -> Scale:
    score = scale.score if isinstance(scale.score, Score) else None
    name = scale.name.in_(language)
    drawn = len(scale.past) >= 2 and score is not None and score.kind == "mean"
    return Scale(
        code=scale.code,
        name=name,
        meaning=scale.meaning.in_(language),
        state=scale.state,
        label=phrases.STATES[scale.state].in_(language),
        big=words.big(scale, language),
        beside=words.beside(scale, language),
        spoken=words.spoken(scale, language),
        kind="withheld" if score is None else score.kind,
        point=score.point if score else None,
        low=score.low if score else None,
        high=score.high if score else None,
        title=heading("chart", language, name=name),
        description=words.level(scale, card, language),
        well=words.rated_well(scale, card, language),
        doubt=words.undecided(scale, card, language),
        moved=_moved(scale, card, language, alike),
        course=(*(past.point for past in scale.past), score.point) if score and drawn else (),
        course_title=heading("line", language, name=name) if drawn else "",
        course_description=f"{words.course(scale, card, language)}." if drawn else "",
        promises=tuple(
            _promised(one, card, language) for one in card.promises if one.scale == scale.code
        ),
    )


def _promised(one: Promise, card: Card, language: Language) -> Promised:
    label = phrases.PROMISES[one.state].in_(language)
    due = format_date(one.due, "d MMMM yyyy", locale=language)
    scale = card.scale(one.scale)
    name = scale.name.in_(language)
    return Promised(
        text=one.text,
        by=heading("by", language, name=name, owner=one.owner, due=due),
        state=one.state,
        label=label,
        short=heading("promised", language, text=one.text, state=inside(label)),
        heard=opening(scale.attention.in_(language)),
    )


def _fact(one: Behaviour, card: Card, language: Language) -> Fact:
    value = None if isinstance(one.value, Withheld) else one.value
    note = words.done(one, card, language)
    dashed = words.dashed(one, language) if value else ""
    figure = percent(value) if value else NOTHING
    return Fact(
        code=one.code,
        name=one.name.in_(language),
        big=figure,
        value=value.value if value else None,
        state=one.state or "",
        label=phrases.STATES[one.state].in_(language) if one.state else "",
        reference=one.reference if value else None,
        title=heading("bar", language, name=one.name.in_(language)),
        description=" ".join(part for part in (f"{figure}.", note, dashed) if part),
        note=note,
        dashed=dashed,
        bounds=bounds(one.people) if value and one.people else NOTHING,
    )


def _ties(card: Card, language: Language) -> tuple[tuple[Tie, ...], tuple[Tie, ...]]:
    related: list[Tie] = []
    shares: list[Tie] = []
    if not isinstance(card.relations, Withheld):
        for one in card.relations:
            text = words.say(
                phrases.RELATED,
                language,
                beta=number(one.beta, language, 2),
                low=number(one.low, language, 2),
                high=number(one.high, language, 2),
                n=one.n,
            )
            related.append(Tie(one.name.in_(language), text, one.beta, one.low, one.high))
    if not isinstance(card.priority, Withheld):
        for one in card.priority:
            if one.share is None or one.share_low is None or one.share_high is None:
                continue
            text = words.say(
                phrases.SHARED,
                language,
                share=number(one.share, language),
                low=number(one.share_low, language),
                high=number(one.share_high, language),
                n=one.n,
            )
            shares.append(
                Tie(one.name.in_(language), text, one.share, one.share_low, one.share_high)
            )
    return tuple(related), tuple(shares)


def _missing(card: Card, language: Language, outcome: str) -> tuple[str, ...]:
    lines = []
    for name, part in (
        ("related", card.relations),
        ("priority", card.priority),
        ("comments", card.comments),
    ):
        if isinstance(part, Withheld) and part.why != "not_asked":
            label = heading(name, language, name=outcome)
            lines.append(f"{label}: {inside(words.reason(part, card, language))}")
    return tuple(lines)


def _table(card: Card, language: Language) -> Table:
    earlier = sorted({past.wave for scale in card.scales for past in scale.past})
    columns = ("what", "n", "score", "range", "well", "bounds", "change", "both", "state")
    head = [heading(name, language, of=card.who.eligible) for name in columns]
    head[2:2] = [heading("earlier", language, wave=wave) for wave in earlier]
    rows = []
    for scale in card.scales:
        score, agree, change = scale.score, scale.agree, scale.change
        points = {past.wave: past.point for past in scale.past}
        row = [scale.name.in_(language), str(scale.n) if scale.n else NOTHING]
        row += [
            number(points[wave], language, 1) if wave in points else NOTHING for wave in earlier
        ]
        row.append(words.big(scale, language, 1))
        ranged = isinstance(score, Score) and score.low is not None and score.high is not None
        if ranged and isinstance(score, Score):
            row.append(span(score.low or 0, score.high or 0, language, 1))
        else:
            row.append(words.beside(scale, language) or NOTHING)
        row.append(_of(agree) if isinstance(agree, People) else NOTHING)
        row.append(bounds(agree) if isinstance(agree, People) else NOTHING)
        if isinstance(change, Change):
            ends = f"{signed(change.low, language, 1)}; {signed(change.high, language, 1)}"
            row += [f"{signed(change.points, language, 1)} ({ends})", str(change.n)]
        else:
            row += [NOTHING, NOTHING]
        row.append(phrases.STATES[scale.state].in_(language))
        rows.append(tuple(row))
    return Table(tuple(head), tuple(rows))


def _of(people: People) -> str:
    ends = f"{people.low}{NOTHING}{people.high}"
    if people.about is None:
        return ends
    return str(people.about) if people.n == people.of else f"{people.about} ({ends})"
