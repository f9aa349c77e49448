"""The roster: codes are shown once, kept as HMAC, and every act is logged beside them."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.codes import normalise
from app.members import service as members
from app.members.service import ParticipantLeft, UnknownParticipant
from app.tables import Code


def verb(world, name, **wanted):
    with world.writing() as session, session.begin():
        return getattr(members, name)(
            session=session,
            **{"community_id": world.community_id, "by": "test", "at": world.now, **wanted},
        )


def test_a_code_is_returned_once_and_stored_as_hmac_only(world):
    participant, _ = world.person()
    code = world.issue(participant)
    assert normalise(code) == code
    ((stored,),) = world.rows("SELECT code_hmac FROM identity.code")
    assert len(bytes(stored)) == 32
    assert code.encode() not in bytes(stored)


def test_a_new_code_replaces_the_one_before(world):
    participant, _ = world.person()
    assert world.issue(participant) != world.issue(participant)
    rows = world.rows("SELECT revoked_at IS NULL FROM identity.code ORDER BY id")
    assert [bool(valid) for (valid,) in rows] == [False, True]


def test_the_database_allows_one_valid_code_a_person(world):
    participant, _ = world.person()
    world.issue(participant)
    with pytest.raises(IntegrityError), world.writing() as session, session.begin():
        session.add(Code(participant_id=participant, code_hmac=b"x" * 32, issued_at=world.now))


def test_a_person_of_another_community_gets_no_code(world):
    participant, _ = world.person()
    other = world.add_community("malang")
    key = world.database.settings.key("code_key")
    with pytest.raises(UnknownParticipant):
        verb(world, "issue_code", community_id=other, participant_id=participant, key=key)
    assert world.count("identity.code") == 0


def test_who_left_gets_no_code(world):
    participant, _ = world.person()
    verb(world, "mark_left", participant_id=participant, left_on=date(2026, 2, 1))
    with pytest.raises(ParticipantLeft):
        world.issue(participant)


def test_revoking_says_whether_there_was_something_to_revoke(world):
    participant, _ = world.person()
    assert verb(world, "revoke_code", participant_id=participant) is False
    world.issue(participant)
    assert verb(world, "revoke_code", participant_id=participant) is True


def test_the_log_of_the_roster_stays_with_the_roster_and_names_nobody(world):
    answers_log = world.count("audit_event")
    participant, ref = world.person()
    code = world.issue(participant)
    verb(world, "revoke_code", participant_id=participant)
    rows = world.rows("SELECT action, subject, detail FROM identity.audit_event ORDER BY id")
    assert [row[0] for row in rows] == ["participant.add", "code.issue", "code.revoke"]
    assert {row[1] for row in rows} == {f"participant:{participant}"}
    told = repr(rows)
    assert not any(secret in told for secret in (code, ref.hex, str(ref), "Siti"))
    assert world.count("audit_event") == answers_log


@pytest.mark.parametrize("table", ["audit_event", "identity.audit_event"])
@pytest.mark.parametrize("act", ["UPDATE {} SET actor = 'nobody'", "DELETE FROM {}"])
def test_no_log_can_be_rewritten(world, table, act):
    world.person()
    before = world.rows(f"SELECT * FROM {table}")
    with (
        pytest.raises(DBAPIError, match="append-only"),
        world.writing() as session,
        session.begin(),
    ):
        session.connection().exec_driver_sql(act.format(table))
    assert world.rows(f"SELECT * FROM {table}") == before
    assert before
