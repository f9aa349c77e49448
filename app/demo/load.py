"""Load the simulated community through the doors that people use.

Every answer goes the way of a member's submit: code, consent, the form's fields, one save
acknowledged after the commit. Nothing is written to a table by hand, so what the demo
shows is what the product does.

World S of the generator: N = 60, scenario "action" (flexibility and information sharing rise
by half a standard deviation of the latent scale from the second wave on). Two waves are over
and get their scorecards; a third is open, half a year later, for whoever tries the survey.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from app.auth import CodeDoor
from app.db import Database
from app.members import service as members
from app.settings import Settings
from app.store import Store
from app.surveys.forms import AnswerForm, StartForm
from app.surveys.plan import plan
from app.surveys.service import Answering
from app.surveys.survey import Survey, load
from app.tables import Participant
from app.waves import events
from app.waves import service as waves
from app.waves.consent import fill
from instrument import registry
from instrument.answers import Answers, seen_codes, to_fields
from instrument.model import Instrument

if TYPE_CHECKING:
    from analysis.simulate import Record
    from analysis.simulate.waves import Wave

SLUG = "sidoarjo"
NAME = "Komunitas UMKM Sidoarjo (simulasi)"
SEED = 20261146
"""Chosen, and the manual says so: the first from 20261124 on whose cards show the worked example
(45 of 60 answer; docs/manual/generator.md)."""
WAVES = 3
"""The last one stays open."""
OPEN_DAYS = 14
"""A wave's answers come within so many days."""
TRY_DAYS = 60
"""How long the last wave stays open for whoever tries the demo."""
BY = "demo"
AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was loaded."""

    waves: tuple[str, ...]
    responses: int


def load_community(settings: Settings, *, today: date, seed: int = SEED) -> Loaded:
    """Make the community with its members, and let them answer all waves.

    All but the last are closed, with the log of their meetings. ``today`` places the waves in
    time.
    """
    from analysis import simulate  # noqa: PLC0415 - numpy; only when the demo is made
    from analysis.simulate.worlds import MONTHS_APART  # noqa: PLC0415

    instrument = registry.find("partnership")
    last_opened = today - timedelta(days=OPEN_DAYS)
    world = simulate.world(
        "S",
        seed,
        waves=WAVES,
        scenario="action",
        instrument=instrument,
        opens_on=last_opened - (WAVES - 1) * MONTHS_APART,
    )
    database = Database(settings)
    store = Store(database)
    roster = _Roster(database, settings.key("code_key"))
    try:
        with Session(database.write) as session, session.begin():
            community = waves.create_community(
                session=session, slug=SLUG, name=NAME, by=BY, at=_moment(world.waves[0].opens_on)
            )
            assert community.id is not None
            roster.community_id = community.id
        names, responses = [], 0
        for wave in world.waves:
            records = list(wave.records())
            opens = _moment(wave.opens_on)
            roster.renew({record.member for record in records}, opens)
            survey = _open(database, instrument, roster, len(records), opens, wave.number)
            answered = [record for record in records if record.responded]
            with contextlib.closing(CodeDoor(database)) as door:
                answering = Answering(store=store, door=door)
                asyncio.run(_answer_all(answering, survey, roster, answered))
            responses += len(answered)
            names.append(survey.wave.name)
            _log_meetings(database, roster.community_id, wave)
            if wave.number < WAVES:
                with Session(database.write) as session, session.begin():
                    waves.close_wave(
                        session=session,
                        wave_id=survey.wave.wave_id,
                        by=BY,
                        at=opens + timedelta(days=OPEN_DAYS),
                    )
        return Loaded(tuple(names), responses)
    finally:
        store.close()
        database.close()


def fresh_codes(database: Database, key: bytes, *, count: int, at: datetime) -> tuple[str, ...]:
    """Issue new codes to members who have not answered the open wave, and return them.

    A code is shown once and kept as HMAC only, so each start of the demo issues its own;
    the ones before stop working. Only the demo knows who has not answered: it reads both
    stores, as no role of the product can.
    """
    from app.tables import Draft, Response, Wave  # noqa: PLC0415

    with Session(database.read) as session, session.begin():
        wave = session.exec(select(Wave).where(col(Wave.state) == "open")).first()
        if wave is None:
            return ()
        taken = {
            ref
            for table in (Draft, Response)
            for ref in session.exec(
                select(table.respondent_ref).where(col(table.wave_id) == wave.id)
            )
        }
        free = [
            (person.community_id, person.id)
            for person in session.exec(
                select(Participant)
                .where(col(Participant.left_on).is_(None))
                .order_by(col(Participant.id))
            )
            if person.respondent_ref not in taken and person.id is not None
        ]
    with Session(database.write) as session, session.begin():
        return tuple(
            members.issue_code(
                session=session,
                community_id=community_id,
                participant_id=participant_id,
                key=key,
                by=BY,
                at=at,
            )
            for community_id, participant_id in free[:count]
        )


def _log_meetings(database: Database, community_id: int, wave: Wave) -> None:
    """What the secretary noted before a wave: head counts, and how many different people."""
    held = wave.events()
    came = {member for one in held if one.kind == "informal" for member in one.attended}
    at = _moment(wave.opens_on)
    with Session(database.write) as session, session.begin():
        for one in held:
            events.add_event(
                session=session,
                community_id=community_id,
                held_on=one.held_on,
                kind=one.kind,
                attended_n=len(one.attended),
                by=BY,
                at=at,
            )
        events.note_ever_attended(
            session=session,
            community_id=community_id,
            number=wave.number,
            people=len(came),
            by=BY,
            at=at,
        )


class _Roster:
    """Who is a member, and the code each was given (in memory only, while loading)."""

    def __init__(self, database: Database, key: bytes) -> None:
        self._database = database
        self._key = key
        self._ids: dict[int, int] = {}
        self.codes: dict[int, str] = {}
        self.community_id = 0

    def renew(self, present: set[int], at: datetime) -> None:
        """Let leavers leave and newcomers join, as of ``at``; newcomers get a code."""
        with Session(self._database.write) as session, session.begin():
            for number in sorted(set(self._ids) - present):
                members.mark_left(
                    session=session,
                    community_id=self.community_id,
                    participant_id=self._ids.pop(number),
                    left_on=at.date(),
                    by=BY,
                    at=at,
                )
            for number in sorted(present - set(self._ids)):
                person = members.add_participant(
                    session=session,
                    community_id=self.community_id,
                    display_name=f"Anggota simulasi {number + 1:02d}",
                    joined_on=at.date(),
                    by=BY,
                    at=at,
                )
                assert person.id is not None
                self._ids[number] = person.id
                self.codes[number] = members.issue_code(
                    session=session,
                    community_id=self.community_id,
                    participant_id=person.id,
                    key=self._key,
                    by=BY,
                    at=at,
                )


def _open(
    database: Database,
    instrument: Instrument,
    roster: _Roster,
    eligible: int,
    opens: datetime,
    number: int,
) -> Survey:
    last = number == WAVES
    with Session(database.write) as session, session.begin():
        wave = waves.create_wave(
            session=session,
            community_id=roster.community_id,
            instrument=instrument,
            by=BY,
            at=opens,
            eligible_n=eligible,
            opens_at=opens,
            closes_at=opens + timedelta(days=OPEN_DAYS + (TRY_DAYS if last else 0)),
            consent=fill(instrument, {"id": {"komunitas": NAME}, "en": {"community": NAME}}),
            aimed=("FLX", "INF"),
            is_simulated=True,
        )
        assert wave.id is not None
        waves.open_wave(session=session, wave_id=wave.id, by=BY, at=opens)
    survey = load(database, SLUG)
    assert isinstance(survey, Survey)
    return survey


async def _answer_all(
    answering: Answering, survey: Survey, roster: _Roster, records: list[Record]
) -> None:
    """Let all answer, a few at a time, as on a day when the link goes round."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(record: Record) -> None:
        async with gate:
            await _answer(answering, survey, roster.codes[record.member], record)

    await asyncio.gather(*(one(record) for record in records))


async def _answer(answering: Answering, survey: Survey, code: str, record: Record) -> None:
    """One member: consent with the code, answer, and (unless they broke off) send."""
    consent = survey.instrument.consent
    assert consent is not None
    at = _moment(record.submitted_on)
    state = await answering.begin(
        survey=survey,
        form=StartForm(
            language=record.language,
            code=code,
            choices=frozenset(choice.code for choice in consent.choices),
            submission_id=None,
            resume="",
            decline="",
        ),
        address=None,
        at=at,
    )
    granted = survey.granting(frozenset(c for c, given in state.choices.items() if given))
    known = state.background is not None
    asked = plan(
        survey.instrument,
        survey.instrument.form(survey.wave.form),
        modules=survey.wave.modules,
        granted=None if known else granted,
    )
    answers = _asked_only(survey.instrument, record, asked.questions)
    seen = seen_codes(survey.instrument, answers)
    steps = [step for step in asked.steps if seen.intersection(step.codes)]
    if record.finished:
        steps = list(asked.steps)
    seconds = [0 if math.isnan(second) else second for second in record.seconds]  # NaN: not seen
    fields = [
        ("id", str(state.submission_id)),
        ("rev", str(state.rev + 1)),
        ("lang", record.language),
        ("layar", "js"),
        ("lihat", ",".join(str(step.number) for step in steps)),
        ("detik", ",".join(f"{second:.1f}" for second in seconds)),
        ("latar", "" if known else " ".join(("1", *sorted(granted)))),
        *to_fields(survey.instrument, answers).items(),
    ]
    await answering.save(
        survey=survey,
        asked=asked,
        form=AnswerForm.of(fields),
        final=record.finished,
        at=at + timedelta(minutes=10),
    )


def _asked_only(instrument: Instrument, record: Record, questions: frozenset[str]) -> Answers:
    """The record's answers to what this person is asked at this wave."""

    def kept(mapping: Mapping[str, Any]) -> dict[str, Any]:
        return {code: value for code, value in mapping.items() if code in questions}

    return Answers(record.items, kept(record.values), kept(record.missing))


def _moment(day: date) -> datetime:
    """Nine in the morning in Sidoarjo."""
    return datetime.combine(day, time(9), ZoneInfo("Asia/Jakarta")).astimezone(UTC)
