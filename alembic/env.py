"""How alembic sees the store. The connection comes from `app.migrate`, else from settings.

``alembic revision --autogenerate`` in a checkout works without an ini file: the folder
is named in pyproject.toml.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from app.migrate import migration_engine
from app.settings import Settings
from app.tables import IDENTITY, Table


def include_name(name: str | None, type_: str, parent_names: object) -> bool:
    """Look at our two schemas only."""
    return type_ != "schema" or name in (None, IDENTITY)


def run(connection: Connection) -> None:
    """Run the migrations on ``connection``, inside the caller's transaction."""
    context.configure(
        connection=connection,
        target_metadata=Table.metadata,
        include_schemas=True,
        include_name=include_name,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    msg = "SQL scripts are not offered: a migration looks at the store it changes"
    raise SystemExit(msg)

given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    engine = migration_engine(Settings())
    with engine.begin() as own:
        run(own)
    engine.dispose()
