"""The parts of cards made by hand: scales, shares, changes, tiles."""

from __future__ import annotations

from typing import Any

from analysis.scorecard.model import (
    Behaviour,
    Change,
    Past,
    People,
    Percent,
    ScaleCard,
    Score,
    State,
    Why,
    Withheld,
    Word,
)
from instrument.model import Text


def text(both: str) -> Text:
    """``Bahasa | English``."""
    id_, en = both.split(" | ")
    return Text(id=id_, en=en)


SCALES: dict[str, tuple[Text, Text, Text, Text]] = {
    line[:3]: tuple(text(field) for field in line[5:].split(" / "))  # type: ignore[misc]
    for line in """\
DEP: Saling membutuhkan | Mutual need / Anggota saling memerlukan untuk menjalankan usaha. | Members need one another in running their businesses. / anggota saling mengandalkan | members rely on one another / anggota lebih banyak jalan sendiri | members mostly go their own way
FLX: Keluwesan | Flexibility / Waktu dan cara ikut menyesuaikan keadaan anggota. | Times and ways to take part adapt to members. / waktu dan cara ikut pas bagi banyak orang | times and ways suit many / jadwal sering bentrok | schedules often clash
REL: Kualitas hubungan | Relationship quality / Akrab, puas, saling percaya, tidak canggung. | Close, content, trusting, at ease. / anggota akrab dan saling percaya | members are close and trust one another / anggota masih canggung satu sama lain | members are not yet at ease with each other
INF: Berbagi informasi | Information sharing / Kabar dan peluang usaha dibagikan banyak orang. | Business news and chances are shared by many. / kabar usaha datang dari banyak orang | business news comes from many / kabar datang dari sedikit orang | news comes from only a few people
INT: Niat bermitra | Partnership intent / Berniat bekerja sama usaha dalam 6 bulan ke depan. | Intends to do business together within 6 months. / banyak yang berniat bekerja sama | many intend to work together / sedikit yang berniat bekerja sama | few intend to work together
MOT: Motivasi | Motivation / Ikut untuk maju, menambah kenalan, dan belajar. | Takes part to grow, to meet people and to learn. / orang ikut karena ingin usahanya maju | people take part to grow their business / banyak yang sekadar ikut-ikutan | many take part just because others do
BEN: Manfaat | Benefit / Pelatihan, bimbingan, dan ilmu terasa gunanya. | Training, guidance and knowledge are of use. / pelatihan dan bimbingan terasa berguna | training and guidance are useful / manfaatnya belum terasa | the benefit is not felt yet
COM: Komitmen | Commitment / Senang, ingin terus ikut, mau menyumbang tenaga. | Happy, wants to stay, willing to put effort in. / anggota senang dan ingin terus ikut | members are happy and want to stay / anggota mudah lepas dari komunitas | members would leave easily
""".splitlines()  # noqa: E501
}
POINTS = (62.3, 53.1, 75.2, 50.1, 64.0, 78.4, 68.2, 71.3)
BEFORE = (60.6, 51.4, 74.1, 42.3, 61.0, 78.2, 68.9, 69.4)
SHARES = (58, 37, 81, 33, 62, 85, 68, 75)
MOVES = (1.2, 2.1, 0.9, 8.2, 3.0, 0.2, -1.1, 2.0)
HALF_MOVES = (5.1, 5.0, 4.2, 4.9, 6.0, 4.1, 5.2, 5.1)
FLOORS = {"any": 5, "group": 10, "comments": 10}


def state_of(point: float, half: float) -> State:
    """The plain rule of the specification's 5.2."""
    if half > 10:
        return "not_enough"
    if point >= 70 and point - half >= 62.5:
        return "strong"
    return "attention" if point < 55 and point + half < 62.5 else "fair"


def percent_of(x: float) -> Percent:
    """Coded at the ends."""
    value = round(x)
    if value <= 5:
        return Percent(value=5, end="at_most")
    return Percent(value=95, end="at_least") if value >= 95 else Percent(value=value)


def people_of(share: float, n: int, of: int, half: int) -> People:
    """About that share of the register, `half` members either way."""
    x = round(share / 100 * n)
    about = round(share / 100 * of)
    half = 0 if n == of else half
    return People(
        percent=percent_of(share),
        n=n,
        about=about,
        low=max(x, about - half),
        high=min(x + of - n, about + half),
        of=of,
        worst=percent_of(100 * x / of),
        best=percent_of(100 * (x + of - n) / of),
    )


def scale_of(  # one scale as its n allows
    place: int,
    *,
    n: int,
    of: int,
    low_rate: bool = False,
    change: Change | Why = "first_wave",
    past: tuple[Past, ...] = (),
    half: float = 3.0,
    withheld: Why | None = None,
) -> ScaleCard:
    code = list(SCALES)[place]
    name, meaning, strength, attention = SCALES[code]
    point = POINTS[place]
    score: Score | Withheld
    agree: People | Withheld
    state: State = "not_enough"
    if withheld is not None:
        score = agree = Withheld(why=withheld)
    elif n < 10:
        score, agree = Score(kind="median", point=point), Withheld(why="below_ten")
    else:
        ends = {} if n == of else {"low": point - half, "high": point + half}
        score = Score(point=point, everybody=n == of, **ends)
        agree = people_of(SHARES[place], n, of, max(1, round(half * 1.4 * of / 60)))
        state = "not_enough" if low_rate else state_of(point, 0 if n == of else half)
    return ScaleCard(
        code=code,
        name=name,
        meaning=meaning,
        strength=strength,
        attention=attention,
        n=0 if withheld else n,
        score=score,
        state=state,
        agree=agree,
        change=change if isinstance(change, Change) else Withheld(why=change),
        past=past,
    )


def moved(place: int, n: int = 36) -> Change:
    """The change of a scale, with the word its range allows."""
    points, half = MOVES[place], HALF_MOVES[place]
    low, high = round(points - half, 1), round(points + half, 1)
    clear = (low > 0 or high < 0) and abs(points) >= 5
    word: Word = "unclear" if not clear else "up" if points > 0 else "down"
    return Change(word=word, points=points, low=low, high=high, n=n, since=2)


def behaviours(n: int, of: int, events: int = 4) -> tuple[Behaviour, ...]:
    """Four tiles as the log and the answers allow."""
    names = {
        "attendance": "Hadir di acara santai, rata-rata tiap acara"
        " | Attending an informal event, mean per event",
        "ever_attended": "Pernah hadir, sekali atau lebih | Ever attended, once or more",
        "shared": "Membagikan info usaha dalam 4 minggu | Shared business news in 4 weeks",
        "partnership": "Punya kerja sama usaha yang berjalan | Has a running partnership",
    }
    tiles = []
    if events:
        tiles.append(
            Behaviour(
                code="attendance",
                name=text(names["attendance"]),
                value=Percent(value=20),
                n=of,
                events=events,
                state="attention",
                reference=20,
                reference_name=text("perkiraan pengurus, 2024 | officers' guess, 2024"),
            )
        )
        tiles.append(
            Behaviour(
                code="ever_attended",
                name=text(names["ever_attended"]),
                value=Percent(value=51),
                n=of,
                events=events,
            )
        )
    else:
        for code in ("attendance", "ever_attended"):
            gone = Withheld(why="no_events")
            tiles.append(Behaviour(code=code, name=text(names[code]), value=gone))  # type: ignore[arg-type]
    for code, share in (("shared", 33), ("partnership", 47)):
        if n < 10:
            why: Why = "fewer_than_five" if n < 5 else "below_ten"
            value: Any = Withheld(why=why)
            tiles.append(Behaviour(code=code, name=text(names[code]), value=value))  # type: ignore[arg-type]
        else:
            people = people_of(share, n, of, max(1, round(4 * of / 60)))
            tiles.append(
                Behaviour(
                    code=code,  # type: ignore[arg-type]
                    name=text(names[code]),
                    value=people.percent,
                    people=people,
                    n=n,
                )
            )
    return tuple(tiles)
