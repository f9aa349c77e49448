"""Bytes that only this installation can read: phone numbers, and states that a form carries.

AES-256-GCM (NIST SP 800-38D) under a key derived from one of the installation's keys by
HKDF-SHA256 (RFC 5869), one key a purpose, with a fresh random nonce of 96 bits each time.
``about`` is authenticated, not stored: what was sealed about one thing opens for no other.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12


class NotOurs(ValueError):
    """Sealed by somebody else, about something else, or changed since."""


class Sealer:
    """Seals and opens for one ``purpose`` under one key of the installation."""

    def __init__(self, key: bytes, purpose: str) -> None:
        self._cipher = _cipher(key, purpose)

    def seal(self, plain: bytes, *, about: str) -> bytes:
        """Return nonce, ciphertext and tag in one piece."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._cipher.encrypt(nonce, plain, about.encode())

    def open(self, sealed: bytes, *, about: str) -> bytes:
        """Return what was sealed. Raises NotOurs."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - see _cipher

        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], about.encode())
        except (InvalidTag, ValueError) as error:
            raise NotOurs from error


def _cipher(key: bytes, purpose: str) -> AESGCM:
    # The member's pages never seal: they shall not pay 0.2 s of import.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

    info = f"guyub:{purpose}".encode()
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(key))
