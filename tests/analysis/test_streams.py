"""Second passes over partitions equal what the rows give in memory, however they are cut.

The functions in memory are held to R elsewhere (`test_confirm_against_r`,
`test_ordinal_against_r`, `test_bfi_against_r`); here their results on the whole frame are
the reference, and some of R's numbers are asked for directly.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import confirm, counts, from_moments, regression, streams
from analysis.errors import (
    AnalysisError,
    DegenerateItem,
    ImproperSolution,
    NotEnoughData,
    UnknownName,
)
from analysis.moments import moments
from tests.analysis.partitions import (
    CLOSE,
    CODES,
    EXECUTORS,
    FRAME,
    OTHERS,
    SCORES,
    SLICES,
    SMALL,
    cut,
    executor_of,
    read_items,
    read_scores,
)
from tests.reference.table_ordinal import MODEL, R


def same_fit(ours: confirm.Confirmation, rows: confirm.Confirmation, rtol: float = 1e-9) -> None:
    assert (ours.n, ours.n_dropped, ours.missing) == (rows.n, rows.n_dropped, rows.missing)
    assert (ours.method, ours.estimator, ours.flags) == (rows.method, rows.estimator, rows.flags)
    assert list(ours.fit) == list(rows.fit)
    for name, value in rows.fit.items():
        assert ours.fit[name] == pytest.approx(value, rel=rtol, abs=1e-9), name
    for name in ("est", "se", "std", "std_se"):
        # a standardised factor variance is 1 and its error 0, or the root of a rounding below it
        a, b = (np.nan_to_num(x.parameters[name].to_numpy(dtype=float)) for x in (ours, rows))
        np.testing.assert_allclose(a, b, rtol=rtol, atol=max(1e-9, rtol), err_msg=name)


# -- factor models


@pytest.mark.parametrize("kind", EXECUTORS)
@pytest.mark.parametrize(
    ("estimator", "missing"),
    [("ML", "listwise"), ("MLR", "listwise"), ("ML", "fiml"), ("MLR", "fiml")],
)
def test_normal_models(estimator: str, missing: str, kind: str) -> None:
    rows = confirm.fit(SMALL, FRAME, estimator=estimator, missing=missing)  # type: ignore[arg-type]
    with executor_of(kind) as executor:
        ours = streams.fit(
            SMALL,
            cut(FRAME, -1),
            estimator=estimator,  # type: ignore[arg-type]
            missing=missing,  # type: ignore[arg-type]
            executor=executor,
        )
    same_fit(ours, rows)
    assert ours.modification()["mi"][0] == pytest.approx(rows.modification()["mi"][0], rel=1e-9)


@pytest.mark.parametrize("kind", EXECUTORS)
@pytest.mark.parametrize(
    ("estimator", "missing"), [("WLSMV", "listwise"), ("WLSMV", "pairwise"), ("DWLS", "listwise")]
)
def test_ordered_models(estimator: str, missing: str, kind: str) -> None:
    rows = confirm.fit(SMALL, FRAME, estimator=estimator, missing=missing)  # type: ignore[arg-type]
    with executor_of(kind) as executor:
        ours = streams.fit(
            SMALL,
            cut(FRAME, -1),
            estimator=estimator,  # type: ignore[arg-type]
            missing=missing,  # type: ignore[arg-type]
            categories=6,
            executor=executor,
        )
    same_fit(ours, rows)


def test_five_factors_of_bfi_as_r_has_them() -> None:
    """lavaan 0.6-14 on the 2,436 complete rows (`tests/reference`)."""
    ours = streams.fit(MODEL, SLICES, estimator="WLSMV", categories=CODES, read=read_items)
    found = R["cfa"]["wlsmv_listwise"]["fit"]
    for name in ("chisq", "chisq.scaled", "cfi.robust", "rmsea.robust"):
        assert ours.fit[name] == pytest.approx(found[name], rel=1e-5), name
    same_fit(streams.fit(MODEL, FRAME, estimator="MLR"), confirm.fit(MODEL, FRAME, estimator="MLR"))


def test_from_twenty_thousand_rows_gamma_is_summed_in_single_precision() -> None:
    many = pd.concat([FRAME.dropna()] * 9, ignore_index=True)
    rows = confirm.fit(SMALL, many, estimator="WLSMV")
    ours = streams.fit(SMALL, cut(many, -1), estimator="WLSMV", categories=6)
    same_fit(ours, rows, rtol=1e-5)


def test_unused_categories_and_codes_of_stored_bytes() -> None:
    """Categories nobody chose, or only those who left another item out, are no thresholds."""
    items = MODEL["agree"]
    frame = FRAME[items].copy()
    frame.loc[frame["A1"] == 6, "A2"] = np.nan
    stored = frame.fillna(250).to_numpy().astype(np.uint8)
    rows = confirm.fit({"agree": items}, frame, estimator="WLSMV")
    ours = streams.fit(
        {"agree": items}, [stored[:50], stored[50:]], estimator="WLSMV", categories=9
    )
    same_fit(ours, rows)
    normal = streams.fit({"agree": items}, [stored[:50], stored[50:]], missing="fiml")
    same_fit(normal, confirm.fit({"agree": items}, frame, missing="fiml"))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 2799), max_size=6, unique=True), st.randoms())
def test_patterns_of_whole_numbers_merge_to_the_last_bit(cuts: list[int], chance: object) -> None:
    from analysis.streams.models import Sorting

    data = FRAME[MODEL["openness"]].to_numpy()
    kernel = Sorting(np.full(5, 3.0))
    parts = np.split(data, sorted(cuts))
    chance.shuffle(parts)  # type: ignore[attr-defined]
    whole, merged = kernel(data), kernel(parts[0])
    for part in parts[1:]:
        merged = merged + kernel(part)
    assert merged.given == whole.given
    ours, rows = merged.patterns, whole.patterns
    key = [np.lexsort(x.observed.T) for x in (ours, rows)]
    for name in ("observed", "counts", "sums", "crosses"):
        np.testing.assert_array_equal(getattr(ours, name)[key[0]], getattr(rows, name)[key[1]])
    # about the observed means, against pandas
    centred = rows.recentred()
    np.testing.assert_allclose(centred.centre, FRAME[MODEL["openness"]].mean(), rtol=1e-14)
    spread = FRAME[MODEL["openness"]].var(ddof=0) * FRAME[MODEL["openness"]].count()
    np.testing.assert_allclose(centred.squares, spread, rtol=1e-12)


# -- regression


@pytest.mark.parametrize("kind", EXECUTORS)
def test_regression_with_hc3(kind: str) -> None:
    rows = regression.regress(SCORES, "neuroticism", OTHERS, n_boot=0)
    with executor_of(kind) as executor:
        ours = streams.regress(cut(SCORES, -1), "neuroticism", OTHERS, executor=executor)
    assert (ours.n, ours.f_df) == (rows.n, rows.f_df)
    for name in ("r2", "adj_r2", "f", "f_p", "f2", "sigma"):
        assert getattr(ours, name) == pytest.approx(getattr(rows, name), rel=1e-9)
    for column in ours.coefficients.columns:
        np.testing.assert_allclose(
            ours.coefficients[column], rows.coefficients[column], **CLOSE, err_msg=column
        )
    assert {"hc3_se", "hc3_p", "hc3_p_holm", "hc3_ci_high"} <= set(ours.coefficients.columns)


def test_regression_far_from_zero_and_of_slices() -> None:
    """Slopes and their errors do not know where the scale begins (1e6 costs the scores digits)."""
    plain = regression.regress(SCORES, "neuroticism", OTHERS, n_boot=0)
    far = SCORES + 1e6
    for moved in (
        streams.regress(cut(far), "neuroticism", OTHERS),
        regression.regress(far, "neuroticism", OTHERS, n_boot=0),
    ):
        for column in ("b", "se", "hc3_se"):
            np.testing.assert_allclose(
                moved.coefficients[column][1:],
                plain.coefficients[column][1:],
                rtol=1e-8,
                err_msg=column,
            )
    near = streams.regress(SLICES, "neuroticism", OTHERS, read=read_scores)
    np.testing.assert_allclose(near.coefficients["hc3_se"], plain.coefficients["hc3_se"], **CLOSE)


def test_a_row_that_decides_alone_is_refused() -> None:
    frame = pd.DataFrame({"y": [1.0, 2.0, 4.0, 3.0, 7.0], "x": [1.0, 2.0, 1.0, 3.0, 2.0]})
    frame["d"] = [0.0, 0.0, 0.0, 0.0, 1.0]
    with pytest.raises(NotEnoughData, match="leverage 1"):
        streams.regress(cut_at(frame, 2), "y", ["x", "d"])
    with pytest.raises(ImproperSolution, match="x, z"):
        streams.regress(frame.assign(z=frame["x"]), "y", ["x", "z"])


def cut_at(frame: pd.DataFrame, row: int) -> list[pd.DataFrame]:
    return [frame.iloc[:row], frame.iloc[row:]]


def test_moments_of_scores() -> None:
    ours, rows = streams.moments(cut(SCORES), list(MODEL)), moments(SCORES, missing="listwise")
    assert (ours.n, ours.dropped, ours.missing) == (rows.n, rows.dropped, rows.missing)
    np.testing.assert_allclose(ours.covariance, rows.covariance, **CLOSE)
    np.testing.assert_allclose(ours.correlation, rows.correlation, **CLOSE)
    np.testing.assert_allclose(ours.means, rows.means, **CLOSE)


# -- what is refused


def test_named_errors() -> None:
    with pytest.raises(streams.ReadTwice, match="only once"):
        streams.fit(SMALL, iter([FRAME]))
    with pytest.raises(streams.ReadTwice):
        streams.regress((part for part in cut(SCORES)), "agree", ["openness"])
    with pytest.raises(NotEnoughData, match="10 complete rows for 10 items"):
        streams.fit(SMALL, FRAME.dropna().iloc[:10])
    with pytest.raises(NotEnoughData, match="10 rows with an answer"):
        streams.fit(SMALL, FRAME.dropna().iloc[:10], missing="fiml")
    flat = FRAME.assign(A1=3.0)
    for missing in ("listwise", "fiml"):
        with pytest.raises(DegenerateItem, match="A1"):
            streams.fit(SMALL, cut(flat), missing=missing)  # type: ignore[arg-type]
    with pytest.raises(NotEnoughData, match="answered A1"):
        streams.fit(SMALL, FRAME.assign(A1=np.nan), missing="fiml")
    with pytest.raises(AnalysisError, match="give `categories`"):
        streams.fit(SMALL, FRAME, estimator="WLSMV")
    with pytest.raises(AnalysisError, match="lacks A1"):
        streams.fit(SMALL, FRAME, estimator="WLSMV", categories={"B1": 5})
    with pytest.raises(NotEnoughData, match="10 usable rows"):
        streams.fit(SMALL, FRAME.dropna().iloc[:10], estimator="WLSMV", categories=6)
    with pytest.raises(AnalysisError, match="ULS"):
        streams.fit(SMALL, FRAME, estimator="ULS")  # type: ignore[arg-type]
    with pytest.raises(AnalysisError, match="10 columns are needed"):
        streams.fit(SMALL, FRAME.to_numpy())
    with pytest.raises(NotEnoughData, match="at least one partition"):
        streams.fit(SMALL, [])
    with pytest.raises(AnalysisError, match="one resample or more"):
        streams.resamples(SCORES, list(MODEL), n_boot=0, seed=1)
    with pytest.raises(AnalysisError, match="no len"):
        streams.resamples([object()], ["agree"], seed=1, read=lambda _: SCORES[["agree"]])
    with pytest.raises(NotEnoughData, match="too few to resample"):
        streams.resamples(SCORES.dropna().iloc[:1], list(MODEL), n_boot=5, seed=1)
    found = streams.resamples(SCORES, list(MODEL), n_boot=5, seed=1)
    with pytest.raises(UnknownName, match="Z was not resampled"):
        found.alpha_interval(["Z", "agree"])
    with pytest.raises(NotEnoughData, match="two items"):
        found.alpha_interval(["agree"])


# -- listwise counts, and time that does not depend on n


def test_listwise_counts_are_those_of_complete_rows() -> None:
    whole, complete = counts.burt(cut(FRAME), CODES), FRAME.dropna()
    ours = whole.listwise()
    assert (ours.n, ours.rows) == (len(complete), 2800)
    np.testing.assert_allclose(ours.means, complete.mean(), rtol=1e-14)
    for rule in ("pairwise", "listwise"):
        np.testing.assert_allclose(ours.covariance(rule), complete.cov(), rtol=1e-12)
        np.testing.assert_allclose(ours.correlation(rule), complete.corr(), rtol=1e-12)
    table = pd.crosstab(complete["A1"], complete["N5"])
    np.testing.assert_array_equal(ours.table("A1", "N5"), table)
    np.testing.assert_array_equal(ours.margins()[0], complete["A1"].value_counts().sort_index())
    assert (ours.pairs.to_numpy() == len(complete)).all()
    with pytest.raises(AnalysisError, match="count these items alone"):
        whole.subset(["A1", "A2"]).listwise()


@pytest.mark.parametrize("kind", EXECUTORS)
def test_counts_of_partitions_read_where_they_are_counted(kind: str) -> None:
    whole = counts.burt(FRAME, CODES)
    with executor_of(kind) as executor:
        assert counts.burt(SLICES, CODES, read=read_items, executor=executor) == whole
        assert counts.burt(iter(SLICES), 6, read=read_items, executor=executor) == whole


def test_what_follows_from_counts_reads_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Alpha to polychorics of a hundred times the people: not one block is looked at again.

    So their time cannot depend on n; the numbers that are ratios of counts are the same.
    """
    from analysis import factors, polychoric, reliability
    from analysis.counts_layout import Layout

    once = counts.burt(FRAME, CODES)
    many = sum(([once] * 100), start=0)  # a hundred partitions, merged

    def refuse(*_: object) -> None:
        raise AssertionError("a row was read")

    monkeypatch.setattr(Layout, "blocks", refuse)
    monkeypatch.setattr(Layout, "places", refuse)
    found = {}
    for name, x in (("once", once), ("many", many)):
        scores = from_moments.scales(x, MODEL)
        found[name] = [
            reliability.alpha(x).mean_r,
            factors.adequacy(x).kmo,
            factors.explore(x, 5).communalities.to_numpy()[0],
            from_moments.confirm(MODEL, x).fit["srmr"],
            from_moments.regress(scores, "neuroticism", OTHERS).coefficients["lmg"].to_numpy()[1],
            from_moments.htmt(x, MODEL).htmt.to_numpy()[0, 1],
            polychoric.matrix(x).rho.to_numpy()[0, 1],
        ]
    assert many.n == 280_000
    np.testing.assert_allclose(found["many"], found["once"], rtol=2e-3)
    assert found["many"][1] == pytest.approx(found["once"][1], rel=1e-9)
