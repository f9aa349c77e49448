"""What the analysis plan promises, found in simulated communities (acceptance 12 to 15).

The statistics are written out here in numpy, so that thousands of runs cost seconds; the
product's own functions are held to R elsewhere. All answers are careful ones: the question is
what chance does, not what carelessness does.
"""

import numpy as np
import pytest
from scipy import stats

from analysis import simulate

pytestmark = pytest.mark.slow

REVERSE = np.array([item.reverse for item in simulate.ITEMS])
COLUMNS = [
    [i for i, item in enumerate(simulate.ITEMS) if item.scale == scale]
    for scale in simulate.SCALES
]  # fmt: skip
ASPECTS = ("DEP", "FLX", "REL", "INF")
X = [simulate.SCALES.index(scale) for scale in ASPECTS]
INT = simulate.SCALES.index("INT")


def scores(raw):
    """Scale means (n, 8) of complete raw answers."""
    keyed = np.where(REVERSE, 6 - raw, raw).astype(float)
    return np.column_stack([keyed[:, columns].mean(axis=1) for columns in COLUMNS])


def slopes(data):
    """Slopes of INT on the aspects, their HC3 standard errors and degrees of freedom.

    HC3: (X'X)⁻¹ X' diag(e²/(1-h)²) X (X'X)⁻¹ (MacKinnon & White 1985).
    """
    design = np.column_stack([np.ones(len(data)), data[:, X]])
    bread = np.linalg.inv(design.T @ design)
    b = bread @ design.T @ data[:, INT]
    residual = data[:, INT] - design @ b
    leverage = np.einsum("ij,jk,ik->i", design, bread, design)
    meat = (design.T * (residual / (1 - leverage)) ** 2) @ design
    return b[1:], np.sqrt(np.diag(bread @ meat @ bread))[1:], len(data) - 5


def holm(p):
    """Holm's adjusted p (1979), last axis."""
    order = np.argsort(p, axis=-1)
    m = p.shape[-1]
    stepped = np.take_along_axis(p, order, -1) * (m - np.arange(m))
    adjusted = np.minimum(np.maximum.accumulate(stepped, axis=-1), 1)
    return np.take_along_axis(adjusted, np.argsort(order, axis=-1), -1)


@pytest.mark.parametrize("n", [45, 600])
@pytest.mark.parametrize("k", [0.0, 0.2])
def test_coverage_of_the_slopes(n, k):
    """Acceptance 12: the 95 % HC3 interval (t) covers the exact slopes in 93 to 97 %."""
    runs = 1500
    truth = list(simulate.exact.truth(k).regression("INT", ASPECTS).slopes.values())
    covered = np.zeros(4)
    for seed in range(runs):
        b, error, df = slopes(scores(simulate.clean(n, seed, k)))
        covered += np.abs(b - truth) <= stats.t.ppf(0.975, df) * error
    assert (covered / runs >= 0.93).all()
    assert (covered / runs <= 0.97).all()


def test_nothing_is_found_where_nothing_is():
    """Acceptance 13: world Z, n = 60, any Holm-significant aspect in at most 6.5 % of runs."""
    false = 0
    for seed in range(3000):
        b, error, df = slopes(scores(simulate.clean(60, seed, 0.2, structured=False)))
        false += bool((holm(2 * stats.t.sf(np.abs(b / error), df)) < 0.05).any())
    assert false / 3000 <= 0.065


def arrows(scenario, attrition, runs=500):
    """Paired changes of 8 scales in world S: |difference| >= 5 POMP, and p (runs, 8)."""
    large, p = [], []
    for seed in range(runs):
        first, second = simulate.world(
            "S", seed, waves=2, scenario=scenario, attrition=attrition
        ).waves  # fmt: skip
        panel = np.intersect1d(first.member[first.responded], second.member[second.responded])
        before, after = (
            scores(wave.undamaged[np.isin(wave.member, panel)]) for wave in (first, second)
        )
        change = 25 * (after - before)
        t = change.mean(axis=0) / (change.std(axis=0, ddof=1) / np.sqrt(len(change)))
        large.append(np.abs(change.mean(axis=0)) >= 5)
        p.append(2 * stats.t.sf(np.abs(t), len(change) - 1))
    return np.array(large), np.array(p)


AIMED = [simulate.SCALES.index("FLX"), simulate.SCALES.index("INF")]


def test_arrows_where_nothing_changed():
    """Acceptance 14, null: <= .07 a scale; after Holm any false arrow <= .06."""
    large, p = arrows("null", attrition=False)
    assert (large & (p < 0.05)).mean(axis=0).max() <= 0.07
    assert (large & (holm(p) < 0.05)).any(axis=1).mean() <= 0.06
    aimed = large[:, AIMED] & (holm(p[:, AIMED]) < 0.05)
    assert aimed.any(axis=1).mean() <= 0.06


@pytest.mark.parametrize(("attrition", "found"), [(False, 0.78), (True, 0.72)])
def test_arrows_where_something_changed(attrition, found):
    """Acceptance 14, action (+8 POMP on FLX and INF): what is found, with and without Holm."""
    large, p = arrows("action", attrition=attrition)
    assert (large & (p < 0.05))[:, AIMED].mean(axis=0).min() >= found
    if not attrition:
        assert (large & (holm(p) < 0.05))[:, AIMED].mean(axis=0).min() >= 0.55
        aimed = large[:, AIMED] & (holm(p[:, AIMED]) < 0.05)
        assert aimed.mean(axis=0).min() >= 0.75


def test_levels_under_nonresponse():
    """Acceptance 15, second run: the interval with finite-population correction covers the
    register mean about 80 % for COM, 87 % for BEN and INF, about 90 % for the rest."""
    runs = 1500
    covered = np.zeros(8)
    for seed in range(runs):
        wave = simulate.world("S", seed).waves[0]
        everybody = scores(wave.undamaged)
        answered = everybody[wave.responded]
        n, size = len(answered), len(everybody)
        half = (
            stats.t.ppf(0.975, n - 1) * answered.std(axis=0, ddof=1) / np.sqrt(n)
            * np.sqrt(1 - n / size)
        )  # fmt: skip
        covered += np.abs(answered.mean(axis=0) - everybody.mean(axis=0)) <= half
    share = dict(zip(simulate.SCALES, covered / runs, strict=True))
    assert share["COM"] == pytest.approx(0.80, abs=0.03)
    assert (share["BEN"], share["INF"]) == pytest.approx((0.87, 0.87), abs=0.03)
    assert min(share[s] for s in ("MOT", "DEP", "FLX", "REL", "INT")) >= 0.85
    assert max(share.values()) <= 0.95
