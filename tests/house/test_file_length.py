"""Files of the two lower floors stay short, or say why not; both are checked strictly."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST = 400
REASON = "Longer than 400 lines because"


@pytest.mark.parametrize("floor", ["analysis", "instrument"])
def test_long_files_give_a_reason(floor: str) -> None:
    """The module's docstring holds a sentence "Longer than 400 lines because ..."."""
    silent = []
    for path in sorted((ROOT / floor).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if len(text.splitlines()) <= MOST:
            continue
        said = " ".join((ast.get_docstring(ast.parse(text)) or "").split())
        if REASON not in said:
            silent.append(f"{path.relative_to(ROOT)}: {len(text.splitlines())} lines")
    assert silent == []


def test_types_are_strict_on_both_floors() -> None:
    """mypy checks both with ``strict``, and no file opts out."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    strict = [part for part in settings["overrides"] if part.get("strict")]
    assert {name for part in strict for name in part["module"]} >= {"instrument.*", "analysis.*"}
    assert {"instrument", "analysis"} <= set(settings["files"])
    opted_out = [
        str(path.relative_to(ROOT))
        for floor in ("analysis", "instrument")
        for path in (ROOT / floor).rglob("*.py")
        if "mypy: ignore" in path.read_text(encoding="utf-8")
    ]
    assert opted_out == []


def test_base_errors_are_never_raised_themselves() -> None:
    """`AnalysisError` and `DataError` are families; what is raised has a name of its own."""
    raised = []
    for path in sorted((ROOT / "analysis").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Raise) or not isinstance(node.exc, ast.Call):
                continue
            name = getattr(node.exc.func, "id", "")
            if name in {"AnalysisError", "DataError"}:
                raised.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert raised == []
