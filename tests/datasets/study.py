"""A community with waves of the partnership questionnaire, answered by known people."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, select

from app.data_version import bump
from app.db import Database
from app.settings import Settings
from app.submission import PARADATA
from app.tables import Background, Community, Consent, Response, Wave
from app.waves import service as waves
from instrument import registry

INSTRUMENT = registry.find("partnership")
NOW = datetime(2026, 3, 2, 3, tzinfo=UTC)
GRANTED = {"adult": True, "research": True, "report": True, "sales": True}
SUBMITTED = date(2026, 3, 1)


def uuid(chance: random.Random) -> UUID:
    return UUID(int=chance.getrandbits(128), version=4)


@dataclass
class Study:
    """What was written into the store, so that a test can compare."""

    settings: Settings
    database: Database
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    community_id: int = 0
    wave_ids: dict[int, int] = field(default_factory=dict)
    people: list[UUID] = field(default_factory=list)
    backgrounds: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    answers: dict[tuple[int, UUID], bytes] = field(default_factory=dict)

    def writing(self) -> Session:
        return Session(self.database.write, expire_on_commit=False)

    def community(self, slug: str = "sidoarjo") -> None:
        with self.writing() as session, session.begin():
            found = session.exec(select(Community).where(Community.slug == slug)).one_or_none()
            made = found or waves.create_community(
                session=session, slug=slug, name="Komunitas Sidoarjo", by="test", at=NOW
            )
            assert made.id is not None
            self.community_id = made.id

    def wave(self) -> int:
        """Open the next wave; return its number."""
        with self.writing() as session, session.begin():
            made = waves.create_wave(
                session=session,
                community_id=self.community_id,
                instrument=INSTRUMENT,
                eligible_n=60,
                opens_at=NOW - timedelta(days=2),
                closes_at=NOW + timedelta(days=2),
                is_simulated=True,
                by="test",
                at=NOW,
            )
            assert made.id is not None
            waves.open_wave(session=session, wave_id=made.id, by="test", at=NOW)
            self.wave_ids[made.number] = made.id
            return made.number

    def close(self, number: int) -> None:
        with self.writing() as session, session.begin():
            waves.close_wave(session=session, wave_id=self.wave_ids[number], by="test", at=NOW)

    def join(self, count: int, *, alike: bool = True) -> None:
        """Add people; ``alike``: all of one background, so that every k-check passes."""
        for _ in range(count):
            ref = uuid(self.chance)
            self.people.append(ref)
            self.backgrounds[ref] = {
                one.code: 1 if alike else self.chance.choice(one.options).value
                for one in INSTRUMENT.questions_of("background")
            }

    def answer(
        self, number: int, people: Sequence[UUID], *, choices: dict[str, bool] | None = None
    ) -> None:
        """Write one answer sheet a person, as a submit leaves it."""
        with self.writing() as session, session.begin():
            known = set(session.exec(select(Background.respondent_ref)).all())
            for ref in people:
                submission = uuid(self.chance)
                answers = bytes(
                    self.chance.choice((1, 2, 3, 4, 5, 250, 251, 252)) for _ in INSTRUMENT.items
                )
                self.answers[number, ref] = answers
                session.add(
                    Response(
                        community_id=self.community_id,
                        id=submission,
                        wave_id=self.wave_ids[number],
                        respondent_ref=ref,
                        version_digest=INSTRUMENT.digest,
                        answers=answers,
                        extra={
                            "values": {"BEH1": 2, "OPEN1": "=HYPERLINK(1)"},
                            "missing": {"BEH2": "skipped"},
                            PARADATA: {"seconds": [20.5] * 9, "seen": list(range(1, 9))},
                        },
                        language="id",
                        layout="vertical-1",
                        submitted_on=SUBMITTED,
                        status="complete",
                        rev=1,
                        digest=self.chance.randbytes(32),
                        receipt_hmac=self.chance.randbytes(32),
                    )
                )
                session.add(
                    Consent(
                        community_id=self.community_id,
                        submission_id=submission,
                        at=NOW,
                        text_hash="0" * 64,
                        version="1.0.0",
                        language="id",
                        choices={**GRANTED, **(choices or {})},
                    )
                )
                if ref not in known:
                    session.add(
                        Background(
                            community_id=self.community_id,
                            respondent_ref=ref,
                            answers={"values": self.backgrounds[ref], "missing": {}},
                            asked_on=SUBMITTED,
                        )
                    )
            bump(session, community_id=self.community_id, wave_id=self.wave_ids[number])

    def withdraw(self, number: int, ref: UUID) -> None:
        """Take somebody's sheet out, as a withdrawal does."""
        with self.writing() as session, session.begin():
            wave = session.get(Wave, self.wave_ids[number])
            assert wave is not None
            row = session.exec(
                select(Response).where(Response.wave_id == wave.id, Response.respondent_ref == ref)
            ).one()
            session.delete(row)
            bump(session, community_id=self.community_id, wave_id=self.wave_ids[number])
