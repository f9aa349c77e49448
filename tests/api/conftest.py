"""A community with a data set and a finished analysis, another one beside it, and tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlmodel import Session

from app.auth import Scope, sessions
from app.auth.tokens import issue_token
from app.datasets.order import order
from app.datasets.service import export
from app.db import Database
from app.scorecards import preparing, publishing
from app.settings import Settings
from app.tables import Staff
from app.worker import serve
from tests.jobs.conftest import answer_wave, ask, question_about
from tests.staff.office import NOW, Office


@dataclass
class Desk:
    """The running application, what is in it, and how a program reads it."""

    office: Office
    result: str
    """Key of the analysis of gresik."""
    foreign: str
    """Key of the one of malang."""

    def token(
        self, *scopes: Scope, community: str = "gresik", days: float = 30, role: str = "researcher"
    ) -> tuple[int, str]:
        """A token of a new account with that role; its id and the token."""
        staff_id = self.office.account(role, community=community)
        with Session(self.office.database.write) as session, session.begin():
            staff = session.get_one(Staff, staff_id)
            account = sessions.account_of(session, staff, session_id=0, second_factor=True)
            return issue_token(
                session,
                account=account,
                community_id=account.communities[0].id,
                name="R on my desk",
                scopes=scopes or tuple(Scope),
                lasts=timedelta(days=days),
                at=self.office.now,
            )

    def get(self, path: str, token: str, **headers: str) -> httpx.Response:
        """Ask as a program does."""
        given = {"authorization": f"Bearer {token}"} if token else {}
        return self.office.browser().get(f"/api/v1{path}", headers=given | headers)


def build(settings: Settings) -> tuple[str, ...]:
    """Two communities, each with a closed wave, a data set and a result."""
    database = Database(settings)
    try:
        keys = []
        for seed, slug in enumerate(("gresik", "malang")):
            source = answer_wave(database, slug, people=6, seed=seed)
            export(settings, order(waves=[f"{slug}-1"], made_by="test"))
            keys.append(ask(database, question_about(source, plan="")))
        assert serve(database, "w") == 2
        _publish(settings, database)
        return tuple(keys)
    finally:
        database.close()


def _publish(settings: Settings, database: Database) -> None:
    """The scorecard of the first community's wave."""
    with Session(database.write) as session, session.begin():
        preparing.prepare(session=session, community_id=1, number=1, by="test", at=NOW)
    assert serve(database, "w") == 1
    with Session(database.write) as session, session.begin():
        run = preparing.prepared(session, 1, 1)
        assert run is not None
        assert run.digest is not None
        publishing.publish(
            session=session, settings=settings, community_id=1, number=1, seen=run.digest,
            by="test", at=NOW,
        )  # fmt: skip


@pytest.fixture
def desk(settings: Settings) -> Iterator[Desk]:
    """On SQLite."""
    yield from _open(settings)


@pytest.fixture
def any_desk(any_settings: Settings) -> Iterator[Desk]:
    """On each engine."""
    yield from _open(any_settings)


def _open(settings: Settings) -> Iterator[Desk]:
    result, foreign = build(settings)
    with Office(settings) as office:
        yield Desk(office, result, foreign)


def problem(answer: httpx.Response) -> dict[str, Any]:
    """The problem+json of an answer; fails where it is something else."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    told = answer.json()
    assert set(told) == {"type", "title", "status", "detail"}
    assert told["status"] == answer.status_code
    return dict(told)


def paths(desk: Desk, community: str = "gresik") -> Sequence[tuple[str, Scope]]:
    """Every endpoint with an address that is there, and the scope it takes."""
    key = desk.result if community == "gresik" else desk.foreign
    name = f"{community}-1-v1"
    return (
        ("/waves", Scope.WAVES),
        ("/waves/1", Scope.WAVES),
        ("/waves/1/card", Scope.RESULTS),
        ("/waves/1/codebook", Scope.CODEBOOK),
        ("/datasets", Scope.DATA),
        (f"/datasets/{name}", Scope.DATA),
        (f"/datasets/{name}/data.csv", Scope.DATA),
        (f"/datasets/{name}/data.json", Scope.DATA),
        ("/results", Scope.RESULTS),
        (f"/results/{key}", Scope.RESULTS),
    )
