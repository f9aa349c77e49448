"""Data files and analyses the tests of one session share."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis import simulate
from analysis.__main__ import main
from analysis.dataset import write_csv
from instrument import registry

BFI = Path(__file__).parents[1] / "reference" / "bfi.csv"


@pytest.fixture(scope="session")
def bfi_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the command makes of bfi."""
    out = tmp_path_factory.mktemp("bfi") / "out"
    assert main(["analyze", str(BFI), "--instrument", "bfi", "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="session")
def bfi_results(bfi_run: Path) -> dict[str, Any]:
    return json.loads((bfi_run / "results.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 simulated persons of several communities as one data file."""
    folder = tmp_path_factory.mktemp("people")
    community = simulate.world("P", seed=11)
    batch = simulate.batch(community, 1)
    path = folder / "people.csv"
    write_csv(path, [batch], registry.find("partnership"), simulated=True)
    return path


def first_rows(path: Path, n: int, out: Path) -> Path:
    """The header and the first n attentive rows of a data file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    excluded = lines[0].split(",").index("EXCLUDED")
    kept = [line for line in lines[1:] if line.split(",")[excluded] == "0"]
    assert len(kept) >= n
    out.write_text("\n".join([lines[0], *kept[:n]]) + "\n", encoding="utf-8")
    return out


def run(path: Path, out: Path, *more: str) -> dict[str, Any]:
    """Analyse with the partnership questionnaire and return ``results.json``."""
    given = ["analyze", str(path), "--instrument", "partnership", "--out", str(out), *more]
    assert main(given) == 0
    return json.loads((out / "results.json").read_text(encoding="utf-8"))


def matrix(table: dict[str, dict[str, float]], rows: list[str]) -> np.ndarray:
    """A table of ``results.json`` as numbers, rows in the order given."""
    return np.array([list(table[row].values()) for row in rows], dtype=float)


@pytest.fixture(scope="session")
def everybody() -> simulate.waves.Community:
    """Sixty members who all answer, with care; two waves."""
    return simulate.world("S", 4, waves=2, nonresponse=False, damaged=False, attrition=False)


@pytest.fixture(scope="session")
def usual() -> simulate.waves.Community:
    """A community with all that happens to answers; six waves."""
    return simulate.world("S", 11, waves=6, scenario="action")
