"""Make a card, in a worker: read the rows, pass the gate, set PDF and picture.

Rows stay in memory. What is written is the card and its files, into a folder that a changed
answer deletes, until somebody publishes it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlmodel import Session

from app import open_texts
from app.db import Database
from app.errors import AppError
from app.scorecards import preparing
from app.scorecards.preparing import Basis
from app.scorecards.publishing import CARD
from app.scorecards.rows import dataset_of, floors_of
from app.store import Store
from app.tables import Wave
from instrument import registry
from instrument.errors import InstrumentError
from instrument.model import LANGUAGES, Instrument

if TYPE_CHECKING:
    from analysis.scorecard.inputs import ApprovedTexts, WaveAnswers
    from analysis.scorecard.model import Card


class BasisChanged(AppError):
    """Answers, meetings or cards are not what they were when the card was asked for."""

    status = 409
    slug = "card-basis-changed"
    title_en = "What the scorecard is made of has changed since it was asked for"
    hint_en = "Prepare it again."


class DefinitionGone(AppError):
    """The definition that was answered is not installed."""

    status = 409
    slug = "definition-missing"
    title_en = "The questionnaire that was answered is not installed here"
    hint_en = "Install the version of the program that ran the wave."


@dataclass(frozen=True, slots=True)
class Made:
    """A card on disk."""

    digest: str
    """SHA-256 of ``card.json``."""
    facts: dict[str, Any]
    """What a list shows of it; figures of the card only."""


def make(
    database: Database,
    *,
    community_id: int,
    number: int,
    key: str,
    folder: Path,
    told: Callable[[str], None],
) -> Made:
    """Compute the card of a wave and write it with its files into ``folder``.

    ``key`` is that of the question; ``told`` hears of each step. Raises BasisChanged where the
    question would be another one now.
    """
    from analysis.scorecard.making import make as compute  # noqa: PLC0415 - statistics: worker

    told("data")
    basis = same(database, community_id, number, key)
    store = Store(database)  # reads only: the writer never starts
    try:
        with Session(database.read) as session, session.begin():
            waves = [_answers(session, store, basis, place) for place in _order(basis)]
            comments = _comments(session, store, basis, database.settings.key("secret_key"))
    finally:
        store.close()
    same(database, community_id, number, key)  # a withdrawal while the rows were read
    told("levels")
    now, earlier = waves[-1], waves[:-1]
    card = compute(
        now,
        earlier=earlier,
        published=[one.card for one in basis.before],
        events=_events(basis),
        ever_attended=basis.ever_attended,
        comments=comments,
    )
    card = card.model_copy(update={"promises": tuple(one.promise for one in basis.promises)})
    told("write")
    payload = card.model_dump_json()
    (folder / CARD).write_text(payload, encoding="utf-8")
    _print(card, folder)
    return Made(
        digest=hashlib.sha256(payload.encode()).hexdigest(),
        facts={"used": card.who.used, "tier": card.tier, "simulated": card.simulated},
    )


def same(database: Database, community_id: int, number: int, key: str) -> Basis:
    """What the card is made from, if it still is what was asked for. Raises BasisChanged."""
    with Session(database.read) as session, session.begin():
        basis = preparing.basis_of(session, community_id, number)
        for event in basis.events:
            session.expunge(event)
    if preparing.question_of(basis).key != key:
        raise BasisChanged(f"{basis.wave.name}")
    return basis


def _order(basis: Basis) -> list[int]:
    """Wave ids, the oldest first, the card's own last."""
    return [*(one.wave_id for one in basis.before), basis.wave.wave_id]


_PERSON = secrets.token_bytes(32)
"""Recognises a person over waves within this process; never stored, gone with it."""


def _answers(session: Session, store: Store, basis: Basis, wave_id: int) -> WaveAnswers:
    from analysis.scorecard.inputs import WaveAnswers  # noqa: PLC0415 - worker only

    own = wave_id == basis.wave.wave_id
    wave = session.get_one(Wave, wave_id)
    card = None if own else next(one for one in basis.before if one.wave_id == wave_id).card
    return WaveAnswers(
        community=basis.wave.community_name,
        slug=basis.wave.slug,
        wave=wave.number,
        closed_on=basis.closed_on if card is None else card.closed_on,
        simulated=wave.is_simulated,
        submitted=basis.submitted if card is None else card.who.submitted,
        eligible=wave.eligible_n or 0,
        floors=floors_of(basis),
        data=dataset_of(store, wave_id, _definition(wave), wave.form, key=_PERSON),
        aimed=tuple(wave.plan.get("aimed", ())),
    )


def _definition(wave: Wave) -> Instrument:
    try:
        made = registry.find(wave.instrument_key, wave.version)
    except InstrumentError as error:
        raise DefinitionGone(str(error)) from error
    if made.digest != wave.digest:
        raise DefinitionGone(f"{wave.instrument_key} {wave.version}")
    return made


def _comments(session: Session, store: Store, basis: Basis, key: bytes) -> list[ApprovedTexts]:
    """What was approved or redacted, by question; open texts nobody has judged stay unread."""
    from analysis.scorecard.inputs import ApprovedTexts  # noqa: PLC0415 - worker only

    instrument = registry.find(basis.wave.instrument_key, basis.wave.version)
    found = open_texts.texts_of(session, store, basis.wave, instrument, key)
    if not found.enough:
        return []
    return [
        ApprovedTexts(
            question=question.text,
            texts=tuple(
                one.shown
                for one in found.texts
                if one.question == question.code and one.shown is not None
            ),
        )
        for question in open_texts.open_questions(instrument)
    ]


def _events(basis: Basis) -> list[Any]:
    from analysis.scorecard.inputs import Meeting  # noqa: PLC0415 - worker only

    return [
        Meeting(held_on=one.held_on, kind=one.kind, attended=one.attended_n)  # type: ignore[arg-type]
        for one in basis.events
    ]


def _print(card: Card, folder: Path) -> None:
    """Set PDF and picture in both languages."""
    from app.scorecards import printing  # noqa: PLC0415 - the typesetter: worker only

    for language in LANGUAGES:
        (folder / f"kartu-{language}.pdf").write_bytes(printing.pdf(card, language))
        (folder / f"gambar-{language}.png").write_bytes(printing.picture(card, language))
