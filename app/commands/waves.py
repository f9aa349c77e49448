"""``guyub waves``: what the running service does by itself, for a machine without it."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

waves = typer.Typer(help="Waves.", no_args_is_help=True)


@waves.callback()
def _waves() -> None:
    """Keep ``sweep`` a command of its own, though it is the only one."""


@waves.command()
def sweep() -> None:
    """Close every open wave whose time is over, as the service does once a minute."""
    from app.db import Database  # noqa: PLC0415 - the store only where it is needed
    from app.settings import Settings  # noqa: PLC0415
    from app.waves.laying import lay_anew  # noqa: PLC0415
    from app.waves.service import sweep_now  # noqa: PLC0415

    database = Database(Settings())
    try:
        closed = sweep_now(database, now=datetime.now(UTC))
        lay_anew(database)
    finally:
        database.close()
    typer.echo(f"{len(closed)} closed.")
