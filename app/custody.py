"""The commands of whoever keeps the data: backup, restore, retention, breach report, erasure.

They are on the command line only: no account of the pages may do any of this.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from app.db import Database
    from app.rights.retention import Due

BY = "command line"
rights = typer.Typer(help="Requests, consents, erasure on request.", no_args_is_help=True)
Community = Annotated[str, typer.Option(help="The community's slug.")]


def add_to(cli: typer.Typer) -> None:
    """Put these commands beside the others."""
    cli.add_typer(rights, name="rights")
    for name, command in (
        ("backup", backup),
        ("restore", restore),
        ("retention", retention),
        ("breach-report", breach_report),
    ):
        cli.command(name)(command)


def backup(
    out: Annotated[Path | None, typer.Option(help="Folder; DATA_DIR/backups by default.")] = None,
) -> None:
    """Copy the store while it serves, restore the copy elsewhere, compare; else fail."""
    from app.backups import service  # noqa: PLC0415 - only where it is needed
    from app.settings import Settings  # noqa: PLC0415

    settings, at = Settings(), datetime.now(UTC)
    made = service.backup(settings, out=out, at=at)
    typer.echo(f"{made.folder}")
    typer.echo(f"{made.rows} rows of {made.tables} tables, restored elsewhere and compared.")
    typer.echo(f"The keys are not in it: keep {settings.secrets_path} apart.")
    for gone in service.prune(made.folder.parent, at=at):
        typer.echo(f"Older than 30 days, deleted: {gone.name}")


def restore(
    folder: Annotated[Path, typer.Argument(help="The folder of a backup.")],
    ledger: Annotated[
        Path | None, typer.Option(help="Another copy of erasures.jsonl, where there is one.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Put a backup in the store's place; whoever was erased since is erased again."""
    from app.backups import service  # noqa: PLC0415
    from app.settings import Settings  # noqa: PLC0415

    settings = Settings()
    if not yes:
        typer.confirm(f"Replace {settings.shown_database} by {folder}?", abort=True)
    made = service.restore(settings, folder=folder, extra_ledger=ledger, at=datetime.now(UTC))
    typer.echo(f"Restored: {made.rows} rows as of {made.made_at.isoformat(timespec='seconds')}.")
    typer.echo(f"Erased again: {made.erased_again} people.")
    if made.replaced is not None:
        typer.echo(f"The store of before: {made.replaced}; delete it when it is not needed.")


def retention(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what is due; change nothing (the default).")
    ] = False,
    notify: Annotated[
        bool, typer.Option("--notify", help="Give the notices whose time has come.")
    ] = False,
    digest: Annotated[
        str | None, typer.Option(help="Delete what the dry run with this digest has shown.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Show and delete in one go; notices still count.")
    ] = False,
) -> None:
    """Delete what is due: dry run first, two notices, a backup, then a certificate."""
    from sqlmodel import Session  # noqa: PLC0415

    from app.rights import retention as job  # noqa: PLC0415
    from app.rights import watch  # noqa: PLC0415

    at = datetime.now(UTC)
    with _database() as database:
        with Session(database.read) as session, session.begin():
            found = job.due(session, at=at, has_identity=database.has_identity())
            undated = job.undated(session)
        for one in found:
            typer.echo(_shown(one))
        if not found:
            typer.echo("Nothing is due in the next 30 days.")
        for fall in watch.look(database, at=at):
            typer.echo(
                f"ALARM: {fall.slug} had {fall.at_close} answers when its waves closed and has "
                f"{fall.now}; {fall.explained} were deleted, {fall.missing} are missing.",
                err=True,
            )
        if undated:
            typer.echo(f"Without a day: {', '.join(undated)}; set one with `guyub rights keep`.")
        shown = job.digest(found)
        typer.echo(f"Digest of what may be deleted now: {shown}")
        if notify and not dry_run:
            with Session(database.write) as session, session.begin():
                given = job.notify(session=session, found=found, by=BY, at=at)
            for one, number in given:
                typer.echo(f"Notice {number} given: {one.slug} {one.what}")
        if dry_run or not (yes or digest):
            return
        _delete(database, shown if yes else str(digest), at)


def breach_report(
    since: Annotated[datetime, typer.Option(help="From when on, as 2026-11-20 or with a time.")],
    until: Annotated[datetime | None, typer.Option(help="Until when; now by default.")] = None,
    community: Annotated[str | None, typer.Option(help="Only this community.")] = None,
    part: Annotated[
        Literal["answers", "identity", "both"], typer.Option(help="What was within reach.")
    ] = "both",
    out: Annotated[Path | None, typer.Option(help="Folder for report and notices.")] = None,
) -> None:
    """Count who is affected and draft the notices in both languages (UU 27/2022 art. 46)."""
    from sqlmodel import Session  # noqa: PLC0415

    from app.pages import ZONE  # noqa: PLC0415
    from app.rights import breach  # noqa: PLC0415
    from instrument.model import LANGUAGES  # noqa: PLC0415

    found_at = datetime.now(UTC)
    begin, end = (
        one if one is None or one.tzinfo else one.replace(tzinfo=ZONE) for one in (since, until)
    )
    with _database() as database, Session(database.read) as session, session.begin():
        made = breach.assess(
            session,
            since=begin or found_at,
            until=end or found_at,
            community=community,
            part=part,
            has_identity=database.has_identity(),
        )
    texts = {"report.txt": breach.report(made, found_at=found_at)}
    for language in LANGUAGES:
        texts[f"notice-{language}.txt"] = breach.notice(made, language, found_at=found_at)
    if out is None:
        typer.echo("\n".join(texts.values()), nl=False)
        return
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, text in texts.items():
        (out / name).write_text(text, encoding="utf-8")
    typer.echo(f"Written: {', '.join(str(out / name) for name in texts)}")


@rights.command()
def erase(
    community: Community,
    participant: Annotated[int, typer.Option(help="Their number on the roster.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase somebody everywhere on their request: answers first, then name, phone, codes."""
    from app.rights.erasing import erase_person  # noqa: PLC0415

    if not yes:
        typer.confirm(f"Erase number {participant} of {community} for good?", abort=True)
    with _database() as database:
        erased = erase_person(
            database,
            community_id=_community(database, community),
            participant_id=participant,
            at=datetime.now(UTC),
            by=BY,
        )
    if erased is None:
        typer.echo(f"Nobody on the roster of {community} has number {participant}.", err=True)
        raise SystemExit(2)
    typer.echo(f"Erased; proof {erased.proof}. Rows: {erased.counts or 'none but the roster'}")


@rights.command()
def requests(community: Community) -> None:
    """List the requests about data, the most urgent first."""
    from sqlmodel import Session  # noqa: PLC0415

    from app.codes import show  # noqa: PLC0415
    from app.rights.requests import inbox  # noqa: PLC0415

    with _database() as database, Session(database.read) as session, session.begin():
        rows = inbox(
            session,
            settings=database.settings,
            community_id=_community(database, community),
            at=datetime.now(UTC),
        )
    for row in rows:
        due = row.due_at.isoformat(timespec="minutes")
        typer.echo(f"{show(row.reference)}  {row.urgency:6}  {row.kind:8}  due {due}")
        typer.echo(f"    {row.words} [{row.contact}]")
    if not rows:
        typer.echo("No requests.")


@rights.command()
def consents(wave: Annotated[str, typer.Option(help="The wave, as <community>-<number>.")]) -> None:
    """The ledger of consents of a wave: day, text, choices; never whose."""
    from sqlmodel import Session  # noqa: PLC0415

    from app.rights.consents import of_wave  # noqa: PLC0415

    with _database() as database, Session(database.read) as session, session.begin():
        lines = of_wave(session, wave)
    typer.echo("day         language  version  text      people  choices")
    for line in lines:
        typer.echo(
            f"{line.on.isoformat()}  {line.language:8}  {line.version:7}  {line.text_hash[:8]}"
            f"  {line.people:6}  {', '.join(line.choices) or '-'}"
        )


@rights.command()
def keep(
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The day.")],
    wave: Annotated[str | None, typer.Option(help="Keep this wave's answers until then.")] = None,
    community: Annotated[
        str | None, typer.Option(help="End this community's study then: names go.")
    ] = None,
) -> None:
    """Note until when answers are kept (the day in the consent text), or when names go."""
    from sqlmodel import Session  # noqa: PLC0415

    from app.rights.retention import end_study, keep_wave_until  # noqa: PLC0415
    from app.wave_reader import find_wave  # noqa: PLC0415

    if (wave is None) == (community is None):
        typer.echo("guyub: give either --wave or --community.", err=True)
        raise SystemExit(2)
    at, day = datetime.now(UTC), until.date()
    with _database() as database, Session(database.write) as session, session.begin():
        if wave is not None:
            found = find_wave(session, wave)
            keep_wave_until(session=session, wave_id=found.wave_id, until=day, by=BY, at=at)
        elif community is not None:
            id_ = _community(database, community)
            end_study(session=session, community_id=id_, on=day, by=BY, at=at)
    typer.echo(f"{wave or community}: {day.isoformat()}")


def _delete(database: Database, shown: str, at: datetime) -> None:
    from sqlmodel import Session  # noqa: PLC0415

    from app.backups import service  # noqa: PLC0415
    from app.rights.certificates import certificate  # noqa: PLC0415
    from app.rights.retention import carry_out  # noqa: PLC0415
    from app.tables import Community as CommunityRow  # noqa: PLC0415

    made = carry_out(
        database,
        shown=shown,
        backup=lambda: service.backup(database.settings, at=at).folder.name,
        by=BY,
        at=at,
    )
    with Session(database.read) as session, session.begin():
        for one in made:
            name = session.get_one(CommunityRow, one.community_id).name
            typer.echo(certificate(one, name))


def _shown(one: Due) -> str:
    counts = ", ".join(f"{name} {n}" for name, n in sorted(one.counts.items())) or "no rows"
    notices = len(one.notices)
    state = "READY" if one.ready else f"{notices} of 2 notices"
    return f"{one.slug}  {one.what}  due {one.due_on.isoformat()}  {state}  ({counts})"


def _community(database: Database, slug: str) -> int:
    from sqlmodel import Session  # noqa: PLC0415

    from app.wave_reader import find_community  # noqa: PLC0415

    with Session(database.read) as session, session.begin():
        return find_community(session, slug).id


@contextmanager
def _database() -> Iterator[Database]:
    from app.db import Database  # noqa: PLC0415
    from app.server import require_current  # noqa: PLC0415
    from app.settings import Settings  # noqa: PLC0415

    settings = Settings()
    require_current(settings)
    database = Database(settings)
    try:
        yield database
    finally:
        database.close()
