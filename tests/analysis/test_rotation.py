"""Several starts of rotation and extraction, against factor_analyzer's rotation one by one."""

import numpy as np
import pandas as pd
import pytest
from factor_analyzer import FactorAnalyzer, Rotator

from analysis import efa_adapter, factors, rotation
from analysis.errors import WrongArgument
from tests.reference.table_basic import answers

NAMES = {"geomin": "geomin_obl"}


def rough(seed: int) -> np.ndarray:
    """Loadings without simple structure: their criteria have several minima."""
    return np.random.default_rng(seed).standard_normal((8, 4)) * 0.5


def criterion(load: np.ndarray, method: str) -> float:
    """As printed: Jennrich & Sampson (1966), Neuhaus & Wrigley (1954), Yates (1987)."""
    if method == "geomin":
        return float(np.exp(np.log(load**2 + 0.01).mean(axis=1)).sum())
    if method == "quartimax":
        return float(-(load**4).sum() / 4)
    pairs = [(j, k) for j in range(load.shape[1]) for k in range(load.shape[1]) if j != k]
    return float(sum((load[:, j] ** 2 * load[:, k] ** 2).sum() for j, k in pairs) / 4)


@pytest.mark.parametrize("method", ["oblimin", "quartimax", "geomin"])
def test_no_other_start_of_another_program_ends_lower(method: str) -> None:
    rng = np.random.default_rng(99)
    left = 0
    for seed in (2, 4, 7):
        load = rough(seed)
        found = rotation.rotate(load, method, starts=20)
        mine = criterion(found.loadings, method)
        theirs = []
        for number in range(4):
            turn = np.linalg.qr(rng.standard_normal((4, 4)))[0] if number else np.eye(4)
            rotator = Rotator(method=NAMES.get(method, method), max_iter=500, tol=1e-6)
            theirs.append(criterion(np.asarray(rotator.fit_transform(load @ turn)), method))
        assert mine <= min(theirs) + 2e-4 * abs(mine)
        assert found.phi == pytest.approx(found.phi.T)
        assert found.loadings @ found.phi @ found.loadings.T == pytest.approx(load @ load.T)
        left += mine < theirs[0] - 1e-3
    if method == "geomin":
        assert left >= 1  # the single start that R takes would have stayed in a worse minimum


@pytest.mark.parametrize("method", ["oblimin", "quartimax", "geomin"])
def test_a_clear_structure_has_one_minimum_and_it_is_the_single_starts(method: str) -> None:
    load = efa_adapter.extract(np.corrcoef(answers("holzinger1939").T), 3, "minres").loadings
    found = rotation.rotate(load, method)
    rotator = Rotator(method=NAMES.get(method, method), max_iter=5000, tol=1e-6)
    assert found.loadings == pytest.approx(np.asarray(rotator.fit_transform(load)), abs=1e-4)
    assert (found.starts, found.at_best, found.settled) == (11, 11, True)


@pytest.mark.parametrize("method", ["varimax", "promax"])
def test_varimax_keeps_the_single_start_where_no_other_is_better(method: str) -> None:
    load = efa_adapter.extract(np.corrcoef(answers("holzinger1939").T), 3, "ml").loadings
    found = rotation.rotate(load, method)
    single, phi = efa_adapter.rotate(load, method)
    assert np.array_equal(found.loadings, single)
    assert np.array_equal(found.phi, phi)
    assert found.at_best == found.starts


def test_local_minima_are_flagged_and_counted() -> None:
    load = rough(0)
    unique = (load**2).sum(axis=1) + 0.5
    sigma = load @ load.T + np.diag(unique)
    scale = 1 / np.sqrt(np.diag(sigma))
    names = list("abcdefgh")
    r = pd.DataFrame(sigma * np.outer(scale, scale), index=names, columns=names)
    found = factors.explore(r, 4, n=500, extraction="pa", rotation="geomin", starts=20)
    assert found.starts == 21
    assert 1 <= found.starts_at_best < 21
    flag = next(flag for flag in found.flags if flag.code == "local_minima")
    assert flag.value == pytest.approx(found.starts_at_best / 21)
    assert factors.explore(r, 4, n=500, extraction="pa", rotation="geomin", starts=0).starts == 1
    with pytest.raises(WrongArgument, match="starts"):
        factors.explore(r, 2, n=500, starts=-1)


@pytest.mark.parametrize("extraction", ["ml", "minres"])
def test_extraction_starts_again_after_a_heywood_case_only(extraction: str) -> None:
    fine = np.corrcoef(answers("holzinger1939").T)
    assert efa_adapter.extract(fine, 3, extraction).starts == 1
    load = np.array([0.999, 0.7, 0.6, 0.5, 0.4])
    r = np.outer(load, load)
    np.fill_diagonal(r, 1.0)
    found = efa_adapter.extract(r, 1, extraction)
    assert found.starts == 1 + efa_adapter.OTHER_STARTS
    # one minimum: the first start's answer stays, and it is the population's up to the bound
    assert not found.other
    assert np.abs(found.loadings[:, 0]) == pytest.approx(load, abs=2e-3)


def discrepancy(r: np.ndarray, load: np.ndarray) -> float:
    """Maximum likelihood's log|S| - log|R| + tr(R S^-1) - p (Joreskog 1967)."""
    sigma = load @ load.T
    np.fill_diagonal(sigma, 1.0)
    gap = np.linalg.slogdet(sigma)[1] - np.linalg.slogdet(r)[1]
    return float(gap + np.trace(np.linalg.solve(sigma, r)) - len(r))


def test_a_better_extraction_than_the_single_starts_is_taken_and_flagged() -> None:
    taken = 0
    for seed in (14, 47, 49, 63, 74, 94):
        # noise without factors: Heywood cases with several local minima
        data = np.random.default_rng(seed).standard_normal((25, 6))
        r = np.corrcoef(data.T)
        library = FactorAnalyzer(
            n_factors=2, method="ml", rotation=None, is_corr_matrix=True, bounds=(0.005, 1)
        )
        single = discrepancy(r, np.asarray(library._fit_factor_analysis(r.copy())))
        found = efa_adapter.extract(r, 2, "ml")
        mine = discrepancy(r, found.loadings)
        assert mine <= single + 1e-5
        assert found.other == (mine < single - 1e-5)
        taken += found.other
        flags = factors.explore(pd.DataFrame(data), 2, extraction="ml").flags
        assert any(flag.code == "other_extraction" for flag in flags) == found.other
    assert taken >= 3
