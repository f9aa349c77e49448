"""The gate: floors, one-way suppression, coded ends, and the audit of everything ever shown.

The audit's own answers are held against another route: numpy's projection onto the row space,
and every small set of persons tried one by one.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import disclosure
from analysis.disclosure import Floors, Release, change_of, sum_over

TABLES = 10_000
FORMATS = 4
"""Page, PDF, picture and API show the same card."""


def test_floors_never_go_below_five() -> None:
    assert Floors.of({"any": 6, "group": 12, "other": 1}) == Floors(6, 12, 10)
    with pytest.raises(disclosure.FloorTooLow, match="group is 4; set it to 5 or more"):
        Floors.of({"group": 4})


def test_remainder_rule() -> None:
    # acceptance 18: of 41 and 4 both hide
    assert disclosure.one_way({"a": 41, "b": 4}, 10) == frozenset()
    assert disclosure.one_way({"a": 41, "b": 4}, 5) == frozenset()


@pytest.mark.parametrize(
    ("sizes", "total", "shown"),
    [
        ({"a": 20, "b": 15}, None, {"a", "b"}),
        ({"a": 20, "b": 15, "c": 4}, None, {"a"}),  # b, the next smallest, goes with c
        ({"a": 20, "b": 4, "c": 3}, None, set()),  # 7 hidden persons are fewer than ten
        ({"a": 20, "b": 8, "c": 3}, None, {"a"}),  # 11 hidden persons in two groups
        ({"a": 20, "b": 15}, 38, set()),  # three persons of no group: b, then a
        ({"a": 20, "b": 15, "c": 12}, 50, {"a"}),  # c for the three of no group, b for c
        ({"a": 20, "b": 15}, 45, {"a", "b"}),  # ten of no group are enough
        ({"a": 20, "b": 0}, None, {"a"}),  # nobody is no group
        ({}, None, set()),
    ],
)
def test_one_way(sizes: dict[str, int], total: int | None, shown: set[str]) -> None:
    assert disclosure.one_way(sizes, 10, total) == shown


def test_groups_beyond_their_total_are_refused() -> None:
    with pytest.raises(ValueError, match="groups of 20 in a total of 19"):
        disclosure.one_way({"a": 20}, 10, 19)


@given(
    sizes=st.dictionaries(st.text(max_size=3), st.integers(0, 40), max_size=7),
    rest=st.integers(0, 15),
    floor=st.integers(5, 15),
)
@settings(max_examples=500, deadline=None)
def test_one_way_by_its_rules(sizes: dict[str, int], rest: int, floor: int) -> None:
    total = sum(sizes.values()) + rest
    shown = disclosure.one_way(sizes, floor, total)
    for name in shown:
        assert sizes[name] >= floor
        assert total - sizes[name] == 0 or total - sizes[name] >= floor
    hidden = [n for name, n in sizes.items() if name not in shown and n]
    if shown:
        assert len(hidden) != 1
        left = total - sum(sizes[name] for name in shown)
        assert left == 0 or left >= floor


def test_ends_are_coded() -> None:
    assert disclosure.share(0, 45) == disclosure.share(2, 45)
    assert disclosure.share(2, 45) == disclosure.Share(5, "at_most", 0, 2)
    assert disclosure.share(3, 45) == disclosure.Share(7, None, 3, 3)
    assert disclosure.share(43, 45) == disclosure.Share(95, "at_least", 43, 45)
    assert disclosure.share(27, 45).percent == 60
    # below 20 persons one of them is more than 5 %: the end takes one person in
    assert disclosure.share(0, 10) == disclosure.Share(10, "at_most", 0, 1)
    assert disclosure.share(12, 12) == disclosure.Share(91, "at_least", 11, 12)


@given(n=st.integers(10, 400), data=st.data())
@settings(max_examples=300, deadline=None)
def test_a_coded_share_stands_for_two_counts_or_more(n: int, data: st.DataObject) -> None:
    x = data.draw(st.integers(0, n))
    told = disclosure.share(x, n)
    assert told.first <= x <= told.last
    if told.end:
        assert told.last > told.first
        assert {disclosure.share(y, n) for y in range(told.first, told.last + 1)} == {told}
        bound = told.last if told.end == "at_most" else told.first
        assert (100 * bound <= told.percent * n) == (told.end == "at_most") or (
            100 * bound == told.percent * n
        )
    else:
        assert 0.05 < x / n < 0.95
        assert abs(told.percent - 100 * x / n) <= 0.5
    mirrored = disclosure.share(n - x, n)
    assert (told.end is None) == (mirrored.end is None)


def test_a_card_is_made_again_from_five_changes_on() -> None:
    before = {"who": 45, "score FLX": 44, "score REL": 45}
    after = {"who": 40, "score FLX": 39, "score REL": 40}
    assert disclosure.may_reissue(before, after, changes=5)
    assert not disclosure.may_reissue(before, after, changes=4)
    # five left, but only three of them had a score of FLX: the difference is theirs
    assert not disclosure.may_reissue(before, after | {"score FLX": 41}, changes=5)
    assert disclosure.may_reissue(before, {"who": 40, "score REL": 40}, changes=5)
    assert not disclosure.may_reissue(before, after, changes=5, floor=6)
    assert disclosure.may_reissue(before, after | {"score FLX": 44}, changes=5)


def test_one_newcomer_is_told_by_two_means_and_a_change() -> None:
    old = [f"p{i}" for i in range(30)]
    both = [sum_over(old, 1), sum_over([*old, "new"], 2), change_of(old, 1, 2)]
    assert disclosure.gives_few(both)
    assert not disclosure.gives_few(both[:2])
    assert not disclosure.gives_few([both[0], both[2]])
    assert disclosure.derivable([sum_over(["new"], 2)], both) == (True,)
    # as many newcomers as the floor: their sum is told, and that may be
    many = [*old, *(f"n{i}" for i in range(5))]
    assert not disclosure.gives_few([both[0], sum_over(many, 2), both[2]])


def test_two_persons_told_over_three_waves_only() -> None:
    """Neither change alone is about few: nobody leaves, five leave, nobody but two come back."""
    kept = {f"p{i}" for i in range(20)}
    back, gone = {"q1", "q2"}, {"r1", "r2", "r3"}
    one, two, three = kept, kept | back | gone, kept | back
    shown = [sum_over(one, 1), sum_over(two, 2), change_of(one & two, 1, 2)]
    assert not disclosure.gives_few(shown)
    shown += [sum_over(three, 3), change_of(two & three, 2, 3)]
    assert disclosure.gives_few(shown)
    assert disclosure.derivable([sum_over(back, 2), sum_over(gone, 2)], shown) == (True, True)


def test_audit_against_every_small_set_of_persons() -> None:
    """300 sets of figures over few persons: another algorithm, all sets of up to four tried."""
    rng = np.random.default_rng(41)
    found = 0
    for _ in range(300):
        persons, waves = int(rng.integers(6, 10)), int(rng.integers(1, 3))
        figures = []
        for _ in range(int(rng.integers(1, 6))):
            wave = int(rng.integers(waves))
            chosen = np.flatnonzero(rng.random(persons) < rng.choice([0.5, 0.9])).tolist()
            if wave and rng.random() < 0.5:
                figures.append(change_of(chosen, wave - 1, wave))
            else:
                figures.append(sum_over(chosen, wave))
        figures = [one for one in figures if one]
        if not figures:
            continue
        matrix = np.zeros((len(figures), persons, waves))
        for row, figure in zip(matrix, figures, strict=True):
            for (person, wave), value in figure.items():
                row[person, wave] = value
        rank = np.linalg.matrix_rank(matrix.reshape(len(figures), -1))
        tried = False
        for size in range(1, 5):
            for few in combinations(range(persons), size):
                rest = [i for i in range(persons) if i not in few]
                left = np.linalg.matrix_rank(matrix[:, rest].reshape(len(figures), -1))
                tried |= bool(left < rank)
        assert disclosure.gives_few(figures, 5) == tried
        found += tried
    assert 50 < found < 300


class Everything:
    """All that ever left, and all that must stay: kept as a matrix of atoms."""

    def __init__(self) -> None:
        self.releases: list[Release] = []

    def check(self) -> None:
        """No hidden group, and no single person, lies in the row space of what was shown."""
        shown = [figure for one in self.releases for figure in one.shown] * FORMATS
        hidden = [figure for one in self.releases for figure in one.hidden]
        if shown:
            alone, off = projected(shown, hidden)
            assert alone.max() < 1 - 1e-9
            assert off.min(initial=1.0) > 1e-6


def projected(
    shown: list[disclosure.Figure], others: list[disclosure.Figure]
) -> tuple[np.ndarray, np.ndarray]:
    """By numpy: how much of each person's own value the shown tell (1 = all), and how far each
    of the others lies from their row space (0 = in it)."""
    atoms = {atom: i for i, atom in enumerate({a: 0 for f in (*shown, *others) for a in f})}

    def matrix(figures: list[disclosure.Figure]) -> np.ndarray:
        made = np.zeros((len(figures), len(atoms)))
        for row, figure in zip(made, figures, strict=True):
            for atom, value in figure.items():
                row[atoms[atom]] = value
        return made

    a, h = matrix(shown), matrix(others)
    basis = np.linalg.svd(a, full_matrices=False)[2][: np.linalg.matrix_rank(a)]
    return (basis**2).sum(axis=0), np.linalg.norm(h - h @ basis.T @ basis, axis=1)


def _breakdowns(rng: np.random.Generator, persons: list[int]) -> dict[str, dict[str, list[int]]]:
    made: dict[str, dict[str, list[int]]] = {}
    for number in range(int(rng.choice([1, 1, 2, 3]))):
        groups = int(rng.integers(2, 6))
        weights = rng.dirichlet(np.full(groups, rng.choice([0.4, 1.0, 4.0])))
        label = np.random.default_rng(number).choice(groups, 80, p=weights)
        unknown = rng.random(80) < rng.choice([0.0, 0.05])
        made[f"b{number}"] = {
            f"g{group}": [p for p in persons if label[p] == group and not unknown[p]]
            for group in range(groups)
        }
    return made


def test_ten_thousand_tables_over_waves_and_withdrawals() -> None:
    """Nothing hidden can be worked out from all that was shown together.

    Communities of 3 to 80, one to three waves, one to three one-way breakdowns each, changes
    between waves, withdrawals with re-issues, every card in four formats.
    """
    rng = np.random.default_rng(18)
    tables = shown_tables = reissued = refused = withheld_changes = 0
    while tables < TABLES:
        register = int(rng.integers(3, 81))
        everything = Everything()
        floors = Floors(any=5, group=int(rng.choice([5, 10])))
        before: set[int] = set()
        for wave in range(int(rng.integers(1, 4))):
            here = set(np.flatnonzero(rng.random(register) < rng.choice([0.6, 0.95, 1])).tolist())
            if wave and rng.random() < 0.4:  # nearly the same persons again: the hard case
                flips = rng.integers(0, register, int(rng.integers(0, 4))).tolist()
                here = before.symmetric_difference(flips)
            tables += _issue(rng, everything, wave, here, floors)
            last = everything.releases[-1]
            shown_tables += sum(bool(groups) for groups in last.groups.values())
            known = [figure for one in everything.releases for figure in one.shown]
            if wave and len(here & before) >= 10:
                change = change_of(here & before, wave - 1, wave)
                hidden = [figure for one in everything.releases for figure in one.hidden]
                if disclosure.gives_few([*known, change], floors.any) or any(
                    disclosure.derivable(hidden, [*known, change])
                ):
                    withheld_changes += 1
                else:
                    everything.releases.append(Release(True, {}, (change,), ()))
            gone = set(list(here)[: int(rng.integers(0, 9))])
            counts = {"who": len(here)}, {"who": len(here - gone)}
            if disclosure.may_reissue(*counts, changes=len(gone)):
                here -= gone
                tables += _issue(rng, everything, wave, here, floors)
                reissued += 1
            else:
                refused += bool(gone)
            before = here
        everything.check()
    assert shown_tables > 1000
    assert min(reissued, refused, withheld_changes) > 100


def _issue(
    rng: np.random.Generator, everything: Everything, wave: int, here: set[int], floors: Floors
) -> int:
    breakdowns = _breakdowns(rng, sorted(here))
    made = disclosure.release(wave, sorted(here), breakdowns, floors, everything.releases)
    for name, groups in made.groups.items():
        sizes = {group: len(breakdowns[name][group]) for group in breakdowns[name]}
        for group in groups:
            assert sizes[group] >= floors.group
            assert not disclosure.few(len(here) - sizes[group], floors.group)
    assert made.total <= (len(here) >= floors.any)
    secret = {frozenset(figure) for figure in made.hidden}
    no_secret = [
        figure
        for name, groups in breakdowns.items()
        for group, persons in groups.items()
        for figure in [sum_over(persons, wave)]
        if persons and group not in made.groups[name] and frozenset(figure) not in secret
    ]
    if no_secret:  # only what an earlier card had told
        known = [figure for one in everything.releases for figure in one.shown]
        assert projected(known, no_secret)[1].max() < 1e-6
    everything.releases.append(made)
    return len(breakdowns)
