"""``python -m tests.simulations``: run in full, print the tables, write the manual's page."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from tests.simulations.page import PATH, broken_of, lines, page, section
from tests.simulations.studies import STUDIES, Group, run


def main() -> int:
    """Return 0 where every bound is kept, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulations", description=__doc__)
    parser.add_argument("studies", nargs="*", metavar="STUDY", help=", ".join(STUDIES))
    parser.add_argument("--jobs", type=int, default=1, help="studies run at the same time")
    parser.add_argument("--share", type=float, default=1.0, help="of the draws; 1 writes the page")
    parser.add_argument("--out", type=Path, default=PATH, help="where the page goes")
    given = parser.parse_args()
    names = given.studies or list(STUDIES)
    if unknown := [name for name in names if name not in STUDIES]:
        parser.error(f"no study {', '.join(unknown)}; there are {', '.join(STUDIES)}")
    full = given.share >= 1
    work = partial(run, part=given.share)
    found: dict[str, list[Group]] = {}
    with ExitStack() as stack:
        results = (
            stack.enter_context(ProcessPoolExecutor(given.jobs)).map(work, names)
            if given.jobs > 1
            else map(work, names)
        )
        for name, groups in zip(names, results, strict=True):
            found[name] = tell(name, groups, full=full)
            if full:  # study by study: a run that is broken off leaves what is done
                write(given.out, name, groups)
    cpu = sum(group.cpu for groups in found.values() for group in groups)
    print(f"\n{cpu:,.0f} CPU seconds")
    broken = [one for groups in found.values() for g in groups for one in broken_of(g, full=full)]
    for one in broken:
        print(f"BROKEN {one.quantity}: {one.result:.4f}, bound {one.bound}", file=sys.stderr)
    return 1 if broken else 0


def write(path: Path, name: str, groups: list[Group]) -> None:
    """Put a study's section in its place on the page."""
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(page({name: section(name, groups, full=True)}, old), encoding="utf-8")


def tell(name: str, groups: list[Group], *, full: bool) -> list[Group]:
    """Print a study's figures as they come."""
    print(f"\n{name}: {STUDIES[name].title}")
    for group in groups:
        for what, expected, bound, result, error, draws, seed, cpu, verdict in lines(
            group, full=full
        ):
            print(
                f"  {what:74} {expected:26} {bound:16} {result:>8} {error:>7} {draws:>9} {seed:>6} "
                f"{cpu:>6} {verdict}"
            )
    sys.stdout.flush()
    return groups


if __name__ == "__main__":
    sys.exit(main())
