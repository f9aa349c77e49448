"""Who a code belongs to, who may do what, and what is remembered of a wrong try: nothing."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from datetime import date, timedelta
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limits import RateLimitItemPerDay

from app.auth import (
    NEVER_TOGETHER,
    ROLES,
    CodeDoor,
    IdentityRemoved,
    Permission,
    Role,
    TooManyWrongCodes,
    WrongCode,
    WrongCodeCounter,
    may_hold,
    network_of,
)
from app.codes import new_code, show
from app.members import service as members

TODAY = date(2026, 3, 1)
ARCHITECTURE = {
    Role.OPERATOR: "roster.edit code.issue event.edit wave.edit wave.run rights.inbox wave.rate",
    Role.CHAIR: "wave.rate card.read card.link commitment.edit",
    Role.RESEARCHER: (
        "wave.rate dataset.read analysis.run text.moderate k.override card.preview"
        " card.publish token.own"
    ),
    Role.ADMIN: "staff.edit community.edit audit.read",
    Role.MEMBER: "self",
}


@pytest.fixture(params=["in a thread", "from the event loop"])
def door(engine, request):
    """Both ways through the door."""
    made = CodeDoor(engine)
    if request.param == "from the event loop":
        made.enter = lambda **asked: asyncio.run(made.admit(**asked))
    yield made
    made.close()


def test_many_at_the_door_are_told_apart(engine, make_world):
    """Forty at once, a third of them wrong: each gets their own answer, and each is counted."""
    world = make_world(engine)
    people = [world.person() for _ in range(40)]
    codes = [
        world.issue(participant) if number % 3 else new_code()
        for number, (participant, _) in enumerate(people)
    ]
    door = CodeDoor(engine)

    async def all_at_once():
        return await asyncio.gather(
            *(
                door.admit(
                    community_id=world.community_id,
                    typed=code,
                    client=f"10.1.{number}.3",
                    today=TODAY,
                )
                for number, code in enumerate(codes)
            ),
            return_exceptions=True,
        )

    found = asyncio.run(all_at_once())
    door.close()
    for number, ((_, ref), got) in enumerate(zip(people, found, strict=True)):
        if number % 3:
            assert got == ref
        else:
            assert isinstance(got, WrongCode)


def enter(door, world, typed, *, client="10.1.2.3", today=TODAY, **wanted):
    return door.enter(
        **{"community_id": world.community_id, **wanted}, typed=typed, client=client, today=today
    )


def test_roles_hold_what_the_table_of_permissions_says():
    for role, listed in ARCHITECTURE.items():
        assert set(ROLES[role]) == {Permission(name) for name in listed.split()} | {
            Permission.PUBLIC
        }


def test_nobody_sees_answers_and_names():
    """The permissions that touch rows and those that touch the roster meet in no role."""
    rows = {Permission.DATASET_READ, Permission.ANALYSIS_RUN, Permission.TEXT_MODERATE}
    roster = {Permission.ROSTER_EDIT, Permission.CODE_ISSUE}
    for held in ROLES.values():
        assert not (held & rows and held & roster)
    assert not may_hold(NEVER_TOGETHER)
    assert not may_hold(NEVER_TOGETHER | {Role.CHAIR})
    assert may_hold(frozenset({Role.OPERATOR, Role.CHAIR}))


def test_a_code_opens_the_door_however_it_is_typed(door, world):
    participant, ref = world.person()
    code = world.issue(participant)
    for typed in (code, show(code), show(code).lower(), f" {code[:4]}-{code[4:]} "):
        assert enter(door, world, typed) == ref


def test_a_code_works_again_and_again_and_in_every_wave(door, world):
    participant, ref = world.person()
    code = world.issue(participant)
    world.close()
    world.open(world.add_wave().id)
    assert {enter(door, world, code) for _ in range(3)} == {ref}


def test_wrong_foreign_revoked_and_replaced_codes_get_the_same_sentence(door, world):
    participant, _ = world.person()
    replaced = world.issue(participant)
    code = world.issue(participant)
    revoked_id, _ = world.person()
    revoked = world.issue(revoked_id)
    with world.writing() as session, session.begin():
        assert members.revoke_code(
            session=session,
            community_id=world.community_id,
            participant_id=revoked_id,
            by="test",
            at=world.now,
        )
    other = world.add_community("malang")
    sentences = set()
    for typed, wanted in [
        (new_code(), {}),
        ("", {}),
        ("halo", {}),
        (replaced, {}),
        (revoked, {}),
        (code, {"community_id": other}),
        (code, {"kind": "link"}),
    ]:
        with pytest.raises(WrongCode) as raised:
            enter(door, world, typed, **wanted)
        sentences.add((raised.value.status, str(raised.value), raised.value.hint("id")))
    assert len(sentences) == 1


def test_a_code_ends_the_day_its_owner_left(door, world):
    participant, ref = world.person()
    code = world.issue(participant)
    with world.writing() as session, session.begin():
        members.mark_left(
            session=session,
            community_id=world.community_id,
            participant_id=participant,
            left_on=TODAY,
            by="test",
            at=world.now,
        )
    assert enter(door, world, code, today=TODAY - timedelta(days=1)) == ref
    with pytest.raises(WrongCode):
        enter(door, world, code)


def test_a_personal_link_opens_the_same_door(door, world):
    participant, ref = world.person()
    with world.writing() as session, session.begin():
        token = members.issue_link(
            session=session,
            community_id=world.community_id,
            participant_id=participant,
            key=world.database.settings.key("code_key"),
            by="test",
            at=world.now,
        )
    assert len(token) >= 22  # 128 bits in base 64
    assert enter(door, world, token, kind="link") == ref
    with pytest.raises(WrongCode):
        enter(door, world, token)


def test_after_ten_wrong_codes_a_network_waits_and_others_do_not(door, world):
    participant, ref = world.person()
    code = world.issue(participant)
    for place in range(10):
        with pytest.raises(WrongCode):
            enter(door, world, new_code(), client=f"10.1.2.{place}")
    with pytest.raises(TooManyWrongCodes):
        enter(door, world, code, client="10.1.2.200")  # the same /24
    assert enter(door, world, code, client="10.1.3.1") == ref


def test_right_codes_are_never_counted(door, world):
    participant, ref = world.person()
    code = world.issue(participant)
    assert {enter(door, world, code) for _ in range(50)} == {ref}


def test_a_thousand_wrong_codes_a_day_tighten_every_network_and_raise_the_alarm(caplog):
    counter = WrongCodeCounter()
    with caplog.at_level(logging.WARNING):
        for place in range(1001):
            counter.count(f"10.{place // 200}.{place % 200}.9")
    counter.check("172.16.0.1")
    for _ in range(3):
        counter.count("172.16.0.1")
    with pytest.raises(TooManyWrongCodes):
        counter.check("172.16.0.1")
    assert sum("in a day" in record.message for record in caplog.records) == 1


class Plain(WrongCodeCounter):
    """The rule as it is told: which limit a network has, then whether it is over it."""

    def check(self, client):
        calm = self._limiter.test(self.overall_limit, "overall")
        limit = self.network_limit if calm else self.network_limit_in_alarm
        if not self._limiter.test(limit, *self._network(client, limit)):
            raise self.refusal


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["10.0.0.1", "10.0.1.1"]), st.sampled_from([0, 21, 253])),
        min_size=20,
        max_size=50,
    )
)
def test_the_short_way_refuses_whom_the_rule_refuses(tries):
    """Wrong codes of two networks at any times: the strict limit asked first changes nothing.

    No sum of the waits is ten minutes to the second: the library's own sweep may or may not
    have come by just then.
    """
    now = [1_000_000.0]
    with mock.patch("time.time", side_effect=lambda: now[0]):
        counters = [WrongCodeCounter(), Plain()]
        for counter in counters:
            counter.overall_limit = RateLimitItemPerDay(15)
        for client, later in tries:
            now[0] += later
            for asked in ("10.0.0.1", "10.0.1.1"):
                assert _refuses(counters[0], asked) == _refuses(counters[1], asked)
            for counter in counters:
                counter.count(client)


def _refuses(counter, client):
    try:
        counter.check(client)
    except TooManyWrongCodes:
        return True
    return False


def test_no_address_is_logged_or_kept(caplog):
    counter = WrongCodeCounter()
    with caplog.at_level(logging.DEBUG):
        for _ in range(30):
            counter.count("203.0.113.77")
    assert caplog.records
    kept = repr(vars(counter._limiter.storage)) + caplog.text
    assert "203.0.113" not in kept


@pytest.mark.parametrize(
    ("client", "network"),
    [
        ("192.0.2.17", "192.0.2.0/24"),
        ("::ffff:192.0.2.17", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1:2%eth0", "fe80::/64"),
        ("192.0.2", "unknown"),
        ("192.0.2.1\0", "unknown"),
        ("testclient", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_network_is_a_24_or_a_64(client, network):
    assert network_of(client) == network


def test_where_identity_was_removed_no_code_means_anybody(settings, make_world):
    from app.db import Database

    database = Database(settings)
    world = make_world(database)
    database.close()
    for path in Path(settings.data_dir).glob("identity.sqlite3*"):
        path.unlink()
    database = Database(settings)
    with pytest.raises(IdentityRemoved):
        enter(CodeDoor(database), world, new_code())
    with pytest.raises(IdentityRemoved):
        asyncio.run(
            CodeDoor(database).admit(
                community_id=world.community_id, typed=new_code(), client=None, today=TODAY
            )
        )
    database.close()


def test_a_roster_that_goes_and_comes_back_or_is_held_is_never_misread(
    settings, make_world, monkeypatch
):
    from app.db import Database

    database = Database(settings)
    world = make_world(database)
    participant, ref = world.person()
    asked = {
        "community_id": world.community_id,
        "typed": world.issue(participant),
        "client": None,
        "today": TODAY,
    }
    door = CodeDoor(database)

    def admitted():
        return asyncio.run(door.admit(**asked))

    assert admitted() == ref
    path = settings.identity_path
    away = path.with_suffix(".away")
    path.rename(away)
    with pytest.raises(IdentityRemoved):
        admitted()
    away.rename(path)
    assert admitted() == ref

    def held():
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(database, "identity_at_once", held)
    assert admitted() == ref
    database.close()
