"""``guyub staff``: the first admin, and the ways back in when somebody is locked out.

Only whoever has a shell on the server runs these; each leaves an audit row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlmodel import Session

T = TypeVar("T")
staff = typer.Typer(help="Accounts of staff.", no_args_is_help=True)
Email = Annotated[str, typer.Argument(help="Email of the account.")]
Community = Annotated[
    str, typer.Option(help="Slug of the community; leave it out for the role admin.")
]


@staff.command("first-admin")
def first_admin(
    email: Email,
    name: Annotated[str, typer.Option(help="Name of the person.")] = "Admin",
    lang: Annotated[str, typer.Option(help="Language of the pages: id or en.")] = "id",
) -> None:
    """Make the first admin and print a one-time link; refused where an admin exists."""
    from app.pages import language_of  # noqa: PLC0415 - only where they are needed
    from app.staff.first_admin import make_first_admin  # noqa: PLC0415

    _print_link(
        lambda session, at: make_first_admin(
            session=session, email=email, name=name, language=language_of(lang), at=at
        )
    )


@staff.command()
def link(email: Email) -> None:
    """Print a new one-time link: the password was forgotten. The second factor stays."""
    from app.staff import accounts  # noqa: PLC0415

    _print_link(
        lambda session, at: accounts.new_link(
            session=session,
            staff_id=accounts.find_by_email(session, email).id or 0,
            by=accounts.COMMAND_LINE,
            at=at,
        )
    )


@staff.command("take-off-second-factor")
def take_off_second_factor(email: Email) -> None:
    """The phone is lost: end password, second factor and sessions; print a one-time link."""
    from app.staff import accounts  # noqa: PLC0415

    _print_link(
        lambda session, at: accounts.take_off_second_factor(
            session=session,
            staff_id=accounts.find_by_email(session, email).id or 0,
            by=accounts.COMMAND_LINE,
            at=at,
        )
    )


@staff.command()
def unlock(email: Email) -> None:
    """End the 15 minutes of rest after five failures."""
    from app.staff import accounts  # noqa: PLC0415

    def verb(session: Session, at: datetime) -> None:
        accounts.unlock(
            session=session,
            staff_id=accounts.find_by_email(session, email).id or 0,
            by=accounts.COMMAND_LINE,
            at=at,
        )

    _run(verb)
    typer.echo(f"{email} may sign in again.")


@staff.command()
def grant(
    email: Email,
    role: Annotated[str, typer.Argument(help="operator, researcher, chair or admin.")],
    community: Community = "",
) -> None:
    """Give a role, also to the account of the only admin."""
    _change("grant", email, role, community)
    typer.echo(f"{email}: {role} given.")


@staff.command()
def take(
    email: Email,
    role: Annotated[str, typer.Argument(help="operator, researcher, chair or admin.")],
    community: Community = "",
) -> None:
    """Take a role away."""
    _change("take", email, role, community)
    typer.echo(f"{email}: {role} taken away.")


def _change(verb_name: str, email: str, role: str, community: str) -> None:
    from app.auth import Role  # noqa: PLC0415
    from app.staff import accounts  # noqa: PLC0415
    from app.wave_reader import find_community  # noqa: PLC0415

    if role not in (*(one.value for one in Role if one is not Role.MEMBER),):
        raise typer.BadParameter(f"{role}: use operator, researcher, chair or admin")

    def verb(session: Session, at: datetime) -> None:
        change = accounts.grant if verb_name == "grant" else accounts.take
        change(
            session=session,
            staff_id=accounts.find_by_email(session, email).id or 0,
            role=Role(role),
            community_id=find_community(session, community).id if community else None,
            by=accounts.COMMAND_LINE,
            at=at,
        )

    _run(verb)


def _print_link(verb: Callable[[Session, datetime], str]) -> None:
    from app.settings import Settings  # noqa: PLC0415
    from app.staff.invitations import VALID  # noqa: PLC0415

    token = _run(verb)
    typer.echo(f"{Settings().base_url.rstrip('/')}/staff/undangan/{token}")
    typer.echo(f"Works once, for {VALID.days} days. Hand it over in person or by a private chat.")


def _run(verb: Callable[[Session, datetime], T]) -> T:
    from datetime import UTC, datetime  # noqa: PLC0415

    from sqlmodel import Session  # noqa: PLC0415

    from app.db import Database  # noqa: PLC0415
    from app.server import require_current  # noqa: PLC0415
    from app.settings import Settings  # noqa: PLC0415

    settings = Settings()
    require_current(settings)
    database = Database(settings)
    try:
        with Session(database.write) as session, session.begin():
            return verb(session, datetime.now(UTC))
    finally:
        database.close()
