import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import items, reliability, reliability_ordinal
from analysis.errors import DegenerateItem, ImproperSolution, NotConverged, NotEnoughData
from tests.reference.table_basic import answers, keyed, numbers

AGREE = ["-A1", "A2", "A3", "A4", "A5"]


def one_factor_sample(n: int, loadings: list[float], seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    load = np.array(loadings)
    factor = rng.standard_normal((n, 1))
    noise = rng.standard_normal((n, len(load))) * np.sqrt(1 - load**2)
    names = [f"X{i + 1}" for i in range(len(load))]
    return pd.DataFrame(factor * load + noise, columns=names)


def test_feldt_interval_of_the_plan() -> None:
    # instrument specification, acceptance 9: alpha .80, k = 5, n = 45 -> .69 to .88
    low, high = reliability.feldt_interval(0.80, 45, 5)
    assert low == pytest.approx(0.69, abs=0.005)
    assert high == pytest.approx(0.88, abs=0.005)


def test_parallel_items_have_alpha_equal_to_omega_in_closed_form() -> None:
    # equal covariances .36, variances 1: alpha = omega = k r / (1 + (k - 1) r)
    k, r = 5, 0.36
    matrix = np.full((k, k), r) + (1 - r) * np.eye(k)
    assert reliability.coefficient(matrix) == pytest.approx(k * r / (1 + (k - 1) * r), abs=1e-12)
    load = np.full(k, 0.6)
    assert reliability.omega_of(load, 1 - load**2) == pytest.approx(
        k * r / (1 + (k - 1) * r), abs=1e-12
    )


def test_alpha_agrees_with_pingouin() -> None:
    import pingouin

    frame = keyed("bfi", AGREE)
    for missing in ("pairwise", "listwise"):
        theirs, _ = pingouin.cronbach_alpha(data=frame, nan_policy=missing)
        assert reliability.alpha(frame, missing=missing).raw == pytest.approx(theirs, abs=1e-9)


def test_item_total_of_a_reversed_item_is_negative_and_flagged() -> None:
    # bfi A1 is reverse-keyed: left raw it runs against its scale (psych warns here)
    found = reliability.alpha(answers("bfi")[["A1", "A2", "A3", "A4", "A5"]])
    assert found.item_total["A1"] < 0
    assert [flag.code for flag in found.flags] == ["negative_item_total"]
    assert found.flags[0].names == ("A1",)


def test_spearman_brown_of_two_items() -> None:
    frame = keyed("bfi", ["A2", "A3"]).dropna()
    r = np.corrcoef(frame.to_numpy().T)[0, 1]
    assert reliability.spearman_brown(frame) == pytest.approx(2 * r / (1 + r), abs=1e-12)
    # ... which is the standardised alpha of two items
    assert reliability.alpha(frame, missing="listwise").standardized == pytest.approx(
        2 * r / (1 + r), abs=1e-12
    )


@pytest.mark.parametrize(
    ("n", "r"), [(30, 0.361), (45, 0.294), (60, 0.254), (100, 0.197), (200, 0.139)]
)
def test_critical_r_is_the_printed_table(n: int, r: float) -> None:
    # r-tabel of the Indonesian textbooks, two-sided .05; acceptance 8 of the specification
    assert round(items.critical_r(n), 3) == r


def test_critical_r_is_where_the_t_test_turns() -> None:
    from scipy import stats

    n = 45
    r = items.critical_r(n)
    t = r * np.sqrt((n - 2) / (1 - r**2))
    assert 2 * stats.t.sf(t, n - 2) == pytest.approx(0.05, abs=1e-12)


def test_item_verdicts_follow_the_cut_offs() -> None:
    found = items.analyse(keyed("bfi", ["O1", "-O2", "O3", "O4", "-O5"]))
    for verdict, r in zip(found.table["verdict"], found.table["item_total"], strict=True):
        assert verdict == ("keep" if r >= 0.3 else "watch" if r >= 0.2 else "flag")
    assert found.critical_r == pytest.approx(items.critical_r(found.n))


def test_omega_recovers_the_truth() -> None:
    loadings = [0.8, 0.7, 0.6, 0.7, 0.5]
    common = sum(loadings) ** 2
    truth = common / (common + sum(1 - x**2 for x in loadings))
    found = reliability.omega(one_factor_sample(20_000, loadings, 3), n_boot=0)
    assert found.estimate == pytest.approx(truth, abs=0.01)
    assert found.standardized_loadings.to_numpy() == pytest.approx(loadings, abs=0.02)


@pytest.mark.parametrize(
    ("n", "kind"), [(45, "normal-theory bootstrap"), (300, "percentile bootstrap")]
)
def test_omega_interval_covers_the_truth(n: int, kind: str) -> None:
    # simulation with known truth: 100 samples; 95 % +/- 4.4 standard errors of a proportion
    loadings = [0.75, 0.78, 0.72, 0.70, 0.65]
    common = sum(loadings) ** 2
    truth = common / (common + sum(1 - x**2 for x in loadings))
    hits = 0
    for seed in range(100):
        found = reliability.omega(one_factor_sample(n, loadings, seed), n_boot=200, seed=seed)
        assert found.interval == kind
        hits += found.ci_low <= truth <= found.ci_high
    assert hits >= 85


def test_omega_interval_agrees_with_refitting_each_resample() -> None:
    # the batch is a shortcut; the long way is to resample rows and fit one at a time
    frame = one_factor_sample(80, [0.8, 0.7, 0.8, 0.7, 0.7], 5)
    found = reliability.omega(frame, n_boot=400, seed=11)
    rng = np.random.default_rng(99)
    slow = [
        reliability.omega(frame.iloc[rng.integers(0, 80, 80)], n_boot=0).estimate
        for _ in range(400)
    ]
    half = 1.959964 * np.std(slow, ddof=1)
    assert found.ci_high - found.estimate == pytest.approx(half, rel=0.2)


def test_the_same_seed_gives_the_same_interval() -> None:
    frame = keyed("bfi", AGREE)
    first, second = (reliability.omega(frame, n_boot=50, seed=4) for _ in range(2))
    assert (first.ci_low, first.ci_high) == (second.ci_low, second.ci_high)
    assert first.seed == 4


def test_heywood_case_is_reported_not_clipped() -> None:
    # r12 r13 / r23 = .9 * .6 / .5 > 1: the exact solution has a loading above 1
    r = np.array([[1, 0.9, 0.6], [0.9, 1, 0.5], [0.6, 0.5, 1]])
    rows = np.random.default_rng(1).standard_normal((200, 3))
    rows -= rows.mean(axis=0)
    rows = rows @ np.linalg.inv(np.linalg.cholesky(rows.T @ rows / 199)).T
    frame = pd.DataFrame(rows @ np.linalg.cholesky(r).T, columns=["a", "b", "c"])
    found = reliability.omega(frame, n_boot=0)
    assert found.standardized_loadings["a"] == pytest.approx(np.sqrt(0.9 * 0.6 / 0.5), abs=1e-6)
    assert found.flags[0].code == "heywood"
    assert found.flags[0].names == ("a",)
    assert not found.proper
    with pytest.raises(ImproperSolution, match="a"):
        found.require_proper()


def test_items_without_a_common_factor_do_not_converge_or_are_improper() -> None:
    # r12 r13 r23 < 0: no real solution exists for three items
    r = np.array([[1, 0.5, 0.4], [0.5, 1, -0.3], [0.4, -0.3, 1]])
    rows = np.random.default_rng(1).standard_normal((200, 3))
    rows -= rows.mean(axis=0)
    rows = rows @ np.linalg.inv(np.linalg.cholesky(rows.T @ rows / 199)).T
    frame = pd.DataFrame(rows @ np.linalg.cholesky(r).T, columns=["a", "b", "c"])
    with pytest.raises(NotConverged, match="a, b, c"):
        reliability.omega(frame, n_boot=0)


def test_errors_name_the_items() -> None:
    frame = keyed("bfi", AGREE)
    with pytest.raises(DegenerateItem, match="--without A4") as caught:
        reliability.alpha(frame.assign(A4=3))
    assert caught.value.items == ("A4",)
    with pytest.raises(DegenerateItem, match="A4"):
        reliability.omega(frame.assign(A4=3))
    with pytest.raises(NotEnoughData, match="A2"):
        reliability.alpha(frame[["A2"]])
    with pytest.raises(NotEnoughData, match="three items"):
        reliability.omega(frame[["A2", "A3"]])
    with pytest.raises(NotEnoughData, match="A3"):
        reliability.alpha(frame.assign(A3=np.nan))
    with pytest.raises(ImproperSolution, match="A2"):
        reliability.omega(frame.assign(B=frame["A2"]))
    with pytest.raises(NotEnoughData):
        reliability.alpha(frame.head(2))
    never = frame.copy()
    never.loc[::2, "A2"] = np.nan
    never.loc[1::2, "A3"] = np.nan
    with pytest.raises(NotEnoughData, match="A2 and A3"):
        reliability.alpha(never)


def results(frame: pd.DataFrame) -> tuple[float, float, float]:
    found = reliability.alpha(frame)
    return found.raw, reliability.omega(frame, n_boot=0).estimate, found.item_total["A3"]


def test_metamorphic() -> None:
    frame = keyed("bfi", AGREE)
    base = results(frame)
    shuffled = frame.sample(frac=1, random_state=1)[["A4", "A2", "A5", "A3", "A1"]]
    assert results(shuffled) == pytest.approx(base, abs=1e-9)
    assert results(7 - (7 - frame)) == pytest.approx(base, abs=1e-12)
    assert results(7 - frame) == pytest.approx(base, abs=1e-9)  # all items turned round
    assert results(3 * frame + 100) == pytest.approx(base, abs=1e-9)  # other units


@given(
    st.integers(2, 6),
    st.integers(5, 40),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=60, deadline=None)
def test_alpha_is_below_one_and_inside_its_interval(k: int, n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.integers(1, 6, (n, k)), columns=[f"X{i}" for i in range(k)])
    if (frame.nunique() < 2).any():
        frame.iloc[0], frame.iloc[1] = 1, 5
    found = reliability.alpha(frame)
    assert found.raw <= 1 + 1e-12
    assert found.ci_low <= found.raw <= found.ci_high


def test_lambda6_does_not_exist_where_items_repeat_each_other() -> None:
    frame = keyed("bfi", AGREE)
    found = reliability.alpha(frame.assign(B=frame["A2"]), missing="listwise")
    assert np.isnan(found.lambda6)
    assert found.to_dict()["lambda6"] is None


def test_to_dict_is_plain_json() -> None:
    import json

    found = reliability.alpha(keyed("bfi", AGREE)).to_dict()
    again = json.loads(json.dumps(found, allow_nan=False))
    assert again["item_total"]["A1"] == found["item_total"]["A1"]
    assert again["n"] == numbers("bfi")["reliability"]["agree"]["alpha_pairwise"]["n"]


def test_categorical_omega_of_a_heywood_case_does_not_exist() -> None:
    """A latent correlation lambda^2 > 1 has no probabilities: NaN for that row, no warning."""
    tau = np.tile([-1.0, 0.0, 1.0], (2, 3, 1))
    loadings = np.array([[1.05, 0.6, 0.5], [0.8, 0.6, 0.5]])
    found = reliability_ordinal.categorical_omega(loadings, tau, np.ones((2, 3, 3)))
    alone = reliability_ordinal.categorical_omega(loadings[1:], tau[1:], np.ones((1, 3, 3)))
    assert np.isnan(found[0])
    assert found[1] == pytest.approx(alone[0], rel=1e-12)
