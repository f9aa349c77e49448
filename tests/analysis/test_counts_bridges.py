"""Everything that lives on moments gives the same from counts as from the rows themselves."""

import numpy as np
import pandas as pd
import pytest

from analysis import confirm, counts, factors, from_moments, polychoric, regression, reliability
from analysis.errors import AnalysisError, ImproperSolution, NotEnoughData, UnknownName
from analysis.htmt import htmt
from tests.reference.table_ordinal import MODEL, keyed

ITEMS = [item for items in MODEL.values() for item in items]
FRAME = keyed()[ITEMS]
WHOLE = FRAME.dropna()
BURT = counts.burt(FRAME, {item: range(1, 7) for item in ITEMS})
CLOSE = {"rtol": 1e-9, "atol": 1e-11}


def test_alpha_pairwise_and_listwise() -> None:
    names = MODEL["agree"]
    scale = counts.burt(FRAME[names], 6)
    for missing in ("pairwise", "listwise"):
        ours = reliability.alpha(scale.moments(missing), missing=missing)
        rows = reliability.alpha(FRAME[names], missing=missing)
        assert (ours.n, ours.missing) == (rows.n, rows.missing)
        for name in ("raw", "standardized", "ci_low", "ci_high", "mean_r", "lambda6"):
            assert getattr(ours, name) == pytest.approx(getattr(rows, name), rel=1e-10)
        for name in ("item_total", "if_deleted", "if_deleted_standardized"):
            np.testing.assert_allclose(getattr(ours, name), getattr(rows, name), **CLOSE)
    # with complete rows the person's mean and the sum are one
    np.testing.assert_allclose(ours.item_total_uncorrected, rows.item_total_uncorrected, **CLOSE)
    direct = reliability.alpha(scale, missing="listwise")
    assert direct.raw == ours.raw


def test_adequacy_factors_and_their_number() -> None:
    for missing in ("pairwise", "listwise"):
        ours = factors.adequacy(BURT, missing=missing)
        rows = factors.adequacy(FRAME, missing=missing)
        assert ours.n == rows.n
        assert ours.kmo == pytest.approx(rows.kmo, rel=1e-10)
        assert ours.bartlett_chi2 == pytest.approx(rows.bartlett_chi2, rel=1e-10)
        np.testing.assert_allclose(ours.msa, rows.msa, **CLOSE)
    ours, rows = factors.explore(BURT, 5), factors.explore(FRAME, 5)
    assert ours.chi2 == pytest.approx(rows.chi2, rel=1e-7)
    np.testing.assert_allclose(ours.communalities, rows.communalities, atol=1e-5)
    assert factors.parallel(BURT, seed=1).n_factors == factors.parallel(FRAME, seed=1).n_factors
    mine, theirs = (factors.minimum_average_partial(x) for x in (BURT, FRAME))
    assert mine.to_dict()["n"] == theirs.to_dict()["n"] == len(WHOLE)
    with pytest.raises(AnalysisError, match="carry their own n"):
        factors.adequacy(BURT, n=100)


def test_ml_model() -> None:
    ours, rows = from_moments.confirm(MODEL, BURT), confirm.fit(MODEL, FRAME)
    assert ours.n == rows.n == 2436
    for name, value in rows.fit.items():
        assert ours.fit[name] == pytest.approx(value, rel=1e-7, abs=1e-9), name
    np.testing.assert_allclose(ours.loadings["std"], rows.loadings["std"], atol=1e-7)
    np.testing.assert_allclose(ours.loadings["se"], rows.loadings["se"], rtol=1e-6)
    assert ours.modification()["mi"][0] == pytest.approx(rows.modification()["mi"][0], rel=1e-6)


def test_regression_of_scale_means() -> None:
    scores = pd.DataFrame({name: WHOLE[items].mean(axis=1) for name, items in MODEL.items()})
    predictors = [name for name in MODEL if name != "neuroticism"]
    found = from_moments.scales(BURT, MODEL)
    np.testing.assert_allclose(found.covariance, scores.cov(), **CLOSE)
    ours = from_moments.regress(found, "neuroticism", predictors)
    rows = regression.regress(scores, "neuroticism", predictors, n_boot=0)
    for name in ("r2", "adj_r2", "f", "f_p", "f2", "sigma"):
        assert getattr(ours, name) == pytest.approx(getattr(rows, name), rel=1e-8)
    assert ours.f_df == rows.f_df
    for column in ours.coefficients.columns:
        np.testing.assert_allclose(
            ours.coefficients[column], rows.coefficients[column], rtol=1e-7, err_msg=column
        )


def test_htmt() -> None:
    ours, rows = from_moments.htmt(BURT, MODEL), htmt(FRAME, MODEL, n_boot=0)
    np.testing.assert_allclose(ours.htmt, rows.htmt, **CLOSE)
    np.testing.assert_allclose(ours.htmt2, rows.htmt2, **CLOSE)


def test_polychorics() -> None:
    for missing in ("pairwise", "listwise"):
        ours, rows = (polychoric.matrix(x, missing=missing) for x in (BURT, FRAME))
        assert (ours.n, ours.dropped) == (rows.n, rows.dropped)
        np.testing.assert_array_equal(ours.rho, rows.rho)
        np.testing.assert_array_equal(ours.se, rows.se)
        np.testing.assert_array_equal(ours.pairs, rows.pairs)


def test_what_counts_cannot_give_is_refused() -> None:
    with pytest.raises(AnalysisError, match="These moments are listwise"):
        reliability.alpha(BURT.moments("listwise"))
    with pytest.raises(UnknownName, match="Z9 was not counted"):
        from_moments.scales(BURT, {"z": ["Z9"]})
    with pytest.raises(AnalysisError, match="count these items alone"):
        from_moments.scales(BURT.subset(["A1", "A2"]), {"a": ["A1", "A2"]})
    with pytest.raises(AnalysisError, match="once each"):
        from_moments.regress(BURT, "A1", ["A1"])
    with pytest.raises(NotEnoughData, match="two items or more"):
        from_moments.htmt(BURT, {"a": ["A1"], "b": ["A2", "A3"]})
    twin = WHOLE[["A1", "A2"]].assign(copy=WHOLE["A1"])
    with pytest.raises(ImproperSolution, match="A1, copy"):
        from_moments.regress(counts.burt(twin, 6), "A2", ["A1", "copy"])
    few = counts.burt(np.array([[1, 2, 3], [2, 4, 1], [4, 5, 5]]), 5)
    with pytest.raises(NotEnoughData, match="3 rows for 2 predictors"):
        from_moments.regress(few, "1", ["2", "3"])
