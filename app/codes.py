"""Codes that people read aloud and type: 7 random characters and one check character.

The alphabet is Crockford's base32 (no I, L, O, U). The check character is the value
modulo 37 (https://www.crockford.com/base32.html); a draw whose check falls outside the
32 letters is drawn again, so that a code never holds a sign that a phone hides. Every
single wrong character and every swap of neighbours is noticed: 37 is prime and larger
than the alphabet, and neither 32 nor 31 is a multiple of it. 2^35 * 32/37 > 2^34 codes.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Iterator
from typing import Protocol
from uuid import UUID

from app.keyed import keyed_hash

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}
_FORGIVEN = {"I": "1", "L": "1", "O": "0"}
_RANDOM_CHARACTERS = 7
_BITS = 5 * _RANDOM_CHARACTERS
_LENGTH = _RANDOM_CHARACTERS + 1
_MODULUS = 37


class RandomBits(Protocol):
    """Where randomness comes from; `secrets` is one."""

    def randbits(self, k: int, /) -> int:
        """Return a whole number of ``k`` random bits."""
        ...


def new_code(rng: RandomBits = secrets) -> str:
    """Draw a code; canonical form, eight characters without a space."""
    while True:
        code = _spell(rng.randbits(_BITS))
        if code is not None:
            return code


def normalise(text: str) -> str | None:
    """Return the canonical code somebody meant, or None where it cannot be one.

    Forgives case, spaces, dashes of any kind, full-width characters, I and L for 1,
    O for 0; refuses a wrong check character.
    """
    letters = []
    for character in unicodedata.normalize("NFKC", text).upper():
        if character.isspace() or unicodedata.category(character) in ("Pd", "Cf"):
            continue
        letters.append(_FORGIVEN.get(character, character))
        if len(letters) > _LENGTH:
            return None
    if len(letters) != _LENGTH or any(letter not in _VALUES for letter in letters):
        return None
    value = 0
    for letter in letters[:-1]:
        value = value * 32 + _VALUES[letter]
    return "".join(letters) if value % _MODULUS == _VALUES[letters[-1]] else None


def show(code: str) -> str:
    """Return the code as people see it: two groups of four."""
    return f"{code[:4]} {code[4:]}"


def code_hmac(key: bytes, community_id: int, code: str, *, kind: str = "code") -> bytes:
    """HMAC-SHA-256 of a canonical code; the only form in which a code is stored.

    ``community_id`` goes in, so that a code of another community is simply unknown;
    ``kind`` keeps codes, links and receipts apart.
    """
    return keyed_hash(key, f"{kind}:{community_id}:{code}".encode())


def receipts(key: bytes, submission_id: UUID) -> Iterator[str]:
    """All receipt codes a submission can have, the usual one first.

    Derived, not stored, so that a replay and a later visit show the same one. The store
    takes the first that no other submission of the community has.
    """
    counter = 0
    while True:
        message = f"receipt:{submission_id.hex}:{counter}".encode()
        drawn = int.from_bytes(keyed_hash(key, message)[:8]) >> (64 - _BITS)
        code = _spell(drawn)
        if code is not None:
            yield code
        counter += 1


def receipt(key: bytes, submission_id: UUID) -> str:
    """The receipt code of a submission (see `receipts`)."""
    return next(receipts(key, submission_id))


def _spell(value: int) -> str | None:
    """Seven letters of ``value`` and its check letter; None where the check has no letter."""
    check = value % _MODULUS
    if check >= len(ALPHABET):
        return None
    letters = [ALPHABET[(value >> shift) & 31] for shift in range(_BITS - 5, -1, -5)]
    return "".join(letters) + ALPHABET[check]
