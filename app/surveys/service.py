"""What a member does, as verbs: begin, go on, save. Each write is one call of the store.

Nothing here knows pages. Whether the wave accepts, and which state is newer, the store
judges in its own transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, Protocol
from uuid import UUID, uuid4

from app.auth import TooManyWrongCodes, WrongCode
from app.submission import (
    PARADATA,
    Ack,
    ChoiceNotGranted,
    ConsentGiven,
    ConsentMissing,
    Save,
    Start,
    State,
    UnknownSubmission,
)
from app.surveys.forms import AnswerForm, StartForm
from app.surveys.plan import Plan, plan
from app.surveys.survey import Survey
from instrument import answers as reading
from instrument.answers import AnswerFault, Answers, Parsed
from instrument.model import Instrument, Language

Wrong = Literal["consent", "no_code", "wrong_code", "too_many"]


class StoreOfAnswers(Protocol):
    """The part of `app.store.Store` that members need."""

    async def start(self, start: Start) -> State:
        """Record consent and open a draft, or give back what is there."""
        ...

    async def resume(self, community_id: int, wave_id: int, submission_id: UUID) -> State | None:
        """Give back a submission; reads only."""
        ...

    async def save(self, save: Save) -> Ack:
        """Store the full state; returns after the commit."""
        ...


class Door(Protocol):
    """The part of `app.auth.CodeDoor` that members need."""

    async def admit(
        self, *, community_id: int, typed: str, client: str | None, today: date, kind: str
    ) -> UUID:
        """Whose code that is; raises WrongCode, TooManyWrongCodes."""
        ...


class NotReady(Exception):
    """The landing form needs something put right; ``wrong`` names the fields."""

    def __init__(self, wrong: Mapping[str, Wrong]) -> None:
        self.wrong = dict(wrong)
        super().__init__(", ".join(wrong))


class NoPurpose(Exception):
    """Somebody granted no use of the answers; nothing is stored."""


class Faulty(Exception):
    """Answers that could not be read; nothing was stored."""

    def __init__(self, faults: tuple[AnswerFault, ...]) -> None:
        self.faults = faults
        super().__init__(", ".join(fault.code for fault in faults))


@dataclass(frozen=True, slots=True)
class Saved:
    """A save that is on disk."""

    ack: Ack
    answers: Answers
    asked: Plan
    seen: frozenset[int]

    @property
    def unanswered(self) -> tuple[str, ...]:
        """Codes without an answer, in shown order; the save on the way never asks."""
        return self.asked.unanswered(self.answers)


class Answering:
    """The verbs of a member."""

    def __init__(
        self,
        *,
        store: StoreOfAnswers,
        door: Door,
    ) -> None:
        self._store = store
        self._door = door

    async def begin(
        self, *, survey: Survey, form: StartForm, address: str | None, at: datetime
    ) -> State:
        """Take consent and code, and open a draft or give back the one that is there.

        A code alone, without any box ticked, is how somebody comes back from another
        phone. Raises `NotReady`, `NoPurpose`, and what the store raises.
        """
        consent = survey.instrument.consent
        assert consent is not None  # a wave cannot open without a consent page
        wrong: dict[str, Wrong] = {}
        missing = [c.code for c in consent.choices if c.required and c.code not in form.choices]
        respondent_ref: UUID | None = None
        if survey.coded:
            person = await self._person(survey, form, address, at)
            if not isinstance(person, UUID):
                wrong["kode"] = person
            else:
                respondent_ref = person
                if not form.choices:
                    state = await self._come_back(survey, form.language, person, at)
                    if state is not None:
                        return state
        if missing or wrong:
            raise NotReady({**dict.fromkeys(missing, "consent"), **wrong})
        if not any(c.purpose and c.code in form.choices for c in consent.choices):
            raise NoPurpose
        given = ConsentGiven(
            text_hash=survey.consent_hash(form.language),
            version=survey.instrument.version,
            language=form.language,
            choices={c.code: c.code in form.choices for c in consent.choices},
        )
        return await self._store.start(
            Start(
                community_id=survey.wave.community_id,
                wave_id=survey.wave.wave_id,
                submission_id=uuid4(),
                respondent_ref=respondent_ref,
                consent=given,
                language=form.language,
                at=at,
            )
        )

    async def go_on(self, *, survey: Survey, submission_id: UUID) -> State:
        """Give back a submission by its id. Raises `UnknownSubmission`."""
        state = await self._store.resume(
            survey.wave.community_id, survey.wave.wave_id, submission_id
        )
        if state is None:
            raise UnknownSubmission("resume")
        return state

    async def submit(self, *, survey: Survey, asked: Plan, form: AnswerForm, at: datetime) -> Saved:
        """Submit, unless something has no answer and nobody has asked for it yet.

        Raises what `save` raises.
        """
        if not form.final or form.prompted:
            return await self.save(survey=survey, asked=asked, form=form, final=form.final, at=at)
        read = _read(asked, form, asked.all_codes, final=True)
        final = not asked.unanswered(read.answers)
        return await self.save(survey=survey, asked=asked, form=form, final=final, at=at, read=read)

    async def save(
        self,
        *,
        survey: Survey,
        asked: Plan,
        form: AnswerForm,
        final: bool,
        at: datetime,
        read: Parsed | None = None,
    ) -> Saved:
        """Store the full state a page sent. Raises `Faulty`, and what the store raises.

        ``read``: the form as `submit` has read it, with every step seen.
        """
        seen = steps_seen(asked, form, final=final)
        codes = asked.codes(seen)
        if read is None or not final or codes != asked.all_codes:
            read = _read(asked, form, codes, final=final)
        if read.faults:
            raise Faulty(read.faults)
        answers = read.answers
        background = asked.background
        extra = reading.extra_to_json(answers, asked.questions - background)
        extra[PARADATA] = paradata(form, seen)
        shown = bool(background & codes) or any(code in background for code in answers.values)
        # The page only shows what was consented to; a page somebody changed by hand is found
        # out by the store, which reads the consent in the transaction of the save.
        needs = {
            need
            for code in background & answers.values.keys()
            if (need := asked.instrument.question(code).needs_consent)
        }
        state = Save(
            community_id=survey.wave.community_id,
            wave_id=survey.wave.wave_id,
            submission_id=form.submission_id,
            rev=form.rev,
            answers=answers.items,
            extra=extra,
            background=reading.extra_to_json(answers, background) if shown else None,
            language=form.language,
            layout=asked.instrument.layout,
            final=final,
            at=at,
            needs=frozenset(needs),
        )
        try:
            ack = await self._store.save(state)
        except ChoiceNotGranted as error:
            raise Faulty((AnswerFault("latar", "unknown_item"),)) from error
        return Saved(ack, answers, asked, seen)

    async def _person(
        self, survey: Survey, form: StartForm, address: str | None, at: datetime
    ) -> UUID | Wrong:
        typed, kind = form.code, form.kind
        if not typed.strip():
            return "no_code"
        today = at.astimezone(survey.zone).date()
        try:
            return await self._door.admit(
                community_id=survey.wave.community_id,
                typed=typed,
                client=address,
                today=today,
                kind=kind,
            )
        except WrongCode:
            return "wrong_code"
        except TooManyWrongCodes:
            return "too_many"

    async def _come_back(
        self, survey: Survey, language: Language, respondent_ref: UUID, at: datetime
    ) -> State | None:
        start = Start(
            community_id=survey.wave.community_id,
            wave_id=survey.wave.wave_id,
            submission_id=uuid4(),
            respondent_ref=respondent_ref,
            consent=None,
            language=language,
            at=at,
        )
        try:
            return await self._store.start(start)
        except (ConsentMissing, UnknownSubmission):  # never started: consent comes first
            return None


def _read(asked: Plan, form: AnswerForm, seen: frozenset[str], *, final: bool) -> Parsed:
    return reading.parse(
        asked.instrument,
        asked.form.code,
        form.answers,
        seen=seen,
        prompted=form.prompted,
        final=final,
        asked=asked.all_codes,
    )


def asked_of(survey: Survey, form: AnswerForm) -> Plan:
    """The steps of the document that sent ``form``."""
    granted = None
    if form.granted is not None:
        granted = survey.granting(form.granted)
    return plan_of(survey, granted)


def asked_by_state(survey: Survey, state: State) -> Plan:
    """The steps of the document for somebody who begins or comes back.

    The background is asked once per person: not if it is known from an earlier wave, but
    again where this very submission has begun to ask it.
    """
    return plan_of(survey, granted_by_state(survey, state))


def granted_by_state(survey: Survey, state: State) -> frozenset[str] | None:
    """Consent choices that open background questions; None where the background is known."""
    asked_here = bool(state.extra.get(PARADATA, {}).get("background"))
    if state.background is not None and not asked_here:
        return None
    return survey.granting(frozenset(c for c, given in state.choices.items() if given))


def plan_of(survey: Survey, granted: frozenset[str] | None) -> Plan:
    """The plan of a wave, made once for each set of choices."""
    instrument = survey.instrument
    key = ("surveys.plan", survey.wave.form, tuple(survey.wave.modules), granted)
    return instrument.derive(
        key,
        lambda: plan(
            instrument,
            instrument.form(survey.wave.form),
            modules=survey.wave.modules,
            granted=granted,
        ),
    )


def steps_seen(asked: Plan, form: AnswerForm, *, final: bool) -> frozenset[int]:
    """Numbers of the steps that were shown.

    With JavaScript the page says so. Without it the document scrolls: what lies before
    the pressed button was passed, and the button at the end means all. Whoever saw the
    prompt saw every open question.
    """
    everything = frozenset(step.number for step in asked.steps)
    if form.prompted and (final or not form.stepped):
        return everything
    if form.stepped:
        return form.seen & everything
    if form.final:
        return everything
    passed = form.seen | frozenset(range(1, form.go_to or 1))
    given = {name for name, value in form.answers if value}
    return everything & (
        passed | {step.number for step in asked.steps if given.intersection(step.codes)}
    )


def paradata(form: AnswerForm, seen: frozenset[int]) -> dict[str, Any]:
    """How the page was used; no part of the answers' digest."""
    return {
        "seconds": list(form.seconds),
        "seen": sorted(seen),
        "shown": "steps" if form.stepped else "scroll",
        "prompted": form.prompted,
        "background": form.granted is not None,
    }


def fields_of(instrument: Instrument, state: State) -> list[tuple[str, str]]:
    """The stored answers, as the form would send them."""
    answers = reading.from_stored(state.answers, state.extra, state.background)
    return list(reading.to_fields(instrument, answers).items())
