"""``python -m tests.bench``: measure, print, write ``bench-<date>.json``, judge."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.servers import ROOT
from tests.bench.whole import QUICK, WHOLE, measure


def main() -> int:
    """Return 0 where every gate holds, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round, small counts, <= 90 s")
    parser.add_argument("--out", type=Path, default=ROOT, help="folder of bench-<date>.json")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)  # now, and not after a quarter of an hour
    began = datetime.now(UTC)
    report = measure(QUICK if given.quick else WHOLE, say=lambda line: print(line, flush=True))
    path = given.out / f"bench-{began:%Y-%m-%d}.json"
    path.write_text(json.dumps(report.as_dict(), indent=1) + "\n")
    print(f"\n{report.text()}\n\nFigures: {path}")
    failed = [gate for gate in report.gates() if not gate.passed]
    for gate in failed:
        print(f"FAILED {gate}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
