"""Our server under test: a store with an open wave, codes, perhaps 100,000 responses, `serve`.

Everything that a member needs is made by the services an operator uses; only the 100,000
stored responses are written straight into the tables.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlmodel import Session

from app.db import Database
from app.members.service import add_participant, issue_code
from app.migrate import upgrade
from app.settings import Settings
from app.submission import PARADATA
from app.surveys.plan import Plan, plan
from app.tables import Background, Community, Consent, Response, Wave
from app.waves.service import create_community, create_wave, open_wave
from instrument import registry
from tests.bench.counting import count_postgres, count_sqlite
from tests.bench.driver import Script
from tests.bench.script import SEED, answer, member_script
from tests.bench.servers import Server, free_port, serve

INSTRUMENT = "partnership"
SLUG = "pembanding"
_BY = "bench"
_CHUNK = 5_000
_PEOPLE_A_TRANSACTION = 500


class Ours:
    """One store of ours and the server on it."""

    page = f"/s/{SLUG}"

    def __init__(self, folder: Path, database: str, url: str | None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.database = database
        self.url = url
        self.instrument = registry.find(INSTRUMENT)
        self.items = self.instrument.item_codes
        self.environment = {
            "GUYUB_DATA_DIR": str(folder),
            "GUYUB_DATABASE_URL": url or "",
            "GUYUB_LOG_LEVEL": "WARNING",
        }
        self._settings = Settings(data_dir=folder, database_url=url or "")
        self._codes: list[str] = []

    @cached_property
    def plan(self) -> Plan:
        """What somebody is asked who agreed to everything."""
        form = self.instrument.form("full")
        return plan(self.instrument, form, granted=frozenset(self.choices))

    @property
    def choices(self) -> dict[str, bool]:
        """Consent to everything."""
        consent = self.instrument.consent
        return {one.code: True for one in consent.choices} if consent else {}

    def script(self) -> Script:
        """What members send; the static files are found by a first visit."""
        return member_script(self.plan, slug=SLUG, static=[])

    def take(self, count: int) -> list[str]:
        """So many participant codes that nobody has used yet."""
        taken, self._codes = self._codes[:count], self._codes[count:]
        if len(taken) < count:
            raise LookupError(f"{count} codes were asked for, {len(taken)} are left")
        return taken

    @property
    def database_file(self) -> Path:
        """The SQLite file of the answers."""
        return self._settings.sqlite_path

    def stored(self) -> int:
        """Responses in the store."""
        if self.url is None:
            return count_sqlite(self.database_file, "response")
        return count_postgres(self.url, "response")

    @contextmanager
    def serve(self) -> Iterator[Server]:
        """Run `guyub serve` on the store."""
        port = free_port()
        command = ["-m", "app.cli", "serve", "--port", str(port)]
        log = self.folder / "server.log"
        with serve("guyub", command, port=port, log=log, environment=self.environment) as server:
            yield server

    def prepare(self, *, codes: int) -> None:
        """Make the store, an open wave and so many people with codes, by the services' verbs."""
        upgrade(self._settings)
        database = Database(self._settings)
        self.add_wave(database, SLUG, eligible=max(codes, 1))
        self._codes = self._issue(database, codes)
        database.close()

    def add_wave(self, database: Database, slug: str, *, eligible: int) -> None:
        """A community of that slug with one open wave."""
        now = datetime.now(UTC)
        with Session(database.write) as session, session.begin():
            community = create_community(
                session=session, slug=slug, name="Pembanding", by=_BY, at=now
            )
            wave = create_wave(
                session=session,
                community_id=_id(community),
                instrument=self.instrument,
                eligible_n=eligible,
                opens_at=now - timedelta(days=1),
                closes_at=now + timedelta(days=1),
                is_simulated=True,
                by=_BY,
                at=now,
            )
            open_wave(session=session, wave_id=_id(wave), by=_BY, at=now)

    def _issue(self, database: Database, count: int) -> list[str]:
        key = self._settings.key("code_key")
        codes: list[str] = []
        while len(codes) < count:
            now = datetime.now(UTC)
            with Session(database.write) as session, session.begin():
                community_id, _ = _place(session, SLUG)
                for _ in range(min(_PEOPLE_A_TRANSACTION, count - len(codes))):
                    person = add_participant(
                        session=session,
                        community_id=community_id,
                        display_name=f"Anggota {len(codes) + 1}",
                        joined_on=now.date(),
                        by=_BY,
                        at=now,
                    )
                    code = issue_code(
                        session=session,
                        community_id=community_id,
                        participant_id=_id(person),
                        key=key,
                        by=_BY,
                        at=now,
                    )
                    codes.append(code)
        return codes

    def fill(self, count: int, *, slug: str = SLUG) -> None:
        """Write complete responses of random answers, consents and backgrounds into a wave.

        Straight into the tables, in the order of their keys: 100,000 take seconds.
        """
        database = Database(self._settings)
        if slug != SLUG:
            self.add_wave(database, slug, eligible=max(count, 1))
        rng = random.Random(SEED)
        ids = sorted((_uuid(rng) for _ in range(count)), key=lambda one: one.hex)
        with Session(database.write) as session, session.begin():
            community_id, wave_id = _place(session, slug)
            for first in range(0, count, _CHUNK):
                people = [(one, _uuid(rng)) for one in ids[first : first + _CHUNK]]
                rows = self._rows(people, rng)
                for table, values in rows.items():
                    fixed = {"community_id": community_id}
                    if table is Response:
                        fixed["wave_id"] = wave_id
                    session.execute(insert(table), [{**fixed, **row} for row in values])
        database.close()

    def _rows(
        self, people: list[tuple[uuid.UUID, uuid.UUID]], rng: random.Random
    ) -> dict[type[Any], list[dict[str, Any]]]:
        now = datetime.now(UTC)
        steps = len(self.plan.steps)
        responses, consents, backgrounds = [], [], []
        for submission, ref in people:
            responses.append(
                {
                    "id": submission,
                    "respondent_ref": ref,
                    "version_digest": self.instrument.digest,
                    "answers": bytes(rng.choices((1, 2, 3, 4, 5), k=len(self.items))),
                    "extra": {
                        **self._values("behaviour", rng),
                        PARADATA: {
                            "seen": list(range(1, steps + 1)),
                            "seconds": [rng.randint(50, 900) / 10 for _ in range(steps)],
                        },
                    },
                    "language": "id",
                    "layout": self.instrument.layout,
                    "submitted_on": now.date(),
                    "status": "complete",
                    "is_test": False,
                    "rev": 10,
                    "digest": rng.randbytes(32),
                    "receipt_hmac": rng.randbytes(32),
                }
            )
            consents.append(
                {
                    "submission_id": submission,
                    "at": now,
                    "text_hash": "0" * 64,
                    "version": self.instrument.version,
                    "language": "id",
                    "choices": self.choices,
                }
            )
            background = self._values("background", rng)
            backgrounds.append(
                {"respondent_ref": ref, "answers": background, "asked_on": now.date()}
            )
        backgrounds.sort(key=lambda row: row["respondent_ref"].hex)
        return {Response: responses, Consent: consents, Background: backgrounds}

    def _values(self, group: str, rng: random.Random) -> dict[str, Any]:
        asked = (one for one in self.instrument.questions if one.group == group)
        return {"values": {one.code: int(answer(one, rng)) for one in asked}, "missing": {}}


def _uuid(rng: random.Random) -> uuid.UUID:
    return uuid.UUID(int=rng.getrandbits(128), version=4)


def _id(row: Community | Wave | Any) -> int:
    made: int | None = row.id
    if made is None:
        raise LookupError(f"{type(row).__name__} has no id before it is flushed")
    return made


def _place(session: Session, slug: str) -> tuple[int, int]:
    """Ids of a community and its one wave."""
    row = session.execute(
        select(Wave.community_id, Wave.id)  # type: ignore[call-overload]
        .join(Community, Community.id == Wave.community_id)
        .where(Community.slug == slug)
    ).one()
    return int(row[0]), int(row[1])
