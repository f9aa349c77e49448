"""HMAC-SHA-256, the house's one keyed hash."""

from __future__ import annotations

import hmac
from functools import lru_cache


def keyed_hash(key: bytes, message: bytes) -> bytes:
    """Return the HMAC-SHA-256 (RFC 2104) of a message, 32 bytes.

    On a copy of a hash begun with the key. `hmac.digest` begins anew each time, twice the
    work, and lets go of the interpreter for it: a busy thread then waits for two microseconds'
    work as long as for any other turn.
    """
    one = _begun(key).copy()
    one.update(message)
    return one.digest()


@lru_cache(maxsize=8)
def _begun(key: bytes) -> hmac.HMAC:
    """Few keys exist in a process: the installation's, and one a project while it exports."""
    return hmac.new(key, digestmod="sha256")
