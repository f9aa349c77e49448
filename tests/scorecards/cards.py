"""Cards made by hand, one for each situation a page must be right in.

Plausible numbers, not measured ones: each shows what the rules let a card of that size say.
"""

from __future__ import annotations

import datetime
from typing import Any

from analysis.scorecard.model import (
    Card,
    Comments,
    Obstacle,
    Past,
    Percent,
    Promise,
    Relation,
    Stratum,
    Tier,
    Topic,
    Who,
    Why,
    Withheld,
)
from tests.scorecards.pieces import BEFORE, FLOORS, SCALES, behaviours, moved, scale_of, text

COMMENTS = (
    Comments(
        question=text(
            "Apa satu hal di komunitas ini yang paling membantu usaha Anda?"
            " | What one thing in this community helps your business most?"
        ),
        texts=(
            "Bazar tiap bulan, pembeli jadi kenal produk saya.",
            "Ilmu foto produk dari pelatihan kemarin.",
            "Bisa titip jual di toko teman.",
        ),
    ),
    Comments(
        question=text(
            "Perubahan apa yang membuat Anda lebih sering ikut serta?"
            " | What change would make you join in more often?"
        ),
        texts=("Acara hari Minggu saja.", "Kabar acara jangan mendadak."),
    ),
)
PROMISES = (
    Promise(
        scale="INF",
        text="Giliran berbagi info tiap minggu",
        owner="sekretaris",
        due=datetime.date(2026, 6, 30),
        state="running",
    ),
    Promise(
        scale="FLX",
        text="Ngopi dengan dua pilihan waktu",
        owner="pengurus",
        due=datetime.date(2026, 12, 15),
        state="planned",
    ),
)


def card(n: int = 45, of: int = 60, *, wave: int = 1, **changes: Any) -> Card:
    """One wave's card at that n; `changes` replace fields of it."""
    tier: Tier = "count_only" if n < 5 else "medians" if n < 10 else "whole"
    low_rate = n < 0.3 * of
    first: Why = "below_ten" if n < 10 else "first_wave"
    half = 7.4 if n < 40 else 3.0
    scales = changes.pop("scales", None) or tuple(
        scale_of(
            place,
            n=n,
            of=of,
            low_rate=low_rate,
            half=half,
            change=first,
            withheld="fewer_than_five" if n < 5 else None,
        )
        for place in range(8)
    )
    strong = tuple(one.code for one in scales if one.state == "strong")[:3]
    weak = tuple(one.code for one in scales if one.state == "attention")[:3]
    values: dict[str, Any] = {
        "community": "Komunitas UMKM Sidoarjo",
        "slug": "sidoarjo",
        "wave": wave,
        "form": "full",
        "instrument": "partnership 1.0.0",
        "wording": "3f2a" * 16,
        "closed_on": datetime.date(2026, 10, 21),
        "simulated": True,
        "tier": tier,
        "floors": FLOORS,
        "who": Who(
            submitted=n,
            eligible=of,
            percent=round(100 * n / of),
            used=n,
            low_rate=low_rate,
            everybody=n == of,
        ),
        "scales": scales,
        "aspects": 4,
        "strengths": strong,
        "work_on": weak,
        "behaviours": behaviours(n, of),
        "obstacle": Obstacle(
            label=text("Jadwal | Schedule"), percent=Percent(value=44), named=round(0.44 * n), n=n
        )
        if n >= 10
        else Withheld(why="fewer_than_five" if n < 5 else "below_ten"),
        "topic": Topic(
            scale="FLX",
            text=text(
                "Coba dua pilihan waktu, atau cara ikut dari jauh."
                " | Offer two time slots, or a way to join without coming."
            ),
        )
        if "FLX" in weak
        else None,
        "relations": Withheld(why="too_few_to_relate"),
        "priority": Withheld(why="too_few_for_map"),
        "comments": Withheld(why="too_few_for_comments" if n < 10 else "no_comments"),
    }
    return Card(**(values | changes))


def third_wave(waves: int = 3) -> Card:
    """A community that has answered several times: n = 45 of 60."""
    scales = tuple(
        scale_of(
            place,
            n=44 if place == 1 else 45,
            of=60,
            change=moved(place),
            past=tuple(
                Past(wave=number, point=round(BEFORE[place] + 0.9 * (number - waves + 1), 1))
                for number in range(1, waves)
            ),
        )
        for place in range(8)
    )
    strata = (
        Stratum(name=text("yang pernah hadir di acara | ever at an event"), answered=24, of=31),
        Stratum(name=text("belum pernah hadir | never at one"), answered=21, of=29),
    )
    who = Who(
        submitted=45,
        eligible=60,
        percent=75,
        used=45,
        low_rate=False,
        everybody=False,
        strata=strata,
    )
    return card(wave=waves, scales=scales, who=who, comments=COMMENTS, promises=PROMISES)


def large() -> Card:
    """n = 240 of 310: relations and the priority view are stable enough."""
    codes = ("DEP", "FLX", "REL", "INF")
    betas = ((0.25, 0.12, 0.38), (0.09, -0.04, 0.22), (0.24, 0.11, 0.37), (0.16, 0.03, 0.29))
    shares = ((31, 18, 46), (16, 6, 29), (32, 19, 47), (21, 9, 35))
    relations = tuple(
        Relation(
            scale=code,
            name=SCALES[code][0],
            beta=beta[0],
            low=beta[1],
            high=beta[2],
            n=240,
            share=share[0],
            share_low=share[1],
            share_high=share[2],
        )
        for code, beta, share in zip(codes, betas, shares, strict=True)
    )
    scales = tuple(
        scale_of(place, n=240, of=310, half=1.4, change=moved(place, 190)) for place in range(8)
    )
    return card(
        240,
        310,
        wave=2,
        scales=scales,
        relations=relations,
        priority=relations,
        comments=COMMENTS,
    )


def full() -> Card:
    """As much as a card can hold: the large one in its sixth wave, with three long promises."""
    base, sixth = large(), third_wave(6)
    scales = tuple(
        one.model_copy(update={"past": older.past})
        for one, older in zip(base.scales, sixth.scales, strict=True)
    )
    promises = tuple(
        Promise(
            scale=code,
            text="Giliran berbagi kabar usaha tiap minggu di grup dan di ngopi",
            owner="sekretaris dan bendahara",
            due=datetime.date(2026, 12, 15),
            state=state,
        )
        for code, state in (("INF", "done"), ("FLX", "planned"), ("REL", "dropped"))
    )
    return base.model_copy(
        update={
            "community": "Paguyuban Usaha Mikro Kecil Menengah Sidoarjo Barat",
            "wave": 6,
            "who": base.who.model_copy(update={"strata": sixth.who.strata, "used": 230}),
            "scales": scales,
            "promises": promises,
        }
    )


def suppressed() -> Card:
    """Enough answers, and yet every figure would give away a few by subtraction."""
    gone: Why = "differencing"
    scales = tuple(
        scale_of(place, n=12, of=60, withheld=gone, change="few_in_both") for place in range(8)
    )
    tiles = tuple(
        one.model_copy(update={"value": Withheld(why=gone), "people": None, "state": None, "n": 0})
        for one in behaviours(12, 60)
    )
    return card(
        21,
        60,
        wave=2,
        scales=scales,
        behaviours=tiles,
        obstacle=Withheld(why=gone),
        comments=Withheld(why=gone),
        relations=Withheld(why="too_few_to_relate"),
    )


def other_version() -> Card:
    """A second wave with other questions: nothing is compared."""
    scales = tuple(scale_of(place, n=45, of=60, change="other_wording") for place in range(8))
    return card(wave=2, scales=scales)


def in_part() -> Card:
    """Two scales withheld, one too wide, one pair below the panel's floor; no events."""
    scales = tuple(
        scale_of(
            place,
            n=31,
            of=60,
            half=11.0 if place == 2 else 4.8,
            change="few_in_both",
            withheld="few_in_group" if place in (1, 6) else None,
        )
        for place in range(8)
    )
    return card(31, 60, wave=2, scales=scales, behaviours=behaviours(31, 60, events=0))


def low_panel() -> Card:
    """A second wave in which few answered both times."""
    scales = tuple(scale_of(place, n=45, of=60, change="few_in_both") for place in range(8))
    return card(wave=2, scales=scales, comments=Withheld(why="no_comments"))


CARDS: dict[str, Card] = {
    "n0": card(0),
    "n3": card(3),
    "n5": card(5),
    "n9": card(9, 25),
    "n10": card(10),
    "n29": card(29),
    "n45": card(45),
    "all60": card(60),
    "wave3": third_wave(),
    "wave6": third_wave(6),
    "versions": other_version(),
    "suppressed": suppressed(),
    "part": in_part(),
    "panel": low_panel(),
    "n240": large(),
    "full": full(),
}
"""Every situation by name; n > N has no card (`app.scorecards.words.too_many`)."""
