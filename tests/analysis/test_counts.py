"""The Burt matrix: its laws, and what follows from it against pandas on the rows themselves."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import counts
from analysis.counts_layout import Layout
from analysis.errors import (
    AnalysisError,
    DegenerateItem,
    DuplicateName,
    MissingColumn,
    NotCategorical,
    NotEnoughData,
)
from analysis.moments import moments
from instrument.answers import Missing

CODES = {"a": range(1, 6), "b": (0, 1), "c": (1, 2, 4, 9), "d": range(9), "e": (-2, -1, 0, 1, 2)}


def people(n: int, seed: int, lost: float = 0.1) -> pd.DataFrame:
    """Answers to items of 5, 2, 4, 9 and 5 categories, 0-based and with gaps, cells missing."""
    rng = np.random.default_rng(seed)
    common = rng.standard_normal(n)
    columns = {}
    for name, codes in CODES.items():
        known = np.array(codes)
        latent = 0.7 * common + rng.standard_normal(n)
        cuts = np.quantile(latent, np.linspace(0, 1, len(known) + 1)[1:-1])
        column = known[np.searchsorted(cuts, latent)].astype(float)
        column[rng.random(n) < lost] = np.nan
        columns[name] = column
    return pd.DataFrame(columns)


PEOPLE = people(900, 1)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 200), min_size=1, max_size=5), st.randoms())
def test_any_cut_in_any_order_gives_the_same_integers(sizes: list[int], chance: object) -> None:
    whole = people(sum(sizes) or 1, 3)
    parts = [
        whole.iloc[a:b] for a, b in zip(np.cumsum([0, *sizes]), np.cumsum(sizes), strict=False)
    ]
    parts = [part for part in parts if len(part)] or [whole]
    chance.shuffle(parts)  # type: ignore[attr-defined]
    assert counts.burt(parts, CODES) == counts.burt(pd.concat(parts), CODES)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_merging_is_commutative_and_associative_and_has_a_zero(seed: int) -> None:
    x, y, z = (counts.burt(people(40, seed + k, 0.3), CODES) for k in range(3))
    assert x + y == y + x
    assert (x + y) + z == x + (y + z)
    assert sum([x, y, z]) == x + y + z
    nothing = counts.burt(PEOPLE.iloc[:0], CODES)
    assert x + nothing == x
    assert nothing.rows == nothing.n == 0


@settings(max_examples=20, deadline=None)
@given(st.permutations(list(CODES)), st.integers(0, 10**6))
def test_rows_and_columns_may_stand_in_any_order(names: list[str], seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(PEOPLE))
    turned = counts.burt(PEOPLE.iloc[order][names], CODES)
    assert turned == counts.burt(PEOPLE, CODES)
    again = counts.burt(PEOPLE, {name: CODES[name] for name in names})
    plain = counts.burt(PEOPLE, CODES)
    pd.testing.assert_frame_equal(
        again.covariance(), plain.covariance().loc[names, names], check_exact=True
    )


@pytest.mark.parametrize("lost", [0.0, 0.1, 0.6])
def test_pairwise_and_listwise_equal_pandas(lost: float) -> None:
    frame = people(700, 5, lost)
    found = counts.burt(frame, CODES)
    assert found.rows == 700
    assert found.n == len(frame.dropna(how="all"))
    assert found.n_complete == len(frame.dropna())
    np.testing.assert_allclose(found.means, frame.mean(), rtol=1e-14)
    np.testing.assert_allclose(found.covariance(), frame.cov(), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(found.correlation(), frame.corr(), rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(found.pairs, frame.notna().T.dot(frame.notna().astype(int)))
    if lost < 0.5:
        whole = frame.dropna()
        np.testing.assert_allclose(found.covariance("listwise"), whole.cov(), rtol=1e-12)
        np.testing.assert_allclose(found.correlation("listwise"), whole.corr(), rtol=1e-12)


@pytest.mark.parametrize("missing", ["pairwise", "listwise"])
def test_moments_are_those_of_the_rows(missing: str) -> None:
    ours = counts.burt(PEOPLE, CODES).moments(missing)
    theirs = moments(PEOPLE, missing=missing)
    assert (ours.names, ours.n, ours.dropped) == (theirs.names, theirs.n, theirs.dropped)
    np.testing.assert_allclose(ours.covariance, theirs.covariance, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(ours.correlation, theirs.correlation, rtol=1e-11, atol=1e-13)
    np.testing.assert_array_equal(ours.pairs, theirs.pairs)


def test_covariance_is_the_exact_fraction() -> None:
    # float sums would lose this: codes of a hundred million shifted rows, merged by doubling
    one = counts.burt(np.array([[1, 2], [2, 2], [5, 5]], dtype=np.int8), 5)
    many = one
    for _ in range(28):
        many = many + many
    n = 3 * 2**28
    x = [(1, 2), (2, 2), (5, 5)]
    sums = [sum(a for a, _ in x) * 2**28, sum(b for _, b in x) * 2**28]
    cross = sum(a * b for a, b in x) * 2**28
    exact = Fraction(n * cross - sums[0] * sums[1], n * (n - 1))
    assert many.covariance().iloc[0, 1] == float(exact)


def test_tables_equal_crosstab() -> None:
    found = counts.burt(PEOPLE, CODES)
    both = PEOPLE[["a", "d"]].dropna()
    theirs = pd.crosstab(both["a"], both["d"])
    table = found.table("a", "d")
    assert list(table.index) == list(CODES["a"])
    assert list(table.columns) == list(CODES["d"])
    np.testing.assert_array_equal(table.to_numpy(), theirs.to_numpy())
    np.testing.assert_array_equal(found.table("d", "a"), table.T)
    assert found.margins()[1].sum() == PEOPLE["b"].notna().sum()
    with pytest.raises(AnalysisError, match="no item 'z'"):
        found.table("a", "z")


def test_stored_bytes_files_and_floats_count_alike() -> None:
    drawn = people(500, 9)
    keyed = pd.DataFrame({"a": drawn["a"], "b": drawn["d"] + 1})
    codes = {"a": range(1, 6), "b": range(1, 10)}
    stored = keyed.fillna(Missing.SKIPPED).astype(np.uint8)
    stored.iloc[keyed["a"].isna().to_numpy().nonzero()[0][:3], 0] = int(Missing.NOT_SEEN)
    filed = keyed.fillna(Missing.REFUSED.code).astype(np.int16)
    nullable = keyed.round().astype("Int64")
    expected = counts.burt(keyed, codes)
    for table in (stored, stored.to_numpy(), filed, filed.to_numpy(), nullable, keyed.to_numpy()):
        found = counts.burt(table, codes)
        np.testing.assert_array_equal(found.counts, expected.counts)
        assert (found.n, found.n_complete) == (expected.n, expected.n_complete)
    np.testing.assert_array_equal(
        counts.burt(filed.to_numpy(dtype=np.int8), codes).counts, expected.counts
    )


def test_missing_codes_of_ones_own() -> None:
    table = np.array([[1, 99], [2, 1], [99, 2], [1, 1]], dtype=np.int64)
    found = counts.burt(table, (1, 2), missing=(99,))
    assert found.n_complete == 2
    assert found.means.tolist() == pytest.approx([4 / 3, 4 / 3])
    with pytest.raises(NotCategorical, match=r"Item 1 holds 99.*categories are 1, 2"):
        counts.burt(table, (1, 2))


def test_nothing_outside_the_categories_is_counted_silently() -> None:
    zero_based = np.array([[0, 1], [4, 2]], dtype=np.int8)
    with pytest.raises(NotCategorical, match="Item 1 holds 0"):
        counts.burt(zero_based, 5)
    with pytest.raises(NotCategorical, match=r"holds 2\.5"):
        counts.burt(np.array([[1.0, 2.5], [2.0, 1.0]]), 5)
    with pytest.raises(NotCategorical, match="'often'"):
        counts.burt(pd.DataFrame({"a": ["often", 2]}), {"a": range(1, 6)})
    with pytest.raises(MissingColumn, match="b"):
        counts.burt(pd.DataFrame({"a": [1]}), {"a": 5, "b": 5})
    with pytest.raises(DuplicateName):
        counts.burt(pd.DataFrame([[1, 2]], columns=["a", "a"]), 5)
    with pytest.raises(NotCategorical, match="each of its categories once"):
        counts.burt(zero_based, {"a": (1, 1), "b": (1, 2)})
    with pytest.raises(AnalysisError, match="3 entries for 2 items"):
        counts.burt(zero_based, [(1, 2), (1, 2), (1, 2)])
    with pytest.raises(AnalysisError, match=r"shape \(2, 2\)"):
        counts.burt([np.ones((2, 3)), zero_based], 5)
    with pytest.raises(NotEnoughData, match="No rows"):
        counts.burt([], 5)


def test_named_errors_of_moments() -> None:
    table = np.array([[1, 2, 3], [1, 3, 3], [1, 2, 3]], dtype=np.int8)
    with pytest.raises(DegenerateItem, match=r"1, 3 have one value only \(1, 3\)"):
        counts.burt(table, 5).moments()
    absent = pd.DataFrame({"a": [1, 2, 3], "b": [np.nan] * 3})
    with pytest.raises(NotEnoughData, match="Nobody used here answered b"):
        counts.burt(absent, 5).moments()
    apart = pd.DataFrame({"a": [1, 2, 3, np.nan, np.nan], "b": [np.nan, np.nan, 3, 2, 1]})
    with pytest.raises(NotEnoughData, match="a and b were answered together by 1 person"):
        counts.burt(apart, 5).moments()
    with pytest.raises(NotEnoughData, match="1 rows can be used"):
        counts.burt(table[:1], 5).moments()
    with pytest.raises(AnalysisError, match="choose 'pairwise' or 'listwise'"):
        counts.burt(table, 5).covariance("fiml")  # type: ignore[arg-type]


def test_subset_and_reversal() -> None:
    found = counts.burt(PEOPLE, CODES)
    names = ["d", "a", "e"]
    part = found.subset(names)
    np.testing.assert_allclose(part.covariance(), PEOPLE[names].cov(), rtol=1e-12)
    with pytest.raises(AnalysisError, match="count these items alone"):
        part.covariance("listwise")
    whole = counts.burt(people(300, 2, 0.0), CODES).subset(names)
    np.testing.assert_allclose(
        whole.covariance("listwise"), people(300, 2, 0.0)[names].cov(), rtol=1e-12
    )
    turned = PEOPLE.assign(a=6 - PEOPLE["a"], c=10 - PEOPLE["c"])
    back = found.reversed(["a", "c"])
    assert back == counts.burt(turned, {**CODES, "c": (1, 6, 8, 9)})
    assert back.reversed(["a", "c"]) == found


def test_different_layouts_do_not_merge() -> None:
    with pytest.raises(AnalysisError, match="cannot be merged"):
        counts.burt(PEOPLE, CODES) + counts.burt(PEOPLE[["a"]], {"a": CODES["a"]})


class Slice:
    """A partition that is read where it is counted."""

    def __init__(self, begin: int, end: int) -> None:
        self.begin, self.end = begin, end


def count_slice(part: Slice) -> counts.Burt:
    layout = Layout(tuple(CODES), tuple(tuple(codes) for codes in CODES.values()))
    return counts.Counting(layout)(PEOPLE.iloc[part.begin : part.end])


def test_threads_and_processes_give_the_same_bits() -> None:
    expected = counts.burt(PEOPLE, CODES)
    cuts = [(0, 100), (100, 350), (350, 351), (351, 900)]
    parts = [PEOPLE.iloc[a:b] for a, b in cuts]
    with ThreadPoolExecutor(3) as threads:
        assert counts.burt(parts, CODES, executor=threads) == expected
        assert counts.reduce((Slice(*c) for c in cuts), count_slice, threads, ahead=2) == expected
    with ProcessPoolExecutor(2) as processes:
        assert counts.burt(iter(parts), CODES, executor=processes) == expected


def test_an_error_of_a_partition_is_raised() -> None:
    bad = [PEOPLE, PEOPLE.assign(a=77.0)]
    with ThreadPoolExecutor(2) as threads, pytest.raises(NotCategorical, match="77"):
        counts.burt(bad, CODES, executor=threads)
    with pytest.raises(NotEnoughData):
        counts.reduce(iter(()), count_slice)
    with ThreadPoolExecutor(2) as threads, pytest.raises(NotEnoughData):
        counts.reduce(iter(()), count_slice, threads)
