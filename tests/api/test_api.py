"""The read API: what it answers, to whom, and that nothing else opens it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import timedelta
from pathlib import Path

import hypothesis
import pytest
from hypothesis import strategies as st
from sqlmodel import Session, select

from app.api import routes, service
from app.auth import Scope
from app.auth.tokens import Throttle, UnfitToken, issue_token, revoke_token
from app.jobs.supervisor import folder_of
from app.tables import ApiToken, Dataset, RoleGrant, Staff
from instrument import codebook, registry
from tests.api.conftest import Desk, paths, problem
from tests.house.catalogue import ROUTES


def test_a_program_reads_everything_of_its_community(any_desk: Desk) -> None:
    desk = any_desk
    _, token = desk.token()
    waves = desk.get("/waves", token).json()
    assert waves["community"] == "gresik"
    assert [one["name"] for one in waves["waves"]] == ["gresik-1"]
    assert desk.get("/waves/1", token).json() == waves["waves"][0]
    assert waves["waves"][0]["eligible"] == 60

    book = desk.get("/waves/1/codebook", token).json()
    expected = [row.name for row in codebook.rows(registry.find("partnership"), simulated=True)]
    assert [one["name"] for one in book["variables"]] == expected
    assert book["variables"][expected.index("MOT1")]["values"][0] == {
        "value": 1, "label": {"id": "Sangat tidak setuju", "en": "Strongly disagree"}
    }  # fmt: skip

    (listed,) = desk.get("/datasets", token).json()["datasets"]
    manifest = desk.get("/datasets/gresik-1-v1", token).json()
    assert manifest["dataset"] == listed
    assert manifest["manifest"]["dataset"]["name"] == "gresik-1-v1"
    data = desk.get("/datasets/gresik-1-v1/data.csv", token)
    assert data.headers["content-type"] == "text/csv; charset=utf-8"
    assert hashlib.sha256(data.content).hexdigest() == listed["sha256"]
    rows = list(csv.DictReader(io.StringIO(data.text)))
    assert len(rows) == listed["rows"] == 6
    as_json = desk.get("/datasets/gresik-1-v1/data.json", token).json()
    assert [list(one) for one in as_json] == [list(one) for one in rows]
    for told, row in zip(as_json, rows, strict=True):
        assert isinstance(told["PID"], str)
        for name, cell in row.items():
            if told[name] is None:
                assert cell == ""
            elif isinstance(told[name], str):
                assert told[name] == cell
            else:
                assert told[name] == float(cell)
        assert isinstance(told["MOT1"], int)

    (result,) = desk.get("/results", token).json()["results"]
    assert (result["key"], result["waves"], result["used"]) == (desk.result, ["gresik-1"], 6)
    answer = desk.get(f"/results/{desk.result}", token)
    file = folder_of(desk.office.settings, desk.result) / "results.json"
    assert answer.content == file.read_bytes()
    assert answer.headers["x-sha256"] == result["sha256"]


def test_what_is_foreign_is_not_there(desk: Desk) -> None:
    """404 with the words of what does not exist at all; lists leave it out."""
    _, token = desk.token()
    for (path, _), (mine, _) in zip(paths(desk, "malang"), paths(desk), strict=True):
        if path != mine:
            assert problem(desk.get(path, token))["status"] == 404, path
    for made_up in ("/waves/7", "/waves/7/codebook", "/datasets/none-1-v1", f"/results/{'0' * 64}"):
        assert problem(desk.get(made_up, token))["status"] == 404
    assert "malang" not in desk.get("/results", token).text + desk.get("/datasets", token).text


def test_every_endpoint_takes_its_scope_and_no_other(desk: Desk) -> None:
    tokens = {scope: desk.token(scope)[1] for scope in Scope}
    for path, wanted in paths(desk):
        for scope, token in tokens.items():
            answer = desk.get(path, token)
            if scope is wanted:
                assert answer.status_code == 200, path
            else:
                assert problem(answer)["type"].endswith("#scope-missing"), path
                assert "insufficient_scope" in answer.headers["www-authenticate"]
    said = {path for method, path in ROUTES if path.startswith("/api/v1/")}
    assert {route.path for route in routes.router.routes} == said  # type: ignore[attr-defined]
    assert len(paths(desk)) == len(said) - 1, "all but the document itself"


def test_only_a_valid_token_opens(desk: Desk) -> None:
    """Cookies of a researcher, forged, revoked, expired, of a closed account, of a lost role."""
    office = desk.office
    office.app.state.throttle.wrong = Throttle.wrong.__class__(10_000)
    refused: dict[str, dict[str, str]] = {"none": {}}
    researcher = office.account("researcher", community="gresik")
    refused["cookie"] = {"cookie": f"guyub_staff={office.cookie(researcher)}"}
    refused["forged"] = {"authorization": f"Bearer rsk_{'A' * 43}"}
    refused["basic"] = {"authorization": f"Basic {desk.token()[1]}"}
    token_id, token = desk.token()
    with Session(office.database.write) as session, session.begin():
        owner = session.get_one(ApiToken, token_id).staff_id
        session.get_one(ApiToken, token_id).revoked_at = office.now
    refused["revoked"] = {"authorization": f"Bearer {token}"}
    token_id, token = desk.token()
    with Session(office.database.write) as session, session.begin():
        owner = session.get_one(ApiToken, token_id).staff_id
        session.get_one(Staff, owner).disabled_at = office.now
    refused["closed account"] = {"authorization": f"Bearer {token}"}
    token_id, token = desk.token()
    with Session(office.database.write) as session, session.begin():
        owner = session.get_one(ApiToken, token_id).staff_id
        session.exec(select(RoleGrant).where(RoleGrant.staff_id == owner)).one().role = "chair"
    refused["role lost"] = {"authorization": f"Bearer {token}"}
    for path, _ in paths(desk):
        for why, headers in refused.items():
            answer = office.browser().get(f"/api/v1{path}", headers=headers)
            assert answer.status_code == 401, (path, why)
            assert problem(answer)["type"].endswith("#no-valid-token")
            assert answer.headers["www-authenticate"].startswith("Bearer")
    _, token = desk.token(days=1)
    assert desk.get("/waves", token).status_code == 200
    office.later(days=1)
    assert desk.get("/waves", token).status_code == 401
    assert desk.office.browser().get("/api/v1/openapi.json").status_code == 200


def test_a_chair_and_an_operator_get_no_token_that_opens(desk: Desk) -> None:
    for role in ("chair", "operator"):
        _, token = desk.token(role=role)
        assert desk.get("/waves", token).status_code == 401


def test_tokens_are_stored_as_hashes_with_their_last_use(desk: Desk) -> None:
    token_id, token = desk.token()
    assert token.startswith("rsk_")
    assert len(token) == 4 + 43, "256 bits in base64"
    for _ in range(3):
        assert desk.get("/waves", token).status_code == 200
    with Session(desk.office.database.read) as session, session.begin():
        row = session.get_one(ApiToken, token_id)
        assert row.token_hash == hashlib.sha256(token.encode()).digest()
        assert row.last_used_at == desk.office.now.replace(minute=0, second=0, microsecond=0)
    for file in Path(desk.office.settings.data_dir).rglob("*sqlite3*"):
        assert token.encode() not in file.read_bytes()


def test_requests_are_counted(desk: Desk) -> None:
    """120 a minute a token; 30 wrong ones a minute a network."""
    _, token = desk.token()
    _, other = desk.token()
    statuses = [desk.get("/waves/1", token).status_code for _ in range(121)]
    assert statuses == [200] * 120 + [429]
    slowed = desk.get("/waves/1", token)
    assert problem(slowed)["type"].endswith("#too-many-requests")
    assert slowed.headers["retry-after"] == "60"
    assert desk.get("/waves/1", other).status_code == 200, "another program is not slowed"
    wrong = [desk.get("/waves/1", "rsk_guess").status_code for _ in range(31)]
    assert wrong == [401] * 30 + [429]


def test_the_full_data_set_of_an_analysis_is_offered_to_nobody(desk: Desk) -> None:
    """The analysis wrote gresik-1-v2, with background that no k-check has cleared."""
    _, token = desk.token()
    with Session(desk.office.database.read) as session, session.begin():
        made = {
            row.manifest["dataset"]["name"]: row.made_by for row in session.exec(select(Dataset))
        }
    assert made["gresik-1-v2"] == "analysis"
    listed = desk.get("/datasets", token).json()["datasets"]
    assert [one["name"] for one in listed] == ["gresik-1-v1"]
    for path in ("", "/data.csv", "/data.json"):
        assert problem(desk.get(f"/datasets/gresik-1-v2{path}", token))["status"] == 404


def test_withdrawn_data_are_gone(desk: Desk) -> None:
    """A data set that was marked deleted, or whose file is missing, is 404 and not listed."""
    _, token = desk.token()
    with Session(desk.office.database.write) as session, session.begin():
        for row in session.exec(select(Dataset)):
            row.files_deleted_on = desk.office.now
            session.add(row)
    assert desk.get("/datasets", token).json() == {"datasets": []}
    for path in ("", "/data.csv", "/data.json"):
        assert problem(desk.get(f"/datasets/gresik-1-v1{path}", token))["status"] == 404


def test_unfit_addresses_are_problems_in_both_languages(desk: Desk) -> None:
    _, token = desk.token()
    for path in ("/waves/x", "/waves/0", "/datasets/A..B", "/results/zz"):
        told = problem(desk.get(path, token))
        assert told["status"] in (404, 422), path
    assert problem(desk.get("/waves/x?lang=en", token))["title"].startswith("A part of")
    assert problem(desk.get("/no-such", token))["status"] == 404
    posted = desk.office.browser().client.post("/api/v1/waves")
    assert problem(posted)["status"] == 405


@hypothesis.settings(max_examples=50, deadline=None)
@hypothesis.given(
    st.lists(
        st.lists(st.text(max_size=12).filter(lambda cell: "\x00" not in cell), min_size=3,
                 max_size=3),
        max_size=8,
    )
)  # fmt: skip
def test_any_file_becomes_sound_json(tmp_path_factory: pytest.TempPathFactory, rows) -> None:
    """Whatever stands in the cells: it is JSON, row by row, and ids stay texts."""
    path = tmp_path_factory.mktemp("json") / "x.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([["PID", "A", "B"], *rows])
    told = json.loads(b"".join(service.as_json(path)))
    assert len(told) == len(rows)
    for row, (pid, a, _) in zip(told, rows, strict=True):
        marked = pid[:1] == "'" and pid[1:2] in tuple("=+-@\t\r") and len(pid) > 1
        assert row["PID"] == (pid[1:] if marked else pid)
        assert row["A"] is None if a == "" else row["A"] is not None


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("-2", -2), ("3.6", 3.6), ("1e-05", 1e-05), ("007", "007"), ("1E999", "1E999"),
        ("Infinity", "Infinity"), ("'=1+1", "=1+1"), ("12 ", "12 "), ("true", "true"),
    ],
)  # fmt: skip
def test_cells_keep_what_they_are(tmp_path: Path, cell: str, value: object) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f'A\n"{cell}"\n', encoding="utf-8")
    assert json.loads(b"".join(service.as_json(path))) == [{"A": value}]


class TestPage:
    """The page on which tokens are made and revoked."""

    def test_a_token_is_shown_once_and_revoked(self, desk: Desk) -> None:
        researcher = desk.office.sign_in("researcher", community="gresik")
        page = researcher.get("/staff/k/gresik/token")
        assert "rsk_" not in page.text.replace("rsk_…", "")
        made = researcher.post(
            "/staff/k/gresik/token", {"nama": "R", "cakupan": ["waves", "data"], "hari": "30"}
        )
        assert made.status_code == 200
        assert made.headers["cache-control"] == "no-store"
        token = made.text.split('<p class="hash">rsk_', 1)[1].split("<", 1)[0]
        token = f"rsk_{token}"
        assert desk.get("/waves", token).status_code == 200
        assert desk.get("/results", token).status_code == 403
        again = researcher.get("/staff/k/gresik/token")
        assert token not in again.text
        assert "data, waves" in again.text
        with Session(desk.office.database.read) as session, session.begin():
            row = session.exec(select(ApiToken)).one()
            assert row.expires_at - row.made_at == timedelta(days=30)
            number = row.id
        stranger = desk.office.sign_in("researcher", community="gresik")
        assert stranger.post(f"/staff/k/gresik/token/{number}/cabut").status_code == 404
        assert desk.get("/waves", token).status_code == 200
        told = researcher.follow(researcher.post(f"/staff/k/gresik/token/{number}/cabut"))
        assert "Token dicabut" in told.text
        assert desk.get("/waves", token).status_code == 401
        done = [action for _, action, _ in desk.office.audit() if action.startswith("token")]
        assert done == ["token.make", "token.revoke"]
        assert token not in str(desk.office.audit())

    @pytest.mark.parametrize("missing", ["nama", "cakupan", "hari"])
    def test_what_is_missing_is_said(self, office, missing: str) -> None:
        fields = {"nama": "R", "cakupan": "waves", "hari": "30"}
        researcher = office.sign_in("researcher")
        answer = researcher.post("/staff/k/sidoarjo/token", {**fields, missing: ""})
        assert answer.status_code == 422
        assert f'href="#{missing}"' in answer.text

    def test_twenty_are_enough(self, desk: Desk) -> None:
        from app.auth import sessions

        staff_id = desk.office.account("researcher", community="gresik")
        with Session(desk.office.database.write) as session, session.begin():
            account = sessions.account_of(
                session, session.get_one(Staff, staff_id), session_id=0, second_factor=True
            )
            where = account.communities[0].id
            wanted = {
                "account": account, "community_id": where, "name": "x",
                "scopes": [Scope.DATA], "lasts": timedelta(days=1), "at": desk.office.now,
            }  # fmt: skip
            ids = [issue_token(session, **wanted)[0] for _ in range(20)]  # type: ignore[arg-type]
            with pytest.raises(UnfitToken):
                issue_token(session, **wanted)  # type: ignore[arg-type]
            assert revoke_token(session, account=account, token_id=ids[0], at=desk.office.now)
            issue_token(session, **wanted)  # type: ignore[arg-type]
            for unfit in ({"name": ""}, {"scopes": []}, {"lasts": timedelta(days=400)}):
                with pytest.raises(UnfitToken):
                    issue_token(session, **{**wanted, **unfit})  # type: ignore[arg-type]
