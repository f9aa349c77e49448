"""Reading the roster: a page of it, one person, how many there are. Changes nothing.

Who answered stands nowhere here, and cannot: no query joins people to answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select

from app.members.errors import UnknownParticipant
from app.members.phone_book import PhoneBook
from app.tables import Code, Participant

PAGE = 50
"""People on one page of the roster."""
Which = Literal["members", "left", "no_code"]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the roster, as the operator sees them."""

    id: int
    name: str
    phone: str | None
    joined_on: date
    left_on: date | None
    code_since: datetime | None
    """When the valid code was issued."""
    fingerprint: str
    """Of name and phone, as shown; what `change_participant` compares."""


@dataclass(frozen=True, slots=True)
class RosterPage:
    """One page of a search."""

    people: tuple[Person, ...]
    found: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many people the roster has."""

    members: int
    left: int
    without_code: int


def look(
    session: Session,
    *,
    community_id: int,
    phones: PhoneBook,
    today: date,
    search: str = "",
    which: Which = "members",
    page: int = 1,
) -> RosterPage:
    """A page of the people whose name holds every word of ``search``, by name."""
    where = [col(Participant.community_id) == community_id, _which(which, today)]
    where += [
        func.lower(col(Participant.display_name)).contains(word.lower(), autoescape=True)
        for word in search.split()
    ]
    found = session.exec(select(func.count(col(Participant.id))).where(*where)).one()
    pages = max(1, -(-found // PAGE))
    page = min(max(page, 1), pages)
    rows = session.exec(
        _people()
        .where(*where)
        .order_by(func.lower(col(Participant.display_name)), col(Participant.id))
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )
    people = tuple(_person(person, since, phones) for person, since in rows)
    return RosterPage(people, found, page, pages)


def find(session: Session, *, community_id: int, participant_id: int, phones: PhoneBook) -> Person:
    """One person. Raises UnknownParticipant."""
    row = session.exec(
        _people().where(
            col(Participant.community_id) == community_id, col(Participant.id) == participant_id
        )
    ).one_or_none()
    if row is None:
        raise UnknownParticipant(str(participant_id))
    person, since = row
    return _person(person, since, phones)


def people(
    session: Session, *, community_id: int, ids: list[int], phones: PhoneBook
) -> dict[int, Person]:
    """These people of the community, by id; who is not there is left out."""
    found: dict[int, Person] = {}
    for start in range(0, len(ids), 500):
        rows = session.exec(
            _people().where(
                col(Participant.community_id) == community_id,
                col(Participant.id).in_(ids[start : start + 500]),
            )
        )
        for person, since in rows:
            shown = _person(person, since, phones)
            found[shown.id] = shown
    return found


def counts(session: Session, *, community_id: int, today: date) -> Counts:
    """How many members there are today, how many left, how many have no code."""

    def count(which: Which) -> int:
        return session.exec(
            select(func.count(col(Participant.id))).where(
                col(Participant.community_id) == community_id, _which(which, today)
            )
        ).one()

    return Counts(count("members"), count("left"), count("no_code"))


def with_phone(
    session: Session, *, community_id: int, phone: str, phones: PhoneBook, but: int | None = None
) -> Participant | None:
    """Who of the roster has that phone already, apart from ``but``."""
    rows = session.exec(
        select(Participant).where(
            col(Participant.community_id) == community_id, col(Participant.phone).is_not(None)
        )
    )
    return next((one for one in rows if one.id != but and phones.read(one) == phone), None)


def _which(which: Which, today: date) -> ColumnElement[bool]:
    here = or_(col(Participant.left_on).is_(None), col(Participant.left_on) > today)
    if which == "left":
        return col(Participant.left_on) <= today
    if which == "no_code":
        valid = select(Code.participant_id).where(
            col(Code.kind) == "code", col(Code.revoked_at).is_(None)
        )
        return and_(here, col(Participant.id).not_in(valid))
    return here


def _people() -> Select[Participant, datetime]:
    # At most one valid code a person, a unique index says; the outer join gives None for none.
    return select(Participant, col(Code.issued_at)).join(
        Code,
        and_(
            col(Code.participant_id) == col(Participant.id),
            col(Code.kind) == "code",
            col(Code.revoked_at).is_(None),
        ),
        isouter=True,
    )


def _person(participant: Participant, since: datetime | None, phones: PhoneBook) -> Person:
    assert participant.id is not None
    return Person(
        id=participant.id,
        name=participant.display_name,
        phone=phones.read(participant),
        joined_on=participant.joined_on,
        left_on=participant.left_on,
        code_since=since,
        fingerprint=phones.fingerprint(participant),
    )
