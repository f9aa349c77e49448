"""The command ``guyub``: what a shell can do with the service, the data and the analysis.

Every error that a person can cause ends in one paragraph on stderr and exit code 2, and
changes nothing. Heavy modules are imported inside the commands that need them.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from app import custody
from app.commands.staff import staff
from app.commands.waves import waves

cli = typer.Typer(
    name="guyub",
    help="Measures a community's life with a questionnaire, and says what the answers bear.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
db = typer.Typer(help="The store.", no_args_is_help=True)
instrument = typer.Typer(help="Questionnaire definitions.", no_args_is_help=True)
plan = typer.Typer(help="Pre-registered analysis plans.", no_args_is_help=True)
dataset = typer.Typer(help="Scored data sets.", no_args_is_help=True)
cli.add_typer(db, name="db")
cli.add_typer(instrument, name="instrument")
cli.add_typer(plan, name="plan")
cli.add_typer(dataset, name="dataset")
custody.add_to(cli)
cli.add_typer(staff, name="staff")
cli.add_typer(waves, name="waves")


@cli.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8000,
) -> None:
    """Serve the survey. The store must be at the newest migration (`guyub db upgrade`)."""
    gc.disable()  # what is imported is no garbage; looking through it is a tenth of the start
    from app.server import run  # noqa: PLC0415 - web modules only where they are needed
    from app.settings import Settings  # noqa: PLC0415

    run(Settings(), host=host, port=port)


@cli.command()
def demo(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    reset: Annotated[bool, typer.Option("--reset", help="Start anew: delete demo data.")] = False,
    prepare: Annotated[
        bool, typer.Option("--prepare", help="Only make the data and the analyses; don't serve.")
    ] = False,
) -> None:
    """Load a simulated community in two waves, analyse it, and serve it on loopback."""
    from app.demo.start import prepare as make  # noqa: PLC0415
    from app.server import run  # noqa: PLC0415

    ready = make(port=port, reset=reset, say=typer.echo)
    typer.echo(ready.greeting)
    if not prepare:
        run(ready.settings, host="127.0.0.1", port=port, demo=ready.demo)


@db.command()
def upgrade() -> None:
    """Bring the store to the newest migration; makes it where there is none."""
    from app.migrate import upgrade as migrate  # noqa: PLC0415
    from app.settings import Settings  # noqa: PLC0415

    settings = Settings()
    migrate(settings)
    typer.echo(f"The store is at the newest migration: {settings.shown_database}")


@instrument.command()
def check(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Definition files; none = all installed ones and their digests."),
    ] = None,
) -> None:
    """Check definitions: every fault at once, wording lints, digests of published versions."""
    from instrument import lints, registry  # noqa: PLC0415

    if paths:
        for path in paths:
            made = lints.check(path)
            typer.echo(f"{path}: sound ({made.key} {made.version}, digest {made.digest[:12]})")
        return
    for key, version in registry.available():
        made = lints.check(registry.path(key, version))
        typer.echo(f"{key} {version}: sound (digest {made.digest[:12]})")
    registry.verify()
    typer.echo("Published digests: unchanged")


@instrument.command()
def show(
    key: Annotated[str, typer.Argument(help="Key of an installed definition, or a file.")],
    version: Annotated[str | None, typer.Option(help="Version; the highest by default.")] = None,
) -> None:
    """Print a questionnaire: scales, items in both languages, keys, sources, shown order."""
    from instrument import lints, loading, registry  # noqa: PLC0415

    path = Path(key)
    made = loading.load(path) if path.suffix == ".toml" else registry.find(key, version)
    typer.echo(lints.show(made))


@dataset.command()
def export(
    wave: Annotated[
        list[str],
        typer.Option(help="The wave, as <community>-<number>; several times for several waves."),
    ],
    format_: Annotated[
        list[str] | None,
        typer.Option("--format", help="csv, xlsx, sav, dta, parquet; several times for several."),
    ] = None,
    lang: Annotated[Literal["id", "en"], typer.Option(help="Language of labels.")] = "id",
    shape: Annotated[
        Literal["long", "wide"], typer.Option(help="One row an answer sheet, or one a person.")
    ] = "long",
    out: Annotated[Path | None, typer.Option(help="Folder; DATA_DIR/exports by default.")] = None,
    project: Annotated[
        str, typer.Option(help="Project whose key makes the person ids.")
    ] = "default",
    full: Annotated[
        bool, typer.Option("--full", help="All background, though few people share it.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why --full; kept with the data.")] = "",
) -> None:
    """Write a scored data set: data, codebooks, scripts for R and SPSS, manifest."""
    from app.datasets.order import order  # noqa: PLC0415
    from app.datasets.service import export as make  # noqa: PLC0415
    from app.settings import Settings  # noqa: PLC0415

    wanted = order(
        waves=wave,
        formats=format_ or ["csv"],
        language=lang,
        shape=shape,
        project=project,
        full=full,
        reason=reason,
    )
    made = make(Settings(), wanted, out=out)
    typer.echo(f"{made.rows} rows written of {made.expected} expected, SHA-256 {made.sha256}")
    typer.echo(_shared(made.manifest["sharing"]))
    typer.echo(str(made.folder))


def _shared(found: Mapping[str, Any]) -> str:
    """What the k-check found and what was done."""
    told = (
        f"k-check: {found['people']} people, smallest group {found['smallest_group']} "
        f"(k = {found['k']})"
    )
    if found["full_because"]:
        return f"{told}; full file because: {found['full_because']}"
    if found["merged"]:
        told += f"; bands merged: {', '.join(found['merged'])}"
    if found["left_out"]:
        told += f"; left out: {', '.join(found['left_out'])}"
    return told


@dataset.command("sweep")
def dataset_sweep() -> None:
    """Delete files of data sets whose answers changed since, and of killed exports."""
    from app.datasets.service import clear  # noqa: PLC0415
    from app.db import Database  # noqa: PLC0415
    from app.settings import Settings  # noqa: PLC0415

    settings = Settings()
    database = Database(settings)
    try:
        gone = clear(settings, database, by="command line")
    finally:
        database.close()
    typer.echo(f"Deleted: {', '.join(path.name for path in gone) or 'nothing'}")


@cli.command()
def analyze(
    data: Annotated[Path, typer.Argument(help="Data set: our export, or raw answers as CSV.")],
    instrument_: Annotated[
        str, typer.Option("--instrument", help="Definition file, or key[@version] installed here.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for results.json, tables and the report.")],
    outcome: Annotated[str | None, typer.Option(help="Scale to explain.")] = None,
    predictors: Annotated[str, typer.Option(help="Scales, separated by commas.")] = "",
    factors: Annotated[int | None, typer.Option(min=1, help="Number of factors.")] = None,
    without: Annotated[str, typer.Option(help="Items to leave out, separated by commas.")] = "",
    population: Annotated[
        int | None, typer.Option(min=1, help="Members on the register (N), for ranges of levels.")
    ] = None,
    lang: Annotated[Literal["id", "en"], typer.Option(help="Language of report.html.")] = "id",
    plan_: Annotated[
        str | None,
        typer.Option("--plan", help="Plan file, or the name of an installed plan; see `plan`."),
    ] = None,
    before: Annotated[
        Path | None, typer.Option(help="Data of an earlier wave, for what changed.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of random numbers; the plan's by default.")
    ] = None,
) -> None:
    """Analyse a data set; write results.json, tables and readable pages to --out."""
    from analysis.__main__ import analyze as run  # noqa: PLC0415
    from analysis.__main__ import definition_of  # noqa: PLC0415

    definition = definition_of(instrument_)
    split = [name.strip() for name in predictors.split(",") if name.strip()]
    dropped = [name.strip() for name in without.split(",") if name.strip()]
    run(
        data,
        definition,
        out,
        outcome=outcome,
        predictors=split,
        factors=factors,
        without=dropped,
        population=population,
        language=lang,
        plan=plan_,
        before=before,
        seed=seed,
    )
    typer.echo(f"Written: {out / 'report.html'} and {out / 'results.json'}")


InstrumentOption = Annotated[
    str | None,
    typer.Option(
        "--instrument", help="Definition file, or key[@version]; the plan's own by default."
    ),
]


@plan.command("check")
def plan_check(
    paths: Annotated[list[str], typer.Argument(help="Plan files, or names of installed plans.")],
    instrument_: InstrumentOption = None,
) -> None:
    """Check plans: every fault at once, names against the questionnaire, the frozen digest."""
    from analysis.__main__ import plan_of  # noqa: PLC0415
    from analysis.plan import digest  # noqa: PLC0415

    for path in paths:
        made = plan_of(path, instrument_)
        stamp = (
            f"frozen on {made.frozen.on} for {made.frozen.wave}" if made.frozen else "not frozen"
        )
        typer.echo(f"{path}: sound ({made.name}, {stamp}, digest {digest(made)[:12]})")


@plan.command("show")
def plan_show(
    path: Annotated[str, typer.Argument(help="Plan file, or the name of an installed plan.")],
    lang: Annotated[Literal["id", "en"], typer.Option(help="Language.")] = "id",
    instrument_: InstrumentOption = None,
) -> None:
    """Print a plan: hypotheses, what is printed from which n, cut-offs and their sources."""
    from analysis.__main__ import plan_of  # noqa: PLC0415
    from analysis.plan import show as text  # noqa: PLC0415

    typer.echo(text(plan_of(path, instrument_), lang), nl=False)


@plan.command("freeze")
def plan_freeze(
    path: Annotated[Path, typer.Argument(help="Plan file; the stamp is written into it.")],
    wave: Annotated[str, typer.Option(help="The wave it is frozen for, as <community>-<number>.")],
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day; today by default.")
    ] = None,
    instrument_: InstrumentOption = None,
) -> None:
    """Date a plan before its wave opens; a frozen plan that changes is refused afterwards."""
    from analysis.__main__ import freeze_plan  # noqa: PLC0415

    day = on.date() if on else datetime.now().astimezone().date()
    made = freeze_plan(path, wave=wave, on=day, instrument=instrument_)
    if made.frozen is not None:
        typer.echo(f"{path}: frozen on {made.frozen.on} for {made.frozen.wave}")
        typer.echo(f"Digest: {made.frozen.digest}")


def main() -> None:
    """Run the command; turn named errors into a message and exit code 2."""
    from app.errors import AppError  # noqa: PLC0415
    from instrument.errors import InstrumentError  # noqa: PLC0415

    named: tuple[type[Exception], ...] = (AppError, InstrumentError)
    if len(sys.argv) > 1 and sys.argv[1] in {"analyze", "dataset", "demo", "plan"}:
        from analysis.errors import AnalysisError  # noqa: PLC0415

        named = (*named, AnalysisError)
    try:
        cli()
    except named as error:
        typer.echo(f"guyub: {_told(error)}", err=True)
        raise SystemExit(2) from None
    except FileNotFoundError as error:
        typer.echo(f"guyub: there is no file {error.filename}; check the path.", err=True)
        raise SystemExit(2) from None


def _told(error: Exception) -> str:
    """What happened and what to do next, in one paragraph."""
    from app.errors import AppError  # noqa: PLC0415

    if not isinstance(error, AppError):
        return str(error)
    parts = [error.title_en + (f" ({error.detail})" if error.detail else "") + "."]
    if error.hint_en != AppError.hint_en:  # the general hint speaks of pages
        parts.append(error.hint_en)
    return " ".join(parts)


if __name__ == "__main__":
    main()
