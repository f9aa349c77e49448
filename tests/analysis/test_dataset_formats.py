"""Every format holds the store cell by cell, with labels, levels and missing codes."""

import csv
import datetime
import json
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow.parquet
import pyreadstat
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from analysis.dataset import Batch, by_question, write_csv
from analysis.dataset.cells import cells, plain, stack
from analysis.dataset.columns import restore, variables
from analysis.dataset.labels import labels
from analysis.dataset.programs import write_dta, write_sav
from analysis.dataset.shapes import wide, wide_variables
from analysis.dataset.sheets import NoParquet, write_parquet, write_wide_csv, write_xlsx
from instrument import registry
from instrument.answers import Missing
from instrument.limits import SPSS, STATA, fit

CODES = {0: -1, 250: -2, 251: -3, 252: -4, 253: -5}
LETTERS = {-1: "a", -2: "b", -3: "c", -4: "d", -5: "e"}
LANGUAGES = ("id", "en")
partnership = registry.find("partnership")  # a fixture would be printed with every example


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("formats")


STATES = sorted(CODES)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=40).map(
    lambda text: text.strip() or "x"
)


class Drawn(Batch):
    """A batch whose failure is told in one line."""

    def __repr__(self):
        return f"Drawn({len(self.items)} rows, layout={self.layout}, values={self.values})"


@st.composite
def batches(draw, items=50, sections=9):
    n = draw(st.integers(1, 6))
    chance = np.random.default_rng(draw(st.integers(0, 2**32)))
    stored = chance.choice(np.array([*range(1, 6), *STATES], np.uint8), (n, items))
    times = chance.integers(0, 9999, (n, sections)) / 10
    seconds = np.where(chance.random((n, sections)) < 0.3, np.nan, times)
    values = st.fixed_dictionaries(
        {}, optional={"BEH1": st.integers(0, 30), "BEH6": st.integers(1, 9),
                      "BG1": st.integers(1, 5), "BG4": st.integers(1, 4), "OPEN1": TEXTS},
    )  # fmt: skip
    reasons = st.fixed_dictionaries(
        {}, optional={code: st.sampled_from(list(Missing)) for code in ("BEH2", "BG5", "OPEN2")}
    )
    return Drawn(
        items=stored,
        pid=[f"{row:016X}" for row in range(n)],
        wave=["2"] * n,
        version=["1.0.0"] * n,
        language=[draw(st.sampled_from(LANGUAGES)) for _ in range(n)],
        layout=[draw(TEXTS) for _ in range(n)],
        submitted_on=[datetime.date(2026, 3, 1 + row) for row in range(n)],
        status=["complete", *["partial"] * (n - 1)],
        seconds=seconds,
        answers=by_question(
            [draw(values) for _ in range(n)], ("BEH1", "BEH6", "BG1", "BG4", "OPEN1")
        ),
        missing=[draw(reasons) for _ in range(n)],
    )


@dataclass
class Files:
    """A batch and what the CSV file says of it: the text of every cell."""

    batch: Batch
    told: tuple
    table: dict
    rows: list[dict[str, str]]

    def cells(self) -> Iterator[tuple[object, str, str]]:
        for row in self.told:
            for at, cell in enumerate(self.rows):
                yield row, at, cell[row.name]


def made(batch, instrument, folder) -> Files:
    told = variables(instrument, open_texts=True, simulated=True)
    path = folder / "data.csv"
    write_csv(path, [batch], instrument, open_texts=True, simulated=True)
    with path.open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    for at, row in enumerate(rows):  # the CSV against the store's bytes, by hand
        for place, code in enumerate(instrument.item_codes):
            byte = int(batch.items[at, place])
            assert row[code] == str(CODES.get(byte, byte))
    return Files(batch, told, stack([cells(batch, instrument, told)]), rows)


def is_text(row):
    return row.kind in ("meta", "open") and row.name != "SUBMITTED_ON"


SLOW = settings(
    max_examples=20, deadline=None, phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large,
                           HealthCheck.function_scoped_fixture],
)  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@SLOW
@given(batch=batches())
def test_spss(folder, language, batch):
    files = made(batch, partnership, folder)
    path = folder / "data.sav"
    write_sav(path, dict(files.table), files.told, language, title="data")
    frame, meta = pyreadstat.read_sav(path, user_missing=True)
    fitted = labels(files.told, language, SPSS)
    assert list(frame.columns) == [row.name for row in files.told]
    for row, at, cell in files.cells():
        found = frame[row.name].iloc[at]
        if row.name == "SUBMITTED_ON":
            assert found == datetime.date.fromisoformat(cell)
        elif is_text(row):
            assert found == restore(cell).rstrip()
        elif cell == "":
            assert math.isnan(found)
        else:
            assert found == float(cell)
    for row in files.told:
        name = row.name
        assert meta.variable_measure[name] == row.measure
        assert meta.column_names_to_labels[name] == fitted.variables[name]
        assert meta.missing_ranges.get(name) == (
            [{"lo": -5, "hi": -1}] if row.missing and not is_text(row) else None
        )
        expected = None if is_text(row) else fitted.values.get(name)
        assert meta.variable_value_labels.get(name) == expected
    plainly, _ = pyreadstat.read_sav(path)
    for code in partnership.item_codes:  # without user_missing they are missing
        assert [math.isnan(one) for one in plainly[code]] == [
            int(cell[code]) < 0 for cell in files.rows
        ]


@pytest.mark.parametrize("language", LANGUAGES)
@SLOW
@given(batch=batches())
def test_stata(folder, language, batch):
    files = made(batch, partnership, folder)
    path = folder / "data.dta"
    write_dta(path, dict(files.table), files.told, language, title="data")
    frame, meta = pyreadstat.read_dta(path, user_missing=True)
    fitted = labels(files.told, language, STATA)
    for row, at, cell in files.cells():
        found = frame[row.name].iloc[at]
        if row.name == "SUBMITTED_ON":
            assert found == datetime.date.fromisoformat(cell)
        elif is_text(row):
            assert found == restore(cell)
        elif cell == "":
            assert math.isnan(found)
        elif row.missing and int(cell) < 0:
            assert found == LETTERS[int(cell)]
        else:
            assert found == float(cell)
    for row in files.told:
        assert meta.column_names_to_labels[row.name] == fitted.variables[row.name]
        if not is_text(row):
            assert meta.variable_value_labels.get(row.name, {}) == {
                LETTERS.get(value, value): label
                for value, label in fitted.values.get(row.name, {}).items()
            }


@pytest.mark.parametrize("language", LANGUAGES)
@SLOW
@given(batch=batches())
def test_excel(folder, language, batch):
    files = made(batch, partnership, folder)
    path = folder / "data.xlsx"
    write_xlsx(path, [files.table], files.told, language)
    book = openpyxl.load_workbook(path)
    sheet, codebook = book.worksheets
    head, *found = list(sheet.values)
    assert list(head) == [row.name for row in files.told]
    place = {name: number for number, name in enumerate(head)}
    for row, at, cell in files.cells():
        value = found[at][place[row.name]]
        if row.name == "SUBMITTED_ON":
            assert value.date() == datetime.date.fromisoformat(cell)
        elif is_text(row):
            # with the mark, as in the CSV; what XML cannot hold is dropped
            assert str(value) == "".join(sign for sign in cell if sign not in "\ufffe\uffff")
        elif cell == "":
            assert value is None
        else:
            assert value == float(f"{float(cell):.16G}")  # a workbook's 16 digits
    for one in sheet.iter_rows():
        assert all(cell.data_type in "snd" for cell in one)  # never "f": no formula
    told = list(codebook.values)[1:]
    assert [one[0] for one in told] == [row.name for row in files.told]
    assert [one[1] for one in told] == [row.label.in_(language) for row in files.told]


@pytest.mark.parametrize("language", LANGUAGES)
@SLOW
@given(batch=batches())
def test_parquet(folder, language, batch):
    files = made(batch, partnership, folder)
    path = folder / "data.parquet"
    write_parquet(path, [files.table, files.table], files.told, language)
    table = pyarrow.parquet.read_table(path)
    assert table.num_rows == 2 * len(files.rows)
    columns = table.to_pydict()
    for row, at, cell in files.cells():
        found = columns[row.name][at]
        if row.name == "SUBMITTED_ON":
            assert found == datetime.date.fromisoformat(cell)
        elif is_text(row):
            assert found == restore(cell)
        elif cell == "":
            assert found is None
        else:
            assert found == float(cell)
    for row in files.told:
        field = table.schema.field(row.name).metadata
        assert field[b"label"].decode() == row.label.in_(language)
        assert field[b"measure"].decode() == row.measure
        assert json.loads(field[b"missing"]) == {
            str(value): label.in_(language) for value, label in row.missing
        }


@SLOW
@given(batch=batches())
def test_the_csv_of_any_shape_is_the_csv(folder, batch):
    """The slow writer of wide files gives the fast one's bytes for a long table."""
    files = made(batch, partnership, folder)
    write_wide_csv(folder / "again.csv", [files.table], files.told)
    assert (folder / "again.csv").read_bytes() == (folder / "data.csv").read_bytes()


@SLOW
@given(first=batches(), second=batches())
def test_wide_holds_every_sheet_once(first, second):
    told = variables(partnership, simulated=True)
    tables = {
        1: stack([cells(first, partnership, told)]),
        3: stack([cells(second, partnership, told)]),
    }
    names = wide_variables(told, (1, 3))
    joined = wide(tables, told)
    assert list(joined) == [row.name for row in names]
    people = joined["PID"].tolist()
    assert people == sorted(set(first.pid) | set(second.pid))
    found = {name: plain(column) for name, column in joined.items()}
    for wave, table in tables.items():
        row_of = {pid: row for row, pid in enumerate(table["PID"].tolist())}
        for row in told:
            if row.kind in ("background", "simulated") or row.name in ("PID", "WAVE"):
                continue
            cells_ = plain(table[row.name])
            for at, pid in enumerate(people):
                expected = cells_[row_of[pid]] if pid in row_of else None
                assert found[f"{row.name}_W{wave}"][at] == expected
    for at, pid in enumerate(people):
        answers = [
            value
            for batch in (first, second)
            for person, value in zip(batch.pid, batch.told("BG1"), strict=True)
            if person == pid and value is not None
        ]
        assert found["BG1"][at] == (answers[-1] if answers else -1)
        assert found["SIMULATED"][at] == 1


def test_wide_names_and_labels():
    names = {row.name: row for row in wide_variables(variables(partnership), (1, 2))}
    assert "WAVE" not in names
    assert names["MOT_POMP_W2"].label.en.endswith("(wave 2)")
    assert names["MOT1_W1"].label.id.endswith("(gelombang 1)")
    assert {"PID", "BG1"} <= set(names)
    assert "BG1_W1" not in names


def test_formulas_never_run_in_any_file(folder):
    """Headers and cells that start with = + - @ tab CR; numbers stay numbers (CWE-1236)."""
    nasty = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "'=1", "''", "ok"]
    n = len(nasty)
    batch = Batch(
        items=np.full((n, 50), 3, np.uint8), pid=[str(row) for row in range(n)], wave=["1"] * n,
        version=["1.0.0"] * n, language=["id"] * n, layout=nasty,
        submitted_on=[datetime.date(2026, 3, 1)] * n, status=["complete"] * n,
        missing=[{"BEH1": Missing.SKIPPED}] * n,
    )  # fmt: skip
    files = made(batch, partnership, folder)
    write_xlsx(folder / "n.xlsx", [files.table], files.told, "en")
    sheet = openpyxl.load_workbook(folder / "n.xlsx").worksheets[0]
    head, *rows = list(sheet.values)
    layout, behaviour = head.index("LAYOUT"), head.index("BEH1")
    for given_, row, cell in zip(nasty, rows, files.rows, strict=True):
        for shown in (row[layout], cell["LAYOUT"]):
            assert not shown.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert restore(cell["LAYOUT"]) == given_
        assert row[behaviour] == -2
        assert cell["BEH1"] == "-2"


@pytest.mark.parametrize("limit", [3, 10, 80, 255])
@given(text=st.text(max_size=300))
def test_labels_fit_and_split_no_character(limit, text):
    shown = fit(text, limit)
    assert len(shown.encode()) <= limit
    if len(text.encode()) <= limit:
        assert shown == text
    else:
        assert shown.endswith("…")
        assert text.startswith(shown[:-1].rstrip())


def test_labels_cut_short_are_reported_and_stay_apart():
    """Two labels that the cut makes equal keep their value; the report names every cut."""
    long = "Sangat " + "tidak " * 40
    options = tuple(
        option.model_copy(
            update={"label": option.label.model_copy(update={"id": long + str(option.value)})}
        )
        for option in partnership.response_scale.options
    )
    scale = partnership.response_scale.model_copy(update={"options": options})
    told = variables(partnership.model_copy(update={"response_scale": scale}))
    fitted = labels(told, "id", SPSS)
    shown = fitted.values["MOT1"]
    assert len(set(shown.values())) == len(shown)
    assert all(len(label.encode()) <= 120 for label in shown.values())
    cut = [one for one in fitted.shortened if one.variable == "MOT1"]
    assert [one.value for one in cut] == [1, 2, 3, 4, 5]
    assert all(one.program == "SPSS" and one.bytes > 120 for one in cut)


def test_parquet_without_its_library_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(NoParquet, match=r"guyub\[parquet\]"):
        write_parquet(tmp_path / "a.parquet", [], variables(partnership), "id")
    assert list(Path(tmp_path).iterdir()) == []
