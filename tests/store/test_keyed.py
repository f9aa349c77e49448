"""HMAC-SHA-256 beside published values and beside the standard library."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.keyed import keyed_hash


@pytest.mark.parametrize(
    ("key", "message", "digest"),
    [
        (b"\x0b" * 20, b"Hi There",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (b"Jefe", b"what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (b"\xaa" * 131, b"Test Using Larger Than Block-Size Key - Hash Key First",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
    ],
)  # fmt: skip
def test_the_published_values(key: bytes, message: bytes, digest: str) -> None:
    """RFC 4231, cases 1, 2 and 6; twice, since the second hash is a copy of one begun."""
    assert keyed_hash(key, message).hex() == digest
    assert keyed_hash(key, message).hex() == digest


@given(st.binary(max_size=100), st.lists(st.binary(max_size=300), max_size=5))
def test_no_message_leaves_a_trace_in_the_next(key: bytes, messages: list[bytes]) -> None:
    made = [keyed_hash(key, one) for one in messages]
    assert made == [hmac.digest(key, one, hashlib.sha256) for one in messages]
