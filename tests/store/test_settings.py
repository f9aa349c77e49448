"""Settings: keys are made once, kept to oneself, and never printed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import ValidationError

from app.settings import KEY_NAMES, Settings


def test_keys_are_made_at_the_first_start_and_stay(tmp_path):
    first = Settings(data_dir=tmp_path / "var")
    keys = [first.key(name) for name in KEY_NAMES]
    assert len(set(keys)) == 3
    assert [Settings(data_dir=tmp_path / "var").key(name) for name in KEY_NAMES] == keys
    assert first.secrets_path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in first.data_dir.iterdir()] == ["secrets.toml"]


def test_two_first_starts_at_once_get_the_same_keys(tmp_path):
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(lambda _: Settings(data_dir=tmp_path).key("code_key"), range(32)))
    assert len(keys) == 1


def test_a_key_that_is_set_wins(tmp_path, monkeypatch):
    monkeypatch.setenv("GUYUB_CODE_KEY", "x" * 32)
    settings = Settings(data_dir=tmp_path)
    assert settings.key("code_key") == b"x" * 32
    assert not settings.secrets_path.exists()


def test_a_short_key_is_refused_with_the_command_that_makes_one(monkeypatch):
    monkeypatch.setenv("GUYUB_SECRET_KEY", "short")
    with pytest.raises(ValidationError, match="openssl rand"):
        Settings()


def test_keys_do_not_show(tmp_path):
    settings = Settings(data_dir=tmp_path, secret_key="s" * 40)
    assert "ssss" not in repr(settings) + str(settings)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("", ""),
        ("postgres://u@h/db", "postgresql+psycopg://u@h/db"),
        ("postgresql://u@h/db", "postgresql+psycopg://u@h/db"),
        ("postgresql+psycopg://u@h/db", "postgresql+psycopg://u@h/db"),
    ],
)
def test_any_way_to_write_a_postgresql_address_is_understood(given, stored):
    assert Settings(database_url=given).database_url == stored


def test_another_database_is_refused():
    with pytest.raises(ValidationError, match="postgresql://"):
        Settings(database_url="mysql://u@h/db")


def test_the_shown_address_has_no_password(tmp_path):
    settings = Settings(database_url="postgresql://siti:rahasia@db.example/guyub")
    assert settings.shown_database == "postgresql://db.example/guyub"
    assert Settings(data_dir=tmp_path).shown_database == str(tmp_path / "guyub.sqlite3")
