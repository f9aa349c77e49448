"""The one soft prompt before sending."""

from __future__ import annotations

from datetime import datetime

from app.pages import clock
from app.surveys.contexts import PromptEntry, PromptGroup
from app.surveys.forms import AnswerForm
from app.surveys.plan import Plan
from app.surveys.service import Saved
from app.surveys.survey import Survey
from app.surveys.views.base import View


class PromptView(View):
    """Lists what has no answer yet, and carries the whole state along."""

    def prompt(
        self, survey: Survey, asked: Plan, form: AnswerForm, saved: Saved, at: datetime
    ) -> str:
        """The one soft prompt: what has no answer yet; both ways on are fine."""
        language = form.switch_to or form.language
        groups = [
            PromptGroup(
                self._title(asked, step, language),
                tuple(
                    PromptEntry(code, asked.wording(code))
                    for code in saved.unanswered
                    if code in step.codes
                ),
            )
            for step in asked.steps
        ]
        granted = "" if form.granted is None else " ".join(("ya", *sorted(form.granted)))
        hidden = [
            ("id", str(form.submission_id)),
            ("rev", str(saved.ack.rev + 1)),
            ("lang", language),
            ("lihat", ",".join(str(n) for n in sorted(saved.seen))),
            ("detik", ",".join(f"{s:g}" for s in form.seconds)),
            ("ditanya", "1"),
            ("layar", "js" if form.stepped else ""),
            ("latar", granted),
            *((name, value) for name, value in form.answers if value),
        ]
        return self._pages.render(
            "surveys/prompt.html",
            language,
            page=self._page(survey, language),
            groups=[group for group in groups if group.entries],
            count=len(saved.unanswered),
            first=saved.unanswered[0],
            hidden=hidden,
            saved=clock(at, language, survey.zone),
        )
