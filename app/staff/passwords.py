"""Passwords of staff: argon2id, a length, and nothing that everybody uses.

Hashing costs 0.2 s and 64 MB on purpose, so at most one runs at a time (`HASHING`): a rush
of sign-ins waits in line and leaves the threads to the members' pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from pwdlib import PasswordHash

from app.pages import N_

SHORTEST = 15
SHORTEST_WITH_SECOND_FACTOR = 12
"""NIST SP 800-63B-4 3.1.1.2: 15 characters alone, fewer beside a second factor."""
LONGEST = 200

TOO_SHORT = N_("Use at least %(length)s characters. A few words in a row are easy to remember.")
TOO_LONG = N_("Use at most %(length)s characters.")
TOO_COMMON = N_("Many people use this password or one like it. Choose words nobody would guess.")
NOT_REPEATED = N_("The two passwords are not the same.")

_LEET = str.maketrans("013457$@!", "oleastsai")
_COMMON = Path(__file__).with_name("common-words.txt")
_RUNS = (
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "01234567890",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1q2w3e4r5t6y7u8i9o0p",
    "qawsedrftgyhujikolp",
    "zaqxswcdevfrbgtnhymjukilop",
    "147258369",
    "159357",
    "!@#$%^&*()",
)

PASSWORDS = PasswordHash.recommended()
HASHING = CapacityLimiter(1)
T = TypeVar("T")


async def in_line(work: Callable[..., T], *given: object) -> T:
    """Run work that hashes in a thread, one at a time."""
    return await to_thread.run_sync(partial(work, *given), limiter=HASHING)


def hashed(password: str) -> str:
    """Return the argon2id hash of a password, with its parameters and salt."""
    return PASSWORDS.hash(password)


def matches(password: str, stored: str | None) -> tuple[bool, str | None]:
    """Compare with a stored hash; also a new hash where the parameters have grown.

    Without a stored hash the work is done all the same, so that the time tells nobody
    which accounts there are.
    """
    if len(password) > LONGEST:
        password = password[:LONGEST] + "\x00"  # never right, and no work beyond the limit
    right, renewed = PASSWORDS.verify_and_update(password, stored or _nobodys_hash())
    return (right and stored is not None), renewed


@cache
def _nobodys_hash() -> str:
    return PASSWORDS.hash("nobody has this password")


def fault(password: str, *, second_factor: bool, about: tuple[str, ...] = ()) -> tuple[str, int]:
    """Return why a password is refused as (message, length), or ("", 0).

    ``about``: the account's own name and address, which are guessed first.
    """
    shortest = SHORTEST_WITH_SECOND_FACTOR if second_factor else SHORTEST
    if len(password) < shortest:
        return TOO_SHORT, shortest
    if len(password) > LONGEST:
        return TOO_LONG, LONGEST
    return (TOO_COMMON, 0) if is_common(password, about) else ("", 0)


def is_common(password: str, about: tuple[str, ...] = ()) -> bool:
    """Whether a password is of the kind that lists of leaked passwords are full of.

    OWASP ASVS 5.0, 6.2.4 asks to refuse the 3000 most used ones of the allowed length. They
    are runs of the keyboard, one piece repeated, and common words with digits: refused as
    such (more than 90 000 pairs of words), not by a list of 3000 lines.
    """
    lower = password.lower()
    own = {part for text in about for part in re.findall(r"[^\W\d_]{3,}", text.lower())}
    words = _common_words() | own
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", lower)
    return any(
        _is_repeated(text) or _is_run(text) or _is_made_of(text, words, most=3)
        for text in {lower, core.translate(_LEET), re.sub(r"[\W_]+", "", lower)}
    )


@cache
def _common_words() -> frozenset[str]:
    lines = _COMMON.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def _is_repeated(text: str) -> bool:
    """One piece of up to half the length again and again, or three signs at most."""
    return len(set(text)) <= 3 or any(
        all(text[at] == text[at - piece] for at in range(piece, len(text)))
        for piece in range(1, len(text) // 2 + 1)
    )


def _is_run(text: str) -> bool:
    """Made of neighbours on the keyboard or in the alphabet, in pieces of three or more."""
    rest, pieces = text, 0
    while rest:
        longest = max(_run_at(rest, run) for line in _RUNS for run in (line, line[::-1]))
        if longest < 3:
            return False
        rest, pieces = rest[longest:], pieces + 1
    return pieces <= 5


def _run_at(text: str, run: str) -> int:
    doubled = run + run
    length = 0
    while length < len(text) and text[: length + 1] in doubled:
        length += 1
    return length


def _is_made_of(text: str, words: frozenset[str] | set[str], *, most: int) -> bool:
    """At most ``most`` common words, with digits and signs between and around them."""
    letters = [part for part in re.split(r"[\W\d_]+", text) if part]
    if not letters:  # digits and signs only
        return True
    need = 0
    for part in letters:
        fewest = _fewest_words(part, words)
        if fewest is None:
            return False
        need += fewest
    return need <= most


def _fewest_words(text: str, words: frozenset[str] | set[str]) -> int | None:
    """The fewest words that ``text`` is made of, None where it is not."""
    best: list[int | None] = [0] + [None] * len(text)
    for end in range(1, len(text) + 1):
        for start in range(end):
            before = best[start]
            if before is not None and text[start:end] in words:
                current = best[end]
                best[end] = before + 1 if current is None else min(current, before + 1)
    return best[-1]
