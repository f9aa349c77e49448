"""Acceptance 25 and k-anonymity: no group of fewer than k people in a shared file."""

import csv
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import simulate
from analysis.dataset import Sharing, TooFewToShare, check, write_codebook_csv, write_csv
from analysis.dataset.columns import variables
from analysis.dataset.sharing import FULL, ladder, merge, quasi_identifiers
from instrument import registry
from instrument.answers import Missing

CROSSINGS = (("BG4",), ("BG2", "BG3", "BG4"))
ORDER = ["BG4", "BG2", "BG1", "BG3", "BG5", "BG6"]
OPTIONS = {"BG1": 5, "BG2": 2, "BG3": 7, "BG4": 4, "BG5": 5, "BG6": 4}


@pytest.fixture(scope="module")
def partnership():
    return registry.find("partnership")


def groups(rows, codes):
    return Counter(tuple(row.get(code) for code in codes) for row in rows)


def people(most=80):
    """People with a band or a missing code in every question, or without the question."""
    return st.lists(
        st.fixed_dictionaries(
            {}, optional={
                code: st.one_of(st.integers(1, high), st.integers(-5, -1))
                for code, high in OPTIONS.items()
            },
        ),
        max_size=most,
    )  # fmt: skip


def each(rows):
    """Every mapping tells of one person."""
    return [(row, 1) for row in rows]


def test_people_who_told_the_same_may_be_counted_before(partnership):
    rows = [{"BG1": 3, "BG4": 1}] * 8 + [{"BG1": 3, "BG4": 2}] * 4 + [{"BG1": 3, "BG4": 3}] * 2
    counted = [({"BG1": 3, "BG4": 1}, 8), ({"BG1": 3, "BG4": 2}, 4), ({"BG1": 3, "BG4": 3}, 2)]
    assert check(counted, partnership) == check(each(rows), partnership)


def told(sharing, rows):
    return [
        {
            code: merge(value, sharing.merged.get(code, ()))
            for code, value in row.items()
            if code not in sharing.left_out
        }
        for row in rows
    ]


def test_the_ladder_of_the_questionnaire(partnership):
    """Specific data first, then what has no bands, then definition order; merged before left."""
    assert [one.code for one in quasi_identifiers(partnership)] == ORDER
    merges = [("merge", code) for code in ORDER if code != "BG2"]
    assert list(ladder(partnership)) == merges + [("leave out", code) for code in ORDER]


@settings(max_examples=300, deadline=None)
@given(rows=people(), k=st.integers(2, 8))
def test_no_small_group_is_left(partnership, rows, k):
    """Counted here, not by the module: all kept questions together, and every crossing."""
    try:
        sharing = check(each(rows), partnership, k=k)
    except TooFewToShare:
        assert len(rows) < k
        return
    assert len(rows) >= k
    shown = told(sharing, rows)
    for codes in (tuple(OPTIONS), *CROSSINGS):
        assert min(groups(shown, codes).values()) >= k
    assert sharing.smallest == min(groups(shown, tuple(OPTIONS)).values())
    assert sharing.smallest_before == min(groups(rows, tuple(OPTIONS)).values())
    assert sharing.people == len(rows)
    assert all(code not in row for row in shown for code in sharing.left_out)


@settings(max_examples=150, deadline=None)
@given(rows=people(), k=st.integers(2, 8))
def test_nothing_is_given_up_without_need(partnership, rows, k):
    """One rung higher, some group is too small: the last step was needed."""
    try:
        sharing = check(each(rows), partnership, k=k)
    except TooFewToShare:
        return
    steps = [rung for rung in ladder(partnership) if rung[0] == "merge"][: len(sharing.merged)]
    if sharing.left_out:
        codes = [code for code in ORDER if code not in sharing.left_out[:-1]]
        above = {code: partnership.question(code).coarsen for code in codes if code != "BG2"}
        higher = replace(sharing, left_out=sharing.left_out[:-1], merged=above)
    elif steps:
        higher = replace(sharing, merged={code: sharing.merged[code] for _, code in steps[:-1]})
    else:
        return
    assert min(groups(told(higher, rows), tuple(OPTIONS)).values()) < k


@settings(max_examples=100, deadline=None)
@given(one=people(), other=people())
def test_two_files_side_by_side_tell_no_more_than_the_finer(partnership, one, other):
    """The rungs are nested: what one file leaves out or merges, a coarser one does too."""
    try:
        a, b = check(each(one), partnership), check(each(other), partnership)
    except TooFewToShare:
        return
    fine, coarse = sorted((a, b), key=lambda found: (len(found.left_out), len(found.merged)))
    assert coarse.left_out[: len(fine.left_out)] == fine.left_out
    assert set(fine.merged) <= set(coarse.merged) | set(coarse.left_out)


def test_what_is_large_enough_stays(partnership):
    rows = [dict.fromkeys(OPTIONS, 1)] * 5 + [dict.fromkeys(OPTIONS, 2)] * 6
    sharing = check(each(rows), partnership)
    assert (sharing.merged, sharing.left_out, sharing.smallest) == ({}, (), 5)
    assert told(sharing, rows) == rows
    assert sharing.passed


def test_sales_are_merged_before_anything_else(partnership):
    """Sales 2 to 4 become one band by the definition; the other questions keep their detail."""
    rows = [{"BG1": 3, "BG4": 1}] * 8 + [{"BG1": 3, "BG4": 2}] * 4 + [{"BG1": 3, "BG4": 3}] * 2
    sharing = check(each(rows), partnership)
    assert sharing.merged == {"BG4": ((1,), (2, 3, 4))}
    assert groups(told(sharing, rows), ("BG4", "BG1")) == {(1, 3): 8, (2, 3): 6}
    assert (sharing.smallest_before, sharing.smallest) == (2, 6)


def test_one_refusal_among_many_is_a_group_of_one(partnership):
    rows = [{"BG4": 1}] * 29 + [{"BG4": -4}]
    assert check(each(rows), partnership).left_out == ("BG4",)


@pytest.mark.parametrize("n", [0, 4])
def test_it_fails_closed(partnership, n):
    with pytest.raises(TooFewToShare, match=f"{n} people"):
        check(each([{}] * n), partnership)


def test_a_reason_gives_the_full_file_and_says_what_was_found(partnership):
    rows = [{"BG4": 1}] * 8 + [{"BG4": 4}]
    sharing = check(each(rows), partnership, reason="  Own analysis, not passed on. ")
    assert sharing == Sharing(5, 9, 1, 1, reason="Own analysis, not passed on.")
    assert not sharing.passed
    assert told(sharing, rows) == rows


def test_a_k_that_protects_nobody_is_refused(partnership):
    with pytest.raises(ValueError, match="protects nobody"):
        check(each([{}] * 9), partnership, k=1)


def test_a_questionnaire_without_background_needs_no_ladder():
    assert check(each([{}] * 5), registry.find("bfi")).smallest == 5


@pytest.mark.parametrize("n", [60, 600])
def test_a_shared_file(partnership, tmp_path, n):
    """Simulated people: cells >= 5 in the file itself, merged labels in its codebook."""
    world = "S" if n == 60 else "P"
    made = simulate.batch(simulate.world(world, 5, instrument=partnership))
    codes = [one.code for one in quasi_identifiers(partnership)]
    rows = [
        {
            c: made.missing[row].get(c, Missing.NOT_SEEN).code
            if made.answers[c][row] is None
            else made.answers[c][row]
            for c in codes
        }
        for row in range(len(made.pid))
    ]
    sharing = check(each(rows), partnership)
    write_csv(tmp_path / "data.csv", [made], partnership, simulated=True, sharing=sharing)
    with (tmp_path / "data.csv").open(encoding="utf-8", newline="") as text:
        found = list(csv.DictReader(text))
    left = [code for code in ORDER if code not in sharing.left_out]
    kept = [f"{code}_G" if code in sharing.merged else code for code in left]
    assert kept == [name for code in ORDER for name in (code, f"{code}_G") if name in found[0]]
    crossing = [name for name in kept if name[:3] in ("BG2", "BG3", "BG4")]
    for together in (kept, crossing, *([name] for name in kept)):
        assert min(groups(found, together).values()) >= 5
    shown = variables(partnership, simulated=True, sharing=sharing)
    assert [row.name for row in shown] == list(found[0])
    write_codebook_csv(tmp_path / "codebook.csv", partnership, shown)
    with (tmp_path / "codebook.csv").open(encoding="utf-8", newline="") as text:
        labels = {row["NAME"]: row["VALUES_EN"] for row in csv.DictReader(text)}
    assert list(labels) == list(found[0])
    for code in kept:
        assert (" | " in labels[code]) == code.endswith("_G")
    assert sharing != FULL
