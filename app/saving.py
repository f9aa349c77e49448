"""What a member's page does inside one transaction: start, save, look.

The same code and the same SQL (`app.statements`) run on both engines;
`app.transactions` holds what differs. What a save must know (wave open, consent
there, revision) is read here, in the transaction that writes. Lock order on PostgreSQL:
wave, draft, response, data_version (by the writer, at the transaction's end).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from app import statements as sql
from app.codes import code_hmac, receipts
from app.errors import AppError
from app.submission import (
    Ack,
    ChoiceNotGranted,
    ConsentGiven,
    ConsentMissing,
    Keys,
    NewerState,
    PreparedSave,
    Save,
    Start,
    State,
    UnfitSave,
    UnknownSubmission,
    WaveNotAccepting,
    content_digest,
)
from app.transactions import Row, Statement, Transaction

PURPOSES = ("research", "report")
_MOST_RECEIPTS = 64


class CodeKeyChanged(AppError):
    """A stored receipt fits no key: CODE_KEY is not the one it was made with."""

    status = 500
    slug = "code-key-changed"
    title_id = "Kunci kode berubah"
    title_en = "The code key has changed"
    hint_id = "Pengelola: pulihkan CODE_KEY dari cadangan secrets.toml."
    hint_en = "Operator: restore CODE_KEY from the backup of secrets.toml."


@dataclass(frozen=True, slots=True)
class WaveFacts:
    """What a verb needs of a wave."""

    state: str
    opens_at: datetime | None
    closes_at: datetime | None
    is_test: bool
    item_count: int
    digest: str
    timezone: str

    def accepts(self, at: datetime) -> bool:
        """Open and inside its dates, or a draft under test."""
        if self.state == "draft":
            return self.is_test
        return (
            self.state == "open"
            and self.opens_at is not None
            and self.closes_at is not None
            and self.opens_at <= at < self.closes_at
        )

    def day(self, at: datetime) -> date:
        """The community's calendar day."""
        return at.astimezone(ZoneInfo(self.timezone)).date()


def consent_moment(at: datetime, timezone: str, *, earlier: int) -> datetime:
    """When a consent was given, as it is kept: the community's day, and which one it was.

    A clock time beside a submission's id would tell who saw somebody answer which row is
    theirs. The ``earlier`` consents of the submission order those of one day: microseconds
    after midnight, so that the newest is the newest.
    """
    zone = ZoneInfo(timezone)
    midnight = datetime.combine(at.astimezone(zone).date(), time.min, zone)
    return midnight.astimezone(UTC) + timedelta(microseconds=earlier)


def grants_a_purpose(choices: Mapping[str, bool]) -> bool:
    """Whether answers may be stored at all under these choices."""
    return any(choices.get(purpose) is True for purpose in PURPOSES)


@lru_cache(maxsize=256)
def choices_of(stored: str | None) -> Mapping[str, bool]:
    """The choices of a stored consent; few different texts exist, so they are remembered."""
    return MappingProxyType(json.loads(stored) if stored else {})


class Receipt(NamedTuple):
    """A receipt code, and how it is stored."""

    code: str
    hmac: bytes


class Saving:
    """The verbs, inside ``transaction``. The caller begins it and commits it."""

    def __init__(self, transaction: Transaction, keys: Keys) -> None:
        self._transaction = transaction
        self._keys = keys

    def start(self, begun: Start) -> State:
        """Record consent and make the draft, or return what this person has already.

        Raises UnknownSubmission (no such wave), WaveNotAccepting, ConsentMissing.
        """
        wave = self._wave(begun.community_id, begun.wave_id)
        if not wave.accepts(begun.at):
            raise WaveNotAccepting(wave.state)
        if begun.consent is not None and not grants_a_purpose(begun.consent.choices):
            raise ConsentMissing("no purpose was granted")
        background, found = self._known(begun)
        if found is None:
            return self._new_draft(wave, begun, background)
        if begun.consent is None:
            return found
        return self._consent_again(wave, begun, begun.consent, found)

    def look(self, community_id: int, wave_id: int, submission_id: UUID) -> State | None:
        """Return what is stored of a submission; reads only."""
        place = (community_id, wave_id, self._transaction.uuid(submission_id))
        row = self._transaction.one(sql.SHOWN_BY_ID, (*place, *place))
        if row is None:
            return None
        *_, ref, _, begun = row
        known = None
        if begun is None:  # a draft that has begun to ask for it holds its own
            known = self._transaction.one(sql.KNOWN_BACKGROUND, (community_id, ref))
        return self._state(community_id, row, None if known is None else known[0])

    def save(self, prepared: PreparedSave) -> Ack:
        """Store a newer state, or acknowledge the one that is there.

        Raises UnknownSubmission, WaveNotAccepting, ConsentMissing, NewerState, UnfitSave.
        """
        asked, transaction = prepared.save, self._transaction
        wave = self._wave(asked.community_id, asked.wave_id)
        if len(asked.answers) != wave.item_count:
            raise UnfitSave(f"{len(asked.answers)} answers for {wave.item_count} items")
        where = (*self._place(asked), asked.wave_id)
        usual = self._usual_receipt(asked) if asked.final else None
        draft = sql.DRAFT_LOCKED if transaction.locks else sql.DRAFT
        row = transaction.one(draft, (usual and usual.hmac, *where))
        if row is not None:
            return self._save_draft(wave, prepared, row, usual)
        row = transaction.one(sql.RESPONSE_LOCKED if transaction.locks else sql.RESPONSE, where)
        if row is not None:
            return self._save_response(wave, prepared, row)
        if not wave.accepts(asked.at):
            raise WaveNotAccepting(wave.state)  # its draft may have gone at the closing
        raise UnknownSubmission(str(asked.submission_id))

    def _wave(self, community_id: int, wave_id: int) -> WaveFacts:
        """Read a wave once a transaction; share-locked, so that it cannot close meanwhile."""
        key = ("wave", community_id, wave_id)
        found: WaveFacts | None = self._transaction.memo.get(key)
        if found is None:
            statement = sql.WAVE_LOCKED if self._transaction.locks else sql.WAVE
            row = self._transaction.one(statement, (community_id, wave_id))
            if row is None:
                raise UnknownSubmission(f"wave {wave_id}")
            state, opens_at, closes_at, is_test, *rest = row
            found = WaveFacts(state, _moment(opens_at), _moment(closes_at), bool(is_test), *rest)
            self._transaction.memo[key] = found
        return found

    def _save_draft(
        self, wave: WaveFacts, prepared: PreparedSave, row: Row, usual: Receipt | None
    ) -> Ack:
        asked = prepared.save
        rev, digest, respondent_ref, choices, usual_is_taken = row
        _may_write(wave, asked, choices)
        if asked.rev <= rev and bytes(digest) != prepared.digest:
            raise NewerState(rev)
        if usual is not None:
            receipt = self._free_receipt(asked) if usual_is_taken else usual
            return self._submit(wave, prepared, max(asked.rev, rev), respondent_ref, receipt)
        if asked.rev <= rev:
            return Ack("draft", rev, None, repeated=True)
        content = (
            asked.rev,
            asked.answers,
            prepared.extra,
            prepared.background,
            prepared.digest,
            asked.language,
            asked.layout,
        )
        self._transaction.run(sql.SET_DRAFT, (*content, *self._place(asked)))
        return Ack("draft", asked.rev, None, repeated=False)

    def _submit(
        self,
        wave: WaveFacts,
        prepared: PreparedSave,
        rev: int,
        respondent_ref: object,
        receipt: Receipt,
    ) -> Ack:
        """Turn a draft into a response: written, draft deleted, counted, in one transaction."""
        asked, transaction = prepared.save, self._transaction
        place = self._place(asked)
        response = (
            *place,
            asked.wave_id,
            respondent_ref,
            wave.digest,
            asked.answers,
            prepared.extra,
            asked.language,
            asked.layout,
            transaction.day(wave.day(asked.at)),
            wave.is_test,
            rev,
            prepared.digest,
            receipt.hmac,
        )
        transaction.run_all(
            (sql.NEW_RESPONSE, response),
            (sql.DROP_DRAFT, place),
            *self._background(wave, prepared, respondent_ref),
        )
        transaction.changed.add((asked.community_id, asked.wave_id))
        return Ack("submitted", rev, receipt.code, repeated=False)

    def _save_response(self, wave: WaveFacts, prepared: PreparedSave, row: Row) -> Ack:
        """A correction before the close, a replay, or the rest of a partial response."""
        asked, transaction = prepared.save, self._transaction
        rev, digest, respondent_ref, choices, receipt_hmac = row
        same = bytes(digest) == prepared.digest
        complete = receipt_hmac is not None
        if complete and same:
            # A replay gets its receipt even after the close: its first answer was lost.
            return Ack("submitted", rev, self._receipt(asked, receipt_hmac), repeated=True)
        _may_write(wave, asked, choices)
        if asked.rev <= rev:
            if not same:
                raise NewerState(rev)
            if not asked.final:
                return Ack("draft", rev, None, repeated=True)
        stored_rev, place = max(asked.rev, rev), self._place(asked)
        content = (asked.answers, prepared.extra, prepared.digest, asked.language, asked.layout)
        transaction.run_all(
            (sql.SET_RESPONSE, (stored_rev, *content, *place)),
            *self._background(wave, prepared, respondent_ref),
        )
        receipt = None
        if complete:
            receipt = self._receipt(asked, receipt_hmac)
        elif asked.final:
            receipt, made = self._free_receipt(asked)
            day = transaction.day(wave.day(asked.at))
            transaction.run(sql.COMPLETE_RESPONSE, (made, day, *place))
        transaction.changed.add((asked.community_id, asked.wave_id))
        return Ack("draft" if receipt is None else "submitted", stored_rev, receipt, repeated=False)

    def _background(
        self, wave: WaveFacts, prepared: PreparedSave, respondent_ref: object
    ) -> list[Statement]:
        """What moves the background to its own table; a test leaves no trace of a person there."""
        if prepared.background is None or wave.is_test:
            return []
        day = self._transaction.day(wave.day(prepared.save.at))
        kept = (prepared.save.community_id, respondent_ref, prepared.background, day)
        return [(sql.SET_BACKGROUND, kept)]

    def _new_draft(self, wave: WaveFacts, begun: Start, background: str | None) -> State:
        if begun.consent is None:
            raise ConsentMissing("nothing is stored yet")
        blank = bytes(wave.item_count)
        draft = (
            begun.community_id,
            self._transaction.uuid(begun.submission_id),
            begun.wave_id,
            self._transaction.uuid(begun.respondent_ref or uuid4()),
            blank,
            content_digest(self._keys.digest, blank, "{}", None),
            begun.language,
        )
        consent = self._consent(wave, begun, begun.consent, draft[1], earlier=0)
        self._transaction.run_all((sql.NEW_DRAFT, draft), (sql.NEW_CONSENT, consent))
        return State(
            submission_id=begun.submission_id,
            rev=0,
            answers=blank,
            extra={},
            language=begun.language,
            status="new",
            choices=dict(begun.consent.choices),
            receipt=None,
            background=None if background is None else json.loads(background),
        )

    def _consent_again(
        self, wave: WaveFacts, begun: Start, given: ConsentGiven, found: State
    ) -> State:
        """Somebody came through the consent page once more: the newest row counts."""
        place = (begun.community_id, self._transaction.uuid(found.submission_id))
        row = self._transaction.one(sql.COUNT_CONSENTS, place)
        earlier = 0 if row is None else int(row[0])
        consent = self._consent(wave, begun, given, place[1], earlier=earlier)
        self._transaction.run(sql.NEW_CONSENT, consent)
        choices = dict(given.choices)
        if choices != found.choices and found.status == "submitted":
            self._transaction.changed.add((begun.community_id, begun.wave_id))
        return replace(found, choices=choices)

    def _consent(
        self,
        wave: WaveFacts,
        begun: Start,
        given: ConsentGiven,
        submission: object,
        *,
        earlier: int,
    ) -> tuple[object, ...]:
        return (
            begun.community_id,
            submission,
            self._transaction.moment(consent_moment(begun.at, wave.timezone, earlier=earlier)),
            given.text_hash,
            given.version,
            given.language,
            json.dumps(dict(given.choices), sort_keys=True),
        )

    def _known(self, begun: Start) -> tuple[str | None, State | None]:
        """What is known of the background of whoever begins, and what they have begun already."""
        community_id, wave_id = begun.community_id, begun.wave_id
        if begun.respondent_ref is None:  # open access: nobody is known from before
            return None, self.look(community_id, wave_id, begun.submission_id)
        ref = self._transaction.uuid(begun.respondent_ref)
        place = (community_id, wave_id, ref)
        row = self._transaction.one(sql.SHOWN_BY_PERSON, (community_id, ref, *place, *place))
        assert row is not None
        background, *shown = row
        found = None if shown[0] is None else self._state(community_id, shown, background)
        return background, found

    def _state(self, community_id: int, row: Row, known: str | None) -> State:
        id_, rev, answers, extra, language, choices, _, receipt_hmac, begun = row
        background = known if begun is None else begun
        submission_id = id_ if isinstance(id_, UUID) else UUID(id_)
        receipt = None
        if receipt_hmac is not None:
            receipt = self._fitting_receipt(community_id, submission_id, bytes(receipt_hmac))
        return State(
            submission_id=submission_id,
            rev=rev,
            answers=bytes(answers),
            extra=json.loads(extra),
            language=language,
            status="draft" if receipt is None else "submitted",
            choices=dict(choices_of(choices)),
            receipt=receipt,
            background=None if background is None else json.loads(background),
        )

    def _usual_receipt(self, asked: Save) -> Receipt:
        return next(self._receipts(asked.community_id, asked.submission_id))

    def _free_receipt(self, asked: Save) -> Receipt:
        """The first receipt of the submission that nobody else in the community has."""
        for one in self._receipts(asked.community_id, asked.submission_id):
            if self._transaction.one(sql.TAKEN_RECEIPT, (asked.community_id, one.hmac)) is None:
                return one
        raise CodeKeyChanged

    def _receipt(self, asked: Save, stored: Any) -> str:
        return self._fitting_receipt(asked.community_id, asked.submission_id, bytes(stored))

    def _fitting_receipt(self, community_id: int, submission_id: UUID, stored: bytes) -> str:
        """The receipt that was given; raises CodeKeyChanged where none fits."""
        for receipt, made in self._receipts(community_id, submission_id):
            if made == stored:
                return receipt
        raise CodeKeyChanged

    def _receipts(self, community_id: int, submission_id: UUID) -> Iterator[Receipt]:
        for receipt in islice(receipts(self._keys.code, submission_id), _MOST_RECEIPTS):
            yield Receipt(
                receipt, code_hmac(self._keys.code, community_id, receipt, kind="receipt")
            )

    def _place(self, asked: Save) -> tuple[int, object]:
        return asked.community_id, self._transaction.uuid(asked.submission_id)


def _may_write(wave: WaveFacts, asked: Save, choices: str | None) -> None:
    if not wave.accepts(asked.at):
        raise WaveNotAccepting(wave.state)
    granted = choices_of(choices)
    if not grants_a_purpose(granted):
        raise ConsentMissing("no consent stands for this submission")
    if asked.needs and not all(granted.get(need) is True for need in asked.needs):
        raise ChoiceNotGranted(", ".join(sorted(asked.needs)))


def _moment(value: str | datetime | None) -> datetime | None:
    if isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value
