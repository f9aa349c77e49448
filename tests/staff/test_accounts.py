"""Accounts and roles: invitations, grants, the two roles that never meet, closing."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from app.auth import Role
from app.cli import main
from app.staff import accounts
from app.tables import Invitation, RoleGrant, Staff
from tests.staff.office import Browser, Office, heading

NEW = "payung biru di teras belakang"
INVITE = {
    "nama": "Ibu Wati", "surel": "Wati@Guyub.test", "bahasa": "id",
    "peran": "operator", "komunitas": "sidoarjo",
}  # fmt: skip


def link_in(text: str) -> str:
    found = re.search(r"http://127\.0\.0\.1:8000(/staff/undangan/[\w-]{43})", text)
    assert found, text
    return found[1]


def take_account(office: Office, path: str, password: str = NEW) -> Browser:
    browser = office.browser()
    answer = browser.post(path, {"baru": password, "ulang": password})
    assert answer.status_code == 303, answer.text
    return browser


def test_an_invitation_from_link_to_desk(any_office: Office) -> None:
    office = any_office
    admin = office.sign_in("admin")
    path = link_in(admin.post("/staff/akun-staf/undang", INVITE).text)
    with Session(office.database.read) as session:
        (row,) = session.exec(select(Invitation)).all()
        assert path.encode()[-43:] not in row.token_hash
    for _ in range(20):  # chat apps open links
        assert office.browser().get(path).status_code == 200
    page = office.browser().get(path)
    assert "Ibu Wati" in heading(page)
    assert "wati@guyub.test" in page.text
    browser = take_account(office, path)
    start = browser.get("/staff")
    assert "Sidoarjo" in start.text
    assert "pengurus" in start.text
    assert office.browser().get(path).status_code == 410
    assert office.browser().post(path, {"baru": NEW, "ulang": NEW}).status_code == 410
    acts = [action for _, action, _ in office.audit() if action != "community.create"]
    assert acts == ["staff.invite", "role.grant", "staff.accept"]


def test_a_link_ends_after_seven_days_or_with_the_next(any_office: Office) -> None:
    office = any_office
    admin = office.sign_in("operator", "admin")
    first = link_in(admin.post("/staff/akun-staf/undang", INVITE).text)
    second = link_in(admin.post("/staff/akun-staf/2/tautan").text)
    assert office.browser().get(first).status_code == 410
    office.later(days=6, hours=23, minutes=59)
    assert office.browser().get(second).status_code == 200
    office.later(minutes=1)
    over = office.browser().get(second)
    assert over.status_code == 410
    assert heading(over) == "Tautan ini tidak berlaku lagi"


def test_a_password_that_does_not_fit_uses_no_link_up(office: Office) -> None:
    admin = office.sign_in("admin")
    path = link_in(admin.post("/staff/akun-staf/undang", INVITE).text)
    for fields, field in (
        ({"baru": NEW, "ulang": "lain"}, "ulang"),
        ({"baru": "pendek", "ulang": "pendek"}, "baru"),
        ({"baru": "wati wati 1234567", "ulang": "wati wati 1234567"}, "baru"),  # her own name
    ):
        answer = office.browser().post(path, fields)
        assert answer.status_code == 422
        assert f'<a href="#{field}">' in answer.text
    take_account(office, path)


def test_a_researcher_is_led_to_the_second_factor(office: Office) -> None:
    admin = office.sign_in("admin")
    path = link_in(admin.post("/staff/akun-staf/undang", INVITE | {"peran": "admin"}).text)
    assert "memerlukan kode kedua" in office.browser().get(path).text
    browser = take_account(office, path, "payung biru!")  # 12 characters are enough with it
    answer = browser.get("/staff/akun-staf")
    assert answer.headers["location"] == "/staff/akun/kode"
    assert browser.post("/staff/akun-staf/undang", INVITE).status_code == 403


def test_a_link_opens_nothing_where_a_second_factor_is(office: Office) -> None:
    """Whoever makes a link for a researcher must not come in as that researcher."""
    staff_id = office.account("researcher")
    with Session(office.database.write) as session, session.begin():
        staff = session.get_one(Staff, staff_id)
        staff.totp_secret = b"sealed"
        session.add(staff)
    admin = office.sign_in("admin")
    path = link_in(admin.post(f"/staff/akun-staf/{staff_id}/tautan").text)
    browser = office.browser()
    answer = browser.post(path, {"baru": NEW, "ulang": NEW})
    assert answer.headers["location"] == "/staff/masuk?sandi=1"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"nama": " "}, "surel"),
        ({"surel": "wati"}, "surel"),
        ({"surel": "siti@guyub.test"}, "surel"),
        ({"peran": "operator", "komunitas": ""}, "komunitas"),
        ({"peran": "operator", "komunitas": "takada"}, "komunitas"),
    ],
)
def test_an_invitation_that_does_not_fit_makes_nothing(
    any_office: Office, fields: dict[str, str], field: str
) -> None:
    any_office.account("chair", email="siti@guyub.test")
    admin = any_office.sign_in("admin")
    answer = admin.post("/staff/akun-staf/undang", INVITE | fields)
    assert answer.status_code == 422
    assert f'<a href="#{field}">' in answer.text
    with Session(any_office.database.read) as session:
        assert len(session.exec(select(Staff)).all()) == 2
        assert session.exec(select(Invitation)).all() == []
    assert "staff.invite" not in [action for _, action, _ in any_office.audit()]


def roles_of(office: Office, staff_id: int) -> set[str]:
    with Session(office.database.read) as session:
        rows = session.exec(select(RoleGrant).where(RoleGrant.staff_id == staff_id))
        return {row.role for row in rows}


PAIR = ("operator", "researcher")


@pytest.mark.parametrize(("held", "wanted"), [PAIR, PAIR[::-1]])
def test_operator_and_researcher_never_meet_in_one_community(
    any_office: Office, held: str, wanted: str
) -> None:
    office = any_office
    office.community("malang")
    staff_id = office.account(held)
    admin = office.sign_in("admin")
    path = f"/staff/akun-staf/{staff_id}/beri"
    answer = admin.post(path, {"peran": wanted, "komunitas": "sidoarjo"})
    assert answer.status_code == 409
    assert "pengurus dan peneliti di komunitas yang sama" in answer.text
    assert roles_of(office, staff_id) == {held}
    assert admin.post(path, {"peran": "chair", "komunitas": "sidoarjo"}).status_code == 303
    assert admin.post(path, {"peran": wanted, "komunitas": "malang"}).status_code == 303
    assert roles_of(office, staff_id) == {held, wanted, "chair"}


def test_the_database_itself_refuses_the_two_together(any_office: Office) -> None:
    """Two admins at once, or a fault of ours, get no further."""
    staff_id = any_office.account("operator")
    with (
        pytest.raises(IntegrityError),
        Session(any_office.database.write) as session,
        session.begin(),
    ):
        session.add(
            RoleGrant(
                staff_id=staff_id, community_id=1, role="researcher",
                granted_at=any_office.now, granted_by="test",
            )
        )  # fmt: skip


def test_a_role_that_is_taken_ends_at_once_and_can_be_given_back(any_office: Office) -> None:
    office = any_office
    operator = office.sign_in("operator")
    admin = office.sign_in("admin")
    fields = {"peran": "operator", "komunitas": "sidoarjo"}
    answer = admin.post(f"/staff/akun-staf/{operator.staff_id}/ambil", fields)
    assert operator.get("/staff/k/sidoarjo").status_code == 404
    told = admin.follow(answer)
    assert "Peran sudah diambil." in told.text
    undo = re.search(
        r'<form action="(/staff/akun-staf/\d+/beri)" method="post">'
        r'(<input type="hidden" name="peran" value="operator">)'
        r'(<input type="hidden" name="komunitas" value="sidoarjo">)',
        told.text,
    )
    assert undo
    assert admin.post(undo[1], fields).status_code == 303
    assert operator.get("/staff/k/sidoarjo").status_code == 200


def test_nobody_changes_their_own_roles_or_closes_their_own_account(any_office: Office) -> None:
    admin = any_office.sign_in("admin")
    any_office.account("admin")
    mine = f"/staff/akun-staf/{admin.staff_id}"
    fields = {"peran": "researcher", "komunitas": "sidoarjo"}
    for path, given in (
        ("/beri", fields),
        ("/ambil", {"peran": "admin"}),
        ("/tutup", {"ya": "tutup"}),
        ("/lepas", {"ya": "lepas"}),
    ):
        assert admin.post(mine + path, given).status_code == 409, path
    assert roles_of(any_office, admin.staff_id) == {"admin"}
    assert admin.get("/staff").status_code == 200


def test_the_last_admin_stays(any_office: Office) -> None:
    staff_id = any_office.account("admin")
    with Session(any_office.database.write) as session, session.begin():
        given = {"session": session, "staff_id": staff_id, "by": "command line",
                 "at": any_office.now}  # fmt: skip
        with pytest.raises(accounts.LastAdmin):
            accounts.close_account(**given)  # type: ignore[arg-type]
        with pytest.raises(accounts.LastAdmin):
            accounts.take(role=Role.ADMIN, community_id=None, **given)  # type: ignore[arg-type]


def test_closing_an_account_ends_everything_and_can_be_taken_back(any_office: Office) -> None:
    office = any_office
    operator = office.sign_in("operator", email="siti@guyub.test", password=NEW)
    admin = office.sign_in("admin")
    path = f"/staff/akun-staf/{operator.staff_id}"
    link = link_in(admin.post(f"{path}/tautan").text)
    page = admin.get(f"{path}/tutup")
    assert "Ketik “tutup” untuk meyakinkan" in page.text
    assert admin.post(f"{path}/tutup", {"ya": "ya"}).status_code == 422
    assert operator.get("/staff").status_code == 200
    told = admin.follow(admin.post(f"{path}/tutup", {"ya": " Tutup "}))
    assert "Urungkan" in told.text
    assert operator.get("/staff").status_code == 303
    assert office.browser().get(link).status_code == 410
    signing = {"surel": "siti@guyub.test", "sandi": NEW}
    assert office.browser().post("/staff/masuk", signing).status_code == 422
    assert admin.post(f"{path}/tautan").status_code == 409
    assert admin.post(f"{path}/buka").status_code == 303
    assert office.browser().post("/staff/masuk", signing).status_code == 303
    assert operator.get("/staff").status_code == 303  # the old session stays over


def test_taking_off_a_second_factor_starts_anew(any_office: Office) -> None:
    office = any_office
    staff_id = office.account("researcher", email="rina@guyub.test", password=NEW)
    with Session(office.database.write) as session, session.begin():
        staff = session.get_one(Staff, staff_id)
        staff.totp_secret, staff.totp_step = b"sealed", 1
        session.add(staff)
    researcher = office.browser(office.cookie(staff_id), staff_id)
    admin = office.sign_in("admin")
    path = f"/staff/akun-staf/{staff_id}"
    assert admin.post(f"{path}/lepas", {"ya": ""}).status_code == 422
    link = link_in(admin.post(f"{path}/lepas", {"ya": "lepas"}).text)
    assert researcher.get("/staff").status_code == 303
    browser = take_account(office, link)
    assert browser.get("/staff/akun/kode").status_code == 200
    with Session(office.database.read) as session:
        assert session.get_one(Staff, staff_id).totp_secret is None


def test_an_account_that_is_not_there_is_a_404(office: Office) -> None:
    admin = office.sign_in("admin")
    for path in ("/staff/akun-staf/99", "/staff/akun-staf/99/tutup", "/staff/akun-staf/x"):
        assert admin.get(path).status_code == 404, path


@pytest.fixture
def shell(any_settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """`guyub ...` on each engine: exit code, what was said, what was told on stderr."""
    monkeypatch.setenv("GUYUB_DATA_DIR", str(any_settings.data_dir))
    monkeypatch.setenv("GUYUB_DATABASE_URL", any_settings.database_url)

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["guyub", *words])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def test_the_first_admin_comes_from_the_command_line_and_only_once(any_settings, shell) -> None:
    code, said, _ = shell("staff", "first-admin", "Budi@Guyub.test", "--name", "Pak Budi")
    assert code == 0
    with Office(any_settings) as office:
        office.now = datetime.now(UTC)
        browser = take_account(office, link_in(said), "payung biru!")
        assert browser.get("/staff/komunitas").headers["location"] == "/staff/akun/kode"
        assert ("command line", "staff.first_admin", "staff:1") in office.audit()
    code, said, told = shell("staff", "first-admin", "lain@guyub.test")
    assert (code, said) == (2, "")
    assert "guyub staff link" in told


def test_who_is_locked_out_gets_back_in_from_the_command_line(any_settings, shell) -> None:
    with Office(any_settings) as office:
        staff_id = office.account("admin", email="budi@guyub.test", password=NEW)
        with Session(office.database.write) as session, session.begin():
            staff = session.get_one(Staff, staff_id)
            staff.locked_until = office.now.replace(year=2999)
            staff.totp_secret = b"sealed"
            session.add(staff)
    assert shell("staff", "unlock", "budi@guyub.test")[0] == 0
    assert "/staff/undangan/" in shell("staff", "link", "BUDI@guyub.test")[1]
    assert "/staff/undangan/" in shell("staff", "take-off-second-factor", "budi@guyub.test")[1]
    assert shell("staff", "grant", "budi@guyub.test", "operator", "--community", "sidoarjo")[0] == 0
    words = ("budi@guyub.test", "researcher", "--community", "sidoarjo")
    code, _, told = shell("staff", "grant", *words)
    assert code == 2
    assert "never operator and researcher" in told
    assert shell("staff", "take", "budi@guyub.test", "admin")[0] == 2
    assert shell("staff", "unlock", "takada@guyub.test")[0] == 2
    with Office(any_settings, founded=True) as office:
        with Session(office.database.read) as session:
            staff = session.get_one(Staff, staff_id)
            assert (staff.locked_until, staff.totp_secret, staff.password_hash) == (None,) * 3
        assert roles_of(office, staff_id) == {"admin", "operator"}
        assert {actor for actor, action, _ in office.audit() if action.startswith("staff.")} == {
            "command line"
        }
