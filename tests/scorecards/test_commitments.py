"""What the chair promises: three open, shown to members at once and on the next card."""

from __future__ import annotations

import json
import re

from tests.scorecards.conftest import BASE, SLUG, Town
from tests.staff.office import hidden

PROMISES = f"{BASE}/kartu/1/janji"
ONE = {
    "skala": "FLX",
    "tindakan": "Dua pilihan waktu untuk acara santai",
    "siapa": "Sekretaris",
    "sampai": "2026-05-30",
}


def state(town: Town, number: int, **fields: str) -> int:
    """Say how far a commitment is; the status of the answer."""
    page = town.chair.get(f"{PROMISES}/{number}")
    return town.chair.post(f"{PROMISES}/{number}", ONE | hidden(page) | fields).status_code


def test_a_promise_is_read_at_once_and_stands_on_the_next_card(any_town: Town) -> None:
    town = any_town
    town.wave(20)
    town.publish(1)
    published = town.card_of(1).payload
    members = town.office.client.get(f"/s/{SLUG}/hasil")
    assert ONE["tindakan"] not in members.text
    assert town.chair.post(PROMISES, ONE).status_code == 303
    members = town.office.client.get(f"/s/{SLUG}/hasil")
    assert ONE["tindakan"] in members.text
    assert "Sekretaris" in members.text
    assert town.card_of(1).payload == published  # the card itself is frozen
    assert ONE["tindakan"] not in town.chair.get(f"{BASE}/kartu/1").text

    town.wave(20, seed=2)
    town.prepare(2)
    assert state(town, 1, keadaan="done") == 303  # so the card would be another one
    page = town.researcher.get(f"{BASE}/siapkan-kartu/2")
    assert "sudah tidak berlaku" in page.text
    town.publish(2)
    told = json.loads(town.card_of(2).payload or "")["promises"]
    assert told == [
        {"scale": "FLX", "text": ONE["tindakan"], "owner": "Sekretaris", "due": "2026-05-30",
         "state": "done"}
    ]  # fmt: skip
    assert ONE["tindakan"] in town.chair.get(f"{BASE}/kartu/2").text
    assert ONE["tindakan"] in town.office.client.get(f"/s/{SLUG}/hasil").text
    assert state(town, 1, keadaan="dropped") == 303
    assert json.loads(town.card_of(2).payload or "")["promises"] == told


def test_three_are_open_at_most(any_town: Town) -> None:
    town = any_town
    town.wave(12)
    town.publish(1)
    for _ in range(3):
        assert town.chair.post(PROMISES, ONE).status_code == 303
    assert '<form method="post" action="/staff/k/gresik/kartu/1/janji">' not in (
        town.chair.get(PROMISES).text
    )
    refused = town.chair.post(PROMISES, ONE)
    assert refused.status_code == 422
    assert "tiga janji" in refused.text
    assert state(town, 2, keadaan="done") == 303
    assert town.chair.post(PROMISES, ONE).status_code == 303
    assert state(town, 2, keadaan="running") == 422  # it would be the fourth


def test_fields_are_checked_and_kept(town: Town) -> None:
    town.wave(12)
    town.publish(1)
    for name, wrong in (
        ("skala", "XYZ"), ("tindakan", ""), ("tindakan", "x" * 201), ("siapa", ""),
        ("siapa", "x" * 81), ("sampai", "besok"),
    ):  # fmt: skip
        answer = town.chair.post(PROMISES, ONE | {name: wrong})
        assert answer.status_code == 422, name
        assert f'<a href="#{name}">' in answer.text
    assert "jangan tulis nama anggota" in town.chair.get(PROMISES).text
    assert town.chair.post(f"{PROMISES}/77", ONE).status_code == 404
    assert town.chair.get(f"{BASE}/kartu/9/janji").status_code == 404


def test_two_chairs_do_not_overwrite_each_other(town: Town) -> None:
    town.wave(12)
    town.publish(1)
    town.chair.post(PROMISES, ONE)
    seen = hidden(town.chair.get(f"{PROMISES}/1"))
    assert state(town, 1, keadaan="running") == 303
    late = town.chair.post(f"{PROMISES}/1", ONE | seen | {"keadaan": "dropped", "tindakan": "Lain"})
    assert late.status_code == 409
    assert 'value="Lain"' in late.text
    again = hidden(late) | {"keadaan": "dropped", "tindakan": "Lain"}
    assert town.chair.post(f"{PROMISES}/1", ONE | again).status_code == 303


def test_the_log_has_no_words_of_a_promise(town: Town) -> None:
    """Somebody may have typed a member's name after all."""
    town.wave(12)
    town.publish(1)
    town.chair.post(PROMISES, ONE | {"siapa": "Bu Tuminah"})
    admin = town.office.sign_in("admin")
    page = admin.get("/staff/audit").text
    assert "mencatat janji" in page
    assert not re.search("Tuminah|Dua pilihan", page)


def test_hostile_words_are_words(town: Town) -> None:
    town.wave(12)
    town.publish(1)
    hostile = '<script>alert(1)</script>"><b>'
    assert town.chair.post(PROMISES, ONE | {"tindakan": hostile}).status_code == 303
    for page in (
        town.chair.get(PROMISES).text,
        town.office.client.get(f"/s/{SLUG}/hasil").text,
    ):
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page
