"""What must not change when scores are only written down in another way.

Regression and what stands on it, change between waves, groups, screening. As in
`test_metamorphic`, two runs are compared and no value is known beforehand.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import (
    careless,
    change,
    clusters,
    groups,
    hierarchy,
    mediation,
    moderation,
    ordered_logit,
    regression,
    two_samples,
)
from analysis.errors import DegenerateItem
from tests.analysis.metamorphic import answers, differences, numbers, scores, with_holes

ASPECTS = ["DEP", "FLX", "REL", "INF"]
COMMUNITY = np.repeat(np.arange(12), 10)

MODELS = {
    "regression": lambda f: regression.regress(f, "INT", ASPECTS, n_boot=0),
    "hierarchy": lambda f: hierarchy.hierarchical(
        f, "INT", {"before": ["MOT", "BEN"], "aspects": ASPECTS}, n_boot=0
    ),
    "moderation": lambda f: moderation.moderate(f, "COM", "BEN", "REL", covariates=["MOT"]),
    "mediation": lambda f: mediation.indirect(f, "BEN", "COM", "INT", covariates=["MOT"], n_boot=0),
    "ordered logit": lambda f: ordered_logit.proportional_odds(f, "INT", ASPECTS),
    "pooled": lambda f: clusters.pooled(f, "INT", ASPECTS, COMMUNITY[f.index]),
}
USES = {
    "regression": ["INT", *ASPECTS],
    "hierarchy": ["INT", "MOT", "BEN", *ASPECTS],
    "moderation": ["COM", "BEN", "REL", "MOT"],
    "mediation": ["INT", "BEN", "COM", "MOT"],
    "ordered logit": ["INT", *ASPECTS],
    "pooled": ["INT", *ASPECTS],
}
every = pytest.mark.parametrize("name", MODELS)
PERSONS = r"^influence"
"""Persons are named by their place."""


@every
def test_order_of_rows_and_columns(name):
    frame = scores()
    turned = frame.sample(frac=1, random_state=5)[list(frame.columns[::-1])]
    assert differences(numbers(MODELS[name](frame)), numbers(MODELS[name](turned)),
                       tolerance=1e-7, skip=PERSONS) == []  # fmt: skip


def test_order_of_predictors():
    """LMG averages over all orders: naming predictors in another order changes nothing."""
    frame = scores()
    other = regression.regress(frame, "INT", ASPECTS[::-1], n_boot=0)
    assert differences(numbers(MODELS["regression"](frame)), numbers(other),
                       tolerance=1e-8, skip=r"^influence|^predictors") == []  # fmt: skip


UNITS = {
    "regression": r"^coefficients.*\|(b|se|ci_\w+|hc3_se|hc3_ci_\w+)$|Intercept|^sigma|^influence",
    "hierarchy": r"^coefficients.*\|(b|se|ci_\w+|hc3_se|hc3_ci_\w+)$|Intercept",
    "moderation": r"^coefficients|^means|^simple_slopes.*\|(w|b|se|ci_\w+|hc3_se|hc3_ci_\w+)$|"
    r"^johnson.*\|(low|high)$",
    "mediation": r"^paths.*\|(b|se|ci_\w+|hc3_se|hc3_ci_\w+)$|^indirect$|_se$",
    "ordered logit": r"\|(b|se|ci_\w+|robust_se|odds_ratio)$|^thresholds|^categories",
    "pooled": r"\|(b|se|ci_\w+)$|^by_community.*(b|se|ci_low|ci_high)|lowest|highest",
}


@every
def test_points_of_100(name):
    """Scores of 1 to 5 as 0 to 100: every test, share and standardised number stays."""
    frame = scores()
    pomp = 25 * (frame - 1)
    before, after = numbers(MODELS[name](frame)), numbers(MODELS[name](pomp))
    if name == "moderation":  # a product of centred scores: its test is unit-free too
        for key in ("t", "p", "hc3_t", "hc3_p"):
            row = f"coefficients|BEN:REL|{key}"
            assert after[row] == pytest.approx(before[row], rel=1e-8)
    assert differences(before, after, tolerance=1e-6, skip=UNITS[name]) == []


def test_slopes_follow_their_units():
    """b of an outcome times ten on a predictor times two: five times b, the same beta."""
    frame = scores()
    found = MODELS["regression"](frame).coefficients.loc["FLX"]
    other = MODELS["regression"](frame.assign(INT=10 * frame["INT"], FLX=2 * frame["FLX"] - 7))
    row = other.coefficients.loc["FLX"]
    for name in ("b", "se", "ci_low", "ci_high", "hc3_se", "hc3_ci_low", "hc3_ci_high"):
        assert row[name] == pytest.approx(5 * found[name], rel=1e-9), name
    for name in ("beta", "t", "p", "hc3_t", "hc3_p", "vif", "lmg", "partial_r2"):
        assert row[name] == pytest.approx(found[name], rel=1e-9), name


def test_a_predictor_turned_round_changes_its_sign_only():
    frame = scores()
    before = numbers(MODELS["regression"](frame))
    after = numbers(MODELS["regression"](frame.assign(REL=6 - frame["REL"])))
    for key in ("b", "t", "beta", "hc3_t"):
        assert after[f"coefficients|REL|{key}"] == pytest.approx(
            -before[f"coefficients|REL|{key}"], rel=1e-9
        )
    assert differences(before, after, tolerance=1e-8, size=True,
                       skip=r"Intercept|ci_|^influence") == []  # fmt: skip


def test_every_row_twice_scales_what_counts_rows():
    """b, beta, LMG and R2 stay; RSS doubles, so se = se sqrt((n - q) / (2 n - q))."""
    frame = scores()
    once = MODELS["regression"](frame)
    twice = MODELS["regression"](pd.concat([frame, frame], ignore_index=True))
    n, q = len(frame), 5
    assert twice.n == 2 * n
    same = ["b", "beta", "lmg", "vif"]
    np.testing.assert_allclose(twice.coefficients[same], once.coefficients[same], rtol=1e-9)
    ratio = np.sqrt((n - q) / (2 * n - q))
    np.testing.assert_allclose(twice.coefficients["se"], ratio * once.coefficients["se"], rtol=1e-9)
    assert twice.r2 == pytest.approx(once.r2, rel=1e-12)
    assert twice.f == pytest.approx(once.f * (2 * n - q) / (n - q), rel=1e-9)


@every
def test_missing_cells_leave_complete_rows(name):
    frame = with_holes(scores())
    kept = frame.dropna(subset=USES[name])
    assert len(kept) < len(frame)
    found = numbers(MODELS[name](frame))
    assert found["n"] == len(kept)
    assert differences(found, numbers(MODELS[name](kept)), tolerance=1e-9,
                       skip=r"dropped|^influence") == []  # fmt: skip


@every
def test_a_constant_predictor_is_refused_by_name(name):
    column = "BEN" if name in {"moderation", "mediation", "hierarchy"} else "FLX"
    with pytest.raises(DegenerateItem) as caught:
        MODELS[name](scores().assign(**{column: 3.0}))
    assert caught.value.items == (column,) or list(caught.value.items) == [column]


# --- change between waves --------------------------------------------------------------


def waves():
    """Two waves of persons, some of them in both."""
    first, second = scores(80, 21), scores(80, 22)
    both = (0.7 * first + 0.3 * second).round(1)
    return first.iloc[:60], both.iloc[15:75]


CHANGES = {
    "paired": lambda a, b: change.paired(a, b, bounds=(1, 5)),
    "unpaired": lambda a, b: change.unpaired(a, b, bounds=(1, 5)),
    "mixed": lambda a, b: change.mixed([a, b], bounds=(1, 5)),
    "attrition": change.attrition,
}
each_change = pytest.mark.parametrize("name", CHANGES)


@each_change
def test_order_of_persons_and_scales(name):
    first, second = waves()
    turned = second.sample(frac=1, random_state=1)[list(second.columns[::-1])]
    assert differences(numbers(CHANGES[name](first, second)),
                       numbers(CHANGES[name](first.sample(frac=1, random_state=2), turned)),
                       tolerance=1e-7) == []  # fmt: skip


@pytest.mark.parametrize("name", ["paired", "unpaired", "mixed"])
def test_waves_the_other_way_round(name):
    """A rise read backwards is a fall of the same size, the same p, mirrored limits."""
    first, second = waves()
    there = CHANGES[name](first, second).table
    back = CHANGES[name](second, first).table
    np.testing.assert_allclose(back["difference"], -there["difference"], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(back["p"], there["p"], rtol=1e-5)
    np.testing.assert_allclose(back["ci_low"], -there["ci_high"], rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(back["pomp_high"], -there["pomp_low"], rtol=1e-6, atol=1e-5)


@each_change
def test_change_in_other_units(name):
    """0 to 100 in place of 1 to 5: p, effect sizes and POMP stay."""
    first, second = waves()
    before = CHANGES[name](first, second)
    moved = [25 * (frame - 1) for frame in (first, second)]
    after = {
        "paired": lambda a, b: change.paired(a, b, bounds=(0, 100)),
        "unpaired": lambda a, b: change.unpaired(a, b, bounds=(0, 100)),
        "mixed": lambda a, b: change.mixed([a, b], bounds=(0, 100)),
        "attrition": change.attrition,
    }[name](*moved)
    units = r"\|(mean\w*|sd\w*|difference|se|ci_low|ci_high|student_low|student_high)$"
    assert differences(numbers(before), numbers(after), tolerance=1e-6, skip=units) == []


def test_differences_that_tie_in_tenths_tie():
    """3.2 - 3.0 and 4.2 - 4.0 are one difference, and 4.6 - 4.6 none, in whatever unit.

    Ranks of the same answers counted in whole fifths, where nothing is rounded.
    """
    rng = np.random.default_rng(8)
    before, after = rng.integers(10, 20, 60), rng.integers(12, 22, 60)
    exact = two_samples.wilcoxon((after - before).astype(float))
    for unit in (0.2, 1 / 3, 0.7, 1e6 / 7):
        assert two_samples.wilcoxon(after * unit - before * unit) == pytest.approx(exact)


def test_a_change_common_to_all_has_no_test():
    """Everybody .2 higher: the differences vary in the last bit only, which is no certainty."""
    before = np.array([16, 12, 17, 9, 21, 14]) / 5
    after = np.array([17, 13, 18, 10, 22, 15]) / 5
    assert (after - before).std() > 0
    found = two_samples.paired_t(before, after)
    assert found["difference"] == pytest.approx(0.2)
    assert np.isnan([found["t"], found["p"], found["dz"]]).all()


def test_an_arrow_of_exactly_five_points():
    """Everybody around +.2 of 1..5 is +5 POMP: the rule says "at least 5"."""
    first = pd.DataFrame({"FLX": [4.0, 3.0, 2.6, 3.4, 4.4, 1.2] * 3})
    steps = np.array([0.0, 0.4, 0.2, 0.2, 0.2, 0.2] * 3)
    found = change.paired(first, first.add(steps, axis=0), bounds=(1, 5))
    assert found.table.loc["FLX", "pomp"] == pytest.approx(5)
    assert change.arrows(found)["FLX"] == "up"


@each_change
def test_missing_scores_leave_the_answers_of_each_scale(name):
    """A hole in one scale changes that scale as if the person had not answered it, no other."""
    first, second = waves()
    holed = second.copy()
    holed.loc[holed.index[:6], "FLX"] = np.nan
    whole, less = CHANGES[name](first, second).table, CHANGES[name](first, holed).table
    others = [row for row in whole.index if not str(row).startswith("FLX")]
    columns = ["difference", "p"]
    pd.testing.assert_frame_equal(less.loc[others, columns], whole.loc[others, columns])
    flx = next(row for row in whole.index if str(row).startswith("FLX"))
    if name == "paired":
        alone = CHANGES[name](first[["FLX"]], second[["FLX"]].iloc[6:]).table
        assert less.loc[flx, columns].tolist() == pytest.approx(alone.loc[flx, columns].tolist())


def test_holm_of_more_scales_is_never_smaller():
    first, second = waves()
    whole = change.paired(first, second).table["p_adjusted"]
    part = change.paired(first[["FLX", "INF"]], second[["FLX", "INF"]]).table["p_adjusted"]
    assert (whole[["FLX", "INF"]] >= part).all()


def test_groups_in_another_order():
    """Labels and their order are names: the tests stay, the pair turns its sign."""
    frame = scores()
    label = np.where(np.arange(len(frame)) % 3 == 0, "a", "b")
    there = groups.compare(frame, label)
    back = groups.compare(frame.iloc[::-1].iloc[1:], label[::-1][1:])
    again = groups.compare(frame.iloc[:-1], label[:-1])
    assert {there.groups, back.groups} == {("a", "b"), ("b", "a")}
    pd.testing.assert_frame_equal(back.tests, again.tests, rtol=1e-9)
    renamed = groups.compare(frame, np.where(label == "a", "x", "y"))
    pd.testing.assert_frame_equal(renamed.tests, there.tests)
    there_, back_ = again.pairs.loc["DEP: a - b"], back.pairs.loc["DEP: b - a"]
    assert back_["difference"] == pytest.approx(-there_["difference"])
    assert back_["p"] == pytest.approx(there_["p"])


# --- careless answering ----------------------------------------------------------------


def test_careless_indices_of_a_person_do_not_depend_on_the_others_order():
    frame = with_holes(answers(260))
    pairs = [("DEP1", "DEP5"), ("INF1", "INF5")]
    found = careless.careless(frame, pairs=pairs, min_pairs=1)
    shuffled = careless.careless(
        frame.sample(frac=1, random_state=4), pairs=pairs, min_pairs=1
    )  # fmt: skip
    pd.testing.assert_frame_equal(shuffled.table.loc[frame.index], found.table, rtol=1e-9)
    pd.testing.assert_frame_equal(shuffled.person_flags.loc[frame.index], found.person_flags)


def test_careless_indices_and_codes():
    """All answers mirrored: runs, spread and distance stay; in steps of ten only spread grows."""
    frame = answers(260)
    found, mirrored = careless.careless(frame).table, careless.careless(6 - frame).table
    wide = careless.careless(10 * frame).table
    for column in ("longstring", "longstring_skipping", "irv", "mahalanobis_sq"):
        np.testing.assert_allclose(mirrored[column], found[column], rtol=1e-9)
    np.testing.assert_allclose(wide["irv"], 10 * found["irv"], rtol=1e-12)
    np.testing.assert_allclose(wide["mahalanobis_sq"], found["mahalanobis_sq"], rtol=1e-9)


def test_the_order_shown_is_what_runs_are_counted_in():
    """Columns may stand anywhere in the file: ``order`` says how they were shown."""
    frame = answers(100)
    shown = list(frame.columns)
    found = careless.careless(frame, order=shown).table["longstring"]
    moved = careless.careless(frame[sorted(shown, reverse=True)], order=shown).table["longstring"]
    pd.testing.assert_series_equal(moved, found)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([1.0, 2.0, 3.0, np.nan]), min_size=1, max_size=12))
def test_runs_by_their_definition(row):
    """Longest run against a plain count; reading from the other end changes nothing."""
    best = run = 0
    for place, answer in enumerate(row):
        same = place > 0 and answer == row[place - 1]
        run = 0 if np.isnan(answer) else run + 1 if same else 1
        best = max(best, run)
    there, skipping = careless.longest_runs(np.array([row]))
    back, skipping_back = careless.longest_runs(np.array([row[::-1]]))
    assert there[0] == back[0] == best
    assert skipping[0] == skipping_back[0] >= best


def test_a_constant_column_leaves_no_distance_and_says_so():
    found = careless.careless(answers(260).assign(FLAT=3.0))
    assert found.table["mahalanobis_sq"].isna().all()
    assert [flag.code for flag in found.flags] == ["distances_not_flagged"]
