"""ML, MLR, FIML, invariance and validity beside lavaan; the calls stand in the rows."""

import pytest

from tests.reference.rows import Row
from tests.reference.table_confirm import rows


@pytest.mark.parametrize("row", rows(), ids=str)
def test_agrees_with_r(row: Row) -> None:
    assert row.ours == pytest.approx(row.r, abs=row.tolerance, rel=0)
