"""The chair's page of links to a card: make one, see which are valid, revoke."""

from __future__ import annotations

from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

from app import published_cards
from app.auth import InCommunity, Permission, asks, staff_router
from app.db import ReadSession, WriteSession
from app.desk import AtDesk, Desk
from app.pages import N_
from app.scorecards import links
from app.wave_reader import CommunityView

router = staff_router("/k/{community}/kartu")


@router.get("/{number:int}/tautan")
@asks(Permission.CARD_LINK)
def valid(desk: AtDesk, community: InCommunity, session: ReadSession, number: int) -> HTMLResponse:
    """The links that open this card; none of them is shown again."""
    return _page(desk, session, community, number)


@router.post("/{number:int}/tautan")
@asks(Permission.CARD_LINK)
def make(desk: AtDesk, community: InCommunity, session: WriteSession, number: int) -> Response:
    """Make a link; this answer is the only place that shows it."""
    card = published_cards.find(session, community.id, number)
    _, token = links.make(
        session=session,
        key=desk.settings.key("secret_key"),
        card=card,
        by=desk.account.actor,
        at=desk.now,
    )
    return _page(desk, session, community, number, made=f"{desk.base_url}/kartu/{token}")


@router.post("/{number:int}/tautan/{link:int}/cabut")
@asks(Permission.CARD_LINK)
def revoke(
    desk: AtDesk, community: InCommunity, session: WriteSession, number: int, link: int
) -> Response:
    """End a link, at once."""
    card = published_cards.find(session, community.id, number)
    links.revoke(session=session, card=card, link_id=link, by=desk.account.actor, at=desk.now)
    return desk.go(
        desk.at(f"/kartu/{number}/tautan"),
        say=N_("The link is revoked; it opens nothing any more."),
    )


def _page(
    desk: Desk, session: Session, community: CommunityView, number: int, *, made: str = ""
) -> HTMLResponse:
    card = published_cards.find(session, community.id, number)
    return desk.page(
        "scorecards/links.html",
        number=number,
        links=links.valid(session, card.wave_id, desk.now),
        made=made,
        days=links.LASTS.days,
    )
