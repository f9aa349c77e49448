"""Phone numbers of the roster: in clear on the operator's page only, sealed in the store."""

from __future__ import annotations

import hashlib
from uuid import UUID

from app.sealing import Sealer
from app.settings import Settings
from app.tables import Participant


class PhoneBook:
    """Seals and reads phones under IDENTITY_KEY; each is bound to its person."""

    def __init__(self, settings: Settings) -> None:
        self._sealer = Sealer(settings.key("identity_key"), "phone")

    def seal(self, ref: UUID, phone: str) -> bytes:
        """Return what is stored for ``phone`` (country code and digits)."""
        return self._sealer.seal(phone.encode(), about=ref.hex)

    def read(self, participant: Participant) -> str | None:
        """The person's phone, or None. Raises `app.sealing.NotOurs`: IDENTITY_KEY changed."""
        if participant.phone is None:
            return None
        return self._sealer.open(participant.phone, about=participant.respondent_ref.hex).decode()

    def fingerprint(self, participant: Participant) -> str:
        """Changes with whatever the page of a person shows and lets change."""
        shown = f"{participant.display_name}\n{self.read(participant) or ''}"
        return hashlib.sha256(shown.encode()).hexdigest()[:32]
