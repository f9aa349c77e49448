"""The audit log as a page: who did what to which thing, when. Names and ids, no answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fastapi.responses import HTMLResponse
from sqlalchemy import func, literal, select, union_all
from sqlmodel import Session, col
from sqlmodel import select as select_one

from app.auth import Permission, asks, staff_router
from app.db import Database, ReadSession
from app.desk import AtDesk, Desk
from app.pages import N_, ZONE
from app.tables import AuditEvent, Community, IdentityAuditEvent, Staff

router = staff_router("/audit")
ON_A_PAGE = 50

ACTIONS = {
    "analysis.ask": N_("asked for an analysis"),
    "analysis.cancel": N_("cancelled an analysis"),
    "card.cancel": N_("stopped preparing a scorecard"),
    "card.prepare": N_("had a scorecard prepared"),
    "card.publish": N_("published a scorecard"),
    "card.reissue": N_("published a new issue of a scorecard"),
    "code.issue": N_("issued a code"),
    "code.issue_missing": N_("issued codes to all who had none"),
    "code.revoke": N_("revoked a code"),
    "commitment.add": N_("wrote down a commitment"),
    "commitment.change": N_("changed a commitment"),
    "community.create": N_("made a community"),
    "dataset.export": N_("exported a data set"),
    "dataset.retire": N_("retired a data set"),
    "event.add": N_("wrote down an event"),
    "event.attended": N_("noted how many different members came"),
    "event.change": N_("changed an event"),
    "event.remove": N_("removed an event"),
    "k.override": N_("exported past the k-check"),
    "link.card": N_("made a link to a scorecard"),
    "link.card_revoke": N_("revoked a link to a scorecard"),
    "link.issue": N_("issued a personal link"),
    "participant.add": N_("put somebody on the roster"),
    "participant.change": N_("changed a roster entry"),
    "participant.erase": N_("erased a roster entry"),
    "participant.leave": N_("noted that somebody left"),
    "participant.return": N_("noted that somebody came back"),
    "request.done": N_("answered a request about data"),
    "request.file": N_("wrote down a request about data"),
    "request.refused": N_("refused a request about data"),
    "retention.date": N_("set the date of deletion"),
    "retention.delete": N_("deleted what was due"),
    "retention.notice": N_("gave notice of a deletion"),
    "rights.consent": N_("changed a consent"),
    "rights.erase": N_("erased a member's data"),
    "role.grant": N_("gave a role"),
    "role.take": N_("took a role away"),
    "roster.import": N_("imported a roster"),
    "staff.accept": N_("took the account by its link"),
    "staff.close": N_("closed an account"),
    "staff.first_admin": N_("made the first admin"),
    "staff.invite": N_("made an account"),
    "staff.link": N_("made a one-time link"),
    "staff.password": N_("changed the password"),
    "staff.recovery_codes": N_("replaced the recovery codes"),
    "staff.reopen": N_("opened an account again"),
    "staff.rest": N_("rested an account after 5 failures"),
    "staff.second_factor": N_("set up a second factor"),
    "staff.second_factor_off": N_("took off a second factor"),
    "staff.session_end": N_("ended a session"),
    "staff.sign_in": N_("signed in"),
    "staff.sign_out": N_("signed out everywhere"),
    "staff.unlock": N_("ended an account's rest"),
    "store.restore": N_("restored a backup"),
    "store.rows_missing": N_("noticed that answers are missing"),
    "text.approve": N_("approved an open answer"),
    "text.hide": N_("hid an open answer"),
    "text.redact": N_("redacted an open answer"),
    "text.undo": N_("took back a decision on an open answer"),
    "token.make": N_("made an API token"),
    "token.revoke": N_("revoked an API token"),
    "wave.change": N_("changed a wave's plan"),
    "wave.close": N_("closed a wave"),
    "wave.create": N_("prepared a wave"),
    "wave.discard": N_("discarded a prepared wave"),
    "wave.extend": N_("extended a wave"),
    "wave.open": N_("opened a wave"),
    "wave.remind": N_("noted a reminder to everybody"),
    "wave.test": N_("began a test of a wave"),
    "wave.test_end": N_("ended a test of a wave"),
}
"""In words; an action that is not here is shown by its name."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the log, as the page shows it."""

    at: str
    iso: str
    actor: str
    action: str
    subject: str
    community: str
    detail: str


@router.get("")
@asks(Permission.AUDIT_READ)
def log_page(
    desk: AtDesk, session: ReadSession, komunitas: str = "", hari: str = "", hal: str = "1"
) -> HTMLResponse:
    """The log, newest first, of all or one community, of all days or one."""
    communities = session.exec(select_one(Community).order_by(col(Community.name))).all()
    chosen = next((one for one in communities if one.slug == komunitas), None)
    day = _day(hari)
    zone = ZoneInfo(chosen.timezone) if chosen else ZONE
    rows = _rows(desk, session, chosen.id if chosen else None, day, zone)
    total = session.execute(select(func.count()).select_from(rows)).scalar_one()
    last = max(1, -(-total // ON_A_PAGE))
    number = min(max(1, int(hal)), last) if hal.isascii() and hal.isdecimal() else 1
    found = session.execute(
        select(rows)
        .order_by(rows.c.at.desc(), rows.c.part.desc(), rows.c.id.desc())
        .limit(ON_A_PAGE)
        .offset((number - 1) * ON_A_PAGE)
    ).all()
    names = _names(session)
    return desk.page(
        "staff/audit.html",
        entries=[_entry(desk, row, names, communities) for row in found],
        total=total,
        number=number,
        last=last,
        base=f"?komunitas={chosen.slug if chosen else ''}&hari={day.isoformat() if day else ''}&",
        chosen=chosen.slug if chosen else "",
        day=day.isoformat() if day else "",
        communities=[("", desk.text(N_("all")))] + [(one.slug, one.name) for one in communities],
    )


def _rows(
    desk: Desk, session: Session, community_id: int | None, day: date | None, zone: ZoneInfo
) -> Any:
    """Both logs as one selection; the roster's is gone where identity was removed."""
    database: Database = desk.request.app.state.database
    tables = [AuditEvent, IdentityAuditEvent] if database.has_identity() else [AuditEvent]
    parts = []
    for part, table in enumerate(tables):
        chosen: Any = select(
            literal(part).label("part"), col(table.id).label("id"), col(table.at).label("at"),
            col(table.actor).label("actor"), col(table.action).label("action"),
            col(table.community_id).label("community_id"), col(table.subject).label("subject"),
            col(table.detail).label("detail"),
        )  # fmt: skip
        if community_id is not None:
            chosen = chosen.where(col(table.community_id) == community_id)
        if day is not None:
            begins = datetime.combine(day, time(), zone)
            chosen = chosen.where(col(table.at) >= begins, col(table.at) < begins + timedelta(1))
        parts.append(chosen)
    return union_all(*parts).subquery() if len(parts) > 1 else parts[0].subquery()


def _names(session: Session) -> dict[str, str]:
    return {f"staff:{one.id}": one.name for one in session.exec(select_one(Staff))}


def _entry(desk: Desk, row: Any, names: dict[str, str], communities: Any) -> Entry:
    place = next((one.name for one in communities if one.id == row.community_id), "")
    words = ACTIONS.get(row.action)
    return Entry(
        at=desk.moment(row.at),
        iso=row.at.isoformat(),
        actor=names.get(row.actor, row.actor),
        action=desk.text(words) if words else row.action,
        subject=names.get(row.subject, row.subject),
        community=place,
        detail=", ".join(f"{key}: {value}" for key, value in sorted(row.detail.items())),
    )


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None
