"""The one gate: which aggregate may leave, so that no few persons can be told from it.

Nothing aggregated reaches a page, file, picture or program past these rules. A figure needs
a floor of answers; a small part of a breakdown hides together with the next smallest; shares
at the ends look alike; and everything that was ever shown is taken together: `gives_few`
looks for a few persons, `derivable` for a hidden group, in the row space of all of it, over
breakdowns, waves, withdrawals and formats. Standard library only: the web process asks too.

Sources: the specification's sections 2.8 and 4.2; Hundepool et al. (2012), Statistical
Disclosure Control, chapter 4 (complementary suppression, audit by linear algebra).
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from analysis.errors import AnalysisError

LOWEST = 5
"""No floor goes below."""
END = 5
"""Percent: shares up to it, and from 100 less it, are coded."""

Atom = tuple[Hashable, Hashable]
"""A person's value on one occasion (a wave, a wave's scale): what must stay unknown."""
Figure = Mapping[Atom, int]
"""A published sum as a linear combination of atoms; a mean with its n, or a count, is one."""

_PRIME = 2**61 - 1
"""Rank is found modulo a prime. Determinants of 0 and ±1 of up to 25 rows stay below it
(Hadamard: 25^(25/2) = 3e17), so for as many figures the answer is exact."""
_MOST_FREE = 4
"""Dimensions of combinations that few persons stand in, up to which they are looked through;
beyond, the answer is that they do give few."""


class FloorTooLow(AnalysisError):
    """A floor below five was asked for; set it to five or more in the wave's plan."""


@dataclass(frozen=True, slots=True)
class Floors:
    """The smallest numbers of persons of which something is shown."""

    any: int = 5
    """Any figure at all."""
    group: int = 10
    """A part of the community, and what is left of it."""
    comments: int = 10
    """Open texts."""

    def __post_init__(self) -> None:
        for name in ("any", "group", "comments"):
            if getattr(self, name) < LOWEST:
                raise FloorTooLow(
                    f"The floor {name} is {getattr(self, name)}; set it to {LOWEST} or more."
                )

    @classmethod
    def of(cls, given: Mapping[str, int]) -> Floors:
        """Read a wave's floors; what it does not name is the usual."""
        return cls(**{name: given[name] for name in ("any", "group", "comments") if name in given})


def few(n: int, floor: int) -> bool:
    """Whether n persons are somebody, but fewer than the floor."""
    return 0 < n < floor


def part_may_show(part: int, total: int, floor: int) -> bool:
    """Whether a part and what is left of the total are both large enough to be told."""
    return part >= floor and not few(total - part, floor)


def told_of(part: int, total: int, floor: int) -> int:
    """A part as it is told beside its total: the total, where the rest would be a few."""
    return total if few(total - part, floor) else part


@dataclass(frozen=True, slots=True)
class Share:
    """x of n in whole percent, coded at the ends."""

    percent: int
    end: Literal["at_most", "at_least"] | None
    first: int
    """The counts from ``first`` to ``last`` all look like this one."""
    last: int


def share(x: int, n: int) -> Share:
    """Code x of n: "all" and "nobody" tell on everybody, so they look like almost so.

    Up to 5 % is "at most 5 %", from 95 % "at least 95 %". Below 20 persons one of them is
    more than 5 %; there the ends take one person in ("at most 10 %" of ten), so that a coded
    share never stands for one count alone. Rounded half up. ValueError unless 0 <= x <= n.
    """
    if n < 1 or not 0 <= x <= n:
        raise ValueError(f"{x} of {n} is no share")
    edge = max(END * n // 100, 1)
    percent = max(END, -(-100 * edge // n))
    if x <= edge:
        return Share(percent, "at_most", 0, edge)
    if x >= n - edge:
        return Share(100 - percent, "at_least", n - edge, n)
    return Share((200 * x + n) // (2 * n), None, x, x)


def one_way(sizes: Mapping[str, int], floor: int, total: int | None = None) -> frozenset[str]:
    """Names of a breakdown's groups that may be shown beside the total.

    Groups below ``floor`` hide. One hidden group takes the next smallest with it; so do
    hidden groups that together are fewer than the floor; and nothing shows whose complement
    to the total is 1 to floor - 1. Of 41 and 4 nothing is left. ``total``: persons the
    breakdown is of, where some belong to no group (default: the sum).
    """
    whole = sum(sizes.values()) if total is None else total
    if whole < sum(sizes.values()):
        raise ValueError(f"groups of {sum(sizes.values())} in a total of {whole}")
    by_size = sorted(sizes, key=lambda name: (sizes[name], name))
    shown = [name for name in by_size if part_may_show(sizes[name], whole, floor)]
    while shown:
        hidden = [name for name in sizes if name not in shown and sizes[name]]
        if len(hidden) == 1 or few(whole - sum(sizes[name] for name in shown), floor):
            shown.pop(0)
        else:
            break
    return frozenset(shown)


def sum_over(persons: Iterable[Hashable], occasion: Hashable) -> Figure:
    """Return what a mean or a count of these persons tells."""
    return dict.fromkeys(((person, occasion) for person in persons), 1)


def change_of(persons: Iterable[Hashable], before: Hashable, after: Hashable) -> Figure:
    """Return what a mean paired difference of these persons tells."""
    told: dict[Atom, int] = {}
    for person in persons:
        told[person, before], told[person, after] = -1, 1
    return told


def derivable(hidden: Sequence[Figure], shown: Sequence[Figure]) -> tuple[bool, ...]:
    """Whether each hidden sum lies in the row space of what is shown."""
    _, rows = _cells([*shown, *hidden])
    known = _reduce(rows[: len(shown)])
    pivots = [next(i for i, value in enumerate(row) if value) for row in known]
    found = []
    for target in rows[len(shown) :]:
        left = [value % _PRIME for value in target]
        for pivot, row in zip(pivots, known, strict=True):
            if left[pivot]:
                left = _without([left], row, pivot)[0]
        found.append(not any(left))
    return tuple(found)


def gives_few(shown: Sequence[Figure], floor: int = LOWEST) -> bool:
    """Whether some combination of what is shown speaks of 1 to floor - 1 persons only.

    Persons who stand in the same figures cannot be told apart, so they form one cell. Figures
    are reduced with the cells of many persons first; rows left over speak of small cells
    only. The combinations of fewest persons are among those with minimal support, each zero
    in one cell fewer than there are such rows.
    """
    cells, rows = _cells(shown)
    order = sorted(range(len(cells)), key=lambda i: -len(cells[i]))
    large = sum(len(cell) >= floor for cell in cells)
    reduced = _reduce([[row[i] for i in order] for row in rows])
    persons = [cells[i] for i in order[large:]]
    free = [row[large:] for row in reduced if not any(row[:large])]

    def speaks_of_few(row: list[int]) -> bool:
        return few(len({who for i, value in enumerate(row) if value for who in persons[i]}), floor)

    if any(map(speaks_of_few, free)):
        return True
    return len(free) > _MOST_FREE or any(map(speaks_of_few, _minimal(free, 0)))


def _minimal(free: list[list[int]], start: int) -> Iterator[list[int]]:
    """Yield combinations of minimal support: zero in all but one of as many cells as rows."""
    if len(free) == 1:
        yield free[0]
    for column in range(start, len(free[0]) if len(free) > 1 else 0):
        pivot = next((row for row in free if row[column]), None)
        if pivot is not None:
            inverse = pow(pivot[column], -1, _PRIME)
            one = [value * inverse % _PRIME for value in pivot]
            rest = [row for row in free if row is not pivot]
            yield from _minimal(_without(rest, one, column), column + 1)


def _cells(figures: Sequence[Figure]) -> tuple[list[frozenset[Hashable]], list[list[int]]]:
    """Return the persons of each cell, and each figure's coefficient in every cell."""
    column: dict[Atom, list[int]] = {}
    for number, figure in enumerate(figures):
        for atom, value in figure.items():
            column.setdefault(atom, [0] * len(figures))[number] = value
    members: dict[tuple[Hashable, tuple[int, ...]], set[Hashable]] = {}
    for (person, occasion), values in column.items():
        members.setdefault((occasion, tuple(values)), set()).add(person)
    rows = [[key[1][number] for key in members] for number in range(len(figures))]
    return [frozenset(one) for one in members.values()], rows


def _reduce(rows: list[list[int]]) -> list[list[int]]:
    """Return the reduced row echelon form modulo the prime, without its zero rows."""
    left = [[value % _PRIME for value in row] for row in rows]
    done: list[list[int]] = []
    for column in range(len(left[0]) if left else 0):
        pivot = next((row for row in left if row[column]), None)
        if pivot is None:
            continue
        left.remove(pivot)
        inverse = pow(pivot[column], -1, _PRIME)
        pivot = [value * inverse % _PRIME for value in pivot]
        left, done = (_without(part, pivot, column) for part in (left, done))
        done.append(pivot)
        if not left:
            break
    return done


def _without(rows: list[list[int]], pivot: list[int], column: int) -> list[list[int]]:
    return [
        [(a - row[column] * b) % _PRIME for a, b in zip(row, pivot, strict=True)]
        if row[column]
        else row
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Release:
    """What of one occasion is shown, and what is not: a card, a table, a file."""

    total: bool
    groups: Mapping[str, frozenset[str]]
    """By breakdown, the names shown."""
    shown: tuple[Figure, ...]
    hidden: tuple[Figure, ...]
    """What must stay unknown: groups that are not shown and that nothing earlier tells."""


def release(
    occasion: Hashable,
    persons: Collection[Hashable],
    breakdowns: Mapping[str, Mapping[str, Collection[Hashable]]],
    floors: Floors,
    earlier: Sequence[Release] = (),
) -> Release:
    """Decide what may be shown of one occasion beside everything that was shown earlier.

    ``breakdowns``: by name, one-way, each a partition of ``persons`` or of some of them.
    ``earlier``: all releases before, also of other occasions and of the same one before a
    withdrawal. Starts from `one_way` of each breakdown and hides the smallest group, then the
    total, until no few persons and no hidden group, of now or before, can be told.
    """
    whole = sum_over(persons, occasion)
    known = [figure for one in earlier for figure in one.shown]
    kept = _unknown([figure for one in earlier for figure in one.hidden], known)
    total = len(persons) >= floors.any
    names = {
        name: set(one_way({g: len(who) for g, who in groups.items()}, floors.group, len(persons)))
        if total
        else set()
        for name, groups in breakdowns.items()
    }
    while True:
        pairs = [(name, group) for name, groups in breakdowns.items() for group in groups]
        told = {
            pair: sum_over(breakdowns[pair[0]][pair[1]], occasion)
            for pair in pairs
            if breakdowns[pair[0]][pair[1]]
        }
        shown = [whole] if total else []
        shown += [figure for (name, group), figure in told.items() if group in names[name]]
        hidden = [figure for (name, group), figure in told.items() if group not in names[name]]
        if not total and persons:
            hidden.append(whole)
        every = [*known, *shown]
        hidden = _unknown(hidden, known)
        if not gives_few(every, floors.any) and not any(derivable([*kept, *hidden], every)):
            break
        if not total and not any(names.values()):
            break  # nothing of this occasion is shown: what is known was known before
        smallest = min(
            (
                (len(breakdowns[name][group]), name, group)
                for name in names
                for group in names[name]
            ),
            default=None,
        )
        if smallest is None:
            total = False
        else:
            names[smallest[1]].discard(smallest[2])
    return Release(
        total,
        {name: frozenset(groups) for name, groups in names.items()},
        tuple(shown),
        tuple(hidden),
    )


def _unknown(hidden: Sequence[Figure], known: Sequence[Figure]) -> list[Figure]:
    told = derivable(hidden, known)
    return [one for one, already in zip(hidden, told, strict=True) if not already]


def may_reissue(
    before: Mapping[str, int], after: Mapping[str, int], *, changes: int, floor: int = LOWEST
) -> bool:
    """Whether a card may be made again after answers were withdrawn or corrected.

    ``before`` and ``after``: persons behind every figure of the card that is out and of the
    one that would replace it (`analysis.scorecard.counts.behind`); ``changes``: persons whose
    answers were withdrawn or changed since. Both cards are known to whoever kept the first,
    so their difference must speak of nobody or of ``floor`` persons at least, figure by
    figure; a figure that stands in one of them only is no difference.
    """
    if changes < max(floor, LOWEST):
        return False
    return not any(few(abs(before[name] - after[name]), floor) for name in before.keys() & after)
