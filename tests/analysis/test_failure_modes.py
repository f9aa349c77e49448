"""Every public function and everything that can be wrong with a frame: a named error, or none.

`every_function.EVERY` are the functions; each fault below goes through all of them. pytest turns
warnings into errors, so a division by nothing inside numpy fails here too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from analysis import counts, factors, polychoric, reliability
from analysis.confirm import fit
from analysis.errors import (
    AnalysisError,
    DegenerateItem,
    DuplicateName,
    ImproperSolution,
    MissingColumn,
    NotANumber,
    NotCategorical,
    NotConverged,
    NotEnoughData,
    NotIdentified,
    WrongArgument,
)
from analysis.results import Result, plain
from tests.analysis.every_function import (
    COLUMNS,
    EVERY,
    FACTORS,
    GROUPS,
    ITEMS,
    LOOKS,
    MATRIX,
    MODEL,
    ORDERED,
    Call,
    people,
)

GOOD = people(200, 5)
CELL = (np.arange(200)[:, None] == 77) & (np.arange(8) == 1)
ODD = np.arange(200)[:, None] % 2 == (np.arange(8) < 4)

FRAMES: dict[str, pd.DataFrame] = {
    "as it should be": GOOD,
    "two categories": people(200, 5, points=2),
    "seven categories": people(200, 5, points=7),
    "nine categories from 0": people(200, 5, points=9, low=0),
    "negative codes": GOOD - 10,
    "unequal categories": GOOD.assign(
        a=people(200, 5, points=3)["a"], b=people(200, 5, points=2)["b"]
    ),
    "a tenth missing": people(200, 5, missing=0.1),
    "two fifths missing": people(200, 5, missing=0.4),
    "a floor": people(200, 5, shift=-2.0),
    "a floor nearly everybody is on": people(200, 5, shift=-3.0),
    "pandas' own integers": people(200, 5, missing=0.1).astype("Int64"),
    "objects with None": people(200, 5, missing=0.1)
    .astype(object)
    .where(lambda x: x.notna(), None),
    "digits as text": GOOD.astype(int).astype(str),
    "categories of pandas": GOOD.astype(int).astype("category"),
    "truth values": people(200, 5, points=2, low=0).astype(bool),
    "nobody": GOOD.head(0),
    "one person": GOOD.head(1),
    "two persons": GOOD.head(2),
    "three persons": GOOD.head(3),
    "five persons": GOOD.head(5),
    "as many persons as items": GOOD.head(8),
    "twelve persons": GOOD.head(12),
    "twenty persons": GOOD.head(20),
    "a constant item": GOOD.assign(a=3.0),
    "constant items only": GOOD * 0 + 2,
    "an empty item": GOOD.assign(a=np.nan),
    "no answer at all": GOOD * np.nan,
    "an item given twice": GOOD.assign(c=GOOD["b"]),
    "an item that mirrors another": GOOD.assign(c=6 - GOOD["b"]),
    "an item that is a sum": GOOD.assign(c=GOOD["a"] + GOOD["b"]),
    "a name given twice": pd.concat([GOOD[["a"]], GOOD], axis=1),
    "a column that is not there": GOOD.drop(columns="a"),
    "numbers between": GOOD.assign(a=GOOD["a"] + 0.7),
    "text": GOOD.astype(object).assign(a="abc"),
    "one cell of text": GOOD.astype(object).mask(CELL, "x"),
    "an infinite cell": GOOD.mask(CELL, np.inf),
    "halves nobody answered together": GOOD.mask(ODD),
    "an item a billion times as wide": GOOD.assign(a=GOOD["a"] * 1e9),
    "persons named twice": GOOD.set_axis([f"p{i % 100}" for i in range(200)], axis=0),
}


def outcome(call: Call, frame: pd.DataFrame) -> object:
    try:
        return call(frame)
    except AnalysisError as error:
        return error


@pytest.mark.parametrize("fault", FRAMES)
def test_a_result_or_a_named_error(fault: str) -> None:
    """Never numpy's, pandas' or scipy's own error or warning; every result is JSON."""
    for name, call in EVERY.items():
        found = outcome(call, FRAMES[fault])
        if isinstance(found, AnalysisError):
            assert type(found) is not AnalysisError, name
            assert len(str(found)) > 20, name
        elif isinstance(found, Result | counts.Burt):
            made = found.to_dict()
            json.dumps(made, allow_nan=False)
            assert made["n"] == found.n >= 0, name
            assert made["method"], name
            assert made["missing"], name
            assert isinstance(made["flags"], list), name
        else:
            plain(found)


def must_raise(
    fault: str, calls: Mapping[str, Call], *errors: type[AnalysisError], but: tuple[str, ...] = ()
) -> None:
    found = {name: outcome(call, FRAMES[fault]) for name, call in calls.items() if name not in but}
    assert {k: repr(v)[:90] for k, v in found.items() if not isinstance(v, errors)} == {}


ESTIMATES = {**MATRIX, **FACTORS, **ORDERED, **COLUMNS}


def test_too_few_rows() -> None:
    for fault in ("nobody", "one person"):
        must_raise(fault, ESTIMATES, NotEnoughData, DegenerateItem, WrongArgument)
        must_raise(fault, GROUPS, NotEnoughData, WrongArgument)
    few = ("reliability.omega", "reliability.omega fiml", "validity.htmt", "validity.harman")
    for fault in ("five persons", "as many persons as items"):
        must_raise(fault, FACTORS, NotEnoughData, DegenerateItem, but=few)


def test_constant_item() -> None:
    must_raise("a constant item", ESTIMATES, DegenerateItem)
    must_raise("constant items only", ESTIMATES, DegenerateItem)
    for name, call in ESTIMATES.items():
        error = outcome(call, FRAMES["a constant item"])
        assert isinstance(error, DegenerateItem)
        assert error.items == ("a",), name
        assert "a" in str(error)


def test_all_missing() -> None:
    must_raise("no answer at all", ESTIMATES, NotEnoughData, WrongArgument)
    must_raise("no answer at all", GROUPS, NotEnoughData, WrongArgument)
    must_raise("an empty item", ESTIMATES, NotEnoughData, WrongArgument)


def test_duplicate_names_and_absent_ones() -> None:
    must_raise("a name given twice", {**EVERY}, DuplicateName)
    by_name = {k: v for k, v in {**FACTORS, **ORDERED, **COLUMNS}.items() if "confirm." in k}
    must_raise("a column that is not there", {**by_name, **COLUMNS}, MissingColumn)


def test_text_and_infinity() -> None:
    for fault in ("text", "one cell of text", "an infinite cell"):
        must_raise(fault, EVERY, NotANumber, NotCategorical)


def test_numbers_that_are_no_categories() -> None:
    must_raise("numbers between", ORDERED, NotCategorical)
    must_raise("numbers between", {"counts.burt": EVERY["counts.burt"]}, NotCategorical)


def test_perfect_collinearity() -> None:
    """Factor models refuse the repeated item, regressions the repeated predictor, by name."""
    pairs = ("an item given twice", "an item that mirrors another", "an item that is a sum")
    covariance = {k: v for k, v in FACTORS.items() if "omega" not in k and "htmt" not in k}
    for fault in pairs:
        must_raise(fault, covariance, ImproperSolution, but=("validity.harman",))
    together = {
        name: COLUMNS[name]
        for name in (
            *("regression.regress", "hierarchy.hierarchical", "importance_bootstrap.shares"),
            *("moderation.moderate", "mediation.indirect", "ordered_logit.proportional_odds"),
            *("residual_tests.refit", "residual_tests.durbin_watson"),
        )
    }
    for fault in pairs[:2]:
        for name, call in together.items():
            error = outcome(call, FRAMES[fault])
            assert isinstance(error, ImproperSolution), f"{name}: {error!r}"
            assert {"b", "c"} & set(error.items), name


def test_matrix_that_is_not_positive_definite() -> None:
    r = pd.DataFrame([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]], list("xyz"), list("xyz"))
    for call in (
        lambda: factors.adequacy(r, n=100),
        lambda: factors.explore(r, 1, n=100, extraction="ml"),
        lambda: factors.explore(r, 1, n=100),
        lambda: factors.explore(r, 1, n=100, extraction="pa"),
    ):
        with pytest.raises(ImproperSolution, match="not positive definite"):
            call()


def test_empty_cells_of_a_two_by_two_table() -> None:
    """One empty cell is corrected as lavaan does; two make the correlation +-1: refused."""
    one = pd.DataFrame({"x": [0] * 40 + [1] * 60, "y": [0] * 40 + [0] * 10 + [1] * 50})
    assert 0.8 < polychoric.matrix(one).rho.loc["x", "y"] < 1
    two = pd.DataFrame({"x": [0] * 40 + [1] * 60, "y": [0] * 40 + [1] * 60})
    with pytest.raises(ImproperSolution, match="x"):
        polychoric.matrix(two)
    with pytest.raises(ImproperSolution):
        reliability.omega(two.assign(z=people(100, 1, points=2)["a"].to_numpy()), ordinal=True)


def heywood(n: int = 300) -> pd.DataFrame:
    """One factor whose first item would need a loading above 1: r_ab r_ac / r_bc = 1.44."""
    r = np.array([[1, 0.72, 0.72], [0.72, 1, 0.36], [0.72, 0.36, 1]])
    rng = np.random.default_rng(3)
    z = rng.standard_normal((n, 3))
    z = (z - z.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(z, rowvar=False))).T
    return pd.DataFrame(z @ np.linalg.cholesky(r).T, columns=list("abc"))


@pytest.mark.parametrize("kind", [{}, {"estimator": "MLR"}, {"missing": "fiml"}], ids=str)
def test_heywood_case_of_a_confirmatory_model(kind: dict[str, str]) -> None:
    """The number R gives (lambda^2 = 1.44, theta = -.44 in closed form), flagged, refusable."""
    found = fit({"f": list("abc")}, heywood(), **kind)
    std = found.loadings.set_index("item")["std"]
    assert std["a"] ** 2 == pytest.approx(1.44, abs=1e-5)
    assert [flag.names for flag in found.flags if flag.code == "heywood"] == [("a",)]
    with pytest.raises(ImproperSolution, match="a") as caught:
        found.require_proper()
    assert caught.value.items == ("a",)
    json.dumps(found.to_dict(), allow_nan=False)


def test_heywood_case_of_ordered_answers() -> None:
    frame = heywood(2000)
    cut = pd.DataFrame({name: np.digitize(frame[name], [-1, 0, 1]) for name in frame})
    found = fit({"f": list("abc")}, cut, estimator="WLSMV")
    assert any(flag.code == "heywood" for flag in found.flags)
    with pytest.raises(ImproperSolution):
        found.require_proper()
    omega = reliability.omega(cut, ordinal=True, n_boot=0)
    assert np.isnan(omega.estimate)
    with pytest.raises(ImproperSolution):
        omega.require_proper()


def test_heywood_case_of_omega_and_of_an_exploration() -> None:
    omega = reliability.omega(heywood(), n_boot=0)
    assert [flag.names for flag in omega.flags if flag.code == "heywood"] == [("a",)]
    with pytest.raises(ImproperSolution):
        omega.require_proper()
    wide = heywood().assign(d=np.random.default_rng(9).standard_normal(300))
    explored = factors.explore(wide, 1, extraction="ml")
    assert [flag.names for flag in explored.flags if flag.code == "heywood"] == [("a",)]
    with pytest.raises(ImproperSolution):
        explored.require_proper()


def test_a_model_that_cannot_be_told_apart() -> None:
    pair = {"one": ["a", "b"]}
    for estimator in ("ML", "MLR", "WLSMV"):
        with pytest.raises((NotIdentified, NotEnoughData)):
            fit(pair, GOOD, estimator=estimator)


def test_models_that_do_not_settle_are_named() -> None:
    """Items that share nothing: whatever happens, no fit table without convergence."""
    seen = set()
    for seed in range(12):
        noise = np.random.default_rng(seed).integers(1, 6, (30, 8)).astype(float)
        found = outcome(lambda f: fit(MODEL, f), pd.DataFrame(noise, columns=ITEMS))
        if isinstance(found, AnalysisError):
            assert isinstance(found, NotConverged)
            assert "settle" in str(found)
        else:
            assert found.fit["chisq"] > 0
        seen.add(type(found).__name__)
    assert "NotConverged" in seen


def test_looks_never_refuse_numbers() -> None:
    """What only describes takes a constant item, a person alone, nobody's answers."""
    for name in ("screening.descriptives", "missingness.missing_map"):
        for fault in ("a constant item", "one person", "no answer at all"):
            found = outcome(LOOKS[name], FRAMES[fault])
            assert not isinstance(found, AnalysisError), f"{name} {fault}: {found}"
