"""`/staff/bukti`: what was deleted and what was agreed to, as days and counts, never who.

For the admin, who answers for the installation and has no roster. An operator knows who came
on which day, and a consent given on a day when one person answered would be that person's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from fastapi.responses import HTMLResponse
from sqlmodel import Session, col, select

from app.auth import Permission, asks, staff_router
from app.db import ReadSession
from app.desk import AtDesk, Desk
from app.pages import N_
from app.rights import consents, watch
from app.tables import Community, Deletion, Erasure, Wave
from instrument import registry
from instrument.errors import InstrumentError

router = staff_router("/bukti")
WHAT = {
    "wave": N_("answers of wave %(number)s"),
    "drafts": N_("leftover drafts of wave %(number)s"),
    "identity": N_("names, numbers and codes"),
}
BASES = {"withdrawal": N_("withdrawn by members themselves"), "request": N_("erased on request")}


@dataclass(frozen=True, slots=True)
class Certificate:
    """A deletion, as the page shows it."""

    id: str
    community: str
    what: str
    due_on: date
    at: str
    counts: Sequence[tuple[str, int]]
    backup: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """The consents of one wave."""

    name: str
    people: int
    first: date
    last: date
    texts: Sequence[tuple[str, str, str, int]]
    """Version, language, the first signs of the text's hash, people."""
    choices: Sequence[tuple[str, int]]
    """What people ticked, as they read it, in the order of the page."""
    days: Sequence[tuple[date, int]]


@router.get("")
@asks(Permission.AUDIT_READ)
def proofs(desk: AtDesk, session: ReadSession, komunitas: str = "") -> HTMLResponse:
    """Certificates of all or one community; the ledgers of consent of one."""
    communities = session.exec(select(Community).order_by(col(Community.name))).all()
    if len(communities) == 1:
        komunitas = communities[0].slug
    chosen = next((one for one in communities if one.slug == komunitas), None)
    names = {one.id: one.name for one in communities}
    wanted = [chosen.id] if chosen else list(names)
    return desk.page(
        "staff/proofs.html",
        certificates=_certificates(desk, session, wanted, names),
        erasures=_erasures(desk, session, wanted),
        ledgers=_ledgers(desk, session, chosen) if chosen else None,
        falls=[one for one in watch.falls(session) if one.community_id in wanted],
        names=names,
        chosen=chosen.slug if chosen else "",
        communities=[("", desk.text(N_("all")))] + [(one.slug, one.name) for one in communities],
    )


def _certificates(
    desk: Desk, session: Session, wanted: Sequence[int | None], names: dict[int | None, str]
) -> list[Certificate]:
    rows = session.exec(
        select(Deletion)
        .where(col(Deletion.community_id).in_(wanted))
        .order_by(col(Deletion.at).desc())
    )
    return [
        Certificate(
            id=str(row.id),
            community=names[row.community_id],
            what=desk.text(
                WHAT[row.what.partition(":")[0]], number=row.what.partition(":")[2] or "–"
            ),
            due_on=row.due_on,
            at=desk.moment(row.at),
            counts=sorted(row.counts.items()),
            backup=row.backup,
        )
        for row in rows
    ]


def _erasures(desk: Desk, session: Session, wanted: Sequence[int | None]) -> list[tuple[str, int]]:
    bases = session.exec(select(Erasure.basis).where(col(Erasure.community_id).in_(wanted)))
    counted = Counter(bases)
    return [(desk.text(words), counted[basis]) for basis, words in BASES.items()]


def _ledgers(desk: Desk, session: Session, community: Community) -> list[Ledger]:
    waves = session.exec(
        select(Wave).where(col(Wave.community_id) == community.id).order_by(col(Wave.number).desc())
    ).all()
    found = []
    for wave in waves:
        name = f"{community.slug}-{wave.number}"
        lines = consents.of_wave(session, name)
        if not lines:
            continue
        texts: Counter[tuple[str, str, str]] = Counter()
        choices: Counter[str] = Counter()
        days: Counter[date] = Counter()
        for line in lines:
            texts[line.version, line.language, line.text_hash[:12]] += line.people
            days[line.on] += line.people
            choices.update(dict.fromkeys(line.choices, line.people))
        found.append(
            Ledger(
                name=name,
                people=days.total(),
                first=lines[0].on,
                last=lines[-1].on,
                texts=[(*key, n) for key, n in sorted(texts.items())],
                choices=_worded(desk, wave, choices),
                days=sorted(days.items()),
            )
        )
    return found


def _worded(desk: Desk, wave: Wave, given: Counter[str]) -> list[tuple[str, int]]:
    """What was ticked how often; by its code where the questionnaire has no such choice."""
    try:
        consent = registry.find(wave.instrument_key, wave.version).consent
    except InstrumentError:  # no longer installed: the counts stand all the same
        consent = None
    asked = {one.code: one.text.in_(desk.language) for one in consent.choices} if consent else {}
    codes = [*asked, *sorted(given.keys() - asked.keys())]
    return [(asked.get(code, code), given[code]) for code in codes]
