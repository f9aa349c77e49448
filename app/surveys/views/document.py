"""The one document that holds every question, as each situation needs it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from markupsafe import Markup, escape

from app.errors import AppError
from app.packed import FilledPage, PackedPage
from app.pages import N_, Kept, Pages, clock
from app.submission import PARADATA, State
from app.surveys.contexts import SectionView
from app.surveys.forms import AnswerForm
from app.surveys.plan import Plan, Step
from app.surveys.service import Saved, asked_by_state, fields_of, granted_by_state
from app.surveys.survey import Survey
from app.surveys.views.base import KEEP, View
from app.surveys.views.skeleton import Skeleton, packed, slot
from instrument.answers import AnswerFault, from_stored
from instrument.model import Language, Text

Fields = Iterable[tuple[str, str]]
NOBODY = UUID(int=0)
"""Whose id stands in a page until somebody's takes its place."""


class DocumentView(View):
    """Fills the document; the empty one is made once for each variant and kept."""

    def __init__(self, pages: Pages) -> None:
        super().__init__(pages)
        self._skeletons = Kept(KEEP)
        self._begun = Kept(KEEP)

    def begun(self, survey: Survey, state: State, language: Language) -> FilledPage | str:
        """`resumed`, and for somebody who has saved nothing yet packed: only the id differs."""
        if state.rev > 0:
            return self.resumed(survey, state, language)
        granted = granted_by_state(survey, state)

        def pack() -> PackedPage:
            html = self.resumed(survey, replace(state, submission_id=NOBODY), language)
            return packed(html.replace(str(NOBODY), slot("id")))

        key = (survey.wave.wave_id, survey.fingerprint, granted, language)
        return self._begun.get(key, pack).fill({"id": str(state.submission_id)})

    def resumed(
        self, survey: Survey, state: State, language: Language, *, newer: bool = False
    ) -> str:
        """The document as the store holds it, for somebody who begins or comes back.

        ``newer``: what this phone still holds is dropped; the person chose the newer state.
        """
        instrument = survey.instrument
        asked = asked_by_state(survey, state)
        used = state.extra.get(PARADATA, {})
        seen = frozenset(used.get("seen", ()))
        answers = from_stored(state.answers, state.extra, state.background)
        at = asked.resume_at(seen, asked.unanswered(answers))
        note = ""
        if state.rev > 0:
            note = self._note(
                language,
                N_("Welcome back"),
                N_("Your saved answers are all here."),
                link=(f"#b{at}", self._(language, "Go on where you stopped")) if at > 1 else None,
            )
        return self._fill(
            survey,
            asked,
            granted_by_state(survey, state),
            language,
            fields_of(instrument, state),
            submission_id=state.submission_id,
            rev=state.rev + 1,
            seen=seen,
            seconds=used.get("seconds", ()),
            prompted=bool(used.get("prompted")),
            at=at,
            mode="drop" if newer else "",
            note=note,
        )

    def saved(
        self, survey: Survey, asked: Plan, form: AnswerForm, saved: Saved, at: datetime
    ) -> str:
        """The document after a save without JavaScript, with the time it was saved."""
        language = form.switch_to or form.language
        step = asked.step_of(form.fill_in) if form.fill_in else (form.go_to or 1)
        if form.switch_to and not form.go_to:
            step = max(saved.seen, default=1)
        step = min(max(step, 1), len(asked.steps))
        time = self._(language, "Saved %(time)s", time=clock(at, language, survey.zone))
        here = f'<p class="small soft now" data-k="saved">{escape(time)}</p>'
        return self._fill(
            survey,
            asked,
            form.granted,
            language,
            form.answers,
            submission_id=form.submission_id,
            rev=saved.ack.rev + 1,
            seen=saved.seen,
            seconds=form.seconds,
            prompted=form.prompted or bool(form.fill_in),
            at=step,
            mode="drop",
            safe={
                "saved": f' data-k="saved">{escape(time)}',
                **({f"now:{step}": here} if step > 1 else {}),
            },
        )

    def faulty(
        self, survey: Survey, asked: Plan, form: AnswerForm, faults: tuple[AnswerFault, ...]
    ) -> str:
        """The document with what was typed, a summary of what could not be read, and where."""
        language = form.language
        safe: dict[str, str] = {"prefix": self._(language, "Error: ")}
        links = []
        known = [fault for fault in faults if fault.code in asked.all_codes]
        for fault in known:
            why = self._why(asked, fault, language)
            safe[f"why:{fault.code}"] = str(
                Markup('<p class="why" id="e-{}">{}<span>{}</span></p>').format(
                    fault.code, self._warning(), why
                )
            )
            if f"aria:{fault.code}" in self._skeleton(survey, asked, form.granted, language).places:
                safe[f"bad:{fault.code}"] = ' class="field bad"'
                safe[f"aria:{fault.code}"] = (
                    f' aria-invalid="true" aria-describedby="e-{fault.code}"'
                )
            else:
                safe[f"bad:{fault.code}"] = f' class="bad" aria-describedby="e-{fault.code}"'
            links.append((f"#{fault.code}", asked.wording(fault.code).in_(language)))
        message = N_("Nothing was changed. Please look at these answers once more:")
        if not known:
            message = N_("Nothing was changed. Please look through your answers and save again.")
        note = self._alert(language, N_("Not saved yet"), message, links)
        first = asked.step_of(known[0].code) if known else 1
        return self._fill(
            survey,
            asked,
            form.granted,
            language,
            form.answers,
            submission_id=form.submission_id,
            rev=form.rev,
            seen=form.seen,
            seconds=form.seconds,
            prompted=form.prompted,
            at=first,
            mode="keep",
            note=note,
            safe=safe,
        )

    def unsaved(self, survey: Survey, asked: Plan, form: AnswerForm, error: AppError) -> str:
        """What was posted, and why it could not be stored just now."""
        language = form.language
        note = Markup(
            '<div class="note" id="galat" tabindex="-1" autofocus><div role="alert">'
            "<h2>{}</h2><p>{}</p></div></div>"
        ).format(error.title(language), error.hint(language))
        return self._fill(
            survey,
            asked,
            form.granted,
            language,
            form.answers,
            submission_id=form.submission_id,
            rev=form.rev,
            seen=form.seen,
            seconds=form.seconds,
            prompted=form.prompted,
            at=form.go_to or 1,
            mode="keep",
            note=str(note),
            safe={"prefix": self._(language, "Error: ")},
        )

    def conflict(self, survey: Survey, asked: Plan, form: AnswerForm, stored_rev: int) -> str:
        """What was posted, beside the news that newer answers exist, and both ways on."""
        language = form.language
        newer = Markup(
            '<form action="/s/{slug}/mulai" method="post">'
            '<input type="hidden" name="id" value="{id}">'
            '<input type="hidden" name="lang" value="{lang}">'
            '<button class="go2" name="lanjut" value="baru">{take}</button></form>'
        ).format(
            slug=survey.slug,
            id=form.submission_id,
            lang=language,
            take=self._(language, "Use the newer answers"),
        )
        keep = Markup(
            '<p><button class="go2" form="f" name="ke" value="{n}">{text}</button></p>'
        ).format(n=max(form.seen, default=1), text=self._(language, "Keep what I see here"))
        note = Markup(
            '<div class="note" id="galat" tabindex="-1" autofocus><div role="alert">'
            "<h2>{title}</h2><p>{text}</p></div>{keep}{newer}</div>"
        ).format(
            title=self._(language, "There are newer answers"),
            text=self._(
                language,
                "Something was saved from another page or phone since. "
                "Below is what you have here; nothing is lost. Which one counts?",
            ),
            keep=keep,
            newer=newer,
        )
        return self._fill(
            survey,
            asked,
            form.granted,
            language,
            form.answers,
            submission_id=form.submission_id,
            rev=stored_rev + 1,
            seen=form.seen,
            seconds=form.seconds,
            prompted=form.prompted,
            at=None,
            mode="keep",
            note=str(note),
            safe={"prefix": self._(language, "Please choose: ")},
        )

    def _fill(
        self,
        survey: Survey,
        asked: Plan,
        granted: frozenset[str] | None,
        language: Language,
        answers: Fields,
        *,
        submission_id: UUID,
        rev: int,
        seen: Iterable[int],
        seconds: Iterable[float],
        prompted: bool,
        at: int | None,
        mode: str,
        note: str = "",
        safe: Mapping[str, str] | None = None,
    ) -> str:
        skeleton = self._skeleton(survey, asked, granted, language)
        state = f' data-state="{mode}"' if mode else ""
        if at is not None:
            state += f' data-at="{at}"'
        return skeleton.fill(
            {
                "id": str(submission_id),
                "rev": str(rev),
                "lihat": ",".join(str(n) for n in sorted(seen)),
                "detik": ",".join(f"{s:g}" for s in seconds),
                "ditanya": "1" if prompted else "",
                "state": state,
                "note": note,
                "saved": ">",
                **(safe or {}),
            },
            answers,
        )

    def _skeleton(
        self, survey: Survey, asked: Plan, granted: frozenset[str] | None, language: Language
    ) -> Skeleton:
        key = (survey.wave.wave_id, survey.fingerprint, granted, language)
        return self._skeletons.get(
            key, lambda: self._make_skeleton(survey, asked, granted, language)
        )

    def _make_skeleton(
        self, survey: Survey, asked: Plan, granted: frozenset[str] | None, language: Language
    ) -> Skeleton:
        scale = survey.instrument.response_scale
        sections = [
            SectionView(
                step.number,
                self._title(asked, step, language),
                step.items,
                step.questions,
                step.lead or self._lead(step),
            )
            for step in asked.steps
        ]
        background = "" if granted is None else " ".join(("ya", *sorted(granted)))
        html = self._pages.render(
            "surveys/document.html",
            language,
            page=self._page(survey, language),
            sections=sections,
            options=scale.options,
            not_applicable=scale.not_applicable,
            background=background,
            slot=slot,
        )
        return Skeleton.of(html)

    def _lead(self, step: Step) -> tuple[Text, ...]:
        leads = {
            "behaviour": N_("A few short questions. A rough figure is enough."),
            "background": N_("Every answer is optional. It is kept apart from the rest."),
            "open": N_("Optional, too. A few words are enough."),
        }
        message = leads[step.group]
        return (Text(id=self._("id", message), en=self._("en", message)),)

    def _note(self, language: Language, title: str, text: str, link: tuple[str, str] | None) -> str:
        way = (
            Markup('<p class="now"><a class="tap" href="{}">{}</a></p>').format(*link)
            if link
            else ""
        )
        return str(
            Markup('<div class="note kind"><h2>{}</h2><p>{}</p>{}</div>').format(
                self._(language, title), self._(language, text), way
            )
        )

    def _alert(
        self, language: Language, title: str, text: str, links: list[tuple[str, str]]
    ) -> str:
        items = Markup("").join(
            Markup('<li><a href="{}">{}</a></li>').format(href, label) for href, label in links
        )
        body = Markup("<ul>{}</ul>").format(items) if links else ""
        return str(
            Markup(
                '<div class="note" id="galat" tabindex="-1" autofocus><div role="alert">'
                "<h2>{}</h2><p>{}</p>{}</div></div>"
            ).format(self._(language, title), self._(language, text), body)
        )

    def _warning(self) -> Markup:
        return Markup(self._pages.macro("_components/marks.jinja", "warning"))  # noqa: S704 - our template

    def _why(self, asked: Plan, fault: AnswerFault, language: Language) -> str:
        question = None
        if fault.code in asked.questions:
            question = asked.instrument.question(fault.code)
        if question is not None and question.kind == "number":
            if fault.kind == "not_a_number":
                return self._(language, "Put right: please write a number, for example 2.")
            low, high = question.low, question.high
            if fault.kind == "out_of_range" and low is not None and high is not None:
                return self._(
                    language, "Put right: a number from %(low)s to %(high)s.", low=low, high=high
                )
        if question is not None and fault.kind == "too_long":
            longest = question.max_length
            return self._(language, "Put right: at most %(n)s characters.", n=longest)
        return self._(
            language, "Put right: this answer could not be read. Please choose it once more."
        )
