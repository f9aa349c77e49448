"""Closed waves of the partnership questionnaire with made-up answers, and their question."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import numpy as np
import pytest
from sqlmodel import Session

from app.db import Database
from app.jobs import runs
from app.jobs.runs import Question, Source
from app.store import ConsentGiven, Save, Start, Store
from app.waves import service as waves
from instrument import registry

OPENED = datetime(2026, 3, 1, 3, tzinfo=UTC)
PLAN = "partnership-1.0.0"
Answered = Callable[..., Source]


def answer_wave(
    database: Database,
    slug: str,
    *,
    people: int,
    refusing: int = 0,
    seed: int = 1,
    serving: Store | None = None,
) -> Source:
    """A community whose wave is closed: ``people`` rows for research, ``refusing`` beside.

    ``serving``: the store of an application that runs on this file.
    """
    definition = registry.find("partnership")
    with Session(database.write, expire_on_commit=False) as session, session.begin():
        community = waves.create_community(
            session=session, slug=slug, name=slug.title(), by="test", at=OPENED
        )
        assert community.id is not None
        wave = waves.create_wave(
            session=session, community_id=community.id, instrument=definition, by="test",
            at=OPENED, eligible_n=60, opens_at=OPENED, closes_at=OPENED + timedelta(days=7),
            is_simulated=True,
        )  # fmt: skip
        assert wave.id is not None
        waves.open_wave(session=session, wave_id=wave.id, by="test", at=OPENED)
    random = np.random.default_rng(seed)
    items = definition.items
    common = random.normal(size=(people + refusing, 1))
    leaning = common + random.normal(size=(people + refusing, len(items)))
    answers = np.clip(np.round(3 + leaning), 1, 5).astype(np.uint8)
    reversed_ = [place for place, item in enumerate(items) if item.reverse]
    answers[:, reversed_] = 6 - answers[:, reversed_]
    expected = [place for place, item in enumerate(items) if item.expected is not None]
    for place in expected:
        answers[:, place] = items[place].expected
    store = serving or Store(database)
    try:
        ids = [uuid4() for _ in answers]
        choices = {"adult": True, "report": True, "sales": False}
        store.run(
            [
                Start(
                    community_id=community.id, wave_id=wave.id, submission_id=id_,
                    respondent_ref=uuid4(), language="id", at=OPENED,
                    consent=ConsentGiven(
                        text_hash="a" * 64, version="1.0.0", language="id",
                        choices={**choices, "research": place < people},
                    ),
                )
                for place, id_ in enumerate(ids)
            ]
        )  # fmt: skip
        store.run(
            [
                Save(
                    community_id=community.id, wave_id=wave.id, submission_id=id_, rev=1,
                    answers=row.tobytes(), language="id", layout="vertical-1", final=True,
                    extra={
                        "values": {"OPEN1": f"Teks {place}"} if place % 2 else {}, "missing": {}
                    },
                    background=None, at=OPENED + timedelta(minutes=5),
                )
                for place, (id_, row) in enumerate(zip(ids, answers, strict=True))
            ]
        )  # fmt: skip
    finally:
        if serving is None:
            store.close()
    with Session(database.write) as session, session.begin():
        waves.close_wave(session=session, wave_id=wave.id, by="test", at=OPENED + timedelta(days=8))
        return Source(
            community.id, wave.id, "main", runs.data_version(session, community.id, wave.id)
        )


def question_about(*sources: Source, plan: str = PLAN) -> Question:
    """What a researcher asks by pressing the button."""
    from analysis import plan as plans

    definition = registry.find("partnership")
    chosen = plans.load(plan, definition) if plan else plans.default(definition)
    return Question(
        definition.digest, "full", plan, plans.digest(chosen), sources, runs.code_version()
    )


def ask(database: Database, question: Question) -> str:
    """Put the question into the queue; return its key."""
    with Session(database.write) as session, session.begin():
        return runs.ask(session=session, question=question, by="rani", at=datetime.now(UTC)).key


@pytest.fixture
def answered(engine: Database) -> Answered:
    """Make closed waves on each engine."""

    def make(slug: str = "sidoarjo", **wanted: int) -> Source:
        return answer_wave(engine, slug, **wanted)

    return make
