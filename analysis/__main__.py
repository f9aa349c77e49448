"""What ``guyub analyze`` calls, and ``python -m analysis analyze`` where there is no app.

Reads a data file by its definition, finds what the plan permits, and writes one folder:
``results.json``, tables as CSV, ``report.html`` (Indonesian) and ``report.en.html`` with
``report.css``. The folder appears whole or not at all.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from analysis import findings, record, reliability, report
from analysis.dataset import read_csv
from analysis.errors import AnalysisError
from analysis.findings import Findings, Options
from instrument.errors import InstrumentError
from instrument.model import LANGUAGES, Instrument, Language


def analyze(
    data: Path | str,
    instrument: Instrument | Path | str,
    out: Path | str,
    *,
    outcome: str | None = None,
    predictors: Sequence[str] = (),
    factors: int | None = None,
    without: Sequence[str] = (),
    population: int | None = None,
    seed: int = reliability.SEED,
    simulated: bool | None = None,
    language: Language = "id",
) -> Path:
    """Analyse a data file and write everything to the folder ``out``; return ``out``.

    ``instrument``: a definition, or the path of its TOML file. What is not given is taken
    from the definition's ``[analysis]`` table. ``population``: members on the register.
    ``simulated`` None: as the column SIMULATED says. ``language``: of ``report.html``; the
    other one stands beside it. Files of an earlier run in ``out`` are replaced, others
    stay. On any error nothing in ``out`` changes.
    Raises `AnalysisError` and its subclasses, `InstrumentError`, OSError.
    """
    from instrument import loading

    definition = instrument if isinstance(instrument, Instrument) else loading.load(instrument)
    answers = read_csv(data, definition)
    found = findings.find(
        answers,
        Options(
            outcome=outcome,
            predictors=tuple(predictors),
            factors=factors,
            without=tuple(without),
            population=population,
            seed=seed,
        ),
        simulated=simulated,
    )
    target = Path(out)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as name:
        made = Path(name) / "made"
        made.mkdir()
        _write(made, found, Path(data).name, language)
        _publish(made, target)
    return target


def _write(folder: Path, found: Findings, source: str, language: Language) -> None:
    text = json.dumps(record.results(found), ensure_ascii=False, indent=1, allow_nan=False)
    (folder / "results.json").write_text(text + "\n", encoding="utf-8")
    for name, table in report.tables(found):
        table.to_csv(folder / f"{name}.csv", index_label="name", lineterminator="\n")
    for one in LANGUAGES:
        name = report.page_name(one, language)
        page = report.page(found, one, source=source, main=language)
        (folder / name).write_text(page, encoding="utf-8")
    shutil.copyfile(report.STYLE, folder / "report.css")


def _publish(made: Path, target: Path) -> None:
    """Move a finished folder into place; into an existing one file by file."""
    made.chmod(0o755)  # temporary folders are private
    if not target.exists():
        made.rename(target)
        return
    for file in sorted(made.iterdir()):
        file.replace(target / file.name)


def _list(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m analysis", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("analyze", help="analyse a data file")
    run.add_argument("data", type=Path, help="our export, or raw answers as CSV")
    run.add_argument("--instrument", required=True, help="definition file, or key[@version]")
    run.add_argument("--out", type=Path, required=True, help="folder for results and report")
    run.add_argument("--outcome", help="scale to explain")
    run.add_argument("--predictors", type=_list, default=[], help="scales, by commas")
    run.add_argument("--factors", type=int, help="number of factors")
    run.add_argument("--without", type=_list, action="extend", default=[], help="items left out")
    run.add_argument("--population", type=int, help="members on the register (N)")
    run.add_argument("--seed", type=int, default=reliability.SEED)
    run.add_argument("--lang", choices=LANGUAGES, default="id", help="language of report.html")
    return parser


def definition_of(name: str) -> Instrument:
    """A definition by the path of its file, or by ``key`` or ``key@version``."""
    from instrument import loading, registry

    if name.endswith(".toml"):
        return loading.load(Path(name))
    key, _, version = name.partition("@")
    return registry.find(key, version or None)


def main(arguments: Iterable[str] | None = None) -> int:
    """Run the command; 0, or 2 with one paragraph on stderr."""
    given = _parser().parse_args(None if arguments is None else list(arguments))
    try:
        out = analyze(
            given.data,
            definition_of(given.instrument),
            given.out,
            outcome=given.outcome,
            predictors=given.predictors,
            factors=given.factors,
            without=given.without,
            population=given.population,
            seed=given.seed,
            language=given.lang,
        )
    except (AnalysisError, InstrumentError, OSError) as error:
        print(f"guyub: {error}", file=sys.stderr)
        return 2
    print(out / "report.html")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
