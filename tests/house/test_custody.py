"""The commands of whoever keeps the data: they say what they did, and fail loudly."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.db import Database
from app.settings import Settings
from tests.surveys.conftest import Town


@pytest.fixture
def told(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    """Run a command on a community of three people; its output and code."""
    monkeypatch.setenv("GUYUB_DATA_DIR", str(settings.data_dir))
    database = Database(settings)
    Town(database).found("sidoarjo", codes=3, closed=True)
    database.close()

    def run(*words: str, code: int = 0) -> str:
        result = CliRunner().invoke(cli, words)
        assert result.exit_code == code, result.output
        return result.output

    return run


def test_backup_erase_restore(told, settings: Settings) -> None:
    """Who was erased after the backup is not brought back by it."""
    assert "restored elsewhere and compared" in told("backup")
    (made,) = (settings.data_dir / "backups").iterdir()
    assert "Erased; proof" in told(
        "rights", "erase", "--community", "sidoarjo", "--participant", "2", "--yes"
    )
    assert "Erased again: 1 people" in told("restore", str(made), "--yes")
    told("rights", "erase", "--community", "sidoarjo", "--participant", "2", "--yes", code=2)


def test_retention_shows_before_it_deletes(told) -> None:
    """A dry run changes nothing; without notices nothing goes, even with --yes."""
    from app.rights.retention import NothingReady

    assert "Without a day: sidoarjo-1" in told("retention")
    told("rights", "keep", "--community", "sidoarjo", "--until", "2026-01-01")
    assert "0 of 2 notices" in told("retention", "--dry-run", "--notify")
    assert "0 of 2 notices" in told("retention", "--dry-run")
    assert "Notice 1 given" in told("retention", "--notify")
    assert isinstance(CliRunner().invoke(cli, ["retention", "--yes"]).exception, NothingReady)
    told("rights", "keep", "--until", "2026-01-01", code=2)


def test_a_breach_report_is_three_texts(told, settings: Settings) -> None:
    out = settings.data_dir / "breach"
    told("breach-report", "--since", "2026-01-01", "--out", str(out))
    assert {path.name for path in out.iterdir()} == {
        "report.txt", "notice-id.txt", "notice-en.txt",
    }  # fmt: skip
    assert "People affected: 3" in (out / "report.txt").read_text()


def test_requests_and_consents_are_listed(told) -> None:
    assert told("rights", "requests", "--community", "sidoarjo") == "No requests.\n"
    assert told("rights", "consents", "--wave", "sidoarjo-1").startswith("day ")
