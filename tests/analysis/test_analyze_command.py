"""The command on a simulated wave: tiers, errors, what stands in the folder."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from analysis import plan
from analysis.__main__ import analyze, main
from instrument import registry
from tests.analysis.conftest import first_rows, run


def blocks_at(people: Path, n: int, folder: Path) -> dict[str, Any]:
    return run(first_rows(people, n, folder / f"{n}.csv"), folder / "out")


def test_four_answers_give_a_count_only(people: Path, tmp_path: Path) -> None:
    found = blocks_at(people, 4, tmp_path)
    assert found["data"]["used"] == 4
    assert found["blocks"] == {}
    default = plan.default(registry.find("partnership"))
    assert {one["block"] for one in found["withheld"]} == set(plan.concerned(default))
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<table" not in page
    assert "<figure" not in page


def test_nine_answers_give_medians(people: Path, tmp_path: Path) -> None:
    found = blocks_at(people, 9, tmp_path)
    assert set(found["blocks"]) == {"medians"}
    text = json.dumps(found["blocks"])
    assert "ci_low" not in text
    assert "alpha" not in text
    assert set(found["blocks"]["medians"]["MOT"]) == {
        "n", "method", "missing", "flags", "median"
    }  # fmt: skip


def test_twelve_answers_are_indicative(people: Path, tmp_path: Path) -> None:
    found = blocks_at(people, 12, tmp_path)["blocks"]
    assert {"levels", "reliability", "correlations"} <= set(found)
    assert not {"regression", "factors", "factorability", "items"} & set(found)
    assert found["correlations"]["kind"] == "spearman"
    for scale, part in found["reliability"].items():
        assert "omega" not in part, scale
        only = next(iter(part.values()))
        assert "indikatif" in {flag["code"] for flag in only["flags"]}


def test_forty_five_answers_are_exploratory(people: Path, tmp_path: Path) -> None:
    found = blocks_at(people, 45, tmp_path)
    blocks = found["blocks"]
    assert not {"factors", "factorability", "parallel"} & set(blocks)
    assert blocks["reliability"]["INT"]["omega"]["fit"] == {}
    regression = blocks["regression"]
    assert "eksploratif" in {flag["code"] for flag in regression["flags"]}
    assert regression["n_boot"] == 5000
    assert regression["coefficients"]["DEP"]["boot_low"] is not None
    assert {"factors", "factorability", "htmt", "importance_map"} <= {
        one["block"] for one in found["withheld"] if one["code"] == "tier"
    }
    for one in found["withheld"]:
        assert set(one) >= {"block", "tier", "n", "reason"}


def test_hundred_answers_allow_factors(people: Path, tmp_path: Path) -> None:
    found = blocks_at(people, 130, tmp_path)
    complete = found["blocks"].get("factorability")
    assert complete is None or complete["n"] >= 100
    assert found["blocks"]["reliability"]["INT"]["omega"]["fit"]["df"] == 2


def test_conditional_commitment_stands_outside_commitment(people: Path, tmp_path: Path) -> None:
    found = blocks_at(people, 60, tmp_path)["blocks"]
    assert set(found["reliability"]["COC"]) == {"spearman_brown"}
    assert set(found["reliability"]["COM"]["alpha"]["item_total"]) == {
        "COM1", "COM2", "COM3", "COM4", "COM5"
    }  # fmt: skip
    assert "COC" not in found["correlations"]["r"]


def test_models_with_motivation_ship_without_its_partner_item(people: Path, tmp_path: Path) -> None:
    path = first_rows(people, 60, tmp_path / "60.csv")
    found = run(path, tmp_path / "out", "--predictors", "MOT,BEN,COM")
    beside = found["blocks"]["sensitivity"]["without"]["MOT3"]["regression"]
    assert beside["predictors"] == ["MOT", "BEN", "COM"]
    main_b = found["blocks"]["regression"]["coefficients"]["MOT"]["b"]
    assert beside["coefficients"]["MOT"]["b"] != pytest.approx(main_b, abs=1e-6)


def test_careless_rows_are_left_out_and_shown_beside(people: Path, tmp_path: Path) -> None:
    found = run(people, tmp_path / "out")
    data = found["data"]
    assert data["excluded"] > 0
    assert data["used"] + data["excluded"] + data["empty"] == data["rows"]
    beside = found["blocks"]["sensitivity"]["all_rows"]
    for scale, part in beside["reliability"].items():
        main_n = found["blocks"]["reliability"][scale]["alpha"]["n"]
        assert part["alpha"]["n"] > main_n
    assert beside["regression"]["n"] > found["blocks"]["regression"]["n"]


def test_population_brings_the_correction(people: Path, tmp_path: Path) -> None:
    path = first_rows(people, 45, tmp_path / "45.csv")
    plain = run(path, tmp_path / "a")["blocks"]["levels"]["REL"]
    corrected = run(path, tmp_path / "b", "--population", "60")["blocks"]["levels"]["REL"]
    n = plain["n"]
    assert corrected["pomp"] == plain["pomp"]
    width = (corrected["pomp_high"] - corrected["pomp_low"]) / (
        plain["pomp_high"] - plain["pomp_low"]
    )
    assert width == pytest.approx((1 - n / 60) ** 0.5)


def test_leaving_an_item_out(people: Path, tmp_path: Path) -> None:
    path = first_rows(people, 60, tmp_path / "60.csv")
    found = run(path, tmp_path / "out", "--without", "DEP5,REL3")["blocks"]
    assert "DEP5" not in found["reliability"]["DEP"]["alpha"]["item_total"]
    assert found["reliability"]["DEP"]["alpha"]["k"] == 4
    assert "REL3" not in found["descriptives"]


def test_every_name_of_the_contract(people: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    path = first_rows(people, 45, tmp_path / "45.csv")
    assert analyze(path, registry.find("partnership"), out) == out
    names = {file.name for file in out.iterdir()}
    assert {"results.json", "report.html", "report.en.html", "report.css"} <= names
    assert {"scales.csv", "items.csv", "regression.csv", "correlations.csv"} <= names
    found = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert {"guyub", "instrument", "data", "blocks", "withheld"} <= set(found)
    with (out / "regression.csv").open(encoding="utf-8", newline="") as file:
        row = next(r for r in csv.DictReader(file) if r["name"] == "DEP")
    # tables are unrounded: the same digits as the JSON
    assert float(row["b"]) == found["blocks"]["regression"]["coefficients"]["DEP"]["b"]


def test_language_of_the_main_page(people: Path, tmp_path: Path) -> None:
    path = first_rows(people, 12, tmp_path / "12.csv")
    run(path, tmp_path / "out", "--lang", "en")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert '<html lang="en">' in page
    assert (tmp_path / "out" / "report.id.html").exists()


def test_the_same_run_writes_the_same_bytes(people: Path, tmp_path: Path) -> None:
    path = first_rows(people, 45, tmp_path / "45.csv")
    run(path, tmp_path / "a")
    run(path, tmp_path / "b")
    for file in sorted((tmp_path / "a").iterdir()):
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes(), file.name


def edited(people: Path, path: Path, n: int, change: Any) -> Path:
    first_rows(people, n, path)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    # raw answers only: derived columns would no longer agree with changed answers
    keep = [
        i
        for i, name in enumerate(rows[0])
        if re.fullmatch(r"(MOT|BEN|COM|COC|DEP|FLX|REL|INF|INT|ATT|GCF|MRK)\d*", name)
        and name not in {"MOT", "BEN", "COM", "COC", "DEP", "FLX", "REL", "INF", "INT"}
    ]
    table = [[row[i] for i in keep] for row in rows]
    change(table)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(table)
    return path


def constant(table: list[list[str]]) -> None:
    for name in ("DEP2", "INT1"):
        column = table[0].index(name)
        for row in table[1:]:
            row[column] = "4"


def no_column(table: list[list[str]]) -> None:
    column = table[0].index("REL4")
    for row in table:
        del row[column]


def letters(table: list[list[str]]) -> None:
    table[3][table[0].index("REL4")] = "setuju"


def too_high(table: list[list[str]]) -> None:
    table[3][table[0].index("REL4")] = "6"


def empty(table: list[list[str]]) -> None:
    del table[1:]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (constant, ["DEP2", "INT1", "--without DEP2,INT1"]),
        (no_column, ["REL4"]),
        (letters, ["REL4", "setuju", "line 4"]),
        (too_high, ["REL4", "6", "line 4"]),
        (empty, ["no rows"]),
    ],
)
def test_faults_say_what_to_do_and_write_nothing(
    people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Any, words: list[str]
) -> None:
    path = edited(people, tmp_path / "faulty.csv", 40, change)
    out = tmp_path / "out"
    code = main(["analyze", str(path), "--instrument", "partnership", "--out", str(out)])
    said = capsys.readouterr()
    assert code == 2
    assert said.out == ""
    assert "Traceback" not in said.err
    assert len(said.err.strip().splitlines()) == 1
    for word in words:
        assert word in said.err
    assert [file.name for file in tmp_path.iterdir()] == ["faulty.csv"]


def test_constant_items_can_be_left_out(people: Path, tmp_path: Path) -> None:
    path = edited(people, tmp_path / "faulty.csv", 40, constant)
    found = run(path, tmp_path / "out", "--without", "DEP2", "--without", "INT1")
    assert found["plan"]["without"] == ["DEP2", "INT1"]


def test_an_error_leaves_the_earlier_run_alone(people: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(first_rows(people, 40, tmp_path / "fine.csv"), out)
    before = {file.name: file.read_bytes() for file in out.iterdir()}
    path = edited(people, tmp_path / "faulty.csv", 40, letters)
    assert main(["analyze", str(path), "--instrument", "partnership", "--out", str(out)]) == 2
    assert {file.name: file.read_bytes() for file in out.iterdir()} == before


def test_other_files_in_the_folder_stay(people: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine", encoding="utf-8")
    run(first_rows(people, 40, tmp_path / "fine.csv"), out)
    assert (out / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert (out / "results.json").exists()


@pytest.mark.parametrize(
    ("more", "word"),
    [
        (["--outcome", "HAPPY"], "HAPPY"),
        (["--predictors", "DEP,NOPE"], "NOPE"),
        (["--without", "XYZ9"], "XYZ9"),
        (["--outcome", "DEP", "--predictors", "DEP,FLX"], "DEP"),
    ],
)
def test_unknown_names_are_refused(
    people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], word: str
) -> None:
    given = ["analyze", str(people), "--instrument", "partnership", "--out", str(tmp_path / "out")]
    assert main([*given, *more]) == 2
    assert word in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_missing_files_are_named(
    people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "out")
    assert main(["analyze", "no.csv", "--instrument", "partnership", "--out", out]) == 2
    assert "no.csv" in capsys.readouterr().err
    assert main(["analyze", str(people), "--instrument", "nobody", "--out", out]) == 2
    assert "nobody" in capsys.readouterr().err
