"""The bench's figures as a table for people."""

from __future__ import annotations

from collections.abc import Sequence

from tests.bench.gates import Gate
from tests.bench.measure import Cell, ratio


def align(rows: Sequence[Sequence[str]]) -> str:
    """Columns padded to their widest cell; the first row is a heading."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for number, row in enumerate(rows):
        cells = [
            cell.ljust(width) if column < 3 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
        if number == 0:
            lines.append("  ".join("-" * width for width in widths))
    return "\n".join(lines)


def cells_table(groups: Sequence[Sequence[Cell]]) -> str:
    """One line a cell; the ratio is to the floor of the same group, by round."""
    rows = [
        (
            "database",
            "shape",
            "server",
            "clients",
            "completed/s",
            "of floor",
            "CPU s/1,000",
            "of floor",
            "database CPU",
            "p50 ms",
            "p95 ms",
            "requests",
            "PSS MB",
            "driver CPU",
        )
    ]
    for group in groups:
        floor = next((cell for cell in group if cell.target.name == "floor"), None)
        for cell in group:
            database = cell.rounds[0].database_cpu_per_1000
            rows.append(
                (
                    cell.target.database,
                    cell.shape,
                    cell.target.name,
                    str(cell.clients),
                    f"{cell.median('completed_per_s'):.1f}",
                    f"{ratio(cell, floor, 'completed_per_s'):.0%}" if floor else "",
                    f"{cell.median('cpu_per_1000'):.2f}",
                    f"{ratio(cell, floor, 'cpu_per_1000'):.1f}x" if floor else "",
                    "" if database is None else f"{cell.median('database_cpu_per_1000'):.2f}",
                    f"{cell.median('p50'):.1f}",
                    f"{cell.median('p95'):.1f}",
                    f"{cell.median('requests_per_visit'):.0f}",
                    f"{cell.median('pss'):.0f}",
                    f"{cell.median('driver_cpu_per_1000'):.2f}",
                )
            )
    return align(rows)


def gates_table(gates: Sequence[Gate]) -> str:
    """One line a limit."""
    return "\n".join(f"{'pass' if gate.passed else 'FAIL'}  {gate}" for gate in gates)
