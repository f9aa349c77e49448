"""What must not change when answers are only written down in another way (items).

No value here is known beforehand: two runs of one function are compared, which no error of
both runs together escapes only if it obeys the law tested. The laws are those of faults that
shipped elsewhere (reversed items that reached alpha but not omega, intervals without their
estimate, results that depend on the order of columns).
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import findings, simulate
from analysis.confirm.fitting import fit
from analysis.dataset import Dataset
from analysis.errors import DegenerateItem
from analysis.findings import Options
from instrument import registry
from tests.analysis.metamorphic import (
    MODEL,
    STATISTICS,
    answers,
    differences,
    numbers,
    with_holes,
)

every = pytest.mark.parametrize("name", STATISTICS)


@every
def test_order_of_rows(name):
    frame, one = answers(), STATISTICS[name]
    shuffled = frame.sample(frac=1, random_state=5)
    assert differences(numbers(one.of(frame)), numbers(one.of(shuffled)),
                       tolerance=one.tolerance) == []  # fmt: skip


@every
def test_order_of_columns(name):
    """Everything is the same by name. The splits of split-half are named by their first half."""
    frame, one = answers(), STATISTICS[name]
    turned = frame[["INF4", "DEP3", "DEP1", "INF1", "INF5", "DEP5", "INF3", "DEP2"]]
    assert differences(numbers(one.of(frame)), numbers(one.of(turned)),
                       tolerance=one.tolerance, skip=r"^splits") == []  # fmt: skip


LEVELS = r"mean|intercepts|thresholds|kappa|above_critical"
"""What says where answers lie: it moves when they are written down in another way."""


@every
def test_all_items_turned_round(name):
    """1..5 becomes 5..1 in every item: all that hangs on covariances stays.

    ``mean_r`` and the like would be skipped with the means, so they are compared by hand.
    """
    frame, one = answers(), STATISTICS[name]
    before, after = numbers(one.of(frame)), numbers(one.of(6 - frame))
    skip = r"\bmean$|\|mean$|^em_mean|intercepts|^thresholds|latent_means"
    assert differences(before, after, tolerance=one.tolerance, skip=skip) == []


def test_thresholds_mirror_when_items_are_turned_round():
    before = numbers(STATISTICS["polychoric"].of(answers()))
    after = numbers(STATISTICS["polychoric"].of(6 - answers()))
    for item in answers().columns:
        for t in range(1, 5):
            mirrored = -after[f"thresholds|{item}|t{5 - t}"]
            assert before[f"thresholds|{item}|t{t}"] == pytest.approx(mirrored, abs=1e-12)


UNITS = (
    r"\|mean$|\|sd$|^em_|^thresholds.*zz|\|(est|se|ci_low|ci_high)$|logl|aic|bic|^fit\|(fmin)?zz|"
    r"intercepts|^loadings\|[A-Z0-9]+$|^uniquenesses"
)
"""Numbers in the items' own units."""


@every
def test_linear_recoding(name):
    """Codes from 0 in steps of ten: only what is in the items' units changes."""
    frame, one = answers(), STATISTICS[name]
    before, after = numbers(one.of(frame)), numbers(one.of(10 * (frame - 1)))
    skip = UNITS if name.startswith(("cfa", "omega", "items", "little")) else ""
    assert differences(before, after, tolerance=one.tolerance, skip=skip) == []


UNIT_FREE = [
    "ordinal alpha", "adequacy", "parallel", "map", "minres oblimin", "ml varimax", "polychoric",
    "cfa ML", "cfa MLR", "cfa FIML", "cfa FIML MLR", "cfa WLSMV", "htmt", "harman",
    "correlations", "spearman", "little",
]  # fmt: skip


@pytest.mark.parametrize("name", UNIT_FREE)
def test_one_item_in_other_units(name):
    """An item answered in percent among items of 1 to 5: correlations do not know."""
    frame, one = answers(), STATISTICS[name]
    other = frame.assign(DEP2=25 * (frame["DEP2"] - 1))
    assert differences(numbers(one.of(frame)), numbers(one.of(other)),
                       tolerance=max(one.tolerance, 1e-8), skip=UNITS) == []  # fmt: skip


SIGN_FREE = {
    "adequacy": "", "parallel": "", "map": "", "htmt": "flags", "harman": "",
    "polychoric": "^thresholds|smallest", "correlations": "^ci_", "spearman": "^ci_",
    "minres oblimin": "^phi", "ml varimax": "", "little": "^em_mean",
    "cfa ML": "est|se$|^intercepts|\\|ci_|_ci_", "cfa MLR": "est|se$|^intercepts|\\|ci_|_ci_",
    "cfa FIML": "intercepts|\\|(est|se|z|p)$|ci_", "cfa WLSMV": "^thresholds|ci_",
}  # fmt: skip


@pytest.mark.parametrize("name", SIGN_FREE)
def test_one_item_turned_round(name):
    """A forgotten reverse item changes signs, never sizes (alpha and omega: the next test)."""
    frame, one = answers(), STATISTICS[name]
    turned = frame.assign(INF3=6 - frame["INF3"])
    found = differences(
        numbers(one.of(frame)), numbers(one.of(turned)), size=True,
        tolerance=max(one.tolerance, 1e-6), skip=SIGN_FREE[name],
    )  # fmt: skip
    assert found == []


@every
def test_an_item_turned_twice(name):
    frame, one = answers(), STATISTICS[name]
    once = frame.assign(DEP5=6 - frame["DEP5"])
    twice = once.assign(DEP5=6 - once["DEP5"])
    assert numbers(one.of(frame)) == pytest.approx(numbers(one.of(twice)), abs=0, nan_ok=True)


@every
def test_a_constant_item_is_refused_by_name(name):
    """Never a silent NaN, and the frame given is not touched."""
    frame, one = answers(), STATISTICS[name]
    flat = frame.assign(DEP9=3.0)
    given = flat.copy()
    with pytest.raises(DegenerateItem) as caught:
        one.of(flat)
    assert any("DEP9" in item for item in caught.value.items)
    pd.testing.assert_frame_equal(flat, given)


@every
def test_missing_cells_leave_the_rows_the_rule_keeps(name):
    """The stated rule, done by hand beforehand, gives the same numbers."""
    frame, one = with_holes(answers()), STATISTICS[name]
    used = frame[[c for c in frame.columns if c.startswith("DEP")]] if one.one_scale else frame
    kept = frame.loc[used.dropna(how="any" if one.keeps == "all" else "all").index]
    assert len(kept) < len(frame)
    given = numbers(one.of(frame))
    assert given["n"] == len(kept)
    assert differences(given, numbers(one.of(kept)), tolerance=one.tolerance,
                       skip="dropped|empty_rows") == []  # fmt: skip


def test_pairwise_is_every_pair_by_itself():
    """Polychoric r of each pair of columns alone; alpha of the pairwise covariances."""
    frame = with_holes(answers())[list(MODEL["need"])]
    whole = STATISTICS["polychoric pairwise"].of(frame)
    for a, b in (("DEP1", "DEP2"), ("DEP3", "DEP5")):
        pair = frame[[a, b]].dropna()
        assert whole.pairs.loc[a, b] == len(pair)
    cov = frame.cov().to_numpy()  # pandas: every pair over its own rows
    k = len(cov)
    alpha = k / (k - 1) * (1 - np.trace(cov) / cov.sum())
    assert STATISTICS["alpha"].of(frame).raw == pytest.approx(alpha, abs=1e-12)


@pytest.mark.parametrize(
    ("complete", "fiml"), [("cfa ML", "cfa FIML"), ("cfa MLR", "cfa FIML MLR")]
)
def test_fiml_without_missing_cells_is_plain(complete, fiml):
    """Estimates and chi-square agree; FIML's ML errors rest on the observed information."""
    plain, full = (numbers(STATISTICS[name].of(answers())) for name in (complete, fiml))
    keys = [key for key in plain if key.startswith("loadings") and key.endswith(("est", "std"))]
    keys += ["fit|chisq", "fit|df", "fit|cfi", "fit|rmsea", "n"]
    for key in keys:
        assert full[key] == pytest.approx(plain[key], rel=2e-6, abs=1e-6), key
    assert len(keys) > 15


def test_order_of_the_model_is_a_matter_of_names():
    """Factors and items named in another order: fit and standardised values stay."""
    frame = answers()
    turned = {name: MODEL[name][::-1] for name in ("share", "need")}
    for estimator in ("ML", "MLR", "WLSMV"):
        before = numbers(fit(MODEL, frame, estimator=estimator))
        after = numbers(fit(turned, frame, estimator=estimator))
        skip = r"^model|^factor_cov|\|(est|se|z|p)$"  # another marker item
        assert differences(before, after, tolerance=1e-5, skip=skip) == [], estimator


# --- the whole way: from the questionnaire's key to what is printed ----------------------


def turned(data, codes):
    """The same answers to a questionnaire whose items ``codes`` are worded the other way."""
    given = data.instrument
    other = {"+": "-", "-": "+"}
    new = tuple(
        item.model_copy(update={"keyed": other[item.keyed]}) if item.code in codes else item
        for item in given.items
    )
    raw = data.raw.copy()
    for code in codes:
        column = data.item_codes.index(code)
        seen = (raw[:, column] >= 1) & (raw[:, column] <= 5)
        raw[seen, column] = 6 - raw[seen, column]
    return Dataset(
        given.model_copy(update={"items": new}), data.form, raw, data.seconds, data.meta
    )  # fmt: skip


@pytest.fixture(scope="module")
def attentive():
    """Persons whom no version of the questionnaire excludes."""
    instrument = registry.find("partnership")
    wave = simulate.world("P", 4, instrument=instrument).waves[0]
    data = Dataset(instrument, "full", wave.items, wave.seconds, {})
    both = data.score().excluded | turned(data, ["DEP1", "FLX5", "INT2"]).score().excluded
    return data.select(np.flatnonzero(~both)[:140])


def test_reversed_items_reach_every_statistic(attentive):
    """An item worded and keyed the other way is the same item: alpha and omega alike.

    JASP applied reverse keys to alpha and not to omega. Here every block of the plan runs on
    the turned questionnaire (one item newly reversed in DEP and INT, one no longer in FLX).
    """
    options = Options(n_boot=0)
    before = findings.find(attentive, options)
    after = findings.find(turned(attentive, ["DEP1", "FLX5", "INT2"]), options)
    assert before.used == after.used == 140
    # all results, but careless signs and items' distributions, read from answers as given
    skip = r"^(instrument|plan|chosen|careless)\b|^descriptives\|(DEP1|FLX5|INT2)\|"
    assert differences(numbers(before), numbers(after), tolerance=1e-6, skip=skip) == []
    assert len(before.alphas) == len(before.omegas) == len(before.categorical_omegas) == 8


def test_a_forgotten_key_is_named(attentive):
    """The answers turned but not the key: alpha falls, and the alarm says which item."""
    given = attentive.instrument
    wrong = turned(attentive, ["DEP1"])
    forgotten = Dataset(given, wrong.form, wrong.raw, wrong.seconds, wrong.meta)
    right, found = (findings.find(data, Options(n_boot=0)) for data in (attentive, forgotten))
    assert found.alphas["DEP"].raw < right.alphas["DEP"].raw - 0.2
    assert found.omegas["DEP"].estimate < right.omegas["DEP"].estimate - 0.05
    flags = {flag.code: flag.names for flag in found.key_alarm.flags}
    assert "DEP1" in flags["reversed_key"]
    assert found.alphas["INF"].raw == right.alphas["INF"].raw


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.lists(st.sampled_from(range(8)), max_size=8))
def test_keys_in_pairs_cancel(seed, places):
    """Any items turned twice in any order: the scores are those of nothing turned, to the bit."""
    frame = answers(40, 7)
    items = frame.sample(n=40, random_state=seed % 2**31)
    twice = items.copy()
    for place in [*places, *reversed(places)]:
        name = frame.columns[place]
        twice[name] = 6 - twice[name]
    pd.testing.assert_frame_equal(twice, items)
