"""Pages that end or pause the way: how things stand, thanks."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from uuid import UUID

from app import codes
from app.packed import FilledPage, PackedPage, Piece
from app.pages import N_, Kept, Message, Pages, Way, moment_of
from app.surveys.profile import Leaning, Own
from app.surveys.survey import Nothing, Survey, standing
from app.surveys.views.base import KEEP, View, query
from app.surveys.views.skeleton import packed, slot
from instrument.model import Language

LEANINGS: dict[Leaning, str] = {
    "agree": N_("you lean to agree"),
    "between": N_("you are in between"),
    "disagree": N_("you lean to disagree"),
}
MOST_LINES = 1000
"""Eight scales of five items have some 170 different lines a language."""


class MessageView(View):
    """Makes the calm pages."""

    def __init__(self, pages: Pages) -> None:
        super().__init__(pages)
        self._receipts = Kept(KEEP)
        self._pictures = Kept(MOST_LINES)

    def receipt(
        self,
        survey: Survey,
        submission_id: UUID,
        receipt: str,
        language: Language,
        profile: tuple[Own, ...] = (),
    ) -> FilledPage:
        """Thanks, the receipt code, and what happens next; ``profile``: to their own submit."""
        key = (survey.wave.wave_id, survey.fingerprint, language)
        page = self._receipts.get(key, lambda: self._empty_receipt(survey, language))
        own = self._profile(profile, language) if profile else ()
        return page.fill({"id": str(submission_id), "receipt": codes.show(receipt), "profile": own})

    def _profile(self, profile: tuple[Own, ...], language: Language) -> list[Piece]:
        """A member's own picture. A line depends on scale and points alone, so lines are kept."""
        frame = self._pictures.get(
            language,
            lambda: packed(self._pages.render("surveys/profile.html", language, slot=slot)),
        )
        kept = self._pictures.get
        lines = [kept((one, language), partial(self._line, one, language)) for one in profile]
        return frame.pieces({"lines": lines})

    def _line(self, one: Own, language: Language) -> Piece:
        return Piece.fixed(
            self._pages.render("surveys/profile-line.html", language, one=one, words=LEANINGS)
        )

    def _empty_receipt(self, survey: Survey, language: Language) -> PackedPage:
        closes = survey.wave.closes_at
        html = self._pages.render(
            "surveys/receipt.html",
            language,
            page=self._page(survey, language),
            slot=slot,
            coded=survey.coded,
            closes=moment_of(closes, language, survey.zone) if closes else "",
            shared_by=self._shared_by(survey, language),
        )
        return packed(html)

    def standing(
        self,
        survey: Survey | Nothing,
        language: Language,
        *,
        at: datetime,
        posted: bool = False,
    ) -> str:
        """No survey yet, not open yet, or closed: what is, and when to come back.

        ``posted``: somebody has just sent answers that came too late.
        """
        if isinstance(survey, Survey) and standing(survey, at) == "closed":
            return self._closed(survey, language, posted=posted)
        opens = survey.wave.opens_at if isinstance(survey, Survey) else None
        first = self._(language, "There is nothing to fill in yet.")
        if isinstance(survey, Survey) and opens is not None and opens > at:
            moment = moment_of(opens, language, survey.zone)
            first = self._(
                language, "It opens on %(moment)s. Please come back then.", moment=moment
            )
        message = Message(
            self._(language, "The survey is not open yet"),
            (first, self._(language, "Keep this link: it stays the same.")),
            card=True,
        )
        return self._message(survey, language, message)

    def _closed(self, survey: Survey, language: Language, *, posted: bool) -> str:
        closes = survey.wave.closes_at
        lines = []
        if posted:
            lines.append(
                self._(language, "What you have just filled in came too late and was not saved.")
            )
        if closes is not None:
            moment = moment_of(closes, language, survey.zone)
            lines.append(self._(language, "It ran until %(moment)s.", moment=moment))
        lines.append(
            self._(language, "Thank you to everybody who answered. Answers saved in time count,"
                             " even if they were not sent.")
        )  # fmt: skip
        if closes is not None:
            by = self._shared_by(survey, language)
            lines.append(self._(language, "The combined results come by %(day)s.", day=by))
        way = Way(f"/s/{survey.slug}/hasil{query(language)}", self._(language, "To the results"))
        message = Message(self._(language, "This survey is closed"), tuple(lines), way, card=True)
        return self._message(survey, language, message)

    def stopped(self, survey: Survey, language: Language, why: str) -> str:
        """Somebody does not take part: thanks, and nothing was stored.

        ``why``: ``umur`` (under 18), ``purpose`` (no use granted), else their own choice.
        """
        nothing = self._(language, "We have stored nothing.")
        if why == "umur":
            title = N_("Thank you for your interest")
            lines = [self._(language, "This survey is for members of 18 and older."), nothing]
        elif why == "purpose":
            title = N_("Then we may not keep your answers")
            lines = [
                self._(language, "You agreed to take part, but to no use of your answers: neither"
                                 " research nor the combined report. So there is nothing we may"
                                 " do with them."),
                nothing,
                self._(language, "If that was not what you meant, go back and choose one."),
            ]  # fmt: skip
        else:
            title = N_("That is quite all right")
            lines = [
                self._(language, "Thank you for reading this far."),
                nothing,
                self._(language, "If you change your mind, the link still works."),
            ]
        message = Message(self._(language, title), tuple(lines), self._back(survey, language))
        return self._message(survey, language, message)

    def forgotten(self, survey: Survey | Nothing, language: Language) -> str:
        """The phone remembers nothing any more."""
        lines = [
            self._(language, "This phone no longer remembers the survey."),
            self._(language, "What was already saved with us is still there."),
        ]
        if isinstance(survey, Survey) and survey.coded:
            lines.append(self._(language, "To go on later, open the link and enter your code."))
        message = Message(
            self._(language, "Removed from this phone"),
            tuple(lines),
            self._back(survey, language),
        )
        return self._message(survey, language, message)

    def _message(
        self, survey: Survey | Nothing, language: Language, message: Message, switch: str = ""
    ) -> str:
        return self._pages.render(
            "surveys/message.html",
            language,
            page=self._page(survey, language, switch=switch or f"/s/{survey.slug}"),
            message=message,
        )

    def _back(self, survey: Survey | Nothing, language: Language) -> Way:
        return Way(f"/s/{survey.slug}{query(language)}", self._(language, "Back to the survey"))
