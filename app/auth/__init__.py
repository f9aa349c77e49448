"""Who may do what, and who a credential belongs to. Every credential is resolved here.

Members: `CodeDoor`. Staff: a session (`SignedIn`, `staff_router`). Programs: a token
(`api_router`). Slices need neither each other's code nor anybody's secret.
"""

from __future__ import annotations

from app.auth.accounts import Account, NotAllowed, NotSignedIn, SecondFactorMissing, allowed
from app.auth.code_door import (
    CodeDoor,
    IdentityRemoved,
    TooManyWrongCodes,
    UnknownLink,
    WrongCode,
    WrongCodeCounter,
    network_of,
    resolve_code,
)
from app.auth.guards import InCommunity, Now, SignedIn, clock, require, staff_router
from app.auth.permissions import (
    EVERYWHERE,
    NEVER_TOGETHER,
    ROLES,
    WITH_SECOND_FACTOR,
    Permission,
    Role,
    Scope,
    asks,
    may_hold,
)

__all__ = [
    "EVERYWHERE",
    "NEVER_TOGETHER",
    "ROLES",
    "WITH_SECOND_FACTOR",
    "Account",
    "CodeDoor",
    "IdentityRemoved",
    "InCommunity",
    "NotAllowed",
    "NotSignedIn",
    "Now",
    "Permission",
    "Role",
    "Scope",
    "SecondFactorMissing",
    "SignedIn",
    "TooManyWrongCodes",
    "UnknownLink",
    "WrongCode",
    "WrongCodeCounter",
    "allowed",
    "asks",
    "clock",
    "may_hold",
    "network_of",
    "require",
    "resolve_code",
    "staff_router",
]
