"""The catalogue of permissions: what a route asks for, and which role holds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar


class Permission(StrEnum):
    """What a route asks for; a route that names none fails a test."""

    PUBLIC = "public"  # landing, published results, health
    SELF = "self"  # answer, see, correct, withdraw one's own
    ROSTER_EDIT = "roster.edit"
    CODE_ISSUE = "code.issue"
    EVENT_EDIT = "event.edit"
    WAVE_EDIT = "wave.edit"
    WAVE_RUN = "wave.run"
    RIGHTS_INBOX = "rights.inbox"
    WAVE_RATE = "wave.rate"  # n of N, never who
    DATASET_READ = "dataset.read"
    ANALYSIS_RUN = "analysis.run"
    TEXT_MODERATE = "text.moderate"
    K_OVERRIDE = "k.override"
    CARD_PREVIEW = "card.preview"
    CARD_PUBLISH = "card.publish"
    TOKEN_OWN = "token.own"  # noqa: S105 - the name of a permission, no secret
    CARD_READ = "card.read"
    CARD_LINK = "card.link"
    COMMITMENT_EDIT = "commitment.edit"
    STAFF_EDIT = "staff.edit"
    COMMUNITY_EDIT = "community.edit"
    AUDIT_READ = "audit.read"
    ACCOUNT_OWN = "account.own"  # one's own account: whoever is signed in, in any role or none
    DEMO_READ = "demo.read"  # simulated waves, in demo mode only


Endpoint = TypeVar("Endpoint", bound=Callable[..., object])


def asks(permission: Permission, *, scope: Scope | None = None) -> Callable[[Endpoint], Endpoint]:
    """Declare what an endpoint asks for; a test fails on a route that declares nothing.

    ``public`` and ``self`` need no account: `self` is judged where the code or the
    submission id is read. What staff pages and the API declare is enforced by their
    routers (`app.auth.staff_router`, `app.auth.api_router`). ``scope`` is what a token must
    have been made for, on the API only.
    """

    def declare(endpoint: Endpoint) -> Endpoint:
        endpoint.permission = permission  # type: ignore[attr-defined]
        endpoint.scope = scope  # type: ignore[attr-defined]
        return endpoint

    return declare


class Scope(StrEnum):
    """What an API token may be made for; never more than its owner may do."""

    WAVES = "waves"
    CODEBOOK = "codebook"
    DATA = "data"
    RESULTS = "results"


class Role(StrEnum):
    """Kinds of people; a role is a list of permissions (`ROLES`)."""

    MEMBER = "member"
    OPERATOR = "operator"
    RESEARCHER = "researcher"
    CHAIR = "chair"
    ADMIN = "admin"


ROLES: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.MEMBER: frozenset({Permission.PUBLIC, Permission.SELF}),
        Role.OPERATOR: frozenset(
            {
                Permission.PUBLIC,
                Permission.ROSTER_EDIT,
                Permission.CODE_ISSUE,
                Permission.EVENT_EDIT,
                Permission.WAVE_EDIT,
                Permission.WAVE_RUN,
                Permission.RIGHTS_INBOX,
                Permission.WAVE_RATE,
            }
        ),
        Role.RESEARCHER: frozenset(
            {
                Permission.PUBLIC,
                Permission.WAVE_RATE,
                Permission.DATASET_READ,
                Permission.ANALYSIS_RUN,
                Permission.TEXT_MODERATE,
                Permission.K_OVERRIDE,
                Permission.CARD_PREVIEW,
                Permission.CARD_PUBLISH,
                Permission.TOKEN_OWN,
            }
        ),
        Role.CHAIR: frozenset(
            {
                Permission.PUBLIC,
                Permission.WAVE_RATE,
                Permission.CARD_READ,
                Permission.CARD_LINK,
                Permission.COMMITMENT_EDIT,
            }
        ),
        Role.ADMIN: frozenset(
            {
                Permission.PUBLIC,
                Permission.STAFF_EDIT,
                Permission.COMMUNITY_EDIT,
                Permission.AUDIT_READ,
            }
        ),
    }
)

NEVER_TOGETHER = frozenset({Role.OPERATOR, Role.RESEARCHER})
"""In one community and one account: the roster and the rows would meet in one head."""


EVERYWHERE = ROLES[Role.ADMIN] - {Permission.PUBLIC}
"""Permissions of the whole installation: held by an admin, in no community's name."""
WITH_SECOND_FACTOR = frozenset({Role.ADMIN, Role.RESEARCHER})
"""Roles that work only in a session with a second factor, and not for long unattended."""


def may_hold(roles: frozenset[Role]) -> bool:
    """Whether one account may hold these roles in one community."""
    return not roles >= NEVER_TOGETHER
