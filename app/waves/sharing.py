"""Words that go out with a wave's link, in both languages; always to everybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from app import audit
from app.desk import Desk
from app.pages import N_, moment_of
from app.sharing import whatsapp
from app.tables import AuditEvent, Wave
from app.wave_reader import MINUTES
from instrument.model import LANGUAGES, Language

INVITE: Mapping[str, str] = {
    "code": N_(
        "Dear members of %(community)s, here is our survey: %(link)s\n"
        "About %(minutes)s minutes, until %(moment)s. You need the code the secretary gave you. "
        "Your answers are confidential: nobody sees who answered what. Thank you."
    ),
    "open": N_(
        "Dear members of %(community)s, here is our survey: %(link)s\n"
        "About %(minutes)s minutes, until %(moment)s. It is anonymous: no name, no code. "
        "Thank you."
    ),
}
_REMINDER = N_(
    "Dear members of %(community)s, our survey is still open until %(moment)s: %(link)s\n"
    "About %(minutes)s minutes. If you have already answered, ignore this message. Thank you."
)
REMIND: Mapping[str, str] = {"code": _REMINDER, "open": _REMINDER}
POSTER: Mapping[str, str] = {
    "code": N_(
        "About %(minutes)s minutes, until %(moment)s. Have your code ready; the secretary has it."
    ),
    "open": N_("About %(minutes)s minutes, until %(moment)s. No name, no code."),
}
MOST_REMINDERS = 2
"""More than two reminders annoy; the page says so and refuses nothing."""


@dataclass(frozen=True, slots=True)
class Shared:
    """A text to share in one language."""

    language: Language
    text: str
    href: str
    """Opens WhatsApp with the text, to pick a chat."""


def link_of(desk: Desk, language: Language = "id") -> str:
    """The community's address, which stays the same for every wave."""
    query = "?lang=en" if language == "en" else ""
    return f"{desk.base_url}/s/{desk.here.slug}{query}"


def texts(desk: Desk, wave: Wave, messages: Mapping[str, str]) -> list[Shared]:
    """The text for this wave in both languages; none before it has an end."""
    if wave.closes_at is None:
        return []
    made = []
    for language in LANGUAGES:
        text = desk.text_in(
            language,
            messages[wave.access],
            community=desk.here.name,
            link=link_of(desk, language),
            minutes=MINUTES[wave.form],
            moment=moment_of(wave.closes_at, language, desk.zone),
        )
        made.append(Shared(language, text, whatsapp(text)))
    return made


def reminders(session: Session, wave: Wave) -> int:
    """How often everybody was reminded, by the audit log."""
    return session.exec(
        select(func.count(col(AuditEvent.id))).where(
            col(AuditEvent.action) == "wave.remind",
            col(AuditEvent.subject) == f"wave:{wave.id}",
        )
    ).one()


def note_reminder(*, session: Session, wave: Wave, by: str, at: datetime) -> None:
    """Log that the reminder went out."""
    audit.record(
        session,
        by=by,
        action="wave.remind",
        subject=f"wave:{wave.id}",
        at=at,
        community_id=wave.community_id,
        detail={"number": wave.number},
    )
