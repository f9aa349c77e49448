"""Pages of sharing: text, card, QR code, poster. Changes nothing."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import Response

from app.auth import Permission, asks, staff_router
from app.db import ReadSession
from app.desk import NO_STORE, AtDesk
from app.sharing import qr_svg
from app.wave_reader import MINUTES
from app.waves import planning, sharing
from app.waves.contexts import name_of

router = staff_router("/k/{community}/gelombang")
LONGEST_TITLE, LONGEST_DESCRIPTION = 35, 65
"""Characters that WhatsApp shows of a card."""
LARGEST_IMAGE = 60_000


@router.get("/{number:int}/bagikan")
@asks(Permission.WAVE_RUN)
def share_page(desk: AtDesk, session: ReadSession, request: Request, number: int) -> Response:
    """The text in both languages, the card a chat shows, the QR code."""
    wave = planning.find(session, community_id=desk.here.id, number=number)
    image = request.app.state.assets.size("kartu.png")
    return desk.page(
        "waves/share.html",
        wave=wave,
        name=name_of(desk, wave),
        link=sharing.link_of(desk),
        minutes=MINUTES[wave.form],
        texts=sharing.texts(desk, wave, sharing.INVITE),
        public=desk.base_url.startswith("https://"),
        image_kb=round(image / 1000),
        small=image < LARGEST_IMAGE,
        longest=(LONGEST_TITLE, LONGEST_DESCRIPTION),
    )


@router.get("/{number:int}/qr.svg")
@asks(Permission.WAVE_RUN)
def qr_file(desk: AtDesk, session: ReadSession, number: int) -> Response:
    """The community's link as a QR code, a file to put anywhere."""
    planning.find(session, community_id=desk.here.id, number=number)
    headers = {**NO_STORE, "content-disposition": f'inline; filename="qr-{desk.here.slug}.svg"'}
    svg = qr_svg(sharing.link_of(desk), scale=10)
    return Response(svg, media_type="image/svg+xml", headers=headers)


@router.get("/{number:int}/poster")
@asks(Permission.WAVE_RUN)
def poster_page(desk: AtDesk, session: ReadSession, number: int) -> Response:
    """A sheet of A4 for the wall: QR code, link, until when, in both languages."""
    wave = planning.find(session, community_id=desk.here.id, number=number)
    return desk.page(
        "waves/poster.html",
        name=name_of(desk, wave),
        link=sharing.link_of(desk),
        texts=sharing.texts(desk, wave, sharing.POSTER),
        qr=qr_svg(sharing.link_of(desk), scale=10),
    )
