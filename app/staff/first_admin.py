"""The first admin: made on the command line only, where there is none."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from app import audit
from app.auth import Role
from app.errors import AppError
from app.staff import accounts
from instrument.model import Language


class AdminExists(AppError):
    """Somebody keeps accounts already."""

    status = 409
    slug = "admin-exists"
    title_id = "Sudah ada admin"
    title_en = "There is an admin already"
    hint_id = "Admin itu mengundang yang lain. Terkunci? `guyub staff link <surel>`."
    hint_en = "That admin invites the others. Locked out? `guyub staff link <email>`."


def make_first_admin(
    *, session: Session, email: str, name: str, language: Language, at: datetime
) -> str:
    """Make an account with the role admin; return its link's token. Raises AdminExists."""
    if accounts.there_is_an_admin(session):
        raise AdminExists
    by = accounts.COMMAND_LINE
    staff, token = accounts.invite(
        session=session, email=email, name=name, language=language, by=by, at=at
    )
    staff_id = staff.id or 0
    accounts.grant(
        session=session, staff_id=staff_id, role=Role.ADMIN, community_id=None, by=by, at=at
    )
    audit.record(session, by=by, action="staff.first_admin", subject=f"staff:{staff_id}", at=at)
    return token
