"""What can go wrong with a copy; each ends the command with a code other than zero."""

from __future__ import annotations

from app.errors import AppError


class BackupDiffers(AppError):
    """The copy, restored elsewhere, is not what was copied."""

    slug = "backup-differs"
    title_en = "The backup does not hold what the store holds"
    hint_en = "It was deleted. Run the backup again; if it fails again, check the disk."


class BackupBroken(AppError):
    """The files of a backup are not those its manifest names."""

    slug = "backup-broken"
    title_en = "This backup is not whole"
    hint_en = "Use another backup; nothing was changed."


class NoStore(AppError):
    """There is nothing to copy."""

    slug = "no-store"
    title_en = "There is no store to copy"
    hint_en = "Check GUYUB_DATA_DIR and GUYUB_DATABASE_URL."


class ToolMissing(AppError):
    """A program of PostgreSQL is not installed, or not of the server's version."""

    slug = "tool-missing"
    title_en = "PostgreSQL's own program is needed and could not do it"
    hint_en = "Install the client of the server's version (apt install postgresql-client) and"
    hint_en += " see that pg_dump and pg_restore are found first in PATH."


class NotEmpty(AppError):
    """A PostgreSQL database that holds tables is never overwritten."""

    slug = "not-empty"
    title_en = "The database to restore into is not empty"
    hint_en = "Make an empty one (createdb), set GUYUB_DATABASE_URL to it, and restore again."


class OtherEngine(AppError):
    """A backup of the other kind of store."""

    slug = "other-engine"
    title_en = "This backup is of another kind of database"
    hint_en = "Set GUYUB_DATABASE_URL to the kind of store that the manifest names."
