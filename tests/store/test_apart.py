"""Identity apart: who looks at the answers finds nobody, and needs nobody to read them."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from app.auth import CodeDoor, WrongCode
from app.codes import new_code, show
from app.db import Database
from app.members import service as members
from app.store import Store


@pytest.fixture
def lite(settings) -> Iterator[Database]:
    database = Database(settings)
    yield database
    database.close()


@pytest.fixture
def world(lite, make_world):
    return make_world(lite)


def fill(world, store, at_once, caplog) -> dict[str, list[bytes]]:
    """People answer with codes, try wrong ones, get new ones; return all that is secret."""
    door = CodeDoor(world.database)
    secret: dict[str, list[bytes]] = {"code": [], "name": [], "receipt": []}
    with caplog.at_level(logging.DEBUG):
        for number in range(5):
            participant, ref = world.person()
            codes = [world.issue(participant), world.issue(participant)]
            entered = door.enter(
                community_id=world.community_id,
                typed=show(codes[1]).lower(),
                client="203.0.113.77",
                today=world.now.date(),
            )
            assert entered == ref
            with pytest.raises(WrongCode):
                door.enter(
                    community_id=world.community_id,
                    typed=new_code(),
                    client="203.0.113.77",
                    today=world.now.date(),
                )
            (state,) = at_once(store.start(world.start(ref=entered)))
            (ack,) = at_once(
                store.save(world.save(state.submission_id, rev=number + 1, final=True))
            )
            secret["code"] += [code.encode() for code in codes]
            secret["name"].append(f"Ibu Siti {world.names}".encode())
            secret["receipt"].append(ack.receipt.encode())
        with world.writing() as session, session.begin():
            members.revoke_code(
                session=session,
                community_id=world.community_id,
                participant_id=participant,
                by="test",
                at=world.now,
            )
    return secret


def test_files_and_logs_hold_no_code_and_the_answers_hold_no_name(
    world, lite, settings, at_once, caplog
):
    """C6: a search through every byte of both files, their logs and our log."""
    store = Store(lite)
    secret = fill(world, store, at_once, caplog)
    store.close()
    lite.close()
    every = {
        path.name: path.read_bytes()
        for path in settings.data_dir.iterdir()
        if "sqlite3" in path.name
    }
    assert {"guyub.sqlite3", "identity.sqlite3"} <= set(every)
    assert any(name in every["identity.sqlite3"] for name in secret["name"])  # the search works
    everything = b"".join(every.values()) + caplog.text.encode()
    for kind in ("code", "receipt"):
        for value in secret[kind]:
            assert value not in everything
            assert show(value.decode()).encode() not in everything
    answers = b"".join(data for name, data in every.items() if name.startswith("guyub"))
    for name in secret["name"]:
        assert name not in answers + caplog.text.encode()
    assert b"203.0.113" not in everything


def test_the_answers_live_on_when_identity_is_removed(world, lite, settings, at_once, caplog):
    """C7: read for an analysis, and even answered further in open access."""
    store = Store(lite)
    fill(world, store, at_once, caplog)
    before = list(store.batches(world.wave_id, purpose="research"))
    store.close()
    lite.close()
    for path in settings.data_dir.glob("identity.sqlite3*"):
        path.unlink()
    database = Database(settings)
    store = Store(database)
    assert list(store.batches(world.wave_id, purpose="research")) == before
    (state,) = at_once(store.start(world.start()))
    (ack,) = at_once(store.save(world.save(state.submission_id, final=True)))
    assert ack.receipt
    store.close()
    database.close()
    assert not settings.identity_path.exists()


def test_a_deleted_answer_is_overwritten_in_the_file(world, lite, settings, at_once):
    """secure_delete: after a checkpoint the freed bytes are zero."""
    marker = b"rahasia-sekali-7f3a"
    store = Store(lite)
    (state,) = at_once(store.start(world.start()))
    extra = {"values": {"OPN1": marker.decode()}}
    at_once(store.save(world.save(state.submission_id, extra=extra, final=True)))
    with lite.write.begin() as connection:
        connection.exec_driver_sql("DELETE FROM response")
    store.close()
    lite.close()  # the last connection checkpoints and removes the WAL
    files = [path for path in settings.data_dir.iterdir() if path.name.startswith("guyub")]
    assert not any(marker in path.read_bytes() for path in files)


def test_the_digest_needs_the_key(world, lite, at_once):
    """Equal answers of two people have equal digests; without the key nobody can make one."""
    import hashlib

    store = Store(lite)
    states = at_once(*(store.start(world.start()) for _ in range(2)))
    at_once(*(store.save(world.save(state.submission_id, final=True)) for state in states))
    store.close()
    digests = {bytes(digest) for (digest,) in world.rows("SELECT digest FROM response")}
    assert len(digests) == 1
    answers = world.save(states[0].submission_id).answers
    assert hashlib.sha256(answers).digest() not in digests
