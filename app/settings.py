"""What an operator can set: ``GUYUB_`` + name in the environment or in ``.env``.

Keys that are not set are made at the first start and kept in ``DATA_DIR/secrets.toml``
(mode 600). Losing ``CODE_KEY`` makes every issued code useless, losing ``SECRET_KEY``
gives every person a new id in the next export: back the file up apart from the data.
"""

from __future__ import annotations

import os
import secrets
import tempfile
import tomllib
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

KeyName = Literal["secret_key", "code_key", "identity_key"]
KEY_NAMES: tuple[KeyName, ...] = get_args(KeyName)
_MIN_KEY_LENGTH = 32


class Settings(BaseSettings):
    """The settings of one installation."""

    model_config = SettingsConfigDict(
        env_prefix="GUYUB_", env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True
    )

    data_dir: Path = Path("var")
    """Holds the two database files, exports and ``secrets.toml``."""
    database_url: str = ""
    """Empty: SQLite in ``data_dir``. Else a PostgreSQL address."""
    base_url: str = "http://127.0.0.1:8000"
    """Where people reach the service; https makes cookies Secure."""
    secret_key: SecretStr | None = None
    """Keys digests and the pseudonyms of exports."""
    code_key: SecretStr | None = None
    """Keys the stored HMAC of member codes and receipts."""
    identity_key: SecretStr | None = None
    """Encrypts phone numbers."""
    demo: bool = False
    workers: int = Field(default=1, ge=1, le=64)
    """Worker processes for analyses, started on demand."""
    log_level: str = "INFO"

    @field_validator("database_url")
    @classmethod
    def _name_the_driver(cls, url: str) -> str:
        """Let people paste ``postgresql://...``; the driver is always psycopg 3."""
        for prefix in ("postgres://", "postgresql://"):
            if url.startswith(prefix):
                return "postgresql+psycopg://" + url.removeprefix(prefix)
        if url and not url.startswith(("postgresql+psycopg://", "sqlite:///")):
            msg = (
                "GUYUB_DATABASE_URL: use postgresql://user@host/name, or leave it empty for SQLite"
            )
            raise ValueError(msg)
        return url

    @field_validator(*KEY_NAMES)
    @classmethod
    def _long_enough(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and len(key.get_secret_value()) < _MIN_KEY_LENGTH:
            msg = f"a key needs {_MIN_KEY_LENGTH} characters or more: `openssl rand -hex 32`"
            raise ValueError(msg)
        return key

    @property
    def is_sqlite(self) -> bool:
        """Whether the store is the embedded one."""
        return not self.database_url.startswith("postgresql")

    @property
    def sqlite_path(self) -> Path:
        """File of the answers (SQLite only)."""
        if self.database_url.startswith("sqlite:///"):
            return Path(self.database_url.removeprefix("sqlite:///"))
        return self.data_dir / "guyub.sqlite3"

    @property
    def identity_path(self) -> Path:
        """File of names, phones and code hashes (SQLite only), beside the answers."""
        return self.sqlite_path.with_name("identity.sqlite3")

    @property
    def secrets_path(self) -> Path:
        """Where keys live that were not set."""
        return self.data_dir / "secrets.toml"

    @property
    def shown_database(self) -> str:
        """Where the store is, for people and logs: never with a password."""
        if self.is_sqlite:
            return str(self.sqlite_path)
        parts = urlsplit(self.database_url)
        return f"postgresql://{parts.hostname or parts.query or 'localhost'}{parts.path}"

    def key(self, name: KeyName) -> bytes:
        """The bytes of a key: as set, else as stored, else made now and stored.

        Two processes that start at once get the same keys: the file appears whole, and
        only once.
        """
        value: SecretStr | None = getattr(self, name)
        if value is not None:
            return value.get_secret_value().encode()
        return _stored_keys(self.secrets_path)[name].encode()


def _stored_keys(path: Path) -> dict[str, str]:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_new_keys(path)
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _write_new_keys(path: Path) -> None:
    lines = [
        "# Keys of this installation, made at its first start. Keep them secret, back them up",
        "# apart from the data, and never change code_key while codes are in use.",
        *(f'{name} = "{secrets.token_hex(32)}"' for name in KEY_NAMES),
    ]
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".secrets-")  # mode 600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)  # fails where another process was first: theirs counts
        except FileExistsError:
            return
    finally:
        Path(temporary).unlink()
