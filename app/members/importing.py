"""A roster file becomes people: first a preview that changes nothing, then one transaction.

The preview is kept nowhere. The page carries it, sealed, and posts it back; its id is noted
when it is applied, so that pressing the button twice, or in two tabs, adds nobody twice.
"""

from __future__ import annotations

import json
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import insert, text
from sqlmodel import Session, col, select

from app import audit
from app.members.errors import StalePreview
from app.members.phone_book import PhoneBook
from app.members.roster_file import Entry, RosterFile, same_name
from app.sealing import NotOurs, Sealer
from app.tables import Participant, RosterImport

VALID_FOR = timedelta(hours=12)
_MOST_BYTES = 8_000_000


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody of the file whose phone, or name, is on the roster or earlier in the file."""

    entry: Entry
    as_name: str
    """Whom the roster (or the file) has in that place."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would do."""

    id: UUID
    made_at: datetime
    new: tuple[Entry, ...]
    namesakes: tuple[Known, ...]
    """Same name, no phone in common: perhaps the same person, perhaps not. Asked."""
    known: tuple[Known, ...]
    """Same phone: the same person; never added."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What an import did."""

    added: int
    left_out: int
    """People who had come to the roster since the preview was made."""
    repeated: bool
    """This preview had been applied before; nothing happened now."""


def preview(
    *,
    session: Session,
    community_id: int,
    file: RosterFile,
    phones: PhoneBook,
    at: datetime,
) -> Preview:
    """Compare a file with the roster. Changes nothing."""
    by_phone, by_name = _on_roster(session, community_id, phones)
    new: list[Entry] = []
    namesakes: list[Known] = []
    known: list[Known] = []
    for entry in file.entries:
        name = same_name(entry.name)
        if entry.phone is not None and entry.phone in by_phone:
            known.append(Known(entry, by_phone[entry.phone]))
        elif name in by_name:
            namesakes.append(Known(entry, by_name[name]))
        else:
            new.append(entry)
            by_name[name] = entry.name
    return Preview(uuid4(), at, tuple(new), tuple(namesakes), tuple(known))


def apply(
    *,
    session: Session,
    community_id: int,
    preview: Preview,
    with_namesakes: bool,
    phones: PhoneBook,
    joined_on: date,
    by: str,
    at: datetime,
) -> Applied:
    """Put the people of a preview on the roster, all in this transaction, once.

    What came to the roster since the preview was made is left out.
    """
    if session.get_bind().dialect.name == "postgresql":  # SQLite has one writer anyway
        session.execute(text("LOCK TABLE identity.participant IN SHARE ROW EXCLUSIVE MODE"))
    if session.get(RosterImport, preview.id) is not None:
        return Applied(0, 0, repeated=True)
    by_phone, by_name = _on_roster(session, community_id, phones)
    wanted = [*preview.new, *(one.entry for one in preview.namesakes if with_namesakes)]
    allowed_names = {same_name(one.entry.name) for one in preview.namesakes if with_namesakes}
    rows = []
    for entry in wanted:
        name = same_name(entry.name)
        if entry.phone in by_phone or (name in by_name and name not in allowed_names):
            continue
        ref = uuid4()
        rows.append(
            {
                "community_id": community_id,
                "display_name": entry.name,
                "phone": None if entry.phone is None else phones.seal(ref, entry.phone),
                "joined_on": joined_on,
                "respondent_ref": ref,
            }
        )
    if rows:
        session.execute(insert(Participant), rows)
    session.add(
        RosterImport(id=preview.id, community_id=community_id, applied_at=at, added=len(rows))
    )
    audit.record_identity(
        session,
        by=by,
        action="roster.import",
        subject=f"import:{preview.id}",
        at=at,
        community_id=community_id,
        detail={"added": len(rows), "left_out": len(wanted) - len(rows)},
    )
    session.flush()
    return Applied(len(rows), len(wanted) - len(rows), repeated=False)


class PreviewSeal:
    """Makes a preview a field of the form, readable by this installation only."""

    def __init__(self, key: bytes, *, community_id: int, actor: str) -> None:
        self._sealer = Sealer(key, "import")
        self._about = f"{community_id}:{actor}"

    def pack(self, preview: Preview) -> str:
        """Return the form's field; 10,000 people come to about 300 KB."""
        state = {
            "id": preview.id.hex,
            "at": preview.made_at.timestamp(),
            "new": _rows(preview.new),
            "namesakes": _rows([one.entry for one in preview.namesakes]),
        }
        packed = zlib.compress(json.dumps(state, ensure_ascii=False).encode(), 6)
        return urlsafe_b64encode(self._sealer.seal(packed, about=self._about)).decode()

    def unpack(self, field: str, *, at: datetime) -> Preview:
        """Read the field again. Raises StalePreview: too old, changed, of somebody else."""
        try:
            sealed = urlsafe_b64decode(field.encode())
            packed = self._sealer.open(sealed, about=self._about)
        except (NotOurs, ValueError) as error:
            raise StalePreview from error
        state = json.loads(zlib.decompressobj().decompress(packed, _MOST_BYTES))
        made_at = datetime.fromtimestamp(state["at"], at.tzinfo)
        if not made_at <= at < made_at + VALID_FOR:
            raise StalePreview
        return Preview(
            UUID(state["id"]),
            made_at,
            tuple(Entry(*row) for row in state["new"]),
            tuple(Known(Entry(*row), "") for row in state["namesakes"]),
            (),
        )


def _rows(entries: Sequence[Entry]) -> list[list[str | int | None]]:
    return [[entry.line, entry.name, entry.phone] for entry in entries]


def _on_roster(
    session: Session, community_id: int, phones: PhoneBook
) -> tuple[dict[str, str], dict[str, str]]:
    """Who is on the roster, by phone and by name; who left counts, too: they may return."""
    by_phone: dict[str, str] = {}
    by_name: dict[str, str] = {}
    for person in session.exec(
        select(Participant).where(col(Participant.community_id) == community_id)
    ):
        by_name[same_name(person.display_name)] = person.display_name
        phone = phones.read(person)
        if phone is not None:
            by_phone[phone] = person.display_name
    return by_phone, by_name
