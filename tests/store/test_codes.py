"""Codes: typed by thumb, read out by telephone, and never stored in clear."""

from __future__ import annotations

import random
from itertools import islice
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.codes import ALPHABET, code_hmac, new_code, normalise, receipt, receipts, show

KEY = b"k" * 32
codes = st.integers(min_value=0, max_value=2**63).map(lambda seed: new_code(_Bits(seed)))


class _Bits:
    """Randomness from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def randbits(self, k: int, /) -> int:
        return self._random.getrandbits(k)


def test_the_code_space_is_at_least_two_to_the_34():
    """C3. Of 2^35 values those count whose value mod 37 has a letter: at least 32 of 37."""
    values = 2**35
    with_letter = values // 37 * 32 + min(values % 37, 32)
    assert with_letter >= 2**34


@given(codes)
def test_a_code_is_eight_letters_that_normalise_to_themselves(code):
    assert len(code) == 8
    assert set(code) <= set(ALPHABET)
    assert normalise(code) == code


@given(codes, st.integers(0, 7), st.sampled_from(ALPHABET))
def test_every_single_wrong_character_is_noticed(code, place, letter):
    """C3 asks for 99 %; modulo 37 it is every one: 32^i * d is no multiple of 37."""
    typed = code[:place] + letter + code[place + 1 :]
    assert normalise(typed) == (code if typed == code else None)


@given(codes, st.integers(0, 6))
def test_every_swap_of_neighbours_is_noticed(code, place):
    """C3. 31 * 32^i * d is no multiple of 37 either, nor is a swap with the check letter."""
    typed = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert normalise(typed) == (code if typed == code else None)


@given(codes, st.data())
def test_case_spaces_dashes_and_look_alikes_are_forgiven(code, data):
    alike = {"1": "1IiLl", "0": "0Oo"}
    typed = "".join(
        data.draw(st.sampled_from(["", " ", "-", "–", "\u00a0", "\u200b"]))
        + data.draw(st.sampled_from(alike.get(letter, letter + letter.lower())))
        for letter in code
    )
    assert normalise(typed) == code
    assert normalise(show(code)) == code


def test_a_code_is_shown_in_two_groups_of_four():
    assert show("4MTR8JHM") == "4MTR 8JHM"


@given(st.text(max_size=40))
def test_any_text_is_a_code_or_none(text):
    found = normalise(text)
    assert found is None or normalise(found) == found


@pytest.mark.parametrize("text", ["", "4MTR8JH", "4MTR8JHMM", "U" * 8, "4MTR8JH*", "4" * 10_000])
def test_what_cannot_be_a_code_is_none(text):
    assert normalise(text) is None


def test_a_code_of_one_community_kind_or_key_fits_no_other():
    made = {
        code_hmac(key, community, "4MTR8JHM", kind=kind)
        for key in (KEY, b"x" * 32)
        for community in (1, 2)
        for kind in ("code", "link", "receipt")
    }
    assert len(made) == 12
    assert all(len(digest) == 32 for digest in made)


def test_a_receipt_follows_from_the_submission_and_the_key():
    submission = UUID("12345678-1234-4234-8234-123456789abc")
    assert receipt(KEY, submission) == receipt(KEY, submission)
    assert receipt(KEY, submission) != receipt(b"x" * 32, submission)
    assert len({receipt(KEY, uuid4()) for _ in range(500)}) == 500
    several = list(islice(receipts(KEY, submission), 5))
    assert len(set(several)) == 5
    assert all(normalise(one) == one for one in several)


def test_codes_use_every_letter_evenly():
    """Chi-square of the seven random characters against evenness; seeded, so it is stable.

    Redrawing keeps values whose residue has a letter; 20,000 codes, 31 degrees of freedom:
    61.1 is the 0.999 quantile.
    """
    source = _Bits(20260301)
    counts = dict.fromkeys(ALPHABET, 0)
    for _ in range(20_000):
        for letter in new_code(source)[:7]:
            counts[letter] += 1
    expected = 20_000 * 7 / 32
    assert sum((n - expected) ** 2 / expected for n in counts.values()) < 61.1
