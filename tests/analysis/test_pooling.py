"""Data sets laid under each other, and the workbook of tables."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from analysis.dataset import NotPoolable, pool, read_csv
from analysis.report.files import write_workbook
from instrument import registry
from tests.analysis.conftest import first_rows


def test_pooled_rows_keep_their_community(people: Path, tmp_path: Path) -> None:
    definition = registry.find("partnership")
    one = read_csv(first_rows(people, 6, tmp_path / "a.csv"), definition)
    two = read_csv(first_rows(people, 9, tmp_path / "b.csv"), definition)
    both = pool({"north": one, "south": two})
    assert both.rows == 15
    assert both.meta["COMMUNITY"] == ["north"] * 6 + ["south"] * 9
    assert both.meta["PID"] == one.meta["PID"] + two.meta["PID"]
    np.testing.assert_array_equal(both.raw[6:], two.raw)
    told = f"north {one.sha256}\nsouth {two.sha256}".encode()
    assert both.sha256 == hashlib.sha256(told).hexdigest()


def test_another_form_is_not_pooled(people: Path, tmp_path: Path) -> None:
    definition = registry.find("partnership")
    file = first_rows(people, 6, tmp_path / "a.csv")
    full = read_csv(file, definition)
    seconds = np.full((full.rows, len(definition.form("pulse").sections)), np.nan)
    pulse = replace(full, form="pulse", seconds=seconds)
    with pytest.raises(NotPoolable, match="south answered the pulse form"):
        pool({"north": full, "south": pulse})
    with pytest.raises(ValueError, match="nothing to pool"):
        pool({})


def test_a_workbook_holds_sixteen_digits_and_no_formula(tmp_path: Path) -> None:
    """Read back by openpyxl: "=1+1" and an address are texts, NaN is an empty cell."""
    table = pd.DataFrame(
        {"r": [0.1234567890123456, float("nan")], "n": [45, 7], "verdict": ["=1+1", "https://x"]},
        index=["MOT", "@SUM"],
    )
    write_workbook(tmp_path / "t.xlsx", [("one", table), ("two", table)])
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    assert book.sheetnames == ["one", "two"]
    rows = [[cell.value for cell in row] for row in book["one"].iter_rows()]
    assert rows == [
        ["name", "r", "n", "verdict"],
        ["MOT", 0.1234567890123456, 45, "=1+1"],
        ["@SUM", None, 7, "https://x"],
    ]
    assert {cell.data_type for row in book["one"].iter_rows() for cell in row} <= {"s", "n"}
