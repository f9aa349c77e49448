"""Our server under test: a store with an open wave, codes, perhaps 100,000 responses, `serve`.

Everything that a member needs is made by the services an operator uses; only the 100,000
stored responses are written straight into the tables.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from instrument import registry
from tests.bench.counting import count_postgres, count_sqlite
from tests.bench.driver import Script
from tests.bench.script import SEED, member_script
from tests.bench.servers import Server, free_port, serve

INSTRUMENT = "partnership"
SLUG = "pembanding"
_CHUNK = 5_000


class Ours:
    """One store of ours and the server on it."""

    slug = SLUG
    page = f"/s/{SLUG}"

    def __init__(self, folder: Path, database: str, url: str | None) -> None:
        self.folder = folder
        self.database = database
        self.url = url
        self.instrument = registry.find(INSTRUMENT)
        self.form = self.instrument.form("full")
        self.items = self.instrument.item_codes
        self._codes: list[str] = []
        self.environment = {
            "GUYUB_DATA_DIR": str(folder),
            "GUYUB_DATABASE_URL": url or "",
            "GUYUB_LOG_LEVEL": "WARNING",
        }

    def script(self) -> Script:
        """What members send; the static files are found by a first visit."""
        return member_script(self.instrument, self.form, slug=SLUG, static=[])

    def take(self, count: int) -> list[str]:
        """So many participant codes that nobody has used yet."""
        taken, self._codes = self._codes[:count], self._codes[count:]
        if len(taken) < count:
            raise LookupError(f"{count} codes were asked for, {len(taken)} are left")
        return taken

    @property
    def database_file(self) -> Path:
        """The SQLite file of the answers."""
        return self.folder / "guyub.sqlite3"

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

    def fill(self, count: int, *, slug: str = SLUG) -> None:
        """Write complete responses of random answers, consents and backgrounds into a wave.

        Straight into the tables, in the order of their keys: 100,000 take seconds.
        """
        from sqlalchemy import insert, select

        from app.db import Database
        from app.settings import Settings
        from app.tables import Background, Community, Consent, Response, Wave

        rng = random.Random(SEED)
        today = datetime.now(UTC)
        database = Database(Settings(data_dir=self.folder, database_url=self.url or ""))
        with database.write.begin() as connection:
            community_id, wave_id = connection.execute(
                select(Wave.community_id, Wave.id)
                .join(Community, Community.id == Wave.community_id)
                .where(Community.slug == slug)
            ).one()
            people = sorted(
                ((uuid.UUID(int=rng.getrandbits(128), version=4)) for _ in range(count)),
                key=lambda one: one.hex,
            )
            for first in range(0, count, _CHUNK):
                rows = people[first : first + _CHUNK]
                refs = [uuid.UUID(int=rng.getrandbits(128), version=4) for _ in rows]
                connection.execute(
                    insert(Response),
                    [
                        {
                            "community_id": community_id,
                            "id": one,
                            "wave_id": wave_id,
                            "respondent_ref": ref,
                            "version_digest": self.instrument.digest,
                            "answers": bytes(rng.choices((1, 2, 3, 4, 5), k=len(self.items))),
                            "extra": {"values": {"BEH1": rng.randint(0, 9)}, "missing": {}},
                            "language": "id",
                            "layout": self.instrument.layout,
                            "submitted_on": today.date(),
                            "status": "complete",
                            "is_test": False,
                            "rev": 10,
                            "digest": rng.randbytes(32),
                            "receipt_hmac": rng.randbytes(32),
                        }
                        for one, ref in zip(rows, refs, strict=True)
                    ],
                )
                connection.execute(
                    insert(Consent),
                    [
                        {
                            "community_id": community_id,
                            "submission_id": one,
                            "at": today,
                            "text_hash": "0" * 64,
                            "version": self.instrument.version,
                            "language": "id",
                            "choices": self.choices,
                        }
                        for one in rows
                    ],
                )
                connection.execute(
                    insert(Background),
                    [
                        {
                            "community_id": community_id,
                            "respondent_ref": ref,
                            "answers": {"values": {"BG1": rng.randint(1, 4)}, "missing": {}},
                            "asked_on": today.date(),
                        }
                        for ref in sorted(refs, key=lambda one: one.hex)
                    ],
                )
        database.close()

    @property
    def choices(self) -> dict[str, bool]:
        """Consent to everything."""
        consent = self.instrument.consent
        return {one.code: True for one in consent.choices} if consent else {}
