"""Every study with a tenth of its draws, and the committed page of the full run."""

import pytest

from tests.simulations.figure import TENTH, Figure, share
from tests.simulations.page import COLUMNS, PATH, broken_of
from tests.simulations.studies import STUDIES, run

pytestmark = pytest.mark.slow


def committed(name):
    """Rows of a study on the committed page, without the heading."""
    text = PATH.read_text(encoding="utf-8")
    section = text.split(f"## {STUDIES[name].title}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [
        dict(zip(COLUMNS, (cell.strip() for cell in line.strip("|").split("|")), strict=True))
        for line in lines[2:]
    ]


@pytest.mark.parametrize("name", STUDIES)
def test_study(name):
    """Bounds hold at a tenth; the page has the same figures with the same bounds, all kept."""
    groups = run(name, TENTH)
    assert [one.quantity for group in groups for one in broken_of(group, full=False)] == []
    page = committed(name)
    figures = [one for group in groups for one in group.figures]
    assert [row["seed"] for row in page] == [str(x.seed) if x.draws else "" for x in figures]
    fixed = [
        (x.bound, row["bound"])
        for x, row in zip(figures, page, strict=True)
        if x.kind != "scaled" and x.bound != row["bound"]
    ]
    assert fixed == []
    assert {row[""] for row in page} <= {"kept", "told"}


def test_fewer_draws_widen_by_their_binomial_error():
    """Bound .93 and 150 draws: out by 3.3 sqrt(.93 x .07 / 150) = .0687; full: not at all."""
    one = share("x", 130, 150, 1, low=0.93)
    assert one.result == pytest.approx(0.8667, abs=1e-4)
    assert one.holds(full=False)
    assert not one.holds(full=True)
    assert not share("x", 129, 150, 1, low=0.93).holds(full=False)


def test_a_mean_widens_by_the_error_found_and_a_scaled_bound_never():
    given = {"quantity": "x", "draws": 20, "seed": 1, "low": -0.03, "high": 0.03}
    mean = Figure(result=0.045, error=0.005, kind="mean", **given)
    assert mean.holds(full=False)
    assert not mean.holds(full=True)
    scaled = Figure(result=0.031, error=1.0, kind="scaled", **given)
    assert not scaled.holds(full=False)


def test_a_figure_without_bound_is_told():
    one = share("x", 1, 10, 1)
    assert one.bound == "–"
    assert one.holds(full=True)
