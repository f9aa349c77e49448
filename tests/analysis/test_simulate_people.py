"""The generator to the byte, and the figures its truth was given with."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import simulate
from analysis.simulate import parameters, people


def test_golden_bytes():
    """n=1000, seed 20240131, k=.20: the value that stands in the specification."""
    raw = simulate.clean(1000, 20240131, 0.20)
    assert raw.dtype == np.uint8
    assert raw.shape == (1000, 41)
    assert raw.flags.c_contiguous
    assert int(raw.sum()) == 142952
    assert (
        hashlib.sha256(raw.tobytes()).hexdigest()
        == "13f2137a9dbbbeda84f8324bdfb214d88ccadaf2b49d501684d9b7884cef4fef"
    )


def test_columns_are_the_scored_items_in_code_order():
    codes = [item.code for item in simulate.ITEMS]
    assert len(codes) == 41
    assert codes[0] == "MOT1"
    assert codes[-1] == "INT4"
    assert [item.code for item in simulate.ITEMS if item.reverse] == [
        "MOT5", "BEN5", "COM5", "DEP5", "FLX5", "REL3", "INF5",
    ]  # fmt: skip


def test_offsets_go_by_position_in_code_order():
    means = {item.code: item.mean for item in simulate.ITEMS}
    assert means["REL3"] == pytest.approx(0.79 - 0.15)
    assert means["FLX6"] == pytest.approx(-0.15)
    assert means["INF6"] == pytest.approx(-0.26)
    assert means["INT4"] == pytest.approx(0.50 + 0.10)


def test_residual_variances_and_explained_variance():
    """Specification, section 6: .576 and .59595, latent R2 .424 and .404."""
    truth = parameters.STRUCTURED
    assert truth.commitment_residual == pytest.approx(0.576, abs=1e-12)
    assert truth.intent_residual == pytest.approx(0.59595, abs=1e-12)
    smallest = np.linalg.eigvalsh(truth.exogenous()).min()
    assert smallest == pytest.approx(0.46, abs=0.005)


def test_latent_regression_of_intent_on_the_aspects():
    """DEP .284, FLX .108, REL .269, INF .166, R2 .374: normal equations on the 8 latents."""
    r = parameters.STRUCTURED.latent_correlation()
    x = [parameters.SCALES.index(scale) for scale in ("DEP", "FLX", "REL", "INF")]
    y = parameters.SCALES.index("INT")
    beta = np.linalg.solve(r[np.ix_(x, x)], r[x, y])
    assert beta == pytest.approx([0.284, 0.108, 0.269, 0.166], abs=0.0005)
    assert beta @ r[x, y] == pytest.approx(0.374, abs=0.0005)


def test_activity_correlations():
    """A correlates .45 .35 .20 .25 with COM INF FLX REL and has variance 1."""
    r = parameters.STRUCTURED.latent_correlation()
    weights = np.array([parameters.ACTIVITY.get(scale, 0.0) for scale in parameters.SCALES])
    correlations = dict(zip(parameters.SCALES, r @ weights, strict=True))
    assert [correlations[scale] for scale in ("COM", "INF", "FLX", "REL")] == pytest.approx(
        [0.45, 0.35, 0.20, 0.25], abs=0.005
    )
    assert 0 < parameters.activity_residual(parameters.STRUCTURED) < 1


def test_omega_and_ave_of_the_loadings():
    """Latent omega and AVE as printed, closed formulas on the loadings."""
    printed = {
        "MOT": (0.82, 0.49), "BEN": (0.84, 0.52), "COM": (0.84, 0.52), "DEP": (0.79, 0.44),
        "FLX": (0.80, 0.41), "REL": (0.82, 0.49), "INF": (0.81, 0.42), "INT": (0.86, 0.60),
    }  # fmt: skip
    for scale, truth in parameters.SCALE_TRUTH.items():
        loadings = np.array(truth.loadings)
        common, own = loadings.sum() ** 2, (1 - loadings**2).sum()
        omega, ave = common / (common + own), (loadings**2).mean()
        assert (omega, ave) == pytest.approx(printed[scale], abs=0.0051), scale


def test_own_cholesky_equals_lapack():
    matrix = parameters.STRUCTURED.latent_correlation()
    assert people.cholesky(matrix) == pytest.approx(np.linalg.cholesky(matrix), abs=1e-14)


def test_drawn_latents_have_the_stated_correlations():
    eta = people.latents(200_000, 5)
    expected = parameters.STRUCTURED.latent_correlation()
    error = (1 - expected**2) / np.sqrt(len(eta))
    assert (np.abs(np.corrcoef(eta.T) - expected) <= 5 * error + 1e-12).all()
    assert np.abs(eta.mean(axis=0)).max() < 5 / np.sqrt(len(eta))
    assert np.abs(eta.var(axis=0) - 1).max() < 5 * np.sqrt(2 / len(eta))


def test_moderation_keeps_the_variance_of_commitment():
    """COM += .15 BEN COCz with var(e) lower by .0225: still variance 1, same correlations."""
    n = 200_000
    level = people.stream(9, people.Block.CONDITIONAL).standard_normal(n)
    eta = people.latents(n, 9, conditional=level)
    com, ben = eta[:, 2], eta[:, 1]
    assert com.var() == pytest.approx(1, abs=0.02)
    design = np.column_stack([eta[:, 0], ben, eta[:, 5], level, ben * level])
    slopes = np.linalg.lstsq(design, com, rcond=None)[0]
    assert slopes == pytest.approx([0.15, 0.45, 0.20, 0.0, 0.15], abs=0.01)


def test_conditional_commitment_has_mean_3_7():
    """COC items: keyed +, loading .70, k +.20, expected answer 3.7."""
    n = 200_000
    level, own = people.draw_conditional(n, 3, people.Block.CONDITIONAL)
    agreement = people.stream(3, people.Block.ACQUIESCENCE).standard_normal(n)
    answers = people.conditional_items(level, agreement, own)
    assert answers.mean() == pytest.approx(3.7, abs=5 * 1.1 / np.sqrt(n))
    assert answers.dtype == np.uint8


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 60), st.integers(0, 2**32), st.sampled_from([0.0, 0.2]), st.booleans())
def test_answers_stay_on_the_scale_and_repeat(n, seed, k, structured):
    raw = simulate.clean(n, seed, k, structured=structured)
    assert raw.min() >= 1
    assert raw.max() <= 5
    assert (raw == simulate.clean(n, seed, k, structured=structured)).all()


def test_n_below_one_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        simulate.clean(0, 1)
