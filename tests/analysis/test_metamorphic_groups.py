"""Invariance between groups: names and order of groups, and what thresholds must cost."""

import numpy as np
import pandas as pd
import pytest

from analysis import invariance, invariance_ordinal
from analysis.confirm.fitting import fit
from tests.analysis.metamorphic import MODEL, answers, differences, numbers

N = 480
ESTIMATORS = ["ML", "MLR", "WLSMV"]
TOLERANCE = {"ML": 1e-6, "MLR": 1e-6, "WLSMV": 2e-5}


def grouped():
    """Answers of two unlike groups: the second agrees a little more."""
    frame = answers(N, 31)
    label = pd.Series(np.where(np.arange(N) % 5 < 2, "city", "village"))
    return frame, label


def fits(found):
    """Fit of every rung, by rung."""
    rungs = found.rungs
    return {name: numbers(rung) for name, rung in rungs.items()}


def only_fit(values):
    return {key: x for key, x in values.items() if key.startswith("fit|")}


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_groups_by_any_name(estimator):
    frame, label = grouped()
    names = {"city": "2", "village": "1"}
    before = invariance.ladder(MODEL, frame, label, estimator=estimator)
    after = invariance.ladder(MODEL, frame, label.map(names), estimator=estimator)
    renamed = {
        key.replace("city", "2").replace("village", "1"): value
        for key, value in numbers(before).items()
        if not key.startswith("groups")
    }
    found = {key: x for key, x in numbers(after).items() if not key.startswith("groups")}
    skip = r"groups\|\d"  # lists of names sort by name
    assert differences(renamed, found, tolerance=TOLERANCE[estimator], skip=skip) == []


@pytest.mark.parametrize("estimator", ["ML", "MLR", "lavaan", "wu-estabrook"])
def test_groups_in_another_order(estimator):
    """The first group is only the reference: fit stays, latent means turn their sign.

    Except for one rung, as its documentation says: equal thresholds and intercepts with free
    loadings (lavaan's first step) is another model with another reference.
    """
    frame, label = grouped()
    back = np.arange(N)[::-1]
    ordinal = estimator in {"lavaan", "wu-estabrook"}
    tolerance = 2e-4 if ordinal else 1e-5

    def climb(rows, labels):
        if ordinal:
            return invariance_ordinal.ladder(MODEL, rows, labels, order=estimator)
        return invariance.ladder(MODEL, rows, labels, estimator=estimator)

    before, after = climb(frame, label), climb(frame.iloc[back], label.iloc[back])
    assert before.groups == after.groups[::-1]
    fixed = [name for name in before.rungs if (estimator, name) != ("lavaan", "thresholds")]
    assert len(fixed) >= 3
    for rung in fixed:
        ours, other = (only_fit(fits(found)[rung]) for found in (before, after))
        assert differences(ours, other, tolerance=tolerance) == [], rung
    np.testing.assert_allclose(
        before.lrt.loc[fixed, "chisq"], after.lrt.loc[fixed, "chisq"], rtol=tolerance
    )
    ours, other = (x.latent_means.set_index(["factor", "group"])["est"] for x in (before, after))
    for factor in MODEL:
        assert np.sign(ours[factor, "village"]) == -np.sign(other[factor, "city"])


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_order_of_rows_and_columns_within_groups(estimator):
    """Rows mixed so that the groups still come in the same order."""
    frame, label = grouped()
    order = np.concatenate([[0], 1 + np.random.default_rng(2).permutation(N - 1)])
    turned = frame.iloc[order][list(frame.columns[::-1])]
    before = invariance.ladder(MODEL, frame, label, estimator=estimator)
    after = invariance.ladder(MODEL, turned, label.iloc[order], estimator=estimator)
    assert differences(numbers(before), numbers(after), tolerance=TOLERANCE[estimator]) == []


def test_rows_without_an_answer_or_a_group_are_dropped():
    """Complete rows of a known group, by hand, give the same ladder."""
    frame, label = grouped()
    frame.iloc[7, 2] = frame.iloc[90, 5] = np.nan
    label[12] = None
    kept = frame.notna().all(axis=1) & label.notna()
    for estimator in ESTIMATORS:
        found = invariance.ladder(MODEL, frame, label, estimator=estimator)
        by_hand = invariance.ladder(MODEL, frame[kept], label[kept], estimator=estimator)
        assert found.n == by_hand.n == N - 3
        assert differences(numbers(found), numbers(by_hand), tolerance=1e-9,
                           skip="dropped") == []  # fmt: skip


def test_the_same_answers_twice_are_invariant():
    """Two groups with equal rows: no step costs anything, and all latent means are 0."""
    half = answers(240, 31)
    frame = pd.concat([half, half], ignore_index=True)
    label = pd.Series(["a"] * 240 + ["b"] * 240)
    for estimator in ESTIMATORS:
        found = invariance.ladder(MODEL, frame, label, estimator=estimator)
        chisq = found.lrt["chisq"].to_numpy()
        np.testing.assert_allclose(chisq, chisq[0], rtol=1e-6)
        np.testing.assert_allclose(found.latent_means["est"].astype(float), 0, atol=1e-4)
        single = fit(MODEL, half, estimator=estimator).fit["chisq"]
        assert chisq[0] == pytest.approx(2 * single, rel=1e-6)  # n F (WLSMV: n - 1) a group


def shifted_thresholds(seed=5):
    """One factor, equal loadings; in group b two items use the categories differently.

    The same latent answers: their mean and spread are equal in both groups, only where the
    categories are cut differs. Returns the answers, the labels and the latent responses.
    """
    rng = np.random.default_rng(seed)
    n = 1200
    eta = rng.standard_normal(n)
    latent = 0.8 * eta[:, None] + 0.6 * rng.standard_normal((n, 6))
    label = np.where(np.arange(n) % 2 == 0, "a", "b")
    cuts = np.tile([-1.2, -0.4, 0.5, 1.3], (n, 6, 1))
    # the middle category is wider for b: thresholds 2 and 3 move apart, not along
    cuts[np.ix_(label == "b", [1, 4], [1])] -= 0.45
    cuts[np.ix_(label == "b", [1, 4], [2])] += 0.45
    data = 1 + (latent[:, :, None] > cuts).sum(axis=2)
    return pd.DataFrame(data, columns=[f"q{i}" for i in range(1, 7)]), pd.Series(label)


@pytest.mark.parametrize("order", ["lavaan", "wu-estabrook"])
def test_scalar_invariance_of_ordered_answers_constrains_thresholds(order):
    """Where thresholds differ, the step that makes them equal must cost fit (jasp #4310).

    The loadings are equal in truth, so a ladder that leaves thresholds free would see
    nothing: equal rows with equal thresholds are the control.
    """
    frame, label = shifted_thresholds()
    model = {"f": list(frame.columns)}
    found = invariance_ordinal.ladder(model, frame, label, order=order)
    assert found.lrt.loc["thresholds", "df_diff"] > 0
    assert found.lrt.loc["thresholds", "p"] < 1e-6
    assert found.delta_cfi["thresholds"] < -0.001
    # thresholds of the scalar rung are one set for both groups; configural has two
    for rung, equal in (("configural", False), (list(found.rungs)[3], True)):
        table = found.rungs[rung].thresholds.pivot(
            index=["item", "threshold"], columns="group", values="est"
        )  # fmt: skip
        assert np.allclose(table["a"], table["b"], atol=1e-8) == equal, rung


def test_equal_thresholds_cost_nothing():
    """The control: same draw, thresholds not moved, the same test keeps its level."""
    frame, label = shifted_thresholds()
    rng = np.random.default_rng(11)
    shuffled = pd.Series(rng.permutation(label.to_numpy()))  # groups that mean nothing
    found = invariance_ordinal.ladder({"f": list(frame.columns)}, frame, shuffled)
    assert found.lrt.loc["thresholds", "p"] > 0.01


def test_free_thresholds_take_the_cost_away():
    """Freed where they differ in truth, equal thresholds elsewhere fit again."""
    frame, label = shifted_thresholds()
    model = {"f": list(frame.columns)}
    loose = [f"{item}|t{t}" for item in ("q2", "q5") for t in (2, 3)]
    strict = invariance_ordinal.ladder(model, frame, label).lrt
    partial = invariance_ordinal.ladder(model, frame, label, free=loose).lrt
    assert partial.loc["thresholds", "df"] == strict.loc["thresholds", "df"] - len(loose)
    assert partial.loc["thresholds", "chisq"] < strict.loc["thresholds", "chisq"] - 50
    assert (partial["p"].iloc[1:] > 1e-3).all(), partial["p"]
