"""Score distributions and the bootstrap over partitions, against the scores themselves."""

import numpy as np
import pytest

from analysis import regression, streams
from analysis.errors import AnalysisError, NotCategorical, NotEnoughData, UnknownName
from tests.analysis.partitions import (
    CLOSE,
    CODES,
    EXECUTORS,
    FRAME,
    OTHERS,
    SCORES,
    SLICES,
    cut,
    executor_of,
    read_scores,
)
from tests.reference.table_ordinal import MODEL

# -- distributions


def person_means(items: list[str], least: int) -> np.ndarray:
    answers = FRAME[items]
    return answers.mean(axis=1)[answers.notna().sum(axis=1) >= least].to_numpy()


@pytest.mark.parametrize("kind", EXECUTORS)
def test_distributions_equal_those_of_the_scores(kind: str) -> None:
    with executor_of(kind) as executor:
        ours = streams.score_counts(cut(FRAME, -1), MODEL, CODES, executor=executor)
    assert ours.rows == 2800
    for scale, items in MODEL.items():
        for least in (1, 3, 5):
            scores = person_means(items, least)
            found = ours.describe(scale, least=least, quantiles=(0, 0.1, 1 / 3, 0.5, 0.9, 1))
            assert (found.n, found.invalid) == (len(scores), 2800 - len(scores))
            values, held = np.unique(scores, return_counts=True)
            np.testing.assert_allclose(found.values, values, rtol=1e-15)
            np.testing.assert_array_equal(found.counts, held)
            assert found.mean == pytest.approx(scores.mean(), rel=1e-12)
            assert found.sd == pytest.approx(scores.std(ddof=1), rel=1e-12)
            np.testing.assert_allclose(
                found.quantiles, np.quantile(scores, found.quantiles.index), rtol=1e-12
            )
            for high in (1.0, 4.2, 5.0, 6.0):
                assert found.share(high) == pytest.approx((scores >= high - 1e-9).mean(), rel=1e-15)


def test_scores_of_codes_below_zero_and_of_unequal_items() -> None:
    data = np.array([[-2, 0, 1], [2, 4, -1], [-1, 4, 1], [0, -3, 1]])  # -1 as a file's code
    codes = {"a": (-2, -1, 0, 1, 2), "b": range(5), "c": (0, 1)}
    found = streams.score_counts(data, {"s": ["a", "b", "c"]}, codes, missing=(-3, -1))
    whole = found.describe("s")
    assert (whole.n, whole.values.tolist(), whole.counts.tolist()) == (2, [-1 / 3, 4 / 3], [1, 1])
    assert found.describe("s", least=2).n == 4
    with pytest.raises(UnknownName, match="there are s"):
        found.describe("t")
    with pytest.raises(NotEnoughData, match="Nobody answered 3 of the 3"):
        streams.score_counts(data[3:], {"s": list("abc")}, codes, missing=(-3, -1)).describe("s")
    with pytest.raises(NotCategorical, match="-3"):
        streams.score_counts(data, {"s": ["a"]}, codes, missing=(-1,))
    with pytest.raises(AnalysisError, match="cannot be merged"):
        found + streams.score_counts(data, {"s": ["a"]}, codes, missing=(-3, -1))


# -- bootstrap


@pytest.mark.parametrize("kind", EXECUTORS)
def test_a_row_draws_the_same_however_rows_are_cut(kind: str) -> None:
    whole = streams.resamples(SCORES, list(MODEL), n_boot=50, seed=3)
    with executor_of(kind) as executor:
        ours = streams.resamples(cut(SCORES), list(MODEL), n_boot=50, seed=3, executor=executor)
        slices = streams.resamples(
            SLICES, list(MODEL), n_boot=50, seed=3, executor=executor, read=read_scores
        )
    for found in (ours, slices):
        assert found.n == whole.n == len(SCORES.dropna())
        np.testing.assert_array_equal(found.sizes, whole.sizes)
        np.testing.assert_allclose(found.means, whole.means, **CLOSE)
        np.testing.assert_allclose(found.covariances, whole.covariances, **CLOSE)
    other = streams.resamples(SCORES, list(MODEL), n_boot=50, seed=4)
    assert not np.array_equal(other.sizes, whole.sizes)


def test_resampled_moments_are_those_of_the_rows_taken_so_often() -> None:
    from analysis.streams.bootstrap import frequencies

    found = streams.resamples(SCORES, list(MODEL), n_boot=20, seed=5)
    weight = frequencies(5, 0, len(SCORES), 20)[SCORES.notna().all(axis=1).to_numpy()]
    rows = SCORES.dropna().to_numpy()
    for b in (0, 19):
        taken = np.repeat(rows, weight[:, b], axis=0)
        assert found.sizes[b] == len(taken)
        np.testing.assert_allclose(found.means[b], taken.mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(
            found.covariances[b], np.cov(taken, rowvar=False, ddof=0), rtol=1e-10
        )


def test_frequencies_are_poisson() -> None:
    """Mean and variance 1 by the table itself; draws of rows and resamples uncorrelated."""
    from scipy import stats

    from analysis.streams.bootstrap import FREQUENCY, frequencies

    assert FREQUENCY.mean() == pytest.approx(1, abs=1e-4)
    assert FREQUENCY.var() == pytest.approx(1, abs=2e-4)
    drawn = frequencies(1, 10, 2000, 333)
    np.testing.assert_array_equal(drawn[5:], frequencies(1, 15, 1995, 333))
    share = np.bincount(drawn.ravel(), minlength=12)[:7] / drawn.size
    # binomial standard error of a share at 666,000 draws is at most .0006
    np.testing.assert_allclose(share, stats.poisson.pmf(np.arange(7), 1), atol=0.003)
    correlation = np.corrcoef(drawn.T.astype(float))
    beyond = np.abs(correlation[np.triu_indices(333, 1)]) > 1.96 / np.sqrt(2000)
    assert beyond.mean() == pytest.approx(0.05, abs=0.01)


def test_intervals_against_theory_and_the_multinomial_bootstrap() -> None:
    from analysis.reliability import coefficient, resampled_covariances

    found = streams.resamples(FRAME, MODEL["agree"], n_boot=4000, seed=11)
    rows = FRAME[MODEL["agree"]].dropna()
    low, high = found.mean_interval()
    error = (rows.std() / np.sqrt(len(rows))).to_numpy()
    # a percentile of 4,000 draws has a relative Monte Carlo error of some 4% of the reach
    np.testing.assert_allclose((high - low) / (2 * 1.96 * error), 1, atol=0.08)
    classic, _ = resampled_covariances(rows.to_numpy(), 4000, 12)
    wanted = np.quantile([coefficient(c) for c in classic], [0.025, 0.975])
    ours = found.alpha_interval()
    np.testing.assert_allclose(ours, wanted, atol=0.08 * (wanted[1] - wanted[0]))
    scores = streams.resamples(SCORES, list(MODEL), n_boot=4000, seed=13)
    limits = scores.regression("neuroticism", OTHERS)
    memory = regression.regress(SCORES, "neuroticism", OTHERS, n_boot=4000, seed=14).coefficients
    reach = (memory["boot_high"] - memory["boot_low"]).to_numpy()
    assert np.abs((limits["b"][0] - memory["boot_low"]) / reach).max() < 0.08
    assert np.abs((limits["b"][1] - memory["boot_high"]) / reach).max() < 0.08
    assert limits["failed"] == 0
    assert limits["lmg"].shape == (2, 4)


# -- grouped resamples in memory


def test_weighed_patterns_are_those_of_the_rows_taken() -> None:
    """`missingness.Resampled` groups once what `missingness.gather` groups row by row."""
    from analysis import missingness

    data = SCORES.to_numpy()[:400]
    data = data[~np.isnan(data).all(axis=1)]
    counts = np.random.default_rng(1).poisson(1, len(data))
    ours = missingness.Resampled(data).take(counts)
    rows = missingness.gather(np.repeat(data, counts, axis=0))
    names = tuple(MODEL)
    mean, covariance, _ = missingness.em(names, rows)
    for start in (None, (mean + 0.1, covariance)):
        again = missingness.em(names, ours, start)
        np.testing.assert_allclose(again[0], mean, rtol=1e-8)
        np.testing.assert_allclose(again[1], covariance, rtol=1e-7, atol=1e-9)
