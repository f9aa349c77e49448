import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import multiplicity
from analysis.errors import AnalysisError

PS = st.lists(st.floats(0, 1), min_size=1, max_size=12)


def test_against_r() -> None:
    # R's p.adjust of these five, by "holm" and by "BH"
    p = [0.01, 0.04, 0.03, 0.005, 0.5]
    assert multiplicity.holm(p) == pytest.approx([0.04, 0.09, 0.09, 0.025, 0.5])
    assert multiplicity.bh(p) == pytest.approx([0.025, 0.05, 0.05, 0.025, 0.5])


def test_an_unknown_p_stays_unknown_and_is_not_counted() -> None:
    # as R: p.adjust(c(.01, NA, .04), "holm") = .02 NA .04
    assert np.allclose(
        multiplicity.holm([0.01, np.nan, 0.04]), [0.02, np.nan, 0.04], equal_nan=True
    )
    assert np.allclose(multiplicity.bh([0.01, np.nan, 0.04]), [0.02, np.nan, 0.04], equal_nan=True)


@given(PS)
def test_bounds_and_order(p: list[float]) -> None:
    given_p = np.array(p)
    holm, bh = multiplicity.holm(p), multiplicity.bh(p)
    bonferroni = np.minimum(given_p * len(p), 1)
    assert (given_p <= bh + 1e-15).all()
    assert (bh <= holm + 1e-12).all()
    assert (holm <= bonferroni + 1e-12).all()
    order = np.argsort(given_p, kind="stable")
    assert (np.diff(holm[order]) >= 0).all()
    assert (np.diff(bh[order]) >= -1e-15).all()


@given(PS, st.randoms())
def test_the_order_of_questions_does_not_matter(p: list[float], random) -> None:
    place = list(range(len(p)))
    random.shuffle(place)
    for adjust in (multiplicity.holm, multiplicity.bh):
        assert np.allclose(adjust([p[i] for i in place]), adjust(p)[place])


def test_families_keep_their_names() -> None:
    p = pd.Series({"DEP": 0.04, "FLX": 0.01})
    assert multiplicity.family(p).to_dict() == {"DEP": 0.04, "FLX": 0.02}
    assert multiplicity.family(p, "none").to_dict() == p.to_dict()
    with pytest.raises(AnalysisError, match="scheffe"):
        multiplicity.adjust([0.1], "scheffe")
    with pytest.raises(AnalysisError):
        multiplicity.holm([1.2])
