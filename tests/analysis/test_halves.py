import numpy as np
import pandas as pd
import pytest

from analysis import halves, intraclass, reliability
from analysis.errors import AnalysisError, DegenerateItem, NotEnoughData
from tests.reference.table_explain import file, keyed, numbers


def people(n: int, k: int, seed: int = 0, loading: float = 1.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    data = loading * rng.standard_normal((n, 1)) + rng.standard_normal((n, k))
    return pd.DataFrame(data, columns=[f"I{i}" for i in range(k)])


@pytest.mark.parametrize("k", [4, 6, 8])
def test_the_mean_of_all_splits_is_alpha(k: int) -> None:
    # Cronbach (1951): with an even number of items alpha is the mean of all split halves
    frame = people(200, k)
    raw = halves.split_half(frame, standardized=False)
    alpha = reliability.alpha(frame)
    assert raw.mean == pytest.approx(alpha.raw, abs=1e-12)
    assert halves.split_half(frame).mean == pytest.approx(alpha.standardized, abs=1e-12)
    assert raw.lowest <= alpha.raw <= raw.highest


def test_drawn_splits_approach_all_of_them() -> None:
    frame = people(300, 18)
    drawn = halves.split_half(frame)
    assert drawn.drawn
    assert len(drawn.splits) == halves.ALL_SPLITS_UP_TO
    assert drawn.mean == pytest.approx(reliability.alpha(frame).standardized, abs=2e-3)
    assert drawn.splits.equals(halves.split_half(frame).splits)


def test_spearman_brown_and_horst() -> None:
    assert halves.prophecy(0.5) == pytest.approx(2 / 3)
    assert halves.prophecy(0.6, 3) == pytest.approx(1.8 / 2.2)
    for r in (0.1, 0.5, 0.9):
        assert halves.horst(r, 0.5) == pytest.approx(halves.prophecy(r))
        assert halves.horst(r, 0.3) > halves.prophecy(r)
    assert halves.horst(1.0, 0.4) == 1.0


def test_odd_even_of_equal_halves() -> None:
    frame = people(400, 6)
    found = halves.odd_even(frame)
    assert found.horst == pytest.approx(found.spearman_brown)
    assert found.guttman <= found.spearman_brown + 1e-12
    assert found.guttman == pytest.approx(
        halves.split_half(frame, standardized=False).splits.loc["I0 I2 I4", "reliability"]
    )


def test_recoding_does_not_change_halves() -> None:
    frame = people(100, 5).round()
    assert halves.odd_even(10 - 2 * frame).r == pytest.approx(halves.odd_even(frame).r)
    turned = halves.split_half(-frame)
    assert np.allclose(turned.splits, halves.split_half(frame).splits)


def test_icc_forms_agree_with_pingouin() -> None:
    rng = np.random.default_rng(4)
    data = rng.standard_normal((12, 1)) + rng.standard_normal((12, 3)) + np.array([0, 0.5, 1])
    table = reliability.icc(pd.DataFrame(data, columns=list("abc"))).table
    for form, found in intraclass.forms(data).items():
        assert found.icc == pytest.approx(table.at[form, "icc"], abs=1e-12)
        assert found.ci_low == pytest.approx(table.at[form, "ci_low"], abs=1e-9)
        assert found.ci_high == pytest.approx(table.at[form, "ci_high"], abs=1e-9)


def test_retest() -> None:
    rng = np.random.default_rng(8)
    true = rng.standard_normal(60)
    before = pd.DataFrame({"A": true + 0.5 * rng.standard_normal(60)}, index=range(60))
    after = pd.DataFrame({"A": true + 1 + 0.5 * rng.standard_normal(60)}, index=range(60))
    row = halves.retest(before, after).table.loc["A"]
    assert row["r"] == pytest.approx(np.corrcoef(before["A"], after["A"])[0, 1])
    assert row["icc_agreement"] < row["icc_consistency"]  # everybody moved up by one
    assert row["r_low"] < row["r"] < row["r_high"]
    assert row["sem"] == pytest.approx((after["A"] - before["A"]).std() / np.sqrt(2))
    # persons are matched by index, whatever the order of the rows
    shuffled = halves.retest(before, after.sample(frac=1, random_state=3)).table
    assert np.allclose(shuffled, halves.retest(before, after).table)


def test_faults() -> None:
    frame = people(30, 3)
    with pytest.raises(NotEnoughData):
        halves.split_half(frame[["I0"]])
    with pytest.raises(NotEnoughData, match="both waves"):
        halves.retest(frame, frame.set_axis(range(100, 130)))
    with pytest.raises(AnalysisError, match="I2"):
        halves.retest(frame, frame[["I0", "I1"]])
    with pytest.raises(AnalysisError, match="twice"):
        halves.retest(frame.set_axis([0] * 30), frame)
    with pytest.raises(DegenerateItem):
        halves.odd_even(frame.assign(I1=3.0)[["I0", "I1"]])
    with pytest.raises(NotEnoughData):
        intraclass.forms(np.zeros((1, 3)))


def test_splits_of_an_odd_number_are_all_visited() -> None:
    # psych 2.2.9 stops half way: bfi conscientious, lambda 4 .729 there, .743 with every split
    r = numbers("bfi")["halves"]["conscientious"]
    found = halves.split_half(keyed("bfi", r["keys"]))
    assert len(found.splits) == 10
    assert found.highest > r["splithalf"]["max_lambda4"] + 0.01
    assert len(file("bfi")) == 2800
