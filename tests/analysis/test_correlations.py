import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis import correlations
from analysis.errors import DegenerateItem, NotEnoughData
from tests.reference.table_basic import answers, keyed, numbers


def test_scores_of_bfi_agree_with_r() -> None:
    # R: cor(scores), means of the answers given, all 2800 rows
    r = numbers("bfi")["scale_scores"]["correlations"]
    scales = numbers("bfi")["scale_keys"]
    frame = pd.DataFrame({s: keyed("bfi", keys).mean(axis=1) for s, keys in scales.items()})
    found = correlations.correlate(frame)
    assert found.r.loc[r["rows"], r["cols"]].to_numpy() == pytest.approx(
        np.array(r["values"]), abs=1e-9
    )


def test_p_interval_and_ranks_agree_with_scipy() -> None:
    frame = answers("holzinger1939").iloc[:40]
    pearson = correlations.correlate(frame)
    spearman = correlations.correlate(frame, kind="spearman")
    for a, b in (("x1", "x2"), ("x4", "x9")):
        theirs = stats.pearsonr(frame[a], frame[b])
        assert pearson.r.loc[a, b] == pytest.approx(theirs.statistic, abs=1e-12)
        assert pearson.p.loc[a, b] == pytest.approx(theirs.pvalue, abs=1e-12)
        limits = theirs.confidence_interval(0.95)
        assert pearson.ci_low.loc[a, b] == pytest.approx(limits.low, abs=1e-12)
        assert pearson.ci_high.loc[a, b] == pytest.approx(limits.high, abs=1e-12)
        rho = stats.spearmanr(frame[a], frame[b])
        assert spearman.r.loc[a, b] == pytest.approx(rho.statistic, abs=1e-12)
        assert spearman.p.loc[a, b] == pytest.approx(rho.pvalue, abs=1e-12)
        assert spearman.ci_high.loc[a, b] > spearman.r.loc[a, b] > spearman.ci_low.loc[a, b]


def test_holm_agrees_with_r() -> None:
    # R: p.adjust(c(.01, .04, .03, .005), "holm") -> 0.03 0.06 0.06 0.02
    found = correlations.holm(np.array([0.01, 0.04, 0.03, 0.005]))
    assert found == pytest.approx([0.03, 0.06, 0.06, 0.02], abs=1e-12)


def test_errors() -> None:
    frame = answers("holzinger1939")
    with pytest.raises(DegenerateItem, match="x2"):
        correlations.correlate(frame.assign(x2=1.0))
    with pytest.raises(NotEnoughData):
        correlations.correlate(frame.head(3))
