"""What the command writes about bfi, beside R: the whole way from the file to the JSON."""

import csv
import json
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.__main__ import main
from tests.analysis.conftest import BFI, matrix
from tests.reference.table_basic import CLOSED, OBLIQUE, OPTIMUM, numbers

R = numbers("bfi")
SCALES = list(R["scale_keys"])


def test_data_and_instrument(bfi_results: dict[str, Any]) -> None:
    assert bfi_results["data"]["rows"] == R["descriptives"]["n_rows"] == 2800
    assert bfi_results["data"]["used"] == 2800
    assert bfi_results["data"]["excluded"] == 0
    assert bfi_results["instrument"]["key"] == "bfi"
    assert len(bfi_results["instrument"]["digest"]) == 64
    assert len(bfi_results["data"]["sha256"]) == 64
    assert bfi_results["guyub"]["version"]
    assert bfi_results["withheld"] == []


@pytest.mark.parametrize("scale", SCALES)
def test_alpha_is_pairwise(bfi_results: dict[str, Any], scale: str) -> None:
    ours = bfi_results["blocks"]["reliability"][scale]["alpha"]
    r = R["reliability"][scale]["alpha_pairwise"]
    assert ours["missing"] == "pairwise"
    assert ours["n"] == r["n"]
    assert ours["raw"] == pytest.approx(r["psych_total"]["raw_alpha"], abs=CLOSED)
    assert ours["ci_low"] == pytest.approx(r["psych_feldt"]["lower"], abs=CLOSED)
    for item, cells in r["items"].items():
        assert ours["item_total"][item] == pytest.approx(cells["psych_r_drop"], abs=CLOSED)
        assert ours["if_deleted"][item] == pytest.approx(cells["alpha_if_deleted_raw"], abs=CLOSED)


@pytest.mark.parametrize("scale", SCALES)
def test_omega_is_listwise(bfi_results: dict[str, Any], scale: str) -> None:
    ours = bfi_results["blocks"]["reliability"][scale]["omega"]
    r = R["reliability"][scale]["omega_cfa_ml_listwise"]
    assert (ours["missing"], ours["n"]) == ("listwise", r["n"])
    assert ours["estimate"] == pytest.approx(r["omega_total_unstd"], abs=OPTIMUM)
    assert ours["ci_low"] < ours["estimate"] < ours["ci_high"]
    assert ours["fit"]["chisq"] == pytest.approx(r["fit"]["chisq"], abs=1e-3)


def test_factorability(bfi_results: dict[str, Any]) -> None:
    ours = bfi_results["blocks"]["factorability"]
    r = R["factorability_listwise"]
    assert (ours["n"], ours["missing"]) == (2436, "listwise")
    assert ours["kmo"] == pytest.approx(r["kmo"], abs=CLOSED)
    assert round(ours["kmo"], 5) == 0.84865
    assert round(ours["bartlett_chi2"], 2) == 18146.07
    assert ours["determinant"] == pytest.approx(r["determinant"], abs=CLOSED)


def test_five_factors(bfi_results: dict[str, Any]) -> None:
    # ours takes keyed items, R raw ones: rows of the seven reversed items turn their sign
    ours = bfi_results["blocks"]["factors"]
    r = R["efa_listwise"]["minres_oblimin"]
    items = r["loadings"]["rows"]
    turned = np.array([-1 if item in R["items_reversed"] else 1 for item in items])[:, None]
    mine = matrix(ours["loadings"], items) * turned
    target = np.array(r["loadings"]["values"])
    order = max(permutations(range(5)), key=lambda p: np.abs((mine[:, p] * target).sum(0)).sum())
    columns = list(order)
    sign = np.sign((mine[:, columns] * target).sum(axis=0))
    assert mine[:, columns] * sign == pytest.approx(target, abs=OBLIQUE)
    phi = matrix(ours["phi"], list(ours["phi"]))[np.ix_(columns, columns)] * np.outer(sign, sign)
    assert phi == pytest.approx(np.array(r["phi"]["values"]), abs=OBLIQUE)
    assert ours["df"] == r["dof"]
    assert ours["chi2"] == pytest.approx(r["chi2_likelihood"], abs=1e-3)
    assert ours["rmsea"] == pytest.approx(r["rmsea"]["RMSEA"], abs=OPTIMUM)


def test_regression_on_complete_rows(bfi_results: dict[str, Any]) -> None:
    ours = bfi_results["blocks"]["regression"]
    r = R["regression"]
    assert (ours["n"], ours["missing"], ours["outcome"]) == (r["n"], "listwise", "neuroticism")
    assert ours["r2"] == pytest.approx(r["r2"], abs=CLOSED)
    for term, cells in r["coefficients_HC3"].items():
        row = ours["coefficients"][term]
        assert row["b"] == pytest.approx(cells["est"], abs=CLOSED)
        assert row["hc3_se"] == pytest.approx(cells["se"], abs=CLOSED)
        assert row["hc3_p"] == pytest.approx(cells["p"], abs=CLOSED)
        assert row["hc3_ci_low"] == pytest.approx(cells["ci_lower"], abs=CLOSED)
        assert row["boot_low"] < row["b"] < row["boot_high"]
    for term, share in r["lmg_all_subsets"].items():
        assert ours["coefficients"][term]["lmg"] == pytest.approx(share, abs=CLOSED)
        assert ours["coefficients"][term]["vif"] == pytest.approx(r["vif"][term], abs=CLOSED)


def test_descriptives(bfi_results: dict[str, Any]) -> None:
    for item, r in R["descriptives"]["items"].items():
        ours = bfi_results["blocks"]["descriptives"][item]
        assert ours["n"] == r["n"]
        assert sum(ours["missing_by_kind"].values()) == r["n_missing"]
        assert ours["counts"] == r["counts"]
        assert ours["mean"] == pytest.approx(r["mean"], abs=CLOSED)
        assert ours["sd"] == pytest.approx(r["sd"], abs=CLOSED)


def leaves(block: Any) -> list[dict[str, Any]]:
    """Result-like parts: the first dictionary with an ``n`` on each way down."""
    if not isinstance(block, dict):
        return []
    if "n" in block and "method" in block:
        return [block]
    return [leaf for part in block.values() for leaf in leaves(part)]


def test_every_leaf_block_says_what_it_is(bfi_results: dict[str, Any]) -> None:
    for name, block in bfi_results["blocks"].items():
        found = leaves(block)
        assert found, name
        for leaf in found:
            assert leaf["n"] > 0
            assert leaf["method"]
            assert leaf["missing"]


def recoded(out: Path, change: Any, columns: Any = list) -> dict[str, Any]:
    """bfi with every cell of an item changed and columns rearranged, analysed again."""
    with BFI.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = columns(rows[0])
    path = out / "changed.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore")
        writer.writeheader()
        for row in rows:
            writer.writerow({k: change(v) if k in R["items"] and v else v for k, v in row.items()})
    given = ["analyze", str(path), "--instrument", "bfi", "--out", str(out / "run")]
    assert main(given) == 0
    return json.loads((out / "run" / "results.json").read_text(encoding="utf-8"))


def test_turning_every_answer_round_changes_no_reliability(
    tmp_path: Path, bfi_results: dict[str, Any]
) -> None:
    turned = recoded(tmp_path, lambda cell: str(7 - int(cell)))["blocks"]
    before = bfi_results["blocks"]
    assert turned["factorability"]["kmo"] == pytest.approx(before["factorability"]["kmo"])
    for scale in SCALES:
        for coefficient, key in (("alpha", "raw"), ("omega", "estimate")):
            assert turned["reliability"][scale][coefficient][key] == pytest.approx(
                before["reliability"][scale][coefficient][key], abs=1e-9
            )
        assert turned["levels"][scale]["pomp"] == pytest.approx(
            100 - before["levels"][scale]["pomp"]
        )
    for predictor in ("agree", "conscientious", "extraversion", "openness"):
        assert turned["regression"]["coefficients"][predictor]["b"] == pytest.approx(
            before["regression"]["coefficients"][predictor]["b"], abs=1e-9
        )


def test_order_of_columns_changes_nothing(tmp_path: Path, bfi_results: dict[str, Any]) -> None:
    mixed = recoded(tmp_path, lambda cell: cell, lambda row: sorted(row, reverse=True))
    assert mixed["blocks"] == bfi_results["blocks"]


def test_a_run_is_cheap() -> None:
    """The whole command in CPU seconds, imports, report and some 30,000 resamples included.

    The limit was 10 before the plan held categorical omega with its bootstrap, which is half
    of it now. What the plan costs without resamples is judged beside R in `make bench`.
    """
    import resource
    import subprocess
    import sys
    import tempfile

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [
                *(sys.executable, "-m", "analysis", "analyze", str(BFI)),
                *("--instrument", "bfi", "--out", f"{folder}/out"),
            ],
            check=True,
            cwd=BFI.parents[2],
            capture_output=True,
        )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert spent < 25
