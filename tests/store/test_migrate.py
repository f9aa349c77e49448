"""Migrations lead to the schema of `app.tables`, on both engines, and back."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import CheckConstraint, MetaData, inspect, text

from app import migrate
from app.settings import Settings
from app.tables import IDENTITY, Table


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty(request, tmp_path) -> Settings:
    """Settings of a store that does not exist yet."""
    if request.param == "sqlite":
        return Settings(data_dir=tmp_path / "var")
    url = request.getfixturevalue("postgres_url")
    settings = Settings(data_dir=tmp_path, database_url=url)
    migrate.downgrade(settings, "base")
    with _engine(settings).begin() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    return settings


def _engine(settings: Settings):
    return migrate.migration_engine(settings)


def test_a_fresh_store_is_made_and_is_current(empty):
    assert migrate.current(empty) is None
    assert not migrate.is_current(empty)
    migrate.upgrade(empty)
    assert migrate.current(empty) == migrate.head()
    assert migrate.is_current(empty)
    if empty.is_sqlite:
        for path in (empty.sqlite_path, empty.identity_path):
            assert path.stat().st_mode & 0o777 == 0o600
    migrate.upgrade(empty)  # again: nothing to do, nothing lost


def test_down_to_the_base_and_up_again(empty):
    migrate.upgrade(empty)
    first = _schema(empty)
    migrate.downgrade(empty, "base")
    assert [table for table in _schema(empty) if not table.endswith("alembic_version")] == []
    migrate.upgrade(empty)
    assert _schema(empty) == first


def test_the_migrated_schema_is_the_declared_one(empty):
    """Columns, keys, UNIQUE, indexes, references and CHECKs, compared by reflection."""
    migrate.upgrade(empty)
    migrated = _schema(empty)
    migrated = {name: what for name, what in migrated.items() if "alembic" not in name}
    migrate.downgrade(empty, "base")
    with _engine(empty).begin() as connection:
        if not empty.is_sqlite:
            connection.execute(text(f"CREATE SCHEMA {IDENTITY}"))
        Table.metadata.create_all(connection)
    created = {name: what for name, what in _schema(empty).items() if "alembic" not in name}
    assert created == migrated
    declared = {  # reflection that overlooked CHECKs would find both schemas equal
        f"{table.schema}.{table.name}": sum(
            isinstance(constraint, CheckConstraint) for constraint in table.constraints
        )
        for table in Table.metadata.tables.values()
    }
    assert {name: len(what["checks"]) for name, what in migrated.items()} == declared


def test_alembic_finds_nothing_left_to_migrate(empty):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    migrate.upgrade(empty)
    with _engine(empty).connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_schemas": True,
                "include_name": lambda name, kind, _: kind != "schema" or name in (None, IDENTITY),
                "compare_type": True,
                "compare_server_default": True,
            },
        )
        assert compare_metadata(context, Table.metadata) == []


def test_no_reference_leaves_its_schema():
    for table in Table.metadata.tables.values():
        for constraint in table.foreign_key_constraints:
            assert constraint.referred_table.schema == table.schema


def test_what_members_did_has_no_row_order_on_sqlite(tmp_path):
    settings = Settings(data_dir=tmp_path)
    migrate.upgrade(settings)
    with sqlite3.connect(settings.sqlite_path) as connection:
        for table in ("draft", "response", "consent", "background"):
            (sql,) = connection.execute(
                "SELECT sql FROM sqlite_master WHERE name = ?", (table,)
            ).fetchone()
            assert sql.rstrip().endswith("WITHOUT ROWID")
    connection.close()


def test_a_removed_identity_is_not_made_again(tmp_path):
    settings = Settings(data_dir=tmp_path)
    migrate.upgrade(settings)
    settings.identity_path.unlink()
    migrate.upgrade(settings)
    assert not settings.identity_path.exists()
    migrate.downgrade(settings, "base")
    migrate.upgrade(settings)
    assert not settings.identity_path.exists()
    assert migrate.is_current(settings)


def test_rows_that_would_point_at_nothing_undo_the_migration(tmp_path, monkeypatch):
    settings = Settings(data_dir=tmp_path)
    migrate.upgrade(settings)
    with sqlite3.connect(settings.sqlite_path) as connection:  # foreign keys are off here
        connection.execute(
            "INSERT INTO event (community_id, held_on, kind, attended_n)"
            " VALUES (99, '2026-01-01', 'bazaar', 3)"
        )
    connection.close()
    with pytest.raises(migrate.BrokenReferences, match="event") as raised:
        migrate.upgrade(settings)
    assert raised.value.rows[0][0] == "event"


def test_answers_survive_a_migration_with_their_views(store, world, at_once, engine):
    """A filled store goes through the migrations that exist, with an open wave, and saves."""
    (state,) = at_once(store.start(world.start()))
    at_once(store.save(world.save(state.submission_id, final=True)))
    view = "answer_long_small_1_0_0"
    before = world.rows(f"SELECT * FROM {view} ORDER BY place")
    migrate.upgrade(engine.settings)
    assert world.rows(f"SELECT * FROM {view} ORDER BY place") == before
    (state,) = at_once(store.start(world.start()))
    (ack,) = at_once(store.save(world.save(state.submission_id, final=True)))
    assert ack.status == "submitted"


def test_the_revisions_are_found_in_a_wheel_and_in_a_checkout(tmp_path, monkeypatch):
    assert (migrate.script_location() / "env.py").exists()
    packaged = tmp_path / "_alembic"
    shutil.copytree(migrate.script_location(), packaged)
    monkeypatch.setattr(migrate, "_PACKAGED", packaged)
    assert migrate.script_location() == packaged
    settings = Settings(data_dir=tmp_path / "var")
    migrate.upgrade(settings)
    assert migrate.is_current(settings)


def test_the_folder_of_the_revisions_does_not_shadow_the_library():
    assert not (Path(migrate.__file__).parents[1] / "alembic" / "__init__.py").exists()


def _where(index: Mapping[str, Any]) -> str:
    """The condition of a partial index, in whatever words the database gives it back."""
    options = index.get("dialect_options", {})
    return str(options.get("sqlite_where", options.get("postgresql_where", "")))


def _schema(settings: Settings) -> dict[str, dict[str, Any]]:
    """Everything reflection tells of a store, in an order that does not matter."""
    engine = _engine(settings)
    found: dict[str, dict[str, Any]] = {}
    with engine.connect() as connection:
        seen = inspect(connection)
        for schema in (None, IDENTITY):
            if schema is not None and schema not in seen.get_schema_names():
                continue
            metadata = MetaData(schema=schema)
            metadata.reflect(connection, resolve_fks=False)
            for table in metadata.tables.values():
                if table.schema != schema:
                    continue
                found[f"{schema}.{table.name}"] = {
                    "columns": sorted(
                        (column.name, str(column.type), column.nullable) for column in table.columns
                    ),
                    "key": [column.name for column in table.primary_key],
                    "unique": sorted(
                        (str(one["name"]), tuple(one["column_names"]))
                        for one in seen.get_unique_constraints(table.name, schema=schema)
                    ),
                    "indexes": sorted(
                        (
                            str(one["name"]),
                            tuple(one["column_names"]),
                            bool(one["unique"]),
                            _where(one),
                        )
                        for one in seen.get_indexes(table.name, schema=schema)
                    ),
                    "references": sorted(
                        (
                            str(one["name"]),
                            tuple(one["constrained_columns"]),
                            one["referred_table"],
                            tuple(one["referred_columns"]),
                        )
                        for one in seen.get_foreign_keys(table.name, schema=schema)
                    ),
                    "checks": sorted(
                        (str(one["name"]), re.sub(r"\s+", " ", one["sqltext"]))
                        for one in seen.get_check_constraints(table.name, schema=schema)
                    ),
                }
    engine.dispose()
    return found
