import pytest

from analysis import plan

# instrument specification 3.1, row by row: what must and must not be printed at n
ROWS = [
    (4, "<5", set()),
    (5, "5-9", {"medians"}),
    (9, "5-9", {"medians"}),
    (10, "10-29", {"levels", "descriptives", "alpha", "correlations"}),
    (29, "10-29", {"levels", "descriptives", "alpha", "correlations"}),
    (30, "30-59", {"items", "omega", "regression", "importance"}),
    (59, "30-59", {"items", "omega", "regression", "importance"}),
    (60, "60-99", {"one_factor", "mediation"}),
    (99, "60-99", {"one_factor", "mediation"}),
    (100, "100-199", {"factorability", "factors", "htmt"}),
    (199, "100-199", {"factorability", "factors", "htmt"}),
    (200, ">=200", {"confirmatory", "importance_map", "invariance"}),
]


@pytest.mark.parametrize(("n", "tier", "new"), ROWS)
def test_tiers_and_blocks(n: int, tier: str, new: set[str]) -> None:
    assert plan.tier(n).code == tier
    allowed: set[str] = set()
    for first, _, blocks in ROWS:
        if first <= n:
            allowed |= blocks
    for block in plan.BLOCKS:
        refused = plan.permit(block.code, n)
        assert (refused is None) == (block.code in allowed), block.code
        if refused:
            assert refused.n == n
            assert str(block.least) in refused.reason


def test_tiers_leave_no_gap() -> None:
    assert plan.TIERS[0].low == 0
    for one, following in zip(plan.TIERS, plan.TIERS[1:], strict=False):
        assert one.high is not None
        assert following.low == one.high + 1
    assert plan.TIERS[-1].high is None


@pytest.mark.parametrize(
    ("block", "n", "mark"),
    [
        ("alpha", 29, "indikatif"),
        ("alpha", 30, None),
        ("correlations", 12, "indikatif"),
        ("regression", 45, "eksploratif"),
        ("regression", 60, None),
        ("importance", 199, "eksploratif"),
        ("importance", 200, None),
    ],
)
def test_marks(block: str, n: int, mark: str | None) -> None:
    found = plan.mark(block, n)
    assert (found.code if found else None) == mark
