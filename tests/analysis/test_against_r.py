"""Every statistic beside R's, and the committed table of them beside what is computed now.

The numbers of R are frozen in ``tests/reference/*.json``; the calls stand in the rows.
"""

import csv
from collections import defaultdict

import pytest

from tests.reference.against_r import FAMILIES, rows
from tests.reference.write_docs import COLUMNS, PAGE, TABLE, drift_allowed


def committed() -> dict[str, list[dict[str, str]]]:
    found = defaultdict(list)
    with TABLE.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        assert tuple(reader.fieldnames or ()) == COLUMNS
        for line in reader:
            found[line["family"]].append(line)
    return found


@pytest.mark.parametrize("family", FAMILIES)
def test_agrees_with_r(family: str) -> None:
    off = [
        f"{row}: {row.ours!r}, R {row.r!r}, {row.difference:.1e} > {row.tolerance:.0e}"
        for row in rows(family)
        if not row.agrees
    ]
    assert off == []
    assert rows(family)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_committed_table_is_what_is_computed_now(family: str) -> None:
    """After a change that is meant: ``python -m tests.reference.write_docs``."""
    lines, found = committed()[family], rows(family)
    assert [(line["data"], line["statistic"], line["r_call"]) for line in lines] == [
        (row.data, row.statistic, row.r_call) for row in found
    ]
    moved = [
        f"{row}: {line['ours']} is now {row.ours!r}, R's {line['r']} is now {row.r!r}"
        for line, row in zip(lines, found, strict=True)
        if float(line["r"]) != row.r
        or float(line["tolerance"]) != float(f"{row.tolerance:.2g}")
        or abs(float(line["ours"]) - row.ours) > drift_allowed(float(line["ours"]), row.tolerance)
    ]
    assert moved == []


def test_the_page_names_every_family_and_the_count() -> None:
    text = PAGE.read_text(encoding="utf-8")
    by_family = committed()
    assert f"{sum(map(len, by_family.values())):,} statistics" in text
    assert list(by_family) == list(FAMILIES)
    for family, lines in by_family.items():
        for data in {line["data"] for line in lines}:
            count = sum(line["data"] == data for line in lines)
            assert f"| {family} | {data} | {count:,} |" in text
