"""Any card the contract allows, for properties: far more than the analysis would ever make."""

from __future__ import annotations

import datetime
from typing import Any, get_args

from hypothesis import strategies as st

from analysis.scorecard.model import (
    Behaviour,
    Card,
    Change,
    Comments,
    Obstacle,
    Past,
    People,
    Percent,
    Promise,
    Relation,
    ScaleCard,
    Score,
    Stratum,
    Topic,
    Who,
    Why,
    Withheld,
    Word,
)
from instrument.model import Text
from tests.scorecards.pieces import SCALES

WITHHELD = st.sampled_from(get_args(Why)).map(lambda why: Withheld(why=why))


def tenths(low: float, high: float) -> st.SearchStrategy[float]:
    return st.integers(round(low * 10), round(high * 10)).map(lambda tenth: tenth / 10)


@st.composite
def percents(draw: st.DrawFn) -> Percent:
    value = draw(st.integers(5, 95))
    ends: dict[int, Any] = {5: "at_most", 95: "at_least"}
    return Percent(value=value, end=ends.get(value))


@st.composite
def people(draw: st.DrawFn, n: int, of: int) -> People:
    low = draw(st.integers(0, of))
    high = draw(st.integers(low, of))
    about = draw(st.one_of(st.none(), st.integers(low, high)))
    return People(
        percent=draw(percents()),
        n=n,
        about=about,
        low=low,
        high=high,
        of=of,
        worst=draw(percents()),
        best=draw(percents()),
    )


@st.composite
def changes(draw: st.DrawFn) -> Change:
    low, points, high = sorted(draw(st.tuples(*[tenths(-100, 100)] * 3)))
    words: list[Word] = ["unclear"]
    if low > 0:
        words.append("up")
    if high < 0:
        words.append("down")
    return Change(
        word=draw(st.sampled_from(words)),
        points=points,
        low=low,
        high=high,
        n=draw(st.integers(10, 400)),
        since=draw(st.integers(1, 9)),
    )


@st.composite
def scores(draw: st.DrawFn, n: int, of: int) -> Score:
    if n < 10:
        return Score(kind="median", point=draw(tenths(0, 100)))
    if n == of:
        return Score(point=draw(tenths(0, 100)), everybody=True)
    low, point, high = sorted(draw(st.tuples(*[tenths(0, 100)] * 3)))
    return Score(point=point, low=low, high=high)


@st.composite
def scales(draw: st.DrawFn, code: str, n: int, of: int, earlier: int) -> ScaleCard:
    name, meaning, strength, attention = SCALES[code]
    shown = n >= 5 and draw(st.booleans())
    score: Score | Withheld = draw(scores(n, of)) if shown else draw(WITHHELD)
    ranged = isinstance(score, Score) and score.kind == "mean"
    return ScaleCard(
        code=code,
        name=name,
        meaning=meaning,
        strength=strength,
        attention=attention,
        n=n if isinstance(score, Score) else 0,
        score=score,
        state=draw(st.sampled_from(["strong", "fair", "attention", "not_enough"]))
        if ranged
        else "not_enough",
        kept=ranged and draw(st.booleans()),
        agree=draw(st.one_of(WITHHELD, people(n, of))) if ranged else draw(WITHHELD),
        change=draw(st.one_of(WITHHELD, changes())) if n >= 10 else draw(WITHHELD),
        past=tuple(Past(wave=wave, point=draw(tenths(0, 100))) for wave in range(1, earlier + 1)),
    )


@st.composite
def behaviours(draw: st.DrawFn, n: int, of: int) -> tuple[Behaviour, ...]:
    tiles = []
    for code in ("attendance", "ever_attended", "shared", "partnership"):
        value: Percent | Withheld = draw(st.one_of(WITHHELD, percents()))
        log = code in ("attendance", "ever_attended")
        shown = isinstance(value, Percent) and (log or n >= 10)
        if not shown and isinstance(value, Percent):
            value = draw(WITHHELD)
        tiles.append(
            Behaviour(
                code=code,  # type: ignore[arg-type]
                name=Text(id=f"Perilaku {code}", en=f"Behaviour {code}"),
                value=value,
                people=draw(people(n, of)) if shown and not log else None,
                n=(of if log else n) if shown else 0,
                events=draw(st.integers(1, 40)) if log and shown else None,
                state=draw(st.sampled_from(["strong", "fair", "attention"]))
                if shown and code == "attendance"
                else None,
                reference=20 if code == "attendance" else None,
                reference_name=Text(id="perkiraan pengurus", en="officers' guess")
                if code == "attendance"
                else None,
            )
        )
    return tuple(tiles)


@st.composite
def relations(draw: st.DrawFn, n: int) -> tuple[Relation, ...]:
    made = []
    for code in ("DEP", "FLX", "REL", "INF"):
        low, beta, high = sorted(draw(st.tuples(*[tenths(-1, 1)] * 3)))
        first, share, last = sorted(draw(st.tuples(*[tenths(0, 90)] * 3)))
        made.append(
            Relation(
                scale=code,
                name=SCALES[code][0],
                beta=beta,
                low=low,
                high=high,
                n=n,
                share=share,
                share_low=first,
                share_high=last,
            )
        )
    return tuple(made)


@st.composite
def cards(draw: st.DrawFn) -> Card:
    """A card of any size, with anything withheld."""
    of = draw(st.integers(1, 400))
    n = draw(st.integers(0, of))
    earlier = draw(st.integers(0, 5))
    everything = tuple(draw(scales(code, n, of, earlier)) for code in SCALES)
    codes = st.lists(st.sampled_from(list(SCALES)), max_size=3, unique=True).map(tuple)
    large = n >= 10
    return Card(
        community="Komunitas Contoh",
        slug="contoh",
        wave=earlier + 1,
        form="full",
        instrument="partnership 1.0.0",
        wording="ab" * 32,
        closed_on=datetime.date(2026, draw(st.integers(1, 12)), 3),
        simulated=draw(st.booleans()),
        tier="count_only" if n < 5 else "medians" if n < 10 else "whole",
        floors={"any": 5, "group": draw(st.integers(5, 30)), "comments": 10},
        who=Who(
            submitted=n,
            eligible=of,
            percent=round(100 * n / of),
            used=draw(st.sampled_from([n, max(0, n - 6)])),
            low_rate=n < 0.3 * of,
            everybody=n == of,
            strata=draw(
                st.sampled_from(
                    [
                        (),
                        (
                            Stratum(name=Text(id="pengurus", en="officers"), answered=10, of=15),
                            Stratum(name=Text(id="anggota", en="members"), answered=30, of=45),
                        ),
                    ]
                )
            ),
        ),
        scales=everything,
        aspects=4,
        strengths=draw(codes) if large else (),
        work_on=draw(codes) if large else (),
        behaviours=draw(behaviours(n, of)) if n >= 5 else (),
        obstacle=draw(
            st.one_of(
                WITHHELD,
                st.builds(
                    Obstacle,
                    label=st.just(Text(id="Jadwal", en="Schedule")),
                    percent=percents(),
                    named=st.just(12),
                    n=st.just(n),
                ),
            )
        )
        if large
        else draw(WITHHELD),
        topic=draw(
            st.sampled_from(
                [None, Topic(scale="FLX", text=Text(id="Coba dua waktu.", en="Try two times."))]
            )
        ),
        relations=draw(st.one_of(WITHHELD, relations(n))) if large else draw(WITHHELD),
        priority=draw(st.one_of(WITHHELD, relations(n))) if large else draw(WITHHELD),
        comments=draw(
            st.one_of(
                WITHHELD,
                st.just((Comments(question=Text(id="Apa?", en="What?"), texts=("Bazar",)),)),
            )
        )
        if large
        else draw(WITHHELD),
        promises=draw(
            st.sampled_from(
                [
                    (),
                    (
                        Promise(
                            scale="INF",
                            text="Giliran",
                            owner="sekretaris",
                            due=datetime.date(2026, 6, 30),
                            state="running",
                        ),
                    ),
                ]
            )
        ),
    )
