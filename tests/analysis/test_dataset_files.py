"""Writing a data set and reading it (or anybody's file) back."""

import csv
import hashlib
import io
import math
import subprocess
import sys
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import simulate
from analysis.dataset import (
    Batch,
    Dataset,
    IncompleteExport,
    columns,
    neutralise,
    read_csv,
    restore,
    write_codebook_csv,
    write_csv,
)
from analysis.dataset.columns import variables
from analysis.errors import (
    AnotherVersion,
    BadEncoding,
    DuplicateName,
    EmptyFile,
    MissingColumn,
    NotANumber,
    OutOfRange,
    RaggedRow,
    ScoresDisagree,
)
from instrument import codebook, registry
from instrument.answers import Missing


@pytest.fixture(scope="module")
def partnership():
    return registry.find("partnership")


@pytest.fixture(scope="module")
def community(partnership):
    return simulate.world("S", 7, instrument=partnership)


def one_row(instrument, items=None, **changes):
    """A batch of a single row."""
    parts = {
        "items": np.array([items or [4] * len(instrument.items)], np.uint8),
        "pid": ["AAAA"], "wave": ["W1"], "version": [instrument.version], "language": ["id"],
        "layout": ["vertical-1"], "submitted_on": [date(2025, 3, 3)], "status": ["complete"],
    }  # fmt: skip
    return Batch(**(parts | changes))


def cells(path):
    """The file as dictionaries, read by the standard library."""
    with path.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def raw_file(tmp_path, instrument, rows, *, delimiter=",", encoding="utf-8", drop=(), extra=None):
    """A file as somebody else would make it: shown items only."""
    codes = [code for code in instrument.form("full").items if code not in drop]
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow([*codes, *(extra or {})])
    for row in rows:
        writer.writerow([*(row.get(code, "3") for code in codes), *(extra or {}).values()])
    path = tmp_path / "raw.csv"
    path.write_bytes(text.getvalue().encode(encoding))
    return path


# --- writing ---------------------------------------------------------------------------


def test_columns_are_the_codebook(partnership):
    """One order everywhere: the contract of file and codebook."""
    for options in ({}, {"form": "pulse"}, {"open_texts": True}, {"simulated": True}):
        names = columns(partnership, **options).names
        assert names == tuple(row.name for row in codebook.rows(partnership, **options))


def test_a_row_to_the_letter(partnership, tmp_path):
    """Every kind of cell, worked out by hand from all answers "Setuju"."""
    items = [4] * len(partnership.items)
    place = partnership.item_codes.index
    items[place("MOT1")] = Missing.SKIPPED
    items[place("FLX6")] = Missing.NOT_APPLICABLE
    items[place("REL3")] = Missing.REFUSED
    items[place("GCF1")] = Missing.NOT_SEEN
    path = tmp_path / "data.csv"
    seconds = np.full((1, 9), np.nan)
    seconds[0, 0] = 32.5
    written = write_csv(
        path,
        [one_row(
            partnership, items, seconds=seconds,
            answers={"BEH1": [0], "BG1": [3]}, missing=[{"BEH2": Missing.SKIPPED_AFTER_PROMPT}],
        )],
        partnership,
        simulated=True,
    )  # fmt: skip
    (row,) = cells(path)
    assert {name: row[name] for name in (
        "PID", "SUBMITTED_ON", "MOT1", "MOT2", "FLX6", "REL3", "GCF1", "MOT5", "MOT5_R", "REL3_R",
        "MOT", "MOT_POMP", "FLX", "REL", "INF", "INF_POMP", "COC", "FLAG_ATT", "EXCLUDED",
        "SEC1", "SEC2", "BEH1", "BEH2", "BEH3", "BG1", "SIMULATED",
    )} == {
        "PID": "AAAA", "SUBMITTED_ON": "2025-03-03", "MOT1": "-2", "MOT2": "4", "FLX6": "-5",
        "REL3": "-4", "GCF1": "-1", "MOT5": "4", "MOT5_R": "2", "REL3_R": "-4", "MOT": "3.5",
        "MOT_POMP": "62.5", "FLX": "3.6", "REL": "4.0", "INF": "3.6666666666666665",
        "INF_POMP": repr(100 * (22 - 6) / (6 * 4)), "COC": "4.0", "FLAG_ATT": "1", "EXCLUDED": "1",
        "SEC1": "32.5", "SEC2": "", "BEH1": "0", "BEH2": "-3", "BEH3": "-1", "BG1": "3",
        "SIMULATED": "1",
    }  # fmt: skip
    assert (written.rows, written.statuses, written.excluded) == (1, {"complete": 1}, 1)
    content = path.read_bytes()
    assert written.sha256 == hashlib.sha256(content).hexdigest()
    assert written.size == len(content)
    assert b"\r" not in content
    assert not content.startswith(b"\xef\xbb\xbf")


def test_the_same_bytes_whatever_the_batches(community, partnership, tmp_path):
    whole = simulate.batch(community)
    pieces = [whole.part(slice(start, start + 7)) for start in range(0, len(whole.pid), 7)]
    first = write_csv(tmp_path / "a.csv", [whole], partnership)
    second = write_csv(tmp_path / "b.csv", pieces, partnership)
    assert first.sha256 == second.sha256
    assert first.rows == len(whole.pid)


def test_a_big_batch_is_cut(partnership, tmp_path):
    n = 5000
    big = Batch(
        items=np.full((n, 50), 3, np.uint8), pid=[f"P{i}" for i in range(n)], wave=["1"] * n,
        version=["1.0.0"] * n, language=["id"] * n, layout=["v"] * n,
        submitted_on=[date(2025, 1, 1)] * n, status=["partial"] * n,
    )  # fmt: skip
    written = write_csv(tmp_path / "big.csv", [big], partnership, expected_rows=n)
    assert written.rows == n
    assert len({row["PID"] for row in cells(tmp_path / "big.csv")}) == n


def test_an_empty_wave_gives_a_header_only(partnership, tmp_path):
    written = write_csv(tmp_path / "none.csv", [], partnership, expected_rows=0)
    assert written.rows == 0
    with pytest.raises(EmptyFile):
        read_csv(tmp_path / "none.csv", partnership)


def test_open_texts_only_on_demand_and_never_as_formulas(partnership, tmp_path):
    """Formula injection (CWE-1236): texts are neutralised, numbers stay numbers."""
    text = '=HYPERLINK("http://x.id";"klik"), ya\nbaris dua'
    row = one_row(partnership, answers={"OPEN1": [text], "BEH1": [2]})
    write_csv(tmp_path / "without.csv", [row], partnership)
    assert "OPEN1" not in cells(tmp_path / "without.csv")[0]
    write_csv(tmp_path / "with.csv", [row], partnership, open_texts=True)
    (found,) = cells(tmp_path / "with.csv")
    assert found["OPEN1"] == "'" + text
    assert found["OPEN2"] == "-1"
    assert read_csv(tmp_path / "with.csv", partnership).meta["OPEN1"] == [text]


@given(st.text(max_size=30))
def test_neutralising_is_reversible(text):
    marked = neutralise(text)
    assert restore(marked) == text
    assert not marked.startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize("text", ["=1+1", "+62", "-1", "@SUM(A1)", "\tx", "\rx", "'=x", "''"])
def test_dangerous_texts_get_a_mark(text):
    assert neutralise(text) == "'" + text


@pytest.mark.parametrize("text", ["", "kopi", "'kopi", "1-2", "a=b", "'"])
def test_harmless_texts_stay(text):
    assert neutralise(text) == text


def test_a_failing_source_leaves_nothing_and_keeps_the_old_file(partnership, tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("old", encoding="utf-8")

    def broken():
        yield one_row(partnership)
        raise RuntimeError("the store went away")

    with pytest.raises(RuntimeError, match="went away"):
        write_csv(path, broken(), partnership)
    assert path.read_text(encoding="utf-8") == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["data.csv"]


def test_rows_that_do_not_match_the_count_make_no_file(partnership, tmp_path):
    with pytest.raises(IncompleteExport, match="2 rows were announced and 1 came"):
        write_csv(tmp_path / "x.csv", [one_row(partnership)], partnership, expected_rows=2)
    assert not list(tmp_path.iterdir())


def test_bytes_that_are_no_answers_are_refused(partnership, tmp_path):
    row = one_row(partnership, [17] * len(partnership.items))
    with pytest.raises(ValueError, match="byte 17 for MOT1"):
        write_csv(tmp_path / "x.csv", [row], partnership)
    with pytest.raises(ValueError, match="items must be"):
        write_csv(tmp_path / "x.csv", [one_row(partnership, [1, 2])], partnership)
    with pytest.raises(ValueError, match="2 entries for 1 rows"):
        write_csv(tmp_path / "x.csv", [one_row(partnership, pid=["a", "b"])], partnership)
    assert not list(tmp_path.iterdir())


def test_the_codebook_file(partnership, tmp_path):
    path = tmp_path / "codebook.csv"
    count = write_codebook_csv(path, partnership, variables(partnership))
    found = cells(path)
    assert count == len(found) == len(columns(partnership).names)
    assert [row["NAME"] for row in found] == list(columns(partnership).names)
    mot5 = next(row for row in found if row["NAME"] == "MOT5")
    assert mot5["KEYED"] == "reverse"
    assert mot5["LABEL_ID"] == "Saya ikut komunitas ini sekadar ikut-ikutan."
    assert mot5["VALUES_EN"].startswith("[1] Strongly disagree; [2] Disagree")
    assert "[-5] Tidak berlaku" in mot5["MISSING_ID"]
    assert all(row["LABEL_ID"] and row["LABEL_EN"] for row in found)
    assert not [cell for row in found for cell in row.values() if cell.startswith("'")]


# --- reading ---------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), form=st.sampled_from(["full", "pulse"]))
def test_what_is_written_is_read(tmp_path_factory, partnership, seed, form):
    """Any rows survive the file, and the scores in it agree with what we compute."""
    draw = np.random.default_rng(seed)
    n, sections = int(draw.integers(1, 6)), len(partnership.form(form).sections)
    states = np.array([1, 2, 3, 4, 5, *(int(state) for state in Missing)], np.uint8)
    items = states[draw.integers(0, len(states), (n, 50))]
    if form == "pulse":
        shown = partnership.form("pulse").items
        items[:, [code not in shown for code in partnership.item_codes]] = 0
        items[:, partnership.item_codes.index(shown[0])] = 3
    else:
        items[:, partnership.item_codes.index("MOT1")] = 3
    seconds = np.where(draw.random((n, sections)) < 0.2, np.nan, draw.random((n, sections)) * 90)
    given_ = Batch(
        items=items, pid=[f"P{row}" for row in range(n)], wave=["=W1"] * n, version=["1.0.0"] * n,
        language=["id"] * n, layout=['v "1", ü'] * n, submitted_on=[date(2025, 1, 1)] * n,
        status=["complete"] * n, seconds=seconds, answers={"BEH1": list(range(n))},
    )  # fmt: skip
    path = tmp_path_factory.mktemp("round") / "data.csv"
    written = write_csv(path, [given_], partnership, form=form)
    data = read_csv(path, partnership)
    assert data.form == form
    assert (data.raw == items).all()
    assert np.array_equal(data.seconds, seconds, equal_nan=True)
    assert data.sha256 == written.sha256
    assert data.meta["WAVE"] == ["=W1"] * n
    assert data.meta["LAYOUT"] == ['v "1", ü'] * n
    assert data.meta["BEH1"] == [str(row) for row in range(n)]
    assert data.meta["BG1"] == ["-1"] * n


def test_a_simulated_wave_is_the_data_set_of_its_file(community, partnership, tmp_path):
    path = tmp_path / "wave.csv"
    write_csv(path, [simulate.batch(community)], partnership, simulated=True)
    read, made = read_csv(path, partnership), simulate.dataset(community)
    assert (read.raw == made.raw).all()
    assert np.array_equal(read.seconds, made.seconds, equal_nan=True)
    assert read.meta == made.meta


def test_raw_answers_of_other_programs(partnership, tmp_path):
    """Empty cells and NA are skipped answers; 4.0 is 4; other columns are kept as text."""
    row = {"MOT1": "", "MOT2": "NA", "MOT3": "4.0", "MOT4": " 2 ", "MOT5": "-5", "BEN1": "."}
    path = raw_file(tmp_path, partnership, [row], extra={"city": "Sidoarjo", "": "7"})
    data = read_csv(path, partnership)
    found = dict(zip(data.item_codes, data.raw[0].tolist(), strict=True))
    skipped = int(Missing.SKIPPED)
    assert [found[code] for code in ("MOT1", "MOT2", "MOT3", "MOT4", "MOT5", "BEN1")] == [
        skipped, skipped, 4, 2, int(Missing.NOT_APPLICABLE), skipped,
    ]  # fmt: skip
    assert found["GCF1"] == Missing.NOT_SEEN
    assert data.meta == {"city": ["Sidoarjo"]}
    assert data.form == "full"
    assert math.isnan(data.seconds[0, 0])


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_delimiters_and_byte_order_marks(partnership, tmp_path, delimiter, encoding):
    path = raw_file(
        tmp_path, partnership, [{"REL1": "5"}, {"REL1": "2"}],
        delimiter=delimiter, encoding=encoding,
    )  # fmt: skip
    data = read_csv(path, partnership)
    assert data.raw[:, data.item_codes.index("REL1")].tolist() == [5, 2]


def test_excel_with_indonesian_settings(community, partnership, tmp_path):
    """Our export saved again with semicolons, decimal commas and ten digits still agrees."""
    path = tmp_path / "wave.csv"
    write_csv(path, [simulate.batch(community)], partnership)
    with path.open(encoding="utf-8", newline="") as text:
        rows = list(csv.reader(text))

    def again(cell):
        try:
            return f"{float(cell):.10g}".replace(".", ",") if "." in cell else cell
        except ValueError:
            return cell

    saved = tmp_path / "saved.csv"
    with saved.open("w", encoding="utf-8-sig", newline="") as text:
        csv.writer(text, delimiter=";").writerows([[again(cell) for cell in row] for row in rows])
    data = read_csv(saved, partnership)
    assert (data.raw == read_csv(path, partnership).raw).all()


def test_blank_lines_are_no_rows(partnership, tmp_path):
    path = raw_file(tmp_path, partnership, [{}])
    path.write_bytes(path.read_bytes() + b"\r\n" + b"," * 44 + b"\r\n")
    assert read_csv(path, partnership).rows == 1


def test_empty_files(partnership, tmp_path):
    path = tmp_path / "empty.csv"
    for content in (b"", b"\n", b"\xef\xbb\xbf"):
        path.write_bytes(content)
        with pytest.raises(EmptyFile):
            read_csv(path, partnership)
    with pytest.raises(EmptyFile):
        read_csv(raw_file(tmp_path, partnership, []), partnership)


def test_all_missing_columns_are_named(partnership, tmp_path):
    path = raw_file(tmp_path, partnership, [{}], drop=("MOT1", "INT4"), extra={"mot1": "3"})
    with pytest.raises(MissingColumn, match="the file has mot1") as caught:
        read_csv(path, partnership)
    assert set(caught.value.columns) == {"MOT1", "INT4"}


def test_one_missing_item_does_not_make_a_pulse(partnership, tmp_path):
    path = raw_file(tmp_path, partnership, [{}], drop=("MOT1",))
    with pytest.raises(MissingColumn) as caught:
        read_csv(path, partnership)
    assert caught.value.columns == ("MOT1",)


def test_a_pulse_file_needs_only_its_items(partnership, tmp_path):
    pulse = partnership.form("pulse").items
    others = [code for code in partnership.form("full").items if code not in pulse]
    data = read_csv(raw_file(tmp_path, partnership, [{}], drop=others), partnership)
    assert data.form == "pulse"
    assert data.seconds.shape == (1, 3)
    with pytest.raises(MissingColumn) as caught:
        read_csv(raw_file(tmp_path, partnership, [{}], drop=[*others, "INT1"]), partnership)
    assert caught.value.columns == ("INT1",)


def test_names_given_twice(partnership, tmp_path):
    path = raw_file(tmp_path, partnership, [{}])
    header, rows = path.read_bytes().split(b"\r\n", 1)
    path.write_bytes(header + b",MOT1,MOT1\r\n" + rows.replace(b"\r\n", b",3,3\r\n"))
    with pytest.raises(DuplicateName, match="MOT1"):
        read_csv(path, partnership)


def test_two_rows_of_one_person(partnership, tmp_path):
    path = raw_file(tmp_path, partnership, [{}, {}], extra={"PID": "A7"})
    with pytest.raises(DuplicateName, match="A7"):
        read_csv(path, partnership)


def test_text_in_a_number_column_names_line_column_value(partnership, tmp_path):
    rows = [{}, {"MOT1": "Setuju"}, {"INF3": "x"}, {"MOT1": "1_0"}]
    with pytest.raises(NotANumber) as caught:
        read_csv(raw_file(tmp_path, partnership, rows), partnership)
    assert caught.value.total == 3
    assert {(cell.line, cell.column, cell.value) for cell in caught.value.cells} == {
        (3, "MOT1", "Setuju"), (4, "INF3", "x"), (5, "MOT1", "1_0"),
    }  # fmt: skip
    assert "line 3, column MOT1: 'Setuju'" in str(caught.value)


def test_many_bad_cells_are_counted_and_ten_named(partnership, tmp_path):
    rows = [{"MOT1": "9"}] * 3000
    with pytest.raises(OutOfRange, match="3000 cells") as caught:
        read_csv(raw_file(tmp_path, partnership, rows), partnership)
    assert caught.value.total == 3000
    assert len(caught.value.cells) == 10
    assert "and 2990 more" in str(caught.value)


@pytest.mark.parametrize("value", ["0", "6", "-6", "3.5", "99", "1e3"])
def test_numbers_that_are_no_options(partnership, tmp_path, value):
    with pytest.raises(OutOfRange) as caught:
        read_csv(raw_file(tmp_path, partnership, [{"DEP2": value}]), partnership)
    assert caught.value.cells[0].value == value


def test_decimal_commas_get_a_hint(partnership, tmp_path):
    with pytest.raises(NotANumber, match="decimal commas"):
        read_csv(raw_file(tmp_path, partnership, [{"MOT1": "3,0"}]), partnership)
    assert read_csv(
        raw_file(tmp_path, partnership, [{"MOT1": "3,0"}], delimiter=";"), partnership
    ).raw[0, 0] == 3  # fmt: skip


def test_negative_times_are_refused(partnership, tmp_path):
    with pytest.raises(OutOfRange, match="SEC1"):
        read_csv(raw_file(tmp_path, partnership, [{}], extra={"SEC1": "-3"}), partnership)


@pytest.mark.parametrize("extra", [b",", b",4,4"])
def test_ragged_rows(partnership, tmp_path, extra):
    path = raw_file(tmp_path, partnership, [{}])
    path.write_bytes(path.read_bytes().rstrip(b"\r\n") + extra + b"\r\n")
    with pytest.raises(RaggedRow, match="line 2 has"):
        read_csv(path, partnership)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("Rp5.000 – café".encode("cp1252"), "not UTF-8 in line 2"),
        ("Nama;Umur".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04rest", "Excel workbook"),
        (b"a,b\n1,\x00\n", "NUL"),
    ],
)
def test_other_encodings_say_how_to_save(partnership, tmp_path, content, what):
    path = tmp_path / "raw.csv"
    head = b"REL1,INT1\n" if what.startswith("not") else b""
    path.write_bytes(head + content)
    with pytest.raises(BadEncoding, match=what) as caught:
        read_csv(path, partnership)
    assert "CSV UTF-8" in str(caught.value)


def test_scores_that_disagree(community, partnership, tmp_path):
    """One score, one reversed answer and one flag, changed by hand."""
    path = tmp_path / "wave.csv"
    write_csv(path, [simulate.batch(community)], partnership)
    for name, wrong in (("MOT", "1.2"), ("MOT_POMP", ""), ("INF5_R", "-1"), ("EXCLUDED", "7")):
        rows = cells(path)
        rows[2][name] = wrong
        changed = tmp_path / "changed.csv"
        with changed.open("w", encoding="utf-8", newline="") as text:
            writer = csv.DictWriter(text, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        with pytest.raises(ScoresDisagree, match=f"line 4, column {name}") as caught:
            read_csv(changed, partnership)
        assert caught.value.total == 1
        assert caught.value.cells[0].expected


def test_our_export_of_another_version(partnership, tmp_path):
    path = tmp_path / "data.csv"
    write_csv(path, [one_row(partnership, version=["0.9.0"])], partnership)
    with pytest.raises(AnotherVersion, match=r"0\.9\.0"):
        read_csv(path, partnership)


def test_importing_the_data_set_imports_numpy_only():
    """The web process exports without pandas and scipy (import cost is a feature)."""
    code = (
        "import sys, analysis.dataset, analysis.simulate; "
        "print([m for m in ('pandas', 'scipy', 'statsmodels', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_equal_scores_in_file_and_memory(community, partnership, tmp_path):
    """Scores have every digit: the file gives the float64 of memory."""
    data: Dataset = simulate.dataset(community)
    path = tmp_path / "wave.csv"
    write_csv(path, [simulate.batch(community)], partnership)
    scores = data.score()
    for row, line in enumerate(cells(path)):
        for column, code in enumerate(scores.scale_codes):
            mean = scores.means[row, column]
            assert line[code] == ("" if math.isnan(mean) else repr(float(mean)))
