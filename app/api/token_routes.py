"""The page on which a researcher makes and revokes tokens for their own programs."""

from __future__ import annotations

from datetime import timedelta

from fastapi.responses import HTMLResponse, Response

from app import audit
from app.auth import InCommunity, Permission, Scope, asks, staff_router
from app.auth.tokens import UnfitToken, issue_token, own_tokens, revoke_token
from app.db import ReadSession, WriteSession
from app.desk import AtDesk, Desk, Form
from app.pages import N_
from app.problems import NotFound

router = staff_router("/k/{community}/token")

SCOPES = {
    Scope.WAVES: N_("waves: which there are, and when they were asked"),
    Scope.CODEBOOK: N_("codebook: names, labels and codes of the columns"),
    Scope.DATA: N_("data: the data sets, one row a person"),
    Scope.RESULTS: N_("results: finished analyses"),
}
DAYS = (30, 90, 180, 365)


@router.get("")
@asks(Permission.TOKEN_OWN)
def tokens(desk: AtDesk, community: InCommunity, session: ReadSession) -> HTMLResponse:
    """Own tokens for this community, and the form for another."""
    return _page(desk, session, {})


@router.post("")
@asks(Permission.TOKEN_OWN)
def make(desk: AtDesk, community: InCommunity, form: Form, session: WriteSession) -> Response:
    """Make a token; this answer is the only place that shows it."""
    name = form.text("nama")
    scopes = [one for one in Scope if one in form.all("cakupan")]
    days = next((one for one in DAYS if str(one) == form.text("hari")), 0)
    faults = {}
    if not 0 < len(name) <= 64:
        faults["nama"] = desk.text(N_("Give the token a name of 1 to 64 characters."))
    if not scopes:
        faults["cakupan"] = desk.text(N_("Choose what the token may read."))
    if not days:
        faults["hari"] = desk.text(N_("Choose how long the token lasts."))
    if faults:
        return _page(desk, session, faults, name=name, chosen=scopes)
    try:
        token_id, token = issue_token(
            session,
            account=desk.account,
            community_id=community.id,
            name=name,
            scopes=scopes,
            lasts=timedelta(days=days),
            at=desk.now,
        )
    except UnfitToken:
        faults["nama"] = desk.text(N_("You have twenty tokens; revoke one that is not needed."))
        return _page(desk, session, faults, name=name, chosen=scopes)
    audit.record(
        session,
        by=desk.account.actor,
        action="token.make",
        subject=f"token:{token_id}",
        at=desk.now,
        community_id=community.id,
        detail={"scopes": " ".join(scopes), "days": days},
    )
    return _page(desk, session, {}, made=token)


def _page(
    desk: Desk,
    session: ReadSession,
    faults: dict[str, str],
    *,
    name: str = "",
    chosen: list[Scope] | None = None,
    made: str = "",
) -> HTMLResponse:
    here = desk.community.id if desk.community else 0
    return desk.page(
        "api/tokens.html",
        tokens=[
            one
            for one in own_tokens(session, account=desk.account, at=desk.now)
            if one.community_id == here
        ],
        scopes=[(str(scope), desk.text(words)) for scope, words in SCOPES.items()],
        days=[(str(one), desk.text(N_("%(days)s days"), days=one)) for one in DAYS],
        chosen=[str(one) for one in chosen or ()],
        name=name,
        made=made,
        faults=faults,
    )


@router.post("/{token_id}/cabut")
@asks(Permission.TOKEN_OWN)
def revoke(desk: AtDesk, community: InCommunity, session: WriteSession, token_id: int) -> Response:
    """End one of one's own tokens, at once."""
    if not revoke_token(session, account=desk.account, token_id=token_id, at=desk.now):
        raise NotFound
    audit.record(
        session,
        by=desk.account.actor,
        action="token.revoke",
        subject=f"token:{token_id}",
        at=desk.now,
        community_id=community.id,
    )
    return desk.go(desk.at("/token"), say=N_("The token is revoked; it opens nothing any more."))
