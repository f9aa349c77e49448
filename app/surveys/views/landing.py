"""The landing page: welcome, consent and code on one page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from markupsafe import Markup, escape

from app.packed import FilledPage, PackedPage
from app.pages import N_, Kept, Pages
from app.surveys.contexts import Choice, ConsentText, FieldError
from app.surveys.forms import StartForm
from app.surveys.survey import Survey
from app.surveys.views.base import KEEP, View, query
from instrument.model import Language

_WRONG = {
    "consent": (
        N_("Tick that you are 18 or older and take part"),
        N_("Put right: without this consent we may not ask you anything."),
    ),
    "no_code": (N_("Enter your code"), N_("Put right: the code is still empty.")),
    "wrong_code": (
        N_("Check your code once more"),
        N_("Put right: we do not know this code. Perhaps two characters changed places."),
    ),
    "too_many": (
        N_("Wait a little, then enter your code again"),
        N_("Too many wrong codes came from this network. Please wait ten minutes."),
    ),
}


class LandingView(View):
    """Makes the landing page; kept for each variant, since it is the same for everybody."""

    def __init__(self, pages: Pages) -> None:
        super().__init__(pages)
        self._kept = Kept(KEEP)

    def landing(
        self, survey: Survey, language: Language, *, continuing: bool, personal: bool = False
    ) -> FilledPage:
        """Welcome, consent and code; kept, since it is the same for everybody.

        ``personal``: the address itself is the code.
        """
        key = (survey.wave.wave_id, survey.fingerprint, language, continuing, personal)

        def make() -> FilledPage:
            html = self._landing(survey, language, continuing=continuing, personal=personal)
            return PackedPage([html], []).fill({})

        return self._kept.get(key, make)

    def landing_again(
        self,
        survey: Survey,
        form: StartForm,
        wrong: Mapping[str, str],
        *,
        continuing: bool,
        lost: bool = False,
    ) -> str:
        """The landing page with what was typed and what needs putting right."""
        notice = N_("We could not find that draft any more. Your code brings your answers back.")
        if not survey.coded:
            notice = N_("We could not find that draft any more. You can start again below.")
        errors = []
        for field, kind in wrong.items():
            summary, message = _WRONG[kind]
            errors.append(
                FieldError(field, self._(form.language, summary), self._(form.language, message))
            )
        return self._landing(
            survey,
            form.language,
            continuing=continuing,
            errors=tuple(errors),
            ticked=form.choices,
            code="" if form.kind == "link" else form.code,
            personal=form.kind == "link",
            notice=self._(form.language, notice) if lost else "",
        )

    def _landing(
        self,
        survey: Survey,
        language: Language,
        *,
        continuing: bool,
        personal: bool = False,
        errors: tuple[FieldError, ...] = (),
        ticked: frozenset[str] = frozenset(),
        code: str = "",
        notice: str = "",
    ) -> str:
        by_field = {error.field: error for error in errors}
        page = self._page(survey, language, switch=f"/s/{survey.slug}")
        if personal:
            page = replace(page, switch=f"?lang={page.other}")  # the address stays a secret
        return self._pages.render(
            "surveys/landing.html",
            language,
            page=page,
            personal=personal,
            consent=consent_text(survey, language),
            coded=survey.coded,
            continuing=continuing,
            errors=errors,
            wrong=by_field.get,
            ticked=ticked,
            code=code,
            notice=notice,
        )


def consent_text(survey: Survey, language: Language) -> ConsentText:
    """The consent page of a wave: its paragraphs and the boxes its form needs."""
    consent = survey.instrument.consent
    assert consent is not None
    specific = {question.needs_consent for question in survey.instrument.questions} - {None}
    hidden = specific - survey.granting(frozenset(filter(None, specific)))
    rights = escape({"id": "Hak Saya", "en": "My Rights"}[language])
    link = Markup('<a href="/s/{}/hak{}">{}</a>').format(survey.slug, query(language), rights)
    paragraphs = []
    for paragraph in survey.consent:
        html = "".join(
            f"<b>{escape(piece)}</b>" if bold else _promise(str(escape(piece)))
            for piece, bold in paragraph.runs(language)
        )
        paragraphs.append(Markup(html.replace(str(rights), str(link))))  # noqa: S704 - escaped
    choices = [c for c in consent.choices if c.code not in hidden]
    return ConsentText(
        tuple(paragraphs),
        tuple(Choice(c.code, c.text.in_(language)) for c in choices if c.required),
        tuple(Choice(c.code, c.text.in_(language)) for c in choices if not c.required),
    )


def _promise(escaped: str) -> str:
    """Let a short opening promise ("Your answers are confidential:") stand out."""
    return re.sub(r"^([^:\d.,]{8,40}:)(?= )", r"<b>\1</b>", escaped)
