"""The pages of rights: what is stored in words, what a step will do, what was done."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from app.codes import show
from app.errors import AppError
from app.pages import N_, Page, Pages, day, moment_of, switched
from app.rights.contexts import Background, Block, Box, Line, RequestKind
from app.rights.erasing import Erased
from app.rights.own import Given, Own, Submission
from app.saving import grants_a_purpose
from app.tables import DataRequest
from app.wave_reader import CommunityView, WaveView
from instrument.answers import Answers, Missing
from instrument.model import Instrument, Language, Question, Text

_WHY = {
    Missing.NOT_SEEN: N_("not shown yet"),
    Missing.SKIPPED: N_("skipped"),
    Missing.SKIPPED_AFTER_PROMPT: N_("left empty on purpose"),
    Missing.REFUSED: N_("you would rather not answer"),
    Missing.NOT_APPLICABLE: N_("does not apply"),
}
_KINDS = {
    "access": N_("I want to know more about my data"),
    "rectify": N_("Something is wrong and I cannot correct it here"),
    "erase": N_("Delete my name and number from the roster, too"),
    "restrict": N_("Stop using my data for the time being"),
    "object": N_("I object to how my data are used"),
}


class RightsView:
    """Makes the pages of one community."""

    def __init__(
        self,
        pages: Pages,
        *,
        community: CommunityView,
        wave: WaveView | None,
        language: Language,
    ) -> None:
        self._pages = pages
        self._community = community
        self._wave = wave
        self._language = language
        self._zone = ZoneInfo(community.timezone)

    def door(
        self, *, at: datetime, remembers: bool, error: AppError | None = None, typed: str = ""
    ) -> str:
        """What one may do here, and the field for the code; what was wrong with the last one."""
        wave = self._wave
        closes, contact = "", ""
        if wave is not None:
            if wave.accepts(at) and wave.closes_at is not None:
                closes = moment_of(wave.closes_at, self._language, self._zone)
            if wave.consent:
                contact = _first_sentence(wave.consent[0][self._language])
        return self._render(
            "rights/rights.html",
            switch=True,
            coded=wave is None or wave.access == "code",
            closes=closes,
            contact=contact,
            remembers=remembers,
            wrong="" if error is None else error.title(self._language),
            hint="" if error is None else error.hint(self._language),
            typed=typed,
        )

    def overview(self, own: Own, ticket: str, *, may_ask: bool, notice: str = "") -> str:
        """Everything that is stored of a person, and what they can do about it."""
        kept = own.background
        background = None
        if kept is not None:
            lines = self._questions(kept.instrument, kept.answers)
            background = Background(self._day(kept.asked_on), tuple(lines))
        return self._render(
            "rights/own.html",
            ticket=ticket,
            blocks=tuple(self._block(one) for one in own.submissions),
            background=background,
            nothing=own.nothing,
            may_ask=may_ask,
            kinds=tuple(
                RequestKind(code, self._(self._language, label)) for code, label in _KINDS.items()
            ),
            notice=self._(self._language, notice) if notice else "",
        )

    def confirm(self, own: Own, ticket: str) -> str:
        """What a withdrawal does, before it is done."""
        return self._render(
            "rights/withdraw.html",
            ticket=ticket,
            blocks=tuple(self._block(one) for one in own.submissions),
            background=own.background is not None,
            published=self._wave is not None and self._wave.latest_published is not None,
        )

    def erased(self, erased: Erased | None, *, all_of_it: bool) -> str:
        """It is done; the number that proves it."""
        return self._render(
            "rights/erased.html",
            proof="" if erased is None else proof_number(erased.proof),
            done=[] if erased is None else [str(one) for one in erased.submissions],
            all_of_it=all_of_it,
            coded=self._wave is None or self._wave.access == "code",
        )

    def asked(self, request: DataRequest) -> str:
        """The request is in; by when it is answered."""
        return self._render(
            "rights/asked.html",
            reference=show(request.reference),
            due=moment_of(request.due_at, self._language, self._zone),
        )

    def _block(self, one: Submission) -> Block:
        seen = [*self._items(one), *self._questions(one.instrument, one.answers)]
        boxes = self._boxes(one)
        left = [box for box in boxes if box.granted and not box.fixed]
        return Block(
            id=str(one.id),
            wave_id=one.wave_id,
            title=self._(self._language, "Survey %(n)s", n=one.number),
            facts=self._facts(one),
            lines=tuple(seen),
            unseen=len(one.asked) - len(seen),
            boxes=boxes,
            consents=tuple(self._consent(given) for given in one.consents),
            narrow=any(
                grants_a_purpose({box.code: True for box in left if box is not gone})
                for gone in left
            ),
            changeable_until=(
                moment_of(one.closes_at, self._language, self._zone)
                if one.changeable and one.closes_at is not None
                else ""
            ),
        )

    def _facts(self, one: Submission) -> tuple[str, ...]:
        states = {
            "draft": self._(self._language, "Not sent yet"),
            "partial": self._(self._language, "Not sent, but saved in time, so it counts"),
            "complete": "",
        }
        facts = [states[one.kind]]
        if one.submitted_on is not None and one.kind == "complete":
            facts = [self._(self._language, "Sent on %(day)s", day=self._day(one.submitted_on))]
        languages = {
            "id": self._(self._language, "in Indonesian"),
            "en": self._(self._language, "in English"),
        }
        facts.append(languages["en" if one.language == "en" else "id"])
        return tuple(facts)

    def _items(self, one: Submission) -> list[Line]:
        labels = {o.value: o.label for o in one.instrument.response_scale.options}
        lines = []
        for item, byte in zip(one.instrument.items, one.answers.items, strict=True):
            if byte == Missing.NOT_SEEN:
                continue
            label = labels.get(byte)
            lines.append(self._line(item.text, label) or self._missing(item.text, Missing(byte)))
        return lines

    def _questions(self, instrument: Instrument, answers: Answers) -> list[Line]:
        lines = []
        for question in instrument.questions:
            why = answers.why(question.code)
            if why is None:
                lines.append(self._answered(question, answers.values[question.code]))
            elif why is not Missing.NOT_SEEN:
                lines.append(self._missing(question.text, why))
        return lines

    def _answered(self, question: Question, value: int | str) -> Line:
        label = next((o.label for o in question.options if o.value == value), None)
        return self._line(question.text, label) or Line(question.text, str(value), given=True)

    def _line(self, question: Text, label: Text | None) -> Line | None:
        return None if label is None else Line(question, label.in_(self._language), given=True)

    def _missing(self, question: Text, why: Missing) -> Line:
        return Line(question, self._(self._language, _WHY[why]), given=False)

    def _boxes(self, one: Submission) -> tuple[Box, ...]:
        consent = one.instrument.consent
        known: Mapping[str, bool] = one.consents[0].choices if one.consents else {}
        return tuple(
            Box(box.code, box.text.in_(self._language), known[box.code], box.required)
            for box in (() if consent is None else consent.choices)
            if box.code in known
        )

    def _consent(self, given: Given) -> str:
        return self._(
            self._language,
            "%(day)s, text %(text)s of version %(version)s",
            day=self._day(given.on),
            text=given.text_hash[:8],
            version=given.version,
        )

    def _day(self, on: date) -> str:
        return day(datetime.combine(on, time(12), self._zone), self._language, self._zone)

    def _(self, language: Language, message: str, /, **values: object) -> str:
        """Interface text; named as everywhere, so that extraction finds it."""
        return self._pages.text(language, message, **values)

    def _render(self, template: str, *, switch: bool = False, **context: object) -> str:
        here = f"/s/{self._community.slug}/hak"
        page = Page(
            language=self._language,
            slug=self._community.slug,
            base_url=self._pages.base_url,
            simulated=self._wave is not None and self._wave.is_simulated,
            switch=switched(here, self._language) if switch else "",
        )
        return self._pages.render(template, self._language, page=page, **context)


def proof_number(proof: UUID) -> str:
    """The part of an erasure's id that people write down."""
    return f"{proof.hex[:4]} {proof.hex[4:8]}".upper()


def _first_sentence(text: str) -> str:
    """The sentence of the consent text that says who asks and how to reach them."""
    return re.split(r"(?<=[.\])])\s+(?=[A-Z])", text, maxsplit=1)[0]
