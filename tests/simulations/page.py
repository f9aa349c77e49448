"""The result of a full run as a page of the manual."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.simulations.figure import Figure, number
from tests.simulations.studies import STUDIES, Group

PATH = Path(__file__).parents[2] / "docs" / "manual" / "simulations.md"
HEAD = """# What simulation says about the analysis

Printed by `make simulate`; nothing here is typed by hand. Answers are drawn from the generator,
whose truth is known (`generator.md`), and put to the product's own functions. The test suite
repeats every study with a tenth of the draws; there a bound b of a share moves out by 3.3 standard
errors of so few draws, 3.3 √(b (1 − b) / draws), and a bound of a mean by 3.3 of the error found.

A bound is the specification's where it has one. A dash: the figure is told and binds nobody.
CPU seconds stand at the first figure of those that come from the same draws. A study can be run
alone (`python -m tests.simulations arrows`) and then replaces its own section only.
"""
COLUMNS = ("quantity", "truth or source", "bound", "result", "error", "draws", "seed", "CPU s", "")


def lines(group: Group, *, full: bool) -> list[tuple[str, ...]]:
    """One line a figure, in the order of `COLUMNS`."""
    return [
        (
            one.quantity,
            one.expected,
            one.bound,
            number(one.result),
            "exact" if math.isnan(one.error) else f"{one.error:.4f}",
            f"{one.draws:,}" if one.draws else "none",
            str(one.seed) if one.draws else "",
            f"{group.cpu:.1f}" if place == 0 else "",
            verdict(one, full=full),
        )
        for place, one in enumerate(group.figures)
    ]


def verdict(one: Figure, *, full: bool) -> str:
    """Say whether the bound is kept."""
    if one.bound == "–":
        return "told"
    return "kept" if one.holds(full=full) else "BROKEN"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Write a Markdown table; figures to the right."""
    sides = ["---"] * 3 + ["--:"] * 5 + ["---"]
    return "\n".join("| " + " | ".join(row) + " |" for row in (COLUMNS, sides, *rows))


def section(name: str, groups: Sequence[Group], *, full: bool) -> str:
    """Write a study's part of the page."""
    study = STUDIES[name]
    rows = [line for group in groups for line in lines(group, full=full)]
    cpu = sum(group.cpu for group in groups)
    return f"## {study.title}\n\n{study.about}\n\n{table(rows)}\n\n{cpu:,.0f} CPU seconds.\n"


def page(found: Mapping[str, str], old: str) -> str:
    """Write the whole page: new sections, and of those not run again the old ones."""
    before = {part.splitlines()[0]: f"## {part}" for part in old.split("\n## ")[1:]}
    parts = [HEAD]
    for name, study in STUDIES.items():
        text = found.get(name, before.get(study.title, ""))
        parts.append(text.rstrip("\n") + "\n")
    return "\n".join(part for part in parts if part.strip())


def broken_of(group: Group, *, full: bool) -> list[Figure]:
    """Figures beyond their bound."""
    return [one for one in group.figures if not one.holds(full=full)]
