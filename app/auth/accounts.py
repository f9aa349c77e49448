"""Somebody who is signed in, and the one question: may they do this, here?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.auth.permissions import ROLES, WITH_SECOND_FACTOR, Permission, Role
from app.errors import AppError
from app.wave_reader import CommunityView
from instrument.model import Language


class NotSignedIn(AppError):
    """Nobody is signed in, or the session is over."""

    status = 401
    slug = "not-signed-in"
    title_id = "Anda belum masuk, atau waktu Anda habis"
    title_en = "You are not signed in, or your time ran out"
    hint_id = "Masuk di tab lain, lalu kembali ke halaman sebelumnya dan kirim ulang."
    hint_en = "Sign in in another tab, then go back to the page before and send it again."


class SecondFactorMissing(AppError):
    """The role asks for a second factor, and this session has none."""

    status = 403
    slug = "second-factor-missing"
    title_id = "Peran Anda memerlukan kode kedua"
    title_en = "Your role needs a second factor"
    hint_id = "Pasang aplikasi autentikator di halaman akun Anda, lalu coba lagi."
    hint_en = "Set up an authenticator app on your account page, then try again."


class NotAllowed(AppError):
    """The account may not do this."""

    status = 403
    slug = "not-allowed"
    title_id = "Akun Anda tidak boleh membuka ini"
    title_en = "Your account may not open this"
    hint_id = "Kalau ini tugas Anda, minta perannya ke admin."
    hint_en = "If this is your task, ask an admin for the role."


@dataclass(frozen=True, slots=True)
class Account:
    """Who acts in this request, as what, and where."""

    id: int
    email: str
    name: str
    language: Language
    """What they chose, or what this address asks for (``?lang=``)."""
    is_admin: bool
    roles: Mapping[int, frozenset[Role]]
    """Roles by community; communities without a role are not there."""
    communities: tuple[CommunityView, ...]
    """Where this account has work, by name; every one for an admin."""
    enrolled: bool
    """Whether a second factor is set up."""
    second_factor: bool
    """Whether this session was begun with it."""
    session_id: int

    @property
    def actor(self) -> str:
        """What the audit log calls this account."""
        return f"staff:{self.id}"

    @property
    def everything(self) -> frozenset[Role]:
        """All roles, wherever they are held."""
        held = frozenset(role for roles in self.roles.values() for role in roles)
        return held | {Role.ADMIN} if self.is_admin else held

    @property
    def needs_second_factor(self) -> bool:
        """Whether a role asks for a second factor that this session does not have."""
        return not self.second_factor and bool(self.everything & WITH_SECOND_FACTOR)

    def roles_in(self, community_id: int | None) -> frozenset[Role]:
        """Roles in one community, or wherever they are held for None."""
        if community_id is None:
            return self.everything
        held = self.roles.get(community_id, frozenset())
        return held | {Role.ADMIN} if self.is_admin else held


def allowed(account: Account, permission: Permission, community_id: int | None = None) -> bool:
    """Judge whether ``account`` may use ``permission`` in a community, or anywhere for None.

    Everybody who is signed in has an account of their own; everything else needs a role.
    """
    if permission in (Permission.PUBLIC, Permission.ACCOUNT_OWN):
        return True
    return any(permission in ROLES[role] for role in account.roles_in(community_id))
