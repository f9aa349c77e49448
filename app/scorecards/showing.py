"""What everybody may read, made: the members' page of results, and a card behind a link.

Imported with the first request for one of them (`app.scorecards.public`); runs in a thread.
Only published cards are looked at. Pages are made once and kept, by the card's digest: when
the link goes round in the group a whole community opens them within an hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

from app import published_cards
from app.auth.guards import clock
from app.auth.tokens import Throttle
from app.db import Database
from app.pages import N_, Kept, Message, Page, Pages, Way, day, language_of, switched
from app.published_cards import Published, UnknownCard
from app.scorecards import commitments, links
from app.scorecards.errors import UnknownLink
from app.wave_reader import CommunityView, WaveView, current_wave, find_community
from instrument.model import Language

if TYPE_CHECKING:
    from analysis.scorecard.model import Card

BRIEFLY = "public, max-age=60"
"""What is published is the same for everybody; a commitment shows after a minute."""
PICTURES = {"gambar-id.png", "gambar-en.png"}
KEEP = 32


@dataclass(frozen=True, slots=True)
class Earlier:
    """A link to another wave's results."""

    number: int
    href: str


_kept = Kept(KEEP)


def results(request: Request, session: Session) -> Response:
    """What came of the last wave that is published; before one is, when to expect it."""
    community = find_community(session, request.path_params["slug"])
    cards = published_cards.all_of(session, community.id)
    if not cards:
        return _not_yet(request, current_wave(session, community.slug), community)
    return _results(request, session, community, cards, cards[0])


def results_of(request: Request, session: Session) -> Response:
    """What came of one wave."""
    community = find_community(session, request.path_params["slug"])
    cards = published_cards.all_of(session, community.id)
    number = request.path_params["number"]
    shown = next((one for one in cards if one.number == number), None)
    if shown is None:
        raise UnknownCard(str(number))
    return _results(request, session, community, cards, shown)


def whole_card(request: Request, session: Session) -> Response:
    """The whole card: the chair sees nothing that members cannot."""
    slug, number = request.path_params["slug"], request.path_params["number"]
    community = find_community(session, slug)
    shown = published_cards.find(session, community.id, number)
    language = language_of(request.query_params.get("lang"))
    path = f"/s/{slug}/hasil/{number}/kartu"
    return HTMLResponse(_shared(request, shown, language, path), headers={"cache-control": BRIEFLY})


def picture(request: Request, session: Session) -> Response:
    """The picture for the group; chat apps fetch it, too."""
    name = request.path_params["name"]
    if name not in PICTURES:
        raise UnknownCard(name)
    community = find_community(session, request.path_params["slug"])
    shown = published_cards.find(session, community.id, request.path_params["number"])
    content = published_cards.content(session, shown.id, name)
    return Response(content, media_type="image/png", headers={"cache-control": BRIEFLY})


def by_link(request: Request) -> Response:
    """One card, for whoever has a link to it; says the same of every link that opens none."""
    token, now = request.path_params["token"], clock(request)
    database: Database = request.app.state.database
    throttle: Throttle = request.app.state.throttle
    client = request.client.host if request.client else None
    throttle.check_network(client)
    key = database.settings.key("secret_key")
    try:
        with Session(database.read) as session, session.begin():
            link_id, shown = links.find(session, key=key, token=token, at=now)
            zone = ZoneInfo(find_community(session, shown.card.slug).timezone)
            today = now.astimezone(zone).date()
            noted = links.used_today(session, link_id, today)
    except UnknownLink:
        throttle.count_wrong(client)
        raise
    if not noted:
        with Session(database.write) as session, session.begin():
            links.touch(session, link_id, today)
    language = language_of(request.query_params.get("lang"))
    headers = {"cache-control": "no-store", "x-robots-tag": "noindex, nofollow"}
    return HTMLResponse(_shared(request, shown, language, f"/kartu/{token}"), headers=headers)


def _results(
    request: Request,
    session: Session,
    community: CommunityView,
    cards: list[Published],
    shown: Published,
) -> Response:
    language = language_of(request.query_params.get("lang"))
    pages: Pages = request.app.state.pages
    promised = commitments.shown(session, shown.wave_id)
    has_picture = f"gambar-{language}.png" in published_cards.names(session, shown.id)
    numbers = tuple(one.number for one in cards)
    key = ("hasil", pages.base_url, community.id, shown.digest, promised, has_picture, numbers,
           language, request.url.path)  # fmt: skip

    def make() -> str:
        from app.scorecards.view import view_of  # noqa: PLC0415 - with the first card

        base = f"/s/{community.slug}/hasil"
        page = _page(pages, language, community.slug, request.url.path, shown.card)
        return pages.render(
            "scorecards/hasil.html",
            language,
            page=page,
            view=view_of(with_promises(shown.card, promised), language),
            full=f"{base}/{shown.number}/kartu{page.query}",
            picture=f"{base}/{shown.number}/gambar-{language}.png" if has_picture else "",
            past=[
                Earlier(number, f"{base}/{number}{page.query}")
                for number in numbers
                if number != shown.number
            ],
        )

    return HTMLResponse(_kept.get(key, make), headers={"cache-control": BRIEFLY})


def with_promises(card: Card, promised: tuple[commitments.Shown, ...]) -> Card:
    """The card with what was promised after it, beside what it says of earlier promises."""
    new = (one.promise for one in promised)
    return card.model_copy(update={"promises": (*new, *card.promises)})


def _shared(request: Request, shown: Published, language: Language, path: str) -> str:
    pages: Pages = request.app.state.pages

    def make() -> str:
        from app.scorecards.view import view_of  # noqa: PLC0415 - with the first card

        return pages.render(
            "scorecards/shared.html",
            language,
            page=_page(pages, language, "", path, shown.card),
            view=view_of(shown.card, language),
        )

    if path.startswith("/kartu/"):
        return make()  # the page holds the link in its way to the other language: not kept
    return _kept.get(("kartu", pages.base_url, shown.digest, language, path), make)


def _page(pages: Pages, language: Language, slug: str, path: str, card: Card) -> Page:
    return Page(
        language=language,
        slug=slug,
        base_url=pages.base_url,
        simulated=card.simulated,
        switch=switched(path, language),
    )


def _not_yet(request: Request, wave: WaveView | None, community: CommunityView) -> Response:
    language = language_of(request.query_params.get("lang"))
    pages: Pages = request.app.state.pages
    lines = [pages.text(language, N_("No results have been published yet."))]
    if wave is not None and wave.results_by is not None:
        by = day(wave.results_by, language, ZoneInfo(community.timezone))
        said = N_("They are shared by %(day)s, here and in the WA group.")
        lines.append(pages.text(language, said, day=by))
    lines.append(
        pages.text(language, N_("You will see the same figures as the chair: combined ones only."))
    )
    home = f"/s/{community.slug}"
    page = Page(
        language=language,
        slug=community.slug,
        base_url=pages.base_url,
        simulated=wave is not None and wave.is_simulated,
        trial=wave is not None and wave.is_test,
        switch=switched(f"{home}/hasil", language),
    )
    back = Way(f"{home}{page.query}", pages.text(language, N_("Back to the survey")))
    title = pages.text(language, N_("Results for members"))
    body = pages.render(
        "surveys/message.html",
        language,
        page=page,
        message=Message(title, tuple(lines), back, card=True),
    )
    return HTMLResponse(body, headers={"cache-control": "private, no-cache"})
