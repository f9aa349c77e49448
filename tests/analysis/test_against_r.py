"""Every statistic beside R's; the calls stand in tests/reference/README.md."""

import pytest

from tests.reference.compare import Row, rows


@pytest.mark.parametrize("row", rows(), ids=str)
def test_agrees_with_r(row: Row) -> None:
    assert row.ours == pytest.approx(row.r, abs=row.tolerance, rel=0)
