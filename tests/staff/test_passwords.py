"""Passwords: length, what everybody uses, the cost of a hash, and what a change ends."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pwdlib.hashers.argon2 import Argon2Hasher

from app.staff import passwords
from tests.staff.office import Office

OLD = "tiga ekor kambing di bukit"
NEW = "payung biru di teras belakang"
# From public lists of leaked passwords, 12 characters and longer.
LEAKED = [
    "123456789012", "1234567890123", "qwertyuiop123", "1q2w3e4r5t6y", "password1234",
    "Password1234!", "P@ssw0rd1234", "iloveyou1234", "qwerty123456", "administrator",
    "administrator1", "aaaaaaaaaaaaaaa", "abcabcabcabc", "1qaz2wsx3edc4rfv", "zaq12wsxcde3",
    "asdfghjkl123", "qazwsxedcrfv", "letmein123456", "sunshine12345", "passwordpassword",
    "liverpool1234", "indonesia12345", "bismillah12345", "sayangkamu123", "katasandi12345",
    "rahasia123456", "qwertyqwerty", "111222333444", "987654321098", "trustno1trustno1",
    "welcome2026!!", "admin1234567", "!@#$%^&*()!@",
]  # fmt: skip
GOOD = [
    OLD, NEW, "correct horse battery staple", "lima gajah naik sepeda", "Kopi-Tubruk-Jam-Sembilan",
    "x7#qTz!pL2vR9mK", "bazar ramai hujan reda",
]  # fmt: skip


@pytest.mark.parametrize("password", LEAKED)
def test_what_everybody_uses_is_refused(password: str) -> None:
    """ASVS 5.0, 6.2.4."""
    assert passwords.fault(password, second_factor=True)[0] == passwords.TOO_COMMON


@pytest.mark.parametrize("password", GOOD)
def test_words_nobody_would_guess_are_taken(password: str) -> None:
    assert passwords.fault(password, second_factor=False) == ("", 0)


def test_one_s_own_name_is_guessed_first() -> None:
    about = ("Rahmat Hidayat", "rahmat@guyub.test")
    assert passwords.is_common("rahmathidayat99", about)
    assert not passwords.is_common("rahmathidayat99")


@pytest.mark.parametrize(
    ("length", "second_factor", "fits"),
    [(11, True, False), (12, True, True), (14, False, False), (15, False, True), (200, False, True),
     (201, False, False)],
)  # fmt: skip
def test_the_length_counts(length: int, second_factor: bool, fits: bool) -> None:
    """12 characters beside a second factor, 15 alone, at most 200."""
    password = "".join(random.Random(1).choices("bcdfghjklmnpqrstvwz", k=length))
    assert (passwords.fault(password, second_factor=second_factor)[0] == "") is fits


@given(st.text(max_size=220))
def test_any_text_gets_an_answer(text: str) -> None:
    message, _ = passwords.fault(text, second_factor=True, about=(text, text))
    assert message or 12 <= len(text) <= 200


@given(st.sampled_from(["a", "ab1", "q2w"]), st.integers(12, 60))
def test_one_piece_repeated_is_common(piece: str, length: int) -> None:
    assert passwords.is_common((piece * length)[:length])


def test_hashes_are_argon2id_with_the_parameters_of_rfc_9106() -> None:
    """The second recommended option: 3 passes, 64 MiB, 4 lanes."""
    began = time.process_time()
    made = passwords.PASSWORDS.hash(OLD)
    print(f"one hash: {time.process_time() - began:.2f} CPU s")
    assert made.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.matches(OLD, made) == (True, None)
    assert passwords.matches(NEW, made) == (False, None)


def test_a_hash_of_older_parameters_is_renewed() -> None:
    older = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1).hash(OLD)
    right, renewed = passwords.matches(OLD, older)
    assert right
    assert renewed is not None
    assert "m=65536" in renewed


def test_without_an_account_the_same_work_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """B5: one comparison of a hash either way, and never "right"."""
    asked: list[str] = []

    class Counting:
        def hash(self, _: str) -> str:
            return "made"

        def verify_and_update(self, password: str, stored: str) -> tuple[bool, None]:
            asked.append(stored)
            return True, None

    monkeypatch.setattr(passwords, "PASSWORDS", Counting())
    passwords._nobodys_hash.cache_clear()
    assert passwords.matches("x", None) == (False, None)
    assert passwords.matches("x", "somebody's") == (True, None)
    assert asked == ["made", "somebody's"]
    passwords._nobodys_hash.cache_clear()


def change(browser, **fields: str):
    return browser.post("/staff/akun/sandi", {"lama": OLD, "baru": NEW, "ulang": NEW} | fields)


def test_changing_the_password_ends_every_session(any_office: Office) -> None:
    office = any_office
    browser = office.sign_in("operator", email="siti@guyub.test", password=OLD)
    other = office.browser(office.cookie(browser.staff_id))
    answer = change(browser)
    assert answer.headers["location"] == "/staff/masuk?sandi=1"
    assert "Kata sandi baru tersimpan" in browser.follow(answer).text
    assert browser.get("/staff").status_code == 303
    assert other.get("/staff").status_code == 303
    signing = office.browser()
    assert (
        signing.post("/staff/masuk", {"surel": "siti@guyub.test", "sandi": OLD}).status_code == 422
    )
    assert (
        signing.post("/staff/masuk", {"surel": "siti@guyub.test", "sandi": NEW}).status_code == 303
    )
    assert ("staff:1", "staff.password", "staff:1") in office.audit()


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"lama": "salah"}, "lama", "Ini bukan kata sandi Anda."),
        ({"ulang": "lain"}, "ulang", "Kedua kata sandi tidak sama."),
        ({"baru": "pendek sekali", "ulang": "pendek sekali"}, "baru", "paling sedikit 15 huruf"),
        ({"baru": "passwordpassword", "ulang": "passwordpassword"}, "baru", "dipakai banyak orang"),
    ],
)
def test_a_change_that_does_not_fit_is_told_at_its_field(
    office: Office, fields: dict[str, str], field: str, sentence: str
) -> None:
    browser = office.sign_in("operator", password=OLD)
    answer = change(browser, **fields)
    assert answer.status_code == 422
    assert f'<a href="#{field}">' in answer.text
    assert sentence in answer.text
    assert NEW not in answer.text  # a password never comes back in a page
    assert browser.get("/staff").status_code == 200


def test_guessing_the_password_in_a_stolen_session_rests_the_account(office: Office) -> None:
    browser = office.sign_in("operator", password=OLD)
    for _ in range(5):
        assert change(browser, lama="salah").status_code == 422
    assert change(browser).status_code == 422
    office.later(minutes=15)
    assert change(browser).status_code == 303


def test_own_sessions_are_listed_and_ended_one_by_one(any_office: Office) -> None:
    office = any_office
    browser = office.sign_in("operator")
    other = office.browser(office.cookie(browser.staff_id))
    stranger = office.sign_in("chair")
    page = browser.get("/staff/akun")
    assert page.text.count("/akhiri") == 1
    number = page.text.split("/akhiri")[0].rpartition("/")[2]
    stranger.post(f"/staff/akun/sesi/{number}/akhiri")
    assert other.get("/staff").status_code == 200
    answer = browser.post(f"/staff/akun/sesi/{number}/akhiri")
    assert "Sesi itu sudah berakhir." in browser.follow(answer).text
    assert "Sesi itu sudah berakhir." not in browser.get("/staff/akun").text  # told once
    assert other.get("/staff").status_code == 303
    assert browser.get("/staff").status_code == 200
