import numpy as np
import pytest

from analysis import screening
from tests.reference.table_basic import answers, numbers


def test_describe_counts_options_floor_and_ceiling() -> None:
    raw = answers("bfi")["A1"].to_numpy()
    found = screening.describe(raw, 1, 6, options=(1, 2, 3, 4, 5, 6))
    r = numbers("bfi")["descriptives"]["items"]["A1"]
    assert found.counts == r["counts"]
    assert found.floor == pytest.approx(r["counts"]["1"] / r["n"])
    assert found.ceiling == pytest.approx(r["counts"]["6"] / r["n"])
    assert found.missing_by_kind == {"missing": r["n_missing"]}
    assert found.skew == pytest.approx(r["skew"]["type2_G1_sas_spss"], abs=1e-9)
    assert [flag.code for flag in found.flags] == ["floor"]


def test_missing_by_kind_names_the_bytes() -> None:
    raw = np.array([0, 1, 5, 250, 250, 251, 252, 253], dtype=np.uint8)
    assert screening.missing_by_kind(raw) == {
        "not_seen": 1,
        "skipped": 2,
        "skipped_after_prompt": 1,
        "refused": 1,
        "not_applicable": 1,
    }


def test_constant_and_empty_items_have_no_shape() -> None:
    assert np.isnan(screening.describe([3, 3, 3], 1, 5).skew)
    empty = screening.describe([np.nan, np.nan], 1, 5)
    assert empty.n == 0
    assert np.isnan(empty.mean)


def test_rare_option_is_flagged() -> None:
    found = screening.describe([1] * 10 + [2] * 10 + [3], 1, 3, options=(1, 2, 3))
    assert ("rare_option", ("3",)) in [(flag.code, flag.names) for flag in found.flags]


def test_points_of_careless_answering() -> None:
    import pandas as pd

    from analysis.errors import AnalysisError

    names = [f"I{i}" for i in range(12)]
    rows = [
        [4.0] * 12,  # straight line: run, spread and contradictions
        [1, 5, 2, 4, 3, 5, 1, 4, 2, 5, 3, 1],
        [3.0] * 9 + [np.nan] + [3.0] * 2,  # the gap breaks the run at 9
    ]
    frame = pd.DataFrame(rows, columns=names)
    pairs = [("I0", "I1"), ("I2", "I3"), ("I4", "I5")]
    found = screening.careless(frame, pairs=pairs, seconds=[1.0, 6.0, np.nan])
    assert found.table["longstring"].tolist() == [12, 1, 9]
    assert found.table["points"].tolist() == [4, 0, 1]
    assert found.table["contradictions"].tolist() == [3, 0, 0]
    assert [flag.code for flag in found.flags] == ["distances_not_flagged"]
    shown = screening.careless(frame, order=["I0", "I1"]).table
    assert shown["longstring"].tolist() == [2, 1, 2]
    with pytest.raises(AnalysisError, match="I99"):
        screening.careless(frame, order=["I99"])


def test_far_answers_are_flagged_as_often_as_r_counts() -> None:
    found = screening.careless(answers("bfi")).table
    r = numbers("bfi")["careless"]["mahalanobis_sq_complete_cases"]
    others = (found["longstring"] >= 10).astype(int) + (found["irv"] < 0.35)
    assert int((found["points"] - others).sum()) == r["n_p_below_001"]
