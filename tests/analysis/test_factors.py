import numpy as np
import pandas as pd
import pytest

from analysis import factors
from analysis.errors import AnalysisError, DegenerateItem, ImproperSolution, NotEnoughData
from tests.reference.table_basic import answers, numbers


def simple_structure(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    load = np.zeros((9, 3))
    for j in range(3):
        load[3 * j : 3 * j + 3, j] = (0.8, 0.7, 0.6)
    latent = (
        rng.standard_normal((n, 3))
        @ np.linalg.cholesky(np.array([[1, 0.3, 0.2], [0.3, 1, 0.1], [0.2, 0.1, 1]])).T
    )
    noise = rng.standard_normal((n, 9)) * np.sqrt(1 - (load**2).sum(axis=1))
    return pd.DataFrame(latent @ load.T + noise, columns=[f"X{i + 1}" for i in range(9)])


def test_adequacy_takes_answers_or_a_matrix() -> None:
    frame = answers("bfi").dropna()
    from_answers = factors.adequacy(frame)
    matrix = pd.DataFrame(np.corrcoef(frame.to_numpy().T), index=frame.columns)
    matrix.columns = frame.columns
    from_matrix = factors.adequacy(matrix, n=len(frame))
    assert from_matrix.kmo == pytest.approx(from_answers.kmo, abs=1e-9)
    assert from_matrix.bartlett_chi2 == pytest.approx(from_answers.bartlett_chi2, rel=1e-9)
    with pytest.raises(AnalysisError, match="correlation matrix"):
        factors.adequacy(frame, n=len(frame))


def test_two_items_have_kmo_one_half() -> None:
    # the partial correlation of two items alone is their correlation: r2 / (r2 + r2)
    assert factors.adequacy(answers("bfi")[["A2", "A3"]]).kmo == pytest.approx(0.5, abs=1e-12)


def test_bartlett_in_closed_form_for_two_items() -> None:
    frame = answers("bfi")[["A2", "A3"]].dropna()
    r = np.corrcoef(frame.to_numpy().T)[0, 1]
    found = factors.adequacy(frame)
    assert found.determinant == pytest.approx(1 - r**2, abs=1e-12)
    assert found.bartlett_chi2 == pytest.approx(-(len(frame) - 1 - 9 / 6) * np.log(1 - r**2))


@pytest.mark.parametrize("extraction", ["minres", "ml", "pa"])
@pytest.mark.parametrize("rotation", [None, "varimax", "promax", "oblimin", "quartimax", "geomin"])
def test_parts_of_a_solution_belong_together(extraction: str, rotation: str | None) -> None:
    found = factors.explore(answers("bfi"), 5, extraction=extraction, rotation=rotation)
    load, phi = found.loadings.to_numpy(), found.phi.to_numpy()
    # communalities belong to loadings *and* phi: the fault of factor_analyzer's phi order
    assert found.communalities.to_numpy() == pytest.approx(np.diag(load @ phi @ load.T))
    assert found.structure.to_numpy() == pytest.approx(load @ phi)
    assert np.diag(phi) == pytest.approx(np.ones(5))
    assert found.variance["ss"].to_numpy() == pytest.approx(np.diag(phi @ load.T @ load))
    assert found.variance["ss"].is_monotonic_decreasing
    assert found.variance["ss"].sum() == pytest.approx(found.communalities.sum())
    assert (load.sum(axis=0) > 0).all()
    assert found.missing == "listwise"
    assert found.n == numbers("bfi")["descriptives"]["n_complete"]


@pytest.mark.parametrize("rotation", [None, "varimax", "promax", "oblimin", "geomin"])
def test_rotation_changes_no_communality(rotation: str | None) -> None:
    raw = factors.explore(answers("holzinger1939"), 3, rotation=None)
    turned = factors.explore(answers("holzinger1939"), 3, rotation=rotation)
    assert turned.communalities.to_numpy() == pytest.approx(raw.communalities.to_numpy(), abs=1e-9)
    assert turned.chi2 == pytest.approx(raw.chi2)


def test_recovers_a_known_structure() -> None:
    found = factors.explore(simple_structure(20_000, 8), 3, extraction="ml")
    load = found.loadings.to_numpy()
    largest = np.sort(np.abs(load), axis=0)[-3:].T
    assert largest == pytest.approx(np.tile([0.6, 0.7, 0.8], (3, 1)), abs=0.03)
    assert np.sort(np.abs(load), axis=0)[:6].max() < 0.05
    assert sorted(np.abs(found.phi.to_numpy()[np.triu_indices(3, 1)])) == pytest.approx(
        [0.1, 0.2, 0.3], abs=0.03
    )


@pytest.mark.parametrize("rotation", ["oblimin", "varimax", "geomin"])
def test_metamorphic(rotation: str) -> None:
    frame = answers("bfi").dropna()
    base = factors.explore(frame, 5, rotation=rotation)
    mixed = frame.sample(frac=1, random_state=3)[list(frame.columns[::-1])]
    again = factors.explore(mixed, 5, rotation=rotation)
    for a, b in zip(base.loadings.columns, again.loadings.columns, strict=True):
        other = again.loadings.loc[base.loadings.index, b].to_numpy()
        mine = base.loadings[a].to_numpy()
        sign = np.sign(mine @ other)  # the sum of a bipolar factor is near 0
        assert mine == pytest.approx(sign * other, abs=1e-3)
    # reversing an item turns its row round and moves nothing else
    turned = factors.explore(frame.assign(N1=7 - frame["N1"]), 5, rotation=rotation)
    assert np.abs(turned.loadings.loc["N1"]).sort_values().to_numpy() == pytest.approx(
        np.abs(base.loadings.loc["N1"]).sort_values().to_numpy(), abs=1e-3
    )
    assert turned.communalities.to_numpy() == pytest.approx(base.communalities.to_numpy(), abs=1e-4)


def test_one_factor_needs_no_rotation() -> None:
    found = factors.explore(answers("holzinger1939"), 1)
    assert found.rotation == "none"
    assert found.phi.to_numpy() == pytest.approx(np.ones((1, 1)))


def test_heywood_case_is_flagged() -> None:
    frame = simple_structure(200, 2)
    frame["X2"] = frame["X1"] + 0.001 * np.random.default_rng(0).standard_normal(200)
    found = factors.explore(frame, 3)
    assert [flag.code for flag in found.flags] == ["heywood"]
    with pytest.raises(ImproperSolution):
        found.require_proper()


def test_errors_name_the_items() -> None:
    frame = answers("bfi")
    with pytest.raises(DegenerateItem, match="--without C2"):
        factors.adequacy(frame.assign(C2=4))
    with pytest.raises(ImproperSolution, match="A2"):
        factors.adequacy(frame.assign(B=frame["A2"]))
    with pytest.raises(ImproperSolution, match="A2"):
        factors.explore(frame.assign(B=frame["A2"]), 5)
    with pytest.raises(NotEnoughData, match="more rows than items"):
        factors.adequacy(frame.dropna().head(20))
    with pytest.raises(NotEnoughData, match="ask for fewer"):
        factors.explore(frame[["A1", "A2", "A3", "A4"]], 2)


def test_the_adapter_leaves_libraries_as_they_were() -> None:
    import factor_analyzer.factor_analyzer as theirs
    from sklearn.utils import check_array

    factors.explore(answers("holzinger1939"), 3)
    assert theirs.check_array is check_array
