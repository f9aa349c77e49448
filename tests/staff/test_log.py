"""The audit log tells the story: who, what, when; both logs; one day, one community; pages."""

from __future__ import annotations

import ast
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import get_args

from sqlmodel import Session

import app
from app import audit
from app.jobs import runs
from app.members import service as members
from app.open_texts import Decision
from app.rights.requests import Outcome
from app.staff.log import ACTIONS
from app.tables import IDENTITY
from tests.staff.office import Office, heading

ACT = r"[a-z]+\.[a-z_]+"


def acts(text: str) -> list[str]:
    """When, who, what, to what, where, details of each row."""
    rows = re.findall(r"<tr><td class=\"nb\"><time.*?</tr>", text, re.DOTALL)
    return [" | ".join(re.sub(r"<[^>]+>", "|", row).strip("|").split("|")) for row in rows]


def add(office: Office, at: datetime, subject: str, community_id: int | None = 1) -> None:
    with Session(office.database.write) as session, session.begin():
        audit.record(
            session, by="staff:1", action="wave.uji", subject=subject, at=at,
            community_id=community_id,
        )  # fmt: skip


def test_the_log_names_people_acts_and_things(any_office: Office) -> None:
    office = any_office
    admin = office.sign_in("admin", email="budi@guyub.test")
    admin.post("/staff/akun-staf/undang", {"nama": "Ibu Wati", "surel": "wati@guyub.test"})
    with Session(office.database.write) as session, session.begin():
        members.add_participant(
            session=session, community_id=1, display_name="Ibu Siti Aminah",
            joined_on=date(2026, 1, 1), by="staff:1", at=office.now,
        )  # fmt: skip
    page = admin.get("/staff/audit")
    assert heading(page) == "Buku audit"
    found = acts(page.text)
    assert any("Ibu Admin" in act and "membuat akun" in act and "Ibu Wati" in act for act in found)
    assert any("participant:1" in act and "Sidoarjo" in act for act in found)
    assert "Siti Aminah" not in page.text  # the roster's names stay with the operator
    assert "wave.uji" not in page.text
    english = admin.get("/staff/audit?lang=en")
    assert any("made an account" in act for act in acts(english.text))


def test_a_day_is_the_community_s_own_day(any_office: Office) -> None:
    """Around midnight WIB, which is 17:00 UTC."""
    office = any_office
    add(office, datetime(2026, 3, 4, 16, 59, 59, tzinfo=UTC), "wave:1")
    add(office, datetime(2026, 3, 4, 17, 0, 0, tzinfo=UTC), "wave:2")
    add(office, datetime(2026, 3, 5, 16, 59, 59, tzinfo=UTC), "wave:3")
    add(office, datetime(2026, 3, 5, 17, 0, 0, tzinfo=UTC), "wave:4")
    admin = office.sign_in("admin")
    page = admin.get("/staff/audit?hari=2026-03-05").text
    assert re.findall(r"<td>(wave:\d)</td>", page) == ["wave:3", "wave:2"]
    assert "5 Maret 2026, 00.00 WIB" in page
    assert 'datetime="2026-03-04T17:00:00+00:00"' in page
    nothing = admin.get("/staff/audit?hari=2020-01-01").text
    assert "Tidak ada apa-apa di sini" in nothing


def test_one_community_or_all(any_office: Office) -> None:
    office = any_office
    other = office.community("malang")
    add(office, office.now, "wave:1")
    add(office, office.now, "wave:2", other)
    add(office, office.now, "wave:3", None)
    admin = office.sign_in("admin")
    for query, wanted in (("", {"1", "2", "3"}), ("?komunitas=malang", {"2"}),
                          ("?komunitas=takada", {"1", "2", "3"})):  # fmt: skip
        found = re.findall(r"<td>wave:(\d)</td>", admin.get(f"/staff/audit{query}").text)
        assert set(found) == wanted, query


def test_pages_of_fifty_lose_and_repeat_nothing(any_office: Office) -> None:
    office = any_office
    for number in range(120):
        add(office, office.now, f"wave:{number}")  # all at the same moment
    admin = office.sign_in("admin")
    seen: list[str] = []
    for page in (1, 2, 3):
        text = admin.get(f"/staff/audit?komunitas=sidoarjo&hal={page}").text
        assert f"Halaman {page} dari 3" in text
        seen += re.findall(r"<td>(wave:\d+)</td>", text)
    assert seen == [f"wave:{number}" for number in reversed(range(120))]
    for odd in ("0", "99", "x", "-1", "２"):
        assert admin.get(f"/staff/audit?hal={odd}").status_code == 200


def test_where_identity_was_removed_the_rest_of_the_log_stays(office: Office) -> None:
    admin = office.sign_in("admin")
    add(office, office.now, "wave:7")
    for path in office.settings.data_dir.glob("identity.sqlite3*"):
        path.unlink()
    office.client.app.state.database.write.dispose()
    page = admin.get("/staff/audit")
    assert page.status_code == 200
    assert "wave:7" in page.text
    assert IDENTITY


def test_what_is_in_a_row_is_text_never_markup(office: Office) -> None:
    add(office, office.now, "<script>alert(1)</script>")
    page = office.sign_in("admin").get("/staff/audit").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_an_admin_makes_a_community(any_office: Office) -> None:
    admin = any_office.sign_in("admin", email="budi@guyub.test")
    fields = {"nama": "Pasar Malang", "alamat": "Pasar-Malang", "zona": "Asia/Makassar"}
    told = admin.follow(admin.post("/staff/komunitas/baru", fields))
    assert "Pasar Malang sudah dibuat." in told.text
    assert "/s/pasar-malang" in told.text
    assert "WITA" in told.text
    assert ("staff:1", "community.create", "community:2") in any_office.audit()
    for wrong, field in (
        ({"alamat": "pasar-malang"}, "alamat"),
        ({"alamat": ""}, "alamat"),
        ({"alamat": "pasar malang"}, "alamat"),
        ({"alamat": "x" * 64}, "alamat"),
        ({"nama": "  "}, "nama"),
    ):
        answer = admin.post("/staff/komunitas/baru", fields | {"alamat": "lain"} | wrong)
        assert answer.status_code == 422, wrong
        assert f'<a href="#{field}">' in answer.text
    assert any_office.client.get("/s/pasar-malang").status_code == 200


def test_every_act_that_is_logged_has_words() -> None:
    """What the source logs, read out of it, against the words of the page."""
    logged = set()
    for path in Path(app.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            given = [word.value for word in node.keywords if word.arg == "action"]
            for one in given + (node.args if name in ("log", "_log") else []):
                if isinstance(one, ast.Constant) and re.fullmatch(ACT, str(one.value)):
                    logged.add(one.value)
    asked = set(runs.ASKED.values()) | set(runs.CANCELLED.values())
    outcomes = {f"request.{one}" for one in get_args(Outcome)}
    decisions = {f"text.{one}" for one in get_args(Decision)}
    assert len(logged) > 40
    assert set(ACTIONS) == logged | asked | outcomes | decisions
