import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import levels, simulate, weighting
from analysis.errors import WrongArgument

REGISTER = {"officer": 20, "member": 40}


@pytest.mark.parametrize(
    ("officer", "member", "called"),
    [
        (18, 27, True),  # .900 and .675
        (15, 30, False),  # equal rates
        (18, 30, False),  # .90 and .75: 15 points are not more than 15
        (18, 29, True),
        (4, 30, False),  # a cell of fewer than five
        (5, 36, True),  # the other way round
    ],
)
def test_weights_are_the_exception(officer: int, member: int, called: bool) -> None:
    answered = {"officer": officer, "member": member}
    assert weighting.called_for(answered, REGISTER) is called


def test_post_stratified_by_hand() -> None:
    # n 45 of N 60: officers 18 of 20, w = (20/60)/(18/45) = .8333; members 27 of 40: 1.1111
    w = weighting.post_stratify(["officer"] * 18 + ["member"] * 27, REGISTER)
    assert w[0] == pytest.approx(5 / 6)
    assert w[-1] == pytest.approx(10 / 9)
    assert w.sum() == pytest.approx(45)
    assert weighting.effective_n(w) == pytest.approx(45**2 / (18 * 25 / 36 + 27 * 100 / 81))
    # a stratum that nearly all missed is held to 2, one that is over-present to .5
    odd = weighting.post_stratify(["a"] * 5 + ["b"] * 45, {"a": 100, "b": 50})
    assert odd[0] == 2.0
    assert odd[-1] == 0.5


@given(st.lists(st.floats(0, 100), min_size=3, max_size=40), st.integers(0, 30))
@settings(max_examples=100, deadline=None)
def test_equal_weights_are_the_plain_interval(values: list[float], more: int) -> None:
    values[0] = 50.5  # not all equal by chance
    population = len(values) + 1 + more
    plain = levels.mean_interval(values, population)
    found = weighting.weighted_interval(values, np.full(len(values), 1.25), population)
    assert found.estimate == pytest.approx(plain.estimate)
    assert found.ci_low == pytest.approx(plain.ci_low, abs=1e-7)
    assert found.sd == pytest.approx(plain.sd, abs=1e-7)


def test_weights_take_away_the_bias_that_hangs_on_the_stratum() -> None:
    """2000 draws: response .9 and .5 by a stratum that scores 10 points higher; truth known."""
    rng = np.random.default_rng(27)
    strata = np.array(["a"] * 60 + ["b"] * 60)
    off, plain_off = [], []
    for _ in range(2000):
        x = rng.normal(np.where(strata == "a", 60, 50), 15)
        there = rng.random(120) < np.where(strata == "a", 0.9, 0.5)
        w = weighting.post_stratify(strata[there].tolist(), {"a": 60, "b": 60})
        off.append(weighting.weighted_interval(x[there], w, 120).estimate - x.mean())
        plain_off.append(x[there].mean() - x.mean())
    assert np.mean(off) == pytest.approx(0, abs=0.1)  # Monte Carlo error .03
    assert np.mean(plain_off) == pytest.approx(10 * (0.9 / 1.4 - 0.5), abs=0.15)


def test_strata_that_do_not_fit_are_refused() -> None:
    with pytest.raises(WrongArgument, match="Stratum chair"):
        weighting.post_stratify(["chair"], REGISTER)
    with pytest.raises(WrongArgument, match="differ: member"):
        weighting.called_for({"officer": 5}, REGISTER)
    with pytest.raises(WrongArgument, match="More answers than members in officer"):
        weighting.called_for({"officer": 21, "member": 5}, REGISTER)


def test_error_of_measurement_of_a_census() -> None:
    # 2.6: SD sqrt(1 - omega)/sqrt(n); RCI 1.96 SD sqrt(2 (1 - rel)) of one person is 25 (5.3)
    one = levels.measurement_error(20, 0.80, 1)
    assert 1.96 * one * np.sqrt(2) == pytest.approx(24.8, abs=0.1)
    assert levels.measurement_error(20, 0.80, 60) == pytest.approx(one / np.sqrt(60))


def test_bias_of_the_response_model_is_that_of_the_specification() -> None:
    """2.7: respondents' means lie .5 to 1.4 POMP too high; attendance 22.7 % for 20.0 %."""
    shift, came, all_came = [], [], []
    for seed in range(300):
        wave = simulate.world("S", 27_000 + seed).waves[0]
        eta = wave.latents
        shift.append(eta[wave.responded].mean(axis=0) - eta.mean(axis=0))
        came.append(wave.behaviour.informal[wave.responded].mean())
        all_came.append(wave.behaviour.informal.mean())
    assert np.mean(all_came) == pytest.approx(0.200, abs=0.01)
    assert np.mean(came) == pytest.approx(0.227, abs=0.01)
    assert (np.mean(shift, axis=0) > 0).all()
