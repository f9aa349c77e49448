"""The two sessions: one cannot write, the other's failed commit is never a 200."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, StatementError
from sqlmodel import Session, select

from app.db import Database, ReadSession, WriteSession
from app.tables import AuditEvent, Community, Event


class Client:
    """Calls an application as a server would: an exception is a 500."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def call(self, method: str, path: str) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, path)

        return asyncio.run(send())

    def get(self, path: str) -> httpx.Response:
        return self.call("GET", path)

    def post(self, path: str) -> httpx.Response:
        return self.call("POST", path)


@pytest.fixture
def client(engine) -> Client:
    app = FastAPI()
    app.state.database = engine

    @app.post("/write/{slug}")
    def write(slug: str, session: WriteSession) -> dict[str, str]:
        session.add(Community(slug=slug, name="A community"))
        session.flush()
        return {"saved": slug}

    @app.get("/read")
    def read(session: ReadSession) -> list[str]:
        return sorted(row.slug for row in session.exec(select(Community)))

    @app.get("/naughty")
    def naughty(session: ReadSession) -> None:
        session.add(Community(slug="sneaked-in", name="A community"))

    return Client(app)


def test_a_write_is_there_for_the_next_read(client):
    assert client.post("/write/sidoarjo").json() == {"saved": "sidoarjo"}
    assert client.get("/read").json() == ["sidoarjo"]


def test_a_failing_commit_is_a_500_and_never_a_200(client, engine):
    def fail(_connection: object) -> None:
        raise OSError("planted: the disk is full")

    event.listen(engine.write, "commit", fail)
    answer = client.post("/write/sidoarjo")
    event.remove(engine.write, "commit", fail)
    assert answer.status_code == 500
    assert client.get("/read").json() == []


def test_a_read_session_cannot_write(client):
    assert client.get("/naughty").status_code == 500
    assert client.get("/read").json() == []


def test_a_session_that_wrote_does_not_let_the_next_reader_write(client, engine):
    client.post("/write/sidoarjo")
    for _ in range(3):  # the same pooled connection, in turns
        with pytest.raises(DBAPIError), engine.read.begin() as connection:
            connection.execute(text("DELETE FROM community"))
        client.post("/write/sidoarjo-2")
    assert client.get("/read").json() == ["sidoarjo", "sidoarjo-2"]


def test_moments_come_back_aware_and_in_utc(engine):
    jakarta = timezone(timedelta(hours=7))
    at = datetime(2026, 3, 1, 23, 59, 59, 123456, tzinfo=jakarta)
    with Session(engine.write) as session, session.begin():
        session.add(AuditEvent(at=at, actor="a", action="b", subject="c"))
    with Session(engine.read) as session:
        stored = session.exec(select(AuditEvent)).one().at
    assert stored == at
    assert stored.utcoffset() == timedelta(0)


def test_a_naive_moment_is_refused(engine):
    naive = datetime.now(UTC).replace(tzinfo=None)
    with (
        pytest.raises(StatementError, match="no time zone"),
        Session(engine.write) as session,
        session.begin(),
    ):
        session.add(AuditEvent(at=naive, actor="a", action="b", subject="c"))


def test_references_are_enforced(engine):
    with pytest.raises(DBAPIError), Session(engine.write) as session, session.begin():
        session.add(Event(community_id=99, held_on=date(2026, 1, 1), kind="bazaar", attended_n=1))


class TestSqlite:
    @pytest.fixture
    def lite(self, settings) -> Iterator[Database]:
        database = Database(settings)
        yield database
        database.close()

    def test_connections_are_set_up_as_the_house_wants(self, lite):
        wanted = {
            "journal_mode": "wal",
            "synchronous": 2,  # FULL
            "foreign_keys": 1,
            "secure_delete": 1,
            "busy_timeout": 10_000,
            "identity.journal_mode": "wal",
            "identity.synchronous": 2,
            "identity.secure_delete": 1,
        }
        with lite.write.begin() as connection:
            found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted}
        assert found == wanted

    def test_a_write_locks_at_its_beginning_and_a_read_never_does(self, lite):
        said: list[str] = []
        for engine in (lite.read, lite.write):
            event.listen(
                engine,
                "before_cursor_execute",
                lambda _c, _cursor, statement, *_: said.append(statement),
            )
        with lite.read.begin() as connection:
            connection.execute(text("SELECT 1"))
        with lite.write.begin() as connection:
            connection.execute(text("SELECT 1"))
        assert [one for one in said if one.startswith("BEGIN")] == ["BEGIN", "BEGIN IMMEDIATE"]

    def test_a_removed_identity_file_stays_removed(self, lite, settings):
        lite.close()
        for path in settings.data_dir.glob("identity.sqlite3*"):
            path.unlink()
        database = Database(settings)
        with database.write.begin() as connection:
            names = [row[1] for row in connection.exec_driver_sql("PRAGMA database_list")]
        database.close()
        assert names == ["main"]
        assert not settings.identity_path.exists()
        assert not database.has_identity()
