"""`/healthz` and `/readyz`: alive, and fit for traffic, check by check, without secrets."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlmodel import Session

from app.db import Database
from app.main import create_app
from app.tables import AnalysisRun
from tests.surveys.conftest import BASE, TestClient


@pytest.fixture
def client(any_settings):
    with TestClient(create_app(any_settings), base_url=BASE) as started:
        yield started


def test_ready_says_each_check_and_the_oldest_wait(client, any_settings):
    database = Database(any_settings)
    asked = datetime.now(UTC) - timedelta(minutes=10)
    with Session(database.write) as session, session.begin():
        session.add(
            AnalysisRun(
                key="a" * 64,
                plan="",
                plan_digest="b" * 64,
                code="1",
                asked_by="test",
                asked_at=asked,
            )
        )
    database.close()
    answer = client.get("/readyz")
    assert answer.status_code == 200
    told = answer.json()
    assert told["status"] == "ready"
    assert told["checks"] == {"database": "ok", "migrations": "ok", "disk": "ok"}
    assert 600 <= told["analysis_waits_seconds"] < 660
    assert told["erasures_pending"] == 0
    assert str(any_settings.data_dir) not in answer.text


def test_a_full_disk_is_not_ready(client, monkeypatch):
    full = SimpleNamespace(total=1, used=1, free=0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["disk"].startswith("almost full")


def test_an_older_store_is_not_ready(client, monkeypatch):
    from app import health

    monkeypatch.setattr(health, "is_current", lambda _: False)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "guyub db upgrade" in answer.json()["checks"]["migrations"]
    assert client.get("/healthz").status_code == 200
