"""The engine against complex steps, finite differences and closed forms."""

import numpy as np
import pytest

from analysis.confirm.data import prepare
from analysis.confirm.identify import require_identified
from analysis.confirm.indices import Pair, rmsea, robust, scaled
from analysis.confirm.measures import chi2_tail, noncentral_tail, noncentrality
from analysis.confirm.normal import NormalLikelihood, Sample
from analysis.confirm.patterns import deviance, moment_space, patterns_of
from analysis.confirm.saturated import saturated
from analysis.confirm.search import maximise
from analysis.confirm.structure import Sharing, build, read_structure
from analysis.confirm.table import Cell, Matrix, Table, vech_index, vech_weights
from analysis.errors import AnalysisError, NotIdentified

STEP = 1e-20


def crowded_table() -> Table:
    """Every kind of cell: cross-loading with a shared key, residual covariance, means."""
    cells = []
    for i in range(6):
        j = i // 3
        key = None if i % 3 == 0 else f"l{i}"
        cells.append(Cell(0, Matrix.LAMBDA, i, j, key, 1.0 if key is None else 0.6 + 0.1 * i))
        cells.append(Cell(0, Matrix.THETA, i, i, f"t{i}", 0.5))
        cells.append(Cell(0, Matrix.NU, i, 0, f"n{i}", 0.2))
    cells += [
        Cell(0, Matrix.LAMBDA, 5, 0, "l1", 0.3),
        Cell(0, Matrix.PSI, 0, 0, "p00", 1.2),
        Cell(0, Matrix.PSI, 1, 0, "p10", 0.3),
        Cell(0, Matrix.PSI, 1, 1, "p11", 0.9),
        Cell(0, Matrix.THETA, 1, 4, "t14", 0.1),
        Cell(0, Matrix.ALPHA, 0, 0, "a0", 0.4),
    ]
    return Table([f"y{i}" for i in range(6)], ["f", "g"], cells, means=True)


def complex_jacobian(function, x):
    steps = STEP * 1j * np.eye(len(x))
    return np.array([function(x + step).imag / STEP for step in steps]).T


def test_jacobian_and_curvature_equal_complex_steps() -> None:
    table = crowded_table()
    rng = np.random.default_rng(0)
    x = table.start + 0.05 * rng.standard_normal(table.size)
    part, (row, column) = table.parts[0], vech_index(6)

    def moments(x):
        m = part.matrices(x)
        return np.concatenate([m.mu(), m.sigma()[row, column]])

    assert np.abs(complex_jacobian(moments, x) - table.delta(x)).max() < 1e-13
    g = rng.standard_normal((6, 6))
    g, w = g + g.T, rng.standard_normal(6)

    def gradient(x):
        out = np.zeros(table.size, dtype=x.dtype)
        part.add_vector(out, part.slopes(part.matrices(x)).gradient(g, w))
        return out

    bend = np.zeros((table.size, table.size))
    part.add_square(bend, part.curvature(part.matrices(x), g, w))
    assert np.abs(complex_jacobian(gradient, x) - bend).max() < 1e-12


def test_traces_and_scores_equal_the_dense_formulas() -> None:
    table = crowded_table()
    rng = np.random.default_rng(1)
    part = table.parts[0]
    slopes = part.slopes(part.matrices(table.start))
    d = np.zeros((len(part.cells), 6, 6))
    row, column = vech_index(6)
    d[:, row, column] = d[:, column, row] = slopes.delta(row, column).T
    p, q = (a @ a.T for a in rng.standard_normal((2, 6, 6)))
    assert slopes.quadratic(p, q) == pytest.approx(np.einsum("ab,kbc,cd,lda->kl", p, d, q, d))
    m, u = slopes.delta_mean(), rng.standard_normal(6)
    assert slopes.mean_quadratic(p) == pytest.approx(m.T @ p @ m)
    one = np.einsum("al,ab,kbc,c->kl", m, p, d, u)
    assert slopes.mean_cross(p, u) == pytest.approx(one + one.T, abs=1e-12)
    a = rng.standard_normal((6, 4))
    dense = np.einsum("an,kab,bn->kn", a, d, a) / 2 + m.T @ a
    assert slopes.scores(a) == pytest.approx(dense)


def test_information_is_the_derivative_of_the_score() -> None:
    structure = read_structure({"f": ["a", "b", "c"], "g": ["d", "e", "h"]})
    rng = np.random.default_rng(2)
    samples = []
    for n in (40, 60):
        y = rng.standard_normal((n, 6)) + rng.standard_normal((n, 1))
        samples.append(Sample(n, y.mean(axis=0), np.cov(y.T, bias=True)))
    table = build(
        structure,
        [s.covariance for s in samples],
        [s.mean for s in samples],
        sharing=Sharing(("1", "2"), loadings=True, intercepts=True),
    )
    likelihood = NormalLikelihood(table, samples)
    x = table.start + 0.02 * rng.standard_normal(table.size)
    h = 1e-5 * np.eye(table.size)
    score, information = likelihood.derivatives(x, observed=True)
    slope = [(likelihood.deviance(x + e) - likelihood.deviance(x - e)) / -4e-5 for e in h]
    assert score == pytest.approx(slope, abs=1e-8)
    bend = [(likelihood.score(x - e) - likelihood.score(x + e)) / 2e-5 for e in h]
    assert information == pytest.approx(np.array(bend), abs=1e-7)


def test_incomplete_information_is_the_derivative_of_the_score() -> None:
    rng = np.random.default_rng(3)
    y = rng.standard_normal((60, 4)) + rng.standard_normal((60, 1))
    y[rng.random(y.shape) < 0.3] = np.nan
    data, lower, m = patterns_of(y), vech_index(4), vech_weights(4)

    def unpacked(v):
        half = np.zeros((4, 4))
        half[lower] = v[4:]
        return v[:4], half + np.tril(half, -1).T

    def score(v):
        at = moment_space(data, *unpacked(v), information=None)
        return np.concatenate([at.mean_slope, m * at.slope[lower]])

    v = np.concatenate([np.full(4, 0.1), (np.eye(4) + 0.7)[lower]])
    h = 1e-6 * np.eye(len(v))
    slope = [
        (deviance(data, *unpacked(v + e)) - deviance(data, *unpacked(v - e))) / -4e-6 for e in h
    ]
    assert score(v) == pytest.approx(slope, abs=1e-7)
    bend = np.array([(score(v - e) - score(v + e)) / 2e-6 for e in h])
    assert moment_space(data, *unpacked(v)).information == pytest.approx(bend, abs=1e-7)


def test_saturated_moments_of_monotone_data_have_a_closed_form() -> None:
    """Anderson (1957): x complete, y partly missing: regression of y on x, carried over."""
    rng = np.random.default_rng(4)
    x = rng.normal(2, 3, 200)
    y = 1 + 0.5 * x + rng.standard_normal(200)
    seen = x > 1
    data = np.column_stack([x, np.where(seen, y, np.nan)])
    found = saturated(patterns_of(data), ("x", "y")).sample
    slope, intercept = np.polyfit(x[seen], y[seen], 1)
    rest = np.mean((y[seen] - intercept - slope * x[seen]) ** 2)
    assert found.mean == pytest.approx([x.mean(), intercept + slope * x.mean()], abs=1e-9)
    expected = [[x.var(), slope * x.var()], [slope * x.var(), rest + slope**2 * x.var()]]
    assert found.covariance == pytest.approx(np.array(expected), abs=1e-8)


def test_many_patterns_run_in_bounded_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    y = rng.standard_normal((300, 5)) + rng.standard_normal((300, 1))
    y[rng.random(y.shape) < 0.4] = np.nan
    data = patterns_of(y)
    mu, sigma = np.zeros(5), np.eye(5) + 0.5
    whole = moment_space(data, mu, sigma)
    monkeypatch.setattr("analysis.confirm.patterns.BLOCK", 50)
    parts = moment_space(data, mu, sigma)
    assert parts.deviance == pytest.approx(whole.deviance, rel=1e-12)
    assert parts.information == pytest.approx(whole.information, rel=1e-10, abs=1e-12)


def test_a_perfect_population_fits_exactly() -> None:
    structure = read_structure({"f": ["a", "b", "c", "d"]}, residuals=[("a", "b")])
    load = np.array([0.8, 0.7, 0.6, 0.5])
    sigma = np.outer(load, load) + np.diag(1 - load**2)
    sigma[0, 1] = sigma[1, 0] = sigma[0, 1] + 0.2
    table = build(structure, [sigma], identification="variance")
    best = maximise(NormalLikelihood(table, [Sample(100, np.zeros(4), sigma)]), table.start)
    assert best.converged
    assert best.deviance == pytest.approx(0, abs=1e-12)
    filled = table.matrices(best.x)[0]
    assert np.abs(filled.lam[:, 0]) == pytest.approx(load, abs=1e-6)
    assert filled.theta[1, 0] == pytest.approx(0.2, abs=1e-6)


def test_two_items_without_help_are_not_identified() -> None:
    structure = read_structure({"f": ["a", "b"], "g": ["c", "d", "e"]}, orthogonal=True)
    table = build(structure, [np.eye(5) * 0.5 + 0.5])
    with pytest.raises(NotIdentified, match=r"f=~b|a~~a|f~~f") as caught:
        require_identified(table, table.start)
    assert set(caught.value.parameters) <= {"f=~b", "a~~a", "b~~b", "f~~f"}
    lone = build(read_structure({"f": ["a", "b"]}), [np.eye(2) * 0.5 + 0.5])
    with pytest.raises(NotIdentified, match="only 3 moments"):
        require_identified(lone, lone.start)


def test_many_groups_are_checked_by_the_cross_product() -> None:
    structure = read_structure({"f": ["a", "b", "c", "d"]})
    sharing = Sharing(tuple(str(g) for g in range(60)), loadings=True)
    r = np.eye(4) * 0.5 + 0.5
    table = build(structure, [r] * 60, [np.zeros(4)] * 60, sharing=sharing)
    assert table.size > 400
    require_identified(table, table.start)
    loose = read_structure({"f": ["a", "b"], "g": ["c", "d"]}, orthogonal=True)
    broken = build(loose, [r] * 60, [np.zeros(4)] * 60, sharing=Sharing(sharing.labels))
    with pytest.raises(NotIdentified):
        require_identified(broken, broken.start)


def test_a_cell_stated_twice_is_refused() -> None:
    cells = [Cell(0, Matrix.THETA, 0, 1, "x", 0.1), Cell(0, Matrix.THETA, 1, 0, "y", 0.1)]
    with pytest.raises(AnalysisError, match="twice"):
        Table(["a", "b"], ["f"], cells)


def test_noncentral_tail_against_the_central_one_and_the_distribution() -> None:
    from scipy import stats

    for x, df, ncp in ((4165, 265, 3900), (300, 24, 10), (85.3, 24, 40), (3000, 1, 2500)):
        assert noncentral_tail(x, df, ncp) == pytest.approx(stats.ncx2.sf(x, df, ncp), rel=1e-9)
    assert noncentral_tail(30, 10, 0) == chi2_tail(30, 10)
    assert noncentral_tail(1e6, 10, 1) == 0
    ncp = noncentrality(85.3, 24, 0.05)
    assert stats.ncx2.cdf(85.3, 24, ncp) == pytest.approx(0.05, abs=1e-9)


def test_no_degrees_of_freedom_have_no_test() -> None:
    pair = Pair(0.0, 0, 50.0, 3)
    assert scaled(pair, 1.2, 1.1, 100, 1) == {}
    assert robust(pair, 1.2, 1.1, 100, 1) == {}
    assert rmsea(0.0, 0, 100, 1)["rmsea"] == 0


def test_groups_keep_their_order_of_first_appearance() -> None:
    import pandas as pd

    rng = np.random.default_rng(6)
    frame = pd.DataFrame(rng.standard_normal((30, 3)), columns=["a", "b", "c"])
    label = pd.Series(["z", "a", None] * 10)
    ready = prepare(frame, ["a", "b", "c"], group=label)
    assert ready.labels == ("z", "a")
    assert (ready.n, ready.dropped) == (20, 10)
    assert prepare(frame, ["a", "b", "c"], group=pd.Series([2.0, 1.0] * 15)).labels == ("2", "1")
