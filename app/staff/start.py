"""The start page, and the one of each community: what there is to do, for this account."""

from __future__ import annotations

from fastapi.responses import HTMLResponse

from app.auth import InCommunity, Permission, Role, asks, staff_router
from app.desk import AtDesk, Desk, ways_of
from app.pages import N_
from app.wave_reader import CommunityView

router = staff_router()

ROLE_NAMES = {
    Role.OPERATOR: N_("operator"),
    Role.RESEARCHER: N_("researcher"),
    Role.CHAIR: N_("chair"),
    Role.ADMIN: N_("administrator"),
}
ROLE_DUTIES = {
    Role.OPERATOR: N_("Keeps the roster, hands out codes, opens and closes waves. Sees no answer."),
    Role.RESEARCHER: N_("Reads data sets and analyses, publishes the scorecard. Sees no name."),
    Role.CHAIR: N_("Reads published scorecards and writes down what the community will do."),
    Role.ADMIN: N_("Keeps accounts, roles and communities. Sees no answer and no roster."),
}


@router.get("")
@asks(Permission.ACCOUNT_OWN)
def start(desk: AtDesk) -> HTMLResponse:
    """The communities of this account, and what it may do in each."""
    places = [(one, _roles(desk, one), _ways(desk, one)) for one in desk.account.communities]
    return desk.page("staff/start.html", places=places, duties=ROLE_DUTIES, admin=Role.ADMIN)


@router.get("/k/{community}")
@asks(Permission.ACCOUNT_OWN)
def community_start(desk: AtDesk, community: InCommunity) -> HTMLResponse:
    """One community: the roles held there, and the ways on."""
    return desk.page(
        "staff/community.html", ways=_ways(desk, community), roles=_held(desk, community),
        names=ROLE_NAMES, duties=ROLE_DUTIES,
    )  # fmt: skip


def _held(desk: Desk, community: CommunityView) -> list[Role]:
    return sorted(desk.account.roles.get(community.id, frozenset()))


def _roles(desk: Desk, community: CommunityView) -> str:
    return ", ".join(desk.text(ROLE_NAMES[role]) for role in _held(desk, community))


def _ways(desk: Desk, community: CommunityView) -> tuple[object, ...]:
    return ways_of(desk.account, community, text=desk.text)
