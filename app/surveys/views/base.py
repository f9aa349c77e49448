"""What all member pages share: words, the frame, pages that are made once and kept."""

from __future__ import annotations

from app.pages import N_, Page, Pages, day, switched
from app.surveys.plan import Plan, Step
from app.surveys.survey import Nothing, Survey
from instrument.model import Language

KEEP = 64
"""Variants kept of each kind of page; a community in two languages needs about ten."""


class View:
    """Base of the page makers."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def _(self, language: Language, message: str, /, **values: object) -> str:
        """Interface text; short, since it stands in every line."""
        return self._pages.text(language, message, **values)

    def _page(self, survey: Survey | Nothing, language: Language, switch: str = "") -> Page:
        """The frame of a page; ``switch`` is its own path, where a link can change language."""
        simulated = isinstance(survey, Survey) and survey.wave.is_simulated
        return Page(
            language=language,
            slug=survey.slug,
            base_url=self._pages.base_url,
            simulated=simulated,
            trial=isinstance(survey, Survey) and survey.wave.is_test,
            minutes=survey.wave.minutes if isinstance(survey, Survey) else 0,
            switch=switched(switch, language) if switch else "",
        )

    def _title(self, asked: Plan, step: Step, language: Language) -> str:
        if step.items:
            return self._(
                language, "Section %(n)s of %(total)s", n=step.number, total=asked.sections
            )
        titles = {
            "behaviour": N_("Nearly there: what you do"),
            "background": N_("About you"),
            "open": N_("Last: in your own words"),
        }
        return self._(language, titles[step.group])

    def _shared_by(self, survey: Survey, language: Language) -> str:
        """The day by which the community hears what came of it; empty where no end is set."""
        by = survey.wave.results_by
        return "" if by is None else day(by, language, survey.zone)


def query(language: Language) -> str:
    """Keeps the language over links; Indonesian needs none."""
    return "?lang=en" if language == "en" else ""
