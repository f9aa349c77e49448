"""Acceptance 25: cells of fewer than five are coarsened in shared files."""

import csv
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import simulate
from analysis.dataset import Batch, coarsen, write_codebook_csv, write_csv
from instrument import registry

CROSSINGS = (("BG4",), ("BG2", "BG3", "BG4"))


@pytest.fixture(scope="module")
def partnership():
    return registry.find("partnership")


def cells(rows, crossing):
    return Counter(tuple(row.get(code) for code in crossing) for row in rows)


def person(**answers):
    return st.fixed_dictionaries({}, optional={
        code: st.integers(1, high) for code, high in answers.items()
    })  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(rows=st.lists(person(BG2=2, BG3=7, BG4=4, BG1=5), max_size=80), k=st.integers(2, 8))
def test_no_small_cell_is_left(partnership, rows, k):
    """Every cell of every crossing holds k rows; with fewer than k rows all is blank."""
    sharing = coarsen(rows, partnership, CROSSINGS, k=k)
    shared = [sharing.apply(row) for row in rows]
    for crossing in CROSSINGS:
        for cell, count in cells(shared, crossing).items():
            assert count >= k or (len(rows) < k and set(cell) == {""})
    for before, after in zip(rows, shared, strict=True):
        assert after.get("BG1") == before.get("BG1")  # in no crossing: untouched
    for code in ("BG2", "BG3", "BG4"):
        blanked = sum(row.get(code) == "" for row in shared)
        assert blanked == sharing.withheld.get(code, 0)


def test_what_is_large_enough_stays(partnership):
    rows = [{"BG2": 1, "BG3": 1, "BG4": 1}] * 5 + [{"BG2": 1, "BG3": 2, "BG4": 2}] * 6
    sharing = coarsen(rows, partnership, CROSSINGS)
    assert not sharing.merged
    assert not sharing.withheld
    assert [sharing.apply(row) for row in rows] == rows


def test_sales_are_coarsened_before_anything_is_blanked(partnership):
    """Sales 2 to 4 merge by the definition's groups; the other questions keep their detail."""
    rows = [{"BG2": 1, "BG3": 1, "BG4": 1}] * 8 + [{"BG2": 1, "BG3": 1, "BG4": 2}] * 4
    rows += [{"BG2": 1, "BG3": 1, "BG4": 3}] * 2
    sharing = coarsen(rows, partnership, CROSSINGS)
    assert dict(sharing.merged) == {"BG4": ((1,), (2, 3, 4))}
    assert cells([sharing.apply(row) for row in rows], ("BG4",)) == {(1,): 8, (2,): 6}
    assert not sharing.withheld


def test_one_blank_never_stands_alone(partnership):
    """A single refused answer among many: it may not be the only blank cell either."""
    rows = [{"BG4": 1}] * 20 + [{"BG4": 2}] * 9 + [{}]
    shared = [coarsen(rows, partnership, (("BG4",),)).apply(row) for row in rows]
    assert cells(shared, ("BG4",)) == {(1,): 20, ("",): 10}


def test_a_shared_file(partnership, tmp_path):
    """A simulated community of sixty: cells >= 5 in the file, merged labels in its codebook."""
    made = simulate.batch(simulate.world("S", 5, instrument=partnership))
    sharing = coarsen(made.values, partnership, CROSSINGS)
    parts = {name: getattr(made, name) for name in Batch.__dataclass_fields__}
    shared = Batch(**(parts | {"values": [sharing.apply(row) for row in made.values]}))
    write_csv(tmp_path / "data.csv", [shared], partnership, simulated=True)
    with (tmp_path / "data.csv").open(encoding="utf-8", newline="") as text:
        found = list(csv.DictReader(text))
    for crossing in CROSSINGS:
        assert min(cells(found, crossing).values()) >= 5
    write_codebook_csv(tmp_path / "codebook.csv", partnership, merged=sharing.merged)
    with (tmp_path / "codebook.csv").open(encoding="utf-8", newline="") as text:
        labels = {row["NAME"]: row["VALUES_EN"] for row in csv.DictReader(text)}
    assert sharing.merged["BG4"] == ((1,), (2, 3, 4))
    assert labels["BG4"].startswith("[1] Up to Rp300 million; [2] Over Rp300 million, up to Rp2")
    assert labels["BG4"].count("|") == 2
    assert labels["BG1"].count("|") == 0
