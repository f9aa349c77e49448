"""``results.json`` against its schema: at every tier, with a plan, with an earlier wave."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from analysis import findings, plan, record, schema, simulate
from analysis.dataset import read_csv, write_csv
from analysis.findings import Options
from instrument import registry

DOCUMENT = Path(__file__).parents[2] / "docs" / "manual" / "results.schema.json"
PARTNERSHIP = registry.find("partnership")
CHECK = Draft202012Validator(json.loads(DOCUMENT.read_text(encoding="utf-8")))


def complaints(results: dict[str, Any]) -> list[str]:
    found = sorted(CHECK.iter_errors(results), key=lambda error: list(map(str, error.path)))
    return [f"{'/'.join(map(str, one.path))}: {one.message[:200]}" for one in found]


def leaves(part: Any, where: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Every object that gives an n and a method, however deep."""
    if not isinstance(part, dict):
        return []
    own = [(where, part)] if "method" in part and "flags" in part else []
    return own + [leaf for name, cell in part.items() for leaf in leaves(cell, f"{where}/{name}")]


@pytest.fixture(scope="module")
def waves(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two waves of a large simulated community, one file a wave."""
    folder = tmp_path_factory.mktemp("waves")
    community = simulate.world("P", seed=11, waves=2)
    paths = []
    for wave in (1, 2):
        path = folder / f"w{wave}.csv"
        write_csv(path, [simulate.batch(community, wave)], PARTNERSHIP, simulated=True)
        paths.append(path)
    return paths


def analysed(path: Path, n: int, *, planned: bool = False, before: Path | None = None) -> Any:
    data = read_csv(path, PARTNERSHIP)
    score = data.score()
    keep = np.flatnonzero(~score.excluded)
    rows = np.zeros(data.rows, dtype=bool)
    rows[np.resize(keep, n) if n <= len(keep) else keep] = True
    options = Options(
        plan=plan.load(plan.FOLDER / "partnership-1.0.0.toml", PARTNERSHIP) if planned else None,
        n_boot=20,
    )
    earlier = read_csv(before, PARTNERSHIP) if before else None
    return record.results(findings.find(data.select(rows), options, before=earlier))


def test_the_document_is_made_from_the_types() -> None:
    """After a change that is meant: ``python -m analysis.schema > docs/manual/...``."""
    assert json.loads(DOCUMENT.read_text(encoding="utf-8")) == schema.results()
    Draft202012Validator.check_schema(schema.results())


def test_bfi(bfi_results: dict[str, Any]) -> None:
    assert complaints(bfi_results) == []


@pytest.mark.parametrize("planned", [False, True])
@pytest.mark.parametrize("n", [4, 9, 20, 45, 150, 300])
def test_partnership_at_every_tier(waves: list[Path], n: int, planned: bool) -> None:
    results = analysed(waves[0], n, planned=planned)
    assert complaints(results) == []
    assert results["plan"]["registered"] is planned
    for where, leaf in leaves(results["blocks"]):
        assert leaf["n"] >= 0, where
        assert leaf["method"], where
        assert leaf["missing"], where
    json.dumps(results, allow_nan=False)


def test_with_an_earlier_wave(waves: list[Path]) -> None:
    results = analysed(waves[1], 150, planned=True, before=waves[0])
    assert complaints(results) == []
    assert results["before"]["pairs"] > 0
    assert "change" in results["blocks"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda r: r["blocks"]["factorability"].pop("kmo"),
        lambda r: r["blocks"]["factorability"].update(kmo="high"),
        lambda r: r["blocks"]["factorability"].update(extra=1),
        lambda r: r["blocks"].update(surprise={}),
        lambda r: r["blocks"]["reliability"]["agree"]["alpha"].pop("n"),
        lambda r: r["blocks"]["reliability"]["agree"]["alpha"].update(method=""),
        lambda r: r["instrument"].update(digest="x"),
        lambda r: r.pop("plan"),
        lambda r: r["withheld"].append({"block": "omega"}),
    ],
)
def test_the_schema_can_fail(bfi_results: dict[str, Any], spoil: Any) -> None:
    copy = json.loads(json.dumps(bfi_results))
    spoil(copy)
    assert complaints(copy)
