"""The operator's inbox: what is due when, on both engines; answers never on it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.staff.office import Office

PATH = "/staff/k/sidoarjo/permintaan"
ASKED = {
    "jenis": "object",
    "lewat": "phone",
    "permintaan": "Jangan dipakai lagi",
    "hubungi": "0812",
}


def reference(text: str) -> str:
    found = re.search(r'id="p-([0-9A-Z]{8})"', text)
    assert found, text
    return found[1]


def test_an_empty_inbox_teaches(any_office: Office) -> None:
    page = any_office.sign_in("operator").get(PATH)
    assert page.status_code == 200
    assert "Belum ada permintaan" in page.text
    assert "3 kali 24 jam" in page.text


def test_noted_warned_late_closed(any_office: Office) -> None:
    """72 hours from noting; a warning from 48 on; closed once."""
    operator = any_office.sign_in("operator")
    assert operator.post(PATH, ASKED).status_code == 303
    page = operator.get(PATH).text
    assert "Jangan dipakai lagi" in page
    assert "0812" in page
    assert "5 Maret 2026, 10.00 WIB" in page  # noted on 2 March at 10.00
    for hours, word in ((47, "terbuka"), (48, "hampir jatuh tempo"), (73, "terlambat")):
        any_office.now = any_office.now.replace(day=2, hour=3) + timedelta(hours=hours)
        again = any_office.sign_in("operator").get(PATH).text
        assert f"<strong>{word}</strong>" in again, hours
    last = any_office.sign_in("operator")
    done = last.post(f"{PATH}/{reference(page)}", {"hasil": "done"})
    assert done.status_code == 303
    assert "<strong>selesai</strong>" in last.get(PATH).text
    assert last.post(f"{PATH}/{reference(page)}", {"hasil": "done"}).status_code == 409


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("jenis", "x"),
        ("lewat", ""),
        ("permintaan", ""),
        ("permintaan", "x" * 1001),
        ("hubungi", "x" * 121),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    office: Office, field: str, value: str
) -> None:
    page = office.sign_in("operator").post(PATH, ASKED | {field: value})
    assert page.status_code == 422
    assert f'href="#{field}"' in page.text
    if field != "permintaan":
        assert "Jangan dipakai lagi" in page.text


def test_another_communitys_request_is_not_there(office: Office) -> None:
    operator = office.sign_in("operator")
    operator.post(PATH, ASKED)
    number = reference(operator.get(PATH).text)
    office.community("malang")
    stranger = office.sign_in("operator", community="malang")
    assert stranger.get(PATH).status_code == 404
    at = f"/staff/k/malang/permintaan/{number}"
    assert stranger.post(at, {"hasil": "done"}).status_code == 404


def test_without_the_store_of_names_there_is_no_inbox(office: Office) -> None:
    """Requests name people, so they went with the names."""
    operator = office.sign_in("operator")
    office.settings.identity_path.unlink()
    assert operator.get(PATH).status_code == 410
