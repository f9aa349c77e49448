import numpy as np
import pandas as pd
import pytest

from analysis import factors
from tests.reference.table_basic import answers


def test_counts_agree_with_r() -> None:
    # R, 500 normal samples, 95th percentile, pairwise correlations of bfi: 6 components,
    # 8 factors with squared multiple correlations on the diagonal
    found = factors.parallel(answers("bfi"), missing="pairwise")
    assert (found.n_components, found.n_factors) == (6, 8)


def test_unrelated_answers_have_at_most_one_by_chance() -> None:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(rng.standard_normal((300, 10)), columns=list("abcdefghij"))
    assert factors.parallel(frame, repetitions=200).n_components <= 1


def test_the_seed_is_kept_and_decides() -> None:
    frame = answers("holzinger1939")
    one, two = (factors.parallel(frame, seed=3, repetitions=50) for _ in range(2))
    assert one.reference.equals(two.reference)
    assert one.seed == 3
    assert one.observed["components"].sum() == pytest.approx(9)
