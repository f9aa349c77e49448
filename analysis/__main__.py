"""What ``guyub analyze`` calls, and ``python -m analysis analyze`` where there is no app.

Reads a data file by its definition, finds what the plan permits, and writes one folder:
``results.json``, tables as CSV, ``report.html`` (Indonesian) and ``report.en.html`` with
``report.css``. The folder appears whole or not at all.
"""

from __future__ import annotations

import argparse
import datetime
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from analysis import findings, report
from analysis import plan as plans
from analysis.dataset import read_csv
from analysis.errors import AnalysisError
from analysis.findings import Options
from analysis.plan import Plan
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
    seed: int | None = None,
    simulated: bool | None = None,
    language: Language = "id",
    plan: Plan | Path | str | None = None,
    before: Path | str | None = None,
) -> Path:
    """Analyse a data file and write everything to the folder ``out``; return ``out``.

    ``instrument``: a definition, or the path of its TOML file. ``plan``: a plan, the path of
    its file, or the name of an installed one; without it the standard rules and the
    definition's ``[analysis]`` table stand in, and no deviation is listed. ``before``: the
    data file of an earlier wave of the same questionnaire. ``population``: members on the
    register. ``simulated`` None: as the column SIMULATED says. ``language``: of
    ``report.html``; the other one stands beside it. Files of an earlier run in ``out`` are
    replaced, others stay. On any error nothing in ``out`` changes.
    Raises `AnalysisError` and its subclasses (`PlanError` among them), `InstrumentError`,
    OSError.
    """
    from instrument import loading

    definition = instrument if isinstance(instrument, Instrument) else loading.load(instrument)
    asked = plans.load(plan, definition) if isinstance(plan, str | Path) else plan
    answers = read_csv(data, definition)
    earlier = read_csv(before, definition) if before is not None else None
    found = findings.find(
        answers,
        Options(
            plan=asked,
            outcome=outcome,
            predictors=tuple(predictors),
            factors=factors,
            without=tuple(without),
            population=population,
            seed=seed,
        ),
        before=earlier,
        simulated=simulated,
    )
    target = Path(out)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as name:
        made = Path(name) / "made"
        made.mkdir()
        report.write(made, found, source=Path(data).name, language=language)
        _publish(made, target)
    return target


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
    run.add_argument("--seed", type=int, help="seed of random numbers; the plan's by default")
    run.add_argument("--plan", help="plan file, or the name of an installed plan")
    run.add_argument("--before", type=Path, help="data of an earlier wave")
    run.add_argument("--lang", choices=LANGUAGES, default="id", help="language of report.html")
    return parser


def definition_of(name: str) -> Instrument:
    """A definition by the path of its file, or by ``key`` or ``key@version``."""
    from instrument import loading, registry

    if name.endswith(".toml"):
        return loading.load(Path(name))
    key, _, version = name.partition("@")
    return registry.find(key, version or None)


def plan_of(path: str, instrument: str | None = None) -> Plan:
    """A plan by its file or name, checked against its questionnaire.

    ``instrument`` None: the installed definition the plan names, where there is one.
    Raises `PlanError`, `InstrumentError`.
    """
    return plans.load(path, _target(path, instrument))


def freeze_plan(path: Path, *, wave: str, on: datetime.date, instrument: str | None = None) -> Plan:
    """Freeze a plan checked as by `plan_of`. Raises `PlanError`, `InstrumentError`, OSError."""
    return plans.freeze(path, wave=wave, on=on, instrument=_target(str(path), instrument))


def _target(path: str, instrument: str | None) -> Instrument | None:
    from instrument.errors import UnknownInstrument

    if instrument is not None:
        return definition_of(instrument)
    target = plans.load(path).instrument
    if target is None:
        return None
    try:
        return definition_of(f"{target.key}@{target.version}" if target.version else target.key)
    except UnknownInstrument:
        return None  # a plan may be for a questionnaire that is not installed here


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
            plan=given.plan,
            before=given.before,
        )
    except (AnalysisError, InstrumentError, OSError) as error:
        print(f"guyub: {error}", file=sys.stderr)
        return 2
    print(out / "report.html")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
