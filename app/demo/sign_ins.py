"""Sign-ins of the demo: an account in each role, and a one-time link to each.

The links live in this process only, and a used one is replaced at once, so that the front
page always has one to show. No password exists. The link stands in for the second factor,
and every page says that all of it is simulated.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session, col, select

from app import audit
from app.auth import Role, sessions
from app.db import Database
from app.tables import Community, RoleGrant, Staff

PEOPLE = {
    Role.OPERATOR: ("pengurus@demo.invalid", "Ibu Sari (demo)"),
    Role.RESEARCHER: ("peneliti@demo.invalid", "Bapak Rahmat (demo)"),
    Role.CHAIR: ("ketua@demo.invalid", "Ibu Lestari (demo)"),
    Role.ADMIN: ("admin@demo.invalid", "Bapak Agus (demo)"),
}


def _token() -> str:
    return secrets.token_urlsafe(16)


@dataclass
class SignIns:
    """One valid link a role."""

    accounts: dict[Role, int]
    tokens: dict[Role, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tokens = {role: _token() for role in self.accounts}

    def role_of(self, token: str) -> Role | None:
        """Whose link this is; None where it was used or is none. Changes nothing."""
        return next(
            (role for role, known in self.tokens.items() if secrets.compare_digest(
                known.encode(), token.encode()
            )),
            None,
        )  # fmt: skip

    def use(self, token: str) -> Role | None:
        """The role of a link, which ends with this; a new one takes its place."""
        role = self.role_of(token)
        if role is not None:
            self.tokens[role] = _token()
        return role


def ensure_accounts(database: Database, *, slug: str, by: str, at: datetime) -> dict[Role, int]:
    """Make the demo's accounts where they are missing; return their ids by role."""
    found: dict[Role, int] = {}
    with Session(database.write) as session, session.begin():
        community = session.exec(select(Community).where(col(Community.slug) == slug)).one()
        for role, (email, name) in PEOPLE.items():
            staff = session.exec(select(Staff).where(col(Staff.email) == email)).one_or_none()
            if staff is None:
                staff = Staff(email=email, name=name, created_at=at)
                session.add(staff)
                session.flush()
                session.add(
                    RoleGrant(
                        staff_id=staff.id or 0,
                        community_id=None if role is Role.ADMIN else community.id,
                        role=role,
                        granted_at=at,
                        granted_by=by,
                    )
                )
                audit.record(
                    session, by=by, action="staff.invite", subject=f"staff:{staff.id}", at=at
                )
            found[role] = staff.id or 0
    return found


def begin_session(database: Database, staff_id: int, at: datetime) -> str:
    """Begin a session that counts as one with a second factor; return the cookie's value."""
    with Session(database.write) as session, session.begin():
        who = f"staff:{staff_id}"
        audit.record(
            session, by=who, action="staff.sign_in", subject=who, at=at,
            detail={"factor": "demo link"},
        )  # fmt: skip
        return sessions.start_session(
            session, database.settings, staff_id=staff_id, at=at, second_factor=True
        )
