"""Behaviour, damage, waves and worlds against the figures of the specification (section 6).

Figures without a closed formula are compared within five Monte Carlo standard errors plus
half a unit of the last digit they are printed with.
"""

import dataclasses
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import simulate
from analysis.simulate import behaviour, damage, layout, parameters, people
from analysis.simulate.damage import Manner
from analysis.simulate.people import Block, stream
from instrument import registry
from instrument.answers import Missing

N = 400_000
SEED = 3


@pytest.fixture(scope="module")
def partnership():
    return registry.find("partnership")


@pytest.fixture(scope="module")
def crowd():
    """Latents, activity and behaviour of many people."""
    eta = people.latents(N, SEED)
    noise = stream(SEED, Block.ACTIVITY).standard_normal(N)
    level = behaviour.activity(eta, noise, parameters.STRUCTURED)
    did = behaviour.behave(
        level, eta, SEED, (Block.ATTENDANCE, Block.POSTS, Block.PARTNERSHIPS)
    )  # fmt: skip
    return eta, level, did


def near(printed, digits, sd, n=N):
    """Within half a printed unit and five standard errors."""
    return pytest.approx(printed, abs=0.5 * 10**-digits + 5 * sd / np.sqrt(n))


def keyed_scores(raw):
    reverse = np.array([item.reverse for item in simulate.ITEMS])
    keyed = np.where(reverse, 6 - raw, raw).astype(float)
    return {
        scale: keyed[:, [i for i, item in enumerate(simulate.ITEMS) if item.scale == scale]].mean(
            axis=1
        )
        for scale in simulate.SCALES
    }


# --- behaviour -------------------------------------------------------------------------


def test_activity(crowd):
    eta, level, _ = crowd
    assert level.var() == pytest.approx(1, abs=5 * np.sqrt(2 / N))
    for scale, r in (("COM", 0.45), ("INF", 0.35), ("FLX", 0.20), ("REL", 0.25)):
        found = np.corrcoef(level, eta[:, simulate.SCALES.index(scale)])[0, 1]
        assert found == near(r, 2, 1 - r * r)


def test_response(crowd):
    """75 % answer; the active are likelier to: attendance of respondents 22.7 %, true 20.0 %."""
    _, level, did = crowd
    answered = behaviour.responds(level, SEED, Block.RESPONSE)
    assert answered.mean() == near(0.75, 2, 0.45)
    assert did.informal[answered].mean() == pytest.approx(0.227, abs=0.002)


def test_response_bias_of_the_scales(crowd):
    """Bias of respondents' means between +0.5 and +1.4 POMP."""
    eta, level, _ = crowd
    answered = behaviour.responds(level, SEED, Block.RESPONSE)
    agreement = stream(SEED, Block.ACQUIESCENCE).standard_normal(N)
    own = stream(SEED, Block.UNIQUENESS)
    scores = keyed_scores(
        people.items(eta, agreement, (own.standard_normal(N) for _ in simulate.ITEMS))
    )
    bias = {scale: 25 * (x[answered].mean() - x.mean()) for scale, x in scores.items()}
    assert min(bias.values()) == pytest.approx(0.5, abs=0.1)
    assert bias["COM"] == max(bias.values()) == pytest.approx(1.4, abs=0.1)


def test_attendance(crowd):
    """Mean per event .200; of four events 51 % came at least once."""
    *_, did = crowd
    assert did.informal.mean() == near(0.200, 3, 0.4)
    assert did.informal.any(axis=1).mean() == near(0.51, 2, 0.5)


def test_posts(crowd):
    """Mean .8, any .29, the top tenth makes 71 % (68 % inside N = 60)."""
    *_, did = crowd
    assert did.posts.mean() == near(0.8, 1, did.posts.std())
    assert (did.posts > 0).mean() == near(0.29, 2, 0.46)
    assert behaviour.share_of_top(did.posts) == pytest.approx(0.71, abs=0.01)
    inside = [behaviour.share_of_top(group) for group in did.posts[: 60 * 6000].reshape(-1, 60)]
    assert np.mean(inside) == pytest.approx(0.68, abs=0.01)


def test_share_of_top_counts_whole_persons():
    """ceil(.1 N): 1 of 10, 2 of 11, 6 of 60; nobody posting is no share."""
    assert behaviour.share_of_top(np.array([3] + [1] * 9)) == pytest.approx(3 / 12)
    assert behaviour.share_of_top(np.array([3, 2] + [1] * 9)) == pytest.approx(5 / 14)
    assert behaviour.share_of_top(np.array([1] * 60)) == pytest.approx(0.1)
    assert behaviour.share_of_top(np.zeros(5, np.int64)) == 0


def test_partnerships(crowd):
    """Mean 1.5, any .60, r with the INT score .29."""
    eta, _, did = crowd
    assert did.partnerships.mean() == near(1.5, 1, did.partnerships.std())
    assert (did.partnerships > 0).mean() == near(0.60, 2, 0.49)
    agreement = stream(SEED, Block.ACQUIESCENCE).standard_normal(N)
    own = stream(SEED, Block.UNIQUENESS)
    scores = keyed_scores(
        people.items(eta, agreement, (own.standard_normal(N) for _ in simulate.ITEMS))
    )
    r = np.corrcoef(did.partnerships, scores["INT"])[0, 1]
    assert r == near(0.29, 2, 1.5)


def test_negative_binomial_moments():
    """Poisson(Gamma(r, m/r)): mean m, variance m + m²/r."""
    level = np.zeros(N)
    did = behaviour.behave(level, np.zeros((N, 8)), 1, (8, 9, 10))
    mean, size = np.exp(-0.95), 0.6
    assert did.posts.mean() == pytest.approx(mean, abs=5 * did.posts.std() / np.sqrt(N))
    assert did.posts.var() == pytest.approx(mean + mean**2 / size, rel=0.03)


# --- damage ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def filled():
    careful = np.full((N // 4, 45), 2, np.uint8)
    return damage.fill_in(careful, {15: 4, 33: 2}, SEED, Block.CARELESS)


def test_carelessness(filled):
    """6 % careless, half of them straight-lining; constants 3/4/5 with .3/.5/.2, 5 % slips."""
    n = len(filled.manner)
    straight, random = (filled.manner == manner for manner in (Manner.STRAIGHT, Manner.RANDOM))
    assert straight.mean() == pytest.approx(0.03, abs=5 * np.sqrt(0.03 / n))
    assert random.mean() == pytest.approx(0.03, abs=5 * np.sqrt(0.03 / n))
    lines = filled.answers[straight]
    constant = np.array([np.bincount(row, minlength=6).argmax() for row in lines])
    found = np.bincount(constant, minlength=6)[3:6] / len(lines)
    assert found == pytest.approx([0.3, 0.5, 0.2], abs=5 * np.sqrt(0.25 / len(lines)))
    # a slip is uniform 1-5, so one in five slips shows nothing
    slipped = (lines != constant[:, None]).mean()
    assert slipped == pytest.approx(0.05 * 0.8, abs=5 * np.sqrt(0.04 / lines.size))
    shares = np.bincount(filled.answers[random].ravel(), minlength=6)[1:] / (45 * random.sum())
    assert shares == pytest.approx([0.10, 0.15, 0.25, 0.30, 0.20], abs=0.01)


def test_attentive_people_pass_checks(filled):
    """.97 each; who fails answers at random among the other four."""
    attentive = filled.answers[filled.manner == Manner.ATTENTIVE]
    n = len(attentive)
    for column, expected in ((15, 4), (33, 2)):
        shares = np.bincount(attentive[:, column], minlength=6)[1:] / n
        assert shares[expected - 1] == pytest.approx(0.97, abs=5 * np.sqrt(0.03 / n))
        others = np.delete(shares, expected - 1)
        assert others == pytest.approx([0.0075] * 4, abs=5 * np.sqrt(0.0075 / n))
    untouched = np.delete(attentive, [15, 33], axis=1)
    assert (untouched == 2).all()


def test_seconds_an_item(filled):
    """Lognormal: median 6.5, sigma .35 for the attentive; 1.6 and .45 for the careless."""
    attentive = filled.manner == Manner.ATTENTIVE
    for chosen, median, sigma in ((attentive, 6.5, 0.35), (~attentive, 1.6, 0.45)):
        logs = np.log(filled.seconds[chosen])
        assert logs.mean() == pytest.approx(np.log(median), abs=5 * sigma / np.sqrt(chosen.sum()))
        assert logs.std() == pytest.approx(sigma, rel=0.05)


def test_missing_answers():
    """MCAR 1.5 %, not applicable 5 %, breakoff 4 % at 23-45, sales refused 12 %."""
    n = 100_000
    lost = damage.lose(np.full((n, 45), 3, np.uint8), (2, 20, 40), SEED, Block.MISSING)
    whole = lost.last == 46
    assert 1 - whole.mean() == pytest.approx(0.04, abs=5 * np.sqrt(0.04 / n))
    assert set(np.unique(lost.last)) == set(range(23, 47))
    kept = lost.answers[whole]
    plain = np.delete(kept, [2, 20, 40], axis=1)
    assert (plain == Missing.SKIPPED).mean() == pytest.approx(0.015, abs=0.0005)
    optional = kept[:, [2, 20, 40]]
    assert (optional == Missing.NOT_APPLICABLE).mean() == pytest.approx(0.05, abs=0.003)
    assert lost.sales_refused.mean() == pytest.approx(0.12, abs=0.006)
    for row in np.flatnonzero(~whole)[:500]:
        last = lost.last[row]
        assert (lost.answers[row, last:] == Missing.NOT_SEEN).all()
        assert (lost.answers[row, :last] != Missing.NOT_SEEN).all()


def test_most_questionnaires_have_an_empty_cell(partnership):
    """58 % of cases lack at least one answer, so item-level listwise deletion never applies."""
    lacking = []
    for seed in range(10):
        wave = simulate.world("P", seed, instrument=partnership).waves[0]
        shown = wave.items[:, [partnership.item_codes.index(c) for c in
                               partnership.form("full").items]]  # fmt: skip
        lacking.append(((shown < 1) | (shown > 5)).any(axis=1).mean())
    assert np.mean(lacking) == near(0.58, 2, 0.49, 6000)


# --- waves -----------------------------------------------------------------------------


def test_same_arguments_same_bytes(partnership):
    first = simulate.world("S", 5, waves=2, scenario="action", instrument=partnership)
    again = simulate.world("S", 5, waves=2, scenario="action", instrument=partnership)
    other = simulate.world("S", 6, waves=2, scenario="action", instrument=partnership)
    for one, two in zip(first.waves, again.waves, strict=True):
        for part in dataclasses.fields(one):
            a, b = getattr(one, part.name), getattr(two, part.name)
            if isinstance(a, np.ndarray):
                assert a.tobytes() == b.tobytes(), part.name
        assert list(map(repr, one.records())) == list(map(repr, two.records()))
        assert one.events() == two.events()
    assert first.waves[0].items.tobytes() != other.waves[0].items.tobytes()


@pytest.mark.parametrize("change", [{"damaged": False}, {"nonresponse": False}, {"waves": 3},
                                    {"scenario": "action"}, {"attrition": False}])  # fmt: skip
def test_an_ingredient_never_moves_another(partnership, change):
    """Careful answers of wave 1 stay to the byte, whatever else is switched."""
    plain = simulate.world("S", 5, waves=2, instrument=partnership).waves[0]
    changed = simulate.world("S", 5, **({"waves": 2} | change), instrument=partnership).waves[0]
    assert plain.undamaged.tobytes() == changed.undamaged.tobytes()
    assert plain.refs == changed.refs
    assert (plain.behaviour.posts == changed.behaviour.posts).all()


def test_careful_answers_of_a_world_are_the_clean_ones(partnership):
    wave = simulate.world("P", 20240131, instrument=partnership).waves[0]
    assert (wave.undamaged == simulate.clean(600, 20240131)).all()
    apart = simulate.world("Z", 7, instrument=partnership).waves[0]
    assert (apart.undamaged == simulate.clean(60, 7, structured=False)).all()


def test_undamaged_world_stores_the_careful_answers(partnership):
    wave = simulate.world("S", 2, damaged=False, nonresponse=False, instrument=partnership).waves[0]
    codes = [partnership.item_codes.index(item.code) for item in simulate.ITEMS]
    assert (wave.items[:, codes] == wave.undamaged).all()
    assert (wave.items[:, partnership.item_codes.index("ATT1")] == 4).all()
    assert (wave.items[:, partnership.item_codes.index("ATT2")] == 2).all()
    assert wave.responded.all()
    assert wave.finished.all()
    assert not (wave.questions["BG4"] < 0).any()


def many(name, count, **options):
    return [simulate.world(name, seed, **options) for seed in range(count)]


def test_scale_retest_correlation():
    """Scale retest r about .66, from eta .75, uniqueness .30 and a fixed agreement."""
    found = []
    for made in many("P", 12, waves=2, attrition=False):
        first, second = (keyed_scores(wave.undamaged) for wave in made.waves)
        found.append([np.corrcoef(first[s], second[s])[0, 1] for s in simulate.SCALES])
    assert np.mean(found) == pytest.approx(0.65, abs=0.02)


def test_latents_stay_standard_and_keep_their_correlations():
    wave = [made.waves[2].latents for made in many("P", 30, waves=3, attrition=False)]
    eta = np.concatenate(wave)
    expected = parameters.STRUCTURED.latent_correlation()
    assert np.abs(np.corrcoef(eta.T) - expected).max() < 5 / np.sqrt(len(eta))
    assert np.abs(eta.std(axis=0) - 1).max() < 0.03


def test_response_and_panel_sizes():
    """N = 60: about 45 answer a wave, and about 35 of them twice (nobody leaving)."""
    sizes, panel = [], []
    for made in many("S", 150, waves=2, attrition=False):
        first, second = made.waves
        sizes += [first.responded.sum(), second.responded.sum()]
        panel.append((first.responded & second.responded).sum())
    assert np.mean(sizes) == pytest.approx(45, abs=0.5 + 5 * 3.4 / np.sqrt(300))
    assert np.mean(panel) == pytest.approx(35, abs=0.5 + 5 * 3.8 / np.sqrt(150))


def test_leaving_and_newcomers():
    """logit P(leaves) = -1.6 - .4 A: 17 %; newcomers, at most 10 % of N, replace leavers."""
    left = []
    for made in many("S", 150, waves=2):
        first, second = made.waves
        stayed = np.isin(first.member, second.member)
        newcomers = second.member[second.member >= 60]
        left.append(1 - stayed.mean())
        assert len(newcomers) == min(6, int((~stayed).sum()))
        assert len(second.member) == stayed.sum() + len(newcomers)
        fresh = np.isin(second.member, newcomers) & (second.questions["BG6"] > 0)
        assert (second.questions["BG6"][fresh] == 1).all()
    assert np.mean(left) == pytest.approx(0.1745, abs=5 * 0.38 / np.sqrt(9000))


def test_people_keep_their_reference_and_background(partnership):
    first, second = simulate.world("S", 4, waves=2, instrument=partnership).waves
    before = {record.member: record for record in first.records()}
    both = 0
    for record in second.records():
        earlier = before.get(record.member)
        if earlier is None:
            assert record.ref not in first.refs
            continue
        assert earlier.ref == record.ref
        if earlier.responded and earlier.finished and record.responded:
            both += 1
            for code in layout.BACKGROUND:
                assert earlier.values.get(code) == record.values.get(code)
                assert earlier.missing.get(code) == record.missing.get(code)
    assert both > 10


@pytest.mark.parametrize(("scenario", "shift"), [("null", 0), ("mild", 0.25), ("action", 0.5)])
def test_scenarios_move_only_what_they_say(partnership, scenario, shift):
    """The shift stands on FLX and INF from wave 2; INT and activity do not see it."""
    plain = simulate.world("S", 8, waves=3, instrument=partnership)
    moved = simulate.world("S", 8, waves=3, scenario=scenario, instrument=partnership)
    expected = [shift if scale in {"FLX", "INF"} else 0 for scale in simulate.SCALES]
    assert (plain.waves[0].latents == moved.waves[0].latents).all()
    for before, after in zip(plain.waves[1:], moved.waves[1:], strict=True):
        assert after.latents - before.latents == pytest.approx(
            np.tile(expected, (len(after.latents), 1)), abs=1e-12
        )
        assert (before.behaviour.activity == after.behaviour.activity).all()
        assert (before.responded == after.responded).all()


def test_scenario_moves_scores_as_the_exact_truth_says():
    """World P, action: mean change of careful scores against the bivariate-normal sums."""
    made = many("P", 20, waves=2, scenario="action", attrition=False)
    truth = made[0].truth
    expected = {
        scale: truth.exact(2).scale_means[scale] - truth.exact(1).scale_means[scale]
        for scale in simulate.SCALES
    }
    for scale in simulate.SCALES:
        before, after = (
            np.concatenate([keyed_scores(one.waves[wave].undamaged)[scale] for one in made])
            for wave in (0, 1)
        )
        change = after - before
        error = change.std() / np.sqrt(len(change))
        assert change.mean() == pytest.approx(expected[scale], abs=5 * error), scale


# --- worlds and records ----------------------------------------------------------------


@pytest.mark.parametrize(("name", "size"), [("S", 60), ("T", 25), ("P", 600), ("Z", 60)])
def test_sizes(partnership, name, size):
    wave = simulate.world(name, 1, instrument=partnership).waves[0]
    assert len(wave.member) == size
    assert set(wave.community.tolist()) == {0}
    assert wave.responded.all() == (name == "P")


def test_pooled_communities():
    """World M: twelve communities of 30-90; intercepts SD .20, r .5 between scales."""
    worlds = many("M", 40)
    intercepts = np.concatenate([made.truth.intercepts for made in worlds])
    assert intercepts.shape == (480, 8)
    assert intercepts.std() == pytest.approx(0.20, rel=0.05)
    r = np.corrcoef(intercepts.T)[np.triu_indices(8, 1)]
    assert r.mean() == pytest.approx(0.5, abs=0.08)
    sizes = np.concatenate([np.bincount(made.waves[0].community) for made in worlds])
    assert sizes.min() >= 30
    assert sizes.max() <= 90
    assert len(sizes) == 480


def test_newcomers_join_their_own_community(partnership):
    first, second = simulate.world("M", 3, waves=2, instrument=partnership).waves
    for unit in range(12):
        before, after = (first.community == unit).sum(), (second.community == unit).sum()
        assert 0.5 * before < after <= before


def test_moderation_leaves_wave_one_behaviour_alone(partnership):
    plain = simulate.world("S", 1, instrument=partnership)
    conditional = simulate.world("S", 1, moderation=True, instrument=partnership)
    assert conditional.truth.moderation
    com = simulate.SCALES.index("COM")
    assert not (plain.waves[0].latents[:, com] == conditional.waves[0].latents[:, com]).all()


def test_records_are_what_the_service_stores(partnership):
    wave = simulate.world("S", 3, instrument=partnership, opens_on=date(2025, 5, 5)).waves[0]
    options = {
        question.code: {option.value for option in question.options}
        for question in partnership.questions
    }
    for record in wave.records():
        assert len(record.items) == len(partnership.items)
        assert not set(record.values) & set(record.missing)
        assert set(record.values) | set(record.missing) == {
            *layout.BEHAVIOURS, *layout.BACKGROUND,
        }  # fmt: skip
        for code, value in record.values.items():
            assert value in options[code] if options[code] else 0 <= value <= 30
        assert 0 <= (record.submitted_on - date(2025, 5, 5)).days < 14
        if not record.responded:
            assert not any(record.items)
            assert not record.values
        elif not record.finished:
            assert set(record.missing.values()) == {Missing.NOT_SEEN}
    seconds = wave.seconds[wave.responded & wave.finished]
    assert (seconds > 0).all()


def test_the_log_counts_everybody(partnership):
    """Attendance comes from the log: all members, answering or not; BEH2 is the log."""
    wave = simulate.world("S", 3, instrument=partnership).waves[0]
    informal = [event for event in wave.events() if event.kind == "informal"]
    assert len(informal) == 4
    assert all(event.held_on < wave.opens_on for event in wave.events())
    came = np.array([[member in event.attended for event in informal] for member in wave.member])
    asked = wave.questions["BEH2"] >= 0
    assert (came.sum(axis=1)[asked] == wave.questions["BEH2"][asked]).all()
    assert came[~wave.responded].any()


def test_obstacles_and_posts_are_banded(partnership):
    beh6 = np.concatenate([
        made.waves[0].questions["BEH6"] for made in many("P", 10, instrument=partnership)
    ])  # fmt: skip
    beh6 = beh6[beh6 > 0]
    assert (beh6 == 1).mean() == pytest.approx(0.45, abs=5 * 0.5 / np.sqrt(len(beh6)))
    wave = simulate.world("P", 1, damaged=False, instrument=partnership).waves[0]
    bands = np.searchsorted([1, 2, 4, 8], wave.behaviour.posts, side="right") + 1
    assert (wave.questions["BEH4"] == bands).all()


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**40), name=st.sampled_from(["S", "T", "Z"]), waves=st.integers(1, 4),
    scenario=st.sampled_from(["null", "mild", "action"]),
)  # fmt: skip
def test_any_world_is_storable(partnership, seed, name, waves, scenario):
    """Bytes are answers or missing states; attention, index and module items in their places."""
    made = simulate.world(name, seed, waves=waves, scenario=scenario, instrument=partnership)
    legal = [0, 1, 2, 3, 4, 5, int(Missing.SKIPPED), int(Missing.NOT_APPLICABLE)]
    modules = [place for place, item in enumerate(partnership.items) if item.module]
    for wave in made.waves:
        assert np.isin(wave.items, legal).all()
        assert not wave.items[:, modules].any()
        assert len(set(wave.member.tolist())) == len(wave.member)
        assert len(set(wave.refs)) == len(wave.refs)
        simulate.dataset(made, wave.number).score()


# --- refusals --------------------------------------------------------------------------


def test_another_questionnaire_is_refused(partnership):
    other = partnership.model_copy(update={"key": "bfi"})
    with pytest.raises(simulate.UnsuitableInstrument, match="'partnership' only, not of 'bfi'"):
        simulate.world("S", 1, instrument=other)


def test_another_version_is_refused_with_reasons(partnership):
    items = tuple(
        item.model_copy(update={"code": "MOT1b"}) if item.code == "MOT1"
        else item.model_copy(update={"keyed": "+"}) if item.code == "MOT5"
        else item
        for item in partnership.items
    )  # fmt: skip
    other = partnership.model_copy(update={"items": items})
    with pytest.raises(simulate.UnsuitableInstrument) as caught:
        simulate.world("S", 1, instrument=other)
    for reason in ("MOT1 is missing", "MOT5 has another scale or key", "without a truth: MOT1b"):
        assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("name", "options", "word"),
    [("X", {}, "world"), ("S", {"scenario": "wonder"}, "scenario"), ("S", {"waves": 0}, "waves")],
)
def test_wrong_arguments(partnership, name, options, word):
    with pytest.raises(ValueError, match=word):
        simulate.world(name, 1, instrument=partnership, **options)
