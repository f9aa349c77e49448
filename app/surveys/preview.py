"""The desk's look at a wave as a member sees it: the real pages, in a phone's frame.

Nothing is stored and nothing can be sent from here (the frame is inert); to go the whole
way, a plan is tried out on its real link.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import Response
from markupsafe import Markup

from app.auth import Permission, asks, staff_router
from app.db import ReadSession
from app.desk import AtDesk
from app.pages import N_, language_of
from app.submission import State
from app.surveys.desk import desk_of
from app.surveys.survey import Survey, survey_of
from app.surveys.views.document import NOBODY
from app.wave_reader import find_wave
from instrument.model import Language

router = staff_router("/k/{community}/gelombang")
_MAIN = re.compile(r"<main[^>]*>(.*)</main>", re.DOTALL)
NAMES = {
    "full": N_("Wave %(number)s"),
    "pulse": N_("Wave %(number)s, pulse"),
}


@dataclass(frozen=True, slots=True)
class Screen:
    """One page of the survey, as it stands on a phone."""

    title: str
    body: Markup


@router.get("/{number:int}/pratinjau")
@asks(Permission.WAVE_EDIT)
def preview_page(desk: AtDesk, session: ReadSession, request: Request, number: int) -> Response:
    """Landing page and questions; ``?bahasa=en`` shows them in English."""
    wave = find_wave(session, f"{desk.here.slug}-{number}")
    survey = survey_of(desk.here, wave)
    asked = request.query_params.get("bahasa")
    language = language_of(asked) if asked else desk.language
    members = desk_of(request)
    landing = members.landings.landing(survey, language, continuing=False).plain().decode()
    questions = members.documents.resumed(survey, _nobody(survey, language), language)
    screens = [
        Screen(desk.text(N_("First page: welcome, consent, code")), _inside(landing)),
        Screen(desk.text(N_("The questions")), _inside(questions)),
    ]
    return desk.page(
        "surveys/preview.html",
        name=desk.text(NAMES[wave.form], number=number),
        number=number,
        screens=screens,
        shown=language,
    )


def _nobody(survey: Survey, language: Language) -> State:
    """Somebody who agreed to everything and has answered nothing."""
    choices = survey.instrument.consent.choices if survey.instrument.consent else ()
    return State(
        submission_id=NOBODY,
        rev=0,
        answers=bytes(len(survey.instrument.items)),
        extra={},
        language=language,
        status="new",
        choices={choice.code: True for choice in choices},
        receipt=None,
        background=None,
    )


def _inside(page: str) -> Markup:
    found = _MAIN.search(page)
    assert found is not None, "every page of ours has a main part"
    return Markup(found[1])  # noqa: S704 - rendered by our own templates, escaped there
